"""Proof of glow: what was planned and what was confirmed, minute by minute."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from controller.clock import ClockReading
from controller.config.load import load
from controller.service.confirmed_minutes import ConfirmedMinutes
from controller.service.controller import Controller

EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)


@dataclass
class Night:
    """An engine whose gateway stands as the test says, sampled every second."""

    began: datetime
    glow: ConfirmedMinutes = field(default_factory=ConfirmedMinutes)

    def __post_init__(self) -> None:
        setup = load(Path(__file__).parents[2] / "config")
        self.engine = Controller(setup.tower.gateways, "watertower", setup.program())

    def live(self, first_s: int, last_s: int, **standing: str) -> list[object]:
        """The rows of these seconds."""
        self.engine.tracks["mast"] = replace(self.engine.tracks["mast"], standing=standing)
        rows: list[object] = []
        for second in range(first_s, last_s):
            reading = ClockReading(self.began + timedelta(seconds=second), 100.0 + second)
            rows.extend(self.glow.sample(self.engine, reading))
        return rows


def test_a_confirmed_minute_counts_whole() -> None:
    """Both zones, under the night that their evening names."""
    rows = Night(EVENING).live(0, 121, bowl="confirmed", shaft="confirmed")
    assert {(row.zone, row.at, row.planned) for row in rows} == {
        (zone, EVENING + timedelta(minutes=minute), True) for zone in ("bowl", "shaft") for minute in (0, 1)
    }
    assert {row.night for row in rows} == {date(2026, 11, 20)}
    assert [row.confirmed_s for row in rows] == [59.0, 59.0, 60.0, 60.0]


def test_what_is_not_confirmed_does_not_count() -> None:
    """Nor does it hide the other zone."""
    night = Night(EVENING)
    night.live(0, 30, bowl="confirmed", shaft="confirmed")
    rows = night.live(30, 61, bowl="confirmed", shaft="differs")
    assert {row.zone: row.confirmed_s for row in rows} == {"bowl": 59.0, "shaft": 29.0}


def test_at_noon_nothing_is_planned() -> None:
    """Dark and confirmed: planned is no, and the seconds say that the dark was confirmed."""
    rows = Night(NOON).live(0, 61, bowl="confirmed", shaft="confirmed")
    assert [row.planned for row in rows] == [False, False]


@pytest.mark.parametrize("gap_s", [6, 3600])
def test_time_in_which_nobody_looked_proves_nothing(gap_s: int) -> None:
    """A suspend or a stalled machine is a gap, not a confirmation."""
    night = Night(EVENING)
    night.live(0, 10, bowl="confirmed", shaft="confirmed")
    rows = night.live(9 + gap_s, 9 + gap_s + 61, bowl="confirmed", shaft="confirmed")
    assert rows[0].confirmed_s <= 9 + 60 - gap_s if gap_s < 60 else rows[0].confirmed_s == 9.0
