"""The history and the known facts: taken without waiting, bounded, and read back."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from controller.events import CATALOGUE, Event, Level, new_event
from controller.events.models import Advice, Phrase, Reason, Text
from controller.state import History, LightChange, Minute, NotRead, StateStore, history
from controller.state.database import SqliteDatabase
from controller.state.history import MIGRATIONS, HistoryBuffer
from controller.state.history_rows import EventFilter, RecordedEvent, Row, recorded
from controller.state.json_file import Unusable
from controller.state.storage import Storage
from tests.parts import require
from tests.postgres import only_files

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
NIGHT = date(2026, 11, 20)
Make = Callable[..., StateStore]
Open = Callable[..., Awaitable[StateStore]]


def works(number: int) -> Event:
    """Some event."""
    return new_event("TWL-J004", file=number)


def events_in(directory: Path | Storage, since: datetime = LONG_AGO) -> list[RecordedEvent]:
    """All of them."""
    return [event for _, event in History(directory).events(0, since, 10**6)]


def minute(at: datetime, zone: str = "bowl", confirmed_s: float = 60.0) -> Minute:
    """A lit minute."""
    return Minute(NIGHT, zone, at, planned=True, confirmed_s=confirmed_s)


async def test_events_are_read_back_as_they_were_written(a_store: Make, storage: Storage, now: datetime) -> None:
    """With level, fields and their texts in both languages, at the instant in UTC."""
    confirmed = new_event("TWL-G101", gateway="mast", shows="bowl orange", latency_s=0.4, attempts=1, command_id="7.3")
    refused = new_event("TWL-O110", id="r", owner="Ann", reason=Advice(new_event("TWL-O120")))
    connected = works(1).of(Phrase(Text("parts", "controller")))
    async with a_store() as store:
        for event in (confirmed, refused, connected):
            store.note(event, now.astimezone(timezone(HOUR)))
    found = events_in(storage)
    assert [(entry.at, entry.at.utcoffset()) for entry in found] == [(now, timedelta(0))] * 3
    assert [entry.code for entry in found] == ["TWL-G101", "TWL-O110", "TWL-J004"]
    for language in ("en", "sv"):
        assert [e.event.text(language) for e in found] == [e.text(language) for e in (confirmed, refused, connected)]
    assert found[0].event == confirmed


async def test_what_no_log_shows_is_not_kept_but_for_the_lives_of_commands(
    a_store: Make, storage: Storage, now: datetime
) -> None:
    """Traffic would push out what people ask for; `logs --command` asks for what was sent and accepted."""
    kinds = [kind for kind in CATALOGUE.values() if kind.level is Level.DEBUG]
    assert kinds
    async with a_store() as store:
        for kind in kinds:
            store.note(Event(kind, dict.fromkeys(kind.fields, "x")), now)
    assert {entry.code for entry in events_in(storage)} == {"TWL-G119", "TWL-G124"}


async def test_what_is_secret_is_not_kept(a_store: Make, storage: Storage, now: datetime) -> None:
    """Whoever reads the history later could use it."""
    kinds = [kind for kind in CATALOGUE.values() if kind.secret]
    assert kinds
    async with a_store() as store:
        for kind in kinds:
            store.note(Event(kind, dict.fromkeys(kind.fields, "x")), now)
        store.note(works(1), now)
    assert [entry.code for entry in events_in(storage)] == ["TWL-J004"]


def test_a_minute_that_comes_again_takes_the_place_of_the_first(storage: Storage, now: datetime) -> None:
    """With all that is known of it, also that a meter says otherwise now."""
    history = History(storage)
    first = replace(minute(now), measured_s=60.0)
    for again in (replace(first, measured_s=20.0), replace(first, planned=False, confirmed_s=3.0, measured_s=None)):
        history.write([first, again])
        assert history.minutes(now, now + MINUTE) == (again,)
    history.close()


def test_an_event_that_this_version_does_not_know_shows_its_fields(now: datetime) -> None:
    """As after a downgrade, or where an event has got another field since."""
    unknown = RecordedEvent(now, "TWL-Z999", Level.WARNING, '{"depth_m": 3, "name": "x{y}"}')
    changed = RecordedEvent(now, "TWL-J004", Level.INFO, '{"path": "/tmp"}')
    assert unknown.event.text("en") == "depth_m=3, name=x{y}"
    assert unknown.event.level is Level.WARNING
    assert changed.event.text("sv") == "path=/tmp"


async def test_events_are_read_page_by_page_in_the_order_of_the_log(
    a_store: Make, storage: Storage, now: datetime
) -> None:
    """From an instant on, after a number, steps of the clock notwithstanding."""
    async with a_store() as store:
        for number in (3, 0, 1, 4, 2):
            store.note(works(number), now + number * SECOND)
    reader = History(storage)

    def numbers(after: int, since: datetime, limit: int) -> list[object]:
        return [entry.event.fields["file"] for _, entry in reader.events(after, since, limit)]

    assert numbers(0, LONG_AGO, 10) == [3, 0, 1, 4, 2]
    assert numbers(0, now + 2 * SECOND, 10) == [3, 4, 2]
    (first, _), (second, _) = reader.events(0, LONG_AGO, 2)
    assert first < second
    assert numbers(second, LONG_AGO, 2) == [1, 4]
    assert reader.last_event("TWL-J004", now + 3 * SECOND) == recorded(works(2), now + 2 * SECOND)
    assert reader.last_event("TWL-J004", now) is None


def test_a_row_of_many_gateways_is_read_as_an_event_of_each(storage: Storage, now: datetime) -> None:
    """Each with a number of its own, page by page in both directions, and newest and oldest first."""
    each = {f"post-{number}": f"1.{number}" for number in range(30)}
    fields = {"gateway": "post-0", "command_id": "1.0", "attempts": 1, "wanted": {"each": {}}}
    event = new_event("TWL-G119", **fields)
    kept = History(storage)
    kept.write([recorded(works(1), now), recorded(replace(event, each=each), now), recorded(works(2), now)])
    kept.close()
    expected = [
        recorded(works(1), now),
        *(recorded(single, now) for single in replace(event, each=each).singly()),
        recorded(works(2), now),
    ]
    reader = History(storage)
    upwards: list[tuple[int, RecordedEvent]] = []
    while page := reader.events(upwards[-1][0] if upwards else 0, LONG_AGO, 7):
        assert len(page) <= 7
        upwards += page
    downwards: list[tuple[int, RecordedEvent]] = []
    while page := reader.newest(EventFilter(), downwards[-1][0] if downwards else 2**62, 7):
        assert len(page) <= 7
        downwards += page
    assert [event for _, event in upwards] == expected
    assert downwards == upwards[::-1]
    assert len({number for number, _ in upwards}) == len(expected)
    assert upwards[-1][0] <= reader.last_number()
    assert reader.events(reader.last_number(), LONG_AGO, 7) == []
    assert list(reader.events_between(now, now + SECOND, ["TWL-G119"])) == expected[1:-1]
    assert reader.last_event("TWL-G119", now + SECOND) == expected[-2]
    mine = [event for _, event in reader.newest(EventFilter(gateway="post-1"), 2**62, 7)]
    assert mine == [expected[2]]


async def test_any_field_can_be_kept(a_store: Make, storage: Storage, now: datetime) -> None:
    """Values that JSON does not know, half characters, and a book."""
    values = (now, float("nan"), "\ud800", "\x00", {1, 2}, b"\xff", "x" * 1_000_000, {"a": [1]}, ["y"] * 10_000)
    async with a_store() as store:
        for value in values:
            store.note(works(value), now)  # type: ignore[arg-type]
    found = events_in(storage)
    assert len(found) == len(values)
    assert max(len(entry.fields) for entry in found) < 5000
    assert found[7].event.fields["file"] == {"a": [1]}


def test_the_history_is_bounded_by_rows_and_by_bytes(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest leave; the file stops growing."""
    monkeypatch.setattr(history, "MOST_BYTES", 200_000)
    kept = History(tmp_path)
    for number in range(200):
        kept.write([recorded(works(number * 50 + part), now + number * SECOND) for part in range(50)])
    kept.close()
    left = events_in(tmp_path)
    assert left[-1].event.fields == {"file": 9999}
    assert 100 < len(left) < 5000
    assert (tmp_path / "history.db").stat().st_size < 400_000


def test_each_table_is_bounded_by_rows(storage: Storage, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the newest so many leave with each write."""
    monkeypatch.setattr(history, "MOST_ROWS", {"events": 10, "light": 5, "minutes": 7})
    kept = History(storage)
    for number in range(25):
        at = now + number * MINUTE
        kept.write([recorded(works(number), at), LightChange(at, "bowl", {}, {}), minute(at)])
    kept.close()
    assert [entry.event.fields["file"] for entry in events_in(storage)] == list(range(15, 25))
    assert [each.at for each in kept.minutes(now, now + HOUR)] == [now + n * MINUTE for n in range(18, 25)]
    assert kept.light_at(now + 19 * MINUTE) == {}
    assert kept.light_at(now + 20 * MINUTE).keys() == {"bowl"}


class Failing:
    """A history that takes nothing until it is repaired."""

    def __init__(self) -> None:
        self.broken = True
        self.rows: list[Row] = []

    def write(self, rows: list[Row]) -> None:
        """Keep them."""
        if self.broken:
            raise Unusable(Reason("EIO"))
        self.rows.extend(rows)


def test_what_could_not_be_written_waits_in_its_order(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before what came meanwhile; the oldest is dropped, and the number is reported with the next write."""
    monkeypatch.setattr(history, "MOST_WAITING", 4)
    engine, emitted = Failing(), list[Event]()
    waiting = HistoryBuffer(engine, emitted.append, lambda: 0.0)  # type: ignore[arg-type]
    rows = [recorded(works(number), now) for number in range(6)]
    waiting.add(rows[:4], urgent=True)
    with pytest.raises(Unusable):
        waiting.flush()
    waiting.add(rows[4:], urgent=True)
    engine.broken = False
    waiting.flush()
    assert engine.rows == rows[2:]
    assert [(event.code, event.fields["count"]) for event in emitted] == [("TWL-J006", 2)]


def test_minutes_wait_for_ten_of_them_or_for_an_event(now: datetime) -> None:
    """A write wears the card; one that is made anyway takes them along."""
    engine, clock = Failing(), [0.0]
    engine.broken = False
    waiting = HistoryBuffer(engine, lambda _: None, lambda: clock[0])  # type: ignore[arg-type]
    waiting.flush()
    waiting.add([minute(now)], urgent=False)
    clock[0] = 599.0
    waiting.flush()
    assert engine.rows == []
    clock[0] = 600.0
    waiting.flush()
    assert engine.rows == [minute(now)]
    waiting.add([minute(now + MINUTE)], urgent=False)
    waiting.add([recorded(works(1), now)], urgent=True)
    waiting.flush()
    assert engine.rows == [minute(now), minute(now + MINUTE), recorded(works(1), now)]


@pytest.mark.real
@only_files
async def test_another_process_reads_while_the_service_writes(a_store: Make, now: datetime, tmp_path: Path) -> None:
    """As `watertower logs` does; and after the service has ended."""
    script = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from controller.state import History\n"
        "print(len(History(Path(sys.argv[1])).events(0, datetime(1, 1, 1, tzinfo=UTC), 10**6)))"
    )
    async with a_store() as store:
        store.note(works(0), now)
        while not events_in(tmp_path):
            await asyncio.sleep(0.01)
        reader = await asyncio.create_subprocess_exec(sys.executable, "-c", script, tmp_path, stdout=subprocess.PIPE)
        noted = 1
        while reader.returncode is None:
            store.note(works(noted), now)
            noted += 1
            await asyncio.sleep(0.001)
        assert reader.stdout is not None
        assert 1 <= int(await reader.stdout.read()) <= noted
        assert reader.returncode == 0
    assert len(events_in(tmp_path)) == noted


@pytest.fixture
def folder_for_all() -> Iterator[Path]:
    """A directory that every user reaches: each run of pytest closes those below its own."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@pytest.mark.real
@only_files
async def test_a_user_who_may_only_read_reads_the_history_of_a_service_that_is_down(
    a_store: Make, now: datetime, folder_for_all: Path
) -> None:
    """They may make no file in the directory, which SQLite would like to; and none is made."""
    require("root")
    async with a_store(folder_for_all) as store:
        store.note(works(7), now)
    os.chmod(folder_for_all, 0o555)  # noqa: PTH101, S103  not by pathlib alone
    before = sorted(folder_for_all.iterdir())
    script = (
        "import os, sys; from datetime import UTC, datetime; from pathlib import Path\n"
        # what is imported late must be there before: this user may not read an interpreter in the home of root
        "import urllib.parse; from controller.state import History\n"
        "os.setuid(65534)\n"
        "print(len(History(Path(sys.argv[1])).events(0, datetime(1, 1, 1, tzinfo=UTC), 10)))"
    )
    command = [sys.executable, "-c", script, folder_for_all]
    run = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("1\n", "")
    assert sorted(folder_for_all.iterdir()) == before


def test_no_history_is_an_empty_one(tmp_path: Path, now: datetime) -> None:
    """Before the first start there is nothing to read, and nothing is made."""
    reader = History(tmp_path)
    assert events_in(tmp_path) == []
    (tmp_path / "history.db").touch()  # just made by the service
    assert events_in(tmp_path) == []
    (tmp_path / "history.db").unlink()
    assert (reader.light_at(now), reader.minutes(now, now + HOUR)) == ({}, ())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"SQLite format 3\x00" + b"\xff" * 5000, b"text" * 500])
def test_a_history_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, content: bytes) -> None:
    """By a code, and the file stays as it was."""
    (tmp_path / "history.db").write_bytes(content)
    with pytest.raises(NotRead) as refused:
        events_in(tmp_path)
    assert refused.value.code == "TWL-J008"
    assert (tmp_path / "history.db").read_bytes() == content


@pytest.mark.parametrize("fields", ["[]", "{", "3"])
def test_a_damaged_row_is_said_to_be_so(tmp_path: Path, now: datetime, fields: str) -> None:
    """A flipped bit that SQLite does not find."""
    kept = History(tmp_path)
    kept.write([recorded(works(1), now)])
    kept.close()
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as connection:
        connection.execute("UPDATE events SET fields = ?", (fields,))
    with pytest.raises(NotRead):
        events_in(tmp_path)


async def test_minutes_are_read_back_by_time_and_zone(a_store: Make, storage: Storage, now: datetime) -> None:
    """Over a restart; one that comes again takes the place of the first; the start rounds up, the end is open."""
    rows = [
        Minute(NIGHT, zone, now + n * MINUTE, planned=n > 0, confirmed_s=60.0 * n)
        for n in range(4)
        for zone in ("shaft", "bowl")
    ]
    better = minute(now + MINUTE, confirmed_s=12.5)
    async with a_store() as store:
        store.note_minutes(rows)
    async with a_store() as store:
        store.note_minutes([better])
    reader = History(storage)
    assert reader.minutes(now + SECOND, now + 3 * MINUTE) == (better, rows[2], rows[5], rows[4])
    assert reader.minutes(now - HOUR, now) == ()


async def test_the_light_of_an_instant_is_the_last_change_of_each_zone(
    a_store: Make, storage: Storage, now: datetime
) -> None:
    """Up to the instant itself; of two at the same instant the later written."""

    def change(zone: str, minutes: int, name: str) -> LightChange:
        return LightChange(now + minutes * MINUTE, zone, {"on": True}, {"kind": "campaign", "name": name})

    first, other, again, last = (
        change("bowl", 0, "a"),
        change("shaft", 1, "a"),
        change("bowl", 2, "b"),
        change("bowl", 2, "c"),
    )
    async with a_store() as store:
        store.note_light([first, other, again, last])
    reader = History(storage)
    assert reader.light_at(now - SECOND) == {}
    assert reader.light_at(now + MINUTE) == {"bowl": first, "shaft": other}
    assert reader.light_at(now + HOUR) == {"bowl": last, "shaft": other}


@pytest.mark.parametrize("odd", [1, 1969, 9999])
async def test_minutes_of_odd_years(a_store: Make, storage: Storage, odd: int) -> None:
    """A clock may say anything."""
    at = datetime(odd, 6, 1, 12, 30, tzinfo=UTC)
    kept = Minute(at.date(), "bowl", at, planned=False, confirmed_s=0)
    async with a_store() as store:
        store.note_minutes([kept])
        store.note(works(1), at)
    assert History(storage).minutes(at, at + HOUR) == (kept,)
    assert [entry.at for entry in events_in(storage, at)] == [at]


async def test_what_is_known_outlives_the_process(a_store: Make, now: datetime) -> None:
    """The order and the time noted last, whenever that was."""
    async with a_store() as store:
        assert (store.known.epoch, store.known.revision, store.known.wall) == (0, 0, None)
        store.store_known(4, 17, now)
        store.store_known(4, 18, now + SECOND)
        assert store.known.revision == 18
    async with a_store() as store:
        assert (store.known.epoch, store.known.revision, store.known.wall) == (4, 18, now + SECOND)


@only_files
async def test_known_facts_are_written_when_they_are_worth_it(
    open_store: Open, now: datetime, tmp_path: Path, until: Callable[..., Awaitable[None]]
) -> None:
    """The first, another epoch, ten minutes on, and a clock that a time server set back; nothing between."""
    path = tmp_path / "known.json"

    def written() -> tuple[int, int]:
        content = json.loads(path.read_bytes()) if path.exists() else {"epoch": 0, "revision": 0}
        return content["epoch"], content["revision"]

    store = await open_store()
    store.store_known(1, 1, now)
    await until(lambda: written() == (1, 1))
    store.store_known(1, 2, now + timedelta(minutes=9))
    await store.store_override("a", "{}", now, now)  # whatever waited before it is done by then
    assert written() == (1, 1)
    store.store_known(1, 3, now + timedelta(minutes=10))
    await until(lambda: written() == (1, 3))
    store.store_known(2, 0, now + timedelta(minutes=10))
    await until(lambda: written() == (2, 0))
    store.store_known(2, 1, now - HOUR, trusted=True)
    await until(lambda: written() == (2, 1))


async def test_the_known_time_goes_back_only_where_a_time_server_vouches_for_it(a_store: Make, now: datetime) -> None:
    """A clock that lies three days back is believed by none of the starts that follow."""
    async with a_store() as store:
        store.store_known(1, 1, now)
        store.store_known(1, 2, now - 72 * HOUR)
        assert (store.known.revision, store.known.wall) == (2, now)
    async with a_store() as store:
        store.store_known(2, 0, now - 72 * HOUR)
        assert store.known.wall == now
        store.store_known(2, 0, now + HOUR)
        assert store.known.wall == now + HOUR
        store.store_known(2, 0, now - HOUR, trusted=True)
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
@only_files
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


def test_an_older_schema_is_migrated_forward(tmp_path: Path, emitted: list[Event]) -> None:
    """Step by step, once, with its rows."""
    first = (("CREATE TABLE things (name TEXT)", "INSERT INTO things VALUES ('kept')"),)
    second = (*first, ("ALTER TABLE things ADD COLUMN size INTEGER DEFAULT 5",))

    def rows(connection: sqlite3.Connection) -> list[tuple[str, int]]:
        return connection.execute("SELECT name, size FROM things").fetchall()

    old = SqliteDatabase(tmp_path / "things.db", first, emitted.append)
    old.write(lambda connection: connection.execute("INSERT INTO things VALUES ('more')"))
    old.close()
    for _ in range(2):
        new = SqliteDatabase(tmp_path / "things.db", second, emitted.append)
        assert new.write(rows) == [("kept", 5), ("more", 5)]
        new.close()
    assert emitted == []


def test_a_migration_happens_whole_or_not_at_all(tmp_path: Path, emitted: list[Event]) -> None:
    """One whose second statement fails leaves the old schema and its rows in the file that was set aside."""
    first = (("CREATE TABLE things (name TEXT)", "INSERT INTO things VALUES ('kept')"),)
    failing = (*first, ("ALTER TABLE things RENAME TO items", "INSERT INTO nowhere VALUES (1)"))
    for migrations in (first, failing):
        database = SqliteDatabase(tmp_path / "things.db", migrations, emitted.append)
        with suppress(Unusable):
            database.write(lambda it: it.execute("SELECT 1"))
        database.close()
    database = SqliteDatabase(tmp_path / "things.db.corrupt-1", first, emitted.append)
    assert database.write(lambda it: it.execute("SELECT name FROM things").fetchall()) == [("kept",)]
    database.close()


@only_files
async def test_nothing_is_written_after_the_end(a_store: Make, tmp_path: Path, now: datetime) -> None:
    """What was noted in the last moment is written by then, and the file is closed for good."""
    for number in range(5):
        async with a_store() as store:
            store.note(new_event("TWL-J004", file=f"{number}"), now)
            await asyncio.sleep(0)
        await asyncio.sleep(0.02)
        assert not (tmp_path / "history.db-wal").exists()
    assert len(History(tmp_path).events(0, now, 10)) == 5


async def test_events_of_some_codes_are_read_by_their_time(a_store: Make, storage: Storage, now: datetime) -> None:
    """From the start on and before the end, whatever else was recorded between."""
    async with a_store() as store:
        for second in range(4):
            store.note(works(second), now + second * SECOND)
            store.note(new_event("TWL-J006", what="x", count=second), now + second * SECOND)
    found = History(storage).events_between(now + SECOND, now + 3 * SECOND, {"TWL-J004"})
    assert [(event.at, event.event.fields["file"]) for event in found] == [
        (now + SECOND, 1),
        (now + 2 * SECOND, 2),
    ]
    assert History(storage).events_between(now, now + HOUR, ()) == ()


async def test_changes_of_light_are_read_by_their_time(a_store: Make, storage: Storage, now: datetime) -> None:
    """From the start on and before the end."""
    changes = [LightChange(now + number * MINUTE, "bowl", {"n": number}, {}) for number in range(4)]
    async with a_store() as store:
        store.note_light(changes)
    assert History(storage).light_between(now + MINUTE, now + 3 * MINUTE) == tuple(changes[1:3])


def test_a_history_of_before_meters_is_read_and_then_taken_further(tmp_path: Path, now: datetime) -> None:
    """A command of this version beside a service of the last one reads it as it is; the service adds what is new."""
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path)) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute(
            "INSERT INTO minutes (minute, zone, night, planned, confirmed_s) VALUES (?, 'bowl', ?, 1, 60.0)",
            (int(now.timestamp()) // 60, NIGHT.isoformat()),
        )
        connection.execute("PRAGMA user_version=1")
        connection.commit()
    history = History(tmp_path)
    [old] = history.minutes(now - timedelta(minutes=1), now + timedelta(minutes=1))
    assert (old.confirmed_s, old.measured_s) == (60.0, None)
    new = replace(old, at=old.at + timedelta(minutes=1), measured_s=12.5)
    history.write([new])
    assert history.minutes(now - timedelta(minutes=1), now + timedelta(minutes=2)) == (old, new)
    history.close()
