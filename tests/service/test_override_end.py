"""When something set by hand ends, as people say it."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from controller.config.load import load
from controller.errors import Mistake
from controller.events import new_event
from controller.service.override_end import read_until

PROGRAM = load(Path(__file__).parents[2] / "config").program()
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def at(local: str) -> datetime:
    """A time at the site."""
    return datetime.fromisoformat(local).replace(tzinfo=STOCKHOLM).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "now", "end"),
    [
        ("next change", "2026-11-20T12:00", "2026-11-20T15:41:00"),
        ("Nästa  ändring", "2026-11-21T03:00", "2026-11-21T07:53:02"),
        ("sunrise", "2026-11-20T12:00", "2026-11-21T07:55:02"),
        ("solnedgång", "2026-11-20T16:00", "2026-11-21T15:39:29"),
        ("23:00", "2026-11-20T22:59", "2026-11-20T23:00"),
        ("23:00", "2026-11-20T23:00", "2026-11-21T23:00"),
        ("kl. 7.30", "2026-11-20T22:59", "2026-11-21T07:30"),
        ("24:00", "2026-11-20T22:59", "2026-11-21T00:00"),
        ("02:15", "2027-03-28T01:00", "2027-03-28T03:15"),
        ("2026-11-21T03:00", "2026-11-20T12:00", "2026-11-21T03:00"),
        ("2026-11-21", "2026-11-20T12:00", "2026-11-21T00:00"),
        ("midnatt", "2026-11-20T22:59", "2026-11-21T00:00"),
        ("Midnight", "2026-11-21T00:00", "2026-11-22T00:00"),
        ("noon", "2026-11-20T12:00", "2026-11-21T12:00"),
        ("midnatt - 30 min", "2026-11-20T22:59", "2026-11-20T23:30"),
        ("solens uppgång", "2026-11-20T12:00", "2026-11-21T07:55:02"),
        ("sunrise - 1 h", "2026-11-20T12:00", "2026-11-21T06:55:02"),
        ("sunrise + 6 h", "2026-11-21T13:00", "2026-11-21T13:55:02"),
        ("sunset + 30 min", "2026-11-20T15:50", "2026-11-20T16:11"),
        ("1 h 30 min", "2026-11-20T12:00", "2026-11-20T13:30"),
        ("om en halvtimme", "2026-11-20T12:00", "2026-11-20T12:30"),
        ("for two hours", "2026-11-20T12:00", "2026-11-20T14:00"),
        ("kl 23", "2026-11-20T12:00", "2026-11-20T23:00"),
        ("tomorrow at 07:00", "2026-11-20T12:00", "2026-11-21T07:00"),
        ("imorgon kl 07", "2026-11-20T12:00", "2026-11-21T07:00"),
        ("i natt kl 02", "2026-11-20T12:00", "2026-11-21T02:00"),
        ("ikväll kl 22", "2026-11-20T12:00", "2026-11-20T22:00"),
        ("på fredag kl 18", "2026-11-20T12:00", "2026-11-20T18:00"),
        ("fredag kl 18", "2026-11-20T19:00", "2026-11-27T18:00"),
        ("26 november 23:00", "2026-11-20T12:00", "2026-11-26T23:00"),
        ("soluppgång i morgon", "2026-11-20T03:00", "2026-11-21T07:55:02"),
        ("till soluppgången", "2026-11-20T12:00", "2026-11-21T07:55:02"),
    ],
)
def test_how_an_end_is_said(text: str, now: str, end: str) -> None:
    """In the words of a schedule's hours, as an instant, as a duration."""
    assert abs((read_until(text, PROGRAM, at(now)) - at(end)).total_seconds()) <= 30


@pytest.mark.parametrize("text", ["02:30", "2026-10-25T02:30"])
@pytest.mark.parametrize("now", ["2026-10-24T22:00Z", "2026-10-25T00:45Z"])
def test_an_end_at_a_time_that_autumn_repeats_is_its_second(text: str, now: str) -> None:
    """As the end of a window: 02:30 comes at 00:30 and at 01:30 UTC that night."""
    assert read_until(text, PROGRAM, datetime.fromisoformat(now)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "later", "25:00", "12:60", "-1 h", "20/11", "9999999 h"])
def test_what_is_no_end_is_refused(text: str) -> None:
    """With what may be written."""
    with pytest.raises(Mistake) as refused:
        read_until(text, PROGRAM, at("2026-11-20T12:00"))
    assert refused.value.code == "TWL-O121"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("kl 6", "`06:00`, `18:00`"),
        ("i morgon kl 6", "`i morgon 06:00`, `i morgon 18:00`"),
        ("imorgon", "`imorgon 07:00`, `imorgon 23:00`"),
        ("torsdag", "`torsdag 07:00`, `torsdag 23:00`"),
        ("mörkt", "`solnedgång`, `skymning`"),
        ("dark", "`sunset`, `dusk`"),
        ("i morgon bitti", "`soluppgång`, `gryning`"),
    ],
)
def test_an_end_that_can_be_meant_in_several_ways_is_asked_about(text: str, meant: str) -> None:
    """In the language in which it was asked for, and each choice can be written."""
    with pytest.raises(Mistake) as refused:
        read_until(text, PROGRAM, at("2026-11-20T12:00"))
    event = new_event(refused.value.code, **refused.value.fields)
    assert event.action("sv") == f"vilket menas: {meant}?"
    assert all(read_until(one, PROGRAM, at("2026-11-20T12:00")) for one in meant.strip("`").split("`, `"))


def test_a_slip_in_an_end_is_corrected_in_its_own_language() -> None:
    """Not in that of the reader."""
    with pytest.raises(Mistake) as refused:
        read_until("soluppgngen", PROGRAM, at("2026-11-20T12:00"))
    assert new_event(refused.value.code, **refused.value.fields).action("en") == "did you mean `soluppgången`?"


def test_an_end_on_a_day_that_is_over_is_not_moved_to_the_next() -> None:
    """`tonight at 22` after ten is past, not tomorrow."""
    now = at("2026-11-20T22:30")
    assert read_until("tonight 22:00", PROGRAM, now) < now


def test_an_end_beyond_the_calendar_is_refused() -> None:
    """By a clock in its last year."""
    with pytest.raises(Mistake) as refused:
        read_until("390 d", PROGRAM, datetime(9999, 3, 1, tzinfo=UTC))
    assert refused.value.code == "TWL-O121"
