"""A backup holds what was there, is noticed when it is damaged, and is put in place whole or not at all."""

import gzip
import io
import json
import os
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.errors import Refused
from controller.state import atomic, backup, passwords
from controller.state.accounts import AccountStore
from controller.state.audit import Act, Actor, AuditEntry, AuditVerdict
from controller.state.backup import MANIFEST, read_manifest
from controller.state.credentials import Session
from controller.state.in_use import in_use
from controller.state.roles import Role, Source
from tests.parts import needs

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 15, tzinfo=UTC)
ASIDE = "before-restore-20261121T150000Z"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration folder with a secret in it, and a link to another."""
    folder = tmp_path / "etc"
    (folder / "profiles").mkdir(parents=True)
    (folder / "schedule.yaml").write_text("version: 1\n")
    (folder / "profiles" / "flood.yaml").write_text("name: Flood\n")
    (folder / "mqtt-password").write_text("secret\n")
    (folder / "mqtt-password").chmod(0o600)
    (tmp_path / "key.pem").write_text("elsewhere")
    (folder / "key.pem").symlink_to(tmp_path / "key.pem")
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a database, whose last row is in its log only, and what belongs to a moment."""
    folder = tmp_path / "lib"
    (folder / "versions").mkdir(parents=True)
    (folder / "versions" / "a.yaml").write_text("a: 1\n")
    (folder / "known.json").write_text('{"version": 1}')
    (folder / "overrides.json.corrupt-1").write_text("x")
    return folder


@pytest.fixture
def made(config: Path, state: Path, tmp_path: Path) -> Path:
    """A backup of both."""
    backup.make(tmp_path / "backup.tar.gz", config, state, NOW)
    return tmp_path / "backup.tar.gz"


def files(folder: Path) -> dict[str, bytes]:
    """All regular files below a folder but the lock, by name."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "in-use")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def refused(act: Callable[[], object]) -> str:
    """The code with which an act is refused."""
    with pytest.raises(Refused) as error:
        act()
    return error.value.code


def test_what_was_backed_up_is_there_again(config: Path, made: Path, tmp_path: Path) -> None:
    """Contents, modes and times; neither what belongs to a moment nor what a link leads to elsewhere."""
    restored = backup.restore(made, tmp_path / "a" / "etc", tmp_path / "b", LATER)
    assert restored.aside == ()
    assert files(tmp_path / "a" / "etc") == {
        "schedule.yaml": b"version: 1\n",
        "profiles/flood.yaml": b"name: Flood\n",
        "mqtt-password": b"secret\n",
    }
    assert files(tmp_path / "b") == {"versions/a.yaml": b"a: 1\n", "known.json": b'{"version": 1}'}
    new, old = ((each / "mqtt-password").stat() for each in (tmp_path / "a" / "etc", config))
    assert (new.st_mode, new.st_mtime) == (old.st_mode, pytest.approx(old.st_mtime, abs=0.001))


def test_what_is_left_out_is_reported(config: Path, state: Path, tmp_path: Path) -> None:
    """The link, and no regular file of either folder."""
    os.mkfifo(state / "pipe")
    made = backup.make(tmp_path / "backup.tar.gz", config, state, NOW)
    assert made.left_out == (str(config / "key.pem"), str(state / "pipe"))


def test_nobody_else_reads_a_backup(made: Path) -> None:
    """It holds passwords."""
    assert made.stat().st_mode & 0o777 == 0o600


def test_a_schedule_that_is_a_link_is_backed_up(config: Path, state: Path, tmp_path: Path) -> None:
    """As where a folder is kept elsewhere: it is no secret."""
    (tmp_path / "elsewhere.yaml").write_text("version: 1 # elsewhere\n")
    (config / "schedule.yaml").unlink()
    (config / "schedule.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    backup.make(tmp_path / "backup.tar.gz", config, state, NOW)
    backup.restore(tmp_path / "backup.tar.gz", tmp_path / "a", tmp_path / "b", LATER)
    assert (tmp_path / "a" / "schedule.yaml").read_text() == "version: 1 # elsewhere\n"


@pytest.mark.parametrize("name", ["kopia\u00a0av.yaml", "rad\nbryt.yaml", "påsk.yaml", " x ", "\u202e.txt", "a\\b"])
def test_whatever_a_file_is_called_it_is_there_again(config: Path, state: Path, tmp_path: Path, name: str) -> None:
    """A backup that cannot be restored is found out too late."""
    (config / name).write_text("x")
    assert backup.make(tmp_path / "backup.tar.gz", config, state, NOW).left_out == (str(config / "key.pem"),)
    backup.restore(tmp_path / "backup.tar.gz", tmp_path / "a", tmp_path / "b", LATER)
    assert (tmp_path / "a" / name).read_text() == "x"


def test_a_name_that_is_no_text_is_left_out_and_reported(config: Path, state: Path, tmp_path: Path) -> None:
    """As one that came from an old disk."""
    odd = config / os.fsdecode(b"p\xe5sk.yaml")
    odd.write_text("x")
    made = backup.make(tmp_path / "backup.tar.gz", config, state, NOW)
    assert set(made.left_out) == {str(config / "key.pem"), str(odd)}
    backup.restore(tmp_path / "backup.tar.gz", tmp_path / "a", tmp_path / "b", LATER)
    assert (tmp_path / "a" / "mqtt-password").exists()


def test_a_link_gives_nobody_what_only_its_owner_may_read(config: Path, state: Path, tmp_path: Path) -> None:
    """Whoever edits the schedule may make links; root makes the backup."""
    (tmp_path / "shadow").write_text("secret\n")
    (tmp_path / "shadow").chmod(0o640)
    (config / "more.yaml").symlink_to(tmp_path / "shadow")
    made = backup.make(tmp_path / "backup.tar.gz", config, state, NOW)
    assert str(config / "more.yaml") in made.left_out


def test_a_database_in_use_is_backed_up_as_of_one_instant(config: Path, state: Path, tmp_path: Path) -> None:
    """With what is in its log only; the audit beside it is still intact."""
    (state / "known.json").unlink()
    store = AccountStore(state, [].append)
    for _ in range(3):
        store.audit.append(AuditEntry(Act.STOP_SET, Actor("kim", Source.PAGE)), NOW)
    assert (state / "accounts.db-wal").stat().st_size > 0
    backup.make(tmp_path / "backup.tar.gz", config, state, NOW)
    store.close()
    backup.restore(tmp_path / "backup.tar.gz", tmp_path / "a", tmp_path / "b", LATER)
    found = AccountStore(tmp_path / "b", [].append)
    assert found.audit.verify() == AuditVerdict(3)
    found.close()


def test_nobody_is_logged_in_by_a_backup(
    config: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is there; a session of then is not."""
    monkeypatch.setattr(passwords, "LOG_N", 6)
    store = AccountStore(state, [].append)
    by = Actor("root", Source.COMMAND_LINE)
    store.add("Kim", Role.ADMIN, "häst batteri klammer", by, NOW)
    session = store.authenticate("Kim", "häst batteri klammer", "192.0.2.7", NOW)
    assert isinstance(session, Session)
    assert store.sessions.find(session.id, NOW) is not None
    backup.make(tmp_path / "backup.tar.gz", config, state, NOW)
    store.close()
    backup.restore(tmp_path / "backup.tar.gz", tmp_path / "a", tmp_path / "b", LATER)
    found = AccountStore(tmp_path / "b", [].append)
    assert found.sessions.find(session.id, NOW) is None
    assert isinstance(found.authenticate("Kim", "häst batteri klammer", "192.0.2.7", NOW), Session)
    found.close()


def test_a_damaged_database_is_reported_and_the_rest_is_saved(config: Path, state: Path, tmp_path: Path) -> None:
    """Else a broken history would keep the schedule from being saved."""
    with closing(sqlite3.connect(state / "history.db")) as connection:
        connection.execute("CREATE TABLE events (text)")
        connection.executemany("INSERT INTO events VALUES (?)", [("x" * 500,)] * 100)
        connection.commit()
    data = bytearray((state / "history.db").read_bytes())
    data[5000:30000] = b"\xff" * 25000
    (state / "history.db").write_bytes(data)
    made = backup.make(tmp_path / "backup.tar.gz", config, state, NOW)
    assert str(state / "history.db") in made.left_out
    assert "config/schedule.yaml" in made.manifest.files


def test_an_older_backup_gives_way_and_nothing_else(config: Path, state: Path, made: Path, tmp_path: Path) -> None:
    """As for one every night under the same name."""
    (config / "schedule.yaml").write_text("version: 1 # new\n")
    backup.make(made, config, state, LATER)
    assert read_manifest(made).made_at == LATER
    (tmp_path / "letter").write_text("dear")
    assert refused(lambda: backup.make(tmp_path / "letter", config, state, NOW)) == "TWL-J025"
    assert (tmp_path / "letter").read_text() == "dear"


@pytest.mark.parametrize("folder", ["etc", "lib", "etc/profiles"])
def test_a_backup_does_not_lie_in_what_it_saves(config: Path, state: Path, tmp_path: Path, folder: str) -> None:
    """It would be lost with it."""
    file = tmp_path / folder / "backup.tar.gz"
    assert refused(lambda: backup.make(file, config, state, NOW)) == "TWL-J026"
    assert not file.exists()


def test_a_place_that_cannot_be_written_is_reported(config: Path, state: Path, tmp_path: Path) -> None:
    """A folder that is not there."""
    assert refused(lambda: backup.make(tmp_path / "no" / "x.tar.gz", config, state, NOW)) == "TWL-J024"


def test_folders_that_hold_something_are_left_alone(config: Path, state: Path, made: Path) -> None:
    """Without the word for it nothing changes; with it what was there is beside it."""
    (config / "schedule.yaml").write_text("version: 1 # edited since\n")
    before = files(config), files(state)
    assert refused(lambda: backup.restore(made, config, state, LATER)) == "TWL-J027"
    assert (files(config), files(state)) == before
    restored = backup.restore(made, config, state, LATER, replace=True)
    assert restored.aside == (config / ASIDE, state / ASIDE)
    assert (config / "schedule.yaml").read_text() == "version: 1\n"
    assert (files(config / ASIDE), files(state / ASIDE)) == before


def test_what_was_set_aside_before_is_not_set_aside_again(config: Path, state: Path, made: Path) -> None:
    """Nor is it part of a later backup."""
    backup.restore(made, config, state, LATER, replace=True)
    backup.restore(made, config, state, NOW, replace=True)
    assert sorted(path.name for path in state.iterdir() if path.is_dir()) == [
        "before-restore-20261120T150000Z",
        ASIDE,
        "versions",
    ]
    assert not any("before-restore" in name for name in backup.make(made, config, state, NOW).manifest.files)


def test_nothing_is_restored_under_a_running_program(config: Path, state: Path, made: Path) -> None:
    """Nor does one start meanwhile."""
    with in_use(state), in_use(state, "gateway-mast"):  # they may share it
        assert refused(lambda: backup.restore(made, config, state, LATER, replace=True)) == "TWL-J022"
    with atomic.held(state / "in-use", alone=True):
        assert refused(lambda: in_use(state).__enter__()) == "TWL-J023"
    backup.restore(made, config, state, LATER, replace=True)


def test_a_failure_in_the_middle_changes_nothing(
    config: Path, state: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last rename fails, as on a disk with an error."""
    before, rename = (files(config), files(state)), Path.rename

    def fail_at_the_last(path: Path, target: Path) -> Path:
        if target == state / "versions" and path.parent.name.startswith(".backup-"):
            raise OSError(5, "Input/output error", str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail_at_the_last)
    assert refused(lambda: backup.restore(made, config, state, LATER, replace=True)) == "TWL-J024"
    assert (files(config), files(state)) == before
    assert not (state / ASIDE).exists()


def rebuilt(made: Path, change: Callable[[str, bytes], tuple[str, bytes] | None], more: bytes = b"") -> None:
    """Writes a backup again, each entry changed or left out; `more` is a further entry."""
    with tarfile.open(made) as archive:
        entries = [(each.name, (archive.extractfile(each) or io.BytesIO()).read()) for each in archive]
    with tarfile.open(made, "w:gz") as archive:
        for name, data in [
            *filter(None, (change(*each) for each in entries)),
            *([("state/more", more)] if more else []),
        ]:
            about = tarfile.TarInfo(name)
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))


def manifest_with(**changes: object) -> Callable[[str, bytes], tuple[str, bytes]]:
    """Changes keys of the manifest."""

    def change(name: str, data: bytes) -> tuple[str, bytes]:
        return (name, json.dumps(json.loads(data) | changes).encode()) if name == MANIFEST else (name, data)

    return change


def form_of_accounts(name: str, data: bytes) -> tuple[str, bytes]:
    """A file of a newer form."""
    if name != MANIFEST:
        return name, data
    document = json.loads(data)
    document["files"]["state/known.json"]["form"] = 99
    return name, json.dumps(document).encode()


def sized(size: int) -> Callable[[str, bytes], tuple[str, bytes]]:
    """Says another size of a file, with its own checksum: what is unpacked may fill the disk."""

    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name != MANIFEST:
            return name, data
        document = json.loads(data)
        document["files"]["state/known.json"]["size"] = size
        return name, json.dumps(document).encode()

    return change


ABOUT = {"size": 1, "sha256": "0" * 64, "mode": 0o600, "modified": 1.0}
DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (lambda made: made.write_bytes(made.read_bytes()[:-400]), "TWL-J020"),
    "no tar": (lambda made: made.write_bytes(gzip.compress(b"hello" * 500)), "TWL-J020"),
    "no gzip": (lambda made: made.write_bytes(b"hello"), "TWL-J020"),
    "empty": (lambda made: made.write_bytes(b""), "TWL-J020"),
    "changed": (lambda made: rebuilt(made, lambda n, d: (n, d.replace(b"a: 1", b"a: 2"))), "TWL-J020"),
    "one missing": (lambda made: rebuilt(made, lambda n, d: None if n.endswith("a.yaml") else (n, d)), "TWL-J020"),
    "one more": (lambda made: rebuilt(made, lambda n, d: (n, d), b"x"), "TWL-J020"),
    "no manifest": (lambda made: rebuilt(made, lambda n, d: None if n == MANIFEST else (n, d)), "TWL-J020"),
    "no version": (lambda made: rebuilt(made, manifest_with(version="x")), "TWL-J020"),
    "leads out": (lambda made: rebuilt(made, manifest_with(files={"config/../../x": ABOUT})), "TWL-J020"),
    "absolute": (lambda made: rebuilt(made, manifest_with(files={"/etc/passwd": ABOUT})), "TWL-J020"),
    "larger than it says": (lambda made: rebuilt(made, sized(2)), "TWL-J020"),
    "newer": (lambda made: rebuilt(made, manifest_with(version=2)), "TWL-J021"),
    "newer file": (lambda made: rebuilt(made, form_of_accounts), "TWL-J021"),
    "gone": (lambda made: made.unlink(), "TWL-J024"),
    "a folder": (lambda made: (made.unlink(), made.mkdir()), "TWL-J024"),
    "a pipe": (lambda made: (made.unlink(), os.mkfifo(made)), "TWL-J024"),
}


@pytest.mark.parametrize(("damage", "code"), DAMAGES.values(), ids=DAMAGES)
def test_what_is_not_sound_changes_nothing(
    config: Path, state: Path, made: Path, damage: Callable[[Path], object], code: str
) -> None:
    """Whatever is wrong with it is found before anything is touched."""
    damage(made)
    before = files(config), files(state)
    assert refused(lambda: backup.restore(made, config, state, LATER, replace=True)) == code
    assert (files(config), files(state)) == before
    assert not list(state.glob(".backup-*")) + list(config.glob("before-restore-*"))


def test_what_a_power_cut_left_is_cleared_away(config: Path, state: Path, made: Path) -> None:
    """It holds secrets."""
    (state / ".backup-x").mkdir()
    (state / ".backup-x" / "accounts.db").write_text("x")
    backup.restore(made, config, state, LATER, replace=True)
    assert not (state / ".backup-x").exists()


@needs("root")
def test_what_root_restores_belongs_to_the_owner_of_the_folder(
    config: Path, state: Path, made: Path, tmp_path: Path
) -> None:
    """The user of the service could not read it otherwise; a lock that root made is the owner's too."""
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        os.chown(folder, 12345, 12346)
    backup.restore(made, tmp_path / "a", tmp_path / "b", LATER)
    restored = [*(tmp_path / "a").rglob("*"), *(tmp_path / "b").rglob("*")]
    assert len(restored) == 8
    assert {(path.stat().st_uid, path.stat().st_gid) for path in restored} == {(12345, 12346)}


def test_folders_that_were_made_for_nothing_are_gone(made: Path, tmp_path: Path) -> None:
    """A folder `config` would be taken for the configuration by the next command."""
    rebuilt(made, lambda n, d: (n, d.replace(b"a: 1", b"a: 2")))
    assert refused(lambda: backup.restore(made, tmp_path / "a", tmp_path / "b", LATER)) == "TWL-J020"
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()
