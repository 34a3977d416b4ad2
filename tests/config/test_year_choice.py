"""Days of one year: exactly those asked in that year, and every other year as before."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from controller.config.load import Setup
from controller.config.load import open_schedule as opened
from controller.config.rule_form import RuleForm, YearQuestion, answered, forms, year_question
from controller.config.schedule_edit import Edited, RuleKey, save_form
from controller.errors import Mistake
from controller.schedule.days import Days
from controller.schedule.one_year import days_belonging_to
from controller.schedule.tokens import MONTH_NAMES
from tests.parts import examples

TODAY = date(2026, 11, 1)
KEY = RuleKey("campaigns", "A")
YEARLY = (
    *("20–26 november", "20–26 November", "vecka 47", "week 1", "vecka 52 till vecka 2", "6 juni", "Lucia"),
    *(
        "27 december till 6 januari",
        "första advent till tjugondag Knut",
        "påskdagen - 2 dagar",
        "28 februari till 3 mars",
    ),
    *("varje fredag i oktober", "sista lördagen i mars", "20 och 22–24 December", "midsommarafton"),
)
MONTHS = [names["sv"] for names in MONTH_NAMES]


def file_with(key: str, days: str) -> bytes:
    """A campaign on these days, with comments."""
    return f"version: 1\ncampaigns:\n  - name: A\n    {key}: {days}  # dagar\n    color: röd\n".encode()


def form_in(text: bytes, shipped: Setup) -> RuleForm:
    """That of the campaign."""
    (form,) = forms(opened(text, shipped.tower).document)
    return form


def changed(text: bytes, form: RuleForm, shipped: Setup) -> bytes:
    """The file with the form saved."""
    outcome = save_form(text, KEY, form, shipped.tower)
    assert isinstance(outcome, Edited), outcome
    return outcome.text


def days_shown(text: bytes, shipped: Setup) -> set[date]:
    """Every day of the campaign from 2021 to 2032."""
    (rule,) = shipped.schedule_of(text).campaigns
    return {day for n in range(12 * 365) if rule.has(day := date(2021, 1, 1) + timedelta(days=n))}


def move(text: bytes, typed: str, year: int, shipped: Setup) -> bytes:
    """The typed days, only in one year."""
    form = form_in(text, shipped)
    return changed(
        text, answered(form, replace(form, days=(typed,)), YearQuestion(year, ("only",)), "only", TODAY), shipped
    )


def test_a_week_moved_in_one_year_is_written_and_read_back(shipped: Setup) -> None:
    """Only the line of the days changes, and one comes below it."""
    text = move(file_with("dates", "20–26 november"), "21–27 november", 2026, shipped)
    assert text.decode().splitlines()[3:5] == [
        "    dates: [20–26 november, 27 november 2026]  # dagar",
        "    except: 20 november 2026",
    ]
    form = form_in(text, shipped)
    assert form.days == ("20–26 november",)
    assert [(one.year, one.days) for one in form.years] == [(2026, ("21–27 november",))]
    again = move(text, "vecka 48", 2027, shipped)
    assert [(one.year, one.days) for one in form_in(again, shipped).years] == [
        (2026, ("21–27 november",)),
        (2027, ("vecka 48",)),
    ]
    back = changed(again, replace(form_in(again, shipped), years=()), shipped)
    assert days_shown(back, shipped) == days_shown(file_with("dates", "20–26 november"), shipped)


@pytest.mark.parametrize("seed", range(examples(20)))
def test_one_year_has_the_days_asked_and_the_others_stay(seed: int, shipped: Setup) -> None:
    """Also weeks, named days, days over New Year; nights as dates; a second year after the first."""
    random = Random(seed)
    usual = random.choice(YEARLY)
    text = file_with(random.choice(("dates", "nights")), usual)
    expected = days_shown(text, shipped)
    for year in random.sample(range(2024, 2030), 2):
        first = min(days_belonging_to(year, [usual])) + timedelta(days=random.randint(-3, 9))
        last = first + timedelta(days=random.randint(0, 9))
        typed = " till ".join(f"{day.day} {MONTHS[day.month - 1]} {day.year}" for day in (first, last))
        try:
            Days.parse(typed)
        except Mistake:  # from one day to the same, or nearly a year
            continue
        asked = {first + timedelta(days=n) for n in range((last - first).days + 1)}
        others = set().union(*(days_belonging_to(other, [usual]) for other in range(2015, 2040) if other != year))
        text = move(text, typed, year, shipped)
        moved = {one.year: one.days for one in form_in(text, shipped).years}
        expected = (expected - (days_belonging_to(year, [usual]) - others)) | asked
        assert days_shown(text, shipped) == {day for day in expected if day.year < 2033}, (usual, typed, text.decode())
        assert year in moved or asked == days_belonging_to(year, [usual])


@pytest.mark.parametrize(
    ("before", "typed", "year", "choices"),
    [
        ("20–26 november", "21–27 november", 2026, ("only", "every")),
        ("20–26 november", "21–27 november 2027", 2027, ("only", "end")),
        ("20–26 november 2026", "21–27 november", 2026, ("only", "every")),
        (None, "julafton", 2026, ("only", "every")),
        (None, "6 juni", 2027, ("only", "every")),
    ],
)
def test_the_years_are_asked_for(before: str | None, typed: str, year: int, choices: tuple[str, ...]) -> None:
    """Wherever the days alone would change other years."""
    form = RuleForm("campaigns", "A", days=(before,)) if before else None
    assert year_question(form, (typed,), TODAY) == YearQuestion(year, choices)


@pytest.mark.parametrize(
    ("before", "typed"),
    [
        ("20–26 november", "20–26 november"),
        ("20–26 november 2026", "21–27 november 2026"),
        (None, "6 juni 2027"),
        ("20–26 november", "20 Novembr"),
    ],
)
def test_nothing_is_asked_if_the_text_answers_it(before: str | None, typed: str) -> None:
    """Nor about days that cannot be read."""
    assert year_question(RuleForm("campaigns", "A", days=(before,)) if before else None, (typed,), TODAY) is None


def test_a_rule_may_end_after_a_year(shipped: Setup) -> None:
    """Until then every year is shown by itself, those that differ too."""
    text = move(file_with("nights", "20–26 november"), "vecka 48", 2027, shipped)
    form = replace(form_in(text, shipped), days=("21–27 november 2028",))
    question = year_question(form_in(text, shipped), form.days, TODAY)
    assert question == YearQuestion(2028, ("only", "end"))
    ended = changed(text, answered(form_in(text, shipped), form, question, "end", TODAY), shipped)
    assert "nights: [20–26 november 2026, vecka 48 2027, 21–27 november 2028]" in ended.decode()
    assert "except" not in ended.decode()


@pytest.mark.parametrize(("count", "shown"), [(50, 50), (51, 0)])
def test_of_more_than_fifty_single_years_all_days_stay_as_they_are_written(
    count: int, shown: int, shipped: Setup
) -> None:
    """The form has no room for each."""
    days = ["6 juni", *(f"7 juni {2030 + number}" for number in range(count))]
    form = form_in(file_with("dates", f"[{', '.join(days)}]"), shipped)
    assert (form.days, len(form.years)) == (("6 juni",) if shown else tuple(days), shown)
