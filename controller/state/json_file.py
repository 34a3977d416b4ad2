"""What the files of the state directory have in common, and the small JSON files among them."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from controller import plain_file
from controller.events import Event, new_event
from controller.state import atomic

Tell = Callable[[Event], None]

MOST_BYTES = 64 * 1024 * 1024
"""Far above what the REMEMBERED overrides come to; a damaged file cannot fill the memory."""
LITTLE_ROOM = 256 * 1024
"""With fewer bytes free than this, a failure is taken for a full disk: SQLite tells of one in many ways."""


class Unusable(Exception):  # noqa: N818
    """A file cannot be used now, and why; `full` tells that the disk lacks room."""

    def __init__(self, reason: str, full: bool = False) -> None:
        super().__init__(reason)
        self.full = full


class FileStatus:
    """Tells once that a file fails, and once that it works again."""

    def __init__(self, path: Path, tell: Tell) -> None:
        self._path = path
        self._tell = tell
        self._failing = False

    def failed(self, error: Exception) -> Unusable:
        """It failed; what to raise."""
        reason = getattr(error, "strerror", None) or str(error)
        if not self._failing:
            self._tell(new_event("TWL-J003", file=str(self._path), reason=reason))
        self._failing = True
        return Unusable(f"{self._path.name}: {reason}", lacks_room(self._path.parent, error))

    def fine(self) -> None:
        """It worked."""
        if self._failing:
            self._tell(new_event("TWL-J004", file=str(self._path)))
        self._failing = False


def lacks_room(directory: Path, error: Exception) -> bool:
    """Whether the error comes from a full disk."""
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return True
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return False
    try:
        disk = os.statvfs(directory)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < LITTLE_ROOM


class Content(BaseModel):
    """The content of a small JSON file."""

    model_config = ConfigDict(frozen=True)

    version: int = 1


C = TypeVar("C", bound=Content)


class JsonFile(Generic[C]):
    """A small JSON file: damaged, it is set aside; from a newer version of the program, it is never touched."""

    def __init__(self, path: Path, shape: type[C], tell: Tell, damaged: str = "TWL-J001") -> None:
        """`damaged` is the code of the event that it was damaged, with the fields of TWL-J001."""
        self._path = path
        self._shape = shape
        self._tell = tell
        self._damaged = damaged
        self._trouble = FileStatus(path, tell)
        self._newer = False

    def load(self) -> C | None:
        """Its content; None where there is none that can be used."""
        try:
            data = plain_file.read(self._path, MOST_BYTES)
            found = Content.model_validate_json(data).version
            self._newer = found > 1
            if not self._newer:
                return self._shape.model_validate_json(data)
            self._tell(new_event("TWL-J002", file=str(self._path), found=found, known=1))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            self._set_aside(error)
        return None

    def save(self, content: C) -> None:
        """Write it durably; raises Unusable."""
        if self._newer:
            raise Unusable(f"{self._path.name}: written by a newer version")
        try:
            atomic.write(self._path, content.model_dump_json(indent=1).encode())
        except OSError as error:
            raise self._trouble.failed(error) from error
        self._trouble.fine()

    def _set_aside(self, error: Exception) -> None:
        try:
            place = atomic.set_aside(self._path)
        except OSError as refused:
            self._trouble.failed(refused)
        else:
            self._tell(new_event(self._damaged, file=str(self._path), aside=place.name, reason=str(error)))
