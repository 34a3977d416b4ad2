"""What the broker knows of one client: what it asked for, what waits for it, what is unacknowledged. Pure.

Rules (4.3, 4.4, 4.6 of MQTT 3.1.1)
1. Messages leave in the order in which they came; at most `window` of QoS 1 and 2 are on their way.
2. After a reconnect all that is unacknowledged goes out once more, before anything new: PUBLISH with DUP, or
   PUBREL.
3. A QoS 2 message of the client is passed on when it first comes; its identifier is held until PUBREL.
4. A retained message asked for has its place behind what waited when it was asked for, and goes out as it was then:
   a flood cannot hold it back, and no value comes behind a newer one.
5. For a client that is away QoS 0 is not kept, and the oldest messages go when the queue is full.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from controller.broker.encoding import ack, publish
from controller.broker.limits import Limits
from controller.broker.packets import Ack, Kind, ProtocolError, Publish

OVERHEAD = 200
"""What a waiting message costs beside topic and payload, bytes."""


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
class Kept:
    """All of a session that outlives connection and broker."""

    client_id: str
    user: str | None
    filters: Mapping[str, int] = field(default_factory=dict)
    waiting: tuple[tuple[Publish, int], ...] = ()
    flying: Mapping[int, Flight] = field(default_factory=dict)
    replay: Mapping[str, int] = field(default_factory=dict)
    held: tuple[int, ...] = ()


class Session:
    """One client's state; `lasting` is what the standard calls CleanSession 0."""

    def __init__(self, kept: Kept, lasting: bool, limits: Limits) -> None:
        self.client_id = kept.client_id
        self.user = kept.user
        self.lasting = lasting
        self.filters = dict(kept.filters)
        self.peer: Peer | None = None
        self.size = sum(_size(message) for message, _ in kept.waiting)
        self._limits = limits
        self._waiting = deque(kept.waiting)
        self._flying = dict(kept.flying)
        self._again: deque[int] = deque()
        self._asked = dict(kept.replay)
        self._replay: deque[tuple[Publish, int]] = deque()
        self._before_replay = 0
        self._held = set(kept.held)
        self._last_id = 0

    def kept(self) -> Kept:
        """What is to be written down."""
        waiting = tuple(entry for entry in self._waiting if entry[1])
        state = (dict(self.filters), waiting, dict(self._flying), dict(self._asked), tuple(self._held))
        return Kept(self.client_id, self.user, *state)

    def attach(self, peer: Peer, retained: Mapping[str, Publish]) -> None:
        """A connection begins: what was on its way goes out again."""
        self.peer = peer
        self._again = deque(self._flying)
        self.replay({}, retained)

    def detach(self) -> None:
        """The connection ended: what has QoS 0 is let go."""
        self.peer = None
        self._waiting = deque(entry for entry in self._waiting if entry[1])
        self.size = sum(_size(message) for message, _ in self._waiting)

    def push(self, message: Publish, qos: int) -> bool:
        """Lets a message wait to be sent; False if older ones had to go for it."""
        if self.peer is None and not qos:
            return True
        self._waiting.append((message, qos))
        self.size += _size(message)
        full = self.size > self._limits.queue_bytes
        if self.peer is None:
            while self.size > self._limits.queue_bytes:
                self.size -= _size(self._waiting.popleft()[0])
            return not full
        if full:
            self.peer.overrun()
        self.peer.wake()
        return True

    def replay(self, topics: Mapping[str, int], retained: Mapping[str, Publish]) -> None:
        """Lets the retained messages of these topics be sent, and those asked for before that are not sent yet."""
        asked = {**self._asked, **topics}
        self._asked = {topic: qos for topic, qos in asked.items() if topic in retained}
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
        else:
            self._before_replay = max(0, self._before_replay - 1)
            self.size -= _size(message)
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
        return publish(message, qos, retain, packet_id)

    def acknowledge(self, told: Ack) -> bytes:
        """Takes an acknowledgement and gives the answer to it; ProtocolError if it is of the wrong kind.

        One without a message is answered all the same: the client may have kept more of the session than we.
        """
        flight = self._flying.get(told.packet_id)
        if told.kind is Kind.PUBREL:
            self._held.discard(told.packet_id)
            return ack(Kind.PUBCOMP, told.packet_id)
        if flight and told.kind not in _expected(flight):
            raise ProtocolError(f"{told.kind.name} for a message of QoS {flight.qos}")
        if told.kind is Kind.PUBREC:
            if flight:
                self._flying[told.packet_id] = Flight(flight.message, 2, flight.retain, released=True)
            return ack(Kind.PUBREL, told.packet_id)
        self._flying.pop(told.packet_id, None)
        return b""

    def hold(self, packet_id: int) -> bool:
        """Notes a QoS 2 message of the client; whether it came for the first time."""
        first = packet_id not in self._held
        self._held.add(packet_id)
        return first


def _size(message: Publish) -> int:
    return OVERHEAD + len(message.topic) + len(message.payload)


def _expected(flight: Flight) -> tuple[Kind, ...]:
    if flight.qos == 1:
        return (Kind.PUBACK,)
    return (Kind.PUBREC, Kind.PUBCOMP) if flight.released else (Kind.PUBREC,)


def _repeat(packet_id: int, flight: Flight) -> bytes:
    if flight.released:
        return ack(Kind.PUBREL, packet_id)
    return publish(flight.message, flight.qos, flight.retain, packet_id, again=True)
