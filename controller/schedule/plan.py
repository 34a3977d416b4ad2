"""The plan: what should be shown when, and why; a pure function of place, rules, overrides and time.

Rules
1. At an instant: safety stop > override (by zone) > blackout > campaigns, the higher first > every_night > dark.
2. A segment is the longest stretch in which the same rule shows, over midnights and noons.
3. Into a segment from dark its fade_in runs from its start; from a segment to dark its fade_out runs so that it is
   done when the segment ends. Between two looks the incoming fade_in is a cross-fade from the border; where it has
   none, the outgoing fade_out is a cross-fade that is done at the border. Fades are clipped to the segment, and leave
   STAY_S of the look itself between them.
4. What a hand sets begins at once, with HAND_FADE_S.
5. Intervals are half-open: at a border the new look already holds.
6. A look's sequence is counted from the start of its segment. A segment that began more than REACH nights ago counts
   from ANCHOR, so that the answer does not depend on when it is asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from controller.schedule.campaign import Blackout, EveryNight, Lit, Override, Rule, Stop
from controller.schedule.claims import Claim, Piece, claims, pieces
from controller.schedule.hours import Night, Place, night_at, night_of

HAND_FADE_S = 2.0
STAY_S = 1.0
REACH = 400
ANCHOR = datetime(2000, 1, 1, tzinfo=UTC)
CACHED_NIGHTS = 2_000


@dataclass(frozen=True, slots=True)
class Loser:
    """A rule that wanted the same instant and did not get it, and the line it stands on."""

    name: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of what is shown: who wins, in which words of the file, and who loses."""

    winner: str | None
    rule: str
    losers: tuple[Loser, ...] = ()


@dataclass(frozen=True, slots=True)
class Cue:
    """From `at` on, `looks` are shown, reached in `fade_s` seconds; a zone without a look is dark.

    `since` is when the looks began, from which the steps of a sequence are counted. Instants are UTC. This room never
    opens a look: it is whatever the rule carries.
    """

    at: datetime
    looks: Mapping[str, Any]
    since: datetime
    fade_s: float
    campaign: str | None
    why: Why


@dataclass(frozen=True, slots=True)
class Holder:
    """Who shows: a rule and the overrides laid over it, or nobody."""

    rule: Rule | None = None
    overrides: tuple[Override, ...] = ()
    stop: Stop | None = None

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
    """A stretch of time with one holder."""

    start: datetime
    end: datetime
    holder: Holder


@dataclass(frozen=True, slots=True)
class NightPlan:
    """One night: its frame, the pieces in it, and the claims that did not win everywhere."""

    night: Night
    pieces: tuple[Piece, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Program:
    """Everything the plan depends on but the time."""

    place: Place
    zones: tuple[str, ...]
    campaigns: tuple[Lit, ...] = ()
    every_night: tuple[EveryNight, ...] = ()
    blackouts: tuple[Blackout, ...] = ()
    overrides: tuple[Override, ...] = ()
    stop: Stop | None = None
    _nights: dict[date, tuple[Piece, ...]] = field(default_factory=dict, repr=False, compare=False)
    _recent: list["_Answer"] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, the stronger first."""
        return (*self.blackouts, *self.campaigns, *self.every_night)

    def with_hand(self, overrides: tuple[Override, ...], stop: Stop | None) -> "Program":
        """The same rules under other overrides; what was worked out for the nights is kept."""
        return replace(self, overrides=overrides, stop=stop)

    def look_at(self, moment: datetime) -> Cue:
        """The cue in force at an instant."""
        return self._around(moment.astimezone(UTC))[0]

    def next_cue(self, moment: datetime) -> Cue | None:
        """The first cue after an instant; None where nothing changes for REACH nights."""
        return self._around(moment.astimezone(UTC))[1]

    def _around(self, moment: datetime) -> tuple[Cue, Cue | None]:
        """The cue in force and the one after it; the last answer is kept for as long as it holds."""
        for answer in self._recent:
            if answer.start <= moment < answer.end:
                return answer.cue, answer.following
        cue = self._in_force(moment)
        following = next(self._cues_after(moment, self._reach(moment, REACH).end), None)
        end = following.at if following is not None else self._reach(moment, 0).end
        self._recent[:] = [_Answer(cue.at if cue.at != ANCHOR else moment, end, cue, following)]
        return cue, following

    def _reach(self, moment: datetime, nights: int) -> Night:
        """The night so many nights after that of an instant; whole nights, so that an answer holds through its own."""
        zone = self.place.time_zone
        return night_of(night_at(moment, zone).day + timedelta(days=nights), zone)

    def _in_force(self, moment: datetime) -> Cue:
        segment = self._segment(moment)
        after = self._segment(segment.end)
        if not after.holder.same(segment.holder) and (following := self._cue(segment, after)).at <= moment:
            return following
        return self._cue(self._segment(segment.start - _INSTANT), segment)

    def cues(self, start: datetime, end: datetime) -> tuple[Cue, ...]:
        """The cue in force at `start`, then all cues after it and before `end`."""
        return (self.look_at(start), *self._cues_after(start.astimezone(UTC), end.astimezone(UTC)))

    def nights(self, start: datetime, end: datetime) -> tuple[NightPlan, ...]:
        """The nights that a period touches, without what a hand has set."""
        zone = self.place.time_zone
        first, last = night_at(start, zone).day, night_at(max(start, end - _INSTANT), zone).day
        days = (first + timedelta(days=i) for i in range((last - first).days + 1))
        return tuple(self._night_plan(night_of(day, zone)) for day in days)

    def explain(self, moment: datetime) -> Why:
        """Who holds an instant, and who wanted to."""
        moment = moment.astimezone(UTC)
        night = night_at(moment, self.place.time_zone)
        wanted = [c for c in claims(self.rules, night, self.place) if c.start <= moment < c.end]
        holder = self._holder(moment, wanted[0].rule if wanted and wanted[0].lit else None)
        if holder.stop is not None:
            return Why("stop", f"safety stop by {holder.stop.owner}: {holder.stop.reason}", _losers(wanted, "stop"))
        if holder.overrides:
            top = holder.overrides[-1]
            return Why("override", f"override by {top.owner}: {top.reason}", _losers(wanted, "override"))
        if not wanted:
            return Why(None, "nothing applies: dark")
        winner = wanted[0]
        dark = "" if winner.lit else ("blackout: " if isinstance(winner.rule, Blackout) else "otherwise dark: ")
        return Why(winner.rule.name, dark + winner.rule.words, _losers(wanted[1:], winner.rule.name))

    def _night_plan(self, night: Night) -> NightPlan:
        return NightPlan(night, self._pieces(night), tuple(claims(self.rules, night, self.place)))

    def _pieces(self, night: Night) -> tuple[Piece, ...]:
        known = self._nights.get(night.day)
        if known is None:
            if len(self._nights) >= CACHED_NIGHTS:
                self._nights.clear()
            known = self._nights[night.day] = pieces(self.rules, night, self.place)
        return known

    def _holder(self, moment: datetime, rule: Rule | None) -> Holder:
        """Rule 1 above the rules of the file."""
        if self.stop is not None and moment >= self.stop.start:
            return Holder(stop=self.stop)
        standing = tuple(o for o in self.overrides if o.start <= moment < o.end)
        covered = {zone for override in standing for zone in override.looks}
        return Holder(None if covered.issuperset(self.zones) else rule, standing)

    def _borders(self) -> list[datetime]:
        """The instants at which a hand begins or ends something."""
        instants = [at for override in self.overrides for at in (override.start, override.end)]
        return [*instants, self.stop.start] if self.stop is not None else instants

    def _part(self, moment: datetime) -> Segment:
        """The holder at an instant, and how long at least before and after."""
        night = night_at(moment, self.place.time_zone)
        piece = next(p for p in self._pieces(night) if p.start <= moment < p.end)
        borders = self._borders()
        start = max([piece.start, *(at for at in borders if at <= moment)])
        end = min([piece.end, *(at for at in borders if at > moment)])
        return Segment(start, end, self._holder(moment, piece.shows))

    def _segment(self, moment: datetime) -> Segment:
        """Rule 2."""
        part = self._part(moment)
        start, end = part.start, part.end
        earliest, latest = self._reach(moment, -REACH).start, self._reach(moment, REACH).end
        while start > earliest and (before := self._part(start - _INSTANT)).holder.same(part.holder):
            start = before.start
        while end < latest and (after := self._part(end)).holder.same(part.holder):
            end = after.end
        return Segment(start if start > earliest else ANCHOR, end, part.holder)

    def _cue(self, before: Segment, after: Segment) -> Cue:
        """The one cue from a segment into the next."""
        at, fade_s = after.start, self._fade_in_s(before, after)
        if fade_s == 0.0 and not after.holder.by_hand:
            fade_s = self._fade_out_s(before, after)
            at -= timedelta(seconds=fade_s)
        holder = after.holder
        since = at if holder.is_dark else after.start
        name = holder.rule.name if holder.rule is not None and not holder.by_hand else None
        return Cue(at, holder.looks, since, fade_s, name, self.explain(after.start))

    def _fade_in_s(self, before: Segment, after: Segment) -> float:
        if after.holder.is_dark and not after.holder.by_hand:
            return 0.0
        if before.end != after.start:
            return 0.0
        return min(after.holder.fades_s[0], _length_s(after))

    def _fade_out_s(self, before: Segment, after: Segment) -> float:
        if before.holder.is_dark or before.end != after.start:
            return 0.0
        entered = min(before.holder.fades_s[0], _length_s(before))
        return max(0.0, min(before.holder.fades_s[1], _length_s(before) - entered - STAY_S))

    def _cues_after(self, moment: datetime, end: datetime) -> Iterator[Cue]:
        segment = self._segment(moment)
        while segment.start < end:
            following = self._segment(segment.end)
            if following.holder.same(segment.holder):
                return
            cue = self._cue(segment, following)
            if moment < cue.at < end:
                yield cue
            segment = following


@dataclass(frozen=True, slots=True)
class _Answer:
    """What holds from `start` until `end`."""

    start: datetime
    end: datetime
    cue: Cue
    following: Cue | None


_INSTANT = timedelta(microseconds=1)


def _length_s(segment: Segment) -> float:
    return (segment.end - segment.start).total_seconds()


def _losers(wanted: list[Claim], winner: str) -> tuple[Loser, ...]:
    names: dict[str, Loser] = {}
    for claim in wanted:
        if claim.rule.name != winner and claim.lit:
            names.setdefault(claim.rule.name, Loser(claim.rule.name, claim.rule.words, f"{winner} wins"))
    return tuple(names.values())
