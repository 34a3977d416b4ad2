"""Who holds which part of a night: every rule's claims, and the one that wins at each instant.

Precedence: blackout > campaigns, the higher in the file first > every_night, the higher first > dark. A campaign with
`otherwise: dark` claims the rest of its days as dark, at its own place in that order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from controller.schedule.campaign import Blackout, Lit, Rule
from controller.schedule.hours import Night, Place


@dataclass(frozen=True, slots=True)
class Claim:
    """A rule wants a stretch of a night, lit or dark."""

    start: datetime
    end: datetime
    rule: Rule
    lit: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time with one claim in force, None where nothing applies."""

    start: datetime
    end: datetime
    claim: Claim | None

    @property
    def shows(self) -> Rule | None:
        """The rule whose look is shown; None is dark."""
        return self.claim.rule if self.claim is not None and self.claim.lit else None


def claims(rules: Iterable[Rule], night: Night, place: Place) -> list[Claim]:
    """The claims of all rules in one night, the stronger first; of one rule the lit ones before its dark rest."""
    found: list[Claim] = []
    for rule in rules:
        lit = not isinstance(rule, Blackout)
        found.extend(Claim(start, end, rule, lit) for start, end in rule.windows(night, place))
        if isinstance(rule, Lit) and rule.otherwise == "dark":
            found.extend(Claim(start, end, rule, False) for start, end in rule.frames(night, place))
    return found


def pieces(rules: Iterable[Rule], night: Night, place: Place) -> tuple[Piece, ...]:
    """The night cut into pieces without a gap, each with its winner; neighbours with the same winner are one."""
    wanted = claims(rules, night, place)
    borders = {night.start, night.end}
    borders.update(at for claim in wanted for at in (claim.start, claim.end))
    cuts = sorted(borders)
    result: list[Piece] = []
    for start, end in pairwise(cuts):
        winner = next((claim for claim in wanted if claim.start <= start < claim.end), None)
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
