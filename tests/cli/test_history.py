"""`watertower history` and `undo`: the versions of the schedule, and one step back."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from controller.service.saving import ScheduleKeeper
from controller.state.accounts import AccountStore
from controller.state.audit import Actor
from controller.state.roles import Role, Source
from controller.state.versions import VersionStore

Call = Callable[..., Result]
SUMMER = datetime(2026, 6, 8, 5, 12, tzinfo=UTC)
BROKEN = "version: 1\ncampaigns:\n  - {name: x, dates: 31 November, color: blue}\n"


class Office:
    """Somebody who saves the schedule on the page, an hour later each time."""

    def __init__(self, config: Path, state: Path) -> None:
        self.path = config / "schedule.yaml"
        self.now = SUMMER
        os.utime(self.path, (SUMMER.timestamp(), SUMMER.timestamp()))
        self.keeper = ScheduleKeeper(config, VersionStore(state, [].append), lambda: self.now)

    @property
    def text(self) -> str:
        """The text of the file."""
        return self.path.read_text("utf-8")

    def save(self, text: str, why: str = "") -> None:
        """As Kim."""
        self.now += timedelta(hours=1)
        self.keeper.save(text.encode(), self.keeper.read().sha256, who="Kim", source=Source.PAGE, why=why)

    def move(self) -> str:
        """The campaign a day later; returns the text before."""
        before = self.text
        self.save(before.replace("20–26 November", "21–27 November"), "arrangören flyttade")
        return before


@pytest.fixture
def office(config: Path, tmp_path: Path) -> Office:
    """On the folders that the commands are called with."""
    return Office(config, tmp_path / "state")


def test_versions_are_listed_with_who_when_how_what_and_why(call: Call, office: Office) -> None:
    """The newest first, in the time of the tower."""
    office.move()
    lines = call("--lang", "sv", "history").stdout.splitlines()
    assert lines[0] == (
        'v2  mån 8 juni 2026 08:12  Kim, sidan  En vecka fri från våld: dagar 21–27 november  "arrangören flyttade"'
    )
    assert lines[1].startswith("v1  mån 8 juni 2026 07:12  ")
    assert lines[1].endswith(", filen  Den första kända versionen")


def test_a_version_is_shown_with_its_text_and_what_it_changed(call: Call, office: Office) -> None:
    """Seen from the time at which it was saved."""
    office.move()
    output = call("history", "v2").stdout
    assert "Fri 20 Nov 2026 goes dark." in output
    assert "4 nights change" in output
    assert output.endswith(office.text)
    assert call("history", "2").stdout == output


def test_the_history_for_programs_has_values(call: Call, office: Office) -> None:
    """And the file with its findings."""
    office.move()
    document = json.loads(call("history", "--json").stdout)
    assert [each["number"] for each in document["versions"]] == [2, 1]
    assert (document["file"]["sha256"], document["file"]["findings"]) == (document["versions"][0]["sha256"], [])
    version = json.loads(call("history", "v2", "--json").stdout)
    assert version["text"] == office.text
    assert [night["night"] for night in version["changes"]["nights"]][:2] == ["2026-11-19", "2026-11-20"]
    assert version["changes"]["nights"][0]["after"] == []


def test_a_version_that_is_not_there_is_reported_with_those_that_are(call: Call, office: Office) -> None:
    """Whatever was typed."""
    office.move()
    for asked in ("v9", "x", "v", "-1", "9" * 5000):
        result = call("history", "--", asked)
        assert result.exit_code == 1
        assert "v1–v2" in result.stderr


def test_undo_gives_back_the_bytes_and_undo_again_takes_that_back(call: Call, office: Office) -> None:
    """It shows what changes before it saves, and is a version with its reason."""
    before = office.move()
    after = office.text
    result = call("--lang", "sv", "undo", "--reason", "fel år")
    assert result.exit_code == 0
    assert result.stdout.startswith("Tillbaka till version v1:\n")
    assert "Sparat som version v3." in result.stdout
    assert office.text == before
    assert '"fel år"' in call("history").stdout.splitlines()[0]
    assert call("undo").exit_code == 0
    assert office.text == after


def test_undo_takes_back_what_an_editor_saved(call: Call, office: Office) -> None:
    """The text of the editor is kept as a version, so that it can be got back."""
    office.move()
    good = office.text
    office.path.write_text(good + "# by hand\n", "utf-8")
    assert "no service has taken it yet" in call("history").stdout
    assert call("undo").exit_code == 0
    assert office.text == good
    assert call("undo").exit_code == 0
    assert office.text == good + "# by hand\n"


def test_a_broken_file_is_no_version_and_undo_drops_it(call: Call, office: Office) -> None:
    """The history shows its mistakes."""
    office.move()
    good = office.text
    office.path.write_text(BROKEN, "utf-8")
    output = call("history").stdout
    assert "mistakes: 1" in output
    assert "TWL-S10" in output
    assert call("undo").exit_code == 0
    assert office.text == good


def test_with_nothing_to_go_back_to_it_is_said(call: Call, office: Office) -> None:
    """And nothing is written."""
    before = office.text
    result = call("undo")
    assert (result.exit_code, result.stderr[:8]) == (1, "TWL-Q130")
    assert office.text == before


def test_undo_refuses_a_version_that_no_longer_fits_the_tower(call: Call, office: Office, config: Path) -> None:
    """With the findings of its text; the file stays."""
    red = office.text.replace("color: orange", "color: vinrött")
    tower = config / "tower.yaml"
    written = tower.read_text("utf-8")
    tower.write_text(written.replace('  orange: "#FF6A00"', '  orange: "#FF6A00"\n  vinrött: "#800020"'), "utf-8")
    office.save(red)
    office.save(red.replace("vinrött", "orange"))
    tower.write_text(written, "utf-8")
    before = office.text
    result = call("undo")
    assert result.exit_code == 78
    assert "vinrött" in result.stderr
    assert office.text == before


def test_a_folder_that_may_not_be_written_is_reported_with_who_may(
    call: Call, office: Office, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write everywhere, so the disk refuses."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    office.move()
    before = office.text
    monkeypatch.setattr("controller.state.atomic.rewrite", refuse)
    result = call("undo")
    assert (result.exit_code, result.stderr[:8]) == (1, "TWL-Q133")
    assert office.text == before


def test_damaged_versions_are_reported_and_the_others_shown(call: Call, office: Office, tmp_path: Path) -> None:
    """On stderr, so that the list stays a list."""
    office.move()
    next((tmp_path / "state" / "versions").glob("000001-*")).write_bytes(b"\xff")
    result = call("history")
    assert result.stdout.startswith("v2 ")
    assert "TWL-J001" in result.stderr


def test_undo_is_in_the_audit_where_there_are_accounts(call: Call, office: Office, tmp_path: Path) -> None:
    """With the version before and after, and nothing that names anybody but who did it."""
    office.move()
    store = AccountStore(tmp_path / "state", [].append)
    store.add("Kim", Role.ADMIN, "orange vattentorn i november", Actor("root", Source.COMMAND_LINE), SUMMER)
    store.close()
    assert call("undo", "--reason", "fel år").exit_code == 0
    store = AccountStore(tmp_path / "state", [].append)
    row = store.audit.rows()[-1]
    store.close()
    assert (row.act, row.actor.source) == ("schedule.saved", Source.COMMAND_LINE)
    assert row.after == {"version": 3, "sha256": office.keeper.read().sha256}
