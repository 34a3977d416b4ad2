"""Light between two states."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from controller.lighting.color import Color
from controller.lighting.light import Light, mix
from controller.lighting.look import DARK, ZoneState

PARTS = st.floats(0, 1)
LIGHTS = st.builds(Light, PARTS, PARTS, PARTS)
SHARES = st.floats(0, 1)


def test_dark_is_no_light_and_the_other_way_round() -> None:
    """A state that is off has no light, whatever else it says."""
    assert Light.of(DARK) == Light.of(ZoneState(False, Color("#FF0000"), 1.0)) == Light()
    assert Light().state == DARK


def test_on_without_a_color_is_white() -> None:
    """A gateway that only dims says no color."""
    assert Light.of(ZoneState(True, None, 0.5)) == Light(0.5, 0.5, 0.5)


@given(st.integers(0, 0xFFFFFF), st.floats(0.01, 1))
def test_a_bright_color_comes_back_from_its_light(number: int, brightness: float) -> None:
    """A color whose largest part is 255 and its brightness can be separated again."""
    color = Color(f"#{number | 0xFF0000:06X}")
    state = Light.of(ZoneState(True, color, brightness)).state
    assert state.color == color
    assert state.brightness == pytest.approx(brightness)


def test_a_dark_code_is_a_dim_light_of_its_hue() -> None:
    """#800000 at full is red at 22 %, as a lamp sees it."""
    state = Light.of(ZoneState(True, Color("#800000"), 1.0)).state
    assert state.color == Color("#FF0000")
    assert state.brightness == pytest.approx(0.2159, abs=0.0001)


def test_xyz_is_that_of_the_standard() -> None:
    """White has Y 1 and the chromaticity of D65, and XYZ leads back."""
    assert Light(1, 1, 1).luminance == pytest.approx(1)
    assert Light(0, 1, 0).luminance == pytest.approx(0.7152, abs=0.0001)
    assert Light.from_xyz(Light(0.2, 0.4, 0.6).xyz).parts == pytest.approx((0.2, 0.4, 0.6))


@given(LIGHTS, LIGHTS)
def test_a_fade_begins_and_ends_exactly(start: Light, end: Light) -> None:
    """Not nearly: what is reported is compared."""
    assert mix(start, end, 0) == mix(start, end, -1) == start
    assert mix(start, end, 1) == mix(start, end, 1.5) == end


@given(LIGHTS, LIGHTS, SHARES)
def test_a_fade_stays_between_its_ends(start: Light, end: Light, share: float) -> None:
    """Each component is within those of both ends, and all have gone the same part of their way."""
    between = mix(start, end, share)
    for a, b, part in zip(start.parts, end.parts, between.parts, strict=True):
        assert min(a, b) <= part <= max(a, b)
    ways = [
        (p - a) / (b - a) for a, b, p in zip(start.parts, end.parts, between.parts, strict=True) if abs(b - a) > 0.01
    ]
    assert not ways or max(ways) - min(ways) < 1e-9


def test_a_fade_between_equal_luminances_goes_evenly() -> None:
    """There is no lightness by which it could be paced."""
    red, green = Light(red=1.0), Light(green=Light(red=1.0).luminance / Light(green=1.0).luminance)
    assert mix(red, green, 0.25).parts == pytest.approx((0.75, 0.25 * green.green, 0.0), abs=1e-6)


@given(LIGHTS, SHARES, SHARES)
def test_from_dark_brightness_only_grows(end: Light, one: float, other: float) -> None:
    """And to dark it only falls; no flash in either."""
    earlier, later = sorted((one, other))
    assert mix(Light(), end, earlier).brightness <= mix(Light(), end, later).brightness
    assert mix(end, Light(), earlier).brightness >= mix(end, Light(), later).brightness


@given(LIGHTS, SHARES)
def test_dark_has_the_hue_of_the_other_end(end: Light, share: float) -> None:
    """Orange fades in as orange from the first step."""
    assume(end.brightness > 0.01 and share > 0.01)
    between = mix(Light(), end, share)
    same = between.times(end.brightness / between.brightness)
    assert same.parts == pytest.approx(end.parts, abs=1e-9)


def test_the_pace_is_even_to_the_eye() -> None:
    """Half of a fade to white is L* 50, which is 18.4 % of the light (CIE 15)."""
    assert mix(Light(), Light(1, 1, 1), 0.5).luminance == pytest.approx(0.1842, abs=0.0001)


@given(LIGHTS, LIGHTS, st.integers(0, 999))
def test_a_fade_has_no_jump(start: Light, end: Light, step: int) -> None:
    """A thousandth of the time is never more than a hundredth of the way."""
    here, there = mix(start, end, step / 1000), mix(start, end, (step + 1) / 1000)
    assert max(abs(a - b) for a, b in zip(here.parts, there.parts, strict=True)) < 0.01
