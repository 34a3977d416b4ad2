"""One id leads through the life of a command: sent, accepted, repeated, not obeyed, confirmed."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from controller.dmx.outputs.simulated import Faults
from controller.gateways.wire import DesiredDocument, parse_desired
from controller.service.situation import MISSES_BEFORE_EVENT
from tests.service.simulated import World

DESIRED = "watertower/gateway/mast/desired"
BEFORE_DARK = datetime(2026, 11, 20, 14, 40, tzinfo=UTC)
AFTER_DARK = datetime(2026, 11, 20, 14, 45, tzinfo=UTC)


@pytest.fixture
def evening(world_of: Callable[..., World]) -> World:
    """A minute before the tower lights, with a lamp that is right."""
    world = world_of(BEFORE_DARK)
    world.controller.start()
    world.mast.start()
    world.run(10)
    world.controller.lives.clear()
    world.mast.events.clear()
    return world


def told_by_gateway(world: World) -> dict[str, list[str]]:
    """By id, the codes of the gateway's own events."""
    lives: dict[str, list[str]] = {}
    for _, event in world.mast.events:
        if "command_id" in event.fields:
            lives.setdefault(str(event.fields["command_id"]), []).append(event.code)
    return lives


def test_a_command_that_is_obeyed(evening: World) -> None:
    """Sent, accepted, confirmed; the gateway's own log has the same id."""
    evening.until(AFTER_DARK)
    ((name, life),) = evening.controller.lives.items()
    assert life == ["TWL-G119", "TWL-G124", "TWL-G101"]
    assert told_by_gateway(evening)[name] == ["TWL-D017", "TWL-D010"]


def test_a_command_that_is_not_obeyed_at_once(evening: World, faults: type[Faults]) -> None:
    """Each of the first attempts, that they failed, and how it ended; no line for each further attempt."""
    evening.mast.lamps.faults = faults(wrong=((1, 3),))
    evening.until(AFTER_DARK)
    evening.mast.lamps.faults = faults()
    evening.run(60)
    lives = evening.controller.lives
    ends = {code: life for life in lives.values() for code in life if code in {"TWL-G108", "TWL-G107"}}
    codes = Counter(code for life in lives.values() for code in life)
    assert (codes["TWL-G108"], codes["TWL-G107"]) == (1, 1)
    for end, life in ends.items():
        assert {"TWL-G119", "TWL-G124"} <= set(life[: life.index(end)]), "no id comes from nowhere"
    assert codes["TWL-G119"] <= 2 * MISSES_BEFORE_EVENT


def test_a_document_that_is_refused_is_reported_with_its_own_id(evening: World) -> None:
    """Whoever wrote it finds it by that."""
    evening.until(AFTER_DARK)
    document = parse_desired(evening.retained[DESIRED])
    assert isinstance(document, DesiredDocument)
    older = document.model_copy(update={"revision": 0, "command_id": "of-another"})
    evening.publish(DESIRED, older.model_dump_json(exclude_none=True).encode(), True)
    evening.run(5)
    assert "TWL-D011" in told_by_gateway(evening)["of-another"]
