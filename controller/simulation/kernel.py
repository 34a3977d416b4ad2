"""True time with an agenda of actions, and the clock of each computer, which may be wrong.

True time is POSIX seconds as a float: good to a microsecond, and independent of every machine's clock. Nothing happens
between two entries of the agenda, so a week of nights takes as long as its events do.
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
"""Seconds by which a process wakes after the instant it asked for, never before it."""
SYNCHRONISED_S = 0.02
LOOK_S = 1.0
"""Seconds within which each process notices a step of its clock."""


class AgendaEntry:
    """An action on the agenda."""

    __slots__ = ("action", "echo_s")

    def __init__(self, action: Action, echo_s: float = 0.0) -> None:
        self.action: Action | None = action
        self.echo_s = echo_s

    def cancel(self) -> None:
        """Remove the action."""
        self.action = None


Agenda = list[tuple[float, int, AgendaEntry]]


class Kernel:
    """The agenda, and the source of everything random: the same seed gives the same world.

    A beat is an action that only repeats something: a report without changes, a check for silence. In a `lull`, when
    nothing is wrong or in progress, beats are postponed until LEAD_S before the next entry; then all of them run at
    once, those that listen ECHO_S after those that send.
    """

    def __init__(self, start: datetime, seed: int) -> None:
        self.now = start.timestamp()
        self.random = Random(seed)  # noqa: S311  random numbers that must be the same again
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
        """Run an action at an instant, or now if that has passed; entries of one instant run in the order in which they
        were added."""
        return self._put(self._agenda, when, AgendaEntry(action))

    def after(self, delay_s: float, action: Action) -> AgendaEntry:
        """Run an action after a delay in seconds."""
        return self.at(self.now + delay_s, action)

    def beat(self, when: float, action: Action, *, listens: bool = False) -> AgendaEntry:
        """Run an action at an instant unless there is a lull."""
        return self._put(self._beats, when, AgendaEntry(action, ECHO_S if listens else 0.0))

    def run(self, until: datetime) -> None:
        """Run everything that is due before an instant."""
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
        """The heap with the next entry; None where nothing is left before the end."""
        heads = [heap for heap in (self._agenda, self._beats) if heap and heap[0][0] < end]
        return min(heads, key=lambda heap: heap[0][:2], default=None)

    def _passes_over(self, when: float, end: float) -> bool:
        """Whether a beat is in a lull, which lasts until the next entry of the agenda."""
        if when < self._lull_until:
            return True
        comes = min(self._agenda[0][0], end) if self._agenda else end
        if comes - when <= LULL_S or not self.lull():
            return False
        self._lull_until = comes - LEAD_S
        return True


class HostClock:
    """The clock of one computer: true time plus an offset, and seconds since its boot, which are always right.

    While it is synchronised its error bound is small. When it is stepped by hand the kernel clears its synchronised
    state (ntp_clear in kernel/time/ntp.c), until a time server corrects it. Each process judges it by its own
    `ClockJudge`, as a real one does, and is called (`on_step`) within LOOK_S of a step.
    """

    def __init__(self, world: Kernel) -> None:
        self.offset_s = 0.0
        self.synchronised = True
        self.on_step: list[Action] = []
        self._server_off_s = 0.0
        self._world = world
        self._booted = world.now - 1_000.0

    def reboot(self) -> None:
        """Power came back; a battery kept the time."""
        self._booted = self._world.now

    def step(self, seconds: float) -> None:
        """Somebody sets the clock wrong by this many seconds."""
        self.offset_s, self.synchronised = seconds, False
        self._stepped()

    def follow(self, server_off_s: float) -> None:
        """From now on its time server is wrong by this many seconds, and moves the clock with it."""
        self._server_off_s = server_off_s
        self._stepped()

    def synchronise(self) -> None:
        """A time server corrects the clock."""
        self.offset_s, self.synchronised = 0.0, True
        self._stepped()

    def read(self, judge: ClockJudge) -> ClockReading:
        """A reading of the clock by one of its processes."""
        error_s = SYNCHRONISED_S if self.synchronised else None
        return judge.judge(utc(self._world.now + self._off_s), self.mono, error_s)

    @property
    def mono(self) -> float:
        """Seconds since boot."""
        return self._world.now - self._booted

    def true(self, mono_s: float) -> float:
        """The true time at which the boot-time clock shows these seconds."""
        return self._booted + mono_s

    def true_of_wall(self, wall: datetime) -> float:
        """The true time at which the wall clock shows this instant, unless it is stepped before."""
        return wall.timestamp() - self._off_s

    @property
    def _off_s(self) -> float:
        return self.offset_s + self._server_off_s

    def _stepped(self) -> None:
        for process in self.on_step:
            self._world.after(self._world.random.uniform(0, LOOK_S), process)


class Host(ABC):
    """A machine in the simulated world: its clock, as judged by its process, and the next turns of that process."""

    def __init__(self, world: Kernel) -> None:
        self.clock = HostClock(world)
        self.clock.on_step.append(self.turn)
        self._world = world
        self._judge = ClockJudge()
        self._due: list[AgendaEntry] = []

    @abstractmethod
    def turn(self) -> None:
        """Let the process do what is due, and plan its next turn."""

    def read(self) -> ClockReading:
        """A reading of the machine's clock, judged by its process."""
        return self.clock.read(self._judge)

    def _cancel_turns(self) -> None:
        while self._due:
            self._due.pop().cancel()

    def _turn_at(self, wake_at: datetime | None, reading: ClockReading) -> None:
        """Plan a turn for an instant of the wall clock of this reading; none for None."""
        if wake_at is not None:
            delay_s = max(0.0, (wake_at - reading.wall).total_seconds())
            self._due.append(self._world.after(delay_s + LAG_S, self.turn))


def utc(posix_s: float) -> datetime:
    """An instant of true time as a datetime in UTC."""
    return datetime.fromtimestamp(posix_s, UTC)
