"""How old a confirmation may be: each kind of gateway is made to speak in its way, or is confirmed no longer."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.config.load import Setup
from controller.gateways import GATEWAYS
from controller.gateways.base import POLL_S, DesiredState, Message, Report
from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from controller.simulation.devices import DEVICES
from tests.parts import examples
from tests.service.simulated import World

NIGHT = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
SUNSET = datetime(2026, 11, 20, 14, 41, 13, tzinfo=UTC)
VENDORS = {
    each["name"]: each for each in json.loads((Path(__file__).parents[1] / "vectors/vendors.json").read_text("utf-8"))
}
GATEWAY = {name: GATEWAYS[keys["kind"]].model_validate(keys) for name, keys in VENDORS.items()}
REPORTING = [name for name, gateway in GATEWAY.items() if gateway.confirms]
ONE_OF_A_KIND = list({GATEWAY[name].kind: name for name in REPORTING}.values())
"""For what takes long in virtual time, and is no matter of how a device is set up."""
LAMP = {
    "name": "lamp",
    "kind": "home-assistant",
    "zone": "bowl",
    "command_topic": "lamp/set",
    "state_topic": "lamp/state",
}
BLIND = {"name": "lamp", "kind": "home-assistant", "zone": "bowl", "command_topic": "lamp/set"}
BLIND_BRIDGE = {
    "name": "lamp",
    "kind": "dmx-channels",
    "map_topic": "dmx/set",
    "fixtures": [{"name": "north", "zone": "bowl", "profile": "rgb", "address": "1"}],
}
CHANGES_ONLY = {**LAMP, "answers_repeats": "false"}
ALARMS = {"TWL-G102", "TWL-G104", "TWL-G108", "TWL-G116"}
NEVER_HEARD_S = 180.0
BLUE = ZoneState(on=True, color=Color("#0000FF"), brightness=1.0)

Started = Callable[..., World]


@pytest.fixture
def started(world_of: Callable[..., World]) -> Started:
    """A vendor's gateway and the controller, some seconds after both have started."""

    def make(vendor: str | dict[str, Any], at: datetime = NIGHT, **more: Any) -> World:
        world = world_of(at, vendors=(vendor,), **more)
        world.controller.start()
        world.vendor.start()
        world.run(8)
        return world

    return make


def standing(world: World) -> set[str]:
    """The statuses of the zones of the device."""
    return set(world.controller.status(world.vendor.name))


def commands(world: World, since_s: float) -> list[Message]:
    """What the controller sent since, but for what ends an effect before a command."""
    sent = [message for at_s, who, message in world.sent if who == "controller" and at_s >= since_s]
    return [message for message in sent if message.part != "effect"]


def is_lit(world: World) -> bool:
    """Whether a person under the tower sees all its light."""
    return all(state.on for state in world.vendor.device.shows(world.wall).values())


def cut_without_a_word(world: World, seconds: float) -> None:
    """Power is gone for some seconds; no will is published, and the lamp sends nothing when it is back."""
    world.vendor.stop(with_will=False)
    world.run(seconds)
    world.vendor.start(with_birth=False)


@pytest.mark.parametrize("name", REPORTING)
def test_a_lamp_that_came_back_without_a_word_is_not_confirmed_for_long(started: Started, name: str) -> None:
    """Cut for five seconds: whatever it shows then, it is asked within its limit, and put right."""
    world = started(name)
    assert standing(world) == {"confirmed"}
    cut_without_a_word(world, 5)
    world.run(world.vendor.gateway.quiet_s)
    assert is_lit(world)
    assert standing(world) == {"confirmed"}
    assert not ALARMS & set(world.controller.codes())


@pytest.mark.parametrize("name", REPORTING)
def test_a_lamp_that_is_dead_without_a_word_is_silent_and_reported(started: Started, name: str) -> None:
    """No will was published: confirmed for no longer than its limit, then silent, with one event that has its age."""
    world = started(name)
    assert standing(world) == {"confirmed"}
    world.vendor.stop(with_will=False)
    world.run(world.vendor.gateway.quiet_s + 1)
    assert standing(world) == {"silent"}
    events = [event for _, event in world.controller.events if event.code == "TWL-G104"]
    assert len(events) == 1
    assert 0 < events[0].fields["age_s"] <= world.vendor.gateway.quiet_s + 1
    world.run(3600)
    assert world.controller.codes().count("TWL-G104") == 1


@pytest.mark.parametrize("name", REPORTING)
def test_a_lamp_that_is_silent_gets_one_command_a_minute_that_no_broker_keeps(started: Started, name: str) -> None:
    """No messages accumulate in a session for it, whatever changes meanwhile; when back it is commanded at once."""
    world = started(name)
    world.vendor.stop(with_will=False)
    world.run(world.vendor.gateway.quiet_s + 61)
    since = world.mono
    world.run(600)
    sent = commands(world, since)
    each = max(
        1, len(world.vendor.gateway.readers("watertower")) if "bridge" in name else len(world.vendor.gateway.zone_names)
    )
    assert sent
    assert len(sent) <= 10 * each
    assert {message.qos for message in sent} == {0}
    world.vendor.start()
    world.run(2.5 if "bridge" not in name else 80)
    assert is_lit(world)
    world.run(6)
    assert standing(world) == {"confirmed"}
    assert "TWL-G105" in world.controller.codes()


def test_the_steps_of_a_sequence_do_not_heap_up_for_a_silent_lamp(
    started: Started, setup_of: Callable[[str], Setup]
) -> None:
    """Each step is a new wish; a silent lamp gets the newest once a minute, and the right one when it is back."""
    rule = "campaigns:\n  - {name: x, dates: every day, color: [red, lime], change_every: 5 s}\n"
    world = started("tasmota-5", setup=setup_of(rule))
    world.vendor.stop(with_will=False)
    world.run(240)
    since = world.mono
    world.run(600)
    assert 5 <= len(commands(world, since)) <= 10
    world.vendor.start()
    world.run(8)
    assert standing(world) == {"confirmed"}


@pytest.mark.parametrize("name", [name for name in REPORTING if DEVICES[VENDORS[name]["kind"]](GATEWAY[name]).will])
def test_who_said_goodbye_is_sent_nothing_until_it_is_back(started: Started, name: str) -> None:
    """Neither command nor question, over a border of the schedule too; back, it shows what is right by then."""
    world = started(name, SUNSET - timedelta(minutes=5))
    world.vendor.stop()
    world.run(1)
    since = world.mono
    world.run(1200)
    assert commands(world, since) == []
    assert standing(world) == {"silent"}
    world.vendor.start()
    world.run(2.5)
    assert is_lit(world)
    world.run(6)
    assert standing(world) == {"confirmed"}


@pytest.mark.parametrize("name", REPORTING)
def test_a_gateway_that_was_never_heard_is_unknown_and_reported_within_three_minutes(
    started: Started, name: str
) -> None:
    """As with a typo in its topics: neither `differs` nor an age before it was born."""
    world = started(name)
    world.controller.stop()
    world.vendor.stop(with_will=False)
    world.retained.clear()
    world.controller.start()
    since = world.mono
    world.run(20)
    for _ in range(8):
        assert standing(world) == {"unknown"}
        world.run(20)
    events = [event for at_s, event in world.controller.events if at_s >= since and event.code in ALARMS]
    assert [event.code for event in events] == ["TWL-G116"]
    assert 0 < events[0].fields["age_s"] <= NEVER_HEARD_S
    assert "does not report" in events[0].text("en")
    world.vendor.start()
    world.run(80)
    assert standing(world) == {"confirmed"}


def test_a_lamp_of_which_only_the_state_is_never_heard(started: Started) -> None:
    """Its `state_topic` is wrong and its availability is not: unknown, and reported as not answering."""
    world = started({**LAMP, "availability_topic": "lamp/here"})
    device = world.vendor.device
    answers = device.receive
    device.receive = lambda *item: answers(*item) and ()
    world.controller.stop()
    world.retained = {topic: payload for topic, payload in world.retained.items() if topic != "lamp/state"}
    world.controller.start()
    world.vendor.disconnect(with_will=False)
    world.vendor.connect()
    since = world.mono
    world.run(60)
    assert standing(world) == {"unknown"}
    assert ALARMS & set(world.controller.codes(since)) == {"TWL-G102"}


def test_a_write_only_lamp_whose_availability_was_never_heard_is_reported(started: Started) -> None:
    """The only topic of its messages may be wrong."""
    keys = {key: value for key, value in LAMP.items() if key != "state_topic"}
    world = started({**keys, "availability_topic": "lamp/here"})
    assert not ALARMS & set(world.controller.codes())
    world.controller.stop()
    world.retained.clear()
    world.controller.start()
    world.run(NEVER_HEARD_S)
    assert standing(world) == {"unknown"}
    assert "TWL-G116" in world.controller.codes()


def test_a_lamp_that_cannot_be_asked_is_unknown_after_a_while_and_alarms_nobody(started: Started) -> None:
    """It reports changes only: confirmed until its report is too old, then commanded as before."""
    world = started(CHANGES_ONLY, SUNSET - timedelta(seconds=60))
    world.until(SUNSET + timedelta(seconds=40))
    assert standing(world) == {"confirmed"}
    since = world.mono
    world.run(world.vendor.gateway.quiet_s)
    assert standing(world) == {"unknown"}
    world.run(1800)
    assert standing(world) == {"unknown"}
    assert world.controller.codes(since) == []
    assert 25 <= len(commands(world, since)) <= 35, "told what to show once a minute: it may have lost its power"
    track = world.controller.engine.states["lamp"]
    assert world.mono - track.confirmed_s["bowl"] == pytest.approx(1840 + world.vendor.gateway.quiet_s, abs=60)


def test_a_lamp_that_cannot_be_asked_and_says_something_else_is_put_right(started: Started) -> None:
    """It cannot be asked, but its messages arrive."""
    world = started(CHANGES_ONLY)
    world.run(600)
    since = world.mono
    world.publish("lamp/set", b'{"state":"OFF"}')
    world.run(3)
    assert is_lit(world)
    assert "TWL-G103" in world.controller.codes(since)


@pytest.mark.parametrize("name", ONE_OF_A_KIND)
def test_a_lamp_that_obeys_nothing_any_more_gets_few_commands_that_a_broker_keeps(
    started: Started, setup_of: Callable[[str], Setup], name: str
) -> None:
    """Each step of a sequence is a new command, and nobody knows yet that it is gone."""
    rule = "campaigns:\n  - {name: x, dates: every day, color: [red, lime], change_every: 5 s}\n"
    world = started(name, setup=setup_of(rule))
    world.vendor.stop(with_will=False)
    since = world.mono
    world.run(600)
    kept = [at_s for at_s, who, message in world.sent if who == "controller" and at_s >= since and message.qos]
    assert len(set(kept)) <= 12


@pytest.mark.parametrize("keys", [*ONE_OF_A_KIND, BLIND, CHANGES_ONLY, BLIND_BRIDGE], ids=str)
def test_a_broker_keeps_few_commands_for_a_lamp_that_has_not_answered(
    world_of: Callable[..., World], setup_of: Callable[[str], Setup], keys: str | dict[str, Any]
) -> None:
    """No message ever arrived, or its kind cannot answer: a session that returns gets no burst of old steps."""
    rule = "campaigns:\n  - {name: x, dates: every day, color: [red, lime], change_every: 5 s}\n"
    world = world_of(NIGHT, vendors=(keys,), setup=setup_of(rule))
    world.controller.start()
    world.run(900)
    kept = [message for message in commands(world, 0.0) if message.qos]
    assert set(Counter((message.topic, message.part) for message in kept).values()) <= {1, 2, 3}
    assert kept
    assert commands(world, world.mono - 80), "it is still sent what it should show"


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["", "broker forgot"])
@pytest.mark.parametrize("name", REPORTING)
def test_a_lamp_whose_return_was_not_heard_is_found(started: Started, name: str, is_forgotten: bool) -> None:
    """Its will arrived; its birth, which not every firmware retains, came while the connection was lost."""
    world = started(name)
    world.vendor.stop()
    world.run(30)
    world.controller.disconnect()
    world.vendor.start()
    world.run(3)
    if is_forgotten:
        world.retained.clear()
    world.controller.connect()
    world.run(200)
    assert is_lit(world)
    assert standing(world) == {"confirmed"}


LEAVING = {
    "wled": ("wled/a1b2c3/status", b"offline"),
    "tasmota-3": ("tele/tasmota_3/LWT", b"Offline"),
    "shelly-1": ("shellies/shellyrgbw2-11ABD9/online", b"false"),
    "shelly-2": ("shellyplusrgbwpm-b48a0a123db4/online", b"false"),
    "esphome": ("tower/status", b"offline"),
    "z2m": ("zigbee2mqtt/mast/north/availability", b'{"state":"offline"}'),
    "ha-rgb": ("home/rgb1/available", b"offline"),
}


@pytest.mark.parametrize("name", LEAVING)
def test_a_goodbye_that_the_broker_kept_too_long_does_not_keep_a_lamp_dark(
    world_of: Callable[..., World], name: str
) -> None:
    """The lamp is there, and sends nothing unless it is asked."""
    world = world_of(NIGHT, vendors=(name,))
    world.vendor.start()
    world.run(1)
    topic, payload = LEAVING[name]
    world.retained[topic] = payload
    world.controller.start()
    world.run(10)
    assert is_lit(world)
    assert standing(world) == {"confirmed"}


@pytest.mark.parametrize("name", LEAVING)
def test_a_lamp_that_is_away_while_the_controller_starts_is_sought_seldom(
    world_of: Callable[..., World], name: str
) -> None:
    """A retained will that is true: a command every ten minutes, which no broker stores; after a live one, none."""
    world = world_of(NIGHT, vendors=(name,))
    topic, payload = LEAVING[name]
    world.retained[topic] = payload
    world.controller.start()
    world.run(3600)
    sent = [message for message in commands(world, 0.0) if message.topic != topic]
    assert 3 <= len(sent) <= 6
    assert {message.qos for message in sent} == {0}
    assert standing(world) == {"silent"}
    world.publish(topic, payload)
    world.run(1)
    since = world.mono
    world.run(3600)
    assert commands(world, since) == []


def test_a_lamp_asked_by_its_own_command_is_asked_once_a_minute_and_seldom_else(started: Started) -> None:
    """The command that it has obeyed, without a fade: no light changes, and no event is emitted."""
    world = started(LAMP)
    since = world.mono
    world.run(3600)
    sent = commands(world, since)
    assert 55 <= len(sent) <= 61
    assert all("transition" not in json.loads(message.payload) for message in sent)
    assert len({message.payload for message in sent}) == 1
    assert world.controller.codes(since) == []
    assert standing(world) == {"confirmed"}


@pytest.mark.parametrize("name", ["wled", "tasmota-5", "esphome", "ha-rgb", "shelly-2"])
def test_a_report_from_before_the_newest_command_confirms_nothing(
    started: Started, setup_of: Callable[[str], Setup], name: str
) -> None:
    """A sequence returns to the colour that a dead lamp reported last: its present light is unknown."""
    rule = "campaigns:\n  - {name: x, dates: every day, color: [red, lime], change_every: 10 s}\n"
    world = started(name, setup=setup_of(rule))
    assert standing(world) == {"confirmed"}
    world.vendor.stop(with_will=False)
    world.run(10)
    for _ in range(60):
        world.run(1)
        assert "confirmed" not in standing(world)


def test_a_sequence_that_a_lamp_cannot_show_is_not_sent_to_it(
    started: Started, setup_of: Callable[[str], Setup]
) -> None:
    """For a white lamp red and lime are the same light: no new event."""
    rule = "campaigns:\n  - {name: x, dates: every day, color: [red, lime], change_every: 5 s}\n"
    world = started("tasmota-1", setup=setup_of(rule))
    since = world.mono
    world.run(50)
    assert len(commands(world, since)) <= 1
    assert standing(world) == {"confirmed"}


def test_one_zone_that_falls_silent_is_confirmed_no_longer_than_its_own_report(started: Started) -> None:
    """The other light of the node still reports, and stays confirmed; the dead one is reported as silent."""
    world = started("shelly-2-two")
    device = world.vendor.device
    answers = device.receive

    def deaf_of_the_shaft(topic: str, payload: bytes, now: datetime) -> Any:
        lost = topic.endswith("/rpc") and json.loads(payload)["params"]["id"] == 1
        return () if lost else answers(topic, payload, now)

    device.receive = deaf_of_the_shaft
    world.run(world.vendor.gateway.quiet_s + 60)
    stand = world.controller.engine.states["shelly-2-two"].status
    assert sorted(stand.values()) == ["confirmed", "unknown"]
    world.run(30)
    assert "TWL-G102" in world.controller.codes()


def test_a_cached_report_during_a_fade_confirms_nothing(started: Started) -> None:
    """A bulb that took the colour and not the brightness, while the bridge believes that it took both: asked when the
    fade is over, it is found out before it is called confirmed."""
    world = started("z2m", SUNSET - timedelta(seconds=20))
    device = world.vendor.device
    obeys, asked = device.receive, []

    def receive(topic: str, payload: bytes, now: datetime) -> Any:
        answer = obeys(topic, payload, now)
        if topic.endswith("/get") and device.state["state"] == "ON" and not asked:
            asked.append(world.mono)
            device.state["brightness"] = 51
            return (device._report(),)
        return answer

    device.receive = receive
    confirmed_s = None
    while world.wall < SUNSET + timedelta(seconds=60) and confirmed_s is None:
        world.run(0.1)
        if world.wall > SUNSET and standing(world) == {"confirmed"}:
            confirmed_s = world.mono
    assert asked
    assert confirmed_s is not None
    assert confirmed_s > asked[0]
    assert device.state["brightness"] == 254


def test_a_brokers_return_alarms_nobody_before_the_gateway_had_time_to_find_it(night: World) -> None:
    """The gateway's connection died with the broker, and its will was still said: back 20 s after the broker, it gives
    no event; one that never comes back is reported within its limit."""
    for back_s, codes in ((20.0, set()), (None, {"TWL-G104"})):
        since = night.mono
        night.mast.disconnect()
        night.run(0.5)
        night.controller.disconnect()
        night.run(120)
        night.controller.connect()
        night.run(back_s or night.mast.gateway.quiet_s + 1)
        assert ALARMS & set(night.controller.codes(since)) == codes
        night.mast.connect()
        night.run(5)
        assert night.controller.status() == {"confirmed"}


def test_nothing_is_called_wrong_that_reads_as_it_should(started: Started) -> None:
    """An effect runs over the right colour, and the lamp does not end it: the event names the effect."""
    world = started(LAMP)
    device = world.vendor.device
    obeys = device.receive

    def receive(*item: Any) -> Any:
        obeys(*item)
        device.effect = "rainbow"
        return device._report()

    device.receive = receive
    world.publish("lamp/set", b'{"effect":"rainbow"}')
    world.run(120)
    events = [event for _, event in world.controller.events if event.code in {"TWL-G103", "TWL-G108"}]
    assert {event.code for event in events} == {"TWL-G103", "TWL-G108"}
    for event in events:
        assert event.fields["shown"] != event.fields["wanted"]
        assert "effect" in event.text("en")
        assert "effekt" in event.text("sv")


DEEDS = (
    "cut",
    "cut without a word",
    "power",
    "power without a word",
    "deaf",
    "hears",
    "hand",
    "lost line",
    "broker",
    "controller",
)
"""What may happen to a lamp and its controller, in any order."""


def do(world: World, deed: str) -> None:
    """One of them, where it can be."""
    vendor, controller = world.vendor, world.controller
    if deed.startswith("cut") and vendor.powered:
        vendor.stop(with_will="without" not in deed)
    elif deed.startswith("power") and not vendor.powered:
        # a device that was reported offline always sends its birth message
        is_offline = world.controller.engine.states[vendor.name].reported.online is False
        vendor.start(with_birth="without" not in deed or is_offline)
    elif deed == "deaf":
        vendor.receive = lambda _item: None
    elif deed == "hears":
        vars(vendor).pop("receive", None)
    elif deed == "hand" and vendor.powered:
        zones = {zone: vendor.gateway.reduce(zone, BLUE) for zone in vendor.gateway.zone_names}
        for message in vendor.gateway.encode(DesiredState(now=world.wall, zones=zones), "watertower"):
            world.publish(message.topic, message.payload)
    elif deed == "lost line" and vendor.powered and vendor.client.connected:
        vendor.disconnect(with_will=False)
        vendor.connect()
    elif deed == "broker":
        world.forget()
    elif deed == "controller":
        controller.stop()
        controller.start()


def spoke_lately(world: World, zone: str) -> bool:
    """Whether the lamp itself has reported a zone within its limit."""
    gateway, since_s = world.vendor.gateway, world.mono - world.vendor.gateway.quiet_s - 0.1
    published = (message for at_s, who, message in reversed(world.sent) if who == gateway.name and at_s >= since_s)
    reports = (gateway.decode(message.topic, message.payload, "watertower") for message in published)
    return any(isinstance(report, Report) and zone in report.zones for report in reports)


@pytest.mark.parametrize("name", [*REPORTING, "lamp"])
@settings(max_examples=examples(4), deadline=None)
@given(deeds=st.lists(st.tuples(st.sampled_from(DEEDS), st.sampled_from([0.5, 5, 40, 100, 200])), max_size=8))
def test_nothing_is_confirmed_without_a_word_and_everything_is_confirmed_again(
    world_of: Callable[..., World], name: str, deeds: list[tuple[str, float]]
) -> None:
    """Whatever happened: a zone that is called confirmed was reported by the lamp within its limit; and once the lamp
    is there and obeys, it shows what it should and is confirmed."""
    world = world_of(NIGHT, vendors=(VENDORS.get(name, LAMP),))
    world.controller.start()
    world.vendor.start()
    for deed, seconds in (*deeds, ("hears", 0.0), ("power", 0.0)):
        do(world, deed)
        end_s = world.mono + seconds
        while world.mono < end_s:
            world.run(min(5.0, end_s - world.mono))
            stand = world.controller.engine.states[name].status
            assert all(spoke_lately(world, zone) for zone, how in stand.items() if how == "confirmed")
    world.run(world.vendor.gateway.quiet_s + 1.25 * POLL_S)
    assert standing(world) == {"confirmed"}
    assert is_lit(world)
