"""Versions of the schedule: the bytes of schedule.yaml after each change, with who, when, why and what.

Folder `versions`: a text is `<sha256>.yaml`, stored once however often it returns; a version is
`<number>-<sha256>.json` and refers to one. Numbers only rise. The MOST newest versions are kept, with at most
MOST_BYTES of texts. Damaged files are reported and skipped, so that the others can still be used.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import AwareDatetime

from controller.events import new_event
from controller.events.reasons import reason_of
from controller.rfc3339 import rfc3339
from controller.state.history import NotRead
from controller.state.json_file import Content, JsonDocument, OnEvent
from controller.state.roles import Source
from controller.state.storage import Storage

FOLDER = "versions"
MOST = 1_000
MOST_BYTES = 50 * 1024 * 1024
MOST_TEXT = 8 * 1024 * 1024
"""Bytes of one text; no schedule is longer."""
ENTRY = re.compile(r"(?P<number>[0-9]{6,})-(?P<sha256>[0-9a-f]{64})\.json")


class ScheduleVersion(Content):
    """One version: `at` is when it was saved or, from an editor (Source.DISK), taken over. `who` is None if unknown;
    `summary` is what was edited, as `service.change_words` makes and reads it, None if the version before could not be
    read."""

    number: int
    sha256: str
    at: AwareDatetime
    who: str | None = None
    source: Source
    why: str = ""
    summary: tuple[dict[str, Any], ...] | None = None
    is_first: bool = False
    """Whether no earlier version was known."""

    @property
    def value(self) -> dict[str, object]:
        """JSON values for documents."""
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
    """The parts of the file name of a version."""

    number: int
    sha256: str
    name: str


def digest(text: bytes) -> str:
    """The sha256 of a text in hex, equal if and only if the text is."""
    return hashlib.sha256(text).hexdigest()


class VersionStore:
    """The versions in a state directory; several processes may use it at once. Unusable files are reported."""

    def __init__(
        self, place: Path | Storage, on_event: OnEvent, most: int = MOST, most_bytes: int = MOST_BYTES
    ) -> None:
        self._folder = Storage.of(place).folder(FOLDER)
        self._on_event = on_event
        self._most, self._most_bytes = most, most_bytes

    @property
    def place(self) -> str:
        """Name of the folder in events."""
        return self._folder.place("")

    def versions(self) -> tuple[ScheduleVersion, ...]:
        """All readable versions, the newest first. Raises NotRead if the folder cannot be read."""
        return tuple(self._read(reversed(self._entries())))

    def latest(self) -> ScheduleVersion | None:
        """The newest readable version. Raises NotRead."""
        return next(self._read(reversed(self._entries())), None)

    def version(self, number: int) -> ScheduleVersion | None:
        """The version with a number, None if there is no readable one. Raises NotRead."""
        return next(self._read(entry for entry in self._entries() if entry.number == number), None)

    def with_text(self, sha256: str) -> ScheduleVersion | None:
        """The newest version with a text, for example the base of a draft. Raises NotRead."""
        return next(self._read(entry for entry in reversed(self._entries()) if entry.sha256 == sha256), None)

    def before(self, version: ScheduleVersion) -> ScheduleVersion | None:
        """The last readable version before this one. Raises NotRead."""
        return next(self._read(entry for entry in reversed(self._entries()) if entry.number < version.number), None)

    def text(self, version: ScheduleVersion) -> bytes:
        """The bytes of a version. Raises NotRead if they are not those that were stored."""
        name = _text_name(version.sha256)
        try:
            text = self._folder.read(name, MOST_TEXT)
        except OSError as error:
            raise NotRead("TWL-J008", file=self._folder.place(name), reason=reason_of(error)) from error
        if digest(text) != version.sha256:
            raise NotRead("TWL-J012", number=version.number, file=self._folder.place(name))
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
        """Adds a version, even if an earlier one has the same text; durable on return. Raises OSError."""
        with self._folder.locked():
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
            self._folder.write(_text_name(version.sha256), text)
            self._folder.write(_entry_name(version), version.model_dump_json(indent=1).encode())
            self._forget_oldest()
        return version

    def drop(self, version: ScheduleVersion) -> None:
        """Removes a version that never came into force. Raises OSError."""
        with self._folder.locked():
            self._folder.delete(_entry_name(version))
            self._delete_unused()

    def _entries(self) -> list[_Entry]:
        """All versions by number, damaged ones included; empty if there is no folder yet. Raises NotRead."""
        try:
            names = self._folder.names()
        except OSError as error:
            raise NotRead("TWL-J008", file=self._folder.place(""), reason=reason_of(error)) from error
        found = ((ENTRY.match(name), name) for name in names)
        return sorted(_Entry(int(match["number"]), match["sha256"], name) for match, name in found if match)

    def _read(self, entries: Iterator[_Entry]) -> Iterator[ScheduleVersion]:
        for number, sha256, name in entries:
            if ENTRY.fullmatch(name) is None:
                continue  # set aside
            version = JsonDocument(self._folder, name, ScheduleVersion, self._on_event).load()
            if version is None:
                continue
            if (version.number, version.sha256) != (number, sha256) or self._folder.size(_text_name(sha256)) is None:
                self._on_event(new_event("TWL-J012", number=number, file=self._folder.place(name)))
                continue
            yield version

    def _forget_oldest(self) -> None:
        """Deletes the oldest versions; the newest stays, however long it is."""
        entries = self._entries()[::-1]
        sizes: dict[str, int] = {}
        for rank, entry in enumerate(entries):
            sizes[entry.sha256] = self._folder.size(_text_name(entry.sha256)) or 0
            if rank and (rank >= self._most or sum(sizes.values()) > self._most_bytes):
                for old in entries[rank:]:
                    self._folder.delete(old.name)
                break
        self._delete_unused()

    def _delete_unused(self) -> None:
        used = {_text_name(entry.sha256) for entry in self._entries()}
        for name in self._folder.names():
            if name.endswith(".yaml") and name not in used:
                self._folder.delete(name)


def _text_name(sha256: str) -> str:
    return f"{sha256}.yaml"


def _entry_name(version: ScheduleVersion) -> str:
    return f"{version.number:06}-{version.sha256}.json"
