"""What an edit of the schedule changes: the light now, days, nights and rules, as pure values.

Nights are compared by what they show, whichever rule shows it, without overrides and from now on. A night counts as
changed if its light differs, or a fade or the steps of a sequence."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Any, Literal

from controller.schedule.campaign import Rule
from controller.schedule.hours import instant, night_at, night_of
from controller.schedule.lit import LitStretch, lit_stretches
from controller.schedule.plan import REACH, Looks, Program
from controller.schedule.plan_notes import notes
from controller.schedule.precedence import NightPlan
from controller.schedule.rule_changes import RuleChange, rule_changes
from controller.schedule.rule_plan import Cue

GROUPED_FROM = 20
"""More changed nights than this are grouped."""
DRIFT = timedelta(minutes=10)
"""How far sunset and sunrise move from one night to the next, south of the polar circle."""
DAY_MIN = 24 * 60
ONE_DAY = timedelta(days=1)
MOST_CUES = 50
"""Number of cues that are followed to find when the current light ends."""
NEVER_SHOWN = frozenset({"TWL-S202", "TWL-S203", "TWL-S204", "TWL-S208"})


@dataclass(frozen=True, slots=True)
class LightNow:
    """What zones show now, and would by the new schedule; a zone without a look is dark. `until` is when the current
    light would end or change, None if it would not within REACH nights."""

    before: Looks
    after: Looks
    until: datetime | None


@dataclass(frozen=True, slots=True)
class DayChange:
    """Calendar days in a row that were lit and will be dark from 00:00 to 24:00, or the other way round. `lit` are the
    hours of the first day, when it is lit."""

    first: date
    last: date
    becomes: Literal["dark", "lit"]
    lit: tuple[LitStretch, ...]


@dataclass(frozen=True, slots=True)
class NightChange:
    """A changed night, named by its evening, with its light before and after; if both are equal, only a fade or the
    steps of a sequence differ."""

    day: date
    before: tuple[LitStretch, ...]
    after: tuple[LitStretch, ...]

    def is_like(self, other: "NightChange") -> bool:
        """Whether a later night changes in the same way, at nearly the same times."""
        drift = DRIFT * (other.day - self.day).days
        return all(
            _is_like(mine, theirs, drift) for mine, theirs in ((self.before, other.before), (self.after, other.after))
        )


@dataclass(frozen=True, slots=True)
class NightGroup:
    """Changed nights that are alike: the first, the last and their number."""

    first: NightChange
    last: NightChange
    count: int


@dataclass(frozen=True)
class Changes:
    """What an edit changes from now on."""

    zones: tuple[str, ...]
    since: datetime
    tonight: date
    """The night in which `since` lies."""
    looked: int
    """Number of nights that were compared."""
    now: LightNow | None
    days: tuple[DayChange, ...]
    nights: tuple[NightChange, ...]
    rules: tuple[RuleChange, ...]

    @cached_property
    def groups(self) -> tuple[NightGroup, ...]:
        """The changed nights one by one; if there are more than GROUPED_FROM, like ones in one group, but never nights
        of two years that are not one run of nights."""
        groups: list[NightGroup] = []
        for night in self.nights:
            if len(self.nights) > GROUPED_FROM and groups and _goes_on(groups[-1].last, night):
                groups[-1] = NightGroup(groups[-1].first, night, groups[-1].count + 1)
            else:
                groups.append(NightGroup(night, night, 1))
        return tuple(groups)


def changes(before: Program, after: Program, now: datetime, nights: int = REACH) -> Changes:
    """The changes if the second program follows the first at `now`, over this many nights, tonight included."""
    tonight, zone = night_at(now, after.place.time_zone).day, after.place.time_zone
    end = night_of(tonight + timedelta(days=nights - 1), zone).end
    old, new = (_Light(program.with_overrides((), None), now, end) for program in (before, after))
    changed = tuple(_changed_nights(old, new))
    return Changes(
        zones=after.zones,
        since=now,
        tonight=tonight,
        looked=nights,
        now=_light_now(before, after, now),
        days=tuple(_changed_days(old, new, [night.day for night in changed])),
        nights=changed,
        rules=tuple(_changed_rules(old, new, frozenset(night.day for night in changed), now)),
    )


class _Light:
    """The light of a program by its rules in the nights of a period."""

    def __init__(self, program: Program, start: datetime, end: datetime) -> None:
        self.program = program
        self.plans = {plan.night.day: plan for plan in program.nights(start, end)}
        self.lit = {
            day: _within(lit_stretches(program, plan, by_rule=False), start, plan.night.end)
            for day, plan in self.plans.items()
        }
        self.cues = _by_night(program.cues(start, end), self.plans.values(), start)

    def nights_of(self, rule: Rule | None) -> frozenset[date]:
        """The nights in which a rule has hours."""
        return frozenset(self._claimed.get(id(rule), ()))

    def nights_shown(self, rule: Rule | None) -> frozenset[date]:
        """The nights in which its light is visible."""
        return frozenset(self._shown.get(id(rule), ()))

    @cached_property
    def _claimed(self) -> dict[int, set[date]]:
        """By the identity of a rule: schedules have hundreds of them."""
        found: dict[int, set[date]] = defaultdict(set)
        for day, plan in self.plans.items():
            for claim in plan.claims:
                found[id(claim.rule)].add(day)
            for limit in self.program.limits:
                if limit.windows(plan.night, self.program.place):
                    found[id(limit)].add(day)
        return found

    @cached_property
    def _shown(self) -> dict[int, set[date]]:
        found: dict[int, set[date]] = defaultdict(set)
        for day, plan in self.plans.items():
            for piece in plan.pieces:
                for rule in piece.showing:
                    found[id(rule)].add(day)
        return found


def _within(stretches: Iterable[LitStretch], start: datetime, end: datetime) -> tuple[LitStretch, ...]:
    """The parts of stretches between two instants."""
    clipped = (replace(each, start=max(each.start, start), end=min(each.end, end)) for each in stretches)
    return tuple(each for each in clipped if each.start < each.end)


def _light_of(looks: Looks) -> dict[str, Any]:
    return {zone: look for zone, look in looks.items() if not look.is_dark}


def _by_night(cues: tuple[Cue, ...], plans: Iterable[NightPlan], since: datetime) -> dict[date, list[object]]:
    """By night the look in force at its start and how it changes, as far as people see it."""
    found: dict[date, list[object]] = {}
    coming = list(reversed(cues))
    in_force = coming.pop()
    for plan in plans:
        start = max(plan.night.start, since)
        while coming and coming[-1].at <= start:
            in_force = coming.pop()
        seen: list[object] = [(max(0.0, in_force.fade_s - (start - in_force.at).total_seconds()), _seen(in_force))]
        while coming and coming[-1].at < plan.night.end:
            cue = coming.pop()
            if _seen(cue) != _seen(in_force):
                seen.append((cue.at, cue.fade_s, _seen(cue)))
            in_force = cue
        found[plan.night.day] = seen
    return found


def _seen(cue: Cue) -> object:
    """Looks; and their start, if their steps depend on it."""
    looks = _light_of(cue.looks)
    return looks, {zone: cue.of(zone).since for zone, look in looks.items() if len(look.colors) > 1}


def _changed_nights(old: _Light, new: _Light) -> Iterator[NightChange]:
    for day in sorted(old.plans.keys() | new.plans.keys()):
        before, after = (light.lit.get(day, ()) for light in (old, new))
        if before != after or old.cues.get(day) != new.cues.get(day):
            yield NightChange(day, before, after)


def _light_now(before: Program, after: Program, now: datetime) -> LightNow | None:
    """With overrides and the stop, which continue."""
    shown, becomes = (_light_of(program.look_at(now).looks) for program in (before, after))
    if shown == becomes:
        return None
    return LightNow(shown, becomes, _end_of_light(before, now, shown))


def _end_of_light(program: Program, now: datetime, shown: Looks) -> datetime | None:
    at = now
    for _ in range(MOST_CUES):
        cue = program.next_cue(at)
        if cue is None:
            return None
        if (looks := _light_of(cue.looks)) != shown:
            return cue.at if looks else cue.at + timedelta(seconds=cue.fade_s)
        at = cue.at
    return None


# Days


def _changed_days(old: _Light, new: _Light, nights: Iterable[date]) -> list[DayChange]:
    """Days of the changed nights that turn from lit to dark or from dark to lit, joined into rows."""
    found: list[DayChange] = []
    for day in sorted({each for night in nights for each in (night, night + ONE_DAY)}):
        before, after = (_lit_on(light, day) for light in (old, new))
        if bool(before) == bool(after):
            continue
        change = DayChange(day, day, "lit" if after else "dark", after or before)
        if found and found[-1].last + ONE_DAY == day and found[-1].becomes == change.becomes:
            found[-1] = replace(found[-1], last=day)
        else:
            found.append(change)
    return found


def _lit_on(light: _Light, day: date) -> tuple[LitStretch, ...]:
    """The light of a calendar day, from 00:00 to 24:00."""
    zone = light.program.place.time_zone
    start, end = instant(day, 0, zone), instant(day, DAY_MIN, zone)
    stretches = chain(light.lit.get(day - ONE_DAY, ()), light.lit.get(day, ()))
    return _within(stretches, start, end)


# Groups


def _is_like(one: tuple[LitStretch, ...], other: tuple[LitStretch, ...], drift: timedelta) -> bool:
    return len(one) == len(other) and all(
        mine.looks == theirs.looks
        and _is_near(mine.start, theirs.start, drift)
        and _is_near(mine.end, theirs.end, drift)
        for mine, theirs in zip(one, other, strict=True)
    )


def _is_near(one: datetime, other: datetime, drift: timedelta) -> bool:
    """By the time of day."""
    apart = (other - one) % ONE_DAY
    return min(apart, ONE_DAY - apart) <= drift


def _goes_on(last: NightChange, night: NightChange) -> bool:
    is_one_run = night.day - last.day == ONE_DAY
    return (is_one_run or night.day.year == last.day.year) and last.is_like(night)


# Rules


def _changed_rules(old: _Light, new: _Light, changed: frozenset[date], now: datetime) -> Iterator[RuleChange]:
    found = tuple(rule_changes(old.program, new.program, now.year))
    never = {id(note.rule): note for note in notes(new.program, now) if note.code in NEVER_SHOWN} if found else {}
    for change in found:
        nights = old.nights_of(change.before) | new.nights_of(change.after)
        shown = old.nights_shown(change.before) & new.nights_shown(change.after)
        first, last = min(nights & changed, default=date.min), max(nights & changed, default=date.max)
        kept = [day for day in shown - changed if first < day < last]
        yield replace(change, changed=len(nights & changed), kept=len(kept), never=never.get(id(change.after)))
