"""One night: who claims which part of it, and the pieces it falls into."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.schedule.campaign import Blackout, EveryNight, Lit, Rule
from controller.schedule.hours import Place
from controller.schedule.precedence import NightPlan, Nights

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ALVESTA = Place(56.899, 14.556, STOCKHOLM)
DAY = date(2026, 11, 20)


def plan_of(*rules: Rule) -> NightPlan:
    """The night of Friday 20 November 2026."""
    return Nights(rules, ALVESTA).of(DAY)


def piece_texts(plan: NightPlan) -> list[str]:
    """Each piece with who has it, in capital letters where it is lit."""
    return [f"{clock(piece.start)}–{clock(piece.end)} {_holder(piece.claim)}" for piece in plan.pieces]


def clock(at: datetime) -> str:
    """Of Sweden."""
    return f"{at.astimezone(STOCKHOLM):%H:%M}"


def _holder(claim: Any) -> str:
    if claim is None:
        return "-"
    return claim.rule.name.upper() if claim.lit else claim.rule.name


def lit(name: str, hours: str, **more: Any) -> Lit:
    """A campaign on every night."""
    return Lit(name=name, nights="every day", hours=hours, **more)


def test_a_night_without_rules_is_one_dark_piece() -> None:
    """From noon to noon."""
    assert piece_texts(plan_of()) == ["12:00–12:00 -"]


def test_the_stronger_cuts_the_weaker_in_two() -> None:
    """And gives back what it does not want."""
    plan = plan_of(lit("a", "20:00 to 21:00"), lit("b", "18:00 to 23:00"))
    assert piece_texts(plan) == ["12:00–18:00 -", "18:00–20:00 B", "20:00–21:00 A", "21:00–23:00 B", "23:00–12:00 -"]
    assert [(claim.rule.name, clock(claim.start)) for claim in plan.claims] == [("a", "20:00"), ("b", "18:00")]


def test_a_border_of_one_who_loses_on_both_sides_is_none() -> None:
    """Neighbours with the same winner are one piece."""
    assert piece_texts(plan_of(lit("a", "18:00 to 23:00"), lit("b", "20:00 to 21:00"))) == [
        "12:00–18:00 -",
        "18:00–23:00 A",
        "23:00–12:00 -",
    ]


def test_the_dark_rest_of_a_campaign_has_the_rank_of_the_campaign() -> None:
    """Above those below it, under those above it, and its own light first."""
    plan = plan_of(
        lit("a", "22:00 to 23:00"), lit("b", "20:00 to 21:00", otherwise="dark"), EveryNight(name="c", hours="all day")
    )
    assert piece_texts(plan) == ["12:00–20:00 b", "20:00–21:00 B", "21:00–22:00 b", "22:00–23:00 A", "23:00–12:00 b"]


def test_a_blackout_is_dark_and_wins() -> None:
    """It is given first, and claims without light."""
    blackout = Blackout(name="x", nights="every day", hours="21:00 to 22:00")
    assert piece_texts(plan_of(blackout, lit("a", "20:00 to 23:00"))) == [
        "12:00–20:00 -",
        "20:00–21:00 A",
        "21:00–22:00 x",
        "22:00–23:00 A",
        "23:00–12:00 -",
    ]


def test_two_rules_with_equal_words_are_two() -> None:
    """What shows is distinguished by who shows it, not by what is written."""
    first, second = (lit("a", hours) for hours in ("20:00 to 21:00", "21:00 to 22:00"))
    assert piece_texts(plan_of(first, second)) == ["12:00–20:00 -", "20:00–21:00 A", "21:00–22:00 A", "22:00–12:00 -"]


@pytest.mark.parametrize("shift", [timedelta(0), timedelta(hours=24) - timedelta(microseconds=1)])
def test_pieces_and_claims_at_an_instant(shift: timedelta) -> None:
    """Half-open: the noon at the end belongs to the next night."""
    nights = Nights((lit("a", "all day"),), ALVESTA)
    plan = nights.of(DAY)
    moment = plan.night.start + shift
    assert nights.at(moment) is plan
    assert nights.at(plan.night.end).night.day == DAY + timedelta(days=1)
    assert plan.piece_at(moment).shows is plan.claims_at(moment)[0].rule


def test_more_nights_than_are_kept() -> None:
    """The first one is worked out again, and is the same."""
    nights = Nights((), ALVESTA)
    first = nights.of(date(2020, 1, 1))
    for number in range(2100):
        nights.of(date(2020, 1, 1) + timedelta(days=number))
    again = nights.of(date(2020, 1, 1))
    assert again == first
    assert again is not first
