"""From a server's packets to bytes. Pure."""

from collections.abc import Iterable, Iterator

from controller.broker.packets import FLAGS, Answer, PacketType, Publish

PINGRESP = b"\xd0\x00"


def connack(answer: Answer, session_present: bool = False) -> bytes:
    """The answer to a CONNECT."""
    return bytes((0x20, 2, session_present, answer))


def other_version(level: int) -> bytes:
    """The refusal that this client understands; MQTT 5 (3.2) has a CONNACK of its own, with reason 0x84.

    A bridge of mosquitto asks with level 0x84 first and, refused with return code 1, with level 4.
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
