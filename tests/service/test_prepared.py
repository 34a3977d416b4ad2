"""What is sent at the instant was decided before it, and is what would have been decided then."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from controller.clock import ClockReading, Trust
from controller.gateways import GATEWAYS, Gateway
from controller.gateways.base import Message
from controller.schedule.plan import Program
from controller.service.controller import MOST_DECIDED, MOST_PREPARED, Controller, TurnResult
from controller.service.prepared import AHEAD_S, LASTS_S, LATE_S

CUE = datetime(2026, 11, 20, 18, tzinfo=UTC)
COUNT = 3 * MOST_DECIDED
"""No more than are sent at one stroke."""
ON = b'{"state": "ON", "brightness": 255, "color_mode": "rgb", "color": {"r": 255, "g": 0, "b": 0}}'
BLUE = ON.replace(b'"r": 255, "g": 0, "b": 0', b'"r": 0, "g": 0, "b": 255')
EVENINGS = """campaigns:
  - {name: x, dates: every day, hours: "19:00 to 23:00", color: red, fade_in: 0 s, fade_out: 0 s}
"""
STEP_S = 5.2
"""26 s are five of them, though the float is a little less."""
STEPS = EVENINGS.replace("color: red", f"color: [red, blue], change_every: {STEP_S} s")


def reading(seconds: float) -> ClockReading:
    """A look at the clock so long after the cue."""
    return ClockReading(CUE + timedelta(seconds=seconds), 5000.0 + seconds)


def lamps(count: int) -> tuple[Gateway, ...]:
    """Lamps of a vendor that report what they were sent. No two are alike, so that each is decided by itself."""
    kind = GATEWAYS["home-assistant"]
    keys = (
        {"command_topic": f"lamp/{n}/set", "state_topic": f"lamp/{n}", "max_kelvin": 6000 + n} for n in range(count)
    )
    return tuple(kind.model_validate({"name": f"lamp-{n}", "zone": "bowl", **each}) for n, each in enumerate(keys))


def turns(controller: Controller, now: ClockReading) -> Iterator[TurnResult]:
    """This turn, and those that follow at once."""
    while True:
        result = controller.turn(now)
        yield result
        if result.wake_s is None or result.wake_s > now.mono:
            return


def report(controller: Controller, number: int, payload: bytes, now: ClockReading) -> None:
    """A lamp reports."""
    controller.receive(f"lamp/{number}", payload, False, now)


@pytest.fixture
def settled(scheduled: Callable[[str], Program]) -> Callable[..., Controller]:
    """Makes a controller whose lamps have all confirmed dark."""

    def make(count: int = COUNT) -> Controller:
        controller = Controller(lamps(count), "w", scheduled(EVENINGS))
        controller.connected(reading(-60))
        for seconds in (-60, -59):
            list(turns(controller, reading(seconds)))
        for number in range(count):
            report(controller, number, b'{"state": "OFF"}', reading(-58))
        list(turns(controller, reading(-57)))
        assert controller.confirmed_zones == tuple(controller.program.zones[:1])
        return controller

    return make


def sent(results: Iterator[TurnResult]) -> list[Message]:
    """All messages, in their order."""
    return [message for result in results for message in result.messages]


def prepare(controller: Controller) -> None:
    """Live through the seconds before the cue; nothing is sent in them."""
    assert not sent(result for seconds in (-AHEAD_S, -1.0) for result in turns(controller, reading(seconds)))


def disturb_nothing(_: Controller) -> None:
    """What was prepared is used."""


def disturb_lamp(controller: Controller) -> None:
    """One is switched on by hand just before: it need not be sent what it shows already."""
    report(controller, 7, ON, reading(-0.5))
    list(turns(controller, reading(-0.4)))


def disturb_at_last(controller: Controller) -> None:
    """One is switched on by hand, and no turn comes before the cue."""
    report(controller, 7, ON, reading(-0.001))


def disturb_connection(controller: Controller) -> None:
    """A connection that began a second before: all are sent theirs again, once."""
    controller.connected(reading(-1))


@pytest.mark.parametrize("disturb", [disturb_nothing, disturb_lamp, disturb_at_last, disturb_connection])
def test_what_was_prepared_is_what_would_be_decided(
    settled: Callable[[], Controller], disturb: Callable[[Controller], None]
) -> None:
    """Messages, states and events, beside a controller that slept through the seconds before; but for the numbers of
    orders that were never sent."""
    prepared, surprised = settled(), settled()
    prepare(prepared)
    for each in (prepared, surprised):
        disturb(each)
    results = [list(turns(each, reading(0))) for each in (prepared, surprised)]
    assert sent(iter(results[0])) == sent(iter(results[1]))
    assert len(sent(iter(results[0]))) >= COUNT - 1
    assert prepared.states == surprised.states
    payloads = [
        [(event.code, {**event.fields, "command_id": ""}) for result in each for event in result.events]
        for each in results
    ]
    assert payloads[0] == payloads[1]


def test_at_the_instant_it_is_only_sent(settled: Callable[[], Controller]) -> None:
    """The first at once and the others at one stroke, since nothing is left to decide; without, it takes more."""
    prepared, surprised = settled(), settled()
    prepare(prepared)
    strokes = [[len(each.messages) for each in turns(one, reading(0))] for one in (prepared, surprised)]
    assert strokes[0][:2] == [MOST_DECIDED, COUNT - MOST_DECIDED]
    assert strokes[1][:3] == [MOST_DECIDED] * 3


@pytest.mark.parametrize(
    ("seconds", "most"), [(2 * LATE_S, MOST_PREPARED), (LASTS_S, MOST_PREPARED), (LASTS_S + 0.1, MOST_DECIDED)]
)
def test_what_was_begun_at_the_instant_is_sent_however_long_it_takes(
    settled: Callable[..., Controller], seconds: float, most: int
) -> None:
    """A slow machine sends thousands for a second or two; but not until the next step of a sequence."""
    controller = settled(2 * MOST_PREPARED)
    prepare(controller)
    assert len(controller.turn(reading(0)).messages) == MOST_DECIDED
    assert len(controller.turn(reading(seconds)).messages) == most


def test_a_turn_that_is_due_at_the_instant_is_woken_for_it(settled: Callable[[], Controller]) -> None:
    """And before it in time to prepare; between the two it sleeps."""
    controller = settled()
    *_, last = turns(controller, reading(-20))
    assert last.wake_s == pytest.approx(reading(-AHEAD_S).mono)
    *_, last = turns(controller, reading(-AHEAD_S))
    assert last.wake_s == pytest.approx(reading(0).mono, abs=0.001)


@pytest.mark.parametrize("change", ["rules", "clock", "a little", "late"])
def test_what_has_changed_throws_it_away(
    settled: Callable[[], Controller], scheduled: Callable[[str], Program], change: str
) -> None:
    """Other rules light another colour, at once; after a step of the clock, or a turn that was held up, all is decided
    again, and no command counts from an instant that has passed."""
    controller = settled()
    prepare(controller)
    now = reading(0)
    if change == "rules":
        controller.follow(scheduled(EVENINGS.replace("red", "blue")))
    elif change == "clock":
        now = replace(now, mono=now.mono + 100, stepped_s=-100.0)
    elif change == "a little":  # too little to be called a step
        now = replace(now, wall=now.wall + timedelta(seconds=4))
    else:
        now = reading(3)
    first = controller.turn(now)
    assert len(first.messages) <= MOST_DECIDED
    payloads = {message.payload for message in (*first.messages, *sent(turns(controller, now)))}
    assert len(payloads) == 1
    assert (b'"b":255' in payloads.pop()) is (change == "rules")
    commands = [state.phase.command for state in controller.states.values() if hasattr(state.phase, "command")]
    assert {command.began_s for command in commands if command is not None} == {now.mono}


@pytest.fixture
def alternating(settled: Callable[[], Controller], scheduled: Callable[[str], Program]) -> Callable[[], Controller]:
    """Makes the same controller, with lamps that take turns in two colours from the cue on, and were sent the first."""

    def make() -> Controller:
        controller = settled()
        controller.follow(scheduled(STEPS))
        list(turns(controller, reading(-50)))
        prepare(controller)
        assert len(sent(turns(controller, reading(0)))) == COUNT
        return controller

    return make


def test_no_step_of_a_sequence_is_left_out(alternating: Callable[[], Controller]) -> None:
    """Each is prepared for its own instant, and a step that was missed would be shown by nobody."""
    controller = alternating()
    for step in range(1, 8):
        at_s = step * STEP_S
        for number in range(COUNT):
            report(controller, number, ON if step % 2 else BLUE, reading(at_s - 3))
        list(turns(controller, reading(at_s - 2)))
        messages = sent(turns(controller, reading(at_s + 0.0001)))
        assert len(messages) == COUNT
        assert all((b'"b":255' in message.payload) is (step % 2 == 1) for message in messages)


def test_no_step_of_a_sequence_is_taken_early(alternating: Callable[[], Controller]) -> None:
    """Not even if all are decided again a moment before it."""
    controller = alternating()
    list(turns(controller, reading(STEP_S - 1)))
    synchronised = replace(reading(STEP_S - 0.2), trust=Trust.HOLDOVER)
    assert not any(b'"b":255' in message.payload for message in sent(turns(controller, synchronised)))


def test_a_clock_that_goes_slower_is_waited_for_asleep(settled: Callable[[], Controller]) -> None:
    """What was prepared for an instant that is too early is prepared again, and used at the right one."""
    controller = settled()
    prepare(controller)
    slow = replace(reading(0), wall=CUE - timedelta(seconds=3))
    *_, last = islice(turns(controller, slow), 50)
    assert last.wake_s is not None
    assert last.wake_s > slow.mono + 1
    assert len(sent(islice(turns(controller, replace(slow, wall=CUE, mono=slow.mono + 3)), 2))) == COUNT
