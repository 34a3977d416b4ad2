"""Days of the calendar as a value: one text of the day grammar, once in the written year or else every year.

An occurrence belongs to the year in which it begins, as written: `27 December to 6 January 2027` to 2026, `week 1
2026`, which begins on 29 December 2025, to 2026. A day that no year has, or that the written year lacks, is a mistake;
nothing is rolled over."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, date
from functools import lru_cache
from typing import Any, ClassVar

from controller.schedule.day_grammar import read
from controller.schedule.recurrence import Rule, Span, days_of
from controller.text_field import TextField

_REACH = 3
"""Years by which an occurrence can lie outside the year it belongs to: one each for a week, a shift and New Year."""
MOST_REMEMBERED = 200
"""Longest text that is cached, in letters."""

EXAMPLES = (
    "6 June",
    "2027-06-06",
    "20–26 November",
    "25 November to 10 December",
    "vecka 47",
    "last Saturday in March",
    "första advent till 13 januari",
    "påskdagen - 2 dagar",
    "every Friday and Saturday",
    "varje fredag i oktober",
    "last day of February",
    "20 and 22–24 December",
    "every day",
)


@dataclass(frozen=True, slots=True)
class Days(TextField):
    """Days of the calendar. Two values are equal if they mean the same, in whatever words."""

    SCHEMA: ClassVar[dict[str, Any]] = {"examples": list(EXAMPLES)}

    text: str = field(compare=False)
    rule: Rule
    year: int | None
    _known: dict[int, frozenset[date]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Calendar year -> its days. A plan asks for the same year again and again."""

    @classmethod
    def parse(cls, text: str) -> "Days":
        """The days that `text` names; raises Mistake, as `day_grammar.read` does, with the place of the mistake. The
        same text gives the same value: a schedule is read repeatedly while somebody edits it."""
        return _remembered(text) if len(text) <= MOST_REMEMBERED else cls(text, *read(text))

    def contains(self, day: date) -> bool:
        """Whether this is one of the days."""
        days = self._known.get(day.year)
        if days is None:
            days = self._known[day.year] = _days_in(self.rule, self.year, day.year)
        return day in days

    def spans(self, start: date, end: date) -> Iterator[Span]:
        """First and last day of every occurrence that touches the days from `start` to `end`, in order."""
        for first, last in _occurrences(self.rule, self.year, start.year, end.year):
            if first <= end and last >= start:
                yield first, last


@lru_cache(maxsize=4096)
def _remembered(text: str) -> Days:
    return Days(text, *read(text))


def _occurrences(rule: Rule, year: int | None, earliest: int, latest: int) -> Iterator[Span]:
    """The occurrences that can touch the calendar years from `earliest` to `latest`, and others near them."""
    if year is not None:
        return iter(_occurrences_in(rule, year))
    years = range(max(MINYEAR + _REACH, earliest - _REACH), min(MAXYEAR - _REACH, latest + _REACH) + 1)
    return (span for each in years for span in _occurrences_in(rule, each))


@lru_cache(maxsize=4096)
def _occurrences_in(rule: Rule, year: int) -> tuple[Span, ...]:
    """Cached: notes, plan and hundreds of campaigns on the same days need the same years."""
    return tuple(rule.occurrences(year))


@lru_cache(maxsize=1024)
def _days_in(rule: Rule, year: int | None, calendar_year: int) -> frozenset[date]:
    """The days of one calendar year."""
    begin, end = date(calendar_year, 1, 1), date(calendar_year, 12, 31)
    return frozenset(
        day
        for first, last in _occurrences(rule, year, calendar_year, calendar_year)
        for day in days_of(max(first, begin), min(last, end))
    )
