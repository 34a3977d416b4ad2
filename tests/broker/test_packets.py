"""The codec: any bytes give packets or a ProtocolError, and what is written can be read."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.broker import packets
from controller.broker.packets import (
    HEADS,
    LONGEST_CONNECT,
    Ack,
    Connect,
    Framer,
    OtherVersion,
    PacketType,
    ProtocolError,
    Publish,
    Subscribe,
    decode,
)

WORDS = st.text(st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1, max_size=50)
TOPICS = st.lists(WORDS, min_size=1, max_size=5).map("/".join)
MESSAGES = st.builds(Publish, TOPICS, st.binary(max_size=300))


def cut(stream: bytes, largest: int = 1 << 21) -> list[tuple[int, bytes]]:
    framer = Framer(largest)
    framer.feed(stream)
    frames = []
    while frame := framer.take():
        frames.append(frame)
    return frames


@given(MESSAGES, st.integers(0, 2), st.booleans(), st.integers(1, 65535))
def test_a_message_survives_writing_and_reading(message, qos, retain, number):
    """Topic, payload, QoS, retain flag and identifier."""
    (frame,) = cut(packets.publish(message, qos, retain, number))
    assert decode(*frame) == Publish(message.topic, message.payload, qos, retain, number if qos else 0)


@given(
    st.sampled_from([PacketType.PUBACK, PacketType.PUBREC, PacketType.PUBREL, PacketType.PUBCOMP]),
    st.integers(1, 65535),
)
def test_an_acknowledgement_survives_writing_and_reading(kind, number):
    """All four kinds, with the flags of each."""
    (frame,) = cut(packets.ack(kind, number))
    assert decode(*frame) == Ack(kind, number)


@given(st.lists(MESSAGES, max_size=5), st.data())
def test_where_the_stream_is_cut_does_not_matter(messages, data):
    """The same packets come out, however TCP hands the bytes over."""
    stream = b"".join(packets.publish(message, 1, False, 7) for message in messages)
    framer, frames, left = Framer(1 << 21), [], stream
    while left:
        size = data.draw(st.integers(1, len(left)))
        framer.feed(left[:size])
        left = left[size:]
        while frame := framer.take():
            frames.append(frame)
    assert frames == cut(stream)
    assert len(frames) == len(messages)


@given(st.binary(max_size=200))
def test_any_bytes_give_packets_or_a_protocol_error(stream):
    """Nothing else ever comes out."""
    with suppress(ProtocolError):
        for frame in cut(stream):
            decode(*frame)


@given(st.sampled_from(sorted(HEADS)), st.binary(max_size=80))
def test_any_body_gives_a_packet_or_a_protocol_error(head, body):
    """With every first byte that is allowed."""
    with suppress(ProtocolError):
        decode(head, body)


@given(st.integers(0, 255).filter(lambda head: head not in HEADS), st.binary(max_size=20))
def test_a_wrong_first_byte_is_refused_before_anything_else(head, body):
    """Also when the rest has not come yet."""
    with pytest.raises(ProtocolError):
        decode(head, body)
    with pytest.raises(ProtocolError):
        cut(bytes((head,)))


@pytest.mark.parametrize("length", [3, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_lengths_are_read_as_they_are_written(length):
    """Around every border of the one to four bytes (2.2.3, table 2.4)."""
    stream = packets.publish(Publish("t", bytes(length - 3)), 0, False)
    ((_, body),) = cut(stream, largest=length)
    assert len(body) == length
    assert len(stream) - length - 1 == next(size for size in range(1, 5) if length < 128**size)


def test_a_packet_that_is_too_large_is_refused_before_its_body():
    """By its length alone."""
    with pytest.raises(ProtocolError, match="10 are allowed"):
        cut(b"\x30\x0b", largest=10)
    assert cut(b"\x30\x0a", largest=10) == []


@pytest.mark.parametrize("head", [b"\x30", b"\x30\xff", b"\x30\xff\xff\xff", b"\x30\xff\xff\xff\x00"])
def test_an_unfinished_packet_is_waited_for(head):
    """Not an error, as long as it can become one that is allowed."""
    assert cut(head) == []


def test_the_longest_connect_is_taken():
    """Five fields of 65535 bytes."""
    field = b"\xff\xff" + b"x" * 0xFFFF
    body = b"\0\x04MQTT\x04\xc6\0\0" + field * 5
    assert len(body) == LONGEST_CONNECT
    connect = decode(0x10, body)
    assert isinstance(connect, Connect)
    assert connect.will == Publish("x" * 0xFFFF, b"x" * 0xFFFF)


@pytest.mark.parametrize(
    "rest",
    [
        b"\x02\0\x3c\0\x01\0",
        b"\x02\0\x3c\0\x01\xff",
        b"\x03\0\x3c\0\x01c",
        b"\x1e\0\x3c\0\x01c\0\x01w\0\x01x",
        b"\x0a\0\x3c\0\x01c",
        b"\x22\0\x3c\0\x01c",
        b"\x42\0\x3c\0\x01c\0\x01p",
        b"\x06\0\x3c\0\x01c\0\x01+\0\x01x",
        b"\x82\0\x3c\0\x01c",
    ],
)
def test_a_connect_that_contradicts_itself_is_refused(rest):
    """Client id, reserved bit, QoS 3 of a will, parts of no will, password without user, will topic, missing user."""
    decode(0x10, b"\0\x04MQTT\x04\x02\0\x3c\0\x01c")
    with pytest.raises(ProtocolError):
        decode(0x10, b"\0\x04MQTT\x04" + rest)


def test_a_connect_is_read_completely():
    """Will, user and password in their order; the password is not in the repr."""
    body = b"\0\x04MQTT\x04\xee\x01\x02\0\x02id\0\x01w\0\x02\xff\0\0\x04user\0\x06secret"
    connect = decode(0x10, body)
    assert connect == Connect("id", True, 258, Publish("w", b"\xff\0", 1, True), "user", b"secret")
    assert "secret" not in repr(connect)


@pytest.mark.parametrize(("name", "level"), [("MQTT", 5), ("MQIsdp", 3), ("MQTT", 3), ("MQTT", 0x84), ("MQTT", 255)])
def test_another_version_is_recognised_before_the_rest_is_read(name, level):
    """What follows the level may be anything."""
    body = len(name).to_bytes(2, "big") + name.encode() + bytes((level,)) + b"\xff" * 9
    assert decode(0x10, body) == OtherVersion(level)


def test_a_byte_order_mark_and_controls_are_part_of_a_topic():
    """U+FEFF is never stripped (1.5.3)."""
    topic = "\ufeffå\n"
    raw = topic.encode()
    wish = b"\0\x01" + len(raw).to_bytes(2, "big") + raw + b"\x02"
    assert decode(0x82, wish) == Subscribe(1, ((topic, 2),))


@given(st.sampled_from([0x10, 0x40, 0x62, 0x82, 0xA2, 0xC0, 0xE0]), st.binary(min_size=1, max_size=3))
def test_bytes_behind_the_last_field_are_refused(head, more):
    """For every packet that has an end of its own."""
    whole = {
        0x10: b"\0\x04MQTT\x04\x02\0\0\0\x01c",
        0x82: b"\0\x01\0\x01q\0",
        0xA2: b"\0\x01\0\x01q",
        0xC0: b"",
        0xE0: b"",
    }.get(head, b"\0\x01")
    decode(head, whole)
    with pytest.raises(ProtocolError):
        decode(head, whole + more)
