"""Where messages pass from who publishes to who subscribed: sessions, subscriptions, retained messages. Pure.

Rules
1. A message goes once to each client with a matching filter, however many match, with the QoS min(published,
   the highest asked for); its retain flag is then off (3.3.1.3, 3.3.5).
2. A retained message is kept as the last of its topic, and an empty one clears it. It is sent, flag on, for a
   new subscription; one SUBSCRIBE brings each of them once.
3. A session belongs to the user who began it, as long as there is such a user; another with the same client id
   is turned away.
4. A client id that connects again takes its session from the older connection, whose will is published.
5. What has no room is refused or forgotten with an event, never kept beyond the limits.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from controller.broker.limits import Limits
from controller.broker.packets import Publish
from controller.broker.session import Kept, Peer, Session
from controller.broker.topics import Filters

REFUSED = 0x80
ROUTES = 4096
"""Topics whose receivers are remembered until a subscription changes."""


class Tell(Protocol):
    """Tells an event; warnings with the same code and `about` are counted."""

    def __call__(self, code: str, about: str, **fields: object) -> None: ...


class Exchange:
    """The state of a broker. `changed` is called when something was altered that outlives it.

    `crowding` is how full the fullest queue is that a message went to since it was last set to 0; 1 is too full.
    """

    def __init__(self, limits: Limits, tell: Tell, changed: Callable[[], None]) -> None:
        self.limits = limits
        self.tell = tell
        self.retained: dict[str, Publish] = {}
        self.sessions: dict[str, Session] = {}
        self.crowding = 0.0
        self._changed = changed
        self._retained_bytes = 0
        self._filters: Filters[Session] = Filters()
        self._routes: dict[str, tuple[tuple[Session, int], ...]] = {}

    # what outlives the broker

    def kept(self) -> tuple[list[Publish], list[Kept]]:
        """Retained messages and lasting sessions as values that no longer change."""
        return list(self.retained.values()), [each.kept() for each in self.sessions.values() if each.lasting]

    def restore(self, retained: Iterable[Publish], sessions: Iterable[Kept]) -> None:
        """Begins with what an earlier broker kept."""
        for message in retained:
            self._retain(message)
        for kept in sessions:
            self._begin(Session(kept, True, self.limits))

    def touched(self, session: Session) -> None:
        """Something of this session was altered."""
        if session.lasting:
            self._changed()

    # clients come and go

    @property
    def is_full(self) -> bool:
        """Whether as many clients are connected as may be."""
        return sum(each.peer is not None for each in self.sessions.values()) >= self.limits.clients

    def open(self, client_id: str, user: str | None, clean: bool, peer: Peer) -> tuple[Session, bool]:
        """The session of a client that was let in, and whether it is one that was kept from before."""
        old = self.sessions.get(client_id)
        if old and old.peer:
            old.peer.displaced()
            old = self.sessions.get(client_id)
        if old and clean:
            self._forget(old)
        session = self.sessions.get(client_id)
        present = session is not None
        if session is None:
            session = self._begin(Session(Kept(client_id, user), not clean, self.limits))
        session.user = user
        session.attach(peer, self.retained)
        self.touched(session)
        return session, present

    def close(self, session: Session) -> None:
        """A connection ended. A lasting session stays, as the one that left last."""
        session.detach()
        if not session.lasting:
            return self._forget(session)
        self.sessions[session.client_id] = self.sessions.pop(session.client_id)
        away = [each for each in self.sessions.values() if each.peer is None]
        for oldest in away[: max(0, len(away) - self.limits.sessions)]:
            self._forget(oldest)
            self.tell("TWL-B044", about="", client=oldest.client_id, limit=self.limits.sessions)
        return None

    def _begin(self, session: Session) -> Session:
        self.sessions[session.client_id] = session
        for pattern, qos in session.filters.items():
            self._filters.add(pattern, session, qos)
        self._routes.clear()
        return session

    def _forget(self, session: Session) -> None:
        del self.sessions[session.client_id]
        for pattern in session.filters:
            self._filters.remove(pattern, session)
        self._routes.clear()
        self.touched(session)

    # messages

    def publish(self, message: Publish) -> None:
        """Passes a message on, and keeps or clears it if it is to be retained."""
        if message.retain:
            self._retain(message)
        for session, asked in self._route(message.topic):
            qos = min(asked, message.qos)
            if not session.push(message, qos):
                self.tell("TWL-B042", about=session.client_id, client=session.client_id)
            if session.peer:
                self.crowding = max(self.crowding, session.size / self.limits.queue_bytes)
            if qos:
                self.touched(session)

    def _route(self, topic: str) -> tuple[tuple[Session, int], ...]:
        route = self._routes.get(topic)
        if route is None:
            if len(self._routes) >= ROUTES:
                self._routes.clear()
            route = self._routes[topic] = tuple(self._filters.match(topic).items())
        return route

    def _retain(self, message: Publish) -> None:
        old = self.retained.pop(message.topic, None)
        self._retained_bytes -= _size(old) if old else 0
        if message.payload:
            size = self._retained_bytes + _size(message)
            if len(self.retained) < self.limits.retained and size <= self.limits.retained_bytes:
                self.retained[message.topic] = replace(message, packet_id=0)
                self._retained_bytes = size
            else:
                self.tell("TWL-B043", about="", topic=message.topic, limit=self.limits.retained)
        self._changed()

    # subscriptions

    def subscribe(self, session: Session, wishes: tuple[tuple[str, int], ...]) -> list[int]:
        """The QoS granted to each filter, REFUSED where there are too many; then what is retained."""
        grants = [self._grant(session, pattern, qos) for pattern, qos in wishes]
        self._routes.clear()
        self.touched(session)
        granted = {pattern: qos for (pattern, _), qos in zip(wishes, grants, strict=True) if qos != REFUSED}
        session.replay(self._retained_under(granted), self.retained)
        return grants

    def _grant(self, session: Session, pattern: str, qos: int) -> int:
        if pattern not in session.filters and len(session.filters) >= self.limits.filters:
            self.tell("TWL-B045", about=session.client_id, client=session.client_id, limit=self.limits.filters)
            return REFUSED
        session.filters[pattern] = qos
        self._filters.add(pattern, session, qos)
        return qos

    def _retained_under(self, granted: dict[str, int]) -> dict[str, int]:
        if not any(char in pattern for pattern in granted for char in "+#"):
            return {topic: qos for topic, qos in granted.items() if topic in self.retained}
        wanted: Filters[None] = Filters()
        for pattern, qos in granted.items():
            wanted.add(pattern, None, qos)
        return {topic: found[None] for topic in self.retained if (found := wanted.match(topic))}

    def unsubscribe(self, session: Session, patterns: tuple[str, ...]) -> None:
        """Filters that were never asked for are passed over."""
        for pattern in patterns:
            if session.filters.pop(pattern, None) is not None:
                self._filters.remove(pattern, session)
        self._routes.clear()
        self.touched(session)


def _size(message: Publish) -> int:
    return len(message.topic) + len(message.payload)
