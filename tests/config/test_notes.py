"""Notes on a schedule that is right: each at its place, none where nothing is to be said."""

from datetime import UTC, datetime
from pathlib import Path

from controller.config.findings import Finding
from controller.config.load import Setup, parse
from controller.config.notes import notes

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def _notes(campaigns: str, shipped: Setup) -> tuple[Finding, ...]:
    tower = "\n".join(shipped.tower_text.source.lines).encode()
    return notes(parse(tower, f"version: 1\ncampaigns:\n{campaigns}".encode(), Path("config")), NOW)


def test_the_shipped_schedule_needs_no_note(shipped: Setup) -> None:
    """Whoever starts with it is told nothing but when it is next lit."""
    assert notes(shipped, NOW) == ()


def test_a_note_stands_at_the_name_of_its_rule(shipped: Setup) -> None:
    """So that an editor can jump there."""
    found = _notes("  - name: Gammalt\n    dates: 20–26 November 2020\n    color: orange\n", shipped)
    assert [(one.place, one.source) for one in found] == [((3, 11, 18), "  - name: Gammalt")]
    assert not found[0].is_error


def test_words_for_dark_are_noted_wherever_they_stand(shipped: Setup) -> None:
    """Alone and by zone; `dark` and `släckt` are the usual words and need none."""
    found = _notes(
        "  - {name: a, dates: 6 June, color: off}\n  - {name: b, dates: 7 June, color: {bowl: svart, shaft: dark}}\n"
        "  - {name: c, dates: 8 June, color: släckt}\n",
        shipped,
    )
    assert [(one.code, one.place and one.place.line) for one in found] == [("TWL-S139", 3), ("TWL-S139", 4)]
