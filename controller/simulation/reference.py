"""What should be shown: a slow reference implementation of SPEC section 2.1, and its answers over a period.

It checks the controller, so it shares with the plan only the rules as values, the grammar of days and the height of the
sun: it has no segments, cues or pieces. Each instant is computed by itself, and the first that applies wins: a blackout
(dark); the first campaign, then the first entry of `every_night` (with `otherwise: dark` also where only its day
applies, as dark); dark. A zone uses only the rules that have a look for it. Nothing is brighter than the limits of the
instant.

A rule applies on its days (the calendar day for `dates`, the night from noon to noon for `nights`) while one of its
windows is open. Default windows are open while the sun is below the horizon; a sun event in other windows is the one
next to the deepest point of the night. A clock time in the gap of spring is the instant that it would have been; of a
time that comes twice a start takes the first and an end the second.

Instants are POSIX seconds of true time.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import pairwise

from controller.config.load import Setup
from controller.lighting.look import DARK, NO_LIGHT, Look, ZoneState
from controller.schedule.campaign import Lit, Rule, apart
from controller.schedule.hours import Place, Window
from controller.schedule.hours_grammar import SunEvent, Term
from controller.schedule.plan import ANCHOR, REACH
from controller.schedule.sun import CIVIL_DEG, SUNSET_DEG, elevation
from controller.simulation.kernel import utc

NOON_MIN, DAY_MIN = 12 * 60, 24 * 60
MINUTE = timedelta(minutes=1)
EXACT = timedelta(milliseconds=1)
STEP_S = 60.0
"""Seconds between two answers of the reference; a window that is open for less is missed."""
EXACT_S = 0.001
OVERRIDE_FADE_S = 2.0
GRACE_S = 1.0
"""Seconds that light may be changing after the end of its fade."""
TEST_GRACE_S = 6.0
"""Seconds after a lamp test in which a vendor's gateway may need a second command to be dark again."""
ROUNDED_S = 0.5
"""Tolerance for sun events, which are planned to the second."""
MARGIN = timedelta(days=1)
CROSSINGS: Mapping[SunEvent, tuple[float, int]] = {
    "sunset": (SUNSET_DEG, -1),
    "sunrise": (SUNSET_DEG, 1),
    "dusk": (CIVIL_DEG, -1),
    "dawn": (CIVIL_DEG, 1),
}
"""Height of the sun in degrees, and whether the event is before (-1) or after (1) the deepest point of the night."""


class Reference:
    """The reference for the rules of one setup."""

    def __init__(self, setup: Setup) -> None:
        self._place: Place = setup.tower.site.place
        self._blackouts = setup.schedule.blackouts
        self._lit: tuple[Lit, ...] = (*setup.schedule.campaigns, *setup.schedule.every_night)
        self._limits = setup.schedule.limits
        self._suns: dict[date, Sun] = {}

    def _night(self, moment: datetime) -> tuple[date, date]:
        """The calendar day, and the day on which the night began."""
        local = moment.astimezone(self._place.time_zone)
        return local.date(), local.date() if local.hour >= 12 else local.date() - timedelta(days=1)

    def highest_at(self, moment: datetime) -> float:
        """The highest brightness allowed at an instant, 0..1."""
        day, night = self._night(moment)
        open_now = (
            limit.brightness
            for limit in self._limits
            if _is_day(limit, day, night) and self._is_open(limit, moment, night)
        )
        return min(open_now, default=1.0)

    def is_black(self, moment: datetime) -> bool:
        """Whether a blackout applies."""
        day, night = self._night(moment)
        return any(_is_day(rule, day, night) and self._is_open(rule, moment, night) for rule in self._blackouts)

    def rules_for(self, zone: str) -> tuple[Lit, ...]:
        """The rules that have a look for a zone."""
        return tuple(rule for rule in self._lit if zone in rule.looks)

    def rule_at(self, moment: datetime, rules: tuple[Lit, ...]) -> Lit | None:
        """The rule, of these, that is shown; None is dark."""
        if self.is_black(moment):
            return None
        day, night = self._night(moment)
        for rule in rules:
            if _is_day(rule, day, night):
                if self._is_open(rule, moment, night):
                    return rule
                if rule.otherwise == "dark":
                    return None
        return None

    def _is_open(self, rule: Rule, moment: datetime, night: date) -> bool:
        return any(self._is_within(window, moment, night) for window in rule.hours)

    def _is_within(self, window: Window, moment: datetime, night: date) -> bool:
        if (window.start, window.end) == (Term("sunset"), Term("sunrise")):
            return elevation(self._place.latitude, self._place.longitude, moment) < SUNSET_DEG
        start = self._moment(window.start, night, is_end=False)
        end = self._moment(window.end, night, is_end=True)
        return start is not None and end is not None and start <= moment < end

    def _moment(self, term: Term, night: date, *, is_end: bool) -> datetime | None:
        """The instant of a term; None where the sun does not reach that height."""
        if isinstance(term.what, int):
            at: datetime | None = self._clock(term.what, night, is_end=is_end)
        else:
            if night not in self._suns:
                frame = (self._clock(NOON_MIN, night, is_end=False), self._clock(NOON_MIN, night, is_end=True))
                self._suns[night] = Sun(self._place, *frame)
            at = self._suns[night].event(term.what)
        return at + timedelta(minutes=term.shift) if at is not None else None

    def _clock(self, minutes: int, night: date, *, is_end: bool) -> datetime:
        """The instant of a clock time: after noon on the night's own day, any other on the next; noon is the frame's
        border."""
        is_evening = NOON_MIN < minutes < DAY_MIN or (minutes == NOON_MIN and not is_end)
        day = night if is_evening else night + timedelta(days=1)
        naive = datetime.combine(day, time(minutes % DAY_MIN // 60, minutes % 60))
        first, second = (naive.replace(tzinfo=self._place.time_zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        # in the gap of spring the second reading comes before the first, and is not what anybody meant
        return max(first, second) if is_end or first > second else first


class Sun:
    """The sun events of one night frame, found from the height of the sun every minute."""

    def __init__(self, place: Place, start: datetime, end: datetime) -> None:
        self._place = place
        self._samples = [start + MINUTE * i for i in range(round((end - start) / MINUTE) + 1)]
        self._heights = [self._height(at) for at in self._samples]
        self._deepest = self._heights.index(min(self._heights))
        self._events: dict[SunEvent, datetime | None] = {}

    def event(self, name: SunEvent) -> datetime | None:
        """The last instant before the deepest point at which the sun was above a height, or the first after it; the
        frame's border if it never was, None if it always was."""
        if name not in self._events:
            self._events[name] = self._crossing(*CROSSINGS[name])
        return self._events[name]

    def _height(self, at: datetime) -> float:
        return elevation(self._place.latitude, self._place.longitude, at)

    def _crossing(self, horizon_deg: float, direction: int) -> datetime | None:
        i = self._deepest
        if self._heights[i] >= horizon_deg:
            return None
        while 0 <= i < len(self._samples) and self._heights[i] < horizon_deg:
            i += direction
        if not 0 <= i < len(self._samples):
            return self._samples[0] if direction < 0 else self._samples[-1]
        below, above = self._samples[i - direction], self._samples[i]
        while abs(above - below) > EXACT:
            middle = below + (above - below) / 2
            below, above = (middle, above) if self._height(middle) < horizon_deg else (below, middle)
        return below


def _is_day(rule: Rule, day: date, night: date) -> bool:
    asked = day if rule.dates is not None else night
    wanted = rule.dates if rule.dates is not None else rule.nights
    is_one = wanted is None or any(days.contains(asked) for days in wanted)
    return is_one and not any(days.contains(asked) for days in rule.except_)


@dataclass(frozen=True, slots=True)
class RulePeriod:
    """The rule from `start` on; None is dark."""

    start: float
    rule: Lit | None


@dataclass(frozen=True, slots=True)
class ExpectedOverride:
    """An override as the person who set it expects it."""

    looks: Mapping[str, Look]
    start: float
    end: float


Change = tuple[float, float]
"""A time in which light may be changing: begin and end."""


class Timeline:
    """What zones with the same rules show over a period."""

    def __init__(self, reference: Reference, rules: tuple[Lit, ...], first: float, last: float) -> None:
        self._reference = reference
        self._rules = rules
        begin, *later = self._rule_periods(first, last)
        self.periods = (RulePeriod(self._began(begin), begin.rule), *later)
        self._starts = [period.start for period in self.periods]

    def at(self, at: float) -> RulePeriod:
        """The rule period at an instant."""
        return self.periods[max(0, bisect_right(self._starts, at) - 1)]

    def _rule_periods(self, first: float, last: float) -> Iterator[RulePeriod]:
        """The rule periods; where two answers differ, the border between them is found by bisection."""
        rule = self._rule(first)
        yield RulePeriod(first, rule)
        for before, after in _minutes(first, last):
            holds = self._rule(after)
            if holds is not rule:
                yield RulePeriod(_border(before, after, partial(self._holds, rule)), holds)
                rule = holds

    def _holds(self, rule: Lit | None, at: float) -> bool:
        return self._rule(at) is rule

    def _began(self, first: RulePeriod) -> float:
        """When the first rule began to apply; only the steps of a sequence need this."""
        if first.rule is None or all(len(look.colors) < 2 for look in first.rule.looks.values()):
            return first.start
        earliest, at = first.start - REACH * 86_400, first.start
        while at > earliest and self._holds(first.rule, at - STEP_S):
            at -= STEP_S
        if at <= earliest:
            return ANCHOR.timestamp()
        return _border(at - STEP_S, at, partial(self._holds, self._rule(at - STEP_S)))

    def _rule(self, at: float) -> Lit | None:
        return self._reference.rule_at(utc(at), self._rules)


class Expected:
    """What should be shown over a period. `overrides` are those that were granted, the newest last, and come before the
    rules; a sequence is counted from the begin of its rule, whatever was set since. During a lamp test before a
    campaign, which only happens where nothing else may be shown, no light is expected or wrong."""

    def __init__(self, setup: Setup, start: datetime, end: datetime) -> None:
        self.overrides: tuple[ExpectedOverride, ...] = ()
        self.lamp_tests: tuple[Change, ...] = ()
        self._reference = Reference(setup)
        span = (start - MARGIN).timestamp(), (end + MARGIN).timestamp()
        rules = {zone: self._reference.rules_for(zone) for zone in setup.tower.zones}
        known: dict[tuple[int, ...], Timeline] = {}
        self._timelines: dict[str, Timeline] = {}
        for zone, each in rules.items():
            key = tuple(map(id, each))
            if key not in known:
                known[key] = Timeline(self._reference, each, *span)
            self._timelines[zone] = known[key]
        self._limit_borders = list(self._borders_of_limits(setup, *span))
        changes = (_change(*pair) for timeline in known.values() for pair in pairwise(timeline.periods))
        limits = ((at - ROUNDED_S, at + ROUNDED_S + GRACE_S) for at in self._limit_borders)
        self._changes = apart(sorted((*changes, *limits)))  # a long fade may continue across borders of other rules
        starts = (period.start for timeline in known.values() for period in timeline.periods)
        self._marks = sorted({at for change in self._changes for at in change}.union(starts, self._limit_borders))

    def without_overrides(self) -> "Expected":
        """A copy without overrides for another rehearsal of the same period."""
        fresh = copy(self)
        fresh.overrides, fresh.lamp_tests = (), ()
        return fresh

    def begin_lamp_test(self, at: float, until: float) -> None:
        """A lamp test begins at `at` and ends by `until`; where a rule or an override decides what must be shown, the
        lamps are still judged."""
        moment = utc(at)
        is_dark = not any(state.on for state in self.desired(at).values())
        is_free = not any(override.start <= at < override.end for override in self.overrides)
        if is_dark and is_free and not self._reference.is_black(moment):
            self.lamp_tests = (*self.lamp_tests, (at, until + TEST_GRACE_S))

    def end_lamp_test(self, at: float) -> None:
        """The lamp test ends: the planned light is coming back."""
        self.lamp_tests = tuple((start, min(end, at + TEST_GRACE_S)) for start, end in self.lamp_tests)

    def desired(self, at: float) -> dict[str, ZoneState]:
        """What each zone should show at an instant."""
        shown = {}
        for zone, timeline in self._timelines.items():
            period = timeline.at(at)
            looks: Mapping[str, Look] = period.rule.looks if period.rule is not None else {}
            shown[zone] = looks.get(zone, NO_LIGHT).at(at - period.start)
        for override in self.overrides:
            if override.start <= at < override.end:
                shown.update({zone: look.at(0.0) for zone, look in override.looks.items()})
        highest = self._reference.highest_at(utc(at))
        return {zone: _dimmed(state, highest) for zone, state in shown.items()}

    def is_changing(self, at: float) -> bool:
        """Whether light may be changing to what should be shown."""
        begun = bisect_right(self._changes, (at, float("inf")))
        if begun and at < self._changes[begun - 1][1]:
            return True
        if any(first <= at < last for first, last in self.lamp_tests):
            return True
        if any(first <= at < last for override in self.overrides for first, last in self._override_changes(override)):
            return True
        return any(
            at < stepped + ROUNDED_S + GRACE_S or at >= following - ROUNDED_S for stepped, following in self._steps(at)
        )

    def next_mark(self, at: float) -> float:
        """The next instant at which either answer may change."""
        number = bisect_right(self._marks, at)
        marks = self._marks[number : number + 1]
        marks += [end for _, end in self.lamp_tests]
        for override in self.overrides:
            marks += [at for change in self._override_changes(override) for at in change]
        for stepped, following in self._steps(at):
            marks += [stepped + ROUNDED_S + GRACE_S, following - ROUNDED_S, following]
        return min((mark for mark in marks if mark > at), default=float("inf"))

    def _steps(self, at: float) -> Iterator[tuple[float, float]]:
        """For each sequence that is shown its last step and the next one."""
        for zone, timeline in self._timelines.items():
            period = timeline.at(at)
            look: Look = period.rule.looks[zone] if period.rule is not None else NO_LIGHT
            following = look.next_step(at - period.start)
            if following is not None:
                yield period.start + following - look.change_every_s, period.start + following

    def _override_changes(self, override: ExpectedOverride) -> tuple[Change, Change]:
        after = (timeline.at(override.end).rule for timeline in self._timelines.values())
        fade_s = max((rule.fade_in.total_seconds() for rule in after if rule is not None), default=0.0)
        over_s = max(fade_s, OVERRIDE_FADE_S) + GRACE_S
        return (override.start, override.start + OVERRIDE_FADE_S + GRACE_S), (override.end, override.end + over_s)

    def _borders_of_limits(self, setup: Setup, first: float, last: float) -> Iterator[float]:
        """The instants at which the highest brightness changes."""
        highest = self._reference.highest_at(utc(first))
        for before, after in _minutes(first, last) if setup.schedule.limits else ():
            new = self._reference.highest_at(utc(after))
            if new != highest:
                yield _border(before, after, partial(self._is_highest, highest))
                highest = new

    def _is_highest(self, brightness: float, at: float) -> bool:
        return self._reference.highest_at(utc(at)) == brightness


def _minutes(first: float, last: float) -> Iterator[tuple[float, float]]:
    """A period in steps of STEP_S."""
    while first < last:
        yield first, first + STEP_S
        first += STEP_S


def _border(before: float, after: float, still: Callable[[float], bool]) -> float:
    """The first instant between `before` and `after` at which `still` is false, by bisection."""
    while after - before > EXACT_S:
        middle = (before + after) / 2
        before, after = (middle, after) if still(middle) else (before, middle)
    return after


def _dimmed(state: ZoneState, highest: float) -> ZoneState:
    if not state.on or state.brightness <= highest:
        return state
    return replace(state, brightness=highest) if highest > 0 else DARK


def _change(before: RulePeriod, after: RulePeriod) -> Change:
    """When light may be changing at a border of the rules: during the declared fade. A fade out ends at its border,
    which may be ROUNDED_S early or late."""
    fade_in_s = after.rule.fade_in.total_seconds() if after.rule is not None else 0.0
    fade_out_s = before.rule.fade_out.total_seconds() if before.rule is not None and not fade_in_s else 0.0
    return after.start - fade_out_s - ROUNDED_S, after.start + fade_in_s + ROUNDED_S + GRACE_S
