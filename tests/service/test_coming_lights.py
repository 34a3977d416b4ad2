"""The lights that come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.config.load import load
from controller.lighting.color import Color
from controller.lighting.look import Look
from controller.schedule.campaign import Override
from controller.schedule.plan import Program
from controller.service.coming_lights import coming_lights

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def program(*rules: str, every_night: str = "") -> Program:
    """A schedule of these campaigns."""
    lines = "".join(f"  - {{{rule}}}\n" for rule in rules)
    text = f"version: 1\ncampaigns:\n{lines}" if rules else "version: 1\ncampaigns: []\n"
    text += f"every_night:\n  - {{{every_night}}}\n" if every_night else ""
    setup = load(Path(__file__).parents[2] / "config")
    return replace(setup, schedule=setup.schedule_of(text.encode())).program()


def lights_of(found: Program, now: datetime = NOW) -> list[tuple[str, str, str]]:
    """Name, first and last day."""
    return [(each.rule.name, str(each.first), str(each.last)) for each in coming_lights(found, now)]


WEEK = "name: Week, dates: 20–26 November, color: orange"
NIGHTS = "name: Nights, nights: 20–26 November, color: orange"


def test_days_and_nights_are_shown_as_they_are_counted() -> None:
    """Of the next 400 nights."""
    assert lights_of(program(WEEK)) == [("Week", "2026-11-20", "2026-11-26"), ("Week", "2027-11-20", "2027-11-26")]
    assert lights_of(program(NIGHTS))[0] == ("Nights", "2026-11-20", "2026-11-26")


def test_what_shows_now_does_not_come() -> None:
    """By day in its week it is listed, for tonight; days that are over are not."""
    night, day = datetime(2026, 11, 23, 20, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert lights_of(program(WEEK), night) == [("Week", "2027-11-20", "2027-11-26")]
    assert lights_of(program(WEEK), day)[0] == ("Week", "2026-11-23", "2026-11-26")


def test_of_a_rule_of_each_week_its_period_is_one_light() -> None:
    """And everyday light is listed once."""
    fridays = program("name: Fridays, nights: every Friday in October, color: red", every_night="name: E, color: white")
    assert lights_of(fridays, datetime(2026, 6, 1, 10, tzinfo=UTC)) == [
        ("E", "2026-06-01", "2027-07-05"),
        ("Fridays", "2026-10-02", "2026-10-30"),
    ]


def test_no_more_than_six_are_shown() -> None:
    """The next ones."""
    many = program(*(f"name: N{month}, nights: 1 {name}, color: red" for month, name in enumerate(
        ("January", "February", "March", "April", "May", "June", "July"), 1)))  # fmt: skip
    assert [name for name, _, _ in lights_of(many)] == ["N1", "N2", "N3", "N4", "N5", "N6"]


def test_what_is_dark_or_skipped_does_not_come() -> None:
    """A campaign that is dark on purpose, one whose nights are skipped, one under a blackout."""
    assert lights_of(program("name: Dark, nights: 20 November, color: dark")) == []
    skip = Override("1", {}, NOW, NOW + 60 * DAY, "Kim", "x", skips="Week")
    assert lights_of(program(WEEK).with_overrides((skip,), None)) == [("Week", "2027-11-20", "2027-11-26")]


def test_what_is_hidden_by_hand_comes_when_that_has_ended() -> None:
    """On the days that are left; light of one part hides nothing."""
    night = datetime(2026, 11, 23, 20, tzinfo=UTC)
    week = program(WEEK)
    until = datetime(2026, 11, 24, 7, 2, tzinfo=UTC)
    blue = Override("o", {zone: Look((Color.from_hex("#0000FF"),)) for zone in week.zones}, night, until, "Kim", "sorg")
    coming = [("Week", "2026-11-24", "2026-11-26"), ("Week", "2027-11-20", "2027-11-26")]
    assert lights_of(week.with_overrides((blue,), None), night) == coming
    part = replace(blue, looks={week.zones[0]: Look((Color.from_hex("#0000FF"),))})
    assert lights_of(week.with_overrides((part,), None), night) == coming[1:]


def test_of_a_light_that_is_hidden_now_only_the_rest_comes() -> None:
    """From the end of the override on, on the day that it is then; days over midnight are counted by the calendar."""
    night, until = datetime(2026, 11, 23, 20, tzinfo=UTC), datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    for rule, first in ((WEEK, "2026-11-24"), (NIGHTS, "2026-11-23")):
        week = program(rule)
        looks = dict.fromkeys(week.zones, Look((Color.from_hex("#0000FF"),)))
        blue = Override("o", looks, night, until, "Kim", "sorg")
        coming, *_ = coming_lights(week.with_overrides((blue,), None), night)
        assert (coming.start, str(coming.first), str(coming.last)) == (until, first, "2026-11-26")
