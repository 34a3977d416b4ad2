"""Repeated events are counted: two of a kind pass in a minute, the rest is one line."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.events import CATALOGUE, Level, new_event
from controller.events.rate_limit import KEYS, RateLimit


def test_two_pass_and_the_rest_is_counted() -> None:
    """By code and gateway, each on its own."""
    damper = RateLimit()
    passed = [damper.pass_on(new_event("TWL-G105", gateway=name), s) for s in range(5) for name in ("a", "b")]
    assert sum(map(len, passed)) == 4
    assert damper.due(59) == ()
    assert damper.due_s == 60
    told = damper.due(61)
    assert [(event.code, event.fields["times"], event.fields["of"]) for event in told] == [
        ("TWL-C040", 3, "TWL-G105"),
        ("TWL-C040", 3, "TWL-G105"),
    ]
    assert damper.due(62) == ()


@pytest.mark.parametrize(
    ("code", "level"),
    [("TWL-B021", Level.DEBUG), ("TWL-B010", Level.INFO), ("TWL-B042", Level.WARNING), ("TWL-C050", Level.WARNING)],
)
def test_a_summary_matters_no_more_than_what_was_counted(code: str, level: Level) -> None:
    """INFO lines are counted at INFO; never above a warning, for the error itself was told."""
    limit = RateLimit(free=1)
    event = new_event(code, **dict.fromkeys(CATALOGUE[code].fields, "x"))
    for _ in range(3):
        limit.pass_on(event, 0, "x")
    assert [summary.level for summary in limit.due(math.inf)] == [level]


def test_after_the_minute_it_is_told_again() -> None:
    """The next window begins with the next event."""
    damper = RateLimit()
    for seconds in (0, 1, 2):
        damper.pass_on(new_event("TWL-G105", gateway="a"), seconds)
    damper.due(61)
    assert len(damper.pass_on(new_event("TWL-G105", gateway="a"), 62)) == 1


def test_few_are_no_summary() -> None:
    """What was told needs no count."""
    damper = RateLimit()
    damper.pass_on(new_event("TWL-G105", gateway="a"), 0)
    assert damper.due_s == math.inf
    assert damper.due(100) == ()


def test_a_clock_that_is_set_back_ends_the_window() -> None:
    """Nothing is held for ever."""
    damper = RateLimit()
    for seconds in (0, 1, 2):
        damper.pass_on(new_event("TWL-G105", gateway="a"), seconds)
    assert len(damper.due(-3600)) == 1


def test_nothing_is_kept_of_what_is_over() -> None:
    """A thousand topics of garbage leave nothing behind."""
    damper = RateLimit()
    for number in range(1000):
        damper.pass_on(new_event("TWL-G113", topic=f"t/{number}", epoch=1), 0)
    assert damper.is_counting
    damper.due(61)
    assert not damper.is_counting


def test_many_names_cannot_fill_memory_and_log() -> None:
    """Beyond a thousand they are told as one."""
    damper = RateLimit(free=1)
    passed = [damper.pass_on(new_event("TWL-G113", topic=f"t/{number}", epoch=1), 0) for number in range(5 * KEYS)]
    assert sum(map(len, passed)) == KEYS + 1
    (rest,) = damper.due(math.inf)
    assert rest.fields["times"] == 4 * KEYS - 1


def test_what_an_event_is_about_can_be_said() -> None:
    """Where neither gateway nor topic tells the culprit."""
    damper = RateLimit(free=1)
    passed = [damper.pass_on(new_event("TWL-B042", client=f"c{n}"), 0, about) for n in range(4) for about in ("x", "y")]
    assert sum(map(len, passed)) == 2


@given(st.floats(0, 1e7))
def test_whoever_wakes_when_a_summary_is_due_finds_it(began_s: float) -> None:
    """However the seconds round: a controller that slept until then would not sleep again, and find nothing to do."""
    damper = RateLimit()
    for _ in range(3):
        damper.pass_on(new_event("TWL-G105", gateway="a"), began_s)
    assert [event.code for event in damper.due(damper.due_s)] == ["TWL-C040"]


def test_strangers_with_ever_new_names_are_told_as_one_after_a_few() -> None:
    """Each code by itself: a flood of one hides no other."""
    damper = RateLimit(keys=3)
    flood = [damper.pass_on(new_event("TWL-G113", topic=f"t/{number}", epoch=1), 0) for number in range(100)]
    assert sum(map(len, flood)) == 3 + 2
    assert len(damper.pass_on(new_event("TWL-G105", gateway="mast"), 1)) == 1
    assert sum(event.fields["times"] for event in damper.due(61)) == 100 - 5
