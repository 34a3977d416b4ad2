"""Which rule shows in which part of a night: the claims of every rule, and the one that wins at each instant.

Precedence: safety stop > overrides > blackout > campaigns, the higher in the file first > every_night, the higher
first > dark; the first two are laid over the rules by `plan`. A campaign with `otherwise: dark` claims the rest of its
days as dark, at its own place in that order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from heapq import heappop, heappush
from itertools import pairwise

from controller.schedule.campaign import Blackout, Limit, Lit, Rule
from controller.schedule.hours import Night, Place, night_at, night_of

MOST_NIGHTS = 2_000


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule claims a stretch of a night, lit or dark."""

    start: datetime
    end: datetime
    rule: Rule
    lit: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time with one claim in force, None if nothing applies; `also` are the rules that show in zones that
    the claim leaves to them, and `limit` reduces the light."""

    start: datetime
    end: datetime
    claim: Claim | None
    also: tuple[Rule, ...] = ()
    limit: Limit | None = None

    @property
    def shows(self) -> Rule | None:
        """The rule whose look is shown; None is dark."""
        return self.claim.rule if self.claim is not None and self.claim.lit else None

    @property
    def is_dimmed_out(self) -> bool:
        """Whether a limit takes all light away."""
        return self.limit is not None and self.limit.brightness == 0

    @property
    def showing(self) -> tuple[Rule, ...]:
        """All rules whose looks are shown, each in its zones."""
        return (*((self.shows,) if self.shows is not None else ()), *self.also)


@dataclass(frozen=True, slots=True)
class NightPlan:
    """One night: its frame, the pieces in it, and all claims, the stronger first; without overrides."""

    night: Night
    pieces: tuple[Piece, ...]
    claims: tuple[Claim, ...]

    def piece_at(self, moment: datetime) -> Piece:
        """The piece in which an instant of this night lies."""
        return next(piece for piece in self.pieces if piece.start <= moment < piece.end)

    def claims_at(self, moment: datetime) -> list[Claim]:
        """The claims in force at an instant, the stronger first."""
        return [claim for claim in self.claims if claim.start <= moment < claim.end]


class Nights:
    """The nights of a place under rules, each computed once."""

    def __init__(self, rules: tuple[Rule, ...], place: Place) -> None:
        self._rules, self._place = rules, place
        self._known: dict[date, NightPlan] = {}

    def at(self, moment: datetime) -> NightPlan:
        """The night in which an instant lies."""
        return self._plan(night_at(moment, self._place.time_zone))

    def of(self, day: date) -> NightPlan:
        """The night that begins on the evening of a day."""
        return self._plan(night_of(day, self._place.time_zone))

    def _plan(self, night: Night) -> NightPlan:
        known = self._known.get(night.day)
        if known is None:
            if len(self._known) >= MOST_NIGHTS:
                self._known.clear()
            found = claims(self._rules, night, self._place)
            known = self._known[night.day] = NightPlan(night, pieces(found, night), found)
        return known


def claims(rules: Iterable[Rule], night: Night, place: Place) -> tuple[Claim, ...]:
    """The claims of all rules in one night, the stronger first; of one rule the lit ones before its dark rest."""
    found: list[Claim] = []
    for rule in rules:
        lit = not isinstance(rule, Blackout)
        found.extend(Claim(start, end, rule, lit) for start, end in rule.windows(night, place))
        if isinstance(rule, Lit) and rule.otherwise == "dark":
            found.extend(Claim(start, end, rule, False) for start, end in rule.frames(night))
    return tuple(found)


def pieces(ranked: tuple[Claim, ...], night: Night) -> tuple[Piece, ...]:
    """The night cut into pieces without a gap, each with its winner; neighbours with the same winner are joined."""
    borders = {night.start, night.end}
    borders.update(at for claim in ranked for at in (claim.start, claim.end))
    coming = sorted(range(len(ranked)), key=lambda rank: ranked[rank].start, reverse=True)
    in_force: list[int] = []  # the ranks of the claims that have begun, as a heap: the strongest comes first
    result: list[Piece] = []
    for start, end in pairwise(sorted(borders)):
        while coming and ranked[coming[-1]].start <= start:
            heappush(in_force, coming.pop())
        while in_force and ranked[in_force[0]].end <= start:
            heappop(in_force)
        winner = ranked[in_force[0]] if in_force else None
        last = result[-1] if result else None
        if last is not None and _same(last.claim, winner):
            result[-1] = Piece(last.start, end, last.claim)
        else:
            result.append(Piece(start, end, winner))
    return tuple(result)


def _same(one: Claim | None, other: Claim | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.rule is other.rule and one.lit == other.lit
