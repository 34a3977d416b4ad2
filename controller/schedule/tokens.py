"""The words of the day grammar in both languages, and a text cut into them.

All words are keys (`feasts.key`): `lordag` is `lördag`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.locale import Language
from controller.schedule.holidays import key

LANGUAGES: tuple[Language, ...] = ("en", "sv")
"""Those in which days may be written."""

MONTH_NAMES: tuple[tuple[str, str], ...] = (
    ("January", "januari"),
    ("February", "februari"),
    ("March", "mars"),
    ("April", "april"),
    ("May", "maj"),
    ("June", "juni"),
    ("July", "juli"),
    ("August", "augusti"),
    ("September", "september"),
    ("October", "oktober"),
    ("November", "november"),
    ("December", "december"),
)
"""In the order of LANGUAGES, January first."""

WEEKDAY_NAMES: tuple[tuple[str, str], ...] = (
    ("Monday", "måndag"),
    ("Tuesday", "tisdag"),
    ("Wednesday", "onsdag"),
    ("Thursday", "torsdag"),
    ("Friday", "fredag"),
    ("Saturday", "lördag"),
    ("Sunday", "söndag"),
)
"""In the order of LANGUAGES, Monday first."""


def _table(*rows: str) -> dict[str, int]:
    return {key(word): number for number, row in enumerate(rows) for word in row.split()}


MONTHS: Mapping[str, int] = {
    **{key(name): month for month, names in enumerate(MONTH_NAMES, 1) for name in names},
    **{key(name[:3]): month for month, names in enumerate(MONTH_NAMES, 1) for name in names},
    "sept": 9,
}
"""Full names and their first three letters -> 1 to 12."""

CHRISTMAS = frozenset(("jul",))
"""The abbreviation of a month that is also Swedish for Christmas."""

WEEKDAYS: Mapping[str, int] = _table(
    "monday mon måndag måndagen mån",
    "tuesday tue tues tisdag tisdagen tis",
    "wednesday wed onsdag onsdagen ons",
    "thursday thu thur thurs torsdag torsdagen tor tors",
    "friday fri fredag fredagen fre",
    "saturday sat lördag lördagen lör",
    "sunday sun söndag söndagen sön",
)
"""-> 0 for Monday to 6 for Sunday."""

WEEKDAYS_PLURAL: Mapping[str, int] = {
    **{key(english) + "s": day for day, (english, _) in enumerate(WEEKDAY_NAMES)},
    **{key(swedish) + "ar": day for day, (_, swedish) in enumerate(WEEKDAY_NAMES)},
    **{key(swedish) + "arna": day for day, (_, swedish) in enumerate(WEEKDAY_NAMES)},
}
"""`Fridays`, `fredagar`."""

PLACES: Mapping[str, int] = {
    **_table("", "first första förste", "second andra", "third tredje", "fourth fjärde"),
    **dict.fromkeys(("last", "sista", "siste"), -1),
}
"""First to fourth, and -1 for the last."""

ORDINAL_WORDS: Mapping[str, str] = {
    "1st": "first",
    "2nd": "second",
    "3rd": "third",
    "4th": "fourth",
    **dict.fromkeys(("1:a", "1a", "1:e", "1e"), "forsta"),
    **dict.fromkeys(("2:a", "2a", "2:e", "2e"), "andra"),
    **dict.fromkeys(("3:e", "3e", "3:a", "3a"), "tredje"),
    **dict.fromkeys(("4:e", "4e", "4:a", "4a"), "fjarde"),
}

_FURTHER = "fifth sixth seventh eighth ninth tenth femte sjätte sjunde åttonde nionde tionde"
COUNTS = frozenset((*PLACES, *_table(_FURTHER)))
"""Every word that counts, those of PLACES among them."""

EVERY = frozenset(("every", "each", "varje", "var", "alla"))
DAY = frozenset(("day", "dag", "dagen"))
ALSO_IN_NAMES = frozenset(("alla",))
"""Begins a named day too, `alla helgons dag`."""

ALL_DAYS = frozenset(_table("day days night nights evening evenings dag dagar natt nätter kväll kvällar"))
WEEK = frozenset(("week", "weeks", "wk", "w", "vecka", "veckan", "veckor", "veckorna", "v"))
JOINS = frozenset(("to", "till", "until", "til", "through", "thru", "tom"))
FROM = frozenset(("from", "fran"))
LEADS = FROM | {"on", "pa"}
ARTICLES = frozenset(("the", "den"))
OF = frozenset(("of",))
IN = frozenset(("in", "of", "i"))
AND = frozenset(("and", "och", "&", ","))
UNITS: Mapping[str, int] = {
    **dict.fromkeys(("day", "days", "d", "dag", "dagar", "dygn"), 1),
    **dict.fromkeys(("week", "weeks", "vecka", "veckor"), 7),
}
"""Units of a shift -> days."""

_DASH = "[-‐‑‒–—―−]"
_TOKEN = re.compile(
    rf"""
    (?P<iso>[0-9]{{4}}{_DASH}[0-9]{{1,2}}{_DASH}[0-9]{{1,2}}(?![0-9]))
  | (?P<isoweek>[0-9]{{4}}{_DASH}?W[0-9]{{1,2}}(?![0-9]))
  | (?P<figures>[0-9]+\s?[/.]\s?[0-9]+(?:\s?[/.]\s?[0-9]+)?|[0-9]+{_DASH}[0-9]+{_DASH}[0-9]+)
  | (?P<ordinal>[0-9]+(?:st|nd|rd|th|:?[ea])(?![^\W\d_]))
  | (?P<number>[0-9]+)
  | (?P<word>t\.?\s?o\.?\s?m\b\.?|fr\.?\s?o\.?\s?m\b\.?
            |[^\W\d_](?:[^\W\d_]|[\u0300-\u036f]|['’‘ʼ´`](?=[^\W\d_])|(?<=s)['’‘ʼ´`](?=\s))*\.?)
  | (?P<dash>{_DASH})
  | (?P<plus>\+)
  | (?P<other>\S)
    """,
    re.VERBOSE | re.IGNORECASE,
)


_SPACED = {"t o m": "tom", "fr o m": "from"}
"""Abbreviations that may be written with spaces; `from` is the English word too."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text from `start` to `end`; `key` is the word or sign as it is compared."""

    kind: str
    key: str
    start: int
    end: int

    @property
    def figures(self) -> tuple[int, ...]:
        """The numbers in it; of one that is too long for any date, only that it is large."""
        return tuple(int(number[:6]) for number in re.findall("[0-9]+", self.key))

    @property
    def figure(self) -> int | None:
        """The number that this is, `6` or `6th`."""
        return self.figures[0] if self.kind in ("number", "ordinal") else None


def tokens(text: str) -> Iterator[Token]:
    """The text cut into words, numbers and signs; only space is left out."""
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or "other"
        word = key(found[0]) if kind == "word" else found[0].lower()
        yield Token(kind, _SPACED.get(word, word), *found.span())
