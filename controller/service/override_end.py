"""When something set by hand ends: `next change`, `sunrise`, `sunset`, a clock time, an instant, or a duration.

Of a local time that comes twice in the autumn an end is the second, as everywhere.
"""

import re
from datetime import UTC, datetime, timedelta

from controller.errors import Mistake
from controller.schedule.durations import parse_duration
from controller.schedule.hours import instant, night_at, night_of
from controller.schedule.plan import Program
from controller.schedule.sun import SUNSET_DEG, below

CLOCK = re.compile(r"(?:kl\.?\s*)?([0-9]{1,2})[:.]([0-9]{2})")
NEXT_CHANGE = {"next change", "nästa ändring", "nästa byte"}
SUN = {"sunrise": "sunrise", "soluppgång": "sunrise", "sunset": "sunset", "solnedgång": "sunset"}
NIGHTS_AHEAD = 400


def read_until(text: str, program: Program, now: datetime) -> datetime:
    """The end in UTC; raises Mistake TWL-O121 for what is none, TWL-O122 where it does not come."""
    wanted = " ".join(text.split()).lower()
    if wanted in NEXT_CHANGE:
        cue = program.next_cue(now)
        if cue is None:
            raise Mistake("TWL-O122", until=text)
        return cue.at
    if wanted in SUN:
        return _sun(SUN[wanted], program, now, text)
    if clock := CLOCK.fullmatch(wanted):
        return _clock(int(clock[1]), int(clock[2]), program, now, text)
    return _instant(text, program) or _after(text, now)


def _sun(event: str, program: Program, now: datetime, text: str) -> datetime:
    """The next sunrise or sunset; a frame that is dark or light from end to end has none at its border."""
    place = program.place
    tonight = night_at(now, place.time_zone)
    for i in range(NIGHTS_AHEAD):
        night = night_of(tonight.day + timedelta(days=i), place.time_zone)
        for start, end in below(place.latitude, place.longitude, night.start, night.end, SUNSET_DEG):
            at, border = (end, night.end) if event == "sunrise" else (start, night.start)
            if at > now and at != border:
                return at
    raise Mistake("TWL-O122", until=text)


def _clock(hour: int, minute: int, program: Program, now: datetime, text: str) -> datetime:
    """The next time that clocks show this."""
    if hour * 60 + minute > 24 * 60 or minute > 59:
        raise Mistake("TWL-O121", until=text)
    today = now.astimezone(program.place.time_zone).date()
    days = (today + timedelta(days=i) for i in range(3))
    times = (instant(day, hour * 60 + minute, program.place.time_zone, last=True) for day in days)
    return next(at for at in times if at > now)


def _instant(text: str, program: Program) -> datetime | None:
    """ISO 8601, in the site's time where it has no offset."""
    try:
        told = datetime.fromisoformat(text.strip())
        if told.tzinfo is not None:
            return told.astimezone(UTC)
        at = instant(told.date(), told.hour * 60 + told.minute, program.place.time_zone, last=True)
        return at + timedelta(seconds=told.second, microseconds=told.microsecond)
    except (ValueError, OverflowError):
        return None


def _after(text: str, now: datetime) -> datetime:
    try:
        return now + parse_duration(text)
    except (Mistake, OverflowError) as error:
        raise Mistake("TWL-O121", until=text) from error
