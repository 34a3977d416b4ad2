"""From the cue in force to what each gateway is wished to show. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from controller.gateways.base import Gateway
from controller.lighting.look import NO_LIGHT, Look, ZoneState
from controller.schedule.plan import Cue

HORIZON = timedelta(hours=72)
"""How far ahead a gateway that keeps the plan is told; SPEC section 4 asks for 48 h at least."""
REFRESH = timedelta(hours=6)
"""How often the plan ahead is told anew though nothing changed; so it never reaches less than 66 h ahead."""


def desired_looks(zones: Iterable[str], cue: Cue, now: datetime) -> dict[str, ZoneState]:
    """What these zones should show now, or will when the fade under way is done."""
    since = max(0.0, (now - cue.since).total_seconds())
    looks: Mapping[str, Look] = cue.looks
    return {zone: looks.get(zone, NO_LIGHT).at(since) for zone in zones}


def fade_left_s(cue: Cue, now: datetime) -> float:
    """Seconds left of the fade into this cue."""
    return max(0.0, cue.fade_s - (now - cue.at).total_seconds())


def next_step(cue: Cue, now: datetime) -> datetime | None:
    """The next instant at which a sequence of this cue takes its next step."""
    since = max(0.0, (now - cue.since).total_seconds())
    steps = [look.next_step(since) for look in cue.looks.values()]
    due = [step for step in steps if step is not None]
    # never now, whichever way the seconds round: that would wake for ever
    return max(cue.since + timedelta(seconds=min(due)), now + timedelta(milliseconds=1)) if due else None


def desired_key(gateway: Gateway, desired: Mapping[str, ZoneState], plan: int) -> object:
    """The whole wish as a value: it changes exactly when the gateway must be told something new.

    A gateway that keeps the plan takes the steps of a sequence by itself, and must hear of a changed plan; `plan`
    counts the changes of the plan and of the cue in force. To any other only what it can show of it is new.
    """
    return plan if gateway.KEEPS_PLAN else {zone: gateway.reduce(zone, state) for zone, state in desired.items()}
