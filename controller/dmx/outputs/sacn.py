"""Streaming ACN (ANSI E1.31-2018): packets as pure functions, the output that sends them, and the monitor of other
sources that send to our universes.

A lighting desk with our priority or a higher one is reported as a problem, and we keep sending beside or below it. It
can be detected only if we send multicast.
"""

import asyncio
import os
import socket
import struct
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NoReturn
from uuid import UUID

from controller.dmx.network_output import Destination, NetworkOutput, membership
from controller.dmx.output import FRAME_S, SLOTS, OnEvent, OutputSource, OutputStatus, now
from controller.events import new_event
from controller.events.alarm import Alarm
from controller.gateways.outputs import MULTICAST, SacnOutput

PORT = 5568
PREVIEW = 0x80
TERMINATED = 0x40
LEAP = 20
FAREWELLS = 3
"""An orderly end sends three packets with Stream_Terminated (6.2.6). After a crash receivers find the source lost after
LOSS_S."""
DISCOVERY = 64_214
"""The universe whose group receives the lists of universes (Appendix A)."""
DISCOVERY_S = 10.0
"""Seconds between two lists of a source's universes (4.3): a technician's tool shows which sources there are."""
PAGE = 512

ACN = b"ASC-E1.17\0\0\0"
HEAD = struct.Struct("!4x12s2xI16s2xI64sB2xxBH2xB6xxB")

LOSS_S = 2.5
"""Seconds without a packet after which a source is gone (6.7.1)."""
LOOK_S = 0.5
REJOIN_S = 10.0
"""Seconds after which the monitor opens new sockets, before it closes the old ones: a network card that was removed and
inserted again has lost the groups that were joined."""
MAX_PRIORITY = 200
MOST_SOURCES = 64
"""Number of other sources of a universe that are tracked; beyond that the weakest is dropped."""


@dataclass(frozen=True, slots=True)
class Header:
    """Fields that all packets of a source share."""

    cid: UUID
    source_name: str
    priority: int = 100
    sync_universe: int = 0


def packet(header: Header, universe: int, sequence: int, levels: bytes, options: int = 0) -> bytes:
    """One E1.31 data packet of 126 bytes plus one per level (table 4-1)."""
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
    """The sequence numbers of one universe, which wrap from 255 to 0 (6.7.2).

    Receivers drop a packet whose number is 0 to 19 behind the last they received. After a crash the same source starts
    again while they still remember it: so the numbers start at a random value and skip LEAP after the first packet.
    Whatever a receiver remembers, it accepts the first or the second packet.
    """

    def __init__(self) -> None:
        self._next = os.urandom(1)[0]
        self._leap = LEAP

    def take(self) -> int:
        """The number of the next packet."""
        number = self._next
        self._next = (number + 1 + self._leap) % 256
        self._leap = 0
        return number


@dataclass(frozen=True, slots=True)
class SourcePacket:
    """The fields of one data packet that describe its source."""

    cid: bytes
    name: str
    priority: int
    universe: int
    preview: bool
    terminated: bool


def parse(data: bytes) -> SourcePacket | None:
    """The head of an E1.31 data packet with levels; None for anything else. Never raises."""
    if len(data) < HEAD.size:
        return None
    acn, root, cid, framing, name, priority, options, universe, dmp, start_code = HEAD.unpack_from(data)
    if (acn, root, framing, dmp, start_code) != (ACN, 4, 2, 2, 0) or priority > MAX_PRIORITY:
        return None
    source = name.partition(b"\0")[0].decode(errors="replace")
    return SourcePacket(cid, source, priority, universe, bool(options & PREVIEW), bool(options & TERMINATED))


@dataclass(frozen=True, slots=True)
class OtherSource:
    """Another source with our priority or a higher one, as of its packet at an instant."""

    priority: int
    at: float
    name: str


class SourceMonitor:
    """Tracks the other sources (by CID) of each universe whose priority is ours or higher, from packets and instants.

    Receivers follow the source with the highest priority, and mix or choose between equal ones as they please (6.2.3).
    Previews and other start codes are no light.
    """

    def __init__(self, source: OutputSource, priority: int, on_event: OnEvent) -> None:
        self._source = source
        self._own = source.cid.bytes
        self._priority = priority
        self._sources: defaultdict[int, dict[bytes, OtherSource]] = defaultdict(dict)
        self._alarms: defaultdict[int, Alarm] = defaultdict(partial(Alarm, on_event))

    @property
    def problems(self) -> tuple[str, ...]:
        """The codes for a source of higher priority and for one of equal priority, while there are any."""
        return tuple(sorted({alarm.raised.code for alarm in self._alarms.values() if alarm.raised is not None}))

    def receive(self, universe: int, data: bytes, at: float) -> None:
        """Handles one packet from the group of a universe."""
        packet = None if data[22:38] == self._own else parse(data)
        if packet is None or packet.universe != universe or packet.preview:
            return
        sources = self._sources[universe]
        if packet.terminated or packet.priority < self._priority:
            sources.pop(packet.cid, None)
        else:
            sources[packet.cid] = OtherSource(packet.priority, at, packet.name)
        if len(sources) > MOST_SOURCES:
            del sources[min(sources, key=lambda cid: sources[cid].priority)]
        self._judge(universe)

    def expire(self, at: float) -> None:
        """Forgets sources that have been silent for LOSS_S."""
        for universe, sources in self._sources.items():
            for cid, other in tuple(sources.items()):
                if at - other.at > LOSS_S:
                    del sources[cid]
            self._judge(universe)

    def _judge(self, universe: int) -> None:
        """Reports if the lamps of a universe now follow another source than before."""
        alarm, about = self._alarms[universe], {"gateway": self._source.gateway, "universe": universe}
        strongest = max(self._sources[universe].values(), key=lambda other: other.priority, default=None)
        if strongest is None:
            alarm.clear(new_event("TWL-X132", **about))
            return
        about |= {"source": strongest.name, "ours": self._priority}
        if strongest.priority > self._priority:
            event = new_event("TWL-X131", **about, priority=strongest.priority)
        else:
            event = new_event("TWL-X133", **about)
        alarm.raise_(event, again=alarm.raised is not None and alarm.raised.code != event.code)


class SourceListener:
    """Sockets that listen to the groups of some universes. If that is impossible, sending goes on and nothing is
    reported."""

    def __init__(self, interface: str | None, monitor: SourceMonitor) -> None:
        self._interface = interface
        self._monitor = monitor
        self._sockets: dict[int, socket.socket] = {}

    async def listen(self, universes: Iterable[int]) -> NoReturn:
        """Listens to the universes, which may grow, for ever."""
        try:
            while True:
                for _ in range(round(REJOIN_S / LOOK_S)):
                    self._open(set(universes) - self._sockets.keys())
                    await asyncio.sleep(LOOK_S)
                    self._monitor.expire(now())
                self._open(universes)
        finally:
            for universe in tuple(self._sockets):
                self._close(universe)

    def _open(self, universes: Iterable[int]) -> None:
        for universe in universes:
            with suppress(OSError):
                sock = self._join(group(universe))
                self._close(universe)
                self._sockets[universe] = sock
                asyncio.get_running_loop().add_reader(sock, self._read, universe, sock)

    def _join(self, group: str) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # bound to any address it would take the unicast packets of a receiver on the same host
            sock.bind((group, PORT))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership(group, self._interface))
        except OSError:
            sock.close()
            raise
        return sock

    def _read(self, universe: int, sock: socket.socket) -> None:
        with suppress(OSError):
            self._monitor.receive(universe, sock.recv(2_048), now())

    def _close(self, universe: int) -> None:
        if universe in self._sockets:
            sock = self._sockets.pop(universe)
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()


class Sacn(NetworkOutput):
    """Sends over multicast, to hosts, or both."""

    def __init__(self, settings: SacnOutput, source: OutputSource, on_event: OnEvent) -> None:
        def destination(to: str) -> Destination:
            status = OutputStatus(source.gateway, to, on_event)
            return Destination(to, PORT, status, settings.interface, group if to == MULTICAST else None)

        super().__init__(source, tuple(map(destination, settings.to)))
        self._monitor = SourceMonitor(source, settings.priority, on_event)
        self._listener = SourceListener(settings.interface, self._monitor) if MULTICAST in settings.to else None
        self._header = Header(source.cid, source.name, settings.priority)
        self._sequences: defaultdict[int, SequenceCount] = defaultdict(SequenceCount)

    @property
    def problems(self) -> tuple[str, ...]:
        """The codes of the current problems, other sources included."""
        return super().problems + self._monitor.problems

    def _upkeep(self) -> dict[str, Coroutine[None, None, NoReturn]]:
        if self._listener is None:
            return super()._upkeep()
        multicast = {"listen": self._listener.listen(self._pacer.streams), "discovery": self._list_universes()}
        return super()._upkeep() | multicast

    async def _list_universes(self) -> NoReturn:
        while True:
            for page in discovery(self._header, list(self._pacer.streams)):
                self._announce(DISCOVERY, page)
            await asyncio.sleep(DISCOVERY_S if self._pacer.streams else FRAME_S)

    def _transmit(self, universe: int, levels: bytes, options: int = 0) -> bool:
        sequence = self._sequences[universe].take()
        # all slots, so that a channel that is no longer patched does not keep an old level
        return self._send(universe, packet(self._header, universe, sequence, levels.ljust(SLOTS, b"\0"), options))

    async def _farewell(self) -> None:
        for _ in range(FAREWELLS):
            await asyncio.sleep(FRAME_S)
            for universe, stream in self._pacer.streams.items():
                self._transmit(universe, stream.levels, TERMINATED)
