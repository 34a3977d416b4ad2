"""The current or next days of a rule, and its own first and last light on them: what a person must see to know whether
days and hours are as meant. Pure; other rules do not matter here."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from controller.schedule.campaign import MOST_DAYS, Rule
from controller.schedule.hours import Place, night_of
from controller.schedule.plan import REACH
from controller.schedule.recurrence import LATEST, days_of

ONE_DAY = timedelta(days=1)
AHEAD = timedelta(days=REACH)
"""How far ahead days and nights are looked at."""
MOST_SPANS = 60
"""Number of occurrences that are examined: all days of one may be left out."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Days of a rule in a row; days left out in between are not counted."""

    first: date
    last: date
    count: int

    @property
    def middle(self) -> date:
        """The day in the middle."""
        return self.first + timedelta(days=(self.last - self.first).days // 2)


def next_span(rule: Rule, today: date) -> tuple[date, date] | None:
    """The current or next occurrence; None if there is none, or for a rule without days."""
    spans = (next(days.spans(today, date(LATEST, 12, 31)), None) for days in rule.listed)
    return min((span for span in spans if span is not None), default=None)


def coming_days(rule: Rule, today: date) -> tuple[date, date] | None:
    """The current or next days in a row, without exceptions; None if there are none within some years."""
    first = today
    if rule.has(today):
        while rule.has(first - ONE_DAY) and today - first < AHEAD:
            first -= ONE_DAY
    else:
        span = next_span(rule, today)
        first = max(span[0], today) if span is not None else today
        last_try = first + 3 * AHEAD
        while not rule.has(first) and first < last_try:
            first += ONE_DAY
        if not rule.has(first):
            return None
    last = first
    while rule.has(last + ONE_DAY) and last - first < AHEAD:
        last += ONE_DAY
    return first, last


def next_occurrence(rule: Rule, today: date) -> Occurrence | None:
    """The current or next occurrence; None without one, or for a rule of every day."""
    begin = today
    for _ in range(MOST_SPANS):
        span = next_span(rule, begin)
        if span is None:
            return None
        day = next((each for each in days_of(max(span[0], begin), span[1]) if rule.has(each)), None)
        if day is not None:
            return _around(rule, day, span)
        begin = span[1] + ONE_DAY
    return None


def _around(rule: Rule, day: date, span: tuple[date, date]) -> Occurrence:
    """The days in a row around one of them; only those of the span if the row is longer than a year."""
    place = rule.place_of(day)
    if place is None:
        return Occurrence(*span, (span[1] - span[0]).days + 1)
    number, count = place
    first = _walked(rule, day, -ONE_DAY, number - 1)
    return Occurrence(first, _walked(rule, day, ONE_DAY, count - number), count)


def _walked(rule: Rule, day: date, step: timedelta, steps: int) -> date:
    """The day this many days of the rule further on."""
    found = day
    while steps:
        day += step
        if rule.has(day):
            found, steps = day, steps - 1
    return found


def light_times(rule: Rule, occurrence: Occurrence, place: Place) -> tuple[datetime, datetime] | None:
    """When its hours first begin and last end on these days, UTC; None if they are empty."""
    count = (occurrence.last - occurrence.first).days + 1
    days = (occurrence.first + timedelta(days=n) for n in range(-1, min(count, MOST_DAYS)))
    windows = [window for day in days for window in rule.windows(night_of(day, place.time_zone), place)]
    return (min(start for start, _ in windows), max(end for _, end in windows)) if windows else None
