"""Saving the schedule: never over what somebody else wrote, never with mistakes, always whole, always as a version."""

import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.findings import Finding
from controller.config.site_folder import SiteFolder
from controller.errors import FilesRejected
from controller.events import Event, new_event
from controller.service.saving import (
    DiskSchedule,
    NotWritable,
    SaveConflict,
    Saved,
    ScheduleKeeper,
    owner_of,
)
from controller.state.roles import Source
from controller.state.versions import ScheduleVersion, VersionStore, digest
from tests.config.several_sites import OWN_SCHEDULE, write_sites

SHIPPED = Path(__file__).parents[2] / "config"
NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
BROKEN = b"version: 1\ncampaigns:\n  - {name: x, dates: evry day, color: blue}\n"


class Desk:
    """A folder of files with its versions, and a service that may have something against what is saved."""

    def __init__(self, folder: Path) -> None:
        self.config = Path(shutil.copytree(SHIPPED, folder / "config"))
        self.path = self.config / "schedule.yaml"
        self.events: list[Event] = []
        self.versions = VersionStore(folder / "state", self.events.append)
        self.now = NOW
        self.keeper = ScheduleKeeper(self.config, self.versions, lambda: self.now)

    @property
    def text(self) -> bytes:
        """The text on the disk."""
        return self.path.read_bytes()

    def read(self) -> DiskSchedule:
        """The file with its findings."""
        return self.keeper.read()

    def save(self, text: bytes, base: bytes | None = None, why: str = "") -> Saved:
        """As Kim, an hour later, based on the present text unless given otherwise."""
        self.now += timedelta(hours=1)
        return self.keeper.save(text, digest(base or self.text), who="kim", source=Source.PAGE, why=why)

    @property
    def history(self) -> list[tuple[str, str | None]]:
        """Source and who of each version, newest first."""
        return [(version.source, version.who) for version in self.versions.versions()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """On a copy of the shipped files, at a time after they were copied."""
    made = Desk(tmp_path)
    os.utime(made.path, (NOW.timestamp() - 3600, NOW.timestamp() - 3600))
    return made


def moved(text: bytes) -> bytes:
    """The campaign a day later."""
    return text.replace("20–26".encode(), "21–27".encode())


def kept(saved: Saved) -> ScheduleVersion:
    """The version of what was saved."""
    assert saved.version is not None
    return saved.version


def test_what_is_saved_is_on_the_disk_and_a_version(desk: Desk) -> None:
    """The version before it is kept too: nobody else has."""
    before = desk.text
    version = kept(desk.save(moved(before), why="arrangören flyttade"))
    assert desk.text == moved(before)
    assert (version.who, version.why, version.at) == ("kim", "arrangören flyttade", NOW + timedelta(hours=1))
    assert [desk.versions.text(each) for each in desk.versions.versions()] == [moved(before), before]
    assert [source for source, _ in desk.history] == ["page", "disk"]


def test_the_version_says_what_was_edited(desk: Desk) -> None:
    """As values, for every language."""
    version = kept(desk.save(desk.text.replace(b"brightness: 100 %", b"brightness: 60 %")))
    assert version.summary is not None
    assert [(rule["name"], rule["keys"]) for rule in version.summary] == [("En vecka fri från våld", ["brightness"])]


def test_what_somebody_else_wrote_is_never_overwritten(desk: Desk) -> None:
    """The text that is on the disk is handed back."""
    base = desk.text
    other = base + b"# Sara was here\n"
    desk.path.write_bytes(other)
    with pytest.raises(SaveConflict) as raised:
        desk.save(moved(base), base)
    assert raised.value.current.text == other
    assert desk.text == other


def test_a_text_with_mistakes_is_never_written(desk: Desk) -> None:
    """All its findings come back with their places."""
    before = desk.text
    with pytest.raises(FilesRejected) as raised:
        desk.save(BROKEN)
    assert [(one.code, one.place and one.place.line) for one in raised.value.findings] == [("TWL-S101", 3)]
    assert desk.text == before
    assert desk.versions.versions() == ()


def test_a_broken_file_on_the_disk_is_shown_with_its_findings_and_can_be_replaced(desk: Desk) -> None:
    """It is no version."""
    good = desk.text
    desk.path.write_bytes(BROKEN)
    assert desk.read().setup is None
    assert [finding.code for finding in desk.read().findings] == ["TWL-S101"]
    kept(desk.save(good))
    assert desk.text == good
    assert [source for source, _ in desk.history] == ["page"]


def test_mode_and_group_survive(desk: Desk) -> None:
    """So that the others can go on editing it."""
    groups = [group for group in os.getgroups() if group != desk.path.stat().st_gid] or [desk.path.stat().st_gid]
    if os.geteuid() == 0:
        groups = [12345]
    os.chown(desk.path, -1, groups[0])
    desk.path.chmod(0o664)
    kept(desk.save(moved(desk.text)))
    found = desk.path.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o664, groups[0])


def test_a_link_is_followed_and_stays(desk: Desk, tmp_path: Path) -> None:
    """The file may lie in a folder under version control."""
    elsewhere = tmp_path / "git" / "schedule.yaml"
    elsewhere.parent.mkdir()
    desk.path.rename(elsewhere)
    desk.path.symlink_to(elsewhere)
    before = desk.text
    kept(desk.save(moved(before)))
    assert desk.path.is_symlink()
    assert elsewhere.read_bytes() == moved(before)


def test_no_other_file_is_left_behind(desk: Desk) -> None:
    """A file that another user left does not prevent saving."""
    names = {path.name for path in desk.config.iterdir()}
    (desk.config / "schedule.yaml.new").write_bytes(b"left")
    kept(desk.save(moved(desk.text)))
    assert {path.name for path in desk.config.iterdir()} == names


def test_where_nothing_can_be_written_it_is_said_why_and_who_may(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write everywhere, so the disk refuses."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    before = desk.text
    monkeypatch.setattr("controller.state.atomic.rewrite", refuse)
    with pytest.raises(NotWritable) as raised:
        desk.save(moved(before))
    assert (raised.value.reason.code, raised.value.fields["owner"]) == ("EACCES", owner_of(desk.config) or "?")
    assert desk.text == before


def test_it_is_saved_though_no_version_can_be_kept(desk: Desk) -> None:
    """The light matters more than its history; what is missing is reported."""
    folder = Path(desk.versions.place)
    folder.parent.mkdir()
    folder.write_bytes(b"a file where the folder should be")
    before = desk.text
    saved = desk.save(moved(before))
    assert saved.version is None
    assert saved.not_kept is not None
    assert desk.text == moved(before)


def test_what_the_running_service_rejects_is_put_back(desk: Desk) -> None:
    """And is no version."""
    finding = Finding(new_event("TWL-S013", key="name"), "schedule.yaml")
    desk.keeper = ScheduleKeeper(desk.config, desk.versions, lambda: NOW, lambda: (finding,))
    before = desk.text
    with pytest.raises(FilesRejected) as raised:
        desk.save(moved(before))
    assert raised.value.findings == (finding,)
    assert desk.text == before
    assert [source for source, _ in desk.history] == ["disk"]


def test_what_somebody_wrote_while_the_service_judged_is_not_put_back(desk: Desk) -> None:
    """It is the newest, whatever came of the one before."""
    finding, other = Finding(new_event("TWL-S013", key="name"), "schedule.yaml"), moved(desk.text) + b"# Eva\n"

    def take() -> tuple[Finding, ...]:
        desk.path.write_bytes(other)
        return (finding,)

    desk.keeper = ScheduleKeeper(desk.config, desk.versions, lambda: NOW, take)
    with pytest.raises(FilesRejected):
        desk.save(moved(desk.text))
    assert desk.text == other


def test_what_another_controller_has_saved_is_followed(desk: Desk, tmp_path: Path) -> None:
    """Each has files of its own, and the versions in common. A text that nobody has kept yet is newer, and stays."""
    config = Path(shutil.copytree(desk.config, tmp_path / "other"))
    other, path = ScheduleKeeper(config, desk.versions, lambda: NOW), config / "schedule.yaml"
    assert other.follow() is None
    version = kept(desk.save(moved(desk.text)))
    assert other.follow() == version
    assert path.read_bytes() == desk.text
    assert other.follow() is None
    desk.save(desk.text + b"# Kim\n")
    path.write_bytes(typed := path.read_bytes() + b"# Eva\n")
    assert other.follow() is None
    assert path.read_bytes() == typed


@pytest.mark.parametrize(("answer", "taken"), [((), True), (None, None)])
def test_whether_the_service_has_it_in_force(
    desk: Desk, answer: tuple[Finding, ...] | None, taken: bool | None
) -> None:
    """One that does not answer in time may still take it."""
    desk.keeper = ScheduleKeeper(desk.config, desk.versions, lambda: NOW, lambda: answer)
    assert desk.save(moved(desk.text)).taken is taken


def test_what_an_editor_saved_becomes_a_version_of_the_owner_of_the_file(desk: Desk) -> None:
    """Once, however often one looks."""
    assert desk.keeper.note() is not None
    assert desk.keeper.note() is None
    desk.path.write_bytes(moved(desk.text))
    assert desk.keeper.note() is not None
    assert desk.history == [("disk", owner_of(desk.path))] * 2


def test_what_is_saved_over_a_text_of_an_editor_keeps_that_one_too(desk: Desk) -> None:
    """In the order in which they were written."""
    desk.keeper.note()
    by_hand = desk.text + b"# by hand\n"
    desk.path.write_bytes(by_hand)
    kept(desk.save(moved(by_hand)))
    versions = desk.versions.versions()
    assert [version.source for version in versions] == ["page", "disk", "disk"]
    assert sorted((version.at for version in versions), reverse=True) == [version.at for version in versions]


def test_undo_of_undo_gives_back_the_bytes(desk: Desk) -> None:
    """Each is a version of its own."""
    before, after = desk.text, moved(desk.text)
    kept(desk.save(after))
    for expected in (before, after, before):
        target = desk.keeper.undo(desk.read())
        assert target is not None
        kept(desk.save(desk.versions.text(target)))
        assert desk.text == expected
    assert [version.number for version in desk.versions.versions()] == [5, 4, 3, 2, 1]


def test_undo_of_a_broken_file_goes_back_to_the_newest_version(desk: Desk) -> None:
    """Which is what the tower follows."""
    good = moved(desk.text)
    version = kept(desk.save(good))
    desk.path.write_bytes(BROKEN)
    assert desk.keeper.undo(desk.read()) == version


def test_with_nothing_saved_there_is_nothing_to_undo(desk: Desk) -> None:
    """Nor with the first version alone."""
    assert desk.keeper.undo(desk.read()) is None
    desk.keeper.note()
    assert desk.keeper.undo(desk.read()) is None


def test_a_missing_file_is_reported_and_can_be_written(desk: Desk) -> None:
    """Its text is empty."""
    good = desk.text
    desk.path.unlink()
    current = desk.read()
    assert (current.text, [finding.code for finding in current.findings]) == (b"", ["TWL-S002"])
    desk.keeper.save(good, current.sha256, who="kim", source=Source.PAGE)
    assert desk.text == good


def test_a_site_without_a_schedule_of_its_own_gets_one_when_something_is_saved(tmp_path: Path) -> None:
    """Above the shared one, which nobody touches; before, it is an empty schedule without a mistake."""
    root = write_sites(tmp_path / "config", "south")
    shared = (root / "schedule.yaml").read_bytes()
    keeper = ScheduleKeeper(SiteFolder(root, "south"), VersionStore(tmp_path / "state", lambda _: None), lambda: NOW)
    current = keeper.read()
    assert current.findings == ()
    saved = keeper.save(OWN_SCHEDULE.encode(), current.sha256, who="Kim", source=Source.PAGE)
    found = keeper.read()
    assert found.path == root / "sites" / "south" / "schedule.yaml"
    assert found.setup is not None
    assert [rule.name for rule in found.setup.schedule.campaigns] == ["Stadens dag", "En vecka fri från våld"]
    assert (root / "schedule.yaml").read_bytes() == shared
    assert keeper.versions.latest() == kept(saved)
