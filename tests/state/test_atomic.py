"""Small files are whole at every instant."""

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from controller.state import atomic
from controller.state.folder import FileFolder

CALLS = ("open", "write", "fsync", "close", "rename")
DYING = """
def dying(call, countdown):
    def made(*args, **kwargs):
        countdown[0] -= 1
        if countdown[0] == 0:
            os._exit(1)
        return call(*args, **kwargs)
    return made
"""
DIES_AT_EACH_CALL = """
import json, os, sys
from pathlib import Path
from controller.state import atomic
from controller.state.folder import FileFolder

path = Path(sys.argv[1])
short = os.write

for k in range(1, 100):
    path.write_bytes(b"old")
    child = os.fork()
    if not child:
        os.write = lambda descriptor, data: short(descriptor, data[:3])
        countdown = [k]
        for name in ("open", "write", "fsync", "close", "rename"):
            setattr(os, name, dying(getattr(os, name), countdown))
        atomic.write(path, b"the new content")
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps([status, path.read_text()]))
    if status == 0:
        break
"""


@pytest.mark.real
def test_a_process_that_dies_at_any_call_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """Killed at the k-th system call, for every k, with writes that come short."""
    run = subprocess.run(
        [sys.executable, "-c", DYING + DIES_AT_EACH_CALL, tmp_path / "file"], capture_output=True, check=True
    )
    seen = [json.loads(line) for line in run.stdout.splitlines()]
    assert {content for _, content in seen} == {"old", "the new content"}
    assert seen[-1] == [0, "the new content"]
    assert len(seen) == 13  # open, five writes, fsync, close, rename, open, fsync, close; and none


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("at", [1, 2])
def test_an_error_of_any_call_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, at: int
) -> None:
    """The disk refuses the first or second call of each kind; nothing is left beside the file."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    call, count = getattr(os, name), 0

    def refused(*args: object, **kwargs: object) -> object:
        nonlocal count
        count += 1
        result = call(*args, **kwargs) if name == "close" else None
        if count == at:
            raise OSError(errno.EIO, "Input/output error")
        return result if name == "close" else call(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, name, refused)
        try:
            atomic.write(path, b"new")
            raised = False
        except OSError:
            raised = True
    assert raised == (count >= at)
    assert path.read_bytes() == (b"old" if raised and (at == 1 or name == "write") else b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_content_is_synced_before_it_takes_the_name_and_the_directory_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order on which a power cut depends."""
    path, trace, names = tmp_path / "file", [], {}
    for name in CALLS:

        def traced(*args: object, _name: str = name, _call: object = getattr(os, name), **kwargs: object) -> object:
            result = _call(*args, **kwargs)  # type: ignore[operator]
            if _name == "open":
                names[result] = Path(str(args[0])).name
            else:
                trace.append((_name, names.get(args[0])))
            return result

        monkeypatch.setattr(os, name, traced)
    atomic.write(path, b"new")
    monkeypatch.undo()
    assert [step for step in trace if step[0] != "close"] == [
        ("write", "file.new"),
        ("fsync", "file.new"),
        ("rename", None),
        ("fsync", tmp_path.name),
    ]


def test_a_file_system_that_cannot_sync_directories_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network file systems answer EINVAL."""
    fsync = os.fsync

    def picky(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", picky)
    atomic.write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_leftovers_of_a_crash_do_not_disturb(tmp_path: Path) -> None:
    """A longer half-written file of an earlier life is not mixed into the next."""
    (tmp_path / "file.new").write_bytes(b"x" * 1000)
    atomic.write(tmp_path / "file", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"new")]


def test_damaged_files_are_kept_up_to_five(tmp_path: Path) -> None:
    """The first four stay for ever, the fifth is the latest."""
    for number in range(1, 9):
        (tmp_path / "file").write_text(str(number))
        atomic.set_aside(tmp_path / "file")
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {
        "file.corrupt-1": "1",
        "file.corrupt-2": "2",
        "file.corrupt-3": "3",
        "file.corrupt-4": "4",
        "file.corrupt-5": "8",
    }


FILES = {"a": b"old a", "sub/b": b"old b"}
NEW = {"a": b"new a", "sub/c": b"new c"}
FOLDER_DIES_AT_EACH_CALL = """
import json, os, shutil, sys
from pathlib import Path
from controller.state import atomic
from controller.state.folder import FileFolder

state = Path(sys.argv[1])
old, new = ({name: text.encode() for name, text in json.loads(one).items()} for one in sys.argv[2:])

for k in range(1, 200):
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    atomic.write_folder(state / "folder", old)
    child = os.fork()
    if not child:
        countdown = [k]
        for name in ("open", "write", "fsync", "close", "rename", "mkdir", "rmdir", "unlink"):
            setattr(os, name, dying(getattr(os, name), countdown))
        atomic.write_folder(state / "folder", new)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    atomic.settle(state / "folder")
    found = {str(path.relative_to(state / "folder")): path.read_text() for path in (state / "folder").rglob("*")
             if path.is_file()}
    atomic.write_folder(state / "folder", new)
    print(json.dumps([status, found, sorted(path.name for path in state.iterdir())]))
    if status == 0:
        break
"""


@pytest.mark.real
def test_a_process_that_dies_at_any_call_leaves_the_old_files_or_the_new_ones(tmp_path: Path) -> None:
    """Never some of both; and the next write goes through and leaves nothing behind."""
    given = [json.dumps({name: data.decode() for name, data in files.items()}) for files in (FILES, NEW)]
    words = [sys.executable, "-c", DYING + FOLDER_DIES_AT_EACH_CALL, tmp_path / "state", *given]
    run = subprocess.run(words, capture_output=True, check=True)
    seen = [json.loads(line) for line in run.stdout.splitlines()]
    whole = [{name: data.decode() for name, data in files.items()} for files in (FILES, NEW)]
    assert all(found in whole for _, found, _ in seen), seen
    assert [found for _, found, _ in seen[:1]] == whole[:1]
    assert seen[-1][:2] == [0, whole[1]]
    assert all(left == ["folder"] for _, _, left in seen)


def test_a_rewritten_file_keeps_its_mode_and_its_group_and_a_link_stays_a_link(tmp_path: Path) -> None:
    """And the remains of an interrupted write do not prevent the next one."""
    file, link = tmp_path / "kept" / "schedule.yaml", tmp_path / "schedule.yaml"
    file.parent.mkdir()
    file.write_bytes(b"old")
    file.chmod(0o664)
    link.symlink_to(file)
    (file.parent / "schedule.yaml.new").write_bytes(b"left")
    group = file.stat().st_gid
    atomic.rewrite(link, b"new")
    assert file.read_bytes() == b"new"
    assert (file.stat().st_mode & 0o777, file.stat().st_gid) == (0o664, group)
    assert link.is_symlink()
    assert [path.name for path in file.parent.iterdir()] == ["schedule.yaml"]


def test_a_rewrite_that_fails_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk."""
    file = tmp_path / "schedule.yaml"
    file.write_bytes(b"old")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        atomic.rewrite(file, b"new")
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["schedule.yaml"]


def test_two_who_lock_a_directory_come_one_after_the_other(tmp_path: Path) -> None:
    """The second waits for the first."""
    order: list[str] = []

    def second() -> None:
        with atomic.locked(tmp_path):
            order.append("second")

    with atomic.locked(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_what_root_creates_belongs_to_the_owner_of_its_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory itself too: a command that root ran first must not keep the service out."""
    given: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.chown", lambda path, user, group: given.update({Path(path).name: (user, group)}))
    folder = FileFolder(tmp_path / "versions")
    with folder.locked():
        folder.write("1.yaml", b"version: 1\n")
    owner = tmp_path.stat()
    assert given["versions"] == given["1.yaml"] == (owner.st_uid, owner.st_gid)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    given.clear()
    folder.write("2.yaml", b"version: 1\n")
    assert given == {}
