"""When lamps are tested before a campaign."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from controller.lighting.look import Look
from controller.schedule.campaign import Override, SafetyStop
from controller.schedule.lamp_tests import LampTests, LampTestTimes, obstacle
from controller.schedule.plan import Program

Planned = Callable[..., Program]
WEEK = LampTestTimes(7, 12 * 60, timedelta(minutes=1))
YEAR = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


BOWL, SHAFT = "color: {bowl: red}", "color: {shaft: red}"


def campaign(name: str, days: str, more: str = "color: orange") -> str:
    """An entry."""
    return f"  - {{name: {name}, {days}, {more}}}\n"


def planned_tests(program: Program, times: LampTestTimes = WEEK) -> list[str]:
    """Those of 2026 in local time."""
    zone = program.place.time_zone
    return [
        f"{each.at.astimezone(zone):%m-%d %H:%M} {each.campaign}" for each in LampTests(program, times).between(*YEAR)
    ]


def test_a_test_is_planned_a_week_before_the_date_on_which_a_campaign_begins(shipped: Program) -> None:
    """Though its first light is in the night before, after midnight."""
    assert planned_tests(shipped) == ["11-13 12:00 En vecka fri från våld"]
    [test] = LampTests(shipped, WEEK).between(*YEAR)
    assert test.begins == datetime(2026, 11, 19, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (campaign("a", "nights: 20 November"), ["11-13 12:00 a"]),
        (campaign("a", "dates: 20 November") + campaign("b", "dates: 24 November"), ["11-13 12:00 a"]),
        (campaign("a", "nights: 1-20 June") + campaign("b", "nights: 22 June"), ["05-25 12:00 a"]),
        (campaign("a", "nights: 1 June") + campaign("b", "nights: 20 June"), ["05-25 12:00 a", "06-13 12:00 b"]),
        (campaign("a", "nights: 1 June") + campaign("b", "nights: 15 June"), ["05-25 12:00 a"]),
        (campaign("a", "nights: 1 June") + campaign("b", "nights: 16 June"), ["05-25 12:00 a", "06-09 12:00 b"]),
        (campaign("a", "nights: every Friday in October"), ["09-25 12:00 a"]),
        (campaign("a", "nights: every Friday"), []),
        (campaign("a", "nights: every day"), []),
        (campaign("a", "nights: 1 March 2026", "color: dark"), []),
        (
            campaign("a", "nights: every Friday", BOWL) + campaign("b", "nights: 24 June", "color: red"),
            ["06-17 12:00 b"],
        ),
        (
            campaign("a", "nights: 20 June", BOWL) + campaign("b", "nights: 25 June", SHAFT),
            ["06-13 12:00 a"],
        ),
        (campaign("a", "nights: 2 January"), ["12-26 12:00 a"]),
        (campaign("a", "dates: 5 April 2026"), ["03-29 12:00 a"]),
    ],
)  # fmt: skip
def test_lamps_that_have_not_been_lit_lately_are_tested_once(planned: Planned, rules: str, expected: list[str]) -> None:
    """One test serves the campaigns that follow closely; lamps that a campaign lights all the time need none."""
    assert planned_tests(planned(f"campaigns:\n{rules}")) == expected


def test_a_blackout_over_the_first_nights_moves_the_test(planned: Planned) -> None:
    """What counts is when there is light."""
    rules = (
        f"campaigns:\n{campaign('a', 'nights: 20-26 November')}blackouts:\n  - {{name: x, nights: 20-21 November}}\n"
    )
    assert planned_tests(planned(rules)) == ["11-15 12:00 a"]


@pytest.mark.parametrize(
    ("days", "minutes", "utc"),
    [
        ("dates: 5 April 2026", 2 * 60 + 30, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("dates: 1 November 2026", 2 * 60 + 30, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("dates: 5 April 2026", 12 * 60, datetime(2026, 3, 29, 10, 0, tzinfo=UTC)),
        ("dates: 1 November 2026", 12 * 60, datetime(2026, 10, 25, 11, 0, tzinfo=UTC)),
    ],
)
def test_the_clock_change_is_as_in_the_rest_of_the_plan(
    planned: Planned, days: str, minutes: int, utc: datetime
) -> None:
    """A time that does not exist is the instant that it would have been; of one that comes twice the first."""
    program = planned(f"campaigns:\n{campaign('a', days)}")
    [test] = LampTests(program, LampTestTimes(7, minutes, timedelta(minutes=1))).between(*YEAR)
    assert test.at == utc


def test_a_test_is_due_until_its_campaign_begins(shipped: Program) -> None:
    """And is tried each day at the same time."""
    tests = LampTests(shipped, WEEK)
    noon = datetime(2026, 11, 13, 11, tzinfo=UTC)
    assert tests.due(noon - timedelta(seconds=1)) is None
    test = tests.due(noon)
    assert test is not None
    assert tests.due(datetime(2026, 11, 17, tzinfo=UTC)) == test
    assert tests.due(test.begins - timedelta(seconds=1)) == test
    assert tests.due(test.begins) is None
    assert tests.next_try(test, noon - timedelta(days=2)) == noon
    assert tests.next_try(test, noon) == noon + timedelta(days=1)
    assert tests.next_try(test, datetime(2026, 11, 19, 12, tzinfo=UTC)) is None
    assert tests.try_at(datetime(2026, 11, 15, 20, tzinfo=UTC)) == noon + timedelta(days=2)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (campaign("a", "dates: 20 November"), None),
        (campaign("a", "nights: 13 November", "hours: 12:05 to 13:00, color: red"), None),
        (campaign("a", "nights: 13 November", "hours: 12:03 to 13:00, color: red"), "test_light"),
        (campaign("a", "nights: 12 November", "hours: 11:00 to 12:00, color: red"), None),
        (campaign("a", "dates: 20 November") + "blackouts:\n  - {name: x, dates: 13 November}\n", "test_blackout"),
        (campaign("a", "dates: 13 November", "color: red") + "every_night:\n  - {name: y, color: red}\n", None),
        (
            campaign("a", "dates: 20 November") + "every_night:\n  - {name: y, hours: all day, color: red}\n",
            "test_light",
        ),
    ],
)
def test_no_lamp_is_lit_while_the_rules_say_anything(planned: Planned, rules: str, reason: str | None) -> None:
    """From the first lamp to the last."""
    noon = datetime(2026, 11, 13, 11, tzinfo=UTC)
    assert obstacle(planned(f"campaigns:\n{rules}"), noon, noon + timedelta(minutes=4)) == reason


def test_light_by_hand_keeps_lamps_from_being_tested_and_a_skip_does_not(shipped: Program) -> None:
    """A skip lights nothing; what ended before the first lamp, or begins after the last, is in nobody's way."""
    noon = datetime(2026, 11, 13, 11, tzinfo=UTC)
    end = noon + timedelta(minutes=4)

    def reason(looks: dict[str, Look], start: datetime, until: datetime, skips: str = "") -> str | None:
        override = Override("o", looks, start, until, "Eva", "prov", skips)
        return obstacle(shipped.with_overrides((override,), None), noon, end)

    lit = {"bowl": Look()}
    assert reason(lit, noon - timedelta(hours=1), end + timedelta(hours=1)) == "test_override"
    assert reason({}, noon - timedelta(hours=1), end + timedelta(hours=1), "En vecka fri från våld") is None
    assert reason(lit, noon - timedelta(hours=1), noon) is None
    assert reason(lit, end, end + timedelta(hours=1)) is None
    assert obstacle(shipped.with_overrides((), SafetyStop(noon, "Eva", "prov")), noon, end) == "test_stop"
