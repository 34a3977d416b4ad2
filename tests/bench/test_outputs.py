"""What a frame costs, against the least that Python could do: one `struct.pack` and one `sendto` per packet.

Run with `-s` to see the table. Only completeness is asserted; figures depend on the machine.
"""

import asyncio
import os
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from controller.dmx.output import MAX_HZ, Output, OutputSource
from controller.dmx.outputs import Artnet, Sacn
from controller.gateways.outputs import ArtnetOutput, SacnOutput

PACKETS = 4_000
SECONDS = 0.5
HOST = f"127.77.{os.getpid() >> 8 & 0xFF}.{os.getpid() & 0xFF | 1}"
SOURCE = OutputSource("Alvesta vattentorn", "mast")


class Sink:
    """Takes the packets of one port, and keeps the newest level of each universe."""

    def __init__(self, port: int, universe_at: int, level_at: int) -> None:
        self._at = universe_at, level_at
        self.newest: dict[int, int] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        self._socket.bind((HOST, port))
        self._socket.setblocking(False)

    def drain(self) -> None:
        """Reads whatever waits."""
        universe_at, level_at = self._at
        while True:
            try:
                packet = self._socket.recv(1_000)
            except BlockingIOError:
                return
            self.newest[packet[universe_at]] = packet[level_at]

    def close(self) -> None:
        """Gives the socket back."""
        self._socket.close()


@pytest.fixture
def sacn_sink() -> Iterator[Sink]:
    """Universe and first level of sACN."""
    sink = Sink(5568, 114, 126)
    yield sink
    sink.close()


@pytest.fixture
def artnet_sink() -> Iterator[Sink]:
    """Universe and first level of Art-Net."""
    sink = Sink(6454, 14, 18)
    yield sink
    sink.close()


def bare_loop(packets: int) -> float:
    """CPU seconds per packet of the barest sender: all that differs is packed, the rest is a constant."""
    head, levels = bytes(124), bytes(512)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        began = time.process_time()
        for number in range(packets):
            sock.sendto(head + struct.pack("!BB", number & 255, 0) + levels, (HOST, 9))
        return (time.process_time() - began) / packets


async def paced(output: Output, universes: list[int], sink: Sink) -> tuple[float, int]:
    """CPU share and last level of some seconds of fading on all universes at the highest rate."""
    frames = int(SECONDS * MAX_HZ)
    began, cpu = time.perf_counter(), time.process_time()
    for frame in range(frames):
        for universe in universes:
            output.send(universe, bytes([frame % 256]) * 512)
        await asyncio.sleep(1 / MAX_HZ)
        sink.drain()
    share = (time.process_time() - cpu) / (time.perf_counter() - began)
    await asyncio.sleep(0.1)
    sink.drain()
    return share, (frames - 1) % 256


@pytest.mark.parametrize("count", [1, 10, 100])
async def test_sacn_keeps_up(count: int, sacn_sink: Sink) -> None:
    """Every universe shows its newest level, whatever their number."""
    universes = list(range(1, count + 1))
    settings = SacnOutput(kind="sacn", to=(HOST,))
    async with Sacn(settings, SOURCE, print) as output:
        await asyncio.sleep(0)
        share, newest = await paced(output, universes, sacn_sink)
        began = time.process_time()
        for number in range(PACKETS // 4):
            output._transmit(1, bytes([number % 256]) * 512)
        own, bare = (time.process_time() - began) / (PACKETS // 4), bare_loop(PACKETS)
    print(f"\nsACN {count:3} universes at {MAX_HZ:g} Hz: {share:6.1%} CPU; ", end="")
    print(f"packet {own * 1e6:.1f} µs, {1 / own:,.0f}/s; bare loop {bare * 1e6:.1f} µs; {own / bare:.1f} ×")
    assert all(sacn_sink.newest[universe] == newest for universe in universes)


@pytest.mark.parametrize("count", [1, 10])
async def test_art_net_keeps_up(count: int, artnet_sink: Sink) -> None:
    """The same for Art-Net, which has sixteen universes to a sub-net."""
    universes = list(range(count))
    async with Artnet(ArtnetOutput(kind="artnet", to=HOST), SOURCE, print) as output:
        await asyncio.sleep(0)
        share, newest = await paced(output, universes, artnet_sink)
    print(f"\nArt-Net {count} universes at {MAX_HZ:g} Hz: {share:6.1%} CPU")
    assert all(artnet_sink.newest[universe] == newest for universe in universes)
