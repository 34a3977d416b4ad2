"""The plan of one set of rules: what they show when, and why; a pure function of place, rules, overrides and time.

The night is cut into pieces by `precedence`. A segment is the longest stretch, over midnights and noons, in which the
same rule and the same overrides show; a cue is the change from one segment into the next, with its fade. Intervals are
half-open: at a border the new look already applies. Answers do not depend on earlier calls: caches only save time."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from controller.schedule.campaign import Blackout, Limit, Lit, Override, Rule, SafetyStop
from controller.schedule.explanation import Idle, Verdict, Why
from controller.schedule.hours import Night, Place, night_at, night_of
from controller.schedule.precedence import Claim, Nights

REACH = 400
"""Nights. A cue further ahead is not looked for, and a segment that began earlier counts as begun at ANCHOR."""
ANCHOR = datetime(1970, 1, 1, tzinfo=UTC)
OVERRIDE_FADE_S = 2.0
"""Seconds of the fade into an override, at least, and out of it. The fade out begins at the end of the override, so
that its end is the same for its owner and for anybody who asks."""
LEAST_HOLD_S = 1.0
"""Seconds of the look itself that the fades of a segment leave."""
REMEMBERED = 16
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cue:
    """From `at` on, `looks` are shown, reached in `fade_s` seconds; a zone without a look is dark.

    `since` is when the rule began to apply by the schedule, overrides aside: the steps of its sequences are counted
    from there. Instants are UTC. Looks are opaque here: whatever the rule carries.

    `parts` are the cues of single zones if different rules show in different zones, and `limits` by zone the limit
    that reduces the light."""

    at: datetime
    looks: Mapping[str, Any]
    since: datetime
    fade_s: float
    campaign: str | None
    why: Why
    parts: Mapping[str, "Cue"] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)

    def of(self, zone: str) -> "Cue":
        """The cue from which this zone has its look: its `since` and `why` are those of the zone."""
        return self.parts.get(zone, self)


@dataclass(frozen=True, slots=True)
class Holder:
    """What shows: a rule and the overrides over it, or nothing."""

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
    def is_manual(self) -> bool:
        """Whether an override or a safety stop is in force."""
        return bool(self.overrides) or self.stop is not None

    @property
    def is_dark(self) -> bool:
        """Whether nothing is shown."""
        return self.rule is None and not self.overrides

    @property
    def campaign(self) -> str | None:
        """The name of the rule, if it shows as planned."""
        return self.rule.name if self.rule is not None and not self.is_manual else None

    @property
    def fades_s(self) -> tuple[float, float]:
        """Into it and out of it, seconds."""
        if self.is_manual:  # except for the fade that an override asks for, see `Segment.fade_in_s`
            return OVERRIDE_FADE_S, OVERRIDE_FADE_S
        if isinstance(self.rule, Lit):
            return self.rule.fade_in.total_seconds(), self.rule.fade_out.total_seconds()
        return 0.0, 0.0

    def same(self, other: "Holder") -> bool:
        """Whether the two show the same, so that there is no border between them."""
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
        """The fade into it, which begins with it."""
        if self.holder.is_dark and not self.holder.is_manual:
            return 0.0
        # the rest of the fade into an override continues when another one is laid over it
        left_s = (each.fade_s - (self.start - each.start).total_seconds() for each in self.holder.overrides)
        return min(max(self.holder.fades_s[0], *left_s, 0.0), self.length_s)

    @property
    def fade_out_s(self) -> float:
        """The fade out of it, which is complete when it ends."""
        if self.holder.is_dark:
            return 0.0
        return max(0.0, min(self.holder.fades_s[1], self.length_s - self.fade_in_s - LEAST_HOLD_S))


def transition_s(before: Segment, after: Segment) -> tuple[float, float]:
    """From one segment into the next: how long before the border the fade begins, and how long it takes; seconds.

    Between two looks the fade in of the second is a cross-fade from the border on; without one, the fade out of the
    first is a cross-fade that ends at the border. A safety stop has no fade."""
    if after.holder.stop is not None:
        return 0.0, 0.0
    if after.fade_in_s:
        return 0.0, after.fade_in_s
    if before.holder.is_manual:
        return 0.0, min(OVERRIDE_FADE_S, after.length_s)
    return before.fade_out_s, before.fade_out_s


@dataclass(frozen=True)
class RulePlan:
    """The plan of zones with the same rules (`rules`, the stronger first), under overrides of looks; limits and
    skipped campaigns are laid over it by `plan.Program`."""

    place: Place
    zones: tuple[str, ...]
    rules: tuple[Rule, ...]
    overrides: tuple[Override, ...] = ()
    stop: SafetyStop | None = None

    def with_overrides(self, overrides: tuple[Override, ...], stop: SafetyStop | None) -> "RulePlan":
        """The same rules under other overrides; shares the computed nights."""
        plan = replace(self, overrides=overrides, stop=stop)
        vars(plan)["nights"] = self.nights
        return plan

    def look_at(self, moment: datetime) -> Cue:
        """The cue in force at an instant."""
        moment = moment.astimezone(UTC)
        segment = self._segment(moment)
        after = self._after(segment)
        if after is not None and (following := self._cue(segment, after)).at <= moment:
            return following
        return self._cue(self._segment(segment.start - INSTANT) if segment.start != ANCHOR else None, segment)

    def cues_after(self, moment: datetime, end: datetime) -> Iterator[Cue]:
        """The cues after an instant and before another; UTC."""
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

    def explain(self, moment: datetime) -> Why:
        """Which rule or override decides at an instant, and which rules it overrules."""
        moment = moment.astimezone(UTC)
        claims = self.nights.at(moment).claims_at(moment)
        holder = self._holder(moment, claims[0].rule if claims and claims[0].lit else None)
        manual = holder.stop or (holder.overrides[-1] if holder.overrides else None)
        if manual is not None:
            return Why(manual, losers=_lit(claims))
        if not claims:
            return Why(None, "nothing", idle=self._idle(moment))
        winner = claims[0]
        dark: Verdict = "blackout" if isinstance(winner.rule, Blackout) else "otherwise"
        return Why(winner.rule, "lit" if winner.lit else dark, _lit(claims[1:]))

    def _idle(self, moment: datetime) -> Idle | None:
        """The rule of this night whose hours ended last, else the one whose hours begin next."""
        lit = [claim for claim in self.nights.at(moment).claims if claim.lit]
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

    # Remembered

    @cached_property
    def nights(self) -> Nights:
        """The nights under these rules, without overrides."""
        return Nights(self.rules, self.place)

    @cached_property
    def _by_schedule(self) -> "RulePlan":
        """The same without overrides."""
        return self.with_overrides((), None) if self._manual_changes else self

    @cached_property
    def _found(self) -> deque[tuple[datetime, datetime, Segment]]:
        """Segments, each with the period for which it is the answer."""
        return deque(maxlen=REMEMBERED)

    def _segment(self, moment: datetime) -> Segment:
        """The segment in which an instant lies."""
        for start, end, segment in self._found:
            if start <= moment < end:
                return segment
        segment = self._search(moment)
        start, end = segment.start, segment.end
        if end - start >= timedelta(days=REACH - 1):
            # REACH is counted from the night of the instant: another night may see more or less of it
            night = self.nights.at(moment).night
            start, end = max(start, night.start), min(end, night.end)
        self._found.append((start, end, segment))
        return segment

    # Segments

    def _holder(self, moment: datetime, rule: Rule | None) -> Holder:
        """Safety stop, else overrides zone by zone, else the rule."""
        if self.stop is not None and moment >= self.stop.start:
            return Holder(stop=self.stop)
        active = tuple(o for o in self.overrides if o.start <= moment < o.end)
        covered = {zone for override in active for zone in override.looks}
        return Holder(None if covered.issuperset(self.zones) else rule, active)

    @cached_property
    def _manual_changes(self) -> tuple[datetime, ...]:
        """The instants at which an override begins or ends, or the safety stop begins."""
        instants = tuple(at for override in self.overrides for at in (override.start, override.end))
        return (*instants, self.stop.start) if self.stop is not None else instants

    def _part(self, moment: datetime) -> Segment:
        """The holder at an instant, and how long it lasts at least before and after."""
        piece = self.nights.at(moment).piece_at(moment)
        start = max([piece.start, *(at for at in self._manual_changes if at <= moment)])
        end = min([piece.end, *(at for at in self._manual_changes if at > moment)])
        return Segment(start, end, self._holder(moment, piece.shows))

    def _search(self, moment: datetime) -> Segment:
        """The segment in which an instant lies; it ends after REACH nights at the latest."""
        part = self._part(moment)
        start, end = part.start, part.end
        earliest, latest = reach(moment, -REACH, self.place).start, reach(moment, REACH, self.place).end
        if part.holder.stop is not None:  # nothing follows: the nights need not be examined
            return Segment(part.holder.stop.start, latest, part.holder)
        while start > earliest and (before := self._part(start - INSTANT)).holder.same(part.holder):
            start = before.start
        while end < latest and (after := self._part(end)).holder.same(part.holder):
            end = after.end
        return Segment(start if start > earliest else ANCHOR, end, part.holder)

    def _after(self, segment: Segment) -> Segment | None:
        """The next segment; None if the same holder still shows after REACH nights."""
        goes_on = self._part(segment.end).holder.same(segment.holder)
        return None if goes_on else self._segment(segment.end)

    # Cues

    def _cue(self, before: Segment | None, after: Segment) -> Cue:
        """The cue from a segment into the next; there is none before ANCHOR."""
        lead_s, fade_s = self._transition_s(before, after) if before is not None else (0.0, 0.0)
        at, holder = after.start - timedelta(seconds=lead_s), after.holder
        # a rule that shows in a zone beside an override also applies in the schedule
        since = at if holder.is_dark else self._by_schedule._segment(after.start).start
        return Cue(at, holder.looks, since, fade_s, holder.campaign, self.explain(after.start))

    def _transition_s(self, before: Segment, after: Segment) -> tuple[float, float]:
        """As `transition_s`; a segment that an override returns to in the middle of its fade out continues to fade."""
        if self._goes_on_fading(before):
            return before.length_s, before.length_s
        return transition_s(before, after)

    def _goes_on_fading(self, segment: Segment) -> bool:
        """Whether its fade out would have begun before an override returned to it: then its look has no cue."""
        if segment.holder.is_manual or segment.start not in self._manual_changes:
            return False
        following = self._after(segment)
        if following is None or following.fade_in_s:
            return False
        planned = self._by_schedule._segment(segment.start)
        after = self._by_schedule._after(planned)
        return after is not None and self._by_schedule._cue(planned, after).at <= segment.start


def reach(moment: datetime, nights: int, place: Place) -> Night:
    """The night this many nights after that of an instant."""
    return night_of(night_at(moment, place.time_zone).day + timedelta(days=nights), place.time_zone)


def _lit(claims: list[Claim]) -> tuple[Rule, ...]:
    return tuple(claim.rule for claim in claims if claim.lit)
