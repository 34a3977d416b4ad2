"""Lamps that show something else than commanded: never confirmed, reported once, repaired where possible."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.dmx.outputs.simulated import Faults
from controller.gateways.wire import ReportedDocument, parse_reported
from tests.service.simulated import World

SUNSET = datetime(2026, 11, 20, 14, 41, tzinfo=UTC)
REPORTED = "watertower/gateway/mast/reported"


@pytest.mark.parametrize("fault", [{"stick": True}, {"wrong": ((2, 77),)}, {"dead": True}, {"drop": 1.0}])
def test_lamps_that_do_not_obey_are_never_called_right(
    evening: World, faults: type[Faults], fault: dict[str, Any]
) -> None:
    """From before the lights go on until after: the levels differ, and are not `confirmed` after the next report."""
    evening.until(SUNSET - timedelta(minutes=10))
    evening.mast.lamps.faults = faults(**fault)
    evening.until(SUNSET + timedelta(minutes=10))
    assert not evening.right
    assert evening.undetected_s <= (10.1 if "wrong" in fault else 0.2)
    assert evening.controller.engine.states["mast"].status["bowl"] in {"differs", "pending"}
    alarms = [code for code in evening.controller.codes() if code in {"TWL-G102", "TWL-G108"}]
    says_itself = "dead" in fault
    assert alarms == ([] if says_itself else ["TWL-G108"])
    assert ("TWL-G114" in evening.controller.codes()) >= says_itself
    evening.mast.lamps.faults = faults()
    evening.run(10)
    assert evening.right
    assert evening.controller.status() == {"confirmed"}
    assert evening.controller.codes()[-1] in {"TWL-G107", "TWL-G115"}


def test_lamps_that_go_wrong_at_rest(night: World, faults: type[Faults]) -> None:
    """Without any command a channel sticks: found with the next report, reported, repaired where possible."""
    night.mast.lamps.faults = faults(wrong=((1, 3),))
    night.run(10.5)
    assert night.controller.status() == {"differs", "confirmed"}
    assert "TWL-G103" in night.controller.codes()
    assert night.undetected_s <= 10.5
    night.mast.lamps.faults = faults()
    night.run(10)
    assert night.right
    assert night.controller.status() == {"confirmed"}


def test_the_same_alarm_again_after_it_healed(night: World, faults: type[Faults]) -> None:
    """Told once for each time that it goes wrong."""
    for times in (1, 2):
        night.mast.lamps.faults = faults(wrong=((1, 3),))
        night.run(120)
        assert night.controller.codes().count("TWL-G108") == times
        night.mast.lamps.faults = faults()
        night.run(120)
        assert night.controller.status() == {"confirmed"}


def test_a_dead_output_is_reported_with_its_problem_and_its_end(night: World, faults: type[Faults]) -> None:
    """What was true before it died confirms nothing."""
    night.mast.lamps.faults = faults(dead=True)
    night.run(15)
    assert night.controller.status() == {"differs"}
    (differs,) = [event for _, event in night.controller.events if event.code == "TWL-G103"]
    assert differs.fields["shown"] == {}
    assert "rapporterade inget" in differs.text("sv")
    assert "TWL-G108" not in night.controller.codes(), "somebody else at the lamps is not the cause"
    problems = [event.fields["problem"] for _, event in night.controller.events if event.code == "TWL-G114"]
    assert "TWL-X121" in problems
    night.mast.lamps.faults = faults()
    night.run(10)
    assert night.controller.status() == {"confirmed"}
    assert "TWL-G115" in night.controller.codes()


def test_an_uptime_of_years(night: World) -> None:
    """The report of a gateway that has run for ten years is a report."""
    ten_years_s = 10 * 365 * 86400.0
    night.mast.disconnect(with_will=False)
    for _ in range(3):
        night.run(10)
        report = night.reported.model_copy(update={"uptime_s": ten_years_s})
        night.publish(REPORTED, report.model_dump_json(exclude_none=True).encode(), True)
    night.run(1)
    assert night.controller.engine.states["mast"].reported.uptime[0] == ten_years_s
    assert night.controller.status() == {"confirmed"}


def test_a_walk_test_is_left_alone(night: World) -> None:
    """Local control: it differs, and nobody is alarmed or written to; when it ends all is repaired."""
    reported = parse_reported(night.retained[REPORTED])
    assert isinstance(reported, ReportedDocument)
    zones = {zone: shown.model_copy(update={"color": "#00FF00"}) for zone, shown in reported.zones.items()}
    night.mast.disconnect(with_will=False)
    count, since = len(night.sent), night.mono
    for _ in range(20):
        local = reported.model_copy(update={"zones": zones, "by": "local", "at": night.wall})
        night.publish(REPORTED, local.model_dump_json(exclude_none=True).encode(), True)
        night.run(1)
    assert night.controller.status() == {"differs"}
    assert night.controller.codes(since) == []
    assert [m for _, who, m in night.sent[count:] if who == "controller"] == []
    night.mast.connect()
    night.run(3)
    assert night.controller.status() == {"confirmed"}
