"""Several days under one phrase: weekdays within a period, the same day of several months, groups of named days."""

from controller.schedule import suggestions, tokens
from controller.schedule.day_periods import period_ahead
from controller.schedule.day_points import month_day, year_ahead
from controller.schedule.holidays import ADVENT_SUNDAYS, FLAG_DAYS, GROUPS, RIKSDAG_ELECTION
from controller.schedule.recurrence import (
    Alone,
    EveryFewYears,
    LastDay,
    Month,
    MonthDay,
    NamedDay,
    NthWeekday,
    Point,
    Rule,
    Several,
    Weekdays,
)
from controller.schedule.tokens import Reader, Token

_ELECTION = EveryFewYears(Alone(NthWeekday(*RIKSDAG_ELECTION)), 2022, 4)
_RULES: dict[str, Rule] = {
    "flag days": Several((*(Alone(NamedDay(name)) for name in FLAG_DAYS), _ELECTION)),
    "Advent Sundays": Several(tuple(Alone(NamedDay(name)) for name in ADVENT_SUNDAYS)),
    "election day": _ELECTION,
    "every day": Weekdays(frozenset(range(7))),
}
_LONGEST_GROUP = max(name.count(" ") + 1 for name in GROUPS)
_ADVENT = frozenset(("advent",))
_EVERY_MONTH = frozenset(range(1, 13))
_WEEKDAYS = {**tokens.WEEKDAYS, **tokens.WEEKDAYS_PLURAL}

Dated = tuple[Rule, int | None]


def set_ahead(reader: Reader, *, is_left_out: bool = False) -> Dated | None:
    """Reads a group, weekdays, or the same day of several months, with the year; None if a single day or period
    follows. Among days that are left out, `Saturday` means each of them."""
    begin = reader.at
    reader.lead()
    rule = _group(reader) or _same_of_months(reader)
    if rule is not None:
        return rule, year_ahead(reader, is_last=True)
    dated = _weekdays(reader, is_left_out=is_left_out)
    if dated is None:
        reader.at = begin
    return dated


def _group(reader: Reader) -> Rule | None:
    """`allmänna flaggdagar`, `the Sundays of Advent`."""
    begin = reader.at
    reader.skip(tokens.ARTICLES)
    for length in range(_LONGEST_GROUP, 0, -1):
        group = GROUPS.get(" ".join(reader.next(n).key for n in range(length)))
        if group:
            reader.at += length
            return _RULES[group]
    reader.at = begin
    return None


# The same day of several months


def _same_of_months(reader: Reader) -> Rule | None:
    """`first and third Saturday in March`, `first Friday of every month`, `den 15 varje månad`, `första och andra
    advent`; None for a single day of a single month, which may be shifted and may begin a period."""
    begin = reader.at
    if not reader.skip(tokens.ARTICLES):
        reader.skip(tokens.EVERY)
    places = [reader.take()]
    while reader.skip(tokens.AND):
        reader.skip(tokens.ARTICLES)
        places.append(reader.take())
    counts = [tokens.PLACES.get(tokens.ORDINAL_WORDS.get(place.key, place.key)) for place in places]
    unit = reader.next()
    if unit.key in _ADVENT and len(places) > 1 and not {None, -1} & {*counts}:
        reader.at += 1
        names = (ADVENT_SUNDAYS[int(count) - 1] for count in counts if count)
        return Several(tuple(Alone(NamedDay(name)) for name in names))
    is_counted = None not in counts and unit.key in tokens.DAY | tokens.WEEKDAYS.keys()
    reader.at += is_counted
    months = _several_months(reader, len(places)) if is_counted or all(place.figure for place in places) else None
    if months is None:
        reader.at = begin
        return None
    points = (
        _of_month(month, place, count if is_counted else None, unit)
        for month in sorted(months)
        for place, count in zip(places, counts, strict=True)
    )
    return Several(tuple(Alone(point) for point in points if point is not None))


def _of_month(month: int, number: Token, count: int | None, unit: Token) -> Point | None:
    """The day of one month; None if the month is too short for it."""
    if count is None:
        return month_day(month, number) if number.figures[0] <= MonthDay.days_in(month) else None
    if unit.key in tokens.WEEKDAYS:
        return NthWeekday(count, tokens.WEEKDAYS[unit.key], month)
    return LastDay(month) if count < 0 else MonthDay(month, count)


def _several_months(reader: Reader, places: int) -> frozenset[int] | None:
    """The months of `of every month`, `i mars och april`; None for one month with one place."""
    is_of = reader.skip(tokens.IN)
    is_every = reader.skip(tokens.EVERY)
    is_the = is_of and not is_every and (reader.skip(tokens.ARTICLES) or reader.next().key == "manaden")
    if (is_every or is_the) and reader.skip(tokens.MONTH):
        return _EVERY_MONTH
    if is_every or not is_of or reader.next().key not in tokens.MONTHS:
        return None
    months = _months(reader)
    return months if places > 1 or len(months) > 1 else None


def _months(reader: Reader) -> frozenset[int]:
    """The months of `October and November`; a month followed by the number of a day belongs to the next day."""
    found = {tokens.MONTHS[reader.take().key]}
    reader.skip(tokens.MONTH)
    while reader.next().key in tokens.AND:
        begin = reader.at
        reader.skip(tokens.AND)
        reader.skip(tokens.AND)
        reader.skip(tokens.IN)
        if reader.next().key not in tokens.MONTHS or reader.next(1).is_day:
            reader.at = begin
            break
        found.add(tokens.MONTHS[reader.take().key])
    return frozenset(found)


# Weekdays


def _weekdays(reader: Reader, *, is_left_out: bool) -> Dated | None:
    """`every day`, `every Friday and Saturday in October`, `fredagar 1 juni–31 augusti`, `fredag i vecka 47`; None if
    the text continues otherwise."""
    begin = reader.at
    reader.skip(tokens.ARTICLES)
    is_name = reader.next().key in tokens.ALSO_IN_NAMES
    is_every = reader.skip(tokens.EVERY)
    if is_every and reader.skip(tokens.ALL_DAYS):
        return _within(reader, frozenset(range(7)))
    first = reader.next()
    if (is_every or is_left_out) and first.key in tokens.WEEKDAYS:
        rule, year = _within(reader, _listed(reader))
        within = rule.within if isinstance(rule, Weekdays) and not is_every else None
        if (
            year is not None and isinstance(within, Alone) and isinstance(within.point, MonthDay)
        ):  # `utom fredag 20 november 2026`
            reader.at = begin
            return None
        return rule, year
    if first.key in tokens.WEEKDAYS_PLURAL or _is_range(reader):
        return _within(reader, _listed(reader))
    if is_every and not is_name:
        raise suggestions.unknown(reader, weekdays=True)
    found = _of_week(reader) if first.key in tokens.WEEKDAYS and not is_every else None
    if found is None:
        reader.at = begin
    return found


def _is_range(reader: Reader) -> bool:
    """Whether `måndag–fredag` follows, as timetables write it."""
    middle = reader.next(1)
    is_join = middle.kind == "dash" or middle.key in tokens.JOINS
    return is_join and all(reader.next(n).key in tokens.WEEKDAYS for n in (0, 2))


def _of_week(reader: Reader) -> Dated | None:
    """`fredag och lördag i vecka 47`."""
    begin = reader.at
    weekdays = _listed(reader)
    reader.skip(tokens.IN)
    if reader.next().key in tokens.WEEK:
        rule, year = period_ahead(reader)
        return Weekdays(weekdays, rule), year
    reader.at = begin
    return None


def _listed(reader: Reader) -> frozenset[int]:
    """`Friday, Saturday and Sunday`, `måndag till torsdag`, `varje fredag och varje lördag`."""
    found = [_weekday(reader)]
    while True:
        begin = reader.at
        is_range = reader.join()
        is_listed = reader.skip(tokens.AND)
        reader.skip(tokens.AND)
        reader.skip(tokens.EVERY)
        is_weekday = reader.next().key in _WEEKDAYS or suggestions.is_nearly_weekday(reader.next())
        if not (is_range or is_listed) or not is_weekday:
            reader.at = begin
            return frozenset(day % 7 for day in found)
        day = _weekday(reader)
        found += range(found[-1], found[-1] + (day - found[-1]) % 7) if is_range else ()
        found.append(day)


def _weekday(reader: Reader) -> int:
    if reader.next().key not in _WEEKDAYS:
        raise suggestions.unknown(reader, weekdays=True)
    return _WEEKDAYS[reader.take().key]


def _within(reader: Reader, weekdays: frozenset[int]) -> Dated:
    """The weekdays with the days they lie in: `i oktober och november`, `from 1 June to 31 August`."""
    begin = reader.at
    is_in = reader.skip(tokens.IN)
    ahead = reader.next()
    if ahead.is_year and reader.next(1).kind != "dash":
        reader.at = begin  # `fredagar under 2027`
    elif ahead.key in tokens.CHRISTMAS:
        raise reader.mistake("S143", ahead, value=reader.written(ahead))
    elif ahead.key in tokens.MONTHS and (several := _of_months(reader)):
        return Weekdays(weekdays, several), year_ahead(reader, is_last=True)
    elif is_in or _is_period(reader):
        rule, year = period_ahead(reader)
        return Weekdays(weekdays, rule), year
    return Weekdays(weekdays), year_ahead(reader, is_last=True)


def _of_months(reader: Reader) -> Rule | None:
    """`October and November`; None if a period or a day begins with the month."""
    begin = reader.at
    months = _months(reader)
    if reader.next().kind == "dash" or reader.next().key in tokens.JOINS or reader.next().is_day:
        reader.at = begin
        return None
    return Several(tuple(Alone(Month(month)) for month in sorted(months)))


def _is_period(reader: Reader) -> bool:
    """Whether a period follows weekdays without `in`: `fredagar 1 juni–31 augusti`, `lördagar vecka 40–50`."""
    ahead, following = reader.next(), reader.next(1)
    if ahead.key in tokens.FROM | tokens.BETWEEN | tokens.WEEK | tokens.WHOLE | tokens.MONTHS.keys():
        return not suggestions.is_time_ahead(reader)
    is_day = following.key in tokens.MONTHS.keys() | tokens.JOINS or following.kind == "dash"
    return ahead.is_day and is_day
