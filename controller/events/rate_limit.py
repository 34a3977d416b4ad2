"""Tells a repeated event once and counts the rest, so that a flapping gateway cannot fill a log. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from controller.events import Event, new_event

WINDOW_S = 60
FREE = 2
"""So many of one kind about one thing are told in a window before the rest is counted."""
KEYS = 1000
"""Things of one code that are told apart at the same time; those beyond share one window."""


@dataclass(slots=True)
class _Count:
    began_s: float
    told: int = 0
    held: int = 0
    last: Event | None = None


class RateLimit:
    """Within WINDOW_S the first `free` of the same code about the same thing pass; the rest is one line after it. Where
    strangers choose the names of things, `keys` keeps them from filling the log with ever new ones.

    `now_s` are seconds of any clock; one that is set back ends the windows.
    """

    def __init__(self, free: int = FREE, keys: int = KEYS) -> None:
        self._free = free
        self._keys = keys
        self._counts: dict[tuple[str, str], _Count] = {}

    def pass_on(self, event: Event, now_s: float, about: object = None) -> tuple[Event, ...]:
        """What is to be told for this event; `about` is its gateway or topic unless said otherwise."""
        fields = event.fields
        key = (event.code, str(about if about is not None else fields.get("gateway", fields.get("topic", ""))))
        if key not in self._counts and sum(code == event.code for code, _ in self._counts) >= self._keys:
            key = (event.code, "")
        count = self._counts.setdefault(key, _Count(now_s))
        if count.told < self._free:
            count.told += 1
            return (event,)
        count.held += 1
        count.last = event
        return ()

    @property
    def is_counting(self) -> bool:
        """Whether a window is open."""
        return bool(self._counts)

    @property
    def due_s(self) -> float:
        """When the next summary is due; infinity where nothing was held back."""
        return min((count.began_s + WINDOW_S for count in self._counts.values() if count.held), default=float("inf"))

    def due(self, now_s: float) -> tuple[Event, ...]:
        """The summaries of windows that have ended; infinity ends all."""
        # the same sum as in `due_s`: whoever wakes at that very instant must find it over
        ended = [key for key, it in self._counts.items() if not it.began_s <= now_s < it.began_s + WINDOW_S]
        return tuple(_summaries(self._counts.pop(key) for key in ended))


def _summaries(counts: Iterator[_Count]) -> Iterator[Event]:
    for count in counts:
        if count.last is not None:
            yield new_event("TWL-C040", times=count.held, window_s=WINDOW_S, what=count.last, of=count.last.code)
