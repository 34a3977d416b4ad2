"""Hours: windows inside one night frame, from local noon to the next local noon.

A night is named after the evening on which it begins; every instant lies in exactly one. A clock time means its one
moment inside the frame: 23:00 in the evening, 05:00 in the morning. 24:00 is 00:00. A window never crosses its frame:
if its end is not after its start it is empty that night."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from controller.errors import Mistake, readable
from controller.schedule import day_grammar
from controller.schedule.hours_grammar import DAY, EVENING, NOON, SunEvent, Term, read, several
from controller.schedule.sun import CIVIL_DEG, SUNSET_DEG, Stretch, below, grazes
from controller.text_field import TextField

NOTHING = timedelta(0)

HORIZONS: dict[SunEvent, float] = {"sunset": SUNSET_DEG, "sunrise": SUNSET_DEG, "dusk": CIVIL_DEG, "dawn": CIVIL_DEG}
WHILE_DARK: dict[tuple[Term, Term], SunEvent] = {
    (Term("sunset"), Term("sunrise")): "sunset",
    (Term("dusk"), Term("dawn")): "dusk",
}
"""Windows that are all stretches with the sun below a horizon. In any other window the sun's events are the ends of
the longest stretch; if the sun does not rise this is the whole frame."""


_LEFT_OUT = re.compile(
    r"(.+?)\s(?:except(?:\s+for|\s+on)?|but\s+not|utom|förutom|men\s+inte|inte|ej)\s(.+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Night:
    """The frame from the local noon of `day` to the next, as UTC instants: 23, 24 or 25 hours.

    `morning` is the date that `midnight` begins: not the next date if the zone skips a day."""

    day: date
    start: datetime
    end: datetime
    midnight: datetime
    morning: date


@dataclass(frozen=True, slots=True)
class Place:
    """The place of the tower: degrees north and east, and the time zone of its clocks. The only source of when it is
    dark there."""

    latitude: float
    longitude: float
    time_zone: ZoneInfo

    def dark(self, night: Night, event: SunEvent = "sunset") -> tuple[Stretch, ...]:
        """The stretches of a night, UTC, in which the sun is below the horizon of sunset and sunrise; of `dusk` and
        `dawn`, as deep as that."""
        return below(self.latitude, self.longitude, night.start, night.end, HORIZONS[event])

    def sun_grazes(self, night: Night, event: SunEvent) -> bool:
        """Whether the sun turns so close to the horizon of an event that nobody knows the minute."""
        return grazes(self.latitude, self.longitude, night.start, night.end, HORIZONS[event])


@lru_cache(maxsize=4096)
def night_of(day: date, zone: ZoneInfo) -> Night:
    """The night that begins on the evening of a day."""
    midnight = instant(day, DAY, zone)
    end = instant(day + timedelta(days=1), NOON, zone)
    return Night(day, instant(day, NOON, zone), end, midnight, midnight.astimezone(zone).date())


def night_at(moment: datetime, zone: ZoneInfo) -> Night:
    """The night in which an instant lies."""
    local = moment.astimezone(zone)
    night = night_of(local.date() if local.hour >= 12 else local.date() - timedelta(days=1), zone)
    # if a zone skips a day (Apia, 30 December 2011) the night of that name is empty
    return night if moment >= night.start else night_of(night.day - timedelta(days=1), zone)


@lru_cache(maxsize=4096)
def instant(day: date, minutes: int, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A local clock time of a day (minutes since 00:00, 0..1440) as UTC; `last` selects the second of a repeated
    time."""
    # fold 0 in a gap carries the offset of before it, which is the instant the time would have been
    fold = int(last and clock_change(day, minutes, zone) < NOTHING)
    return _local(day, minutes, zone).replace(fold=fold).astimezone(UTC)


def read_instant(text: str, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """An instant as people type it, in ISO 8601, as UTC: without an offset it is local time, and `last` selects the
    second of a repeated one. Raises ValueError."""
    at = datetime.fromisoformat(text.strip())
    try:
        if at.tzinfo is not None:
            return at.astimezone(UTC)
        minute = instant(at.date(), at.hour * 60 + at.minute, zone, last=last)
        return minute + timedelta(seconds=at.second, microseconds=at.microsecond)
    except OverflowError as error:
        raise ValueError(text) from error


def clock_change(day: date, minutes: int, zone: ZoneInfo) -> timedelta:
    """How far clocks are put forward over a skipped time, or back (negative) over a repeated one; or 0."""
    local = _local(day, minutes, zone)
    first, second = (local.replace(fold=fold).utcoffset() or NOTHING for fold in (0, 1))
    return second - first


def _local(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    days, rest = divmod(minutes, DAY)
    return datetime.combine(day + timedelta(days=days), clock_time(rest // 60, rest % 60), zone)


@dataclass(frozen=True, slots=True)
class Window(TextField):
    """From one term to another within a night; `text` is the window as written."""

    start: Term
    end: Term
    text: str = field(compare=False)

    @classmethod
    def parse(cls, text: str) -> "Window":
        """`T to T` or `all day`; raises Mistake as `hours_grammar.read` does, TWL-S176 for days and TWL-S199 for
        days that are left out."""
        try:
            return cls(*read(text), text)
        except Mistake:
            if (found := _LEFT_OUT.fullmatch(text)) and readable(day_grammar.read, found[2]):
                fields = {"hours": found[1].strip(" ,"), "days": found[2].strip()}
                raise Mistake("TWL-S199", start=found.start(2), end=len(text), **fields) from None
            if found and _is_hours(found[2]):
                raise Mistake("TWL-S267", start=found.start(2), end=len(text), value=found[2].strip()) from None
            if readable(day_grammar.read, text):
                raise Mistake("TWL-S176", end=len(text), written=text.strip()) from None
            raise

    def resolve(self, night: Night, place: Place) -> tuple[Stretch, ...]:
        """The stretches of this window in one night, UTC, in order; none if it is empty that night."""
        event = WHILE_DARK.get((self.start, self.end))
        if event is not None:
            return place.dark(night, event)
        start, end = self.ends(night, place)
        if start is None or end is None:
            return ()
        start, end = max(start, night.start), min(end, night.end)
        return ((start, end),) if start < end else ()

    def ends(self, night: Night, place: Place) -> tuple[datetime | None, datetime | None]:
        """Start and end in a night, UTC; the end may come first; None: the sun has no such event that night."""
        return _moment(self.start, night, place, last=False), _moment(self.end, night, place, last=True)


def _is_hours(text: str) -> bool:
    try:
        read(text)
    except Mistake as mistake:
        return mistake.code == "TWL-S128"
    return True


def _moment(term: Term, night: Night, place: Place, *, last: bool) -> datetime | None:
    if not isinstance(term.what, int):
        stretch = max(place.dark(night, term.what), key=_length, default=None)  # with the solar midnight
        shift = timedelta(minutes=term.shift)
        return stretch[0 if term.what in EVENING else 1] + shift if stretch is not None else None
    if term.what == NOON:
        return night.end if last else night.start
    return instant(day_of(term.what, night), term.what, place.time_zone, last=last)


def day_of(minutes: int, night: Night) -> date:
    """The date on which a clock time other than noon falls in a night."""
    return night.day if minutes > NOON else night.day + timedelta(days=1)


def _length(stretch: Stretch) -> timedelta:
    return stretch[1] - stretch[0]


def as_list(value: object) -> object:
    """One value as a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


def _windows(value: object) -> object:
    """A text with several windows, `18–22 och 05–07`, as a list of them, if each of them can be read."""
    if not isinstance(value, str):
        return as_list(value)
    try:
        return tuple(Window.parse(part) for part in several(value))
    except Mistake:
        return (value,)


Hours = Annotated[tuple[Window, ...], BeforeValidator(_windows)]
DEFAULT_HOURS = (Window.parse("sunset to sunrise"),)
ALL_DAY = (Window.parse("all day"),)
