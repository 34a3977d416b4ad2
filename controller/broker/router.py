"""Where messages pass from who publishes to who subscribed: sessions, subscriptions, retained messages. Pure.

What has no room is refused, or the oldest is forgotten, with an event; nothing is kept beyond the limits. What the
programs of the service retain is bounded by tower.yaml, and no other client can push it out.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from controller.broker.access import OWN, Rights
from controller.broker.client_session import ClientSession, Limits, Peer, Room, StoredSession
from controller.broker.packets import Publish
from controller.topics import Filters

REFUSED = 0x80
ROUTES, LONG_TOPIC = 1024, 500
"""So many topics of at most that length are remembered with their receivers until a subscription changes."""
FORBIDDEN = 1000
"""So many refusals are remembered, so that each is reported once."""
LEVEL_COST = 400
"""Bytes that a level of a filter costs beside its letters."""


class ReportEvent(Protocol):
    """Reports an event; warnings with the same code and `about` are counted."""

    def __call__(self, code: str, about: str, **fields: object) -> None: ...


class Router:
    """The state of a broker. `changed` is called when something was altered that is worth a write to the disk.

    `crowding` is how full the fullest queue is to which a message went since it was last set to 0; 1 is too full.
    """

    def __init__(self, limits: Limits, report: ReportEvent, changed: Callable[[], None], rights: Rights) -> None:
        self.limits = limits
        self.report = report
        self.rights = rights
        self.retained: dict[str, Publish] = {}
        self.sessions: dict[str, ClientSession] = {}
        self.crowding = 0.0
        self._changed = changed
        self._room = Room()
        self._others: dict[str, int] = {}
        self._others_bytes = 0
        self._forbidden: set[tuple[str, str | None, str]] = set()
        self._filters: Filters[ClientSession] = Filters()
        self._routes: dict[str, tuple[tuple[ClientSession, int], ...]] = {}

    # what outlives the broker

    def stored(self) -> tuple[list[Publish], list[StoredSession]]:
        """Retained messages and lasting sessions as values that no longer change."""
        return list(self.retained.values()), [each.stored() for each in self.sessions.values() if each.lasting]

    def restore(self, retained: Iterable[Publish], sessions: Iterable[StoredSession]) -> None:
        """Takes what an earlier broker stored, except what is here already, which is newer."""
        for message in retained:
            if message.topic not in self.retained:
                self._retain(message, client="")
        for each in sessions:
            if each.client_id not in self.sessions:
                self._trim(self._begin(ClientSession(each, True, self.limits, self._room)))
        self._forget_longest_away()

    def touched(self, session: ClientSession) -> None:
        """Something of this session has changed."""
        if session.lasting:
            self._changed()

    # clients come and go

    def is_full(self, client_id: str, reserved: str) -> bool:
        """Whether no further client may connect; a few more may whose client id begins with `reserved`."""
        connected = sum(each.peer is not None and each.user != OWN for each in self.sessions.values())
        more = self.limits.reserved if client_id.startswith(reserved) else 0
        return connected >= self.limits.clients + more

    def open(self, client_id: str, user: str | None, clean: bool, peer: Peer) -> tuple[ClientSession, bool]:
        """The session of a client that was let in, and whether it is one that was kept from before. An older connection
        of the same client id is dropped (3.1.4)."""
        old = self.sessions.get(client_id)
        if old and old.peer:
            old.peer.drop("TWL-B040")
            old = self.sessions.get(client_id)
        if old and clean:
            self._forget(old)
        session = self.sessions.get(client_id)
        present = session is not None
        if session is None:
            session = self._begin(ClientSession(StoredSession(client_id, user), not clean, self.limits, self._room))
        if session.user != user:
            session.user = user
            self._routes.clear()
        session.attach(peer, self.retained)
        self.touched(session)
        return session, present

    def close(self, session: ClientSession) -> None:
        """A connection ended. A lasting session stays, as the one that left last."""
        session.detach()
        if not session.lasting:
            return self._forget(session)
        self.sessions[session.client_id] = self.sessions.pop(session.client_id)
        self._trim(session)
        return self._forget_longest_away()

    def _forget_longest_away(self) -> None:
        away = [each for each in self.sessions.values() if each.peer is None]
        for oldest in away[: max(0, len(away) - self.limits.sessions)]:
            self._forget(oldest)
            self.report("TWL-B044", about="", client=oldest.client_id, limit=self.limits.sessions)

    def _begin(self, session: ClientSession) -> ClientSession:
        self.sessions[session.client_id] = session
        for pattern, qos in session.filters.items():
            self._filters.add(pattern, session, qos)
        self._routes.clear()
        return session

    def _forget(self, session: ClientSession) -> None:
        del self.sessions[session.client_id]
        session.forget()
        for pattern in session.filters:
            self._filters.remove(pattern, session)
        self._routes.clear()
        self.touched(session)

    # messages

    def publish(self, message: Publish, sender: ClientSession) -> None:
        """Passes a message on, once to each client however many of its filters match (3.3.5), and retains it if asked;
        drops what its user may not write."""
        if not self.rights.allow(sender.user, "write", message.topic):
            return self._report_forbidden("TWL-B048", sender, message.topic)
        if message.retain:
            self._retain(message, sender.client_id, own=sender.user == OWN)
        for session, asked in self._route(message.topic):
            session.push(message, min(asked, message.qos))
            if session.peer is None:
                self._trim(session)
            else:
                self._brake(session)
        return None

    def _route(self, topic: str) -> tuple[tuple[ClientSession, int], ...]:
        route = self._routes.get(topic)
        if route is None:
            found = self._filters.match(topic).items()
            route = tuple(each for each in found if self.rights.allow(each[0].user, "read", topic))
            if len(self._routes) >= ROUTES:
                self._routes.clear()
            if len(topic) <= LONG_TOPIC:
                self._routes[topic] = route
        return route

    def _trim(self, session: ClientSession) -> None:
        """Drops the oldest of what is kept for a client that is away: beyond its own bounds, and beyond those of all
        clients half of what is kept for the one with most."""
        limits = self.limits
        if session.shed(limits.absent_bytes, limits.absent_messages):
            self.report("TWL-B042", about=session.client_id, client=session.client_id)
        while self._room.absent > limits.all_absent_bytes:
            most = max((each for each in self.sessions.values() if each.peer is None), key=lambda each: each.size)
            if not most.shed(most.size // 2, limits.absent_messages):
                break
            self.report("TWL-B042", about=most.client_id, client=most.client_id)

    def _brake(self, session: ClientSession) -> None:
        """Takes note of how crowded it is; where too much waits for all clients, the one with most is dropped."""
        of_all = self._room.connected / self.limits.queues_bytes
        self.crowding = max(self.crowding, of_all, session.size / self.limits.queue_bytes)
        if of_all > 1:
            most = max((each for each in self.sessions.values() if each.peer), key=lambda each: each.size)
            if most.peer:
                most.peer.overrun()

    def _retain(self, message: Publish, client: str, own: bool = False) -> None:
        topic = message.topic
        self.retained.pop(topic, None)
        self._others_bytes -= self._others.pop(topic, 0)
        if message.payload and (own or _size(message) <= self.limits.retained_bytes):
            self.retained[topic] = replace(message, packet_id=0)
            if not own:
                self._others[topic] = _size(message)
                self._others_bytes += _size(message)
        elif message.payload:
            self.report("TWL-B043", about=client, client=client, topic=topic)
        while len(self._others) > self.limits.retained or self._others_bytes > self.limits.retained_bytes:
            oldest = next(iter(self._others))
            self._others_bytes -= self._others.pop(oldest)
            del self.retained[oldest]
            self.report("TWL-B043", about=client, client=client, topic=oldest)
        if not own:
            self._changed()

    # subscriptions

    def subscribe(self, session: ClientSession, asked: tuple[tuple[str, int], ...]) -> list[int]:
        """The QoS granted to each filter, REFUSED where there are too many. Retained messages follow, each once."""
        grants = [self._grant(session, pattern, qos) for pattern, qos in asked]
        self._routes.clear()
        self.touched(session)
        granted = {pattern: qos for (pattern, _), qos in zip(asked, grants, strict=True) if qos != REFUSED}
        session.replay(self._retained_under(session, granted), self.retained)
        return grants

    def _grant(self, session: ClientSession, pattern: str, qos: int) -> int:
        if not any(char in pattern for char in "+#") and not self.rights.allow(session.user, "read", pattern):
            self._report_forbidden("TWL-B049", session, pattern)
            return REFUSED
        if pattern not in session.filters:
            size = sum(map(_cost, session.filters)) + _cost(pattern)
            if len(session.filters) >= self.limits.filters or size > self.limits.filter_bytes:
                self.report("TWL-B045", about=session.client_id, client=session.client_id, limit=self.limits.filters)
                return REFUSED
        session.filters[pattern] = qos
        self._filters.add(pattern, session, qos)
        return qos

    def _retained_under(self, session: ClientSession, granted: dict[str, int]) -> dict[str, int]:
        if not any(char in pattern for pattern in granted for char in "+#"):
            return {topic: qos for topic, qos in granted.items() if topic in self.retained}
        filters: Filters[None] = Filters()
        for pattern, qos in granted.items():
            filters.add(pattern, None, qos)
        matches = ((topic, filters.match(topic)) for topic in self.retained)
        allow = self.rights.allow
        return {topic: qos[None] for topic, qos in matches if qos and allow(session.user, "read", topic)}

    def _report_forbidden(self, code: str, session: ClientSession, topic: str) -> None:
        """Once for each user and topic: a device that goes on publishing would fill the log with summaries too."""
        key = (code, session.user, topic)
        if key not in self._forbidden and len(self._forbidden) < FORBIDDEN:
            self._forbidden.add(key)
            self.report(code, about=session.client_id, client=session.client_id, user=session.user, topic=topic)

    def unsubscribe(self, session: ClientSession, patterns: tuple[str, ...]) -> None:
        """Removes filters; those that were never added are passed over (3.10.4)."""
        for pattern in patterns:
            if session.filters.pop(pattern, None) is not None:
                self._filters.remove(pattern, session)
        self._routes.clear()
        self.touched(session)


def _size(message: Publish) -> int:
    return len(message.topic) + len(message.payload)


def _cost(pattern: str) -> int:
    return len(pattern) + LEVEL_COST * (pattern.count("/") + 1)
