"""Tells a repeated event once and counts the rest, so that a flapping gateway cannot fill a log."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.events import Event, happened

WINDOW = timedelta(seconds=60)
FREE = 2
"""So many of one kind about one thing are told in a window before the rest is counted."""


@dataclass(slots=True)
class _Count:
    began: datetime
    told: int = 0
    held: int = 0
    last: Event | None = None


class Damper:
    """Within WINDOW the first `free` of the same code about the same thing pass; the rest is one line after it."""

    def __init__(self, free: int = FREE) -> None:
        self._free = free
        self._counts: dict[tuple[str, str], _Count] = {}

    def pass_on(self, event: Event, now: datetime) -> tuple[Event, ...]:
        """What is to be told for this event."""
        about = str(event.fields.get("gateway", event.fields.get("topic", "")))
        count = self._counts.setdefault((event.code, about), _Count(now))
        if count.told < self._free:
            count.told += 1
            return (event,)
        count.held += 1
        count.last = event
        return ()

    def due(self, now: datetime) -> tuple[Event, ...]:
        """The summaries of windows that have ended."""
        ended = [key for key, count in self._counts.items() if not timedelta(0) <= now - count.began < WINDOW]
        counts = [self._counts.pop(key) for key in ended]
        return tuple(
            happened("TWL-C040", times=c.held, window_s=int(WINDOW.total_seconds()), what=c.last, of=c.last.code)
            for c in counts
            if c.last is not None
        )
