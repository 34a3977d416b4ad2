"""What a person should know about a schedule without mistakes: overlaps, rules that never show, fades that do not fit.

A note has a code of the catalogue and its fields; times are by the clock at the place."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from itertools import accumulate, islice
from operator import or_

from controller.durations import say_duration
from controller.schedule.campaign import EveryNight, Lit, Rule
from controller.schedule.hours import Place
from controller.schedule.occurrence import AHEAD, next_span
from controller.schedule.plan import Program
from controller.schedule.precedence import Claim, NightPlan
from controller.schedule.sun import Stretch

OwnClaims = Sequence[tuple[NightPlan, Claim]]
"""The claims of one rule, night by night."""
MOST_NAMES = 3
"""Number of the rules hiding another one that are named."""
SHORTEST_GAP = timedelta(minutes=1)
"""Shortest gap between the windows of a campaign; a shorter one, by the clock, begins and ends at once."""
MOST_OVERLAPS = 10
"""Number of the campaigns overlapping a higher one that are named."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note about one rule: a code of the catalogue with its fields."""

    code: str
    rule: Rule
    fields: Mapping[str, object]


def notes(program: Program, now: datetime) -> tuple[Note, ...]:
    """Every note for the REACH nights from an instant on: rule by rule, then the overlaps."""
    nights = program.nights(now, now + AHEAD)
    own: dict[int, list[tuple[NightPlan, Claim]]] = defaultdict(list)
    for night in nights:
        for claim in night.claims:
            own[id(claim.rule)].append((night, claim))
    shown = frozenset(id(rule) for night in nights for piece in night.pieces for rule in piece.showing)
    found = [note for rule in program.rules for note in _of_rule(rule, own[id(rule)], nights, program.place, shown)]
    of_limits = (note for limit in program.limits for note in _of_rule(limit, (), nights, program.place, shown))
    return (*found, *_overlaps(program, nights), *of_limits)


def _of_rule(
    rule: Rule, own: OwnClaims, nights: tuple[NightPlan, ...], place: Place, shown: frozenset[int]
) -> Iterator[Note]:
    """`shown` holds the identities of the rules that show in these nights."""
    today = nights[0].night.day
    coming = next_span(rule, today)
    if coming is None and rule.listed:
        yield Note("TWL-S203", rule, {"name": rule.name})
        return
    leap = coming is not None and _is_on_leap_days(rule, today)
    if coming is not None and leap:
        yield Note("TWL-S206", rule, {"name": rule.name, "year": coming[0].year})
    if not isinstance(rule, Lit):
        return
    if not leap and id(rule) not in shown:
        yield _not_shown(rule, own, nights, coming[0] if coming is not None else today)
    yield from _long_fades(rule, own, place)
    if coming is not None and rule.confirmed_for and coming[0].year not in rule.confirmed_for:
        yield Note("TWL-S207", rule, {"name": rule.name, "year": coming[0].year})


def _is_on_leap_days(rule: Rule, today: date) -> bool:
    """Whether it recurs, on 29 February only."""
    soon = today + timedelta(days=366 * 9)
    spans = [span for days in rule.listed for span in days.spans(today, soon)]
    return (
        bool(spans)
        and any(days.year is None for days in rule.listed)
        and all(first == last and (first.month, first.day) == (2, 29) for first, last in spans)
    )


def _not_shown(rule: Lit, own: OwnClaims, nights: tuple[NightPlan, ...], first_day: date) -> Note:
    """Why a rule does not show in these nights: it comes later, others always win, or its hours are empty."""
    lit = [(night, claim) for night, claim in own if claim.lit]
    if first_day > nights[-1].night.day:
        return Note("TWL-S208", rule, {"name": rule.name, "day": first_day.isoformat()})
    if lit:
        return Note("TWL-S204", rule, {"name": rule.name, "winners": _winners(lit)})
    return Note("TWL-S202", rule, {"name": rule.name})


def _winners(own: OwnClaims) -> str:
    """The names of the rules that win the time that a rule claims."""
    names = dict.fromkeys(
        piece.claim.rule.name
        for night, claim in own
        for piece in night.pieces
        if piece.claim is not None and piece.start < claim.end and claim.start < piece.end
    )
    return ", ".join([*names][:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")


def _long_fades(rule: Lit, own: OwnClaims, place: Place) -> Iterator[Note]:
    """A note on the first window that on each of its nights is shorter than the fades.

    What counts is the part of the window on its days, together with the windows that it touches."""
    fades = rule.fade_in + rule.fade_out
    lit = [(night.night, claim) for night, claim in own if claim.lit and fades]
    for window in rule.hours:
        lengths = [
            claim.end - claim.start
            for night, claim in lit
            for start, end in window.resolve(night, place)
            if claim.start < end and start < claim.end
        ]
        longest = max(lengths, default=fades)
        if fades > longest:
            fields = {"name": rule.name, "fades": say_duration(fades), "window": say_duration(longest)}
            yield Note("TWL-S205", rule, fields)
            return


def _overlaps(program: Program, nights: tuple[NightPlan, ...]) -> Iterator[Note]:
    """Pairs of campaigns that claim the same instant, one note each with the number of nights; of those below one
    campaign the first MOST_OVERLAPS by name, the others as a count.

    Sets of campaigns and of nights are the bits of a number: pair by pair, hundreds of campaigns would take minutes.
    """
    rules = [rule for rule in program.rules if isinstance(rule, Lit) and not isinstance(rule, EveryNight)]
    ranks = {id(rule): rank for rank, rule in enumerate(rules)}
    shown = _Shown(nights)
    met: list[dict[int, int]] = [defaultdict(int) for _ in rules]
    for index, night in enumerate(nights):
        for rank, others in _crossing(night, ranks):
            met[rank][others >> (rank + 1) << (rank + 1)] |= 1 << index
    for rule, sets in zip(rules, met, strict=True):
        below = reduce(or_, sets, 0)
        for rank in islice(_bits(below), MOST_OVERLAPS):
            on = reduce(or_, (in_nights for others, in_nights in sets.items() if others >> rank & 1))
            first, last = next(_bits(on)), on.bit_length() - 1
            fields: dict[str, object] = {
                "name": rule.name,
                "other": rules[rank].name,
                "nights": on.bit_count(),
                "first": nights[first].night.day.isoformat(),
                "last": nights[last].night.day.isoformat(),
            }
            gaps = [(nights[index], gap) for index in _bits(on) if (gap := shown.in_gaps(rule, rules[rank], index))]
            if not gaps:
                yield Note("TWL-S201", rule, fields)
                continue
            night, stretches = gaps[0]
            hours = ", ".join(
                f"{clock_time(start, program.place)}–{clock_time(end, program.place)}" for start, end in stretches
            )
            fields |= {"count": len(gaps), "day": night.night.day.isoformat(), "hours": hours}
            yield Note("TWL-S217", rule, fields)
        if below.bit_count() > MOST_OVERLAPS:
            yield Note("TWL-S209", rule, {"name": rule.name, "count": below.bit_count() - MOST_OVERLAPS})


class _Shown:
    """When each rule shows, night by night; results for one pair of rules serve all others."""

    def __init__(self, nights: tuple[NightPlan, ...]) -> None:
        self._nights = nights
        self._pieces: list[dict[int, list[Stretch]]] = []
        for night in nights:
            pieces: dict[int, list[Stretch]] = defaultdict(list)
            for piece in night.pieces:
                if not piece.is_dimmed_out:
                    pieces[id(piece.shows)].append((piece.start, piece.end))
            self._pieces.append(pieces)
        self._frames: dict[tuple[int, int], tuple[Stretch, ...]] = {}

    def in_gaps(self, higher: Lit, lower: Lit, index: int) -> list[Stretch]:
        """When the lower rule shows in a night although the day is one of the higher rule's: outside its hours.
        `otherwise: dark` in the higher rule keeps these hours dark."""
        pieces = self._pieces[index].get(id(lower))
        if not pieces:
            return []
        key = (id(higher), index)
        if key not in self._frames:
            self._frames[key] = higher.frames(self._nights[index].night)
        common = ((max(start, first), min(end, last)) for start, end in pieces for first, last in self._frames[key])
        return [(start, end) for start, end in common if end - start >= SHORTEST_GAP]


def _crossing(night: NightPlan, ranks: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """The rank of each claim's rule, and the ranks of those that claim an instant of it, its own among them.

    A rule has a bit for each of its claims here: one of two windows may begin in time and the other end in time."""
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
        crossing, others = begun[before_end] & going_on[after_start], 0
        while crossing:
            others |= crossing & (1 << len(ranks)) - 1
            crossing >>= len(ranks)
        yield rank, others


def _bits(number: int) -> Iterator[int]:
    """The positions of the ones."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def clock_time(at: datetime, place: Place) -> str:
    """By the clocks of the place: `17:00`."""
    return f"{at.astimezone(place.time_zone):%H:%M}"
