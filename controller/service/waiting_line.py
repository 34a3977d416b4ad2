"""Names that wait for their turn, and names that wait for an instant of boot time. Pure."""

from collections import deque
from collections.abc import Collection, Iterator
from heapq import heappop, heappush
from math import inf

MOST = 500
"""Number of entries that one call looks at; most of them are outdated."""


class WaitingLine:
    """A queue of distinct names. Ten thousand join at the instant of a change of light; an ordered dictionary would
    take five times as long."""

    def __init__(self, names: Collection[str] = ()) -> None:
        self._order = deque[str]()
        self._names = set[str]()
        self.join(names)

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str) -> None:
        """Append a name, unless it waits already."""
        if name not in self._names:
            self._names.add(name)
            self._order.append(name)

    def join(self, names: Collection[str]) -> None:
        """Append several names."""
        if self._names:
            for name in names:
                self.add(name)
        else:
            self._names.update(names)
            self._order.extend(names if len(self._names) == len(names) else dict.fromkeys(names))

    def next(self) -> str:
        """Remove and return the first name. Raises IndexError where none waits."""
        name = self._order.popleft()
        self._names.discard(name)
        return name


class DueTimes:
    """When each name is next due: one instant each, or none. Thousands may share an instant."""

    def __init__(self) -> None:
        self._due_s: dict[str, float] = {}
        self._names: dict[float, deque[str]] = {}
        """Names by instant, including outdated entries: `_due_s` holds the valid instant of each name."""
        self._instants: list[float] = []
        """The same instants as a heap."""

    def set(self, name: str, at_s: float | None) -> None:
        """Set when a name is due; None for never."""
        if at_s is None:
            self._due_s.pop(name, None)
        elif self._due_s.get(name) != at_s:
            self._due_s[name] = at_s
            if at_s not in self._names:
                self._names[at_s] = deque()
                heappush(self._instants, at_s)
            self._names[at_s].append(name)

    def take(self, now_s: float, most: int = MOST) -> Iterator[str]:
        """Yield names that are due, and forget their instants. Looks at no more than `most` entries; what is left is
        yielded by the next call."""
        while most > 0 and self._instants and (at_s := self._instants[0]) <= now_s:
            most -= 1
            name = self._pop(at_s)
            if self._due_s.get(name) == at_s:
                del self._due_s[name]
                yield name

    def next_s(self) -> float:
        """When the next name is due, or a little earlier; infinity for never."""
        left = MOST
        while left > 0 and self._instants:
            at_s = self._instants[0]
            if self._due_s.get(self._names[at_s][0]) == at_s:
                break
            left -= 1
            self._pop(at_s)
        return self._instants[0] if self._instants else inf

    def _pop(self, at_s: float) -> str:
        """Remove and return the first name of the first instant."""
        names = self._names[at_s]
        name = names.popleft()
        if not names:
            del self._names[at_s]
            heappop(self._instants)
        return name
