"""Hours: windows inside one night frame, from local noon to the next local noon.

Rules
1. A night is named after the evening on which it begins. Every instant lies in exactly one.
2. A clock time means its one moment inside the frame: 23:00 the evening's, 05:00 the morning's. 24:00 is 00:00.
3. A time that spring skips is the instant it would have been (02:15 is 03:15). A time that autumn repeats is its first
   occurrence as a start, its second as an end.
4. `sunset to sunrise` is while the sun is below the horizon, in as many stretches as there are. In any other window
   `sunset` and `sunrise` are the ends of the longest stretch. Without a stretch a window of the sun is empty; where
   the sun does not rise, the stretch is the whole frame.
5. A window never reaches over its frame and is never wrapped into the day: where its end is not after its start it is
   empty that night.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from controller.errors import Mistake
from controller.schedule.sun import CIVIL_DEG, SUNSET_DEG, Stretch, below

NOON = 12 * 60
DAY = 24 * 60

Event = Literal["sunset", "sunrise", "dusk", "dawn"]

WORDS: dict[str, Event | int] = {
    "sunset": "sunset",
    "solnedgång": "sunset",
    "solnedgången": "sunset",
    "sunrise": "sunrise",
    "soluppgång": "sunrise",
    "soluppgången": "sunrise",
    "dusk": "dusk",
    "skymning": "dusk",
    "skymningen": "dusk",
    "dawn": "dawn",
    "gryning": "dawn",
    "gryningen": "dawn",
    "midnight": 0,
    "midnatt": 0,
    "noon": NOON,
    "middag": NOON,
    "mitt på dagen": NOON,
}
ALL_DAY = {"all day", "hela dygnet", "dygnet runt"}
EVENING: frozenset[Event] = frozenset({"sunset", "dusk"})

CLOCK = re.compile(r"(?:kl\.?\s*)?([0-9]{1,2})[:.]([0-9]{2})")
SHIFT = re.compile(r"\s*([+\-−–])\s*(.*)", re.DOTALL)
SPAN = re.compile(
    r"(?:([0-9]{1,4})\s*(?:h|hours?|tim|timmar|timme)\b)?\s*(?:([0-9]{1,4})\s*(?:min|minutes?|minuter|m)\b)?"
)
BETWEEN = re.compile(r"\s+(?:to|till|until|-|–)\s+|(?<=[0-9])\s*[–-]\s*(?=[0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the tower stands: degrees north and east, and the time zone of its clocks."""

    latitude: float
    longitude: float
    time_zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Night:
    """The frame from the local noon of `day` to the next, as UTC instants: 23, 24 or 25 hours."""

    day: date
    start: datetime
    end: datetime


@lru_cache(maxsize=4096)
def night_of(day: date, zone: ZoneInfo) -> Night:
    """The night that begins on the evening of a day."""
    return Night(day, instant(day, NOON, zone), instant(day + timedelta(days=1), NOON, zone))


def night_at(moment: datetime, zone: ZoneInfo) -> Night:
    """The night in which an instant lies."""
    local = moment.astimezone(zone)
    day = local.date() if local.hour >= 12 else local.date() - timedelta(days=1)
    return night_of(day, zone)


def instant(day: date, minutes: int, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A local clock time of a day (minutes since 00:00, 0..1440) as UTC; `last` takes a repeated time's second."""
    days, rest = divmod(minutes, DAY)
    local = datetime.combine(day + timedelta(days=days), clock_time(rest // 60, rest % 60), zone)
    # fold 0 in a gap carries the offset of before it, which is the instant the time would have been
    repeated = last and local.replace(fold=1).utcoffset() < local.replace(fold=0).utcoffset()  # type: ignore[operator]
    return local.replace(fold=int(repeated)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Term:
    """One end of a window: an event of the sun, or minutes since 00:00; and a shift in minutes."""

    what: Event | int
    shift: int = 0

    @property
    def after_noon(self) -> int | None:
        """Minutes since noon of a clock time; None for the sun."""
        return (self.what - NOON) % DAY if isinstance(self.what, int) else None


@dataclass(frozen=True, slots=True)
class Window:
    """From one term to another within a night; `text` is how it was written."""

    start: Term
    end: Term
    text: str

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str) -> "Window":
        """`T to T` or `all day`; raises Mistake TWL-S12x."""
        bare = text.strip()
        if bare.lower() in ALL_DAY:
            return cls(Term(NOON), Term(NOON), text)
        parts = [*BETWEEN.finditer(text)]
        if not parts:
            raise _no_end(text)
        middle = parts[0] if len(parts) == 1 else _middle(text, parts)
        start = _term(text, 0, middle.start())
        end = _term(text, middle.end(), len(text))
        window = cls(start, end, text)
        _refuse_daytime(window)
        return window

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read from text; a Window passes through."""
        from_text = core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())
        return core_schema.union_schema([core_schema.is_instance_schema(cls), from_text], mode="left_to_right")

    def resolve(self, night: Night, place: Place) -> tuple[Stretch, ...]:
        """The stretches of this window in one night, UTC, in order; none where it is empty that night."""
        if (self.start, self.end) == (Term("sunset"), Term("sunrise")):
            return below(place.latitude, place.longitude, night.start, night.end, SUNSET_DEG)
        start = _moment(self.start, night, place, last=False)
        end = _moment(self.end, night, place, last=True)
        if start is None or end is None:
            return ()
        start, end = max(start, night.start), min(end, night.end)
        return ((start, end),) if start < end else ()

    def ends(self, night: Night, place: Place) -> tuple[datetime | None, datetime | None]:
        """Start and end as they fall, for a note on a night in which the window is empty; None: no such event."""
        return _moment(self.start, night, place, last=False), _moment(self.end, night, place, last=True)


def _moment(term: Term, night: Night, place: Place, *, last: bool) -> datetime | None:
    shift = timedelta(minutes=term.shift)
    if not isinstance(term.what, int):
        stretch = _longest(night, place, SUNSET_DEG if term.what in {"sunset", "sunrise"} else CIVIL_DEG)
        if stretch is None:
            return None
        return stretch[0 if term.what in EVENING else 1] + shift
    if term.what == NOON:
        return (night.end if last else night.start) + shift
    day = night.day if term.what > NOON and term.what < DAY else night.day + timedelta(days=1)
    return instant(day, term.what % DAY, place.time_zone, last=last) + shift


def _longest(night: Night, place: Place, horizon_deg: float) -> Stretch | None:
    """The stretch that holds the solar midnight."""
    stretches = below(place.latitude, place.longitude, night.start, night.end, horizon_deg)
    return max(stretches, key=lambda stretch: stretch[1] - stretch[0], default=None)


def _term(text: str, start: int, end: int) -> Term:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    written = text[start:end]
    if re.fullmatch("[0-9]{1,4}", written):
        raise Mistake("TWL-S128", start=start, end=end, written=written, time=_as_clock(written))
    clock = CLOCK.match(written)
    if clock:
        what: Event | int = _clock(clock, start)
        rest = written[clock.end() :]
    else:
        word = next((w for w in sorted(WORDS, key=len, reverse=True) if written.lower().startswith(w)), None)
        if word is None:
            raise Mistake("TWL-S121", start=start, end=end, word=written, near=_near(written))
        what, rest = WORDS[word], written[len(word) :]
    return Term(what, _shift(rest, end - len(rest), end))


def _clock(match: re.Match[str], offset: int) -> int:
    hour, minute = int(match[1]), int(match[2])
    if minute > 59 or hour * 60 + minute > DAY:
        raise Mistake("TWL-S122", start=offset, end=offset + match.end(), time=match[0])
    return hour * 60 + minute


def _as_clock(digits: str) -> str:
    """What bare digits were meant to be: 23 is 23:00, 2230 is 22:30."""
    return f"{digits[:-2].zfill(2)}:{digits[-2:]}" if len(digits) > 2 else f"{digits.zfill(2)}:00"


def _shift(rest: str, start: int, end: int) -> int:
    if not rest.strip():
        return 0
    match = SHIFT.fullmatch(rest)
    if match is None:
        raise Mistake("TWL-S121", start=start, end=end, word=rest.strip(), near="sunset + 30 min")
    amount = match[2].strip()
    span = SPAN.fullmatch(amount)
    if amount.isdecimal() and amount.isascii():
        raise Mistake("TWL-S123", start=start, end=end, shift=amount[:20])
    if not amount or span is None:
        raise Mistake("TWL-S121", start=start, end=end, word=rest.strip(), near="+ 30 min")
    minutes = int(span[1] or 0) * 60 + int(span[2] or 0)
    if minutes > 12 * 60:
        raise Mistake("TWL-S124", start=start, end=end, shift=amount)
    return minutes if match[1] == "+" else -minutes


def _middle(text: str, parts: list[re.Match[str]]) -> re.Match[str]:
    """The `to` among several candidates: a word, or else the first dash that stands between two clock times."""
    words = [part for part in parts if part[0].strip().lower() in {"to", "till", "until"}]
    if len(words) == 1:
        return words[0]
    raise Mistake("TWL-S125", start=0, end=len(text), written=text.strip())


def _no_end(text: str) -> Mistake:
    start = text.strip() or "sunset"
    end = "sunset" if start.lower() in {"sunrise", "soluppgång"} else "sunrise"
    return Mistake("TWL-S126", start=0, end=len(text), written=start, end_word=end)


def _near(written: str) -> str:
    return next(iter(get_close_matches(written.lower(), WORDS, 1, 0.5)), "sunset")


def _refuse_daytime(window: Window) -> None:
    """Rule 5 for windows that are empty or through noon on every night: told at once."""
    start, end = window.start.after_noon, window.end.after_noon
    begins = start if start is not None else (1 if window.start.what in EVENING else DAY - 1)
    ends = (end or DAY) if end is not None else (1 if window.end.what in EVENING else DAY - 1)
    both_sun = start is None and end is None
    backwards = begins > ends or (begins == ends and not both_sun)
    if both_sun and begins == ends:
        order = ("sunset", "dusk") if begins == 1 else ("dawn", "sunrise")
        backwards = order.index(str(window.start.what)) > order.index(str(window.end.what))
        backwards = backwards or window.start == window.end
    if backwards:
        code = "TWL-S127" if both_sun else "TWL-S120"
        raise Mistake(code, start=0, end=len(window.text), written=window.text.strip())


def as_list(value: object) -> object:
    """One value stands for a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


Hours = Annotated[tuple[Window, ...], BeforeValidator(as_list)]
DEFAULT_HOURS = (Window.parse("sunset to sunrise"),)
