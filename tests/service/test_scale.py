"""Many gateways: one that speaks is no work for the others, and what is kept of each is bounded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.clock import ClockReading, Trust
from controller.config.load import Setup
from controller.gateways.dmx import Dmx
from controller.gateways.wire import ReportedDocument, ZoneReport
from controller.service.controller import Controller

NIGHT = datetime(2026, 11, 20, 18, tzinfo=UTC)


def reading(seconds: float) -> ClockReading:
    """A look at the clock so long after the start."""
    return ClockReading(NIGHT + timedelta(seconds=seconds), 1000.0 + seconds)


@pytest.fixture
def engine(shipped: Setup) -> Callable[[int], Controller]:
    """An engine with so many copies of the shipped gateway, told and waiting."""
    (mast,) = (gateway for gateway in shipped.tower.gateways if isinstance(gateway, Dmx))

    def make(count: int) -> Controller:
        gateways = tuple(mast.model_copy(update={"name": f"mast-{number}"}) for number in range(count))
        made = Controller(gateways, "w", shipped.program())
        made.connected(reading(0))
        made.turn(reading(0))
        made.turn(reading(0.6))
        return made

    return make


def report(engine: Controller, name: str, seconds: float) -> bytes:
    """What a gateway says that obeyed."""
    order = engine._issued[name].order
    shown = ZoneReport(on=True, color="#FF6A00", brightness=1.0)
    told = ReportedDocument(
        version=1,
        epoch=order.epoch,
        revision=order.revision,
        at=reading(seconds).wall,
        zones={"bowl": shown, "shaft": shown},
        by="desired",
        clock="own",
    )
    return told.model_dump_json(exclude_none=True).encode()


def test_one_that_speaks_is_no_work_for_the_others(engine: Any) -> None:
    """Of a thousand only its own track is worked on."""
    many = engine(1000)
    before = dict(many.states)
    many.receive("w/gateway/mast-7/reported", report(many, "mast-7", 1), False, reading(1))
    output = many.turn(reading(1))
    changed = {name for name, track in many.states.items() if track is not before[name]}
    assert changed == {"mast-7"}
    assert set(many.states["mast-7"].status.values()) == {"confirmed"}
    assert [event.code for event in output.events] == ["TWL-G101"]


def test_a_turn_without_news_works_on_nothing(engine: Any) -> None:
    """Woken by the steady tick."""
    many = engine(100)
    before = dict(many.states)
    output = many.turn(reading(0.7))
    assert all(track is before[name] for name, track in many.states.items())
    assert (output.messages, output.events) == ((), ())


def test_a_thousand_gateways_are_told_in_one_turn(shipped: Setup, engine: Any) -> None:
    """Each its own document, under its own order."""
    many = engine(1000)
    assert len({track.desired_key for track in many.states.values()}) == 1
    assert len({issued.order for issued in many._issued.values()}) == 1000


def test_before_the_first_turn_and_cut_off_nothing_is_urgent(shipped: Setup) -> None:
    """Without a connection there is nothing to wake for but the next cue."""
    alone = Controller(shipped.tower.gateways, "w", shipped.program())
    for seconds in range(5):
        output = alone.turn(reading(seconds))
        assert output.wake_s is None
        assert output.wake_at is not None
        assert output.wake_at > reading(seconds).wall
    assert {standing for track in alone.states.values() for standing in track.status.values()} == {"unknown"}


def test_a_start_with_a_clock_in_doubt_or_without_a_gateway(shipped: Setup) -> None:
    """Nothing is decided yet, and nothing is due."""
    doubtful = replace(reading(0), trust=Trust.SUSPECT)
    assert Controller(shipped.tower.gateways, "w", shipped.program()).turn(doubtful).wake_s is None
    assert Controller((), "w", shipped.program()).turn(reading(0)).messages == ()
