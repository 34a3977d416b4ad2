"""The site as a device of Home Assistant: what is published, what its commands do, and that nothing of it is left."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.clock import Trust
from controller.config.load import Setup, parse
from controller.gateways.base import ReportedLook
from controller.gateways.wire import Walk
from controller.lighting.color import Color
from controller.mqtt import Received
from controller.schedule.hours import night_at
from controller.service.control_loop import ControlLoop
from controller.service.home_assistant_bridge import HomeAssistantBridge
from controller.service.home_assistant_device import (
    HomeAssistantDevice,
    LightEntity,
    ZoneOfGateway,
    device_id,
    zone_document,
)
from controller.state import Minute
from tests.service.simulated import World

ROOT = Path(__file__).parents[2]
NIGHT = datetime(2026, 11, 20, 18, tzinfo=UTC)
DAY = datetime(2026, 11, 20, 11, tzinfo=UTC)
SUNRISE = "2026-11-21 07:55"
DISCOVERY = "homeassistant/device/watertower/config"
BASE = "watertower/home-assistant"
STATE = f"{BASE}/state"
BOWL, SHAFT = f"{BASE}/zone/bowl", f"{BASE}/zone/shaft"
SET_BOWL, SET_SHAFT = f"{BASE}/set/zone/bowl", f"{BASE}/set/zone/shaft"
ORANGE = {"r": 255, "g": 106, "b": 0}
LIT = {"availability": "online", "state": "ON", "brightness": 255, "color_mode": "rgb", "color": ORANGE}

ENTITY = {"platform", "unique_id", "name", "qos", "entity_category", "availability", "state_topic"}
KEYS = {
    "light": ENTITY | {"schema", "command_topic", "supported_color_modes", "brightness", "brightness_scale"},
    "sensor": ENTITY | {"value_template", "device_class", "state_class", "unit_of_measurement"},
    "binary_sensor": ENTITY | {"value_template", "device_class", "json_attributes_topic"},
    "button": ENTITY | {"command_topic", "device_class"},
}
"""What Home Assistant takes of an entity: `schemas.py` and the platforms of its component `mqtt`, 2025.4. The same
documents were validated by these schemas and shown by a running Home Assistant."""


def setup_with(keys: str, *changes: tuple[str, str]) -> Setup:
    """The shipped files with these keys for Home Assistant, and other changes."""
    tower = (ROOT / "config" / "tower.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in tower
        tower = tower.replace(old, new)
    schedule = (ROOT / "config" / "schedule.yaml").read_bytes()
    return parse(f"{tower}\nhome_assistant: {keys}\n".encode(), schedule, ROOT / "config")


ON = setup_with("on")
ONLY_SHOWS = setup_with("{control: no}")
OFF = setup_with("off")

Started = Callable[..., World]


@pytest.fixture
def started(world_of: Callable[..., World]) -> Started:
    """A world in which all runs, by night or at another instant."""

    def start(at: datetime = NIGHT, setup: Setup = ON, retained: dict[str, bytes] | None = None) -> World:
        world = world_of(at, setup=setup)
        world.retained = dict(retained or {})
        world.mast.start()
        world.controller.start()
        world.run(6)
        return world

    return start


@pytest.fixture
def home(started: Started) -> World:
    """By night, orange and confirmed."""
    return started()


def held(world: World, topic: str) -> Any:
    """The document that the broker retains."""
    return json.loads(world.retained[topic])


def loop_of(world: World) -> ControlLoop:
    """What runs in the controller."""
    assert world.controller.loop is not None
    return world.controller.loop


def command(world: World, topic: str, retain: bool = False, **keys: object) -> None:
    """Home Assistant commands."""
    world.publish(topic, json.dumps(keys).encode(), retain)


def asked(world: World, code: str = "TWL-O101") -> list[dict[str, Any]]:
    """The answers with this code."""
    return [dict(event.fields) for _, event in world.controller.events if event.code == code]


def sent(world: World, topic: str) -> list[Any]:
    """What the controller has published on a topic; None for nothing."""
    found = [message.payload for _, name, message in world.sent if message.topic == topic and name == "controller"]
    return [json.loads(payload) if payload else None for payload in found]


# What it is told


@pytest.mark.parametrize("setup", [ON, ONLY_SHOWS])
def test_the_discovery_document_has_the_form_that_home_assistant_takes(started: Started, setup: Setup) -> None:
    """Each entity has an id of its own and no key that its platform does not know."""
    document = held(started(setup=setup), DISCOVERY)
    assert document["device"] | {"sw_version": ""} == {
        "identifiers": ["watertower"],
        "name": "Vattentornet",
        "model": "watertower",
        "sw_version": "",
    }
    assert document["origin"]["name"] == "watertower"
    assert document["availability_mode"] == "all"
    components = document["components"].values()
    assert [each.keys() - KEYS[each["platform"]] for each in components] == [set()] * len(components)
    ids = [each["unique_id"] for each in components]
    assert len(set(ids)) == len(ids)


def test_the_parts_have_names_of_the_site_and_ids_of_the_file(started: Started) -> None:
    """A part that is called otherwise stays the same entity."""
    swedish, english = (
        HomeAssistantDevice.of(setup_with("on", *changes).tower, language)
        for language, changes in (("sv", ()), ("en", (("en: Bowl", "en: Dish"),)))
    )
    assert swedish is not None
    assert english is not None
    parts = {key: part["name"] for key, part in swedish.document()["components"].items()}
    assert parts["light-bowl"] == "Skålen"
    assert parts["next-change"] == "Nästa ändring"
    renamed = english.document()["components"]
    assert renamed["light-bowl"]["name"] == "Dish"
    assert {key: part["unique_id"] for key, part in renamed.items()} == {
        key: part["unique_id"] for key, part in swedish.document()["components"].items()
    }


@pytest.mark.parametrize(
    ("web", "url"),
    [
        ('{listen: "10.0.0.5:8080"}', "http://10.0.0.5:8080/"),
        ('{listen: "[fd00::5]:8443", cert_file: page.crt, key_file: page.key}', "https://[fd00::5]:8443/"),
        ('{listen: "0.0.0.0:8080"}', None),
        ('{listen: "127.0.0.1:8080"}', None),
        ("off", None),
    ],
)
def test_the_device_leads_to_a_page_that_has_an_address(web: str, url: str | None) -> None:
    """Not to one that only this machine reaches, or of which the file does not say where it is reached."""
    setup = setup_with("on", ('web: {listen: "127.0.0.1:8080"}', f"web: {web}"))
    device = HomeAssistantDevice.of(setup.tower, "en")
    assert device is not None
    assert device.document()["device"].get("configuration_url") == url


def test_a_light_shows_what_is_confirmed(home: World) -> None:
    """In the numbers of Home Assistant."""
    assert held(home, BOWL) == held(home, SHAFT) == LIT
    state = held(home, STATE)
    assert state["campaign"] == "En vecka fri från våld"
    assert state["next_change"].startswith("2026-11-2")
    assert state["problem"] == "OFF"
    assert state["gateways"] == {"mast": "ON"}


def test_a_light_shows_what_is_reported_and_not_what_is_desired(home: World) -> None:
    """A gateway that does not receive a command keeps its light; one that is gone has no known light."""
    home.post = lambda *_: None  # type: ignore[method-assign]
    home.mast.receive = lambda _: None  # type: ignore[attr-defined]
    home.mast.stop()
    home.run(60)
    assert held(home, BOWL) == {"availability": "offline", "state": None}
    assert held(home, STATE)["gateways"] == {"mast": "OFF"}
    assert held(home, STATE)["problem"] == "ON"
    home.mast.start()
    home.run(20)
    assert held(home, BOWL) == LIT
    assert held(home, STATE)["problem"] == "OFF"


def test_a_gateway_that_was_never_heard_is_unknown(world_of: Callable[..., World]) -> None:
    """It is neither there nor gone, and its light may be commanded all the same."""
    world = world_of(NIGHT, setup=ON)
    world.controller.start()
    world.run(3)
    assert held(world, STATE)["gateways"] == {"mast": None}
    assert held(world, STATE)["problem"] is None
    assert held(world, BOWL) == {"availability": "online", "state": None}
    world.run(170)
    assert held(world, STATE)["problem"] == "ON"


def test_the_minutes_that_were_lit_tonight_are_published(started: Started) -> None:
    """Of any zone, as far as they were confirmed; those of another night are not."""
    night = night_at(NIGHT, ON.tower.site.place.time_zone)
    home = started(night.end - timedelta(minutes=1))
    first = night.midnight
    rows = [
        Minute(night.day, zone, first + timedelta(minutes=number), planned, confirmed_s)
        for zone, number, planned, confirmed_s in (
            ("bowl", 0, True, 60.0),
            ("shaft", 0, True, 60.0),
            ("bowl", 1, True, 0.0),
            ("shaft", 1, True, 45.0),
            ("bowl", 2, True, 10.0),
            ("bowl", 3, False, 60.0),
        )
    ]
    loop_of(home).note_minutes(rows)
    home.run(15)
    assert held(home, STATE)["lit_minutes"] == 2
    home.until(night.end + timedelta(seconds=15))
    assert held(home, STATE)["lit_minutes"] == 0


# What commands do


def test_by_night_a_command_holds_until_sunrise(home: World) -> None:
    """As an override of Home Assistant's, stored and reported as any other."""
    command(home, SET_BOWL, state="ON", color={"r": 0, "g": 0, "b": 255}, brightness=128)
    home.run(5)
    [answer] = asked(home)
    assert answer["owner"] == "Home Assistant"
    assert answer["until"].startswith(SUNRISE)
    assert held(home, BOWL) == LIT | {"brightness": 128, "color": {"r": 0, "g": 0, "b": 255}}
    assert held(home, SHAFT) == LIT


def test_by_day_a_command_holds_until_the_next_change(started: Started) -> None:
    """Which is the light of the evening."""
    world = started(DAY)
    command(world, SET_BOWL, state="ON", color=ORANGE)
    world.run(5)
    [answer] = asked(world)
    assert answer["until"].startswith("2026-11-20 15:4")
    assert held(world, BOWL) == LIT
    assert held(world, SHAFT)["state"] == "OFF"


def test_off_is_dark_until_then(home: World) -> None:
    """And what is on again is as it was."""
    command(home, SET_BOWL, state="OFF")
    home.run(5)
    assert held(home, BOWL) == {"availability": "online", "state": "OFF"}
    assert held(home, SHAFT)["state"] == "ON"
    command(home, SET_BOWL, state="ON")
    home.run(5)
    assert held(home, BOWL) == LIT


def test_what_a_command_leaves_out_stays_as_it_is(home: World) -> None:
    """Also where the two come faster than the first is obeyed, or one right after the other was."""
    command(home, SET_BOWL, state="ON", color={"r": 0, "g": 255, "b": 0})
    command(home, SET_BOWL, state="ON", brightness=51)
    home.run(5)
    assert len(asked(home)) == 1
    assert held(home, BOWL) == LIT | {"brightness": 51, "color": {"r": 0, "g": 255, "b": 0}}
    command(home, SET_BOWL, state="ON", color={"r": 255, "g": 0, "b": 0})
    home.run(0.41)
    command(home, SET_BOWL, state="ON", brightness=102)
    home.run(5)
    assert held(home, BOWL) == LIT | {"brightness": 102, "color": {"r": 255, "g": 0, "b": 0}}


def test_a_colour_beside_one_of_the_palette_is_called_so(home: World) -> None:
    """A wheel of hue and saturation rounds; another colour stays what it is."""
    command(home, SET_BOWL, state="ON", color={"r": 255, "g": 108, "b": 2})
    home.run(3)
    command(home, SET_BOWL, state="ON", color={"r": 255, "g": 120, "b": 2})
    home.run(3)
    assert [answer["look"] for answer in asked(home)] == ["bowl orange", "bowl #FF7802"]


@pytest.mark.parametrize("keys", [{"brightness": 0}, {"color": {"r": 0, "g": 0, "b": 0}}])
def test_on_without_light_is_off(home: World, keys: dict[str, object]) -> None:
    """As a slider at its end."""
    command(home, SET_BOWL, state="ON", **keys)
    home.run(5)
    assert held(home, BOWL)["state"] == "OFF"


def test_a_slider_is_one_override(home: World) -> None:
    """Of what it came to rest at, within a second."""
    for brightness in range(1, 41):
        command(home, SET_BOWL, state="ON", brightness=brightness)
        home.run(0.05)
    home.run(1)
    assert len(asked(home)) == 1
    home.run(4)
    assert held(home, BOWL)["brightness"] == 40


def test_a_slider_that_never_rests_is_followed_in_steps(home: World) -> None:
    """Every five seconds, so that somebody who moves it sees what he does and nobody fills the history."""
    for brightness in range(200):
        command(home, SET_BOWL, state="ON", brightness=brightness)
        home.run(0.1)
    home.run(5)
    assert 4 <= len(asked(home)) <= 6


def test_a_group_is_one_override(home: World) -> None:
    """Home Assistant sends a command for each light of it."""
    for topic in (SET_BOWL, SET_SHAFT):
        command(home, topic, state="ON", color={"r": 255, "g": 0, "b": 0})
    home.run(5)
    assert [answer["look"] for answer in asked(home)] == ["bowl #FF0000, shaft #FF0000"]


def test_a_transition_is_a_fade(home: World) -> None:
    """Half way it is half as bright; a year is an hour."""
    command(home, SET_BOWL, state="OFF", transition=20.0)
    home.run(10.5)
    assert 0.2 < home.mast.shown()["bowl"].brightness < 0.8
    home.run(12)
    assert held(home, BOWL)["state"] == "OFF"
    command(home, SET_BOWL, state="ON", transition=31_536_000)
    home.run(3)
    assert home.controller.engine.program.overrides[-1].fade_s == 3600


def test_a_safety_stop_refuses_and_the_light_is_published_again(home: World) -> None:
    """Whoever pressed sees the requested light until the answer differs."""
    home.publish("watertower/override/set", b'{"version": 1, "id": "stop", "action": "stop", "owner": "Eva"}')
    home.run(5)
    before = len(sent(home, BOWL))
    command(home, SET_BOWL, state="ON", color=ORANGE)
    home.run(3)
    [refused] = asked(home, "TWL-O110")
    assert refused["owner"] == "Home Assistant"
    assert [each["state"] for each in sent(home, BOWL)[before:]] == ["OFF"]


def test_a_retained_command_is_removed_and_never_obeyed(started: Started) -> None:
    """Not at a start, and not at a connection."""
    kept = dict.fromkeys((SET_BOWL, f"{BASE}/set/resume"), b'{"state": "OFF"}')
    world = started(retained=kept)
    world.run(10)
    assert asked(world) == []
    assert world.retained.keys().isdisjoint(kept)
    assert held(world, BOWL) == LIT


@pytest.mark.parametrize("payload", [b'{"state": "OFF"}', b""])
def test_what_somebody_else_writes_of_a_light_is_written_over(home: World, payload: bytes) -> None:
    """It is retained, and would be believed until the light changes; once, however often it comes."""
    before = len(sent(home, BOWL))
    for _ in range(20):
        home.publish(BOWL, payload, retain=True)
    home.run(3)
    assert held(home, BOWL) == LIT
    assert 1 <= len(sent(home, BOWL)) - before <= 3
    home.run(60)
    assert len(sent(home, BOWL)) - before <= 3


NONSENSE = [
    b"",
    b"{",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"[" * 100_000,
    b"x" * 300_000,
    b"{}",
    b'{"state": "TOGGLE"}',
    b'{"state": "ON", "brightness": NaN}',
    b'{"state": "ON", "brightness": 1e400}',
    b'{"state": "ON", "brightness": 256}',
    b'{"state": "ON", "brightness": "half"}',
    b'{"state": "ON", "color": {"h": 20, "s": 100}}',
    b'{"state": "ON", "color": {"r": 0, "g": 0}}',
    b'{"state": "ON", "color": [1, 2, 3]}',
    b'{"state": "ON", "transition": -1}',
]


@pytest.mark.parametrize("payload", NONSENSE, ids=range(len(NONSENSE)))
@pytest.mark.parametrize("topic", [SET_BOWL, f"{BASE}/set/resume", f"{BASE}/set/identify/mast", DISCOVERY, STATE])
def test_nonsense_changes_nothing(home: World, topic: str, payload: bytes) -> None:
    """It is refused with an event at most."""
    home.publish(topic, payload)
    home.run(3)
    home.reconnect()
    home.run(5)
    assert set(home.controller.codes()) <= {"TWL-O110", "TWL-C010", "TWL-C020", "TWL-G101"}
    assert held(home, BOWL) == LIT


@pytest.mark.parametrize(
    "topic", [f"{BASE}/set/zone/attic", f"{BASE}/set/identify/gate", f"{BASE}/set", f"{BASE}/set/"]
)
def test_a_command_for_what_there_is_not_is_refused(home: World, topic: str) -> None:
    """Or is none at all."""
    home.publish(topic, b"PRESS")
    home.run(3)
    assert set(home.controller.codes()) <= {"TWL-O110", "TWL-C010", "TWL-C020", "TWL-G101"}


def test_a_button_resumes_the_schedule(home: World) -> None:
    """Whoever set what is ended."""
    command(home, SET_BOWL, state="OFF")
    home.run(3)
    home.publish(f"{BASE}/set/resume", b"PRESS")
    home.run(40)
    assert [answer["owner"] for answer in asked(home, "TWL-O102")] == ["Home Assistant"]
    assert held(home, BOWL) == LIT


def test_a_button_lights_one_lamp_of_a_gateway(started: Started) -> None:
    """For ten seconds, with one event however often it is pressed; then the planned light is back by itself."""
    world = started(DAY)
    for _ in range(5):
        world.publish(f"{BASE}/set/identify/mast", b"PRESS")
        world.run(1)
    assert world.mast.shown()["bowl"].on
    assert not world.mast.shown()["shaft"].on
    assert [answer["lamp"] for answer in asked(world, "TWL-G140")] == ["bowl-north"]
    world.run(10)
    assert world.right


def test_under_a_safety_stop_no_lamp_is_lit(started: Started) -> None:
    """It is refused with the reason."""
    world = started(DAY)
    world.publish("watertower/override/set", b'{"version": 1, "id": "stop", "action": "stop", "owner": "Eva"}')
    world.run(5)
    world.publish(f"{BASE}/set/identify/mast", b"PRESS")
    world.run(3)
    assert [answer["reason"].event.code for answer in asked(world, "TWL-O110")] == ["TWL-G134"]
    assert not any(state.on for state in world.mast.shown().values())


def test_a_walk_test_is_not_disturbed(started: Started) -> None:
    """Somebody is at the tower and looks."""
    world = started(DAY)
    [gateway] = world.controller.engine.gateways.values()
    loop_of(world).walks.start(world.setup, gateway, False, "sara", world.controller.read())  # type: ignore[arg-type]
    world.run(3)
    world.publish(f"{BASE}/set/identify/mast", b"PRESS")
    world.run(3)
    assert [answer["reason"].event.code for answer in asked(world, "TWL-O110")] == ["TWL-G135"]


def test_where_it_only_shows_nothing_can_be_commanded(started: Started) -> None:
    """There is no light and no button, and what is commanded all the same is refused."""
    world = started(setup=ONLY_SHOWS)
    components = held(world, DISCOVERY)["components"].values()
    assert {each["platform"] for each in components} == {"sensor", "binary_sensor"}
    assert not any("command_topic" in each for each in components)
    command(world, SET_BOWL, state="OFF")
    world.publish(f"{BASE}/set/resume", b"PRESS")
    world.run(5)
    assert asked(world) == []
    assert [answer["reason"].code for answer in asked(world, "TWL-O110")] == ["home_assistant_only_shows"] * 2
    assert held(world, BOWL) == LIT


# What is told anew, and what is removed


def test_at_the_birth_of_home_assistant_all_is_sent_again(home: World) -> None:
    """Within some seconds; a retained message is no birth."""
    before = {topic: len(sent(home, topic)) for topic in (DISCOVERY, BOWL, SHAFT, STATE)}
    home.publish("homeassistant/status", b"offline")
    home.run(10)
    assert {topic: len(sent(home, topic)) for topic in before} == before
    home.publish("homeassistant/status", b"online")
    home.run(0.9)
    assert {topic: len(sent(home, topic)) for topic in before} == before
    home.run(4.2)
    assert {topic: len(sent(home, topic)) for topic in before} == {topic: count + 1 for topic, count in before.items()}


@pytest.mark.parametrize(("prefix", "first_s", "last_s"), [("mqtt", 0.9, 1.2), ("ha", 4.5, 5.1)])
def test_each_site_has_its_own_moment_in_the_seconds_after_a_birth(
    started: Started, prefix: str, first_s: float, last_s: float
) -> None:
    """Between one and five, so that not all are sent at once."""
    home, topic = started(setup=setup_with(f"{{discovery_prefix: {prefix}}}")), f"{prefix}/device/watertower/config"
    before = len(sent(home, topic))
    home.publish(f"{prefix}/status", b"online")
    home.run(first_s)
    assert len(sent(home, topic)) == before
    home.run(last_s - first_s)
    assert len(sent(home, topic)) == before + 1


def test_what_the_broker_holds_already_is_not_sent_again(home: World) -> None:
    """A discovery document; one that it has forgotten or that somebody changed is."""
    before = len(sent(home, DISCOVERY))
    home.reconnect()
    home.run(5)
    assert len(sent(home, DISCOVERY)) == before
    for payload in (b"", b'{"device": {}}'):
        home.publish(DISCOVERY, payload, retain=True)
        home.reconnect()
        home.run(5)
        assert held(home, DISCOVERY) == sent(home, DISCOVERY)[-1]
    assert len(sent(home, DISCOVERY)) == before + 2


def test_parts_that_are_no_more_are_removed(started: Started) -> None:
    """Home Assistant asks for a document that names them without any keys; what was kept for them goes, too."""
    gone = {
        "light-roof": {"platform": "light", "unique_id": "watertower-light-roof", "schema": "json"},
        "strange": {"platform": "camera"},
        "stranger": [],
    }
    old = json.dumps({"components": gone}).encode()
    roof = f"{BASE}/zone/roof"
    world = started(retained={DISCOVERY: old, roof: b'{"state": "ON"}'})
    first, last = sent(world, DISCOVERY)
    assert first["components"] == last["components"] | {"light-roof": {"platform": "light"}}
    assert held(world, DISCOVERY) == last
    assert roof not in world.retained


def test_switched_off_nothing_of_it_is_left(started: Started) -> None:
    """Whenever that was: the retained messages of an earlier run show what to remove."""
    home = started()
    kept = {topic: payload for topic, payload in home.retained.items() if "home" in topic}
    assert kept.keys() == {DISCOVERY, STATE, BOWL, SHAFT}
    world = started(setup=OFF, retained=kept)
    assert not [topic for topic in world.retained if "home" in topic]
    assert next(message.topic for _, _, message in world.sent if "home" in message.topic) == DISCOVERY


def test_under_another_prefix_it_is_found_once(started: Started) -> None:
    """The document under the old one is removed."""
    kept = {topic: payload for topic, payload in started().retained.items() if "home" in topic}
    world = started(setup=setup_with("{discovery_prefix: ha}"), retained=kept)
    assert DISCOVERY not in world.retained
    assert "ha/device/watertower/config" in world.retained


@pytest.mark.parametrize("topic", ["watertower/gateway/mast/desired", "homeassistant/device/other/config", "a/+/x", 7])
def test_nobody_has_us_delete_what_he_likes(started: Started, topic: object) -> None:
    """A state that names another topic than one of a discovery document of ours."""
    kept = {STATE: json.dumps({"discovery": topic}).encode(), "homeassistant/device/other/config": b"{}"}
    world = started(setup=OFF, retained=kept)
    assert STATE not in world.retained
    assert "homeassistant/device/other/config" in world.retained
    assert world.right


def test_without_it_nothing_is_published(night: World) -> None:
    """Nor is anything commanded."""
    command(night, SET_BOWL, state="OFF")
    night.publish("homeassistant/status", b"online")
    night.run(10)
    assert not [topic for topic in night.retained if "home" in topic]
    assert asked(night) == asked(night, "TWL-O110") == []


def test_a_broker_that_keeps_nothing_of_it_is_reported(home: World) -> None:
    """Its access rules may forbid it, without a word to us; and that it is over."""
    publish, home.broker.publish = (
        home.broker.publish,
        lambda message: (  # type: ignore[method-assign]
            publish(message) if message.topic != DISCOVERY else None
        ),
    )
    home.retained.pop(DISCOVERY)
    home.reconnect()
    home.run(20)
    codes = [event.code for _, event in home.controller.events]
    assert codes.count("TWL-M025") == 1
    home.broker.publish = publish  # type: ignore[method-assign]
    home.reconnect()
    home.run(5)
    codes = [event.code for _, event in home.controller.events]
    assert (codes.count("TWL-M025"), codes.count("TWL-M026")) == (1, 1)


def test_while_the_clock_is_in_doubt_no_needless_turn_is_requested(world_of: Callable[..., World]) -> None:
    """Nothing is known to be shown then; a loop that was due at once all the time would take the whole processor."""
    world = world_of(NIGHT, setup=ON)
    world.controller.clock.trust = Trust.SUSPECT
    world.controller.start()
    world.run(20)
    assert BOWL not in world.retained
    assert DISCOVERY in world.retained
    reading = world.controller.read()
    assert (loop_of(world).turn(reading).wake_s or reading.mono + 1) > reading.mono


def test_the_identification_ends_by_itself(home: World) -> None:
    """In the gateway, whatever becomes of the controller."""
    home.publish(f"{BASE}/set/identify/mast", b"PRESS")
    home.run(1)
    [walk] = sent(home, "watertower/gateway/mast/walk")
    assert Walk.model_validate(walk).for_s == 10


@pytest.mark.parametrize("year", [1970, 2105, 8999])
def test_a_clock_at_any_time_breaks_nothing(home: World, year: int) -> None:
    """While it is in doubt a command is refused."""
    home.controller.clock.trust = Trust.SUSPECT
    home.controller.clock.step((home.wall.replace(year=year) - home.wall).total_seconds())
    command(home, SET_BOWL, state="ON", brightness=5)
    command(home, SET_SHAFT, state="OFF")
    home.run(3)
    assert {answer["reason"].event.code for answer in asked(home, "TWL-O110")} == {"TWL-O126"}


def test_a_flood_of_commands_causes_no_turn_each(home: World) -> None:
    """One by one they move the instant at which the last of them is obeyed."""
    device = HomeAssistantDevice.of(ON.tower, "en")
    bridge = HomeAssistantBridge(device, "watertower", home.controller.engine)
    item = Received(home.broker.name, SET_BOWL, b'{"state": "ON", "brightness": 7}', retain=False, qos=1)
    reading = home.controller.read()
    later = [replace(reading, mono=reading.mono + 0.01 * number) for number in range(100)]
    assert [bridge.receive(item, each) for each in later] == [True] + [False] * 99


@pytest.mark.parametrize("topic", [SET_BOWL, f"{BASE}/set/zone/attic-{{}}", f"{BASE}/set/identify/mast"])
def test_a_flood_of_nonsense_fills_no_log(home: World, topic: str) -> None:
    """Nobody waits for an answer: what is repeated is counted."""
    for number in range(1000):
        home.publish(topic.format(number), b'{"state": "BRIGHT"}')
        home.run(0.01)
    home.run(70)
    assert 1 <= len(asked(home, "TWL-O110")) <= 2
    [counted] = asked(home, "TWL-C040")
    assert counted["times"] == 1000 - len(asked(home, "TWL-O110"))


def lamp(name: str, zone: str, modes: str) -> str:
    """A vendor's lamp with these colour modes."""
    topics = f"command_topic: {name}/set, state_topic: {name}"
    return f"  - {{name: {name}, kind: home-assistant, zone: {zone}, {topics}, color_modes: [{modes}]}}"


@pytest.mark.parametrize(
    ("modes", "mode", "state"),
    [
        (("onoff",), "onoff", {"state": "ON"}),
        (("onoff", "brightness"), "brightness", {"state": "ON", "brightness": 128}),
        (
            ("brightness", "rgb"),
            "rgb",
            {"state": "ON", "brightness": 128, "color_mode": "rgb", "color": {"r": 0, "g": 0, "b": 255}},
        ),
    ],
)
def test_a_light_has_what_any_of_its_lamps_can(modes: tuple[str, ...], mode: str, state: dict[str, object]) -> None:
    """And shows the first of them that is lit, though another is dark and a third unknown."""
    lamps = "\n".join(lamp(f"lamp-{number}", "roof", each) for number, each in enumerate(modes))
    zones = ("zones: [bowl, shaft]", "zones: [bowl, shaft, roof]")
    setup = setup_with("on", zones, ("gateways:", f"gateways:\n{lamps}"))
    device = HomeAssistantDevice.of(setup.tower, "en")
    assert device is not None
    assert list(device.zones) == ["bowl", "shaft", "roof"]
    component = device.document()["components"]["light-roof"]
    assert component["supported_color_modes"] == [mode]
    assert component["brightness"] is (mode != "onoff")
    blue = ReportedLook(on=True, brightness=0.5, color=Color("#0000FF"))
    looks = (ReportedLook(), ReportedLook(on=False), blue, replace(blue, color=Color("#00FF00")))
    shown = zone_document(device.zones["roof"], [ZoneOfGateway(look, is_reached=look == blue) for look in looks])
    assert shown == {"availability": "online", **state}


@pytest.mark.parametrize(
    ("look", "document"),
    [
        (ReportedLook(on=True), {"state": "ON"}),
        (ReportedLook(on=True, brightness=0.001), {"state": "ON", "brightness": 1}),
        (
            ReportedLook(on=True, kelvin=2700),
            {"state": "ON", "color_mode": "rgb", "color": {"r": 255, "g": 172, "b": 89}},
        ),
        (ReportedLook(on=True, xy=(0.3, 0.3)), {"state": "ON"}),
    ],
)
def test_nothing_is_published_that_no_lamp_has_reported(look: ReportedLook, document: dict[str, object]) -> None:
    """A colour temperature is published as the colour that it is."""
    light = LightEntity("Bowl", "rgb")
    assert zone_document(light, [ZoneOfGateway(look, is_reached=True)]) == {"availability": "online", **document}


def test_two_sites_on_one_broker_are_two_devices() -> None:
    """Whatever letters their prefixes have, Home Assistant takes the ids."""
    ids = [device_id(prefix) for prefix in ("watertower", "a/b", "a_b", "a-b", "a b", "å/b")]
    assert ids[0] == "watertower"
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-zA-Z0-9_-]+", each) for each in ids)
