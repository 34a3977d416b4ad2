"""The socket that paho is given: packets come out whole however they came, and go out whole whoever writes them."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.broker.packets import Framer, Publish, decode
from controller.gateways.base import Message
from controller.mqtt.packet_socket import MOST_KEPT, NotMqttError, PacketSocket, publish_packet, read_publish

MID = 0x4001


@pytest.fixture
def pair() -> Iterator[tuple[PacketSocket, socket.socket]]:
    """One that is ours, and the far end of it."""
    near, far = socket.socketpair()
    near.setblocking(False)
    with near, far:
        yield PacketSocket(near), far


@given(
    topic=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="+#\0"), min_size=1, max_size=200),
    payload=st.binary(max_size=70_000),
    qos=st.sampled_from([0, 1]),
    retain=st.booleans(),
)
def test_a_message_is_read_as_it_was_written(topic: str, payload: bytes, qos: int, retain: bool) -> None:
    """By the broker's own reader, and by ours."""
    packet = publish_packet(Message(topic, payload, qos, retain), MID)
    framer = Framer(1 << 20)
    framer.feed(packet)
    head, body = framer.take() or (0, b"")
    assert decode(head, body) == Publish(topic, payload, qos, retain, MID if qos else 0)
    assert read_publish(head, body) == (topic.encode(), MID.to_bytes(2, "big") if qos else b"", payload)
    assert not framer.size


@pytest.mark.parametrize(
    ("length", "digits"), [(127, 1), (128, 2), (16_383, 2), (16_384, 3), (2_097_151, 3), (2_097_152, 4)]
)
def test_a_length_has_as_many_digits_as_it_needs(length: int, digits: int) -> None:
    """Of seven bits each (2.2.3), and the packet is read as it was written."""
    payload = bytes(length - len(b"\0\1t"))
    packet = publish_packet(Message("t", payload), MID)
    assert len(packet) == 1 + digits + length
    framer = Framer(1 << 22)
    framer.feed(packet)
    assert read_publish(*(framer.take() or (0, b"")))[2] == payload


@given(sizes=st.lists(st.integers(0, 300), max_size=20), cuts=st.lists(st.integers(1, 50), min_size=1))
def test_packets_come_whole_however_they_are_cut(sizes: list[int], cuts: list[int]) -> None:
    """In any pieces."""
    payloads = [bytes([number % 256]) * size for number, size in enumerate(sizes)]
    stream = b"".join(publish_packet(Message("t", payload, 1), MID) for payload in payloads)
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        ours, taken, at = PacketSocket(near), list[bytes](), 0
        while at < len(stream):
            for cut in cuts:
                far.sendall(stream[at : at + cut])
                at += cut
                assert ours.read()
                while packet := ours.take():
                    taken.append(read_publish(*packet[:2])[2])
        far.shutdown(socket.SHUT_WR)
        assert not ours.read()
    assert taken == payloads


@pytest.mark.parametrize(
    ("head", "body"),
    [(0x30, b"\0\5a"), (0x32, b"\0\1a\1"), (0x34, b"\0\1a\0\1"), (0x30, b"")],
    ids=["shorter than its topic", "half an identifier", "QoS 2", "empty"],
)
def test_what_is_no_message_is_refused(head: int, body: bytes) -> None:
    """None of them may be taken for a message of a lamp."""
    with pytest.raises(NotMqttError):
        read_publish(head, body)


def test_a_length_without_end_is_refused(pair: tuple[PacketSocket, socket.socket]) -> None:
    """As soon as its fourth byte has come, not when memory is full."""
    ours, far = pair
    far.sendall(b"\x30\xff\xff\xff")
    assert ours.read()
    assert ours.take() is None
    far.sendall(b"\xff")
    assert ours.read()
    with pytest.raises(NotMqttError):
        ours.take()


def test_of_a_packet_that_is_too_large_no_more_than_its_beginning_is_kept(
    pair: tuple[PacketSocket, socket.socket],
) -> None:
    """It is reported with its topic and size, and the next one comes whole."""
    ours, far = pair
    size = 3 * MOST_KEPT
    large, small = publish_packet(Message("big", b"x" * size), 0), publish_packet(Message("small", b"y"), 0)
    taken = list[tuple[bytes, int]]()
    for start in range(0, len(large + small), 50_000):
        far.sendall((large + small)[start : start + 50_000])
        assert ours.read()
        while packet := ours.take():
            topic, _, payload = read_publish(*packet[:2])
            assert len(payload) <= MOST_KEPT
            taken.append((topic, packet[2]))
    assert taken == [(b"big", size + 5), (b"small", 8)]


def test_what_is_left_to_paho_is_what_paho_reads(pair: tuple[PacketSocket, socket.socket]) -> None:
    """And nothing else; it gets a wait where there is nothing."""
    ours, far = pair
    suback = b"\x90\x82\x01" + b"\0\1" + b"\1" * 128
    far.sendall(suback + publish_packet(Message("t", b"ours"), 0))
    assert ours.read()
    first, second = ours.take(), ours.take()
    assert first is not None
    assert second is not None
    ours.leave(*first[:2])
    assert ours.recv(1) + ours.recv(1000) == suback
    with pytest.raises(BlockingIOError):
        ours.recv(1)


def test_packets_do_not_mix_while_the_socket_is_full(pair: tuple[PacketSocket, socket.socket]) -> None:
    """Neither ours into one of paho that went out in part, nor the other way round."""
    ours, far = pair
    subscribe, puback = b"\x82" + b"s" * 100_000, b"\x40\2\0\1"
    packet, sent = publish_packet(Message("t", b"x" * 100_000, 1), MID), b""
    while not ours.is_full:
        assert ours.send(subscribe) == len(subscribe)
        sent += subscribe
    ours.write(puback)
    ours.write(packet)
    assert ours.send(subscribe) == len(subscribe)
    sent += puback + packet + subscribe
    received = b""
    while len(received) < len(sent):
        received += far.recv(1 << 20)
        ours.flush()
    assert received == sent
    assert not ours.is_full
