"""Watches the brokers: somebody else writes to the controller's status topic, a broker does not deliver what the
controller publishes, a certificate expires.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from controller.clock import ClockReading
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.models import printable
from controller.gateways.base import Message
from controller.mqtt import Connected, Item, Received
from controller.mqtt.incoming import Renewed
from controller.retry import TokenBucket
from controller.service.health_watch import HEARTBEAT_S, ONLINE
from controller.service.site_topics import OFFLINE

REPAIR_S = 1.0
"""Shortest interval in seconds between two corrections of the status topic: somebody may write without end."""
OLD_WILL_S = 10.0
"""Seconds after the start of a connection in which an `offline` may be the last will of our previous connection."""
OWN_WILL_S = 1.0
"""A broker that shuts down may deliver our own last will to us at most this long before the connection is lost."""
ECHO_S = 30.0
"""Seconds a broker may fail to deliver the controller's own sign of life: longer than the keepalive takes to detect a
dead connection."""
WARN = timedelta(days=30)
"""Warn this long before a broker's certificate expires."""


class Presence:
    """Publishes `online` on `<prefix>/controller/status`, and corrects what somebody else publishes there.

    Retained at the start of each connection (the birth message), then every HEARTBEAT_S without retain, which costs the
    broker no disk write. A foreign value may be retained and would be believed for ever, so it is overwritten.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._heartbeat_s = self._connected_s = float("-inf")
        self._repairs = TokenBucket(1, REPAIR_S)
        self._is_overwritten = False
        self.has_others = False
        """Other controllers use this topic too: brokers publish the last will of one that was frozen while it led."""
        self._foreign: dict[str, tuple[Event, float]] = {}
        """By broker, the event for what somebody else wrote first, and when it arrived."""

    def connected(self, reading: ClockReading) -> None:
        """A connection began, with the birth message."""
        self._connected_s = reading.mono

    def lost(self, broker: str) -> None:
        """The connection to this broker ended: its last `offline` was our own will."""
        self._foreign.pop(broker, None)

    def receive(self, item: Received, reading: ClockReading) -> None:
        """Take a message on the topic; a retained one is older than the birth message."""
        if item.retain or item.payload == ONLINE:
            return
        self._is_overwritten = True
        is_will_of_another = self.has_others and item.payload == OFFLINE
        if reading.mono - self._connected_s > OLD_WILL_S and not is_will_of_another:
            payload = printable(item.payload[:40].decode(errors="replace")) or "–"
            event = new_event("TWL-M018", topic=self._topic, word=payload, broker=item.broker)
            self._foreign.setdefault(item.broker, (event, reading.mono))

    def foreign(self, reading: ClockReading) -> Iterator[Event]:
        """Yield the events for what somebody else wrote, on brokers that are still connected."""
        for broker, (event, received_s) in list(self._foreign.items()):
            if reading.mono - received_s > OWN_WILL_S:
                del self._foreign[broker]
                yield event

    def due(self, reading: ClockReading) -> tuple[Message, ...]:
        """The messages to publish now."""
        if self._is_overwritten and self._repairs.allows(reading.mono):
            self._is_overwritten, self._repairs = False, self._repairs.spend(reading.mono)
            return (Message(self._topic, ONLINE, qos=1, retain=True),)
        if reading.mono - self._heartbeat_s >= HEARTBEAT_S:
            self._heartbeat_s = reading.mono
            return (Message(self._topic, ONLINE),)
        return ()


class EchoWatch:
    """Watches whether each broker delivers the controller's signs of life back to it. Some brokers silently drop what
    their access rules forbid: then `status` and other readers receive nothing from a healthy controller."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._received_s: dict[str, float] = {}
        self._looked_s = float("-inf")
        self._events: list[Event] = []
        self._alarms: defaultdict[str, Alarm] = defaultdict(partial(Alarm, self._events.append))

    def connected(self, broker: str, reading: ClockReading) -> None:
        """A connection began: a sign of life is expected from now on."""
        self._received_s[broker] = self._looked_s = reading.mono

    def lost(self, broker: str) -> None:
        """A connection ended, which has an event of its own."""
        self._received_s.pop(broker, None)
        self._alarms[broker].clear()

    def receive(self, broker: str, reading: ClockReading) -> None:
        """A sign of life was delivered."""
        self._received_s[broker] = reading.mono
        self._alarms[broker].clear(new_event("TWL-M028", broker=broker, topic=self._topic))

    def due(self, reading: ClockReading) -> tuple[Event, ...]:
        """The events that are due. After a pause without turns no sign of life was sent, so the wait starts again."""
        if reading.mono - self._looked_s > ECHO_S / 2:
            self._received_s = dict.fromkeys(self._received_s, reading.mono)
        self._looked_s = reading.mono
        for broker, received_s in self._received_s.items():
            if reading.mono - received_s > ECHO_S:
                self._alarms[broker].raise_(new_event("TWL-M027", broker=broker, topic=self._topic))
        events = tuple(self._events)
        self._events.clear()
        return events


class Certificates:
    """Warns of a broker's certificate that expires: one event for each day that is left, from WARN on."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._events: list[Event] = []
        self._alarms: defaultdict[str, Alarm] = defaultdict(partial(Alarm, self._events.append))

    def note(self, item: Item) -> None:
        """Take the expiry of the certificate that a broker presented, with the connection or since."""
        if isinstance(item, Connected | Renewed) and item.certificate_until is not None:
            self._until[item.broker] = item.certificate_until

    def due(self, now: datetime) -> tuple[Event, ...]:
        """The events that are due."""
        for broker, until in self._until.items():
            alarm = self._alarms[broker]
            about: dict[str, Any] = {"broker": broker, "days": (until - now).days}
            if until - now <= WARN:
                event = new_event("TWL-M014", **about)
                alarm.raise_(event, again=event != alarm.raised)
            else:
                alarm.clear(new_event("TWL-M017", **about))
        events = tuple(self._events)
        self._events.clear()
        return events
