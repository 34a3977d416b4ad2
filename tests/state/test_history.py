"""The journal, the minutes and the known facts: taken without waiting, bounded, and read back."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from controller.events import Event, Level, new_event
from controller.state import Minute, NotRead, StateStore, append_log, event_history, read_journal
from controller.state.database import Database, version
from controller.state.json_file import Unusable

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
Make = Callable[..., StateStore]
Open = Callable[..., Awaitable[StateStore]]


def works(number: int) -> Event:
    """Some event."""
    return new_event("TWL-J004", file=number)


def year(now: datetime) -> tuple[datetime, datetime]:
    """Everything within a year."""
    return now - timedelta(days=365), now + timedelta(days=365)


async def test_events_are_read_back_as_they_were_noted(a_store: Make, open_store: Open, now: datetime) -> None:
    """With level, fields and command id, over a restart, at the instant in UTC."""
    confirmed = new_event("TWL-G101", gateway="mast", shows="bowl orange", latency_s=0.4, attempts=1, command_id="7.3")
    async with a_store() as store:
        store.note(confirmed, now.astimezone(timezone(HOUR)))
    store = await open_store()
    (entry,) = await store.journal(*year(now))
    assert (entry.at, entry.code, entry.level, entry.command_id) == (now, "TWL-G101", Level.INFO, "7.3")
    assert entry.fields == dict(confirmed.fields)
    assert entry.at.utcoffset() == timedelta(0)


async def test_a_question_takes_a_stretch_a_code_and_a_number(open_store: Open, now: datetime) -> None:
    """From `since` to before `until`, the newest of them, the oldest first; steps of the clock notwithstanding."""
    store = await open_store()
    for number in (3, 0, 1, 4, 2):
        store.note(works(number), now + number * SECOND)
    store.note(new_event("TWL-J006", what="journal", count=1), now + 2 * SECOND)

    async def numbers(*stretch: datetime, **of: object) -> list[object]:
        return [entry.fields.get("file") for entry in await store.journal(*stretch, **of)]  # type: ignore[arg-type]

    assert await numbers(*year(now), code="TWL-J004") == [0, 1, 2, 3, 4]
    assert await numbers(*year(now), code="TWL-J004", limit=2) == [3, 4]
    assert await numbers(*year(now), code="TWL-J004", limit=0) == []
    assert await numbers(now + SECOND, now + 3 * SECOND, code="TWL-J004") == [1, 2]
    assert await numbers(*year(now), code="TWL-X999") == []
    assert len(await store.journal(*year(now))) == 6


async def test_any_field_can_be_noted(open_store: Open, now: datetime) -> None:
    """Values that JSON does not know, half characters, and a book."""
    store = await open_store()
    for value in (now, float("nan"), "\ud800", "\x00", {1, 2}, b"\xff", "x" * 1_000_000):
        store.note(works(value), now)  # type: ignore[arg-type]
    entries = await store.journal(*year(now))
    assert len(entries) == 7
    assert max(len(str(entry.fields)) for entry in entries) < 5000


async def test_the_journal_is_bounded_by_rows_and_by_bytes(
    open_store: Open, now: datetime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The oldest leave; the file stops growing."""
    monkeypatch.setattr(append_log, "MOST_BYTES", 200_000)
    store = await open_store()
    for number in range(200):
        for part in range(50):
            store.note(works(number * 50 + part), now + number * SECOND)
        await store.journal(*year(now), limit=1)
    left = await store.journal(*year(now), limit=100_000)
    assert left[-1].fields == {"file": 9999}
    assert 100 < len(left) < 5000
    assert (tmp_path / "journal.db").stat().st_size < 400_000


async def test_rows_are_bounded(tmp_path: Path, now: datetime, told: list[Event]) -> None:
    """All but the newest so many leave with each write."""
    database = Database(tmp_path / "journal.db", event_history.MIGRATIONS, told.append)
    rows = append_log.AppendLog(database, replace(event_history.TABLE, most_rows=10), told.append)
    for number in range(25):
        rows.add([event_history.noted(works(number), now)])
        rows.flush()
    kept = database.read(event_history.Question(*year(now)).ask)
    database.close()
    assert [entry.fields["file"] for entry in kept] == list(range(15, 25))


def test_what_could_not_be_written_waits_in_its_order(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before what came meanwhile; the oldest is let go, and the number is told with the next write."""
    monkeypatch.setattr(append_log, "MOST_WAITING", 4)
    directory, told = tmp_path / "later", list[Event]()
    rows: append_log.AppendLog[event_history.Noted]

    def tell(event: Event) -> None:
        told.append(event)
        rows.add([event_history.noted(event, now)])

    database = Database(directory / "journal.db", event_history.MIGRATIONS, tell)
    rows = append_log.AppendLog(database, event_history.TABLE, tell)
    rows.add(event_history.noted(works(number), now) for number in range(4))
    with pytest.raises(Unusable):
        rows.flush()
    assert [entry.code for entry in rows.waiting] == ["TWL-J004"] * 3 + ["TWL-J003"]
    assert [entry.fields["file"] for entry in rows.waiting][:3] == [1, 2, 3]
    directory.mkdir()
    rows.flush()
    database.close()
    assert [(event.code, event.fields.get("count")) for event in told] == [
        ("TWL-J003", None),
        ("TWL-J004", None),
        ("TWL-J006", 1),
    ]


async def test_another_process_reads_while_the_service_writes(a_store: Make, now: datetime, tmp_path: Path) -> None:
    """As `watertower logs` does; and after the service has ended."""
    script = (
        "import sys; from datetime import datetime; from pathlib import Path\n"
        "from controller.state import read_journal\n"
        "start, end = map(datetime.fromisoformat, sys.argv[2:])\n"
        "print(len(read_journal(Path(sys.argv[1]), start, end, limit=10**6)))"
    )
    command = [sys.executable, "-c", script, tmp_path, now.isoformat(), (now + HOUR).isoformat()]
    async with a_store() as store:
        store.note(works(0), now)
        await store.journal(*year(now))
        reader = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        noted = 1
        while reader.returncode is None:
            store.note(works(noted), now)
            noted += 1
            await asyncio.sleep(0.001)
        assert reader.stdout is not None
        assert 1 <= int(await reader.stdout.read()) <= noted
        assert reader.returncode == 0
    assert len(read_journal(tmp_path, now, now + HOUR, limit=10**6)) == noted


def test_no_journal_is_an_empty_journal(tmp_path: Path, now: datetime) -> None:
    """Before the first start there is nothing to read, and nothing is made."""
    assert read_journal(tmp_path, *year(now)) == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00" + b"\xff" * 5000, b"text" * 500])
def test_a_journal_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, now: datetime, content: bytes) -> None:
    """By a code, and the file stays as it was."""
    (tmp_path / "journal.db").write_bytes(content)
    with pytest.raises(NotRead) as refused:
        read_journal(tmp_path, *year(now))
    assert refused.value.code == "TWL-J008"
    assert (tmp_path / "journal.db").read_bytes() == content


async def test_minutes_are_read_back_by_time_and_zone(a_store: Make, open_store: Open, now: datetime) -> None:
    """Over a restart; one that comes again takes the place of the first; the start rounds up, the end is open."""
    night = date(2026, 11, 20)
    rows = [
        Minute(night, zone, now + timedelta(minutes=n), planned=n > 0, confirmed_s=60.0 * n)
        for n in range(4)
        for zone in ("shaft", "bowl")
    ]
    async with a_store() as store:
        store.note_minutes(rows)
    store = await open_store()
    better = Minute(night, "bowl", now + timedelta(minutes=1), planned=True, confirmed_s=12.5)
    store.note_minutes([better])
    found = await store.minutes(now + SECOND, now + timedelta(minutes=3))
    assert found == (better, rows[2], rows[5], rows[4])
    assert await store.minutes(now - HOUR, now) == ()


@pytest.mark.parametrize("odd", [1, 1969, 9999])
async def test_minutes_of_odd_years(open_store: Open, odd: int) -> None:
    """A clock may say anything."""
    at = datetime(odd, 6, 1, 12, 30, tzinfo=UTC)
    store = await open_store()
    minute = Minute(at.date(), "bowl", at, planned=False, confirmed_s=0)
    store.note_minutes([minute])
    assert await store.minutes(at, at + HOUR) == (minute,)
    store.note(works(1), at)
    assert [entry.at for entry in await store.journal(at, at + HOUR)] == [at]


async def test_what_is_known_outlives_the_process(a_store: Make, now: datetime) -> None:
    """The order and the time noted last, whenever that was."""
    async with a_store() as store:
        assert (store.known.epoch, store.known.revision, store.known.wall) == (0, 0, None)
        store.keep_known(4, 17, now)
        await store.journal(*year(now))
        store.keep_known(4, 18, now + SECOND)
        assert store.known.revision == 18
    async with a_store() as store:
        assert (store.known.epoch, store.known.revision, store.known.wall) == (4, 18, now + SECOND)


async def test_known_facts_are_written_when_they_are_worth_it(
    open_store: Open, now: datetime, tmp_path: Path, until: Callable[..., Awaitable[None]]
) -> None:
    """The first, another epoch, ten minutes on, and a clock that a time server set back; nothing between."""
    path = tmp_path / "known.json"

    def written() -> tuple[int, int]:
        content = json.loads(path.read_bytes()) if path.exists() else {"epoch": 0, "revision": 0}
        return content["epoch"], content["revision"]

    store = await open_store()
    store.keep_known(1, 1, now)
    await until(lambda: written() == (1, 1))
    store.keep_known(1, 2, now + timedelta(minutes=9))
    await store.journal(*year(now))
    assert written() == (1, 1)
    store.keep_known(1, 3, now + timedelta(minutes=10))
    await until(lambda: written() == (1, 3))
    store.keep_known(2, 0, now + timedelta(minutes=10))
    await until(lambda: written() == (2, 0))
    store.keep_known(2, 1, now - HOUR, vouched=True)
    await until(lambda: written() == (2, 1))


async def test_the_known_time_goes_back_only_where_a_time_server_vouches_for_it(a_store: Make, now: datetime) -> None:
    """A clock that lies three days back is believed by none of the starts that follow."""
    async with a_store() as store:
        store.keep_known(1, 1, now)
        store.keep_known(1, 2, now - 72 * HOUR)
        assert (store.known.revision, store.known.wall) == (2, now)
    async with a_store() as store:
        store.keep_known(2, 0, now - 72 * HOUR)
        assert store.known.wall == now
        store.keep_known(2, 0, now + HOUR)
        assert store.known.wall == now + HOUR
        store.keep_known(2, 0, now - HOUR, vouched=True)
    async with a_store() as store:
        assert store.known.wall == now - HOUR


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 100,
        b'{"version": 1, "epoch": 3',
        b'{"version": 1, "epoch": -3}',
        b'{"version": 1, "epoch": "many"}',
        b'{"version": 1, "wall": "yesterday"}',
        b'{"version": 1, "wall": "2026-11-20T15:00:00"}',
        b"[" * 100_000,
        b"[]",
    ],
)
async def test_damaged_facts_are_set_aside(
    open_store: Open, tmp_path: Path, codes: Callable[[], list[str]], content: bytes
) -> None:
    """Defaults, an event, and the evidence beside it."""
    (tmp_path / "known.json").write_bytes(content)
    store = await open_store()
    assert (store.known.epoch, store.known.wall) == (0, None)
    await asyncio.sleep(0)
    assert codes() == ["TWL-J001"]
    assert (tmp_path / "known.json.corrupt-1").read_bytes() == content


def test_an_older_schema_is_migrated_forward(tmp_path: Path, told: list[Event]) -> None:
    """Step by step, once, with its rows."""
    first = (("CREATE TABLE things (name TEXT)", "INSERT INTO things VALUES ('kept')"),)
    second = (*first, ("ALTER TABLE things ADD COLUMN size INTEGER DEFAULT 5",))

    def rows(connection: sqlite3.Connection) -> list[tuple[str, int]]:
        return connection.execute("SELECT name, size FROM things").fetchall()

    old = Database(tmp_path / "things.db", first, told.append)
    old.write(lambda connection: connection.execute("INSERT INTO things VALUES ('more')"))
    old.close()
    for _ in range(2):
        new = Database(tmp_path / "things.db", second, told.append)
        assert new.read(rows) == [("kept", 5), ("more", 5)]
        new.close()
    assert told == []


def test_a_migration_happens_whole_or_not_at_all(tmp_path: Path, told: list[Event]) -> None:
    """One whose second statement fails leaves the old schema and its rows in the file that was set aside."""
    first = (("CREATE TABLE things (name TEXT)", "INSERT INTO things VALUES ('kept')"),)
    failing = (*first, ("ALTER TABLE things RENAME TO items", "INSERT INTO nowhere VALUES (1)"))
    for migrations in (first, failing):
        database = Database(tmp_path / "things.db", migrations, told.append)
        with suppress(Unusable):
            database.read(version)
        database.close()
    database = Database(tmp_path / "things.db.corrupt-1", first, told.append)
    assert database.read(lambda it: it.execute("SELECT name FROM things").fetchall()) == [("kept",)]
    database.close()
