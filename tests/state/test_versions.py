"""Versions of the schedule: kept with who and why, once each text, bounded, and readable beside damaged ones."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.events import Event
from controller.state import NotRead
from controller.state.roles import Source
from controller.state.versions import FOLDER, ScheduleVersion, VersionStore

FIRST = datetime(2026, 11, 9, 6, 12, tzinfo=UTC)
A, B = b"version: 1\n", b"version: 1  # B\r\n"


class Kept:
    """A store, and its events."""

    def __init__(self, state: Path, most: int = 1000, most_bytes: int = 1 << 20) -> None:
        self.events: list[Event] = []
        self.folder = state / FOLDER
        self.store = VersionStore(state, self.events.append, most, most_bytes)
        self.at = FIRST

    def add(self, text: bytes, who: str = "kim", why: str = "") -> ScheduleVersion:
        """A version an hour after the last one."""
        self.at += timedelta(hours=1)
        return self.store.add(text, at=self.at, who=who, source=Source.PAGE, why=why, summary=[])

    @property
    def numbers(self) -> list[int]:
        """Newest first."""
        return [version.number for version in self.store.versions()]

    @property
    def texts(self) -> list[Path]:
        """The texts on the disk."""
        return sorted(self.folder.glob("*.yaml"))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """An empty store."""
    return Kept(tmp_path)


def test_a_version_holds_the_bytes_and_who_saved_them_why(kept: Kept) -> None:
    """Line ends included."""
    version = kept.add(B, who="sara", why="arrangören flyttade")
    assert kept.store.latest() == version
    assert (version.number, version.who, version.why, version.is_first) == (1, "sara", "arrangören flyttade", True)
    assert kept.store.text(version) == B


def test_the_same_bytes_again_are_a_new_version_of_one_file(kept: Kept) -> None:
    """As after undo of undo."""
    versions = [kept.add(text) for text in (A, B, A, B)]
    assert kept.numbers == [4, 3, 2, 1]
    assert len(kept.texts) == 2
    assert [kept.store.text(version) for version in versions] == [A, B, A, B]


def test_the_version_before_another(kept: Kept) -> None:
    """Which undo goes back to."""
    first, second = kept.add(A), kept.add(B)
    assert kept.store.before(second) == first
    assert kept.store.before(first) is None


def test_a_text_leads_to_its_newest_version(kept: Kept) -> None:
    """So that a draft finds what it began from."""
    kept.add(A)
    kept.add(B)
    third = kept.add(A)
    assert kept.store.with_text(third.sha256) == third
    assert kept.store.with_text("0" * 64) is None


def test_the_oldest_go_first_and_their_texts_with_them(tmp_path: Path) -> None:
    """Numbers go on."""
    kept = Kept(tmp_path, most=3)
    for number in range(5):
        kept.add(f"version: 1  # {number}\n".encode())
    assert kept.numbers == [5, 4, 3]
    assert len(kept.texts) == 3
    assert kept.add(A).number == 6


def test_texts_take_no_more_room_than_allowed(tmp_path: Path) -> None:
    """A text that several versions share counts once, and the newest stays however long it is."""
    kept = Kept(tmp_path, most_bytes=250)
    long, other = b"#" * 100 + b"\n", b"-" * 100 + b"\n"
    for text in (long, other, long, other):
        kept.add(text)
    assert kept.numbers == [4, 3, 2, 1]
    kept.add(b"*" * 100 + b"\n")
    assert kept.numbers == [5, 4]
    kept.add(b"/" * 1000)
    assert kept.numbers == [6]


def test_a_damaged_entry_is_reported_and_the_others_are_read(kept: Kept) -> None:
    """It is set aside as evidence, and its number is not given again."""
    kept.add(A)
    damaged = kept.add(B)
    path = next(kept.folder.glob("000002-*.json"))
    path.write_bytes(b"\x00" * 20)
    assert kept.numbers == [1]
    assert [event.code for event in kept.events] == ["TWL-J001"]
    assert kept.add(A).number == damaged.number + 1


def test_a_version_without_its_text_is_reported_and_skipped(kept: Kept) -> None:
    """Undo then goes back to the one before it."""
    first, second, third = kept.add(A), kept.add(B), kept.add(A + b"#\n")
    (kept.folder / f"{second.sha256}.yaml").unlink()
    assert kept.numbers == [3, 1]
    assert [event.code for event in kept.events] == ["TWL-J012"]
    assert kept.store.before(third) == first


def test_a_text_that_is_not_the_one_that_was_kept_is_not_handed_out(kept: Kept) -> None:
    """A flipped bit must not become a schedule."""
    version = kept.add(A)
    (kept.folder / f"{version.sha256}.yaml").write_bytes(B)
    with pytest.raises(NotRead) as refused:
        kept.store.text(version)
    assert refused.value.code == "TWL-J012"


def test_a_text_that_comes_back_is_written_again(kept: Kept) -> None:
    """Where the one on the disk was damaged."""
    first = kept.add(A)
    (kept.folder / f"{first.sha256}.yaml").write_bytes(B)
    assert kept.store.text(kept.add(A)) == A


def test_an_entry_of_a_newer_program_stays_where_it_is(kept: Kept) -> None:
    """It is reported, and not touched."""
    kept.add(A)
    path = next(kept.folder.glob("*.json"))
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'), "utf-8")
    assert kept.numbers == []
    assert [event.code for event in kept.events] == ["TWL-J002"]
    assert path.exists()


def test_a_version_that_never_came_into_force_is_taken_away(kept: Kept) -> None:
    """With its text, if no other version has it."""
    kept.add(A)
    kept.store.drop(kept.add(B))
    assert kept.numbers == [1]
    assert len(kept.texts) == 1


def test_no_folder_is_no_versions(kept: Kept) -> None:
    """Nothing was saved yet."""
    assert kept.store.versions() == ()
    assert kept.store.latest() is None
