"""The day grammar: text -> rule and year.

    element = ("every" | "varje") ("day" | "night" | weekday {"and" weekday}) [year]
            | ["from"] point ["to" point]
    point   = place [year] [("+" | "-") number ("days" | "weeks")] [year]
    place   = day month | month day | month | named day | "week" number
            | ordinal weekday "in" month | year-month-day
    to      = "to" | "till" | "until" | "through" | any dash

Rules
1. English and Swedish words may be mixed; case, spaces, the full stop of an abbreviation and the dots over å, ä
   and ö do not matter; `the`, `den`, `of` and a comma before the year say nothing.
2. What an end shares with its beginning may be left out: `20–26 November`, `November 20–26`, `week 50–52`.
3. A year at one end of a period gives the other end its year, forward from the beginning.
4. What can be meant in two ways, as `20/11`, is not guessed.
The words are those of `words`, what they mean is in `recurrence`. `read` is total: a result or a Mistake.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from controller.errors import Mistake
from controller.schedule import slips, words
from controller.schedule.feasts import CALLED
from controller.schedule.reader import Reader
from controller.schedule.recurrence import (
    EARLIEST,
    LATEST,
    Alone,
    Day,
    Month,
    MonthDay,
    Named,
    NthWeekday,
    Period,
    Point,
    Rule,
    Shifted,
    Week,
    Weekdays,
    leaves_out_little,
    runs_over_new_year,
    weeks_in,
)
from controller.schedule.words import Token

LONGEST_SHIFT = 366
"""Days, so that a shifted day stays beside its year."""

_LONGEST_NAME = max(name.count(" ") + 1 for name in CALLED)
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class _Part:
    """A point that was read, its year where one is written, and its place in the text.

    `like` makes a point of the same month, or a week, from a number alone (rule 2).
    """

    point: Point
    year: int | None = None
    like: Callable[[Token], Point] | None = None
    start: int = 0
    end: int = 0


def read(text: str) -> tuple[Rule, int | None]:
    """The rule that `text` names, and the year to which it is bound; raises Mistake TWL-S101 to TWL-S118."""
    reader = Reader(text)
    result = _weekdays(reader) or _yearly(reader)
    left = reader.next()
    if left.kind != "end":
        value, rest = text[: left.start].strip(), text[left.start :].strip()
        raise reader.wrong("S117", left, reader.tokens[-1], value=value, rest=rest)
    return result


# Weekdays


def _weekdays(reader: Reader) -> tuple[Rule, int | None] | None:
    """`every day`, `every Friday and Saturday`, `fredagar`; None where the text begins otherwise."""
    begin = reader.at
    reader.skip(words.LEADS)
    every = reader.skip(words.EVERY)
    if every and reader.skip(words.ALL_DAYS):
        return Weekdays(frozenset(range(7))), _year(reader)
    known = words.WEEKDAYS if every else {}
    if reader.next().key in {**known, **words.WEEKDAYS_PLURAL}:
        return Weekdays(_listed(reader)), _year(reader)
    if every and reader.tokens[reader.at - 1].key not in words.ALSO_IN_NAMES:
        raise slips.unknown(reader, weekdays=True)
    reader.at = begin
    return None


def _listed(reader: Reader) -> frozenset[int]:
    """`Friday, Saturday and Sunday`, `måndag till torsdag`."""
    found = [_weekday(reader)]
    while (through := reader.join()) or reader.skip(words.AND):
        reader.skip(words.AND)
        day = _weekday(reader)
        found += range(found[-1], found[-1] + (day - found[-1]) % 7) if through else ()
        found.append(day)
    return frozenset(day % 7 for day in found)


def _weekday(reader: Reader) -> int:
    known = {**words.WEEKDAYS, **words.WEEKDAYS_PLURAL}
    if reader.next().key not in known:
        raise slips.unknown(reader, weekdays=True)
    return known[reader.take().key]


# Days and periods


def _yearly(reader: Reader) -> tuple[Rule, int | None]:
    reader.skip(words.LEADS)
    parts = _days_of_a_month(reader)
    if not parts:
        first = _part(reader)
        if not reader.join():
            if first.year is not None:
                _check_exists(first, first.year)
            return Alone(first.point), first.year
        parts = first, _short_part(reader, first) or _part(reader)
    return _period(reader.text, *parts)


def _days_of_a_month(reader: Reader) -> tuple[_Part, _Part] | None:
    """`20–26 November 2027`; None where the text does not begin with two numbers."""
    begin = reader.at
    first = reader.number()
    last = reader.number() if first and reader.join() else None
    if not first or not last:
        reader.at = begin
        return None
    month = _month(reader, first, last)
    year = _year(reader)
    return (
        _Part(_month_day(month, first), year, start=first.start, end=first.end),
        _Part(_month_day(month, last), year, start=last.start, end=last.end),
    )


def _short_part(reader: Reader, first: _Part) -> _Part | None:
    """The `26` of `November 20–26`, the `52` of `week 50–52`; None where a whole point follows."""
    begin = reader.at
    number = reader.number()
    follows = reader.next(1) if reader.next().key in words.OF else reader.next()
    if not first.like or not number or follows.key in words.MONTHS:
        reader.at = begin
        return None
    return _Part(first.like(number), _year(reader), start=number.start, end=number.end)


def _period(text: str, first: _Part, last: _Part) -> tuple[Rule, int | None]:
    """Rule 3, and what cannot be meant: an end before the beginning, nearly a whole year over New Year."""
    if first.year is not None and last.year is not None:
        year: int | None = first.year
        turns = last.year - first.year
    else:
        turns = int(runs_over_new_year(first.point, last.point))
        year = last.year - turns if last.year is not None else first.year
        if turns and leaves_out_little(first.point, last.point):
            raise _wrong_way_round("S115", text, first, last)
    rule = Period(first.point, last.point, turns)
    if year is not None:
        for part, its_year in ((first, year), (last, year + turns)):
            if isinstance(part.point, Week):
                _check_exists(part, its_year)
        if not any(rule.occurrences(year)):
            raise _wrong_way_round("S104", text, first, last)
    return rule, year


def _wrong_way_round(code: str, text: str, first: _Part, last: _Part) -> Mistake:
    """Suggests the same words with beginning and end exchanged."""
    one, other = text[first.start : first.end], text[last.start : last.end]
    suggestion = f"{text[: first.start]}{other}{text[first.end : last.start]}{one}{text[last.end :]}".strip()
    said = {"first": one, "last": other} if code == "S104" else {"value": text.strip()}
    return Mistake(f"TWL-{code}", start=first.start, end=last.end, suggestion=suggestion, **said)


def _check_exists(part: _Part, year: int) -> None:
    if part.point.exists(year):
        return
    place = {"start": part.start, "end": part.end}
    if isinstance(part.point, Week):
        raise Mistake("TWL-S116", **place, year=year, weeks=weeks_in(year))
    raise Mistake("TWL-S113", **place, year=year)


# Points


def _part(reader: Reader) -> _Part:
    """A point with its shift, and its year on either side of that."""
    reader.skip(words.ARTICLES)
    start = reader.next().start
    part = _named(reader) or _counted(reader) or _of_kind(reader)
    point, year = part.point, part.year or _year(reader)
    if isinstance(point, Day):
        days = _shift(reader, point)
        point, year = (Shifted(point, days) if days else point), year or _year(reader)
    return replace(part, point=point, year=year, start=start, end=reader.end)


def _named(reader: Reader) -> _Part | None:
    """`Easter Sunday`, `1:a advent`."""
    for length in range(_LONGEST_NAME, 0, -1):
        ahead = (reader.next(n).key for n in range(length))
        name = CALLED.get(" ".join(words.ORDINAL_WORDS.get(each, each) for each in ahead))
        if name:
            reader.at += length
            return _Part(Named(name))
    return None


def _counted(reader: Reader) -> _Part | None:
    """`last Saturday in March`."""
    place, weekday = reader.next(), reader.next(1)
    if weekday.key not in words.WEEKDAYS or (place.key not in words.COUNTS and place.kind != "ordinal"):
        return None
    known = words.PLACES.get(words.ORDINAL_WORDS.get(place.key, place.key))
    if known is None:
        raise reader.wrong("S107", place, weekday, value=reader.said(place, weekday), weekday=reader.said(weekday))
    reader.at += 2
    if not reader.skip(words.IN):
        raise reader.wrong("S114", place, weekday, value=reader.said(place, weekday), word=reader.said(weekday))
    return _Part(NthWeekday(known, words.WEEKDAYS[weekday.key], _month(reader, place, weekday)))


def _of_kind(reader: Reader) -> _Part:
    """`2026-11-20`, `week 47`, `November 20`, `20 November`, or a mistake."""
    token = reader.next()
    if token.kind in ("iso", "isoweek"):
        return _iso(reader)
    if token.key in words.WEEK and reader.next(1).figure is not None:
        reader.at += 1
        return _Part(_week(reader.take()), like=_week)
    if token.key in words.MONTHS:
        return _month_first(reader)
    if token.kind == "figures":
        raise slips.order_unclear(reader, token, token)
    if token.key in words.WEEKDAYS:
        raise reader.wrong("S114", token, value=reader.said(token), word=reader.said(token))
    number = reader.number()
    if not number:
        raise slips.unknown(reader)
    return _Part(_month_day(_month(reader, number, number), number))


def _iso(reader: Reader) -> _Part:
    token = reader.take()
    year = _checked_year(token)
    if token.kind == "isoweek":
        return _Part(_week(token), year)
    if not 1 <= token.figures[1] <= 12:
        raise reader.wrong("S101", token, value=reader.said(token))
    return _Part(_month_day(token.figures[1], token), year)


def _month_first(reader: Reader) -> _Part:
    """`November 20`, or the whole of `November`."""
    month = words.MONTHS[reader.take().key]

    def like(number: Token) -> Point:
        return _month_day(month, number)

    number = reader.next()
    if number.figure is None or _is_year(number):
        return _Part(Month(month))
    return _Part(like(reader.take()), like=like)


# Numbers


def _month(reader: Reader, first: Token, last: Token) -> int:
    """The month that must stand at hand, behind the numbers from `first` to `last`."""
    reader.skip(words.OF)
    if reader.next().key not in words.MONTHS:
        raise slips.month_missing(reader, first, last)
    return words.MONTHS[reader.take().key]


def _month_day(month: int, number: Token) -> MonthDay:
    """The day that is the last figure of `number`."""
    day = number.figures[-1]
    if not 1 <= day <= _LENGTHS[month - 1]:
        english, swedish = words.MONTH_NAMES[month - 1]
        said = {"day": day, "days": _LENGTHS[month - 1], "english": english, "swedish": swedish}
        raise Mistake("TWL-S103", start=number.start, end=number.end, **said)
    return MonthDay(month, day)


def _week(number: Token) -> Week:
    week = number.figures[-1]
    if not 1 <= week <= 53:
        raise Mistake("TWL-S106", start=number.start, end=number.end, week=week)
    return Week(week)


def _is_year(number: Token) -> bool:
    return number.kind == "number" and number.end - number.start >= 4


def _year(reader: Reader) -> int | None:
    """The year at hand, with or without a comma before it; None where a number begins the next day."""
    comma = reader.next().key == ","
    number = reader.next(int(comma))
    if number.kind != "number" or (not _is_year(number) and (comma or reader.next(1).key in words.MONTHS)):
        return None
    reader.at += 1 + comma
    return _checked_year(number)


def _checked_year(number: Token) -> int:
    year = number.figures[0]
    if EARLIEST <= year <= LATEST:
        return year
    suggestion = min(max(year + 2000 if year < 100 else year, EARLIEST), LATEST)
    raise Mistake(
        "TWL-S109",
        start=number.start,
        end=number.end,
        year=year,
        earliest=EARLIEST,
        latest=LATEST,
        suggestion=suggestion,
    )


def _shift(reader: Reader, point: Day) -> int:
    """`+ 2 days`, `- 1 vecka` in days; 0 where none stands at hand."""
    sign, number, unit = (reader.next(n) for n in range(3))
    if sign.kind not in ("plus", "dash") or number.kind != "number":
        return 0
    if unit.key not in words.UNITS:
        if sign.kind == "dash" and (unit.kind != "end" or isinstance(point, MonthDay)):
            return 0
        meant = f"{reader.said(sign, number)} days"
        raise reader.wrong("S111", number, value=reader.said(number), suggestion=meant)
    reader.at += 3
    days = number.figures[0] * words.UNITS[unit.key]
    if days > LONGEST_SHIFT:
        raise reader.wrong("S112", number, unit, value=reader.said(number, unit), limit=LONGEST_SHIFT)
    return days if sign.kind == "plus" else -days
