"""Days of a yearly rule that differ in one year: `20–26 november`, but 21–27 in 2026. Pure.

The file expresses this with a list and with days that are left out: `dates: [20–26 november, 27 november 2026]` and
`except: 20 november 2026`. Every other year stays as it is. An occurrence belongs to the year in which it begins, as
everywhere in the day grammar: of `27 december till 6 januari` the first days of 2027 belong to 2026."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import chain

from controller.errors import readable
from controller.locale import DEFAULT, Language
from controller.schedule import tokens
from controller.schedule.days import Days
from controller.schedule.recurrence import LATEST, days_of, runs

_NEIGHBOURS = 3
"""Years on each side in which an occurrence may touch the days of a year."""
_FARTHEST = 9
"""Years within which every day recurs, as 29 February of 2104 after that of 2096."""
_CLOSE, _FAR = 14, 1000
"""Days from an occurrence to one that belongs to it, and to an occurrence that does not exist."""
_JOIN = {"en": "to", "sv": "till"}


@dataclass(frozen=True, slots=True)
class OneYearTexts:
    """What makes one year differ: days that are added, and days that are left out, each with its year."""

    added: tuple[str, ...]
    left_out: tuple[str, ...]


def is_yearly(texts: Iterable[str]) -> bool:
    """Whether these days, one or more, recur every year; raises Mistake if they cannot be read."""
    return {Days.parse(text).year for text in texts} == {None}


def days_belonging_to(year: int, texts: Iterable[str]) -> frozenset[date]:
    """The days of all occurrences that begin in a year; those of a text with a year of its own in any case."""
    return frozenset(chain(*(_days(text, year) for text in texts)))


@lru_cache(maxsize=4096)
def _days(text: str, year: int) -> frozenset[date]:
    days = Days.parse(text)
    spans = days.rule.occurrences(year if days.year is None else days.year)
    return frozenset(chain(*(days_of(*span) for span in spans)))


def only_in(year: int, wanted: Sequence[str], yearly: Sequence[str]) -> OneYearTexts:
    """The additions and exceptions that turn the yearly days into `wanted` in one year; `wanted` needs no year. Raises
    Mistake if a text cannot be read."""
    usual = days_belonging_to(year, yearly)
    asked = frozenset(chain(*(_asked(text, year, usual) for text in wanted)))
    others = frozenset(chain(*(days_belonging_to(each, yearly) for each in _neighbours(year))))
    added, left_out = asked - usual - others, usual - asked - others
    return OneYearTexts(
        _with_year(wanted, year, added) or in_words(added, language_of((*wanted, *yearly))),
        _with_year(yearly, year, left_out) or in_words(left_out, language_of(yearly)),
    )


def days_in_year(year: int, yearly: Sequence[str], texts: OneYearTexts) -> tuple[str, ...]:
    """The days of one year, as made by `only_in`, for people: without the year if it is this one."""
    kept = days_belonging_to(year, yearly) - days_belonging_to(year, texts.left_out)
    if not kept and texts.added:
        return tuple(_without_year(text, year) for text in texts.added)
    return in_words(kept | days_belonging_to(year, texts.added), language_of((*texts.added, *yearly)), year)


def dated(year: int, texts: Sequence[str]) -> tuple[str, ...]:
    """Days of one year, each with that year."""
    days = days_belonging_to(year, texts)
    return _with_year(texts, year, days) or in_words(days, language_of(texts))


def ends_after(year: int, days: Mapping[int, Sequence[str]], yearly: Sequence[str], today: date) -> tuple[str, ...]:
    """Yearly days that end with a year, each year by itself; `days` are those of years that differ. Days before today
    are left out."""
    first = min(next_year(yearly, today), year)
    return tuple(chain(*(dated(each, days.get(each, yearly)) for each in range(first, year + 1))))


def next_year(texts: Sequence[str], today: date) -> int:
    """The year whose occurrence is not over yet."""
    years = range(today.year - 1, min(today.year + _FARTHEST, LATEST))
    return next((year for year in years if max(days_belonging_to(year, texts), default=date.min) >= today), today.year)


def year_of(day: date, yearly: Sequence[str], differing: Collection[int] = ()) -> int:
    """The year whose occurrence a day beside the usual ones is meant for: that of an occurrence close by, else one of
    those that differ in any case, else its own."""

    def rank(year: int) -> tuple[bool, bool, bool, int]:
        distance = min((abs((one - day).days) for one in days_belonging_to(year, yearly)), default=_FAR)
        return distance > _CLOSE, year not in differing, year != day.year, distance

    return min((day.year - 1, day.year, day.year + 1), key=rank)


def in_words(days: Collection[date], language: Language, year: int | None = None) -> tuple[str, ...]:
    """Days as texts of the day grammar, one for each run of days; without the year if it is `year`."""
    return tuple(_run(first, last, language, year) for first, last in runs(sorted(days)))


def language_of(texts: Iterable[str]) -> Language:
    """The language of days, by the first text that shows it: by its words, or because only English begins a month with
    a capital letter."""
    listed = tuple(texts)
    by_words = next((found for text in listed if (found := tokens.language_of(text))), None)
    if by_words is None:
        months = {names["sv"] for names in tokens.MONTH_NAMES}
        by_words = "sv" if any(not months.isdisjoint(text.split()) for text in listed) else DEFAULT
    return by_words


def _asked(text: str, year: int, usual: frozenset[date]) -> frozenset[date]:
    """The days that a text means in one year. If the usual days continue in the next, `2–8 januari` is beside them."""
    goes_on = any(day.year > year for day in usual)
    choices = [days_belonging_to(each, [text]) for each in ((year, year + 1) if goes_on else (year,))]
    distances = [min((abs((one - day).days) for one in days for day in usual), default=LATEST) for days in choices]
    return choices[distances.index(min(distances))]


def _neighbours(year: int) -> Iterable[int]:
    return (each for each in range(year - _NEIGHBOURS, year + _NEIGHBOURS + 1) if each != year)


def _with_year(texts: Sequence[str], year: int, days: frozenset[date]) -> tuple[str, ...]:
    """The texts as written, with the year, if this means exactly these days; else none."""
    found: list[str] = []
    for text in texts if days == days_belonging_to(year, texts) else ():
        own, candidates = days_belonging_to(year, [text]), [text, f"{text} {year}", f"{text} {year + 1}"]
        dated = next((one for one in candidates if _means(one, own)), None)
        if dated is None:
            return ()
        found.append(dated)
    return tuple(found)


def _without_year(text: str, year: int) -> str:
    """A text with this year, worded for this year only."""
    bare = re.sub(r"\s+[0-9]{4}$", "", text)
    return bare if readable(days_belonging_to, year, [bare]) == days_belonging_to(year, [text]) else text


def _means(text: str, days: frozenset[date]) -> bool:
    """Whether a text has a year and means these days."""
    parsed = readable(Days.parse, text)
    return parsed is not None and parsed.year is not None and days_belonging_to(parsed.year, [text]) == days


def _run(first: date, last: date, language: Language, year: int | None) -> str:
    if first.year == year:
        text = _written(first, last, language, "")
        if readable(days_belonging_to, year, [text]) == frozenset(days_of(first, last)):
            return text
    return _written(first, last, language, f" {last.year}")


def _written(first: date, last: date, language: Language, year: str) -> str:
    end = f"{last.day} {_month(last, language)}{year}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    begin = f"{first.day} {_month(first, language)}"
    if first.year != last.year and year:
        begin += f" {first.year}"
    return f"{begin} {_JOIN[language]} {end}"


def _month(day: date, language: Language) -> str:
    return tokens.MONTH_NAMES[day.month - 1][language]
