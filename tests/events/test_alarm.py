"""A lasting problem is reported when it begins, when it changes, and when it is over."""

import pytest

from controller.events import Event, new_event
from controller.events.alarm import Alarm

FAILS = new_event("TWL-J003", file="a", reason="full")
STILL_FAILS = new_event("TWL-J003", file="a", reason="read-only")
WORKS = new_event("TWL-J004", file="a")
DAMAGED = new_event("TWL-J001", file="a", aside="b", reason="bad")


@pytest.fixture
def events() -> list[Event]:
    """What the alarm reported."""
    return []


@pytest.fixture
def alarm(events: list[Event]) -> Alarm:
    """One that is not raised."""
    return Alarm(events.append)


def test_a_problem_is_reported_once_and_its_end_once(alarm: Alarm, events: list[Event]) -> None:
    """However often it is noticed, and again when it comes back."""
    for _ in range(2):
        alarm.raise_(FAILS)
        alarm.raise_(FAILS)
        alarm.clear(WORKS)
        alarm.clear(WORKS)
    assert events == [FAILS, WORKS, FAILS, WORKS]


def test_each_code_of_one_problem_is_reported_once(alarm: Alarm, events: list[Event]) -> None:
    """Two faults by turns fill no log; `raised` is the latest."""
    for event in (FAILS, DAMAGED, STILL_FAILS, DAMAGED, STILL_FAILS):
        alarm.raise_(event)
    assert events == [FAILS, DAMAGED]
    assert alarm.raised == STILL_FAILS
    alarm.clear(WORKS)
    assert alarm.raised is None


def test_whoever_raises_it_may_report_it_again(alarm: Alarm, events: list[Event]) -> None:
    """If somebody waits for the report."""
    alarm.raise_(FAILS)
    alarm.raise_(STILL_FAILS, again=True)
    assert events == [FAILS, STILL_FAILS]


def test_an_alarm_may_end_in_silence(alarm: Alarm, events: list[Event]) -> None:
    """If another event reports the end."""
    alarm.raise_(FAILS)
    alarm.clear()
    alarm.clear(WORKS)
    assert events == [FAILS]


def test_a_problem_that_outlived_its_watcher_is_not_reported_again(events: list[Event]) -> None:
    """But its end is."""
    alarm = Alarm(events.append, raised=FAILS)
    alarm.raise_(STILL_FAILS)
    alarm.clear(WORKS)
    assert events == [WORKS]
