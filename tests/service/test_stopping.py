"""A safety stop from its acknowledgement to the lamps: events report that dark is confirmed, and who does not confirm
it."""

from datetime import UTC, datetime

import pytest

from controller.dmx.outputs.simulated import Faults
from controller.schedule.campaign import SafetyStop
from tests.service.simulated import World

STOP = SafetyStop(datetime(1970, 1, 1, tzinfo=UTC), "Eva", "storm")
NAMED, DARK = "TWL-O113", "TWL-O114"


def stop(night: World, *, again: bool = False) -> None:
    """The stop is in force and acknowledged; `again` if it is in force already."""
    engine = night.controller.engine
    if not again:
        engine.follow(engine.program.with_overrides((), STOP))
    engine.stopped(night.controller.read())
    night.controller.wake()


def stop_events(night: World) -> list[str]:
    """The events about dark."""
    return [code for code in night.controller.codes() if code in {NAMED, DARK}]


def test_dark_is_reported_once_it_is_confirmed(night: World) -> None:
    """Within a second or two, and not again."""
    stop(night)
    night.run(3)
    assert stop_events(night) == [DARK]
    night.run(60)
    assert stop_events(night) == [DARK]


@pytest.mark.parametrize("how", ["stick", "power", "broker"])
def test_a_gateway_that_does_not_confirm_dark_is_named_within_seconds(night: World, how: str) -> None:
    """It ignores commands, is away, or cannot be reached; once it obeys, that is reported too."""
    if how == "stick":
        night.mast.lamps.faults = Faults(stick=True)
    elif how == "power":
        night.mast.stop(with_will=False)
    else:
        night.controller.disconnect()
    stop(night)
    night.run(6)
    assert stop_events(night) == [NAMED]
    (event,) = (event for _, event in night.controller.events if event.code == NAMED)
    assert dict(event.fields) == {"owner": "Eva", "gateways": "mast"}
    if how == "stick":
        night.mast.lamps.faults = Faults()
    elif how == "power":
        night.mast.start()
    else:
        night.controller.connect()
    night.run(90)
    assert stop_events(night) == [NAMED, DARK]


def test_each_press_of_a_stop_in_force_is_answered_with_the_result(night: World) -> None:
    """Dark, or who is not; pressing each second does not delay the event."""
    stop(night)
    night.run(3)
    stop(night, again=True)
    night.run(1)
    assert stop_events(night) == [DARK, DARK]
    night.mast.stop(with_will=False)
    night.run(40)
    for _ in range(6):
        stop(night, again=True)
        night.run(1)
    assert stop_events(night) == [DARK, DARK, NAMED]


def test_a_stop_in_force_at_the_start_is_reported_too(night: World) -> None:
    """After a restart nobody knows what the lamps did meanwhile."""
    stop(night)
    night.run(3)
    night.mast.stop(with_will=False)
    night.controller.stop()
    night.controller.start(night.controller.engine.order)
    engine = night.controller.engine
    engine.follow(engine.program.with_overrides((), STOP))
    night.run(7)
    assert stop_events(night) == [DARK, NAMED]


def test_dark_is_not_reported_once_the_stop_is_lifted(night: World) -> None:
    """Though it was not confirmed before."""
    night.mast.stop(with_will=False)
    stop(night)
    night.run(2)
    engine = night.controller.engine
    engine.follow(engine.program.with_overrides((), None))
    night.mast.start()
    night.run(60)
    assert stop_events(night) == []
