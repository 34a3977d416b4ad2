"""The targets: each figure that misses is named, and only that."""

from typing import Any

import pytest

from controller.simulation.rehearsal import missed


def seed(faults: str = "storm", share: float = 1.0, kind: str = "dmx", **figures: float) -> dict[str, Any]:
    """The figures of a seed that reached every target, with the given changes."""
    gateway = {"name": "mast", "kind": kind, "availability": share, "undetected_s": figures.pop("undetected_s", 0)}
    sound = {"acknowledged_lost": 0, "regressions": 0, "misjudged": 0, "wrong_colour_s": 0, "alarms": 0}
    return {"faults": faults, "gateways": [gateway], **sound, **figures}


@pytest.mark.parametrize("name", ["acknowledged_lost", "regressions", "misjudged"])
@pytest.mark.parametrize("faults", ["none", "storm", "lie"])
def test_nothing_acknowledged_is_lost_no_order_goes_back_and_no_answer_is_wrong(name: str, faults: str) -> None:
    """Under any faults."""
    assert missed([seed(faults), seed(faults, **{name: 1})]) == (name,)


def test_without_faults_nothing_is_wrong_and_nobody_is_alarmed() -> None:
    """Which in a storm they may be."""
    assert missed([seed("none", wrong_colour_s=0.1, alarms=1)]) == ("wrong_colour_s", "alarms")
    assert missed([seed("storm", wrong_colour_s=0.1, alarms=1)]) == ()


def test_what_is_undetected_for_more_than_a_minute_misses() -> None:
    """In all, and by gateway."""
    assert missed([seed("clock", undetected_s=60)]) == ()
    assert missed([seed("clock", undetected_s=60.1)]) == ("undetected_s",)


def test_our_gateway_and_the_vendors_have_shares_of_their_own() -> None:
    """The worst seed of ours and the median of both."""
    assert missed([seed(share=0.9989), seed(), seed()]) == ("availability",)
    assert missed([seed(share=0.9991), seed(), seed()]) == ()
    assert missed([seed(share=0.9998), seed(share=0.9998), seed()]) == ("availability",)
    assert missed([seed(share=0.95, kind="wled"), seed(kind="wled"), seed(kind="wled")]) == ()
    assert missed([seed(share=0.9989, kind="wled")]) == ("availability",)


@pytest.mark.parametrize("faults", ["partition", "broker", "gateway", "flap"])
def test_our_gateway_keeps_the_plan_through_each_fault_around_it(faults: str) -> None:
    """As in a storm; lamps that stick are out of its hands."""
    assert missed([seed(faults, share=0.9989)]) == ("availability",)
    assert missed([seed("stick", share=0.5), seed("clock", share=0.99)]) == ()
