"""What walk tests said of each lamp: kept lamp by lamp, and never in the way where the file is damaged."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.events import Event
from controller.state.json_file import Unusable
from controller.state.lamp_results import FILE, LampFindings, LampResult, LampResults, Proof, read_results

TESTED = datetime(2026, 11, 10, 15, tzinfo=UTC)


@pytest.fixture
def emitted() -> list[Event]:
    """The events."""
    return []


@pytest.fixture
def results(tmp_path: Path, emitted: list[Event]) -> LampResults:
    """In a folder that is not there yet."""
    return LampResults(tmp_path / "state", emitted.append)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where they are kept."""
    return tmp_path / "state" / FILE


def test_a_lamp_that_is_tested_again_has_its_newest_result(results: LampResults, emitted: list[Event]) -> None:
    """The others keep theirs."""
    assert results.read() == LampFindings()
    results.note({"mast/north": False, "mast/south": True}, TESTED)
    results.note({"mast/north": True}, TESTED + timedelta(days=1))
    found = {lamp: (result.at.day, result.lit) for lamp, result in results.read().people.items()}
    assert found == {"mast/north": (11, True), "mast/south": (10, True)}
    assert not emitted


@pytest.mark.parametrize("text", ["", "{", "[]", '{"lamps": {"mast/north": {"at": "soon", "lit": true}}}'])
def test_a_damaged_file_is_set_aside_and_started_again(
    results: LampResults, emitted: list[Event], text: str, file: Path
) -> None:
    """With an event."""
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    results.note({"mast/north": True}, TESTED)
    assert results.read().people["mast/north"].lit
    assert [event.code for event in emitted] == ["TWL-J001"]
    assert (file.parent / f"{FILE}.corrupt-1").exists()


def test_a_file_of_a_newer_version_is_left_alone(results: LampResults, file: Path) -> None:
    """What it holds is not ours to lose."""
    file.parent.mkdir()
    file.write_text('{"version": 2, "more": 1}', encoding="utf-8")
    assert results.read() == LampFindings()
    with pytest.raises(Unusable):
        results.note({"mast/north": True}, TESTED)
    assert file.read_text(encoding="utf-8") == '{"version": 2, "more": 1}'


def test_what_the_service_found_is_kept_beside_what_people_saw(results: LampResults, file: Path) -> None:
    """Neither takes the place of the other."""
    results.note({"mast/north": False}, TESTED)
    found = {"mast/north": LampResult(at=TESTED, lit=True, by="report")}
    results.note_found(found)
    results.note({"mast/south": True}, TESTED)
    assert results.read().by_itself == found
    assert not results.read().people["mast/north"].lit
    assert read_results(file.read_bytes()) == results.read()


@pytest.mark.parametrize(
    ("seen", "found", "fails_by"),
    [
        (None, (1, True, "report"), None),
        (None, (1, False, "report"), "report"),
        ((0, False), (1, True, "report"), "person"),
        ((0, False), (1, True, "none"), "person"),
        ((0, False), (1, True, "power"), None),
        ((1, False), (0, True, "power"), "person"),
        ((0, False), (1, False, "power"), "person"),
        ((0, True), (1, False, "power"), "power"),
        ((1, True), (0, False, "power"), None),
        ((1, True), (0, False, "report"), None),
        ((0, True), (1, True, "report"), None),
    ],
)
def test_whose_word_counts(
    seen: tuple[int, bool] | None, found: tuple[int, bool, Proof], fails_by: Proof | None
) -> None:
    """Of a person and the service the later one, but a mere report of light does not outweigh a person."""
    day, lit, by = found
    people = {} if seen is None else {"a": LampResult(at=TESTED + timedelta(days=seen[0]), lit=seen[1])}
    itself = {"a": LampResult(at=TESTED + timedelta(days=day), lit=lit, by=by)}
    result = LampFindings(people, itself).failed("a")
    assert (result.by if result is not None else None) == fails_by
