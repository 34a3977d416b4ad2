"""What a rehearsed week costs, printed (`pytest -s`); only the figures of the light are asserted."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.config.load import load
from controller.simulation.rehearsal import Rehearsal

SETUP = load(Path(__file__).parents[2] / "config")
WEEK = datetime(2026, 11, 19, 23, tzinfo=UTC), datetime(2026, 11, 26, 23, tzinfo=UTC)


@pytest.mark.parametrize("faults", ["none", "storm"])
def test_the_campaign_week(faults: str) -> None:
    """One gateway of ours, seven nights."""
    began = time.process_time()
    rehearsal = Rehearsal(SETUP, *WEEK, faults)
    worked_out = time.process_time()
    result = rehearsal.hold(1)
    held = time.process_time()
    print(f"\n{faults}: reference {worked_out - began:.1f} s, a seed {held - worked_out:.1f} s of CPU")
    assert result.meter.total.availability > 0.999
    assert result.meter.total.lit_s == pytest.approx(412_514, abs=30)
