"""What a hand ends: the light fades into what follows, nobody is alarmed, and an answer asked for again is the same."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import load
from controller.service.override_request import OverridePolicy
from controller.service.overrides import OverrideManager
from controller.simulation.controller_host import SimulatedDisk, finished

SETUP = load(Path(__file__).parents[2] / "config")
EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def disk() -> SimulatedDisk:
    """An empty one."""
    return SimulatedDisk()


def hand_on(disk: SimulatedDisk) -> OverrideManager:
    """A hand as a start of the process makes it."""
    return OverrideManager(disk, OverridePolicy(SETUP.program(), SETUP.tower.palette, timedelta(days=1)))


def asked(**keys: str) -> bytes:
    """A request."""
    return json.dumps({"version": 1, "id": "a", "look": "red", "owner": "me", "reason": "test", **keys}).encode()


def test_the_fade_out_of_an_override_that_ended_is_still_in_the_plan(disk: SimulatedDisk) -> None:
    """At its end the campaign fades in for 30 s, also once the override is forgotten by the person."""
    hand = hand_on(disk)
    finished(hand.take(asked(until="10 min"), EVENING))
    end = EVENING + 10 * MINUTE
    assert [event.code for event in finished(hand.expire(end))] == ["TWL-O103"]
    cue = SETUP.program(hand.overrides, hand.stop).look_at(end + timedelta(seconds=5))
    assert (cue.at, cue.fade_s) == (end, 30)
    finished(hand.expire(end + MINUTE))
    assert hand.overrides == ()


def test_a_resume_fades_like_an_end(disk: SimulatedDisk) -> None:
    """The override ends at the resume and not without a trace."""
    hand = hand_on(disk)
    finished(hand.take(asked(until="1 h"), EVENING))
    finished(hand.take(asked(id="b", action="resume"), EVENING + MINUTE))
    cue = SETUP.program(hand.overrides, hand.stop).look_at(EVENING + MINUTE)
    assert (cue.at, cue.fade_s) == (EVENING + MINUTE, 30)


def test_the_same_id_after_a_restart_is_answered_with_the_end_in_force(disk: SimulatedDisk) -> None:
    """Asked for an hour, asked again ten minutes later after a crash: it ends an hour after the first request."""
    first = finished(hand_on(disk).take(asked(until="1 h"), EVENING))
    again = finished(hand_on(disk).take(asked(until="1 h"), EVENING + 10 * MINUTE))
    assert again.fields["until"] == first.fields["until"]
