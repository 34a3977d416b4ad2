"""Passes messages from publishers to subscribers: sessions, subscriptions, retained messages. Pure.

What exceeds the limits is refused, or the oldest is forgotten, with an event. Messages that the programs of the service
retain are limited by tower.yaml, and no other client can push them out.
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
"""Number of topics, of at most LONG_TOPIC characters, whose receivers are cached until a subscription changes."""
FORBIDDEN = 1000
"""Number of refusals that are remembered, so that each is reported once."""
LEVEL_COST = 400
"""Bytes that a level of a filter costs beside its characters."""


class ReportEvent(Protocol):
    """Reports an event; warnings with the same code and `about` are counted."""

    def __call__(self, code: str, about: str, **fields: object) -> None: ...


class Router:
    """The state of a broker. `changed` is called after a change that has to be written to the disk.

    `crowding` is the fill level of the fullest queue that got a message since it was last set to 0; more than 1 is too
    full.
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
        """Adds what an earlier broker stored, except topics and clients that are here already, which are newer."""
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
        """Whether no further client may connect; `limits.reserved` more may if their client id begins with
        `reserved`."""
        connected = sum(each.peer is not None and each.user != OWN for each in self.sessions.values())
        more = self.limits.reserved if client_id.startswith(reserved) else 0
        return connected >= self.limits.clients + more

    def open(self, client_id: str, user: str | None, clean: bool, peer: Peer) -> tuple[ClientSession, bool]:
        """The session of an admitted client, and whether it was kept from before. An older connection of the same
        client id is dropped (3.1.4)."""
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
        """A connection ended. A lasting session stays, last in the order of leaving."""
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
        """Passes a message on, once to each client however many of its filters match (3.3.5), and retains it if
        asked to; drops it if its user may not write the topic."""
        if not self.rights.allow(sender.user, "write", message.topic):
            return self._report_forbidden("TWL-B048", sender, message.topic)
        if message.retain:
            self._retain(message, sender.client_id, own=sender.user == OWN)
        for session, granted in self._route(message.topic):
            session.push(message, min(granted, message.qos))
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
        """Drops the oldest messages of an absent client beyond its own limits; beyond those of all absent clients, half
        of the messages of the one with most."""
        limits = self.limits
        if session.shed(limits.absent_bytes, limits.absent_messages):
            self.report("TWL-B042", about=session.client_id, client=session.client_id)
        while self._room.absent > limits.all_absent_bytes:
            most = max((each for each in self.sessions.values() if each.peer is None), key=lambda each: each.size)
            if not most.shed(most.size // 2, limits.absent_messages):
                break
            self.report("TWL-B042", about=most.client_id, client=most.client_id)

    def _brake(self, session: ClientSession) -> None:
        """Updates `crowding`; if too much waits for all clients together, the one with most is dropped."""
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

    def subscribe(self, session: ClientSession, requested: tuple[tuple[str, int], ...]) -> list[int]:
        """The QoS granted to each filter, REFUSED if there are too many. Each retained message is sent once
        afterwards."""
        grants = [self._grant(session, pattern, qos) for pattern, qos in requested]
        self._routes.clear()
        self.touched(session)
        granted = {pattern: qos for (pattern, _), qos in zip(requested, grants, strict=True) if qos != REFUSED}
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
        """Reports once for each user and topic: a device that keeps publishing would fill the log with summaries
        too."""
        key = (code, session.user, topic)
        if key not in self._forbidden and len(self._forbidden) < FORBIDDEN:
            self._forbidden.add(key)
            self.report(code, about=session.client_id, client=session.client_id, user=session.user, topic=topic)

    def unsubscribe(self, session: ClientSession, patterns: tuple[str, ...]) -> None:
        """Removes filters; ignores those that were never added (3.10.4)."""
        for pattern in patterns:
            if session.filters.pop(pattern, None) is not None:
                self._filters.remove(pattern, session)
        self._routes.clear()
        self.touched(session)


def _size(message: Publish) -> int:
    return len(message.topic) + len(message.payload)


def _cost(pattern: str) -> int:
    return len(pattern) + LEVEL_COST * (pattern.count("/") + 1)
