"""The broker's state of one client: its subscriptions, the messages that wait for it, and the unacknowledged ones.
Pure.

Sections are those of MQTT 3.1.1.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from controller.broker.packets import Ack, PacketType, ProtocolError, Publish, ack, publish

OVERHEAD = 200
"""Bytes that a waiting message costs beside topic and payload."""
REPLAY_COST = 100
"""Bytes counted for a retained message that is still to be sent; its content is stored anyway."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one broker, in bytes, counts and seconds: each keeps one client from using up what all share. The
    controller and the gateways of the same process are admitted, and their messages retained, beyond them."""

    packet_bytes: int = 2 << 20
    """The largest packet; its sender is disconnected before the body is read."""
    unfinished_bytes: int = 16 << 20
    """Unfinished packets of all clients; beyond it the connection whose packet was begun first is ended."""
    clients: int = 200
    """Clients connected at the same time; one more gets CONNACK 3."""
    reserved: int = 20
    """Further clients whose client id marks them as commands or gateways of the tower."""
    strangers: int = 200
    """Connections that have not logged in yet; for one more the oldest is closed. Many, since all clients connect at
    the same time after a power cut."""
    connect_within_s: float = 5.0
    """Seconds that a connection has to log in."""
    sessions: int = 200
    """Lasting sessions of absent clients; beyond it the one absent longest is forgotten."""
    filters: int = 250
    """Subscriptions of one client; one more gets SUBACK 0x80."""
    filter_bytes: int = 256 << 10
    """Memory of these subscriptions, LEVEL_COST a level."""
    window: int = 100
    """QoS 1 and 2 messages sent to one client and not yet acknowledged."""
    held: int = 1000
    """QoS 2 messages of one client that it has not released; one more ends the connection."""
    queue_bytes: int = 16 << 20
    """Waiting messages of one connected client, unacknowledged ones included; beyond it the client is dropped."""
    queues_bytes: int = 48 << 20
    """The same for all connected clients; beyond it the one with most is dropped."""
    absent_bytes: int = 1 << 20
    """Waiting messages of one absent client; beyond it the oldest are dropped."""
    absent_messages: int = 1000
    """The same as a number of messages."""
    all_absent_bytes: int = 8 << 20
    """The same for all absent clients; beyond it half of the messages of the one with most are dropped."""
    retained: int = 20_000
    """Retained messages; for a further topic the one published longest ago is dropped."""
    retained_bytes: int = 16 << 20
    """The same in bytes of topics and payloads."""
    save_every_s: float = 60.0
    """Shortest time between two writes of the file, at most SELDOM_S."""
    disk_bytes_per_s: float = 50.0
    """Average rate of writing in the long run: a file of 30 kB is written every ten minutes."""


class Peer(Protocol):
    """The connection that a session is attached to."""

    def wake(self) -> None:
        """There is something to send."""

    def overrun(self) -> None:
        """More waits than the limit allows. Called in the middle of a delivery, so it may only take note of it."""

    def drop(self, code: str) -> None:
        """Ends the connection, with this event as the reason."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A message that is sent and not acknowledged; once `released` by PUBREC only its PUBCOMP is missing."""

    message: Publish
    qos: int
    retain: bool
    released: bool = False


@dataclass(frozen=True, slots=True)
class StoredSession:
    """The part of a session that outlives connection and broker; its field names are those in the file."""

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
    """Bytes kept for all connected clients, and for all absent ones."""

    connected: int = 0
    absent: int = 0


class ClientSession:
    """One client's state; `lasting` is what the standard calls CleanSession 0. `user` is None if anyone may log in.
    Everything kept for the client counts in `room` until `forget`: waiting and unacknowledged messages, and the
    retained messages subscribed to and not sent yet."""

    def __init__(self, stored: StoredSession, lasting: bool, limits: Limits, room: Room) -> None:
        self.client_id = stored.client_id
        self.user = stored.user
        self.lasting = lasting
        self.filters = dict(stored.filters)
        self.peer: Peer | None = None
        self.size = 0
        self._limits = limits
        self._room = room
        self._waiting = deque(stored.waiting)
        self._flying = dict(stored.flying)
        self._again: deque[int] = deque()
        self._requested = dict(stored.replay)
        self._replay: deque[tuple[Publish, int]] = deque()
        self._before_replay = 0
        self._held = set(stored.held)
        self._last_id = 0
        messages = [message for message, _ in stored.waiting] + [flight.message for flight in stored.flying.values()]
        self._charge(sum(map(_size, messages)) + REPLAY_COST * len(self._requested))

    def _charge(self, size: int) -> None:
        self.size += size
        if self.peer is None:
            self._room.absent += size
        else:
            self._room.connected += size

    def _set_peer(self, peer: Peer | None) -> None:
        """Moves the client's bytes between the two sums of `room`."""
        size = self.size
        self._charge(-size)
        self.peer = peer
        self._charge(size)

    def forget(self) -> None:
        """The session is over: its bytes no longer count."""
        self._charge(-self.size)

    def stored(self) -> StoredSession:
        """The state to be written to the file."""
        waiting = tuple(entry for entry in self._waiting if entry[1])
        state = (dict(self.filters), waiting, dict(self._flying), dict(self._requested), tuple(self._held))
        return StoredSession(self.client_id, self.user, *state)

    def attach(self, peer: Peer, retained: Mapping[str, Publish]) -> None:
        """A connection begins. Unacknowledged messages are sent again, before anything new (4.4)."""
        self._set_peer(peer)
        self._again = deque(self._flying)
        self.replay({}, retained)

    def detach(self) -> None:
        """The connection ended. Messages of QoS 0 are not kept for an absent client."""
        self._set_peer(None)
        self._charge(-sum(_size(message) for message, qos in self._waiting if not qos))
        self._waiting = deque(entry for entry in self._waiting if entry[1])
        self._replay.clear()

    def push(self, message: Publish, qos: int) -> None:
        """Queues a message; they are sent in the order in which they arrived (4.6)."""
        if self.peer is None and not qos:
            return
        self._waiting.append((message, qos))
        self._charge(_size(message))
        if self.peer is not None:
            if self.size > self._limits.queue_bytes:
                self.peer.overrun()
            self.peer.wake()

    def shed(self, size: int, count: int) -> bool:
        """Drops the oldest messages until at most `size` bytes and `count` messages are kept; returns whether any was
        dropped. A released message only waits for its PUBCOMP and stays."""
        before = self.size
        while self.size > size or len(self._waiting) + len(self._flying) > count:
            unsettled = next((packet_id for packet_id, flight in self._flying.items() if not flight.released), None)
            if unsettled is not None:
                self._charge(-_size(self._flying.pop(unsettled).message))
            elif self._waiting:
                self._charge(-_size(self._waiting.popleft()[0]))
            elif self._requested:
                del self._requested[next(iter(self._requested))]
                self._charge(-REPLAY_COST)
            else:
                break
        return self.size < before

    def replay(self, topics: Mapping[str, int], retained: Mapping[str, Publish]) -> None:
        """Sends the retained messages of these topics, and those requested before that are not sent yet.

        They come behind what waits now and before what comes later, each with its value at the time of sending: a flood
        cannot hold them back, and no value comes behind a newer one.
        """
        requested = {**self._requested, **topics}
        self._charge(-REPLAY_COST * len(self._requested))
        self._requested = {topic: qos for topic, qos in requested.items() if topic in retained}
        self._charge(REPLAY_COST * len(self._requested))
        found = (retained[topic] for topic in self._requested)
        self._replay = deque((message, min(self._requested[message.topic], message.qos)) for message in found)
        self._before_replay = len(self._waiting)
        if self.peer:
            self.peer.wake()

    def next_packet(self) -> bytes | None:
        """The next packet to send; None if there is none or the window is full."""
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
            del self._requested[message.topic]
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

    def acknowledge(self, packet: Ack) -> bytes:
        """Handles an acknowledgement and returns the answer to it; raises ProtocolError if it is of the wrong kind.

        An acknowledgement of no known message is answered too: the client may remember more of the session than we do.
        """
        flight = self._flying.get(packet.packet_id)
        if packet.kind is PacketType.PUBREL:
            self._held.discard(packet.packet_id)
            return ack(PacketType.PUBCOMP, packet.packet_id)
        if flight and packet.kind not in _expected(flight):
            raise ProtocolError("wrong_answer", packet=packet.kind.name, qos=flight.qos)
        if packet.kind is PacketType.PUBREC:
            if flight:
                done = replace(flight, message=replace(flight.message, payload=b""), released=True)
                self._charge(_size(done.message) - _size(flight.message))
                self._flying[packet.packet_id] = done
            return ack(PacketType.PUBREL, packet.packet_id)
        if flight:
            del self._flying[packet.packet_id]
            self._charge(-_size(flight.message))
        return b""

    def hold(self, packet_id: int) -> bool:
        """Takes the identifier of a QoS 2 message of the client; returns whether it is new (method B of 4.3.3). Raises
        ProtocolError if too many are not released."""
        first = packet_id not in self._held
        if first and len(self._held) >= self._limits.held:
            raise ProtocolError("unreleased", count=self._limits.held + 1)
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
