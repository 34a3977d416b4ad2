"""The next days of a rule, and its first and last light on them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from controller.schedule.campaign import Blackout, EveryNight
from controller.schedule.hours import Place
from controller.schedule.occurrence import Occurrence, light_times, next_occurrence

ALVESTA = Place(56.899, 14.556, ZoneInfo("Europe/Stockholm"))


def rule(**fields: object) -> EveryNight:
    """A rule of these days and hours."""
    return EveryNight.model_validate({"name": "Veckan", **fields})


@pytest.mark.parametrize(
    ("fields", "today", "expected"),
    [
        ({"nights": "20–26 november"}, date(2026, 11, 24), ((2026, 11, 20), (2026, 11, 26), 7)),
        ({"nights": "20–26 november"}, date(2026, 11, 27), ((2027, 11, 20), (2027, 11, 26), 7)),
        (
            {"dates": ["20–26 november", "27 november 2026"], "except": "20 november 2026"},
            date(2026, 11, 1),
            ((2026, 11, 21), (2026, 11, 27), 7),
        ),
        (
            {"nights": "20–26 november", "except": "23 november"},
            date(2026, 11, 24),
            ((2026, 11, 20), (2026, 11, 26), 6),
        ),
        ({"nights": "fredagar i november"}, date(2026, 11, 21), ((2026, 11, 27), (2026, 11, 27), 1)),
        ({"nights": "27 december till 6 januari"}, date(2027, 1, 2), ((2026, 12, 27), (2027, 1, 6), 11)),
    ],
)
def test_the_days_that_are_on_or_come_next(
    fields: dict[str, object], today: date, expected: tuple[tuple[int, int, int], tuple[int, int, int], int]
) -> None:
    """In a row; those that are left out are not counted."""
    first, last, count = expected
    assert next_occurrence(rule(**fields), today) == Occurrence(date(*first), date(*last), count)


@pytest.mark.parametrize(
    "fields", [{"nights": "1 maj 2020"}, {}, {"nights": "1 maj 2027", "except": "1 maj"}], ids=["over", "every", "none"]
)
def test_there_may_be_none(fields: dict[str, object]) -> None:
    """Days that are over, a rule of every night, days that are all left out."""
    assert next_occurrence(rule(**fields), date(2026, 11, 24)) is None


def test_calendar_days_begin_and_end_at_midnight() -> None:
    """Nights begin at sunset and end at sunrise of the day after."""
    week = Occurrence(date(2026, 11, 20), date(2026, 11, 26), 7)
    dates, nights = (light_times(rule(**{kind: "20–26 november"}), week, ALVESTA) for kind in ("dates", "nights"))
    assert dates == (datetime(2026, 11, 19, 23, tzinfo=UTC), datetime(2026, 11, 26, 23, tzinfo=UTC))
    assert nights is not None
    assert [f"{at:%d %H:%M}" for at in nights] == ["20 14:41", "27 07:06"]


def test_hours_that_never_occur_have_no_light() -> None:
    """The sun sets after 21 in June."""
    june = Occurrence(date(2026, 6, 10), date(2026, 6, 12), 3)
    assert light_times(rule(nights="10–12 juni", hours="sunset to 21:00"), june, ALVESTA) is None


def test_a_blackout_of_a_night_is_from_noon_to_noon() -> None:
    """It has all hours where it says none."""
    eve = Blackout.model_validate({"name": "Julafton", "nights": "julafton"})
    on = next_occurrence(eve, date(2026, 11, 24))
    assert on is not None
    assert light_times(eve, on, ALVESTA) == (
        datetime(2026, 12, 24, 11, tzinfo=UTC),
        datetime(2026, 12, 25, 11, tzinfo=UTC),
    )
