"""MQTT 3.1.1 control packets as values, from bytes and to bytes. Section numbers are those of the OASIS standard.

Only what a client may send is decoded. What the standard forbids raises ProtocolError with the reason for a log line;
no input raises anything else. A wrong first byte or length is refused before the rest has arrived.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NoReturn, TypeVar

from controller.events.models import Reason
from controller.topics import is_filter, is_name

T = TypeVar("T")


class ProtocolError(Exception):
    """A client broke the protocol; its connection must be closed (4.8)."""

    def __init__(self, code: str, **fields: object) -> None:
        self.reason = Reason(code, fields)
        super().__init__(str(self.reason))


class PacketType(IntEnum):
    """Types of control packets that a client may send (2.2.1)."""

    CONNECT = 1
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    UNSUBSCRIBE = 10
    PINGREQ = 12
    DISCONNECT = 14


FLAGS = {
    kind: 0b0010 if kind in (PacketType.PUBREL, PacketType.SUBSCRIBE, PacketType.UNSUBSCRIBE) else 0
    for kind in PacketType
}
"""The lower half of the first byte (2.2.2), except for PUBLISH."""
HEADS = {kind << 4 | FLAGS[kind]: kind for kind in PacketType} | {
    0x30 | again | qos << 1 | retain: PacketType.PUBLISH
    for qos, again in ((0, 0), (1, 0), (1, 8), (2, 0), (2, 8))
    for retain in (0, 1)
}
"""Every first byte that a client may send; QoS 3, and DUP with QoS 0, are not among them (3.3.1)."""


class Answer(IntEnum):
    """Return codes of CONNACK (3.2.2.3)."""

    ACCEPTED = 0
    OTHER_VERSION = 1
    IDENTIFIER_REJECTED = 2
    UNAVAILABLE = 3
    BAD_CREDENTIALS = 4
    NOT_AUTHORIZED = 5


@dataclass(frozen=True, slots=True)
class Publish:
    """A message in transit, a will, or a retained message; `packet_id` is 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    packet_id: int = 0


@dataclass(frozen=True, slots=True)
class Connect:
    """The first packet of a client; with `keep_alive_s` 0 the client may be silent for ever."""

    client_id: str
    clean: bool = True
    keep_alive_s: int = 0
    will: Publish | None = None
    user: str | None = None
    password: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """A CONNECT of MQTT 3.1 (level 3), MQTT 5 (level 5) or a later version."""

    level: int


@dataclass(frozen=True, slots=True)
class Ack:
    """PUBACK, PUBREC, PUBREL or PUBCOMP."""

    kind: PacketType
    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Filters with the requested QoS."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Filters to be removed."""

    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    """PINGREQ."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """An orderly end, after which no will is published."""


Packet = Connect | OtherVersion | Publish | Ack | Subscribe | Unsubscribe | Ping | Disconnect


LONGEST_CONNECT = 10 + 5 * (2 + 0xFFFF)
"""Remaining length of the longest CONNECT that can be written: ten bytes and five fields."""


class Framer:
    """Cuts a stream of bytes into (first byte, body) pairs; `largest` bounds the body."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._bytes = bytearray()
        self._at = 0

    @property
    def size(self) -> int:
        """Bytes that were fed and not taken."""
        return len(self._bytes) - self._at

    def clear(self) -> None:
        """Drops the bytes that were fed."""
        self._bytes.clear()
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Appends bytes from the socket."""
        del self._bytes[: self._at]
        self._at = 0
        self._bytes += data

    def take(self) -> tuple[int, bytes] | None:
        """The next whole packet, or None; ProtocolError as soon as its first byte or its length is wrong (2.2)."""
        if self._at < len(self._bytes) and self._bytes[self._at] not in HEADS:
            _refuse("first_byte", byte=f"0x{self._bytes[self._at]:02x}")
        length, shift, at = 0, 0, self._at + 1
        for byte in self._bytes[at : at + 4]:
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        else:
            return None if shift < 28 else _refuse("long_length")
        start = at + shift // 7
        if length > self.largest:
            _refuse("packet_too_large", size=length, most=self.largest)
        if start + length > len(self._bytes):
            return None
        head, self._at = self._bytes[self._at], start + length
        body = bytes(self._bytes[start : self._at])
        if not self.size:
            self.clear()  # an idle client costs nothing, however large its last packet was
        return head, body


class _Fields:
    """The fields of a body, read one after another."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def raw(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        if self._at > len(self._body):
            _refuse("packet_ends_early")
        return self._body[start : self._at]

    def rest(self) -> bytes:
        return self.raw(len(self._body) - self._at)

    def byte(self) -> int:
        return self.raw(1)[0]

    def number(self) -> int:
        return int.from_bytes(self.raw(2), "big")

    def packet_id(self) -> int:
        return self.number() or _refuse("packet_identifier_0")

    def binary(self) -> bytes:
        return self.raw(self.number())

    def text(self) -> str:
        raw = self.binary()
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            _refuse("text_not_utf8", value=f"{raw[:40]!r}")
        return text if "\0" not in text else _refuse("text_with_nul")

    def name(self) -> str:
        topic = self.text()
        return topic if is_name(topic) else _refuse("bad_topic", value=f"{topic!r}")

    def filter(self) -> str:
        pattern = self.text()
        return pattern if is_filter(pattern) else _refuse("bad_topic_filter", value=f"{pattern!r}")

    def qos(self) -> int:
        qos = self.byte()
        return qos if qos <= 2 else _refuse("bad_qos", qos=qos)

    def more(self) -> bool:
        return self._at < len(self._body)

    def many(self, read: Callable[[], T]) -> tuple[T, ...]:
        """One or more fields of one kind, up to the end."""
        found = [read()]
        while self.more():
            found.append(read())
        return tuple(found)


def _refuse(code: str, **fields: object) -> NoReturn:
    raise ProtocolError(code, **fields)


def decode(head: int, body: bytes) -> Packet:
    """The value of one packet; raises ProtocolError."""
    kind = HEADS.get(head) or _refuse("first_byte", byte=f"0x{head:02x}")
    fields = _Fields(body)
    if kind is PacketType.PUBLISH:
        return _publish(head, fields)
    packet = _packet(kind, fields)
    if fields.more() and not isinstance(packet, OtherVersion):
        _refuse("bytes_behind")
    return packet


def _packet(kind: PacketType, fields: _Fields) -> Packet:
    match kind:
        case PacketType.CONNECT:
            return _connect(fields)
        case PacketType.SUBSCRIBE:
            return Subscribe(fields.packet_id(), fields.many(lambda: (fields.filter(), fields.qos())))
        case PacketType.UNSUBSCRIBE:
            return Unsubscribe(fields.packet_id(), fields.many(fields.filter))
        case PacketType.PINGREQ:
            return Ping()
        case PacketType.DISCONNECT:
            return Disconnect()
        case _:
            return Ack(kind, fields.packet_id())


def _publish(head: int, fields: _Fields) -> Publish:
    qos = head >> 1 & 0b11
    topic = fields.name()
    packet_id = fields.packet_id() if qos else 0
    return Publish(topic, fields.rest(), qos, bool(head & 1), packet_id)


def _connect(fields: _Fields) -> Connect | OtherVersion:
    protocol, level = fields.binary(), fields.byte()
    if protocol not in (b"MQTT", b"MQIsdp"):
        _refuse("protocol_name", value=f"{protocol[:40]!r}")
    if (protocol, level) != (b"MQTT", 4):
        return OtherVersion(level)
    flags, keep_alive_s = fields.byte(), fields.number()
    _check_connect_flags(flags)
    return Connect(
        client_id=fields.text(),
        clean=bool(flags & 0x02),
        keep_alive_s=keep_alive_s,
        will=_will(flags, fields) if flags & 0x04 else None,
        user=fields.text() if flags & 0x80 else None,
        password=fields.binary() if flags & 0x40 else None,
    )


def _check_connect_flags(flags: int) -> None:
    """Refuses the reserved bit (3.1.2.3), flags of a will without one (3.1.2.6), a password without a user
    (3.1.2.9)."""
    if flags & 0x01 or (flags & 0x38 and not flags & 0x04) or flags & 0x18 == 0x18 or flags & 0xC0 == 0x40:
        _refuse("connect_flags", flags=f"{flags:08b}")


def _will(flags: int, fields: _Fields) -> Publish:
    return Publish(fields.name(), fields.binary(), flags >> 3 & 0b11, bool(flags & 0x20))


PINGRESP = b"\xd0\x00"


def connack(answer: Answer, session_present: bool = False) -> bytes:
    """The answer to a CONNECT."""
    return bytes((0x20, 2, session_present, answer))


def other_version(level: int) -> bytes:
    """The refusal in the form that the client understands; MQTT 5 (3.2) has its own CONNACK, with reason 0x84.

    A bridge of mosquitto tries level 0x84 first and, refused with return code 1, level 4.
    """
    return b"\x20\x03\x00\x84\x00" if level == 5 else connack(Answer.OTHER_VERSION)


def publish(message: Publish, qos: int, retain: bool, packet_id: int = 0, again: bool = False) -> bytes:
    """A message for a subscriber; `again` sets the DUP flag."""
    topic = message.topic.encode()
    head = 0x30 | again << 3 | qos << 1 | retain
    number = packet_id.to_bytes(2, "big") if qos else b""
    length = 2 + len(topic) + len(number) + len(message.payload)
    return b"".join((bytes((head, *_length(length))), len(topic).to_bytes(2, "big"), topic, number, message.payload))


def ack(kind: PacketType, packet_id: int) -> bytes:
    """PUBACK, PUBREC, PUBREL or PUBCOMP."""
    return bytes((kind << 4 | FLAGS[kind], 2)) + packet_id.to_bytes(2, "big")


def suback(packet_id: int, grants: Iterable[int]) -> bytes:
    """The granted QoS of each filter, 0x80 for one that is refused."""
    body = packet_id.to_bytes(2, "big") + bytes(grants)
    return bytes((0x90, *_length(len(body)))) + body


def unsuback(packet_id: int) -> bytes:
    """The answer to an UNSUBSCRIBE."""
    return b"\xb0\x02" + packet_id.to_bytes(2, "big")


def _length(length: int) -> Iterator[int]:
    """Seven bits a byte, the lowest first (2.2.3)."""
    while length > 0x7F:
        yield length & 0x7F | 0x80
        length >>= 7
    yield length
