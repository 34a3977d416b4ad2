"""The rules that were in force, from the versions of the schedule."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import Setup, load
from controller.service.past import PastSchedules
from controller.state.roles import Source
from controller.state.versions import VersionStore

FIRST = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def schedule(color: str) -> bytes:
    """One campaign."""
    return f"version: 1\ncampaigns:\n  - {{name: {color}, nights: 1 December, color: {color}}}\n".encode()


@pytest.fixture
def setup() -> Setup:
    """The shipped one."""
    return load(Path(__file__).parents[2] / "config")


@pytest.fixture
def past(tmp_path: Path, setup: Setup) -> PastSchedules:
    """Red from FIRST on, blue three hours later; what is no schedule any more between them."""
    store = VersionStore(tmp_path, lambda _: None)
    store.add(schedule("red"), at=FIRST, who="Kim", source=Source.PAGE)
    store.add(b"version: 2", at=FIRST + HOUR, who=None, source=Source.DISK)
    store.add(schedule("blue"), at=FIRST + 3 * HOUR, who="Sara", source=Source.PAGE)
    return PastSchedules(store, setup)


def test_the_version_before_an_instant_was_in_force(past: PastSchedules, setup: Setup) -> None:
    """Before the first one, and where it cannot be read, the files of now are taken."""
    found = past.at(FIRST)
    assert found is not None
    assert (found.number, found.who, found.saved) == (1, "Kim", FIRST)
    assert [rule.name for rule in found.program.campaigns] == ["red"]
    for unknown in (FIRST - HOUR, FIRST + 2 * HOUR):
        assert past.at(unknown) is None
        assert past.program_at(unknown) == setup.program()
        assert past.program_at(unknown) is past.program_at(unknown)  # with the nights that it has worked out
    assert [rule.name for rule in past.program_at(FIRST + 4 * HOUR).campaigns] == ["blue"]


def test_the_versions_of_a_period_begin_with_the_one_in_force(past: PastSchedules) -> None:
    """Then those that were saved in it."""
    assert [each.number for each in past.within(FIRST + HOUR / 2, FIRST + 2 * HOUR)] == [1, 2]
    assert [each.who for each in past.within(FIRST + HOUR / 2, FIRST + 9 * HOUR)] == ["Kim", None, "Sara"]
    assert past.within(FIRST - 2 * HOUR, FIRST - HOUR) == ()
