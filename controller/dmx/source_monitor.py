"""Who else sends to our sACN universes, and whether the lamps follow them instead of us.

Rules
1. A rival is another source (by its CID) of a universe that we send, with a priority as high as ours or higher.
   Receivers follow the higher one, and mix or choose between equal ones as they please (E1.31 6.2.3). It is told
   and shown, and not fought. Previews and other start codes are no light.
2. A rival is gone when it says Stream_Terminated or has been silent for LOSS_S (6.7.1).
3. Only multicast can be overheard. The socket is bound to the group: bound to every address it would take
   the unicast packets of a receiver on the same host away.
4. Overhearing is a courtesy. Where it cannot be done, nothing is told and sending goes on.
5. The sockets are opened anew every REJOIN_S, before the old ones are closed, as a card that was taken
   out and put back knows nothing of the groups that were joined.
"""

import asyncio
import socket
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from controller.dmx.network_output import membership
from controller.dmx.output import OnEvent, SacnSource
from controller.dmx.pacing import now
from controller.events import new_event

LOSS_S = 2.5
LOOK_S = 0.5
REJOIN_S = 10.0
MAX_PRIORITY = 200
MOST = 64
"""So many rivals of a universe are known; beyond that the weakest is not."""

HEAD = struct.Struct("!4x12s2xI16s2xI64sB2xxBH2xB6xxB")


@dataclass(frozen=True, slots=True)
class SourcePacket:
    """What one data packet says of its source."""

    cid: bytes
    name: str
    priority: int
    universe: int
    preview: bool
    terminated: bool


def parse(data: bytes) -> SourcePacket | None:
    """The head of an E1.31 data packet with levels; None for anything else. Total: any bytes will do."""
    if len(data) < HEAD.size:
        return None
    acn, root, cid, framing, name, priority, options, universe, dmp, start_code = HEAD.unpack_from(data)
    if (acn, root, framing, dmp, start_code) != (b"ASC-E1.17\0\0\0", 4, 2, 2, 0) or priority > MAX_PRIORITY:
        return None
    told = name.partition(b"\0")[0].decode(errors="replace")
    return SourcePacket(cid, told, priority, universe, bool(options & 0x80), bool(options & 0x40))


@dataclass(frozen=True, slots=True)
class OtherSource:
    """A source that we are not above, as of its packet at an instant."""

    priority: int
    at: float
    name: str


class SourceMonitor:
    """The sources that we are not above, by universe; a machine that is handed packets and instants."""

    def __init__(self, source: SacnSource, priority: int, on_event: OnEvent) -> None:
        self._source = source
        self._own = source.cid.bytes
        self._priority = priority
        self._on_event = on_event
        self._heard: defaultdict[int, dict[bytes, OtherSource]] = defaultdict(dict)
        self._told: dict[int, str] = {}

    @property
    def problems(self) -> tuple[str, ...]:
        """The codes of being outranked and of being mixed with another, while we are."""
        return tuple(sorted(set(self._told.values())))

    def hear(self, universe: int, data: bytes, at: float) -> None:
        """One packet from the group of a universe."""
        heard = None if data[22:38] == self._own else parse(data)
        if heard is None or heard.universe != universe or heard.preview:
            return
        sources = self._heard[universe]
        if heard.terminated or heard.priority < self._priority:
            sources.pop(heard.cid, None)
        else:
            sources[heard.cid] = OtherSource(heard.priority, at, heard.name)
        if len(sources) > MOST:
            del sources[min(sources, key=lambda cid: sources[cid].priority)]
        self._judge(universe)

    def look(self, at: float) -> None:
        """Forgets who has fallen silent."""
        for universe, sources in self._heard.items():
            for cid, rival in tuple(sources.items()):
                if at - rival.at > LOSS_S:
                    del sources[cid]
            self._judge(universe)

    def _judge(self, universe: int) -> None:
        """Tells where the lamps of a universe follow another than they did."""
        strongest = max(self._heard[universe].values(), key=lambda rival: rival.priority, default=None)
        if strongest is None:
            if self._told.pop(universe, None):
                self._tell("TWL-X132", universe)
            return
        above = strongest.priority > self._priority
        code = "TWL-X131" if above else "TWL-X133"
        if self._told.get(universe) != code:
            self._told[universe] = code
            more = {"priority": strongest.priority} if above else {}
            self._tell(code, universe, source=strongest.name, ours=self._priority, **more)

    def _tell(self, code: str, universe: int, **fields: object) -> None:
        self._on_event(new_event(code, gateway=self._source.gateway, universe=universe, **fields))


class SourceListener:
    """The sockets that overhear the groups of some universes."""

    def __init__(self, port: int, group: Callable[[int], str], interface: str | None, rivals: SourceMonitor) -> None:
        self._port = port
        self._group = group
        self._interface = interface
        self._rivals = rivals
        self._sockets: dict[int, socket.socket] = {}

    async def listen(self, universes: Iterable[int]) -> NoReturn:
        """Overhears the universes, which may grow, for ever."""
        try:
            while True:
                for _ in range(round(REJOIN_S / LOOK_S)):
                    self._open(set(universes) - self._sockets.keys())
                    await asyncio.sleep(LOOK_S)
                    self._rivals.look(now())
                self._open(universes)
        finally:
            for universe in tuple(self._sockets):
                self._close(universe)

    def _open(self, universes: Iterable[int]) -> None:
        for universe in universes:
            with suppress(OSError):
                ear = self._join(self._group(universe))
                self._close(universe)
                self._sockets[universe] = ear
                asyncio.get_running_loop().add_reader(ear, self._read, universe, ear)

    def _join(self, group: str) -> socket.socket:
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            ear.setblocking(False)
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            ear.bind((group, self._port))
            card = membership(group, self._interface)
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, card)
        except OSError:
            ear.close()
            raise
        return ear

    def _read(self, universe: int, ear: socket.socket) -> None:
        with suppress(OSError):
            self._rivals.hear(universe, ear.recv(2_048), now())

    def _close(self, universe: int) -> None:
        if universe in self._sockets:
            ear = self._sockets.pop(universe)
            asyncio.get_running_loop().remove_reader(ear)
            ear.close()
