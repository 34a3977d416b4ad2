"""Confirmations of many gateways, logged as one event: a person wants to know that 250 lamps confirm; the history wants
to know which, each with the id of its command. Pure."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from controller.events import Event, new_event
from controller.service.alike import SINGLY

CONFIRMED, MANY_CONFIRMED = "TWL-G101", "TWL-G125"
GATHER_S = 1.0
"""Seconds that the first of many confirmations waits for the others."""

TimedEvent = tuple[Event, datetime]


@dataclass
class _Alike:
    """Confirmations of the same light; the event for all of them has the fields of the last and the longest latency."""

    events: list[TimedEvent] = field(default_factory=list)
    count: int = 0
    latency_s: float = 0.0

    def add(self, event: Event, at: datetime) -> None:
        """Add a confirmation. Once there are more than SINGLY they are marked as logged together, each as it comes:
        marking thousands at the end would take too long."""
        self.latency_s = max(self.latency_s, float(str(event.fields["latency_s"])))
        were_many = self.count > SINGLY
        self.count += event.count
        if self.count > SINGLY:
            event = _with_others(event)
            if not were_many:
                self.events = [(_with_others(one), when) for one, when in self.events]
        self.events.append((event, at))

    def due(self) -> list[TimedEvent]:
        """The events to emit."""
        if self.count <= SINGLY:
            return [(single, at) for event, at in self.events for single in event.singly()]
        event, at = self.events[-1]
        fields = {"count": self.count, "shows": event.fields["shows"], "latency_s": self.latency_s}
        return [*self.events, (new_event(MANY_CONFIRMED, **fields), at)]


def _with_others(event: Event) -> Event:
    return replace(event, is_grouped=True)


class Confirmations:
    """Confirmations that wait to be emitted. At a site with SINGLY gateways or fewer none waits."""

    def __init__(self, gateways: int) -> None:
        self._are_many = gateways > SINGLY
        self._alike: defaultdict[str, _Alike] = defaultdict(_Alike)
        """By what they show."""
        self._words: dict[int, str] = {}
        """The same as text, by the id of the field, which many waiting events share."""
        self.due_s = inf
        """When the waiting events are emitted (boot time); infinity where none waits."""

    def gather(self, event: Event, at: datetime, now_s: float) -> bool:
        """Whether this event was taken to wait: a confirmation at a site with many gateways."""
        if event.code != CONFIRMED or not self._are_many:
            return False
        shows = event.fields["shows"]
        if id(shows) not in self._words:
            self._words[id(shows)] = str(shows)
        self._alike[self._words[id(shows)]].add(event, at)
        self.due_s = min(self.due_s, now_s + GATHER_S)
        return True

    def due(self, now_s: float) -> list[TimedEvent]:
        """The events to emit now; behind more than SINGLY confirmations of the same light one event for all of them."""
        if now_s < self.due_s:
            return []
        found = [timed for alike in self._alike.values() for timed in alike.due()]
        self._alike.clear()
        self._words.clear()
        self.due_s = inf
        return found
