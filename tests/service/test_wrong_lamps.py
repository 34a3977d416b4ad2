"""Lamps that are configured otherwise than in tower.yaml: whatever they report, never confirmed, and named."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from controller.config.load import Setup
from controller.gateways.base import Message
from controller.simulation.devices.device import Device
from tests.service.simulated import World

NIGHT = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
HA = {
    "name": "lamp",
    "kind": "home-assistant",
    "zone": "bowl",
    "command_topic": "home/rgb1/set",
    "state_topic": "home/rgb1",
    "availability_topic": "home/rgb1/available",
}
BRIDGE = {
    "name": "lamp",
    "kind": "dmx-channels",
    "map_topic": "dmx/set",
    "state_topic": "dmx/state",
    "fixtures": [{"name": "north", "zone": "bowl", "profile": "rgb", "address": "1"}],
}
TASMOTA = {"name": "lamp", "kind": "tasmota", "zone": "bowl", "topic": "tasmota"}
SHELLY_1 = {"name": "lamp", "kind": "shelly-gen1", "zone": "bowl", "device": "shellyrgbw2-11ABD9"}
SHELLY_2 = {"name": "lamp", "kind": "shelly-gen2", "zone": "bowl", "topic": "tower/shelly"}

ZIGBEE = {"name": "lamp", "kind": "zigbee2mqtt", "zone": "bowl", "topic": "zigbee2mqtt/lamp"}

SetUp = Callable[[Device[Any]], None]
"""What its owner has changed on a device."""


class Beside(Protocol):
    """Starts the controller, and beside it a device that its owner has set up."""

    def __call__(self, keys: dict[str, Any], set_up: SetUp | None = None) -> World: ...


@pytest.fixture
def beside(world_of: Callable[..., World]) -> Beside:
    """The controller, and beside it a device that is set up otherwise before anybody speaks to it."""

    def make(keys: dict[str, Any], set_up: SetUp | None = None) -> World:
        world = world_of(NIGHT, vendors=(keys,))
        world.controller.start()
        _start(world, set_up)
        return world

    return make


def _start(world: World, set_up: SetUp | None) -> None:
    """Power; what its owner has set stays over it."""
    if set_up is not None:
        set_up(world.vendor.device)
    world.vendor.start()


def standing(world: World) -> set[str]:
    """The statuses of the zones of the device."""
    return set(world.controller.status("lamp"))


def never_confirmed(world: World, seconds: float) -> None:
    """Time passes, and at no time is it called confirmed."""
    for _ in range(round(seconds * 2)):
        world.run(0.5)
        assert "confirmed" not in standing(world)


def texts(world: World, code: str) -> list[str]:
    """The texts of the events of one kind."""
    return [event.text("en") for _, event in world.controller.events if event.code == code]


def twelve_bits(device: Device[Any]) -> None:
    """A Home Assistant lamp of `brightness_scale: 4095`."""
    device.scale = device.brightness = 4095


def in_per_mille(device: Device[Any]) -> None:
    """A bridge to DMX that counts to 1000, and has been at full."""
    device.scale = 1000


def test_a_lamp_on_another_scale_is_named_and_never_confirmed(beside: Beside) -> None:
    """It gets 255, shows 6 % and reports 255: once it has reported 4095 that is not trusted, whatever it reports
    later."""
    world = beside(HA, twelve_bits)
    never_confirmed(world, 300)
    shown = world.vendor.device.shows(world.wall)["bowl"]
    assert shown.brightness == pytest.approx(0.06, abs=0.01)
    (text,) = texts(world, "TWL-G121")
    assert "brightness_scale: 255" in text
    assert "4095" in text
    assert "TWL-G121" in world.controller.engine.states["lamp"].reported.problems
    assert not {"TWL-G103", "TWL-G108", "TWL-G109"} & set(world.controller.codes()), "nobody else changed it"
    world.controller.disconnect()
    world.run(5)
    world.controller.connect()
    never_confirmed(world, 60)


def test_a_lamp_on_the_scale_that_is_written_is_confirmed_at_full(beside: Beside) -> None:
    """With its key it shows what it should."""
    world = beside({**HA, "brightness_scale": "4095"})
    world.run(10)
    assert standing(world) == {"confirmed"}
    assert world.vendor.device.shows(world.wall)["bowl"].brightness == pytest.approx(1.0)


def test_a_scale_that_is_found_out_when_the_lamp_was_confirmed(beside: Beside) -> None:
    """An app sets it to full: its report then shows the scale, and the earlier one no longer counts."""
    world = beside(HA)
    world.run(10)
    assert standing(world) == {"confirmed"}
    twelve_bits(world.vendor.device)
    world.publish("home/rgb1/set", b'{"state":"ON","brightness":4095}')
    world.run(1)
    never_confirmed(world, 120)
    assert len(texts(world, "TWL-G121")) == 1


def test_a_bridge_on_another_scale_is_named_and_never_confirmed(beside: Beside) -> None:
    """Somebody has set a channel to 1000 of 1000."""
    world = beside(BRIDGE, in_per_mille)
    world.run(1)
    world.publish("dmx/set", b'{"1":1000}')
    world.run(1)
    never_confirmed(world, 120)
    (text,) = texts(world, "TWL-G121")
    assert "level_scale: 255" in text


@pytest.mark.parametrize(("scale", "level"), [("100", 100), ("1000", 1000)])
def test_a_bridge_that_counts_otherwise_is_confirmed_with_its_key(beside: Beside, scale: str, level: int) -> None:
    """Full is full."""
    world = beside({**BRIDGE, "level_scale": scale})
    world.run(10)
    assert standing(world) == {"confirmed"}
    assert world.vendor.device.slots[0] == 255
    assert world.vendor.device.scale == level


def test_words_for_being_gone_that_nobody_named(beside: Beside) -> None:
    """It sent `dead`, as by its manufacturer: reported with the keys to write, and no sign of life."""

    def own_words(device: Device[Any]) -> None:
        device.birth = (Message("home/rgb1/available", b"alive", 1, True),)

    world = beside(HA, own_words)
    world.run(10)
    (text,) = texts(world, "TWL-G122")
    assert "payload_available" in text
    heard_s = world.controller.engine.states["lamp"].reported.alive_s
    world.run(20)
    world.publish("home/rgb1/available", b"dead")
    world.run(1)
    assert world.controller.engine.states["lamp"].reported.alive_s == heard_s


def test_words_for_being_gone_that_are_named(beside: Beside) -> None:
    """Its last will is understood, and its return."""
    world = beside({**HA, "payload_available": "alive", "payload_not_available": "dead"})
    world.run(10)
    assert standing(world) == {"confirmed"}
    world.vendor.stop()
    world.run(2)
    assert standing(world) == {"silent"}
    world.vendor.start()
    world.run(5)
    assert standing(world) == {"confirmed"}


def other_profile(device: Device[Any]) -> None:
    """A Shelly of profile `light`, which has no RGBW."""
    device.components = {"bowl": "light:0"}


def white_mode(device: Device[Any]) -> None:
    """A Shelly RGBW2 in white mode."""
    device.mode = "white"


def relay(device: Device[Any]) -> None:
    """A Tasmota without a light."""
    device.is_relay = True


@pytest.mark.parametrize(
    ("keys", "set_up", "words"),
    [
        (SHELLY_2, other_profile, "404: No handler for RGBW."),
        (SHELLY_1, white_mode, "mode white"),
        (TASMOTA, relay, "Unknown"),
    ],
    ids=["shelly-gen2", "shelly-gen1", "tasmota"],
)
def test_a_device_that_refuses_is_named_with_its_own_words(
    beside: Beside, keys: dict[str, Any], set_up: SetUp, words: str
) -> None:
    """It lives, and is not silent; its refusal is reported once, and the light is never called confirmed."""
    world = beside(keys, set_up)
    never_confirmed(world, 600)
    (text,) = texts(world, "TWL-G120")
    assert words in text
    assert standing(world) == {"differs"}
    reported = world.controller.engine.states["lamp"].reported
    assert reported.alive_s is not None
    assert world.mono - reported.alive_s <= 70
    assert not {"TWL-G102", "TWL-G104", "TWL-G108", "TWL-G110"} & set(world.controller.codes())
    assert len([1 for _, who, _ in world.sent if who == "controller"]) <= 40, "a command and a question a minute"


def test_a_device_that_is_set_right_again_is_confirmed_and_may_be_named_again(beside: Beside) -> None:
    """What was wrong is over once it confirms."""
    world = beside(SHELLY_2, other_profile)
    world.run(120)
    device: Device[Any] = world.vendor.device
    device.components = dict(world.vendor.gateway.addresses)  # type: ignore[attr-defined]
    world.run(120)
    assert standing(world) == {"confirmed"}
    assert world.controller.engine.states["lamp"].reported.problems == ()
    assert "TWL-G107" in world.controller.codes()
    other_profile(device)
    world.run(180)
    assert len(texts(world, "TWL-G120")) == 2


def test_any_word_of_a_device_proves_that_it_lives(beside: Beside) -> None:
    """A message without light, or one that cannot be understood, still proves life; a retained one does not."""
    world = beside(TASMOTA)
    world.vendor.stop()
    world.run(1)
    for payload, retain, lives in (
        (b'{"Fade":"ON"}', False, True),
        (b"garbage", False, True),
        (b'{"Fade":"ON"}', True, False),
        (b"", True, False),
    ):
        world.run(50)
        before = world.controller.engine.states["lamp"].reported.alive_s
        if retain:
            world.controller.disconnect()
            world.retained["stat/tasmota/RESULT"] = payload
            world.controller.connect()
        else:
            world.publish("stat/tasmota/RESULT", payload)
        world.run(0.2)
        after = world.controller.engine.states["lamp"].reported.alive_s
        assert (after != before) is lives, payload


@pytest.mark.parametrize("part", ["state", "brightness", "color"])
@pytest.mark.parametrize("fade_s", [0, 30])
def test_a_bulb_that_takes_only_a_part_is_never_confirmed(
    world_of: Callable[..., World], setup_of: Callable[[str], Setup], part: str, fade_s: int
) -> None:
    """The bridge reports that all was done, at once and in a fade; the bulb is asked, and its answer counts."""
    fade = f", fade_in: {fade_s} s" if fade_s else ""
    rule = f"campaigns:\n  - {{name: x, dates: every day, hours: 16:00 to 23:00, color: blue{fade}}}\n"
    world = world_of(datetime(2026, 11, 20, 14, 55, tzinfo=UTC), vendors=(ZIGBEE,), setup=setup_of(rule))
    world.controller.start()
    _start(world, None)
    world.run(60)
    assert standing(world) == {"confirmed"}
    world.vendor.device.held["brightness"] = 51
    world.vendor.device.deaf_to = frozenset({part})
    world.until(datetime(2026, 11, 20, 15, 0, 0, 200_000, tzinfo=UTC))
    never_confirmed(world, 300 + fade_s)
    assert {"TWL-G108"} & set(world.controller.codes())
    world.vendor.device.deaf_to = frozenset()
    world.run(180)
    assert standing(world) == {"confirmed"}


def test_a_bulb_that_is_right_is_confirmed_soon_and_asked_seldom(beside: Beside) -> None:
    """Within three seconds of the command, and then a question a minute."""
    world = beside(ZIGBEE)
    world.run(3)
    assert standing(world) == {"confirmed"}
    since = len(world.sent)
    for _ in range(600):
        world.run(1)
        assert standing(world) == {"confirmed"}
    sent = [message.topic for _, who, message in world.sent[since:] if who == "controller"]
    assert set(sent) == {"zigbee2mqtt/lamp/get"}
    assert len(sent) <= 11


def test_a_lamp_that_is_not_asked_for_its_group_is_named_with_the_key(beside: Beside) -> None:
    """It accepts every command and answers no question: silent, reported once with what to write, and not flooded."""
    world = beside(ZIGBEE)
    world.run(10)
    device = world.vendor.device
    obeys = device.receive
    device.receive = lambda topic, *rest: () if topic.endswith("/get") else obeys(topic, *rest)
    world.publish("zigbee2mqtt/lamp/set", b'{"state":"OFF"}')
    world.run(60)
    since = len(world.sent)
    never_confirmed(world, 1800)
    assert standing(world) == {"silent"}
    (text,) = texts(world, "TWL-G123")
    assert "does not answer" in text
    assert not {"TWL-G104", "TWL-G108"} & set(world.controller.codes())
    assert len([1 for _, who, _ in world.sent[since:] if who == "controller"]) <= 70
    device.receive = obeys
    world.run(120)
    assert standing(world) == {"confirmed"}
    assert "TWL-G107" in world.controller.codes()


def test_a_confirmed_bulb_whose_answers_end_is_silent_in_the_end(beside: Beside) -> None:
    """The bridge still takes every command: its word is not the bulb's."""
    world = beside(ZIGBEE)
    world.run(10)
    obeys = world.vendor.device.receive
    world.vendor.device.receive = lambda topic, *rest: () if topic.endswith("/get") else obeys(topic, *rest)
    world.run(200)
    never_confirmed(world, 900)
    assert {"TWL-G104", "TWL-G123"} & set(world.controller.codes())


def test_a_bulb_out_of_reach_is_named_by_its_bridge(beside: Beside) -> None:
    """The bridge's error about it is reported, and is no sign of life."""
    world = beside(ZIGBEE)
    world.run(10)
    world.vendor.device.reach = False
    heard_s = world.controller.engine.states["lamp"].reported.alive_s
    world.run(300)
    assert standing(world) != {"confirmed"}
    assert "Timeout" in texts(world, "TWL-G120")[0]
    assert world.controller.engine.states["lamp"].reported.alive_s - heard_s <= 61
    assert "TWL-G104" in world.controller.codes()
    never_confirmed(world, 120)
    world.vendor.device.reach = True
    world.run(130)
    assert standing(world) == {"confirmed"}


def test_one_component_that_refuses_does_not_put_the_other_in_doubt(beside: Beside) -> None:
    """Two zones of one device, of which the profile has only the first."""

    def first_only(device: Device[Any]) -> None:
        device.components = {"bowl": "light:0", "shaft": "rgb:9"}

    two = {
        "name": "lamp",
        "kind": "shelly-gen2",
        "topic": "tower/shelly",
        "zones": {"bowl": "light:0", "shaft": "light:1"},
    }
    world = beside(two, first_only)
    world.run(20)
    for _ in range(300):
        world.run(1)
        assert world.controller.engine.states["lamp"].status["bowl"] == "confirmed"
        assert world.controller.engine.states["lamp"].status["shaft"] != "confirmed"
    assert len(texts(world, "TWL-G120")) == 1


@pytest.mark.parametrize(
    ("keys", "topic", "payload"),
    [
        (SHELLY_1, "shellies/shellyrgbw2-11ABD9/white/0/status", b'{"ison":true,"brightness":50}'),
        (SHELLY_2, "watertower/gateway/lamp/rpc", b'{"id":1,"error":{"code":404,"message":"No handler"}}'),
        (TASMOTA, "stat/tasmota/RESULT", b'{"Command":"Unknown"}'),
        (ZIGBEE, "zigbee2mqtt/bridge/logging", b'{"level":"error","message":"Entity \'lamp\' is unknown"}'),
    ],
)
def test_a_refusal_that_the_broker_kept_is_no_refusal_of_today(
    beside: Beside, keys: dict[str, Any], topic: str, payload: bytes
) -> None:
    """A device that was set right long ago, and whose old word is still there at each connection, is not accused."""
    world = beside(keys)
    world.run(20)
    world.retained[topic] = payload
    world.controller.disconnect()
    world.run(5)
    world.controller.connect()
    world.run(90)
    assert standing(world) == {"confirmed"}
    assert not texts(world, "TWL-G120")


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize(
    "payload", [b'{"state":"ON","brightness":4095}', b'{"state":"OFF","brightness":300}', b'{"color_temp":2700}']
)
def test_what_somebody_else_said_of_the_scale_is_held_against_the_lamp_for_a_moment_only(
    beside: Beside, payload: bytes, retain: bool
) -> None:
    """The lamp is asked before it is commanded, and does not show what was reported in its name."""
    world = beside(HA)
    world.run(30)
    for _ in range(3):
        since = world.mono
        world.publish("home/rgb1", payload, retain=retain)
        world.run_until(lambda: "confirmed" not in standing(world), 0.05)
        world.run(10)
        assert standing(world) == {"confirmed"}
        asked = [m.payload for at_s, who, m in world.sent if who == "controller" and at_s >= since]
        assert asked[0] == b'{"state":"ON"}'
        assert world.vendor.device.shows(world.wall)["bowl"].brightness == pytest.approx(1.0)


def test_what_somebody_else_said_while_the_controller_was_away_is_asked_about_when_it_is_back(
    beside: Beside,
) -> None:
    """A leftover on the state topic, found at the next connection."""
    world = beside(HA)
    world.run(30)
    world.controller.disconnect()
    world.publish("home/rgb1", b'{"state":"ON","brightness":4095}', retain=True)
    world.run(5)
    world.controller.connect()
    world.run(10)
    assert standing(world) == {"confirmed"}


@pytest.mark.parametrize("silent", ["", "late"])
def test_no_answer_to_anything_else_frees_a_lamp_of_its_other_scale(beside: Beside, silent: str) -> None:
    """It reports 255 because that was commanded: this proves nothing, nor does no answer."""
    world = beside(HA)
    world.run(30)
    twelve_bits(world.vendor.device)
    if silent:
        world.vendor.receive = lambda _item: None
        world.publish("home/rgb1", b'{"state":"ON","brightness":4095}')
        world.run(5)
        del world.vendor.receive
    else:
        track = world.controller.engine.states["lamp"]
        world.controller.engine.states["lamp"] = track._replace(desired_key=None)
        world.controller.wake()
        world.run(0.001)
        world.publish("home/rgb1", b'{"state":"ON","brightness":4095}')
        world.run(1)
    never_confirmed(world, 400)
