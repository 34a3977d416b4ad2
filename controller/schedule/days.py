"""Which days: one element of the day grammar as a value.

Rules
1. A day is a calendar day. No year means every year, a year means once.
2. An occurrence belongs to the year in which it begins, as it is written: `27 December to 6 January 2027` to 2026,
   `week 1 2026`, which begins on 29 December 2025, to 2026.
3. 29 February alone is in leap years only; as an end of a period it is the last day of February. In the same way
   week 53 alone is in the years that have one, and as an end of a period the last week of the year.
4. A day that does not exist in any year, or not in the year that is written, is a mistake; nothing is rolled over.
5. A period without years runs over New Year where its end comes first in every year (`27 December to 6 January`).
   Where movable days pass each other in some years only, there is nothing in those years.
The words are those of `controller.schedule.day_grammar`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import Any, ClassVar

from controller.schedule.day_grammar import read
from controller.schedule.recurrence import Rule, Span
from controller.schedule.text_field import TextField

_REACH = 3
"""Years by which an occurrence can leave the year it belongs to: a week, a shift and the turn of the year, one each."""


DESCRIPTION = (
    "Days of the year, in English or Swedish. Without a year they come back every year. / "
    "Dagar på året, på svenska eller engelska. Utan årtal gäller de varje år."
)
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
    """Days of the calendar. Two of them are equal where they mean the same, in whichever words."""

    SHOWN: ClassVar[dict[str, Any]] = {"description": DESCRIPTION, "examples": list(EXAMPLES)}

    text: str = field(compare=False)
    rule: Rule
    year: int | None
    _known: dict[int, frozenset[date]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The days of the calendar years that were asked for; a plan asks for the same year again and again."""

    @classmethod
    def parse(cls, text: str) -> "Days":
        """The days that `text` names; raises Mistake, as `grammar.read` does, with the place of what is wrong."""
        return cls(text, *read(text))

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


def _occurrences(rule: Rule, year: int | None, earliest: int, latest: int) -> Iterator[Span]:
    """Those that can touch the calendar years from `earliest` to `latest`, and others beside them."""
    if year is not None:
        return rule.occurrences(year)
    years = range(max(MINYEAR + _REACH, earliest - _REACH), min(MAXYEAR - _REACH, latest + _REACH) + 1)
    return (span for each in years for span in rule.occurrences(each))


def _days_in(rule: Rule, year: int | None, calendar_year: int) -> frozenset[date]:
    """The days of one calendar year."""
    begin, end = date(calendar_year, 1, 1), date(calendar_year, 12, 31)
    return frozenset(
        max(first, begin) + timedelta(days=offset)
        for first, last in _occurrences(rule, year, calendar_year, calendar_year)
        for offset in range((min(last, end) - max(first, begin)).days + 1)
    )
