"""The journal of events, in a database of its own: history that may be dropped whole when the disk is full."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from controller.errors import WatertowerError
from controller.events import Event, Level
from controller.events.models import printable
from controller.state.append_log import Table
from controller.state.database import BUSY_S, REFUSALS

FILE = "journal.db"
LONGEST_FIELDS = 4000

MIGRATIONS = (
    (
        """CREATE TABLE journal (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, code TEXT NOT NULL, level TEXT NOT NULL,
            fields TEXT NOT NULL, command_id TEXT
        )""",
        "CREATE INDEX journal_at ON journal (at)",
    ),
)
SELECT = """SELECT at, code, level, fields, command_id FROM journal
    WHERE at >= :since AND at < :until AND (:code IS NULL OR code = :code)
    ORDER BY at DESC, id DESC LIMIT :limit"""


class NotRead(WatertowerError):  # noqa: N818
    """The journal is there and cannot be read."""


@dataclass(frozen=True, slots=True)
class Noted:
    """An event in the journal; its fields are what JSON can hold of them."""

    at: datetime
    code: str
    level: Level
    fields: Mapping[str, object]
    command_id: str | None


@dataclass(frozen=True, slots=True)
class Question:
    """Which part of the journal: from `since` to before `until`, of one code or all, the newest `limit` of them."""

    since: datetime
    until: datetime
    code: str | None = None
    limit: int = 1000

    def matches(self, noted: Noted) -> bool:
        """Whether it is asked for."""
        return self.since <= noted.at < self.until and self.code in {None, noted.code}

    def newest(self, all_noted: list[Noted]) -> tuple[Noted, ...]:
        """The last of them, the oldest first."""
        return tuple(sorted(all_noted, key=lambda noted: noted.at)[max(0, len(all_noted) - self.limit) :])

    def ask(self, connection: sqlite3.Connection) -> list[Noted]:
        """The answer of the database, the oldest first."""
        rows = connection.execute(
            SELECT,
            {
                "since": stamp(self.since),
                "until": stamp(self.until),
                "code": self.code,
                "limit": max(0, self.limit),
            },
        )
        return [from_row(*row) for row in rows][::-1]


def noted(event: Event, at: datetime) -> Noted:
    """The entry of an event; its fields are copied, and cut where they are longer than a journal needs."""
    text = json.dumps(dict(event.fields), default=str)
    if len(text) > LONGEST_FIELDS:
        text = json.dumps({key: printable(value) for key, value in event.fields.items()})
    command_id = event.fields.get("command_id")
    return Noted(
        at.astimezone(UTC),
        event.code,
        event.level,
        json.loads(text),
        None if command_id is None else printable(command_id),
    )


def stamp(at: datetime) -> str:
    """An instant as text that sorts as the instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def to_row(entry: Noted) -> tuple[object, ...]:
    """The columns after `id`."""
    return stamp(entry.at), entry.code, entry.level.value, json.dumps(entry.fields), entry.command_id


def from_row(at: str, code: str, level: str, fields: str, command_id: str | None) -> Noted:
    """The entry of a row; raises sqlite3.DataError where the row is damaged."""
    try:
        return Noted(datetime.fromisoformat(at).astimezone(UTC), code, Level(level), json.loads(fields), command_id)
    except (ValueError, TypeError, OverflowError) as error:
        raise sqlite3.DataError(f"journal: {error}") from error


TABLE: Table[Noted] = Table(
    name="journal",
    insert="INSERT INTO journal (at, code, level, fields, command_id) VALUES (?, ?, ?, ?, ?)",
    over="DELETE FROM journal WHERE id <= (SELECT max(id) FROM journal) - ?",
    oldest="DELETE FROM journal WHERE id < (SELECT min(id) FROM journal) + ?",
    most_rows=100_000,
    to_row=to_row,
)


def read_journal(
    directory: Path, since: datetime, until: datetime, code: str | None = None, limit: int = 1000
) -> tuple[Noted, ...]:
    """The journal as another process reads it, whether the service writes or not; see `Store.journal`.

    Raises NotRead.
    """
    path = directory / FILE
    if not path.exists():
        return ()
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, timeout=BUSY_S, uri=True)) as connection:
            return tuple(Question(since, until, code, limit).ask(connection))
    except REFUSALS as error:
        raise NotRead("TWL-J008", file=str(path), reason=str(error)) from error
