"""Walk tests from the page: one lamp alone, the answers, and the planned light back whatever happens."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from controller.errors import Refused
from controller.events import Event
from controller.gateways import own_gateways
from controller.gateways.dmx import Dmx
from controller.gateways.wire import Walk
from controller.service.control_loop import ControlLoop
from controller.service.lamp_walk import (
    AGAIN_S,
    AWAY_S,
    STEP_S,
    LampAlarms,
    LampWalk,
    failed_lamps,
    lit_lamps,
    walk_steps,
)
from controller.state.lamp_results import LampFindings, LampResult
from tests.service.simulated import World

LAMPS = ["bowl-north", "bowl-south", "shaft-north", "shaft-south"]
TESTED = datetime(2026, 11, 10, 15, tzinfo=UTC)
WALK = "watertower/gateway/mast/walk"


def loop_of(world: World) -> ControlLoop:
    """What runs in the controller."""
    assert world.controller.loop is not None
    return world.controller.loop


def mast(world: World) -> Dmx:
    """The gateway of the shipped tower."""
    [gateway] = own_gateways(world.setup.tower.gateways)
    return gateway


def begin(world: World, *, channels: bool = False) -> LampWalk:
    """Somebody begins."""
    walk = loop_of(world).walks.start(world.setup, mast(world), channels, "sara", world.controller.read())
    world.run(1)
    return walk


def answer(world: World, number: int, word: str) -> LampWalk | None:
    """Somebody answers."""
    walk = loop_of(world).walks.answer("mast", number, word, world.controller.read())  # type: ignore[arg-type]
    world.run(1)
    return walk


def turns(world: World, seconds: float) -> None:
    """A controller turns each second, as the runtime does."""
    for _ in range(round(seconds)):
        world.run(1)
        if world.controller.loop is not None:
            world.controller.turn()


def lit(world: World) -> list[str]:
    """The fixtures that give light."""
    levels = {number: world.mast.lamps.shown(number, world.mono) or bytes(512) for number in world.mast.patch.universes}
    placed = world.mast.patch.placed
    return [
        each.fixture.name for each in placed if any(levels[each.universe][each.channels.start : each.channels.stop])
    ]


def steps_sent(world: World) -> list[str | None]:
    """The fixtures of the steps that went out, None for an end."""
    return [Walk.model_validate_json(sent.payload).fixture for _, _, sent in world.sent if sent.topic == WALK]


def codes(world: World) -> list[str]:
    """The events of walk tests."""
    return [code for code in world.controller.codes() if code.startswith("TWL-G13")]


def test_each_lamp_is_lit_alone_and_then_the_planned_light_is_back(night: World) -> None:
    """The answers are kept with the walk; a lamp that is skipped has no result."""
    begin(night)
    for number, (lamp, word) in enumerate(zip(LAMPS, ("yes", "no", "skipped", "yes"), strict=True)):
        assert lit(night) == [lamp]
        walk = answer(night, number, word)
    assert walk is not None
    assert walk.lit == {"mast/bowl-north": True, "mast/bowl-south": False, "mast/shaft-south": True}
    assert walk.step is None
    assert codes(night) == ["TWL-G130", "TWL-G131"]
    night.run(5)
    assert night.right
    assert night.controller.status() == {"confirmed"}


def test_a_second_press_on_the_same_step_answers_no_other_lamp(night: World) -> None:
    """A button pressed twice, or a form sent again by going back in the browser."""
    begin(night)
    answer(night, 0, "yes")
    again = answer(night, 0, "no")
    assert again is not None
    assert (again.position, dict(again.answers)) == (1, {0: "yes"})
    assert lit(night) == ["bowl-south"]


def test_going_back_lights_the_lamp_before_to_answer_again(night: World) -> None:
    """From the first one there is none before."""
    begin(night)
    loop_of(night).walks.back("mast", 0, night.controller.read())
    answer(night, 0, "no")
    loop_of(night).walks.back("mast", 1, night.controller.read())
    night.run(1)
    assert lit(night) == ["bowl-north"]
    walk = answer(night, 0, "yes")
    assert walk is not None
    assert walk.lit == {"mast/bowl-north": True}


def test_a_lamp_stays_lit_while_somebody_looks(night: World) -> None:
    """For longer than one step lasts in the gateway: it is sent again."""
    begin(night)
    turns(night, 2 * STEP_S)
    assert lit(night) == ["bowl-north"]
    assert steps_sent(night).count("bowl-north") >= 2 * STEP_S / AGAIN_S


def test_whoever_goes_away_ends_the_test(night: World) -> None:
    """By AWAY_S after the last press; what was answered stays."""
    begin(night)
    turns(night, AWAY_S - 10)
    answer(night, 0, "no")
    turns(night, AWAY_S - 10)
    assert lit(night) == ["bowl-south"]
    turns(night, 15)
    assert night.right
    walk = loop_of(night).walks.of("mast")
    assert walk is not None
    assert walk.lit == {"mast/bowl-north": False}
    assert codes(night) == ["TWL-G130", "TWL-G132"]


@pytest.mark.parametrize("gone", [lambda world: world.controller.stop(), lambda world: world.mast.disconnect()])
def test_without_service_or_network_the_gateway_ends_the_step_itself(
    night: World, gone: Callable[[World], None]
) -> None:
    """By STEP_S after the last word that it got, it shows its plan."""
    begin(night)
    gone(night)
    night.run(STEP_S - 5)
    assert lit(night) == ["bowl-north"]
    night.run(6)
    assert night.mast.shown(night.desired_looks) == night.desired_looks


def test_a_service_that_stops_ends_the_test_at_once(night: World) -> None:
    """As for a new version of the program."""
    begin(night)
    loop_of(night).walks.end_all(night.controller.read())
    night.run(1)
    assert len(lit(night)) == len(LAMPS)
    assert steps_sent(night)[-1] is None


def stop_all(world: World) -> None:
    """Somebody sets a safety stop."""
    payload = b'{"version": 1, "id": "s", "action": "stop", "owner": "kim", "reason": "arbete"}'
    world.publish("watertower/override/set", payload)
    turns(world, 5)


def test_a_safety_stop_ends_the_test_and_allows_none(night: World) -> None:
    """All dark, and nothing is lit by a press on an old page either."""
    begin(night)
    stop_all(night)
    assert lit(night) == []
    assert codes(night) == ["TWL-G130", "TWL-G133"]
    assert answer(night, 0, "yes") is not None
    assert lit(night) == []
    with pytest.raises(Refused) as refused:
        begin(night)
    assert refused.value.code == "TWL-G134"


def test_under_a_safety_stop_the_command_lights_nothing_either(night: World) -> None:
    """It speaks to the gateway without the controller, which ends the step at the first report of it."""
    stop_all(night)
    night.publish(WALK, Walk(fixture="bowl-north").model_dump_json(exclude_none=True).encode())
    turns(night, 3)
    assert lit(night) == []
    assert steps_sent(night) == [None]


def test_two_tests_of_one_gateway_are_refused(night: World) -> None:
    """While `test-lamps` lights its lamps the page lights none; afterwards it may at once."""
    night.publish(WALK, Walk(fixture="bowl-north").model_dump_json(exclude_none=True).encode())
    night.run(1)
    with pytest.raises(Refused) as refused:
        begin(night)
    assert refused.value.code == "TWL-G135"
    night.publish(WALK, Walk(fixture=None).model_dump_json(exclude_none=True).encode())
    night.run(1)
    assert begin(night).step is not None


def test_whoever_comes_second_joins_the_test(night: World) -> None:
    """Two technicians at one gateway share it; once it has ended, another one begins at once."""
    begin(night)
    answer(night, 0, "yes")
    assert begin(night).position == 1
    loop_of(night).walks.end("mast", night.controller.read())
    assert begin(night).position == 0


def test_a_suspect_clock_does_not_matter(night: World) -> None:
    """No date decides here."""
    night.controller.clock.step(-400 * 86_400)
    night.run(2)
    begin(night)
    assert lit(night) == ["bowl-north"]


def test_nobody_is_alarmed_by_a_test(night: World) -> None:
    """It differs, and that is all."""
    since = night.mono
    begin(night)
    turns(night, 60)
    assert night.controller.status() != {"confirmed"}
    assert [code for code in night.controller.codes(since) if not code.startswith("TWL-G13")] == []


def test_a_lamp_fails_when_one_of_its_channels_does(night: World) -> None:
    """Whatever was answered about the others, in any order."""
    steps = [*walk_steps(night.setup, mast(night), channels=True)]
    answers = [(step, "no" if step.channel == 2 and step.fixture.name == LAMPS[0] else "yes") for step in steps]
    assert lit_lamps(answers) == dict.fromkeys((f"mast/{lamp}" for lamp in LAMPS), True) | {f"mast/{LAMPS[0]}": False}
    assert lit_lamps([(steps[0], "skipped"), (steps[1], "stopped")]) == {}


def test_failed_lamps_are_reported_until_they_pass(night: World) -> None:
    """Once for each set of them; those that are gone from tower.yaml do not count."""
    events: list[Event] = []
    alarms = LampAlarms(night.setup.tower.gateways, events.append)
    good, bad = LampResult(at=TESTED, lit=True), LampResult(at=TESTED, lit=False)
    alarms.look(LampFindings({"mast/bowl-north": good, "mast/gone": bad, "other/bowl-north": bad}))
    assert not events
    for _ in range(2):
        alarms.look(LampFindings({"mast/bowl-north": bad, "mast/shaft-south": bad}))
    alarms.look(LampFindings({"mast/bowl-north": good, "mast/shaft-south": bad}))
    assert [*failed_lamps(mast(night), LampFindings({"mast/shaft-south": bad}))] == ["shaft-south"]
    alarms.look(LampFindings({"mast/bowl-north": good, "mast/shaft-south": good}))
    assert [(event.code, event.fields.get("lamps")) for event in events] == [
        ("TWL-G136", "bowl-north, shaft-south"),
        ("TWL-G136", "shaft-south"),
        ("TWL-G137", None),
    ]
    assert events[0].text("sv") == (
        "mast: lampor som inte lyste vid det senaste lamptestet (2026-11-10): bowl-north, shaft-south"
    )
