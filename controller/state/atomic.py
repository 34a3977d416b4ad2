"""Writes files, and folders of files, that hold either the old or the new content at every instant, whatever
happens."""

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

SET_ASIDE = 5
"""Number of damaged files of one name that are kept as evidence; then the last is replaced."""
NEW_MODE = 0o664
"""Mode of a new file that people edit, less the umask."""
UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP)
"""Errors of file systems that cannot sync a directory: some network and FUSE file systems."""


def write(path: Path, data: bytes | Iterable[bytes], mode: int = 0o644) -> None:
    """Gives the file this content, in one piece or several. After it returns, a power cut does not undo it.

    Raises OSError, and the old content stays; only if the sync of the directory failed, the new content may be there
    already.
    """
    new = path.with_name(f"{path.name}.new")
    try:
        _write_synced(new, [data] if isinstance(data, bytes) else data, mode)
        new.rename(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise
    sync_directory(path.parent)


def rewrite(path: Path, data: bytes) -> None:
    """Gives a file that people edit new content, in the same way: mode and group stay, the owner too if this process
    may
    set it. Follows a link. Raises OSError, and the old content stays, as with `write`.
    """
    target = path.resolve()
    new = target.with_name(f"{target.name}.new")
    new.unlink(missing_ok=True)  # a leftover of another user may not be writable
    try:
        _write_synced(new, [data], NEW_MODE)
        with suppress(FileNotFoundError):
            _copy_ownership(target.stat(), new)
        new.rename(target)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise
    sync_directory(target.parent)


def _copy_ownership(source: os.stat_result, path: Path) -> None:
    """Sets group, mode and, as root, owner. Makes no call that is not needed: in a folder whose files inherit its
    group, a service whose sandbox forbids `chown` can still save. Set-user and set-group bits make no sense on a text
    file, and may be forbidden too."""
    made = path.stat()
    owner = source.st_uid if os.geteuid() == 0 else made.st_uid
    if (made.st_uid, made.st_gid) != (owner, source.st_gid):
        with suppress(PermissionError):
            os.chown(path, owner, source.st_gid)
    path.chmod(stat.S_IMODE(source.st_mode) & 0o777)


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Gives the folder these files, by their names relative to it, and no others; raises OSError.

    They change together: all are written to `<name>.new`, which then gets the folder's name; between the two steps the
    old ones are in `<name>.old`.
    """
    new, old = _beside(folder)
    with locked(folder.parent):
        settle(folder)
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)
        for name, data in contents.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            write(new / name, data)
        sync_directory(new)
        sync_directory(folder.parent)
        with suppress(FileNotFoundError):
            folder.rename(old)
        new.rename(folder)
        sync_directory(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def settle(folder: Path) -> None:
    """Completes a change of the folder that a power cut interrupted after the old files were moved; raises OSError."""
    new, old = _beside(folder)
    if old.exists() and new.exists() and not folder.exists():
        new.rename(folder)


def _beside(folder: Path) -> tuple[Path, Path]:
    return folder.with_name(f"{folder.name}.new"), folder.with_name(f"{folder.name}.old")


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Holds a lock on the directory against other processes that use it too: controller and gateway may share one.
    Raises OSError if there is no such directory, or it may not be read."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def set_aside(path: Path, tails: Iterable[str] = ("",), label: str = "corrupt") -> Path:
    """Renames a damaged file, and its companions with the same name and these `tails`; returns the new path. Raises
    OSError."""
    places = [path.with_name(f"{path.name}.{label}-{number}") for number in range(1, SET_ASIDE + 1)]
    place = next((place for place in places if not place.exists()), places[-1])
    for tail in tails:
        with suppress(FileNotFoundError):
            path.with_name(path.name + tail).replace(place.with_name(place.name + tail))
    return place


def move_all(moves: Iterable[tuple[Path, Path]]) -> None:
    """Renames the first of each pair to the second, one after another: all or none. Raises OSError after giving those
    that were renamed their old names again."""
    done: list[tuple[Path, Path]] = []
    try:
        for old, new in moves:
            old.rename(new)
            done.append((old, new))
    except OSError:
        for old, new in reversed(done):
            with suppress(OSError):
                new.rename(old)
        raise
    for folder in {path.parent for move in done for path in move}:
        sync_directory(folder)


@contextmanager
def held(file: Path, *, alone: bool) -> Iterator[bool]:
    """Holds a lock on a file, which is created if needed, shared or `alone`. Never waits; yields whether it was
    granted. Raises OSError if there is no such folder, or it may not be written."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with suppress(OSError):
            hand_over(file)  # root may have created it
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def hand_over(path: Path) -> None:
    """Gives a file that root has created to the owner of its directory, the user of the service; raises OSError."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _write_synced(path: Path, pieces: Iterable[bytes], mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        for piece in pieces:
            left = memoryview(piece)
            while left:
                left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)
