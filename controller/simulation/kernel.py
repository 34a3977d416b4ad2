"""True time, and what is to happen at which instant of it.

Rules
1. True time is POSIX seconds as a float: good to a microsecond, and never asked of any machine.
2. Nothing happens between two instants of the agenda, so a week of nights takes as long as its events do.
3. A beat is a deed that only says again what was said before: a report of what is known, a check for silence. In a
   `lull`, when nothing is amiss or on its way, beats are passed over until LEAD_S before whatever comes next; then all
   are made up for at once, those that listen ECHO_S after those that speak.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from random import Random

Deed = Callable[[], None]

LULL_S = 60.0
LEAD_S = 40.0
ECHO_S = 1.0


class AgendaEntry:
    """A deed on the agenda; `cancel` takes it off."""

    __slots__ = ("deed", "echo_s")

    def __init__(self, deed: Deed, echo_s: float = 0.0) -> None:
        self.deed: Deed | None = deed
        self.echo_s = echo_s

    def cancel(self) -> None:
        """It will not be done."""
        self.deed = None


Agenda = list[tuple[float, int, AgendaEntry]]


class Kernel:
    """The agenda, and the dice from which all that is accidental comes: the same seed gives the same world."""

    def __init__(self, start: datetime, seed: int) -> None:
        self.now = start.timestamp()
        self.random = Random(seed)  # noqa: S311  dice that must fall the same way again
        self.lull: Callable[[], bool] = lambda: False
        self._agenda: Agenda = []
        self._beats: Agenda = []
        self._number = count()
        self._lull_until = 0.0

    @property
    def instant(self) -> datetime:
        """True time, UTC."""
        return utc(self.now)

    def at(self, when: float, deed: Deed) -> AgendaEntry:
        """Do this at an instant, or now where that has passed; what was put down first is done first."""
        return self._put(self._agenda, when, AgendaEntry(deed))

    def after(self, delay_s: float, deed: Deed) -> AgendaEntry:
        """Do this so many seconds from now."""
        return self.at(self.now + delay_s, deed)

    def beat(self, when: float, deed: Deed, *, listens: bool = False) -> AgendaEntry:
        """Do this at an instant unless there is a lull (rule 3)."""
        return self._put(self._beats, when, AgendaEntry(deed, ECHO_S if listens else 0.0))

    def run(self, until: datetime) -> None:
        """Let everything happen that is due before an instant."""
        end = until.timestamp()
        while (heap := self._sooner(end)) is not None:
            when, _, entry = heappop(heap)
            if entry.deed is None:
                continue
            if heap is self._beats and self._passes_over(when, end):
                self._put(heap, self._lull_until + entry.echo_s, entry)
                continue
            self.now = when
            entry.deed()
        self.now = end

    def _put(self, heap: Agenda, when: float, entry: AgendaEntry) -> AgendaEntry:
        heappush(heap, (max(when, self.now), next(self._number), entry))
        return entry

    def _sooner(self, end: float) -> Agenda | None:
        """Where the next entry is; None where nothing is left before the end."""
        heads = [heap for heap in (self._agenda, self._beats) if heap and heap[0][0] < end]
        return min(heads, key=lambda heap: heap[0][:2], default=None)

    def _passes_over(self, when: float, end: float) -> bool:
        """Rule 3; nothing can come up in a lull, so that it lasts until the next entry of the agenda."""
        if when < self._lull_until:
            return True
        comes = min(self._agenda[0][0], end) if self._agenda else end
        if comes - when <= LULL_S or not self.lull():
            return False
        self._lull_until = comes - LEAD_S
        return True


def utc(posix_s: float) -> datetime:
    """An instant of true time as the plan writes it."""
    return datetime.fromtimestamp(posix_s, UTC)
