"""What a request would do, computed before it is made, against what is shown once it is granted."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.config.load import Setup
from controller.errors import Mistake
from controller.service.health import LookValue
from controller.service.override_preview import (
    after_stop,
    foresee,
    looks_at,
    offered_ends,
)
from controller.service.override_request import Request, override_policy
from controller.service.overrides import OverrideManager
from controller.simulation.controller_host import SimulatedDisk

EVENING = datetime(2026, 11, 24, 20, 14, tzinfo=UTC)
CAMPAIGN = "campaigns: [{name: Vecka, nights: 20–26 november, hours: sunset to sunrise, color: orange}]\n"
LIMITED = f"{CAMPAIGN}limits: [{{name: Natt, dates: 1 january–31 december, hours: 18:00 to 05:00, brightness: 10 %}}]\n"
REQUESTS: tuple[dict[str, Any], ...] = (
    {"look": "blue", "until": "sunrise"},
    {"look": {"bowl": "red"}, "until": "2 h", "brightness": "50 %"},
    {"look": {"Skålen": "dark"}, "until": "next change"},
    {"action": "skip", "campaign": "vecka", "until": "23:00"},
)


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
@pytest.mark.parametrize("schedule", [CAMPAIGN, LIMITED, "campaigns: []\n"], ids=["campaign", "limited", "nothing"])
async def test_what_is_foretold_is_what_is_granted(
    setup_of: Callable[[str], Setup], schedule: str, request_: dict[str, Any]
) -> None:
    """Limits and the overrides that hold already included."""
    setup = setup_of(schedule)
    policy, manager = override_policy(setup), OverrideManager(SimulatedDisk(), override_policy(setup))
    await manager.take(asked(id="before", look="green", until="3 h"), EVENING)
    program = setup.program(manager.overrides)
    try:
        foreseen = foresee(Request.model_validate({"id": "x"} | request_), policy, program, EVENING)
    except Mistake as mistake:
        answer = await manager.take(asked(id="x", **request_), EVENING)
        assert answer.code == "TWL-O110"
        assert mistake.code in str(answer.fields["reason"])
        return
    await manager.take(asked(id="x", **request_), EVENING)
    granted = setup.program(manager.overrides)
    assert manager.in_force[-1].override.end == foreseen.until
    assert looks_at(granted, EVENING) == foreseen.shown
    assert looks_at(granted, foreseen.until) == foreseen.following


def asked(**keys: Any) -> bytes:
    """A request."""
    return json.dumps({"owner": "Eva", "reason": "prov", **keys}).encode()


async def test_what_follows_a_stop_is_reported(setup_of: Callable[[str], Setup]) -> None:
    """The overrides that it hid."""
    setup = setup_of(CAMPAIGN)
    manager = OverrideManager(SimulatedDisk(), override_policy(setup))
    await manager.take(asked(id="a", look="blue", until="sunrise"), EVENING)
    await manager.take(asked(id="s", action="stop"), EVENING)
    program = setup.program(manager.overrides, manager.stop)
    assert looks_at(program, EVENING)["bowl"] == LookValue(on=False, brightness=0.0)
    assert after_stop(program, EVENING)["bowl"].color == "#0000FF"


def test_ends_that_may_be_asked_for_are_offered(setup_of: Callable[[str], Setup]) -> None:
    """By night the sunrise first, by day the next change; none that lies farther off than allowed."""
    policy = override_policy(setup_of(CAMPAIGN))
    assert list(offered_ends(policy, EVENING)) == ["sunrise", "next", "hour"]
    assert list(offered_ends(policy, datetime(2026, 11, 24, 12, tzinfo=UTC))) == ["next", "sunrise", "hour"]
    summer = datetime(2027, 6, 1, 12, tzinfo=UTC)
    offered = offered_ends(policy, summer)
    assert list(offered) == ["sunrise", "hour"]
    assert offered["hour"] - summer == timedelta(hours=1)
