"""By what a gateway acts: the first rule that applies, at every instant of a document's life."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.dmx.document import next_instant, playback
from controller.gateways.wire import After, DesiredDocument, PlannedCue, ZoneLook

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RED, DARK, WHITE = (
    {"bowl": ZoneLook(on=on, color=color, brightness=1.0)}
    for on, color in ((True, "#FF0000"), (False, None), (True, "#FFFFFF"))
)
HOUR = timedelta(hours=1)


def document(*cues: tuple[int, dict[str, ZoneLook]]) -> DesiredDocument:
    """Red at noon, cues at hours after it, valid for 48 h, held for 24, then white."""
    return DesiredDocument(
        version=1,
        epoch=1,
        revision=1,
        command_id="1.1",
        issued_at=NOON,
        valid_until=NOON + 48 * HOUR,
        zones=RED,
        cues=tuple(PlannedCue(at=NOON + hours * HOUR, zones=zones) for hours, zones in cues),
        after=After(hold_s=86_400, zones=WHITE),
    )


@pytest.mark.parametrize(
    ("hours", "by", "since", "zones"),
    [
        (-1.0, "desired", 0, RED),
        (0.0, "desired", 0, RED),
        (4.999, "desired", 0, RED),
        (5.0, "plan", 5, DARK),
        (19.999, "plan", 5, DARK),
        (20.0, "plan", 20, RED),
        (47.999, "plan", 20, RED),
        (48.0, "after", 20, RED),
        (71.999, "after", 20, RED),
        (72.0, "after", 72, WHITE),
        (10_000.0, "after", 72, WHITE),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_the_life_of_a_document(hours: float, by: str, since: int, zones: dict[str, ZoneLook], order: int) -> None:
    """Desired, the last cue begun, held, and what comes after; cues in whatever order, borders half-open."""
    cues = [(-3, WHITE), (0, WHITE), (5, DARK), (20, RED), (50, WHITE)]
    current = playback(document(*cues[::order]), NOON + hours * HOUR)
    assert (current.by, current.since, current.zones) == (by, NOON + since * HOUR, zones)


def test_nothing_known() -> None:
    """Dark, by boot."""
    current = playback(None, NOON)
    assert (current.by, dict(current.zones)) == ("boot", {})


def test_what_comes_next() -> None:
    """Each cue, the end, the end of the hold; then nothing."""
    held = document((5, DARK), (20, RED))
    at, seen = NOON, []
    while (following := next_instant(held, at)) is not None:
        seen.append((following - NOON) / HOUR)
        at = following
    assert seen == [5, 20, 48, 72]
    assert next_instant(None, NOON) is None
