"""One client's queue, window and acknowledgements, without a socket."""

import pytest

from controller.broker.client_session import ClientSession, Flight, Limits, Room, StoredSession
from controller.broker.packets import Ack, Framer, PacketType, ProtocolError, Publish, decode


class Line:
    """A peer that counts what it is sent."""

    def __init__(self) -> None:
        self.woken = self.overruns = 0

    def wake(self) -> None:
        self.woken += 1

    def overrun(self) -> None:
        self.overruns += 1

    def drop(self, code: str) -> None:
        raise AssertionError(code)


@pytest.fixture
def room():
    """What is kept for all clients."""
    return Room()


@pytest.fixture
def session(room):
    """A lasting session that is connected."""
    made = ClientSession(StoredSession("c", None), lasting=True, limits=Limits(window=3, queue_bytes=1000), room=room)
    made.attach(Line(), {})
    return made


def by_topic(*messages):
    """Retained messages as the router keeps them."""
    return {message.topic: message for message in messages}


def sent(session):
    """All that may be sent now, as (payload, packet identifier) or the acknowledgement."""
    framer, seen = Framer(1 << 20), []
    while data := session.next_packet():
        framer.feed(data)
        packet = decode(*framer.take())
        seen.append((packet.payload, packet.packet_id) if isinstance(packet, Publish) else packet)
    return seen


def test_at_most_a_window_is_unacknowledged(session):
    """Each acknowledgement lets one more go; QoS 0 keeps its place behind them."""
    for number in range(4):
        session.push(Publish("q", b"%d" % number), 1)
    session.push(Publish("q", b"zero"), 0)
    assert sent(session) == [(b"0", 1), (b"1", 2), (b"2", 3)]
    session.acknowledge(Ack(PacketType.PUBACK, 2))
    assert sent(session) == [(b"3", 4), (b"zero", 0)]


def test_a_packet_identifier_in_use_is_passed_over():
    """Round the corner of 65535 and never 0."""
    stuck = Flight(Publish("q", b"stuck"), 1, retain=False)
    session = ClientSession(
        StoredSession("c", None, flying={1: stuck, 65_535: stuck}), lasting=True, limits=Limits(), room=Room()
    )
    numbers = []
    for _ in range(65_535):
        session.push(Publish("q", b""), 1)
        ((_, number),) = sent(session)
        session.acknowledge(Ack(PacketType.PUBACK, number))
        numbers.append(number)
    assert numbers == [*range(2, 65_535), 2, 3]


def test_an_absent_client_loses_the_oldest(session):
    """As many as the queue holds are kept, the newest."""
    session.detach()
    for number in range(5):
        session.push(Publish("q", bytes((number,)) * 99), 1)
    assert session.shed(900, 1000)
    assert not session.shed(900, 1000)
    session.attach(Line(), {})
    assert [payload[:1] for payload, _ in sent(session)] == [b"\2", b"\3", b"\4"]


def test_what_has_quality_0_does_not_wait_for_a_client_that_left(session):
    """Nor does it take room in the queue."""
    for number in range(3):
        session.push(Publish("q", bytes(99)), 0)
        session.push(Publish("q", b"%d" % number), 1)
    session.detach()
    assert session.size == 3 * 202
    session.attach(Line(), {})
    assert [payload for payload, _ in sent(session)] == [b"0", b"1", b"2"]


def test_what_is_unacknowledged_counts_and_goes_first(session, room):
    """It is older than all that waits; what is released costs next to nothing and stays."""
    session.push(Publish("q", bytes(500)), 2)
    session.push(Publish("q", bytes(200)), 1)
    session.push(Publish("q", b"new"), 1)
    sent(session)
    assert room.connected == session.size == 3 * 201 + 703
    session.acknowledge(Ack(PacketType.PUBREC, 1))
    session.detach()
    assert (room.connected, room.absent) == (0, 3 * 201 + 203)
    assert session.shed(500, 1000)
    session.attach(Line(), {})
    assert sent(session) == [Ack(PacketType.PUBREL, 1), (b"new", 3)]


def test_nothing_counts_when_all_is_acknowledged_or_forgotten(session, room):
    """Of every kind of message, and of retained ones asked for."""
    session.replay({"r": 1}, by_topic(Publish("r", b"kept", 1)))
    for qos in range(3):
        session.push(Publish("q", b"m"), qos)
    sent(session)
    for kind, number in (
        (PacketType.PUBACK, 1),
        (PacketType.PUBACK, 2),
        (PacketType.PUBREC, 3),
        (PacketType.PUBCOMP, 3),
    ):
        session.acknowledge(Ack(kind, number))
    assert room == Room()
    session.push(Publish("q", b"m"), 1)
    session.detach()
    session.forget()
    assert room == Room()


def test_a_client_that_never_releases_is_a_fault():
    """Each identifier would cost memory for ever."""
    session = ClientSession(StoredSession("c", None), lasting=True, limits=Limits(held=3), room=Room())
    assert [session.hold(number) for number in (1, 2, 3, 3)] == [True, True, True, False]
    with pytest.raises(ProtocolError, match="PUBREL"):
        session.hold(4)


def test_a_connected_client_that_does_not_read_is_reported(session):
    """Nothing is dropped behind its back."""
    for number in range(5):
        session.push(Publish("q", bytes((number,)) * 99), 0)
    assert session.peer.overruns == 2
    assert len(sent(session)) == 5


def test_a_retained_message_never_comes_behind_a_newer_one(session):
    """It comes after what waited when it was asked for and before all that came later, which may be newer."""
    session.push(Publish("a", b"old"), 0)
    session.replay({"a": 1, "none": 1}, by_topic(Publish("a", b"kept", 1)))
    session.push(Publish("a", b"new"), 0)
    assert sent(session) == [(b"old", 0), (b"kept", 1), (b"new", 0)]


def test_asked_for_again_a_retained_message_is_the_newest_then(session):
    """What was not sent yet moves behind what came since; what was cleared is not sent."""
    session.replay({"a": 1, "gone": 1}, by_topic(Publish("a", b"1", 1), Publish("gone", b"x", 1)))
    session.push(Publish("a", b"2"), 0)
    session.replay({"b": 0}, by_topic(Publish("a", b"2", 1), Publish("b", b"3", 1)))
    assert sent(session) == [(b"2", 0), (b"2", 1), (b"3", 0)]


def test_a_flood_does_not_hold_back_a_retained_message(session):
    """However fast more comes, it is sent in its turn."""
    session.push(Publish("flood", b"0"), 0)
    session.replay({"a": 0}, by_topic(Publish("a", b"kept")))
    came = []
    for number in range(1, 4):
        session.push(Publish("flood", b"%d" % number), 0)
        came.append(session.next_packet())
    assert came[1].endswith(b"kept")


def test_retained_messages_wait_for_the_window_too(session):
    """At the lower QoS of both."""
    retained = [Publish(name, name.encode(), qos) for name, qos in (("a", 1), ("b", 2), ("c", 1), ("d", 1), ("e", 0))]
    session.replay({message.topic: 1 for message in retained}, by_topic(*retained))
    assert len(sent(session)) == 3
    session.acknowledge(Ack(PacketType.PUBACK, 1))
    session.acknowledge(Ack(PacketType.PUBACK, 2))
    assert sent(session) == [(b"d", 4), (b"e", 0)]


def test_an_acknowledgement_of_the_wrong_kind_is_an_error(session):
    """4.3: PUBACK belongs to QoS 1, PUBREC and PUBCOMP to QoS 2 in this order."""
    session.push(Publish("q", b"1"), 1)
    session.push(Publish("q", b"2"), 2)
    assert len(sent(session)) == 2
    for kind, number in (
        (PacketType.PUBREC, 1),
        (PacketType.PUBCOMP, 1),
        (PacketType.PUBACK, 2),
        (PacketType.PUBCOMP, 2),
    ):
        with pytest.raises(ProtocolError, match=kind.name):
            session.acknowledge(Ack(kind, number))
    session.acknowledge(Ack(PacketType.PUBREC, 2))
    with pytest.raises(ProtocolError):
        session.acknowledge(Ack(PacketType.PUBACK, 2))


def test_an_acknowledgement_of_nothing_is_answered(session):
    """So that a client with a longer memory can end its own side."""
    assert session.acknowledge(Ack(PacketType.PUBACK, 9)) == b""
    assert session.acknowledge(Ack(PacketType.PUBREC, 9)) == b"\x62\x02\0\x09"
    assert session.acknowledge(Ack(PacketType.PUBREL, 9)) == b"\x70\x02\0\x09"
    assert session.acknowledge(Ack(PacketType.PUBCOMP, 9)) == b""


def test_all_of_a_session_can_be_kept(session):
    """A session made from what was kept goes on where the other one ended."""
    session.filters["q"] = 2
    for qos in (2, 1, 1, 1):
        session.push(Publish("q", b"m"), qos)
    assert session.hold(77)
    assert len(sent(session)) == 3
    session.acknowledge(Ack(PacketType.PUBREC, 1))
    retained = by_topic(Publish("r", b"kept", 1))
    session.replay({"r": 1}, retained)
    again = ClientSession(session.stored(), lasting=True, limits=Limits(), room=Room())
    assert again.stored() == session.stored()
    again.attach(Line(), retained)
    assert not again.hold(77)
    assert sent(again) == [Ack(PacketType.PUBREL, 1), (b"m", 2), (b"m", 3), (b"m", 4), (b"kept", 5)]
