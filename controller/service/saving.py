"""schedule.yaml on the disk: read with its findings, and saved as a new version that the service loads.

Nothing is overwritten unseen: a caller that saves passes the sha256 of the text that was edited, and gets the present
text if it is another. A text with findings is never written. Commands and the page save in the same way, beside editors
that do not use this. Every call here waits for the disk.
"""

import grp
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from controller import plain_file
from controller.config.findings import Finding
from controller.config.load import NO_RULES, SCHEDULE, Setup, has_only_shared_rules, load_with
from controller.config.site_folder import ConfigFolder, own_folder
from controller.config.source import LIMIT, read_file
from controller.errors import FilesRejected, Refused
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.rfc3339 import rfc3339
from controller.state import NotRead, atomic
from controller.state.roles import Source
from controller.state.versions import ScheduleVersion, VersionStore, digest

OVERFLOW_UID = 65534
"""User id that a user namespace shows for users it does not know (Linux, /proc/sys/kernel/overflowuid)."""

Take = Callable[[], tuple[Finding, ...] | None]
"""Waits until the running service has judged the files: no findings, or why it rejects them; None where it did not
answer in time."""


@dataclass(frozen=True, slots=True)
class DiskSchedule:
    """The present file: with `setup` where it can be used together with tower.yaml, else with findings."""

    path: Path
    text: bytes
    sha256: str
    setup: Setup | None
    findings: tuple[Finding, ...]
    saved_at: datetime | None
    owner: str | None

    @property
    def value(self) -> dict[str, object]:
        """For documents."""
        return {
            "path": str(self.path),
            "sha256": self.sha256,
            "saved_at": rfc3339(self.saved_at, timespec="seconds") if self.saved_at else None,
            "owner": self.owner,
            "findings": [finding.code for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Saved:
    """The text is on the disk. `version` is None where it could not be stored, and `not_kept` is the reason. `taken`:
    whether the running service uses it, None where nobody was asked or answered in time."""

    version: ScheduleVersion | None
    taken: bool | None = None
    not_kept: Reason | None = None


class SaveConflict(Refused):
    """TWL-Q132, nothing was written: the present file, `current`, is not the one that was edited."""

    def __init__(self, current: DiskSchedule) -> None:
        super().__init__("TWL-Q132", path=str(current.path))
        self.current = current


class NotWritable(Refused):
    """TWL-Q133, nothing was written; with who may write: the owner of the folder and its group, `?` where they have no
    name."""

    def __init__(self, path: Path, reason: Reason) -> None:
        folder = path.resolve().parent
        who = {"owner": owner_of(folder) or "?", "group": group_of(folder) or "?"}
        super().__init__("TWL-Q133", path=str(path), reason=reason, **who)
        self.reason = reason


class ScheduleKeeper:
    """Reads and saves the schedule of a folder, and stores its versions. `now` returns the time."""

    def __init__(
        self, folder: ConfigFolder, versions: VersionStore, now: Callable[[], datetime], take: Take | None = None
    ) -> None:
        self.versions = versions
        self._folder = folder
        self._directory = own_folder(folder)
        self._path = self._directory / SCHEDULE
        self._now = now
        self._take = take

    def read(self) -> DiskSchedule:
        """The present file; a missing one is an empty text with a finding."""
        text, faults = (NO_RULES, ()) if has_only_shared_rules(self._folder) else read_file(self._path, str(self._path))
        setup, findings = (None, faults) if faults else self._parsed(text)
        try:
            saved_at = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except (OSError, ValueError, OverflowError):
            saved_at = None
        return DiskSchedule(self._path, text, digest(text), setup, findings, saved_at, owner_of(self._path))

    def save(self, text: bytes, base: str, *, who: str | None, source: Source, why: str = "") -> Saved:
        """Replace the text with the sha256 `base`. Raises FilesRejected where the new text, or tower.yaml beside it,
        has mistakes (the old text is put back), SaveConflict, NotWritable, and NotRead where the versions cannot be
        read."""
        try:
            with atomic.locked(self._directory):
                saved, current = self._save(text, base, who=who, source=source, why=why)
        except OSError as error:
            raise NotWritable(self._path, reason_of(error)) from error
        findings = self._take() if self._take is not None else None
        if findings:
            self._put_back(text, current, saved.version)
            raise FilesRejected(findings)
        return saved if findings is None else replace(saved, taken=True)

    def note(self, source: Source = Source.DISK) -> ScheduleVersion | None:
        """Store a version of what an editor, or something else, has saved; None where it is the newest version already,
        or the file has mistakes. Raises NotRead and OSError where it cannot be stored."""
        with atomic.locked(self._directory):
            return self._store_unsaved(self.read(), self._now(), source)

    def follow(self) -> ScheduleVersion | None:
        """Write the newest version into a file that holds an older one, as when another controller has saved since; a
        text that is not a stored version is newer, and stays. Raises NotRead and OSError."""
        with atomic.locked(self._directory):
            current, latest = self.read(), self.versions.latest()
            if latest is None or current.sha256 == latest.sha256 or not self.versions.with_text(current.sha256):
                return None
            atomic.rewrite(self._path, self.versions.text(latest))
            return latest

    def changed_by(self, version: ScheduleVersion) -> tuple[bytes | None, bytes]:
        """The text before a version, None where there is none, and its own. Raises NotRead."""
        before = self.versions.before(version)
        return (None if before is None else self.versions.text(before)), self.versions.text(version)

    def undo(self, current: DiskSchedule) -> ScheduleVersion | None:
        """The version to go back to from the present file: the one before it, or the newest where the file has mistakes
        or is no version; None where there is none. Raises NotRead."""
        latest = self.versions.latest()
        if latest is None or latest.sha256 != current.sha256:
            return latest
        return self.versions.before(latest)

    def parsed(self, text: bytes) -> Setup | None:
        """The setup with this schedule; None where it cannot be used today."""
        return self._parsed(text)[0]

    def _parsed(self, text: bytes) -> tuple[Setup | None, tuple[Finding, ...]]:
        try:
            return load_with(self._folder, text), ()
        except FilesRejected as rejected:
            return None, rejected.findings

    def _save(self, text: bytes, base: str, *, who: str | None, source: Source, why: str) -> tuple[Saved, DiskSchedule]:
        current = self.read()
        if current.sha256 != base:
            raise SaveConflict(current)
        setup = load_with(self._folder, text)
        now = self._now()
        not_kept: Reason | None = None
        try:
            self._store_unsaved(current, current.saved_at or now, Source.DISK)
        except (OSError, NotRead) as error:
            not_kept = reason_of(error)
        atomic.rewrite(self._path, text)
        try:
            summary = self._summary(current.setup, setup, now)
            version = self.versions.add(text, at=now, who=who, source=source, why=why, summary=summary)
        except (OSError, NotRead) as error:
            return Saved(None, not_kept=not_kept or reason_of(error)), current
        return Saved(version, not_kept=not_kept), current

    def _store_unsaved(self, current: DiskSchedule, at: datetime, source: Source) -> ScheduleVersion | None:
        latest = self.versions.latest()
        if current.setup is None or (latest is not None and latest.sha256 == current.sha256):
            return None
        summary = None
        if latest is not None:
            at = min(max(at, latest.at), self._now())
            summary = self._summary(self.parsed(self.versions.text(latest)), current.setup, at)
        return self.versions.add(current.text, at=at, who=current.owner, source=source, summary=summary)

    def _summary(self, before: Setup | None, after: Setup, at: datetime) -> list[dict[str, Any]] | None:
        if before is None:
            return None
        from controller.schedule.changes import changes  # noqa: PLC0415  0.5 MB, not needed until somebody saves
        from controller.service.change_words import summary_value  # noqa: PLC0415

        return summary_value(changes(before.program(), after.program(), at))

    def _put_back(self, text: bytes, before: DiskSchedule, version: ScheduleVersion | None) -> None:
        """Restore the text before, unless somebody else has saved since. Where that fails, the service goes on with
        what it loaded last."""
        with suppress(OSError), atomic.locked(self._directory):
            if plain_file.read(self._path, LIMIT) != text:
                return
            atomic.rewrite(self._path, before.text)
            if version is not None:
                self.versions.drop(version)


def history_value(current: DiskSchedule, versions: Iterable[ScheduleVersion]) -> dict[str, object]:
    """The present file and its versions, for documents."""
    return {"version": 1, "file": current.value, "versions": [version.value for version in versions]}


def version_document(keeper: ScheduleKeeper, version: ScheduleVersion) -> dict[str, object]:
    """A version with its text and what it changed when it was saved, as far as both texts can be used today. Raises
    NotRead."""
    from controller.schedule.changes import changes  # noqa: PLC0415  as above
    from controller.service.change_words import changes_value  # noqa: PLC0415

    before, text = keeper.changed_by(version)
    old, new = (None if each is None else keeper.parsed(each) for each in (before, text))
    changed = changes(old.program(), new.program(), version.at) if old is not None and new is not None else None
    shown = text.decode(errors="replace")
    return {"version": 1, **version.value, "text": shown, "changes": changes_value(changed) if changed else None}


def owner_of(path: Path) -> str | None:
    """The owner of a file, None where it has no name here: in a sandbox with its own users (PrivateUsers= of the unit)
    everybody else's files seem to belong to `nobody`."""
    try:
        return None if path.stat().st_uid == OVERFLOW_UID else path.owner()
    except (OSError, KeyError):
        return None


def group_of(path: Path) -> str | None:
    """The group of a file, None where it has no name here."""
    try:
        return grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        return None
