"""A state directory of the version before: overrides in two places, events and minutes in two databases."""

import json
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from controller.state import Minute, OverrideRecord, StateStore, StoredHistory
from controller.state.override_file import checksum, columns
from controller.state.storage import Storage

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
Make = Callable[..., StateStore]
Codes = Callable[[], list[str]]
HELD = """CREATE TABLE held (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, document TEXT NOT NULL,
    started_at TEXT NOT NULL, ends_at TEXT, ended_at TEXT, checksum INTEGER NOT NULL
)"""
MINUTES = """CREATE TABLE minutes (
    id INTEGER PRIMARY KEY, minute INTEGER NOT NULL, zone TEXT NOT NULL, night TEXT NOT NULL,
    planned INTEGER NOT NULL, confirmed_s REAL NOT NULL, UNIQUE (minute, zone)
)"""
JOURNAL = """CREATE TABLE journal (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, code TEXT NOT NULL, level TEXT NOT NULL,
    fields TEXT NOT NULL, command_id TEXT
)"""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """Files: there was nothing else before."""
    return Storage(tmp_path)


def record(name: str, at: datetime, kind: str = "override", ended_at: datetime | None = None) -> OverrideRecord:
    """As both versions keep it."""
    return OverrideRecord(id=name, kind=kind, document="{}", started_at=at, ended_at=ended_at)  # type: ignore[arg-type]


def old_database(directory: Path, records: Iterable[OverrideRecord], minutes: Iterable[datetime], version: int) -> None:
    """`watertower.db`, left by a process that was killed: all of it is in the write-ahead log."""
    with closing(sqlite3.connect(directory / "watertower.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(HELD)
        connection.execute(MINUTES)
        connection.execute(f"PRAGMA user_version={version}")
        for each in records:
            connection.execute("INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?)", (*columns(each), checksum(each)))
        for at in minutes:
            number = int(at.timestamp()) // 60
            connection.execute("INSERT INTO minutes VALUES (NULL, ?, 'bowl', '2026-11-20', 1, 60.0)", (number,))


def old_journal(directory: Path, at: datetime) -> None:
    """`journal.db` with one event."""
    with closing(sqlite3.connect(directory / "journal.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(JOURNAL)
        connection.execute("PRAGMA user_version=1")
        row = (at.isoformat(timespec="microseconds"), "TWL-J004", "info", '{"file": "old"}', None)
        connection.execute("INSERT INTO journal VALUES (NULL, ?, ?, ?, ?, ?)", row)


def old_file(directory: Path, *records: OverrideRecord) -> None:
    """`overrides.json`."""
    held = [each.model_dump(mode="json") for each in records]
    content = {"version": 1, "held": held, "checksum": checksum(*records)}
    (directory / "overrides.json").write_text(json.dumps(content))


def files_in(directory: Path) -> set[str]:
    """Their names."""
    return {path.name for path in directory.iterdir()}


async def test_everything_is_taken_over_and_the_old_files_go(
    a_store: Make, tmp_path: Path, now: datetime, codes: Codes
) -> None:
    """What only the database took while the file failed, too; nothing that ended returns, and that once."""
    over = record("over", now, ended_at=now + MINUTE)
    old_file(tmp_path, record("a", now), over, record("r", now, "request", now))
    old_database(
        tmp_path, (record("a", now), record("b", now), record("over", now), record("s", now, "stop")), [now], 1
    )
    old_journal(tmp_path, now)
    for _ in range(2):
        async with a_store() as store:
            assert [each.id for each in store.overrides] == ["a", "b"]
            assert [each.id for each in store.ended] == ["over"]
            assert (store.stop, store.done) == ("{}", ("r",))
            assert not await store.store_override("over", "{}", now, now + HOUR)
    assert files_in(tmp_path) == {"overrides.json", "overrides-copy.json", "history.db"}
    history = StoredHistory(tmp_path)
    assert history.minutes(now, now + HOUR) == (Minute(date(2026, 11, 20), "bowl", now, planned=True, confirmed_s=60),)
    assert [event.event.fields for _, event in history.events(0, now, 10)] == [{"file": "old"}]
    assert codes() == []


async def test_a_takeover_that_was_interrupted_begins_again(a_store: Make, tmp_path: Path, now: datetime) -> None:
    """The rows were copied, and the process died before the old files went: nothing is there twice."""
    old_database(tmp_path, [record("a", now)], [now], 1)
    old_journal(tmp_path, now)
    old = {path: path.read_bytes() for path in tmp_path.iterdir()}
    async with a_store() as store:
        await store.end_overrides(["a"], now + MINUTE)
    for path, content in old.items():
        path.write_bytes(content)
    async with a_store() as store:
        assert store.overrides == ()
    assert len(StoredHistory(tmp_path).events(0, now, 10)) == 1
    assert len(StoredHistory(tmp_path).minutes(now, now + HOUR)) == 1
    assert files_in(tmp_path) == {"overrides.json", "overrides-copy.json", "history.db"}


@pytest.mark.parametrize("name", ["watertower.db", "journal.db"])
async def test_a_damaged_old_database_is_set_aside(
    a_store: Make, tmp_path: Path, now: datetime, codes: Codes, name: str
) -> None:
    """What the file holds stands."""
    old_file(tmp_path, record("a", now))
    (tmp_path / name).write_bytes(b"not a database " * 1000)
    async with a_store() as store:
        assert [each.id for each in store.overrides] == ["a"]
    assert codes() == ["TWL-J001"]
    assert f"{name}.corrupt-1" in files_in(tmp_path)


async def test_old_files_stay_until_the_new_one_can_be_written(
    a_store: Make, tmp_path: Path, now: datetime, until: Callable[..., object]
) -> None:
    """A directory is in the way of the new content; what the database holds is in force meanwhile."""
    old_database(tmp_path, [record("a", now)], [], 1)
    (tmp_path / "overrides.json.new").mkdir()
    (tmp_path / "overrides.json.new" / "x").touch()
    async with a_store() as store:
        assert [each.id for each in store.overrides] == ["a"]
        assert "watertower.db" in files_in(tmp_path)
        (tmp_path / "overrides.json.new" / "x").unlink()
        (tmp_path / "overrides.json.new").rmdir()
        await until(lambda: "watertower.db" not in files_in(tmp_path))  # type: ignore[misc]
    async with a_store() as store:
        assert [each.id for each in store.overrides] == ["a"]


async def test_an_empty_old_database_goes(a_store: Make, tmp_path: Path) -> None:
    """As of a version that was killed at its first start."""
    (tmp_path / "watertower.db").touch()
    async with a_store() as store:
        assert store.overrides == ()
    assert "watertower.db" not in files_in(tmp_path)


def test_instants_are_those_of_the_old_version() -> None:
    """The stamp of the journal has been the same text always."""
    at = datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert at.isoformat(timespec="microseconds") == "2026-11-20T15:00:00.000000+00:00"
