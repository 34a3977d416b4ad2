"""The socket that paho is given: it reads and writes many packets in one call, and keeps those of messages for us.

paho asks the system for a packet byte by byte and hands over each of its own separately, some 40 µs a message. Nearly
all packets are messages and their acknowledgements, which need the least of MQTT. So paho handles the protocol (login,
will, subscriptions, the end) and sees no other packets; ours go over the same socket, whole and in order.
"""

import socket
import ssl
from contextlib import suppress

from controller.gateways.base import Message
from controller.mqtt.client_settings import MAX_PAYLOAD_BYTES

PUBLISH, PUBACK = 0x30, 0x40
QOS_1, QOS_2, RETAIN = 0x02, 0x04, 0x01
PINGREQ = b"\xc0\x00"
READ_BYTES = 1 << 16
LENGTH_BYTES = 4
"""Most bytes of the length field of a packet (MQTT 3.1.1 section 2.2.3)."""
MOST_KEPT = MAX_PAYLOAD_BYTES + (1 << 17)
"""Most bytes of a packet that are kept: more than the largest message that we accept, with any topic. A broker may let
through 256 MiB."""


class NotMqttError(Exception):
    """The bytes received are not MQTT 3.1.1."""


class PacketSocket:
    """A TCP or TLS socket. `recv`, `send`, `close`, `fileno` and `setblocking` are what paho calls."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self._received = bytearray()
        self._at = 0
        self._to_skip = 0
        """Remaining bytes of a packet that is too large, still to be received."""
        self._for_paho = b""
        self._unsent = b""

    # What paho calls

    def recv(self, buffer_size: int) -> bytes:
        """Bytes of the packets that were left to paho."""
        if not self._for_paho:
            raise BlockingIOError
        taken, self._for_paho = self._for_paho[:buffer_size], self._for_paho[buffer_size:]
        return taken

    def send(self, buffer: bytes | bytearray) -> int:
        """Queues all bytes behind those that wait: packets must not mix, and the socket may fill up in the middle of
        one."""
        self.write(buffer)
        return len(buffer)

    def close(self) -> None:
        """Closes the socket."""
        self.line.close()

    def fileno(self) -> int:
        """The file descriptor of the socket."""
        return self.line.fileno()

    def setblocking(self, flag: bool) -> None:
        """Whether calls of the socket block."""
        self.line.setblocking(flag)

    # What we call

    @property
    def is_full(self) -> bool:
        """Whether bytes wait until the socket accepts more."""
        return bool(self._unsent)

    def write(self, packets: bytes | bytearray) -> None:
        """Sends whole packets, the rest of them as soon as the socket accepts more; raises OSError."""
        self._unsent += packets
        self.flush()

    def flush(self) -> bool:
        """Sends the bytes that wait; returns whether all are sent. Raises OSError."""
        with suppress(BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            while self._unsent:
                self._unsent = self._unsent[self.line.send(self._unsent) :]
        return not self._unsent

    def read(self) -> bool:
        """Receives once, without waiting; False at the end of the connection. Raises OSError."""
        try:
            data = self.line.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        del self._received[: self._at]
        self._at = 0
        self._received += data[self._to_skip :]
        self._to_skip = max(0, self._to_skip - len(data))
        return bool(data)

    def take(self) -> tuple[int, bytes, int] | None:
        """The next whole packet: its first byte, at most MOST_KEPT bytes of its body, and the full length of the body;
        None if there is none. Raises NotMqttError."""
        received, length, shift = self._received, 0, 0
        start = self._at + 1
        while True:
            if start >= len(received):
                return None
            byte = received[start]
            length |= (byte & 0x7F) << shift
            start, shift = start + 1, shift + 7
            if byte < 0x80:
                break
            if shift == 7 * LENGTH_BYTES:
                raise NotMqttError
        end = start + min(length, MOST_KEPT)
        if end > len(received):
            return None
        head, self._at = received[self._at], min(start + length, len(received))
        self._to_skip = start + length - self._at
        return head, bytes(received[start:end]), length

    def leave(self, head: int, body: bytes) -> None:
        """Leaves a packet to paho."""
        self._for_paho += bytes((head, *_length(len(body)))) + body


def publish_packet(message: Message, mid: int) -> bytes:
    """A message as a packet; `mid` is its packet identifier, unless its QoS is 0."""
    topic = message.topic.encode()
    number = mid.to_bytes(2, "big") if message.qos else b""
    length = 2 + len(topic) + len(number) + len(message.payload)
    head = PUBLISH | message.qos << 1 | message.retain
    size = bytes((head, length)) if length < 0x80 else bytes((head, *_length(length)))
    return b"".join((size, len(topic).to_bytes(2, "big"), topic, number, message.payload))


def puback_packet(mid: bytes) -> bytes:
    """The PUBACK for a message with this packet identifier."""
    return b"\x40\x02" + mid


def read_publish(head: int, body: bytes) -> tuple[bytes, bytes, bytes]:
    """Topic, packet identifier (empty with QoS 0) and payload of a message. Raises NotMqttError."""
    start = 2 + int.from_bytes(body[:2], "big")
    end = start + 2 if head & QOS_1 else start
    if len(body) < end or head & QOS_2:  # we subscribe with QoS 1 at most
        raise NotMqttError
    return body[2:start], body[start:end], body[end:]


def _length(length: int) -> list[int]:
    """Seven bits a byte, the lowest first."""
    found = []
    while length > 0x7F:
        found.append(length & 0x7F | 0x80)
        length >>= 7
    return [*found, length]
