"""Which gateway counts as silent, and when that is told. Pure.

A gateway is silent when it was asked and has not been heard for `quiet_s`, until it is heard on this connection; and at
once when its last will was said. One that cannot be asked is silent only then. That a will was said is told after
AWAY_S, since most are just starting anew; at once where that happens again and again: each absence costs AWAY_COST_S,
and AWAY_WINDOW_S are borne. After a broker's return everybody seeks it with growing pauses: a gateway that has not yet
been heard on this connection is told as silent only when it has been unheard for too long.

One that this controller has never heard is told by an event of its own: its topics may be wrong. Where not even the
broker keeps a word of it, it is *unknown*. Each is told once, until it is heard again.
"""

from dataclasses import replace

from controller.events import Event, new_event
from controller.gateways.base import Gateway
from controller.service.gateway_state import Decision, GatewayState, Status, TurnFacts

AWAY_S = 15.0
"""Longer than a device with Wi-Fi takes from power on to its first word."""
AWAY_WINDOW_S = 60.0
AWAY_COST_S = AWAY_WINDOW_S / 2
"""Two absences in a row are borne; a third within seconds is a fault of its own."""
FIRST_WORD_S = 150.0
"""How long a gateway has for its first word on a connection: all are told what to show when it begins, and answer."""


def is_silent(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> bool:
    """Whether it counts as silent."""
    if state.reported.online is False:
        return True
    if not _is_expected(gateway, state):
        return False
    return turn.now_s >= quiet_at_s(gateway, state, turn) or (state.silent and is_unheard(state, turn))


def _is_expected(gateway: Gateway, state: GatewayState) -> bool:
    """Whether it would be heard if it were there; of one that cannot be asked, its last will at least."""
    if gateway.refresh == "nothing":
        return state.is_unknown and bool(gateway.topics(""))
    return True


def is_unheard(state: GatewayState, turn: TurnFacts) -> bool:
    """Whether nothing was heard of it on this connection."""
    return state.reported.alive_s is None or state.reported.alive_s < (turn.connected_s or 0.0)


def quiet_at_s(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> float:
    """When it will have been unheard for too long; while it fades it is not asked, and so need not answer."""
    if is_unheard(state, turn):
        return (turn.connected_s or 0.0) + min(gateway.quiet_s, FIRST_WORD_S)
    excused_s = state.faded_s if gateway.refresh != "itself" else 0.0
    return max(state.reported.alive_s or 0.0, excused_s) + gateway.quiet_s


def note_silence(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    """A silent gateway as such, and told of if it is time; else wakes when it will be."""
    since_s, flaps_s = state.silent_s, state.flaps_s
    if since_s is None:
        since_s, flaps_s = turn.now_s, max(flaps_s, turn.now_s) + AWAY_COST_S
    starts_anew = state.reported.online is False and flaps_s <= since_s + AWAY_WINDOW_S
    tell_at_s = since_s + AWAY_S if starts_anew else since_s
    if is_unheard(state, turn):
        tell_at_s = max(tell_at_s, quiet_at_s(gateway, state, turn))
    is_due = not state.missed and turn.now_s >= tell_at_s
    status: Status = "unknown" if state.is_unknown else "silent"
    silent = replace(
        state,
        status=dict.fromkeys(gateway.zone_names, status),
        silent_s=since_s,
        flaps_s=flaps_s,
        missed=state.missed or is_due,
        confirmed=None,
    )
    events = (_told(gateway, state, turn),) if is_due else ()
    return Decision(silent, events=events, wake_s=None if silent.missed else tell_at_s)


def _told(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Event:
    code, since_s = (
        ("TWL-G104", state.reported.alive_s) if state.reported.alive_s is not None else ("TWL-G116", turn.connected_s)
    )
    return new_event(code, gateway=gateway.name, age_s=round(turn.now_s - (since_s or 0.0), 1))
