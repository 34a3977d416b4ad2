"""What a person should be told of a program that is not wrong: overlaps, rules that never show, dates gone by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from controller.schedule.campaign import EveryNight, Lit, Rule
from controller.schedule.claims import Claim, NightPlan
from controller.schedule.durations import say_duration
from controller.schedule.hours import Place
from controller.schedule.plan import REACH, Program
from controller.schedule.recurrence import LATEST

AHEAD = timedelta(days=REACH)
MOST_NAMES = 3
"""So many of the rules that hide another one are named."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note about one rule: a code of the catalogue with its fields."""

    code: str
    rule: Rule
    fields: dict[str, object]


def notes(program: Program, now: datetime) -> tuple[Note, ...]:
    """Every note for the REACH nights from an instant on: rule by rule, then the overlaps."""
    nights = program.nights(now, now + AHEAD)
    found = [note for rule in program.rules for note in _of_rule(rule, nights, program.place)]
    return (*found, *_overlaps(nights))


def _of_rule(rule: Rule, nights: tuple[NightPlan, ...], place: Place) -> Iterator[Note]:
    today = nights[0].night.day
    coming = _next_span(rule, today)
    if coming is None and (rule.dates or rule.nights):
        yield Note("TWL-S203", rule, {"name": rule.name})
        return
    leap = coming is not None and _is_on_leap_days(rule, today)
    if coming is not None and leap:
        yield Note("TWL-S206", rule, {"name": rule.name, "year": coming[0].year})
    if not isinstance(rule, Lit):
        return
    if not leap:
        yield from _unseen(rule, nights, coming[0] if coming is not None else today)
    yield from _fades(rule, nights, place)
    if coming is not None and rule.confirmed_for and coming[0].year not in rule.confirmed_for:
        yield Note("TWL-S207", rule, {"name": rule.name, "year": coming[0].year})


def _next_span(rule: Rule, today: date) -> tuple[date, date] | None:
    """The occurrence that is on or comes next; None where there is none for ever, or on a rule without days."""
    listed = rule.dates or rule.nights or ()
    spans = (next(days.spans(today, date(LATEST, 12, 31)), None) for days in listed)
    return min((span for span in spans if span is not None), default=None)


def _is_on_leap_days(rule: Rule, today: date) -> bool:
    """Whether it comes again and again, and on no other day than 29 February."""
    listed = rule.dates or rule.nights or ()
    soon = today + timedelta(days=366 * 9)
    spans = [span for days in listed for span in days.spans(today, soon)]
    return (
        bool(spans)
        and any(days.years is None for days in listed)
        and all(first == last and (first.month, first.day) == (2, 29) for first, last in spans)
    )


def _unseen(rule: Lit, nights: tuple[NightPlan, ...], first_day: date) -> Iterator[Note]:
    """A rule that does not show in these nights: later than they reach, always under others, or empty."""
    own = _own_claims(rule, nights)
    if any(piece.shows is rule for night in nights for piece in night.pieces):
        return
    if first_day > nights[-1].night.day:
        yield Note("TWL-S208", rule, {"name": rule.name, "day": first_day.isoformat()})
    elif own:
        yield Note("TWL-S204", rule, {"name": rule.name, "winners": _winners(own, nights)})
    else:
        yield Note("TWL-S202", rule, {"name": rule.name})


def _own_claims(rule: Rule, nights: Iterable[NightPlan]) -> list[Claim]:
    return [claim for night in nights for claim in night.claims if claim.rule is rule and claim.lit]


def _winners(own: list[Claim], nights: tuple[NightPlan, ...]) -> str:
    """The names of those that hold the time that a rule wants."""
    held = (piece for night in nights for piece in night.pieces if piece.claim is not None)
    names = [
        piece.claim.rule.name
        for piece in held
        if piece.claim is not None and any(piece.start < claim.end and claim.start < piece.end for claim in own)
    ]
    different = [*dict.fromkeys(names)]
    return ", ".join(different[:MOST_NAMES]) + (", …" if len(different) > MOST_NAMES else "")


def _fades(rule: Lit, nights: tuple[NightPlan, ...], place: Place) -> Iterator[Note]:
    """Told for the first window in which they fit on none of its nights."""
    wanted = rule.fade_in + rule.fade_out
    own = [night.night for night in nights if wanted and any(claim.rule is rule for claim in night.claims)]
    for window in rule.hours:
        lengths = [end - start for night in own for start, end in window.resolve(night, place)]
        longest = max(lengths, default=wanted)
        if wanted > longest:
            fields = {"name": rule.name, "fades": say_duration(wanted), "window": say_duration(longest)}
            yield Note("TWL-S205", rule, {**fields})
            return


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
