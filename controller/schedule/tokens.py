"""The words of the day grammar in both languages, and a reader of the tokens of a text.

Words are compared by `holidays.key`, so `lordag` is `lördag`. To add a word, add it to its table here."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from controller.errors import Mistake
from controller.locale import Language
from controller.schedule.holidays import LANGUAGES, key


def _by_language(english: str, swedish: str) -> tuple[Mapping[Language, str], ...]:
    return tuple(
        dict(zip(LANGUAGES, names, strict=True)) for names in zip(english.split(), swedish.split(), strict=True)
    )


MONTH_NAMES = _by_language(
    "January February March April May June July August September October November December",
    "januari februari mars april maj juni juli augusti september oktober november december",
)
"""The names of each month by language, January first."""

WEEKDAY_NAMES = _by_language(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "måndag tisdag onsdag torsdag fredag lördag söndag",
)
"""The names of each day by language, Monday first."""


def _words(words: str) -> frozenset[str]:
    return frozenset(key(word) for word in words.split())


def _numbered(rows: str, start: int = 0) -> dict[str, int]:
    """The words of each row -> the number of the row; rows end with a comma."""
    return {word: number for number, row in enumerate(rows.split(","), start) for word in _words(row)}


MONTHS: Mapping[str, int] = {
    **{
        key(name[:letters]): month
        for month, names in enumerate(MONTH_NAMES, 1)
        for name in names.values()
        for letters in (len(name), 3)
    },
    "sept": 9,
}
"""Full names and their first three letters -> 1 to 12."""

CHRISTMAS = frozenset(("jul",))
"""The abbreviation of a month that is also Swedish for Christmas."""

WEEKDAYS: Mapping[str, int] = _numbered(
    "monday mon måndag måndagen mån, tuesday tue tues tisdag tisdagen tis, wednesday wed onsdag onsdagen ons, "
    "thursday thu thur thurs torsdag torsdagen tor tors, friday fri fredag fredagen fre, "
    "saturday sat lördag lördagen lör, sunday sun söndag söndagen sön"
)
"""-> 0 for Monday to 6 for Sunday."""

WEEKDAYS_PLURAL: Mapping[str, int] = _numbered(
    ", ".join(f"{names['en']}s {names['sv']}ar {names['sv']}arna" for names in WEEKDAY_NAMES)
)
"""`Fridays`, `fredagar`."""

ORDINALS: Mapping[str, int] = _numbered(
    "last sista siste, , first första förste, second andra andre, third tredje, fourth fjärde, fifth femte, "
    "sixth sjätte, seventh sjunde, eighth åttonde, ninth nionde, tenth tionde",
    start=-1,
)
"""Words that count days of a month: `första juni`, `sista februari`, `the first of May`; -1 is the last."""
ENGLISH_ORDINALS = _words("first second third fourth fifth sixth seventh eighth ninth tenth last")

PLACES: Mapping[str, int] = {word: place for word, place in ORDINALS.items() if place <= 4}
"""First to fourth, and -1 for the last."""

ORDINAL_WORDS: Mapping[str, str] = {
    written: word
    for word, forms in (
        *(("first", "1st"), ("second", "2nd"), ("third", "3rd"), ("fourth", "4th")),
        *(("forsta", "1:a 1a 1:e 1e"), ("andra", "2:a 2a 2:e 2e"), ("tredje", "3:e 3e 3:a 3a")),
        ("fjarde", "4:e 4e 4:a 4a"),
    )
    for written in forms.split()
}
"""Ordinals in digits -> the word, as a key."""


EVERY = _words("every each all varje var alla samtliga")
DAY = _words("day dag dagen")
ALSO_IN_NAMES = _words("alla all")
"""Words of EVERY that a named day may also begin with, `alla helgons dag`, or `all of November`."""

ALL_DAYS = _words(
    "day days night nights evening evenings dag dagar natt nätter kväll kvällar dygn dagarna nätterna kvällarna"
)
WEEK = _words("week weeks wk w vecka veckan veckor veckorna v")
JOINS = _words("to till until til through thru tom")
FROM = _words("from från")
IN = _words("in of i during under on på")
LEADS = FROM | IN
ARTICLES = _words("the den")
WHOLE = _words("whole entire hela all")
BETWEEN = _words("between mellan")
OF = _words("of i in")
AND = _words("and och samt & , ;")
MONTH = _words("month månad månaden")


def _phrases(phrases: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(key(phrase).split()) for phrase in phrases.split(","))


YEARLY = _phrases("every year, each year, varje år, alla år, yearly, annually, årligen")
"""Phrases that add nothing to days without a year."""
ONLY = _words("only just bara endast enbart in i år year under during")
"""Words that may stand before a year."""
EXCEPT = _phrases(
    "except for, except, excepting, excluding, but not, but, not, with the exception of, apart from, other than, "
    "utom, förutom, men inte, men ej, dock inte, dock ej, inte, ej, med undantag för, med undantag av, bortsett från"
)
"""Words before days that are left out."""
AFTER_DAYS = AND | ONLY | {phrase[0] for phrase in (*EXCEPT, *YEARLY)}
"""Words that may follow a day that is a number alone, as the 26 of `November 20–26`."""
BEFORE = _words("before före innan")
NIGHT = _words("night natt natten")
TOWARDS = _words("to till mot")
"""Words between a night and the day on whose morning it ends."""
AFTER = _words("after efter")
NUMBER_WORDS: Mapping[str, int] = _numbered(
    "one a an en ett, two två, three tre, four fyra, five fem, six sex, seven sju", start=1
)
CLOCK = _words("kl klockan at")
HALF_DAYS = _words("am pm")
TIMES = _words(
    "sunset sunrise dusk dawn midnight noon midday solnedgång solnedgången soluppgång soluppgången skymning skymningen "
    "gryning gryningen midnatt evenings evening nights night kvällar kvällstid kväll nattetid hour hours timmar tim"
)
"""Words that begin a time of day, which was written after days."""

_ENGLISH = _words(
    "and every each the from first second third fourth last week weeks except in of sunset sunrise before"
)
_SWEDISH = _words(
    "och varje alla från första andra tredje fjärde sista vecka veckor utom i under solnedgång före dagar"
)


def language_of(text: str) -> Language | None:
    """The language of the words in a text that only one language has; None without any."""
    words = {key(word) for word in re.findall(r"[^\W\d_]+", text)}
    months = {language: {key(names[language]) for names in (*MONTH_NAMES, *WEEKDAY_NAMES)} for language in LANGUAGES}
    words |= {word.removesuffix("s") for word in words} | {re.sub("ar(na)?$", "", word) for word in words}
    english, swedish = (months["en"] - months["sv"]) | _ENGLISH, (months["sv"] - months["en"]) | _SWEDISH
    is_english, is_swedish = bool(words & english), bool(words & swedish) or bool(re.search("[åäöÅÄÖ]", text))
    return None if is_english == is_swedish else "en" if is_english else "sv"


UNITS: Mapping[str, int] = {
    **dict.fromkeys(_words("day days d dag dagar dygn"), 1),
    **dict.fromkeys(_words("week weeks vecka veckor"), 7),
}
"""Units of a shift -> days."""

DASH = "[-‐‑‒–—―−]"
_TOKEN = re.compile(
    rf"""
    (?P<iso>[0-9]{{4}}{DASH}[0-9]{{1,2}}{DASH}[0-9]{{1,2}}(?![0-9]))
  | (?P<isoweek>[0-9]{{4}}{DASH}?W[0-9]{{1,2}}(?![0-9]))
  | (?P<figures>[0-9]+\s?[/.]\s?[0-9]+(?:\s?[/.]\s?[0-9]+)?|[0-9]+{DASH}[0-9]+{DASH}[0-9]+)
  | (?P<ordinal>[0-9]+(?:st|nd|rd|th|:?[ea])(?![^\W\d_]))
  | (?P<number>[0-9]{{1,2}}\.(?=\s?{DASH}|\s?[^\W\d_])|[0-9]+)
  | (?P<word>t\.?\s?o\.?\s?m\b\.?|fr\.?\s?o\.?\s?m\b\.?
            |[^\W\d_](?:[^\W\d_]|[\u0300-\u036f]|['’‘ʼ´`](?=[^\W\d_])|(?<=s)['’‘ʼ´`](?=\s))*\.?)
  | (?P<dash>{DASH})
  | (?P<plus>\+)
  | (?P<other>\S)
    """,
    re.VERBOSE | re.IGNORECASE,
)


_SPACED = {"t o m": "tom", "fr o m": "from"}
"""Abbreviations that may be written with spaces; `from` is the English word too."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or sign of the text, from offset `start` to `end`; `key` is its form for comparisons. Only spaces
    are in no token. `kind` is the name of the group of `_TOKEN` that it matched."""

    kind: str
    key: str
    start: int
    end: int

    @property
    def figures(self) -> tuple[int, ...]:
        """The numbers in it, with at most six digits each: a longer one is no part of any date."""
        return tuple(int(number[:6]) for number in re.findall("[0-9]+", self.key))

    @property
    def figure(self) -> int | None:
        """The number of a token such as `6` or `6th`."""
        return self.figures[0] if self.kind in ("number", "ordinal") else None

    @property
    def is_day(self) -> bool:
        """Whether it may be the number of a day or a week."""
        return self.figure is not None and len(self.key) < 4 + (self.kind == "ordinal") * 2

    @property
    def is_year(self) -> bool:
        """Whether it is a number that may be a year."""
        return self.kind == "number" and len(self.key) >= 4


class Reader:
    """The tokens of one text, read from left to right; `at` is the index of the next one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _without_brackets([_token(found) for found in _TOKEN.finditer(text)])
        self.at = 0

    def next(self, ahead: int = 0) -> Token:
        """The next token, or the one `ahead` places after it; after the last one an empty token of kind `end`."""
        if self.at + ahead < len(self.tokens):
            return self.tokens[self.at + ahead]
        end = self.tokens[-1].end if self.tokens else len(self.text)
        return Token("end", "", end, end)

    def take(self) -> Token:
        """Reads the next token."""
        token = self.next()
        self.at += 1
        return token

    def skip(self, keys: Collection[str]) -> bool:
        """Reads the next token if it is one of these; returns whether it was."""
        found = self.next().key in keys
        self.at += found
        return found

    def skip_phrase(self, phrases: Iterable[tuple[str, ...]]) -> bool:
        """Reads the next tokens if they are one of these phrases; returns whether they were."""
        for phrase in phrases:
            if tuple(self.next(n).key for n in range(len(phrase))) == phrase:
                self.at += len(phrase)
                return True
        return False

    def lead(self) -> bool:
        """Reads `from`, `från och med`, `on`; returns whether there was one."""
        return self.skip(LEADS) and self._inclusive()

    def join(self) -> bool:
        """Reads `to`, `till`, `till och med` or a dash; returns whether there was one."""
        if self.next().kind != "dash" and self.next().key not in JOINS:
            return False
        self.at += 1
        return self._inclusive()

    def _inclusive(self) -> bool:
        """Reads `och med`, which adds nothing: every period includes its last day."""
        if self.next().key == "och" and self.next(1).key == "med":
            self.at += 2
        return True

    def number(self) -> Token | None:
        """Reads a number with its article: `20`, `den 20:e`; None, with nothing read, without a number."""
        begin = self.at
        self.skip(ARTICLES)
        if self.next().figure is not None:
            return self.take()
        self.at = begin
        return None

    @property
    def end(self) -> int:
        """Offset of the end of the last token read."""
        return self.tokens[self.at - 1].end if self.at else 0

    def written(self, first: Token, last: Token | None = None) -> str:
        """The text from one token to another."""
        return self.text[first.start : (last or first).end]

    def mistake(self, code: str, first: Token, last: Token | None = None, **fields: object) -> Mistake:
        """A mistake placed from one token to another."""
        return Mistake(f"TWL-{code}", start=first.start, end=(last or first).end, **fields)


def _without_brackets(found: list[Token]) -> list[Token]:
    """Round brackets around exceptions or around the year are read as a comma: `6 June (only 2027)`."""
    opened = [
        i
        for i, (token, following) in enumerate(pairwise(found))
        if token.key == "(" and (following.is_year or following.key in AFTER_DAYS)
    ]
    if len(opened) != 1 or sum(token.key in ("(", ")") for token in found) != 2:
        return found
    found[opened[0]] = replace(found[opened[0]], key=",")
    return [token for token in found if token.key != ")"]


def _token(found: re.Match[str]) -> Token:
    kind = found.lastgroup or "other"
    word = key(found[0]) if kind == "word" else found[0].lower()
    return Token(kind, _SPACED.get(word, word), *found.span())
