"""Names that wait for their turn, and names that wait for an instant of boot time. Pure."""

from collections import deque
from collections.abc import Collection, Iterator
from heapq import heappop, heappush
from math import inf

MOST = 500
"""So many instants are looked at in one call; most have been replaced since."""


class WaitingLine:
    """Names in the order in which they came, each once. Ten thousand join at the instant at which the light changes:
    an ordered dictionary takes five times as long."""

    def __init__(self, names: Collection[str] = ()) -> None:
        self._order = deque[str]()
        self._names = set[str]()
        self.join(names)

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str) -> None:
        """One joins, unless it waits already."""
        if name not in self._names:
            self._names.add(name)
            self._order.append(name)

    def join(self, names: Collection[str]) -> None:
        """Several join."""
        if self._names:
            for name in names:
                self.add(name)
        else:
            self._names.update(names)
            self._order.extend(names if len(self._names) == len(names) else dict.fromkeys(names))

    def next(self) -> str:
        """The first leaves. Raises IndexError where none waits."""
        name = self._order.popleft()
        self._names.discard(name)
        return name


class DueTimes:
    """When each name is next due; one instant for each, or none. Thousands may have the same one."""

    def __init__(self) -> None:
        self._due_s: dict[str, float] = {}
        self._names: dict[float, deque[str]] = {}
        """By instant, with names that `_due_s` gives another one since."""
        self._instants: list[float] = []
        """The same instants as a heap."""

    def set(self, name: str, at_s: float | None) -> None:
        """The instant of a name is this now; None for never."""
        if at_s is None:
            self._due_s.pop(name, None)
        elif self._due_s.get(name) != at_s:
            self._due_s[name] = at_s
            if at_s not in self._names:
                self._names[at_s] = deque()
                heappush(self._instants, at_s)
            self._names[at_s].append(name)

    def take(self, now_s: float, most: int = MOST) -> Iterator[str]:
        """Names whose time has come, as they are asked for; each has none from then on. Others may be left for the next
        call: at most so many are looked at."""
        while most > 0 and self._instants and (at_s := self._instants[0]) <= now_s:
            most -= 1
            name = self._pop(at_s)
            if self._due_s.get(name) == at_s:
                del self._due_s[name]
                yield name

    def next_s(self) -> float:
        """When the next one is due, or a little sooner; infinity for never."""
        left = MOST
        while left > 0 and self._instants:
            at_s = self._instants[0]
            if self._due_s.get(self._names[at_s][0]) == at_s:
                break
            left -= 1
            self._pop(at_s)
        return self._instants[0] if self._instants else inf

    def _pop(self, at_s: float) -> str:
        """The first name of the first instant."""
        names = self._names[at_s]
        name = names.popleft()
        if not names:
            del self._names[at_s]
            heappop(self._instants)
        return name
