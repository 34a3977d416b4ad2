"""The one clock. Everything else is handed a `ClockReading` and never asks for the time itself.

Wall time is aware UTC. Waits, ages and time-outs are counted on the boot-time clock, which no step moves and which
counts a suspend. How far wall time can be trusted is a state (`Trust`); while it is suspect nothing is changed, and
gateways of ours go on by their plan.
"""

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
"""Outside these no clock is right, whatever the kernel says of it: it never settles there."""
STEP_S = 5.0
"""A step is a move of wall time against the boot-time clock by more than this, at once or within STRAY_S: the kernel
slews both clocks together, so that only setting the clock parts them."""
STRAY_S = 3600.0
"""5 s an hour are 0.14 %: far from any quartz (0.01 %), and found long before the light is minutes off."""
SAMPLE_S = 60.0
RESTLESS = 4
"""From so many steps an hour on the clock runs wrong, and must settle for longer with each. An administrator who sets a
clock by hand needs one step or two, and a time server that does so one more."""
RESTLESS_S = 600.0
"""With RESTLESS steps in this, not even the kernel's word counts until the clock has settled."""
SLOWED = timedelta(seconds=60)
SLOW = 0.5
"""How fast wall time goes on, of its own pace, while the clock catches up: half a minute takes a minute."""
SETTLE_S = 120.0
"""A suspect clock settles when it runs on for so long without another step: somebody may truly have set it right, and a
time server that is still at it needs some of that time."""
CORRECTED_S = 600.0
"""The same for a clock that was trusted before it was stepped, and so has a time server: systemd-timesyncd asks again
when the clock was set, chrony at its next poll, each minute or so, seldom later."""
LONGEST_AWAY = timedelta(days=400)
SYNCHRONISED_BELOW_S = 16.0
"""The bound on the kernel's error by which systemd's timedated tells a synchronised clock."""
SAME_S = 0.005
"""A wake-up that is due within this of another is the same."""


class Trust(StrEnum):
    """How far wall time can be trusted.

    Trusted: synchronised, as the kernel has it. Holdover: it was since this start; it drifts by seconds a day, harmless
    for weeks. Plausible: never synchronised here, but not before the last time that this site knew, nor LONGEST_AWAY
    after it; or it has settled all the same. Suspect: outside that, or just stepped.
    """

    TRUSTED = "trusted"
    HOLDOVER = "holdover"
    PLAUSIBLE = "plausible"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One look at the clock: `wall` in UTC, `mono` in seconds that never step.

    `stepped_s` is the sum of all steps of the clock since it was first read, `steps` how many of them were in the last
    STRAY_S. `pace` is how many seconds the wall goes in one of `mono`: more than 1 in time-lapse, where every delay
    looks so much the longer. `ahead_s` is how far the wall is still ahead of what the machine's clock shows, after a
    small step back. `known` is the latest time that this site wrote before it started, where the wall lies before it,
    or LONGEST_AWAY after it, and no time server vouches for that.
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
    def beat_s(self) -> float:
        """Seconds that pass as those of the wall do, and are never stepped: what fades are counted on."""
        return self.mono * self.pace


class Clock(Protocol):
    """What everything that runs is handed."""

    def read(self) -> ClockReading:
        """Now."""

    def real_s(self, wall_s: float) -> float:
        """How many real seconds pass in so many seconds of wall time."""


class ForwardTime:
    """Wall time that is not turned back by a little, so that no cue is undone and taken again: set back by no more than
    SLOWED, it goes on at the pace SLOW until the clock has caught up. A longer way back is followed at once."""

    def __init__(self) -> None:
        self._last: tuple[datetime, float] | None = None

    def at(self, wall: datetime, mono: float, pace: float = 1.0) -> datetime:
        """The time to go by where the clock shows `wall`; `mono` and `pace` as in a reading."""
        if self._last is not None:
            last, last_s = self._last
            slow = last + timedelta(seconds=max(0.0, mono - last_s) * pace * SLOW)
            if timedelta(0) < slow - wall <= SLOWED:
                wall = slow
        self._last = (wall, mono)
        return wall


class ClockJudge:
    """Keeps the state of trust from one reading to the next; `known` is the latest wall time that this site wrote."""

    def __init__(self, known: datetime | None = None) -> None:
        self._known = min(max(known, FLOOR), CEILING) if known is not None else None
        self._forward = ForwardTime()
        self._offsets: deque[tuple[float, float]] = deque()
        """The boot-time clock, and how far the wall was ahead of it, each SAMPLE_S of the last STRAY_S."""
        self._steps: deque[float] = deque()
        self._stepped_s = 0.0
        self._suspect_until: float | None = None
        self._was_trusted = False

    def judge(self, wall: datetime, mono: float, error_s: float | None) -> ClockReading:
        """The reading of this instant; `error_s` is the kernel's bound on the wall clock's error, None if unknown."""
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
        """How far the wall has moved against the boot-time clock in STRAY_S, or since a step; 0 within STEP_S."""
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

    def read(self) -> ClockReading:
        """Now, on the virtual wall."""
        mono = boot_time()
        return ClockReading(self._start + timedelta(seconds=(mono - self._began) * self._speed), mono, pace=self._speed)

    def real_s(self, wall_s: float) -> float:
        """Shorter by the speed."""
        return wall_s / self._speed


class WakeUp:
    """Wakes its owner at one instant of wall time: APScheduler's one job, which never owns the truth.

    The job may come late or not at all (a step, a suspend): whoever is woken asks the clock again, and a steady tick
    beside it catches what it missed.
    """

    def __init__(self, clock: Clock, wake: Callable[[], None]) -> None:
        self._clock = clock
        self._wake = wake
        self._wake_s: float | None = None
        """When it is to wake its owner, boot time."""
        # imported by who runs: commands that only read the clock start in two thirds of the time without it
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
        """Wake at this instant instead of any that was set before."""
        reading = self._clock.read()
        real_s = max(0.0, self._clock.real_s((instant - reading.wall).total_seconds()))
        if self._wake_s is not None and abs(self._wake_s - (reading.mono + real_s)) < SAME_S:
            return
        self._wake_s = reading.mono + real_s
        run_date = datetime.now(UTC) + timedelta(seconds=real_s)
        options = {"id": "next", "replace_existing": True, "misfire_grace_time": None, "max_instances": 2}
        # without a zone APScheduler asks for the host's, and there is no name for a POSIX TZ such as EST5EDT
        self._scheduler.add_job(self._due, "date", run_date=run_date, timezone=UTC, **options)

    async def _due(self) -> None:
        """A coroutine, since APScheduler calls anything else in a thread of its own."""
        self._wake_s = None
        self._wake()


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
