"""Confirmations of many gateways, told as one event: a person wants to know that 250 lamps confirm, and the history
which, each with the id of its command. Pure."""

from dataclasses import replace
from datetime import datetime
from math import inf

from controller.events import Event, new_event

CONFIRMED, MANY_CONFIRMED = "TWL-G101", "TWL-G125"
SINGLY = 20
"""So many are told one by one."""
GATHER_S = 1.0
"""For so long the first of many waits for the others."""

Told = tuple[Event, datetime]


class Confirmations:
    """Those that wait to be told. At a site with SINGLY gateways or fewer none waits."""

    def __init__(self, gateways: int) -> None:
        self._are_many = gateways > SINGLY
        self._alike: dict[str, list[Told]] = {}
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
        self._alike.setdefault(self._words[id(shows)], []).append((event, at))
        self.due_s = min(self.due_s, now_s + GATHER_S)
        return True

    def due(self, now_s: float) -> list[Told]:
        """What is to be told now: more than SINGLY that show the same as one event, behind them all."""
        if now_s < self.due_s:
            return []
        found: list[Told] = []
        for alike in self._alike.values():
            found += alike if len(alike) <= SINGLY else _as_one(alike)
        self._alike, self._words, self.due_s = {}, {}, inf
        return found


def _as_one(alike: list[Told]) -> list[Told]:
    event, at = alike[-1]
    latency_s = max(float(str(one.fields["latency_s"])) for one, _ in alike)
    many = new_event(MANY_CONFIRMED, count=len(alike), shows=event.fields["shows"], latency_s=latency_s)
    return [*((replace(one, is_told_with_others=True), when) for one, when in alike), (many, at)]
