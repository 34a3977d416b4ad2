"""Which rule holds at an instant of true time: a slow reference, written from the words of SPEC section 2.1.

It shares with the plan the rules as values, the grammar of days and the height of the sun, and nothing else: it knows
no segments, no cues and no pieces. An instant is asked by itself, and the first that applies holds

1. a blackout: dark,
2. the first campaign, then the first entry of `every_night`; with `otherwise: dark` also where only its day is right,
   as dark,
3. dark.

A rule applies where it is its day (the calendar day for `dates`, the night from noon to noon for `nights`) and one of
its windows is open. Default windows are open while the sun is below the horizon; an event of the sun in other windows
is that beside the deepest point of the night. A clock time in the gap of spring is the instant that it would have been;
of a time that comes twice a start takes the first and an end the second.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from controller.config.load import Setup
from controller.schedule.campaign import Lit, Rule
from controller.schedule.hours import Place, Window
from controller.schedule.hours_grammar import Term
from controller.schedule.sun import CIVIL_DEG, SUNSET_DEG, elevation

NOON_MIN, DAY_MIN = 12 * 60, 24 * 60
MINUTE = timedelta(minutes=1)
EXACT = timedelta(milliseconds=1)


class Reference:
    """The reference for the rules of one setup."""

    def __init__(self, setup: Setup) -> None:
        self._place: Place = setup.tower.site.place
        self._blackouts = setup.schedule.blackouts
        self._lit: tuple[Lit, ...] = (*setup.schedule.campaigns, *setup.schedule.every_night)
        self._suns: dict[date, Sun] = {}

    def rule_at(self, moment: datetime) -> Lit | None:
        """The rule whose look is shown; None is dark."""
        local = moment.astimezone(self._place.time_zone)
        night = local.date() if local.hour >= 12 else local.date() - timedelta(days=1)
        if any(_is_day(rule, local.date(), night) and self._is_open(rule, moment, night) for rule in self._blackouts):
            return None
        for rule in self._lit:
            if _is_day(rule, local.date(), night):
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
        """The instant of a term; None where the sun does not pass that height."""
        if isinstance(term.what, int):
            at: datetime | None = self._clock(term.what, night, is_end=is_end)
        else:
            if night not in self._suns:
                frame = (self._clock(NOON_MIN, night, is_end=False), self._clock(NOON_MIN, night, is_end=True))
                self._suns[night] = Sun(self._place, *frame)
            at = getattr(self._suns[night], term.what)
        return at + timedelta(minutes=term.shift) if at is not None else None

    def _clock(self, minutes: int, night: date, *, is_end: bool) -> datetime:
        """A clock time after noon lies on the night's own day, any other on the next; noon is the frame's border."""
        is_evening = NOON_MIN < minutes < DAY_MIN or (minutes == NOON_MIN and not is_end)
        day = night if is_evening else night + timedelta(days=1)
        naive = datetime.combine(day, time(minutes % DAY_MIN // 60, minutes % 60))
        first, second = (naive.replace(tzinfo=self._place.time_zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        # in the gap of spring the second reading comes before the first, and is no time that anybody meant
        return max(first, second) if is_end or first > second else first


class Sun:
    """The events of one night frame, found by looking at the height of the sun every minute."""

    def __init__(self, place: Place, start: datetime, end: datetime) -> None:
        self._place = place
        self._samples = [start + MINUTE * i for i in range(round((end - start) / MINUTE) + 1)]
        self._heights = [self._height(at) for at in self._samples]
        self._deepest = self._heights.index(min(self._heights))

    @cached_property
    def sunset(self) -> datetime | None:
        """The last instant before the deepest point at which the sun was up; the frame's border if it never was."""
        return self._crossing(SUNSET_DEG, -1)

    @cached_property
    def sunrise(self) -> datetime | None:
        """The first instant after it."""
        return self._crossing(SUNSET_DEG, 1)

    @cached_property
    def dusk(self) -> datetime | None:
        """The end of civil twilight."""
        return self._crossing(CIVIL_DEG, -1)

    @cached_property
    def dawn(self) -> datetime | None:
        """The beginning of civil twilight."""
        return self._crossing(CIVIL_DEG, 1)

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
