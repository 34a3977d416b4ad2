"""Lights of the Home Assistant JSON schema."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from controller.errors import Mistake
from controller.gateways.base import DesiredState, Gateway, Rejected, Report, ReportedLook
from controller.lighting.color import Color
from controller.lighting.look import ZoneState

PREFIX = "watertower"


def read(gateway: Gateway, **keys: Any) -> ReportedLook:
    """The look in a state."""
    report = gateway.decode("home/rgb1", json.dumps(keys).encode(), PREFIX)
    assert isinstance(report, Report), report
    return report.zones["bowl"]


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        (["rgb"], {"brightness": 204, "color": {"r": 255, "g": 106, "b": 0}}),
        (["rgbw", "color_temp"], {"brightness": 204, "color": {"r": 255, "g": 106, "b": 0, "w": 0}}),
        (["rgbww"], {"brightness": 204, "color": {"r": 255, "g": 106, "b": 0, "c": 0, "w": 0}}),
        (["xy"], {"brightness": 204, "color": {"x": 0.5733, "y": 0.3819}}),
        (["hs"], {"brightness": 204, "color": {"h": 24.941, "s": 100}}),
        (["color_temp"], {"brightness": 204, "color_temp": 250}),
        (["brightness"], {"brightness": 204}),
        (["onoff"], {}),
    ],
)
def test_orange_in_every_colour_mode(
    modes: list[str],
    expected: dict[str, Any],
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
) -> None:
    """Each mode has its own keys, and none carries those of another."""
    gateway = named("home-assistant", color_modes=modes)
    (message,) = gateway.encode(desired_state(lit(brightness=0.8)), PREFIX)
    sent = json.loads(message.payload)
    assert sent.pop("state") == "ON"
    if "x" in expected.get("color", {}):
        assert sent["color"] == pytest.approx(expected["color"], abs=0.01)
    else:
        assert sent == expected


def test_a_dark_colour_is_a_dim_full_one_where_only_the_hue_is_sent(
    named: Callable[..., Gateway], desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]
) -> None:
    """Navy by hue and saturation alone would be bright blue."""
    (message,) = named("home-assistant", color_modes=["hs"]).encode(desired_state(lit("#000080")), PREFIX)
    assert json.loads(message.payload)["brightness"] == 128


@pytest.mark.parametrize(("kelvin", "mired"), [(2700, 370), (1000, 500), (10_000, 153)])
def test_kelvin_goes_as_mired_within_range(
    kelvin: int,
    mired: int,
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
) -> None:
    """Clipped to what lamps have, and the clipped value is what agrees."""
    gateway = named("home-assistant", color_modes=["rgb", "color_temp"])
    want = lit("#FFB46B", kelvin=kelvin)
    (message,) = gateway.encode(desired_state(want), PREFIX)
    assert json.loads(message.payload) == {"state": "ON", "brightness": 255, "color_temp": mired}
    keys = {"state": "ON", "brightness": 255, "color_mode": "color_temp"}
    assert gateway.agrees("bowl", want, read(gateway, **keys, color_temp=mired + 3))
    assert not gateway.agrees("bowl", want, read(gateway, **keys, color_temp=mired - 40))


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("rgb", "#FFFFFF", {"r": 255, "g": 255, "b": 255}),
        ("rgbw", "#FFFFFF", {"r": 0, "g": 0, "b": 0, "w": 255}),
        ("rgbww", "#FFFFFF", {"r": 0, "g": 0, "b": 0, "c": 255, "w": 0}),
        ("rgbw", "#808080", {"r": 0, "g": 0, "b": 0, "w": 128}),
        ("rgbw", "#FFD0A0", {"r": 255, "g": 208, "b": 160, "w": 0}),
    ],
)
def test_white_comes_from_the_white_leds(
    mode: str,
    color: str,
    expected: dict[str, int],
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
) -> None:
    """And what the lamp then reports is the white that was asked for."""
    gateway = named("home-assistant", color_modes=[mode])
    state = ZoneState(on=True, color=Color(color), brightness=0.8)
    [message] = gateway.encode(desired_state(state), PREFIX)
    keys = json.loads(message.payload)
    assert keys["color"] == expected
    assert gateway.agrees("bowl", state, read(gateway, color_mode=mode, **keys))


def test_the_colour_mode_says_which_keys_hold(named: Callable[..., Gateway]) -> None:
    """Other keys may be left over from before."""
    gateway = named("home-assistant")
    color = {"r": 1, "g": 2, "b": 3, "w": 40, "c": 10, "x": 0.5, "y": 0.4, "h": 120, "s": 100}
    keys = {"color": color, "color_temp": 250}
    assert read(gateway, color_mode="rgb", **keys) == ReportedLook(color=Color("#010203"))
    assert read(gateway, color_mode="rgbw", **keys) == ReportedLook(color=Color("#292A2B"))
    assert read(gateway, color_mode="rgbww", **keys) == ReportedLook(color=Color("#333435"))
    assert read(gateway, color_mode="xy", **keys) == ReportedLook(xy=(0.5, 0.4))
    assert read(gateway, color_mode="hs", **keys) == ReportedLook(color=Color("#00FF00"))
    assert read(gateway, color_mode="color_temp", **keys) == ReportedLook(kelvin=4000)


def test_unknown_is_not_off(named: Callable[..., Gateway]) -> None:
    """`state: null` is neither on nor off, and brightness 0 of a lamp that is on is ignored."""
    gateway = named("home-assistant")
    assert read(gateway, state=None, brightness=10) == ReportedLook(brightness=10 / 255, steady=False)
    assert read(gateway, state="ON", brightness=0) == ReportedLook(on=True, steady=True)
    assert gateway.decode("home/rgb1", b'{"linkquality":80}', PREFIX) == Report()


def test_an_effect_that_goes_on_under_every_colour_is_put_out_by_name(
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
    dark: ZoneState,
) -> None:
    """The lamp's own word for none is sent with the light, and read as none; without it no effect is spoken of."""
    gateway = named("home-assistant", no_effect="Static")
    (message,) = gateway.encode(desired_state(lit()), PREFIX)
    assert json.loads(message.payload)["effect"] == "Static"
    assert read(gateway, state="ON", effect="Static").steady is True
    assert read(gateway, state="ON", effect="Rainbow").steady is False
    for other, want in ((gateway, dark), (named("home-assistant"), lit())):
        assert b"effect" not in other.encode(desired_state(want), PREFIX)[0].payload


def test_a_state_may_be_wrapped(named: Callable[..., Gateway]) -> None:
    """As versions of ESPixelStick do it; what is no object within is refused."""
    gateway = named("home-assistant")
    state = {"state": "ON", "effect": "Solid", "brightness": 255, "color": {"r": 255, "g": 106, "b": 0}}
    assert read(gateway, MQTT=state) == read(gateway, **state)
    assert isinstance(gateway.decode("home/rgb1", b'{"MQTT":1}', PREFIX), Rejected)


def test_off_drops_the_colour_of_before(named: Callable[..., Gateway]) -> None:
    """The colour in an off report means nothing."""
    keys = {"state": "OFF", "brightness": 204, "color": {"r": 255, "g": 106, "b": 0}}
    assert read(named("home-assistant"), **keys) == ReportedLook(on=False)


def test_an_effect_is_seen(named: Callable[..., Gateway]) -> None:
    """A running effect is not steady; None is."""
    gateway = named("home-assistant")
    assert read(gateway, state="ON", effect="colorloop").steady is False
    assert read(gateway, state="ON", effect="None").steady is True
    assert read(gateway, state="ON", effect=None).steady is True
    assert read(gateway, brightness=204).steady is None


def test_an_effect_is_over_when_it_is_not_named_any_more(
    named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """Many firmwares name an effect only while it runs: the lamp must not differ for ever."""
    gateway = named("home-assistant")
    keys = {"state": "ON", "brightness": 255, "color_mode": "rgb", "color": {"r": 255, "g": 106, "b": 0}}
    before = read(gateway, **keys, effect="rainbow")
    assert not gateway.agrees("bowl", lit(), before)
    assert gateway.agrees("bowl", lit(), read(gateway, **keys).over(before))
    assert not gateway.agrees("bowl", lit(), read(gateway, **keys | {"state": None}).over(before))


@pytest.mark.parametrize(
    "keys",
    [
        {"state": "PERHAPS"},
        {"brightness": -1},
        {"brightness": "１２"},
        {"color": {"r": 256, "g": 0, "b": 0}},
        {"color": {"r": 1}},
        {"color": {"r": 255, "g": 106, "b": 0, "w": -9}, "color_mode": "rgbw"},
        {"color": "orange"},
        {"color_temp": 3},
        {"color": {"x": 2, "y": 0.3}},
    ],
)
def test_nonsense_is_refused_whole(keys: dict[str, Any], named: Callable[..., Gateway]) -> None:
    """One wrong value makes the message worthless."""
    gateway = named("home-assistant")
    assert isinstance(gateway.decode("home/rgb1", json.dumps({"state": "ON"} | keys).encode(), PREFIX), Rejected)


def test_numbers_may_be_text(named: Callable[..., Gateway]) -> None:
    """Templates often make text of numbers."""
    report = read(named("home-assistant"), state="on", brightness="204")
    assert (report.on, report.brightness) == (True, 0.8)


def test_without_a_state_topic_nothing_is_confirmed(named: Callable[..., Gateway]) -> None:
    """A lamp that does not report can be commanded, not confirmed."""
    gateway = named("home-assistant", state_topic=None)
    assert not gateway.confirms
    assert "report" in gateway.cannot()
    assert gateway.topics(PREFIX) == ("home/rgb1/available",)


@pytest.mark.parametrize("mode", ["onoff", "brightness"])
def test_modes_without_colour_cannot_be_combined(mode: str, named: Callable[..., Any]) -> None:
    """Home Assistant allows them beside no other."""
    with pytest.raises(ValidationError) as caught:
        named("home-assistant", color_modes=["rgb", mode])
    mistake = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(mistake, Mistake)
    assert mistake.code == "TWL-S222"


def test_the_state_may_not_be_the_command(named: Callable[..., Any]) -> None:
    """The broker gives back what was sent, which would confirm anything."""
    with pytest.raises(ValidationError, match="TWL-S227"):
        named("home-assistant", state_topic="home/rgb1/set")


@pytest.mark.parametrize(
    ("scale", "full", "share"), [("4095", 4095, 3276), ("100", 100, 80), ("254", 254, 203), ("10", 10, 8), ("1", 1, 1)]
)
def test_the_brightness_has_the_scale_of_the_lamp(
    scale: str,
    full: int,
    share: int,
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
) -> None:
    """Sent and read on it; the next step of a short scale is not taken for the one that was asked for."""
    gateway = named("home-assistant", brightness_scale=scale)
    for brightness, step in ((1.0, full), (0.8, share)):
        (message,) = gateway.encode(desired_state(lit(brightness=brightness)), PREFIX)
        sent = json.loads(message.payload)
        assert sent["brightness"] == step
        keys = read(gateway, **sent, color_mode="rgb")
        assert gateway.agrees("bowl", lit(brightness=brightness), keys)
    if full > 1:
        other = sent | {"brightness": share - max(1, full // 20)}
        assert not gateway.agrees("bowl", lit(brightness=0.8), read(gateway, **other, color_mode="rgb"))


def test_a_lamp_of_twelve_bits_may_count_in_eight(named: Callable[..., Gateway], lit: Callable[..., ZoneState]) -> None:
    """The lamp reports the nearest level of its scale."""
    gateway = named("home-assistant", brightness_scale="4095")
    keys = {"state": "ON", "color_mode": "rgb", "color": {"r": 255, "g": 106, "b": 0}}
    assert gateway.agrees("bowl", lit(brightness=0.5), read(gateway, **keys, brightness=round(128 / 255 * 4095)))
    assert not gateway.agrees("bowl", lit(brightness=1.0), read(gateway, **keys, brightness=255))


def test_a_lamp_that_is_off_still_shows_its_scale(named: Callable[..., Gateway]) -> None:
    """Most lamps that are off report the brightness that they would have: it is off, and shows another scale. Nonsense
    proves nothing."""
    for brightness, code in ((4095, "TWL-G121"), (-1, None), (None, None), (255, None)):
        payload = json.dumps({"state": "OFF", "brightness": brightness}).encode()
        report = named("home-assistant").decode("home/rgb1", payload, PREFIX)
        assert isinstance(report, Report)
        assert report.zones == {"bowl": ReportedLook(on=False)}
        assert (report.fault.code if report.fault else None) == code


@pytest.mark.parametrize(("kelvin", "sent"), [(2700, 2700), (1500, 2200), (9000, 6000)])
def test_kelvin_may_go_as_kelvin(
    kelvin: int,
    sent: int,
    named: Callable[..., Gateway],
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
) -> None:
    """Within what the lamp takes; mired are then ruled out."""
    keys = {"color_temp_kelvin": "true", "min_kelvin": "2200", "max_kelvin": "6000"}
    gateway = named("home-assistant", color_modes=["rgb", "color_temp"], **keys)
    (message,) = gateway.encode(desired_state(lit("#FFB46B", kelvin=kelvin)), PREFIX)
    assert json.loads(message.payload)["color_temp"] == sent
    keys = {"state": "ON", "brightness": 255, "color_mode": "color_temp"}
    assert gateway.agrees("bowl", lit("#FFB46B", kelvin=kelvin), read(gateway, **keys, color_temp=sent))
    report = gateway.decode("home/rgb1", json.dumps(keys | {"color_temp": 370}).encode(), PREFIX)
    assert isinstance(report, Report)
    assert report.fault is not None
    assert report.fault.fields["key"] == "color_temp_kelvin: true"


@pytest.mark.parametrize("kind", ["home-assistant", "esphome", "zigbee2mqtt"])
def test_a_lamp_has_a_range_of_colour_temperatures(
    kind: str, named: Callable[..., Gateway], desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]
) -> None:
    """What lies outside is sent, and expected, at its end."""
    gateway = named(kind, color_modes=["color_temp"], min_mireds="200", max_mireds="370")
    for kelvin, mired in ((2000, 370), (10_000, 200), (4000, 250)):
        *_, message = gateway.encode(desired_state(lit("#FFB46B", kelvin=kelvin)), PREFIX)
        assert json.loads(message.payload)["color_temp"] == mired


@pytest.mark.parametrize("kind", ["home-assistant", "esphome"])
def test_words_for_being_there_are_the_devices_own(kind: str, named: Callable[..., Gateway]) -> None:
    """Only the named words count; an unknown one is reported with the keys to write, and proves no life."""
    topic = {"home-assistant": "home/rgb1/available", "esphome": "tower/status"}[kind]
    gateway = named(kind, payload_available="alive", payload_not_available="dead")
    assert gateway.decode(topic, b"alive", PREFIX) == Report(online=True)
    assert gateway.decode(topic, b"dead", PREFIX) == Report(online=False)
    for other in (named(kind), gateway):
        for word in (b"gone", b"online" if other is gateway else b"dead"):
            report = other.decode(topic, word, PREFIX)
            assert isinstance(report, Report)
            assert report.fault is not None
            assert (report.fault.code, report.alive, report.online) == ("TWL-G122", False, None)
            assert report.fault.fields["key"] == "payload_available, payload_not_available"


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"payload_available": "x", "payload_not_available": "x"}, "TWL-S241"),
        ({"min_mireds": "400", "max_mireds": "300"}, "TWL-S236"),
        ({"min_kelvin": "6000", "max_kelvin": "6000"}, "TWL-S236"),
    ],
)
def test_keys_that_cannot_be_meant(keys: dict[str, str], code: str, named: Callable[..., Any]) -> None:
    """Two words alike, a range without anything in it."""
    with pytest.raises(ValidationError, match=code):
        named("home-assistant", **keys)


@pytest.mark.parametrize("key", ["white_scale", "brightness", "value_template", "schema", "payload_on", "optimistic"])
def test_keys_of_home_assistant_that_are_not_followed_are_refused(key: str, named: Callable[..., Any]) -> None:
    """Rather than taken as if they were followed."""
    with pytest.raises(ValidationError):
        named("home-assistant", **{key: "255"})
