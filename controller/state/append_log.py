"""Rows that are only ever added: taken without waiting, written when the disk lets it, bounded everywhere.

1. `add` never waits. What the disk does not take is kept in memory, at most `most` rows; then the oldest is let go,
   and the number of those is told once the disk takes rows again.
2. The table keeps `most_rows`, and stops growing when its file holds `MOST_BYTES`: the oldest leave with each write.
3. Where the file cannot be used at all, what is in memory is what can be read.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from controller.events import new_event
from controller.state.database import Database
from controller.state.json_file import Tell, Unusable

T = TypeVar("T")

MOST_WAITING = 5000
MOST_BYTES = 48 * 1024 * 1024
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """A table with a rising `id`: how a value is written, and how the oldest rows leave.

    `over` deletes all but the newest so many rows, `oldest` so many of the oldest.
    """

    name: str
    insert: str
    over: str
    oldest: str
    most_rows: int
    to_row: Callable[[T], tuple[object, ...]]


class AppendLog(Generic[T]):
    """What waits for one table."""

    def __init__(self, database: Database, table: Table[T], tell: Tell) -> None:
        self._database = database
        self._table = table
        self._tell = tell
        self._lock = threading.Lock()
        self._waiting: deque[T] = deque()
        self._lost = 0

    def add(self, values: Iterable[T]) -> None:
        """Take these; from any thread."""
        with self._lock:
            self._waiting.extend(values)
            self._let_go()

    @property
    def waiting(self) -> tuple[T, ...]:
        """What has not been written."""
        with self._lock:
            return tuple(self._waiting)

    def flush(self) -> None:
        """Write what waits; raises Unusable, and then it still waits."""
        with self._lock:
            batch = tuple(self._waiting)
            self._waiting.clear()
        if not batch:
            return
        try:
            self._database.write(lambda connection: self._append(connection, batch))
        except Unusable:
            with self._lock:
                self._waiting.extendleft(reversed(batch))
                self._let_go()
            raise
        with self._lock:
            lost, self._lost = self._lost, 0
        if lost:
            self._tell(new_event("TWL-J006", what=self._table.name, count=lost))

    def _let_go(self) -> None:
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1

    def _append(self, connection: sqlite3.Connection, batch: tuple[T, ...]) -> None:
        connection.executemany(self._table.insert, map(self._table.to_row, batch))
        connection.execute(self._table.over, (self._table.most_rows,))
        if used_bytes(connection) > MOST_BYTES:
            connection.execute(self._table.oldest, (BATCH + len(batch),))


def used_bytes(connection: sqlite3.Connection) -> int:
    """The size of what the database holds, without the pages that are free again."""
    size, pages, free = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
    )
    return int(size * (pages - free))
