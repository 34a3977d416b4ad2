"""The reference answers as SPEC's words say, and as the plan does where both are asked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import Setup, load, parse
from controller.simulation.reference import GRACE_S, ROUNDED_S, Expected, Reference

SHIPPED = Path(__file__).parents[2] / "config"
TOWER = (SHIPPED / "tower.yaml").read_bytes()
SECOND = timedelta(seconds=1)

RULES = {
    "clock times": "every_night: [{name: a, hours: '21:30 to 02:15', color: red}]",
    "sun and clock": "every_night: [{name: a, hours: 'sunset + 20 min to 23:00', color: red}]",
    "twilight": "every_night: [{name: a, hours: ['dusk to midnight', 'dawn - 1 h to sunrise'], color: red}]",
    "all day": "every_night: [{name: a, hours: all day, color: red}]",
    "nights and rest dark": (
        "campaigns: [{name: a, nights: every Friday, hours: '20:00 to 22:00', color: red, otherwise: dark}]\n"
        "every_night: [{name: b, color: blue}]"
    ),
    "blackout and except": (
        "blackouts: [{name: c, dates: 2026-03-27, hours: '19:00 to 20:00'}]\n"
        "campaigns: [{name: a, dates: every day, except: 2026-03-28, color: red}]\n"
        "every_night: [{name: b, hours: 'sunset to 23:00', color: blue}]"
    ),
}


def setup_of(schedule: str, latitude: float = 56.899) -> Setup:
    """The shipped tower under another schedule, perhaps farther north."""
    tower = TOWER.replace(b"latitude: 56.899", f"latitude: {latitude}".encode())
    return parse(tower, f"version: 1\n{schedule}\n".encode(), SHIPPED)


@pytest.mark.parametrize("schedule", RULES.values(), ids=RULES.keys())
@pytest.mark.parametrize("day", [datetime(2026, 3, 27, 10, tzinfo=UTC), datetime(2026, 10, 23, 10, tzinfo=UTC)])
def test_reference_and_plan_agree_over_a_change_of_clocks(schedule: str, day: datetime) -> None:
    """Asked every seven minutes over three days; at most half a second lies between the two at a border of the sun."""
    setup = setup_of(schedule)
    reference, program = Reference(setup), setup.program()
    rules = reference.rules_for("bowl")
    for minutes in range(0, 3 * 24 * 60, 7):
        at = day + timedelta(minutes=minutes)
        why = program.explain(at)
        near = [reference.rule_at(each, rules) for each in (at, at - SECOND, at + SECOND)]
        winner = why.winner if why.verdict == "lit" else None
        assert winner in {each.name if each is not None else None for each in near}, at


@pytest.mark.parametrize(("month", "is_lit"), [(12, True), (6, False)])
def test_the_far_north_has_one_long_night_and_none(month: int, is_lit: bool) -> None:
    """Sunset to sunrise means while the sun is below the horizon."""
    reference = Reference(setup_of("every_night: [{name: a, color: red}]", latitude=69.6))
    rules = reference.rules_for("bowl")
    start = datetime(2026, month, 20, tzinfo=UTC)
    assert {reference.rule_at(start + timedelta(hours=hours), rules) is not None for hours in range(48)} == {is_lit}


def test_light_may_be_on_its_way_through_its_fade_and_a_second() -> None:
    """The shipped campaign begins with 30 s and ends with the last 2 min."""
    start = datetime(2026, 11, 20, 12, tzinfo=UTC)
    expected = Expected(load(SHIPPED), start, start + timedelta(days=1))
    first = next(at for at in range(86_400) if expected.is_changing(start.timestamp() + at))
    sunset = start.timestamp() + first
    assert [expected.is_changing(sunset + after) for after in (-ROUNDED_S - 1, 29, 33)] == [False, True, False]
    assert expected.desired(sunset - 2)["bowl"].on is False
    assert expected.desired(sunset + 2)["bowl"].on is True


def test_a_border_of_the_sun_may_come_half_a_second_early_or_late() -> None:
    """It is planned to the second; the fade into the light takes 30 s, and a second is given beyond it."""
    start = datetime(2026, 11, 20, 12, tzinfo=UTC)
    expected = Expected(load(SHIPPED), start, start + timedelta(days=1))
    before, sunset = start.timestamp(), start.timestamp() + 4 * 3600
    while sunset - before > 0.002:
        middle = (before + sunset) / 2
        before, sunset = (before, middle) if expected.desired(middle)["bowl"].on else (middle, sunset)
    early, late = -ROUNDED_S, 30 + ROUNDED_S + GRACE_S
    moments = (early - 0.1, early + 0.1, late - 0.1, late + 0.1)
    assert [expected.is_changing(sunset + after) for after in moments] == [False, True, True, False]


def test_a_long_fade_goes_on_over_the_borders_of_other_rules() -> None:
    """Ten minutes of light with a fade out of two hours are a change to their end, whatever began since."""
    schedule = (
        "campaigns: [{name: a, dates: 2026-11-20, hours: '23:50 to 24:00', color: red, fade_out: 2 h}]\n"
        "every_night: [{name: b, hours: 'sunset to 23:00', color: blue}]"
    )
    midnight = datetime(2026, 11, 20, 23, tzinfo=UTC)
    expected = Expected(setup_of(schedule), midnight - timedelta(hours=1), midnight + timedelta(hours=1))
    assert all(expected.is_changing(midnight.timestamp() - before) for before in range(0, 600, 30))


def test_a_step_may_be_as_early_or_late_as_its_rule() -> None:
    """A sequence is counted from sunset, which is planned to the second."""
    schedule = "every_night: [{name: a, color: [red, blue], change_every: 10 min}]"
    noon = datetime(2026, 11, 20, 11, tzinfo=UTC)
    expected = Expected(setup_of(schedule), noon, noon + timedelta(hours=12))
    first = next(at for at in range(43_200) if expected.desired(noon.timestamp() + at)["bowl"].on)
    beside = [noon.timestamp() + first + 600 + sign for sign in (-2, 2)]
    assert [expected.desired(at)["bowl"].color.hex for at in beside] == ["#FF0000", "#0000FF"]
    step = next(
        at for at in (beside[0] + 0.01 * i for i in range(400)) if expected.desired(at) != expected.desired(beside[0])
    )
    assert [expected.is_changing(step + after) for after in (-1.0, -0.3, 1.3, 1.8)] == [False, True, True, False]
