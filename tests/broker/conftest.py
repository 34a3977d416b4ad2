"""A broker to test, ours or mosquitto with the shipped file, and a client that speaks MQTT in raw bytes."""

import asyncio
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from controller.broker.access import Admission, User
from controller.broker.server import Broker
from controller.events import Event
from tests.parts import await_listener, deployed, free_port, require, shipped_mosquitto

USERS = {"tower": "orange", "other": "blue", "mast": "high", "controller": "calm"}
WAIT_S = 30


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return len(raw).to_bytes(2, "big") + raw


def packet(head: int, body: bytes = b"") -> bytes:
    length, left = b"", len(body)
    while left > 0x7F:
        length, left = length + bytes((left & 0x7F | 0x80,)), left >> 7
    return bytes((head,)) + length + bytes((left,)) + body


@dataclass(frozen=True)
class Will:
    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True)
class Received:
    """A message as it came."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    packet_id: int


class Client:
    """One raw connection. Messages that come while it waits for something else are kept in `inbox`."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self._tls = tls
        self.inbox: list[Received] = []
        self.answers_messages = True
        self._last_id = 0

    async def open(self) -> "Client":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22, ssl=self._tls)
        return self

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def next_id(self) -> bytes:
        self._last_id = self._last_id % 0xFFFF + 1
        return self._last_id.to_bytes(2, "big")

    async def read(self) -> tuple[int, bytes]:
        """The next packet; b"" as head 0 when the connection is closed."""
        async with asyncio.timeout(WAIT_S):
            try:
                head = (await self.reader.readexactly(1))[0]
                length = shift = 0
                while True:
                    byte = (await self.reader.readexactly(1))[0]
                    length |= (byte & 0x7F) << shift
                    shift += 7
                    if byte < 0x80:
                        return head, await self.reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionError):
                return 0, b""

    async def expect(self, head: int) -> bytes:
        """The body of the next packet with this first byte; messages before it go to the inbox."""
        while True:
            got, body = await self.read()
            if got == head:
                return body
            assert got >> 4 in (3, 6), f"waited for {head:02x}, got {got:02x} {body!r}"
            self.take(got, body)

    def take(self, head: int, body: bytes) -> None:
        if head >> 4 == 6:
            self.send(packet(0x70, body))
            return
        qos = head >> 1 & 3
        end = 2 + int.from_bytes(body[:2], "big")
        number, payload = (body[end : end + 2], body[end + 2 :]) if qos else (b"\0\0", body[end:])
        topic = body[2:end].decode()
        fields = (bool(head & 1), bool(head & 8), int.from_bytes(number, "big"))
        self.inbox.append(Received(topic, payload, qos, *fields))
        if qos and self.answers_messages:
            self.send(packet(0x40 if qos == 1 else 0x50, number))

    async def connect(
        self,
        client_id: str,
        clean: bool = True,
        keep_alive: int = 60,
        will: Will | None = None,
        user: str | None = "tower",
        password: str | None = USERS["tower"],
    ) -> tuple[bool, int]:
        """Session present and return code."""
        flags = clean << 1 | (user is not None) << 7 | (password is not None) << 6
        body = text(client_id)
        if will:
            flags |= 4 | will.qos << 3 | will.retain << 5
            body += text(will.topic) + text(will.payload)
        for part in (user, password):
            body += text(part) if part is not None else b""
        self.send(packet(0x10, text("MQTT") + bytes((4, flags)) + keep_alive.to_bytes(2, "big") + body))
        present, code = await self.expect(0x20)
        return bool(present), code

    async def subscribe(self, *wishes: tuple[str, int]) -> list[int]:
        number = self.next_id()
        self.send(packet(0x82, number + b"".join(text(name) + bytes((qos,)) for name, qos in wishes)))
        body = await self.expect(0x90)
        assert body[:2] == number
        return list(body[2:])

    async def unsubscribe(self, *names: str) -> None:
        number = self.next_id()
        self.send(packet(0xA2, number + b"".join(map(text, names))))
        assert await self.expect(0xB0) == number

    def post(self, topic: str, payload: bytes = b"x", qos: int = 0, retain: bool = False) -> bytes:
        """Publishes without waiting; the packet identifier."""
        number = self.next_id() if qos else b""
        self.send(packet(0x30 | qos << 1 | retain, text(topic) + number + payload))
        return number

    async def publish(self, topic: str, payload: bytes = b"x", qos: int = 1, retain: bool = False) -> None:
        """Publishes and waits until the broker has it."""
        number = self.post(topic, payload, qos, retain)
        if qos == 0:
            await self.ping()
        elif qos == 1:
            assert await self.expect(0x40) == number
        else:
            assert await self.expect(0x50) == number
            self.send(packet(0x62, number))
            assert await self.expect(0x70) == number

    async def ping(self) -> None:
        self.send(b"\xc0\0")
        await self.expect(0xD0)

    async def settled(self) -> list[Received]:
        """All messages that came so far: whatever another client published and has acknowledged is among them."""
        await self.ping()
        came, self.inbox = self.inbox, []
        return came

    async def messages(self, count: int) -> list[Received]:
        """The next so many messages."""
        while len(self.inbox) < count:
            head, body = await self.read()
            assert head >> 4 in (3, 6), f"{len(self.inbox)} of {count} messages, then {head:02x}"
            self.take(head, body)
        came, self.inbox = self.inbox[:count], self.inbox[count:]
        return came

    async def is_closed(self) -> bool:
        """Waits for the broker to close."""
        while True:
            head, _ = await self.read()
            if not head:
                return True

    async def leave(self) -> None:
        """DISCONNECT, and waits until the broker has closed."""
        self.send(b"\xe0\0")
        await self.is_closed()
        await self.close()

    def cut(self) -> None:
        """The socket breaks."""
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@dataclass
class Subject:
    """A running broker with the users of USERS; with `tls` whoever comes in over this port trusts its authority."""

    name: str
    port: int
    events: list[Event] = field(default_factory=list)
    broker: Broker | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    tls: ssl.SSLContext | None = None

    def hear(self, event: Event) -> None:
        self.events.append(event)
        self.news.set()

    def events_of(self, code: str) -> list[Event]:
        return [event for event in self.events if event.code == code]

    async def until(self, code: str) -> None:
        """Waits for an event."""
        async with asyncio.timeout(WAIT_S):
            while not self.events_of(code):
                self.news.clear()
                await self.news.wait()


Open = Callable[..., Awaitable[Client]]
Connect = Callable[..., Awaitable[Client]]
Start = Callable[..., Awaitable[Subject]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts our broker, with any settings."""
    async with AsyncExitStack() as stack:

        async def starter(**settings: object) -> Subject:
            subject = Subject("ours", 0)
            chosen = {"port": 0, "users": USERS, "on_event": subject.hear} | settings
            users = chosen.pop("users")
            if users is not None:
                users = {name: User(user) if isinstance(user, str) else user for name, user in users.items()}
            admission = {key: chosen.pop(key) for key in ("own", "reserved") if key in chosen}
            chosen["admission"] = Admission(users, **admission)
            subject.broker = await stack.enter_async_context(Broker(**chosen))
            subject.port = subject.broker.port
            return subject

        yield starter


class Mosquitto:
    """Starts mosquitto with the shipped file and further lines, and can cut its power."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.users = dict(USERS)
        self.processes: list[subprocess.Popen[bytes]] = []

    def __call__(self, more: str = "", rules: str = "pattern readwrite #\npattern readwrite $x/#\n") -> int:
        """The port on which it listens."""
        return self._start(free_port(), 0, more, rules)

    def guarded(self, rules: str) -> Subject:
        """With these access rules and a certificate, over TLS."""
        deployed("certificates.sh", "server", CERTIFICATES=str(self.folder / "certs"))
        port = free_port()
        self._start(free_port(), port, "", rules)
        return Subject("mosquitto", port, tls=ssl.create_default_context(cafile=self.folder / "certs" / "ca.pem"))

    def _start(self, port: int, tls_port: int, more: str, rules: str) -> int:
        program = require("mosquitto")
        passwords = self.folder / "watertower.passwd"
        passwords.write_text("".join(f"{user}:{word}\n" for user, word in self.users.items()))
        passwords.chmod(0o600)
        subprocess.run([require("mosquitto_passwd"), "-U", passwords], check=True)
        (self.folder / "watertower.acl").write_text(rules, encoding="utf-8")
        (self.folder / "watertower.acl").chmod(0o600)
        file = self.folder / "mosquitto.conf"
        file.write_text(f"{shipped_mosquitto(self.folder, port, tls_port)}log_type none\n{more}", encoding="utf-8")
        process = subprocess.Popen([program, "-c", file], stderr=subprocess.DEVNULL)
        self.processes.append(process)
        for each in filter(None, (port, tls_port)):  # it opens one after the other
            await_listener(each, process)
        return port

    def kill(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    """Mosquitto with the shipped file, which has it sync its store for every message: in memory if there is a place."""
    memory = Path("/dev/shm")  # noqa: S108 -- a private folder is made in it
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        made = Mosquitto(Path(folder))
        yield made
        made.kill()


@pytest.fixture(params=["ours", pytest.param("mosquitto", marks=pytest.mark.real)])
async def subject(request: pytest.FixtureRequest, start: Start, mosquitto: Mosquitto) -> Subject:
    """Ours, then mosquitto: what is asked of one is asked of the other."""
    if request.param == "mosquitto":
        return Subject("mosquitto", mosquitto())
    return await start()


@pytest.fixture
def mortal() -> Will:
    """The will of a client that may die."""
    return Will("w", b"gone")


@pytest.fixture
async def dial() -> AsyncIterator[Open]:
    """Opens a connection and says nothing."""
    async with AsyncExitStack() as stack:

        async def dialer(subject: Subject) -> Client:
            client = await Client(subject.port, getattr(subject, "tls", None)).open()
            stack.push_async_callback(client.close)
            return client

        yield dialer


@pytest.fixture
async def connect(dial: Open) -> Connect:
    """Opens a connection and logs in."""

    async def connecter(subject: Subject, client_id: str, **asked: object) -> Client:
        client = await dial(subject)
        _, code = await client.connect(client_id, **asked)
        assert code == 0
        return client

    return connecter
