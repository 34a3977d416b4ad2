"""Periods and instants as people type them: days of the schedule's grammar, `INSTANT..INSTANT`, or nothing; and days as
text."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

from controller.config.load import Setup
from controller.durations import parse_duration
from controller.errors import Mistake, WatertowerError
from controller.schedule import hours
from controller.schedule.campaign import EveryNight
from controller.schedule.days import Days
from controller.schedule.holidays import key
from controller.schedule.hours import instant, night_at, night_of
from controller.schedule.plan import REACH, Program
from controller.service.override_end import DAYS_AHEAD, TONIGHT

DAY_MIN = 24 * 60
WEEK, A_YEAR = timedelta(days=7), timedelta(days=366)
LEAP_YEARS = 8 * A_YEAR
"""The longest time since a 29 February."""
FIRST, LAST = 1970, date(2100, 12, 31)
SOON = timedelta(minutes=1)
NO_DAYS = "TWL-S101"
YESTERDAY = {key(name): -1 for name in ("yesterday", "igår", "i går")}
WEEKS_AHEAD = {
    **{key(name): -1 for name in ("last week", "förra veckan")},
    **{key(name): 0 for name in ("this week", "den här veckan", "denna vecka")},
    **{key(name): 1 for name in ("next week", "nästa vecka")},
}
_DAY_AND_TIME = re.compile(
    r"(?P<day>.+?),?(?:\s+(?:kl\.?|klockan|at))?\s+(?P<hour>[0-9]{1,2})(?:[:.](?P<minute>[0-9]{2}))?", re.IGNORECASE
)


def read_instant(text: str, setup: Setup, now: datetime) -> datetime:
    """An instant: ISO 8601, or a day relative to now with a clock time (`igår 23:30`); in the site's time where it has
    no offset. Raises WatertowerError TWL-Q120."""
    zone = setup.tower.site.place.time_zone
    found = _DAY_AND_TIME.fullmatch(text.strip())
    day = _relative_day(found["day"], now, zone) if found else None
    try:
        if found and day is not None:
            time = clock_time(int(found["hour"]), int(found["minute"] or 0))
            is_after_midnight = key(found["day"]) in TONIGHT and time.hour < 12
            text = f"{day + timedelta(days=int(is_after_midnight))}T{time}"
        at = hours.read_instant(text, zone)
        year = at.astimezone(zone).year
    except (ValueError, OverflowError) as error:
        raise WatertowerError("TWL-Q120", value=text) from error
    if not FIRST <= year <= LAST.year:
        raise WatertowerError("TWL-Q120", value=text)
    return at


def read_since(text: str, setup: Setup, now: datetime) -> datetime:
    """A duration before now (`12 h`), or an instant as for `read_instant`. Raises WatertowerError TWL-Q120."""
    try:
        return now - parse_duration(text)
    except Mistake:
        return read_instant(text, setup, now)


def read_period(text: str, setup: Setup, now: datetime, *, past: bool = False) -> tuple[datetime, datetime]:
    """Start and end in UTC; an empty text means from now over the next campaign. Days without a year are the present or
    next ones, for the `past` those that began last."""
    if not text.strip():
        now = now.replace(microsecond=0)
        return now, _over_the_next_campaign(setup.program(), now)
    if ".." in text:
        first, _, last = text.partition("..")
        if not first.strip() or not last.strip():
            raise WatertowerError("TWL-Q105", value=text)
        start, end = read_instant(first, setup, now), read_instant(last, setup, now)
        if start >= end:
            raise WatertowerError("TWL-Q105", value=text)
        return start, end
    return _days(text, setup, now, past)


def _days(text: str, setup: Setup, now: datetime, past: bool) -> tuple[datetime, datetime]:
    """The calendar days of the present or next occurrence, or of the one that began last; days with a year are that
    year's.

    Raises WatertowerError with the code of the mistake, TWL-Q105 for a text that names no days.
    """
    zone = setup.tower.site.place.time_zone
    relative = _relative_day(text, now, zone)
    if relative is not None and key(text) in TONIGHT:
        night = night_of(relative, zone)
        return night.start, night.end
    if relative is not None:
        return instant(relative, 0, zone), instant(relative, DAY_MIN, zone)
    if key(text) in WEEKS_AHEAD:
        today = now.astimezone(zone).date()
        monday = today + timedelta(weeks=WEEKS_AHEAD[key(text)], days=-today.weekday())
        return instant(monday, 0, zone), instant(monday + timedelta(days=6), DAY_MIN, zone)
    try:
        days = Days.parse(text)
    except Mistake as error:
        if error.code == NO_DAYS:
            raise WatertowerError("TWL-Q105", value=text) from error
        raise WatertowerError(error.code, **error.fields) from error
    today = now.astimezone(zone).date()
    if past and not days.year:
        begun = (max(days.spans(today - back, today), default=None) for back in (A_YEAR, LEAP_YEARS))
        span = next(filter(None, begun), None)
    else:
        span = next(days.spans(date.min if days.year else today, LAST), None)
    if span is None:
        raise WatertowerError("TWL-Q105", value=text)
    return instant(span[0], 0, zone), instant(span[1], DAY_MIN, zone)


def _relative_day(text: str, now: datetime, zone: ZoneInfo) -> date | None:
    """The day meant relative to now; for a night the day on which it begins. None for any other text."""
    if key(text) in TONIGHT:
        return night_at(now, zone).day
    ahead = {**DAYS_AHEAD, **YESTERDAY}.get(key(text))
    return now.astimezone(zone).date() + timedelta(days=ahead) if ahead is not None else None


def _over_the_next_campaign(program: Program, now: datetime) -> datetime:
    """A minute after the last light of the next campaign's next run of nights; a week where there is none."""
    end: datetime | None = None
    found = None
    for night in program.nights(now, now + timedelta(days=REACH)):
        lit = [p for p in night.pieces if p.shows is not None and not isinstance(p.shows, EveryNight) and p.end > now]
        found = found or (lit[0].shows if lit else None)
        mine = [piece for piece in lit if piece.shows is found]
        if found is not None and not mine and end is not None:
            break
        end = mine[-1].end if mine else end
    return end + SOON if end is not None else now + WEEK


def day_text(day: date, text: Callable[..., str]) -> str:
    """`Fri 20 Nov 2026`; `text` returns the texts of a language by key."""
    return f"{text(f'weekday.{day.isoweekday()}')} {day.day:2} {text(f'month.{day.month}')} {day.year}"
