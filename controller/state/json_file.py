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
from controller.events.alarm import Alarm
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.state import atomic

OnEvent = Callable[[Event], None]

MOST_BYTES = 64 * 1024 * 1024
"""Far above what the REMEMBERED overrides come to; a damaged file cannot fill the memory."""
LITTLE_ROOM = 256 * 1024
"""With fewer bytes free than this, a failure is taken for a full disk: SQLite reports one in many ways."""


class Unusable(Exception):  # noqa: N818
    """A file cannot be used now, and why; `full` says that the disk lacks room."""

    def __init__(self, reason: Reason, full: bool = False) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.full = full


class FileStatus:
    """Whether a file can be used: the alarm is raised while it cannot."""

    def __init__(self, path: Path, on_event: OnEvent) -> None:
        self._path = path
        self._alarm = Alarm(on_event)

    def fails(self, error: Exception) -> Unusable:
        """A try failed; returns what to raise."""
        reason = reason_of(error)
        self._alarm.raise_(new_event("TWL-J003", file=str(self._path), reason=reason))
        return Unusable(reason.at(self._path.name), lacks_room(self._path.parent, error))

    @property
    def is_bad(self) -> bool:
        """Whether the last try failed."""
        return self._alarm.raised is not None

    def works(self) -> None:
        """A try succeeded."""
        self._alarm.clear(new_event("TWL-J004", file=str(self._path)))


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

    def __init__(self, path: Path, shape: type[C], on_event: OnEvent) -> None:
        self.path = path
        self._shape = shape
        self._on_event = on_event
        self._status = FileStatus(path, on_event)
        self._newer = False

    def load(self, damaged: str = "TWL-J001", instead: C | None = None) -> C | None:
        """Its content, None where there is none that can be used; `instead` of it where it is damaged. `damaged` is the
        code of the event for that, with the fields of TWL-J001."""
        try:
            data = plain_file.read(self.path, MOST_BYTES)
            found = Content.model_validate_json(data).version
            self._newer = found > 1
            if not self._newer:
                return self._shape.model_validate_json(data)
            self._on_event(new_event("TWL-J002", file=str(self.path), found=found, known=1))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            self._set_aside(error, damaged)
            return instead
        return None

    def save(self, content: C) -> None:
        """Write it durably; raises Unusable."""
        if self._newer:
            raise Unusable(Reason("newer_version").at(self.path.name))
        try:
            atomic.write(self.path, content.model_dump_json(indent=1).encode())
        except OSError as error:
            raise self._status.fails(error) from error
        self._status.works()

    def _set_aside(self, error: Exception, damaged: str) -> None:
        try:
            place = atomic.set_aside(self.path)
        except OSError as refused:
            self._status.fails(refused)
        else:
            self._on_event(new_event(damaged, file=str(self.path), aside=place.name, reason=reason_of(error)))
