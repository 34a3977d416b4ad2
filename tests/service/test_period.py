"""Which period is meant where none is given: from now over the next campaign."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from controller.config.load import Setup
from controller.service.period import read_period

NOW = datetime(2026, 11, 1, 12, 0, 30, 500_000, tzinfo=UTC)
SECOND = NOW.replace(microsecond=0)
EVERY_NIGHT = "every_night: [{name: n, hours: 20:00 to 23:00, color: white}]"


def campaign(name: str, nights: str, hours: str) -> str:
    """A line of the campaigns."""
    return f"  - {{name: {name}, nights: {nights}, hours: {hours}, color: red}}\n"


@pytest.mark.parametrize(
    ("schedule", "end"),
    [
        (
            "campaigns:\n" + campaign("a", "20–21 November", "18:00 to 20:00") + EVERY_NIGHT,
            datetime(2026, 11, 21, 19, 1, tzinfo=UTC),
        ),
        (
            "campaigns:\n" + campaign("a", "20 November", '["18:00 to 20:00", "05:00 to 06:00"]'),
            datetime(2026, 11, 21, 5, 1, tzinfo=UTC),
        ),
        (
            "campaigns:\n"
            + campaign("a", "5 December", "18:00 to 20:00")
            + campaign("b", "20 November", "18:00 to 19:00"),
            datetime(2026, 11, 20, 18, 1, tzinfo=UTC),
        ),
        (EVERY_NIGHT, SECOND + timedelta(days=7)),
        ("campaigns: []", SECOND + timedelta(days=7)),
    ],
    ids=["below it every night", "evening and morning", "the next, not the higher one", "no campaign", "no rule"],
)
def test_without_a_period_it_ends_a_minute_after_the_next_campaign(
    setup_of: Callable[[str], Setup], schedule: str, end: datetime
) -> None:
    """What is lit every night is no campaign; without any it is a week."""
    assert read_period("", setup_of(schedule), NOW) == (SECOND, end)
