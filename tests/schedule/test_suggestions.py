"""What is not a day is reported at its place, with what to write instead."""

import pytest

from controller.errors import Mistake
from controller.events import new_event
from controller.schedule.days import Days
from controller.schedule.holidays import SEASONS


def slip(text: str) -> tuple[str, str]:
    """The code, and the part of the text that is pointed at."""
    with pytest.raises(Mistake) as caught:
        Days.parse(text)
    mistake = caught.value
    assert new_event(mistake.code, **mistake.fields).text("sv")
    return mistake.code.removeprefix("TWL-"), text[mistake.start : mistake.end]


def advice(text: str, language: str = "en") -> str:
    """What to write instead."""
    with pytest.raises(Mistake) as caught:
        Days.parse(text)
    return new_event(caught.value.code, **caught.value.fields).action("sv" if language == "sv" else "en")


@pytest.mark.parametrize(
    ("text", "code", "wrong"),
    [
        ("", "S118", ""),
        ("  \n ", "S118", ""),
        ("6 June to", "S263", "6 June to"),
        ("every", "S118", ""),
        ("from 20 November", "S263", "from 20 November"),
        ("från och med 20 november 2026", "S263", "från och med 20 november 2026"),
        ("jul", "S143", "jul"),
        ("Jul 2026", "S143", "Jul"),
        ("1 december till jul", "S143", "jul"),
        ("20 Novembr to 26 November", "S102", "Novembr"),
        ("20–26 novmber", "S102", "novmber"),
        ("Novembr 20", "S102", "Novembr"),
        ("sista lördagen i marsh", "S102", "marsh"),
        ("week 0", "S106", "0"),
        ("vecka 54", "S106", "54"),
        ("week 50–60", "S106", "60"),
        ("fifth Monday in March", "S107", "fifth Monday"),
        ("5th Monday in March", "S107", "5th Monday"),
        ("femte måndagen i mars", "S107", "femte måndagen"),
        ("Ester Sunday", "S108", "Ester Sunday"),
        ("25 November to Crismas Eve", "S108", "Crismas Eve"),
        ("midsomarafton 2027", "S108", "midsomarafton"),
        ("every Fridy", "S108", "Fridy"),
        ("6 June 26", "S147", "26"),
        ("6 June 2206", "S109", "2206"),
        ("6 June 1969", "S109", "1969"),
        ("6 June 20260", "S109", "20260"),
        ("1969-12-31", "S109", "1969-12-31"),
        ("Easter Sunday + 2", "S148", "2"),
        ("Easter Sunday - 2", "S148", "2"),
        ("Easter Sunday + 400 days", "S112", "400 days"),
        ("Friday", "S114", "Friday"),
        ("25 November 18:00", "S173", "18:00"),
        ("25 nov 18:00 till 23:00", "S173", "18:00 till 23:00"),
        ("every Friday 26", "S147", "26"),
        ("20–26 november 18-22", "S173", "18-22"),
        ("20–26 november 20-26", "S147", "20"),
        ("Jul afton", "S108", "Jul afton"),
        ("dagen före ny års afton", "S108", "ny års afton"),
        ("20 November 26 to 2 December 26", "S147", "26"),
        ("first lördag", "S114", "first lördag"),
        ("fredag 21 november 2026", "S178", "fredag"),
        ("6 June tomorrow", "S264", "tomorrow"),
        ("every Friday in spring", "S144", "spring"),
        ("week 47 + 1 day", "S117", "+ 1 day"),
        ("15 July – 30 June i026", "S101", "15 July – 30 June i026"),
        ("January 31 to 24 Octtober", "S102", "Octtober"),
        ("week 52–50 2026", "S115", "52–50"),
        ("6 June 😀", "S117", "😀"),
        ("😀", "S101", "😀"),
        ("٦ June", "S101", "٦ June"),
        ("６ June", "S101", "６ June"),
        ("20", "S262", "20"),
        ("20 November to 26", "S262", "26"),
        ("Easter Sunday till 26 2027", "S262", "26"),
        ("2026", "S261", "2026"),
        ("20–26", "S101", "20–26"),
        ("20 Foo", "S101", "20 Foo"),
        ("2026-13-01", "S101", "2026-13-01"),
        ("to 26 November", "S263", "to 26 November"),
        ("now", "S101", "now"),
        ("6 June -- 8 June", "S101", "-"),
    ],
)
def test_a_slip_is_shown_at_its_place(text: str, code: str, wrong: str) -> None:
    """One code each, with the part of the text that is wrong."""
    assert slip(text) == (code, wrong)


@pytest.mark.parametrize("text", ["påsk", "Påskhelgen 2027", "nyår", "varje helg", "Easter"])
def test_a_season_is_asked_for_its_days(text: str) -> None:
    """With days that it may mean."""
    assert slip(text)[0] == "S144"


def test_a_season_in_a_phrase_is_asked_for_its_days_too() -> None:
    """Where days in its place would make no sense, nothing is proposed."""
    assert slip("1 december till julen") == ("S153", "julen")


@pytest.mark.parametrize("written", sorted({each for days in SEASONS.values() for each in days.values()}))
def test_what_is_proposed_for_a_season_can_be_written(written: str) -> None:
    """In either language."""
    assert Days.parse(written)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("31 November", "31"),
        ("November 31", "31"),
        ("30 February", "30"),
        ("0 June", "0"),
        ("32 maj", "32"),
        ("123 May", "123"),
        ("20–31 November", "31"),
        ("2026-11-31", "2026-11-31"),
        ("1 November to 31 November", "31"),
    ],
)
def test_31_november_is_never_rolled_over(text: str, wrong: str) -> None:
    """A day that no year has is a mistake at the number."""
    assert slip(text) == ("S103", wrong)
    assert advice("31 November", "sv") == "vilken dag menas? Den sista är `30 november`"


@pytest.mark.parametrize("text", ["29 February 2027", "2027-02-29", "29 februari 2100"])
def test_29_february_of_a_common_year_is_a_mistake(text: str) -> None:
    """It is not moved."""
    assert slip(text) == ("S113", text)


@pytest.mark.parametrize("text", ["week 53 2027", "week 51 to week 53 2027", "2027-W53", "v 53, 2027"])
def test_week_53_in_a_year_without_it_is_a_mistake(text: str) -> None:
    """2027 has 52 weeks."""
    assert slip(text)[0] == "S116"
    assert "week 52 2027" in advice(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("20/11", "did you mean `20 November`?"),
        ("11/20", "did you mean `20 November`?"),
        ("20.11", "did you mean `20 November`?"),
        ("20-11", "did you mean `20 November`?"),
        ("20.11.2026", "did you mean `20 November 2026`?"),
        ("20-11-2026", "did you mean `20 November 2026`?"),
        ("20/11 2026", "did you mean `20 November 2026`?"),
        ("2026/11/20", "did you mean `20 November 2026`?"),
        ("20.11.26", "did you mean `20 November 2026`?"),
        ("5/6", "did you mean `5 June` or `6 May`?"),
        ("5/6/2026", "did you mean `5 June 2026` or `6 May 2026`?"),
        ("5.6.26", "did you mean `5 June 2026` or `6 May 2026`?"),
        ("6/6", "did you mean `6 June`?"),
        ("29/2", "did you mean `29 February`?"),
        ("20/11–26/11 2026", "did you mean `20 November–26 November 2026`?"),
        ("5/6-7/6", "did you mean `5 June-7 June` or `6 May-6 July`?"),
        ("4-6/12", "did you mean `4–6 December`?"),
        ("1-31/1", "did you mean `1–31 January`?"),
    ],
)
def test_figures_alone_are_asked_about(text: str, meant: str) -> None:
    """Nobody can see which is the month; each day that it can be is offered."""
    assert slip(text)[0] == "S105"
    assert advice(text) == meant


@pytest.mark.parametrize(
    ("text", "wrong", "meant"),
    [
        ("Jul afton", "Jul afton", "julafton"),
        ("jul afton till ny års afton", "jul afton till ny års afton", "julafton till nyårsafton"),
        ("dagen före jul afton till nyårsafton", "jul afton", "dagen före julafton till nyårsafton"),
    ],
)
def test_all_names_that_are_written_apart_are_put_together_at_once(text: str, wrong: str, meant: str) -> None:
    """From the first of them to the last; what is around them is kept."""
    assert slip(text) == ("S108", wrong)
    assert f"`{meant}`" in advice(text)


@pytest.mark.parametrize("text", ["6-6/12", "6-4/12", "0-4/12", "4-6/0", "4-6/13"])
def test_no_period_is_offered_that_is_none(text: str) -> None:
    """Of one day, backwards, or in no month."""
    assert slip(text)[0] == "S101"
    assert "did you mean" not in advice(text)


def test_figures_are_asked_about_in_swedish_too() -> None:
    """With Swedish months."""
    assert advice("5/6", "sv") == "menade du `5 juni` eller `6 maj`?"


@pytest.mark.parametrize(
    ("text", "code", "wrong", "suggestion"),
    [
        ("26 to 20 November", "S115", "26 to 20", "20 to 26 November"),
        ("26 November – 20 November", "S115", "26 November – 20 November", "20 November – 26 November"),
        ("10 December to 25 November", "S115", "10 December to 25 November", "25 November to 10 December"),
        ("30 November to 1 November", "S115", "30 November to 1 November", "1 November to 30 November"),
        ("week 48–47", "S115", "48–47", "week 47–48"),
        ("26 November to 20 November 2026", "S115", "26 November to 20 November 2026", None),
        ("26 to 20 November 2026", "S104", "26 to 20", "20 to 26 November 2026"),
        ("2026-11-26 to 2026-11-20", "S104", "2026-11-26 to 2026-11-20", "2026-11-20 to 2026-11-26"),
        ("Easter Sunday 2028 to 10 April", "S104", "Easter Sunday 2028 to 10 April", None),
    ],
)
def test_an_end_before_the_beginning_is_asked_about(text: str, code: str, wrong: str, suggestion: str | None) -> None:
    """With the user's own words exchanged."""
    assert slip(text) == (code, wrong)
    assert suggestion is None or f"`{suggestion}`" in advice(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("20 Novembr", "did you mean `20 November`?"),
        ("20 novembr 2027", "did you mean `20 november 2027`?"),
        ("Midsumer Eve - 1 day", "did you mean `Midsummer Eve - 1 day`?"),
        ("midsommaraftn", "did you mean `midsommarafton`?"),
        (
            "oktober 20–2",
            "if the days between are meant, write `oktober 2–20`; "
            "if it runs over New Year, write the year at both ends",
        ),
        (
            "week 52–50",
            "if the days between are meant, write `week 50–52`; if it runs over New Year, write the year at both ends",
        ),
        ("6 June 26", "if the year is meant, write 2026 instead; several days are a list [one, another]"),
        ("Easter Sunday - 2", "which is meant, `- 2 days` or `- 2 weeks`?"),
        ("week 53 2027", "which week is meant? The last one of 2027 is `week 52 2027`"),
    ],
)
def test_the_advice_repeats_what_was_written(text: str, meant: str) -> None:
    """With the values of the user."""
    assert advice(text) == meant
