"""What a person should be told of a program that is not wrong: overlaps, rules that never show, dates gone by."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from operator import or_

from controller.schedule.campaign import EveryNight, Lit, Rule
from controller.schedule.durations import say_duration
from controller.schedule.hours import Place
from controller.schedule.plan import REACH, Program
from controller.schedule.precedence import Claim, NightPlan
from controller.schedule.recurrence import LATEST

AHEAD = timedelta(days=REACH)
Own = Sequence[tuple[NightPlan, Claim]]
"""What one rule wants, night by night."""
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
    own = _own_claims(nights)
    seen = frozenset(id(piece.shows) for night in nights for piece in night.pieces)
    found = [note for rule in program.rules for note in _of_rule(rule, own[id(rule)], nights, program.place, seen)]
    return (*found, *_overlaps(program, nights))


def _of_rule(rule: Rule, own: Own, nights: tuple[NightPlan, ...], place: Place, seen: frozenset[int]) -> Iterator[Note]:
    """`seen` holds the identities of the rules that show in these nights."""
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
    if not leap and id(rule) not in seen:
        yield from _unseen(rule, own, nights, coming[0] if coming is not None else today)
    yield from _fades(rule, own, place)
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
        and any(days.year is None for days in listed)
        and all(first == last and (first.month, first.day) == (2, 29) for first, last in spans)
    )


def _unseen(rule: Lit, own: Own, nights: tuple[NightPlan, ...], first_day: date) -> Iterator[Note]:
    """A rule that does not show in these nights: later than they reach, always under others, or empty."""
    lit = [(night, claim) for night, claim in own if claim.lit]
    if first_day > nights[-1].night.day:
        yield Note("TWL-S208", rule, {"name": rule.name, "day": first_day.isoformat()})
    elif lit:
        yield Note("TWL-S204", rule, {"name": rule.name, "winners": _winners(lit)})
    else:
        yield Note("TWL-S202", rule, {"name": rule.name})


def _own_claims(nights: tuple[NightPlan, ...]) -> Mapping[int, Own]:
    """What each rule wants, by the identity of the rule."""
    own: dict[int, list[tuple[NightPlan, Claim]]] = defaultdict(list)
    for night in nights:
        for claim in night.claims:
            own[id(claim.rule)].append((night, claim))
    return own


def _winners(own: Own) -> str:
    """The names of those that hold the time that a rule wants."""
    names = (
        piece.claim.rule.name
        for night, claim in own
        for piece in night.pieces
        if piece.claim is not None and piece.start < claim.end and claim.start < piece.end
    )
    different: dict[str, None] = {}
    for name in names:
        different[name] = None
        if len(different) > MOST_NAMES:
            break
    return ", ".join([*different][:MOST_NAMES]) + (", …" if len(different) > MOST_NAMES else "")


def _fades(rule: Lit, own: Own, place: Place) -> Iterator[Note]:
    """Told for the first window whose light is too short for them on each of its nights.

    The light is what the days leave of the window, together with the windows that it touches.
    """
    wanted = rule.fade_in + rule.fade_out
    lit = [(night.night, claim) for night, claim in own if claim.lit and wanted]
    for window in rule.hours:
        lengths = [
            claim.end - claim.start
            for night, claim in lit
            for start, end in window.resolve(night, place)
            if claim.start < end and start < claim.end
        ]
        longest = max(lengths, default=wanted)
        if wanted > longest:
            fields = {"name": rule.name, "fades": say_duration(wanted), "window": say_duration(longest)}
            yield Note("TWL-S205", rule, {**fields})
            return


def _overlaps(program: Program, nights: tuple[NightPlan, ...]) -> Iterator[Note]:
    """Pairs of campaigns that want the same instant, each told once with how often.

    Sets of claims and of nights are the bits of a number: each pair in each night, hundreds of campaigns would take
    minutes.
    """
    rules = [rule for rule in program.rules if isinstance(rule, Lit) and not isinstance(rule, EveryNight)]
    ranks = {id(rule): rank for rank, rule in enumerate(rules)}
    met: dict[tuple[int, int], int] = defaultdict(int)
    for index, night in enumerate(nights):
        for rank, others in _crossing(night, ranks):
            met[rank, others] |= 1 << index
    pairs: dict[tuple[int, int], int] = defaultdict(int)
    for (above, others), on in met.items():
        for below in {bit % len(rules) for bit in _bits(others)}:
            if above < below:
                pairs[above, below] |= on
    for (above, below), on in pairs.items():
        first, last = next(_bits(on)), on.bit_length() - 1
        fields: dict[str, object] = {
            "name": rules[above].name,
            "other": rules[below].name,
            "nights": on.bit_count(),
            "first": nights[first].night.day.isoformat(),
            "last": nights[last].night.day.isoformat(),
        }
        yield Note("TWL-S201", rules[above], fields)


def _crossing(night: NightPlan, ranks: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """The rank of each claim's rule, and the set of the claims that want an instant of it, its own among them."""
    seen: Counter[int] = Counter()
    lit: list[tuple[Claim, int, int]] = []
    for claim in night.claims:
        rank = ranks.get(id(claim.rule))
        if rank is not None and claim.lit:
            lit.append((claim, rank, rank + seen[rank] * len(ranks)))
            seen[rank] += 1
    by_start = sorted((claim.start, bit) for claim, _, bit in lit)
    by_end = sorted(((claim.end, bit) for claim, _, bit in lit), reverse=True)
    begun = [0, *accumulate((1 << bit for _, bit in by_start), or_)]
    going_on = [0, *accumulate((1 << bit for _, bit in by_end), or_)]
    starts, ends = [at for at, _ in by_start], [at for at, _ in reversed(by_end)]
    for claim, rank, _ in lit:
        before_end, after_start = bisect_left(starts, claim.end), len(ends) - bisect_right(ends, claim.start)
        yield rank, begun[before_end] & going_on[after_start]


def _bits(number: int) -> Iterator[int]:
    """The places of the ones."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
