"""A bad disk is an event and a degraded store; the loop goes on and no acknowledged override is lost."""

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from controller.events import Event, Level, new_event
from controller.state import History, Minute, NotRead, NotStored, OverrideRecord, StateStore, history
from controller.state import state_store as store_module
from controller.state.override_file import OverrideFile
from tests.parts import ended_after
from tests.postgres import only_files

HOUR = timedelta(hours=1)
Make = Callable[..., StateStore]
Open = Callable[..., Awaitable[StateStore]]
Look = Callable[..., Awaitable[tuple[list[str], str | None]]]
Until = Callable[[Callable[[], object]], Awaitable[None]]
Codes = Callable[[], list[str]]

HOLDS_A_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    connection.execute(statement)
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(path: Path, *before: str) -> Iterator[None]:
    """Another process holds the database for itself."""
    command = [sys.executable, "-c", HOLDS_A_LOCK, path, *before, "BEGIN EXCLUSIVE"]
    with ended_after(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        yield


def events_in(directory: Path) -> list[object]:
    """What the events in the history say of their file."""
    entries = History(directory).events(0, datetime(1, 1, 1, tzinfo=UTC), 10**6)
    return [entry.event.fields.get("file") for _, entry in entries]


def minute(at: datetime) -> Minute:
    """A lit minute."""
    return Minute(date(2026, 11, 20), "bowl", at, planned=True, confirmed_s=60)


def works(number: int) -> Event:
    """Some event."""
    return new_event("TWL-J004", file=number)


@contextmanager
def beats() -> Iterator[Callable[[], int]]:
    """How often the event loop has gone round."""
    count = 0

    async def beat() -> None:
        nonlocal count
        while True:
            count += 1
            await asyncio.sleep(0.005)

    task = asyncio.get_running_loop().create_task(beat())
    yield lambda: count
    task.cancel()


@pytest.mark.real
@only_files
async def test_a_locked_history_stops_neither_the_loop_nor_an_override_and_catches_up(
    open_store: Open, tmp_path: Path, now: datetime, emitted: list[Event], until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest wait in memory; the oldest are dropped and counted."""
    monkeypatch.setattr(history, "MOST_WAITING", 10)
    store = await open_store()
    store.note(works(-1), now)
    await until(lambda: (tmp_path / "history.db").exists() and events_in(tmp_path) == [-1])
    with locked(tmp_path / "history.db"), beats() as count:
        for number in range(25):
            store.note(works(number), now)
        assert await store.store_override("a", "{}", now, now + HOUR)
        await until(lambda: "TWL-J003" in [event.code for event in emitted])
        assert count() > 5
    await until(lambda: "TWL-J006" in [event.code for event in emitted])
    assert [event.fields["count"] for event in emitted if event.code == "TWL-J006"] == [15]
    assert events_in(tmp_path) == [-1, *range(15, 25)]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"this is not a database, " * 1000,
    "cut": lambda data: data[: len(data) * 2 // 3],
    "cut in the first page": lambda data: data[:1000],
    "zeroes": lambda data: bytes(len(data)),
    "header only": lambda data: data[:100] + bytes(len(data) - 100),
    "count of free pages": lambda data: data[:36] + b"\x00\x00\x00\x07" + data[40:],
    "letters of the schema": lambda data: data.replace(b"CREATE TABLE light", b"CREATE TABLE \xff\xfe\xff\xfe\xff"),
    "every page's head": lambda data: b"".join(
        b"\xff" * 16 + data[at + 16 : at + 4096] for at in range(0, len(data), 4096)
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
@only_files
async def test_a_damaged_history_is_set_aside_and_overrides_stay_in_force(
    a_store: Make, tmp_path: Path, now: datetime, codes: Codes, kind: str
) -> None:
    """A new one begins; an empty file is no damage."""
    async with a_store() as store:
        await store.store_override("a", "{}", now, now + HOUR)
        await store.set_stop("dark", now)
        for number in range(300):
            store.note(works(number), now)
    path = tmp_path / "history.db"
    damaged = DAMAGE[kind](path.read_bytes())
    path.write_bytes(damaged)
    async with a_store() as store:
        assert ([held.id for held in store.overrides], store.stop) == (["a"], "dark")
        store.note(works(-1), now)
    assert events_in(tmp_path) == [-1]
    if kind != "empty":
        assert codes() == ["TWL-J001"]
        assert (tmp_path / "history.db.corrupt-1").read_bytes() == damaged


@only_files
async def test_a_log_is_set_aside_with_its_database(a_store: Make, tmp_path: Path, now: datetime, until: Until) -> None:
    """A write-ahead log of the damaged file would be replayed into the new one."""
    state = tmp_path / "after a power cut"
    state.mkdir()
    async with a_store() as store:
        store.note(works(0), now)
    async with a_store() as store:
        store.note(works(1), now)
        await until(lambda: events_in(tmp_path) == [0, 1])
        shutil.copy(tmp_path / "history.db-wal", state)
    (state / "history.db").write_bytes(b"not a database " * 1000)
    async with a_store(state) as store:
        store.note(works(2), now)
    assert events_in(state) == [2]


@only_files
async def test_no_flipped_byte_of_the_history_loses_an_override_or_stops_the_store(
    a_store: Make, tmp_path: Path, now: datetime
) -> None:
    """What SQLite does not find costs rows of history at most."""
    async with a_store() as store:
        await store.store_override("a", "{}", now, now + HOUR)
        store.note_minutes(minute(now + n * timedelta(minutes=1)) for n in range(300))
        for number in range(300):
            store.note(works(number), now)
    good = contents(tmp_path)
    dice = random.Random(20)
    for _ in range(25):
        restore(tmp_path, good)
        spoilt = bytearray(good["history.db"])
        for _ in range(dice.choice((1, 30))):
            spoilt[dice.randrange(len(spoilt))] ^= 1 << dice.randrange(8)
        (tmp_path / "history.db").write_bytes(spoilt)
        async with a_store() as store:
            assert "a" in [held.id for held in store.overrides]
            store.note(works(1000), now)
            store.note_minutes([minute(now)])
            assert await store.store_override("b", "{}", now, now + HOUR)
        with suppress(NotRead):
            assert 1000 in events_in(tmp_path)


@only_files
async def test_a_history_that_breaks_while_it_runs_is_replaced(
    open_store: Open, tmp_path: Path, now: datetime, codes: Codes, until: Until
) -> None:
    """A table that vanished is damage as well."""
    store = await open_store()
    store.note(works(1), now)
    await until(lambda: (tmp_path / "history.db").exists() and events_in(tmp_path) == [1])
    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as connection:
        connection.execute("DROP TABLE minutes")
    store.note(works(2), now)
    await until(lambda: codes() == ["TWL-J001"])
    await until(lambda: events_in(tmp_path) == [2])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b"red", b"rud"),
        lambda data: data.replace(b"2026-11-20T16", b"2027-11-20T16"),
        lambda _: b"",
        lambda _: b"{",
        lambda _: b'{"version": 1, "held": [], "checksum": 5}',
        lambda _: b"\xff",
        lambda _: b'{"version": 0}',
    ],
)
@only_files
async def test_a_damaged_file_of_overrides_is_an_error_and_set_aside(
    a_store: Make, tmp_path: Path, now: datetime, emitted: list[Event], spoil: Callable[[bytes], bytes]
) -> None:
    """Neither its document nor its end may become another; where its copy is damaged too, a person has to set it
    again."""
    async with a_store() as store:
        await store.store_override("a", '{"color": "red"}', now, now + HOUR)
        await store.set_stop("dark", now)
    spoilt = spoil((tmp_path / "overrides.json").read_bytes())
    for name in ("overrides.json", "overrides-copy.json"):
        (tmp_path / name).write_bytes(spoilt)
    async with a_store() as store:
        assert (store.overrides, store.stop) == ((), None)
        assert await store.store_override("b", "{}", now, now + HOUR)
    assert [(event.code, event.level) for event in emitted] == [("TWL-J001", Level.WARNING), ("TWL-J010", Level.ERROR)]
    assert (tmp_path / "overrides.json.corrupt-1").read_bytes() == spoilt


@only_files
async def test_what_was_set_by_hand_survives_damage_of_either_file(
    a_store: Make, tmp_path: Path, now: datetime, codes: Callable[[], list[str]]
) -> None:
    """One after the other: each is written again from the other."""
    async with a_store() as store:
        await store.store_override("a", "{}", now, now + HOUR)
        await store.set_stop("dark", now)
    for name in ("overrides.json", "overrides-copy.json", "overrides.json"):
        (tmp_path / name).write_bytes(b"\0" * 100)
        async with a_store() as store:
            assert ([each.id for each in store.overrides], store.stop) == (["a"], "dark")
    assert codes() == ["TWL-J011", "TWL-J001", "TWL-J011"]


@only_files
async def test_a_file_of_overrides_that_somebody_took_away_is_not_brought_back(
    a_store: Make, tmp_path: Path, now: datetime, codes: Callable[[], list[str]]
) -> None:
    """The copy replaces a damaged file, not one that is missing."""
    async with a_store() as store:
        await store.store_override("a", "{}", now, now + HOUR)
    (tmp_path / "overrides.json").unlink()
    async with a_store() as store:
        assert store.overrides == ()
    assert codes() == []
    async with a_store() as store:
        assert store.overrides == ()


@only_files
async def test_a_directory_in_the_place_of_a_file_is_set_aside(
    open_store: Open, tmp_path: Path, now: datetime, until: Until
) -> None:
    """As of a container that mounted what was not there."""
    for name in ("overrides.json", "known.json", "history.db"):
        (tmp_path / name).mkdir()
    store = await open_store()
    store.note(works(1), now)
    assert await store.store_override("a", "{}", now, now + HOUR)
    assert (tmp_path / "overrides.json").is_file()
    await until((tmp_path / "history.db").is_file)
    await until(lambda: events_in(tmp_path) == [1])


def newer_database(path: Path, tmp_path: Path) -> None:
    """A database of a later version whose process was killed: the newest is still in its write-ahead log."""
    future = tmp_path / f"future-{path.name}"
    with closing(sqlite3.connect(future, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version=99")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE held (of_the_future TEXT)")
        for tail in ("", "-wal"):
            shutil.copy(f"{future}{tail}", f"{path}{tail}")


@only_files
async def test_a_newer_history_is_set_aside_whole(
    a_store: Make, tmp_path: Path, now: datetime, codes: Codes, emitted: list[Event]
) -> None:
    """With what is still in its write-ahead log, so that the newer version can have it back."""
    state = tmp_path / "state"
    state.mkdir()
    newer_database(state / "history.db", tmp_path)
    async with a_store(state) as store:
        store.note(works(1), now)
        assert await store.store_override("a", "{}", now, now + HOUR)
    assert codes() == ["TWL-J009"]
    assert {event.fields["found"] for event in emitted} == {99}
    assert events_in(state) == [1]
    with closing(sqlite3.connect(state / "history.db.newer-1")) as connection:
        assert connection.execute("SELECT of_the_future FROM held").fetchall() == []


@only_files
async def test_newer_files_of_overrides_refuse_what_cannot_be_kept(
    a_store: Make, tmp_path: Path, now: datetime, codes: Codes
) -> None:
    """Nothing is known, nothing is written, nothing is acknowledged."""
    newer = b'{"version": 2, "anything": [{}]}'
    for name in ("overrides.json", "known.json"):
        (tmp_path / name).write_bytes(newer)
    async with a_store() as store:
        with pytest.raises(NotStored):
            await store.store_override("a", "{}", now, now + HOUR)
        store.store_known(5, 0, now)
        assert (store.overrides, store.stop) == ((), None)
    assert codes() == ["TWL-J002"] * 2
    assert {(tmp_path / name).read_bytes() for name in ("overrides.json", "known.json")} == {newer}


@pytest.mark.real
@only_files
async def test_a_full_disk_gives_up_history_for_an_override_and_for_nothing_else(
    open_store: Open, reopened: Look, small_disk: Path, now: datetime, codes: Codes, until: Until
) -> None:
    """DELETE fails on a full disk, so the history's file goes; events by themselves wait in memory instead."""
    store = await open_store(small_disk)
    for number in range(3000):
        store.note(works(number), now)
    await until(lambda: (small_disk / "history.db").exists() and len(events_in(small_disk)) == 3000)
    fill(small_disk)
    store.note(works(-1), now)
    await until(lambda: "TWL-J003" in codes())
    assert len(events_in(small_disk)) == 3000
    assert await store.store_override("a", "{}" + " " * 20_000, now, now + HOUR)
    await until(lambda: "TWL-J005" in codes())
    await until(lambda: (small_disk / "history.db").exists() and events_in(small_disk) == [-1])
    assert (await reopened(small_disk))[0] == ["a"]


@pytest.mark.real
@only_files
async def test_a_disk_without_any_room_refuses_and_recovers(
    open_store: Open, small_disk: Path, now: datetime, codes: Codes, until: Until
) -> None:
    """Not a byte from the start: nothing is acknowledged until there is room."""
    fill(small_disk)
    store = await open_store(small_disk)
    store.note(works(1), now)
    store.store_known(3, 0, now)
    with pytest.raises(NotStored):
        await store.store_override("a", "{}", now, now + HOUR)
    (small_disk / "filler").unlink()
    assert await store.store_override("a", "{}", now, now + HOUR)
    await until((small_disk / "known.json").exists)
    await until(lambda: codes().count("TWL-J004") == codes().count("TWL-J003"))
    await until(lambda: events_in(small_disk) == [1])


@pytest.mark.real
@only_files
async def test_a_disk_that_became_read_only(a_store: Make, reopened: Look, small_disk: Path, now: datetime) -> None:
    """What is in force is known at the start; changes are refused until it can be written again."""
    async with a_store(small_disk) as store:
        await store.store_override("a", "{}", now, now + HOUR)
    remount(small_disk, "ro")
    async with a_store(small_disk) as store:
        assert [held.id for held in store.overrides] == ["a"]
        with pytest.raises(NotStored):
            await store.end_overrides(["a"], now)
        store.note(works(1), now)
        assert [held.id for held in store.overrides] == ["a"]
        remount(small_disk, "rw")
        await store.end_overrides(["a"], now)
    assert await reopened(small_disk) == ([], None)


def remount(disk: Path, how: str) -> None:
    """Read-only or not."""
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


def contents(directory: Path) -> dict[str, bytes]:
    """Every file and what is in it."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def restore(directory: Path, files: dict[str, bytes]) -> None:
    """These files and no others."""
    for path in directory.iterdir():
        path.unlink()
    for name, content in files.items():
        (directory / name).write_bytes(content)


def fill(disk: Path) -> None:
    """To the last byte."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        for size in (4096, 1):
            try:
                while filler.write(bytes(size)):
                    pass
            except OSError:
                pass


LIMITED = """
import asyncio, resource, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from controller.events import new_event
from controller.state import NotStored, StateStore

async def main():
    now = datetime(2026, 11, 20, 15, tzinfo=UTC)
    async with StateStore(Path(sys.argv[1]), lambda event: None) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
        for number in range(100):
            store.note(new_event("TWL-J004", file="x" * 1000), now)
            try:
                await store.store_override(f"{number}", " " * 1000, now, now + timedelta(hours=1))
                print(number)
            except NotStored:
                pass

asyncio.run(main())
"""


@pytest.mark.real
@pytest.mark.parametrize("limit", [0, 30_000, 60_000])
@only_files
async def test_files_that_may_not_grow_lose_nothing_acknowledged(reopened: Look, tmp_path: Path, limit: int) -> None:
    """Every write past a size fails, as under a quota: the answers stay true."""
    command = [sys.executable, "-W", "error", "-c", LIMITED, tmp_path, str(limit)]
    run = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    assert run.stderr == ""
    assert sorted((await reopened())[0]) == sorted(run.stdout.split())


@pytest.fixture
def hanging(tmp_path: Path) -> Callable[[], None]:
    """A disk that hangs with the next write of the small file: a pipe in its place, until somebody reads it."""
    pipe = tmp_path / "overrides.json.new"
    os.mkfifo(pipe)

    def release() -> None:
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        pipe.unlink(missing_ok=True)  # the writer, which goes on now, may have been first
        os.close(reader)

    return release


@only_files
async def test_a_disk_that_hangs_refuses_in_time_and_keeps_nothing_behind_our_back(
    open_store: Open, reopened: Look, hanging: Callable[[], None], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An override that was refused is not in force later, when the disk goes on; one that was acknowledged is."""
    monkeypatch.setattr(store_module, "PATIENCE_S", 0.2)
    store = await open_store()
    with pytest.raises(NotStored, match="disk_silent"):
        await store.store_override("late", "{}", now, now + HOUR)
    async with asyncio.timeout(10):
        await store.end_overrides([], now)  # nothing to write, nothing to wait for
    hanging()
    monkeypatch.setattr(store_module, "PATIENCE_S", 5.0)
    async with asyncio.timeout(10):
        while True:
            with suppress(NotStored):  # where the pipe was still there
                assert await store.store_override("after", "{}", now, now + HOUR)
                break
    assert [held.id for held in store.overrides] == ["after"]
    assert await reopened() == (["after"], None)


async def test_an_override_asked_for_again_before_the_disk_went_on_is_stored_once_and_stays(
    open_store: Open, reopened: Look, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first asker was refused and asks again with the same id, and so did another who was not refused yet: what the
    disk did late for the first is put back before it is done for the next."""
    store, goes_on, add = await open_store(), threading.Event(), OverrideFile.add

    def add_late(file: OverrideFile, record: OverrideRecord) -> bool:
        return goes_on.wait(10) and add(file, record)

    monkeypatch.setattr(OverrideFile, "add", add_late)
    monkeypatch.setattr(store_module, "PATIENCE_S", 0.1)
    first = asyncio.create_task(store.store_override("same", "{}", now, now + HOUR))
    await asyncio.sleep(0.05)
    monkeypatch.setattr(store_module, "PATIENCE_S", 10.0)
    second = asyncio.create_task(store.store_override("same", "{}", now, now + HOUR))
    with pytest.raises(NotStored, match="disk_silent"):
        await first
    third = asyncio.create_task(store.store_override("same", "{}", now, now + HOUR))
    await asyncio.sleep(0.05)
    goes_on.set()
    assert (await second, await third) == (True, False)
    assert await reopened() == (["same"], None)


async def test_what_was_given_up_while_another_hung_is_never_done(
    open_store: Open, reopened: Look, hanging: Callable[[], None], now: datetime
) -> None:
    """Who was cancelled before his turn finds nothing done, and the disk is free for the next."""
    store = await open_store()
    begun = asyncio.create_task(store.set_stop("dark", now))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(store.end_overrides([], now, "resume r"))
    await asyncio.sleep(0.05)
    for task in (waiting, begun):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    hanging()
    assert await store.store_override("a", "{}", now, now + HOUR)
    assert store.done == ()
    assert (await reopened())[0] == ["a"]


async def test_a_disk_that_hangs_keeps_nobody_from_ending(
    a_store: Make, hanging: Callable[[], None], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last changes are given up after a while."""
    monkeypatch.setattr(store_module, "CLOSE_S", 0.1)
    async with asyncio.timeout(10):
        async with a_store() as store:
            begun = asyncio.create_task(store.set_stop("dark", now))
            await asyncio.sleep(0.05)
    begun.cancel()
    hanging()


async def test_a_mistake_of_ours_in_writing_is_reported_and_the_next_write_is_done(
    tmp_path: Path, now: datetime, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the loop's own handler, as an error of a task would be."""
    monkeypatch.setattr(store_module, "RETRY_S", 0.05)
    mishaps: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: mishaps.append(context))
    async with StateStore(tmp_path, lambda _: None) as store:
        with monkeypatch.context() as patch:
            patch.setattr(History, "write", lambda *_: 1 / 0)
            store.note(works(1), now)
            await until(lambda: mishaps)
        store.note(works(2), now)
        await until(lambda: (tmp_path / "history.db").exists() and events_in(tmp_path) == [2])
    assert isinstance(mishaps[0]["exception"], ZeroDivisionError)
