"""Warns in good time of a broker's certificate that ends: once for each day that is left, from WARN on."""

from collections import defaultdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from controller.events import Event, new_event
from controller.events.alarm import Alarm

WARN = timedelta(days=30)


class Certificates:
    """When each broker's certificate ends, as the last connection showed it."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._events: list[Event] = []
        self._alarms: defaultdict[str, Alarm] = defaultdict(partial(Alarm, self._events.append))

    def note(self, broker: str, until: datetime | None) -> None:
        """What a new connection showed; None without TLS."""
        if until is not None:
            self._until[broker] = until

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
