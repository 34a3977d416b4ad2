"""`history.db`: events, the light that was meant and why, and the confirmed minutes of each zone.

It may be lost without harm to the light. Rows are accepted without waiting and written when the disk allows; waiting
rows are limited in memory, stored ones in number and bytes: the oldest are deleted. Readers (`watertower logs`,
`plan --at`, `report`) open the file for reading only, whether the service writes or not, and never hold it open between
pages: a reader that stopped reading must not keep SQLite from shrinking its write-ahead log.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from controller.errors import Refused
from controller.events import new_event
from controller.events.reasons import reason_of
from controller.state.history_rows import (
    A_MINUTE,
    EPOCH,
    EventFilter,
    LightChange,
    Minute,
    RecordedEvent,
    Row,
    event_of_row,
    light_of_row,
    minute_of_row,
    stamp,
)
from controller.state.json_file import OnEvent, Unusable
from controller.state.sql import Database, SqlConnection
from controller.state.storage import Storage

T = TypeVar("T")

FILE = "history.db"
MOST_WAITING = 5000
MOST_BYTES = 96 * 1024 * 1024
MOST_ROWS = {"events": 100_000, "light": 50_000, "minutes": 500_000}
"""Table -> most rows; for `minutes` about a year with one zone."""
BATCH = 1000
MOST_OF_ROW = 2**20
"""Most events that one row stands for, each with its own number: more than a site has gateways."""
MINUTES_EVERY_S = 600.0
"""Seconds between two writes of minutes, to spare memory cards, unless something else is written earlier."""
MIGRATIONS = (
    (
        """CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, code TEXT NOT NULL, level TEXT NOT NULL,
            fields TEXT NOT NULL
        )""",
        "CREATE INDEX events_at ON events (at)",
        """CREATE TABLE light (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, zone TEXT NOT NULL, look TEXT NOT NULL, rule TEXT NOT NULL
        )""",
        "CREATE INDEX light_at ON light (at)",
        """CREATE TABLE minutes (
            id INTEGER PRIMARY KEY, minute INTEGER NOT NULL, zone TEXT NOT NULL, night TEXT NOT NULL,
            planned INTEGER NOT NULL, confirmed_s REAL NOT NULL, UNIQUE (minute, zone)
        )""",
    ),
    ("ALTER TABLE minutes ADD COLUMN measured_s REAL",),
)
MEASURED = 2
"""Schema version from which `minutes` has `measured_s`."""


class NotRead(Refused):
    """The history exists and cannot be read."""


INSERT: dict[type[Row], str] = {
    RecordedEvent: "INSERT INTO events (at, code, level, fields) VALUES (?, ?, ?, ?)",
    LightChange: "INSERT INTO light (at, zone, look, rule) VALUES (?, ?, ?, ?)",
    Minute: """INSERT INTO minutes (minute, zone, night, planned, confirmed_s, measured_s) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (minute, zone) DO UPDATE SET night = excluded.night, planned = excluded.planned,
            confirmed_s = excluded.confirmed_s, measured_s = excluded.measured_s""",
}


class History:
    """The history of a site. All methods may wait for the disk; those that read raise NotRead."""

    def __init__(self, place: Path | Storage, on_event: OnEvent = lambda _: None) -> None:
        self._database = Storage.of(place).database(FILE, MIGRATIONS, on_event)

    def write(self, rows: Sequence[Row]) -> None:
        """Adds rows; a minute of a zone that is already there is replaced. Raises Unusable."""
        self._database.write(lambda connection: _append(self._database, connection, rows))

    def make_room(self) -> bool:
        """Deletes the file, as a full disk refuses DELETE too; returns whether that freed space."""
        return self._database.discard()

    def close(self) -> None:
        """Closes the storage; the next use opens it again."""
        self._database.close()

    def events(self, after: int, since: datetime, limit: int) -> list[tuple[int, RecordedEvent]]:
        """The first `limit` events that were recorded after the one numbered `after` and occurred from `since` on, with
        their numbers, in the order of recording."""
        select = "SELECT id, at, code, level, fields FROM events WHERE id > ? AND at >= ? ORDER BY id LIMIT ?"
        rows = self._read(select, (after // MOST_OF_ROW, stamp(since), limit + 1), _numbered_row)
        found = (event for row in rows for event in _numbered(*row) if event[0] > after)
        return list(islice(found, limit))

    def newest(self, chosen: EventFilter, before: int, limit: int) -> list[tuple[int, RecordedEvent]]:
        """The newest `limit` events that the filter lets through and that were recorded before the one numbered
        `before`, with their numbers, the newest first."""
        return list(islice(self._newest(chosen, before), limit))

    def _newest(self, chosen: EventFilter, before: int) -> Iterator[tuple[int, RecordedEvent]]:
        where, parameters = chosen.where
        select = f"""SELECT id, at, code, level, fields FROM events
            WHERE id < ? AND {where} ORDER BY id DESC LIMIT ?"""  # noqa: S608  a condition of our own
        below = before // MOST_OF_ROW + 2
        while rows := self._read(select, (below, *parameters, BATCH), _numbered_row):
            for row, recorded in rows:
                for number, event in reversed(_numbered(row, recorded)):
                    if number < before and (chosen.gateway is None or event.is_about(chosen.gateway)):
                        yield number, event
            below = rows[-1][0]

    def events_between(self, start: datetime, end: datetime, codes: Collection[str]) -> tuple[RecordedEvent, ...]:
        """The events with these codes from `start` on and before `end`, in the order in which they occurred."""
        if not codes:
            return ()
        select = f"""SELECT at, code, level, fields FROM events
            WHERE at >= ? AND at < ? AND code IN ({", ".join("?" * len(codes))}) ORDER BY at, id"""  # noqa: S608
        rows = self._read(select, (stamp(start), stamp(end), *codes), event_of_row)
        return tuple(event for row in rows for event in row.singly())

    def last_number(self) -> int:
        """The number of the last event; 0 if there is none. Numbers start again with a new storage."""
        return MOST_OF_ROW * next(iter(self._read("SELECT coalesce(max(id), 0) FROM events", (), int)), 0)

    def last_event(self, code: str, before: datetime) -> RecordedEvent | None:
        """The last event with this code before an instant."""
        select = (
            "SELECT at, code, level, fields FROM events WHERE code = ? AND at < ? ORDER BY at DESC, id DESC LIMIT 1"
        )
        row = next(iter(self._read(select, (code, stamp(before)), event_of_row)), None)
        return None if row is None else list(row.singly())[-1]

    def light_at(self, at: datetime) -> Mapping[str, LightChange]:
        """The last change of light until this instant, by zone."""
        select = """SELECT at, zone, look, rule FROM light WHERE id IN (
            SELECT (SELECT id FROM light WHERE zone = each.zone AND at <= ? ORDER BY at DESC, id DESC LIMIT 1)
            FROM (SELECT DISTINCT zone FROM light) AS each)"""
        return {change.zone: change for change in self._read(select, (stamp(at),), light_of_row)}

    def light_between(self, start: datetime, end: datetime) -> tuple[LightChange, ...]:
        """The changes of light from `start` on and before `end`, in the order of time."""
        select = "SELECT at, zone, look, rule FROM light WHERE at >= ? AND at < ? ORDER BY at, id"
        return tuple(self._read(select, (stamp(start), stamp(end)), light_of_row))

    def minutes(self, start: datetime, end: datetime) -> tuple[Minute, ...]:
        """The minutes that begin from `start` on and before `end`, in the order of time and zone."""
        select = """SELECT minute, zone, night, planned, confirmed_s, measured_s FROM minutes
            WHERE minute >= ? AND minute < ? ORDER BY minute, zone"""
        first, past = -((EPOCH - start) // A_MINUTE), -((EPOCH - end) // A_MINUTE)
        return tuple(self._read(select, (first, past), minute_of_row))

    def _read(self, select: str, parameters: Sequence[object], value: Callable[..., T]) -> list[T]:
        """The rows as values; empty if nothing was written yet."""

        def work(connection: SqlConnection, form: int) -> list[T]:
            # the file may be from before an upgrade after which the service has not been restarted
            known = select if form >= MEASURED else select.replace("measured_s", "NULL")
            return [value(*row) for row in connection.execute(known, parameters)]

        try:
            return self._database.read_only(work) or []
        except Unusable as error:
            raise NotRead("TWL-J008", file=self._database.place, reason=error.reason) from error
        except (ValueError, TypeError, OverflowError) as error:
            raise NotRead("TWL-J008", file=self._database.place, reason=reason_of(error)) from error


class HistoryBuffer:
    """Rows that wait to be written to the history."""

    def __init__(self, history: History, on_event: OnEvent, clock_s: Callable[[], float]) -> None:
        self._history = history
        self._on_event = on_event
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._waiting: deque[Row] = deque()
        self._lost = 0
        self._due_s = clock_s()

    def add(self, rows: Iterable[Row], *, urgent: bool) -> None:
        """Adds rows; from any thread, without waiting. Rows that are not `urgent` may wait MINUTES_EVERY_S."""
        with self._lock:
            self._waiting.extend(rows)
            self._drop_oldest()
            if urgent:
                self._due_s = self._clock_s()

    def flush(self, always: bool = False) -> None:
        """Writes the waiting rows, if it is time; raises Unusable, and then they keep waiting."""
        if not always and self._clock_s() < self._due_s:
            return
        with self._lock:
            rows = tuple(self._waiting)
            self._waiting.clear()
            self._due_s = self._clock_s() + MINUTES_EVERY_S
        if not rows:
            return
        try:
            self._history.write(rows)
        except Unusable:
            with self._lock:
                self._waiting.extendleft(reversed(rows))
                self._drop_oldest()
                self._due_s = self._clock_s()
            raise
        with self._lock:
            lost, self._lost = self._lost, 0
        if lost:
            self._on_event(new_event("TWL-J006", what=FILE, count=lost))

    def _drop_oldest(self) -> None:
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1


def _numbered_row(row: int, *columns: str) -> tuple[int, RecordedEvent]:
    return row, event_of_row(*columns)


def _numbered(row: int, recorded: RecordedEvent) -> list[tuple[int, RecordedEvent]]:
    """The events of a row, each with its number."""
    return list(enumerate(recorded.singly(), (row - 1) * MOST_OF_ROW + 1))


def _append(database: Database, connection: SqlConnection, rows: Sequence[Row]) -> None:
    for kind, insert in INSERT.items():
        connection.executemany(insert, [row.row() for row in rows if isinstance(row, kind)])
    for table, most in MOST_ROWS.items():
        over = f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?"  # noqa: S608  names of our own
        connection.execute(over, (most,))
    for table in MOST_ROWS:
        if database.used_bytes(connection) > MOST_BYTES:
            oldest = f"DELETE FROM {table} WHERE id < (SELECT min(id) FROM {table}) + ?"  # noqa: S608
            connection.execute(oldest, (BATCH + len(rows),))
