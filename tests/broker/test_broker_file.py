"""What outlives the broker, and what the disk can do to it."""

import asyncio
import os
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from controller import plain_file
from controller.broker.client_session import Limits
from controller.state import atomic

QUICK = Limits(save_every_s=0.01, disk_bytes_per_s=1e9)
SELDOM = Limits(save_every_s=3600)


async def until_written(file, *what):
    async with asyncio.timeout(20):
        while not file.exists() or not all(each in file.read_bytes() for each in what):
            await asyncio.sleep(0.01)


async def stop(subject):
    await subject.broker.__aexit__(None, None, None)


async def fill(subject, connect):
    """Retained messages and a session with one message unacknowledged and one that waits."""
    client = await connect(subject, "keeper", clean=False)
    client.answers_messages = False
    await client.publish("r/binary", bytes(range(256)), qos=2, retain=True)
    await client.publish("r/text", "blå".encode(), qos=0, retain=True)
    await client.publish("r/gone", b"x", retain=True)
    await client.publish("r/gone", b"", retain=True)
    await client.subscribe(("q", 1))
    await client.publish("q", b"flying")
    await client.messages(1)
    client.cut()
    await subject.until("TWL-B022")
    await (await connect(subject, "writer")).publish("q", b"waiting")


async def check(subject, connect, dial, with_queue=True):
    """What `fill` made is there."""
    reader = await connect(subject, "reader")
    await reader.subscribe(("r/#", 2))
    kept = {(message.topic, message.payload, message.qos, message.retain) for message in await reader.settled()}
    assert kept == {("r/binary", bytes(range(256)), 2, True), ("r/text", "blå".encode(), 0, True)}
    keeper = await dial(subject)
    assert await keeper.connect("keeper", clean=False) == (True, 0)
    came = [(message.payload, message.dup) for message in await keeper.messages(2 if with_queue else 0)]
    assert came == ([(b"flying", True), (b"waiting", False)] if with_queue else [])
    await (await connect(subject, "writer")).publish("q", b"live")
    assert [message.payload for message in await keeper.messages(1)] == [b"live"]


async def test_all_is_there_after_an_orderly_restart(start, connect, dial, tmp_path):
    """Though only the first of it was written before the stop."""
    settings = {"store": tmp_path / "deep" / "store", "limits": SELDOM}
    subject = await start(**settings)
    await fill(subject, connect)
    await stop(subject)
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["store"]
    assert (tmp_path / "deep" / "store").stat().st_mode & 0o777 == 0o600
    await check(await start(**settings), connect, dial)


async def test_all_is_there_after_a_power_cut(start, connect, dial, tmp_path):
    """From the file as it is soon after the last change; but for what waited, which may have been sent since."""
    subject = await start(store=tmp_path / "store", limits=QUICK)
    await fill(subject, connect)
    await until_written(tmp_path / "store", b'"keeper"', b'"q"')
    (tmp_path / "copy").write_bytes((tmp_path / "store").read_bytes())
    await check(await start(store=tmp_path / "copy"), connect, dial, with_queue=False)


async def test_what_was_sent_does_not_come_back_after_a_power_cut(start, connect, tmp_path):
    """The queue that an orderly stop left is off the disk as soon as its client has come for it."""
    subject = await start(store=tmp_path / "store", limits=QUICK)
    await fill(subject, connect)
    await stop(subject)
    subject = await start(store=tmp_path / "store", limits=QUICK)
    assert b"waiting" in (tmp_path / "store").read_bytes()
    keeper = await connect(subject, "keeper", clean=False)
    await keeper.messages(2)
    await until_written(tmp_path / "store", b"keeper", b'"waiting":[],"flying":{}')


async def test_neither_the_service_nor_an_absent_client_wears_the_disk(start, connect, tmp_path):
    """What the service retains and what waits for somebody who is away is written with the next change of another
    kind, or at the end."""
    file = tmp_path / "store"
    subject = await start(store=file, limits=QUICK, own="secret")
    sleeper = await connect(subject, "sleeper", clean=False)
    await sleeper.subscribe(("#", 1))
    await sleeper.leave()
    ours = await connect(subject, "ours", user="controller", password="secret")
    await until_written(file, b'"sleeper"', b'"#"')
    before = file.stat().st_mtime_ns
    for number in range(20):
        await ours.publish("reported", b"%d" % number, retain=True)
        await asyncio.sleep(0.02)
    assert file.stat().st_mtime_ns == before
    await stop(subject)
    assert b'["reported","19",1,true]' in file.read_bytes()


async def test_the_larger_the_file_the_rarer_it_is_written(start, connect, tmp_path, monkeypatch):
    """50 kB may be written a second, and the file has 20: it is written again after 0.4 s, whatever changes."""
    loop, writes, write = asyncio.get_running_loop(), [], atomic.write

    def noted(*arguments):
        writes.append(loop.time())
        write(*arguments)

    monkeypatch.setattr(atomic, "write", noted)
    subject = await start(store=tmp_path / "store", limits=Limits(save_every_s=0, disk_bytes_per_s=50_000))
    client = await connect(subject, "c")
    async with asyncio.timeout(20):
        while len(writes) < 3:
            await client.publish("r", os.urandom(10_000).hex().encode(), retain=True)
            await asyncio.sleep(0.005)
    assert all(later - earlier >= 0.4 for earlier, later in pairwise(writes[:3]))


@pytest.fixture
def small(monkeypatch):
    """The largest file is small."""
    monkeypatch.setattr("controller.broker.broker_file.LARGEST", 20_000)


async def test_a_huge_file_is_set_aside_unread(start, connect, tmp_path, small):
    """A sparse one of many gigabytes, which would take the memory."""
    with (tmp_path / "store").open("wb") as file:
        file.truncate(1 << 36)
    async with asyncio.timeout(20):
        subject = await start(store=tmp_path / "store")
    assert subject.events_of("TWL-B050")
    assert (tmp_path / "store.corrupt-1").stat().st_size == 1 << 36
    await connect(subject, "c")


async def test_the_file_never_becomes_too_large_to_be_read(start, connect, dial, tmp_path, small):
    """Queues stay out first, then the retained messages that are oldest."""
    subject = await start(store=tmp_path / "store", limits=SELDOM)
    keeper = await connect(subject, "keeper", clean=False)
    await keeper.subscribe(("q", 1))
    await keeper.leave()
    client = await connect(subject, "c")
    await client.publish("q", bytes(9_000))
    for number in range(10):
        await client.publish(f"r/{number}", b"x" * 2_500, retain=True)
    await stop(subject)
    assert (tmp_path / "store").stat().st_size <= 20_000
    subject = await start(store=tmp_path / "store")
    reader = await connect(subject, "reader")
    await reader.subscribe(("r/#", 0))
    assert [message.topic for message in await reader.settled()] == [f"r/{number}" for number in range(3, 10)]
    assert await (await dial(subject)).connect("keeper", clean=False) == (True, 0)


async def test_a_pipe_in_the_place_of_the_file_is_not_waited_for(start, connect, tmp_path):
    """Neither at the start nor at the end."""
    os.mkfifo(tmp_path / "store")
    async with asyncio.timeout(20):
        subject = await start(store=tmp_path / "store")
        await connect(subject, "c", clean=False)
        assert subject.events_of("TWL-B050")
        await stop(subject)


@pytest.fixture
def hung(monkeypatch):
    """A disk on which nothing can be read until it is let go."""
    real, may_go = plain_file.read, threading.Event()
    may_go.set()

    def stuck(path, most):
        may_go.wait(60)
        return real(path, most)

    monkeypatch.setattr("controller.broker.broker_file.PATIENCE_S", 0.1)
    monkeypatch.setattr(plain_file, "read", stuck)
    yield may_go
    may_go.set()


async def test_a_disk_that_hangs_delays_neither_start_nor_stop(start, connect, tmp_path, hung):
    """And the file that could not be read is not written over."""
    subject = await start(store=tmp_path / "store")
    await (await connect(subject, "c")).publish("r", b"kept", retain=True)
    await stop(subject)
    kept = (tmp_path / "store").read_bytes()
    hung.clear()
    async with asyncio.timeout(20):
        subject = await start(store=tmp_path / "store")
        await (await connect(subject, "c")).publish("s", b"new", retain=True)
        await stop(subject)
    assert (tmp_path / "store").read_bytes() == kept


async def test_what_is_read_late_is_joined_to_what_is_newer(start, connect, tmp_path, hung):
    """Retained messages and sessions that came meanwhile are kept."""
    subject = await start(store=tmp_path / "store")
    client = await connect(subject, "c")
    await client.publish("both", b"old", retain=True)
    await client.publish("only", b"old", retain=True)
    sleeper = await connect(subject, "sleeper", clean=False)
    await sleeper.subscribe(("q", 1))
    await stop(subject)
    hung.clear()
    subject = await start(store=tmp_path / "store")
    client = await connect(subject, "c")
    await client.publish("both", b"new", retain=True)
    hung.set()
    async with asyncio.timeout(20):
        while await client.subscribe(("#", 0)) and len(came := await client.settled()) < 2:
            await asyncio.sleep(0.01)
    assert {message.topic: message.payload for message in came} == {"both": b"new", "only": b"old"}


async def test_a_change_is_written_at_once(start, connect, tmp_path):
    """However seldom many are."""
    subject = await start(store=tmp_path / "store", limits=SELDOM)
    await (await connect(subject, "c")).publish("r", b"kept", retain=True)
    await until_written(tmp_path / "store", b"kept")
    client = await connect(await start(store=tmp_path / "store"), "c")
    await client.subscribe(("r", 0))
    assert len(await client.settled()) == 1


async def test_a_clean_session_is_not_kept(start, connect, dial, tmp_path):
    """Nor is one that was discarded."""
    subject = await start(store=tmp_path / "store")
    await connect(subject, "fleeting")
    lasting = await connect(subject, "lasting", clean=False)
    await lasting.leave()
    await connect(subject, "lasting")
    await stop(subject)
    subject = await start(store=tmp_path / "store")
    assert await (await dial(subject)).connect("lasting", clean=False) == (False, 0)
    assert await (await dial(subject)).connect("fleeting", clean=False) == (False, 0)


async def test_a_session_outlives_its_user(start, connect, dial, tmp_path):
    """The device gets another name, then anyone is let in, then it has its first name again."""
    both = {"tower": "orange", "other": "blue"}
    steps = [("tower", {"tower": "orange"}), ("other", {"other": "blue"}), ("other", both), ("", None), ("tower", both)]
    for number, (user, users) in enumerate(steps):
        subject = await start(store=tmp_path / "store", users=users)
        asked = {"clean": False, "user": user, "password": both.get(user, "")}
        assert await (await dial(subject)).connect("gate", **asked) == (number > 0, 0)
        await stop(subject)


async def test_what_does_not_change_is_not_written(start, connect, tmp_path):
    """The same retained payload again leaves the file alone: SD cards wear out."""
    subject = await start(store=tmp_path / "store", limits=QUICK)
    client = await connect(subject, "c", clean=False)
    await client.subscribe(("live", 1))
    await client.publish("r", b"same", retain=True)
    file = tmp_path / "store"
    await until_written(file, b'"live"', b'"r"')
    before = file.stat().st_mtime_ns
    await client.publish("r", b"same", retain=True)
    await client.publish("live", b"x", qos=0)
    await client.subscribe(("live", 1))
    await asyncio.sleep(0.1)
    assert file.stat().st_mtime_ns == before


async def damaged(sound: bytes):
    yield b""
    yield os.urandom(500)
    yield sound + b" "
    yield b"watertower-broker-1\n{}"
    yield sound.replace(b"broker-1", b"broker-2", 1)
    for cut in range(0, len(sound), 7):
        yield sound[:cut]
    for place in range(0, len(sound), 7):
        yield sound[:place] + bytes((sound[place] ^ 1,)) + sound[place + 1 :]


async def test_a_damaged_file_is_set_aside(start, connect, tmp_path):
    """Cut anywhere or with a bit turned anywhere: there is an event, and the broker starts empty."""
    file = tmp_path / "store"
    subject = await start(store=file)
    await fill(subject, connect)
    await stop(subject)
    async for bytes_ in damaged(file.read_bytes()):
        file.write_bytes(bytes_)
        subject = await start(store=file)
        (event,) = subject.events_of("TWL-B050")
        aside = Path(event.fields["aside"])
        assert aside.name.startswith("store.corrupt-")
        assert aside.read_bytes() == bytes_
        assert not file.exists()
        await stop(subject)


async def test_a_folder_in_the_place_of_the_file_is_left_alone(start, connect, tmp_path):
    """The broker runs without a file; both events name the reason."""
    (tmp_path / "store").mkdir()
    subject = await start(store=tmp_path / "store", limits=QUICK)
    await (await connect(subject, "c")).publish("r", retain=True)
    await stop(subject)
    assert (tmp_path / "store").is_dir()
    assert [len(subject.events_of(code)) for code in ("TWL-B050", "TWL-B051")] == [1, 1]
    assert [file.name for file in tmp_path.iterdir()] == ["store"]


async def test_a_disk_that_cannot_be_written_is_reported_once_and_tried_again(start, connect, tmp_path, monkeypatch):
    """Messages go on meanwhile, and all is written once it works."""
    monkeypatch.setattr("controller.broker.broker_file.RETRY_S", 0.01)
    (tmp_path / "folder").write_bytes(b"a file where the folder should be")
    subject = await start(store=tmp_path / "folder" / "store", limits=QUICK)
    client = await connect(subject, "c")
    await client.publish("r", b"kept", retain=True)
    await subject.until("TWL-B051")
    await client.publish("s", b"kept", retain=True)
    await asyncio.sleep(0.05)
    (tmp_path / "folder").unlink()
    await subject.until("TWL-B052")
    assert len(subject.events_of("TWL-B051")) == 1
    await stop(subject)
    again = await connect(await start(store=tmp_path / "folder" / "store"), "c")
    await again.subscribe(("#", 0))
    assert len(await again.settled()) == 2


async def test_a_write_that_fails_while_the_broker_stops_is_made_again(start, connect, tmp_path, monkeypatch):
    """It was under way when the stop came."""
    begun, may_go = threading.Event(), threading.Event()
    real = os.fsync

    def stuck(descriptor):
        monkeypatch.setattr(os, "fsync", real)
        begun.set()
        may_go.wait(30)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", stuck)
    subject = await start(store=tmp_path / "store", limits=QUICK)
    await (await connect(subject, "c")).publish("r", b"kept", retain=True)
    await asyncio.to_thread(begun.wait, 30)
    stopping = asyncio.create_task(stop(subject))
    await asyncio.sleep(0.1)
    may_go.set()
    await stopping
    client = await connect(await start(store=tmp_path / "store"), "c")
    await client.subscribe(("r", 0))
    assert len(await client.settled()) == 1


@pytest.mark.parametrize("failing", range(5))
async def test_a_write_that_fails_anywhere_leaves_old_or_new(start, connect, tmp_path, monkeypatch, failing):
    """The k-th call to the system fails, for every k: never neither."""
    file = tmp_path / "store"
    subject = await start(store=file)
    await (await connect(subject, "c")).publish("r", b"old", retain=True)
    await stop(subject)
    subject = await start(store=file)
    client = await connect(subject, "c")
    calls = 0

    def counted(real):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == failing + 1:
                raise OSError(28, "No space left on device")
            return real(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", counted(os.open))
        patch.setattr(os, "fsync", counted(os.fsync))
        patch.setattr(Path, "rename", counted(Path.rename))
        await client.publish("r", b"new", retain=True)
        await subject.until("TWL-B051")
    assert calls == failing + 1
    assert [each.name for each in tmp_path.iterdir()] == ["store"]
    (tmp_path / "copy").write_bytes(file.read_bytes())
    again = await start(store=tmp_path / "copy")
    assert not again.events_of("TWL-B050")
    client = await connect(again, "c")
    await client.subscribe(("r", 0))
    (message,) = await client.settled()
    assert message.payload in (b"old", b"new")
