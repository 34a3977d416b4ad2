"""MQTT 3.1.1 control packets as values. Section numbers, here and beside, are those of the OASIS standard."""

from dataclasses import dataclass, field
from enum import IntEnum


class ProtocolError(Exception):
    """A client broke the protocol; its connection must be closed (4.8)."""


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
"""The lower half of the first byte (2.2.2), but for PUBLISH."""
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
    """A message on its way, a will, or a retained message; `packet_id` is 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    packet_id: int = 0


@dataclass(frozen=True, slots=True)
class Connect:
    """The first packet of a client; `keep_alive_s` 0 means that it may be silent for ever."""

    client_id: str
    clean: bool = True
    keep_alive_s: int = 0
    will: Publish | None = None
    user: str | None = None
    password: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """A CONNECT of MQTT 3.1 (level 3), MQTT 5 (level 5) or something to come."""

    level: int


@dataclass(frozen=True, slots=True)
class Ack:
    """PUBACK, PUBREC, PUBREL or PUBCOMP."""

    kind: PacketType
    packet_id: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Filters with the QoS asked for."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Filters that are no longer wanted."""

    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ping:
    """A sign of life."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """An orderly end: the will is forgotten."""


Packet = Connect | OtherVersion | Publish | Ack | Subscribe | Unsubscribe | Ping | Disconnect
