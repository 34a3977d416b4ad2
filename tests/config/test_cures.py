"""What one press writes: every suggestion gives a file in which its finding is gone; a sure one keeps the meaning."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.config.cures import followed
from controller.config.findings import Finding
from controller.config.load import parse
from controller.config.setup_notes import notes
from controller.events.models import in_language
from controller.locale import Language, languages
from tests.config.caretaker_files import files

BAD = Path(__file__).parent / "bad"
TOWER = (Path(__file__).parents[2] / "config" / "tower.yaml").read_bytes()
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
Found = Callable[..., tuple[Finding, ...]]

RULE = """version: 1
campaigns:
  - name: A
    dates: {dates}
    hours: {hours}
    color: {color}
    fade_in: {fade}
"""
RIGHT = {"dates": "6 juni", "hours": "sunset to sunrise", "color": "orange", "fade": "30 s"}


def identity(finding: Finding) -> tuple[object, ...]:
    """The content of a finding without its place."""
    return (finding.code, *(str(value) for value in finding.event.fields.values()))


def check_each(text: bytes, found: Iterable[Finding], again: Callable[[bytes], tuple[Finding, ...]]) -> int:
    """Follow every suggestion in both languages; how many there were."""
    count = 0
    for finding in found:
        for suggestion in finding.suggestions:
            for language in languages():
                new = followed(text, suggestion, language)
                assert new != text
                left = [identity(one) for one in again(new)]
                before = [identity(one) for one in found].count(identity(finding))
                assert left.count(identity(finding)) < before, (finding.code, suggestion, new.decode())
                count += 1
    return count


@pytest.mark.parametrize("case", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_finding_is_gone_once_its_suggestion_is_followed(case: Path, findings: Found) -> None:
    """Of every bad file."""
    kind, text = case.name.partition("-")[0], case.read_bytes()

    def again(new: bytes) -> tuple[Finding, ...]:
        if kind == "note":
            return notes(parse(TOWER, new, Path("config")), NOW)
        return findings(**{kind: new})

    check_each(text, again(text), again)


def test_what_caretakers_break_can_be_mended_by_pressing(findings: Found) -> None:
    """Also the answers to questions; most of the files have something to press."""
    pressed = [
        check_each(text.encode(), findings(schedule=text), lambda new: findings(schedule=new)) for text, _ in files()
    ]
    assert sum(map(bool, pressed)) > len(pressed) * 0.6


@pytest.mark.parametrize(
    ("key", "typed", "offered", "is_sure"),
    [
        ("dates", "31 november", ["30 november"], False),
        ("dates", "31 november 2027", ["30 november 2027"], False),
        ("dates", "21/11", ["21 november"], True),
        ("dates", "6/7", None, False),
        ("dates", "20 Novembr", ["20 November"], True),
        ("dates", "femte fredagen i oktober", ["sista fredagen i oktober", "fjärde fredagen i oktober"], False),
        ("dates", "vecka 53 2027", ["vecka 52 2027"], False),
        ("dates", "vecka 60", [], False),
        ("dates", "Jul afton", ["julafton"], True),
        ("dates", "mellan jul och nyår", ["27–30 december", "julafton till nyårsdagen"], False),
        ("dates", "Påsk dagen till Mid sommar afton", ["påskdagen till midsommarafton"], True),
        ("dates", "20–26 november 18-22", ["20–26 november, och tiderna 18-22"], False),
        ("dates", "6 juni kl 18:00 till solnedgång", ["6 juni, och tiderna kl 18:00 till solnedgång"], False),
        ("dates", "6 juni 18:00", [], False),
        ("dates", "fredag", ["varje fredag"], False),
        ("dates", "sista fredagen", [], False),
        ("fade", "2", ["2 s", "2 min", "2 h"], False),
        ("fade", "2 minuts", ["2 minute"], True),
        ("hours", "6 to 10", ["06:00 to 10:00", "18:00 to 22:00"], False),
        ("hours", "sunst to sunrise", ["sunset to sunrise"], True),
        ("hours", "solnedgång + 2 till 23:00", ["solnedgång + 2 min till 23:00", "solnedgång + 2 h till 23:00"], False),
        ("color", "oragne", ["orange"], True),
        ("color", '"oragne"', ["orange"], True),
        ("color", "FF6A00", ["#FF6A00"], True),
        ("color", "röd blå", ["[röd, blå]", "{Skålen: röd, Skaftet: blå}"], False),
    ],
)
def test_what_is_offered_for_a_value(
    key: str, typed: str, offered: list[str] | None, is_sure: bool, findings: Found
) -> None:
    """The texts of the buttons, in Swedish; one that is sure where only one thing can be meant."""
    (first, *_) = findings(schedule=RULE.format(**{**RIGHT, key: typed}))
    shown = [in_language(one.shown, "sv") for one in first.suggestions]
    assert offered is None or shown == offered
    assert len(shown) > 1 or offered is not None
    assert [one.is_sure for one in first.suggestions] == [is_sure] * len(shown)


@pytest.mark.parametrize("hours", ["    hours: sunset to sunrise\n", ""])
def test_times_behind_days_become_the_hours(hours: str, findings: Found) -> None:
    """They replace the hours of the entry, or get a line of their own."""
    text = RULE.format(**{**RIGHT, "dates": "20–26 november 18-22"}).replace("    hours: sunset to sunrise\n", hours)
    (first,) = findings(schedule=text)
    after = followed(text.encode(), first.suggestions[0], "sv").decode()
    assert "    dates: 20–26 november\n    hours: 18-22\n" in after
    assert findings(schedule=after) == ()
    text = "version: 1\ncampaigns: [{name: A, dates: 20–26 november 18-22, color: orange}]\n"
    (first,) = findings(schedule=text)
    assert b"{name: A, dates: 20\xe2\x80\x9326 november, hours: 18-22, color: orange}" in followed(
        text.encode(), first.suggestions[0], "sv"
    )


@pytest.mark.parametrize("lines", ["    dates: 13 december\n", "    dates: 13 december\n    hours: 18-22\n"])
def test_an_entry_that_begins_with_its_name_is_given_the_keyword(lines: str, findings: Found) -> None:
    """However few lines it has below; with none it is a keyword that does not exist."""
    text = f"version: 1\nblackouts:\n  - Lucia:\n{lines}"
    (found,) = findings(schedule=text)
    assert found.code == "TWL-S184"
    after = followed(text.encode(), found.suggestions[0], "en").decode()
    assert after == f"version: 1\nblackouts:\n  - name: Lucia\n{lines}"
    assert findings(schedule="version: 1\nblackouts:\n  - Lucia:\n")[0].code == "TWL-S011"


def test_a_value_with_a_comma_is_given_quotes_where_a_comma_separates(findings: Found) -> None:
    """Within braces, and nowhere else."""
    lines = "version: 1\ncampaigns:\n  - name: A\n    dates: 6 juni\n    color: orange\n    brightness: 0.8\n"
    braces = "version: 1\ncampaigns: [{name: A, dates: 6 juni, color: orange, brightness: 0.8}]\n"
    for text, written in ((lines, ["80 %", "0,8 %"]), (braces, ["80 %", '"0,8 %"'])):
        (found,) = findings(schedule=text)
        after = [followed(text.encode(), one, "sv").decode() for one in found.suggestions]
        assert after == [text.replace("0.8", each) for each in written]
        assert [findings(schedule=each) for each in after] == [(), ()]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_advent_is_asked_about_in_the_language_of_the_reader(language: Language, findings: Found) -> None:
    """Where the text itself has none."""
    (first,) = findings(schedule=RULE.format(**{**RIGHT, "dates": "advent"}))
    text = followed(RULE.format(**{**RIGHT, "dates": "advent"}).encode(), first.suggestions[0], language)
    assert findings(schedule=text) == ()


def test_a_line_with_a_secret_has_nothing_to_press(findings: Found) -> None:
    """Its text is not shown anywhere."""
    text = TOWER.decode().replace("mqtt:", "mqtt:\n  password: hemlig", 1)
    assert all(
        not one.suggestions
        for one in findings(tower=text)
        if one.place and "hemlig" in text.splitlines()[one.place.line - 1]
    )
