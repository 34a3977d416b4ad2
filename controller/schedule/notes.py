"""What a person should be told of a program that is not wrong: overlaps, rules that never show, dates gone by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from controller.schedule.campaign import EveryNight, Lit, Rule
from controller.schedule.claims import Claim
from controller.schedule.durations import say_duration
from controller.schedule.plan import REACH, NightPlan, Program


@dataclass(frozen=True, slots=True)
class Note:
    """A note about one rule: a code of the catalogue with its fields."""

    code: str
    rule: Rule
    fields: dict[str, object]


def notes(program: Program, now: datetime) -> tuple[Note, ...]:
    """Every note for the REACH nights from an instant on, in the order of the rules."""
    nights = program.nights(now, now + timedelta(days=REACH))
    found = [note for rule in program.rules for note in _of_rule(rule, nights, now.date())]
    return (*found, *_overlaps(nights))


def _of_rule(rule: Rule, nights: tuple[NightPlan, ...], today: date) -> Iterator[Note]:
    if (past := _is_past(rule, today)) is True:
        yield Note("TWL-S203", rule, {"name": rule.name})
    leap = _next_leap_day(rule, today)
    if leap is not None:
        yield Note("TWL-S206", rule, {"name": rule.name, "year": leap})
    if not isinstance(rule, Lit):
        return
    if not past and leap is None and not any(piece.shows is rule for night in nights for piece in night.pieces):
        yield Note("TWL-S202", rule, {"name": rule.name})
    yield from _fades(rule, nights)
    year = _next_year(rule, today)
    if rule.confirmed_for and year is not None and year not in rule.confirmed_for:
        yield Note("TWL-S207", rule, {"name": rule.name, "year": year})


def _is_past(rule: Rule, today: date) -> bool:
    """All its days carry years, and all of them lie before yesterday (whose night may still run)."""
    listed = rule.dates or rule.nights
    if not listed or any(days.years is None for days in listed):
        return False
    return _next_day(rule, today - timedelta(days=1), 101) is None


def _next_day(rule: Rule, first: date, years: int) -> date | None:
    """The first day of the rule on or after a date."""
    last = min(first + timedelta(days=366 * years), date(2100, 12, 31))
    spans = (
        max(start, first)
        for days in rule.dates or rule.nights or ()
        for start, end in days.spans(first, last)
        if end >= first
    )
    return min(spans, default=None)


def _next_year(rule: Rule, today: date) -> int | None:
    upcoming = _next_day(rule, today, 2)
    return upcoming.year if upcoming is not None else None


def _next_leap_day(rule: Rule, today: date) -> int | None:
    """The year of the next 29 February, for a rule that is on no other day."""
    listed = rule.dates or rule.nights or ()
    spans = [span for days in listed for span in days.spans(today, today + timedelta(days=366 * 9))]
    if not spans or any(start != end or (start.month, start.day) != (2, 29) for start, end in spans):
        return None
    return spans[0][0].year


def _fades(rule: Lit, nights: tuple[NightPlan, ...]) -> Iterator[Note]:
    """Told for the shortest of its windows that are not empty."""
    own = [claim for night in nights for claim in night.claims if claim.rule is rule and claim.lit]
    shortest = min(own, key=lambda claim: claim.end - claim.start, default=None)
    wanted = rule.fade_in + rule.fade_out
    if shortest is not None and wanted > shortest.end - shortest.start:
        fields: dict[str, object] = {
            "name": rule.name,
            "fades": say_duration(wanted),
            "window": say_duration(shortest.end - shortest.start),
        }
        yield Note("TWL-S205", rule, fields)


def _overlaps(nights: tuple[NightPlan, ...]) -> Iterator[Note]:
    """Pairs of campaigns that want the same instant, each told once with how often."""
    found: dict[tuple[int, int], tuple[Rule, Rule, list[date]]] = {}
    for night in nights:
        lit = [claim for claim in night.claims if claim.lit and not isinstance(claim.rule, EveryNight)]
        for above, below in _crossing(lit):
            key = (id(above.rule), id(below.rule))
            days = found.setdefault(key, (above.rule, below.rule, []))[2]
            if not days or days[-1] != night.night.day:
                days.append(night.night.day)
    for above_rule, below_rule, days in found.values():
        fields: dict[str, object] = {
            "name": above_rule.name,
            "other": below_rule.name,
            "nights": len(days),
            "first": days[0].isoformat(),
            "last": days[-1].isoformat(),
        }
        yield Note("TWL-S201", above_rule, fields)


def _crossing(claims: list[Claim]) -> Iterator[tuple[Claim, Claim]]:
    for i, above in enumerate(claims):
        for below in claims[i + 1 :]:
            if above.rule is not below.rule and above.start < below.end and below.start < above.end:
                yield above, below
