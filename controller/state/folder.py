"""A folder of small texts, each read and written whole by its name."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from controller import plain_file
from controller.state import atomic


class ChangedElsewhere(OSError):  # noqa: N818
    """Somebody else has written a text since it was read here: nothing was written."""

    code = "changed_elsewhere"


class Folder(Protocol):
    """All methods raise OSError; what does not exist is FileNotFoundError."""

    is_told: bool
    """Whether it tells itself of what fails."""

    def place(self, name: str) -> str:
        """What a text is called in what is told."""

    def names(self) -> list[str]:
        """Of all texts; none where there is no such folder yet."""

    def read(self, name: str, most: int) -> bytes:
        """A text, of at most so many bytes."""

    def write(self, name: str, data: bytes) -> None:
        """Give a text this content: durable when this returns. Raises ChangedElsewhere where the one that was read last
        through this object is no longer there, and where that cannot be noticed the last writer wins."""

    def delete(self, name: str) -> None:
        """Drop a text, if it is there."""

    def size(self, name: str) -> int | None:
        """In bytes; None for one that is not there."""

    def set_aside(self, name: str) -> str:
        """Keep a damaged text under another name, which is returned."""

    def stamp(self, name: str) -> object:
        """Something that is another one after each change of a text."""

    def is_behind(self, name: str) -> bool:
        """Whether what was read last is older than what is stored, or may be, for that could not be reached."""

    def locked(self) -> AbstractContextManager[None]:
        """Nobody else changes several texts as one meanwhile."""


class FileFolder:
    """The `Folder` in a directory. Each text is a file: see `atomic`."""

    is_told = False

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
        """Never: there is nothing but the file."""
        return False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `Folder`; makes the directory where there is none."""
        self._path.mkdir(parents=True, exist_ok=True)
        atomic.hand_over(self._path)
        with atomic.locked(self._path):
            yield
