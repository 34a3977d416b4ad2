"""Vendors' gateways beside the engine: simulated devices that keep no plan, of which some say nothing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.config.load import Setup
from controller.gateways.base import POLL_S, Message
from controller.mqtt import Received
from tests.service.simulated import World

NIGHT = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
SUNSET = datetime(2026, 11, 20, 14, 41, 13, tzinfo=UTC)
NAMES = [each["name"] for each in json.loads((Path(__file__).parents[1] / "vectors/vendors.json").read_text("utf-8"))]
ASKED = ["z2m", "wled", "tasmota-5", "shelly-1", "shelly-2"]
MUTE = {"name": "mute", "kind": "home-assistant", "zone": "bowl", "command_topic": "m/set"}
SEQUENCE = "campaigns:\n  - {name: x, dates: every day, color: [red, lime], change_every: 10 s}\n"

Started = Callable[..., World]


@pytest.fixture
def started(world_of: Callable[..., World]) -> Started:
    """A vendor's gateway and the controller, some seconds after both have started."""

    def make(vendor: str | dict[str, str], at: datetime = NIGHT, **more: Any) -> World:
        world = world_of(at, vendors=(vendor,), **more)
        world.controller.start()
        world.vendor.start()
        world.run(8)
        return world

    return make


def shown(world: World) -> dict[str, Any]:
    """What a person under the tower sees."""
    return dict(world.vendor.device.shows(world.wall))


def standing(world: World) -> set[str]:
    """The statuses of the zones of the device."""
    return set(world.controller.status(world.vendor.name))


def deaf(item: Received) -> None:
    """Replaces a device that receives nothing."""


def commands(world: World, since_s: float) -> list[Message]:
    """What the controller sent since."""
    return [message for at_s, who, message in world.sent if who == "controller" and at_s >= since_s]


@pytest.mark.parametrize("name", NAMES)
def test_over_a_border(started: Started, name: str) -> None:
    """Dark and confirmed before sunset, lit and confirmed soon after the fade; nobody is alarmed."""
    world = started(name, SUNSET - timedelta(seconds=30))
    assert standing(world) == {"confirmed"}
    assert not any(state.on for state in shown(world).values())
    since = world.mono
    world.run(22 + 30 + 8)
    assert standing(world) == {"confirmed"}
    assert all(state.on for state in shown(world).values())
    assert set(world.controller.codes(since)) == {"TWL-C020", "TWL-G101"}


@pytest.mark.parametrize("name", NAMES)
def test_the_controller_starts_again_beside_a_lamp_that_is_right(started: Started, name: str) -> None:
    """The lamp has nothing to change, perhaps nothing to say: asked, it confirms, and is not called a fault."""
    world = started(name)
    since = world.mono
    world.controller.stop()
    world.controller.start()
    world.run(3)
    assert standing(world) == {"confirmed"}
    assert set(world.controller.codes(since)) <= {"TWL-C010", "TWL-C020", "TWL-G101"}


@pytest.mark.parametrize("name", NAMES)
def test_a_power_cut_at_night(started: Started, name: str) -> None:
    """It comes back with its manufacturer's default: right again within 2 s, or within a minute where it reports
    nothing."""
    world = started(name)
    world.vendor.stop()
    world.run(7)
    world.vendor.start()
    world.run(2.5 if "bridge" not in name else 61)
    assert all(state.on for state in shown(world).values())
    world.run(60)
    assert standing(world) == {"confirmed"}
    assert all(state.brightness == pytest.approx(1.0) for state in shown(world).values())


@pytest.mark.parametrize("name", [name for name in NAMES if "bridge" not in name])
@pytest.mark.parametrize("late_s", [21, 75])
def test_a_lamp_that_starts_after_the_controller(world_of: Callable[..., World], name: str, late_s: int) -> None:
    """As after a power cut of the whole site: it is commanded at its first message, not when the next repetition is
    due."""
    world = world_of(NIGHT, vendors=(name,))
    world.controller.start()
    world.run(late_s)
    world.vendor.start()
    world.run(2.5)
    assert all(state.on for state in shown(world).values())
    world.run(5)
    assert standing(world) == {"confirmed"}


def test_a_group_of_zigbee_lamps_does_not_answer_when_asked(started: Started) -> None:
    """It reports only after commands: it gets them, and stays confirmed without an alarm."""
    world = started({"name": "all", "kind": "zigbee2mqtt", "zone": "bowl", "topic": "zigbee2mqtt/all", "group": "true"})
    device = world.vendor.device
    answers = device.receive
    device.receive = lambda topic, *rest: () if topic.endswith("/get") else answers(topic, *rest)
    since = world.mono
    world.run(1800)
    assert world.controller.codes(since) == []
    assert standing(world) == {"confirmed"}
    assert len(commands(world, since)) <= 60


@pytest.mark.parametrize("name", [name for name in NAMES if "bridge" not in name])
def test_a_power_cut_at_noon(started: Started, name: str) -> None:
    """Some come back lit, WLED in an orange of its own: dark again within 2 s, and never confirmed while lit."""
    world = started(name, NIGHT.replace(hour=11))
    world.vendor.stop()
    world.run(7)
    world.vendor.start()
    for _ in range(20):
        world.run(0.1)
        assert "confirmed" not in standing(world) or not any(state.on for state in shown(world).values())
    assert not any(state.on for state in shown(world).values())
    world.run(5)
    assert standing(world) == {"confirmed"}


@pytest.mark.parametrize("name", ASKED)
def test_nobody_is_asked_while_a_fade_runs(started: Started, name: str) -> None:
    """Asking cuts a fade short (WLED): not in the fade, and at most once in its pace when at rest."""
    world = started(name, SUNSET - timedelta(seconds=30))
    gateway = world.vendor.gateway
    asking = set(gateway.query("watertower"))
    assert asking
    assert len(commands(world, 0)) <= 3
    world.until(SUNSET)
    since = world.mono
    world.run(30)
    assert not asking & set(commands(world, since))
    since = world.mono
    world.run(3 * POLL_S + 10)
    assert len([message for message in commands(world, since) if message in asking]) <= 4 * len(asking)
    assert standing(world) == {"confirmed"}


def test_a_lamp_that_says_nothing(started: Started) -> None:
    """It can never be confirmed; it is commanded every minute, and so is right a minute after somebody changed it."""
    world = started(MUTE)
    assert standing(world) == {"unknown"}
    assert all(state.on for state in shown(world).values())
    since = world.mono
    world.run(300)
    assert 4 <= len(commands(world, since)) <= 6
    assert world.controller.codes(since) == []
    world.publish("m/set", b'{"state":"OFF"}')
    world.run(61)
    assert all(state.on for state in shown(world).values())


def test_a_lamp_that_says_only_that_it_is_there(started: Started) -> None:
    """Without a report, but with a will: commanded again as soon as it is back."""
    world = started({**MUTE, "availability_topic": "m/here"})
    world.vendor.stop()
    world.run(20)
    assert standing(world) == {"silent"}
    world.vendor.start()
    world.run(2)
    assert standing(world) == {"unknown"}
    assert all(state.on for state in shown(world).values())
    assert {"TWL-G104", "TWL-G105"} <= set(world.controller.codes())


def test_a_lamp_that_starts_too_fast_to_be_missed(started: Started) -> None:
    """Its will was never published, and it sends its birth again: it is commanded within seconds, not within the
    minute."""
    world = started({**MUTE, "availability_topic": "m/here"})
    world.run(20)
    world.vendor.stop(with_will=False)
    world.vendor.start()
    world.publish("m/set", b'{"state":"OFF"}')
    world.run(1)
    assert all(state.on for state in shown(world).values())


def test_a_lamp_that_starts_and_reports_only_that_it_is_there(started: Started) -> None:
    """Its absence was never reported, and it reports no state by itself: it is commanded again, once."""
    world = started("ha-rgb")
    world.run(100)
    device = world.vendor.device
    greeting = device.boot(world.wall)[:1]
    since = world.mono
    for _ in range(3):
        world.vendor.publish(greeting)
        world.run(1)
    assert all(state.on for state in shown(world).values())
    assert standing(world) == {"confirmed"}
    world.run(200)
    assert len(commands(world, since)) <= 5, "told once for all the greetings, and then once a minute"


def test_a_lamp_that_greets_with_every_word_is_not_flooded(started: Started) -> None:
    """WLED sends `online` with each report: that is no reason to ask it again."""
    world = started("wled")
    since = world.mono
    world.run(240)
    assert len(commands(world, since)) <= 4


def test_a_lamp_changed_by_an_app(started: Started) -> None:
    """Somebody switches it off: on again within 2 s, with an event."""
    world = started("tasmota-5")
    world.publish("cmnd/tasmota_5/POWER", b"OFF")
    world.run(2)
    assert all(state.on for state in shown(world).values())
    assert "TWL-G103" in world.controller.codes()


@pytest.mark.parametrize(
    ("name", "topic", "payload"),
    [
        ("esphome", "tower/light/floods/command", b'{"effect":"Rainbow"}'),
        ("esphome", "tower/light/floods/command", b'{"color":{"w":255}}'),
        ("wled", "wled/a1b2c3/api", b'{"seg":{"fx":73}}'),
        ("shelly-1", "shellies/shellyrgbw2-11ABD9/color/0/set", b'{"effect":2}'),
        (
            "shelly-2",
            "shellyplusrgbwpm-b48a0a123db4/rpc",
            b'{"id":9,"src":"app","method":"RGBW.Set","params":{"id":0,"on":true,"white":255}}',
        ),
        ("ha-rgb", "home/rgb1/set", b'{"state":"ON","effect":"rainbow"}'),
    ],
)
def test_an_effect_or_white_set_by_an_app(started: Started, name: str, topic: str, payload: bytes) -> None:
    """Seen, put out, and confirmed again within a few seconds; nobody has to look."""
    world = started(name)
    since = world.mono
    world.publish(topic, payload)
    world.run(5)
    assert standing(world) == {"confirmed"}
    assert "TWL-G103" in world.controller.codes(since)


def test_a_scheme_under_a_colour_temperature_is_put_out(started: Started, setup_of: Callable[[str], Setup]) -> None:
    """Only a colour stops a scheme of Tasmota by itself."""
    world = started("tasmota-5", setup=setup_of("campaigns:\n  - {name: x, dates: every day, color: 2700 K}\n"))
    assert standing(world) == {"confirmed"}
    world.publish("cmnd/tasmota_5/Scheme", b"2")
    world.run(62)
    assert standing(world) == {"confirmed"}
    assert world.vendor.device.scheme == 0


def test_a_zigbee_lamp_that_takes_a_colour_and_shows_another(started: Started) -> None:
    """The bridge reports what it sent, and the lamp when asked what it shows: reported once, and never confirmed."""
    world = started("z2m")
    device = world.vendor.device
    device.held["color"] = {"x": 0.3, "y": 0.6}
    device.deaf_to = frozenset({"color"})
    world.run(270)
    since, confirmed = world.mono, 0
    for _ in range(1800):
        world.run(1)
        confirmed += standing(world) == {"confirmed"}
    assert confirmed == 0
    assert set(world.controller.codes(since)) <= {"TWL-G108"}
    assert world.controller.codes().count("TWL-G108") == 1
    assert len(commands(world, since)) <= 130, "a command and a question each minute"
    device.deaf_to = frozenset()
    world.run(180)
    assert standing(world) == {"confirmed"}
    assert world.controller.codes(since).count("TWL-G107") == 1


def standing_troubles(world: World) -> list[str]:
    """The codes of what is wrong for longer than a moment, as `status` has it."""
    document = json.loads(world.retained["watertower/controller/health"])
    return [each["code"] for each in document["degradations"]]


def test_a_lamp_that_is_fought_over(started: Started) -> None:
    """An automation switches it off whenever it is on: five repairs at once, then one in twelve seconds, one alarm."""
    world = started("tasmota-5")
    since = world.mono
    for _ in range(120):
        world.publish("cmnd/tasmota_5/POWER", b"OFF")
        world.run(1)
    assert 10 <= len(commands(world, since)) <= 40
    assert world.controller.codes(since).count("TWL-G109") == 1
    for _ in range(12):  # wrong and right by turns
        world.publish("cmnd/tasmota_5/POWER", b"OFF")
        world.run(1)
        assert standing_troubles(world) == ["TWL-G109"]
    world.run(75)
    assert standing(world) == {"confirmed"}
    assert standing_troubles(world) == []
    assert world.controller.codes(since).count("TWL-G118") == 1


def test_a_slow_lamp_is_not_swamped(started: Started) -> None:
    """It takes ten seconds for a command: what waits does not grow, and in the end it is right."""
    world = started("esphome", SUNSET - timedelta(seconds=60))
    waiting: list[tuple[float, str, bytes]] = []
    device = world.vendor.device
    most = 0

    def slowly(item: Received) -> None:
        nonlocal most
        waiting.append((max([world.mono, *(at_s for at_s, _, _ in waiting)]) + 10, item.topic, item.payload))
        most = max(most, len(waiting))

    world.vendor.receive = slowly
    for _ in range(3000):
        world.run(0.1)
        while waiting and waiting[0][0] <= world.mono:
            _, topic, payload = waiting.pop(0)
            world.vendor.publish(device.receive(topic, payload, world.wall))
            world.vendor.turn()
    assert most <= 2 * 4  # four commands, each with the end of an effect before it
    assert standing(world) == {"confirmed"}
    assert all(state.on for state in shown(world).values())


def test_a_sequence_is_sent_step_by_step_and_not_announced(started: Started, setup_of: Callable[[str], Setup]) -> None:
    """Vendors have no sequences: each step is sent and confirmed, without an event."""
    world = started("tasmota-5", setup=setup_of(SEQUENCE))
    since = world.mono
    world.run(100)
    assert 10 <= len(commands(world, since)) <= 22
    assert standing(world) == {"confirmed"}
    assert world.controller.codes(since) == []


def test_a_lamp_that_does_not_follow_a_sequence_is_reported_once(
    started: Started, setup_of: Callable[[str], Setup]
) -> None:
    """Every step is a new wish, and none is obeyed: one alarm, and not one for each."""
    world = started("tasmota-5", setup=setup_of(SEQUENCE))
    world.publish("cmnd/tasmota_5/POWER", b"OFF")
    world.run(0.003)
    world.vendor.receive = deaf
    since = world.mono
    world.run(170)
    alarms = [code for code in world.controller.codes(since) if code in {"TWL-G102", "TWL-G108"}]
    assert len(alarms) == 1
    assert standing(world) & {"differs", "pending", "silent"}
    del world.vendor.receive
    world.run(80)
    assert standing(world) == {"confirmed"}
    assert "TWL-G107" in world.controller.codes(since)


def test_half_a_report_does_not_make_the_other_half_fresh(started: Started) -> None:
    """Of two zones one reports after a new connection: the other is not confirmed by its earlier report."""
    world = started("shelly-2-two")
    world.controller.disconnect()
    world.vendor.receive = deaf
    world.controller.connect()
    world.run(0.1)
    status = b'{"id":0,"source":"mqtt","output":true,"brightness":100.0}'
    world.publish("tower/shelly/status/light:0", status)
    world.run(1)
    stand = world.controller.engine.states["shelly-2-two"].status
    assert stand["bowl"] == "confirmed"
    assert stand["shaft"] == "pending"


@pytest.mark.parametrize("name", ["wled", "tasmota-5", "ha-rgb"])
def test_what_a_broker_kept_of_a_dead_lamp_confirms_nothing(started: Started, name: str) -> None:
    """Its last words are retained and right, and it is gone without a will: never called right."""
    world = started(name)
    words = [message for _, who, message in world.sent if who == world.vendor.name]
    world.vendor.stop(with_will=False)
    world.retained |= {message.topic: message.payload for message in words}
    world.controller.stop()
    world.controller.start()
    for _ in range(20):
        world.run(1)
        assert "confirmed" not in standing(world)


def test_a_lamp_that_says_the_goal_at_once_is_not_believed_before_the_fade_is_done(started: Started) -> None:
    """WLED reports where a fade goes, not how far it is."""
    world = started("wled", SUNSET - timedelta(seconds=20))
    world.until(SUNSET + timedelta(seconds=5))
    assert world.vendor.device.bri == 255
    while world.wall < SUNSET + timedelta(seconds=29):
        assert standing(world) == {"pending"}
        world.run(2)
    world.run(3)
    assert standing(world) == {"confirmed"}


def test_a_lamp_at_rest_is_asked_while_another_zone_fades(started: Started, setup_of: Callable[[str], Setup]) -> None:
    """Its own look stays, and there is no fade that asking could cut; one that came back into the fade is not asked."""
    both = "{name: b, dates: every day, hours: 19:10 to 23:00, color: {bowl: red, shaft: blue}, fade_in: 20 min}"
    one = "{name: a, dates: every day, hours: 16:00 to 23:00, color: {bowl: red}}"
    world = started("wled", setup=setup_of(f"campaigns:\n  - {both}\n  - {one}\n"))
    asking = set(world.vendor.gateway.query("watertower"))
    world.until(NIGHT + timedelta(minutes=10))
    since = world.mono
    world.run(18 * 60)
    assert standing(world) == {"confirmed"}
    assert asking & set(commands(world, since))
    since = world.mono
    world.vendor.disconnect()
    world.run(30)
    assert standing(world) == {"silent"}
    world.vendor.connect()
    world.run(30)
    assert not asking & set(commands(world, since))
    world.run(120)
    assert asking & set(commands(world, since))


def test_a_lamp_that_is_away_during_a_fade_is_sent_the_rest_of_it(started: Started) -> None:
    """It is silent, so it is sent the wish more than once; and it is not asked, which would cut the fade."""
    world = started("wled", SUNSET - timedelta(seconds=20))
    asking = set(world.vendor.gateway.query("watertower"))
    world.vendor.disconnect()
    world.until(SUNSET + timedelta(seconds=3))
    world.vendor.connect()
    world.run(26)
    assert not asking & set(commands(world, 1020.0))


def test_gateways_that_do_not_obey_are_not_all_commanded_at_the_same_instants(world_of: Callable[..., World]) -> None:
    """Each has waits of its own, up to a quarter longer than 2, 4, 8 … s; else hundreds would be due at once."""
    lamps = [{"name": f"lamp-{n}", "kind": "wled", "zone": "bowl", "topic": f"wled/{n}"} for n in range(3)]
    world = world_of(NIGHT, vendors=tuple(lamps))
    for host in world.gateways:
        host.receive = deaf
        host.start()
    world.controller.start()
    world.run(100)
    sent: dict[str, list[float]] = {}
    for at_s, who, message in world.sent:
        if who == "controller" and message.topic.startswith("wled/"):
            sent.setdefault(message.topic.split("/")[1], []).append(round(at_s, 2))
    assert len(sent) == 3
    late = [set(times[-3:]) for times in sent.values()]
    assert all(len(times) > 5 for times in sent.values())
    assert not late[0] & late[1] | late[1] & late[2] | late[0] & late[2]
