"""A bad disk is an event and a degraded store; the loop goes on and no acknowledged override is lost."""

import asyncio
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from controller.events import Event, new_event
from controller.state import Minute, NotKept, StateStore, append_log
from controller.state import state_store as store_module
from tests.parts import ended_after

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


def everything(now: datetime) -> tuple[datetime, datetime, None, int]:
    """The whole evening."""
    return now - HOUR, now + HOUR, None, 10**6


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


async def test_a_locked_database_stops_neither_the_loop_nor_an_override(
    open_store: Open, reopened: Look, tmp_path: Path, now: datetime, codes: Codes, until: Until
) -> None:
    """It is acknowledged through the file; the database catches up when the lock is gone."""
    store = await open_store()
    with locked(tmp_path / "watertower.db"), beats() as count:
        store.note_minutes([Minute(date(2026, 11, 20), "bowl", now, planned=True, confirmed_s=60)])
        assert await store.keep_override("a", "{}", now, now + HOUR)
        assert count() > 5
        assert [held.id for held in store.overrides] == ["a"]
        assert len(await store.minutes(now, now + HOUR)) == 1
    await until(lambda: "TWL-J004" in codes())
    assert codes() == ["TWL-J003", "TWL-J004"]
    with closing(sqlite3.connect(tmp_path / "watertower.db")) as connection:
        await until(lambda: connection.execute("SELECT id FROM held").fetchall() == [("a",)])
        await until(lambda: connection.execute("SELECT count(*) FROM minutes").fetchone() == (1,))
    (tmp_path / "overrides.json").unlink()
    assert (await reopened())[0] == ["a"]


async def test_a_lock_at_the_start_is_waited_out_beside_the_service(
    a_store: Make, open_store: Open, tmp_path: Path, now: datetime, until: Until
) -> None:
    """What the file holds is there at once; what only the database holds joins in when it opens."""
    async with a_store() as store:
        await store.keep_override("a", "{}", now, now + HOUR)
        before = (tmp_path / "overrides.json").read_bytes()
        await store.keep_override("b", "{}", now, now + HOUR)
    (tmp_path / "overrides.json").write_bytes(before)
    with locked(tmp_path / "watertower.db", "PRAGMA locking_mode=EXCLUSIVE"):
        store = await open_store()
        assert [held.id for held in store.overrides] == ["a"]
        assert await store.keep_override("c", "{}", now, now + HOUR)
        await store.end_overrides(["a"], now)
    await until(lambda: [held.id for held in store.overrides] == ["b", "c"])
    await until(lambda: json.loads((tmp_path / "overrides.json").read_bytes())["held"].__len__() == 3)


async def test_a_locked_journal_catches_up_and_tells_what_it_lost(
    open_store: Open, tmp_path: Path, now: datetime, told: list[Event], until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest wait in memory, where they can be read; the oldest are let go and counted."""
    monkeypatch.setattr(append_log, "MOST_WAITING", 10)
    store = await open_store()
    store.note(works(-1), now)
    await store.journal(*everything(now))
    with locked(tmp_path / "journal.db"):
        for number in range(25):
            store.note(works(number), now)
        entries = await store.journal(*everything(now))
        assert [entry.fields["file"] for entry in entries] == [-1, *range(15, 25)]
        assert await store.keep_override("a", "{}", now, now + HOUR)
    await until(lambda: "TWL-J006" in [event.code for event in told])
    assert [event.fields["count"] for event in told if event.code == "TWL-J006"] == [15]
    entries = await store.journal(*everything(now))
    assert [entry.fields["file"] for entry in entries] == [-1, *range(15, 25)]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"this is not a database, " * 1000,
    "cut": lambda data: data[: len(data) * 2 // 3],
    "cut in the first page": lambda data: data[:1000],
    "zeroes": lambda data: bytes(len(data)),
    "header only": lambda data: data[:100] + bytes(len(data) - 100),
    "count of free pages": lambda data: data[:36] + b"\x00\x00\x00\x07" + data[40:],
    "letters of the schema": lambda data: data.replace(b"CREATE TABLE held", b"CREATE TABLE \xff\xfe\xff\xfe"),
    "every page's head": lambda data: b"".join(
        b"\xff" * 16 + data[at + 16 : at + 4096] for at in range(0, len(data), 4096)
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
async def test_a_damaged_database_is_set_aside_and_overrides_stand(
    a_store: Make, tmp_path: Path, now: datetime, codes: Codes, kind: str
) -> None:
    """They are restored from the file into a new database; an empty file is no damage."""
    async with a_store() as store:
        await store.keep_override("a", "{}", now, now + HOUR)
        await store.set_stop("dark", now)
    path = tmp_path / "watertower.db"
    damaged = DAMAGE[kind](path.read_bytes())
    path.write_bytes(damaged)
    async with a_store() as store:
        assert ([held.id for held in store.overrides], store.stop) == (["a"], "dark")
    if kind != "empty":
        assert codes() == ["TWL-J001"]
        assert (tmp_path / "watertower.db.corrupt-1").read_bytes() == damaged
    (tmp_path / "overrides.json").unlink()
    async with a_store() as store:
        assert ([held.id for held in store.overrides], store.stop) == (["a"], "dark")


async def test_a_log_is_set_aside_with_its_database(
    a_store: Make, reopened: Look, tmp_path: Path, now: datetime
) -> None:
    """A write-ahead log of the damaged file would be replayed into the new one."""
    state = tmp_path / "after a power cut"
    state.mkdir()
    async with a_store() as store:
        await store.keep_override("b", "{}", now, now + HOUR)
    async with a_store() as store:
        await store.keep_override("a", "{}", now, now + HOUR)
        for name in ("watertower.db-wal", "overrides.json"):
            shutil.copy(tmp_path / name, state)
    log = (state / "watertower.db-wal").read_bytes()
    (state / "watertower.db").write_bytes(b"not a database " * 1000)
    assert (await reopened(state))[0] == ["a", "b"]
    assert (state / "watertower.db.corrupt-1-wal").read_bytes() == log


async def test_no_flipped_byte_loses_an_override_or_stops_the_store(
    a_store: Make, tmp_path: Path, now: datetime
) -> None:
    """Anywhere in either database; what SQLite does not find costs rows of history at most."""
    async with a_store() as store:
        await store.keep_override("a", "{}", now, now + HOUR)
        store.note_minutes(
            Minute(date(2026, 11, 20), "bowl", now + n * timedelta(minutes=1), planned=True, confirmed_s=1)
            for n in range(300)
        )
        for number in range(300):
            store.note(works(number), now)
    good = contents(tmp_path)
    dice = random.Random(20)
    for _ in range(25):
        restore(tmp_path, good)
        for name in ("watertower.db", "journal.db"):
            spoilt = bytearray(good[name])
            for _ in range(dice.choice((1, 30))):
                spoilt[dice.randrange(len(spoilt))] ^= 1 << dice.randrange(8)
            (tmp_path / name).write_bytes(spoilt)
        async with a_store() as store:
            assert "a" in [held.id for held in store.overrides]
            await store.minutes(now - HOUR, now + 10 * HOUR)
            await store.journal(*everything(now))
            store.note(works(1000), now)
            assert await store.journal(*everything(now))
            assert await store.keep_override("b", "{}", now, now + HOUR)


async def test_a_database_that_breaks_while_it_runs_is_replaced(
    open_store: Open, reopened: Look, tmp_path: Path, now: datetime, codes: Codes
) -> None:
    """A table that vanished is damage as well; what was held is put back."""
    store = await open_store()
    await store.keep_override("a", "{}", now, now + HOUR)
    with closing(sqlite3.connect(tmp_path / "watertower.db", isolation_level=None)) as connection:
        connection.execute("DROP TABLE minutes")
        connection.execute("DELETE FROM held")
    store.note_minutes([Minute(date(2026, 11, 20), "bowl", now, planned=True, confirmed_s=60)])
    assert len(await store.minutes(now, now + HOUR)) == 1
    assert codes() == ["TWL-J001"]
    (tmp_path / "overrides.json").unlink()
    assert (await reopened())[0] == ["a"]


async def test_a_flipped_bit_of_an_override_is_damage(
    a_store: Make, tmp_path: Path, now: datetime, codes: Codes
) -> None:
    """Neither its document nor its end may become another; the other place tells what it was."""
    async with a_store() as store:
        await store.keep_override("a", '{"color": "red"}', now, now + HOUR)
    good = contents(tmp_path)
    for name in ("watertower.db", "overrides.json"):
        for old, new in ((b"red", b"rud"), (b"2026-11-20T16", b"2027-11-20T16")):
            restore(tmp_path, good)
            (tmp_path / name).write_bytes(good[name].replace(old, new))
            async with a_store() as store:
                assert [held.document for held in store.overrides] == ['{"color": "red"}']
                assert [held.ends_at for held in store.overrides] == [now + HOUR]
    assert codes() == ["TWL-J001"] * 4


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"version": 1, "held": [], "checksum": 5}', b"\xff", b'{"version": 0}']
)
async def test_a_damaged_file_is_set_aside_and_overrides_stand(
    a_store: Make, tmp_path: Path, now: datetime, codes: Codes, content: bytes
) -> None:
    """They are restored from the database into a new file."""
    async with a_store() as store:
        await store.keep_override("a", "{}", now, now + HOUR)
    (tmp_path / "overrides.json").write_bytes(content)
    async with a_store() as store:
        assert [held.id for held in store.overrides] == ["a"]
    assert codes() == ["TWL-J001"]
    assert (tmp_path / "overrides.json.corrupt-1").read_bytes() == content
    assert b'"a"' in (tmp_path / "overrides.json").read_bytes()


async def test_a_directory_in_the_place_of_a_file_is_set_aside(open_store: Open, tmp_path: Path, now: datetime) -> None:
    """As of a container that mounted what was not there."""
    for name in ("overrides.json", "known.json", "watertower.db", "journal.db"):
        (tmp_path / name).mkdir()
    store = await open_store()
    store.note(works(1), now)
    assert await store.keep_override("a", "{}", now, now + HOUR)
    assert len(await store.journal(*everything(now))) == 1
    assert (tmp_path / "overrides.json").is_file()


def newer_database(path: Path, tmp_path: Path) -> None:
    """A database of a later version whose process was killed: the newest is still in its write-ahead log."""
    future = tmp_path / f"future-{path.name}"
    with closing(sqlite3.connect(future, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version=99")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE held (of_the_future TEXT)")
        for tail in ("", "-wal"):
            shutil.copy(f"{future}{tail}", f"{path}{tail}")


async def test_a_newer_database_is_left_alone(
    a_store: Make, tmp_path: Path, now: datetime, codes: Codes, told: list[Event]
) -> None:
    """Told once; overrides live in the file meanwhile, history in memory; not a byte of it changes."""
    state = tmp_path / "state"
    state.mkdir()
    newer_database(state / "watertower.db", tmp_path)
    newer_database(state / "journal.db", tmp_path)
    before = contents(state)
    async with a_store(state) as store:
        store.note(works(1), now)
        store.note_minutes([Minute(date(2026, 11, 20), "bowl", now, planned=True, confirmed_s=60)])
        assert len(await store.journal(*everything(now))) == 1
        assert len(await store.minutes(now, now + HOUR)) == 1
        assert await store.keep_override("a", "{}", now, now + HOUR)
        assert [held.id for held in store.overrides] == ["a"]
    assert codes() == ["TWL-J002", "TWL-J002"]
    assert {event.fields["found"] for event in told} == {99}
    assert len(before) == 4
    assert before.items() <= contents(state).items()


async def test_newer_files_everywhere_refuse_what_cannot_be_kept(
    a_store: Make, tmp_path: Path, now: datetime, codes: Codes
) -> None:
    """Nothing is known, nothing is written, nothing is acknowledged."""
    newer = b'{"version": 2, "anything": [{}]}'
    for name in ("overrides.json", "known.json"):
        (tmp_path / name).write_bytes(newer)
    with closing(sqlite3.connect(tmp_path / "watertower.db")) as connection:
        connection.execute("PRAGMA user_version=2")
    async with a_store() as store:
        with pytest.raises(NotKept):
            await store.keep_override("a", "{}", now, now + HOUR)
        store.keep_known(5, 0, now)
        assert (store.overrides, store.stop) == ((), None)
    assert codes() == ["TWL-J002"] * 3
    assert {(tmp_path / name).read_bytes() for name in ("overrides.json", "known.json")} == {newer}


async def test_a_full_disk_gives_up_history_for_an_override(
    open_store: Open, reopened: Look, small_disk: Path, now: datetime, codes: Codes, until: Until
) -> None:
    """DELETE fails on a full disk, so the journal's file goes; what is needed gets its room."""
    store = await open_store(small_disk)
    for number in range(3000):
        store.note(works(number), now)
    assert len(await store.journal(*everything(now))) == 3000
    fill(small_disk)
    store.note(works(-1), now)
    assert await store.keep_override("a", "{}" + " " * 20_000, now, now + HOUR)
    await until(lambda: "TWL-J005" in codes())
    assert -1 in [entry.fields["file"] for entry in await store.journal(*everything(now))]
    assert (await reopened(small_disk))[0] == ["a"]


async def test_a_disk_without_any_room_refuses_and_recovers(
    open_store: Open, small_disk: Path, now: datetime, codes: Codes, until: Until
) -> None:
    """Not a byte from the start: nothing is acknowledged until there is room."""
    fill(small_disk)
    store = await open_store(small_disk)
    store.note(works(1), now)
    store.keep_known(3, 0, now)
    with pytest.raises(NotKept):
        await store.keep_override("a", "{}", now, now + HOUR)
    (small_disk / "filler").unlink()
    assert await store.keep_override("a", "{}", now, now + HOUR)
    await until((small_disk / "known.json").exists)
    await until(lambda: codes().count("TWL-J004") == codes().count("TWL-J003"))
    assert len(await store.journal(*everything(now))) == 1


async def test_a_disk_that_became_read_only(a_store: Make, reopened: Look, small_disk: Path, now: datetime) -> None:
    """What stands is known at the start; changes are refused until it can be written again."""
    async with a_store(small_disk) as store:
        await store.keep_override("a", "{}", now, now + HOUR)
    remount(small_disk, "ro")
    async with a_store(small_disk) as store:
        assert [held.id for held in store.overrides] == ["a"]
        with pytest.raises(NotKept):
            await store.end_overrides(["a"], now)
        store.note(works(1), now)
        assert len(await store.journal(*everything(now))) == 1
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
from controller.state import NotKept, StateStore

async def main():
    now = datetime(2026, 11, 20, 15, tzinfo=UTC)
    async with StateStore(Path(sys.argv[1]), lambda event: None) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
        for number in range(100):
            store.note(new_event("TWL-J004", file="x" * 1000), now)
            try:
                await store.keep_override(f"{number}", " " * 1000, now, now + timedelta(hours=1))
                print(number)
            except NotKept:
                pass
        await store.journal(now, now + timedelta(hours=1))

asyncio.run(main())
"""


@pytest.mark.parametrize("limit", [0, 30_000, 60_000])
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


async def test_a_disk_that_hangs_refuses_in_time_and_keeps_nothing_behind_our_back(
    open_store: Open, reopened: Look, hanging: Callable[[], None], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An override that was refused is not in force later, when the disk goes on; one that was acknowledged is."""
    monkeypatch.setattr(store_module, "PATIENCE_S", 0.2)
    store = await open_store()
    with pytest.raises(NotKept, match="has not answered"):
        await store.keep_override("late", "{}", now, now + HOUR)
    async with asyncio.timeout(0.1):
        await store.end_overrides([], now)  # nothing to write, nothing to wait for
    hanging()
    async with asyncio.timeout(10):
        while True:
            with suppress(NotKept):
                assert await store.keep_override("after", "{}", now, now + HOUR)
                break
    assert [held.id for held in store.overrides] == ["after"]
    assert await reopened() == (["after"], None)
