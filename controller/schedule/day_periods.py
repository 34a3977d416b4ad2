"""Days and periods of the day grammar, read from the next tokens: one point, two of them, days of a month."""

from dataclasses import replace

from controller.errors import Mistake
from controller.schedule import suggestions, tokens
from controller.schedule.day_points import DayPart, month_ahead, month_day, numbered, point_ahead, year_ahead
from controller.schedule.recurrence import (
    Alone,
    NamedDay,
    Period,
    Rule,
    Several,
    Week,
    leaves_out_little,
    runs_over_new_year,
    weeks_in,
)
from controller.schedule.tokens import Reader, Token


def period_ahead(reader: Reader) -> tuple[Rule, int | None]:
    """Reads days of a month, a point or a period; raises Mistake."""
    if reader.skip(tokens.BETWEEN):
        return _between(reader)
    if reader.next().key in tokens.JOINS:
        raise _unfinished(reader)
    needs_end = reader.next().key in tokens.FROM
    reader.lead()
    days = _days_of_a_month(reader)
    if days:
        return _several(reader.text, days)
    first = point_ahead(reader)
    if not _join(reader):
        if needs_end and reader.next().kind == "end":
            raise _unfinished(reader)
        return _of_the_same(reader, first) or _alone(reader.text, first)
    if reader.next().kind == "end":
        raise _unfinished(reader)
    parts = _short_parts(reader, first) or (first, point_ahead(reader))
    return _period(reader.text, *parts)


def _unfinished(reader: Reader) -> Mistake:
    """A period without an end."""
    return reader.mistake("S263", reader.tokens[0], reader.tokens[-1], value=reader.text.strip())


def _join(reader: Reader) -> bool:
    """Reads `to`; not before a time of day, as in `20 november till 23:00`."""
    begin = reader.at
    is_join = reader.join()
    if is_join and suggestions.is_time_ahead(reader):
        reader.at = begin
        return False
    return is_join


def _between(reader: Reader) -> tuple[Rule, int | None]:
    """`between 20 and 26 November`, `mellan 1 juni och 31 augusti`; both ends are included. Between two feasts some
    people mean only the days in between: raises Mistake TWL-S174."""
    at, start = reader.at, reader.next()
    first, is_and, last = reader.number(), reader.skip(tokens.AND), reader.number()
    if first and is_and and last and reader.next().key in {*tokens.MONTHS, *tokens.OF}:
        month = month_ahead(reader, first, last)
        year = year_ahead(reader)
        return _period(reader.text, *(numbered(each, month_day(month, each), year) for each in (first, last)))
    reader.at = at
    begin = point_ahead(reader)
    if not reader.skip(tokens.AND) and not reader.join():
        raise reader.mistake("S118", reader.next())
    end = point_ahead(reader)
    if isinstance(begin.point, NamedDay) or isinstance(end.point, NamedDay):
        one, other = (reader.text[part.start : part.end] for part in (begin, end))
        raise Mistake("TWL-S174", start=start.start, end=reader.end, first=one, last=other)
    return _period(reader.text, begin, end)


def _of_the_same(reader: Reader, first: DayPart) -> tuple[Rule, int | None] | None:
    """`week 47, 48 and 50`, `December 24, 25 and 26`; None if no number that continues the first follows."""
    parts, begin = [first], reader.at
    while first.like and first.number and parts[-1].year is None and reader.skip(tokens.AND):
        reader.skip(tokens.AND)
        number = reader.next()
        if not number.is_day or not _may_end_here(reader.next(1)):
            break
        reader.at += 1
        parts.append(numbered(number, first.like(number), year_ahead(reader)))
        begin = reader.at
    reader.at = begin
    if len(parts) == 1:
        return None
    return Several(tuple(_alone(reader.text, replace(part, year=parts[-1].year))[0] for part in parts)), parts[-1].year


def _days_of_a_month(reader: Reader) -> list[tuple[DayPart, DayPart]]:
    """First and last day of each part of `20–26 November 2027`, `20 and 22–24 December`; empty if the text does not
    begin with two numbers."""
    begin = reader.at
    numbers: list[tuple[Token, Token]] = []
    weekdays: dict[Token, Token] = {}
    """Number of a day -> the weekday before it."""

    def number_ahead() -> Token | None:
        weekday = reader.take() if reader.next().key in tokens.WEEKDAYS else None
        number = reader.number()
        if weekday and number:
            weekdays[number] = weekday
        return number

    while not numbers or reader.skip(tokens.AND):
        reader.skip(tokens.AND)  # `20, and 22 December`
        first = number_ahead()
        last = number_ahead() if first and reader.join() else first
        if not first or not last:
            numbers = []
            break
        numbers.append((first, last))
    if len(numbers) < 2 and all(first is last for first, last in numbers):
        reader.at = begin
        return []
    month = month_ahead(reader, numbers[0][0], numbers[-1][-1])
    year = year_ahead(reader)

    def part(number: Token) -> DayPart:
        return replace(numbered(number, month_day(month, number), year), weekday=weekdays.get(number))

    return [(part(first), part(last)) for first, last in numbers]


def _several(text: str, days: list[tuple[DayPart, DayPart]]) -> tuple[Rule, int | None]:
    """One rule for days of one month."""
    rules, years = zip(*(_alone(text, a) if a.start == b.start else _period(text, a, b) for a, b in days), strict=True)
    return (rules[0] if len(rules) == 1 else Several(rules)), years[0]


def _alone(text: str, part: DayPart) -> tuple[Alone, int | None]:
    if part.year is not None:
        _check_exists(part, part.year)
    part.checked(text, part.year)
    return Alone(part.point), part.year


def _may_end_here(following: Token) -> bool:
    """Whether a number before this token is a day by itself."""
    return following.kind in ("end", "number") or following.key in tokens.AFTER_DAYS


def _short_parts(reader: Reader, first: DayPart) -> tuple[DayPart, DayPart] | None:
    """The `20` and `26` of `November 20–26`, `50` and `52` of `week 50–52`; None if a whole point follows."""
    begin = reader.at
    number = reader.number()
    if first.like and first.number and number and _may_end_here(reader.next()):
        last = numbered(number, first.like(number), year_ahead(reader))
        return replace(first, start=first.number.start, end=first.number.end), last
    reader.at = begin
    return None


def _period(text: str, first: DayPart, last: DayPart) -> tuple[Rule, int | None]:
    """A year at one end gives the other end its year, forward from the beginning. An end before the beginning is
    refused, and so is nearly a whole year over New Year."""
    if first.year is not None and last.year is not None:
        year: int | None = first.year
        turns = last.year - first.year
    else:
        turns = int(runs_over_new_year(first.point, last.point))
        year = last.year - turns if last.year is not None else first.year
        if turns and leaves_out_little(first.point, last.point):
            raise _wrong_way_round("S115", text, first, last)
    for part, its_year in ((first, year), (last, None if year is None else year + turns)):
        part.checked(text, its_year)
    rule = Period(first.point, last.point, turns)
    if year is not None:
        for part, its_year in ((first, year), (last, year + turns)):
            if isinstance(part.point, Week):
                _check_exists(part, its_year)
        if not any(rule.occurrences(year)):
            raise _wrong_way_round("S104", text, first, last)
    return rule, year


def _wrong_way_round(code: str, text: str, first: DayPart, last: DayPart) -> Mistake:
    """Suggests the same words with beginning and end swapped."""
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
