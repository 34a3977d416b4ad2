"""What a manual request would do, computed before it is made: what is shown then, until when, and what follows. Pure;
uses the functions that grant the request itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controller.errors import Mistake
from controller.lighting.look import NO_LIGHT
from controller.schedule.plan import Program
from controller.service.desired import desired_looks
from controller.service.health import LookValue
from controller.service.override_end import read_until
from controller.service.override_request import OverridePolicy, Request, override_of

ENDS = {"sunrise": "sunrise", "next": "next change", "hour": "1 h"}
"""Offered ends, and how they are written in a request."""


@dataclass(frozen=True)
class Foreseen:
    """What a request would do. `shown` and `following` are what each zone shows from now on and after `until`; `skips`
    is the campaign that it leaves out."""

    shown: Mapping[str, LookValue]
    until: datetime
    following: Mapping[str, LookValue]
    skips: str = ""


def foresee(request: Request, policy: OverridePolicy, program: Program, now: datetime) -> Foreseen:
    """What a request would do under the `program` in force, with its overrides. Raises Mistake where the request cannot
    be granted."""
    stored = override_of(request, policy, now)
    changed = program.with_overrides((*program.overrides, stored.override), None)
    until = stored.override.end
    return Foreseen(looks_at(changed, now), until, looks_at(changed, until), stored.skips)


def after_stop(program: Program, now: datetime) -> Mapping[str, LookValue]:
    """What each zone shows once the safety stop is lifted."""
    return looks_at(program.with_overrides(program.overrides, None), now)


def looks_at(program: Program, at: datetime) -> Mapping[str, LookValue]:
    """What each zone shows at an instant, once the light has faded."""
    cue = program.look_at(at)
    return {
        zone: LookValue.model_validate({**state.value, "colors": cue.looks.get(zone, NO_LIGHT).alternating})
        for zone, state in desired_looks(program.zones, cue, at).items()
    }


def offered_ends(policy: OverridePolicy, now: datetime) -> Mapping[str, datetime]:
    """Which of ENDS may be requested now, and at which instants; the most likely one first: by night the sunrise, by
    day the next change of light."""
    found = {name: _end(text, policy, now) for name, text in ENDS.items()}
    offered = {name: at for name, at in found.items() if at is not None and at - now <= policy.longest}
    is_first = "sunrise" if _is_night(policy.program, now) else "next"
    return dict(sorted(offered.items(), key=lambda item: item[0] != is_first))


def _end(text: str, policy: OverridePolicy, now: datetime) -> datetime | None:
    try:
        return read_until(text, policy.program, now)
    except Mistake:
        return None


def _is_night(program: Program, now: datetime) -> bool:
    """Whether the next sunrise comes before the next sunset."""
    try:
        return read_until("sunrise", program, now) < read_until("sunset", program, now)
    except Mistake:  # a night, or a day, of months
        return False
