"""The same evenings with cues prepared and without: whatever happens around a cue, vendors' lamps are sent the same."""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.config.load import Setup
from tests.parts import examples
from tests.service.conftest import Worlds
from tests.service.simulated import PREFIX, World

START = datetime(2026, 11, 20, 17, 59, 30, tzinfo=UTC)
CUES_S = (30, 90, 150)
A_LITTLE_SHORTER = re.compile(rb"\b([0-9])[.]?999\b")
KINDS = ("ha-rgb", "z2m", "wled", "tasmota-1", "shelly-1", "shelly-2", "bridge")
SCHEDULES = [
    f"campaigns:\n  - {{name: x, dates: every day, {rule}}}\n"
    for rule in (
        'hours: "19:00 to 23:00", color: red, fade_in: 0 s, fade_out: 0 s',
        'hours: "19:00 to 23:00", color: [red, blue], change_every: 5.2 s, fade_in: 0 s, fade_out: 0 s',
        'hours: "19:00 to 19:01", color: red, fade_in: 3 s, fade_out: 2 s}\n'
        '  - {name: y, dates: every day, hours: "19:01 to 19:02", color: green, fade_in: 0 s, fade_out: 0 s',
    )
]
DISTURBANCES: dict[str, Callable[[World, Setup, int], None]] = {
    "other rules": lambda world, other, _: reloaded(world, other),
    "an override": lambda world, *_: ask(world, action="set", color="blue", until="20 s"),
    "a stop": lambda world, *_: ask(world, action="stop"),
    "its end": lambda world, *_: ask(world, action="resume"),
    "a lamp that leaves": lambda world, _, number: world.gateways[number].stop(),
    "a lamp that joins": lambda world, _, number: world.gateways[number].start(),
    "a switch on the wall": lambda world, _, number: switched(world, number),
    "the broker": lambda world, *_: reconnected(world),
    "a clock set forward": lambda world, *_: world.controller.clock.step(3600.0),
    "a clock set back": lambda world, *_: world.controller.clock.step(-3600.0),
}
events = st.tuples(
    st.sampled_from(CUES_S),
    st.sampled_from([-9, -1, -0.3, -0.1, 0.3, 1]),
    st.sampled_from(sorted(DISTURBANCES)),
    st.integers(0, len(KINDS) - 1),
)


def ask(world: World, **request: str) -> None:
    """A request of a person, each with an id of its own."""
    request |= {"reason": "–", "owner": "kim", "id": f"{world.mono}"}
    world.publish(f"{PREFIX}/override/set", json.dumps(request).encode())


def reloaded(world: World, other: Setup) -> None:
    """Other files are in force."""
    assert world.controller.loop is not None
    world.controller.loop.reload(other)


def switched(world: World, number: int) -> None:
    """A lamp reports another color."""
    topics = world.gateways[number].gateway.topics(PREFIX)
    world.publish(topics[0], b'{"state": "ON", "brightness": 255, "color": {"r": 255, "g": 0, "b": 0}}')


def reconnected(world: World) -> None:
    """The connection ends and begins."""
    world.controller.disconnect()
    world.controller.connect()


def lived_through(world: World, other: Setup, happens: list[tuple[int, float, str, int]]) -> dict[str, list[bytes]]:
    """By topic, what the controller sent, without questions and repetitions. A fade that begins a millisecond late is
    as much shorter."""
    for gateway in world.gateways:
        gateway.start()
    world.controller.start()
    began_s = world.mono
    for cue_s, offset_s, what, number in sorted(happens):
        world.run(max(0.0, began_s + cue_s + offset_s - world.mono))
        DISTURBANCES[what](world, other, number)
    world.run(began_s + CUES_S[-1] + 20 - world.mono)
    questions = {message for host in world.gateways for message in host.gateway.query(PREFIX)}
    sent = defaultdict[str, list[bytes]](list)
    for _, who, message in world.sent:
        payload = A_LITTLE_SHORTER.sub(lambda found: b"%d" % (int(found[1]) + 1), message.payload).replace(b"000", b"")
        known = sent[message.topic]
        if who == "controller" and message not in questions and known[-1:] != [payload]:
            known.append(payload)
    return sent


@settings(max_examples=examples(6))
@given(
    rules=st.sampled_from(SCHEDULES),
    other=st.sampled_from(SCHEDULES),
    happens=st.lists(events, max_size=5),
)
def test_an_evening_is_the_same_with_what_was_prepared_and_without(
    world_of: Worlds,
    setup_of: Callable[[str], Setup],
    rules: str,
    other: str,
    happens: list[tuple[int, float, str, int]],
) -> None:
    setup, instead = setup_of(rules), setup_of(other)
    prepared = lived_through(world_of(START, vendors=KINDS, setup=setup), instead, happens)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("controller.service.controller.AHEAD_S", -1.0)
        assert prepared == lived_through(world_of(START, vendors=KINDS, setup=setup), instead, happens)
