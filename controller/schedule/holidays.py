"""Days that have a name, in Sweden and among those who write English about Sweden.

To add a day, add a row to `_NAMED`: which day of a year it is, and its names, the first of which is its name in the
code. Names are compared by `key`, so in any case, with any apostrophe or none, and with a for å and ä.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache

from controller.locale import Language

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6

Holiday = Callable[[int], date]


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
    """The first such weekday (Monday is 0) on `day` or after it."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def _fixed(month: int, day: int) -> Holiday:
    return lambda year: date(year, month, day)


def _from_easter(days: int) -> Holiday:
    return lambda year: easter(year) + timedelta(days=days)


def _on(weekday: int, month: int, day: int) -> Holiday:
    """The first such weekday from this date on."""
    return lambda year: weekday_from(date(year, month, day), weekday)


def _advent(number: int, english: str, swedish: str) -> tuple[str, ...]:
    return (
        f"{english} Sunday of Advent",
        f"{english} Sunday in Advent",
        f"{swedish} söndagen i advent",
        f"{swedish} söndag i advent",
        f"{swedish} advent",
        f"{english} Advent",
        f"{number} advent",
    )


_NAMED: tuple[tuple[Holiday, tuple[str, ...]], ...] = (
    (_fixed(1, 1), ("New Year's Day", "nyårsdagen")),
    (_fixed(1, 5), ("Epiphany Eve", "trettondagsafton", "trettondedagsafton")),
    (_fixed(1, 6), ("Epiphany", "trettondagen", "trettondag jul", "trettondedagen", "trettondedag jul")),
    (_fixed(1, 13), ("Saint Knut's Day", "tjugondag Knut", "tjugondag jul", "tjugondagen")),
    (_fixed(2, 14), ("Valentine's Day", "alla hjärtans dag")),
    (_fixed(3, 8), ("International Women's Day", "internationella kvinnodagen")),
    (_from_easter(-47), ("Shrove Tuesday", "fettisdagen")),
    (_from_easter(-7), ("Palm Sunday", "palmsöndagen")),
    (_from_easter(-3), ("Maundy Thursday", "skärtorsdagen")),
    (_from_easter(-2), ("Good Friday", "långfredagen")),
    (_from_easter(-1), ("Easter Eve", "Holy Saturday", "påskafton", "påskaftonen")),
    (_from_easter(0), ("Easter Sunday", "Easter Day", "påskdagen", "påsksöndagen")),
    (_from_easter(1), ("Easter Monday", "annandag påsk", "annandagen påsk")),
    (_fixed(4, 30), ("Walpurgis Night", "Walpurgis", "Walpurgis Eve", "valborgsmässoafton", "valborg")),
    (_fixed(5, 1), ("May Day", "första maj")),
    (_from_easter(39), ("Ascension Day", "Kristi himmelsfärdsdag", "Kristi himmelsfärds dag")),
    (_from_easter(48), ("Whitsun Eve", "pingstafton", "pingstaftonen")),
    (_from_easter(49), ("Whit Sunday", "Whitsunday", "Pentecost", "pingstdagen")),
    (_from_easter(50), ("Whit Monday", "annandag pingst", "annandagen pingst")),
    (_fixed(6, 6), ("National Day", "Swedish National Day", "nationaldagen", "Sveriges nationaldag")),
    # Midsummer and All Saints' Day as Sweden has had them since 1953; taken for every year
    (_on(FRIDAY, 6, 19), ("Midsummer Eve", "Midsummer's Eve", "midsommarafton", "midsommaraftonen")),
    (_on(SATURDAY, 6, 20), ("Midsummer Day", "Midsummer's Day", "midsommardagen")),
    (_on(FRIDAY, 10, 30), ("All Saints' Eve", "allhelgonaafton")),
    (_on(SATURDAY, 10, 31), ("All Saints' Day", "alla helgons dag", "allhelgonadagen")),
    (_on(SUNDAY, 11, 27), _advent(1, "first", "första")),
    (_on(SUNDAY, 12, 4), _advent(2, "second", "andra")),
    (_on(SUNDAY, 12, 11), _advent(3, "third", "tredje")),
    (_on(SUNDAY, 12, 18), _advent(4, "fourth", "fjärde")),
    (_fixed(12, 13), ("Lucia", "Saint Lucy's Day", "luciadagen")),
    (_fixed(12, 24), ("Christmas Eve", "julafton", "julaftonen")),
    (_fixed(12, 25), ("Christmas Day", "juldagen")),
    (_fixed(12, 26), ("Boxing Day", "Saint Stephen's Day", "annandag jul", "annandagen jul")),
    (_fixed(12, 31), ("New Year's Eve", "nyårsafton", "nyårsaftonen")),
)

HOLIDAYS: dict[str, Holiday] = {names[0]: holiday for holiday, names in _NAMED}
"""What a holiday is called inside -> the day it falls on in a year."""


def key(name: str) -> str:
    """A name as it is compared: lower case, without apostrophes, dots, rings and accents, one space between words."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return " ".join(re.sub("[\u0300-\u036f'’‘ʼ´`.]", "", letters).split())


SPELLINGS: dict[str, str] = {key(name): name for _, names in _NAMED for name in names}
"""Every key -> the name as it is written."""

CALLED: dict[str, str] = {key(name): names[0] for _, names in _NAMED for name in names}
"""Every key -> what the holiday is called inside."""


def _season(names: str, en: str, sv: str) -> dict[str, Mapping[Language, str]]:
    return {key(name): {"en": en, "sv": sv} for name in names.split(", ")}


SEASONS: dict[str, Mapping[Language, str]] = {
    **_season(
        "Easter, Easter weekend, påsk, påsken, påskhelgen",
        "Good Friday to Easter Monday",
        "långfredagen till annandag påsk",
    ),
    **_season("Whitsun, pingst, pingsten, pingsthelgen", "Whitsun Eve to Whit Sunday", "pingstafton till pingstdagen"),
    **_season(
        "Midsummer, midsommar, midsommaren, midsommarhelgen",
        "Midsummer Eve to Midsummer Day",
        "midsommarafton till midsommardagen",
    ),
    **_season(
        "allhelgona, allhelgonahelgen, alla helgons helg",
        "All Saints' Eve to All Saints' Day",
        "allhelgonaafton till alla helgons dag",
    ),
    **_season("advent, adventstiden", "first Sunday of Advent to Christmas Eve", "första advent till julafton"),
    **_season("Christmas, Xmas, julen, julhelgen", "Christmas Eve to Boxing Day", "julafton till annandag jul"),
    **_season("New Year, nyår, nyåret, nyårshelgen", "New Year's Eve to New Year's Day", "nyårsafton till nyårsdagen"),
    **_season("trettonhelgen, trettondagshelgen", "Epiphany Eve to Epiphany", "trettondagsafton till trettondagen"),
    **_season(
        "weekend, weekends, helg, helger, helgen, helgerna", "every Saturday and Sunday", "varje lördag och söndag"
    ),
}
"""Every key of what people call several days, without saying which -> what they may mean, by language."""
