"""When a night is lit: what zones show, by whichever rule, and not where a rule only claims the time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from controller.schedule.lit import lit_nights, lit_stretches
from controller.schedule.plan import Program

Planned = Callable[..., Program]
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(days=60)
WEEK = "{name: Week, dates: 20–26 November, color: orange}"


def test_nights_with_light_are_found_by_rule(planned: Planned) -> None:
    """Those of a rule only where it shows: here the week wins."""
    both = planned(f"campaigns: [{WEEK}, {{name: Red, nights: 26 November, hours: 20:00 to 23:00, color: red}}]")
    assert [night.night for night in lit_nights(both, NOW, SOON)] == [date(2026, 11, day) for day in range(19, 27)]
    assert list(lit_nights(both, NOW, SOON, "Red")) == []


@pytest.mark.parametrize(
    "schedule",
    [
        "campaigns: [{name: Dark, nights: 26 November, color: dark}]",
        f"campaigns: [{WEEK}]\nlimits: [{{name: Off, nights: 19–26 November, brightness: 0 %}}]",
        "campaigns: [{name: Dark, nights: 26 November, color: {bowl: dark}},"
        " {name: Half, nights: 26 November, color: {bowl: red, shaft: dark}}]",
    ],
    ids=["dark on purpose", "no light is left", "lit only where another one is dark"],
)
def test_a_rule_that_shows_no_light_lights_no_night(planned: Planned, schedule: str) -> None:
    """Whatever keeps it dark."""
    assert list(lit_nights(planned(schedule), NOW, SOON)) == []


def test_light_is_one_stretch_unless_another_rule_shows_it(planned: Planned) -> None:
    """Whoever asks only what is seen finds one."""
    two = planned(
        "campaigns: [{name: Late, nights: 26 November, hours: 20:00 to 23:00, color: red}]\n"
        "every_night: [{name: Always, hours: 18:00 to 23:00, color: red}]"
    )
    (night,) = two.nights(datetime(2026, 11, 26, 13, tzinfo=UTC), datetime(2026, 11, 26, 23, tzinfo=UTC))
    assert [
        (f"{each.start:%H:%M}–{each.end:%H:%M}", [rule.name for rule in each.rules])
        for each in lit_stretches(two, night)
    ] == [("17:00–19:00", ["Always"]), ("19:00–22:00", ["Late"])]
    (seen,) = lit_stretches(two, night, by_rule=False)
    assert (f"{seen.start:%H:%M}–{seen.end:%H:%M}", seen.rules) == ("17:00–22:00", ())
