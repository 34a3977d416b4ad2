"""What an edit changes, as people read it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.config.load import parse
from controller.locale import languages
from controller.schedule.changes import changes
from controller.service.change_words import ChangeWords, summary_value, summary_words

CONFIG = Path(__file__).parents[2] / "config"
NAMES = {"bowl": "skålen", "shaft": "skaftet"}
NOVEMBER = datetime(2026, 11, 10, 12, tzinfo=UTC)
IN_THE_WEEK = datetime(2026, 11, 24, 20, tzinfo=UTC)
WEEK = "campaigns: [{name: En vecka, dates: 20–26 November, color: orange}]"
MOVED = WEEK.replace("20–26 November", "[20–26 November, 27 November 2026], except: 20 November 2026")

Words = Callable[..., ChangeWords]


@pytest.fixture
def words() -> Words:
    """The changes from one schedule to another, in a language."""
    tower = (CONFIG / "tower.yaml").read_bytes()

    def change_words(before: str, after: str, language: str = "sv", now: datetime = NOVEMBER) -> ChangeWords:
        old, new = (parse(tower, f"version: 1\n{text}\n".encode(), CONFIG).program() for text in (before, after))
        return ChangeWords(language, new.place.time_zone, NAMES, changes(old, new, now))

    return change_words


def test_a_week_moved_by_a_day(words: Words) -> None:
    """Days first, then each night by both its days, with 24:00 as an end."""
    assert list(words(WEEK, MOVED).lines()) == [
        "Ljuset i natt ändras inte.",
        "Fre 20 nov 2026 blir släckt.",
        "Fre 27 nov 2026 blir tänd: 00:00–08:06 orange 100 %, 15:31–24:00 orange 100 %.",
        "4 nätter ändras",
        "  tors 19 – fre 20 nov 2026: gäller 00:00–07:52 orange 100 %, blir släckt",
        "  fre 20 – lör 21 nov 2026: gäller 15:41–07:55 orange 100 %, blir 00:00–07:55 orange 100 %",
        "  tors 26 – fre 27 nov 2026: gäller 15:32–24:00 orange 100 %, blir 15:32–08:06 orange 100 %",
        "  fre 27 – lör 28 nov 2026: gäller släckt, blir 15:31–24:00 orange 100 %",
        "  5 nätter som förut",
    ]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (WEEK, "", "Tornet släcks när du sparar. Nu lyser det till 08:02: orange 100 %."),
        ("", WEEK, "Tornet tänds när du sparar: orange 100 %."),
        (WEEK, WEEK.replace("orange", "{bowl: blue, shaft: dark}"),
         "Ljuset ändras när du sparar: nu orange 100 %, sedan skålen blue 100 %, skaftet släckt."),
        (WEEK, WEEK.replace("orange", "[red, blue], change_every: 2 min"),
         "Ljuset ändras när du sparar: nu orange 100 %, sedan red 100 % (2 färger)."),
        (WEEK, WEEK.replace("orange", "[red, blue, red, white], change_every: 2 min"),
         "Ljuset ändras när du sparar: nu orange 100 %, sedan red 100 % (3 färger)."),
        (WEEK, WEEK.replace("20–26", "20–25"), "Ljuset i natt ändras inte."),
        (WEEK, WEEK.replace("color", "hours: sunset to 23:00, color"), "Ljuset just nu ändras inte."),
    ],
)  # fmt: skip
def test_what_saving_does_at_once_comes_first(words: Words, before: str, after: str, line: str) -> None:
    """It is also the text of the button."""
    assert words(before, after, now=IN_THE_WEEK).now() == line


def test_a_long_run_of_nights_is_one_line_with_the_hours_of_its_ends(words: Words) -> None:
    """And the count shows that none was left out."""
    before = "campaigns: [{name: A, nights: 25 November to 20 December, color: orange}]"
    found = words(before, before.replace("color", "hours: sunset to 23:00, color"), "en")
    (first, *_) = map(found.group, found.changes.groups)
    assert first == (
        "26 nights, Wed 25 Nov – Sun 20 Dec 2026: has 15:33–08:04 … 15:21–08:37 orange 100 %, "
        "gets 15:33–23:00 … 15:21–23:00 orange 100 %"
    )


def test_an_edit_that_no_night_shows_is_reported_as_such(words: Words) -> None:
    """So that nobody waits for it."""
    assert list(words(WEEK, WEEK.replace("color", "confirmed_for: 2026, color"), "en").lines()) == [
        "Tonight's light does not change.",
        "None of the next 400 nights changes.",
        "  16 nights as before",
        "En vecka: no night shows the change.",
    ]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (WEEK, MOVED, "En vecka: lör 21 – fre 27 nov, bara 2026"),
        (WEEK.replace("color", "except: 26 November 2026, color"),
         WEEK.replace("20–26", "19–25").replace("color", "except: 19 November 2026, color"),
         "En vecka: dagar 19–25 november utom 19 november 2026"),
        (MOVED, WEEK, "En vecka: fre 20 – tors 26 nov, 2026 åter som andra år"),
        (WEEK.replace("color", "except: 24 November 2027, color"), WEEK,
         "En vecka: lör 20 – fre 26 nov, 2027 åter som andra år"),
        (WEEK, WEEK.replace("20–26", "21–27").replace("En vecka", "Veckan"),
         "Veckan: dagar 21–27 november, hette En vecka"),
        (WEEK, WEEK.replace("orange", "blue").replace("En vecka", "Veckan"), "Veckan: hette En vecka, färg"),
        (WEEK, WEEK.replace("20–26", "21–27").replace("En vecka", "Veckan").replace("orange", "blue"),
         "Ny kampanj: Veckan; Borttagen kampanj: En vecka"),
        (WEEK, WEEK.replace("20–26", "21–27"), "En vecka: dagar 21–27 november"),
        (WEEK, WEEK.replace("color", "except: 24 November 2027, color"),
         "En vecka: lör 20 – tis 23 nov, tors 25 – fre 26 nov, bara 2027"),
        (WEEK, WEEK.replace("dates", "nights"), "En vecka: nätter 20–26 november"),
        (WEEK.replace("20–26 November", "every Friday"), WEEK.replace("20–26 November", "every Friday, except: July"),
         "En vecka: dagar varje fredag utom juli"),
        (WEEK, "", "Borttagen kampanj: En vecka"),
        ("", WEEK, "Ny kampanj: En vecka"),
        (WEEK, WEEK.replace("En vecka", "Veckan"), "Veckan: hette En vecka"),
        (WEEK, WEEK.replace("color", "hours: 17:00 to 23:00, brightness: 60 %, color"),
         "En vecka: tider 17:00 till 23:00, ljusstyrka 60 %"),
        (WEEK, WEEK.replace("orange", "blue"), "En vecka: färg"),
        (WEEK, WEEK + "  # ny rad", "Bara kommentarer eller skrivsätt"),
        ("", "blackouts: [{name: Flyttfåglar, dates: 1–10 May}]", "Ny släckning: Flyttfåglar"),
    ],
)  # fmt: skip
def test_a_line_of_the_history(words: Words, before: str, after: str, line: str) -> None:
    """What was edited, whoever reads it."""
    assert summary_words(summary_value(words(before, after).changes), "sv") == line


@pytest.mark.parametrize("language", languages())
def test_every_keyword_has_a_word_in_the_history(words: Words, language: str) -> None:
    """Each of them may be what was edited."""
    more = (
        "fade_in: 9 s, fade_out: 9 s, otherwise: dark, confirmed_for: 2026, hours: all day, brightness: 10 %, "
        "change_every: 60 s, color: [red, blue]"
    )
    changed = words(WEEK, WEEK.replace("color: orange", more)).changes
    assert len(summary_words(summary_value(changed), language).split(", ")) == 8
    assert {"fade_in", "otherwise", "change_every"} <= {*changed.rules[0].keys}


def test_more_rules_than_fit_a_line_are_counted(words: Words) -> None:
    """The first of them are named, however long their names are."""
    rules = ", ".join(
        f"{{name: {letter * 80}, dates: {day} May, color: red}}" for day, letter in enumerate("abcdef", 1)
    )
    line = summary_words(summary_value(words("", f"campaigns: [{rules}]").changes), "en")
    assert line.startswith(f"New campaign: {'a' * 80}; New campaign: {'b' * 80}; New campaign: {'c' * 80}")
    assert line.endswith(" and 3 more")


def test_light_that_would_have_gone_on_for_days_ends_on_a_day(words: Words) -> None:
    """A time of day alone would be taken for the next one."""
    all_day = WEEK.replace("color", "hours: all day, color")
    line = words(all_day, "", now=IN_THE_WEEK).now()
    assert line == "Tornet släcks när du sparar. Nu lyser det till tors 26 nov 2026 24:00: orange 100 %."


def test_more_than_twenty_days_are_counted_year_by_year(words: Words) -> None:
    """As every Friday of a year."""
    found = list(
        words("", "campaigns: [{name: F, nights: every Friday, hours: sunset to 23:00, color: blue}]", "en").days()
    )
    assert found == [
        "7 days are lit, Fri 13 Nov – Fri 25 Dec 2026.",
        "50 days are lit, Fri 1 Jan – Fri 10 Dec 2027.",
    ]
