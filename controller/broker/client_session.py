"""What the broker knows of one client: what it asked for, what waits for it, what is unacknowledged. Pure.

Rules (4.3, 4.4, 4.6 of MQTT 3.1.1)
1. Messages leave in the order in which they came; at most `window` of QoS 1 and 2 are on their way.
2. After a reconnect all that is unacknowledged goes out once more, before anything new: PUBLISH with DUP, or
   PUBREL.
3. A QoS 2 message of the client is passed on when it first comes; its identifier is held until PUBREL.
4. A retained message asked for has its place behind what waited when it was asked for, and goes out as it was then:
   a flood cannot hold it back, and no value comes behind a newer one.
5. For a client that is away QoS 0 is not kept, and the oldest messages go when there is no more room.
6. All that is kept for the client counts: what waits, what is unacknowledged, and the retained messages asked for.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from controller.broker.limits import Limits
from controller.broker.packets import Ack, PacketType, ProtocolError, Publish, ack, publish

OVERHEAD = 200
"""What a waiting message costs beside topic and payload, bytes."""
REPLAY_COST = 100
"""What a retained message that is still to be sent costs; its content is kept anyway."""


class Peer(Protocol):
    """The connection that a session is attached to."""

    def wake(self) -> None:
        """There is something to send."""

    def overrun(self) -> None:
        """More waits than may wait; called in the middle of a delivery, so it must only make a note."""

    def displaced(self) -> None:
        """Another connection takes the session."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A message that is sent and not acknowledged; after PUBREC only its PUBREL is still to be completed."""

    message: Publish
    qos: int
    retain: bool
    released: bool = False


@dataclass(frozen=True, slots=True)
class StoredSession:
    """All of a session that outlives connection and broker."""

    client_id: str
    user: str | None
    filters: Mapping[str, int] = field(default_factory=dict)
    waiting: tuple[tuple[Publish, int], ...] = ()
    flying: Mapping[int, Flight] = field(default_factory=dict)
    replay: Mapping[str, int] = field(default_factory=dict)
    held: tuple[int, ...] = ()

    @property
    def subscriptions(self) -> "StoredSession":
        """The same without messages."""
        return StoredSession(self.client_id, self.user, self.filters)


@dataclass(slots=True)
class Room:
    """Bytes that are kept for all clients that are connected, and for all that are away."""

    connected: int = 0
    absent: int = 0


class ClientSession:
    """One client's state; `lasting` is what the standard calls CleanSession 0. `user` is None where anyone is let in.
    What is kept for the client is counted in `room`, until `forget`."""

    def __init__(self, kept: StoredSession, lasting: bool, limits: Limits, room: Room) -> None:
        self.client_id = kept.client_id
        self.user = kept.user
        self.lasting = lasting
        self.filters = dict(kept.filters)
        self.peer: Peer | None = None
        self.size = 0
        self._limits = limits
        self._room = room
        self._waiting = deque(kept.waiting)
        self._flying = dict(kept.flying)
        self._again: deque[int] = deque()
        self._asked = dict(kept.replay)
        self._replay: deque[tuple[Publish, int]] = deque()
        self._before_replay = 0
        self._held = set(kept.held)
        self._last_id = 0
        messages = [message for message, _ in kept.waiting] + [flight.message for flight in kept.flying.values()]
        self._charge(sum(map(_size, messages)) + REPLAY_COST * len(self._asked))

    def _charge(self, size: int) -> None:
        self.size += size
        if self.peer is None:
            self._room.absent += size
        else:
            self._room.connected += size

    def _turn(self, peer: Peer | None) -> None:
        """What is counted moves with the client."""
        size = self.size
        self._charge(-size)
        self.peer = peer
        self._charge(size)

    def forget(self) -> None:
        """The session is over: nothing counts any more."""
        self._charge(-self.size)

    def kept(self) -> StoredSession:
        """What is to be written down."""
        waiting = tuple(entry for entry in self._waiting if entry[1])
        state = (dict(self.filters), waiting, dict(self._flying), dict(self._asked), tuple(self._held))
        return StoredSession(self.client_id, self.user, *state)

    def attach(self, peer: Peer, retained: Mapping[str, Publish]) -> None:
        """A connection begins: what was on its way goes out again."""
        self._turn(peer)
        self._again = deque(self._flying)
        self.replay({}, retained)

    def detach(self) -> None:
        """The connection ended: what has QoS 0 is let go."""
        self._turn(None)
        self._charge(-sum(_size(message) for message, qos in self._waiting if not qos))
        self._waiting = deque(entry for entry in self._waiting if entry[1])
        self._replay.clear()

    def push(self, message: Publish, qos: int) -> None:
        """Lets a message wait to be sent."""
        if self.peer is None and not qos:
            return
        self._waiting.append((message, qos))
        self._charge(_size(message))
        if self.peer is not None:
            if self.size > self._limits.queue_bytes:
                self.peer.overrun()
            self.peer.wake()

    def shed(self, size: int, count: int) -> bool:
        """Lets the oldest go until no more than so many bytes and messages are kept; whether any went. What is
        released only waits for its PUBCOMP and stays."""
        before = self.size
        while self.size > size or len(self._waiting) + len(self._flying) > count:
            unsettled = next((packet_id for packet_id, flight in self._flying.items() if not flight.released), None)
            if unsettled is not None:
                self._charge(-_size(self._flying.pop(unsettled).message))
            elif self._waiting:
                self._charge(-_size(self._waiting.popleft()[0]))
            elif self._asked:
                del self._asked[next(iter(self._asked))]
                self._charge(-REPLAY_COST)
            else:
                break
        return self.size < before

    def replay(self, topics: Mapping[str, int], retained: Mapping[str, Publish]) -> None:
        """Lets the retained messages of these topics be sent, and those asked for before that are not sent yet."""
        asked = {**self._asked, **topics}
        self._charge(-REPLAY_COST * len(self._asked))
        self._asked = {topic: qos for topic, qos in asked.items() if topic in retained}
        self._charge(REPLAY_COST * len(self._asked))
        found = (retained[topic] for topic in self._asked)
        self._replay = deque((message, min(self._asked[message.topic], message.qos)) for message in found)
        self._before_replay = len(self._waiting)
        if self.peer:
            self.peer.wake()

    def next_packet(self) -> bytes | None:
        """The next packet to send; None when there is none or the window is full."""
        while self._again:
            packet_id = self._again.popleft()
            if packet_id in self._flying:
                return _repeat(packet_id, self._flying[packet_id])
        is_replay = bool(self._replay) and not self._before_replay
        queue = self._replay if is_replay else self._waiting
        if not queue or (queue[0][1] and not self._has_room):
            return None
        message, qos = queue.popleft()
        if is_replay:
            del self._asked[message.topic]
            self._charge(-REPLAY_COST)
        else:
            self._before_replay = max(0, self._before_replay - 1)
            self._charge(-_size(message))
        return self._send(message, qos, retain=is_replay)

    @property
    def _has_room(self) -> bool:
        return len(self._flying) < self._limits.window

    def _send(self, message: Publish, qos: int, retain: bool) -> bytes:
        if not qos:
            return publish(message, 0, retain)
        packet_id = self._last_id % 0xFFFF + 1
        while packet_id in self._flying:
            packet_id = packet_id % 0xFFFF + 1
        self._last_id = packet_id
        self._flying[packet_id] = Flight(message, qos, retain)
        self._charge(_size(message))
        return publish(message, qos, retain, packet_id)

    def acknowledge(self, told: Ack) -> bytes:
        """Takes an acknowledgement and gives the answer to it; ProtocolError if it is of the wrong kind.

        One without a message is answered all the same: the client may have kept more of the session than we.
        """
        flight = self._flying.get(told.packet_id)
        if told.kind is PacketType.PUBREL:
            self._held.discard(told.packet_id)
            return ack(PacketType.PUBCOMP, told.packet_id)
        if flight and told.kind not in _expected(flight):
            raise ProtocolError(f"{told.kind.name} for a message of QoS {flight.qos}")
        if told.kind is PacketType.PUBREC:
            if flight:
                done = replace(flight, message=replace(flight.message, payload=b""), released=True)
                self._charge(_size(done.message) - _size(flight.message))
                self._flying[told.packet_id] = done
            return ack(PacketType.PUBREL, told.packet_id)
        if flight:
            del self._flying[told.packet_id]
            self._charge(-_size(flight.message))
        return b""

    def hold(self, packet_id: int) -> bool:
        """Notes a QoS 2 message of the client; whether it came for the first time. Raises ProtocolError where too many
        are not released."""
        first = packet_id not in self._held
        if first and len(self._held) >= self._limits.held:
            raise ProtocolError(f"{self._limits.held + 1} messages of QoS 2 without a PUBREL")
        self._held.add(packet_id)
        return first


def _size(message: Publish) -> int:
    return OVERHEAD + len(message.topic) + len(message.payload)


def _expected(flight: Flight) -> tuple[PacketType, ...]:
    if flight.qos == 1:
        return (PacketType.PUBACK,)
    return (PacketType.PUBREC, PacketType.PUBCOMP) if flight.released else (PacketType.PUBREC,)


def _repeat(packet_id: int, flight: Flight) -> bytes:
    if flight.released:
        return ack(PacketType.PUBREL, packet_id)
    return publish(flight.message, flight.qos, flight.retain, packet_id, again=True)
