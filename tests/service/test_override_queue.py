"""Requests by hand as they come in: answered one after another, a flood in bounds, nothing by a clock in doubt."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.clock import ClockReading, Trust
from controller.config.load import load
from controller.service.override_request import OverridePolicy
from controller.service.overrides import MOST_ANSWERS, MOST_GRANTED, MOST_WAITING, OverrideManager, OverrideQueue
from controller.simulation.controller_host import SimulatedDisk

SETUP = load(Path(__file__).parents[2] / "config")
EVENING = ClockReading(datetime(2026, 11, 20, 18, tzinfo=UTC), 1000.0)


@pytest.fixture
def hand() -> OverrideManager:
    """Nothing is set yet."""
    disk = SimulatedDisk()
    return OverrideManager(disk, OverridePolicy(SETUP.program(), SETUP.tower.palette, timedelta(days=7)))


def asked(name: str, **keys: Any) -> bytes:
    """A request that would be granted, with changes."""
    document = {"version": 1, "id": name, "look": "red", "until": "1 h", "owner": "Eva", "reason": "prov", **keys}
    return json.dumps(document).encode()


def later(seconds: float) -> ClockReading:
    """A look at the clock so long after."""
    return replace(EVENING, wall=EVENING.wall + timedelta(seconds=seconds), mono=EVENING.mono + seconds)


async def test_requests_are_answered_in_their_order(hand: OverrideManager) -> None:
    """Each turn of work one of them, until none waits."""
    desk = OverrideQueue(hand)
    for name in ("a", "b"):
        assert desk.receive(asked(name), EVENING) == ()
    answers = [event.fields["id"] for _ in range(2) for event in await desk.work(EVENING)]
    assert (answers, desk.has_work) == (["a", "b"], False)
    assert await desk.work(EVENING) == ()


async def test_a_request_that_comes_over_two_brokers_is_answered_once(hand: OverrideManager) -> None:
    """The second while the first waits or is worked on; later, as one who asks again does, it is answered again."""
    desk = OverrideQueue(hand)
    for number, payload in enumerate((asked("a"), asked("b"), asked("b"), asked("a"))):
        assert desk.receive(payload, later(number / 1000)) == ()
    assert [event.fields["id"] for _ in range(4) for event in await desk.work(EVENING)] == ["a", "b"]
    desk.receive(asked("a"), later(2))
    assert [event.fields["id"] for event in await desk.work(later(2))] == ["a"]


async def test_a_stop_acts_before_what_waits(hand: OverrideManager) -> None:
    """Its answer comes in its turn."""
    desk = OverrideQueue(hand)
    desk.receive(asked("a"), EVENING)
    desk.receive(asked("s", action="stop"), EVENING)
    assert hand.stop is not None
    assert [event.code for _ in range(2) for event in await desk.work(EVENING)] == ["TWL-O110", "TWL-O105"]


async def test_a_flood_of_refusals_is_counted(hand: OverrideManager) -> None:
    """MOST_ANSWERS are emitted, the rest in one line when the minute is over; granted requests are emitted besides
    them."""
    desk, events = OverrideQueue(hand), []
    for number in range(MOST_ANSWERS + 7):
        desk.receive(asked(f"r{number}", look="blurple"), EVENING)
        events += await desk.work(EVENING)
    desk.receive(asked("a"), EVENING)
    events += await desk.work(EVENING)
    assert [event.code for event in events] == ["TWL-O110"] * MOST_ANSWERS + ["TWL-O101"]
    (summary,) = await desk.work(later(61))
    assert (summary.code, summary.fields["times"]) == ("TWL-C040", 7)


async def test_one_request_too_many_is_answered_with_a_time_to_ask_again(hand: OverrideManager) -> None:
    """The others keep their places."""
    desk = OverrideQueue(hand)
    refused = [event for number in range(MOST_WAITING + 1) for event in desk.receive(asked(f"n{number}"), EVENING)]
    assert [(event.code, event.fields["id"]) for event in refused] == [("TWL-O110", f"n{MOST_WAITING}")]


async def test_a_stop_among_too_many_is_kept_and_can_be_lifted(hand: OverrideManager) -> None:
    """The last of the other requests is refused in its place, to be sent again."""
    desk = OverrideQueue(hand)
    for number in range(MOST_WAITING):
        desk.receive(asked(f"n{number}"), EVENING)
    (refused,) = desk.receive(asked("s", action="stop"), EVENING)
    assert refused.fields["id"] == f"n{MOST_WAITING - 1}"
    answers = [event for _ in range(MOST_WAITING) for event in await desk.work(EVENING)]
    assert (answers[-1].code, answers[-1].fields["id"]) == ("TWL-O105", "s")
    desk.receive(asked("l", action="lift"), EVENING)
    await desk.work(EVENING)
    assert hand.stop is None


async def test_nothing_ends_by_a_clock_in_doubt(hand: OverrideManager) -> None:
    """It may be years ahead; what is asked meanwhile is refused, and the end comes once the clock has settled."""
    desk = OverrideQueue(hand)
    desk.receive(asked("a"), EVENING)
    await desk.work(EVENING)
    doubtful = replace(later(7200), trust=Trust.SUSPECT)
    desk.receive(asked("b"), doubtful)
    assert [event.code for event in await desk.work(doubtful)] == ["TWL-O110"]
    assert [event.code for event in await desk.work(later(7200))] == ["TWL-O103"]


@pytest.mark.parametrize("keys", [{}, {"action": "resume"}, {"action": "lift"}])
@pytest.mark.parametrize("same", [False, True])
async def test_no_flood_of_what_is_granted_fills_disk_and_log(
    hand: OverrideManager, keys: dict[str, Any], same: bool
) -> None:
    """Told to come again in a minute, by the clock that no step moves; under one id or many. Then it goes on."""
    desk, events = OverrideQueue(hand), []
    for number in range(20 * MOST_GRANTED):
        desk.receive(asked("a" if same else f"n{number}", **keys), later(number / 100))
        events += await desk.work(later(number / 100))
    granted = [event for event in events if event.code != "TWL-O110"]
    assert MOST_GRANTED <= len(granted) <= MOST_GRANTED + 13
    assert len(events) <= len(granted) + MOST_ANSWERS
    assert "TWL-O112" in str(next(event for event in events if event.code == "TWL-O110").fields["reason"])
    desk.receive(asked("last", **keys), later(90))
    assert (await desk.work(later(90)))[0].code == granted[0].code


async def test_a_flood_of_anything_delays_no_stop_and_no_lift(hand: OverrideManager) -> None:
    """A stop acts at once and is written once, however often it comes; each kind of request has its own allowance."""
    desk = OverrideQueue(hand)
    for number in range(20 * MOST_GRANTED):
        desk.receive(asked(f"n{number}"), EVENING)
        await desk.work(EVENING)
    events = []
    for number in range(3 * MOST_ANSWERS):
        desk.receive(asked(f"s{number}", action="stop"), EVENING)
        assert hand.stop is not None
        events += await desk.work(EVENING)
    assert [event.code for event in events] == ["TWL-O105"] * MOST_ANSWERS
    desk.receive(asked("l", action="lift"), EVENING)
    assert [event.code for event in await desk.work(EVENING)] == ["TWL-O106"]


async def test_a_stop_after_a_lift_that_still_waits_is_a_stop_of_its_own(hand: OverrideManager) -> None:
    """The same button, pressed before and after: the lift is older than the last press."""
    desk = OverrideQueue(hand)
    for payload in (asked("s", action="stop"), asked("l", action="lift"), asked("s", action="stop")):
        desk.receive(payload, EVENING)
    events = [event.code for _ in range(3) for event in await desk.work(EVENING)]
    assert events == ["TWL-O105", "TWL-O110", "TWL-O105"]
    assert hand.stop is not None


async def test_a_flood_of_stops_is_answered_as_stops(hand: OverrideManager) -> None:
    """A stop too many to wait is still in force, and is not answered as refused; all are lifted by one lift."""
    desk = OverrideQueue(hand)
    events = [e for n in range(MOST_WAITING + 5) for e in desk.receive(asked(f"s{n}", action="stop"), EVENING)]
    assert {event.code for event in events} == {"TWL-O107"}, "nothing is on disk yet"
    for _ in range(MOST_WAITING):
        await desk.work(EVENING)
    desk.receive(asked("l", action="lift"), EVENING)
    assert [event.code for event in await desk.work(EVENING)] == ["TWL-O106"]


async def test_a_flood_while_the_disk_is_slow_is_counted_too(hand: OverrideManager) -> None:
    """Work is begun by an earlier look at the clock than what comes meanwhile."""
    desk, events = OverrideQueue(hand), []
    for number in range(10):
        for more in range(MOST_WAITING + 1):
            events += desk.receive(asked(f"m{number}.{more}", look="blurple"), later((number + 0.5) / 100))
        events += await desk.work(later(number / 100))
    assert len([event for event in events if event.code == "TWL-O110"]) <= MOST_ANSWERS


async def test_a_stop_that_a_full_disk_refused_is_tried_again_whatever_the_clock() -> None:
    """Every ten seconds, also by a clock in doubt."""
    disk = SimulatedDisk()
    desk = OverrideQueue(OverrideManager(disk, OverridePolicy(SETUP.program(), SETUP.tower.palette, timedelta(days=7))))
    disk.file.full = True
    desk.receive(asked("s", action="stop"), EVENING)
    assert [event.code for event in await desk.work(EVENING)] == ["TWL-O107"]
    disk.file.full = False
    doubted = [replace(later(second), trust=Trust.SUSPECT) for second in range(1, 22)]
    assert [event.code for reading in doubted for event in await desk.work(reading)] == ["TWL-O115"]
    assert disk.stop is not None
