"""When the lamps are tested before a campaign: a pure function of the rules and of time.

A lamp that is lit one week a year may have failed unseen. A test is planned `days_before` the date on which a campaign
lights a zone that no campaign has lit in the RESTED nights before. A test lights all lamps: one test serves every
campaign that would have its own within `days_before` days after it. It is due until the campaign begins, each day at
the same local time, while some lamps have not passed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from controller.schedule.campaign import Blackout, SafetyStop
from controller.schedule.hours import instant
from controller.schedule.plan import Program

RESTED = 14
"""Nights without light after which lamps are tested."""
CHAIN = timedelta(days=60)
"""How far campaigns are followed back that come so close together that one test serves the next."""
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LampTestTimes:
    """Number of days before a campaign, local time of day (minutes since 00:00), and duration for each lamp."""

    days_before: int
    at: int
    each: timedelta


@dataclass(frozen=True, slots=True)
class LampTest:
    """A planned test: `at` and `begins`, the first light of the campaign, are UTC."""

    at: datetime
    campaign: str
    begins: datetime


class LampTests:
    """The tests for the rules of a program; overrides and skips do not change them."""

    def __init__(self, program: Program, times: LampTestTimes) -> None:
        self._program = program
        self._times = times
        self._lit: dict[date, dict[str, tuple[datetime, str]]] = {}

    def between(self, start: datetime, end: datetime) -> Iterator[LampTest]:
        """The tests planned from `start` on and before `end`."""
        day, last = (at.astimezone(self._program.place.time_zone).date() for at in (start, end))
        while day <= last:
            test = self._planned(day)
            if test is not None and start <= test.at < end:
                yield test
            day += A_DAY

    def due(self, now: datetime) -> LampTest | None:
        """The last test planned until now, if its campaign has not begun."""
        begun = self.between(now - timedelta(days=self._times.days_before + 1), now + timedelta(microseconds=1))
        return next((test for test in reversed([*begun]) if now < test.begins), None)

    def try_at(self, now: datetime) -> datetime:
        """The instant of a test on the local day of `now`."""
        return self._at(now.astimezone(self._program.place.time_zone).date())

    def next_try(self, test: LampTest, now: datetime) -> datetime | None:
        """The first instant after `now` at which a due test may run; None if its campaign begins before."""
        today = now.astimezone(self._program.place.time_zone).date()
        tries = (self._at(today + A_DAY * ahead) for ahead in range(3))
        following = next((at for at in tries if at > now and at >= test.at), test.begins)
        return following if following < test.begins else None

    def _at(self, day: date) -> datetime:
        return instant(day, self._times.at, self._program.place.time_zone)

    def _planned(self, day: date) -> LampTest | None:
        """The test of a day, unless another one shortly before serves its campaign."""
        test = self._wanted(day)
        if test is None:
            return None
        within = timedelta(days=self._times.days_before)
        chain, earlier = [day], day - A_DAY
        while chain[-1] - earlier <= within and day - earlier <= CHAIN:
            if self._wanted(earlier) is not None:
                chain.append(earlier)
            earlier -= A_DAY
        made = chain[-1]
        for each in reversed(chain):
            if each - made > within:
                made = each
        return test if made == day else None

    def _wanted(self, day: date) -> LampTest | None:
        """A test on this day for a campaign that lights rested lamps `days_before` later."""
        first = day + timedelta(days=self._times.days_before)
        zone = self._program.place.time_zone
        found: list[tuple[datetime, str]] = []
        for night in (first - A_DAY, first):
            for lit, (begins, name) in self._lit_in(night).items():
                is_rested = all(lit not in self._lit_in(night - A_DAY * ago) for ago in range(1, RESTED + 1))
                if is_rested and begins.astimezone(zone).date() == first:
                    found.append((begins, name))
        if not found:
            return None
        begins, name = min(found)
        return LampTest(self._at(day), name, begins)

    def _lit_in(self, night: date) -> dict[str, tuple[datetime, str]]:
        """By zone when a campaign first lights it in a night, and which."""
        if night not in self._lit:
            noon = instant(night, 12 * 60, self._program.place.time_zone)
            lit: dict[str, tuple[datetime, str]] = {}
            for plan in self._program.nights(noon, noon):
                for piece in plan.pieces:
                    for rule in () if piece.is_dimmed_out else piece.showing:
                        looks = rule.looks.items() if id(rule) in self._campaigns else ()
                        lit = {zone: (piece.start, rule.name) for zone, look in looks if not look.is_dark} | lit
            self._lit[night] = lit
        return self._lit[night]

    @cached_property
    def _campaigns(self) -> frozenset[int]:
        return frozenset(map(id, self._program.campaigns))


def obstacle(program: Program, start: datetime, end: datetime) -> str | None:
    """Why no lamp may be tested from `start` until `end`, as a code of `reasons.toml`; None if nothing prevents it."""
    if isinstance(program.stop, SafetyStop):
        return "test_stop"
    if any(each.looks and each.start < end and each.end > start for each in program.overrides):
        return "test_override"
    claims = [
        piece.claim.rule
        for plan in program.nights(start, end)
        for piece in plan.pieces
        if piece.claim is not None and piece.start < end and piece.end > start
    ]
    if any(isinstance(rule, Blackout) for rule in claims):
        return "test_blackout"
    return "test_light" if claims else None
