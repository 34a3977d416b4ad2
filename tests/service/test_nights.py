"""The shipped campaign from end to end: what the lamps truly show, against the plan."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from controller.schedule.campaign import SafetyStop
from tests.service.simulated import World

ORANGE = ZoneState(on=True, color=Color("#FF6A00"), brightness=1.0)


def test_a_week_of_orange_nights(world_of: Callable[..., World]) -> None:
    """Orange within 2 s after each fade in of 2026, dark after the last, and nothing wrong in between."""
    world = world_of(datetime(2026, 11, 19, 12, tzinfo=UTC), report_every=timedelta(minutes=10), days=8, lulls=True)
    world.mast.start()
    world.controller.start()
    world.run(10)
    world.clear()
    program = world.controller.engine.program
    cues = program.cues(world.wall, world.wall + timedelta(days=9))[1:]
    lit = [cue for cue in cues if cue.campaign is not None]
    assert [cue.at.day for cue in lit] == [19, 20, 21, 22, 23, 24, 25, 26]  # UTC: the first begins at midnight
    for cue in cues:
        world.until(cue.at + timedelta(seconds=cue.fade_s + 2))
        wanted = ORANGE if cue.campaign else DARK
        assert set(world.mast.shown(world.desired_looks).values()) == {wanted}, cue.at
        assert world.controller.status() == {"confirmed"}, cue.at
    world.until(datetime(2026, 11, 28, 12, tzinfo=UTC))
    assert set(world.mast.shown().values()) == {DARK}
    assert world.wrong_s < 2
    assert world.undetected_s < 1
    assert set(world.controller.codes()) <= {"TWL-C010", "TWL-C020", "TWL-G101"}


def test_a_change_is_reported_with_its_reason(world_of: Callable[..., World]) -> None:
    """The name of the campaign; where a hand decides, or nothing, who and why, in the language of the line."""
    world = world_of(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))
    world.controller.start()
    world.until(datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    engine = world.controller.engine
    engine.follow(engine.program.with_overrides((), SafetyStop(world.wall, "Eva", "arbete i masten")))
    world.controller.wake()
    world.run(1)
    lines = [event.text("sv") for _, event in world.controller.events if event.code == "TWL-C020"]
    assert [line.partition("(")[2].partition(")")[0] for line in lines] == [
        "inget gäller: släckt; tiden för En vecka fri från våld börjar 15:41",
        "En vecka fri från våld",
        "säkerhetsstopp av Eva tills `watertower resume --lift`: arbete i masten",
    ]
    assert lines[0].startswith("nu: bowl släckt, shaft släckt (")
