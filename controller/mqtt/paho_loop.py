"""A paho client on the loop: who opens its socket, who reads it, who writes it, and how it ends.

Rules
1. paho can open a socket only by blocking: that is done in a thread. From then on the loop alone touches it.
2. A turn of reading lasts SLICE_S at most, then the rest of the program has its turn.
3. While the inbox is full nothing is read, so that a flood waits in the network and not in memory. Who takes nothing
   for two keepalives loses the connection, as the broker cannot tell that from death.
4. Whatever goes wrong in a turn, a mistake in our own callbacks included, ends the connection with its
   reason. A client that is dead in secret does not exist.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode

from controller.mqtt.address import Address
from controller.mqtt.connect import context, secret
from controller.mqtt.inbox import SLICE_S, Inbox
from controller.threads import run_blocking

NOTHING_HEARD = "nothing was heard from the broker in time"
"""It does not answer, or this program itself stood still and did not listen."""
REASONS = {
    "Unspecified error": "the broker closed the connection",
    "Keep alive timeout": NOTHING_HEARD,
    "Protocol error": "the broker does not speak MQTT 3.1.1",
}
"""What paho's general reasons stand for where MQTT 3.1.1 is spoken, which itself gives none."""


class PahoLoop:
    """The socket of one connection.

    `turn` is called after each turn, to send what may be sent now. `heard` is when something last came in,
    `handled` counts what the callbacks have handled, `writing` is True while the socket takes no more,
    `deaf` while rule 3 holds, and `over` gets the reason of the end.
    """

    def __init__(self, client: paho.Client, inbox: Inbox, turn: Callable[[], None]) -> None:
        self.client = client
        self.heard = 0.0
        self.handled = 0
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._inbox = inbox
        self._turn = turn
        self._loop = asyncio.get_running_loop()
        self._sock: socket.socket | None = None
        self.writing = False
        self.deaf = False

    async def open(self, address: Address, keepalive_s: int) -> None:
        """Name, TCP, TLS and CONNECT; raises OSError, OwnFilesError or what else comes up on the way."""

        def dial() -> None:
            self.client.password = secret(address.password)
            if address.tls:
                self.client.tls_set_context(context(address.tls))
            self.client.connect(address.host, address.port, keepalive_s)

        await run_blocking(f"mqtt dial {address}", dial, self._put_away)
        sock = cast("socket.socket | None", self.client.socket())
        if sock is None:
            raise ConnectionError(REASONS["Unspecified error"])
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client.on_socket_close = lambda *_: self._detach()
        self.client.on_disconnect = self._on_disconnect
        self._sock = sock
        self.heard = self._loop.time()
        self._loop.add_reader(sock, self._readable)
        self.watch()

    @property
    def certificate_until(self) -> datetime | None:
        """When the broker's certificate expires."""
        if not isinstance(self._sock, ssl.SSLSocket) or not (told := self._sock.getpeercert()):
            return None
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(told["notAfter"])), UTC)

    def fail(self, error: Exception) -> None:
        """Rule 4."""
        self.end(f"{type(error).__name__}: {error}")

    def watch(self, *, more: bool = False) -> None:
        """Has the loop call `turn` when the socket takes more, while paho, or `more`, has to be written."""
        wanted = more or self.client.want_write()
        if self._sock is None or wanted == self.writing:
            return
        self.writing = wanted
        if wanted:
            self._loop.add_writer(self._sock, self._turn)
        else:
            self._loop.remove_writer(self._sock)

    def end(self, reason: str) -> None:
        """Closes the socket; the reason of the first call counts."""
        self._put_away()
        if not self.over.done():
            self.over.set_result(reason)

    def _readable(self) -> None:
        if self._sock is None or self.deaf:
            return
        self.heard = self._loop.time()
        try:
            self._read(until=self.heard + SLICE_S)
        except Exception as error:
            self.fail(error)
        self._turn()
        if self._sock is None:
            return
        if self._inbox.full:
            self.deaf = True
            self._loop.remove_reader(self._sock)
            self._inbox.when_half_empty(self._hear_again)
        elif isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            self._loop.call_soon(self._readable)

    def _read(self, until: float) -> None:
        """Packet by packet while they come; without a callback called there was no whole packet left."""
        while self._sock is not None and not self._inbox.full and self._loop.time() < until:
            before = self.handled
            self.client.loop_read()
            if self.handled == before:
                return

    def _hear_again(self) -> None:
        self.deaf = False
        self.heard = self._loop.time()
        if self._sock is not None:
            self._loop.add_reader(self._sock, self._readable)
            self._loop.call_soon(self._readable)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: ReasonCode, _more: Any) -> None:
        self.end(REASONS.get(str(reason), str(reason)))

    def _detach(self) -> None:
        if self._sock is not None:
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)
            self._sock = None

    def _put_away(self) -> None:
        self._detach()
        self.client.on_socket_close = None
        if open_socket := self.client.socket():
            open_socket.close()
