"""What the files of the state directory have in common, and the small JSON files among them."""

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
"""Far above what the REMEMBERED overrides come to; a damaged file cannot fill the memory."""
LITTLE_ROOM = 256 * 1024
"""With fewer bytes free than this, a failure is taken for a full disk: SQLite reports one in many ways."""


class Unusable(Exception):  # noqa: N818
    """A file cannot be used now, and why; `full` says that the disk lacks room."""

    def __init__(self, reason: Reason, full: bool = False) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.full = full


class Overtaken(Unusable):
    """Somebody else has changed it since it was read: nothing was written."""


def unusable(error: OSError) -> Unusable:
    """What to raise for an error that has been told already."""
    kind = Overtaken if isinstance(error, ChangedElsewhere) else Unusable
    return kind(reason_of(error))


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


def is_busy(error: Exception) -> bool:
    """Whether another process holds a database, which passes."""
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
    """A small JSON text of a folder: damaged, it is set aside; from a newer version of the program, never touched."""

    def __init__(self, folder: Folder, name: str, shape: type[C], on_event: OnEvent) -> None:
        self._folder = folder
        self._name = name
        self._shape = shape
        self._on_event = on_event
        self._status = FileStatus(Path(folder.place(name)), on_event) if not folder.is_told else None
        self._newer = False

    @property
    def is_behind(self) -> bool:
        """Whether what was loaded is older than what is stored, or may be, for that could not be reached. Raises
        Unusable."""
        try:
            return self._folder.is_behind(self._name)
        except OSError as error:
            raise self._fails(error) from error

    def load(self, damaged: str = "TWL-J001", instead: C | None = None) -> C | None:
        """Its content, None where there is none that can be used; `instead` of it where it is damaged. `damaged` is the
        code of the event for that, with the fields of TWL-J001."""
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
        """Write it durably; raises Unusable."""
        if self._newer:
            raise Unusable(Reason("newer_version").at(self._name))
        try:
            self._folder.write(self._name, content.model_dump_json(indent=1).encode())
        except OSError as error:
            raise self._fails(error) from error
        if self._status is not None:
            self._status.works()

    def stamp(self) -> object:
        """Something that is another one after each change; raises OSError."""
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
    """A small JSON file of this machine."""

    def __init__(self, path: Path, shape: type[C], on_event: OnEvent) -> None:
        super().__init__(FileFolder(path.parent), path.name, shape, on_event)
