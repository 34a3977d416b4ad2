"""Days and hours of a schedule in the language of whoever reads it."""

import pytest

from controller.schedule.days import EXAMPLES, Days
from controller.schedule.holidays import HOLIDAYS, LANGUAGES
from controller.schedule.translation import days_in_language, hours_in_language


@pytest.mark.parametrize(
    ("english", "swedish"),
    [
        ("20–26 November", "20–26 november"),
        ("25 November to 10 December", "25 november till 10 december"),
        ("every Friday and Saturday", "varje fredag och lördag"),
        ("Tuesdays", "tisdagar"),
        ("last Saturday in March", "sista lördag i mars"),
        ("Easter Sunday - 2 days", "påskdagen - 2 dagar"),
        ("week 47", "vecka 47"),
        ("Christmas Eve", "julafton"),
        ("20–26 November except 24 November", "20–26 november utom 24 november"),
    ],
)
def test_days_are_translated_into_either_language(english: str, swedish: str) -> None:
    """In the words of the grammar, so that they could be typed again."""
    assert days_in_language(english, "sv") == swedish
    assert days_in_language(swedish, "en") == english


@pytest.mark.parametrize(
    ("english", "swedish"),
    [
        ("sunset to sunrise", "solnedgång till soluppgång"),
        ("sunset + 30 min to 23:00", "solnedgång + 30 min till 23:00"),
        ("1 h after sunset to midnight", "1 tim efter solnedgång till midnatt"),
        ("all day", "hela dygnet"),
    ],
)
def test_hours_are_translated_into_either_language(english: str, swedish: str) -> None:
    """As days are."""
    assert hours_in_language(english, "sv") == swedish
    assert hours_in_language(swedish, "en") == english


@pytest.mark.parametrize("text", ["the first of May", "2027-06-06", "nonsense", "flag days"])
def test_what_has_no_word_in_the_other_language_stays_as_it_is_written(text: str) -> None:
    """Half of it in another language would help nobody."""
    assert days_in_language(text, "sv") == text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", [*EXAMPLES, *HOLIDAYS])
def test_a_translation_means_the_same(text: str, language: str) -> None:
    """Also of named days, whose names differ."""
    if text in HOLIDAYS and days_in_language(text, language) == text:
        return
    assert Days.parse(days_in_language(text, language)) == Days.parse(text)
