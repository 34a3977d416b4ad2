"""A paho client on the asyncio loop: opens its socket, reads and writes it, and ends it."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import paho.mqtt.client as paho
from paho.mqtt.reasoncodes import ReasonCode

from controller import plain_file
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.mqtt.client_settings import Address, Tls
from controller.mqtt.packet_socket import NotMqttError, PacketSocket
from controller.mqtt.queues import SLICE_S, Inbox
from controller.threads import run_blocking

MOST_SECRET = 10_000
"""Largest size of a password file, bytes."""
CERTIFICATE_S = 5.0
"""Seconds for TCP, and for the TLS handshake, of a connection that only reads the certificate."""
LEFT = Reason("left")
CLOSED = Reason("broker_closed")
BROKER_SILENT = Reason("broker_silent")
"""The broker does not answer, or this program itself was suspended and did not read."""
NOT_MQTT = Reason("not_mqtt_311")
REASONS = {"Unspecified error": CLOSED, "Keep alive timeout": BROKER_SILENT, "Protocol error": NOT_MQTT}
"""What paho's general reasons mean with MQTT 3.1.1, which itself gives none."""


class BrokenOffError(ConnectionError):
    """The connection ended before the broker accepted us."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class OwnFilesError(Exception):
    """A file named in `Address` or `Tls` cannot be used; the reason names it."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class ClosingSocket(ssl.SSLSocket):
    """paho leaves the socket open when the handshake fails."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class PahoClient(paho.Client):
    """paho on a socket that keeps the packets of messages for us."""

    def _create_socket(self) -> PacketSocket:
        """Wraps the socket as paho wraps those of WebSockets: it has no other way to be given one."""
        return PacketSocket(cast("socket.socket", super()._create_socket()))


class PahoLoop:
    """The socket of one connection.

    `take` is called with the first byte, the body and the length of each packet and returns whether it was a packet of
    a message; `turn` is called after each turn, to send what may be sent now. `received_s` and `sent_s` are when bytes
    were last received and sent; `is_writing` is True while the socket accepts no more, `is_paused` while the inbox is
    full; `over` gets the reason of the end.
    """

    def __init__(
        self, client: PahoClient, inbox: Inbox, take: Callable[[int, bytes, int], bool], turn: Callable[[], None]
    ) -> None:
        self.client = client
        self.received_s = self.sent_s = 0.0
        self.is_writing = self.is_paused = False
        self.over: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
        self._inbox = inbox
        self._take = take
        self._turn = turn
        self._loop = asyncio.get_running_loop()
        self._socket: PacketSocket | None = None

    async def open(self, address: Address, keepalive_s: int) -> None:
        """Resolves the name, opens TCP and TLS, sends CONNECT; raises OSError, OwnFilesError or any other error on the
        way."""

        def connect() -> None:
            self.client.password = _secret(address.password)
            if address.tls:
                self.client.tls_set_context(_tls_context(address.tls))
            self.client.connect(address.host, address.port, keepalive_s)

        # paho can only open a socket with a blocking call; after that only the loop uses it
        await run_blocking(f"mqtt dial {address}", connect, self._close_socket)
        opened = cast("PacketSocket | None", self.client.socket())
        if opened is None:
            raise BrokenOffError(CLOSED)
        opened.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client.on_socket_close = lambda *_: self._detach()
        self.client.on_disconnect = self._on_disconnect
        self._socket = opened
        self.received_s = self.sent_s = self._loop.time()
        self._loop.add_reader(opened, self._on_readable)
        self.watch()

    @property
    def certificate_until(self) -> datetime | None:
        """When the broker's certificate expires."""
        line = self._socket.line if self._socket is not None else None
        return _certificate_until(line) if isinstance(line, ssl.SSLSocket) else None

    def fail(self, error: Exception) -> None:
        """Ends the connection after an error in a turn, also for a mistake in our own callbacks: no client dies
        without a reason in the log."""
        self.end(description(error))

    def write(self, packets: bytes) -> None:
        """Writes whole packets; raises OSError."""
        if self._socket is not None:
            self.sent_s = self._loop.time()
            self._socket.write(packets)

    def flush(self) -> bool:
        """Writes what waits; returns whether the socket accepts more. Raises OSError."""
        if self._socket is not None and self._socket.flush() and self.client.want_write():
            self.sent_s = self._loop.time()
            self.client.loop_write()
        return not self._has_to_write

    @property
    def _has_to_write(self) -> bool:
        return self.client.want_write() or (self._socket is not None and self._socket.is_full)

    def watch(self, *, more: bool = False) -> None:
        """Has the loop call `turn` when the socket accepts more, while something waits (`more`: also in the outbox)."""
        has_to_write = more or self._has_to_write
        if self._socket is None or has_to_write == self.is_writing:
            return
        self.is_writing = has_to_write
        if has_to_write:
            self._loop.add_writer(self._socket, self._turn)
        else:
            self._loop.remove_writer(self._socket)

    def end(self, reason: Reason) -> None:
        """Closes the socket; the reason of the first call is kept."""
        self._close_socket()
        if not self.over.done():
            self.over.set_result(reason)

    def _on_readable(self) -> None:
        if self._socket is None or self.is_paused:
            return
        self.received_s = self._loop.time()
        has_more = False
        try:
            has_more = self._read(self._socket, until_s=self.received_s + SLICE_S)
        except NotMqttError:
            self.end(NOT_MQTT)
        except Exception as error:
            self.fail(error)
        self._turn()
        if self._socket is None:
            return
        if self._inbox.full:
            # a flood waits in the network and not in memory; if the consumer reads nothing for two keepalives, the
            # broker ends the connection, as it cannot distinguish that from a dead client
            self.is_paused = True
            self._loop.remove_reader(self._socket)
            self._inbox.when_half_empty(self._resume)
        elif has_more or (isinstance(self._socket.line, ssl.SSLSocket) and self._socket.line.pending()):
            self._loop.call_soon(self._on_readable)

    def _read(self, opened: PacketSocket, until_s: float) -> bool:
        """Reads packet by packet; returns whether received packets are left for the next time."""
        is_read = False
        while self._socket is not None and not self._inbox.full:
            packet = opened.take()
            if packet is None:
                if is_read:
                    return False
                try:
                    is_open = opened.read()
                except OSError:
                    is_open = False
                if not is_open:
                    self.end(CLOSED)
                is_read = True
            elif not self._take(*packet):
                opened.leave(*packet[:2])
                self.client.loop_read()
            if self._loop.time() >= until_s:
                return True
        return False

    def _resume(self) -> None:
        self.is_paused = False
        self.received_s = self._loop.time()
        if self._socket is not None:
            self._loop.add_reader(self._socket, self._on_readable)
            self._loop.call_soon(self._on_readable)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: ReasonCode, _more: Any) -> None:
        self.end(REASONS.get(str(reason)) or Reason("other", {"text": str(reason)}))

    def _detach(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket = None

    def _close_socket(self) -> None:
        self._detach()
        self.client.on_socket_close = None
        if open_socket := self.client.socket():
            open_socket.close()


def served_certificate_until(address: Address) -> datetime | None:
    """When the certificate expires that the broker shows to a new connection, which is closed immediately.

    Blocks for seconds: CERTIFICATE_S for each address of the host, and for the handshake. Raises OSError or
    OwnFilesError."""
    with (
        socket.create_connection((address.host, address.port), CERTIFICATE_S) as plain,
        _tls_context(address.tls or Tls()).wrap_socket(plain, server_hostname=address.host) as encrypted,
    ):
        return _certificate_until(encrypted)


def _certificate_until(encrypted: ssl.SSLSocket) -> datetime | None:
    certificate = encrypted.getpeercert()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC) if certificate else None


def _tls_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificate and name verified; raises OwnFilesError."""
    files = list(filter(None, (tls.ca_file, tls.cert_file, tls.key_file)))
    try:
        for file in files:
            plain_file.require(file)  # reading a pipe would block
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.cert_file:
            context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: "")
    except (OSError, ValueError) as error:
        raise OwnFilesError(description(error).at(", ".join(map(str, files)))) from error
    context.sslsocket_class = ClosingSocket
    return context


def _secret(password: str | Path | None) -> str | None:
    """The password as it is in its file now; raises OwnFilesError."""
    if not isinstance(password, Path):
        return password
    try:
        return plain_file.read(password, MOST_SECRET).decode().rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise OwnFilesError(description(error).at(str(password))) from error


def description(error: Exception) -> Reason:
    """The text of an error; with its type unless the system raised it, since it may be a mistake of ours."""
    if isinstance(error, OSError):
        return reason_of(error)
    return Reason("other", {"text": f"{type(error).__name__}: {error}"})
