"""How the values of events, and times, are said."""

from datetime import timedelta

import pytest

from controller.events.models import words_of
from controller.events.words import span, time_left
from controller.locale import languages

LOOK = {"on": True, "color": "#FF6A00", "color_name": "orange", "brightness": 1.0}


@pytest.mark.parametrize(
    ("left", "swedish", "english"),
    [
        (timedelta(seconds=-1), "om 0 s", "in 0 s"),
        (timedelta(seconds=119), "om 119 s", "in 119 s"),
        (timedelta(minutes=2), "om 2 min", "in 2 min"),
        (timedelta(minutes=59, seconds=59), "om 59 min", "in 59 min"),
        (timedelta(hours=1), "om 1 tim 0 min", "in 1 h 0 min"),
        (timedelta(hours=47, minutes=59), "om 47 tim 59 min", "in 47 h 59 min"),
        (timedelta(days=2), "om 2 dygn 0 tim", "in 2 days 0 h"),
        (timedelta(hours=10, minutes=48), "om 10 tim 48 min", "in 10 h 48 min"),
        (timedelta(days=3, hours=2), "om 3 dygn 2 tim", "in 3 days 2 h"),
    ],
)
def test_the_time_left_is_in_seconds_under_two_minutes_only(left: timedelta, swedish: str, english: str) -> None:
    """Else in two units at most."""
    assert (time_left(left, "sv"), time_left(left, "en")) == (swedish, english)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, (0, "seconds")),
        (119.94, (119.9, "seconds")),
        (120, (2, "minutes")),
        (7_199, (120, "minutes")),
        (7_200, (2, "hours")),
        (9_000, (2.5, "hours")),
        (172_799, (48, "hours")),
        (172_800, (2, "days")),
    ],
)
def test_a_length_of_time_is_at_least_two_of_its_unit(seconds: float, text: tuple[float, str]) -> None:
    """To a tenth of it."""
    assert span(seconds) == text


def test_what_has_no_words_of_its_own_is_cut_sooner_than_what_has_several_parts() -> None:
    """A name comes from outside and may be of any length; the looks of many parts of a landmark are ours."""
    for language in languages():
        looks = {f"zone{number}": LOOK for number in range(40)}
        words = words_of({"name": "x" * 600, "wanted": looks}, language)
        assert words["name"] == "x" * 199 + "…"
        assert len(words["wanted"]) == 500


def test_a_cue_of_the_night_is_written_with_hour_and_minute() -> None:
    """By the clock of the place, one behind the other."""
    tonight = [
        {"local": "2026-11-20T15:41:07+01:00", "looks": {"bowl": LOOK}},
        {"local": "2026-11-21T07:54:30+01:00", "looks": {"bowl": {"on": False}}},
    ]
    assert words_of({"tonight": tonight}, "en")["tonight"] == "15:41 bowl orange 100 %; 07:54 bowl dark"
