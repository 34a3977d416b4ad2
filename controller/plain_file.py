"""The one way to read a file that somebody else has named or written.

Only a regular file is opened: a pipe would wait for a writer, a terminal for a key, /dev/zero never ends, and opening
some devices has side effects. No more is read than the caller allows, so that a wrong path cannot fill the memory.
"""

import errno
import os
import stat
from pathlib import Path

NO_REGULAR_FILE = "it is no regular file"
TOO_LARGE = "it is larger than allowed"
CHUNK = 64 * 1024


class NoRegularFile(OSError):  # noqa: N818
    """The path is a FIFO, a socket or a device."""

    code = "not_a_regular_file"


def read(path: Path, most: int) -> bytes:
    """The whole file. Raises OSError, also if it is no regular file (EINVAL) or longer than `most` bytes (EFBIG)."""
    data = head(path, most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, TOO_LARGE, str(path))
    return data


def head(path: Path, most: int) -> bytes:
    """The first `most` bytes of a file. Raises OSError, with EINVAL if it is no regular file."""
    require(path)
    # without O_NONBLOCK a pipe that has just replaced the file would wait for its writer
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as opened:
        _refuse_others(os.fstat(descriptor).st_mode, path)
        chunks: list[bytes] = []  # read(most) at once would take that much memory, however short the file is
        while most > 0 and (chunk := opened.read(min(most, CHUNK))):
            chunks.append(chunk)
            most -= len(chunk)
        return b"".join(chunks)


def file_stamp(path: Path) -> tuple[int, ...] | None:
    """A value that changes with the content of a file, without reading it; None if there is no file. Raises OSError if
    the disk does not answer."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size


def require(path: Path) -> None:
    """Raise OSError if the path is no regular file, without opening it."""
    _refuse_others(path.stat().st_mode, path)


def _refuse_others(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise NoRegularFile(errno.EINVAL, NO_REGULAR_FILE, str(path))
