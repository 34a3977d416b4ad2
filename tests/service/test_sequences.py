"""A sequence under what is set by hand: its steps are those of the schedule, at both ends, before, beside and after."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.config.load import Setup
from controller.lighting.look import ZoneState
from controller.schedule.plan import Program
from controller.service.desired import desired_looks
from tests.service.simulated import World

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
"""Long after the window began, and not in the first of its steps."""
SEQUENCE = "campaigns: [{name: x, dates: every day, color: [red, lime, blue], change_every: 7 min, fade_in: 60 s}]\n"
FADED_S = 62.0


class ByHand:
    """A world with a sequence, and a person who sets looks by hand; `plain` is the schedule alone."""

    def __init__(self, world: World, plain: Program) -> None:
        self.world = world
        self.plain = plain

    def ask(self, **keys: Any) -> None:
        """One request, granted."""
        asked = {"version": 1, "id": f"{self.world.mono}", "owner": "Eva", "reason": "prov", **keys}
        since = self.world.mono
        self.world.publish("watertower/override/set", json.dumps(asked).encode())
        self.world.run(0.1)
        assert len({"TWL-O101", "TWL-O102", "TWL-O105", "TWL-O106"} & set(self.world.controller.codes(since))) == 1

    def run(self, seconds: float, *, by_hand: tuple[str, ...] = ()) -> None:
        """Time passes; whenever no step is on its way, every other zone shows the schedule's own."""
        for _ in range(int(seconds // 10)):
            self.world.run(10)
            self.check(by_hand)

    def check(self, by_hand: tuple[str, ...] = ()) -> None:
        """Now."""
        planned = self._planned(0)
        if planned != self._planned(-3):
            return
        shown = self.world.mast.shown(planned)
        assert {zone: shown[zone] for zone in planned if zone not in by_hand} == {
            zone: state for zone, state in planned.items() if zone not in by_hand
        }

    def _planned(self, seconds: float) -> dict[str, ZoneState]:
        at = self.world.wall + timedelta(seconds=seconds)
        return desired_looks(self.plain.zones, self.plain.look_at(at), at)


@pytest.fixture
def person(world_of: Callable[..., World], setup_of: Callable[[str], Setup]) -> ByHand:
    """Both ends show the sequence, confirmed."""
    setup = setup_of(SEQUENCE)
    world = world_of(START, setup=setup)
    world.mast.start()
    world.controller.start()
    found = ByHand(world, setup.program())
    found.run(600)
    return found


def test_a_hand_on_one_zone_leaves_the_steps_of_the_other(person: ByHand) -> None:
    """For its whole length, while it fades away, and after it; nobody is alarmed."""
    for look in ("white", "dark"):
        person.ask(look={"bowl": look}, until="15 min")
        person.run(14 * 60, by_hand=("bowl",))
        person.run(60 + FADED_S, by_hand=("bowl",))
        person.run(10 * 60)
    assert person.world.controller.status() == {"confirmed"}
    assert not {"TWL-G102", "TWL-G103", "TWL-G108"} & set(person.world.controller.codes())


@pytest.mark.parametrize("action", ["resume", "lift"])
def test_after_a_hand_the_step_is_the_one_of_the_schedule(person: ByHand, action: str) -> None:
    """As soon as the fade is over, be it ended, resumed, or a stop that was lifted."""
    person.ask(**({"action": "stop"} if action == "lift" else {"look": "white", "until": "2 h"}))
    person.world.run(1000)
    person.ask(action=action)
    person.world.run(FADED_S)
    person.run(1800)


def test_a_gateway_that_is_left_alone_under_a_hand_finds_back_to_the_step(person: ByHand) -> None:
    """The plan that it keeps counts from the start of the window, for all the time that it is alone."""
    person.ask(look="white", until="10 min")
    person.world.run(60)
    person.world.controller.stop()
    person.world.mast.disconnect()
    person.world.run(540 + FADED_S)
    for _ in range(2 * 60):
        person.world.run(10)
        person.check()


def test_the_document_says_when_the_window_began(person: ByHand) -> None:
    """In the look in force and in every cue, whatever is set by hand."""
    began = person.world.desired.zones["shaft"].sequence.started_at
    assert began < START - timedelta(hours=1)
    person.ask(look={"bowl": "white"}, until="30 min")
    person.world.run(2)
    desired = person.world.desired
    assert desired.zones["bowl"].sequence is None
    assert desired.zones["shaft"].sequence.started_at == began
    tonight = [cue for cue in desired.cues if cue.at < START + timedelta(hours=2)]
    assert len(tonight) >= 2
    assert {cue.zones["shaft"].sequence.started_at for cue in tonight} == {began}


def test_a_lamp_goes_on_with_the_steps_when_the_clock_is_set_back(
    world_of: Callable[..., World], setup_of: Callable[[str], Setup]
) -> None:
    """The next step is soon, not when the clock shows again what it had shown before."""
    rule = "campaigns: [{name: x, dates: every day, color: [red, lime], change_every: 10 s, fade_in: 0 s}]\n"
    world = world_of(START, vendors=("wled",), setup=setup_of(rule))
    world.vendor.start()
    world.controller.start()
    for step_s in (3600, -3600):
        world.run(30)
        world.controller.clock.step(step_s)
    world.run(10)
    since_s = world.mono
    world.run(60)
    sent = [message.payload for at_s, who, message in world.sent if who == "controller" and at_s >= since_s]
    assert sum(b'"col"' in payload for payload in sent) == 6
