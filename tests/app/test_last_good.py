"""The last good copy of the files: exactly what was judged, and whole; and when files count as changed."""

import asyncio
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.app.last_good import BEFORE, contents_of, last_good, write_last_good
from controller.app.reload import changes, difference
from controller.config.load import Setup, load
from controller.events import new_event

SHIPPED = Path(__file__).parents[2] / "config"


def keep_last_good(setup: Setup, config: Path, state: Path) -> None:
    """Copies the files of a folder."""
    write_last_good(contents_of(setup, config), state)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the shipped configuration."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "config"))


def test_a_saved_change_that_alters_nothing_is_reported_with_what_is_lit(config: Path) -> None:
    """Not as a dash, which reads as dark."""
    program = load(config).program()
    told = new_event("TWL-O130", tonight=difference(program, program, datetime(2026, 11, 20, 18, tzinfo=UTC)))
    assert told.text("en").endswith("19:00 bowl orange 100 %, shaft orange 100 %; 07:53 bowl dark, shaft dark")
    assert told.text("sv").endswith("19:00 bowl orange 100 %, shaft orange 100 %; 07:53 bowl släckt, shaft släckt")


def test_what_was_saved_after_the_judgement_is_not_copied(config: Path, tmp_path: Path) -> None:
    """Bad, or good and not yet judged: the copy stays what is in force."""
    setup = load(config)
    keep_last_good(setup, config, tmp_path)
    path = config / "schedule.yaml"
    good = path.read_text(encoding="utf-8")
    for text in (good.replace("20–26", "20–99"), good.replace("100 %", "50 %")):
        path.write_text(text, encoding="utf-8")
        keep_last_good(setup, config, tmp_path)
        assert last_good(config, tmp_path) == setup


def test_the_copy_has_its_own_profiles(config: Path, tmp_path: Path) -> None:
    """One that is broken or gone in the folder is whole in the copy; one that is no more used leaves it."""
    profile = config / "profiles" / "ours.yaml"
    profile.parent.mkdir(exist_ok=True)
    profile.write_text("name: Ours\nchannels: [red, green, blue]\n", encoding="utf-8")
    setup = load(config)
    assert "ours" in setup.profiles
    keep_last_good(setup, config, tmp_path)
    profile.write_text("{", encoding="utf-8")
    assert last_good(config, tmp_path) == setup
    profile.unlink()
    assert last_good(config, tmp_path) == setup
    without = load(config)
    keep_last_good(without, config, tmp_path)
    assert last_good(config, tmp_path) == without


def test_what_was_in_force_before_is_kept_beside_the_last_good_files(config: Path, tmp_path: Path) -> None:
    """So that `check` can compare with it; the same files once more do not push it out."""
    first = load(config)
    keep_last_good(first, config, tmp_path)
    assert last_good(config, tmp_path, BEFORE) is None
    path = config / "schedule.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("100 %", "50 %"), encoding="utf-8")
    second = load(config)
    for _ in range(2):
        keep_last_good(second, config, tmp_path)
        assert last_good(config, tmp_path) == second
        assert last_good(config, tmp_path, BEFORE) == first


def test_what_editors_and_shares_put_beside_a_profile_is_none(config: Path) -> None:
    """A lock that leads nowhere, and the twin that some computers leave on a network share."""
    folder = config / "profiles"
    folder.mkdir(exist_ok=True)
    (folder / "ours.yaml").write_text("name: Ours\nchannels: [red, green, blue]\n", encoding="utf-8")
    (folder / ".#ours.yaml").symlink_to("someone@somewhere.1234")
    (folder / "._ours.yaml").write_bytes(b"\x00\x05\x16\x07")
    assert set(load(config).profiles) == {"ours"}


async def test_a_write_that_leaves_time_and_size_is_noticed(config: Path) -> None:
    """As a copy that keeps times does, in place; a file that is named elsewhere counts as well."""
    schedule, users = config / "schedule.yaml", config / "users"
    users.write_text("a:b")
    seen = changes(config, (users,))
    await anext(seen)
    for path, old, new in ((schedule, b"100 %", b"050 %"), (users, b"a:b", b"a:c")):
        times = path.stat()
        path.write_bytes(path.read_bytes().replace(old, new))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        async with asyncio.timeout(10):
            await anext(seen)


async def test_a_disk_that_does_not_answer_is_looked_at_seldom(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So often as something else is tried again, not at each look."""
    monkeypatch.setattr("controller.app.reload.LOOK_S", 0.02)
    monkeypatch.setattr("controller.app.reload.RETRY_S", 0.2)
    seen = changes(config)
    await anext(seen)
    looks: list[Path] = []

    def gone(path: Path) -> None:
        looks.append(path)
        raise OSError

    monkeypatch.setattr("controller.plain_file.file_stamp", gone)
    assert [await anext(seen) for _ in range(2)] == [False, False]
    assert len(looks) == 20


async def test_files_that_are_still_being_written_are_not_judged(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor or a slow share writes a file piece by piece: it counts as changed once it rests."""
    monkeypatch.setattr("controller.app.reload.LOOK_S", 0.1)
    monkeypatch.setattr("controller.app.reload.STILL_S", 2.0)
    schedule = config / "schedule.yaml"

    async def write() -> None:
        for _ in range(15):
            schedule.write_bytes(schedule.read_bytes() + b"# more\n")
            await asyncio.sleep(0.1)

    seen = changes(config)
    await anext(seen)
    writing = asyncio.create_task(write())
    async with asyncio.timeout(30):
        assert await anext(seen)
    assert writing.done()
    await writing
