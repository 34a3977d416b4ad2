"""How late a steady tick is that shares its loop with the whole service, while another process holds the store's files
locked, and while nobody reads the log; people ask for looks by hand all the time.

Run with `-s` to see the figures, beside those of the same service left alone. Only what does not depend on the machine
is asserted: whoever asks gets an answer.
"""

import asyncio
import fcntl
import gc
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.app.assembly import Context, running
from controller.app.log_writer import Log
from controller.clock import SystemClock
from controller.config.load import load
from controller.events import Event
from controller.gateways.base import Message
from controller.mqtt import Address, Mqtt, Received
from controller.service.degradations import Degradations
from controller.state import StateStore
from tests.parts import ended_after

SHIPPED = Path(__file__).parents[2] / "config"
TICK_S = 0.02
PHASE_S = 5.0
ASK_S = 0.2
EVENTS = "watertower/controller/event"
HOLD = """
import sqlite3, sys
held = [sqlite3.connect(path, isolation_level=None) for path in sys.argv[1:]]
for connection in held:
    connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


class Reader:
    """Reads the log until the test stops it; then the pipe fills."""

    def __init__(self) -> None:
        self.end, write = os.pipe()
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        self.stream = os.fdopen(write, "w", encoding="utf-8")
        self.reads = threading.Event()
        self.reads.set()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while os.read(self.end, 65536):
            self.reads.wait()


class Bench:
    """The service, and the lateness of a tick beside it."""

    def __init__(self, mqtt: Mqtt, state: Path, reader: Reader) -> None:
        self.state = state
        self.reader = reader
        self._mqtt = mqtt
        self._asked = 0
        self._answered: set[str] = set()

    async def measure(self) -> tuple[float, float]:
        """99th percentile and most of the lateness over PHASE_S, ms; returns when all that was asked is answered."""
        loop, late = asyncio.get_running_loop(), list[float]()
        asking = asyncio.create_task(self._ask())
        due = loop.time() + TICK_S
        for _ in range(int(PHASE_S / TICK_S)):
            await asyncio.sleep(max(0.0, due - loop.time()))
            late.append(1000 * (loop.time() - due))
            due = max(due + TICK_S, loop.time())
        asking.cancel()
        async with asyncio.timeout(20):
            while f"a{self._asked}" not in self._answered:
                await asyncio.sleep(TICK_S)
        late.sort()
        return late[int(len(late) * 0.99)], late[-1]

    async def _ask(self) -> None:
        while True:
            self._asked += 1
            asked = {"id": f"a{self._asked}", "action": ("override", "resume")[self._asked % 2], "look": "blue"}
            payload = json.dumps({**asked, "until": "1 h", "owner": "bench", "reason": "bench"}).encode()
            self._mqtt.publish(Message("watertower/override/set", payload))
            await asyncio.sleep(ASK_S)

    async def listen(self) -> None:
        """Takes the answers, for ever."""
        async for item in self._mqtt:
            if isinstance(item, Received):
                self._answered.add(json.loads(item.payload).get("id", ""))


@contextmanager
def locked(*paths: Path) -> Iterator[None]:
    """Another process holds these databases for itself."""
    command = [sys.executable, "-c", HOLD, *map(str, paths)]
    with ended_after(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        yield


@contextmanager
def unread(reader: Reader) -> Iterator[None]:
    """The pipe is full."""
    reader.reads.clear()
    yield
    reader.reads.set()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """As `watertower run` puts it together, with its own broker on any port."""
    setup = load(Path(shutil.copytree(SHIPPED, tmp_path / "config")))
    state, clock, reader = tmp_path / "state", SystemClock(), Reader()
    gc.collect()
    gc.freeze()
    async with AsyncExitStack() as stack:
        log = stack.enter_context(Log("json", UTC, "en", reader.stream))
        store = await stack.enter_async_context(StateStore(state, lambda event: log.emit(event, clock.read().wall)))

        def tell(event: Event, at: datetime) -> None:
            log.emit(event, at)
            store.note(event, at)

        parts = Context(setup, clock, store, state, tell, Degradations(clock), "en", config=tmp_path / "config", port=0)
        service = await stack.enter_async_context(running(parts))
        address = Address("127.0.0.1", int(next(iter(service.reach)).rpartition(":")[2]))
        asker = Mqtt(address, "asker", subscriptions=((EVENTS, 0),), streams=(EVENTS,))
        bench = Bench(await stack.enter_async_context(asker), state, reader)
        listening = asyncio.create_task(bench.listen())
        yield bench
        listening.cancel()
    gc.unfreeze()


async def test_turns_beside_a_locked_store_and_an_unread_log(
    bench: Bench, record_property: Callable[[str, object], None]
) -> None:
    """Left alone, locked, unread."""
    await bench.measure()
    alone = await bench.measure()
    with locked(bench.state / "history.db"):
        beside_lock = await bench.measure()
    with unread(bench.reader):
        beside_log = await bench.measure()
    print("\nalone: p99 {:.1f}, max {:.1f} ms late".format(*alone))
    for name, figures in (("store locked", beside_lock), ("log unread", beside_log)):
        ratio = figures[0] / alone[0]
        record_property(f"late_ratio_p99 {name}", round(ratio, 1))
        print("{}: p99 {:.1f}, max {:.1f} ms late; p99 {:.1f} x".format(name, *figures, ratio))
