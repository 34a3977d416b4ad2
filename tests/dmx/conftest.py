"""A listener on an address of its own, a real receiver, the events of an output, and waiting for what is to come."""

import asyncio
import ctypes
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from controller.clock import boot_time
from controller.dmx.output import OutputSource
from controller.events import Event
from tests.parts import find

START = Path(__file__).parent.parent / "olad" / "start.sh"
VECTORS = Path(__file__).parent.parent / "vectors" / "vectors.json"


class Listener:
    """A UDP socket on a loopback address that nobody else uses."""

    def __init__(self, port: int, host: str) -> None:
        self.host = host
        self.packets: list[bytes] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)

    def join(self, group: str, interface: str) -> None:
        """Joins a multicast group."""
        both = socket.inet_aton(group) + socket.inet_aton(interface)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, both)

    def heard(self) -> list[bytes]:
        """Every packet so far."""
        while True:
            try:
                self.packets.append(self._socket.recv(2_000))
            except BlockingIOError:
                return self.packets

    def close(self) -> None:
        """Gives the socket back."""
        self._socket.close()


class Network:
    """A network namespace of its own with `lo` and the card `tower0` (10.254.0.1): nothing leaves it."""

    CARD = "ip link add tower0 type veth peer name far0 && ip addr add 10.254.0.1/24 dev tower0"
    UP = "ip link set tower0 up && ip link set far0 up && ip route add 224.0.0.0/4 dev tower0"

    def __init__(self) -> None:
        script = f"ip link set lo up && {self.CARD} && {self.UP} && echo up && exec sleep 3600"
        self._keeper = subprocess.Popen(["unshare", "-n", "sh", "-c", script], stdout=subprocess.PIPE)
        assert self._keeper.stdout is not None
        self.works = self._keeper.stdout.readline() == b"up\n"

    def run(self, command: str) -> None:
        """A shell command inside."""
        subprocess.run(["nsenter", "-t", str(self._keeper.pid), "-n", "sh", "-c", command], check=True, timeout=10)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What this thread opens or starts meanwhile is inside. A thread stays in the network in which it was started,
        so none that makes blocking calls is shared with the rest of the tests."""
        with (
            pytest.MonkeyPatch.context() as patch,
            Path("/proc/thread-self/ns/net").open() as outside,
            Path(f"/proc/{self._keeper.pid}/ns/net").open() as within,
        ):
            patch.setattr("controller.threads.idle_threads", [])
            _enter(within.fileno())
            try:
                yield
            finally:
                _enter(outside.fileno())

    def close(self) -> None:
        """Takes the network away."""
        self._keeper.kill()
        self._keeper.wait()
        if self._keeper.stdout:
            self._keeper.stdout.close()


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@pytest.fixture(scope="module")
def network() -> Iterator[Network | None]:
    """A network of our own; None where we may not make one."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or find("ip") is None:
        yield None
        return
    made = Network()
    try:
        yield made if made.works else None
    finally:
        made.close()


@pytest.fixture
def own_network(network: Network | None) -> Network:
    """A network of our own; skips where we may not make one."""
    if network is None:
        pytest.skip("this needs a network of its own: root, unshare and ip (apt-get install iproute2)")
    return network


@dataclass(frozen=True, slots=True)
class Seen:
    """What the receiver had in a universe when it answered (seconds of boot time)."""

    universe: int
    levels: bytes
    answered_s: float


class Olad:
    """The receiver, read over HTTP."""

    def __init__(self, port: int) -> None:
        self._port = port

    @staticmethod
    def free_port() -> int:
        """A TCP port of its network that nobody has."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            return int(server.getsockname()[1])

    def levels(self, universe: int) -> bytes:
        """What a universe has now; empty where nothing ever came; raises OSError."""
        url = f"http://127.0.0.1:{self._port}/get_dmx?u={universe}"
        with urllib.request.urlopen(url, timeout=3) as answer:
            return bytes(json.load(answer)["dmx"])

    async def shows(self, universe: int, levels: bytes, within_s: float = 10.0) -> bool:
        """Whether the universe begins with the levels within a while."""
        until = time.monotonic() + within_s
        while not (await asyncio.to_thread(self.levels, universe)).startswith(levels):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.02)
        return True

    @contextmanager
    def watched(self, universes: Iterable[int]) -> Iterator[list[Seen]]:
        """What is seen meanwhile, each universe 40 times a second, and once at the end."""
        seen: list[Seen] = []
        over = threading.Event()

        def look() -> None:
            seen.extend(Seen(universe, self.levels(universe), boot_time()) for universe in universes)

        def watch() -> None:
            while not over.wait(1 / 40):
                look()
            look()

        thread = threading.Thread(target=watch, name="watch olad")
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()


def answers(olad: Olad, process: subprocess.Popen[bytes]) -> bool:
    """Whether the receiver comes up."""
    for _ in range(100):
        if process.poll() is not None:
            return False
        try:
            olad.levels(1)
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False


@pytest.fixture(scope="module")
def olad(network: Network | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Olad]:
    """One receiver for all tests of a module, in a network of its own where we may make one."""
    with ExitStack() as stack:
        if network is not None:
            stack.enter_context(network.inside())
        else:  # all receivers of a machine share the ports of sACN and Art-Net: one after another
            alone = stack.enter_context((Path(tempfile.gettempdir()) / "watertower-olad.lock").open("w"))
            fcntl.flock(alone, fcntl.LOCK_EX)
        port, rpc = Olad.free_port(), Olad.free_port()
        log = stack.enter_context((tmp_path_factory.mktemp("olad") / "log").open("w+"))
        process = subprocess.Popen(["sh", START, str(port), str(rpc)], stderr=log)
        stack.callback(process.wait)
        stack.callback(process.send_signal, signal.SIGTERM)
        if not answers(receiver := Olad(port), process):
            log.seek(0)
            pytest.skip(f"olad does not start here: {log.read()[-300:]}")
        yield receiver


@pytest.fixture(scope="session")
def in_one_direction() -> Callable[[list[bytes]], bool]:
    """Tells whether every channel only rises or only falls from one reading to the next."""

    def tell(readings: list[bytes]) -> bool:
        columns = (list(column) for column in zip(*readings, strict=True))
        return all(column in (sorted(column), sorted(column, reverse=True)) for column in columns)

    return tell


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Opens a listener on a port, by default on a random address of 127.0.0.0/8."""
    opened: list[Listener] = []

    def make(port: int, host: str | None = None) -> Listener:
        own = f"127.{random.randint(1, 254)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
        opened.append(Listener(port, host or own))
        return opened[-1]

    yield make
    for listener in opened:
        listener.close()


@pytest.fixture
def events() -> list[Event]:
    """Where an output puts its events."""
    return []


@pytest.fixture
def source() -> OutputSource:
    """The gateway that sends."""
    return OutputSource("Alvesta vattentorn", "mast")


@pytest.fixture
def soon() -> Callable[[Callable[[], Any]], Any]:
    """Waits until a condition holds, and fails when it does not within a while."""

    async def wait(condition: Callable[[], Any], within_s: float = 15.0) -> None:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture(scope="session")
def vector() -> Callable[[str], Any]:
    """A test vector by its id."""
    known = {entry["id"]: entry for entry in json.loads(VECTORS.read_text())}
    return lambda name: known[name]
