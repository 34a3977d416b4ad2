"""Single points of the day grammar, read from the next tokens: a place in the year with its shift and its year."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, replace

from controller.errors import Mistake
from controller.events.models import InEachLanguage
from controller.schedule import suggestions, tokens
from controller.schedule.holidays import CALLED, key
from controller.schedule.recurrence import (
    Day,
    LastDay,
    Month,
    MonthDay,
    NamedDay,
    NearestWeekday,
    NthWeekday,
    Point,
    Shifted,
    Week,
    checked_year,
)
from controller.schedule.tokens import Reader, Token
from controller.text_field import Slip

LONGEST_SHIFT = 366
"""Days; the limit keeps a shifted day next to its year."""

_LONGEST_NAME = max(name.count(" ") + 2 * name.count("-") + 1 for name in CALLED)


@dataclass(frozen=True, slots=True)
class DayPart:
    """A point that was read, its year if one is written, and its offsets in the text.

    `like` makes a point of the same month, or a week, from a number alone (the `26` of `November 20–26`); `number` is
    the number of this point."""

    point: Point
    year: int | None = None
    like: Callable[[Token], Point] | None = None
    number: Token | None = None
    start: int = 0
    end: int = 0
    weekday: Token | None = None
    """The weekday written before the date."""

    def checked(self, text: str, year: int | None) -> "DayPart":
        """The part itself. Raises Mistake TWL-S146 if its weekday can differ, as in most years, and TWL-S178 if it
        differs in `year`."""
        if self.weekday is None:
            return self
        word = text[self.weekday.start : self.weekday.end]
        place = {"start": self.weekday.start, "end": self.weekday.end}
        if year is None:
            raise Mistake("TWL-S146", **place, value=word)
        if not self.point.exists(year):
            return self
        first, last = self.point.span(year)
        if first != last or first.weekday() != tokens.WEEKDAYS[self.weekday.key]:
            names = InEachLanguage(tokens.WEEKDAY_NAMES[first.weekday()])
            day = text[self.weekday.end : self.end].strip(" ,")
            raise Mistake("TWL-S178", **place, word=word, weekday=names, day=day if self.year else f"{day} {year}")
        return self


def numbered(number: Token, point: Point, year: int | None) -> DayPart:
    """A point written as a number alone."""
    return DayPart(point, year, start=number.start, end=number.end)


def point_ahead(reader: Reader) -> DayPart:
    """Reads a point with its shift, and its year before or after the shift."""
    reader.skip(tokens.ARTICLES)
    start = reader.next().start
    _refuse_night_before(reader)
    part = (
        _named(reader) or _whole(reader) or _beside(reader) or _counted(reader) or _ordinal(reader) or _of_kind(reader)
    )
    point, year = part.point, part.year or year_ahead(reader)
    if isinstance(point, Day):
        days = _shift(reader, point)
        point, year = (Shifted(point, days) if days else point), year or year_ahead(reader)
    return replace(part, point=point, year=year, start=start, end=reader.end)


def _refuse_night_before(reader: Reader) -> None:
    """`natten till julafton`, `the night before 23 November`, `natten mellan 24 och 25 december`: which night that is
    depends on whether nights or calendar days are named."""
    night, join = reader.next(), reader.next(1)
    if night.key not in tokens.NIGHT or join.key not in tokens.TOWARDS | tokens.BEFORE | tokens.BETWEEN:
        return
    reader.at += 2
    if join.key in tokens.BETWEEN:
        if reader.number() is None or reader.next().key in tokens.MONTHS:
            return
        reader.skip(tokens.AND)
    part = point_ahead(reader)
    written = reader.text[part.start : part.end]
    meant = InEachLanguage({"en": f"{written} - 1 day", "sv": f"{written} - 1 dag"})
    last = reader.tokens[reader.at - 1]
    raise reader.mistake("S197", night, last, value=reader.written(night, last), meant=meant)


def _named(reader: Reader) -> DayPart | None:
    """`Easter Sunday`, `1:a advent`."""
    for length in range(_LONGEST_NAME, 0, -1):
        ahead = [reader.next(n) for n in range(length)]
        words = " ".join(tokens.ORDINAL_WORDS.get(each.key, each.key) for each in ahead)
        name = CALLED.get(words) or CALLED.get(key(reader.written(ahead[0], ahead[-1])))  # `FN-dagen`
        if name and ahead[-1].kind != "end":
            reader.at += length
            return DayPart(NamedDay(name))
    return None


def _whole(reader: Reader) -> DayPart | None:
    """`hela november`, `all of November`, `the whole of week 47`; what follows is complete without it."""
    begin = reader.at
    if reader.skip(tokens.WHOLE):
        reader.skip(tokens.OF)
        if reader.next().key in tokens.MONTHS or reader.next().key in tokens.WEEK:
            return _of_kind(reader)
    reader.at = begin
    return None


def _beside(reader: Reader) -> DayPart | None:
    """`the day before Christmas Eve`, `två veckor efter påskdagen`, `the Friday before Midsummer Day`."""
    begin = reader.at
    reader.skip(tokens.PLACES)  # `the last Friday before` is the Friday before
    number, unit = reader.next(), reader.next(1)
    count = number.figure or tokens.NUMBER_WORDS.get(number.key)
    if count is not None and unit.key in tokens.UNITS:
        reader.at += 2
        days = count * tokens.UNITS[unit.key]
    elif number.key in tokens.DAY or number.key in tokens.WEEKDAYS:
        reader.at += 1
        days = 1 if number.key in tokens.DAY else 0
    is_after = reader.next().key in tokens.AFTER
    if reader.at == begin or reader.next().key not in tokens.BEFORE | tokens.AFTER:
        reader.at = begin
        return None
    if days > LONGEST_SHIFT:
        raise reader.mistake("S112", number, unit, value=reader.written(number, unit), limit=LONGEST_SHIFT)
    reader.at += 1
    try:
        part = point_ahead(reader)
        part.checked(reader.text, part.year)
    except Slip as slip:  # `the day before Christmas`: before which of its days?
        if slip.code != "TWL-S144":
            raise
        raise suggestions.season_in_a_phrase(slip, reader.text[slip.start : slip.end]) from slip
    if not isinstance(part.point, MonthDay | LastDay | NthWeekday | NamedDay):
        raise reader.mistake("S101", number, value=reader.text[number.start : reader.end])
    if not days:
        return DayPart(NearestWeekday(tokens.WEEKDAYS[number.key], part.point, is_after), part.year)
    return DayPart(Shifted(part.point, days if is_after else -days), part.year)


def _counted(reader: Reader) -> DayPart | None:
    """`last Saturday in March`, `last day of February`."""
    place, weekday = reader.next(), reader.next(1)
    known = tokens.PLACES.get(tokens.ORDINAL_WORDS.get(place.key, place.key))
    if known is not None and weekday.key in tokens.DAY and reader.next(2).key in tokens.IN:
        reader.at += 3
        month = month_ahead(reader, place, weekday)
        return DayPart(LastDay(month) if known < 0 else MonthDay(month, known))
    if weekday.key not in tokens.WEEKDAYS or (place.key not in tokens.ORDINALS and place.kind != "ordinal"):
        return None
    if known is None:
        raise reader.mistake(
            "S107", place, weekday, value=reader.written(place, weekday), weekday=reader.written(weekday)
        )
    reader.at += 2
    if not reader.skip(tokens.IN) and reader.next().key not in tokens.MONTHS:
        raise reader.mistake("S114", place, weekday, value=reader.written(place, weekday), word=_name(weekday))
    return DayPart(NthWeekday(known, tokens.WEEKDAYS[weekday.key], month_ahead(reader, place, weekday)))


def _ordinal(reader: Reader) -> DayPart | None:
    """`första juni`, `sista februari`, `the first of May`; not `last November`, which is a month of last year."""
    begin, ordinal = reader.at, reader.next()
    if ordinal.key in tokens.ORDINALS:
        reader.at += 1
        is_of = reader.skip(tokens.OF)
        if reader.next().key in tokens.MONTHS and (is_of or ordinal.key not in tokens.ENGLISH_ORDINALS):
            day, month = tokens.ORDINALS[ordinal.key], tokens.MONTHS[reader.take().key]
            return DayPart(LastDay(month) if day < 0 else MonthDay(month, day))
    reader.at = begin
    return None


def _of_kind(reader: Reader) -> DayPart:
    """`2026-11-20`, `week 47`, `November 20`, `20 November`, or a mistake."""
    token = reader.next()
    if token.kind in ("iso", "isoweek"):
        return _iso(reader)
    if token.key in tokens.WEEK and reader.next(1).figure is not None:
        reader.at += 1
        number = reader.take()
        return DayPart(_week(number), like=_week, number=number)
    if token.key in tokens.MONTHS:
        return _month_first(reader)
    if token.kind == "figures":
        raise suggestions.order_unclear(reader, token, token)
    if token.key in tokens.WEEKDAYS:
        return _after_weekday(reader, token)
    day = reader.number()
    if not day:
        raise suggestions.unknown(reader)
    return DayPart(month_day(month_ahead(reader, day, day), day))


def _after_weekday(reader: Reader, weekday: Token) -> DayPart:
    """The date after `Friday`, as in `Friday 20 November 2026`."""
    reader.at += 1
    reader.skip({",", "&"} | tokens.IN)
    ahead = reader.next()
    try:
        return replace(point_ahead(reader), weekday=weekday)
    except Mistake:
        word = reader.written(weekday)
        if ahead.kind in ("word", "end", "dash") and ahead.key not in tokens.ARTICLES:
            raise reader.mistake("S114", weekday, value=word, word=_name(weekday)) from None
        raise reader.mistake("S146", weekday, value=word) from None


def _name(weekday: Token) -> InEachLanguage:
    return InEachLanguage(tokens.WEEKDAY_NAMES[tokens.WEEKDAYS[weekday.key]])


def _iso(reader: Reader) -> DayPart:
    token = reader.take()
    year = _checked_year(token)
    if token.kind == "isoweek":
        return DayPart(_week(token), year)
    if not 1 <= token.figures[1] <= 12:
        raise reader.mistake("S101", token, value=reader.written(token))
    month = token.figures[1]
    return DayPart(month_day(month, token), year, like=lambda number: month_day(month, number), number=token)


def _month_first(reader: Reader) -> DayPart:
    """`November 20`, or the whole of `November`."""
    name = reader.take()
    month = tokens.MONTHS[name.key]
    reader.skip(tokens.MONTH)  # `november månad`

    def like(number: Token) -> Point:
        return month_day(month, number)

    number = reader.next()
    if number.figure is None or _is_year(number):
        if name.key in tokens.CHRISTMAS:
            raise reader.mistake("S143", name, value=reader.written(name))
        return DayPart(Month(month))
    return DayPart(like(reader.take()), like=like, number=number)


# Numbers


def month_ahead(reader: Reader, first: Token, last: Token) -> int:
    """Reads the month, which must follow the numbers from `first` to `last`."""
    reader.skip(tokens.OF)
    if reader.next().key not in tokens.MONTHS:
        raise suggestions.month_missing(reader, first, last)
    return tokens.MONTHS[reader.take().key]


def month_day(month: int, number: Token) -> MonthDay:
    """The day that is the last figure of `number`."""
    day, days = number.figures[-1], monthrange(2000, month)[1]
    if not 1 <= day <= days:
        names = InEachLanguage(tokens.MONTH_NAMES[month - 1])
        raise Mistake("TWL-S103", start=number.start, end=number.end, day=day, days=days, month=names)
    return MonthDay(month, day)


def _week(number: Token) -> Week:
    week = number.figures[-1]
    if not 1 <= week <= 53:
        raise Mistake("TWL-S106", start=number.start, end=number.end, week=week)
    return Week(week)


def _is_year(number: Token) -> bool:
    return number.kind == "number" and number.end - number.start >= 4


def year_ahead(reader: Reader, is_last: bool = False) -> int | None:
    """Reads the year, with or without a comma or a small word before it (`only in 2027`); None if the next number
    begins the next day, or a time of day. If the year `is_last`, a number of two digits with more text after it is no
    year."""
    ahead = int(reader.next().key == ",")
    while reader.next(ahead).key in tokens.ONLY:
        ahead += 1
    number = reader.next(ahead)
    if number.kind != "number" or (not _is_year(number) and (ahead or reader.next(1).key in tokens.MONTHS)):
        return None
    following = reader.next(ahead + 1)
    if following.key == ":" or (not _is_year(number) and is_last and following.kind != "end"):
        return None  # `25 November 18:00`, `every Friday 20–26 November`
    reader.at += 1 + ahead
    return _checked_year(number)


def _checked_year(number: Token) -> int:
    digits = number.key if len(number.key) == 2 else str(number.figures[0])
    return checked_year(digits, start=number.start, end=number.end)


def _shift(reader: Reader, point: Day) -> int:
    """Reads `+ 2 days`, `- 1 vecka`, in days; 0 without a shift."""
    sign, number, unit = (reader.next(n) for n in range(3))
    if sign.kind not in ("plus", "dash") or number.kind != "number":
        return 0
    if unit.key not in tokens.UNITS:
        if sign.kind == "dash" and (unit.kind != "end" or isinstance(point, MonthDay)):
            return 0
        shift = reader.written(sign, number)
        raise reader.mistake("S148", number, value=reader.written(number), days=f"{shift} days", weeks=f"{shift} weeks")
    reader.at += 3
    days = number.figures[0] * tokens.UNITS[unit.key]
    if days > LONGEST_SHIFT:
        raise reader.mistake("S112", number, unit, value=reader.written(number, unit), limit=LONGEST_SHIFT)
    return days if sign.kind == "plus" else -days
