"""Takes over the two databases of the previous release: overrides and confirmed minutes in `watertower.db`, events in
`journal.db`."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pydantic import ValidationError

from controller.events import new_event
from controller.events.reasons import reason_of
from controller.state import atomic
from controller.state.database import BUSY_S, REFUSALS, TAILS, is_damage
from controller.state.history import SqliteHistory
from controller.state.json_file import OnEvent, Unusable
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


def take_over(directory: Path, overrides: OverrideFile, history: SqliteHistory, on_event: OnEvent) -> None:
    """Take over what is there; raises Unusable where that must be tried again. What is copied is deleted only when it
    is durable in the new files, so one that is interrupted begins again."""
    for path in (directory / OVERRIDES, directory / EVENTS):
        try:
            if path.exists():
                _take_over(path, overrides, history, on_event)
        except (OSError, sqlite3.Error) as error:
            raise Unusable(reason_of(error).at(path.name)) from error


def _take_over(path: Path, overrides: OverrideFile, history: SqliteHistory, on_event: OnEvent) -> None:
    try:
        if _version(path):  # else its first start was interrupted
            if path.name == OVERRIDES:
                overrides.adopt(_records(path))
            history.copy(path, COPY[path.name])
        for tail in TAILS:
            path.with_name(path.name + tail).unlink(missing_ok=True)
    except (*REFUSALS, ValidationError) as error:
        if isinstance(error, sqlite3.Error) and not is_damage(error):
            raise
        aside = atomic.set_aside(path, TAILS).name
        on_event(new_event("TWL-J001", file=str(path), aside=aside, reason=reason_of(error)))


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _records(path: Path) -> list[OverrideRecord]:
    """Those whose checksum is right: a flipped bit must not make another override."""
    with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
        rows = connection.execute(SELECT).fetchall()
    records = [OverrideRecord(**dict(zip(OverrideRecord.model_fields, row[:-1], strict=True))) for row in rows]
    return [record for record, row in zip(records, rows, strict=True) if checksum(record) == row[-1]]
