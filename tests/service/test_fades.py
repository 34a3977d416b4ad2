"""Fades and sequences, which take time: neither confirmed too early nor turned back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from controller.config.load import Setup
from controller.schedule.plan import Program
from tests.service.simulated import World

EVENING = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
SUNSET = datetime(2026, 11, 20, 14, 41, tzinfo=UTC)


def test_fades_are_not_confirmed_before_they_are_done(evening: World) -> None:
    """Half lit is not lit: pending for as long as the fade takes, then confirmed within a second."""
    cue = evening.controller.engine.program.next_cue(evening.wall)
    assert cue.fade_s == 30
    evening.until(cue.at + timedelta(seconds=1))
    while evening.wall < cue.at + timedelta(seconds=29):
        assert evening.controller.status() == {"pending"}
        evening.run(2)
    evening.until(cue.at + timedelta(seconds=31))
    assert evening.controller.status() == {"confirmed"}


def test_a_document_sent_again_does_not_turn_a_fade_back(evening: World) -> None:
    """In the midst of the fade the controller restarts, twice: the light only ever grows."""
    cue = evening.controller.engine.program.next_cue(evening.wall)
    evening.until(cue.at)
    seen = []
    for second in range(31):
        if second in {8, 16}:
            evening.controller.stop()
            evening.controller.start()
        evening.run(1)
        seen.append(evening.mast.shown()["bowl"].brightness)
    assert seen == sorted(seen)
    assert len(set(seen)) > 25
    assert evening.right


def test_other_rules_in_the_midst_of_a_fade(evening: World, scheduled: Callable[[str], Program]) -> None:
    """The file is changed while the light grows: it fades on from the light it has, to the other colour."""
    cue = evening.controller.engine.program.next_cue(evening.wall)
    evening.until(cue.at + timedelta(seconds=15))
    rule = "{name: En vecka fri från våld, dates: 20–26 November, color: blue, fade_in: 30 s}"
    evening.controller.engine.follow(scheduled(f"campaigns:\n  - {rule}\n"))
    evening.controller.wake()
    before = evening.mast.shown()["bowl"].brightness
    evening.run(1)
    assert abs(evening.mast.shown()["bowl"].brightness - before) < 0.2
    evening.run(15)
    assert evening.right
    assert evening.mast.shown(evening.desired_looks)["bowl"].color.hex == "#0000FF"


def test_a_sequence_needs_no_documents_and_no_words(
    world_of: Callable[..., World], setup_of: Callable[[str], Setup]
) -> None:
    """Colours every 5 s, taken by the gateway itself: confirmed all along, one line for the whole evening."""
    rule = "{name: x, dates: every day, color: [red, green, blue], change_every: 5 s, fade_in: 20 s}"
    world = world_of(EVENING + timedelta(minutes=20), setup=setup_of(f"campaigns:\n  - {rule}\n"))
    world.mast.start()
    world.controller.start()
    world.until(SUNSET + timedelta(minutes=5))
    since, count = world.mono, len(world.sent)
    world.clear()
    world.run(600)
    assert world.wrong_s < 0.5
    assert world.undetected_s < 0.5
    assert world.controller.codes(since) == []
    assert [m for _, who, m in world.sent[count:] if who == "controller"] == []


def test_sequences_fade_in_without_a_jump(world_of: Callable[..., World], setup_of: Callable[[str], Setup]) -> None:
    """The first steps of a sequence fall into its fade in: they do not end it."""
    rule = "{name: x, dates: every day, color: [red, green], change_every: 5 s, fade_in: 60 s}"
    world = world_of(EVENING, setup=setup_of(f"campaigns:\n  - {rule}\n"))
    world.mast.start()
    world.controller.start()
    world.run(2)
    cue = world.controller.engine.program.next_cue(world.wall)
    world.until(cue.at)
    seen = []
    for _ in range(58):
        world.run(1)
        seen.append(world.mast.shown()["bowl"].brightness)
    assert max(after - before for before, after in pairwise(seen)) < 0.15


def test_a_gateway_that_starts_in_the_midst_of_a_fade_finds_it_under_way(evening: World) -> None:
    """Two thirds through it had a power cut of a second: as bright as it should be by now, and done in time."""
    cue = evening.controller.engine.program.next_cue(evening.wall)
    evening.until(cue.at + timedelta(seconds=20))
    before = evening.mast.shown()["bowl"].brightness
    evening.mast.stop()
    evening.run(1)
    evening.mast.start()
    evening.run(0.5)
    assert evening.mast.shown()["bowl"].brightness > before
    evening.until(cue.at + timedelta(seconds=30.5))
    assert evening.right
