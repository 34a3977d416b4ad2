"""What was probably meant where the day grammar cannot be read: near words, seasons, the order of figures."""

import difflib
from collections.abc import Iterable
from datetime import date

from controller.errors import Mistake
from controller.schedule import words
from controller.schedule.feasts import SEASONS, SPELLINGS, key
from controller.schedule.reader import Reader
from controller.schedule.recurrence import EARLIEST, LATEST
from controller.schedule.words import Token

_STOPS = frozenset((*words.JOINS, *words.IN, *words.AND))
_MONTHS = {key(name): name for names in words.MONTH_NAMES for name in names}
_WEEKDAYS = {key(name): name for names in words.WEEKDAY_NAMES for name in names}
_WORDS, _LETTERS = 5, 40
"""No name has more, and longer ones take long to compare."""


def month_missing(reader: Reader, first: Token, last: Token) -> Mistake:
    """After the numbers from `first` to `last` no month stands at hand."""
    word = reader.next()
    meant = _nearest(word.key, _MONTHS) if word.kind == "word" else None
    if meant:
        return reader.wrong("S102", word, word=reader.said(word), suggestion=_in_case_of(reader.said(word), meant))
    if word.kind == "word" and word.key not in _STOPS:
        return reader.wrong("S101", first, word, value=reader.said(first, word))
    return order_unclear(reader, first, last)


def order_unclear(reader: Reader, first: Token, last: Token) -> Mistake:
    """The figures from `first` to `last`, as `20/11`, with each day that they can mean."""
    figures = first.figures if first is last else (*first.figures, *last.figures)
    meant = [*dict.fromkeys(_readings(figures))]
    if not meant:
        return reader.wrong("S101", first, last, value=reader.said(first, last))
    english, swedish = (
        conjunction.join(f"`{day} {words.MONTH_NAMES[month - 1][language]}{year}`" for year, month, day in meant)
        for language, conjunction in enumerate((" or ", " eller "))
    )
    return reader.wrong("S105", first, last, value=reader.said(first, last), english=english, swedish=swedish)


def _readings(figures: tuple[int, ...]) -> Iterable[tuple[str, int, int]]:
    """Year as it is written behind, month and day: the day first, as in Sweden, then the month first."""
    if len(figures) == 3 and figures[0] >= EARLIEST:
        orders = [(figures[0], figures[1], figures[2])]
    elif len(figures) == 3:
        year = figures[2] + 2000 if figures[2] < 100 else figures[2]
        orders = [(year, figures[1], figures[0]), (year, figures[0], figures[1])]
    elif len(figures) == 2:
        orders = [(2000, figures[1], figures[0]), (2000, figures[0], figures[1])]
    else:
        orders = []
    for year, month, day in orders:
        if EARLIEST <= year <= LATEST and _is_day(year, month, day):
            yield (f" {year}" if len(figures) == 3 else ""), month, day


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def unknown(reader: Reader, *, weekdays: bool = False) -> Mistake:
    """What is at hand is no day at all."""
    first = reader.next()
    if first.kind == "end":
        return reader.wrong("S118", first)
    ahead = [first]
    while (token := reader.next(len(ahead))).kind == "word" and token.key not in _STOPS and len(ahead) < _WORDS:
        ahead.append(token)
    if first.kind != "word":
        return reader.wrong("S101", first, ahead[-1], value=reader.said(first, ahead[-1]))
    candidates = _WEEKDAYS if weekdays else {**SPELLINGS, **_MONTHS}
    for last in reversed(ahead):
        said = reader.said(first, last)
        if season := SEASONS.get(key(said)):
            return reader.wrong("S144", first, last, value=said, english=season[0], swedish=season[1])
        meant = _nearest(key(said), candidates)
        if meant:
            code = "S102" if key(meant) in _MONTHS else "S108"
            return reader.wrong(code, first, last, word=said, suggestion=_in_case_of(said, meant))
    return reader.wrong("S101", first, ahead[-1], value=reader.said(first, ahead[-1]))


def _nearest(word: str, spellings: dict[str, str]) -> str | None:
    if not word or len(word) > _LETTERS:
        return None
    near = difflib.get_close_matches(word, spellings, n=1, cutoff=0.75)
    return spellings[near[0]] if near else None


def _in_case_of(said: str, meant: str) -> str:
    """English months begin with a capital letter and Swedish ones do not: keep to what was written."""
    if key(meant) not in _MONTHS:
        return meant
    return meant.capitalize() if said[:1].isupper() else meant.lower()
