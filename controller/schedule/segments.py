"""Segments: who shows for how long, and how one look passes into the next.

Rules
1. Into a segment from dark its fade_in runs from its start; from a segment to dark its fade_out runs so that it is
   done when the segment ends.
2. Between two looks the incoming fade_in is a cross-fade from the border; where it has none, the outgoing fade_out is
   a cross-fade that is done at the border.
3. What a hand sets begins at once, with HAND_FADE_S, and stands until its end, from which on it fades as quickly: so
   there is one end for whoever set it and for whoever asks. A safety stop is without any fade.
4. Fades are clipped to their segment, and leave STAY_S of the look itself between them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.schedule.campaign import Lit, Override, Rule, SafetyStop

HAND_FADE_S = 2.0
STAY_S = 1.0


@dataclass(frozen=True, slots=True)
class Holder:
    """Who shows: a rule and the overrides laid over it, or nobody."""

    rule: Rule | None = None
    overrides: tuple[Override, ...] = ()
    stop: SafetyStop | None = None

    @property
    def looks(self) -> Mapping[str, Any]:
        """The looks by zone, the newest override on top."""
        looks = dict(self.rule.looks) if self.rule is not None else {}
        for override in self.overrides:
            looks.update(override.looks)
        return looks

    @property
    def by_hand(self) -> bool:
        """Whether a person set it."""
        return bool(self.overrides) or self.stop is not None

    @property
    def is_dark(self) -> bool:
        """Whether nothing is shown."""
        return self.rule is None and not self.overrides

    @property
    def campaign(self) -> str | None:
        """The name of the rule, where it shows as it was planned."""
        return self.rule.name if self.rule is not None and not self.by_hand else None

    @property
    def fades_s(self) -> tuple[float, float]:
        """Into it and out of it, seconds."""
        if self.by_hand:
            return HAND_FADE_S, HAND_FADE_S
        if isinstance(self.rule, Lit):
            return self.rule.fade_in.total_seconds(), self.rule.fade_out.total_seconds()
        return 0.0, 0.0

    def same(self, other: "Holder") -> bool:
        """Whether a border between the two is none."""
        return self.rule is other.rule and self.overrides == other.overrides and self.stop == other.stop


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time with one holder, `end` not included."""

    start: datetime
    end: datetime
    holder: Holder

    @property
    def length_s(self) -> float:
        """Seconds."""
        return (self.end - self.start).total_seconds()

    @property
    def fade_in_s(self) -> float:
        """The fade into it that begins with it."""
        if self.holder.is_dark and not self.holder.by_hand:
            return 0.0
        return min(self.holder.fades_s[0], self.length_s)

    @property
    def fade_out_s(self) -> float:
        """The fade out of it that is done when it ends."""
        if self.holder.is_dark:
            return 0.0
        return max(0.0, min(self.holder.fades_s[1], self.length_s - self.fade_in_s - STAY_S))


def passage_s(before: Segment, after: Segment) -> tuple[float, float]:
    """From one segment into the next: how long before the border the fade begins, and how long it lasts; seconds."""
    if after.holder.stop is not None:
        return 0.0, 0.0
    if after.fade_in_s:
        return 0.0, after.fade_in_s
    if before.holder.by_hand:
        return 0.0, min(HAND_FADE_S, after.length_s)
    return before.fade_out_s, before.fade_out_s
