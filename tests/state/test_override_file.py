"""What a person sets is never lost once it was acknowledged, and nothing that ended returns."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.events import Event
from controller.state import NotStored, OverrideRecord, StateStore, atomic, override_file, state_store
from controller.state.override_file import REMEMBERED, remembered
from tests.parts import ended_after, needs
from tests.postgres import only_files

HOUR = timedelta(hours=1)
Make = Callable[..., StateStore]
Open = Callable[..., Awaitable[StateStore]]
Look = Callable[..., Awaitable[tuple[list[str], str | None]]]
Until = Callable[[Callable[[], object]], Awaitable[None]]


async def test_an_override_is_in_force_after_a_restart(a_store: Make, now: datetime) -> None:
    """Its document and its instants come back as they were."""
    async with a_store() as store:
        assert await store.store_override("a", '{"color": "röd"}', now, now + HOUR)
    async with a_store() as store:
        assert store.overrides == (
            OverrideRecord(
                id="a", kind="override", document='{"color": "röd"}', started_at=now, ends_at=now + HOUR, ended_at=None
            ),
        )
        assert store.overrides[0].started_at.tzinfo is UTC


async def test_what_was_set_last_is_last_though_the_clock_was_set_back(a_store: Make, now: datetime) -> None:
    """After a restart too: of two overrides of one zone the newer is shown."""
    async with a_store() as store:
        for name, at in (("first", now), ("second", now - HOUR), ("third", now - 2 * HOUR)):
            assert await store.store_override(name, "{}", at, now + HOUR)
        assert [held.id for held in store.overrides] == ["first", "second", "third"]
    async with a_store() as store:
        assert [held.id for held in store.overrides] == ["first", "second", "third"]


async def test_of_two_set_at_the_same_instant_the_second_is_last(open_store: Open, now: datetime) -> None:
    """Whatever their ids are."""
    store = await open_store()
    for name in ("b", "a"):
        assert await store.store_override(name, "{}", now, now + HOUR)
    assert [held.id for held in store.overrides] == ["b", "a"]


async def test_the_same_id_counts_once(a_store: Make, open_store: Open, now: datetime) -> None:
    """At once, after it ended, and after a restart."""
    store = await open_store()
    answers = await asyncio.gather(*(store.store_override("a", f"{n}", now, now + HOUR) for n in range(5)))
    assert sorted(answers) == [False] * 4 + [True]
    await store.end_overrides(["a"], now)
    assert not await store.store_override("a", "again", now, now + HOUR)
    async with a_store() as later:
        assert not await later.store_override("a", "again", now, now + HOUR)
        assert later.overrides == ()


async def test_overrides_end_together_and_once(open_store: Open, reopened: Look, now: datetime) -> None:
    """What is unknown or over cannot be ended."""
    store = await open_store()
    for name in ("a", "b", "c"):
        await store.store_override(name, "{}", now, now + HOUR)
    await store.end_overrides(["a", "c", "d"], now)
    assert [held.id for held in store.overrides] == ["b"]
    await store.end_overrides(["a", "b", "c"], now)
    assert store.overrides == ()
    assert await reopened() == ([], None)


async def test_a_request_that_is_done_is_remembered_with_what_it_did(a_store: Make, now: datetime) -> None:
    """Once, over restarts, also where there was nothing to end; and like all that has ended not for ever."""
    async with a_store() as store:
        await store.store_override("a", "{}", now, now + HOUR)
        await store.end_overrides(["a"], now, "resume r")
        await store.end_overrides([], now + HOUR, "resume s")
        await store.set_stop("dark", now)
        await store.set_stop(None, now + 2 * HOUR, "lift l")
        await store.set_stop(None, now + 3 * HOUR, "lift l")
    async with a_store() as store:
        assert store.done == ("resume r", "resume s", "lift l")
        assert (store.overrides, store.stop) == ((), None)
        for number in range(REMEMBERED):
            await store.end_overrides([], now + 4 * HOUR, f"resume {number}")
        assert "resume r" not in store.done
        assert len(store.done) == REMEMBERED


async def test_the_ended_are_overrides_and_nothing_else(open_store: Open, now: datetime) -> None:
    """Neither one in force, nor a stop that was lifted, nor a request that was done."""
    store = await open_store()
    for name in ("over", "stands"):
        await store.store_override(name, "{}", now, now + HOUR)
    await store.end_overrides(["over"], now + HOUR, "resume")
    await store.set_stop("stop", now)
    await store.set_stop(None, now, "lift")
    assert [(record.id, record.ended_at) for record in store.ended] == [("over", now + HOUR)]


async def test_a_stop_takes_the_place_of_another_and_is_lifted(open_store: Open, reopened: Look, now: datetime) -> None:
    """At any time there is one stop or none, over restarts."""
    store = await open_store()
    await store.set_stop(None, now)
    assert store.stop is None
    await store.set_stop("first", now)
    await store.set_stop("second", now)
    assert store.stop == "second"
    assert await reopened() == ([], "second")
    await store.set_stop(None, now - HOUR)
    assert store.stop is None
    assert await reopened() == ([], None)


@only_files
async def test_what_cannot_be_written_is_refused(
    open_store: Open, reopened: Look, tmp_path: Path, now: datetime, emitted: list[Event]
) -> None:
    """The file cannot be made: the caller learns it, and nothing is in force."""
    (tmp_path / "state").write_text("a file where the directory should be")
    store = await open_store(tmp_path / "state")
    with pytest.raises(NotStored) as refused:
        await store.store_override("a", "{}", now, now + HOUR)
    assert refused.value.code == "TWL-J007"
    with pytest.raises(NotStored):
        await store.set_stop("dark", now)
    assert (store.overrides, store.stop) == ((), None)
    assert {event.code for event in emitted} == {"TWL-J003"}
    assert len({event.fields["file"] for event in emitted}) == len(emitted)  # once for each, however often it is tried
    (tmp_path / "state").unlink()
    (tmp_path / "state").mkdir()
    assert await store.store_override("a", "{}", now, now + HOUR)
    assert await reopened(tmp_path / "state") == (["a"], None)


@pytest.mark.parametrize(("name", "document"), [("half \ud800", "{}"), ("a", "half \udfff")])
async def test_half_a_character_is_refused(open_store: Open, now: datetime, name: str, document: str) -> None:
    """JSON can bring lone surrogates, which no file can hold."""
    store = await open_store()
    with pytest.raises(NotStored):
        await store.store_override(name, document, now, now + HOUR)
    assert await store.store_override("b", "\x00", now, now + HOUR)


async def test_the_end_of_the_calendar_is_refused(open_store: Open, now: datetime) -> None:
    """An instant that has no place in UTC."""
    store = await open_store()
    with pytest.raises(NotStored):
        await store.store_override("a", "{}", now, datetime.max.replace(tzinfo=timezone(-HOUR)))
    assert await store.store_override("a", "{}", now, datetime.max.replace(tzinfo=UTC))


@only_files
async def test_the_ended_are_forgotten_at_last(
    open_store: Open, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Years of overrides do not grow the files; what is in force is never forgotten."""
    monkeypatch.setattr(override_file, "REMEMBERED", 10)
    store = await open_store()
    await store.store_override("stands", "{}", now - HOUR, now + HOUR)
    for number in range(15):
        at = now + timedelta(minutes=number)
        await store.store_override(f"{number}", "{}", at, at)
        await store.end_overrides([f"{number}"], at)
    assert (tmp_path / "overrides.json").read_text().count('"id"') == 11
    assert [each.id for each in store.overrides] == ["stands"]
    assert not await store.store_override("5", "{}", now, now)
    assert await store.store_override("4", "{}", now, now)


ACKNOWLEDGES = """
import asyncio, sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from controller.state import StateStore

async def main():
    now = datetime(2026, 11, 20, 15, tzinfo=UTC)
    async with StateStore(Path(sys.argv[1]), print) as store:
        for number in range(10_000):
            await store.store_override(f"{number}", "{}", now, now + timedelta(hours=1))
            if number:
                await store.end_overrides([f"{number - 1}"], now)
            print(number, flush=True)

asyncio.run(main())
"""


def acknowledged_before_a_kill(directory: Path, after: int) -> int:
    """The number of the last override that a process acknowledged before it was killed."""
    command = [sys.executable, "-c", ACKNOWLEDGES, directory]
    with ended_after(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) as child:
        assert child.stdout is not None
        for _ in range(after):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        return after - 1 + len(child.stdout.readlines())


@pytest.mark.real
@pytest.mark.parametrize("after", [1, 40])
@only_files
async def test_a_kill_loses_nothing_that_was_acknowledged(reopened: Look, tmp_path: Path, after: int) -> None:
    """Killed by force between two answers: the last acknowledged override is in force, or already its successor."""
    acknowledged = await asyncio.to_thread(acknowledged_before_a_kill, tmp_path, after)
    standing, _ = await reopened()
    assert standing in (
        [f"{acknowledged}"],
        [f"{acknowledged}", f"{acknowledged + 1}"],
        [f"{acknowledged + 1}"],
    )


@pytest.mark.real
@needs("strace")
def test_the_file_is_synced_before_the_answer(tmp_path: Path) -> None:
    """File and directory are synced to the disk, not only written to memory."""
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", trace, sys.executable, "-c", ACKNOWLEDGES]
    traced = subprocess.Popen([*command, tmp_path / "state"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with ended_after(traced) as child:
        assert child.stdout is not None
        answers = [child.stdout.readline() for _ in range(5)]
    if not answers[0]:
        pytest.skip("this machine lets no process be traced")
    synced = trace.read_text()
    assert synced.count("overrides.json.new") >= 9  # five were set and four ended
    assert synced.count(f"{tmp_path / 'state'}>") >= 9


START = datetime(2026, 11, 20, tzinfo=UTC)


@given(st.integers(0, 2 * REMEMBERED), st.integers(0, 3))
def test_only_the_oldest_ended_are_forgotten(over: int, standing: int) -> None:
    """All in force are kept, and the newest that ended."""
    some = {
        f"{n}": OverrideRecord(id=f"{n}", kind="override", document="", started_at=START, ended_at=START + n * HOUR)
        for n in range(over)
    } | {f"s{n}": OverrideRecord(id=f"s{n}", kind="override", document="", started_at=START) for n in range(standing)}
    forgotten = some.keys() - remembered(some).keys()
    assert forgotten == {f"{n}" for n in range(over - REMEMBERED)}


@only_files
async def test_an_override_that_a_hung_disk_refused_does_not_end_the_one_of_the_same_id(
    open_store: Open, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again while another request waits for the disk, it is refused; what was acknowledged stays in force."""
    monkeypatch.setattr(state_store, "PATIENCE_S", 0.2)
    store = await open_store()
    assert await store.store_override("a", "{}", now, now + HOUR)
    pipe = tmp_path / "overrides.json.new"
    os.mkfifo(pipe)
    for name in ("b", "a"):
        with pytest.raises(NotStored, match="disk_silent"):
            await store.store_override(name, "{}", now, now + HOUR)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    pipe.unlink(missing_ok=True)
    os.close(reader)
    async with asyncio.timeout(10):
        while True:
            with suppress(NotStored):
                assert await store.store_override("c", "{}", now, now + HOUR)
                break
    assert [each.id for each in store.overrides] == ["a", "c"]


@only_files
async def test_a_write_whose_last_step_failed_leaves_nothing_refused_in_the_file(
    open_store: Open, reopened: Look, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    """The file has its new content already when the sync of the directory fails: it is written back."""
    store = await open_store()
    assert await store.store_override("a", "{}", now, now + HOUR)
    real = atomic.sync_directory

    def broken(directory: Path) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(atomic, "sync_directory", broken)
    with pytest.raises(NotStored):
        await store.store_override("b", "{}", now, now + HOUR)
    assert b'"b"' in (tmp_path / "overrides.json").read_bytes()
    monkeypatch.setattr(atomic, "sync_directory", real)
    await until(lambda: b'"b"' not in (tmp_path / "overrides.json").read_bytes())
    assert await reopened() == (["a"], None)
