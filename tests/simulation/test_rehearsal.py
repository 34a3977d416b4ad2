"""Rehearsals of the shipped setup: sound worlds are right, faults are noticed, a seed replays exactly."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.clock import ClockReading
from controller.config.load import Setup, load, parse
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light
from controller.service.health_watch import HealthWatch
from controller.simulation.rehearsal import Rehearsal, figures, of_one, of_several
from controller.simulation.scenario import Scenario

SHIPPED = Path(__file__).parents[2] / "config"
EVENING = datetime(2026, 11, 20, 14, tzinfo=UTC)
NIGHT = timedelta(hours=17.5)
"""From before sunset until after sunrise."""


@pytest.fixture(scope="session")
def setup() -> Setup:
    """The shipped files."""
    return load(SHIPPED)


def held(setup: Setup, faults: str, seed: int = 1) -> Scenario:
    """One rehearsal from an evening of the campaign on."""
    return Rehearsal(setup, EVENING, EVENING + NIGHT, faults).hold(seed)


def test_a_sound_night_is_right_and_nobody_is_alarmed(setup: Setup) -> None:
    """No wrong second, no alarm, all of the light confirmed but what is on its way."""
    result = held(setup, "none")
    assert result.meter.total.wrong_s == 0
    assert result.alarms == []
    assert 58_000 < result.meter.total.lit_s < 59_000
    assert result.meter.total.confirmed_s > 0.99 * result.meter.total.lit_s


def test_a_seed_replays_exactly(setup: Setup) -> None:
    """The same figures, the same spells, the same alarms at the same instants; another seed has others."""
    rehearsal = Rehearsal(setup, EVENING, EVENING + NIGHT / 2, "storm")
    first, again, other = (of_one(rehearsal, rehearsal.hold(seed)) for seed in (4, 4, 5))
    assert first == again
    assert first != other | {"seed": 4}


def test_recovery_is_reported_by_its_median_and_its_longest(setup: Setup) -> None:
    """Of one seed and of several; the least availability is the worst, of everything else the most."""
    rehearsal = Rehearsal(setup, EVENING, EVENING + timedelta(minutes=1), "none")
    seeds = []
    for recoveries_s in ([], [1.5], [4.0, 1.0, 9.0]):
        scenario = rehearsal.hold(1)
        scenario.recoveries_s.extend(recoveries_s)
        seeds.append(figures(rehearsal, scenario))
    spreads = [{"median": 0.0, "worst": 0.0}, {"median": 1.5, "worst": 1.5}, {"median": 4.0, "worst": 9.0}]
    assert [one["recovery_s"] for one in seeds] == spreads
    seeds[1] |= {"availability": 0.5, "undetected_s": 7.0}
    seeds[1]["gateways"][0]["availability"] = 0.25
    several = of_several(rehearsal, seeds)
    assert several["recovery_s"] == {"median": 1.5, "worst": 9.0}
    assert (several["worst"]["availability"], several["worst"]["undetected_s"]) == (0.5, 7.0)
    assert several["gateways"][0]["worst"] == 0.25


@pytest.mark.parametrize("faults", ["override", "stop", "storm-by-hand"])
def test_nothing_acknowledged_is_lost(setup: Setup, faults: str) -> None:
    """Looks set by hand and taken back, and one button of the safety stop again and again, while the controller is
    killed over them or everything else fails."""
    result = held(setup, faults)
    assert result.operator.acknowledged > 5
    assert result.operator.lost == set()
    assert not any(alarm.is_false for alarm in result.alarms)


def test_orders_far_ahead_put_out_no_light(setup: Setup) -> None:
    """Reported or written each hour: noticed, reported in an event, and over in a moment."""
    result = held(setup, "epoch")
    assert "TWL-G113" in {alarm.event.code for alarm in result.alarms}
    assert result.meter.total.wrong_s < 1
    assert result.meter.total.confirmed_s > 0.99 * result.meter.total.lit_s


def test_by_any_clock_the_answer_is_right_whether_the_controller_runs(setup: Setup) -> None:
    """With a clock up to an hour wrong, about a controller that died with its brokers, or lives though somebody wrote
    `offline`."""
    result = held(setup, "asker")
    assert len(result.faults.begun) > 10
    assert result.misjudged == 0
    assert "TWL-M018" in {alarm.event.code for alarm in result.alarms}
    assert not any(alarm.is_false for alarm in result.alarms)


def test_an_answer_by_dates_would_be_wrong(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault finds what it is for."""

    def lives(watch: HealthWatch, now: ClockReading) -> bool:
        return watch.health is not None and now.wall - watch.health.at < timedelta(seconds=30)

    monkeypatch.setattr(HealthWatch, "lives", lives)
    assert held(setup, "asker").misjudged > 0


def test_overrides_move_no_step_of_a_sequence() -> None:
    """On one zone or all, ended or resumed, while the controller is killed over them: what is not set by hand shows the
    step of the schedule."""
    schedule = b"version: 1\nevery_night: [{name: a, color: [red, lime, blue], change_every: 7 min, fade_in: 60 s}]\n"
    result = held(parse((SHIPPED / "tower.yaml").read_bytes(), schedule, SHIPPED), "override")
    assert result.operator.acknowledged > 5
    assert result.meter.total.wrong_s < 15
    assert result.meter.total.undetected_s == 0


MISTAKES = {
    "red and blue change places": lambda light: Light(light.blue, light.green, light.red),
    "a quarter of the light": lambda light: light.times(0.25),
    "never dark": lambda light: light if light.brightness else Light(1.0, 0.4, 0.0),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_on_the_way_to_the_levels_is_seen(
    setup: Setup, mistake: Callable[[Light], Light], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Controller and gateway make it alike and confirm it; who looks at the lamps does not."""
    right = Lamp.levels
    monkeypatch.setattr(Lamp, "levels", lambda lamp, light: right(lamp, mistake(light)))
    midday = EVENING - timedelta(hours=2)
    result = Rehearsal(setup, midday, midday + timedelta(hours=4), "none").hold(1)
    assert result.meter.total.undetected_s > 3600


def test_a_time_server_that_steps_makes_no_gateway_silent(setup: Setup) -> None:
    """Clocks are moved by up to half a minute about every hour, of one machine or of all: nobody goes unheard, nothing
    is called confirmed that is not, and the light is wrong no longer than the clocks are."""
    result = held(setup, "time-server")
    assert result.operator.lost == set()
    assert not [alarm for alarm in result.alarms if alarm.event.code.startswith("TWL-G")]
    assert result.meter.total.undetected_s < 1
    assert max((spell.length_s for spell in result.meter.spells), default=0) <= 31
