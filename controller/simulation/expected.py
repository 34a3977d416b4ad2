"""What should be shown over a period, and when light may be on its way: the oracle's answers laid along the time.

Rules (instants are POSIX seconds of true time)
1. A border is where two answers of the oracle differ. It is asked every STEP_S, and what lies between two answers that
   differ is halved; a window that is open for less than STEP_S is missed.
2. Above the rules stands what was set by hand, by zone, the newest first, from when it was granted until its end.
3. Light may be on its way from a border through the fade that is declared, and GRACE_S more. A fade out ends at its
   border, which may itself be ROUNDED_S early or late. A hand is given HAND_FADE_S. A step of a sequence has no fade,
   and is early or late as the border is that it is counted from.
4. A sequence is counted from when the rule began to hold, whatever a hand has set since.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from controller.config.load import Setup
from controller.lighting.look import NO_LIGHT, Look, ZoneState
from controller.schedule.campaign import Lit
from controller.schedule.plan import ANCHOR, REACH
from controller.simulation.kernel import utc
from controller.simulation.reference import Reference

STEP_S = 60.0
EXACT_S = 0.001
HAND_FADE_S = 2.0
GRACE_S = 1.0
ROUNDED_S = 0.5
"""Events of the sun are planned to the second."""
MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` on this rule holds; None is dark."""

    start: float
    rule: Lit | None


@dataclass(frozen=True, slots=True)
class ByHand:
    """An override as the person who set it knows it."""

    looks: Mapping[str, Look]
    start: float
    end: float


Change = tuple[float, float]
"""While light may be on its way, from one instant to another."""


class Expected:
    """What should be shown; `by_hand` holds what was granted, the newest last."""

    def __init__(self, setup: Setup, start: datetime, end: datetime) -> None:
        self.by_hand: tuple[ByHand, ...] = ()
        self._zones = setup.tower.zones
        self._oracle = Reference(setup)
        first, *later = self._found((start - MARGIN).timestamp(), (end + MARGIN).timestamp())
        self._stretches = (Stretch(self._began(first), first.rule), *later)
        self._starts = [stretch.start for stretch in self._stretches]
        self._changes = _together(_change(*pair) for pair in pairwise(self._stretches))
        self._marks = sorted({at for change in self._changes for at in change}.union(self._starts))

    def without_hand(self) -> "Expected":
        """The same for another rehearsal of the same period, in which nothing is set by hand yet."""
        fresh = copy(self)
        fresh.by_hand = ()
        return fresh

    def wanted(self, at: float) -> dict[str, ZoneState]:
        """What each zone should show at an instant."""
        stretch = self._stretch(at)
        looks: Mapping[str, Look] = stretch.rule.looks if stretch.rule is not None else {}
        shown = {zone: looks.get(zone, NO_LIGHT).at(at - stretch.start) for zone in self._zones}
        for hand in self.by_hand:
            if hand.start <= at < hand.end:
                shown.update({zone: look.at(0.0) for zone, look in hand.looks.items()})
        return shown

    def is_changing(self, at: float) -> bool:
        """Rule 3."""
        begun = bisect_right(self._changes, (at, float("inf")))
        if begun and at < self._changes[begun - 1][1]:
            return True
        if any(first <= at < last for hand in self.by_hand for first, last in self._hand_changes(hand)):
            return True
        return any(
            at < stepped + ROUNDED_S + GRACE_S or at >= following - ROUNDED_S for stepped, following in self._steps(at)
        )

    def next_mark(self, at: float) -> float:
        """The next instant at which either answer may be another one."""
        number = bisect_right(self._marks, at)
        marks = self._marks[number : number + 1]
        for hand in self.by_hand:
            marks += [hand.start, hand.end, *(at for change in self._hand_changes(hand) for at in change)]
        for stepped, following in self._steps(at):
            marks += [stepped + ROUNDED_S + GRACE_S, following - ROUNDED_S, following]
        return min((mark for mark in marks if mark > at), default=float("inf"))

    def _stretch(self, at: float) -> Stretch:
        return self._stretches[max(0, bisect_right(self._starts, at) - 1)]

    def _steps(self, at: float) -> Iterator[tuple[float, float]]:
        """The last step of each sequence that is shown, and the next one."""
        rule, since = self._stretch(at).rule, self._stretch(at).start
        for look in rule.looks.values() if rule is not None else ():
            following = look.next_step(at - since)
            if following is not None:
                yield since + following - look.change_every_s, since + following

    def _hand_changes(self, hand: ByHand) -> tuple[Change, Change]:
        after = self._stretch(hand.end).rule
        fade_s = after.fade_in.total_seconds() if after is not None else 0.0
        over_s = max(fade_s, HAND_FADE_S) + GRACE_S
        return (hand.start, hand.start + HAND_FADE_S + GRACE_S), (hand.end, hand.end + over_s)

    def _found(self, first: float, last: float) -> Iterator[Stretch]:
        """Rule 1."""
        before, rule = first, self._rule(first)
        yield Stretch(first, rule)
        while before < last:
            at = before + STEP_S
            holds = self._rule(at)
            if holds is not rule:
                yield Stretch(self._border(before, at, rule), holds)
                rule = holds
            before = at

    def _border(self, before: float, after: float, rule: Lit | None) -> float:
        while after - before > EXACT_S:
            middle = (before + after) / 2
            before, after = (middle, after) if self._rule(middle) is rule else (before, middle)
        return after

    def _began(self, first: Stretch) -> float:
        """When the rule that holds at the beginning began to hold, which only the steps of a sequence need to know."""
        if first.rule is None or all(len(look.colors) < 2 for look in first.rule.looks.values()):
            return first.start
        earliest, at = first.start - REACH * 86_400, first.start
        while at > earliest and self._rule(at - STEP_S) is first.rule:
            at -= STEP_S
        return self._border(at - STEP_S, at, self._rule(at - STEP_S)) if at > earliest else ANCHOR.timestamp()

    def _rule(self, at: float) -> Lit | None:
        return self._oracle.rule_at(utc(at))


def _together(changes: Iterable[Change]) -> list[Change]:
    """Changes that overlap as one, in order: a long fade goes on over the borders of other rules."""
    found: list[Change] = []
    for first, last in sorted(changes):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _change(before: Stretch, after: Stretch) -> Change:
    """Rule 3 at a border of the rules."""
    fade_in_s = after.rule.fade_in.total_seconds() if after.rule is not None else 0.0
    fade_out_s = before.rule.fade_out.total_seconds() if before.rule is not None and not fade_in_s else 0.0
    return after.start - fade_out_s - ROUNDED_S, after.start + fade_in_s + ROUNDED_S + GRACE_S
