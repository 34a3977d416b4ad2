"""The minutes of each night and zone, planned against confirmed: the proof of glow."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from controller.state.append_log import Table

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)

STATEMENTS = (
    """CREATE TABLE minutes (
        id INTEGER PRIMARY KEY, minute INTEGER NOT NULL, zone TEXT NOT NULL, night TEXT NOT NULL,
        planned INTEGER NOT NULL, confirmed_s REAL NOT NULL, UNIQUE (minute, zone)
    )""",
)
SELECT = """SELECT minute, zone, night, planned, confirmed_s FROM minutes
    WHERE minute >= ? AND minute < ? ORDER BY minute, zone"""


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of one zone: `night` is named after its evening, `at` the start of the minute in UTC.

    `planned` tells whether light was meant, `confirmed_s` for how many seconds it was confirmed.
    """

    night: date
    zone: str
    at: datetime
    planned: bool
    confirmed_s: float


def to_row(minute: Minute) -> tuple[object, ...]:
    """The columns after `id`."""
    return (
        number(minute.at),
        minute.zone,
        minute.night.isoformat(),
        minute.planned,
        float(minute.confirmed_s),
    )


def from_row(minute: int, zone: str, night: str, planned: int, confirmed_s: float) -> Minute:
    """The minute of a row; raises sqlite3.DataError where the row is damaged."""
    try:
        return Minute(date.fromisoformat(night), zone, EPOCH + minute * A_MINUTE, bool(planned), confirmed_s)
    except (ValueError, TypeError, OverflowError) as error:
        raise sqlite3.DataError(f"minutes: {error}") from error


def number(at: datetime) -> int:
    """Whole minutes since 1970."""
    return (at - EPOCH) // A_MINUTE


def between(connection: sqlite3.Connection, start: datetime, end: datetime) -> list[Minute]:
    """The minutes that begin from `start` on and before `end`."""
    first, past = -((EPOCH - start) // A_MINUTE), -((EPOCH - end) // A_MINUTE)
    return [from_row(*row) for row in connection.execute(SELECT, (first, past))]


TABLE: Table[Minute] = Table(
    name="minutes",
    insert="INSERT OR REPLACE INTO minutes (minute, zone, night, planned, confirmed_s) VALUES (?, ?, ?, ?, ?)",
    over="DELETE FROM minutes WHERE id <= (SELECT max(id) FROM minutes) - ?",
    oldest="DELETE FROM minutes WHERE id < (SELECT min(id) FROM minutes) + ?",
    most_rows=500_000,
    to_row=to_row,
)
