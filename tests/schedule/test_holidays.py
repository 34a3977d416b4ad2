"""Named days against published calendars and against other ways to work them out."""

from datetime import date, timedelta

import pytest

from controller.schedule.days import Days
from controller.schedule.holidays import CALLED, HOLIDAYS, SPELLINGS, easter, key
from controller.schedule.recurrence import Alone, NamedDay

YEARS = range(1970, 2101)


def paschal_sunday(year: int) -> date:
    """Easter by golden number and paschal full moon, as the tables of 1582 give it; valid 1900 to 2199."""
    new_moon = (24 + 19 * (year % 19)) % 30
    if new_moon == 29 or (new_moon == 28 and year % 19 > 10):
        new_moon -= 1
    full_moon = date(year, 3, 21) + timedelta(days=new_moon)
    return full_moon + timedelta(days=7 - (full_moon.weekday() + 1) % 7)


def test_easter_agrees_with_the_table_of_full_moons() -> None:
    """Two independent algorithms give the same Sunday in every year that may be written."""
    assert [easter(year) for year in YEARS] == [paschal_sunday(year) for year in YEARS]


@pytest.mark.parametrize(
    "day",
    [
        date(1970, 3, 29),
        date(1981, 4, 19),
        date(2000, 4, 23),
        date(2008, 3, 23),
        date(2011, 4, 24),
        date(2026, 4, 5),
        date(2027, 3, 28),
        date(2038, 4, 25),
        date(2049, 4, 18),
        date(2100, 3, 28),
    ],
)
def test_easter_is_the_day_of_the_almanac(day: date) -> None:
    """Years of the almanac, among them the earliest and latest Easters and the exceptions of the rule."""
    assert easter(day.year) == day


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("långfredagen", date(2026, 4, 3)),
        ("påskafton", date(2026, 4, 4)),
        ("annandag påsk", date(2026, 4, 6)),
        ("Kristi himmelsfärdsdag", date(2026, 5, 14)),
        ("pingstdagen", date(2026, 5, 24)),
        ("midsommarafton", date(2026, 6, 19)),
        ("midsommardagen", date(2026, 6, 20)),
        ("midsommarafton", date(2027, 6, 25)),
        ("midsommardagen", date(2027, 6, 26)),
        ("alla helgons dag", date(2026, 10, 31)),
        ("alla helgons dag", date(2027, 11, 6)),
        ("första advent", date(2026, 11, 29)),
        ("första advent", date(2027, 11, 28)),
        ("första advent", date(2028, 12, 3)),
        ("fjärde söndagen i advent", date(2028, 12, 24)),
        ("fourth Sunday of Advent", date(2026, 12, 20)),
        ("Lucia", date(2026, 12, 13)),
        ("nationaldagen", date(2026, 6, 6)),
        ("valborg", date(2026, 4, 30)),
        ("trettondag jul", date(2027, 1, 6)),
        ("Boxing Day", date(2026, 12, 26)),
        ("fettisdagen", date(2026, 2, 17)),
    ],
)
def test_feasts_fall_where_the_swedish_almanac_has_them(name: str, day: date) -> None:
    """Swedish and English names, fixed and movable."""
    assert HOLIDAYS[CALLED[key(name)]](day.year) == day


def test_every_feast_is_in_its_year_and_season() -> None:
    """Movable days keep to their weekday and window in all years."""
    for year in YEARS:
        assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)
        for name, weekday, first in [
            ("Midsummer Eve", 4, date(year, 6, 19)),
            ("All Saints' Day", 5, date(year, 10, 31)),
            ("first Sunday of Advent", 6, date(year, 11, 27)),
            ("fourth Sunday of Advent", 6, date(year, 12, 18)),
        ]:
            day = HOLIDAYS[name](year)
            assert day.weekday() == weekday
            assert first <= day < first + timedelta(days=7)
        assert all(holiday(year).year == year for holiday in HOLIDAYS.values())


@pytest.mark.parametrize(
    "name", ["New Year’s Eve", "NEW YEARS EVE", "new  year's eve", "nyårsafton", "Nya\u030arsafton", "nyarsafton"]
)
def test_names_are_compared_without_case_and_apostrophes(name: str) -> None:
    """Any apostrophe or none, any case, letters composed or not, Swedish letters or their bare ones."""
    assert CALLED[key(name)] == "New Year's Eve"


def test_every_name_is_read_as_it_is_written_here() -> None:
    """Alone, at the end of a period, and with another apostrophe, as a suggestion repeats it."""
    for spelling in SPELLINGS.values():
        named = NamedDay(CALLED[key(spelling)])
        other_apostrophe = spelling.replace("'", "’").upper()
        assert Days.parse(spelling).rule == Days.parse(other_apostrophe).rule == Alone(named), spelling
        assert getattr(Days.parse(f"2 January 2026 to {spelling} 2027").rule, "last", None) == named, spelling


def days(text: str, year: int) -> list[str]:
    """The days of a text in one year, as `06-06`."""
    spans = Days.parse(text).spans(date(year, 1, 1), date(year, 12, 31))
    return [f"{first + timedelta(days=n):%m-%d}" for first, last in spans for n in range((last - first).days + 1)]


FLAG_DAYS_2027 = [
    "01-01",
    "01-28",
    "03-12",
    "03-28",  # Easter Sunday
    "04-30",
    "05-01",
    "05-16",  # Whit Sunday
    "05-29",
    "06-06",
    "06-26",  # Midsummer Day
    "07-14",
    "08-08",
    "10-24",
    "11-06",
    "12-10",
    "12-23",
    "12-25",
]


@pytest.mark.parametrize("text", ["flaggdagar", "allmänna flaggdagar", "Swedish flag days", "alla flaggdagar"])
def test_the_flag_days_are_those_of_the_ordinance(text: str) -> None:
    """SFS 1982:270, section 1: seventeen in a year without an election."""
    assert days(text, 2027) == FLAG_DAYS_2027


@pytest.mark.parametrize(("year", "day"), [(2022, "09-11"), (2026, "09-13"), (2030, "09-08")])
def test_the_election_to_the_riksdag_is_a_flag_day_every_fourth_year(year: int, day: str) -> None:
    """The second Sunday of September, as in 2022 when it was the 11th."""
    assert day in days("flaggdagar", year)
    assert days("riksdagsvalet", year) == [day]
    assert days("riksdagsvalet", year + 1) == []


@pytest.mark.parametrize(
    ("text", "year", "day"),
    [
        ("mors dag", 2026, "05-31"),
        ("Mother's Day", 2027, "05-30"),
        ("mors dag", 2028, "05-28"),
        ("fars dag", 2026, "11-08"),
        ("Father's Day", 2027, "11-14"),
        ("fars dag", 2028, "11-12"),
    ],
)
def test_parents_have_the_days_of_the_swedish_almanac(text: str, year: int, day: str) -> None:
    """The last Sunday of May and the second of November."""
    assert days(text, year) == [day]
