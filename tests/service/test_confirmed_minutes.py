"""Proof of glow: what was planned and what was confirmed, minute by minute."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from controller.clock import ClockReading
from controller.config.load import load
from controller.lighting.look import Look
from controller.rfc3339 import rfc3339
from controller.schedule.campaign import Override, SafetyStop
from controller.service.confirmed_minutes import ConfirmedMinutes, LightChanges
from controller.service.controller import Controller
from controller.state import LightChange

EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)


@dataclass
class Night:
    """A program whose confirmed zones the test sets, sampled every second."""

    began: datetime
    glow: ConfirmedMinutes = field(default_factory=ConfirmedMinutes)

    def __post_init__(self) -> None:
        setup = load(Path(__file__).parents[2] / "config")
        self.controller = Controller(setup.tower.gateways, "watertower", setup.program())

    def live(self, first_s: int, last_s: int, **standing: str) -> list[object]:
        """The rows of these seconds."""
        confirmed = [zone for zone, status in standing.items() if status == "confirmed"]
        rows: list[object] = []
        for second in range(first_s, last_s):
            reading = ClockReading(self.began + timedelta(seconds=second), 100.0 + second)
            rows.extend(self.glow.sample(self.controller.program, confirmed, reading))
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


def by_hand(kind: str, owner: str, reason: str, **holds: str) -> dict[str, object]:
    """The rule of what was set by hand, which no file names."""
    return {"kind": kind, "name": None, "line": None, "owner": owner, "reason": reason, **holds}


def test_a_change_of_light_is_recorded_with_its_look_and_its_rule() -> None:
    """Each zone once, and again only when its look or its rule is another; an override covers its zones only."""
    night, changes = Night(EVENING), LightChanges()
    program = night.controller.program

    def sample(second: int) -> list[LightChange]:
        reading = ClockReading(EVENING + timedelta(seconds=second), 100.0 + second)
        night.controller.turn(reading)
        return list(changes.sample(night.controller, reading))

    orange = {"colors": ["#FF6A00"], "names": ["orange"], "brightness": 1.0}
    campaign = {"kind": "campaign", "name": "En vecka fri från våld", "line": program.campaigns[0].line}
    assert [(c.zone, c.look, c.rule) for c in sample(0)] == [
        ("bowl", orange, campaign),
        ("shaft", orange, campaign),
    ]
    assert sample(1) == []
    by_ann = Override("a", {"bowl": Look()}, EVENING, EVENING + timedelta(seconds=10), "Ann", "test")
    night.controller.follow(program.with_overrides((by_ann,), None))
    dark, hand = (
        {"colors": [], "names": [], "brightness": 1.0},
        by_hand("override", "Ann", "test", until=rfc3339(by_ann.end)),
    )
    assert [(c.zone, c.look, c.rule, c.at) for c in sample(2)] == [("bowl", dark, hand, EVENING + timedelta(seconds=2))]
    assert [(c.zone, c.look, c.rule) for c in sample(10)] == [("bowl", orange, campaign)]
    night.controller.follow(program.with_overrides((), SafetyStop(EVENING, "Bo", "storm")))
    stop = by_hand("stop", "Bo", "storm", since=rfc3339(EVENING))
    assert {(c.zone, *map(str, (c.look["colors"], c.rule))) for c in sample(20)} == {
        (zone, "[]", str(stop)) for zone in ("bowl", "shaft")
    }


def test_by_day_the_light_is_on_nobodys_behalf() -> None:
    """Before the first turn nothing is recorded."""
    night, changes = Night(NOON), LightChanges()
    reading = ClockReading(NOON, 100.0)
    assert changes.sample(night.controller, reading) == ()
    night.controller.turn(reading)
    idle = {"name": "En vecka fri från våld", "ended": None, "begins": "15:41"}
    assert [change.rule for change in changes.sample(night.controller, reading)] == [
        {"kind": None, "name": None, "line": None, "idle": idle}
    ] * 2
