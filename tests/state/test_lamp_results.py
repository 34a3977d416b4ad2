"""What walk tests said of each lamp: kept lamp by lamp, and never in the way where the file is damaged."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.events import Event
from controller.state.json_file import Unusable
from controller.state.lamp_results import FILE, LampResults

TESTED = datetime(2026, 11, 10, 15, tzinfo=UTC)


@pytest.fixture
def told() -> list[Event]:
    """The events."""
    return []


@pytest.fixture
def results(tmp_path: Path, told: list[Event]) -> LampResults:
    """In a folder that is not there yet."""
    return LampResults(tmp_path / "state", told.append)


def test_a_lamp_that_is_tested_again_has_its_newest_result(results: LampResults, told: list[Event]) -> None:
    """The others keep theirs."""
    assert not results.read()
    results.note({"mast/north": False, "mast/south": True}, TESTED)
    results.note({"mast/north": True}, TESTED + timedelta(days=1))
    found = {lamp: (result.at.day, result.lit) for lamp, result in results.read().items()}
    assert found == {"mast/north": (11, True), "mast/south": (10, True)}
    assert not told


@pytest.mark.parametrize("text", ["", "{", "[]", '{"lamps": {"mast/north": {"at": "soon", "lit": true}}}'])
def test_a_damaged_file_is_set_aside_and_started_anew(results: LampResults, told: list[Event], text: str) -> None:
    """With an event."""
    results.path.parent.mkdir()
    results.path.write_text(text, encoding="utf-8")
    results.note({"mast/north": True}, TESTED)
    assert results.read()["mast/north"].lit
    assert [event.code for event in told] == ["TWL-J001"]
    assert (results.path.parent / f"{FILE}.corrupt-1").exists()


def test_a_file_of_a_newer_version_is_left_alone(results: LampResults) -> None:
    """What it holds is not ours to lose."""
    results.path.parent.mkdir()
    results.path.write_text('{"version": 2, "more": 1}', encoding="utf-8")
    assert not results.read()
    with pytest.raises(Unusable):
        results.note({"mast/north": True}, TESTED)
    assert results.path.read_text(encoding="utf-8") == '{"version": 2, "more": 1}'
