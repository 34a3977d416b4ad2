"""Mistakes of the day grammar with their probable meaning: near words, seasons, the order of figures."""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from controller.errors import Mistake
from controller.events.models import InEachLanguage
from controller.likeness import likeliest
from controller.locale import Language
from controller.schedule import tokens
from controller.schedule.holidays import CALLED, SEASONS, SPELLINGS, key
from controller.schedule.recurrence import EARLIEST, LATEST
from controller.schedule.tokens import Reader, Token
from controller.text_field import Slip

_STOPS = frozenset((*tokens.JOINS, *tokens.IN, *tokens.AND))
_NAMES_OF_WEEKDAYS = {key(name): name for names in tokens.WEEKDAY_NAMES for name in names.values()}
_MONTHS = {key(name): month for month, names in enumerate(tokens.MONTH_NAMES, 1) for name in names.values()}
_WEEKDAYS = {name: tokens.WEEKDAYS[name] for name in _NAMES_OF_WEEKDAYS}
_EVENINGS = re.compile("([a-z]+dag)s(?:kvall|natt|natter|kvallar)(?:en|na|arna)?")
"""`fredagskvällar`, `lördagsnätterna`."""
_NO_SLIPS = frozenset(("fridag", "fridagar"))
"""Words of their own (a day off) that are close to the name of a weekday."""
_WORDS = 5
"""Largest number of words in a name."""


def _slip(code: str, first: Token, last: Token, *meant: str | Mapping[Language, str], **fields: object) -> Slip:
    return Slip(f"TWL-{code}", start=first.start, end=last.end, meant=meant, **fields)


def season_in_a_phrase(slip: Slip, written: str) -> Mistake:
    """Asks which day of a season is meant, in a phrase in which its days make no sense."""
    meant = slip.meant[0]
    days = meant if isinstance(meant, str) else InEachLanguage(meant)
    return Mistake("TWL-S153", start=slip.start, end=slip.end, value=written, span=days)


def month_missing(reader: Reader, first: Token, last: Token) -> Mistake:
    """The numbers from `first` to `last` are not followed by a month."""
    word = reader.next()
    meant = likeliest(word.key, _MONTHS) if word.kind == "word" else None
    if meant:
        return _near("S102", reader, word, word, meant)
    if word.kind == "word" and word.key not in _STOPS:
        return reader.mistake("S101", first, word, value=reader.written(first, word))
    dash, following = reader.next(), reader.next(1)
    if dash.kind == "dash" and following.kind == "figures" and len(following.figures) == 2:  # `4-6/12`
        (last_day, month), day = following.figures, first.figures[-1]
        if 1 <= month <= 12 and 1 <= day < last_day:
            names = tokens.MONTH_NAMES[month - 1].items()
            days = {language: f"{day}–{last_day} {name}" for language, name in names}
            return _slip("S105", first, following, days, value=reader.written(first, following))
    if first.is_year and len(first.key) == 4 and first is last:
        return reader.mistake("S261", first, value=reader.written(first))
    if first is last and first.is_day and 1 <= first.figures[-1] <= 31 and reader.next(1).kind != "figures":
        return reader.mistake("S262", first, value=reader.written(first), day=first.figures[-1])
    return order_unclear(reader, first, last)


def order_unclear(reader: Reader, first: Token, last: Token) -> Mistake:
    """The figures from `first` to `last`, as `20/11`, with each day they can mean."""
    figures = first.figures if first is last else (*first.figures, *last.figures)
    readings = [*dict.fromkeys(_readings(figures))]
    if not readings:
        return reader.mistake("S101", first, last, value=reader.written(first, last))
    meant = (
        {language: f"{day} {name}{year}" for language, name in tokens.MONTH_NAMES[month - 1].items()}
        for year, month, day in readings
    )
    return _slip("S105", first, last, *meant, value=reader.written(first, last))


def _readings(figures: tuple[int, ...]) -> Iterable[tuple[str, int, int]]:
    """Year as written, month and day: the day first, as in Sweden, then the month first."""
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


def is_time_ahead(reader: Reader, ahead: int = 0) -> bool:
    """Whether a time of day follows: `kl 18`, `from 18:00`, `solnedgång till 23:00`."""
    first, second = reader.next(ahead), reader.next(ahead + 1)
    leads = tokens.FROM | tokens.IN | tokens.BETWEEN | tokens.AFTER | tokens.BEFORE | tokens.AND | tokens.JOINS
    if first.key in leads:
        return is_time_ahead(reader, ahead + 1)
    if first.key in tokens.CLOCK:
        return second.figure is not None or second.kind == "figures"
    is_clock = first.figure is not None and (second.key == ":" or second.key in tokens.HALF_DAYS)
    return is_clock or first.key in tokens.TIMES


def is_nearly_weekday(word: Token) -> bool:
    """Whether a word is the name of a weekday with a typing error."""
    return word.kind == "word" and _meant([word.key], weekdays=True) is not None


def unknown(reader: Reader, *, weekdays: bool = False) -> Mistake:
    """The next words are no day."""
    first = reader.next()
    if first.kind == "end":
        return reader.mistake("S118", first)
    ahead = [first]
    while (token := reader.next(len(ahead))).kind == "word" and token.key not in _STOPS and len(ahead) < _WORDS:
        ahead.append(token)
    if first.kind != "word":
        return reader.mistake("S101", first, ahead[-1], value=reader.written(first, ahead[-1]))
    for last in reversed(ahead):
        written = reader.written(first, last)
        if season := SEASONS.get(key(written)):
            return _slip("S144", _every_before(reader) or first, last, season, value=written)
        if found := _EVENINGS.fullmatch(key(written)):
            every = f"varje {tokens.WEEKDAY_NAMES[tokens.WEEKDAYS[found[1]]]['sv']}"
            return _slip("S144", _every_before(reader) or first, last, every, value=written)
        meant = _meant(key(written).split(), weekdays=weekdays)
        if meant:
            return _near("S102" if meant in _MONTHS else "S108", reader, first, last, meant)
    return reader.mistake("S101", first, ahead[-1], value=reader.written(first, ahead[-1]))


def written_apart(text: str) -> Slip | None:
    """The named days whose compound word is written as several words, `Jul afton`; None without any."""
    words = [token for token in Reader(text).tokens if token.kind == "word"]
    apart: list[tuple[Token, Token]] = []
    for at, first in enumerate(words):
        of_name = (last for last in words[at + 1 : at + _WORDS] if _is_apart(text[first.start : last.end]))
        if (last := next(of_name, None)) is not None:
            apart.append((first, last))
    if not apart:
        return None
    first, last = apart[0][0], apart[-1][1]
    meant = text[first.start : last.end]
    for begin, end in apart:
        written = text[begin.start : end.end]
        meant = meant.replace(written, SPELLINGS[_joined(written)])
    return _slip("S108", first, last, meant, word=text[first.start : apart[0][1].end])


def _is_apart(written: str) -> bool:
    return _joined(written) in CALLED and key(written) not in CALLED


def _joined(written: str) -> str:
    return key(written).replace(" ", "")


def _every_before(reader: Reader) -> Token | None:
    """The `every` before the next word: `every weekend` has a suggestion of its own."""
    before = reader.tokens[reader.at - 1] if reader.at else None
    return before if before is not None and before.key in tokens.EVERY else None


def _meant(written: list[str], *, weekdays: bool) -> str | None:
    """The key of the name of which one word has a typing error and all others are exact; None for any other phrase,
    since phrases are not guessed."""
    if weekdays:
        is_slip = len(written) == 1 and written[0] not in _NO_SLIPS
        return likeliest(written[0], _WEEKDAYS, among_words=True) if is_slip else None
    known = {**CALLED, **_MONTHS} if len(written) == 1 else CALLED
    names = {tuple(name.split()): what for name, what in known.items() if name.count(" ") + 1 == len(written)}
    found: dict[str, object] = {}
    for i, word in enumerate(written):
        beside = (*written[:i], *written[i + 1 :])
        alike = {name[i]: what for name, what in names.items() if (*name[:i], *name[i + 1 :]) == beside}
        meant = likeliest(word, alike, among_words=True)
        if meant:
            found[" ".join((*written[:i], meant, *written[i + 1 :]))] = alike[meant]
    return next(iter(found)) if len(set(found.values())) == 1 else None


def _near(code: str, reader: Reader, first: Token, last: Token, meant: str) -> Slip:
    """A typing error in the name whose key is `meant`. A month is suggested in English if it was written with a
    capital letter, which Swedish months do not have."""
    written = reader.written(first, last)
    if meant in _MONTHS:
        name = tokens.MONTH_NAMES[_MONTHS[meant] - 1]["en" if written[:1].isupper() else "sv"]
    else:
        name = {**SPELLINGS, **_NAMES_OF_WEEKDAYS}[meant]
    return _slip(code, first, last, name, word=written)
