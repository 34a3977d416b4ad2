"""What is peculiar to one vendor's firmware."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from controller.gateways.base import DesiredState, Gateway, Ignored, Rejected, Report, ReportedLook
from controller.gateways.payloads import from_hue
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState

PREFIX = "watertower"


def shown(gateway: Gateway, topic: str, payload: bytes | dict[str, Any]) -> ReportedLook:
    """The look of the zone in a message."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    report = gateway.decode(topic, raw, PREFIX)
    assert isinstance(report, Report), report
    return report.zones["bowl"]


def fault(report: Report | Ignored | Rejected) -> tuple[str, str]:
    """The code of the fault in a message, and its error text or value."""
    assert isinstance(report, Report), report
    assert report.fault is not None
    return report.fault.code, report.fault.fields.get("error") or report.fault.fields["value"]


def sent(gateway: Gateway, want: DesiredState) -> Any:
    """The JSON of the one command, but for what ends an effect before it."""
    (message,) = (message for message in gateway.encode(want, PREFIX) if message.part != "effect")
    return json.loads(message.payload)


@pytest.mark.parametrize("payload", [b"offline", b'{"state":"offline"}', b" Offline\n"])
@pytest.mark.parametrize("topic", ["zigbee2mqtt/bridge/state", "zigbee2mqtt/tower/availability"])
def test_a_zigbee_lamp_is_offline_when_it_or_its_bridge_is(
    payload: bytes, topic: str, named: Callable[..., Gateway]
) -> None:
    """Plain text before version 2, JSON since."""
    assert named("zigbee2mqtt").decode(topic, payload, PREFIX) == Report(online=False)


@pytest.mark.parametrize(
    ("topic", "bridge"),
    [
        ("zigbee2mqtt/tower", "zigbee2mqtt/bridge/state"),
        ("z2m/north lamp", "z2m/bridge/state"),
        ("home/zigbee2mqtt/mast/north", "home/zigbee2mqtt/bridge/state"),
        ("/home/lamp", "/home/bridge/state"),
    ],
)
def test_the_bridge_is_found_from_the_lamp(topic: str, bridge: str, named: Callable[..., Gateway]) -> None:
    """It is subscribed before the lamp's own availability, whose retained word is to come last."""
    gateway = named("zigbee2mqtt", topic=topic)
    log = bridge.removesuffix("state") + "logging"
    assert gateway.topics(PREFIX) == (bridge, log, f"{topic}/availability", topic)


def test_a_bridge_that_could_be_at_several_places(named: Callable[..., Gateway]) -> None:
    """`tower/z2m` with a lamp `north`, or `tower` with a lamp `z2m/north`: an offline on either topic counts."""
    gateway = named("zigbee2mqtt", topic="tower/z2m/north")
    for bridge in ("tower/bridge/state", "tower/z2m/bridge/state"):
        assert gateway.decode(bridge, b'{"state":"offline"}', PREFIX) == Report(online=False)


@pytest.mark.parametrize("topic", ["zigbee2mqtt/tower/set", "z2m/tower/get", "zigbee2mqtt/tower/availability", "tower"])
def test_what_is_not_the_topic_of_a_zigbee_lamp(topic: str, named: Callable[..., Any]) -> None:
    """Copied with its last level, or without the base topic, nothing would ever arrive."""
    with pytest.raises(ValidationError, match="TWL-S230"):
        named("zigbee2mqtt", topic=topic)


def test_zigbee_reports_are_compared_by_xy(named: Callable[..., Gateway], lit: Callable[..., ZoneState]) -> None:
    """The bridge's own formula: orange by the CIE's would be far off."""
    gateway = named("zigbee2mqtt")
    keys = {"state": "ON", "brightness": 203, "color_mode": "xy", "color": {"x": 0.6374, "y": 0.3529}}
    report = shown(gateway, "zigbee2mqtt/tower", keys)
    assert gateway.agrees("bowl", lit(brightness=0.8), report)
    assert not gateway.agrees("bowl", lit("#FF0000", 0.8), report)
    keys["color"] = {"x": 0.6194, "y": 0.3709}
    assert gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, "zigbee2mqtt/tower", keys))
    keys["color"] = {"x": 0.66, "y": 0.33}
    assert not gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, "zigbee2mqtt/tower", keys))


@pytest.mark.parametrize(
    ("color", "held", "agrees"),
    [
        ("#00FF00", (0.17, 0.7), True),
        ("#00FF00", (0.2151, 0.7106), True),
        ("#0000FF", (0.167, 0.04), True),
        ("#FF0000", (0.675, 0.322), True),
        ("#00FF00", (0.3, 0.6), False),
        ("#FFFFFF", (0.327, 0.332), True),
        ("#FFFFFF", (0.3377, 0.341), False),
        ("#FFF5EB", (0.3227, 0.329), False),
    ],
)
def test_a_zigbee_lamp_that_holds_the_nearest_colour_it_has(
    color: str, held: tuple[float, float], agrees: bool, named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """It would else be put right at every poll; another colour is still another one, a pale one beside white too."""
    gateway = named("zigbee2mqtt")
    keys = {"state": "ON", "brightness": 254, "color_mode": "xy", "color": {"x": held[0], "y": held[1]}}
    assert gateway.agrees("bowl", lit(color, 1.0), shown(gateway, "zigbee2mqtt/tower", keys)) is agrees


def test_zigbee_lamps_that_report_hue_and_saturation(
    named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """In mode `hs` the chromaticity beside them may be of before."""
    gateway = named("zigbee2mqtt")
    keys = {"state": "ON", "brightness": 203, "color_mode": "hs"}
    orange = {"hue": 25, "saturation": 100, "x": 0.2, "y": 0.1}
    blue = {"hue": 240, "saturation": 100, "x": 0.6374, "y": 0.3529}
    assert gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, "zigbee2mqtt/tower", keys | {"color": orange}))
    assert not gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, "zigbee2mqtt/tower", keys | {"color": blue}))


def test_zigbee_lamps_count_hue_and_saturation_in_254_steps(
    named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """The bridge makes whole degrees and per cent of them; every hue must come back as what was asked for."""
    gateway = named("zigbee2mqtt")
    for degrees in range(0, 360, 5):
        step = round(degrees / 360 * 254)
        color = {"hue": round(step / 254 * 360), "saturation": round(round(0.73 * 254) / 254 * 100)}
        keys = {"state": "ON", "brightness": 254, "color_mode": "hs", "color": color}
        desired = lit(from_hue(degrees, 73).hex)
        assert gateway.agrees("bowl", desired, shown(gateway, "zigbee2mqtt/tower", keys)), degrees


def test_zigbee_knows_no_dark_colours(
    named: Callable[..., Gateway], desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]
) -> None:
    """The bridge drops the brightness of a colour, so it is sent as brightness."""
    keys = sent(named("zigbee2mqtt"), desired_state(lit("#803500", 1.0)))
    assert (keys["brightness"], keys["color"]) == (127, {"r": 255, "g": 106, "b": 0})


@pytest.mark.parametrize(
    ("modes", "expected", "asked"),
    [
        (["brightness"], {"brightness": 203}, ["state", "brightness"]),
        (["onoff"], {}, ["state"]),
        (["color_temp"], {"brightness": 203, "color_temp": 250}, ["state", "brightness", "color_temp"]),
    ],
)
def test_zigbee_lamps_without_colours(
    modes: list[str],
    expected: dict[str, Any],
    asked: list[str],
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
) -> None:
    """They are sent what they have, asked for no more, and confirmed by it."""
    gateway = named("zigbee2mqtt", color_modes=modes)
    keys = sent(gateway, desired_state(lit(brightness=0.8), 2.0))
    assert keys == {"state": "ON", **expected} | ({} if modes == ["onoff"] else {"transition": 2})
    (question,) = gateway.query(PREFIX)
    assert list(json.loads(question.payload)) == asked
    state = {"state": "ON", **expected, "linkquality": 80}
    assert gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, "zigbee2mqtt/tower", state))
    assert not gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, "zigbee2mqtt/tower", {"state": "OFF"}))
    assert "color" in gateway.cannot()


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("brightness", {"brightness": 204, "transition": 0}),
        ("onoff", {"effect": "None"}),
        ("color_temp", {"brightness": 204, "color_temp": 250, "transition": 0}),
    ],
)
def test_esphome_lights_without_colours(
    mode: str,
    expected: dict[str, Any],
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
) -> None:
    """Their states have an empty colour."""
    gateway = named("esphome", color_modes=[mode])
    keys = sent(gateway, desired_state(lit(brightness=0.8)))
    assert keys == {"state": "ON", **expected}
    state = {"color_mode": mode, "state": "ON", **expected, "color": {}}
    assert gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, "tower/light/floods/state", state))
    assert not gateway.agrees("bowl", DARK, shown(gateway, "tower/light/floods/state", state))


@pytest.mark.parametrize(
    ("kind", "modes"), [("esphome", ["rgb", "color_temp"]), ("zigbee2mqtt", ["hs"]), ("esphome", [])]
)
def test_colour_modes_that_the_firmware_does_not_take(kind: str, modes: list[str], named: Callable[..., Any]) -> None:
    """ESPHome reports no colour temperature for a light with colours; Zigbee2MQTT computes the hue itself."""
    with pytest.raises(ValidationError):
        named(kind, color_modes=modes)


@pytest.mark.parametrize(
    ("kind", "key", "fades"),
    [
        ("wled", "tt", {0.0: 0, 0.04: 0, 0.29: 3, 0.76: 8, 2.0: 20, 600.0: 655}),
        ("shelly-gen1", "transition", {0.0: 0, 0.0029: 3, 0.5: 500, 2.0: 2000, 600.0: 5000}),
        ("zigbee2mqtt", "transition", {0.76: 0.76, 2.0: 2, 1e5: 6553}),
        ("home-assistant", "transition", {0.76: 0.76, 2.0: 2, 1e5: 3600}),
    ],
)
def test_a_fade_is_sent_in_the_unit_of_the_firmware(
    kind: str,
    key: str,
    fades: dict[float, float],
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
) -> None:
    """To the nearest that it takes, and at most its longest."""
    for fade_s, expected in fades.items():
        (message,) = named(kind).encode(desired_state(lit(), fade_s), PREFIX)
        assert json.loads(message.payload)[key] == expected, fade_s


def test_esphome_is_sent_integers_only(
    named: Callable[..., Gateway], desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]
) -> None:
    """Newer firmware drops what is not an integer; a fade under half a second is a second then. None is said too, or
    the light's own default holds."""
    for fade_s, expected in ((0.0, 0), (0.4, 1), (2.0, 2), (2.6, 3), (1e9, 65_535)):
        for look in (lit(brightness=0.8), DARK):
            raw = named("esphome").encode(desired_state(look, fade_s), PREFIX)[-1].payload
            assert b"." not in raw
            assert json.loads(raw)["transition"] == expected


def test_esphome_puts_white_and_effects_out(
    named: Callable[..., Gateway], desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]
) -> None:
    """A light keeps the white it had unless it is sent another: RGBW has one, RGBWW two. A running effect goes on as
    well: it is ended first, by itself, since a fade is dropped beside it; a light that is turned off ends it."""
    first, second = (json.loads(each.payload) for each in named("esphome").encode(desired_state(lit(), 60), PREFIX))
    assert first == {"effect": "None"}
    assert second["color"] == {"r": 255, "g": 106, "b": 0, "c": 0, "w": 0}
    assert (second["white_value"], second["transition"], "effect" in second) == (0, 60, False)
    (off,) = named("esphome").encode(desired_state(DARK), PREFIX)
    assert json.loads(off.payload) == {"state": "OFF", "transition": 0}


def test_esphome_lights_are_zones_of_their_own(named: Callable[..., Gateway], lit: Callable[..., ZoneState]) -> None:
    """Commands, questions and reports of its own for each light."""
    gateway = named("esphome", zone=None, light=None, zones={"bowl": "floods", "shaft": "strip"})
    want = DesiredState(now=None, zones={"bowl": lit(), "shaft": DARK})  # type: ignore[arg-type]
    *first, second = gateway.encode(want, PREFIX)
    assert {message.topic for message in first} == {"tower/light/floods/command"}
    assert (second.topic, json.loads(second.payload)["state"]) == ("tower/light/strip/command", "OFF")
    for zone, light in (("bowl", "floods"), ("shaft", "strip")):
        report = gateway.decode(f"tower/light/{light}/state", b'{"state":"OFF"}', PREFIX)
        assert report == Report(zones={zone: ReportedLook(on=False)})
    questions = [(message.topic, message.payload) for message in gateway.query(PREFIX)]
    assert questions == [("tower/light/floods/command", b"{}"), ("tower/light/strip/command", b"{}")]


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("esphome", {"zones": {"bowl": "floods"}}),
        ("esphome", {"zone": None}),
        ("esphome", {"light": None}),
        ("esphome", {"zone": None, "zones": {"bowl": "floods"}}),
        ("shelly-gen2", {"zones": {"bowl": "rgb:0"}}),
        ("shelly-gen2", {"zone": None}),
    ],
)
def test_zone_or_zones_but_not_both(kind: str, keys: dict[str, Any], named: Callable[..., Any]) -> None:
    """One way to say which lamps are which zone's."""
    with pytest.raises(ValidationError, match="TWL-S221"):
        named(kind, **keys)


@pytest.mark.parametrize(("kind", "key", "address"), [("esphome", "light", "floods"), ("shelly-gen2", "zone", "rgb:0")])
def test_a_lamp_is_not_two_zones(kind: str, key: str, address: str, named: Callable[..., Any]) -> None:
    """Each zone would undo what the other was sent."""
    with pytest.raises(ValidationError, match="TWL-S228"):
        named(kind, **{"zone": None, key: None}, zones={"bowl": address, "shaft": address})


@pytest.mark.parametrize(
    ("payload", "color"),
    [
        (b"#FF6A00", "#FF6A00"),
        (b"#5FF6A00", "#FF6F05"),
        (b"#28FF6A00", "#FF9228"),
        (b"#000000", "#000000"),
    ],
)
def test_wled_colours_of_six_to_eight_digits(payload: bytes, color: str, named: Callable[..., Gateway]) -> None:
    """White comes first, without its leading zero; its light washes the colour out."""
    assert shown(named("wled"), "wled/a1b2c3/c", payload) == ReportedLook(color=Color(color))


@pytest.mark.parametrize("payload", [b"FF6A00", b"#FF6A0", b"#FF6A0000F", "#ＦＦ6A00".encode(), b"orange"])
def test_other_wled_colours_are_refused(payload: bytes, named: Callable[..., Gateway]) -> None:
    """Full-width digits too."""
    assert isinstance(named("wled").decode("wled/a1b2c3/c", payload, PREFIX), Rejected)


def test_wled_brightness_zero_is_off(named: Callable[..., Gateway]) -> None:
    """WLED has no other word for it."""
    assert shown(named("wled"), "wled/a1b2c3/g", b"0") == ReportedLook(on=False)
    assert shown(named("wled"), "wled/a1b2c3/g", b"204") == ReportedLook(on=True, brightness=0.8)


XML = "<vs><ac>204</ac><cl>255</cl><cl>106</cl><cl>0</cl><cs>9</cs><fx>{fx}</fx><wv>{wv}</wv><ds>{ds}</ds></vs>"


def test_wled_xml_is_read_by_its_tags(named: Callable[..., Gateway], lit: Callable[..., ZoneState]) -> None:
    """An effect is not steady, white is added, and no entity is ever opened."""
    gateway = named("wled")
    topic = "wled/a1b2c3/v"
    assert gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, topic, XML.format(fx=0, wv=-1, ds="W").encode()))
    assert shown(gateway, topic, XML.format(fx=73, wv=-1, ds="W").encode()).steady is False
    assert shown(gateway, topic, XML.format(fx=0, wv=40, ds="W").encode()).color == Color("#FF9228")
    bomb = b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><vs>&b;</vs>'
    assert isinstance(gateway.decode(topic, bomb, PREFIX), Rejected)


def test_wled_is_sent_its_whole_state(
    named: Callable[..., Gateway], desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]
) -> None:
    """A command resets effect, night light and changes of the segment; it always contains the fade."""
    keys = sent(named("wled", channels="rgbw"), desired_state(lit(brightness=0.8)))
    assert keys["seg"] == {"on": True, "bri": 255, "frz": False, "fx": 0, "col": [[255, 106, 0, 0]]}
    assert (keys["tt"], keys["nl"]) == (0, {"on": False})
    white = lit("#FFFFFF")
    assert sent(named("wled", channels="rgbw"), desired_state(white))["seg"]["col"] == [[0, 0, 0, 255]]
    assert sent(named("wled"), desired_state(white))["seg"]["col"] == [[255, 255, 255]]
    off = sent(named("wled"), desired_state(DARK, 120.0))
    assert off == {"on": False, "tt": 655, "nl": {"on": False}, "seg": {"fx": 0}}, "a playlist would go on"


def test_a_wled_topic_has_at_most_32_characters(named: Callable[..., Any]) -> None:
    """The firmware would cut it."""
    with pytest.raises(ValidationError):
        named("wled", topic="wled/" + "a" * 28)


@pytest.mark.parametrize(
    ("channels", "color", "expected"),
    [
        ("1", "#FF6A00", "Fade 1; Speed 6; Dimmer 80; Power ON"),
        ("2", "#FF6A00", "Fade 1; Speed 6; CT 250; Dimmer 80; Power ON"),
        ("3", "#FF6A00", "Fade 1; Speed 6; Color2 255,106,0; Dimmer 80; Power ON"),
        ("4", "#FF6A00", "Fade 1; Speed 6; Color2 255,106,0,0; Dimmer 80; Power ON"),
        ("5", "#FF6A00", "Fade 1; Speed 6; Color2 255,106,0,0,0; Dimmer 80; Power ON"),
        ("3", "#803500", "Fade 1; Speed 6; Color2 255,106,0; Dimmer 40; Power ON"),
    ],
)
def test_tasmota_by_its_channels(
    channels: str,
    color: str,
    expected: str,
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
) -> None:
    """One backlog of commands for each number of channels."""
    (message,) = named("tasmota", channels=channels).encode(desired_state(lit(color, 0.8), 3.0), PREFIX)
    assert message.payload.decode() == expected


def test_tasmota_colour_temperature_stops_a_scheme(
    named: Callable[..., Gateway], desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]
) -> None:
    """A colour does so by itself; a lamp of whites only has none, and would answer that it knows no such command."""
    warm = desired_state(lit("#FFB46B", 0.8, kelvin=2700))
    for channels, color in (("5", "Scheme 0; CT 370"), ("2", "CT 370")):
        (message,) = named("tasmota", channels=channels).encode(warm, PREFIX)
        assert message.payload.decode() == f"Fade 0; {color}; Dimmer 80; Power ON"


@pytest.mark.parametrize(
    ("fade_s", "expected"),
    [(0.0, "Fade 1; Speed 1"), (0.1, "Fade 1; Speed 1"), (2.0, "Fade 1; Speed 4"), (20.0, "Fade 1; Speed 40"),
     (600.0, "Fade 1; Speed 40")],
)  # fmt: skip
def test_tasmota_fades_in_half_seconds(
    fade_s: float, expected: str, named: Callable[..., Gateway], desired_state: Callable[..., DesiredState]
) -> None:
    """1 to 40 of them, as the firmware stores it."""
    (message,) = named("tasmota").encode(desired_state(DARK, fade_s), PREFIX)
    assert message.payload.decode() == f"{expected}; Power OFF"


def test_tasmota_colours_are_divided_by_the_dimmer(
    named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """At 60 % the firmware reports 996245 for a colour of FFA373; when dim the hue is more exact."""
    gateway = named("tasmota")
    keys = {"POWER": "ON", "Dimmer": 60, "Color": "996245", "HSBColor": "21,55,60"}
    report = shown(gateway, "stat/tasmota/RESULT", keys)
    assert report == ReportedLook(on=True, brightness=0.6, color=Color("#FFA373"))
    dim = {"POWER": "ON", "Dimmer": 1, "Color": "030100", "HSBColor": "25,100,1"}
    assert gateway.agrees("bowl", lit(brightness=0.01), shown(gateway, "tele/tasmota/STATE", dim))
    decimal = {"POWER": "ON", "Dimmer": 80, "Color": "204,85,0", "HSBColor": "25,100,80"}
    assert gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, "stat/tasmota/RESULT", decimal))


@pytest.mark.parametrize(
    ("kind", "topic", "payload"),
    [
        ("home-assistant", "home/rgb1", {"state": "OFF", "brightness": 999, "color": {"r": None}}),
        ("zigbee2mqtt", "zigbee2mqtt/tower", {"state": "OFF", "color_temp": 65535}),
        ("esphome", "tower/light/floods/state", {"state": "OFF", "color": {"r": 300, "g": -1, "b": 0}}),
        ("tasmota", "stat/tasmota/RESULT", {"POWER": "OFF", "Dimmer": -1, "Color": "", "HSBColor": "?"}),
        ("shelly-gen1", "shellies/shellyrgbw2-11ABD9/color/0/status", {"ison": False, "red": -1, "gain": 255}),
        ("shelly-gen2", "shellyplusrgbwpm-b48a0a123db4/status/rgbw:0", {"output": False, "rgb": [], "brightness": -1}),
    ],
)
def test_off_is_off_whatever_else_is_said(
    kind: str, topic: str, payload: dict[str, Any], named: Callable[..., Gateway]
) -> None:
    """Some firmwares leave figures without meaning in an off report."""
    assert shown(named(kind), topic, payload) == ReportedLook(on=False)


def test_tasmota_answers_in_all_its_forms(named: Callable[..., Gateway]) -> None:
    """Plain power, Status 11, an index, a running scheme; settings say nothing."""
    gateway = named("tasmota")
    assert shown(gateway, "stat/tasmota/POWER", b"ON") == ReportedLook(on=True)
    assert shown(gateway, "stat/tasmota/POWER1", b'{"POWER1":"OFF"}') == ReportedLook(on=False)
    apart = {"POWER1": "ON", "Dimmer1": 80, "POWER2": "OFF", "Dimmer2": 0, "Color": "CC550000", "White": 0}
    assert shown(gateway, "stat/tasmota/RESULT", apart).brightness == 0.8
    assert shown(gateway, "stat/tasmota/STATUS11", {"StatusSTS": {"POWER": "ON", "Dimmer": 80}}).brightness == 0.8
    assert shown(gateway, "tele/tasmota/STATE", {"POWER": "ON", "Scheme": 2}).steady is False
    assert gateway.decode("stat/tasmota/RESULT", b'{"Fade":"ON"}', PREFIX) == Report()
    assert shown(gateway, "stat/tasmota/RESULT", {"POWER": "OFF", "Dimmer": 80, "Color": "CC5500"}) == ReportedLook(
        on=False
    )


def test_tasmota_with_white_channels(named: Callable[..., Gateway], lit: Callable[..., ZoneState]) -> None:
    """Five channels are either a colour or a colour temperature; white light washes a colour out."""
    gateway = named("tasmota", channels=5)
    warm = {"POWER": "ON", "Dimmer": 80, "Color": "0000003A92", "CT": 370, "HSBColor": "25,100,0"}
    report = shown(gateway, "stat/tasmota/RESULT", warm)
    assert report.kelvin == 2703
    assert gateway.agrees("bowl", lit("#FFB46B", 0.8, kelvin=2700), report)
    assert not gateway.agrees("bowl", lit(brightness=0.8), report)
    mixed = {"POWER": "ON", "Dimmer": 100, "Color": "FF6A008000", "CT": 370}
    assert not gateway.agrees("bowl", lit(), shown(gateway, "stat/tasmota/RESULT", mixed))


@pytest.mark.parametrize("color", ["000000CC00", "000000CC", "CC5500CC", "CC550000CC", "000000"])
def test_tasmota_light_of_more_channels_than_said_is_seen(
    color: str, named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """`channels: 3` on a lamp with white LEDs: their light, or none at all, is not taken for the orange of before."""
    gateway = named("tasmota")
    before = {"POWER": "ON", "Dimmer": 80, "Color": "CC5500", "HSBColor": "25,100,80"}
    orange = shown(gateway, "stat/tasmota/RESULT", before)
    assert gateway.agrees("bowl", lit(brightness=0.8), orange)
    after = shown(gateway, "stat/tasmota/RESULT", {"POWER": "ON", "Dimmer": 80, "Color": color})
    assert not gateway.agrees("bowl", lit(brightness=0.8), after.over(orange))


@pytest.mark.parametrize("full_topic", ["%prefix%/", "", "%prefix%//%topic%", "#/%prefix%/%topic%", "%topic%/%id%"])
def test_a_full_topic_that_cannot_be_followed(full_topic: str, named: Callable[..., Any]) -> None:
    """Without the topic two devices would share one; of other places only the device knows what they hold."""
    with pytest.raises(ValidationError):
        named("tasmota", full_topic=full_topic)


@pytest.mark.parametrize(
    ("full_topic", "topics"),
    [
        ("%topic%/%prefix%/", ("tasmota/cmnd/Backlog0", "tasmota/stat/RESULT", "tasmota/tele/LWT")),
        ("a/b/%prefix%/%topic%", ("a/b/cmnd/tasmota/Backlog0", "a/b/stat/tasmota/RESULT", "a/b/tele/tasmota/LWT")),
        ("home/%topic%/", ("home/tasmota/cmnd/Backlog0", "home/tasmota/RESULT", "home/tasmota/LWT")),
    ],
)
def test_a_full_topic_in_each_of_its_forms(
    full_topic: str,
    topics: tuple[str, str, str],
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
) -> None:
    """Without a prefix only commands get one, as the firmware does it."""
    gateway = named("tasmota", full_topic=full_topic)
    (message,) = gateway.encode(desired_state(DARK), PREFIX)
    assert message.topic == topics[0]
    assert set(topics[1:]) < set(gateway.topics(PREFIX))


def test_a_full_topic_may_lack_its_last_slash(named: Callable[..., Gateway]) -> None:
    """As Tasmota adds it."""
    assert "t/tasmota/stat/RESULT" in named("tasmota", full_topic="t/%topic%/%prefix%").topics(PREFIX)


def test_shelly_gen1_fades_in_milliseconds_up_to_five_seconds(
    named: Callable[..., Gateway], desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]
) -> None:
    """Longer fades are cut, and off carries no colour."""
    assert sent(named("shelly-gen1"), desired_state(lit(), 2.0))["transition"] == 2000
    assert sent(named("shelly-gen1"), desired_state(DARK, 60.0)) == {"mode": "color", "turn": "off", "transition": 5000}


def test_shelly_gen1_status(named: Callable[..., Gateway], lit: Callable[..., ZoneState]) -> None:
    """Effects and the white mode are not what was asked for."""
    gateway = named("shelly-gen1")
    topic = "shellies/shellyrgbw2-11ABD9/color/0/status"
    keys = {"ison": True, "red": 255, "green": 106, "blue": 0, "white": 0, "gain": 80, "effect": 0, "power": 9.5}
    assert gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, topic, keys))
    for other in ({"effect": 2}, {"mode": "white"}, {"white": 60}, {"gain": 100}, {"ison": False}):
        assert not gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, topic, keys | other))


def test_shelly_gen1_that_has_cut_out_is_off(named: Callable[..., Gateway]) -> None:
    """Its word for that replaces on or off."""
    gateway = named("shelly-gen1")
    assert shown(gateway, "shellies/shellyrgbw2-11ABD9/color/0", b"overpower") == ReportedLook(on=False)


@pytest.mark.parametrize(
    ("component", "params"),
    [
        ("rgbw:0", {"id": 0, "on": True, "brightness": 80, "rgb": [255, 106, 0], "white": 0}),
        ("rgb:1", {"id": 1, "on": True, "brightness": 80, "rgb": [255, 106, 0]}),
        ("light:2", {"id": 2, "on": True, "brightness": 80}),
    ],
)
def test_shelly_gen2_sends_each_component_what_it_has(
    component: str,
    params: dict[str, object],
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
) -> None:
    """White is put out where there is any; a device refuses a request with a part that it does not have."""
    assert sent(named("shelly-gen2", component=component), desired_state(lit(brightness=0.8)))["params"] == params


def test_shelly_gen2_answers_reach_the_one_who_asked(
    named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """The id of the request identifies the component; an error is reported with the device's text."""
    gateway = named("shelly-gen2", zone=None, zones={"shaft": "light:1", "bowl": "rgb:0"})
    questions = [json.loads(message.payload) for message in gateway.query(PREFIX)]
    assert [each["method"] for each in questions] == ["Light.GetStatus", "RGB.GetStatus"]
    assert {each["src"] for each in questions} == {"watertower/gateway/lamp"}
    reply = {"id": questions[1]["id"], "result": {"id": 0, "output": True, "brightness": 80, "rgb": [255, 106, 0]}}
    report = shown(gateway, "watertower/gateway/lamp/rpc", reply)
    assert gateway.agrees("bowl", lit(brightness=0.8), report)
    error = b'{"id":1,"error":{"code":404,"message":"No handler for RGBW.Set"}}'
    refused = gateway.decode("watertower/gateway/lamp/rpc", error, PREFIX)
    assert fault(refused) == ("TWL-G120", "'404: No handler for RGBW.Set'")


def test_shelly_gen2_zones_share_a_topic_and_do_not_push_each_other_out(
    named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """All requests go to one topic; only a newer request of the same sort for the same lamp takes one's place."""
    gateway = named("shelly-gen2", zone=None, zones={"shaft": "light:1", "bowl": "rgb:0"})
    want = DesiredState(now=None, zones={"bowl": lit(), "shaft": DARK})  # type: ignore[arg-type]
    messages = [*gateway.encode(want, PREFIX), *gateway.query(PREFIX)]
    assert {message.topic for message in messages} == {"shellyplusrgbwpm-b48a0a123db4/rpc"}
    assert len({message.part for message in messages}) == 4
    assert messages[0].part == gateway.encode(want, PREFIX)[0].part
    assert set(gateway.partial(PREFIX)) < set(gateway.topics(PREFIX))


def test_shelly_gen2_notices_are_parts(named: Callable[..., Gateway], lit: Callable[..., ZoneState]) -> None:
    """Laid over what was known; events and other components say nothing."""
    gateway = named("shelly-gen2")
    topic = "shellyplusrgbwpm-b48a0a123db4/events/rpc"

    def notice(method: str, **params: Any) -> bytes:
        return json.dumps({"src": "x", "method": method, "params": params}).encode()

    whole = {"output": True, "brightness": 30, "rgb": [255, 106, 0], "white": 0}
    before = shown(gateway, topic, notice("NotifyFullStatus", **{"rgbw:0": whole}))
    after = shown(gateway, topic, notice("NotifyStatus", ts=1.0, **{"rgbw:0": {"id": 0, "brightness": 80}}))
    assert gateway.agrees("bowl", lit(brightness=0.8), after.over(before))
    assert gateway.decode(topic, notice("NotifyEvent", events=[]), PREFIX) == Report()
    assert gateway.decode(topic, notice("NotifyStatus", **{"rgbw:0": {"current": 0.03}}), PREFIX) == Report()
    assert gateway.decode(topic, notice("NotifyStatus", wifi={"rssi": -60}), PREFIX) == Report()
    assert gateway.decode(topic, notice("NotifyStatus", **{"rgbw:0": None}), PREFIX) == Report()


def test_shelly_gen2_reports_its_white_separately(named: Callable[..., Gateway], lit: Callable[..., ZoneState]) -> None:
    """A notice may hold the white alone, or the colour alone: the light of both is compared."""
    gateway = named("shelly-gen2")
    topic = "shellyplusrgbwpm-b48a0a123db4/status/rgbw:0"
    orange = shown(gateway, topic, {"output": True, "brightness": 80, "rgb": [255, 106, 0], "white": 0})
    assert gateway.agrees("bowl", lit(brightness=0.8), orange)
    washed = shown(gateway, topic, {"id": 0, "white": 200}).over(orange)
    assert not gateway.agrees("bowl", lit(brightness=0.8), washed)
    assert not gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, topic, {"rgb": [255, 106, 0]}).over(washed))
    assert gateway.agrees("bowl", lit(brightness=0.8), shown(gateway, topic, {"white": 0}).over(washed))


def test_shelly_gen2_is_never_sent_a_command_to_flip_back(
    named: Callable[..., Gateway], desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]
) -> None:
    """`toggle_after` would end the campaign by itself."""
    params = sent(named("shelly-gen2"), desired_state(lit(brightness=0.8), 2.0))["params"]
    assert params == {
        "id": 0, "on": True, "brightness": 80, "rgb": [255, 106, 0], "white": 0, "transition_duration": 2
    }  # fmt: skip
    assert sent(named("shelly-gen2"), desired_state(DARK))["params"] == {"id": 0, "on": False}


@pytest.mark.parametrize("component", ["rgbw", "cct:0", "rgbw:10", "RGBW:0", "rgbw:0/x", "rgbw:0\n"])
def test_only_components_of_light(component: str, named: Callable[..., Any]) -> None:
    """As the device names them."""
    with pytest.raises(ValidationError, match="TWL-S229"):
        named("shelly-gen2", component=component)


def test_tasmota_has_words_and_prefixes_of_its_own(
    named: Callable[..., Gateway], desired_state: Callable[..., DesiredState]
) -> None:
    """StateText and Prefix1 to 3; commands stay in English."""
    own = {"payload_on": "EIN", "payload_off": "AUS", "prefixes": ["befehl", "stand", "fern"]}
    gateway = named("tasmota", **own)
    assert gateway.encode(desired_state(DARK), PREFIX)[0].topic == "befehl/tasmota/Backlog0"
    assert shown(gateway, "stand/tasmota/POWER", b"EIN") == ReportedLook(on=True)
    assert shown(gateway, "fern/tasmota/STATE", {"POWER": "AUS", "Dimmer": 80}) == ReportedLook(on=False)
    assert fault(gateway.decode("stand/tasmota/POWER", b"ON", PREFIX)) == ("TWL-G122", "'ON'")
    assert fault(named("tasmota").decode("stat/tasmota/RESULT", b'{"POWER":"EIN"}', PREFIX)) == ("TWL-G122", "'EIN'")
    inverted = named("tasmota", payload_on="OFF", payload_off="ON")
    assert shown(inverted, "stat/tasmota/POWER", b"ON") == ReportedLook(on=False)


def test_tasmota_names_what_it_did_not_know(named: Callable[..., Gateway]) -> None:
    """Newer firmware repeats it."""
    answer = b'{"Command":"Unknown","Input":"Color2"}'
    assert fault(named("tasmota").decode("stat/tasmota/RESULT", answer, PREFIX)) == ("TWL-G120", "'Unknown Color2'")


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("tasmota", {"topic": "tasmotas"}),
        ("wled", {"topic": "wled/all"}),
        ("wled", {"topic": "wled/a1b2c3/api"}),
        ("tasmota", {"payload_on": "x", "payload_off": "x"}),
        ("tasmota", {"prefixes": ["cmnd", "stat"]}),
        ("tasmota", {"prefixes": ["cmnd", "stat", "tele/#"]}),
    ],
)
def test_a_group_and_half_a_setting_are_refused(kind: str, keys: dict[str, Any], named: Callable[..., Any]) -> None:
    """Nothing answers on a group's topic, so nothing on it could be confirmed."""
    with pytest.raises(ValidationError):
        named(kind, **keys)


@pytest.mark.parametrize(
    ("name", "message", "named_in_it"),
    [
        ("tower", "z2m: Publish 'set' 'brightness' to 'tower' failed: 'Error: x'", True),
        ("mast/north", "z2m: No converter available for 'color' on 'mast/north': {}", True),
        ("tower", "z2m: Publish 'set' 'state' to 'tower 2' failed: 'Error: x'", False),
        ("tower", "z2m: Failed to connect to the MQTT server", False),
    ],
)
def test_the_bridge_says_what_it_could_not_do(
    name: str, message: str, named_in_it: bool, named: Callable[..., Gateway]
) -> None:
    """Errors of this lamp, in the bridge's log; they do not prove that the lamp lives. Other levels are no errors."""
    gateway = named("zigbee2mqtt", topic=f"zigbee2mqtt/{name}")
    payload = {"level": "error", "message": message, "namespace": "z2m"}
    report = gateway.decode("zigbee2mqtt/bridge/logging", json.dumps(payload).encode(), PREFIX)
    if named_in_it:
        assert fault(report)[0] == "TWL-G120"
        assert isinstance(report, Report)
        assert not report.alive
    else:
        assert report == Ignored()
    debug = json.dumps(payload | {"level": "debug"}).encode()
    assert gateway.decode("zigbee2mqtt/bridge/logging", debug, PREFIX) == Ignored()


def test_an_error_of_pages_is_cut_and_cannot_break_a_line(named: Callable[..., Gateway]) -> None:
    """Whatever the device writes into it."""
    error = {"id": 1, "error": {"code": -103, "message": "x\n\x1b[31m" * 500}}
    code, words = fault(named("shelly-gen2").decode("watertower/gateway/lamp/rpc", json.dumps(error).encode(), PREFIX))
    assert code == "TWL-G120"
    assert len(words) < 700
    assert words.isprintable()
