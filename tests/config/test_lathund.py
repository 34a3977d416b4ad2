"""The guide for facilities staff says nothing that does not work, and fits on one side of paper."""

import re
import shutil
import textwrap
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from controller.cli import COMMANDS
from controller.cli import group as commands
from controller.config.load import SCHEDULE, TOWER, Setup, parse
from controller.config.setup_notes import notes
from controller.events import CATALOGUE
from controller.service.saving import ScheduleKeeper
from controller.state.roles import Source
from controller.state.versions import VersionStore

SHIPPED = Path(__file__).parents[2] / "config"
LATHUND = (SHIPPED / "LATHUND.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"^```yaml\n(.*?)^```$", LATHUND, re.DOTALL | re.MULTILINE)
GROUPS: dict[str, str] = dict(re.findall(r"^(\w+):\n((?: .*\n)+)", EXAMPLE, re.MULTILINE))
ENTRIES = [(group, entry) for group, body in GROUPS.items() for entry in re.split(r"(?m)^(?=  - )", body) if entry]
COLUMNS, LINES = 104, 75
"""Of an A4 page in 8.5 pt: letters 0.6 em wide, lines 1.2 em high, margins of 1 cm."""


def setup_of(text: str) -> Setup:
    """What the text says under the shipped tower."""
    return parse((SHIPPED / TOWER).read_bytes(), f"version: 1\n{text}".encode(), SHIPPED)


def shown_days(name: str, year: int) -> list[date]:
    """The calendar days of a year on which an entry of the example decides."""
    program = setup_of(EXAMPLE).program()
    zone = program.place.time_zone
    nights = program.nights(datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, tzinfo=UTC))
    pieces = [piece for night in nights for piece in night.pieces if piece.claim and piece.claim.rule.name == name]
    ends = [at for piece in pieces for at in (piece.start, piece.end - timedelta(seconds=1))]
    return sorted({at.astimezone(zone).date() for at in ends})


@pytest.mark.parametrize(("group", "entry"), ENTRIES, ids=[entry.split("\n")[0][4:30] for _, entry in ENTRIES])
def test_every_entry_can_be_copied_by_itself(group: str, entry: str) -> None:
    """Below the word of its group."""
    assert len(getattr(setup_of(f"{group}:\n{entry}").schedule, group)) == 1


def test_all_entries_live_together() -> None:
    """All are in one file as they are written, and the file may be used as it is."""
    assert {*GROUPS} >= {"campaigns", "every_night", "blackouts"}
    assert len(setup_of(EXAMPLE).schedule.campaigns) >= 6


def test_the_week_is_moved_in_one_year_only() -> None:
    """And back by itself in the next."""
    november = {year: [day.day for day in shown_days("En vecka fri från våld", year)] for year in (2026, 2027, 2028)}
    assert november == {2026: [*range(20, 27)], 2027: [*range(21, 28)], 2028: [*range(20, 27)]}


def test_earth_hour_is_on_the_saturday_that_the_organiser_confirmed() -> None:
    """Not on the day before Easter in 2027; of a year that is not confirmed, `check` reminds."""
    assert shown_days("Earth Hour", 2027) == [date(2027, 3, 20)]
    assert shown_days("Earth Hour", 2028) == [date(2028, 3, 25)]
    setup = setup_of(EXAMPLE)
    for now, reminded in ((datetime(2027, 1, 10, tzinfo=UTC), False), (datetime(2027, 4, 10, tzinfo=UTC), True)):
        codes = [note.code for note in notes(setup, now) if note.event.fields.get("name") == "Earth Hour"]
        assert ("TWL-S207" in codes) is reminded


def test_every_keyword_of_a_shipped_campaign_is_explained() -> None:
    """Nobody finds a keyword in the shipped schedule that the guide does not show; and these are needed besides."""
    shipped = (SHIPPED / SCHEDULE).read_text(encoding="utf-8")
    needed = ["blackouts", "every_night", "except", "confirmed_for", "otherwise", "change_every", "nights"]
    for keyword in [*re.findall(r"^(?:  - |    )(\w+):", shipped, re.MULTILINE), *needed]:
        assert f"{keyword}:" in LATHUND


def test_it_fits_on_one_side_of_paper() -> None:
    """Printed as plain text on A4, long lines wrapped."""
    wrapped = [part for line in LATHUND.splitlines() for part in textwrap.wrap(line, COLUMNS) or [""]]
    assert len(wrapped) <= LINES


def test_every_command_exists() -> None:
    """Every suggested text is one that the program knows."""
    assert set(re.findall(r"`watertower (\S+?)[ `]", LATHUND)) <= set(COMMANDS)


def test_the_code_that_is_explained_exists() -> None:
    """The sample of `watertower explain` finds an entry."""
    assert set(re.findall(r"TWL-\w+", LATHUND)) <= set(CATALOGUE)


def test_the_way_back_leads_back(tmp_path: Path) -> None:
    """By the command that the text names; once more takes that back."""
    assert "`watertower undo`" in LATHUND
    config = Path(shutil.copytree(SHIPPED, tmp_path / "config"))
    file = config / SCHEDULE
    keeper = ScheduleKeeper(
        config, VersionStore(tmp_path / "state", [].append), lambda: datetime(2026, 6, 8, tzinfo=UTC)
    )
    before = keeper.read()
    keeper.save(before.text + b"# saved\n", before.sha256, who="kim", source=Source.DISK)
    for expected in (before.text, before.text + b"# saved\n"):
        CliRunner().invoke(commands, ["--config", str(config), "--state", str(tmp_path / "state"), "undo"])
        assert file.read_bytes() == expected
