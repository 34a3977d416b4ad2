"""Says on `<prefix>/controller/status` that the controller is there, and anew where somebody else said otherwise.

Retained at the beginning of each connection (the birth), then every BEAT_S to whoever listens, without a trace on any
disk. What anybody else writes there is retained as well and would be believed for ever: it is written over.
"""

from controller.clock import ClockReading
from controller.events import Event, new_event
from controller.events.models import printable
from controller.events.rate_limit import RateLimit
from controller.gateways.base import Message
from controller.mqtt import Received
from controller.retry import TokenBucket
from controller.service.health_watch import BEAT_S, ONLINE

REPAIR_S = 1.0
"""It is written over at most this often: somebody may write without end."""
FAREWELL_S = 10.0
"""So long after a connection began an `offline` may be the last will of our own connection before it."""


class Presence:
    """The presence of one controller on a topic."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._beat_s = self._connected_s = float("-inf")
        self._repairs = TokenBucket(1, REPAIR_S)
        self._is_overwritten = False
        self._rate_limit = RateLimit()
        self._events: list[Event] = []

    def connected(self, reading: ClockReading) -> None:
        """A connection began, with the birth."""
        self._connected_s = reading.mono

    def heard(self, item: Received, reading: ClockReading) -> None:
        """A message on the topic; what is retained is from before the birth."""
        if item.retain or item.payload == ONLINE:
            return
        self._is_overwritten = True
        if reading.mono - self._connected_s > FAREWELL_S:
            word = printable(item.payload[:40].decode(errors="replace")) or "–"
            event = new_event("TWL-M018", topic=self._topic, word=word, broker=item.broker)
            self._events.extend(self._rate_limit.pass_on(event, reading.mono))

    def due(self, reading: ClockReading) -> tuple[Message, ...]:
        """What is to be said now."""
        if self._is_overwritten and self._repairs.allows(reading.mono):
            self._is_overwritten, self._repairs = False, self._repairs.spend(reading.mono)
            return (Message(self._topic, ONLINE, qos=1, retain=True),)
        if reading.mono - self._beat_s >= BEAT_S:
            self._beat_s = reading.mono
            return (Message(self._topic, ONLINE),)
        return ()

    def events(self, reading: ClockReading) -> tuple[Event, ...]:
        """What is to be reported."""
        events, self._events = (*self._events, *self._rate_limit.due(reading.mono)), []
        return events
