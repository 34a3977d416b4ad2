"""The one clock. Code that decides is given a `ClockReading` and never asks for the time itself.

Wall time is aware UTC. Ages and delays use the boot-time clock, which is never stepped and includes suspends; timeouts
of sockets use the clock of their loop.
How far wall time can be trusted is a state (`Trust`); while it is suspect nothing is sent but a safety stop, and our
own gateways continue by their plan."""

import contextlib
import ctypes
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Protocol

FLOOR, CEILING = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A clock outside this range is always suspect, even if the kernel reports it as synchronised."""
STEP_S = 5.0
"""A step is a change of wall time against the boot-time clock by more than this, at once or within STRAY_S. The kernel
slews both clocks together, so only setting the clock moves them apart at once."""
STRAY_S = 3600.0
"""The window in which moves are added up: 5 s an hour are 0.14 %, far more than a quartz drifts (0.01 %), and detected
long before the light is minutes off."""
SAMPLE_S = 60.0
"""Seconds between two samples of the difference between wall and boot-time clock."""
RESTLESS = 4
"""With this many steps in an hour the clock is faulty, and must settle for longer with each further step. Setting a
clock by hand takes one or two steps, and a time server adds one."""
RESTLESS_S = 600.0
"""With RESTLESS steps within this time, even a clock that the kernel reports as synchronised must settle first."""
SLOWED = timedelta(seconds=60)
"""A clock that is set back by at most this is not followed at once: wall time runs slower until it has caught up."""
SLOW = 0.5
"""Speed of wall time, relative to its normal pace, while the clock catches up: half a minute takes a minute."""
SETTLE_S = 120.0
"""A suspect clock is accepted after this time without another step: somebody may have corrected it, and a time server
needs part of that time to do so."""
CORRECTED_S = 600.0
"""The same for a clock that was trusted before it was stepped, and therefore has a time server: systemd-timesyncd asks
again when the clock was set, chrony at its next poll, about every minute."""
LONGEST_AWAY = timedelta(days=400)
"""A clock that starts further ahead of the last known time is suspect at first: no site is off for so long."""
SYNCHRONISED_BELOW_S = 16.0
"""Bound on the kernel's error below which systemd's timedated regards a clock as synchronised."""
SAME_S = 0.005
"""Wake-ups that differ by less than this are the same."""


class Trust(StrEnum):
    """How far wall time can be trusted.

    Trusted: synchronised, according to the kernel. Holdover: it was synchronised since the start of the process; it
    drifts by seconds a day, harmless for weeks. Plausible: never synchronised here, but not before the last known time
    of this site nor LONGEST_AWAY after it; or it has settled. Suspect: outside that range, or just stepped.
    """

    TRUSTED = "trusted"
    HOLDOVER = "holdover"
    PLAUSIBLE = "plausible"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One reading of the clock: `wall` in UTC, `mono` in boot-time seconds, which are never stepped.

    `stepped_s`: sum of all steps since the first reading; `steps`: number of steps in the last STRAY_S. `pace`: seconds
    of `wall` per second of `mono`, more than 1 in time-lapse. `ahead_s`: how far `wall` is still ahead of the machine's
    clock, after a small step back. `known`: the last known time of this site, only where `wall` is before it, or more
    than LONGEST_AWAY after it, without a time server.
    """

    wall: datetime
    mono: float
    trust: Trust = Trust.TRUSTED
    stepped_s: float = 0.0
    pace: float = 1.0
    steps: int = 0
    ahead_s: float = 0.0
    known: datetime | None = None

    @property
    def paced_s(self) -> float:
        """Seconds that run at the pace of wall time but are never stepped; fades are timed by them."""
        return self.mono * self.pace


class Clock(Protocol):
    """The clock that all running code is given."""

    def read(self) -> ClockReading:
        """The present reading."""

    def real_s(self, wall_s: float) -> float:
        """Real seconds that pass during this many seconds of wall time."""


class ForwardTime:
    """Wall time without small steps back, so that no cue is undone and taken again. When the clock is set back by no
    more than SLOWED, wall time continues at the pace SLOW until the clock has caught up. A larger step is followed at
    once."""

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None

    def at(self, wall: datetime, mono: float, pace: float = 1.0) -> datetime:
        """The wall time to use when the clock shows `wall`; `mono` and `pace` as in a reading."""
        if self._last is not None:
            last, last_s = self._last
            slow = last + timedelta(seconds=max(0.0, mono - last_s) * pace * SLOW)
            if timedelta(0) < slow - wall <= SLOWED:
                wall = slow
        self._last = (wall, mono)
        return wall


class ClockJudge:
    """Determines the trust of each reading; `known` is the last known wall time of this site."""

    def __init__(self, known: datetime | None = None) -> None:
        self._known = min(max(known, FLOOR), CEILING) if known is not None else None
        self._forward = ForwardTime()
        self._offsets: deque[tuple[float, float]] = deque()
        """Boot time, and how far wall time was ahead of it, every SAMPLE_S of the last STRAY_S."""
        self._steps: deque[float] = deque()
        self._stepped_s = 0.0
        self._suspect_until: float | None = None
        self._was_trusted = False

    def judge(self, wall: datetime, mono: float, error_s: float | None) -> ClockReading:
        """The reading at this instant; `error_s`: the kernel's bound on the error of wall time, None if unknown."""
        is_odd = self._is_unlike_known(wall)
        if not self._offsets and is_odd:
            self._doubt(mono + SETTLE_S)
        step_s = self._step(wall, mono)
        if step_s:
            self._stepped_s += step_s
            self._steps.append(mono)
            again = len(self._steps) if len(self._steps) >= RESTLESS else 1
            self._doubt(mono + max(CORRECTED_S if self._was_trusted else 0.0, SETTLE_S * again))
        synchronised = error_s is not None and error_s < SYNCHRONISED_BELOW_S
        trust = self._trust(mono, synchronised) if FLOOR <= wall < CEILING else Trust.SUSPECT
        forward = self._forward.at(wall, mono)
        return ClockReading(
            wall=forward,
            mono=mono,
            trust=trust,
            stepped_s=self._stepped_s,
            steps=len(self._steps),
            ahead_s=(forward - wall).total_seconds(),
            known=self._known if is_odd else None,
        )

    def _is_unlike_known(self, wall: datetime) -> bool:
        if self._known is None:
            return not FLOOR <= wall <= CEILING
        return not self._known - timedelta(seconds=STEP_S) <= wall <= self._known + LONGEST_AWAY

    def _doubt(self, until_s: float) -> None:
        self._suspect_until = max(until_s, self._suspect_until or until_s)

    def _step(self, wall: datetime, mono: float) -> float:
        """How far wall time has moved against boot time in STRAY_S, or since the last step; 0 if within STEP_S."""
        while self._steps and self._steps[0] < mono - STRAY_S:
            self._steps.popleft()
        offset_s = wall.timestamp() - mono
        while len(self._offsets) > 1 and self._offsets[0][0] < mono - STRAY_S:
            self._offsets.popleft()
        moved_s = offset_s - self._offsets[0][1] if self._offsets else 0.0
        has_stepped = abs(moved_s) > STEP_S
        if has_stepped:
            self._offsets.clear()
        if not self._offsets or mono - self._offsets[-1][0] >= SAMPLE_S:
            self._offsets.append((mono, offset_s))
        return moved_s if has_stepped else 0.0

    def _trust(self, mono: float, synchronised: bool) -> Trust:
        in_doubt = self._suspect_until is not None and mono < self._suspect_until
        is_restless = in_doubt and sum(at_s >= mono - RESTLESS_S for at_s in self._steps) >= RESTLESS
        if synchronised and not is_restless:
            self._was_trusted, self._suspect_until, self._known = True, None, None
            return Trust.TRUSTED
        if in_doubt:
            return Trust.SUSPECT
        self._suspect_until = None
        return Trust.HOLDOVER if self._was_trusted else Trust.PLAUSIBLE


class SystemClock:
    """The machine's own clock."""

    def __init__(self, known: datetime | None = None) -> None:
        self._judge = ClockJudge(known)

    def read(self) -> ClockReading:
        """The present reading, with the kernel's own figures."""
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

    def read(self) -> ClockReading:
        """The present reading of virtual time."""
        mono = boot_time()
        return ClockReading(self._start + timedelta(seconds=(mono - self._began) * self._speed), mono, pace=self._speed)

    def real_s(self, wall_s: float) -> float:
        """Shorter by the speed."""
        return wall_s / self._speed


class WakeUp:
    """Wakes its owner at one instant of wall time, by a single job of APScheduler.

    The job may run late or not at all (a step, a suspend): the owner reads the clock again when woken, and its regular
    tick covers a missed job.
    """

    def __init__(self, clock: Clock, wake: Callable[[], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._wake_s: float | None = None
        """When it wakes its owner, boot time."""
        # imported here: commands that only read the clock start in two thirds of the time without it
        from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: PLC0415

        self._scheduler = AsyncIOScheduler(timezone=UTC)

    async def __aenter__(self) -> "WakeUp":
        self._scheduler.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        from asyncio import sleep  # noqa: PLC0415

        self._scheduler.shutdown(wait=False)
        await sleep(0)

    def wake_at(self, instant: datetime) -> None:
        """Wake at this instant instead of any set before."""
        reading = self._clock.read()
        real_s = max(0.0, self._clock.real_s((instant - reading.wall).total_seconds()))
        if self._wake_s is not None and abs(self._wake_s - (reading.mono + real_s)) < SAME_S:
            return
        self._wake_s = reading.mono + real_s
        run_date = datetime.now(UTC) + timedelta(seconds=real_s)
        options = {"id": "next", "replace_existing": True, "misfire_grace_time": None, "max_instances": 2}
        # without a zone APScheduler looks up the host's, which fails for a POSIX TZ such as EST5EDT
        self._scheduler.add_job(self._due, "date", run_date=run_date, timezone=UTC, **options)

    async def _due(self) -> None:
        """A coroutine, because APScheduler calls anything else in a thread."""
        self._wake_s = None
        self._wake()


def boot_time() -> float:
    """Seconds since boot, suspends included; never stepped."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2) up to its error bound; the rest is padding."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("room", ctypes.c_byte * 256),
    )


def kernel_error_s() -> float | None:
    """The kernel's bound on the error of wall time in seconds; None if the kernel gives none (not Linux)."""
    timex = _Timex()
    with contextlib.suppress(OSError, AttributeError):
        if _libc().adjtimex(ctypes.byref(timex)) >= 0:
            return float(timex.maxerror) / 1e6
    return None


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
