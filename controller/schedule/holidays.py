"""Days that have a name, in Sweden and among those who write English about Sweden.

To add a day, add a row to `_NAMED`: which day of a year it is, and its names, the first of which is its name in the
code. Names are compared by `key`, so in any case, with any apostrophe or none, and with a for å and ä.
"""

import re
import unicodedata
from calendar import monthrange
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


def _in_month(place: int, weekday: int, month: int) -> Holiday:
    """The first (1) and so on, or the last (-1), such weekday of a month."""

    def holiday(year: int) -> date:
        days = monthrange(year, month)[1]
        return weekday_from(date(year, month, 7 * place - 6 if place > 0 else days - 6), weekday)

    return holiday


def _advent(number: int, english: str, swedish: str) -> tuple[str, ...]:
    return (
        f"{english} Sunday of Advent",
        f"{english} Sunday in Advent",
        f"{swedish} söndagen i advent",
        f"{swedish} söndag i advent",
        f"{swedish} advent",
        f"{english} Advent",
        f"{number} advent",
        *(("Advent Sunday",) if number == 1 else ()),
    )


_NAMED: tuple[tuple[Holiday, tuple[str, ...]], ...] = (
    (_fixed(1, 1), ("New Year's Day", "nyårsdagen", "nyårsdag")),
    (_fixed(1, 5), ("Epiphany Eve", "Twelfth Night", "trettondagsafton", "trettondedagsafton")),
    (_fixed(1, 6), ("Epiphany", "trettondagen", "trettondag jul", "trettondedagen", "trettondedag jul")),
    (_fixed(1, 13), ("Saint Knut's Day", "tjugondag Knut", "tjugondag jul", "tjugondagen", "tjugondedag jul")),
    # UN resolution 60/7
    (_fixed(1, 27), ("Holocaust Remembrance Day", "Förintelsens minnesdag")),
    (_fixed(1, 28), ("King's Name Day", "Konungens namnsdag", "kungens namnsdag")),
    (_fixed(2, 4), ("World Cancer Day", "världscancerdagen")),
    (_fixed(2, 6), ("Sami National Day", "samernas nationaldag")),
    (_fixed(2, 14), ("Valentine's Day", "alla hjärtans dag")),
    (_fixed(2, 15), ("International Childhood Cancer Day", "internationella barncancerdagen", "barncancerdagen")),
    # UN resolution 32/142 leaves the date open; 8 March by custom since 1917
    (_fixed(3, 8), ("International Women's Day", "internationella kvinnodagen", "kvinnodagen")),
    (_fixed(3, 12), ("Crown Princess's Name Day", "Kronprinsessans namnsdag")),
    # UN resolutions 66/149 and 47/193
    (_fixed(3, 21), ("World Down Syndrome Day", "världsdagen för Downs syndrom", "rocka sockorna-dagen")),
    (_fixed(3, 22), ("World Water Day", "världsvattendagen")),
    (_fixed(3, 25), ("Annunciation Day", "vårfrudagen", "våffeldagen")),
    (_fixed(4, 2), ("World Autism Awareness Day", "världsautismdagen")),  # UN resolution 62/139
    (_from_easter(-47), ("Shrove Tuesday", "fettisdagen")),
    (_from_easter(-46), ("Ash Wednesday", "askonsdagen")),
    (_from_easter(-7), ("Palm Sunday", "palmsöndagen")),
    (_from_easter(-3), ("Maundy Thursday", "skärtorsdagen", "skärtorsdag")),
    (_from_easter(-2), ("Good Friday", "långfredagen", "långfredag")),
    (_from_easter(-1), ("Easter Eve", "Holy Saturday", "påskafton", "påskaftonen")),
    (_from_easter(0), ("Easter Sunday", "Easter Day", "påskdagen", "påsksöndagen", "påskdag")),
    (_from_easter(1), ("Easter Monday", "annandag påsk", "annandagen påsk")),
    (
        _fixed(4, 30),
        ("Walpurgis Night", "Walpurgis", "Walpurgis Eve", "valborgsmässoafton", "valborgsmässoaftonen", "valborg"),
    ),
    (_fixed(4, 30), ("King's Birthday", "Konungens födelsedag", "kungens födelsedag")),
    (_fixed(5, 1), ("May Day", "första maj")),
    (_fixed(5, 9), ("Europe Day", "Europadagen")),
    # the last Sunday of May in Sweden since 1919, by custom; other countries have other days
    (_in_month(-1, SUNDAY, 5), ("Mother's Day", "Mothers' Day", "mors dag", "morsdag")),
    (_fixed(5, 29), ("Veterans' Day", "Swedish Veterans' Day", "veterandagen")),
    (_from_easter(39), ("Ascension Day", "Kristi himmelsfärdsdag", "Kristi himmelsfärd", "Kristi himmelsfärds dag")),
    (_from_easter(48), ("Whitsun Eve", "pingstafton", "pingstaftonen")),
    (_from_easter(49), ("Whit Sunday", "Whitsunday", "Pentecost", "pingstdagen", "pingstdag")),
    (_from_easter(50), ("Whit Monday", "annandag pingst", "annandagen pingst")),
    (
        _fixed(6, 6),
        (
            "National Day",
            "Swedish National Day",
            "Sweden's National Day",
            "nationaldagen",
            "Sveriges nationaldag",
            "svenska flaggans dag",
        ),
    ),
    # Midsummer and All Saints' Day as Sweden has had them since 1953; taken for every year
    (_on(FRIDAY, 6, 19), ("Midsummer Eve", "Midsummer's Eve", "midsommarafton", "midsommaraftonen")),
    (_on(SATURDAY, 6, 20), ("Midsummer Day", "Midsummer's Day", "midsommardagen", "midsommardag")),
    (_fixed(7, 14), ("Crown Princess's Birthday", "Kronprinsessans födelsedag", "Victoriadagen")),
    (_fixed(8, 8), ("Queen's Name Day", "Drottningens namnsdag")),
    (_fixed(10, 4), ("Cinnamon Bun Day", "kanelbullens dag")),
    (_fixed(10, 10), ("World Mental Health Day", "världsdagen för psykisk hälsa")),
    (_fixed(10, 24), ("United Nations Day", "UN Day", "FN-dagen", "FN dagen")),
    (_fixed(10, 31), ("Halloween", "halloween")),
    (_on(FRIDAY, 10, 30), ("All Saints' Eve", "allhelgonaafton")),
    (_on(SATURDAY, 10, 31), ("All Saints' Day", "alla helgons dag", "allhelgonadagen")),
    (_fixed(11, 6), ("Gustavus Adolphus Day", "Gustav Adolfsdagen", "Gustaf Adolfsdagen", "Gustav Adolf-dagen")),
    # the second Sunday of November in Sweden since 1949, by custom; June in English-speaking countries
    (_in_month(2, SUNDAY, 11), ("Father's Day", "Fathers' Day", "fars dag", "farsdag")),
    (_fixed(11, 14), ("World Diabetes Day", "världsdiabetesdagen")),  # UN resolution 61/225
    # UN resolutions 836 (IX) and 44/25, and 54/134
    (_fixed(11, 20), ("World Children's Day", "barnkonventionens dag", "barnkonventionsdagen")),
    (
        _fixed(11, 25),
        (
            "International Day for the Elimination of Violence against Women",
            "internationella dagen mot våld mot kvinnor",
            "internationella dagen för avskaffande av våld mot kvinnor",
        ),
    ),
    (_on(SUNDAY, 11, 27), _advent(1, "first", "första")),
    (_on(SUNDAY, 12, 4), _advent(2, "second", "andra")),
    (_on(SUNDAY, 12, 11), _advent(3, "third", "tredje")),
    (_on(SUNDAY, 12, 18), _advent(4, "fourth", "fjärde")),
    (_fixed(12, 1), ("World AIDS Day", "världsaidsdagen")),
    (_fixed(12, 10), ("Nobel Day", "Nobeldagen")),
    (_fixed(12, 10), ("Human Rights Day", "mänskliga rättigheternas dag", "dagen för mänskliga rättigheter")),
    (_fixed(12, 13), ("Lucia", "Saint Lucy's Day", "Lucia Day", "luciadagen")),
    (_fixed(12, 23), ("Queen's Birthday", "Drottningens födelsedag")),
    (_fixed(12, 24), ("Christmas Eve", "julafton", "julaftonen")),
    (_fixed(12, 25), ("Christmas Day", "juldagen", "juldag")),
    (_fixed(12, 26), ("Boxing Day", "Saint Stephen's Day", "annandag jul", "annandagen jul")),
    (_fixed(12, 31), ("New Year's Eve", "nyårsafton", "nyårsaftonen")),
)

FLAG_DAYS = (
    "New Year's Day",
    "King's Name Day",
    "Crown Princess's Name Day",
    "Easter Sunday",
    "King's Birthday",
    "May Day",
    "Veterans' Day",
    "Whit Sunday",
    "National Day",
    "Midsummer Day",
    "Crown Princess's Birthday",
    "Queen's Name Day",
    "United Nations Day",
    "Gustavus Adolphus Day",
    "Nobel Day",
    "Queen's Birthday",
    "Christmas Day",
)
"""The seventeen flag days of every year: SFS 1982:270, section 1, as SFS 2017:441 has it. The days of the elections to
the Riksdag are flag days too. Those of the elections to the European Parliament, which were added in 2023, follow no
rule: the Council of the European Union decides when they are."""

RIKSDAG_ELECTION = 2, SUNDAY, 9
"""The second Sunday of September every fourth year, as 2022: Elections Act (2005:837), chapter 1, section 3."""

ADVENT_SUNDAYS = tuple(f"{each} Sunday of Advent" for each in ("first", "second", "third", "fourth"))

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


GROUPS: dict[str, str] = {
    key(name): group
    for group, names in {
        "flag days": (
            "flag days, Swedish flag days, official flag days, public flag days, every flag day, all flag days, "
            "flaggdagar, flaggdagarna, allmänna flaggdagar, de allmänna flaggdagarna, svenska flaggdagar, "
            "de svenska flaggdagarna, alla flaggdagar, alla allmänna flaggdagar, varje flaggdag, "
            "varje allmän flaggdag, officiella flaggdagar"
        ),
        "Advent Sundays": (
            "Advent Sundays, the Advent Sundays, Sundays of Advent, Sundays in Advent, every Sunday of Advent, "
            "every Sunday in Advent, adventssöndagar, adventssöndagarna, söndagarna i advent, söndagar i advent, "
            "alla söndagar i advent, varje söndag i advent, alla adventssöndagar, varje adventssöndag, "
            "de fyra adventssöndagarna, alla fyra adventssöndagarna, "
            "four Advent Sundays, four Sundays of Advent, all four Sundays of Advent"
        ),
        "every day": "all year, all year round, the whole year, year round, hela året, året runt, hela året om",
        "election day": (
            "Riksdag election day, Swedish general election, the Riksdag election, riksdagsvalet, "
            "dagen för riksdagsvalet, dag för val till riksdagen, dagen för val till riksdagen"
        ),
    }.items()
    for name in names.split(", ")
}
"""Every key of what several named days are called together -> what they are called inside."""


def _season(names: str, en: str, sv: str) -> dict[str, Mapping[Language, str]]:
    """`names`: English ones, a semicolon, Swedish ones; a name is proposed days in its own language, and
    one that both have in that of the reader."""
    english, swedish = (part.split(", ") if part else [] for part in names.split("; "))
    both = {key(name) for name in english} & {key(name) for name in swedish}
    said = {key(name): text for each, text in ((english, en), (swedish, sv)) for name in each}
    return {name: {"en": en, "sv": sv} if name in both else {"en": text, "sv": text} for name, text in said.items()}


SEASONS: dict[str, Mapping[Language, str]] = {
    **_season(
        "Easter, Easter weekend, Easter time, at Easter; påsk, påsken, påskhelgen, påsktiden",
        "Good Friday to Easter Monday",
        "långfredagen till annandag påsk",
    ),
    **_season("Easter week; påskveckan, stilla veckan", "Palm Sunday to Easter Eve", "palmsöndagen till påskafton"),
    **_season(
        "Whitsun, Whitsuntide; pingst, pingsten, pingsthelgen",
        "Whitsun Eve to Whit Sunday",
        "pingstafton till pingstdagen",
    ),
    **_season(
        "Midsummer, Midsummer weekend, Midsummer holiday; midsommar, midsommaren, midsommarhelgen, midsommarveckan",
        "Midsummer Eve to Midsummer Day",
        "midsommarafton till midsommardagen",
    ),
    **_season(
        "All Saints, All Saints weekend; allhelgona, allhelgonahelgen, alla helgons helg",
        "All Saints' Eve to All Saints' Day",
        "allhelgonaafton till alla helgons dag",
    ),
    **_season(
        "Advent, Advent season; advent, adventstid, adventstiden",
        "first Sunday of Advent to Christmas Eve",
        "första advent till julafton",
    ),
    **_season(
        "Christmas, Christmas time, Christmastime, Christmas holidays, Xmas, Yule; julen, julhelgen, jultid, jultiden, "
        "julveckan",
        "Christmas Eve to Boxing Day",
        "julafton till annandag jul",
    ),
    **_season(
        "New Year, New Year's; nyår, nyåret, nyårshelgen",
        "New Year's Eve to New Year's Day",
        "nyårsafton till nyårsdagen",
    ),
    **_season("; mellandagarna", "", "27–30 december"),
    **_season("; nyårsnatten", "", "nyårsafton"),
    **_season("; julnatten", "", "julafton"),
    **_season("; midsommarnatten", "", "midsommarafton"),
    **_season(
        "Thanksgiving, Thanksgiving Day; Thanksgiving", "fourth Thursday in November", "fjärde torsdagen i november"
    ),
    **_season(
        "Black Friday; Black Friday",
        "Friday after fourth Thursday in November",
        "fredagen efter fjärde torsdagen i november",
    ),
    **_season("; trettonhelgen, trettondagshelgen", "", "trettondagsafton till trettondagen"),
    **_season(
        "weekend, weekends; helg, helger, helgen, helgerna, veckoslut, veckosluten",
        "every Saturday and Sunday",
        "varje lördag och söndag",
    ),
    **_season(
        "weekday, weekdays, workday, workdays, working day, working days, business day, business days; "
        "vardag, vardagar, vardagarna, arbetsdag, arbetsdagar, veckodagar, vardagskvällar",
        "every Monday to Friday",
        "varje måndag till fredag",
    ),
    **_season("spring; vår, våren", "March to May", "mars till maj"),
    **_season("summer; sommar, sommaren, sommartid", "June to August", "juni till augusti"),
    **_season("autumn, fall; höst, hösten", "September to November", "september till november"),
    **_season("winter; vinter, vintern, vintertid", "December to February", "december till februari"),
    **_season("; sportlov, sportlovet", "", "vecka 8"),
    **_season("; påsklov, påsklovet", "", "skärtorsdagen till annandag påsk"),
    **_season("; höstlov, höstlovet", "", "vecka 44"),
    **_season(
        "summer holiday, summer holidays; sommarlov, sommarlovet", "15 June to 15 August", "15 juni till 15 augusti"
    ),
    **_season("; jullov, jullovet", "", "22 december till 8 januari"),
    **_season("Earth Hour; Earth Hour-dagen", "last Saturday in March", "sista lördagen i mars"),
}
"""Every key of what people call several days, without saying which -> what they may mean, in the language of the name:
it is asked about."""
