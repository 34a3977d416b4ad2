"""Whose word that it obeys is not believed. Pure.

Zigbee2MQTT says so when the lamp has taken the command, not when it shows the colour. A lamp that cannot show it would
be confirmed for most of each minute, and repaired once a minute, all night.

Rules
1. A difference that was seen by asking, and is the one that was repaired the time before, is a relapse. One that shows
   at once is a foreign hand, not a lamp that cannot.
2. From BELIEVED relapses in a row on, the word of the gateway counts when it still stands after it was asked once more.
3. A new wish begins anew.
"""

from controller.gateways.gateway import POLL_S, Gateway
from controller.service.state import Relapse, Track, Turn

BELIEVED = 3


def repaired(gateway: Gateway, track: Track, turn: Turn) -> Relapse:
    """The difference that is repaired now, and how often it has been that in a row (rule 1)."""
    last, pace_s = track.relapse, _pace_s(gateway)
    again = last is not None and last.zones == track.heard.zones and pace_s / 2 < turn.now_s - last.at_s < 2 * pace_s
    return Relapse(track.heard.zones, turn.now_s, last.times + 1 if last is not None and again else 1)


def proven_s(gateway: Gateway, track: Track) -> float:
    """When the word of a gateway counts, boot time; 0 where it does at once (rule 2)."""
    if track.relapse is None or track.relapse.times < BELIEVED or track.pending is None:
        return 0.0
    return track.pending.due_s + _pace_s(gateway)


def _pace_s(gateway: Gateway) -> float:
    """How often it is asked; who is not asked has no relapse to show."""
    return POLL_S if gateway.refresh == "query" else 0.0
