"""True time and what is to happen at which instant of it; and the clock of each computer, which may be wrong.

True time is POSIX seconds as a float: good to a microsecond, and never asked of any machine. Nothing happens between
two entries of the agenda, so a week of nights takes as long as its events do.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from random import Random

from controller.clock import ClockJudge, ClockReading

Action = Callable[[], None]

LULL_S = 60.0
LEAD_S = 40.0
ECHO_S = 1.0
LAG_S = 0.001
"""A process wakes so much after the instant it asked for, never before it."""
SYNCHRONISED_S = 0.02
LOOK_S = 1.0
"""Each process looks at its clock so often."""


class AgendaEntry:
    """An action on the agenda; `cancel` takes it off."""

    __slots__ = ("action", "echo_s")

    def __init__(self, action: Action, echo_s: float = 0.0) -> None:
        self.action: Action | None = action
        self.echo_s = echo_s

    def cancel(self) -> None:
        """It will not be done."""
        self.action = None


Agenda = list[tuple[float, int, AgendaEntry]]


class Kernel:
    """The agenda, and the dice from which all that is accidental comes: the same seed gives the same world.

    A beat is an action that only repeats what was said before: a report of what is known, a check for silence. In a
    `lull`, when nothing is wrong or under way, beats are passed over until LEAD_S before whatever comes next; then all
    are made up for at once, those that listen ECHO_S after those that speak.
    """

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

    def at(self, when: float, action: Action) -> AgendaEntry:
        """Do this at an instant, or now where that has passed; what was put down first is done first."""
        return self._put(self._agenda, when, AgendaEntry(action))

    def after(self, delay_s: float, action: Action) -> AgendaEntry:
        """Do this so many seconds from now."""
        return self.at(self.now + delay_s, action)

    def beat(self, when: float, action: Action, *, listens: bool = False) -> AgendaEntry:
        """Do this at an instant unless there is a lull."""
        return self._put(self._beats, when, AgendaEntry(action, ECHO_S if listens else 0.0))

    def run(self, until: datetime) -> None:
        """Let everything happen that is due before an instant."""
        end = until.timestamp()
        while (heap := self._sooner(end)) is not None:
            when, _, entry = heappop(heap)
            if entry.action is None:
                continue
            if heap is self._beats and self._passes_over(when, end):
                self._put(heap, self._lull_until + entry.echo_s, entry)
                continue
            self.now = when
            entry.action()
        self.now = end

    def _put(self, heap: Agenda, when: float, entry: AgendaEntry) -> AgendaEntry:
        heappush(heap, (max(when, self.now), next(self._number), entry))
        return entry

    def _sooner(self, end: float) -> Agenda | None:
        """Where the next entry is; None where nothing is left before the end."""
        heads = [heap for heap in (self._agenda, self._beats) if heap and heap[0][0] < end]
        return min(heads, key=lambda heap: heap[0][:2], default=None)

    def _passes_over(self, when: float, end: float) -> bool:
        """Whether a beat falls into a lull: nothing can come up in one, so that it lasts until the next entry."""
        if when < self._lull_until:
            return True
        comes = min(self._agenda[0][0], end) if self._agenda else end
        if comes - when <= LULL_S or not self.lull():
            return False
        self._lull_until = comes - LEAD_S
        return True


class HostClock:
    """The clock of one computer: true time plus an offset, and seconds since its boot, which run true.

    While it is synchronised its error bound is small. Once it is stepped by hand the kernel forgets that it ever was
    synchronised (ntp_clear in kernel/time/ntp.c), until a time server sets it right again. Each process judges it by
    its own `ClockJudge`, as a real one does, and is called (`on_step`) within LOOK_S of a step.
    """

    def __init__(self, world: Kernel) -> None:
        self.offset_s = 0.0
        self.synchronised = True
        self.on_step: list[Action] = []
        self._server_off_s = 0.0
        self._world = world
        self._booted = world.now - 1_000.0

    def reboot(self) -> None:
        """Power came back; its battery kept the time."""
        self._booted = self._world.now

    def step(self, seconds: float) -> None:
        """Somebody sets the clock wrong by so much."""
        self.offset_s, self.synchronised = seconds, False
        self._stepped()

    def follow(self, server_off_s: float) -> None:
        """Its time server is wrong by so much from now on, and moves the clock with it."""
        self._server_off_s = server_off_s
        self._stepped()

    def synchronise(self) -> None:
        """A time server sets it right."""
        self.offset_s, self.synchronised = 0.0, True
        self._stepped()

    def read(self, judge: ClockJudge) -> ClockReading:
        """A look at the clock by one of its processes."""
        error_s = SYNCHRONISED_S if self.synchronised else None
        return judge.judge(utc(self._world.now + self._off_s), self.mono, error_s)

    @property
    def mono(self) -> float:
        """Seconds since boot."""
        return self._world.now - self._booted

    def true(self, mono_s: float) -> float:
        """The true time at which the boot-time clock shows this."""
        return self._booted + mono_s

    def true_of_wall(self, wall: datetime) -> float:
        """The true time at which the wall shows this, unless it is stepped before."""
        return wall.timestamp() - self._off_s

    @property
    def _off_s(self) -> float:
        return self.offset_s + self._server_off_s

    def _stepped(self) -> None:
        for process in self.on_step:
            self._world.after(self._world.random.uniform(0, LOOK_S), process)


class Host(ABC):
    """A machine in the simulated world: its clock, as its process judges it, and when that process is turned next."""

    def __init__(self, world: Kernel) -> None:
        self.clock = HostClock(world)
        self.clock.on_step.append(self.turn)
        self._world = world
        self._judge = ClockJudge()
        self._due: list[AgendaEntry] = []

    @abstractmethod
    def turn(self) -> None:
        """The process does what is due, and is turned again when more is."""

    def read(self) -> ClockReading:
        """The machine's clock, as its process judges it."""
        return self.clock.read(self._judge)

    def _cancel_turns(self) -> None:
        while self._due:
            self._due.pop().cancel()

    def _turn_at(self, wake_at: datetime | None, reading: ClockReading) -> None:
        """Turn again when the wall of this reading shows an instant, if there is one."""
        if wake_at is not None:
            delay_s = max(0.0, (wake_at - reading.wall).total_seconds())
            self._due.append(self._world.after(delay_s + LAG_S, self.turn))


def utc(posix_s: float) -> datetime:
    """An instant of true time as the plan writes it."""
    return datetime.fromtimestamp(posix_s, UTC)
