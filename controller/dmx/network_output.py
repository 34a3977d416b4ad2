"""Sends datagrams to hosts and multicast groups over a network that may fail and return. Destinations do not wait for
each other."""

import asyncio
import errno
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import NoReturn

from controller.dmx.output import Output, OutputSource, OutputStatus, now
from controller.events.reasons import reason_of
from controller.gateways.outputs import is_ipv4
from controller.threads import run_blocking, wait_at_most

MEND_S = 1.0
"""Seconds between new sockets after an error, until packets pass: a network card that was removed and inserted again is
another card to the kernel."""
LOOK_UP_S = 60.0
"""Seconds between two look-ups of a name, and after a failure; meanwhile the last known address stays in use."""
LOOK_UP_LIMIT_S = 5.0
HOPS = 20
"""Routers that multicast may pass; the default of the kernel is none."""
IP_UNICAST_IF, IP_RECVERR = 50, 11
"""From linux/in.h, as Python does not name them: the network card for datagrams to hosts, and the option that makes an
ICMP answer to a datagram an error of the next one."""
ANSWERED = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH})
"""No program listens there, or no host is there; groups and whole networks never answer."""

Group = Callable[[int], str]


def look_up(host: str) -> str:
    """The first IPv4 address of a name; raises OSError."""
    found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    return str(found[0][4][0])


def open_socket(interface: str | None) -> socket.socket:
    """A socket that never blocks, may broadcast, and sends through `interface`; raises OSError."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, HOPS)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        if interface is not None:
            _choose(sock, interface)
    except OSError:
        sock.close()
        raise
    return sock


def membership(group: str, interface: str | None) -> bytes:
    """Struct ip_mreqn (ip(7)): a group, and the network card by address or index; raises OSError."""
    if interface is None:
        card, index = "0.0.0.0", 0  # noqa: S104  any card
    elif is_ipv4(interface):
        card, index = interface, 0
    else:
        card, index = "0.0.0.0", socket.if_nametoindex(interface)  # noqa: S104  the index decides
    return struct.pack("@4s4si", socket.inet_aton(group), socket.inet_aton(card), index)


def _choose(sock: socket.socket, interface: str) -> None:
    if is_ipv4(interface):
        sock.bind((interface, 0))
    else:
        index = struct.pack("!I", socket.if_nametoindex(interface))
        sock.setsockopt(socket.IPPROTO_IP, IP_UNICAST_IF, index)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, membership("0.0.0.0", interface))  # noqa: S104


class Destination:
    """One destination: a host, or with `group` the multicast group of each universe."""

    def __init__(
        self, to: str, port: int, status: OutputStatus, interface: str | None = None, group: Group | None = None
    ) -> None:
        self.to = to
        self.status = status
        self._port = port
        self._interface = interface
        self._group = group
        self._address = to if is_ipv4(to) else None
        self._named = group is None and self._address is None
        self._socket: socket.socket | None = None
        self._broken = asyncio.Event()

    @property
    def is_multicast(self) -> bool:
        """Whether it sends to multicast groups."""
        return self._group is not None

    def send(self, packet: bytes, universe: int) -> bool:
        """Hands one packet to the kernel; False if the kernel refused it."""
        address = self._group(universe) if self._group else self._address
        if self._socket is None or address is None:
            return False
        try:
            self._socket.sendto(packet, (address, self._port))
        except BlockingIOError as error:  # the send buffer is full, which a new socket would not cure
            self.status.fails("TWL-X101", reason_of(error), now())
            return False
        except OSError as error:
            if error.errno in ANSWERED:
                self.status.fails("TWL-X101", reason_of(error), now())
            else:
                self._break(error)
            return False
        self.status.works(now())
        return True

    def upkeep(self) -> dict[str, Coroutine[None, None, NoReturn]]:
        """The tasks that keep the destination reachable, by name."""
        tasks = {f"mend {self.to}": self._mend()}
        return tasks | {f"look up {self.to}": self._keep_address()} if self._named else tasks

    def close(self) -> None:
        """Closes the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _mend(self) -> NoReturn:
        while True:
            self._broken.clear()
            try:
                self._socket = open_socket(self._interface)
            except OSError as error:
                self._break(error)
            await self._broken.wait()
            await asyncio.sleep(MEND_S)

    async def _keep_address(self) -> NoReturn:
        while True:
            try:
                async with asyncio.timeout(LOOK_UP_LIMIT_S):
                    self._address = await run_blocking(f"look up {self.to}", lambda: look_up(self.to))
            except (OSError, UnicodeError) as error:
                if self._address is None:
                    self.status.fails("TWL-X102", reason_of(error), now())
            else:
                await wait_at_most(self._broken, LOOK_UP_S)
            await asyncio.sleep(MEND_S)

    def _break(self, error: OSError) -> None:
        self.close()
        self.status.fails("TWL-X101", reason_of(error), now())
        self._broken.set()


class NetworkOutput(Output):
    """An output that sends each packet to all of its destinations."""

    def __init__(self, source: OutputSource, destinations: tuple[Destination, ...]) -> None:
        super().__init__(source)
        self._destinations = destinations

    @property
    def problems(self) -> tuple[str, ...]:
        """The codes of the current problems, each once."""
        return tuple(dict.fromkeys(code for each in self._destinations for code in each.status.problems))

    def _announce(self, universe: int, packet: bytes) -> None:
        """Sends to multicast groups only; ignores failures."""
        for destination in self._destinations:
            if destination.is_multicast:
                destination.send(packet, universe)

    def _send(self, universe: int, packet: bytes) -> bool:
        taken = [destination.send(packet, universe) for destination in self._destinations]
        return all(taken)

    def _upkeep(self) -> dict[str, Coroutine[None, None, NoReturn]]:
        return {name: work for each in self._destinations for name, work in each.upkeep().items()}

    async def _close(self) -> None:
        for destination in self._destinations:
            destination.close()
