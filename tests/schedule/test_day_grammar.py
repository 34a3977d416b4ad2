"""The day grammar: each row of the table of decisions, each way of writing."""

from datetime import date

import pytest

from controller.errors import Mistake
from controller.schedule.days import Days


def days_of(text: str, first: int = 2026, last: int = 2027) -> list[str]:
    """The occurrences that touch the years, as `2026-11-20..2026-11-26` or `2026-06-06`."""
    spans = Days.parse(text).spans(date(first, 1, 1), date(last, 12, 31))
    return [f"{begin}" if begin == end else f"{begin}..{end}" for begin, end in spans]


ORANGE_WEEK = ["2026-11-20..2026-11-26", "2027-11-20..2027-11-26"]
NEW_YEAR = ["2026-12-27..2027-01-06"]


@pytest.mark.parametrize(
    "text",
    [
        "20–26 November",
        "20-26 nov",
        "20 - 26 november",
        "20—26 NOV.",
        "20−26 November",
        "20 to 26 November",
        "20 till 26 november",
        "den 20 till den 26 november",
        "20:e–26:e nov",
        "20th to 26th of November",
        "November 20–26",
        "Nov 20 to 26",
        "20 November to 26 November",
        "20 november till 26 november",
        "20 November till och med 26 november",
        "20 nov t.o.m. 26 nov",
        "20 November until 26 November",
        "from 20 November to 26 November",
        "från 20 november till 26 november",
        "fr.o.m. 20 november t.o.m. 26 november",
        "fr o m den 20 november t o m den 26 november",
        "från och med 20 november till och med 26 november",
        "  20   November\u00a0–\t26 november  ",
        "20nov-26nov",
        "November 20 to the 26th of November",
    ],
)
def test_a_period_is_read_however_it_is_written(text: str) -> None:
    """Dashes of every kind, both languages, any case and spacing."""
    assert days_of(text) == ORANGE_WEEK


@pytest.mark.parametrize(
    "text",
    [
        "6 June",
        "6 juni",
        "June 6",
        "june 6th",
        "6th of June",
        "the 6th of June",
        "den 6 juni",
        "6:e juni",
        "06 JUN.",
        "National Day",
        "nationaldagen",
        "Sveriges nationaldag",
        "on 6 June",
    ],
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    """Day before month or behind it, with or without the small words."""
    assert days_of(text) == ["2026-06-06", "2027-06-06"]


@pytest.mark.parametrize(
    "text", ["6 juni 2027", "6 June, 2027", "June 6, 2027", "2027-06-06", "2027-6-6", "2027–06–06"]
)
def test_a_year_means_once(text: str) -> None:
    """With a year there is one occurrence, in whichever order it is written."""
    assert days_of(text, 1970, 2100) == ["2027-06-06"]
    assert Days.parse(text).year == 2027


def test_no_year_means_every_year() -> None:
    """One occurrence in each."""
    assert len(days_of("6 June", 1970, 2100)) == 131
    assert Days.parse("6 June").year is None


MONTHS = [
    "January januari jan",
    "February februari feb",
    "March mars mar",
    "April april apr",
    "May maj",
    "June juni jun",
    "July juli jul",
    "August augusti aug",
    "September september sep sept",
    "October oktober oct okt",
    "November november nov",
    "December december dec",
]


@pytest.mark.parametrize(("month", "names"), list(enumerate(MONTHS, 1)))
def test_months_have_their_names_and_abbreviations_in_both_languages(month: int, names: str) -> None:
    """Full and short, with and without a full stop."""
    for name in names.split():
        for text in (f"3 {name}", f"{name} 3", f"3 {name}."):
            assert days_of(text, 2026, 2026) == [f"2026-{month:02}-03"]


@pytest.mark.parametrize("text", ["25 November to 10 December", "25 nov – 10 dec", "November 25 to December 10"])
def test_a_period_may_cross_a_month(text: str) -> None:
    """Both ends belong to it."""
    assert days_of(text, 2026, 2026) == ["2026-11-25..2026-12-10"]


def test_a_period_over_new_year_needs_no_year() -> None:
    """It touches a year twice: the end of one and the beginning of the next."""
    assert days_of("27 December to 6 January", 2027, 2027) == [*NEW_YEAR, "2027-12-27..2028-01-06"]
    assert days_of("27 dec - trettondagen", 2027, 2027) == [*NEW_YEAR, "2027-12-27..2028-01-06"]


@pytest.mark.parametrize(
    "text",
    [
        "27 December 2026 to 6 January 2027",
        "27 December 2026 to 6 January",
        "27 December to 6 January 2027",
        "2026-12-27 to 2027-01-06",
        "2026-12-27 till 6 januari",
        "2026-12-27-2027-01-06",
        "2026-12-27–2027-01-06",
    ],
)
def test_a_year_at_one_end_gives_the_other_forward(text: str) -> None:
    """The period belongs to the year in which it begins."""
    assert days_of(text, 1970, 2100) == NEW_YEAR
    assert Days.parse(text).year == 2026


@pytest.mark.parametrize(
    "text",
    [
        "20 November 2026 to 26 November 2026",
        "20–26 November 2026",
        "20 November to 26 November 2026",
        "20 November 2026 to 26 November",
        "November 20–26, 2026",
    ],
)
def test_a_dated_period_happens_once(text: str) -> None:
    """Wherever its year is in the text."""
    assert days_of(text, 1970, 2100) == ["2026-11-20..2026-11-26"]


@pytest.mark.parametrize("text", ["week 47", "vecka 47", "v. 47", "v47", "V.47", "Week 47", "w47"])
def test_a_week_is_that_of_iso_8601(text: str) -> None:
    """Monday to Sunday."""
    assert days_of(text) == ["2026-11-16..2026-11-22", "2027-11-22..2027-11-28"]


@pytest.mark.parametrize("text", ["week 47 2026", "vecka 47, 2026", "2026-W47", "2026W47"])
def test_a_week_may_have_a_year(text: str) -> None:
    """Then it happens once."""
    assert days_of(text, 1970, 2100) == ["2026-11-16..2026-11-22"]


@pytest.mark.parametrize("text", ["week 50 to week 52", "week 50 to 52", "veckorna 50–52", "v.50-v.52", "weeks 50–52"])
def test_weeks_make_a_period(text: str) -> None:
    """From the Monday of the first to the Sunday of the last."""
    assert days_of(text, 2026, 2026) == ["2026-12-07..2026-12-27"]


def test_weeks_may_run_over_new_year() -> None:
    """The end is then in the next ISO year."""
    assert days_of("week 51 to week 1", 2027, 2027) == ["2026-12-14..2027-01-10", "2027-12-20..2028-01-09"]


def test_week_53_is_in_the_years_that_have_it() -> None:
    """And in no other."""
    assert days_of("week 53", 2017, 2033) == [
        "2020-12-28..2021-01-03",
        "2026-12-28..2027-01-03",
        "2032-12-27..2033-01-02",
    ]
    assert days_of("week 53 2026") == ["2026-12-28..2027-01-03"]


def test_week_53_ends_a_period_with_the_last_week() -> None:
    """As 29 February ends one with the last day of February."""
    assert days_of("week 51 to week 53", 2025, 2025) == ["2025-12-15..2025-12-28"]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("first Monday in June", ["2026-06-01", "2027-06-07"]),
        ("second tisdag i juni", ["2026-06-09", "2027-06-08"]),
        ("tredje onsdagen i juni", ["2026-06-17", "2027-06-16"]),
        ("4th Thursday of June", ["2026-06-25", "2027-06-24"]),
        ("last Saturday in March", ["2026-03-28", "2027-03-27"]),
        ("sista lördagen i mars", ["2026-03-28", "2027-03-27"]),
        ("1:a fre i maj 2027", ["2027-05-07"]),
        ("last Sunday in February + 1 day", ["2026-02-23", "2027-03-01"]),
    ],
)
def test_weekdays_of_a_month_are_counted(text: str, days: list[str]) -> None:
    """First to fourth, and last."""
    assert days_of(text) == days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Easter Sunday", ["2026-04-05", "2027-03-28"]),
        ("påskdagen 2027", ["2027-03-28"]),
        ("påskdagen - 2 dagar", ["2026-04-03", "2027-03-26"]),
        ("Easter Sunday−2 days 2027", ["2027-03-26"]),
        ("Easter Sunday 2027 + 1 day", ["2027-03-29"]),
        ("Midsummer Eve", ["2026-06-19", "2027-06-25"]),
        ("first Sunday of Advent", ["2026-11-29", "2027-11-28"]),
        ("1:a advent", ["2026-11-29", "2027-11-28"]),
        ("1 advent", ["2026-11-29", "2027-11-28"]),
        ("3:a advent till 6 januari 2027", ["2026-12-13..2027-01-06"]),
        ("2nd Sunday of Advent", ["2026-12-06", "2027-12-05"]),
        ("Lucia", ["2026-12-13", "2027-12-13"]),
        ("christmas eve - 1 vecka", ["2026-12-17", "2027-12-17"]),
        ("valborg", ["2026-04-30", "2027-04-30"]),
        ("Walpurgis Night", ["2026-04-30", "2027-04-30"]),
        ("New Year’s Eve + 1 day 2026", ["2027-01-01"]),
        ("första maj", ["2026-05-01", "2027-05-01"]),
        ("alla helgons dag", ["2026-10-31", "2027-11-06"]),
    ],
)
def test_named_days_may_be_shifted(text: str, days: list[str]) -> None:
    """Before or after the year."""
    assert days_of(text) == days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("first Sunday of Advent to 13 January", ["2026-11-29..2027-01-13"]),
        ("första advent till tjugondag Knut", ["2026-11-29..2027-01-13"]),
        ("25 November to Christmas Eve", ["2026-11-25..2026-12-24"]),
        ("Good Friday - Easter Monday", ["2026-04-03..2026-04-06"]),
        ("påskafton - 2 dagar till påskdagen + 1 dag", ["2026-04-02..2026-04-06"]),
        ("last Friday in May to National Day", ["2026-05-29..2026-06-06"]),
        ("week 47 to first Sunday of Advent", ["2026-11-16..2026-11-29"]),
        ("December to 6 January", ["2026-12-01..2027-01-06"]),
        ("November 20 to 1:a advent", ["2026-11-20..2026-11-29"]),
        ("vecka 47 till 1:a advent", ["2026-11-16..2026-11-29"]),
        ("November 1 to 3rd Friday in November", ["2026-11-01..2026-11-20"]),
        ("All Saints' Day to Lucia", ["2026-10-31..2026-12-13"]),
    ],
)
def test_any_two_points_make_a_period(text: str, days: list[str]) -> None:
    """Movable and fixed ones mixed."""
    assert days_of(text, 2026, 2026)[-1:] == days


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("the Friday before Midsummer Day", "2026-06-19"),
        ("the Saturday after Midsummer Day", "2026-06-27"),
        ("fredagen före julafton", "2026-12-18"),
        ("den sista fredagen före julafton", "2026-12-18"),
        ("söndagen efter 6 juni", "2026-06-07"),
        ("the Friday before 20 November", "2026-11-13"),
        ("the Friday after 20 November", "2026-11-27"),
    ],
)
def test_a_weekday_beside_a_day_is_never_that_day_itself(text: str, day: str) -> None:
    """20 November 2026 is a Friday, Midsummer Day a Saturday."""
    assert days_of(text, 2026, 2026) == [day]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("hela november", "2026-11-01..2026-11-30"),
        ("the whole of week 47", "2026-11-16..2026-11-22"),
        ("första juni", "2026-06-01"),
        ("sista februari", "2026-02-28"),
        ("the first of May", "2026-05-01"),
        ("last day of February", "2026-02-28"),
        ("first day of March", "2026-03-01"),
        ("two weeks before Christmas Eve", "2026-12-10"),
        ("the day before Christmas Eve", "2026-12-23"),
        ("dagen efter julafton", "2026-12-25"),
        ("två veckor efter påskdagen", "2026-04-19"),
        ("between 20 and 26 November", "2026-11-20..2026-11-26"),
        ("mellan 1 juni och 31 augusti", "2026-06-01..2026-08-31"),
        ("week 47, 48 and 50", "2026-11-16..2026-11-29 2026-12-07..2026-12-13"),
        ("December 24, 25 and 26", "2026-12-24..2026-12-26"),
        ("20 and 22–24 December", "2026-12-20 2026-12-22..2026-12-24"),
        ("6 June and Lucia", "2026-06-06 2026-12-13"),
        ("every year 6 June", "2026-06-06"),
        ("6 June every year", "2026-06-06"),
        ("1 June to 31 August except Midsummer Eve", "2026-06-01..2026-06-18 2026-06-20..2026-08-31"),
        ("every Friday in November except 20 November", "2026-11-06 2026-11-13 2026-11-27"),
        ("first and third Saturday in March", "2026-03-07 2026-03-21"),
        ("the Sundays of Advent", "2026-11-29 2026-12-06 2026-12-13 2026-12-20"),
        ("Friday 20 November 2026", "2026-11-20"),
        ("fredag och lördag i vecka 47", "2026-11-20..2026-11-21"),
        ("Fridays in November", "2026-11-06 2026-11-13 2026-11-20 2026-11-27"),
        ("fredagar 1 november–30 november", "2026-11-06 2026-11-13 2026-11-20 2026-11-27"),
        ("lördagar vecka 47–49", "2026-11-21 2026-11-28 2026-12-05"),
    ],
)
def test_days_are_written_in_many_ways(text: str, days: str) -> None:
    """Each way with the days of 2026, worked out with a calendar."""
    assert days_of(text, 2026, 2026) == days.split()


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("den 15 varje månad", [15] * 12),
        ("31 of every month", [31, 31, 31, 31, 31, 31, 31]),
        ("last day of every month", [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]),
        ("first Friday of every month", [2, 6, 6, 3, 1, 5, 3, 7, 4, 2, 6, 4]),
        ("fredagar i oktober och november", [2, 9, 16, 23, 30, 6, 13, 20, 27]),
    ],
)
def test_the_same_day_of_several_months(text: str, days: list[int]) -> None:
    """In 2026; a month that is too short has none."""
    assert [date.fromisoformat(day).day for day in days_of(text, 2026, 2026)] == days


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("400 days before Christmas Eve", "TWL-S112"),
        ("between Easter Sunday and 1 June", "TWL-S174"),
        ("Saturday 20 November 2026", "TWL-S178"),
        ("6 June 2026 and 13 December 2027", "TWL-S170"),
        ("1 June to 31 August except 19 June 2026", "TWL-S171"),
        ("6 June 2026 every year", "TWL-S172"),
    ],
)
def test_days_that_could_mean_two_things_are_asked_about(text: str, code: str) -> None:
    """Rather than guessed."""
    with pytest.raises(Mistake) as caught:
        Days.parse(text)
    assert caught.value.code == code


def test_a_month_is_all_its_days() -> None:
    """Alone, with a year, or as an end."""
    assert days_of("February", 2027, 2028) == ["2027-02-01..2027-02-28", "2028-02-01..2028-02-29"]
    assert days_of("november 2026") == ["2026-11-01..2026-11-30"]
    assert days_of("oktober–mars", 2026, 2026) == ["2025-10-01..2026-03-31", "2026-10-01..2027-03-31"]


def test_days_that_pass_each_other_in_some_years_are_empty_there() -> None:
    """Easter is after 10 April in 2028: nothing, rather than nearly a year of light."""
    assert days_of("Easter Sunday to 10 April", 2026, 2028) == ["2026-04-05..2026-04-10", "2027-03-28..2027-04-10"]


@pytest.mark.parametrize("text", ["every day", "every night", "varje dag", "varje natt", "alla dagar", "Every Evening"])
def test_every_day_is_every_day(text: str) -> None:
    """No day is left out, leap days and New Year included."""
    days = Days.parse(text)
    assert days_of(text) == ["2026-01-01..2026-12-31", "2027-01-01..2027-12-31"]
    assert all(days.contains(day) for day in (date(2028, 2, 29), date(2027, 12, 31), date(2028, 1, 1)))


@pytest.mark.parametrize(
    ("text", "weekdays"),
    [
        ("every Friday", {4}),
        ("Fridays", {4}),
        ("fredagar", {4}),
        ("every Friday and Saturday", {4, 5}),
        ("varje fredag och lördag", {4, 5}),
        ("every Friday, Saturday and Sunday", {4, 5, 6}),
        ("varje fre, lör & sön", {4, 5, 6}),
        ("every Mon, Wed, and Fri", {0, 2, 4}),
        ("varje måndag till torsdag", {0, 1, 2, 3}),
        ("every Sat–Mon", {5, 6, 0}),
        ("alla lordagar", {5}),
        ("every tors", {3}),
    ],
)
def test_weekdays_come_back_every_week(text: str, weekdays: set[int]) -> None:
    """One or several, in both languages, short and long."""
    days = Days.parse(text)
    for day in map(date.fromordinal, range(date(2026, 12, 20).toordinal(), date(2027, 1, 12).toordinal())):
        assert days.contains(day) == (day.weekday() in weekdays)


def test_weekdays_of_one_year() -> None:
    """A year binds them too."""
    days = Days.parse("every Friday 2026")
    assert days.contains(date(2026, 12, 25))
    assert not days.contains(date(2027, 1, 1))


def test_29_february_alone_is_in_leap_years_only() -> None:
    """Never 1 March."""
    assert days_of("29 February", 2026, 2032) == ["2028-02-29", "2032-02-29"]
    assert days_of("29 February", 2096, 2100) == ["2096-02-29"]


def test_a_day_beside_29_february_is_in_leap_years_only() -> None:
    """It is counted from a day that other years do not have."""
    assert days_of("29 February + 1 day", 2026, 2032) == ["2028-03-01", "2032-03-01"]
    assert days_of("29 February - 1 day", 2026, 2032) == ["2028-02-28", "2032-02-28"]
    assert days_of("the Friday after 29 February", 2026, 2032) == ["2028-03-03", "2032-03-05"]
    assert days_of("the Friday before 29 February", 2026, 2032) == ["2028-02-25", "2032-02-27"]


def test_29_february_ends_a_period_with_the_last_day_of_february() -> None:
    """Which it also begins with, in a common year."""
    assert days_of("20–29 February", 2027, 2028) == ["2027-02-20..2027-02-28", "2028-02-20..2028-02-29"]
    assert days_of("20 February to 29 February 2027") == ["2027-02-20..2027-02-28"]
    assert days_of("29 February to 2 March", 2027, 2028) == ["2027-02-28..2027-03-02", "2028-02-29..2028-03-02"]


def test_years_at_both_ends_are_meant() -> None:
    """Then nearly a whole year is not asked about."""
    assert days_of("26 November 2026 to 20 November 2027") == ["2026-11-26..2027-11-20"]
    assert days_of("1 January to 31 December", 2026, 2026) == ["2026-01-01..2026-12-31"]
