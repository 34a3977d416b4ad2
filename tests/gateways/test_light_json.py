"""The colour in states of the JSON light schema: white light of any kind never leaves an older colour in place."""

from typing import Any

import pytest

from controller.gateways.base import ReportedLook
from controller.gateways.capabilities import WHITE
from controller.gateways.light_json import is_steady, read_color
from controller.lighting.color import Color

ORANGE = {"r": 255, "g": 106, "b": 0}


@pytest.mark.parametrize(
    "keys",
    [
        {"color_mode": "white"},
        {"color_mode": "white", "color": {"w": 255}, "white_value": 255},
        {"color_mode": "white", "color": ORANGE},
        {"color_mode": "cwww", "color": {"c": 255, "w": 0}},
        {"color_mode": "brightness", "color": {}},
        {"color_mode": "onoff"},
        {"color_mode": "color_temp"},
        {"color_mode": "color_temp", "color": ORANGE},
        {"color_mode": "color_temp", "color_temp": None},
    ],
)
def test_light_without_a_colour_is_white(keys: dict[str, Any]) -> None:
    """ESPHome reports its white modes without r, g and b; an older colour must not stay."""
    assert read_color(keys) == ReportedLook(color=WHITE)


@pytest.mark.parametrize("mode", ["xy", "hs"])
def test_a_colour_reported_in_another_form_than_its_mode_is_read(mode: str) -> None:
    """The keys that are there count rather than nothing, which would leave the colour of before."""
    assert read_color({"color_mode": mode, "color": ORANGE}) == ReportedLook(color=Color("#FF6A00"))


@pytest.mark.parametrize(
    ("keys", "color"),
    [
        ({"color": ORANGE}, "#FF6A00"),
        ({"color": ORANGE, "white_value": 40}, "#FF9228"),
        ({"color": ORANGE | {"w": 0}, "white_value": 40}, "#FF6A00"),
        ({"color": ORANGE | {"w": 40}, "white_value": 40}, "#FF9228"),
        ({"color": ORANGE | {"c": 20, "w": 20}}, "#FF9228"),
        ({"color": ORANGE | {"w": 40}, "color_mode": "rgb"}, "#FF6A00"),
        ({"color": ORANGE | {"w": 40}, "color_mode": "rgbct", "color_temp": 300}, "#FF9228"),
        ({"color": {"hue": 25, "saturation": 100, "x": 0.1, "y": 0.1}, "color_mode": "hs"}, "#FF6A00"),
    ],
)
def test_white_leds_wash_a_colour_out(keys: dict[str, Any], color: str) -> None:
    """Told beside the colour, or apart from it by older firmware."""
    assert read_color(keys) == ReportedLook(color=Color(color))


@pytest.mark.parametrize("keys", [{}, {"color": {}}, {"color": None}, {"color_mode": "rgb"}, {"color_mode": []}])
def test_nothing_is_made_of_nothing(keys: dict[str, Any]) -> None:
    """A part of a state may leave the colour out."""
    assert read_color(keys) == ReportedLook()


@pytest.mark.parametrize("effect", [None, "", "None", "none", "off", "Solid"])
def test_words_for_no_effect(effect: object) -> None:
    """As the firmwares write it."""
    assert is_steady(effect)
    assert not is_steady("Rainbow")
