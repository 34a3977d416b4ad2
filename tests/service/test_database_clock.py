"""The clock of a database beside that of this machine."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.clock import ClockReading, Trust
from controller.events import Event
from controller.service.watches import DATABASE_APART_S, DatabaseClock

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)


def at(seconds: float, trust: Trust = Trust.PLAUSIBLE, stepped_s: float = 0.0) -> ClockReading:
    return ClockReading(NOW + timedelta(seconds=seconds), seconds, trust, stepped_s)


def compared(shown_s: float, asked: ClockReading, answered: ClockReading) -> tuple[list[Event], bool]:
    events: list[Event] = []
    clock = DatabaseClock("one", events.append)
    clock.compare(NOW + timedelta(seconds=shown_s), asked, answered)
    return events, clock.is_ours_doubtful


@pytest.mark.parametrize(
    ("shown_s", "side"), [(-DATABASE_APART_S - 1, "ahead of"), (DATABASE_APART_S + 4, "behind"), (-10800, "ahead of")]
)
def test_another_time_is_reported_with_the_machine_and_the_direction(shown_s: float, side: str) -> None:
    """Whatever time the answer took."""
    (event,), is_doubtful = compared(shown_s, at(0), at(3))
    assert (event.code, event.fields["machine"]) == ("TWL-T008", "one")
    assert side in event.text("en")
    assert event.text("sv")
    assert is_doubtful


@pytest.mark.parametrize("shown_s", [-DATABASE_APART_S + 1, 0.0, 90.0, 100.0 + DATABASE_APART_S - 1])
def test_an_answer_that_was_under_way_for_long_is_no_other_time(shown_s: float) -> None:
    """It may have been given at any instant of it."""
    assert compared(shown_s, at(0), at(100)) == ([], False)


def test_a_clock_that_a_time_server_holds_is_not_doubted() -> None:
    """Then the database is wrong; one that was held before may have been set by hand since."""
    assert compared(900, at(0, Trust.TRUSTED), at(1, Trust.TRUSTED))[1] is False
    assert compared(900, at(0, Trust.HOLDOVER), at(1, Trust.HOLDOVER))[1] is True


def test_a_step_in_between_says_nothing() -> None:
    """The next answer does."""
    assert compared(0, at(0), at(3600, stepped_s=3600.0)) == ([], False)
    assert compared(0, at(3600), at(0, stepped_s=-3600.0)) == ([], False)


def test_it_is_over_when_they_agree_and_not_at_the_limit() -> None:
    """No event is repeated."""
    events: list[Event] = []
    clock = DatabaseClock("one", events.append)
    for shown_s in (-31, -29, -31, -14, -29):
        clock.compare(NOW + timedelta(seconds=shown_s), at(0), at(0))
    assert [event.code for event in events] == ["TWL-T008", "TWL-T009"]
    assert not clock.is_ours_doubtful
