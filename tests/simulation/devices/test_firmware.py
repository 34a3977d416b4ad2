"""What is documented of each firmware: timing, retained flags, the state after a power cut, types it insists on."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from controller.gateways.base import Message
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState

ORANGE = ZoneState(on=True, color=Color("#FF6A00"), brightness=0.8)


def reports(pair: Any, leaf: str) -> list[Message]:
    """What was published on topics with this end."""
    return [message for message in pair.sent if message.topic.endswith(leaf)]


def test_wled_boots_orange_of_its_own(pair_of: Callable[[str], Any]) -> None:
    """A warmer orange at half brightness, which must not pass for the campaign's."""
    pair = pair_of("wled")
    shows = pair.device.shows(pair.now)["bowl"]
    assert shows.color == Color("#FFA000")
    assert shows.brightness == pytest.approx(0.5, abs=0.01)
    assert not pair.agrees(ORANGE)


def test_wled_reports_at_most_once_a_second(pair_of: Callable[[str], Any]) -> None:
    """The last state is reported, whatever came between."""
    pair = pair_of("wled")
    pair.wait(5)
    pair.sent.clear()
    for step in range(5):
        pair.ask(ZoneState(True, Color("#FF6A00"), 0.2 + step / 10))
        pair.wait(0.1)
    assert len(reports(pair, "/g")) == 1
    pair.wait(1)
    assert [message.payload for message in reports(pair, "/g")] == [b"51", b"153"]


def test_wled_says_nothing_of_what_did_not_change(pair_of: Callable[[str], Any]) -> None:
    """Hence the question, and the night light in every command."""
    pair = pair_of("wled")
    same = {"on": True, "bri": 128, "seg": {"fx": 0, "col": [[255, 160, 0]]}}
    pair.wait(5)
    pair.sent.clear()
    for payload in (b"{}", b'{"v":true}', json.dumps(same).encode()):
        pair.receive(pair.device.receive("wled/a1b2c3/api", payload, pair.now))
        pair.wait(2)
    assert pair.sent == []
    pair.send(pair.gateway.query("watertower"))
    pair.wait(2)
    assert len(reports(pair, "/v")) == 1


@pytest.mark.parametrize(
    ("name", "leaf", "retained"),
    [
        ("esphome", "/state", True),
        ("z2m", "mast/north", False),
        ("wled", "/v", False),
        ("wled", "/status", True),
        ("tasmota-3", "/RESULT", False),
        ("tasmota-3", "/LWT", True),
        ("shelly-1", "/status", False),
        ("shelly-1", "/online", False),
        ("shelly-2", "/online", False),
        ("bridge", "/1", False),
    ],
)
def test_what_is_retained(name: str, leaf: str, retained: bool, pair_of: Callable[[str], Any]) -> None:
    """Where states are not retained, a controller that comes late receives nothing until it asks."""
    pair = pair_of(name)
    pair.ask(ORANGE)
    pair.wait(3)
    assert {message.retain for message in reports(pair, leaf)} == {retained}


def test_esphome_drops_what_is_no_integer(pair_of: Callable[[str], Any]) -> None:
    """2.0 is no fade, so the light's own second holds; 204.0 is no brightness."""
    pair = pair_of("esphome")
    payload = b'{"state":"ON","brightness":204.0,"color":{"r":255,"g":106,"b":0},"transition":60.0}'
    pair.receive(pair.device.receive("tower/light/floods/command", payload, pair.now))
    pair.wait(1)
    assert pair.device.shows(pair.now)["bowl"].brightness == 1.0


def test_esphome_drops_a_fade_beside_an_effect(pair_of: Callable[[str], Any]) -> None:
    """The light's own second holds, even where the effect is none; alone, a fade of a minute is one."""
    for effect, shown in ((b',"effect":"None"', 0.8), (b"", 0.4)):
        pair = pair_of("esphome")
        payload = b'{"state":"ON","brightness":204,"color":{"r":255,"g":106,"b":0},"transition":60%b}' % effect
        pair.receive(pair.device.receive("tower/light/floods/command", payload, pair.now))
        pair.wait(30)
        assert pair.device.shows(pair.now)["bowl"].brightness == pytest.approx(shown, abs=0.02)


def test_esphome_ends_an_effect_when_it_is_put_out(pair_of: Callable[[str], Any]) -> None:
    """Lit again it has none; a command that leaves it lit keeps it."""
    pair = pair_of("esphome")
    effects = []
    for payload in (b'{"state":"ON","effect":"Rainbow"}', b'{"brightness":9}', b'{"state":"OFF"}', b'{"state":"ON"}'):
        pair.receive(pair.device.receive("tower/light/floods/command", payload, pair.now))
        effects.append(json.loads(reports(pair, "/state")[-1].payload)["effect"])
    assert effects == ["Rainbow", "Rainbow", "None", "None"]


def test_esphome_multiplies_dim_colours(pair_of: Callable[[str], Any]) -> None:
    """Half a colour at half brightness is a quarter of the light."""
    pair = pair_of("esphome")
    pair.ask(ZoneState(True, Color("#803500"), 0.5))
    pair.wait(2)
    assert pair.device.shows(pair.now)["bowl"].brightness == pytest.approx(0.25, abs=0.01)


def test_tasmota_fades_at_a_fixed_rate(pair_of: Callable[[str], Any]) -> None:
    """Four seconds for all the way: half the way takes two."""
    pair = pair_of("tasmota-3")
    pair.ask(ZoneState(True, Color("#FF0000"), 0.5), 4.0)
    pair.wait(1)
    assert pair.device.shows(pair.now)["bowl"].brightness == pytest.approx(0.25, abs=0.02)
    pair.wait(1)
    assert pair.device.shows(pair.now)["bowl"].brightness == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("typed", "dimmer", "told", "per_cent"),
    [
        ("255,0,0", 100, "FF0000", 100),
        ("255,128,64", 50, "804020", 50),
        ("255,0,0", 1, "030000", 1),
        ("1,1,0", 100, "FFFF00", 100),
    ],
)
def test_tasmota_reports_its_channels_in_whole_steps_of_255(
    typed: str, dimmer: int, told: str, per_cent: int, pair_of: Callable[[str], Any]
) -> None:
    """Colour at full strength times brightness, half a step rounded up; full is FF."""
    pair = pair_of("tasmota-3")
    pair.sent.clear()
    command = pair.gateway.at("cmnd", "Backlog0")
    pair.receive(pair.device.receive(command, f"Color2 {typed};Dimmer {dimmer}".encode(), pair.now))
    result = json.loads(reports(pair, "/RESULT")[-1].payload)
    assert (result["Color"], result["Dimmer"]) == (told, per_cent)


@pytest.mark.parametrize(("typed", "shown"), [("255,0,0,40", "#FF0000"), ("0,0,0,255", "#FFFFFF")])
def test_tasmota_shows_white_where_it_has_no_colour(typed: str, shown: str, pair_of: Callable[[str], Any]) -> None:
    """A colour counts for more than the white channel beside it."""
    pair = pair_of("tasmota-4")
    pair.receive(pair.device.receive(pair.gateway.at("cmnd", "Color"), typed.encode(), pair.now))
    assert pair.device.shows(pair.now)["bowl"].color.hex == shown


@pytest.mark.parametrize(("typed", "mired"), [(152, 250), (153, 153), (500, 500), (501, 250)])
def test_tasmota_takes_whites_of_153_to_500_mired(typed: int, mired: int, pair_of: Callable[[str], Any]) -> None:
    """Any other leaves it as it is."""
    pair = pair_of("tasmota-5")
    for value in (250, typed):
        pair.receive(pair.device.receive(pair.gateway.at("cmnd", "CT"), b"%d" % value, pair.now))
    assert json.loads(reports(pair, "/RESULT")[-1].payload)["CT"] == mired


def test_tasmota_reports_the_faintest_light_as_one_per_cent(pair_of: Callable[[str], Any]) -> None:
    """It is not off."""
    pair = pair_of("tasmota-3")
    for typed, told in ((b"1,0,0", 1), (b"0,0,0", 0)):
        pair.receive(pair.device.receive(pair.gateway.at("cmnd", "Color"), typed, pair.now))
        assert json.loads(reports(pair, "/RESULT")[-1].payload)["Dimmer"] == told


def test_tasmota_reports_its_state_every_five_minutes(pair_of: Callable[[str], Any]) -> None:
    """TelePeriod."""
    pair = pair_of("tasmota-3")
    pair.sent.clear()
    pair.wait(901)
    assert len(reports(pair, "STATE")) == 3


def test_shelly_gen1_reports_its_status_every_half_minute(pair_of: Callable[[str], Any]) -> None:
    """The update period of its settings."""
    pair = pair_of("shelly-1")
    pair.sent.clear()
    pair.wait(91)
    assert len(reports(pair, "/status")) == 3


def test_shelly_gen2_reports_the_present_and_then_the_end(pair_of: Callable[[str], Any]) -> None:
    """During a fade the target is in `transition`; the end of the fade is reported by itself."""
    pair = pair_of("shelly-2")
    pair.sent.clear()
    pair.ask(ORANGE, 10.0)
    first = json.loads(reports(pair, "/status/rgbw:0")[-1].payload)
    assert first["transition"]["target"] == {"output": True, "brightness": 80, "rgb": [255, 106, 0], "white": 0}
    assert first["brightness"] < 80
    assert not pair.agrees(ORANGE)
    pair.wait(10)
    assert "transition" not in json.loads(reports(pair, "/status/rgbw:0")[-1].payload)
    assert pair.agrees(ORANGE)


def test_shelly_gen2_refuses_in_words(pair_of: Callable[[str], Any]) -> None:
    """Another profile's method, and a request without its arguments."""
    pair = pair_of("shelly-2")
    for method, params in (("RGB.Set", {"id": 0, "on": True}), ("RGBW.Set", {"id": 0})):
        frame = {"id": 7, "src": "me", "method": method, "params": params}
        (answer,) = pair.device.receive(f"{pair.gateway.topic}/rpc", json.dumps(frame).encode(), pair.now)
        assert answer.topic == "me/rpc"
        assert json.loads(answer.payload)["error"]["code"] in {404, -103}


def test_zigbee_parts_are_read_one_after_another(pair_of: Callable[[str], Any]) -> None:
    """A fifth of a second each, and nothing at once."""
    pair = pair_of("z2m")
    pair.sent.clear()
    pair.receive(pair.device.receive("zigbee2mqtt/mast/north/get", b'{"state":"","brightness":""}', pair.now))
    counts = []
    for _ in range(5):
        pair.wait(0.1)
        counts.append(len(reports(pair, "mast/north")))
    assert counts == [0, 1, 1, 2, 2]


def test_a_zigbee_lamp_comes_back_white(pair_of: Callable[[str], Any]) -> None:
    """Lit in full after a power cut, whatever it was."""
    pair = pair_of("z2m")
    pair.ask(DARK)
    pair.wait(1)
    pair.boot()
    shows = pair.device.shows(pair.now)["bowl"]
    assert (shows.on, shows.brightness, shows.color and shows.color.kelvin) == (True, 1.0, 2703)


def test_a_fade_that_is_cut_short_goes_on_from_where_it_was(pair_of: Callable[[str], Any]) -> None:
    """No jump: the light is a function of time without gaps."""
    pair = pair_of("ha-rgb")
    pair.ask(ZoneState(True, Color("#FF6A00"), 1.0), 10.0)
    pair.wait(5)
    before = pair.device.shows(pair.now)["bowl"].brightness
    pair.ask(DARK, 10.0)
    assert pair.device.shows(pair.now)["bowl"].brightness == pytest.approx(before, abs=0.01)
    assert pair.device.shows(pair.now + timedelta(seconds=5))["bowl"].brightness == pytest.approx(before / 2, abs=0.01)
