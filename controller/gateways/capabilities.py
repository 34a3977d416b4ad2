"""A wish in the terms of vendors' lamps: what counts as light, whole steps, full colours, mired.

Rules
1. No brightness, or black, is off: a lamp that takes a hue would show black as white.
2. A lamp that is on is never sent step 0, which many firmwares take for off.
3. Lamps that take a hue or xy know no dark colours; for them navy is blue at half the brightness.
4. White LEDs beside red, green and blue stay at 0: firmwares that mix white by themselves (WLED's auto
   white, Tasmota's white blending) would otherwise show, or report, something else. A colour given in
   kelvin uses the lamp's colour temperature where it has one, else its RGB.
5. A lamp without colours shows any colour as white of the same brightness; one with a colour temperature
   only, as NEUTRAL, unless the colour was given in kelvin.
"""

from dataclasses import replace

from controller.gateways.base import ReportedLook
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState

WHITE = Color("#FFFFFF")
NEUTRAL = Color("#FFCEA6", kelvin=4000)
MIRED_TOLERANCE = 5
XY_TOLERANCE = 0.02
PALE_TOLERANCE = 0.01
"""Beside white, where the eye is keenest, so that no pale colour passes for it."""
WHITE_XY = (0.3127, 0.3290)
"""CIE standard illuminant D65."""


def lit(want: ZoneState) -> ZoneState:
    """The wish under rule 1, its colour filled in."""
    if not want.on or want.brightness <= 0 or (want.color is not None and want.color.rgb == (0, 0, 0)):
        return DARK
    return want if want.color is not None else replace(want, color=WHITE)


def step(brightness: float, steps: int) -> int:
    """Brightness 0..1 on a scale of 1 to `steps` (rule 2)."""
    return min(steps, max(1, round(brightness * steps)))


def in_steps(want: ZoneState, steps: int) -> ZoneState:
    """The wish with the brightness that the lamp's scale can hold."""
    return replace(want, brightness=step(want.brightness, steps) / steps) if want.on else want


def at_full(want: ZoneState) -> ZoneState:
    """The wish with its colour brought to full strength and its brightness lowered instead (rule 3)."""
    if not want.on or want.color is None or want.color.kelvin is not None:
        return want
    strongest = max(want.color.rgb)
    color = Color.from_rgb(*(part * 255 / strongest for part in want.color.rgb))
    return replace(want, color=color, brightness=want.brightness * strongest / 255)


def without_color(want: ZoneState) -> ZoneState:
    """The wish for a lamp that has one colour of its own."""
    return replace(want, color=None)


def as_white(want: ZoneState) -> ZoneState:
    """The wish for a lamp that has only a colour temperature (rule 5)."""
    if not want.on or (want.color is not None and want.color.kelvin is not None):
        return want
    return replace(want, color=NEUTRAL)


def within_mired(want: ZoneState, low: float, high: float) -> ZoneState:
    """The wish with its colour temperature, if it has one, clipped to what the lamp can show."""
    if want.color is None or want.color.kelvin is None:
        return want
    kelvin = min(round(1e6 / low), max(round(1e6 / high), want.color.kelvin))
    return replace(want, color=replace(want.color, kelvin=kelvin))


def mired(kelvin: int) -> int:
    """A colour temperature in mired."""
    return round(1e6 / kelvin)


def same_color(goal: Color, shown: ReportedLook, tolerance: int) -> bool:
    """Whether a reported colour is the one asked for, in whichever form it was told.

    `tolerance` is per component of 0..255; colour temperatures are compared in mired, chromaticities in xy.
    """
    if shown.kelvin is not None:
        return goal.kelvin is not None and abs(1e6 / goal.kelvin - 1e6 / shown.kelvin) <= MIRED_TOLERANCE
    if shown.xy is not None:
        return near_xy(goal.xy, shown.xy)
    light = shown.light
    if light is None:
        return False
    return all(abs(one - other) <= tolerance for one, other in zip(goal.rgb, light.rgb, strict=True))


def near_xy(goal: tuple[float, float], shown: tuple[float, float]) -> bool:
    """Whether two chromaticities are the same: within half of what lies between the goal and white, and within the
    two tolerances."""
    return _apart(goal, shown) <= min(XY_TOLERANCE, max(PALE_TOLERANCE, _apart(goal, WHITE_XY) / 2))


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))
