"""On a wall that runs faster than the world, a fade is over so much sooner."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.clock import ClockReading
from controller.config.load import load
from controller.gateways.base import Order
from controller.service.controller import LISTEN_S, Controller

SHIPPED = Path(__file__).parents[2] / "config"
SUNSET = datetime(2026, 11, 20, 14, 41, 14, tzinfo=UTC)


@pytest.mark.parametrize("pace", [1.0, 60.0, 7200.0])
def test_an_answer_is_due_when_the_fade_is_over(pace: float) -> None:
    """Thirty seconds on the wall, and what the gateway is given to settle on the clock that it lives by."""
    setup = load(SHIPPED)
    (gateway,) = setup.tower.gateways
    engine = Controller(setup.tower.gateways, "watertower", setup.program(), Order())
    engine.connected(ClockReading(SUNSET - timedelta(seconds=LISTEN_S * pace), 100.0 - LISTEN_S, pace=pace))
    engine.turn(ClockReading(SUNSET, 100.0, pace=pace))
    command = engine.states[gateway.name].phase.command
    assert command is not None
    assert command.due_s - 100.0 == pytest.approx(30.0 / pace + gateway.SETTLE_S, abs=2.0 / pace)
