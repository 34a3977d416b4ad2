"""Translates days and hours of the file into the language of the reader. Pure.

Word for word, by the tables of the grammars. A text stays as written if a word is in no table, or if the translation,
read again, has another meaning."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from controller.errors import Mistake
from controller.locale import Language
from controller.schedule.days import Days
from controller.schedule.holidays import CALLED, NAMES, key
from controller.schedule.hours import Window
from controller.schedule.hours_grammar import NAMES_OF_TIMES
from controller.schedule.tokens import MONTH_NAMES, MONTHS, WEEKDAY_NAMES, WEEKDAYS, WEEKDAYS_PLURAL, language_of

Names = Mapping[Language, str]
_WORD = re.compile(r"[^\W\d_][^\W\d_'’.:-]*(?<![.:-])")
_LONGEST = 5
"""Words of a name."""
_PLAIN: tuple[Names, ...] = tuple(
    {"en": english, "sv": swedish}
    for english, swedish in (
        *(("to", "till"), ("and", "och"), ("every", "varje"), ("week", "vecka"), ("weeks", "veckor")),
        *(("day", "dag"), ("days", "dagar"), ("night", "natt"), ("nights", "nätter"), ("in", "i"), ("except", "utom")),
        *(
            ("min", "min"),
            ("before", "före"),
            ("after", "efter"),
            ("from", "från"),
            ("last", "sista"),
            ("first", "första"),
        ),
        *(("second", "andra"), ("third", "tredje"), ("fourth", "fjärde"), ("year", "år"), ("h", "tim")),
        *(("all day", "hela dygnet"), ("all night", "hela natten"), ("between", "mellan"), ("of", "i")),
    )
)


def days_in_language(text: str, language: Language) -> str:
    """Days of the file in a language."""
    return _translated(text, language, Days.parse)


def hours_in_language(text: str, language: Language) -> str:
    """A window of hours in a language."""
    return _translated(text, language, Window.parse)


def _translated(text: str, language: Language, parse: Callable[[str], object]) -> str:
    if language_of(text) == language:
        return text
    try:
        translated = "".join(_words(text, language))
        return translated if parse(translated) == parse(text) else text
    except (Mistake, KeyError):
        return text


def _words(text: str, language: Language) -> Iterator[str]:
    """The text with each name and word translated; raises KeyError for one that is in no table."""
    at, words = 0, [*_WORD.finditer(text)]
    while words:
        for count in range(min(_LONGEST, len(words)), 0, -1):
            start, end = words[0].start(), words[count - 1].end()
            if names := _names(key(text[start:end])):
                yield text[at:start]
                yield names[language]
                at, words = end, words[count:]
                break
        else:
            raise KeyError(words[0][0])
    yield text[at:]


def _names(word: str) -> Names:
    """The names of a key in each language; empty for what is no word of the grammars."""
    if word in _TABLE:
        return _TABLE[word]
    if word in CALLED:
        return NAMES[CALLED[word]].words
    if word in MONTHS:
        return MONTH_NAMES[MONTHS[word] - 1]
    if word in WEEKDAYS_PLURAL:
        return _PLURALS[WEEKDAYS_PLURAL[word]]
    return WEEKDAY_NAMES[WEEKDAYS[word]] if word in WEEKDAYS else {}


def _table(rows: Iterable[Names]) -> dict[str, Names]:
    """The first row of a word counts: `i` becomes `in`."""
    found: dict[str, Names] = {}
    for row in rows:
        for name in row.values():
            found.setdefault(key(name), row)
    return found


_TABLE = _table((*NAMES_OF_TIMES, *_PLAIN))
_PLURALS: tuple[Names, ...] = tuple({"en": f"{names['en']}s", "sv": f"{names['sv']}ar"} for names in WEEKDAY_NAMES)
