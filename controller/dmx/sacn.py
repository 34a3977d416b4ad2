"""Streaming ACN: the packets of ANSI E1.31-2018 as pure functions, and the output that sends them.

Rules
1. The source's CID outlives restarts (5.6); the sequence counts per universe and wraps from 255 to 0 (6.7.2).
2. Receivers drop a packet whose sequence is 0 to 19 behind the last they saw (6.7.2). After a crash the same
   CID begins anew while they still remember it; so the sequence begins anywhere and skips LEAP numbers after
   its first packet: whatever was remembered, the first or the second packet is taken.
3. An orderly end is said with three packets with Stream_Terminated (6.2.6) after the last levels. A crash
   says nothing: receivers find the source lost after 2.5 s, and a standby takes over.
4. A technician's desk with our priority or a higher one is heard where it sends multicast; it is shown as a
   problem, and we go on beside or beneath it (`controller.dmx.source_monitor`).
5. Where it sends multicast, a source lists its universes every DISCOVERY_S (4.3), so that a technician's tool shows
   who is there and with what.
6. A universe is always sent whole, so that a channel that is no longer patched does not keep an old level.
"""

import asyncio
import os
import struct
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from controller.dmx.network_output import NetworkOutput, UdpLink
from controller.dmx.output import SLOTS, OnEvent, SacnSource
from controller.dmx.output_status import OutputStatus
from controller.dmx.pacing import FRAME_S
from controller.dmx.source_monitor import SourceListener, SourceMonitor
from controller.gateways.outputs import MULTICAST, SacnOutput

PORT = 5568
PREVIEW = 0x80
TERMINATED = 0x40
LEAP = 20
FAREWELLS = 3
DISCOVERY = 64_214
"""The universe whose group hears which universes there are (Appendix A)."""
DISCOVERY_S = 10.0
PAGE = 512

ACN = b"ASC-E1.17\0\0\0"


@dataclass(frozen=True, slots=True)
class Header:
    """What all packets of a source share."""

    cid: UUID
    source_name: str
    priority: int = 100
    sync_universe: int = 0


def packet(header: Header, universe: int, sequence: int, levels: bytes, options: int = 0) -> bytes:
    """One E1.31 data packet of 126 bytes and as many slots as there are levels (table 4-1)."""
    size = 126 + len(levels)
    return b"".join(
        (
            # root layer: preamble, identifier, flags and length, vector, CID
            struct.pack("!HH12sHI16s", 0x10, 0, ACN, 0x7000 | size - 16, 4, header.cid.bytes),
            # framing layer
            struct.pack("!HI64s", 0x7000 | size - 38, 2, _field(header.source_name)),
            struct.pack("!BHBBH", header.priority, header.sync_universe, sequence, options, universe),
            # DMP layer: flags and length, vector, type, first address, increment, count, start code
            struct.pack("!HBBHHHB", 0x7000 | size - 115, 2, 0xA1, 0, 1, len(levels) + 1, 0),
            levels,
        )
    )


def discovery(header: Header, universes: Sequence[int]) -> tuple[bytes, ...]:
    """The universe discovery packets that list some universes, PAGE of them in each (table 4-3)."""
    listed = sorted(universes)
    pages = [listed[first : first + PAGE] for first in range(0, len(listed), PAGE)]
    return tuple(_page(header, page, number, len(pages) - 1) for number, page in enumerate(pages))


def _page(header: Header, universes: Sequence[int], number: int, last: int) -> bytes:
    size = 120 + 2 * len(universes)
    return b"".join(
        (
            struct.pack("!HH12sHI16s", 0x10, 0, ACN, 0x7000 | size - 16, 8, header.cid.bytes),
            # framing layer: vector, source name, reserved; then the list: vector, page, last page
            struct.pack("!HI64s4x", 0x7000 | size - 38, 2, _field(header.source_name)),
            struct.pack("!HIBB", 0x7000 | size - 112, 1, number, last),
            struct.pack(f"!{len(universes)}H", *universes),
        )
    )


def _field(name: str) -> bytes:
    """UTF-8 that leaves room for a NUL in 64 bytes and is not cut inside a character."""
    return name.encode()[:63].decode(errors="ignore").encode()


def group(universe: int) -> str:
    """The IPv4 multicast group of a universe (9.3.1)."""
    return f"239.255.{universe >> 8}.{universe & 0xFF}"


class SequenceCount:
    """The sequence numbers of one universe, see rule 2."""

    def __init__(self) -> None:
        self._next = os.urandom(1)[0]
        self._leap = LEAP

    def take(self) -> int:
        """The number of the next packet."""
        number = self._next
        self._next = (number + 1 + self._leap) % 256
        self._leap = 0
        return number


class Sacn(NetworkOutput):
    """Fulfils `Output` over multicast, to hosts, or both."""

    def __init__(self, settings: SacnOutput, source: SacnSource, on_event: OnEvent) -> None:
        def link(to: str) -> UdpLink:
            trouble = OutputStatus(source.gateway, to, on_event)
            return UdpLink(to, PORT, trouble, settings.interface, group if to == MULTICAST else None)

        super().__init__(source, tuple(link(to) for to in settings.to))
        self._rivals = SourceMonitor(source, settings.priority, on_event)
        self._ears = SourceListener(PORT, group, settings.interface, self._rivals) if MULTICAST in settings.to else None
        self._header = Header(source.cid, source.name, settings.priority)
        self._sequences: defaultdict[int, SequenceCount] = defaultdict(SequenceCount)

    @property
    def problems(self) -> tuple[str, ...]:
        """The codes of what is wrong now, that of a rival among them."""
        return super().problems + self._rivals.problems

    def _upkeep(self) -> dict[str, Coroutine[None, None, NoReturn]]:
        if self._ears is None:
            return super()._upkeep()
        among = {"overhear": self._ears.listen(self._pacer.streams), "announce": self._announce()}
        return super()._upkeep() | among

    async def _announce(self) -> NoReturn:
        """Rule 5."""
        while True:
            for page in discovery(self._header, list(self._pacer.streams)):
                self._shout(DISCOVERY, page)
            await asyncio.sleep(DISCOVERY_S if self._pacer.streams else FRAME_S)

    def _transmit(self, universe: int, levels: bytes, options: int = 0) -> bool:
        sequence = self._sequences[universe].take()
        return self._spread(universe, packet(self._header, universe, sequence, levels.ljust(SLOTS, b"\0"), options))

    async def _farewell(self) -> None:
        for _ in range(FAREWELLS):
            await asyncio.sleep(FRAME_S)
            for universe, stream in self._pacer.streams.items():
                self._transmit(universe, stream.levels, TERMINATED)
