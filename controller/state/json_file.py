"""What the files of the state directory have in common, and the small JSON files."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.state.folder import ChangedElsewhere, FileFolder, Folder

OnEvent = Callable[[Event], None]

MOST_BYTES = 64 * 1024 * 1024
"""Far more than REMEMBERED overrides need; keeps a damaged file from filling the memory."""
LITTLE_ROOM = 256 * 1024
"""Bytes. With less free, a failure is treated as a full disk: SQLite reports one in many ways."""


class Unusable(Exception):  # noqa: N818
    """A file cannot be used now, for this `reason`; `full`: the disk lacks room."""

    def __init__(self, reason: Reason, full: bool = False) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.full = full


class Overtaken(Unusable):
    """Another program has changed the file since it was read: nothing was written."""


def unusable(error: OSError) -> Unusable:
    """The exception to raise for an error that has been reported already."""
    kind = Overtaken if isinstance(error, ChangedElsewhere) else Unusable
    return kind(reason_of(error))


class FileStatus:
    """Whether a file can be used: an alarm is raised while it cannot."""

    def __init__(self, path: Path, on_event: OnEvent) -> None:
        self._path = path
        self._alarm = Alarm(on_event)

    def fails(self, error: Exception) -> Unusable:
        """An attempt failed; returns the exception to raise."""
        reason = reason_of(error)
        self._alarm.raise_(new_event("TWL-J003", file=str(self._path), reason=reason))
        return Unusable(reason.at(self._path.name), lacks_room(self._path.parent, error))

    @property
    def is_bad(self) -> bool:
        """Whether the last attempt failed."""
        return self._alarm.raised is not None

    def works(self) -> None:
        """An attempt succeeded."""
        self._alarm.clear(new_event("TWL-J004", file=str(self._path)))


def is_busy(error: Exception) -> bool:
    """Whether another process holds a lock on a database, which will pass."""
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def lacks_room(directory: Path, error: Exception) -> bool:
    """Whether the error comes from a full disk."""
    code = getattr(error, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return True
    if is_busy(error):
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


class JsonDocument(Generic[C]):
    """A small JSON text in a folder: if damaged, it is set aside; one of a newer version of the program is never
    changed."""

    def __init__(self, folder: Folder, name: str, shape: type[C], on_event: OnEvent) -> None:
        self._folder = folder
        self._name = name
        self._shape = shape
        self._on_event = on_event
        self._status = FileStatus(Path(folder.place(name)), on_event) if not folder.reports_failures else None
        self._newer = False

    @property
    def is_behind(self) -> bool:
        """Whether the loaded content is older than the stored one, or may be, because the storage could not be reached.
        Raises Unusable."""
        try:
            return self._folder.is_behind(self._name)
        except OSError as error:
            raise self._fails(error) from error

    def load(self, damaged: str = "TWL-J001", instead: C | None = None) -> C | None:
        """The content, None if there is none that can be used, `instead` if it is damaged. `damaged` is the code of the
        event for that, with the fields of TWL-J001."""
        place = self._folder.place(self._name)
        try:
            data = self._folder.read(self._name, MOST_BYTES)
            found = Content.model_validate_json(data).version
            self._newer = found > 1
            if not self._newer:
                return self._shape.model_validate_json(data)
            self._on_event(new_event("TWL-J002", file=place, found=found, known=1))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            self._set_aside(error, damaged, place)
            return instead
        return None

    def save(self, content: C) -> None:
        """Writes the content durably; raises Unusable."""
        if self._newer:
            raise Unusable(Reason("newer_version").at(self._name))
        try:
            self._folder.write(self._name, content.model_dump_json(indent=1).encode())
        except OSError as error:
            raise self._fails(error) from error
        if self._status is not None:
            self._status.works()

    def stamp(self) -> object:
        """A value that differs after each change; raises OSError."""
        return self._folder.stamp(self._name)

    def _fails(self, error: OSError) -> Unusable:
        return self._status.fails(error) if self._status is not None else unusable(error)

    def _set_aside(self, error: Exception, damaged: str, place: str) -> None:
        try:
            aside = self._folder.set_aside(self._name)
        except OSError as refused:
            self._fails(refused)
        else:
            self._on_event(new_event(damaged, file=place, aside=aside, reason=reason_of(error)))


class JsonFile(JsonDocument[C]):
    """A small JSON file on this machine."""

    def __init__(self, path: Path, shape: type[C], on_event: OnEvent) -> None:
        super().__init__(FileFolder(path.parent), path.name, shape, on_event)
