"""Laws of the whole system under any faults: what is shown heals, what is wrong is seen, and nothing goes back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from controller.config.load import load
from controller.simulation.faults import FAULTS, Fault, Heal
from controller.simulation.reference import Expected
from controller.simulation.rehearsal import Rehearsal
from controller.simulation.scenario import Scenario
from tests.parts import examples

SETUP = load(Path(__file__).parents[2] / "config")
EVENING = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
EXPECTED = Expected(SETUP, EVENING, EVENING + timedelta(days=2))
SOUND = (
    "controller",
    "broker",
    "gateway",
    "partition",
    "garbage",
    "flood",
    "reload",
    "duplicate-reorder",
    "flap",
    "replay",
)
KINDS = {fault.name: fault for name in (*SOUND, "foreign-writer") for fault in FAULTS[name]}
HEALED_S = 10.0
SEEN_S = 30.0
CONNECTED_S = 45.0
"""A client that did not reach the broker tries again within 30 s, its dial takes 5 s, and so may its partner's."""


class Faulty(RuleBasedStateMachine):
    """A site in which any faults come and go at any time, around the border of an evening."""

    @initialize(seed=st.integers(0, 2**16))
    def switch_on(self, seed: int) -> None:
        """The site has run for a minute when the first fault comes."""
        self.site = Scenario(SETUP, EXPECTED.without_overrides(), EVENING, seed)
        self.healers: list[tuple[Fault, Heal | None]] = []
        self.site.switch_on()

    @rule(name=st.sampled_from(sorted(KINDS)))
    def fault(self, name: str) -> None:
        """One more fault is at work."""
        fault = KINDS[name]
        if all(fault is not other for other, _ in self.healers):
            self.site.begin(fault.name)
            self.healers.append((fault, fault.action(self.site)))

    @precondition(lambda self: self.healers)
    @rule(data=st.data())
    def heal(self, data: st.DataObject) -> None:
        """One of them is over."""
        fault, heals = self.healers.pop(data.draw(st.integers(0, len(self.healers) - 1)))
        if heals is not None:
            heals()
        self.site.heal(fault.name)

    @rule(seconds=st.sampled_from([0.01, 0.5, 3, 20, 60, 400]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.site.world.run(self.site.world.instant + timedelta(seconds=seconds))

    @invariant()
    def orders_only_rise(self) -> None:
        """No gateway applies an order below one that it applied before."""
        assert all(box.regressions == 0 for box in self.site.ours)

    @invariant()
    def what_is_wrong_is_seen(self) -> None:
        """A light that is wrong is not called confirmed for longer than a keepalive and three reports."""
        assert self.site.meter.longest_undetected_s < SEEN_S

    def teardown(self) -> None:
        """Once all is healed, all is right and confirmed within the pause of a client and HEALED_S."""
        for fault, heals in self.healers:
            if heals is not None:
                heals()
            self.site.heal(fault.name)
        self.site.world.run(self.site.world.instant + timedelta(seconds=CONNECTED_S + HEALED_S))
        assert self.site.meter.is_well or self.site.meter.is_changing


TestFaulty = Faulty.TestCase
TestFaulty.settings = settings(max_examples=examples(12), stateful_step_count=15, deadline=None)


@pytest.mark.parametrize("faults", SOUND)
def test_a_plan_kept_ahead_outlives_what_lies_between(faults: str) -> None:
    """Faults between controller, broker and gateway cost our gateway no wrong second beyond its own reboot."""
    result = Rehearsal(SETUP, EVENING, EVENING + timedelta(hours=17), faults).hold(3)  # until after sunrise
    assert result.meter.total.wrong_s <= (60 if faults == "gateway" else 1)
    assert result.meter.total.undetected_s <= 60
    assert all(host.regressions == 0 for host in result.ours)
    assert not any(alarm.is_false for alarm in result.alarms)
