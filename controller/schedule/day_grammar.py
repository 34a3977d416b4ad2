"""The day grammar: text -> rule and year.

    element = ("every" | "varje") ("day" | "night" | weekday {"and" weekday}) ["in" month {"and" month}] [year]
            | point | ["from"] point "to" point | days {"and" days} month [year]
    days    = number ["to" number]
    point   = place [year] [("+" | "-") number ("days" | "weeks")] [year]
    place   = day month | month day | month | named day | "week" number
            | ordinal (weekday | "day") "in" month | year-month-day
    to      = "to" | "till" | "until" | "through" | any dash

English and Swedish words may be mixed; case, spaces, the full stop of an abbreviation and the dots over å, ä and ö do
not matter; `the`, `den`, `of` and a comma before the year add nothing. What the two ends of a period share may be left
out of one: `20–26 November`, `November 20–26`, `week 50–52`. What can be meant in two ways, as `20/11`, is a mistake.

`read` gives a result or raises a Mistake, for any text. The words are in `tokens`, single points in `day_points`, what
a rule means in `recurrence`, what is proposed for a mistake in `suggestions`. To add a phrase for a list of weekdays
extend `_weekdays`, for a day or a period `_yearly`, for a place in the year `day_points.point_ahead`.
"""

from dataclasses import replace
from typing import Any

from controller.errors import Mistake
from controller.events.models import InEachLanguage
from controller.locale import DEFAULT, languages, texts
from controller.schedule import suggestions, tokens
from controller.schedule.day_points import DayPart, month_ahead, month_day, point_ahead, year_ahead
from controller.schedule.recurrence import (
    Alone,
    Period,
    Rule,
    Several,
    Week,
    Weekdays,
    leaves_out_little,
    runs_over_new_year,
    weeks_in,
)
from controller.schedule.text_field import Slip, corrections
from controller.schedule.tokens import Reader, Token


def read(text: str) -> tuple[Rule, int | None]:
    """The rule that `text` names, and the year to which it is bound; raises Mistake TWL-S101 to S118, S143, S144 and
    S146."""
    try:
        return _read(text)
    except Slip as slip:
        raise _corrected(text, slip) from None


def _corrected(text: str, slip: Slip) -> Mistake:
    """The mistake with the whole text as it should be; another mistake where that is not known."""
    found = {language: corrections(text, slip, _read, language) for language in tokens.LANGUAGES}
    if not all(found.values()):
        code = "TWL-S153" if slip.code == "TWL-S144" else "TWL-S101"
        return Mistake(code, start=slip.start, end=slip.end, value=text[slip.start : slip.end])
    meant = {
        language: texts(language, "values")["or"].join(f"`{whole}`" for whole in found.get(language, found[DEFAULT]))
        for language in languages()
    }
    fields: dict[str, Any] = {**slip.fields, "meant": InEachLanguage(meant)}
    return Mistake(slip.code, start=slip.start, end=slip.end, **fields)


def _read(text: str) -> tuple[Rule, int | None]:
    reader = Reader(text)
    weekdays = _weekdays(reader)
    if weekdays is None:
        return _yearly(reader)
    _check_all_read(reader)
    return weekdays


def _check_all_read(reader: Reader) -> None:
    left, text = reader.next(), reader.text
    if left.kind != "end":
        value, rest = text[: left.start].strip(), text[left.start :].strip()
        raise reader.mistake("S117", left, reader.tokens[-1], value=value, rest=rest)


# Weekdays


def _weekdays(reader: Reader) -> tuple[Rule, int | None] | None:
    """`every day`, `every Friday and Saturday`, `fredagar`; None where the text begins otherwise."""
    begin = reader.at
    reader.lead()
    every = reader.skip(tokens.EVERY)
    if every and reader.skip(tokens.ALL_DAYS):
        return Weekdays(frozenset(range(7)), _months(reader)), year_ahead(reader, is_last=True)
    known = tokens.WEEKDAYS if every else {}
    if reader.next().key in {**known, **tokens.WEEKDAYS_PLURAL}:
        return Weekdays(_listed(reader), _months(reader)), year_ahead(reader, is_last=True)
    if every and reader.tokens[reader.at - 1].key not in tokens.ALSO_IN_NAMES:
        raise suggestions.unknown(reader, weekdays=True)
    reader.at = begin
    return None


def _listed(reader: Reader) -> frozenset[int]:
    """`Friday, Saturday and Sunday`, `måndag till torsdag`."""
    found = [_weekday(reader)]
    while (through := reader.join()) or reader.skip(tokens.AND):
        reader.skip(tokens.AND)
        day = _weekday(reader)
        found += range(found[-1], found[-1] + (day - found[-1]) % 7) if through else ()
        found.append(day)
    return frozenset(day % 7 for day in found)


def _months(reader: Reader) -> frozenset[int]:
    """The months of `every Friday in October and November`; all of them where none is named."""
    first = reader.next()
    if not reader.skip(tokens.IN):
        return frozenset(range(1, 13))
    found = [month_ahead(reader, first, first)]
    while reader.next().key in tokens.AND and reader.next(1).key in tokens.MONTHS:
        reader.take()
        found.append(month_ahead(reader, first, first))
    return frozenset(found)


def _weekday(reader: Reader) -> int:
    known = {**tokens.WEEKDAYS, **tokens.WEEKDAYS_PLURAL}
    if reader.next().key not in known:
        raise suggestions.unknown(reader, weekdays=True)
    return known[reader.take().key]


# Days and periods


def _yearly(reader: Reader) -> tuple[Rule, int | None]:
    needs_end = reader.next().key in tokens.FROM
    reader.lead()
    days = _days_of_a_month(reader)
    if days:
        _check_all_read(reader)
        return _several(reader.text, days)
    first = point_ahead(reader)
    if not reader.join():
        _check_all_read(reader)
        if needs_end:
            raise reader.mistake("S118", reader.next())
        return _alone(first)
    parts = _short_parts(reader, first) or (first, point_ahead(reader))
    _check_all_read(reader)
    return _period(reader.text, *parts)


def _days_of_a_month(reader: Reader) -> list[tuple[DayPart, DayPart]]:
    """First and last day of each part of `20–26 November 2027`, `20 and 22–24 December`; none where the text does not
    begin with two numbers."""
    begin = reader.at
    numbers: list[tuple[Token, Token]] = []
    while not numbers or reader.skip(tokens.AND):
        reader.skip(tokens.AND)  # `20, and 22 December`
        first = reader.number()
        last = reader.number() if first and reader.join() else first
        if not first or not last:
            numbers = []
            break
        numbers.append((first, last))
    if len(numbers) < 2 and all(first is last for first, last in numbers):
        reader.at = begin
        return []
    month = month_ahead(reader, numbers[0][0], numbers[-1][-1])
    year = year_ahead(reader)
    return [
        (
            DayPart(month_day(month, first), year, start=first.start, end=first.end),
            DayPart(month_day(month, last), year, start=last.start, end=last.end),
        )
        for first, last in numbers
    ]


def _several(text: str, days: list[tuple[DayPart, DayPart]]) -> tuple[Rule, int | None]:
    """One rule for days of one month."""
    rules, years = zip(*(_alone(a) if a.start == b.start else _period(text, a, b) for a, b in days), strict=True)
    return (rules[0] if len(rules) == 1 else Several(rules)), years[0]


def _alone(part: DayPart) -> tuple[Alone, int | None]:
    if part.year is not None:
        _check_exists(part, part.year)
    return Alone(part.point), part.year


def _short_parts(reader: Reader, first: DayPart) -> tuple[DayPart, DayPart] | None:
    """The `20` and `26` of `November 20–26`, `50` and `52` of `week 50–52`; None where a whole point follows."""
    begin = reader.at
    number = reader.number()
    follows = reader.next()
    if first.like and first.number and number and (follows.kind in ("end", "number") or follows.key == ","):
        last = DayPart(first.like(number), year_ahead(reader), start=number.start, end=number.end)
        return replace(first, start=first.number.start, end=first.number.end), last
    reader.at = begin
    return None


def _period(text: str, first: DayPart, last: DayPart) -> tuple[Rule, int | None]:
    """A year at one end gives the other end its year, forward from the beginning. Refused is an end before the
    beginning, and nearly a whole year over New Year."""
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


def _wrong_way_round(code: str, text: str, first: DayPart, last: DayPart) -> Mistake:
    """Suggests the same words with beginning and end exchanged."""
    one, other = text[first.start : first.end], text[last.start : last.end]
    suggestion = f"{text[: first.start]}{other}{text[first.end : last.start]}{one}{text[last.end :]}".strip()
    fields = {"first": one, "last": other} if code == "S104" else {"value": text.strip()}
    return Mistake(f"TWL-{code}", start=first.start, end=last.end, suggestion=suggestion, **fields)


def _check_exists(part: DayPart, year: int) -> None:
    if part.point.exists(year):
        return
    place = {"start": part.start, "end": part.end}
    if isinstance(part.point, Week):
        raise Mistake("TWL-S116", **place, year=year, weeks=weeks_in(year))
    raise Mistake("TWL-S113", **place, year=year)
