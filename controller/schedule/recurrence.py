"""Points of the year, and rules that give the days of one year: the values that the day grammar reads.

The year of a week is its ISO year: week 1 of 2026 belongs to 2026 although it begins on 29 December 2025. The year of
a shifted day is that of the day it is counted from."""

import re
from abc import ABC, abstractmethod
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from controller.errors import Mistake
from controller.schedule.holidays import HOLIDAYS, weekday_from

Span = tuple[date, date]

EARLIEST, LATEST = 1970, 2100
"""First and last year that may be written."""


def checked_year(digits: str, **place: int) -> int:
    """A year in four digits; raises Mistake TWL-S147 for two, which could be of any century, and TWL-S109 for one that
    may not be written. `place` is its `start` and `end`."""
    if re.fullmatch("[0-9]{4}", digits) and EARLIEST <= int(digits) <= LATEST:
        return int(digits)
    if re.fullmatch("[0-9]{2}", digits):
        raise Mistake("TWL-S147", **place, year=digits, suggestion=f"20{digits}")
    raise Mistake("TWL-S109", **place, year=digits, earliest=EARLIEST, latest=LATEST)


NEARLY_A_YEAR = 28
"""Days: a period over New Year that leaves out fewer is more likely written the wrong way round."""


class _Point(ABC):
    """A day, a week or a month of the year."""

    __slots__ = ()

    def exists(self, _year: int) -> bool:
        """Whether the year has it; only needed for a point by itself."""
        return True

    @abstractmethod
    def span(self, year: int) -> Span:
        """Its first and last day. If the year lacks it (29 February, week 53), the last such day or week of the year:
        that is what such an end of a period means."""


@dataclass(frozen=True, slots=True)
class MonthDay(_Point):
    """`6 June`; February has 29 days here."""

    month: int
    day: int

    @staticmethod
    def days_in(month: int) -> int:
        """The most days that the month has, 29 for February."""
        return monthrange(2000, month)[1]

    def exists(self, year: int) -> bool:
        """False for 29 February of a common year."""
        return self.day <= monthrange(year, self.month)[1]

    def span(self, year: int) -> Span:
        day = date(year, self.month, min(self.day, monthrange(year, self.month)[1]))
        return day, day


@dataclass(frozen=True, slots=True)
class Month(_Point):
    """`December`: the whole month."""

    month: int

    def span(self, year: int) -> Span:
        return date(year, self.month, 1), date(year, self.month, monthrange(year, self.month)[1])


@dataclass(frozen=True, slots=True)
class LastDay(_Point):
    """`last day of February`: the 28th or the 29th."""

    month: int

    def span(self, year: int) -> Span:
        last = Month(self.month).span(year)[1]
        return last, last


@dataclass(frozen=True, slots=True)
class Week(_Point):
    """`week 47`, ISO 8601."""

    number: int

    def exists(self, year: int) -> bool:
        """False for week 53 of most years."""
        return self.number <= weeks_in(year)

    def span(self, year: int) -> Span:
        monday = date.fromisocalendar(year, min(self.number, weeks_in(year)), 1)
        return monday, monday + timedelta(days=6)


@dataclass(frozen=True, slots=True)
class NthWeekday(_Point):
    """`last Saturday in March`: `place` is 1 to 4, or -1 for the last; `weekday` counts from Monday, 0."""

    place: int
    weekday: int
    month: int

    def span(self, year: int) -> Span:
        first = 1 + 7 * (self.place - 1) if self.place > 0 else monthrange(year, self.month)[1] - 6
        day = weekday_from(date(year, self.month, first), self.weekday)
        return day, day


@dataclass(frozen=True, slots=True)
class NamedDay(_Point):
    """`Easter Sunday`, by its internal name in `holidays.HOLIDAYS`."""

    name: str

    def span(self, year: int) -> Span:
        day = HOLIDAYS[self.name](year)
        return day, day


@dataclass(frozen=True, slots=True)
class NearestWeekday(_Point):
    """`the Friday before Midsummer Day`, never that day itself; `weekday` counts from Monday, 0."""

    weekday: int
    point: "MonthDay | LastDay | NthWeekday | NamedDay"
    is_after: bool

    def exists(self, year: int) -> bool:
        """Whether the day beside it exists."""
        return self.point.exists(year)

    def span(self, year: int) -> Span:
        day = weekday_from(self.point.span(year)[0] + timedelta(days=1 if self.is_after else -7), self.weekday)
        return day, day


Day = MonthDay | LastDay | NthWeekday | NamedDay | NearestWeekday


@dataclass(frozen=True, slots=True)
class Shifted(_Point):
    """`Easter Sunday + 3 days`."""

    point: Day
    days: int

    def exists(self, year: int) -> bool:
        """Whether the day it is counted from exists."""
        return self.point.exists(year)

    def span(self, year: int) -> Span:  # perhaps in a neighbouring year
        first, last = self.point.span(year)
        return first + timedelta(days=self.days), last + timedelta(days=self.days)


Point = Day | Shifted | Week | Month


@dataclass(frozen=True, slots=True)
class Alone:
    """One point by itself. Every rule gives the occurrences that begin with a point of a year, in order."""

    point: Point

    def occurrences(self, year: int) -> Iterator[Span]:
        """One, or none if the year lacks the point."""
        if self.point.exists(year):
            yield self.point.span(year)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day of one point to the last day of another, `years` later."""

    first: Point
    last: Point
    years: int = 0

    def occurrences(self, year: int) -> Iterator[Span]:
        """One, or none in a year in which movable days pass each other (`Easter Sunday to 10 April`)."""
        first, last = self.first.span(year)[0], self.last.span(year + self.years)[1]
        if first <= last:
            yield first, last


@dataclass(frozen=True, slots=True)
class Weekdays:
    """`every Friday and Saturday`, `every Friday from 1 June to 31 August`: days in a row are one occurrence. Without
    days to lie `within`, an occurrence ends with the year."""

    weekdays: frozenset[int]
    within: "Rule | None" = None

    def occurrences(self, year: int) -> Iterator[Span]:
        """Every run of such weekdays within the year, or within each occurrence of the days they lie in."""
        spans = self.within.occurrences(year) if self.within else ((date(year, 1, 1), date(year, 12, 31)),)
        for span in spans:
            yield from runs(day for day in days_of(*span) if day.weekday() in self.weekdays)


@dataclass(frozen=True, slots=True)
class Several:
    """`20 and 22–24 December`, `6 June and Lucia`: days and periods written as one."""

    rules: tuple["Rule", ...]

    def occurrences(self, year: int) -> Iterator[Span]:
        """The occurrences of each rule; touching or overlapping ones are joined."""
        spans = sorted(span for rule in self.rules for span in rule.occurrences(year))
        while spans:
            first, last = spans.pop(0)
            while spans and spans[0][0] <= last + timedelta(days=1):
                last = max(last, spans.pop(0)[1])
            yield first, last


@dataclass(frozen=True, slots=True)
class Except:
    """`1 June to 31 August except Midsummer Eve`: days without those of another rule, in its one year or in all."""

    rule: "Rule"
    left_out: "Rule"
    year: int | None = None

    def occurrences(self, year: int) -> Iterator[Span]:
        """The rest of each occurrence, as runs of days."""
        # an occurrence that lies in this year or the next may belong to a neighbouring one
        years = (self.year,) if self.year is not None else range(year - 2, year + 3)
        out = {day for each in years for span in self.left_out.occurrences(each) for day in days_of(*span)}
        for span in self.rule.occurrences(year):
            yield from runs(day for day in days_of(*span) if day not in out)


@dataclass(frozen=True, slots=True)
class EveryFewYears:
    """The occurrences of a rule in some year, and every few years before and after it."""

    rule: "Rule"
    some_year: int
    step: int

    def occurrences(self, year: int) -> Iterator[Span]:
        """None in the years between."""
        return self.rule.occurrences(year) if (year - self.some_year) % self.step == 0 else iter(())


def days_of(first: date, last: date) -> Iterator[date]:
    """Each day from the first to the last; none if the last comes first."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def runs(days: Iterable[date]) -> Iterator[Span]:
    """Days in order, as first and last day of each run of days in a row."""
    for _, numbered in groupby(enumerate(days), lambda each: each[1].toordinal() - each[0]):
        run = [day for _, day in numbered]
        yield run[0], run[-1]


Rule = Alone | Period | Several | Weekdays | Except | EveryFewYears


def weeks_in(year: int) -> int:
    """52 or 53: 28 December is always in the last week (ISO 8601)."""
    return date(year, 12, 28).isocalendar().week


def runs_over_new_year(first: Point, last: Point) -> bool:
    """Whether a period without years ends in the next one: if the end comes first in every year."""
    years = range(EARLIEST, LATEST + 1)
    return all(last.span(year)[1] < first.span(year)[0] for year in years)


def leaves_out_little(first: Point, last: Point) -> bool:
    """Whether a period over New Year is nearly a whole year: it ends in its own month, or shortly before it begins."""
    return any(
        begin.month == end.month or (begin - end).days <= NEARLY_A_YEAR
        for begin, end in ((first.span(year)[0], last.span(year)[1]) for year in (2026, 2027, 2028))
    )
