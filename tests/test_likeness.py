"""A suggestion mends a slip of the fingers, and never turns one real word into another."""

import pytest

from controller.lighting.color import css_names
from controller.lighting.names import SWEDISH
from controller.likeness import likeliest
from controller.schedule.hours_grammar import WORDS
from controller.schedule.tokens import MONTHS

KNOWN = {**dict.fromkeys(css_names()), **SWEDISH, **WORDS, **MONTHS}
KNOWN = {word: word for word in KNOWN}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("oragne", "orange"),
        ("orangee", "orange"),
        ("gorange", "orange"),
        ("ornge", "orange"),
        ("yelow", "yellow"),
        ("bule", "blue"),
        ("sunst", "sunset"),
        ("sunrsie", "sunrise"),
        ("solupgang", "soluppgang"),
        ("novmber", "november"),
        ("decembr", "december"),
    ],
)
def test_a_slip_is_mended(written: str, meant: str) -> None:
    """A letter missing, too many, swapped, and a wrong one in a longer word."""
    assert likeliest(written, KNOWN, among_words=True) == meant


@pytest.mark.parametrize(
    "word",
    [
        *("snart", "rost", "bold", "cold", "soon", "match", "majs", "range", "juno", "natt", "kväll", "imorgon"),
        *("sedan", "matt", "fest", "final", "brand", "gran", "later", "stal"),
    ],
)
def test_another_word_is_not_taken_for_a_slip(word: str) -> None:
    """Short words lie next to each other: `snart` is not `svart`, `match` is not March."""
    assert likeliest(word, KNOWN, among_words=True) is None
