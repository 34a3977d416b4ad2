"""What a real receiver makes of the outputs: olad takes sACN and Art-Net and is read over HTTP."""

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from controller.dmx import Artnet, Sacn
from controller.dmx.output import MAX_HZ, Source
from controller.events import Event
from controller.gateways.outputs import ArtnetOutput, SacnOutput

pytestmark = pytest.mark.skipif(
    shutil.which("olad") is None, reason="olad is not installed: apt-get install --no-install-recommends ola"
)

START = Path(__file__).parent.parent / "olad" / "start.sh"
ORANGE, BLUE = b"\xff\x6a\x00\x00" * 3, b"\x00\x20\xff\x00" * 3


class Olad:
    """The receiver, read over HTTP."""

    def __init__(self, port: int) -> None:
        self._port = port

    def levels(self, universe: int) -> bytes:
        """What a universe has now; empty where nothing ever came; raises OSError."""
        url = f"http://127.0.0.1:{self._port}/get_dmx?u={universe}"
        with urllib.request.urlopen(url, timeout=3) as answer:
            return bytes(json.load(answer)["dmx"])

    async def shows(self, universe: int, levels: bytes, within_s: float = 1.0) -> bool:
        """Whether the universe begins with the levels within a while."""
        until = time.monotonic() + within_s
        while not (await asyncio.to_thread(self.levels, universe)).startswith(levels):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.02)
        return True


def free_port() -> int:
    """A TCP port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


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
def olad(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Olad]:
    """One receiver for all tests, in a network of its own where we may make one."""
    with ExitStack() as stack:
        if network is not None:
            stack.enter_context(network.inside())
        port, rpc = free_port(), free_port()
        log = stack.enter_context((tmp_path_factory.mktemp("olad") / "log").open("w+"))
        process = subprocess.Popen(["sh", START, str(port), str(rpc)], stderr=log)
        stack.callback(process.wait)
        stack.callback(process.send_signal, signal.SIGTERM)
        if not answers(receiver := Olad(port), process):
            log.seek(0)
            pytest.skip(f"olad does not start here: {log.read()[-300:]}")
        yield receiver


def sacn(source: Source, events: list[Event], **settings: Any) -> Sacn:
    """An output to the receiver."""
    return Sacn(SacnOutput(kind="sacn", **{"to": ("127.0.0.1",), **settings}), source, events.append)


async def test_sacn_is_received_whole(olad: Olad, source: Source, events: list[Event]) -> None:
    """All 512 slots of each universe, and every change."""
    async with sacn(source, events) as output:
        for universe in (1, 2, 3, 4):
            output.send(universe, bytes([universe]) + ORANGE)
        for universe in (1, 2, 3, 4):
            assert await olad.shows(universe, (bytes([universe]) + ORANGE).ljust(512, b"\0"))
        output.send(1, BLUE)
        assert await olad.shows(1, BLUE.ljust(512, b"\0"))
    assert events == []


async def test_a_fade_arrives_in_order_and_whole(olad: Olad, source: Source, events: list[Event]) -> None:
    """A second of frames as fast as DMX carries them: what is read never falls and ends at the goal."""
    read = []
    async with sacn(source, events) as output:
        for step in range(44):
            output.send(2, bytes([step * 255 // 43]))
            await asyncio.sleep(1 / MAX_HZ)
            if step >= 5 and step % 4 == 0:
                read.append((await asyncio.to_thread(olad.levels, 2))[0])
        assert await olad.shows(2, b"\xff")
    assert read == sorted(read)
    assert len(set(read)) > 5


async def test_a_steady_look_is_never_lost(olad: Olad, source: Source, events: list[Event]) -> None:
    """Longer than the 2.5 s after which a source counts as lost, a lower priority does not get in."""
    async with sacn(source, events, priority=150) as tower, sacn(Source("x", "y"), events) as desk:
        tower.send(3, ORANGE)
        desk.send(3, BLUE)
        assert await olad.shows(3, ORANGE)
        for _ in range(28):
            await asyncio.sleep(0.1)
            assert (await asyncio.to_thread(olad.levels, 3)).startswith(ORANGE)


async def test_the_higher_priority_wins_until_it_says_farewell(olad: Olad, source: Source, events: list[Event]) -> None:
    """A desk at 150 takes over from the tower at 90, and gives the universe back at once when it ends."""
    async with sacn(source, events, priority=90) as tower:
        tower.send(4, ORANGE)
        assert await olad.shows(4, ORANGE)
        async with sacn(Source("x", "desk"), events, priority=150) as desk:
            desk.send(4, BLUE)
            assert await olad.shows(4, BLUE)
        assert await olad.shows(4, ORANGE, within_s=1.5)


async def test_a_crash_and_restart_is_heard_at_once(olad: Olad, source: Source, events: list[Event]) -> None:
    """Same CID, no farewell, sequence begun anew: every time the new levels are taken well before 2.5 s."""

    async def crash(level: int) -> None:
        async with sacn(source, events) as output:
            output.send(1, bytes([level]))
            assert await olad.shows(1, bytes([level]), within_s=0.5)
            raise InterruptedError

    for level in range(1, 41):
        with pytest.raises(InterruptedError):
            await crash(level)


async def test_a_new_start_after_a_farewell_is_heard_at_once(olad: Olad, source: Source, events: list[Event]) -> None:
    """The same source ends in good order and begins again."""
    for level in (7, 8, 9):
        async with sacn(source, events) as output:
            output.send(2, bytes([level]))
            assert await olad.shows(2, bytes([level]), within_s=0.5)


async def test_multicast_is_received(
    olad: Olad, network: Any, source: Source, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """By the card's name."""
    if network is None:
        pytest.skip("needs a network namespace: run as root")
    async with sacn(source, events, to=("multicast",), interface="tower0") as output:
        output.send(2, BLUE)
        assert await olad.shows(2, BLUE)


async def test_art_net_is_received(olad: Olad, source: Source, events: list[Event]) -> None:
    """Every change, on both universes, and again after a restart that begins its sequence anew."""
    settings = ArtnetOutput(kind="artnet", to="127.0.0.1")
    for restart in range(3):
        async with Artnet(settings, source, events.append) as output:
            output.send(11, bytes([restart]) + ORANGE)
            output.send(12, bytes([restart]) + BLUE)
            assert await olad.shows(11, (bytes([restart]) + ORANGE).ljust(512, b"\0"))
            assert await olad.shows(12, bytes([restart]) + BLUE)
            for step in range(20):
                output.send(11, bytes([100 + step]))
                await asyncio.sleep(0.01)
            assert await olad.shows(11, bytes([119]))
    assert events == []
