"""Days with a name, groups of them, and seasons: the tables of `holidays.toml`.

Names are compared by `key`: in any case, with any apostrophe or none, and with a for å and ä."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from controller.events.models import InEachLanguage
from controller.locale import Language
from controller.normal_form import normalized

SUNDAY = 6

Holiday = Callable[[int], date]
LANGUAGES: tuple[Language, ...] = ("en", "sv")
"""Languages in which days may be written."""

_TABLES = tomllib.loads(Path(__file__).with_name("holidays.toml").read_text("utf-8"))


@cache
def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar.

    Source: the anonymous algorithm of 1876, as in J. Meeus, Astronomical Algorithms, chapter 8.
    """
    golden = year % 19
    century, of_century = divmod(year, 100)
    leaps, of_leaps = divmod(century, 4)
    drift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - drift + 15) % 30
    quarter, of_quarter = divmod(of_century, 4)
    to_sunday = (32 + 2 * of_leaps + 2 * quarter - epact - of_quarter) % 7
    late = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def weekday_from(day: date, weekday: int) -> date:
    """The first such weekday (Monday is 0) on or after `day`."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _holiday(*, easter_days: int = 0, month: int = 0, day: int = 0, weekday: int | None = None) -> Holiday:
    if not month:
        return lambda year: easter(year) + timedelta(days=easter_days)
    if weekday is None:
        return lambda year: date(year, month, day)
    return lambda year: weekday_from(date(year, month, day), weekday)


def key(name: str) -> str:
    """A name for comparisons: lower case, without apostrophes, dots, rings and accents, one space between words."""
    letters = normalized("NFKD", name).casefold()
    return " ".join(re.sub("[\u0300-\u036f'’‘ʼ´`.]", "", letters).split())


def _names() -> Iterator[tuple[str, str]]:
    """The internal name of each holiday, and each of its written names."""
    for name, row in _TABLES["days"].items():
        yield name, name
        for language in LANGUAGES:
            yield from ((name, written) for written in row.get(language, "").split(", ") if written)


HOLIDAYS: Mapping[str, Holiday] = {
    name: _holiday(**{part: row[part] for part in ("easter_days", "month", "day", "weekday") if part in row})
    for name, row in _TABLES["days"].items()
}
"""Internal name of a holiday -> its day in a year."""

SPELLINGS: Mapping[str, str] = {key(written): written for _, written in _names()}
"""Every key -> the name as it is written."""

CALLED: Mapping[str, str] = {key(written): name for name, written in _names()}
"""Every key -> internal name of the holiday."""

NAMES: Mapping[str, InEachLanguage] = {
    name: InEachLanguage({"en": name, "sv": row["sv"].split(", ")[0]}) for name, row in _TABLES["days"].items()
}
"""Internal name of a holiday -> its written name, in each of LANGUAGES."""

FLAG_DAYS = tuple(name for name, row in _TABLES["days"].items() if row.get("flag_day"))

RIKSDAG_ELECTION = 2, SUNDAY, 9
"""The second Sunday of September every fourth year, as 2022: Elections Act (2005:837), chapter 1, section 3."""

ADVENT_SUNDAYS = tuple(f"{each} Sunday of Advent" for each in ("first", "second", "third", "fourth"))

GROUPS: Mapping[str, str] = {
    key(name): group for group, names in _TABLES["groups"].items() for name in names.split(", ")
}
"""Every key of a group of named days -> internal name of the group."""


def _seasons() -> Iterator[tuple[str, Mapping[Language, str]]]:
    for row in _TABLES["seasons"]:
        keys = {language: [key(name) for name in row[language].split(", ")] for language in row["means"]}
        for name in dict.fromkeys(name for names in keys.values() for name in names):
            meanings = [text for language, text in row["means"].items() if name in keys[language]]
            yield name, row["means"] if len(meanings) > 1 else dict.fromkeys(LANGUAGES, meanings[0])


SEASONS: Mapping[str, Mapping[Language, str]] = dict(_seasons())
"""Every key of a season -> the days that it may mean, in the language of the name: it is asked about."""
