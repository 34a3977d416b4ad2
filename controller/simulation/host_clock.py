"""A computer in the simulated world: when it was switched on, and how wrong its clock is.

Rules
1. `wall` is true time plus an offset, by hand or by a time server; the boot-time clock runs true from the last boot.
2. While the clock is synchronised its error bound is small; once stepped by hand the kernel forgets that it ever was
   (ntp_clear in kernel/time/ntp.c), until a time server sets it right again.
3. Each process judges the clock by itself, with the `ClockJudge` that a real one uses, and is woken (`processes`)
   within TICK_S of a step.
"""

from datetime import datetime

from controller.clock import ClockJudge, ClockReading
from controller.simulation.kernel import Deed, Kernel, utc

SYNCHRONISED_S = 0.02
TICK_S = 1.0
"""A process looks at its clock so often at least; the looks that find nothing new are left out."""


class HostClock:
    """One computer."""

    def __init__(self, world: Kernel) -> None:
        self.offset_s = 0.0
        self.synchronised = True
        self._server_off_s = 0.0
        self.processes: list[Deed] = []
        self._world = world
        self._booted = world.now - 1_000.0

    def reboot(self) -> None:
        """Power came back; its battery kept the time."""
        self._booted = self._world.now

    def step(self, seconds: float) -> None:
        """Somebody sets the clock wrong."""
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

    @property
    def _off_s(self) -> float:
        return self.offset_s + self._server_off_s

    def _stepped(self) -> None:
        """Each process finds out at its next look."""
        for wake in self.processes:
            self._world.after(self._world.random.uniform(0, TICK_S), wake)

    def read(self, judge: ClockJudge) -> ClockReading:
        """A look at the clock by one of its processes."""
        now = self._world.now
        error_s = SYNCHRONISED_S if self.synchronised else None
        return judge.judge(utc(now + self._off_s), now - self._booted, error_s)

    def true(self, mono_s: float) -> float:
        """The true time at which the boot-time clock shows this."""
        return self._booted + mono_s

    def true_of_wall(self, wall: datetime) -> float:
        """The true time at which the wall shows this, unless it is stepped before."""
        return wall.timestamp() - self._off_s
