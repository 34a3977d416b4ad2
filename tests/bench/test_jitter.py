"""How late a steady tick is that shares its loop with our broker and our door to it, while 100,000 messages come in on
one state topic and 200 more clients are connected.

Run with `-s` to see the figures, beside those of the same tick without the flood. Only what does not depend on the
machine is asserted: the newest message arrives, and the memory is bounded.
"""

import asyncio
import gc
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from controller.broker.client_session import Limits
from controller.broker.server import Broker
from controller.events import Event
from controller.mqtt import Address, Mqtt, Received
from tests.parts import needs

MESSAGES = 100_000
CLIENTS = 200
TICK_S = 0.05
IDLE_S = 3.0
GROWTH_BYTES = 20_000_000
STATM = Path("/proc/self/statm")
LAST = b"%06d" % (MESSAGES - 1)

FLOOD = """
import socket, sys
port, count = map(int, sys.argv[1:])
out = socket.create_connection(("127.0.0.1", port))
out.sendall(b"\\x10\\x11\\0\\4MQTT\\4\\2\\0\\0\\0\\5flood")
out.recv(4)
def packet(number):
    body = b"\\0\\5state%06d" % number + b"x" * 294
    return bytes((0x31, len(body) & 127 | 128, len(body) >> 7)) + body
for start in range(0, count, 100):
    out.sendall(b"".join(map(packet, range(start, start + 100))))
out.sendall(b"\\xe0\\0")
"""


class Tick:
    """A tick every TICK_S: how late each was, in seconds, and the most memory seen, in bytes."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.most = 0

    async def run(self) -> None:
        """For ever."""
        loop = asyncio.get_running_loop()
        due = loop.time() + TICK_S
        while True:
            await asyncio.sleep(due - loop.time())
            self.late.append(loop.time() - due)
            self.most = max(self.most, resident())
            due = max(due + TICK_S, loop.time())

    def figures(self) -> tuple[float, float, float]:
        """Median, 99th percentile and most of the lateness so far, which is forgotten."""
        late, self.late = sorted(self.late), []
        return late[len(late) // 2], late[int(len(late) * 0.99)], late[-1]


def resident() -> int:
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def settled() -> Iterator[None]:
    """As `watertower run` does it: what is loaded already is no more looked through for garbage."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
async def broker(tmp_path: Path, settled: None) -> AsyncIterator[Broker]:
    """Ours, with its store, and CLIENTS clients that have nothing to say."""
    limits = Limits(clients=CLIENTS + 10)
    async with AsyncExitStack() as stack:
        broker = Broker(port=0, store=tmp_path / "store", limits=limits, on_event=list[Event]().append)
        await stack.enter_async_context(broker)
        clients = []
        for number in range(CLIENTS):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", broker.port), timeout=10))
            clients.append(client)
            client.sendall(b"\x10\x10\0\4MQTT\4\2\0\0\0\4%04d" % number)
        yield broker
        assert {client.recv(100) for client in clients} == {b"\x20\2\0\0"}


async def flood(broker: Broker) -> None:
    """MESSAGES messages of 300 bytes from a process of its own, retained as reports are."""
    asked = map(str, (broker.port, MESSAGES))
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", FLOOD, *asked)
    assert await process.wait() == 0


async def last_heard(mqtt: Mqtt) -> None:
    """Until the last of the flood comes out of the door."""
    async for item in mqtt:
        if isinstance(item, Received) and item.payload.startswith(LAST):
            return


@needs("proc")
async def test_a_tick_beside_a_flood(broker: Broker, record_property: Callable[[str, object], None]) -> None:
    """The tick alone, then with the flood."""
    tick = Tick()
    async with Mqtt(Address("127.0.0.1", broker.port), "door", subscriptions=(("state", 1),)) as mqtt:
        ticking = asyncio.create_task(tick.run())
        await asyncio.sleep(IDLE_S)
        idle, before = tick.figures(), resident()
        async with asyncio.timeout(300), asyncio.TaskGroup() as group:
            group.create_task(last_heard(mqtt))
            group.create_task(flood(broker))
        beside = tick.figures()
        ticking.cancel()
    grown = tick.most - before
    record_property("late_ratio_p99", round(beside[1] / idle[1], 1))
    for name, figures in (("alone", idle), ("beside the flood", beside)):
        print(
            "\n{}: p50 {:.1f}, p99 {:.1f}, max {:.1f} ms late".format(name, *(1000 * each for each in figures)), end=""
        )
    print(f"; p99 {beside[1] / idle[1]:.1f} x, memory +{grown / 1e6:.1f} MB")
    assert grown < GROWTH_BYTES
