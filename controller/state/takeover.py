"""Takes over the state directory of the version that kept overrides in `watertower.db` too, and events in `journal.db`.

What is copied is deleted only when it is durable in the new files, so a start that is interrupted begins again.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from pydantic import ValidationError

from controller.events import new_event
from controller.state import atomic
from controller.state.database import BUSY_S, REFUSALS, TAILS, is_damage
from controller.state.history import SqliteHistory
from controller.state.json_file import Tell, Unusable
from controller.state.override_file import OverrideFile, OverrideRecord, checksum

OVERRIDES, EVENTS = "watertower.db", "journal.db"
SELECT = "SELECT id, kind, document, started_at, ends_at, ended_at, checksum FROM held"
COPY = {
    OVERRIDES: """INSERT OR IGNORE INTO minutes (minute, zone, night, planned, confirmed_s)
        SELECT minute, zone, night, planned, confirmed_s FROM old.minutes ORDER BY id""",
    EVENTS: """INSERT INTO events (at, code, level, fields)
        SELECT at, code, level, fields FROM old.journal AS old WHERE NOT EXISTS (
            SELECT 1 FROM events WHERE at = old.at AND code = old.code AND fields = old.fields) ORDER BY id""",
}


class Takeover:
    """What is left of the old files; `run` raises Unusable as long as it has to be tried again."""

    def __init__(self, directory: Path, overrides: OverrideFile, history: SqliteHistory, tell: Tell) -> None:
        self._overrides = overrides
        self._history = history
        self._tell = tell
        self._files = [directory / OVERRIDES, directory / EVENTS]

    def run(self) -> None:
        """Take over what is there."""
        while self._files:
            path = self._files[0]
            if path.exists():
                self._take(path)
            self._files.pop(0)

    def _take(self, path: Path) -> None:
        try:
            version = _version(path)
            if version > 1:
                self._tell(new_event("TWL-J002", file=str(path), found=version, known=1))
                return
            if path.name == OVERRIDES:
                self._overrides.adopt(_records(path))
            if version:
                self._history.copy(path, COPY[path.name])
            for tail in TAILS:
                path.with_name(path.name + tail).unlink(missing_ok=True)
        except (*REFUSALS, ValidationError) as error:
            self._refused(path, error)
        except OSError as error:
            raise Unusable(f"{path.name}: {error}") from error

    def _refused(self, path: Path, error: Exception) -> None:
        if isinstance(error, sqlite3.Error) and not is_damage(error):
            raise Unusable(f"{path.name}: {error}") from error
        try:
            aside = atomic.set_aside(path, TAILS)
        except OSError as refused:
            raise Unusable(f"{path.name}: {refused}") from refused
        self._tell(new_event("TWL-J001", file=str(path), aside=aside.name, reason=str(error)))


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _records(path: Path) -> list[OverrideRecord]:
    """Those whose checksum is right: a flipped bit must not make another override."""
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'held'").fetchone():
            return []
        rows = connection.execute(SELECT).fetchall()
    records = [OverrideRecord(**dict(zip(OverrideRecord.model_fields, row[:-1], strict=True))) for row in rows]
    return [record for record, row in zip(records, rows, strict=True) if checksum(record) == row[-1]]
