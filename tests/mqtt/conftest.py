"""A real mosquitto that can be killed and frozen, a line that can be cut, and a reader of the items of a connection."""

import asyncio
import contextlib
import signal
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.gateways.base import Message
from controller.mqtt import Address, Item, Mqtt, Received
from tests.parts import await_listener, free_port, require


class Mosquitto:
    """One broker on a port of its own; `more` are further lines of its configuration."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.port = free_port()
        self.address = Address("127.0.0.1", self.port)
        self._conf = folder / f"{self.port}.conf"
        allow = "" if "allow_anonymous" in more else "allow_anonymous true\n"
        self._conf.write_text(f"listener {self.port} 127.0.0.1\nuser root\n{allow}{more}\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Mosquitto":
        """Starts it and waits until it listens."""
        self._process = subprocess.Popen([require("mosquitto"), "-c", self._conf], stderr=subprocess.DEVNULL)
        await_listener(self.port, self._process)
        return self

    def kill(self) -> None:
        """Kill -9."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It keeps its connections and says nothing any more."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def reload(self) -> None:
        """It reads its files again."""
        assert self._process
        self._process.send_signal(signal.SIGHUP)

    def thaw(self) -> None:
        """And goes on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)


class Line:
    """A TCP line to a port that can go silent without closing, or be slow."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._open = asyncio.Event()
        self._open.set()
        self._writers: list[asyncio.StreamWriter] = []
        self.delay_s = 0.0
        self.opened = 0

    async def __aenter__(self) -> "Line":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = Address("127.0.0.1", self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._open.set()
        await asyncio.sleep(0.01)

    def cut(self) -> None:
        """Half-open: nothing arrives at either end, and neither end gets a notice of it."""
        self._open.clear()

    def mend(self) -> None:
        """What was held up arrives."""
        self._open.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self._writers.append(writer)
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
            self._writers.append(far_writer)
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await asyncio.sleep(self.delay_s)
                await self._open.wait()
                writer.write(data)
        writer.close()


class ScriptedBroker:
    """Listens like a broker and sends given bytes: `first` after the CONNECT, `then` one after another."""

    def __init__(self, first: bytes, then: list[bytes], tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._first = first
        self._then = then
        self._writers: list[asyncio.StreamWriter] = []
        self.calls = 0
        self.left = 0

    async def __aenter__(self) -> "ScriptedBroker":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.address = Address("127.0.0.1", self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    @property
    def unsent(self) -> int:
        """Bytes that the line has not taken."""
        return sum(writer.transport.get_write_buffer_size() for writer in self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        self._writers.append(writer)
        with contextlib.suppress(OSError):
            for answer in (self._first, *self._then):
                await reader.read(1000)
                writer.write(answer)
            while self._then and await reader.read(1000):
                pass
        self.left += 1
        writer.close()


class Items:
    """Takes every item of a client, and waits for some."""

    def __init__(self) -> None:
        self.all: list[Item] = []
        self._came = asyncio.Event()

    async def listen(self, mqtt: Mqtt) -> None:
        """Until the client is closed."""
        async for item in mqtt:
            self.all.append(item)
            self._came.set()

    async def until(self, condition: Callable[[], Any], within_s: float = 20.0) -> None:
        """Waits until the condition holds; it is looked at after each item and from time to time."""
        async with asyncio.timeout(within_s):
            while not condition():
                self._came.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await self._came.wait()

    def of(self, kind: type) -> list[Any]:
        """Every item of a kind so far."""
        return [item for item in self.all if isinstance(item, kind)]

    def payloads(self, topic: str) -> list[bytes]:
        """Every payload received on a topic so far."""
        return [item.payload for item in self.of(Received) if item.topic == topic]

    async def get(self, kind: type, within_s: float = 20.0) -> Any:
        """The first item of a kind."""
        await self.until(lambda: self.of(kind), within_s)
        return self.of(kind)[0]


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Makes brokers; `mosquitto(more)` gives one that is not started yet."""
    require("mosquitto")
    made: list[Mosquitto] = []

    def make(more: str = "") -> Mosquitto:
        made.append(Mosquitto(tmp_path, more))
        return made[-1]

    yield make
    for broker in made:
        broker.kill()


@pytest.fixture
def line() -> type[Line]:
    """A line to a port: `async with line(port) as cut`."""
    return Line


@pytest.fixture
def scripted() -> type[ScriptedBroker]:
    """Listens like a broker: `async with scripted(first, then) as broker`."""
    return ScriptedBroker


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., Awaitable[tuple[Mqtt, Items]]]]:
    """Starts a client and takes its items, until the test is over: `await connect(address, …)`."""
    async with contextlib.AsyncExitStack() as stack:
        opened = 0

        async def make(brokers: Any, client_id: str = "", **rest: Any) -> tuple[Mqtt, Items]:
            nonlocal opened
            opened += 1
            mqtt = Mqtt(brokers, client_id or f"client-{opened}", **rest)
            items = Items()
            task = asyncio.create_task(items.listen(mqtt))

            async def settle(*_: object) -> None:
                async with asyncio.timeout(20):
                    await task

            stack.push_async_callback(settle)
            await stack.enter_async_context(mqtt)
            return mqtt, items

        yield make


@pytest.fixture
def message() -> Callable[..., Message]:
    """A message; QoS 1 unless said otherwise."""

    def make(topic: str, payload: bytes, qos: int = 1, retain: bool = False) -> Message:
        return Message(topic, payload, qos, retain)

    return make


@pytest.fixture
def flood() -> Callable[[int, list[tuple[str, bytes]]], None]:
    """`flood(port, messages)` publishes QoS 0 as fast as the broker takes it, over a socket of its own."""

    def packet(kind: int, body: bytes) -> bytes:
        length, size = b"", len(body)
        while True:
            size, low = divmod(size, 128)
            length += bytes([low | (128 if size else 0)])
            if not size:
                return bytes([kind]) + length + body

    def text(value: str) -> bytes:
        return len(value.encode()).to_bytes(2) + value.encode()

    def send(port: int, messages: list[tuple[str, bytes]]) -> None:
        with socket.create_connection(("127.0.0.1", port)) as out:
            out.sendall(packet(0x10, text("MQTT") + b"\x04\x02\x00\x3c" + text("flood")))
            out.recv(4)
            out.sendall(b"".join(packet(0x30, text(topic) + payload) for topic, payload in messages))
            out.sendall(b"\xe0\x00")

    return send
