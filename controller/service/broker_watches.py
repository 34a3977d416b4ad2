"""What the controller notices of its brokers: that somebody else writes where it says that it is there, that one of
them withholds what it says, that a certificate ends.
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
from controller.service.health_watch import BEAT_S, ONLINE
from controller.service.site_topics import OFFLINE

REPAIR_S = 1.0
"""It is written over at most this often: somebody may write without end."""
FAREWELL_S = 10.0
"""So long after a connection began an `offline` may be the last will of our own connection before it."""
ENDING_S = 1.0
"""A broker that ends tells us our own last will so long at most before the connection is lost."""
ECHO_S = 30.0
"""How long a broker may owe the controller its own sign of life: longer than a dead connection passes for one, and than
it takes to notice so late in the keepalive."""
WARN = timedelta(days=30)
"""Before a broker's certificate ends."""


class Presence:
    """Says on `<prefix>/controller/status` that the controller is there, and anew where somebody else said otherwise.

    Retained at the beginning of each connection (the birth), then every BEAT_S to whoever listens, without a trace on
    any disk. What anybody else writes there is retained as well and would be believed for ever: it is written over.
    """

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._beat_s = self._connected_s = float("-inf")
        self._repairs = TokenBucket(1, REPAIR_S)
        self._is_overwritten = False
        self.has_others = False
        """Other controllers speak here too: brokers say the last will of one that was frozen while it led."""
        self._foreign: dict[str, tuple[Event, float]] = {}
        """By broker what somebody else wrote first, and when that came."""

    def connected(self, reading: ClockReading) -> None:
        """A connection began, with the birth."""
        self._connected_s = reading.mono

    def lost(self, broker: str) -> None:
        """The connection to this broker ended: what it said last was our own will."""
        self._foreign.pop(broker, None)

    def heard(self, item: Received, reading: ClockReading) -> None:
        """A message on the topic; what is retained is from before the birth."""
        if item.retain or item.payload == ONLINE:
            return
        self._is_overwritten = True
        is_will_of_another = self.has_others and item.payload == OFFLINE
        if reading.mono - self._connected_s > FAREWELL_S and not is_will_of_another:
            word = printable(item.payload[:40].decode(errors="replace")) or "–"
            event = new_event("TWL-M018", topic=self._topic, word=word, broker=item.broker)
            self._foreign.setdefault(item.broker, (event, reading.mono))

    def foreign(self, reading: ClockReading) -> Iterator[Event]:
        """What somebody else wrote, on brokers that are still there."""
        for broker, (event, heard_s) in list(self._foreign.items()):
            if reading.mono - heard_s > ENDING_S:
                del self._foreign[broker]
                yield event

    def due(self, reading: ClockReading) -> tuple[Message, ...]:
        """What is to be said now."""
        if self._is_overwritten and self._repairs.allows(reading.mono):
            self._is_overwritten, self._repairs = False, self._repairs.spend(reading.mono)
            return (Message(self._topic, ONLINE, qos=1, retain=True),)
        if reading.mono - self._beat_s >= BEAT_S:
            self._beat_s = reading.mono
            return (Message(self._topic, ONLINE),)
        return ()


class EchoWatch:
    """Whether each broker gives the controller's signs of life back to it. Some drop without a word what their access
    rules forbid: then `status` and all that listen hear nothing of a controller that is well."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._heard_s: dict[str, float] = {}
        self._looked_s = float("-inf")
        self._events: list[Event] = []
        self._alarms: defaultdict[str, Alarm] = defaultdict(partial(Alarm, self._events.append))

    def connected(self, broker: str, reading: ClockReading) -> None:
        """A connection began: from now on it is waited for."""
        self._heard_s[broker] = self._looked_s = reading.mono

    def lost(self, broker: str) -> None:
        """A connection ended, which has an event of its own."""
        self._heard_s.pop(broker, None)
        self._alarms[broker].clear()

    def heard(self, broker: str, reading: ClockReading) -> None:
        """A sign of life came back."""
        self._heard_s[broker] = reading.mono
        self._alarms[broker].clear(new_event("TWL-M028", broker=broker, topic=self._topic))

    def due(self, reading: ClockReading) -> tuple[Event, ...]:
        """What is to be reported now and was not yet; where no turn came for long, no sign of life was given either."""
        if reading.mono - self._looked_s > ECHO_S / 2:
            self._heard_s = dict.fromkeys(self._heard_s, reading.mono)
        self._looked_s = reading.mono
        for broker, heard_s in self._heard_s.items():
            if reading.mono - heard_s > ECHO_S:
                self._alarms[broker].raise_(new_event("TWL-M027", broker=broker, topic=self._topic))
        events = tuple(self._events)
        self._events.clear()
        return events


class Certificates:
    """Warns of a broker's certificate that ends, as it was shown last: once for each day that is left, from
    WARN on."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._events: list[Event] = []
        self._alarms: defaultdict[str, Alarm] = defaultdict(partial(Alarm, self._events.append))

    def note(self, item: Item) -> None:
        """What a broker showed last, with the connection or since."""
        if isinstance(item, Connected | Renewed) and item.certificate_until is not None:
            self._until[item.broker] = item.certificate_until

    def due(self, now: datetime) -> tuple[Event, ...]:
        """What is to be reported now and was not yet."""
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
