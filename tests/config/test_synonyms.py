"""What people write for a keyword."""

import pytest

from controller.config.keys import all_keys
from controller.config.schedule_file import Schedule
from controller.config.synonyms import near, synonyms
from controller.config.tower import Tower

CAMPAIGN = ("name", "dates", "nights", "hours", "color", "brightness", "fade_in", "fade_out", "except")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("färg", "color"),
        ("fa\u0308rg", "color"),
        ("Färg", "color"),
        ("colour", "color"),
        ("colr", "color"),
        ("COLOR", "color"),
        ("datum", "dates"),
        ("tider", "hours"),
        ("ljusstyrka", "brightness"),
        ("fade in", "fade_in"),
        ("fade-out", "fade_out"),
        ("undantag", "except"),
        ("bright", "brightness"),
        ("sparkle", None),
        ("", None),
    ],
)
def test_a_keyword_is_found_by_what_people_write(written: str, meant: str | None) -> None:
    """Swedish, British, misspelt, in capitals, and composed as some systems compose letters."""
    assert near(written, CAMPAIGN) == meant


def test_a_synonym_counts_only_where_its_keyword_is_allowed() -> None:
    """`typ` means the kind of a gateway, and nothing in a campaign."""
    assert near("typ", ("name", "kind")) == "kind"
    assert near("typ", CAMPAIGN) is None


def test_every_synonym_leads_to_a_keyword_of_the_files() -> None:
    """No suggestion is refused in its turn."""
    assert set(synonyms().values()) <= all_keys(Schedule) | all_keys(Tower)
