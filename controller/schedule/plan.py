"""The plan: what should be shown when, and why; a pure function of place, rules, overrides and time.

Rules
1. At an instant: safety stop > override (by zone) > blackout > campaigns, the higher first > every_night > dark.
2. A segment is the longest stretch in which the same holder shows, over midnights and noons (`segments`, where the
   fades are too).
3. Intervals are half-open: at a border the new look already holds.
4. A look's sequence is counted from the start of the segment that its rule has by the schedule alone, whatever a hand
   has set between. A segment that began more than REACH nights ago is taken to have begun at ANCHOR, and a cue more
   than REACH nights ahead is not looked for.
5. The answer to a question depends on nothing that was asked before; what is remembered only saves time.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from controller.schedule.campaign import Blackout, EveryNight, Lit, Override, Rule, SafetyStop
from controller.schedule.explanation import Idle, Verdict, Why
from controller.schedule.hours import Night, Place, night_at, night_of
from controller.schedule.precedence import Claim, NightPlan, Nights
from controller.schedule.segments import Holder, Segment, passage_s

__all__ = ["ANCHOR", "REACH", "Cue", "NightPlan", "Program"]

REACH = 400
REMEMBERED = 16
ANCHOR = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cue:
    """From `at` on, `looks` are shown, reached in `fade_s` seconds; a zone without a look is dark.

    `since` is when the rule began to hold by the schedule, from which the steps of its sequences are counted; what a
    hand sets has none. Instants are UTC. This room never opens a look: it is whatever the rule carries.
    """

    at: datetime
    looks: Mapping[str, Any]
    since: datetime
    fade_s: float
    campaign: str | None
    why: Why


@dataclass(frozen=True)
class Program:
    """Everything the plan depends on but the time."""

    place: Place
    zones: tuple[str, ...]
    campaigns: tuple[Lit, ...] = ()
    every_night: tuple[EveryNight, ...] = ()
    blackouts: tuple[Blackout, ...] = ()
    overrides: tuple[Override, ...] = ()
    stop: SafetyStop | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, the stronger first."""
        return (*self.blackouts, *self.campaigns, *self.every_night)

    def with_hand(self, overrides: tuple[Override, ...], stop: SafetyStop | None) -> "Program":
        """The same rules under other overrides; what was worked out for the nights is kept."""
        program = replace(self, overrides=overrides, stop=stop)
        vars(program)["_nights"] = self._nights
        return program

    def look_at(self, moment: datetime) -> Cue:
        """The cue in force at an instant."""
        moment = moment.astimezone(UTC)
        segment = self._segment(moment)
        after = self._after(segment)
        if after is not None and (following := self._cue(segment, after)).at <= moment:
            return following
        return self._cue(self._segment(segment.start - _INSTANT) if segment.start != ANCHOR else None, segment)

    def next_cue(self, moment: datetime) -> Cue | None:
        """The first cue after an instant; None where nothing changes for REACH nights."""
        moment = moment.astimezone(UTC)
        return next(self._cues_after(moment, self._reach(moment, REACH).end), None)

    def cues(self, start: datetime, end: datetime) -> tuple[Cue, ...]:
        """The cue in force at `start`, then all cues after it and before `end`."""
        return (self.look_at(start), *self._cues_after(start.astimezone(UTC), end.astimezone(UTC)))

    def nights(self, start: datetime, end: datetime) -> tuple[NightPlan, ...]:
        """The nights that a period touches, without what a hand has set."""
        first, last = (self._nights.at(at).night.day for at in (start, max(start, end - _INSTANT)))
        plans = (self._nights.of(first + timedelta(days=i)) for i in range((last - first).days + 1))
        return tuple(plan for plan in plans if plan.pieces)

    def explain(self, moment: datetime) -> Why:
        """Who holds an instant, and who wanted to."""
        moment = moment.astimezone(UTC)
        wanted = self._nights.at(moment).claims_at(moment)
        holder = self._holder(moment, wanted[0].rule if wanted and wanted[0].lit else None)
        by_hand = holder.stop or (holder.overrides[-1] if holder.overrides else None)
        if by_hand is not None:
            return Why(by_hand, over=_lit(wanted))
        if not wanted:
            return Why(None, "nothing", idle=self._idle(moment))
        winner = wanted[0]
        dark: Verdict = "blackout" if isinstance(winner.rule, Blackout) else "otherwise"
        return Why(winner.rule, "lit" if winner.lit else dark, _lit(wanted[1:]))

    def _idle(self, moment: datetime) -> Idle | None:
        """Of the rules of this night the one whose hours ended last, else the one whose hours begin next."""
        lit = [claim for claim in self._nights.at(moment).claims if claim.lit]
        ended = max((claim for claim in lit if claim.end <= moment), key=lambda claim: claim.end, default=None)
        later = [claim for claim in lit if claim.start > moment and (ended is None or claim.rule is ended.rule)]
        begins = min(later, key=lambda claim: claim.start, default=None)
        named = ended or begins
        if named is None:
            return None
        at, then = (
            f"{instant.astimezone(self.place.time_zone):%H:%M}" if instant is not None else ""
            for instant in (ended.end if ended else None, begins.start if begins else None)
        )
        return Idle(named.rule.name, at, then)

    # What is remembered (rule 5)

    @cached_property
    def _nights(self) -> Nights:
        return Nights(self.rules, self.place)

    @cached_property
    def _by_schedule(self) -> "Program":
        """The same without what a hand has set."""
        return self.with_hand((), None) if self._by_hand else self

    @cached_property
    def _found(self) -> deque["_Found"]:
        return deque(maxlen=REMEMBERED)

    def _segment(self, moment: datetime) -> Segment:
        """The segment in which an instant lies."""
        for found in self._found:
            if found.start <= moment < found.end:
                return found.segment
        segment = self._search(moment)
        start, end = segment.start, segment.end
        if end - start >= timedelta(days=REACH - 1):
            # REACH is counted from the night that is asked in: another night may see more or less of it
            night = self._nights.at(moment).night
            start, end = max(start, night.start), min(end, night.end)
        self._found.append(_Found(start, end, segment))
        return segment

    # Segments

    def _holder(self, moment: datetime, rule: Rule | None) -> Holder:
        """Rule 1 above the rules of the file."""
        if self.stop is not None and moment >= self.stop.start:
            return Holder(stop=self.stop)
        standing = tuple(o for o in self.overrides if o.start <= moment < o.end)
        covered = {zone for override in standing for zone in override.looks}
        return Holder(None if covered.issuperset(self.zones) else rule, standing)

    @cached_property
    def _by_hand(self) -> tuple[datetime, ...]:
        """The instants at which a hand begins or ends something."""
        instants = tuple(at for override in self.overrides for at in (override.start, override.end))
        return (*instants, self.stop.start) if self.stop is not None else instants

    def _part(self, moment: datetime) -> Segment:
        """The holder at an instant, and how long at least before and after."""
        piece = self._nights.at(moment).piece_at(moment)
        start = max([piece.start, *(at for at in self._by_hand if at <= moment)])
        end = min([piece.end, *(at for at in self._by_hand if at > moment)])
        return Segment(start, end, self._holder(moment, piece.shows))

    def _search(self, moment: datetime) -> Segment:
        """Rules 2 and 4; ends after REACH nights where it does not before."""
        part = self._part(moment)
        start, end = part.start, part.end
        earliest, latest = self._reach(moment, -REACH).start, self._reach(moment, REACH).end
        if part.holder.stop is not None:  # nothing follows: the nights need not be asked
            return Segment(part.holder.stop.start, latest, part.holder)
        while start > earliest and (before := self._part(start - _INSTANT)).holder.same(part.holder):
            start = before.start
        while end < latest and (after := self._part(end)).holder.same(part.holder):
            end = after.end
        return Segment(start if start > earliest else ANCHOR, end, part.holder)

    def _reach(self, moment: datetime, nights: int) -> Night:
        """The night so many nights after that of an instant."""
        zone = self.place.time_zone
        return night_of(night_at(moment, zone).day + timedelta(days=nights), zone)

    def _after(self, segment: Segment) -> Segment | None:
        """The next segment; None where the same holder goes on after REACH nights."""
        goes_on = self._part(segment.end).holder.same(segment.holder)
        return None if goes_on else self._segment(segment.end)

    # Cues

    def _cue(self, before: Segment | None, after: Segment) -> Cue:
        """The one cue from a segment into the next; before ANCHOR there is none."""
        lead_s, fade_s = self._passage_s(before, after) if before is not None else (0.0, 0.0)
        at, holder = after.start - timedelta(seconds=lead_s), after.holder
        # a rule that shows under a hand holds in the schedule too
        since = at if holder.is_dark else self._by_schedule._segment(after.start).start
        return Cue(at, holder.looks, since, fade_s, holder.campaign, self.explain(after.start))

    def _passage_s(self, before: Segment, after: Segment) -> tuple[float, float]:
        """As `passage_s`; what a hand gives back in the middle of its fade out goes on fading."""
        if self._goes_on_fading(before):
            return before.length_s, before.length_s
        return passage_s(before, after)

    def _goes_on_fading(self, segment: Segment) -> bool:
        """Whether the fade out of a segment would have begun before a hand gave it back: its look has no cue."""
        if segment.holder.by_hand or segment.start not in self._by_hand:
            return False
        following = self._after(segment)
        if following is None or following.fade_in_s:
            return False
        planned = self._by_schedule._segment(segment.start)
        after = self._by_schedule._after(planned)
        return after is not None and self._by_schedule._cue(planned, after).at <= segment.start

    def _cues_after(self, moment: datetime, end: datetime) -> Iterator[Cue]:
        segment = self._segment(moment)
        while segment.start < end:
            after = self._after(segment)
            if after is not None:
                cue = self._cue(segment, after)
                if moment < cue.at < end and not self._goes_on_fading(after):
                    yield cue
                segment = after
            elif segment.end < end:
                segment = replace(segment, end=self._segment(segment.end).end)
            else:
                return


@dataclass(frozen=True, slots=True)
class _Found:
    """A segment, and from when until when it is the answer."""

    start: datetime
    end: datetime
    segment: Segment


_INSTANT = timedelta(microseconds=1)


def _lit(wanted: list[Claim]) -> tuple[Rule, ...]:
    return tuple(claim.rule for claim in wanted if claim.lit)
