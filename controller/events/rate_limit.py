"""Tells a repeated event once and counts the rest, so that a flapping gateway cannot fill a log. Pure."""

from collections import Counter, OrderedDict
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from controller.events import Event, new_event

WINDOW_S = 60
FREE = 2
"""So many of one kind about one thing are told in a window before the rest is counted."""
KEYS = 1000
"""Things of one code that are told apart at the same time; those beyond share one window."""


@dataclass(slots=True)
class _Window:
    began_s: float
    told: int = 0
    held: int = 0
    last: Event | None = None


class RateLimit:
    """Within WINDOW_S the first `free` of the same code about the same thing pass; the rest is one line after it. Where
    strangers choose the names of things, `keys` keeps them from filling the log with ever new ones.

    `now_s` are seconds of any clock; one that is set back ends the windows. An event costs the same however many
    windows are open.
    """

    def __init__(self, free: int = FREE, keys: int = KEYS) -> None:
        self._free = free
        self._keys = keys
        self._windows: OrderedDict[tuple[str, str], _Window] = OrderedDict()
        """In the order in which they began, so that those that end first stand first."""
        self._by_code: Counter[str] = Counter()
        self._due_s: list[float] = []
        """When the windows of which something was held back end, as a heap."""

    def pass_on(self, event: Event, now_s: float, about: object = None) -> tuple[Event, ...]:
        """What is to be told for this event; `about` is its gateway or topic unless said otherwise."""
        fields = event.fields
        key = (event.code, str(about if about is not None else fields.get("gateway", fields.get("topic", ""))))
        if key not in self._windows and self._by_code[event.code] >= self._keys:
            key = (event.code, "")
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window(now_s)
            self._by_code[event.code] += 1
        if window.told < self._free:
            window.told += 1
            return (event,)
        if not window.held:
            heappush(self._due_s, window.began_s + WINDOW_S)
        window.held += 1
        window.last = event
        return ()

    @property
    def is_counting(self) -> bool:
        """Whether a window is open."""
        return bool(self._windows)

    @property
    def due_s(self) -> float:
        """When the next summary is due; infinity where nothing was held back."""
        return self._due_s[0] if self._due_s else float("inf")

    def due(self, now_s: float) -> tuple[Event, ...]:
        """The summaries of windows that have ended; infinity ends all."""
        ended = []
        # the same sum as in `due_s`: whoever wakes at that very instant must find it over
        while self._windows and now_s >= next(iter(self._windows.values())).began_s + WINDOW_S:
            ended.append(self._close(last=False))
            if ended[-1].held:
                heappop(self._due_s)
        while self._windows and now_s < next(reversed(self._windows.values())).began_s:
            ended.append(self._close(last=True))
            if ended[-1].held:
                self._due_s.remove(ended[-1].began_s + WINDOW_S)
                heapify(self._due_s)
        return tuple(
            new_event("TWL-C040", times=each.held, window_s=WINDOW_S, what=each.last, of=each.last.code)
            for each in ended
            if each.last is not None
        )

    def _close(self, *, last: bool) -> _Window:
        (code, _), window = self._windows.popitem(last=last)
        self._by_code[code] -= 1
        if not self._by_code[code]:
            del self._by_code[code]
        return window
