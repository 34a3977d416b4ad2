"""Clocks that are wrong, step, or tell nothing, at either end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.clock import Trust
from controller.gateways.documents import ALWAYS
from controller.schedule.campaign import Stop

EVENING = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
SUNSET = datetime(2026, 11, 20, 14, 41, tzinfo=UTC)


@pytest.mark.parametrize("trust", [Trust.PLAUSIBLE, Trust.HOLDOVER])
def test_a_gateway_whose_clock_is_an_hour_ahead(world_of: Callable[..., Any], trust: Trust) -> None:
    """The controller said live what time it is: that counts, and the gateway says so."""
    world = world_of(EVENING)
    world.box.dial.offset_s, world.box.dial.trust = 3600.0, trust
    world.box.start()
    world.controller.start()
    world.until(SUNSET - timedelta(minutes=5))
    assert world.right
    world.controller.stop()
    world.box.disconnect()
    world.until(SUNSET + timedelta(minutes=5))
    assert world.right
    assert world.wrong_s < 2
    assert [event.code for _, event in world.box.events].count("TWL-D013") == 1


def test_a_gateway_without_any_time_holds_what_was_right_when_it_was_written(night: Any) -> None:
    """It starts with a clock of 1970 and only a retained document: orange, and no word about the time."""
    night.controller.stop()
    night.box.stop()
    night.box.dial.offset_s, night.box.dial.trust = -1.8e9, Trust.SUSPECT
    night.box.start(forget=True)
    night.run(2)
    assert night.right
    assert night.box.machine._watch.clock == "none"
    night.controller.start()
    night.run(2)
    assert night.box.machine._watch.clock == "anchor"
    night.run(600)
    assert night.right
    assert night.wrong_s < 2


def test_a_step_of_the_gateways_clock_darkens_nothing(night: Any) -> None:
    """Suspect for a while, and nobody to ask: it goes on by what it was."""
    night.controller.stop()
    night.box.disconnect()
    night.box.dial.step(-12 * 3600)
    night.box.dial.trust = Trust.SUSPECT
    night.box.poke()
    night.run(60)
    assert night.wrong_s == 0


def test_a_gateway_whose_clock_is_set_back_is_heard_again(night: Any) -> None:
    """A little back: for so long its reports count as overtaken, but no longer."""
    night.box.dial.step(-20)
    night.run(60)
    assert night.controller.standing() == {"confirmed"}
    assert night.wrong_s == 0


@pytest.mark.parametrize("ahead_s", [1.5, -1.5])
def test_clocks_a_little_apart_raise_no_alarm(evening: Any, ahead_s: float) -> None:
    """The gateway crosses the border by its own clock, before or after us: nothing is told but the change."""
    evening.box.dial.offset_s += ahead_s
    evening.run(30)
    since = evening.mono
    evening.until(SUNSET + timedelta(minutes=5))
    assert evening.controller.standing() == {"confirmed"}
    assert evening.controller.codes(since) == ["TWL-C020", "TWL-G101"]


def test_while_the_clock_is_suspect_nothing_is_sent(night: Any) -> None:
    """A step of an hour: no message, nothing counts as confirmed; told; after it settled all is as before."""
    controller = night.controller
    controller.dial.step(3600)
    controller.dial.trust = Trust.SUSPECT
    controller.poke()
    since, count = night.mono, len(night.sent)
    night.run(9)
    assert not [m for _, who, m in night.sent[count:] if who == "controller"]
    assert controller.standing() == {"unknown"}
    assert {"TWL-T001", "TWL-T002"} <= set(controller.codes(since))
    controller.dial.trust = Trust.HOLDOVER
    night.run(3)
    assert controller.standing() == {"confirmed"}
    assert "TWL-C010" in controller.codes(since)
    assert night.wrong_s == 0


@pytest.mark.parametrize("years", [1, -1, -56])
def test_a_clock_that_is_years_off_and_is_set_right(night: Any, years: int) -> None:
    """It is suspect, then NTP sets it: at no time was anything shown that was wrong."""
    controller = night.controller
    controller.dial.step(years * 365 * 86400)
    controller.dial.trust = Trust.SUSPECT
    controller.poke()
    night.run(60)
    controller.dial.step(-years * 365 * 86400)
    controller.dial.trust = Trust.TRUSTED
    night.run(3)
    assert controller.standing() == {"confirmed"}
    assert night.wrong_s == 0


def test_a_clock_that_was_wrong_and_believed_is_followed_when_it_steps_back(evening: Any) -> None:
    """Believed to be an hour ahead it lights too early; set right it goes dark again, and the plan is as it should."""
    evening.controller.dial.step(3600)
    evening.run(60)
    assert not evening.right
    evening.controller.dial.step(-3600)
    evening.run(45)
    assert evening.right
    evening.until(SUNSET + timedelta(minutes=5))
    assert evening.right
    assert evening.controller.standing() == {"confirmed"}


@pytest.mark.parametrize("night_of", [datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)])
def test_nights_on_which_the_clocks_change(world_of: Any, scheduled: Any, night_of: datetime) -> None:
    """Cues between two and three in the morning, at both ends of summer time: on time, both ends."""
    rule = "{name: x, dates: every day, color: red, hours: ['02:15 to 02:45', '20:00 to 21:00']}"
    program = scheduled(f"campaigns:\n  - {rule}\n")
    world = world_of(night_of, program=program, report_every=timedelta(minutes=10), grain_s=0.2)
    world.box.start()
    world.controller.start()
    world.run(5)
    world.clear()
    world.until(night_of + timedelta(days=1))
    assert world.wrong_s < 2
    assert world.undetected_s < 1


@pytest.mark.parametrize("off_s", [3600.0, -3600.0, -1.8e9])
def test_a_safety_stop_needs_no_clock(night: Any, off_s: float) -> None:
    """Given while the clock is suspect it goes out at once and is confirmed; lifted, nothing is sent by that clock."""
    controller = night.controller
    controller.dial.offset_s, controller.dial.trust = off_s, Trust.SUSPECT
    controller.poke()
    night.run(5)
    under = controller.engine.program
    controller.engine.follow(under.with_hand((), Stop(ALWAYS, "Eva", "arbete i masten")))
    controller.poke()
    night.run(3)
    assert not any(state.on for state in night.box.shown().values())
    assert controller.standing() == {"confirmed"}
    controller.engine.follow(under)
    count = len(night.sent)
    controller.poke()
    night.run(5)
    assert not [m for _, who, m in night.sent[count:] if who == "controller"]
    assert controller.standing() == {"unknown"}
    controller.dial.offset_s, controller.dial.trust = 0.0, Trust.HOLDOVER
    controller.poke()
    night.run(5)
    assert night.right
