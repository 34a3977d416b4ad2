"""A site with two brokers: what happens to one of them is not seen on the tower."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import Setup, load
from controller.simulation.reference import Expected
from controller.simulation.rehearsal import Rehearsal
from controller.simulation.scenario import Scenario

EVENING = datetime(2026, 11, 20, 12, tzinfo=UTC)
SUNSET = datetime(2026, 11, 20, 14, 40, 30, tzinfo=UTC)
BEFORE = timedelta(minutes=2)


@pytest.fixture(scope="session")
def setup() -> Setup:
    """The shipped site with two brokers."""
    shipped = load(Path(__file__).parents[2] / "config")
    mqtt = shipped.tower.mqtt.model_copy(update={"broker": ("mqtt://one.example", "mqtt://two.example")})
    return replace(shipped, tower=shipped.tower.model_copy(update={"mqtt": mqtt}))


def held(setup: Setup, faults: str, seed: int = 1) -> Scenario:
    """A night of the campaign."""
    return Rehearsal(setup, EVENING, EVENING + timedelta(hours=20), faults).hold(seed)


def test_a_sound_night_is_right_and_nobody_is_alarmed(setup: Setup) -> None:
    """Every message comes twice, and does nothing twice."""
    result = held(setup, "none")
    assert (result.meter.total.wrong_s, result.meter.total.undetected_s, result.alarms) == (0, 0, [])
    assert result.meter.total.confirmed_s > 0.99 * result.meter.total.lit_s


def in_the_evening(setup: Setup, brokers: int) -> Scenario:
    """Two minutes before sunset on the first evening of the campaign, with so many brokers."""
    mqtt = setup.tower.mqtt.model_copy(update={"broker": setup.tower.mqtt.broker[:brokers]})
    setup = replace(setup, tower=setup.tower.model_copy(update={"mqtt": mqtt}))
    site = Scenario(setup, Expected(setup, SUNSET - BEFORE, SUNSET + BEFORE), SUNSET - BEFORE, 1)
    site.switch_on()
    return site


@pytest.mark.parametrize("brokers", [1, 2])
@pytest.mark.parametrize("which", [0, -1])
def test_a_cue_is_confirmed_through_the_broker_that_is_left(setup: Setup, brokers: int, which: int) -> None:
    """One dies before sunset: the light comes on time in any case, and with another broker it is confirmed."""
    site = in_the_evening(setup, brokers)
    site.brokers[which].die()
    site.world.run(SUNSET + BEFORE)
    site.meter.end()
    assert site.meter.total.wrong_s == 0
    assert site.meter.is_well is (brokers == 2)


@pytest.mark.parametrize("line", [0, 1])
def test_a_cue_is_confirmed_past_a_line_that_only_looks_whole(setup: Setup, line: int) -> None:
    """The way between the gateway and one broker is cut: what is confirmed is confirmed through the other."""
    site = in_the_evening(setup, 2)
    site.ours[0].client.lines[line].part()
    site.world.run(SUNSET + BEFORE)
    assert site.meter.is_well


def test_a_request_by_hand_counts_once_though_it_comes_twice(setup: Setup) -> None:
    """Every override over both brokers: none is lost, none is granted twice."""
    result = held(setup, "override")
    assert result.operator.acknowledged > 5
    assert result.operator.lost == set()
    assert all(host.regressions == 0 for host in result.ours)


def test_an_order_that_one_broker_brings_late_is_never_applied(setup: Setup) -> None:
    """Messages of one broker are lost, come twice and overtake each other."""
    result = held(setup, "duplicate-reorder")
    assert (result.meter.total.wrong_s, result.meter.total.undetected_s) == (0, 0)
    assert all(host.regressions == 0 for host in result.ours)
