"""The part of a desired state that vendors' lamps can show: whole steps, full colours, colour temperatures in mired.

White LEDs beside red, green and blue show white (`split_white`) in the dialects whose brightness is known to dim them
too: WLED and the JSON schema of Home Assistant. They are sent as 0 where it may not dim them (Shelly), where their
reports are too coarse to confirm at low brightness (Tasmota), and where it is not known whether a lamp has any
(ESPHome, Zigbee2MQTT). A colour given in kelvin uses the lamp's colour temperature where it has one, else its RGB.
"""

from dataclasses import replace
from functools import lru_cache

from controller.gateways.base import ReportedLook
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState

WHITE = Color("#FFFFFF")
NEUTRAL = Color("#FFCEA6", kelvin=4000)
MIRED_TOLERANCE = 5
XY_TOLERANCE = 0.02
PALE_TOLERANCE = 0.01
"""Tolerance near white, where the eye is most sensitive, so that no pale colour counts as white."""
WHITE_XY = (0.3127, 0.3290)
"""CIE standard illuminant D65."""
ALIKE = 1024
"""Cached results: thousands of lamps share a few distinct states. Colours with different names may be equal."""


@lru_cache(ALIKE)
def lit(desired: ZoneState) -> ZoneState:
    """The state with a colour. No brightness, or black, is off: a lamp with hue values would show black as white."""
    if not desired.on or desired.brightness <= 0 or (desired.color is not None and desired.color.rgb == (0, 0, 0)):
        return DARK
    return desired if desired.color is not None else replace(desired, color=WHITE)


def step(brightness: float, steps: int) -> int:
    """Brightness 0..1 on a scale of 1 to `steps`: many firmwares take step 0 for off."""
    return min(steps, max(1, round(brightness * steps)))


@lru_cache(ALIKE)
def in_steps(desired: ZoneState, steps: int) -> ZoneState:
    """The state with the nearest brightness of the lamp's scale."""
    return replace(desired, brightness=step(desired.brightness, steps) / steps) if desired.on else desired


@lru_cache(ALIKE)
def at_full(desired: ZoneState) -> ZoneState:
    """The state with its colour at full strength and its brightness lowered instead: lamps with hue or xy have no dark
    colours; navy is blue at half the brightness."""
    if not desired.on or desired.color is None or desired.color.kelvin is not None:
        return desired
    strongest = max(desired.color.rgb)
    color = Color.from_rgb(*(part * 255 / strongest for part in desired.color.rgb))
    return replace(desired, color=color, brightness=desired.brightness * strongest / 255)


def without_color(desired: ZoneState) -> ZoneState:
    """The state for a lamp without colours, which shows any colour as its white at the same brightness."""
    return replace(desired, color=None)


def as_white(desired: ZoneState) -> ZoneState:
    """The state for a lamp that has only a colour temperature: NEUTRAL, unless the colour was given in kelvin."""
    if not desired.on or (desired.color is not None and desired.color.kelvin is not None):
        return desired
    return replace(desired, color=NEUTRAL)


def within_mired(desired: ZoneState, low: float, high: float) -> ZoneState:
    """The state with its colour temperature, if it has one, clipped to what the lamp can show."""
    if desired.color is None or desired.color.kelvin is None:
        return desired
    kelvin = min(round(1e6 / low), max(round(1e6 / high), desired.color.kelvin))
    return replace(desired, color=replace(desired.color, kelvin=kelvin))


def mired(kelvin: int) -> int:
    """A colour temperature in mired."""
    return round(1e6 / kelvin)


def split_white(color: Color) -> tuple[int, int, int, int]:
    """A colour as red, green, blue and white, 0..255: white comes from the white LEDs alone, a pale colour never:
    firmwares apply gamma to each level, and the rest of red, green and blue would be too faint to tint the white.
    """
    red, green, blue = color.rgb
    return (0, 0, 0, red) if red == green == blue else (red, green, blue, 0)


@lru_cache(ALIKE)
def same_color(expected: Color, reported: ReportedLook, tolerance: int) -> bool:
    """Whether a reported colour is the expected one, in whichever form it was reported.

    `tolerance` is per component of 0..255; colour temperatures are compared in mired, chromaticities in xy.
    """
    if reported.kelvin is not None:
        return expected.kelvin is not None and abs(1e6 / expected.kelvin - 1e6 / reported.kelvin) <= MIRED_TOLERANCE
    if reported.xy is not None:
        return near_xy(expected.xy, reported.xy)
    light = reported.light
    if light is None:
        return False
    return all(abs(one - other) <= tolerance for one, other in zip(expected.rgb, light.rgb, strict=True))


def near_xy(expected: tuple[float, float], reported: tuple[float, float]) -> bool:
    """Whether two chromaticities are the same: within half of the distance between the expected one and white, and
    within the two tolerances."""
    return _apart(expected, reported) <= min(XY_TOLERANCE, max(PALE_TOLERANCE, _apart(expected, WHITE_XY) / 2))


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))
