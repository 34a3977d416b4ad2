"""The gateway alone: it keeps the plan, and the controller knows which one it keeps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from controller.schedule.plan import Program
from tests.service.simulated import World

SUNSET = datetime(2026, 11, 20, 14, 41, tzinfo=UTC)


def test_alone_over_a_border(long: World) -> None:
    """Controller and broker are gone before sunset: the gateway crosses it by its plan, no second late."""
    long.controller.stop()
    long.mast.disconnect()
    program = long.controller.engine.program
    cue = program.next_cue(long.wall)
    long.until(cue.at - timedelta(seconds=0.5))
    assert long.reported.by == "desired"
    long.until(cue.at + timedelta(seconds=1))
    assert long.reported.by == "plan"
    long.until(cue.at + timedelta(seconds=cue.fade_s + 1))
    assert long.right
    long.until(datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert long.wrong_s < 1


def test_a_report_by_plan_confirms_nothing_else(evening: World) -> None:
    """The controller finds a gateway that followed its plan: it agrees, and still gets a new document."""
    evening.mast.disconnect()
    evening.until(SUNSET + timedelta(minutes=5))
    assert evening.controller.status() == {"silent"}
    evening.mast.connect()
    evening.run(2)
    assert evening.controller.status() == {"confirmed"}
    assert evening.wrong_s < 1
    assert evening.mast.order == evening.controller.engine.order


def test_past_the_plan(long: World) -> None:
    """Alone for longer than the plan reaches: the last look is held for a day, then it is dark."""
    long.run(3600)
    ends = long.desired.valid_until
    long.controller.stop()
    long.mast.disconnect()
    long.until(ends - timedelta(minutes=1))
    last = long.mast.shown()
    long.until(ends + timedelta(hours=23))
    assert long.mast.shown() == last
    assert long.reported.by == "after"
    long.until(ends + timedelta(hours=24, seconds=1))
    assert long.mast.shown() != last
    assert any(state.on for state in long.mast.shown().values()), "it fades"
    long.until(ends + timedelta(hours=24, seconds=31))
    assert not any(state.on for state in long.mast.shown().values())


def test_the_plan_ahead_is_renewed_though_nothing_changes(long: World, scheduled: Callable[[str], Program]) -> None:
    """Every six hours, so that a gateway is never left with less than 66 h of it; nothing is announced."""
    long.controller.engine.follow(
        scheduled("campaigns:\n  - {name: x, dates: every day, hours: all day, color: red}\n")
    )
    long.controller.wake()
    long.run(60)
    since = long.mono
    documents = [long.desired]
    for _ in range(25):
        long.run(1800)
        assert long.desired.valid_until - long.wall > timedelta(hours=65, minutes=59)
        if long.desired.order != documents[-1].order:
            documents.append(long.desired)
    between = [after.valid_until - before.valid_until for before, after in pairwise(documents)]
    assert [round(each / timedelta(hours=1), 3) for each in between] == [6, 6]
    assert long.mast.order == long.desired.order
    assert long.controller.codes(since) == []


def test_a_changed_plan_is_sent_though_the_light_stays(night: World, scheduled: Callable[[str], Program]) -> None:
    """Another campaign a day ahead: the document is new, the light is not touched, nothing is announced."""
    before = night.desired
    line = "campaigns:\n  - {name: En vecka fri från våld, dates: 20–26 November, color: orange, fade_in: 30 s"
    night.controller.engine.follow(scheduled(f"{line}, hours: sunset to 21:00}}\n"))
    night.controller.wake()
    night.run(1)
    assert before.order < night.desired.order
    assert night.desired.cues != before.cues
    assert night.controller.status() == {"confirmed"}
    assert night.wrong_s == 0
    assert night.controller.codes(night.mono - 1) == []


def test_a_gateway_that_missed_the_changed_plan_is_not_believed(
    night: World, scheduled: Callable[[str], Program]
) -> None:
    """Its light is right, its plan is not: pending, and sent again until it reports the new order."""
    night.weather(lose=1.0)
    night.controller.engine.follow(scheduled("campaigns:\n  - {name: x, dates: 20–26 November, color: orange}\n"))
    night.controller.wake()
    night.run(5)
    assert night.right
    assert night.controller.status() <= {"pending", "differs"}
    night.weather()
    night.run(10)
    assert night.controller.status() == {"confirmed"}
    assert night.mast.order == night.desired.order


def test_the_plan_always_reaches_two_days_ahead(long: World) -> None:
    """At no time of the next days does the document of the broker end sooner."""
    for _ in range(12):
        long.run(4 * 3600)
        assert long.desired.valid_until - long.wall >= timedelta(hours=48)


def test_at_a_cue_it_is_sent_nothing_and_a_second_later_the_plan_again(evening: World) -> None:
    """It follows the cue by itself, to the instant; the document that follows has the same light, and is confirmed."""
    cue = evening.controller.engine.following
    assert cue is not None
    evening.sent.clear()
    began_s = evening.controller.clock.mono
    evening.until(cue.at + timedelta(milliseconds=100))
    assert evening.controller.engine.cue == cue
    evening.run(0.7)
    assert not [message for _, _, message in evening.sent if message.topic.endswith("/desired")]
    assert evening.controller.engine.states["mast"].reported.by == "plan"
    evening.run(1)
    assert len([message for _, _, message in evening.sent if message.topic.endswith("/desired")]) == 1
    evening.run(40)
    assert evening.right
    assert evening.controller.status() == {"confirmed"}
    assert evening.controller.engine.states["mast"].reported.by == "desired"
    assert [code for code in evening.controller.codes(began_s) if code == "TWL-G101"] == ["TWL-G101"]
