"""The clock: how far it is trusted, as a table of what happens to it; and the wake-up, with the real APScheduler."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NoReturn
from zoneinfo import ZoneInfoNotFoundError

import apscheduler.schedulers.base
import apscheduler.triggers.date
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.clock import (
    CEILING,
    FLOOR,
    SLOWED,
    Clock,
    ClockJudge,
    ClockReading,
    ForwardTime,
    SystemClock,
    Trust,
    VirtualClock,
    WakeUp,
    boot_time,
    kernel_error_s,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SYNCED, ADRIFT, UNKNOWN = 0.01, 16.0, None

# what happens: (seconds passed on the boot clock, wall shift against it, the kernel's bound) -> the trust after each
STORIES = {
    "never synchronised": ([(0, 0, ADRIFT), (60, 0, ADRIFT)], ["plausible", "plausible"]),
    "not on linux": ([(0, 0, UNKNOWN)], ["plausible"]),
    "synchronised": ([(0, 0, SYNCED)], ["trusted"]),
    "just below the bound": ([(0, 0, 15.999)], ["trusted"]),
    "synchronised, then offline for hours": ([(0, 0, SYNCED), (40_000, 0, ADRIFT)], ["trusted", "holdover"]),
    "and back": ([(0, 0, SYNCED), (9, 0, ADRIFT), (9, 0, SYNCED)], ["trusted", "holdover", "trusted"]),
    "a small correction is none": ([(0, 0, ADRIFT), (1, 4.9, ADRIFT)], ["plausible", "plausible"]),
    "nor one back": ([(0, 0, ADRIFT), (1, -4.9, ADRIFT)], ["plausible", "plausible"]),
    "a little more is a step": ([(0, 0, ADRIFT), (1, 5.1, ADRIFT)], ["plausible", "suspect"]),
    "also back": ([(0, 0, ADRIFT), (1, -5.1, ADRIFT)], ["plausible", "suspect"]),
    "a step forward": (
        [(0, 0, ADRIFT), (1, 3600, ADRIFT), (119.9, 0, ADRIFT), (0.2, 0, ADRIFT)],
        ["plausible", "suspect", "suspect", "plausible"],
    ),
    "a step back": ([(0, 0, ADRIFT), (1, -3600, ADRIFT), (120, 0, ADRIFT)], ["plausible", "suspect", "plausible"]),
    "a step of a year": (
        [(0, 0, ADRIFT), (1, 3.2e7, ADRIFT), (119, 0, ADRIFT), (1, 0, ADRIFT)],
        ["plausible", "suspect", "suspect", "plausible"],
    ),
    "a step that the kernel vouches for": ([(0, 0, ADRIFT), (1, 3600, SYNCED)], ["plausible", "trusted"]),
    "a step where there was a time server": (
        [(0, 0, SYNCED), (1, 60, ADRIFT), (599, 0, ADRIFT), (1, 0, ADRIFT)],
        ["trusted", "suspect", "suspect", "holdover"],
    ),
    "which puts it right": (
        [(0, 0, SYNCED), (1, 60, ADRIFT), (300, -60, SYNCED)],
        ["trusted", "suspect", "trusted"],
    ),
    "another step while it settles": (
        [(0, 0, ADRIFT), (1, 60, ADRIFT), (119, -60, ADRIFT), (119, 0, ADRIFT), (1, 0, ADRIFT)],
        ["plausible", "suspect", "suspect", "suspect", "plausible"],
    ),
    "back in 1970": (
        [(0, 0, ADRIFT), (1, -1.79e9, ADRIFT), (1000, 0, ADRIFT)],
        ["plausible", "suspect", "suspect"],
    ),
    "back in 1970, whatever the kernel says": ([(0, 0, SYNCED), (1, -1.79e9, SYNCED)], ["trusted", "suspect"]),
    "in the year 2150": ([(0, 0, ADRIFT), (1, 3.9e9, SYNCED), (1000, 0, ADRIFT)], ["plausible", "suspect", "suspect"]),
    "a suspend is no step": ([(0, 0, ADRIFT), (8 * 3600, 0, ADRIFT)], ["plausible", "plausible"]),
}


@pytest.mark.parametrize("story", STORIES)
def test_trust(story: str) -> None:
    """What happens to a clock, and how far it is trusted after each."""
    happenings, trusts = STORIES[story]
    judge, mono, wall = ClockJudge(), 500.0, NOON
    seen = []
    for passed, shift, error in happenings:
        mono, wall = mono + passed, wall + timedelta(seconds=passed + shift)
        seen.append(judge.judge(wall, mono, error).trust.value)
    assert seen == trusts


@pytest.mark.parametrize(
    ("behind_s", "after_s", "trust"),
    [
        (0, 0, "plausible"),
        (4, 0, "plausible"),
        (60, 0, "suspect"),
        (60, 119, "suspect"),
        (60, 120, "plausible"),
        (-399 * 86_400, 0, "plausible"),
        (-401 * 86_400, 0, "suspect"),
        (-401 * 86_400, 120, "plausible"),
    ],
)
def test_a_start_far_from_what_was_known(behind_s: float, after_s: float, trust: str) -> None:
    """After a power cut without a battery the clock lies before what this site wrote, or years after it: doubted for
    two minutes, in which a time server may put it right."""
    judge = ClockJudge(known=NOON)
    wall = NOON - timedelta(seconds=behind_s)
    judge.judge(wall, 0.0, ADRIFT)
    assert judge.judge(wall + timedelta(seconds=after_s), after_s, ADRIFT).trust.value == trust


def test_a_known_time_far_ahead_locks_nothing_out() -> None:
    """Someone once ran it in 2090: after two minutes of doubt today is believed again."""
    judge = ClockJudge(known=datetime(2090, 1, 1, tzinfo=UTC))
    assert judge.judge(NOON, 0.0, ADRIFT).trust is Trust.SUSPECT
    assert judge.judge(NOON + timedelta(seconds=121), 121.0, ADRIFT).trust is Trust.PLAUSIBLE


def test_steps_add_up_and_every_reader_sees_them() -> None:
    """Two that read the same clock by turns: neither takes a step away from the other."""
    judge = ClockJudge()
    judge.judge(NOON, 0.0, SYNCED)
    first = judge.judge(NOON + timedelta(seconds=3601), 1.0, SYNCED)
    second = judge.judge(NOON + timedelta(seconds=3601.5), 1.5, SYNCED)
    back = judge.judge(NOON + timedelta(seconds=3), 3.0, SYNCED)
    assert (first.stepped_s, second.stepped_s, back.stepped_s) == (3600.0, 3600.0, 0.0)


def test_the_beat_knows_no_steps() -> None:
    """What fades are counted on goes on evenly while the wall jumps."""
    judge = ClockJudge()
    before = judge.judge(NOON, 0.0, SYNCED)
    after = judge.judge(NOON - timedelta(hours=5) + timedelta(seconds=2), 2.0, SYNCED)
    assert after.paced_s - before.paced_s == pytest.approx(2.0)


@pytest.mark.parametrize("error_s", [ADRIFT, SYNCED], ids=["by nobody's word", "whatever the kernel says"])
@pytest.mark.parametrize("gain", [4.0, 0.5, 0.1, -0.1, -0.5, -1.0])
def test_a_clock_that_runs_wrong_is_not_believed(gain: float, error_s: float) -> None:
    """It gains or loses so many seconds in each, or does not move: suspect within ten minutes, and for as long as it
    goes on."""
    judge = ClockJudge()
    readings = [judge.judge(NOON + timedelta(seconds=at * (1 + gain)), at, error_s) for at in range(1800)]
    believed = [reading.mono for reading in readings if reading.trust is not Trust.SUSPECT]
    assert max(believed) < 600
    assert readings[-1].steps >= 4


def test_a_clock_that_runs_a_little_wrong_is_found_in_time() -> None:
    """It gains 36 s an hour: seconds at a time are believed, and after an hour nothing any more."""
    judge = ClockJudge()
    readings = [judge.judge(NOON + timedelta(seconds=at * 1.01), at, ADRIFT) for at in range(3 * 3600)]
    assert all(reading.trust is Trust.SUSPECT for reading in readings[3600:])


@pytest.mark.parametrize("gain", [500e-6, -500e-6])
def test_a_clock_that_is_slewed_is_believed(gain: float) -> None:
    """As fast as a kernel slews; on Linux the boot-time clock goes with it, elsewhere it may not."""
    judge = ClockJudge()
    readings = [judge.judge(NOON + timedelta(seconds=at * (1 + gain)), at, ADRIFT) for at in range(0, 90_000, 10)]
    assert {reading.trust for reading in readings} == {Trust.PLAUSIBLE}
    assert readings[-1].stepped_s == 0


def test_small_moves_add_up_to_a_step() -> None:
    """Twice 3 s within an hour are 6; with a day between them they are none."""
    for pause_s, moved_s in ((1800, 6.0), (86_400, 0.0)):
        judge, offset_s = ClockJudge(), 0.0
        for mono in (*range(0, pause_s, 60), *range(pause_s, pause_s + 100, 10)):
            offset_s = 0.0 if mono == 0 else 3.0 if mono < pause_s else 6.0
            reading = judge.judge(NOON + timedelta(seconds=mono + offset_s), mono, SYNCED)
        assert reading.stepped_s == moved_s


def test_a_clock_that_was_moved_again_and_again_must_settle_for_longer() -> None:
    """The fourth time within an hour costs four times two minutes."""
    judge = ClockJudge()
    for count in range(5):
        judge.judge(NOON + timedelta(seconds=30 * count), 20.0 * count, ADRIFT)
    last_s = 80.0
    assert judge.judge(NOON + timedelta(seconds=40 + last_s + 479), last_s + 479, ADRIFT).trust is Trust.SUSPECT
    assert judge.judge(NOON + timedelta(seconds=40 + last_s + 480), last_s + 480, ADRIFT).trust is Trust.PLAUSIBLE


def test_a_clock_behind_the_last_known_time_is_reported_until_it_has_passed_it() -> None:
    """Also after it was believed for want of a better one; never where a time server holds it."""
    judge, three_days = ClockJudge(known=NOON), timedelta(days=3)
    assert judge.judge(NOON - three_days, 0.0, ADRIFT).known == NOON
    settled = judge.judge(NOON - three_days + timedelta(seconds=200), 200.0, ADRIFT)
    assert (settled.trust, settled.known) == (Trust.PLAUSIBLE, NOON)
    assert judge.judge(NOON, three_days.total_seconds(), ADRIFT).known is None
    assert ClockJudge(known=NOON).judge(NOON - three_days, 0.0, SYNCED).known is None
    assert ClockJudge(known=NOON).judge(NOON + timedelta(days=401), 0.0, ADRIFT).known == NOON


def test_a_time_server_that_vouches_for_a_clock_has_the_last_word_on_what_was_known() -> None:
    """Also when it is gone again."""
    judge = ClockJudge(known=NOON + timedelta(days=9000))
    assert judge.judge(NOON, 0.0, ADRIFT).known is not None
    assert judge.judge(NOON + timedelta(seconds=9), 9.0, SYNCED).known is None
    later = judge.judge(NOON + timedelta(hours=9), 9 * 3600.0, ADRIFT)
    assert (later.trust, later.known) == (Trust.HOLDOVER, None)


@pytest.mark.parametrize("known", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_an_absurd_time_on_disk_breaks_nothing(known: datetime) -> None:
    """Whoever wrote it: it counts as the nearest that may be."""
    reading = ClockJudge(known=known).judge(NOON, 0.0, ADRIFT)
    assert reading.known in {None, FLOOR, CEILING}


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-60, 3600)), max_size=30))
def test_time_does_not_go_back_for_small_steps(moves: list[tuple[float, float]]) -> None:
    """Whatever happens to a clock: as long as it was not set back by more than SLOWED below what was read, time goes
    on, never faster than the clock or its own pace, whichever is later."""
    forward, mono, offset_s = ForwardTime(), 0.0, 0.0
    told = forward.at(NOON, mono)
    for passed_s, step_s in moves:
        before, mono, offset_s = told, mono + passed_s, offset_s + step_s
        clock = NOON + timedelta(seconds=mono + offset_s)
        told = forward.at(clock, mono)
        if before - clock <= SLOWED - timedelta(seconds=passed_s):
            assert told >= before
        assert told == clock or clock < told <= before + timedelta(seconds=passed_s)


@pytest.mark.parametrize("back_s", [0.5, 2.0, 8.0, 30.0, 60.0])
def test_a_small_step_back_is_caught_up_in_twice_its_time(back_s: float) -> None:
    """Until then time goes on at half its pace."""
    forward = ForwardTime()
    forward.at(NOON, 0.0)
    told = [forward.at(NOON + timedelta(seconds=at - back_s), at) for at in range(125)]
    assert told == sorted(told)
    late = [at for at in range(125) if told[at] > NOON + timedelta(seconds=at - back_s)]
    assert len(late) == pytest.approx(2 * back_s, abs=1)


def test_a_longer_step_back_is_followed_at_once() -> None:
    """A clock that was an hour ahead showed the wrong light all the time."""
    forward = ForwardTime()
    forward.at(NOON, 0.0)
    assert forward.at(NOON - timedelta(seconds=61), 1.0) == NOON - timedelta(seconds=61)


def test_a_reading_contains_how_far_it_is_ahead_of_the_clock() -> None:
    """So that the event of a step names what the machine's clock shows."""
    judge = ClockJudge()
    judge.judge(NOON, 0.0, SYNCED)
    reading = judge.judge(NOON - timedelta(seconds=20), 0.0, SYNCED)
    assert (reading.wall, reading.ahead_s, reading.stepped_s) == (NOON, 20.0, -20.0)


def test_the_kernel_can_be_asked() -> None:
    """Here, whatever it answers."""
    error_s = kernel_error_s()
    assert error_s is None or error_s >= 0
    reading = SystemClock().read()
    assert reading.wall.utcoffset() == timedelta(0)
    assert boot_time() >= reading.mono


def test_a_virtual_clock_runs_faster_and_waits_stay_real() -> None:
    """Wall time by the speed, boot time as it is."""
    clock = VirtualClock(NOON, 3600.0)
    first, second = clock.read(), clock.read()
    passed = (second.wall - first.wall).total_seconds()
    assert passed == pytest.approx(3600.0 * (second.mono - first.mono), abs=1e-3)
    assert clock.real_s(7200.0) == 2.0
    assert first.trust is Trust.TRUSTED


class Shifted:
    """The machine's clock, and a wall that somebody moves."""

    def __init__(self) -> None:
        self.stepped_s = 0.0

    def read(self) -> ClockReading:
        wall = datetime.now(UTC) + timedelta(seconds=self.stepped_s)  # noqa: TID251
        return ClockReading(wall, boot_time(), stepped_s=self.stepped_s)

    def real_s(self, wall_s: float) -> float:
        return wall_s


async def rung(clock: Clock, act: Callable[[WakeUp], None], within_s: float = 20.0) -> int:
    """How often it woke, when it woke for the first time or time was up."""
    rings, bell = 0, asyncio.Event()

    def ring() -> None:
        nonlocal rings
        rings += 1
        bell.set()

    async with WakeUp(clock, ring) as wake_up:
        act(wake_up)
        try:
            async with asyncio.timeout(within_s):
                await bell.wait()
        except TimeoutError:
            return rings
        await asyncio.sleep(0.05)
    return rings


async def test_the_alarm_rings() -> None:
    """Once, at its instant."""
    clock = Shifted()
    assert await rung(clock, lambda wake_up: wake_up.wake_at(clock.read().wall + timedelta(seconds=0.05))) == 1


async def test_an_instant_that_is_past_rings_at_once() -> None:
    """However long ago: it is never a misfire."""
    clock = Shifted()
    assert await rung(clock, lambda wake_up: wake_up.wake_at(clock.read().wall - timedelta(days=400))) == 1


async def test_the_alarm_is_set_again() -> None:
    """The last instant counts, sooner or later than the one before; there is only ever one."""
    clock = Shifted()

    def act(wake_up: WakeUp) -> None:
        wake_up.wake_at(clock.read().wall + timedelta(seconds=0.02))
        wake_up.wake_at(clock.read().wall + timedelta(hours=1))

    assert await rung(clock, act, within_s=0.2) == 0

    def back(wake_up: WakeUp) -> None:
        act(wake_up)
        wake_up.wake_at(clock.read().wall + timedelta(seconds=0.05))

    assert await rung(clock, back) == 1


async def test_the_same_instant_is_set_again_when_the_clock_was_stepped() -> None:
    """An hour away, then the wall jumps an hour ahead: it is due."""
    clock = Shifted()
    instant = clock.read().wall + timedelta(hours=1)

    def act(wake_up: WakeUp) -> None:
        wake_up.wake_at(instant)
        clock.stepped_s = 3600.0
        wake_up.wake_at(instant)

    assert await rung(clock, act) == 1


async def test_an_alarm_that_rang_can_be_set_to_the_same_instant() -> None:
    """It rang too early, by a clock that runs otherwise: asked again it rings again."""
    clock = Shifted()
    instant = clock.read().wall + timedelta(seconds=0.02)
    rings: list[int] = []
    async with WakeUp(clock, lambda: rings.append(1)) as wake_up:
        for count in (1, 2):
            wake_up.wake_at(instant)
            async with asyncio.timeout(20):
                while len(rings) < count:
                    await asyncio.sleep(0.01)
    assert len(rings) == 2


async def test_the_alarm_never_asks_for_the_zone_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where /etc/timezone or TZ holds what no zone is called, tzlocal raises."""

    def no_zone() -> NoReturn:
        raise ZoneInfoNotFoundError("'No time zone found with key EST5EDT,M3.2.0'")

    for module in (apscheduler.schedulers.base, apscheduler.triggers.date):
        monkeypatch.setattr(module, "get_localzone", no_zone)
    clock = Shifted()
    assert await rung(clock, lambda wake_up: wake_up.wake_at(clock.read().wall + timedelta(seconds=0.02))) == 1
