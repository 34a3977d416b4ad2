"""What lamps make of a light that is asked for."""

from controller.config.lamp_light import lamp_light
from controller.config.load import Setup
from controller.lighting.color import parse_color
from controller.lighting.look import ZoneState


def test_the_green_of_print_is_a_fifth_of_the_light(shipped: Setup) -> None:
    """The lamps show its hue, and little of it."""
    state = ZoneState(True, parse_color("#2E7D32", {}), 1.0)
    found = lamp_light(shipped, {"shaft": state})
    assert (found.zones.keys(), found.count, found.missing) == ({"shaft"}, 2, 0)
    assert 0.15 < found.zones["shaft"].brightness < 0.25


def test_a_color_of_the_lamps_is_shown_as_it_is(shipped: Setup) -> None:
    """By all of them."""
    states = dict.fromkeys(shipped.tower.zones, ZoneState(True, parse_color("orange", shipped.tower.palette), 1.0))
    found = lamp_light(shipped, states)
    assert (found.count, found.missing, found.switched) == (4, 0, ())
    assert all(state.brightness > 0.99 for state in found.zones.values())
