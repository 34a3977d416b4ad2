"""Durations as people write them: `30 s`, `2 min`, `1 h 30 min`, `24 h`, `1 timme och 30 minuter`.

A duration is numbers with units, each unit once; between them nothing, `och`, `and` or a comma. Every number needs a
unit, even `0`. It is from zero to LIMIT, exact to the microsecond.
"""

import re
from datetime import timedelta
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema

from controller.errors import Mistake
from controller.likeness import likeliest
from controller.text_field import Slip, corrections

LIMIT = timedelta(days=400)
MICROSECOND = timedelta(microseconds=1)

_NAMES: dict[timedelta, str] = {
    timedelta(milliseconds=1): "ms millisecond milliseconds millisekund millisekunder",
    timedelta(seconds=1): "s sec secs second seconds sek sekund sekunder",
    timedelta(minutes=1): "min m mins minute minutes minut minuter",
    timedelta(hours=1): "h hour hours hr hrs tim timme timmar",
    timedelta(days=1): "d day days dygn dag dagar",
    timedelta(weeks=1): "w week weeks v vecka veckor",
}
UNITS: dict[str, timedelta] = {name: unit for unit, names in _NAMES.items() for name in names.split()}
"""Every spelling of a unit, in lower case."""

_SHORT: dict[timedelta, str] = {unit: names.split()[0] for unit, names in _NAMES.items()}
_PART = re.compile(
    r"\s*(?P<number>[0-9]+(?:[.,][0-9]+)?)\s*(?P<unit>[^\W\d_]*)\.?(?:\s*,(?=\s)|\s+(?:and|och)(?=\s))?", re.I
)
_DIGITS = 15


_HALVES = (
    ("an hour and a half|(?:one|1) and a half hours?|en och en halv ?timme", "90 min"),
    ("three quarters of an hour|tre kvart", "45 min"),
    ("half an hour|a half hour|half hour|en halv ?timme|halv ?timme|en halvtimma|halvtimma", "30 min"),
    ("a quarter of an hour|quarter of an hour|a quarter|en kvart|kvart", "15 min"),
)
_COUNTS = ("a|an|one|en|ett", "two|två", "three|tre", "four|fyra", "five|fem", "six|sex", "seven|sju", "eight|åtta")
_WORDS = tuple(
    (re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE), figures)
    for words, figures in (*_HALVES, *((words, str(count)) for count, words in enumerate(_COUNTS, 1)))
)
"""Numbers in words -> the same in figures; the longer phrases first."""


def parse_duration(text: str) -> timedelta:
    """The duration that `text` names, its numbers in figures or words; raises Mistake as `_in_figures` does."""
    figures = text
    for words, number in _WORDS:
        figures = words.sub(number, figures)
    try:
        return _in_figures(figures)
    except Mistake:
        return _in_figures(text)  # raises the mistake with its place in the original text


def _in_figures(text: str) -> timedelta:
    """The duration that `text` names.

    Raises Mistake TWL-S110 for what is no duration, TWL-S111 for a number without a known unit, TWL-S149 for a number
    alone, TWL-S112 for more than LIMIT.
    """
    total, seen, at, end = Fraction(0), list[timedelta](), 0, len(text.rstrip())
    while at < end or not seen:
        found = _PART.match(text, at, end)
        unit = UNITS.get(found["unit"].lower()) if found else None
        if found and unit is None:
            raise _unit_mistake(text, found, seen)
        if not found or unit is None or unit in seen:
            raise Mistake("TWL-S110", end=len(text), value=text.strip())
        if len(found["number"]) > _DIGITS:
            raise _too_long(text)
        total += Fraction(found["number"].replace(",", ".")) * (unit // MICROSECOND)
        seen.append(unit)
        at = found.end()
    if total > LIMIT // MICROSECOND:
        raise _too_long(text)
    return timedelta(microseconds=round(total))


def say_duration(duration: timedelta) -> str:
    """The duration in the shortest words that `parse_duration` reads: `1 h 30 min`, `24 h`, `3 d`, `0 s`."""
    rest, parts = duration, list[str]()
    units = [timedelta(days=1)] if duration >= timedelta(days=2) else []
    for unit in (*units, timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)):
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count} {_SHORT[unit]}")
    if rest:
        parts.append(f"{rest / timedelta(milliseconds=1):g} ms")
    return " ".join(parts) or "0 s"


def _too_long(text: str) -> Mistake:
    return Mistake("TWL-S112", end=len(text), value=text.strip(), limit=LIMIT.days)


def _unit_mistake(text: str, found: re.Match[str], seen: list[timedelta]) -> Mistake:
    """The number `found` has no known unit. Suggests the unit with the closest spelling, or, if none is written, the
    next smaller one (`1 h 30`). A single number without a unit gets no suggestion."""
    start, end = found.start("number"), found.end("unit")
    value = text[start:end].strip()
    if not found["unit"] and not seen:
        code = "TWL-S110" if text[end:].strip() else "TWL-S149"
        return Mistake(code, start=start, end=end, value=value)
    smaller = [unit for unit in sorted(_SHORT, reverse=True) if seen and unit < min(seen)]
    unit = likeliest(found["unit"].lower(), UNITS) if found["unit"] else _SHORT[smaller[0]] if smaller else None
    part = f"{found['number']} {unit}"
    slip = Slip("TWL-S111", start=start, end=end, meant=(part,) if unit else ())
    corrected = corrections(text, slip, parse_duration)
    if not corrected:
        return Mistake("TWL-S110", start=start, end=end, value=value)
    return Mistake("TWL-S111", start=start, end=end, value=value, suggestion=corrected[0])


def _field(value: object) -> timedelta:
    if isinstance(value, timedelta):
        value = say_duration(value) if timedelta(0) <= value <= LIMIT else f"{value.days} d"
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise Mistake("TWL-S119", found=type(value).__name__)
    return parse_duration(str(value))


DurationField = Annotated[
    timedelta,
    PlainValidator(_field),
    PlainSerializer(say_duration, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "examples": ["30 s", "2 min", "1 h 30 min", "24 h", "0 s"],
        }
    ),
]
"""A timedelta in a model, read from text by `parse_duration`; a timedelta must lie between zero and LIMIT too."""


def between(shortest: timedelta, longest: timedelta, code: str) -> AfterValidator:
    """Restricts a field to `shortest` … `longest`; raises Mistake with this code for other values."""

    def checked(value: timedelta) -> timedelta:
        if not shortest <= value <= longest:
            raise Mistake(code, value=say_duration(value), least=say_duration(shortest), most=say_duration(longest))
        return value

    return AfterValidator(checked)
