"""The rules of a schedule: which days, which hours, and an opaque look; overrides and the safety stop above them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from controller.durations import DurationField
from controller.errors import Mistake
from controller.events.models import PRINTABLE, printable
from controller.locale import DEFAULT, Language, texts
from controller.schedule.days import Days
from controller.schedule.hours import ALL_DAY, DEFAULT_HOURS, Hours, Night, Place, as_list
from controller.schedule.recurrence import checked_year
from controller.schedule.sun import Stretch

RuleName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=PRINTABLE)]
DayList = Annotated[tuple[Days, ...], BeforeValidator(as_list)]
DARK = ("dark", "släckt")
NOTHING = timedelta(0)
T = TypeVar("T", datetime, float)


def _year(value: object) -> int:
    """A year in four digits; raises Mistake as `checked_year` does, and TWL-S119 for anything but a single value."""
    if not isinstance(value, str | int):
        raise Mistake("TWL-S119", found=type(value).__name__)
    return checked_year(str(value).strip())


Years = Annotated[tuple[Annotated[int, BeforeValidator(_year)], ...], BeforeValidator(as_list)]


def _dark(value: object) -> object:
    return DARK[0] if value in DARK else value


Dark = Annotated[Literal["dark"], BeforeValidator(_dark), WithJsonSchema({"enum": list(DARK)})]


MOST_LETTERS = 500
MOST_DAYS = 366
"""Longest row of days."""


class Rule(BaseModel):
    """Days times hours under a name. `dates` are calendar days, `nights` run from noon to noon; exactly one is given.

    `line` is the line on which the rule begins in its file, 0 without one; `shared_file` is the name of a file that
    several sites share."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)

    name: RuleName
    dates: DayList | None = None
    nights: DayList | None = None
    except_: DayList = Field(default=(), alias="except")
    hours: Hours = DEFAULT_HOURS
    line: int = Field(default=0, exclude=True)
    shared_file: str = Field(default="", exclude=True)
    needs_days: ClassVar[bool] = True

    @model_validator(mode="after")
    def _one_kind_of_days(self) -> Self:
        if self.dates is not None and self.nights is not None:
            raise Mistake("TWL-S140", name=self.name)
        if self.dates is None and self.nights is None and self.needs_days:
            raise Mistake("TWL-S141", name=self.name)
        return self

    @property
    def listed(self) -> tuple[Days, ...]:
        """Its days; empty for a rule of every night."""
        return self.dates or self.nights or ()

    @property
    def looks(self) -> Mapping[str, Any]:
        """Its look by zone; a subclass with looks overrides this."""
        return {}

    def concerns(self, zone: str) -> bool:
        """Whether it decides about a zone: if its looks leave a zone out, that zone follows the rules below."""
        return not self.looks or zone in self.looks

    def words(self, language: Language = DEFAULT) -> str:
        """The rule as written, for a reason: `dates 20–26 November, sunset to sunrise (line 5)`."""
        words: Mapping[str, str] = texts(language, "why")["rule"]
        days = ", ".join(str(each) for each in self.listed)
        unit = words["dates" if self.dates else "nights" if self.nights else "every_night"]
        left_out = words["but"] + ", ".join(str(each) for each in self.except_) if self.except_ else ""
        own = "hours" in self.model_fields_set
        hours = ", ".join(str(window) if own else words[str(window)] for window in self.hours)
        shared = f" {words['shared'].format(file=self.shared_file)}" if self.shared_file else ""
        line = f" ({words['line']} {self.line}{shared})" if self.line else ""
        return printable(f"{unit}{days}{left_out}, {hours}{line}", MOST_LETTERS)

    def has(self, day: date) -> bool:
        """Whether a day (a date, or the night that begins on it) is one of its days."""
        return self._lists(day) and not any(each.contains(day) for each in self.except_)

    def _lists(self, day: date) -> bool:
        """Whether a day is one of its days, exceptions aside."""
        listed = self.dates if self.dates is not None else self.nights
        return listed is None or any(each.contains(day) for each in listed)

    def place_of(self, day: date) -> tuple[int, int] | None:
        """The number of a day in a row of days, as `(5, 7)`: 24 November of `20–26 November`. Days left out by
        `except` do not break the row, and are not counted. None for any other day, and for a row of over a year."""
        if not self.has(day):
            return None
        before, after = (self._in_a_row(day, step) for step in (-1, 1))
        return (before + 1, before + 1 + after) if before + after < MOST_DAYS else None

    def _in_a_row(self, day: date, step: int) -> int:
        """Number of its days in the row after a day or before it."""
        found = 0
        for ahead in range(1, MOST_DAYS + 1):
            other = day + timedelta(days=step * ahead)
            if not self._lists(other):
                break
            found += self.has(other)
        return found

    def frames(self, night: Night) -> tuple[Stretch, ...]:
        """The parts of a night frame that belong to its days."""
        before = self.has(night.day)
        after = before if self.dates is None else self.has(night.morning)
        if before == after:
            return ((night.start, night.end),) if before else ()
        return ((night.start, night.midnight),) if before else ((night.midnight, night.end),)

    def windows(self, night: Night, place: Place) -> tuple[Stretch, ...]:
        """Its hours within a night, UTC, in order, apart."""
        frames = self.frames(night)
        if not frames:
            return ()
        found = [
            (max(start, first), min(end, last))
            for window in self.hours
            for start, end in window.resolve(night, place)
            for first, last in frames
        ]
        return apart(sorted(stretch for stretch in found if stretch[0] < stretch[1]))


class Blackout(Rule):
    """Always dark; wins over every campaign, also over one that begins before sunset."""

    hours: Hours = ALL_DAY


class Lit(Rule):
    """A rule with a look. Fades lie inside its windows; `otherwise: dark` claims the rest of its days."""

    fade_in: DurationField = NOTHING
    fade_out: DurationField = NOTHING
    otherwise: Dark | None = None
    confirmed_for: Years = ()


class EveryNight(Lit):
    """Applies when nothing above does; without days it is every night."""

    needs_days: ClassVar[bool] = False


class Limit(Rule):
    """The highest brightness, 0..1, of whatever is shown, overrides included; without days it applies every night."""

    needs_days: ClassVar[bool] = False
    hours: Hours = ALL_DAY
    brightness: float


@dataclass(frozen=True, slots=True)
class Override:
    """Looks set by hand from `start` until `end`; zones without a look follow the schedule. An override that `skips` a
    campaign has no looks: until its end the schedule applies without that campaign. The fade into it takes `fade_s`,
    if that is longer than the fade of every override."""

    id: str
    looks: Mapping[str, Any]
    start: datetime
    end: datetime
    owner: str
    reason: str
    skips: str = ""
    fade_s: float = 0.0

    def hides(self, older: "Override") -> bool:
        """Whether an older override never has an effect again from the start of this one on. A skip replaces the
        previous skip of the same campaign: otherwise an earlier end would not take effect."""
        if self.skips or older.skips:
            return older.skips == self.skips
        return older.end <= self.end and older.looks.keys() <= self.looks.keys()


@dataclass(frozen=True, slots=True)
class SafetyStop:
    """The safety stop: everything dark from `start` until a person lifts it. `began` is when it was set, if it applies
    at every instant so that no clock can end it."""

    start: datetime
    owner: str
    reason: str
    began: datetime | None = None


def apart(stretches: list[tuple[T, T]]) -> tuple[tuple[T, T], ...]:
    """Joins overlapping and touching stretches of time, which come in order."""
    merged: list[tuple[T, T]] = []
    for start, end in stretches:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
