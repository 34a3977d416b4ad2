"""When each of many is next looked at although nothing came of it. Pure; instants are boot time."""

from heapq import heappop, heappush
from math import inf

MOST = 500
"""So many instants are looked at in one call; most have been replaced since."""


class DueTimes:
    """One instant for each name, or none."""

    def __init__(self) -> None:
        self._due_s: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        """The same, with entries that `_due_s` has replaced since."""

    def set(self, name: str, at_s: float | None) -> None:
        """The instant of a name is this now; None for never."""
        if at_s is None:
            self._due_s.pop(name, None)
        elif self._due_s.get(name) != at_s:
            self._due_s[name] = at_s
            heappush(self._heap, (at_s, name))

    def take(self, now_s: float) -> list[str]:
        """Names whose time has come; they have none from then on. Others may be left for the next call."""
        due = list[str]()
        left = MOST
        while left > 0 and self._heap and self._heap[0][0] <= now_s:
            left -= 1
            at_s, name = heappop(self._heap)
            if self._due_s.get(name) == at_s:
                del self._due_s[name]
                due.append(name)
        return due

    def next_s(self) -> float:
        """When the next one is due, or a little sooner; infinity for never."""
        left = MOST
        while left > 0 and self._heap and self._due_s.get(self._heap[0][1]) != self._heap[0][0]:
            left -= 1
            heappop(self._heap)
        return self._heap[0][0] if self._heap else inf
