"""Repeated events are counted: two of a kind pass in a minute, the rest is one line."""

from datetime import UTC, datetime, timedelta

from controller.events import happened
from controller.service.damper import Damper

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So long after the start."""
    return NOW + timedelta(seconds=seconds)


def test_two_pass_and_the_rest_is_counted() -> None:
    """By code and gateway, each on its own."""
    damper = Damper()
    passed = [damper.pass_on(happened("TWL-G105", gateway=name), at(s)) for s in range(5) for name in ("a", "b")]
    assert sum(map(len, passed)) == 4
    assert damper.due(at(59)) == ()
    told = damper.due(at(61))
    assert [(event.code, event.fields["times"], event.fields["of"]) for event in told] == [
        ("TWL-C040", 3, "TWL-G105"),
        ("TWL-C040", 3, "TWL-G105"),
    ]
    assert damper.due(at(62)) == ()


def test_after_the_minute_it_is_told_again() -> None:
    """The next window begins with the next event."""
    damper = Damper()
    for seconds in (0, 1, 2):
        damper.pass_on(happened("TWL-G105", gateway="a"), at(seconds))
    damper.due(at(61))
    assert len(damper.pass_on(happened("TWL-G105", gateway="a"), at(62))) == 1


def test_few_are_no_summary() -> None:
    """What was told needs no count."""
    damper = Damper()
    damper.pass_on(happened("TWL-G105", gateway="a"), at(0))
    assert damper.due(at(100)) == ()


def test_a_clock_that_is_set_back_ends_the_window() -> None:
    """Nothing is held for ever."""
    damper = Damper()
    for seconds in (0, 1, 2):
        damper.pass_on(happened("TWL-G105", gateway="a"), at(seconds))
    assert len(damper.due(at(-3600))) == 1


def test_nothing_is_kept_of_what_is_over() -> None:
    """A thousand topics of garbage leave nothing behind."""
    damper = Damper()
    for number in range(1000):
        damper.pass_on(happened("TWL-G113", topic=f"t/{number}", epoch=1), at(0))
    damper.due(at(61))
    assert not damper._counts
