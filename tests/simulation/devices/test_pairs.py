"""Dialect and device connected: a desired look is shown, reported, decoded and agrees; any other does not."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.gateways import GATEWAYS
from controller.gateways.base import DesiredState, Gateway, Message
from controller.gateways.dmx_channels import DmxChannels
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from tests.parts import examples

VENDORS = json.loads((Path(__file__).parents[2] / "vectors" / "vendors.json").read_text(encoding="utf-8"))

ORANGE, RED, YELLOW, AMBER = "#FF6A00", "#FF0000", "#FFFF00", "#FFBF00"


def those(suits: Callable[[Gateway], object]) -> pytest.MarkDecorator:
    """The pairs whose gateway suits."""
    gateways = [GATEWAYS[keys["kind"]].model_validate(keys) for keys in VENDORS]
    return pytest.mark.parametrize("pair", [each.name for each in gateways if suits(each)], indirect=True)


COLORED = those(lambda gateway: "color" not in gateway.cannot())
DIMMED = those(lambda gateway: "brightness" not in gateway.cannot())
FADING = those(lambda gateway: "fade" not in gateway.cannot())
ASKED = those(lambda gateway: gateway.query("watertower"))
SAY_NOTHING = {"dmx-channels"}
PRESENT = those(lambda gateway: getattr(gateway, "availability_topic", gateway.kind not in SAY_NOTHING))


def lit(color: str, brightness: float = 1.0, kelvin: int | None = None) -> ZoneState:
    """A wish for a colour."""
    return ZoneState(on=True, color=Color(color, kelvin), brightness=brightness)


def emitted(state: ZoneState) -> tuple[float, ...]:
    """Red, green and blue with the brightness in them; a lamp without colours is white."""
    rgb = state.color.rgb if state.color is not None else (255, 255, 255)
    return tuple(part * state.brightness for part in rgb) if state.on else (0.0, 0.0, 0.0)


def what_it_can(gateway: Gateway, zone: str, want: ZoneState) -> ZoneState:
    """What the lamps can make of a wish; channels of fixtures are the patch's business."""
    if isinstance(gateway, DmxChannels):
        return gateway.patch.shown(gateway.patch.levels({zone: gateway.reduce(zone, want)}))[zone]
    return gateway.reduce(zone, want)


colors = st.builds(
    lambda parts: "#{:02X}{:02X}{:02X}".format(*parts),
    st.tuples(*[st.integers(0, 255)] * 3).filter(lambda parts: max(parts) >= 64),
)
wishes = st.one_of(
    st.builds(lit, colors, st.floats(0.2, 1.0)),
    st.builds(lit, st.just("#FFB46B"), st.floats(0.2, 1.0), st.integers(2200, 6000)),
    st.just(DARK),
)


@settings(max_examples=examples(15), deadline=None)
@given(want=wishes, fade_s=st.sampled_from([0.0, 0.4, 3.0]))
def test_a_command_is_shown_reported_and_confirmed(
    pair_name: str, pair_of: Callable[[str], Any], want: ZoneState, fade_s: float
) -> None:
    """After the fade the lamp shows what it can by its dialect, and the reports agree."""
    pair = pair_of(pair_name)
    pair.ask(want, fade_s)
    pair.wait(fade_s + 3)
    assert pair.agrees(want), pair.shown
    for zone, shows in pair.device.shows(pair.now).items():
        can = what_it_can(pair.gateway, zone, want)
        if can.color is not None and can.color.kelvin and shows.color is not None and shows.color.kelvin:
            assert 1e6 / shows.color.kelvin == pytest.approx(1e6 / can.color.kelvin, abs=3)
            assert shows.brightness == pytest.approx(can.brightness, abs=0.02)
        else:
            assert emitted(shows) == pytest.approx(emitted(can), abs=16)


@COLORED
def test_orange_is_never_taken_for_another_colour(pair: Any) -> None:
    """A lamp that shows another colour does not agree with orange, nor the other way round."""
    for other, brightness in product((RED, YELLOW, AMBER, "#00FF00", "#FFFFFF", "#7F3500"), (1.0, 0.8, 0.3)):
        pair.ask(lit(ORANGE, brightness))
        pair.wait(3)
        assert pair.agrees(lit(ORANGE, brightness)), (other, brightness)
        assert not pair.agrees(lit(other, brightness)), (other, brightness)
        pair.ask(lit(other, brightness))
        pair.wait(3)
        assert not pair.agrees(lit(ORANGE, brightness)), (other, brightness)


@DIMMED
def test_a_brightness_is_never_taken_for_another(pair: Any) -> None:
    """80 % is not 100 %."""
    for one, other in ((0.8, 1.0), (1.0, 0.8), (0.5, 0.55), (0.1, 0.15)):
        pair.ask(lit(ORANGE, one))
        pair.wait(3)
        assert pair.agrees(lit(ORANGE, one)), (one, other)
        assert not pair.agrees(lit(ORANGE, other)), (one, other)


def test_dark_and_lit_are_never_taken_for_each_other(pair: Any) -> None:
    """Off reports keep the colour of before, which means nothing."""
    pair.ask(lit(ORANGE, 0.8))
    pair.wait(3)
    assert not pair.agrees(DARK)
    pair.ask(DARK)
    pair.wait(3)
    assert pair.agrees(DARK)
    assert not pair.agrees(lit(ORANGE, 0.8))
    assert all(not state.on for state in pair.device.shows(pair.now).values())


def test_dark_at_once_in_the_midst_of_a_fade_to_dark(pair: Any) -> None:
    """A stop while the light goes out: it is not left half lit, which some firmwares would not even report."""
    pair.ask(lit(ORANGE))
    pair.wait(3)
    pair.ask(DARK, 20.0)
    pair.wait(2)
    pair.ask(DARK)
    pair.wait(20)
    assert pair.agrees(DARK)
    assert all(not state.on for state in pair.device.shows(pair.now).values())


def test_black_is_dark(pair: Any) -> None:
    """A lamp that takes a hue would show black as white."""
    pair.ask(lit("#000000"))
    pair.wait(3)
    assert all(not state.on for state in pair.device.shows(pair.now).values())


def test_the_faintest_light_is_not_off(pair: Any) -> None:
    """A brightness that rounds to nothing is sent as the lowest step."""
    pair.ask(lit(ORANGE, 0.0001))
    pair.wait(3)
    assert all(state.on for state in pair.device.shows(pair.now).values())


def test_a_device_that_booted_is_seen_as_it_is(pair: Any) -> None:
    """After a power cut the reports do not agree with the wish; Tasmota keeps its state, bridges say nothing, and a
    Zigbee lamp that only knows on comes back on."""
    pair.ask(lit(ORANGE, 0.8))
    pair.wait(3)
    pair.boot()
    pair.wait(3)
    assert pair.agrees(lit(ORANGE, 0.8)) is (
        pair.gateway.kind in {"tasmota", "dmx-channels"} or pair.gateway.name == "z2m-onoff"
    )


@PRESENT
def test_presence_and_last_will_are_read(pair: Any) -> None:
    """Online after boot, offline by last will."""
    assert pair.online is True
    pair.receive([pair.device.will])
    assert pair.online is False


@ASKED
def test_a_device_that_can_be_asked_answers(pair: Any) -> None:
    """Unknown to the controller, it reports its whole state when asked."""
    pair.ask(lit(ORANGE, 0.8))
    pair.wait(3)
    pair.shown.clear()
    pair.send(pair.gateway.query("watertower"))
    pair.wait(3)
    assert pair.agrees(lit(ORANGE, 0.8)), pair.shown


def test_asking_changes_nothing(pair: Any) -> None:
    """A question is no command."""
    pair.ask(lit(ORANGE, 0.8))
    pair.wait(3)
    before = pair.device.shows(pair.now)
    pair.send(pair.gateway.query("watertower"))
    pair.wait(3)
    assert pair.device.shows(pair.now) == before


@FADING
def test_a_fade_is_seen_by_the_eye_and_ends(pair: Any) -> None:
    """Half-way the lamp is between dark and orange; lamps that cannot fade declare it."""
    pair.ask(DARK)
    pair.wait(3)
    pair.ask(lit(ORANGE), 4.0)
    pair.wait(2)
    assert all(0.3 < state.brightness < 0.7 for state in pair.device.shows(pair.now).values())
    pair.wait(3)
    assert all(state.brightness > 0.97 for state in pair.device.shows(pair.now).values())
    assert pair.agrees(lit(ORANGE))


@settings(max_examples=examples(25), deadline=None)
@given(payload=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_a_device_survives_any_payload(pair_name: str, pair_of: Callable[[str], Any], payload: bytes) -> None:
    """Noise on its topics neither stops a device nor makes it say what the dialect cannot read."""
    pair = pair_of(pair_name)
    for topic_filter in pair.device.subscriptions:
        topic = topic_filter.replace("#", "set")
        pair.receive(pair.device.receive(topic, payload, pair.now))
    pair.receive(pair.device.receive("elsewhere", payload, pair.now))
    pair.wait(3)


@COLORED
def test_a_foreign_command_is_seen(pair: Any) -> None:
    """Somebody else's wish on the same topic is reported, and differs."""
    pair.ask(lit(ORANGE, 0.8))
    pair.wait(3)
    theirs = DesiredState(now=pair.now, zones=dict.fromkeys(pair.gateway.zone_names, lit("#0000FF", 0.8)))
    pair.send(Message(each.topic, each.payload) for each in pair.gateway.encode(theirs, "somebody"))
    pair.wait(3)
    assert not pair.agrees(lit(ORANGE, 0.8))
