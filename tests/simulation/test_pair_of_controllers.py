"""A site with two controllers on one database: whoever dies, freezes or is cut off, the tower is right."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import Setup, load
from controller.gateways.base import Message
from controller.service.leadership import STALE_S
from controller.simulation.rehearsal import Rehearsal, figures
from controller.simulation.scenario import Scenario
from tests.parts import examples

AFTERNOON = datetime(2026, 11, 20, 14, tzinfo=UTC)
NIGHT = timedelta(hours=17.5)
"""From before sunset until after sunrise."""


@pytest.fixture(scope="session")
def setup() -> Setup:
    """The shipped site with two brokers."""
    shipped = load(Path(__file__).parents[2] / "config")
    mqtt = shipped.tower.mqtt.model_copy(update={"broker": ("mqtt://one.example", "mqtt://two.example")})
    return replace(shipped, tower=shipped.tower.model_copy(update={"mqtt": mqtt}))


def held(setup: Setup, faults: str, seed: int = 1, lasting: timedelta = NIGHT) -> tuple[Rehearsal, Scenario]:
    """A night of the campaign, or its first hours."""
    rehearsal = Rehearsal(setup, AFTERNOON, AFTERNOON + lasting, faults, controllers=2)
    return rehearsal, rehearsal.hold(seed)


def leaders(scenario: Scenario) -> int:
    """How many of the controllers lead."""
    return sum(host.loop is not None for host in scenario.controllers)


def test_one_leads_and_nobody_is_alarmed(setup: Setup) -> None:
    """The other is the standby, without an event."""
    rehearsal, scenario = held(setup, "none")
    found = figures(rehearsal, scenario)
    assert (found["wrong_colour_s"], found["undetected_s"], found["alarms"]) == (0, 0, 0)
    assert leaders(scenario) == 1
    assert len(scenario.leased) == 2


@pytest.mark.parametrize("faults", ["controller", "freeze", "database", "storm"])
@pytest.mark.parametrize("seed", range(1, 1 + examples(1)))
def test_the_tower_is_right_whatever_befalls_a_controller(setup: Setup, faults: str, seed: int) -> None:
    """No second of a wrong colour, and no order is obeyed after a newer one."""
    rehearsal, scenario = held(setup, faults, seed)
    found = figures(rehearsal, scenario)
    assert (found["wrong_colour_s"], found["false_alarms"], found["regressions"], found["misjudged"]) == (0, 0, 0, 0)
    assert leaders(scenario) >= 1
    assert scenario.faults.begun


def test_what_was_acknowledged_outlives_a_leader(setup: Setup) -> None:
    """Overrides and stops while controllers die, freeze and lose the database."""
    rehearsal, scenario = held(setup, "storm-by-hand")
    found = figures(rehearsal, scenario)
    assert found["acknowledged"] > 5
    assert (found["acknowledged_lost"], found["regressions"]) == (0, 0)


def test_a_leader_that_was_frozen_says_nothing_before_it_has_asked(setup: Setup) -> None:
    """The new leader has sent something else since; a vendor's lamp could not distinguish the old command from a newer
    one."""
    _, scenario = held(setup, "none")
    leader = next(host for host in scenario.leased if host.loop is not None)
    leader.publish(Message("probe/before", b"1", retain=True))
    leader.freeze()
    scenario.world.run(scenario.world.instant + timedelta(seconds=STALE_S + 1))
    for line in leader.client.lines:
        line.mend()
    leader.publish(Message("probe/after", b"1", retain=True))
    found = {topic for broker in scenario.brokers for topic in broker.retained if topic.startswith("probe/")}
    assert found == {"probe/before"}


def test_the_same_seed_gives_the_same_night(setup: Setup) -> None:
    """To the last figure, after an evening of everything that may befall it."""
    evening, again = (held(setup, "storm", lasting=timedelta(hours=5)) for _ in range(2))
    assert evening[1].faults.begun
    assert figures(*evening) == figures(*again)
