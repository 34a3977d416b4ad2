"""Confirmations of many gateways, told as one event: a person wants to know that 250 lamps confirm, and the history
which, each with the id of its command. Pure."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf

from controller.events import Event, new_event
from controller.service.alike import SINGLY

CONFIRMED, MANY_CONFIRMED = "TWL-G101", "TWL-G125"
GATHER_S = 1.0
"""For so long the first of many waits for the others."""

Told = tuple[Event, datetime]


@dataclass
class _Alike:
    """Those that show the same; the event that tells of all is made of the last, and of the longest wait."""

    told: list[Told] = field(default_factory=list)
    count: int = 0
    latency_s: float = 0.0

    def add(self, event: Event, at: datetime) -> None:
        """Of more than SINGLY each is told with others; not all at last, which would hold up thousands."""
        self.latency_s = max(self.latency_s, float(str(event.fields["latency_s"])))
        were_many = self.count > SINGLY
        self.count += event.count
        if self.count > SINGLY:
            event = _with_others(event)
            if not were_many:
                self.told = [(_with_others(one), when) for one, when in self.told]
        self.told.append((event, at))

    def due(self) -> list[Told]:
        """As they are told."""
        if self.count <= SINGLY:
            return [(single, at) for event, at in self.told for single in event.singly()]
        event, at = self.told[-1]
        fields = {"count": self.count, "shows": event.fields["shows"], "latency_s": self.latency_s}
        return [*self.told, (new_event(MANY_CONFIRMED, **fields), at)]


def _with_others(event: Event) -> Event:
    return replace(event, is_told_with_others=True)


class Confirmations:
    """Those that wait to be told. At a site with SINGLY gateways or fewer none waits."""

    def __init__(self, gateways: int) -> None:
        self._are_many = gateways > SINGLY
        self._alike: defaultdict[str, _Alike] = defaultdict(_Alike)
        """By what they show."""
        self._words: dict[int, str] = {}
        """That by the id of the field, which many that wait have in common."""
        self.due_s = inf
        """When those that wait are told, boot time; infinity where none waits."""

    def gather(self, event: Event, at: datetime, now_s: float) -> bool:
        """Whether this event waits: it is a confirmation at a site with many gateways."""
        if event.code != CONFIRMED or not self._are_many:
            return False
        shows = event.fields["shows"]
        if id(shows) not in self._words:
            self._words[id(shows)] = str(shows)
        self._alike[self._words[id(shows)]].add(event, at)
        self.due_s = min(self.due_s, now_s + GATHER_S)
        return True

    def due(self, now_s: float) -> list[Told]:
        """What is to be told now: more than SINGLY that show the same as one event, behind them all."""
        if now_s < self.due_s:
            return []
        found = [told for alike in self._alike.values() for told in alike.due()]
        self._alike.clear()
        self._words.clear()
        self.due_s = inf
        return found
