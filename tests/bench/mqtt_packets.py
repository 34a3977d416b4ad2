"""MQTT 3.1.1 packets by hand, for yardsticks and simulated gateways that must cost next to nothing themselves."""

import socket
from collections.abc import Iterator

CONNACK = b"\x20\x02\x00\x00"


def length(count: int) -> bytes:
    """The remaining length of a packet."""
    encoded = bytearray()
    while True:
        count, low = divmod(count, 128)
        encoded.append(low | (0x80 if count else 0))
        if not count:
            return bytes(encoded)


def text(value: bytes) -> bytes:
    """Bytes with their length before them."""
    return len(value).to_bytes(2) + value


def publish(topic: bytes, payload: bytes, mid: int, *, retain: bool = False) -> bytes:
    """A PUBLISH of QoS 1."""
    body = text(topic) + mid.to_bytes(2) + payload
    return bytes([0x32 | retain]) + length(len(body)) + body


def opened(port: int, name: bytes, *filters: bytes) -> socket.socket:
    """A connection that the broker has let in and that is subscribed, with QoS 1, to these filters."""
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = text(b"MQTT") + b"\x04\x02\x00\x00" + text(name)
    line.sendall(b"\x10" + length(len(body)) + body)
    received = line.recv(len(CONNACK), socket.MSG_WAITALL)
    if received != CONNACK:
        line.close()
        raise ConnectionError(f"the broker answers {received.hex()}")
    if filters:
        body = b"\x00\x01" + b"".join(text(each) + b"\x01" for each in filters)
        line.sendall(b"\x82" + length(len(body)) + body)
    return line


class Packets:
    """Cuts what comes over a connection into packets."""

    def __init__(self) -> None:
        self._rest = b""

    def cut(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The whole packets, each as its first byte and its body."""
        data, at = self._rest + data, 0
        while True:
            size, shift, head = 0, 0, at + 1
            while head < len(data):
                size |= (data[head] & 0x7F) << shift
                shift, head = shift + 7, head + 1
                if not data[head - 1] & 0x80:
                    break
            else:
                break
            if len(data) < head + size:
                break
            yield data[at], data[head : head + size]
            at = head + size
        self._rest = data[at:]
