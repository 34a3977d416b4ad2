"""Versions of the schedule: the bytes of schedule.yaml each time that it changed, with who, when, why and what.

Folder `versions`: a text is `<sha256>.yaml`, kept once however often it comes back; a version is
`<number>-<sha256>.json` and refers to one. Numbers only rise. The MOST newest versions are kept, with at most
MOST_BYTES of texts. What is damaged is told and skipped, so that the others can still be used.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import AwareDatetime

from controller import plain_file
from controller.events import new_event
from controller.events.reasons import reason_of
from controller.rfc3339 import rfc3339
from controller.state import atomic
from controller.state.history import NotRead
from controller.state.json_file import Content, JsonFile, OnEvent
from controller.state.roles import Source

FOLDER = "versions"
MOST = 1_000
MOST_BYTES = 50 * 1024 * 1024
MOST_TEXT = 8 * 1024 * 1024
"""Of one text; no schedule is longer."""
ENTRY = re.compile(r"(?P<number>[0-9]{6,})-(?P<sha256>[0-9a-f]{64})\.json")


class ScheduleVersion(Content):
    """One version: `at` it was saved or, from an editor (Source.DISK), taken over. `who` is None where that is not
    known; `summary` is what was edited, as `service.change_words` makes and reads it, None where the version before
    could not be read."""

    number: int
    sha256: str
    at: AwareDatetime
    who: str | None = None
    source: Source
    why: str = ""
    summary: tuple[dict[str, Any], ...] | None = None
    is_first: bool = False
    """Whether no version was known before it."""

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        return {
            "number": self.number,
            "sha256": self.sha256,
            "at": rfc3339(self.at, timespec="seconds"),
            "who": self.who,
            "source": self.source.value,
            "why": self.why,
            "summary": self.summary,
        }


class _Entry(NamedTuple):
    """A version by the name of its file."""

    number: int
    sha256: str
    path: Path


def digest(text: bytes) -> str:
    """The sha256 of a text in hex: it is the same text if and only if this is the same."""
    return hashlib.sha256(text).hexdigest()


class VersionStore:
    """The versions in a state directory; several processes may use it at once. What cannot be used is told."""

    def __init__(self, state: Path, on_event: OnEvent, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self.folder = state / FOLDER
        self._on_event = on_event
        self._most, self._most_bytes = most, most_bytes

    def versions(self) -> tuple[ScheduleVersion, ...]:
        """All that can be read, the newest first. Raises NotRead where the folder cannot be."""
        return tuple(self._read(reversed(self._entries())))

    def latest(self) -> ScheduleVersion | None:
        """The newest that can be read. Raises NotRead."""
        return next(self._read(reversed(self._entries())), None)

    def version_at(self, moment: datetime) -> ScheduleVersion | None:
        """The version that was in force at an instant; None before the first one. Raises NotRead."""
        return next((version for version in self._read(reversed(self._entries())) if version.at <= moment), None)

    def version(self, number: int) -> ScheduleVersion | None:
        """The version of a number, None where there is none that can be read. Raises NotRead."""
        return next(self._read(entry for entry in self._entries() if entry.number == number), None)

    def with_text(self, sha256: str) -> ScheduleVersion | None:
        """The newest version of a text, as the base of a draft. Raises NotRead."""
        return next(self._read(entry for entry in reversed(self._entries()) if entry.sha256 == sha256), None)

    def before(self, version: ScheduleVersion) -> ScheduleVersion | None:
        """The one before it that can be read. Raises NotRead."""
        return next(self._read(entry for entry in reversed(self._entries()) if entry.number < version.number), None)

    def text(self, version: ScheduleVersion) -> bytes:
        """Its bytes. Raises NotRead where they are not what was kept."""
        path = self._text_path(version.sha256)
        try:
            text = plain_file.read(path, MOST_TEXT)
        except OSError as error:
            raise NotRead("TWL-J008", file=str(path), reason=reason_of(error)) from error
        if digest(text) != version.sha256:
            raise NotRead("TWL-J012", number=version.number, file=str(path))
        return text

    def add(
        self,
        text: bytes,
        *,
        at: datetime,
        who: str | None,
        source: Source,
        why: str = "",
        summary: Sequence[dict[str, Any]] | None = None,
    ) -> ScheduleVersion:
        """A new version, also of a text that an earlier one has; durable on return. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        atomic.hand_over(self.folder)
        with atomic.locked(self.folder):
            entries = self._entries()
            version = ScheduleVersion(
                number=entries[-1].number + 1 if entries else 1,
                sha256=digest(text),
                at=at.astimezone(UTC),
                who=who,
                source=source,
                why=why,
                summary=None if summary is None else tuple(summary),
                is_first=not entries,
            )
            self._write(self._text_path(version.sha256), text)
            self._write(self._entry_path(version), version.model_dump_json(indent=1).encode())
            self._forget_oldest()
        return version

    def drop(self, version: ScheduleVersion) -> None:
        """Takes a version away that never came into force. Raises OSError."""
        with atomic.locked(self.folder):
            self._entry_path(version).unlink(missing_ok=True)
            self._delete_unused()

    def _write(self, path: Path, data: bytes) -> None:
        atomic.write(path, data)
        atomic.hand_over(path)

    def _text_path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.yaml"

    def _entry_path(self, version: ScheduleVersion) -> Path:
        return self.folder / f"{version.number:06}-{version.sha256}.json"

    def _entries(self) -> list[_Entry]:
        """By number, damaged ones included; none where there is no folder yet. Raises NotRead."""
        try:
            paths = list(self.folder.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise NotRead("TWL-J008", file=str(self.folder), reason=reason_of(error)) from error
        found = ((ENTRY.match(path.name), path) for path in paths)
        return sorted(_Entry(int(match["number"]), match["sha256"], path) for match, path in found if match)

    def _read(self, entries: Iterator[_Entry]) -> Iterator[ScheduleVersion]:
        for number, sha256, path in entries:
            if ENTRY.fullmatch(path.name) is None:
                continue  # set aside
            version = JsonFile(path, ScheduleVersion, self._on_event).load()
            if version is None:
                continue
            if (version.number, version.sha256) != (number, sha256) or not self._text_path(sha256).is_file():
                self._on_event(new_event("TWL-J012", number=number, file=str(path)))
                continue
            yield version

    def _forget_oldest(self) -> None:
        """The newest version stays, however long it is."""
        entries = self._entries()[::-1]
        sizes: dict[str, int] = {}
        for rank, entry in enumerate(entries):
            text = self._text_path(entry.sha256)
            sizes[entry.sha256] = text.stat().st_size if text.exists() else 0
            if rank and (rank >= self._most or sum(sizes.values()) > self._most_bytes):
                for old in entries[rank:]:
                    old.path.unlink(missing_ok=True)
                break
        self._delete_unused()

    def _delete_unused(self) -> None:
        used = {self._text_path(entry.sha256) for entry in self._entries()}
        for path in self.folder.glob("*.yaml"):
            if path not in used:
                path.unlink(missing_ok=True)
