"""Rehearsals of the shipped setup: sound worlds are right, faults are noticed, a seed replays exactly."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import Setup, load
from controller.simulation.rehearsal import Rehearsal, Result

SHIPPED = Path(__file__).parents[2] / "config"
EVENING = datetime(2026, 11, 20, 12, tzinfo=UTC)
NIGHT = timedelta(hours=20)


@pytest.fixture(scope="session")
def setup() -> Setup:
    """The shipped files."""
    return load(SHIPPED)


def held(setup: Setup, faults: str, seed: int = 1, span: timedelta = NIGHT) -> Result:
    """One rehearsal from an evening of the campaign on."""
    return Rehearsal(setup, EVENING, EVENING + span, faults).hold(seed)


def test_a_sound_night_is_right_and_nobody_is_alarmed(setup: Setup) -> None:
    """No wrong second, no alarm, all of the light confirmed but what is on its way."""
    result = held(setup, "none")
    assert result.total.wrong_s == 0
    assert result.alarms == ()
    assert 58_000 < result.total.lit_s < 59_000
    assert result.total.confirmed_s > 0.99 * result.total.lit_s


def test_a_seed_replays_exactly(setup: Setup) -> None:
    """The same figures, the same spells, the same alarms at the same instants; another seed has others."""
    assert held(setup, "storm", 4) == held(setup, "storm", 4)
    assert held(setup, "storm", 4) != held(setup, "storm", 5)


@pytest.mark.parametrize("faults", ["override", "storm-by-hand"])
def test_nothing_acknowledged_is_lost(setup: Setup, faults: str) -> None:
    """Looks set by hand and taken back, while the controller is killed over them or everything else fails."""
    result = held(setup, faults, span=2 * NIGHT)
    assert result.acknowledged > 10
    assert result.acknowledged_lost == 0
