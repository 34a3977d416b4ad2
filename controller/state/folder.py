"""A folder of small texts, each read and written whole by its name."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from controller import plain_file
from controller.state import atomic


class ChangedElsewhere(OSError):  # noqa: N818
    """Another program has written a text since it was read here: nothing was written."""

    code = "changed_elsewhere"


class Folder(Protocol):
    """A folder of texts by name. All methods raise OSError; FileNotFoundError if a text does not exist."""

    reports_failures: bool
    """Whether it reports its failures itself."""

    def place(self, name: str) -> str:
        """Name of a text in events."""

    def names(self) -> list[str]:
        """The names of all texts; empty if there is no such folder yet."""

    def read(self, name: str, most: int) -> bytes:
        """A text, of at most `most` bytes."""

    def write(self, name: str, data: bytes) -> None:
        """Gives a text this content: durable when this returns. Raises ChangedElsewhere if the text is no longer the
        one last read through this object; if that cannot be noticed the last writer wins."""

    def delete(self, name: str) -> None:
        """Deletes a text, if it is there."""

    def size(self, name: str) -> int | None:
        """Size in bytes; None if it does not exist."""

    def set_aside(self, name: str) -> str:
        """Renames a damaged text; returns the new name."""

    def stamp(self, name: str) -> object:
        """A value that differs after each change of a text."""

    def is_behind(self, name: str) -> bool:
        """Whether the last read text is older than the stored one, or may be, because the storage could not be
        reached."""

    def locked(self) -> AbstractContextManager[None]:
        """Prevents other programs from changing several texts as one meanwhile."""


class FileFolder:
    """The `Folder` in a directory. Each text is a file: see `atomic`."""

    reports_failures = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def place(self, name: str) -> str:
        """See `Folder`."""
        return str(self._path / name)

    def names(self) -> list[str]:
        """See `Folder`."""
        try:
            return [path.name for path in self._path.iterdir()]
        except FileNotFoundError:
            return []

    def read(self, name: str, most: int) -> bytes:
        """See `Folder`."""
        return plain_file.read(self._path / name, most)

    def write(self, name: str, data: bytes) -> None:
        """See `Folder`."""
        atomic.write(self._path / name, data)
        with suppress(OSError):
            atomic.hand_over(self._path / name)

    def delete(self, name: str) -> None:
        """See `Folder`."""
        (self._path / name).unlink(missing_ok=True)

    def size(self, name: str) -> int | None:
        """See `Folder`."""
        try:
            return (self._path / name).stat().st_size
        except FileNotFoundError:
            return None

    def set_aside(self, name: str) -> str:
        """See `Folder`."""
        return atomic.set_aside(self._path / name).name

    def stamp(self, name: str) -> object:
        """See `Folder`."""
        return plain_file.file_stamp(self._path / name)

    def is_behind(self, name: str) -> bool:  # noqa: ARG002
        """Always False: the file is the only copy."""
        return False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `Folder`; creates the directory if needed."""
        self._path.mkdir(parents=True, exist_ok=True)
        atomic.hand_over(self._path)
        with atomic.locked(self._path):
            yield
