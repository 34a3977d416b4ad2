"""The light of a simulated lamp while it fades."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from controller.simulation.devices.device import SimulatedLamp

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
ORANGE = ZoneState(True, Color("#FF6A00"), 0.8)


@pytest.mark.parametrize(
    ("seconds", "share"), [(0.0, 0.0), (5.0, 0.25), (15.0, 0.75), (20.0, 1.0), (21.0, 1.0), (900.0, 1.0)]
)
def test_light_rises_in_a_straight_line_and_stays(seconds: float, share: float) -> None:
    """Never beyond where it goes."""
    lamp = SimulatedLamp()
    lamp.go(ORANGE, 20.0, NOW)
    at = NOW + timedelta(seconds=seconds)
    assert lamp.shows(at).brightness == pytest.approx(0.8 * share)
    assert lamp.fades(at) is (seconds < 20.0)
    assert lamp.shows(at) == ORANGE or share < 1


def test_another_order_goes_on_from_the_light_of_that_instant() -> None:
    """With no fade it is there at once."""
    lamp = SimulatedLamp()
    lamp.go(ORANGE, 20.0, NOW)
    half = NOW + timedelta(seconds=10)
    lamp.go(DARK, 10.0, half)
    assert lamp.shows(half).brightness == pytest.approx(0.4)
    assert lamp.shows(half + timedelta(seconds=5)).brightness == pytest.approx(0.2)
    lamp.go(ORANGE, 0.0, half)
    assert lamp.shows(half) == ORANGE
