"""Days as a value: membership, occurrences, years, models; and the laws that hold for any text."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from controller.errors import Mistake
from controller.events import new_event
from controller.schedule.days import EXAMPLES, Days

YEARLESS = [
    "6 June",
    "29 February",
    "20–26 November",
    "20–29 February",
    "29 February to 2 March",
    "27 December to 6 January",
    "first Sunday of Advent to 13 January",
    "Easter Sunday to 10 April",
    "New Year's Eve + 3 days",
    "New Year's Day - 3 days to Epiphany",
    "Christmas Eve - 366 days",
    "Christmas Eve + 366 days",
    "week 1",
    "week 53",
    "week 50 to week 2",
    "last Saturday in March",
    "October to March",
    "every Friday and Saturday",
    "every day",
]
WORDS = (
    "6 20 26 31 53 2026 2027 1:a 5th June juni nov Novembr to till - – + , and och every varje Friday fredagar lördag "
    "week v. first sista in i Sunday of Advent påskdagen Easter Eve days dagar 2027-06-06 2026-W53 20/11 the från night"
)

dates = st.dates(date(1970, 1, 1), date(2100, 12, 31))
texts = st.lists(st.sampled_from(WORDS.split()), max_size=8).map(" ".join)


@given(st.sampled_from(YEARLESS), dates, st.integers(0, 800))
def test_a_day_is_contained_where_an_occurrence_covers_it(text: str, start: date, length: int) -> None:
    """The same answer for each day, whichever period is asked for; occurrences come in order and touch it."""
    days, end = Days.parse(text), start + timedelta(days=length)
    spans = list(days.spans(start, end))
    assert spans == sorted(spans)
    assert all(first <= last and first <= end and last >= start for first, last in spans)
    for day in (start, end, start + timedelta(days=length // 2), *(day for span in spans[:3] for day in span)):
        assert days.contains(day) == any(first <= day <= last for first, last in days.spans(day, day))
        if start <= day <= end:
            assert days.contains(day) == any(first <= day <= last for first, last in spans)


def dated(text: str, year: int) -> Days | None:
    """The same words with a year behind them, in which a period may end a year later; None where it is none."""
    found = None
    for written in (year, year + 1):
        try:
            days = Days.parse(f"{text} {written}")
        except Mistake:
            continue
        found = days if days.year == year else found
    return found


@pytest.mark.parametrize("text", YEARLESS)
def test_without_a_year_it_is_the_union_of_its_dated_copies(text: str) -> None:
    """Every occurrence of a year without a number belongs to exactly one copy with a number."""
    copies = [copy for year in range(2020, 2041) if (copy := dated(text, year))]
    period = date(2022, 1, 1), date(2038, 12, 31)
    assert list(Days.parse(text).spans(*period)) == [span for copy in copies for span in copy.spans(*period)]


@given(st.sampled_from(YEARLESS), st.integers(1970, 2100))
def test_each_year_is_asked_for_alone_as_together(text: str, year: int) -> None:
    """Occurrences that touch a year do not depend on how many years are asked for."""
    days = Days.parse(text)
    alone = list(days.spans(date(year, 1, 1), date(year, 12, 31)))
    together = days.spans(date(year - 5, 1, 1), date(year + 5, 12, 31))
    assert alone == [span for span in together if span[0].year <= year <= span[1].year]


@given(dates)
def test_every_day_is_in_its_iso_week(day: date) -> None:
    """Weeks are those of the standard library's ISO calendar."""
    year, week, _ = day.isocalendar()
    assert Days.parse(f"week {week}").contains(day)
    assert Days.parse(f"v. {week} {year}").contains(day)
    assert not Days.parse(f"week {week % 52 + 1}").contains(day)


@given(dates)
def test_every_day_can_be_written(day: date) -> None:
    """As a date it is itself and nothing else."""
    for text in (day.isoformat(), f"{day.day} {day:%B} {day.year}", f"{day:%b} {day.day}, {day.year}"):
        assert list(Days.parse(text).spans(date.min, date.max)) == [(day, day)]


@given(dates, st.integers(0, 20_000))
def test_any_two_dates_make_a_period(first: date, length: int) -> None:
    """However long it is; the other way round it is a mistake."""
    last = first + timedelta(days=length)
    assume(last.year <= 2100)
    days = Days.parse(f"{first} to {last}")
    assert list(days.spans(last, last)) == [(first, last)]
    assert days.year == first.year
    assert days.contains(last)
    assert not days.contains(last + timedelta(days=1))
    if length:
        with pytest.raises(Mistake, match="TWL-S104"):
            Days.parse(f"{last} to {first}")


@given(st.text(max_size=60) | texts)
def test_reading_is_total(text: str) -> None:
    """Any text is days that read back as themselves, or a mistake of the catalogue with its place."""
    try:
        days = Days.parse(text)
    except Mistake as mistake:
        event, place = new_event(mistake.code, **mistake.fields), (0, mistake.start, mistake.end, len(text))
    else:
        assert str(days) == text
        assert Days.parse(str(days)) == days
        return
    assert event.text("en")
    assert event.action("sv")
    assert list(place) == sorted(place)


@pytest.mark.parametrize("piece", ["6 June ", "9", "x", "å ", "- ", "every Friday and ", "😀", "first ", "6–", "to "])
def test_ten_kilobytes_are_a_mistake(piece: str) -> None:
    """Refused with a short text, in no time."""
    with pytest.raises(Mistake) as caught:
        Days.parse(piece * (10_000 // len(piece)))
    assert len(new_event(caught.value.code, **caught.value.fields).text("en")) < 500


def test_different_words_for_the_same_days_are_equal() -> None:
    """The text is kept and does not count."""
    english, swedish = Days.parse("20 to 26 November"), Days.parse("20–26 november")
    assert english == swedish
    assert hash(english) == hash(swedish)
    assert (str(english), str(swedish)) == ("20 to 26 November", "20–26 november")
    assert english != Days.parse("20–26 November 2026")


def test_the_ends_of_the_calendar_are_no_trouble() -> None:
    """A clock that is far off asks for years that no one can write."""
    for text in YEARLESS:
        days = Days.parse(text)
        for day in (date.min, date.max, date(1582, 10, 15)):
            assert days.contains(day) in (True, False)
            assert all(first <= day <= last for first, last in days.spans(day, day))


class Campaign(BaseModel):
    dates: Days


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_model_takes_text_and_gives_it_back(text: str) -> None:
    """Every example of the schema can be read."""
    campaign = Campaign.model_validate({"dates": text})
    assert campaign.model_dump(mode="json") == {"dates": text}
    assert Campaign(dates=campaign.dates) == campaign


@pytest.mark.parametrize("value", [["6 June"], {"day": 6}, None, 6, date(2026, 6, 6)])
def test_a_model_rejects_what_is_not_text(value: object) -> None:
    """Never a crash."""
    with pytest.raises(ValidationError, match="TWL-S119"):
        Campaign.model_validate({"dates": value})


def test_a_model_collects_the_mistake_itself() -> None:
    """With code and place, for whoever shows it in the file."""
    with pytest.raises(ValidationError) as caught:
        Campaign.model_validate({"dates": "20 Novembr"})
    mistake = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(mistake, Mistake)
    assert (mistake.code, mistake.start, mistake.end) == ("TWL-S102", 3, 10)


def test_the_schema_helps_an_editor() -> None:
    """A string with a description and examples."""
    schema = Campaign.model_json_schema()["properties"]["dates"]
    assert schema["type"] == "string"
    assert "20–26 November" in schema["examples"]
