"""Which gateway counts as silent, and when that is told. Pure.

Rules
1. One not heard for `quiet_s` is silent, whatever its last will says, until it is heard on this connection.
2. One whose last will was said is silent at once, but that is told only after AWAY_S: most are just starting anew.
3. One that does so again and again is told of at once: each absence costs AWAY_COST_S, and AWAY_WINDOW_S are borne.
4. It is told once, until it is heard again.
"""

from dataclasses import replace

from controller.events import Event, happened
from controller.gateways.gateway import Gateway
from controller.service.state import Decision, Track, Turn

AWAY_S = 15.0
"""Longer than a device with Wi-Fi takes from power on to its first word."""
AWAY_WINDOW_S = 60.0
AWAY_COST_S = AWAY_WINDOW_S / 2
"""Two absences in a row are borne; a third within seconds is a fault of its own."""


def is_silent(gateway: Gateway, track: Track, turn: Turn) -> bool:
    """Whether it counts as silent. Of one that never reports only the last will is known."""
    if track.heard.online is False or not gateway.confirms:
        return track.heard.online is False
    return turn.now_s >= quiet_at_s(gateway, track, turn) or (track.silent and is_unheard(track, turn))


def is_unheard(track: Track, turn: Turn) -> bool:
    """Whether nothing was heard of it on this connection."""
    return track.heard.alive_s is None or track.heard.alive_s < (turn.connected_s or 0.0)


def quiet_at_s(gateway: Gateway, track: Track, turn: Turn) -> float:
    """When it will have been unheard for too long; while a fade runs nobody is asked, and so need not answer."""
    excused_s = track.faded_s if gateway.POLL_S is not None else 0.0
    return max(track.heard.alive_s or 0.0, turn.connected_s or 0.0, excused_s) + gateway.quiet_s


def noted(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    """A silent gateway as such, and told of if it is time; else wakes when it will be."""
    since_s, flaps_s = track.silent_s, track.flaps_s
    if since_s is None:
        since_s, flaps_s = turn.now_s, max(flaps_s, turn.now_s) + AWAY_COST_S
    starts_anew = track.heard.online is False and flaps_s <= since_s + AWAY_WINDOW_S
    tell_at_s = since_s + AWAY_S if starts_anew else since_s
    events: tuple[Event, ...] = ()
    if not track.missed and turn.now_s >= tell_at_s:
        alive_s = track.heard.alive_s
        age_s = round(turn.now_s - alive_s, 1) if alive_s is not None else -1.0
        events = (happened("TWL-G104", gateway=gateway.name, age_s=age_s),)
    silent = replace(
        track,
        standing=dict.fromkeys(gateway.zone_names, "silent"),
        silent_s=since_s,
        flaps_s=flaps_s,
        missed=track.missed or bool(events),
        confirmed=None,
    )
    return Decision(silent, events=events, wake_s=None if silent.missed else tell_at_s)
