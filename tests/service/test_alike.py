"""Lamps that are alike are decided together, and all the same as if each were decided by itself."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.clock import ClockReading
from controller.events import CATALOGUE, Level
from controller.gateways import GATEWAYS, Gateway
from controller.schedule.plan import Program
from controller.service.alike import GROUPED
from controller.service.controller import MOST_DECIDED, Controller

CUE = datetime(2026, 11, 20, 18, tzinfo=UTC)
COUNT = 60
EVENINGS = """campaigns:
  - {name: x, dates: every day, hours: "19:00 to 23:00", color: red, fade_in: 0 s, fade_out: 0 s}
"""
ON = b'{"state": "ON", "brightness": 255, "color_mode": "rgb", "color": {"r": 255, "g": 0, "b": 0}}'
OFF = b'{"state": "OFF"}'
OBEDIENT = range(COUNT // 2)
AFTER_S = (0.5, 1.0, 2.0, 2.5, 4.0, 4.5, 6.0, 9.0, 15.0, 20.0, 70.0, 160.0, 300.0)

Events = list[tuple[str, dict[str, object]]]


def reading(seconds: float) -> ClockReading:
    """A look at the clock so long after the cue."""
    return ClockReading(CUE + timedelta(seconds=seconds), 5000.0 + seconds)


def lamp(number: int, **keys: object) -> Gateway:
    """A lamp of a vendor that reports what it was sent."""
    named = {"name": f"lamp-{number}", "command_topic": f"lamp/{number}/set", "state_topic": f"lamp/{number}"}
    return GATEWAYS["home-assistant"].model_validate({"zone": "bowl", **named, **keys})


ALIKE = tuple(lamp(number) for number in range(COUNT))
EACH_ITS_OWN = tuple(lamp(number, max_kelvin=6000 + number) for number in range(COUNT))


class Evening:
    """Lives through a cue; the second half of the lamps obeys nothing."""

    def __init__(self, lamps: Sequence[Gateway], program: Program) -> None:
        self.controller = Controller(tuple(lamps), "w", program)
        self.controller.connected(reading(-60))
        self.sent: list[tuple[float, Any]] = []
        self.events: Events = []
        self.rows = 0
        self.turns(-59)
        self.report(range(COUNT), OFF, -58)
        self.turns(-57)
        for seconds in (-9.0, -5.0, -1.0, 0.0):
            self.turns(seconds)
        self.report(OBEDIENT, ON, 0.1)
        for seconds in AFTER_S:
            self.turns(seconds)
            self.report(OBEDIENT, ON, seconds + 0.1)

    def report(self, numbers: range, payload: bytes, seconds: float) -> None:
        for number in numbers:
            self.controller.receive(f"lamp/{number}", payload, False, reading(seconds))

    def turns(self, seconds: float) -> None:
        now = reading(seconds)
        for _ in range(5 * COUNT):
            result = self.controller.turn(now)
            self.sent += [(seconds, message) for message in result.messages]
            self.events += [(one.code, dict(one.fields)) for event in result.events for one in event.singly()]
            self.rows += len(result.events)
            if result.wake_s is None or result.wake_s > now.mono:
                return
        raise AssertionError("the turns do not end")


def test_they_are_sent_and_reported_as_each_would_be_by_itself(scheduled: Callable[[str], Program]) -> None:
    """Commands, repetitions at times of their own, questions, events with each its own name and command, and states."""
    together, apart = (Evening(lamps, scheduled(EVENINGS)) for lamps in (ALIKE, EACH_ITS_OWN))
    assert together.sent == apart.sent
    for name in (f"lamp-{number}" for number in range(COUNT)):
        about = [[each for each in evening.events if each[1].get("gateway") == name] for evening in (together, apart)]
        assert about[0] == about[1]
    assert sorted(map(repr, together.events)) == sorted(map(repr, apart.events))
    assert together.rows < apart.rows
    assert together.controller.states == apart.controller.states
    commands = [fields["command_id"] for code, fields in together.events if code == "TWL-G101"]
    assert len(set(commands)) == len(commands) >= len(OBEDIENT)
    repeated = {seconds for seconds, message in together.sent if message.topic == f"lamp/{COUNT - 1}/set"}
    assert len(repeated) > 3


@pytest.mark.parametrize("code", sorted(GROUPED))
def test_an_event_of_many_gateways_begins_no_degradation_and_ends_those_of_single_gateways(code: str) -> None:
    """Else it would be a degradation of the one that it names first."""
    kind = CATALOGUE[code]
    assert kind.lasting is None
    lasting = [each.lasting for each in CATALOGUE.values() if each.lasting is not None and code in each.lasting.until]
    assert all((each.about, each.of_gateway) == (("gateway",), True) for each in lasting)
    assert {"gateway", "command_id"} <= kind.fields
    assert kind.level in {Level.DEBUG, Level.INFO}


def test_they_share_their_states(scheduled: Callable[[str], Program]) -> None:
    """One by those that obeyed."""
    states = Evening(ALIKE, scheduled(EVENINGS)).controller.states
    assert len({id(states[f"lamp-{number}"]) for number in OBEDIENT}) == 1


def test_one_turn_decides_more_of_them(scheduled: Callable[[str], Program]) -> None:
    """What is not computed again costs little."""
    first = []
    for lamps in (ALIKE, EACH_ITS_OWN):
        controller = Controller(lamps, "w", scheduled(EVENINGS))
        controller.connected(reading(-60))
        first.append(len(controller.turn(reading(-59)).messages))
    assert first == [COUNT, MOST_DECIDED]


@pytest.mark.parametrize(
    ("keys", "is_alike"),
    [
        ({"name": "other"}, True),
        ({"command_topic": "other/set"}, True),
        ({"state_topic": None}, False),
        ({"availability_topic": "other/there"}, False),
        ({"brightness_scale": 100}, False),
        ({"zone": "mast"}, False),
        ({"color_modes": ("rgbw",)}, False),
    ],
)
def test_what_makes_lamps_alike(keys: dict[str, object], is_alike: bool) -> None:
    """Everything but names and topics; whether there is a topic counts."""
    assert (lamp(1).alike == lamp(2, **keys).alike) is is_alike


def test_gateways_that_keep_the_plan_are_decided_each_by_itself() -> None:
    """What they accepted is their own order."""
    keys = {"fixtures": [{"name": "spot", "zone": "bowl", "profile": "rgb", "address": 1}], "output": "simulated"}
    one, other = (GATEWAYS["dmx"].model_validate({"name": name, **keys}) for name in ("a", "b"))
    assert one.alike != other.alike
