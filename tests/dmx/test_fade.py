"""A fade as a function of time."""

import math

from hypothesis import given
from hypothesis import strategies as st

from controller.dmx.gateway import AT_REST_DARK, Fade
from controller.lighting.color import Color
from controller.lighting.light import Light
from controller.lighting.look import DARK, ZoneState

ORANGE, BLUE = ZoneState(True, Color("#FF6A00"), 1.0), ZoneState(True, Color("#0000FF"), 0.5)
instants = st.floats(-1e10, 1e10)


@given(instants, st.floats(0, 4e7), instants)
def test_it_ends_at_its_goal_and_stays_within_both(began_s: float, fade_s: float, now_s: float) -> None:
    """Whenever it is asked, before, in or after the fade, and by however wrong a clock."""
    ramp = Fade(Light.of(BLUE), ORANGE, began_s, fade_s)
    light = ramp.at(now_s)
    for part, one, other in zip(light.parts, Light.of(BLUE).parts, Light.of(ORANGE).parts, strict=True):
        assert min(one, other) <= part <= max(one, other)
    assert light == Light.of(ORANGE) or not ramp.is_done(now_s)


def test_no_time_is_no_fade() -> None:
    """Done at once, even by a clock that is set back before it began."""
    ramp = Fade(Light.of(DARK), ORANGE, 1000.0, 0.0)
    assert ramp.is_done(0.0)
    assert ramp.at(0.0) == Light.of(ORANGE)
    assert AT_REST_DARK.at(-1e9) == Light.of(DARK)


def test_one_that_comes_late_finds_it_under_way() -> None:
    """Begun before anybody looked, it is as far as it should be."""
    early = Fade(Light.of(DARK), ORANGE, 0.0, 30.0)
    assert early.at(29.0).brightness > 0.8
    assert early.at(1.0).brightness < 0.1


@given(st.floats(0, 30))
def test_another_goal_on_the_way(turned_s: float) -> None:
    """It goes on from the light it has, and is done when the first would have been."""
    first = Fade(Light.of(DARK), ORANGE, 0.0, 30.0)
    second = first.towards(BLUE, turned_s)
    assert second.at(turned_s) == first.at(turned_s) or second.is_done(turned_s)
    assert second.at(30.1) == Light.of(BLUE)
    assert math.isclose(second.began_s + second.fade_s, 30.0, abs_tol=1e-9)
