"""The one clock. Everything else is handed a `Reading` and never asks for the time itself.

Rules
1. Wall time is aware UTC; waits, ages and time-outs are counted on the boot-time clock, which no step moves and which
   counts a suspend.
2. How far wall time can be trusted is a state, not a yes or no:
   trusted    the kernel's error bound is below 16 s (the test that systemd's timedated makes)
   holdover   was trusted since this start; drifts by seconds a day, harmless for weeks
   plausible  never synchronised here, but not before the last time this site knew, nor LONGEST_AWAY after it
   suspect    outside that, or just stepped: nothing is changed until it has settled
3. A suspect clock settles when it is trusted, or when it ran on for SETTLE_S without another step: somebody may truly
   have set it right, and a time server that is still at it needs some of that time. One that was trusted before it was
   stepped has a time server, and is left CORRECTED_S. Gateways of ours go on by their plan meanwhile.
4. Outside FLOOR and CEILING no clock is right, whatever anybody says of it: it never settles there.
5. A step is a jump of wall time against the boot-time clock by more than STEP_S. A reading carries the sum of all of
   them, so that everyone who asks the same clock sees every step, however many ask in between.
"""

import asyncio
import contextlib
import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

FLOOR, CEILING = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
STEP_S = 5.0
SETTLE_S = 120.0
CORRECTED_S = 600.0
"""systemd-timesyncd asks again when the clock was set, chrony at its next poll: each minute or so, seldom later."""
LONGEST_AWAY = timedelta(days=400)
SYNCHRONISED_BELOW_S = 16.0


class Trust(StrEnum):
    """How far wall time can be trusted."""

    TRUSTED = "trusted"
    HOLDOVER = "holdover"
    PLAUSIBLE = "plausible"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the clock: `wall` in UTC, `mono` in seconds that never step.

    `stepped_s` is the sum of all steps of the wall since the clock was first read. `pace` is how many seconds the wall
    goes in one of `mono`: more than 1 in time-lapse, where every delay looks so much the longer.
    """

    wall: datetime
    mono: float
    trust: Trust = Trust.TRUSTED
    stepped_s: float = 0.0
    pace: float = 1.0

    @property
    def beat_s(self) -> float:
        """Wall time as if it had never been stepped, seconds: what fades are counted on."""
        return self.wall.timestamp() - self.stepped_s


class Clock(Protocol):
    """What everything that runs is handed."""

    def read(self) -> Reading:
        """Now."""

    def real_s(self, wall_s: float) -> float:
        """How many real seconds pass in so many seconds of wall time."""


class Judge:
    """Keeps the state of trust from one reading to the next; `known` is the latest wall time that this site wrote."""

    def __init__(self, known: datetime | None = None) -> None:
        self._earliest, self._latest = max(FLOOR, known or FLOOR), min(known or CEILING, CEILING) + LONGEST_AWAY
        self._last: tuple[datetime, float] | None = None
        self._stepped_s = 0.0
        self._suspect_until: float | None = None
        self._was_trusted = False

    def judge(self, wall: datetime, mono: float, error_s: float | None) -> Reading:
        """The reading of this instant; `error_s` is the kernel's bound on the wall clock's error, None if unknown."""
        if self._last is None and not self._earliest - timedelta(seconds=STEP_S) <= wall <= self._latest:
            self._doubt(mono + SETTLE_S)
        step_s = self._step(wall, mono)
        if step_s:
            self._stepped_s += step_s
            self._doubt(mono + (CORRECTED_S if self._was_trusted else SETTLE_S))
        self._last = (wall, mono)
        synchronised = error_s is not None and error_s < SYNCHRONISED_BELOW_S
        trust = self._trust(mono, synchronised) if FLOOR <= wall < CEILING else Trust.SUSPECT
        return Reading(wall, mono, trust, self._stepped_s)

    def _doubt(self, until_s: float) -> None:
        self._suspect_until = max(until_s, self._suspect_until or until_s)

    def _step(self, wall: datetime, mono: float) -> float:
        if self._last is None:
            return 0.0
        drift = (wall - self._last[0]).total_seconds() - (mono - self._last[1])
        return drift if abs(drift) > STEP_S else 0.0

    def _trust(self, mono: float, synchronised: bool) -> Trust:
        if synchronised:
            self._was_trusted, self._suspect_until = True, None
            return Trust.TRUSTED
        if self._suspect_until is not None and mono < self._suspect_until:
            return Trust.SUSPECT
        self._suspect_until = None
        return Trust.HOLDOVER if self._was_trusted else Trust.PLAUSIBLE


class SystemClock:
    """The machine's own clock."""

    def __init__(self, known: datetime | None = None) -> None:
        self._judge = Judge(known)

    def read(self) -> Reading:
        """Now, with the kernel's own figures about it."""
        return self._judge.judge(datetime.now(UTC), boot_time(), kernel_error_s())

    def real_s(self, wall_s: float) -> float:
        """One to one."""
        return wall_s


class VirtualClock:
    """Wall time that begins at `start` and runs `speed` times as fast; waits and ages stay real."""

    def __init__(self, start: datetime, speed: float) -> None:
        self._start = start
        self._speed = speed
        self._began = boot_time()

    def read(self) -> Reading:
        """Now, on the virtual wall."""
        mono = boot_time()
        return Reading(self._start + timedelta(seconds=(mono - self._began) * self._speed), mono, pace=self._speed)

    def real_s(self, wall_s: float) -> float:
        """Shorter by the speed."""
        return wall_s / self._speed


class Alarm:
    """Wakes its owner at one instant of wall time: APScheduler's one job, which never owns the truth.

    The job may come late or not at all (a step, a suspend): whoever is woken asks the clock again, and a steady tick
    beside it catches what the alarm missed.
    """

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._set: tuple[datetime, float] | None = None
        self._scheduler = AsyncIOScheduler(timezone=UTC)

    async def __aenter__(self) -> "Alarm":
        self._scheduler.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)

    def wake_at(self, instant: datetime) -> None:
        """Ring at this instant instead of any that was set before."""
        reading = self._clock.read()
        if (instant, reading.stepped_s) == self._set:
            return
        self._set = (instant, reading.stepped_s)
        real = self._clock.real_s((instant - reading.wall).total_seconds())
        run_date = datetime.now(UTC) + timedelta(seconds=max(0.0, real))
        options = {"id": "next", "replace_existing": True, "misfire_grace_time": None, "max_instances": 2}
        # without a zone APScheduler asks for the host's, and there is no name for a POSIX TZ such as EST5EDT
        self._scheduler.add_job(self._rings, DateTrigger(run_date, timezone=UTC), **options)

    async def _rings(self) -> None:
        """A coroutine, since APScheduler calls anything else in a thread of its own."""
        self._set = None
        self._ring()


def boot_time() -> float:
    """Seconds since boot, a suspend included; no step of the wall clock moves it."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as its error bound; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("room", ctypes.c_byte * 256),
    )


def kernel_error_s() -> float | None:
    """The kernel's bound on the wall clock's error, seconds; None where the kernel does not tell (not Linux)."""
    timex = _Timex()
    with contextlib.suppress(OSError, AttributeError):
        if _libc().adjtimex(ctypes.byref(timex)) >= 0:
            return float(timex.maxerror) / 1e6
    return None


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
