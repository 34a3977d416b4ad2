"""The walk test at the gateway: one lamp alone, and the schedule's look again in the end."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.clock import ClockReading
from controller.config.load import load
from controller.dmx.gateway import DmxGateway, WalkTest, walk_levels
from controller.gateways.dmx import Dmx
from controller.gateways.wire import Walk
from controller.lighting.patch import Fixture, Patch
from controller.lighting.profile import Profile

SHIPPED = Path(__file__).parents[2] / "config"
NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)


class Lamps:
    """Takes what is sent at once."""

    problems: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.frames: dict[int, bytes] = {}

    def sent(self, universe: int) -> bytes | None:
        return self.frames.get(universe)


@pytest.fixture
def mast() -> Dmx:
    """The shipped gateway."""
    (gateway,) = load(SHIPPED).tower.gateways
    assert isinstance(gateway, Dmx)
    return gateway


def at(seconds: float) -> ClockReading:
    return ClockReading(NOW + timedelta(seconds=seconds), 1000.0 + seconds)


def run(gateway: DmxGateway, lamps: Lamps, seconds: float) -> dict[str, object] | None:
    """One turn; the report, if it was due."""
    turn = gateway.turn(at(seconds))
    lamps.frames.update(turn.frames)
    return json.loads(turn.messages[0].payload) if turn.messages else None


def lit(frame: bytes) -> set[int]:
    """The addresses of the fixtures, of four channels each, that give light."""
    return {1 + 4 * i for i in range(4) if any(frame[4 * i : 4 * i + 4])}


def test_one_fixture_lights_alone_and_the_report_says_local(mast: Dmx) -> None:
    """The others are dark, whatever the schedule wants."""
    lamps = Lamps()
    gateway = DmxGateway(mast, "watertower", Patch(mast.fixtures), lamps, None)
    run(gateway, lamps, 0)
    run(gateway, lamps, 0.1)
    second = mast.fixtures[1]
    gateway.receive_walk(Walk(fixture=second.name).model_dump_json().encode(), False, at(1))
    run(gateway, lamps, 1)
    assert lit(lamps.frames[1]) == {second.address}
    report = run(gateway, lamps, 1.1)
    assert report is not None
    assert report["by"] == "local"


def test_lamps_that_are_lit_one_by_one_are_no_fault(mast: Dmx) -> None:
    """Lamps of a zone are meant to differ in a walk test; afterwards a difference would be reported again."""
    lamps = Lamps()
    gateway = DmxGateway(mast, "watertower", Patch(mast.fixtures), lamps, None)
    run(gateway, lamps, 0)
    gateway.receive_walk(Walk(fixture=mast.fixtures[1].name).model_dump_json().encode(), False, at(1))
    for seconds in range(1, 30):
        report = run(gateway, lamps, seconds)
        assert report is None or report["problems"] == []
    for seconds in range(31, 60):
        run(gateway, lamps, seconds)
        lamps.frames[1] = bytes([255, 0, 0, 0]) + lamps.frames[1][4:]
    report = run(gateway, lamps, 60.5)
    assert report is not None
    assert report["problems"] == ["TWL-F131"]


def test_a_step_ends_by_itself_and_at_the_word(mast: Dmx) -> None:
    """Nobody leaves a tower in a test: the time runs out, or the test is ended."""
    lamps = Lamps()
    gateway = DmxGateway(mast, "watertower", Patch(mast.fixtures), lamps, None)
    step = Walk(fixture=mast.fixtures[0].name, for_s=10.0).model_dump_json().encode()
    for ended_by, moment in (("time", 10.1), ("word", 21.0)):
        gateway.receive_walk(step, False, at(moment - 10.0))
        run(gateway, lamps, moment - 9.9)
        assert lit(lamps.frames[1]) == {1}
        if ended_by == "word":
            gateway.receive_walk(b'{"version":1}', False, at(moment - 1))
        run(gateway, lamps, moment)
        assert lit(lamps.frames[1]) == set()


def test_the_gateway_wakes_when_a_step_is_over(mast: Dmx) -> None:
    """Though nothing else is due."""
    gateway = DmxGateway(mast, "watertower", Patch(mast.fixtures), Lamps(), None)
    gateway.receive_walk(Walk(fixture=mast.fixtures[0].name, for_s=0.5).model_dump_json().encode(), False, at(0))
    assert gateway.turn(at(0)).wake_s <= at(0.5).mono


@pytest.mark.parametrize("payload", [b"\xff", b"[]", b'{"fixture":"nobody"}', b'{"fixture":1}', b'{"for_s":-1}'])
def test_what_is_no_step_is_reported_and_changes_nothing(mast: Dmx, payload: bytes) -> None:
    """An event; the light goes on."""
    lamps = Lamps()
    gateway = DmxGateway(mast, "watertower", Patch(mast.fixtures), lamps, None)
    gateway.receive_walk(payload, False, at(0))
    turn = gateway.turn(at(0))
    (refused,) = [event for event in turn.events if event.code == "TWL-D014"]
    assert refused.text("sv") != refused.text("en")
    assert "no fixture" not in refused.text("sv")
    assert lit(turn.frames[1]) == set()


def test_a_retained_step_is_left_alone(mast: Dmx) -> None:
    """It would begin the test again at each start."""
    gateway = DmxGateway(mast, "watertower", Patch(mast.fixtures), Lamps(), None)
    gateway.receive_walk(Walk(fixture=mast.fixtures[0].name).model_dump_json().encode(), True, at(0))
    assert lit(gateway.turn(at(0)).frames[1]) == set()


def test_one_channel_is_full_and_the_shutter_open(mast: Dmx) -> None:
    """Of an RGBW lamp the third channel alone; a number beyond the lamp is refused."""
    patch = Patch(mast.fixtures)
    frames = walk_levels(patch, Walk(fixture=mast.fixtures[0].name, channel=3))
    assert frames is not None
    assert frames[1][:5] == bytes([0, 0, 255, 0, 0])
    assert walk_levels(patch, Walk(fixture=mast.fixtures[0].name, channel=5)) is None
    assert WalkTest(patch).begin(b'{"fixture":"x","channel":9}', 0.0) is not None


def test_one_channel_shows_through_the_dimmer_of_its_lamp() -> None:
    """Which is open; what is fixed stays so."""
    lamp = Profile.model_validate({"name": "x", "channels": ["dimmer", "red", "green", {"shutter": 47}, {"fixed": 9}]})
    patch = Patch((Fixture(name="a", zone="bowl", profile="x", address=1),), {"x": lamp})

    def levels(channel: int) -> list[int]:
        frames = walk_levels(patch, Walk(fixture="a", channel=channel))
        assert frames is not None
        return [*frames[1][:5]]

    assert levels(2) == [255, 255, 0, 47, 9]
    assert levels(3) == [255, 0, 255, 47, 9]
    assert levels(1) == [255, 0, 0, 47, 9]
