"""One SQLite file of the state directory: opened at the first use, checked and migrated.

A damaged file, or one of a newer version, is set aside with its write-ahead log and replaced by an empty one, and the
work is repeated. All other errors of SQLite are temporary (a lock, a full or read-only disk): reported once, and the
next use tries again. No use waits longer than BUSY_S for a lock of another process; threads take turns.

For a `precious` file each commit is on the disk when it returns, only its owner may read it, deleted data is
overwritten, locks are waited for longer, and a file of a newer version is left untouched.
"""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

from controller.events import new_event
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.state import atomic
from controller.state.json_file import FileStatus, OnEvent, Unusable, is_busy
from controller.state.sql import Migration, SqlConnection, Work, in_dialect

T = TypeVar("T")
OwnWork = Callable[[sqlite3.Connection], T]

BUSY_S, PRECIOUS_BUSY_S = 0.25, 5.0
READ_WAIT_S = 2.0
CHECKPOINT_PAGES = 256
WORTH_DROPPING = 128 * 1024
TAILS = ("-wal", "-shm", "")
"""The files of a database in the order in which they may vanish: a log that outlives its file would be replayed into
the next one."""
REFUSALS = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; Python cannot decode its message where that quotes what is damaged."""


class NewerSchema(sqlite3.DatabaseError):
    """The file was written by a later version of the program."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(f"schema {found}")
        self.found = found
        self.known = known
        self.reason = Reason("newer_version")


class SqliteDatabase:
    """A file, and its schema as a tuple of migrations. `damaged` is the code of the event for a damaged file, with the
    fields of TWL-J001."""

    def __init__(
        self,
        path: Path,
        migrations: tuple[Migration, ...],
        on_event: OnEvent,
        *,
        precious: bool = False,
        damaged: str = "TWL-J001",
    ) -> None:
        self._path = path
        self._precious = precious
        self._damaged = damaged
        self._turn = threading.RLock()
        self._migrations = migrations
        self._on_event = on_event
        self._status = FileStatus(path, on_event)
        self._connection: sqlite3.Connection | None = None
        self._refuses_writing = False

    @property
    def place(self) -> str:
        """See `Database`."""
        return str(self._path)

    def write(self, work: Work[T]) -> T:
        """See `Database`."""
        with self._turn:
            return self._run(lambda connection: in_transaction(connection, work), writes=True)

    def read(self, work: Work[T]) -> T:
        """See `Database`."""
        with self._turn:
            return self._run(work)

    def read_only(self, work: Callable[[SqlConnection, int], T]) -> T | None:
        """See `Database`."""
        if not self._path.exists():
            return None
        try:
            with closing(open_to_read(self._path)) as connection:
                form = int(connection.execute("PRAGMA user_version").fetchone()[0])
                return work(connection, form) if form else None  # 0: the service has just created the file
        except (*REFUSALS, OSError) as error:
            raise Unusable(reason_of(error)) from error

    def used_bytes(self, connection: SqlConnection) -> int:
        """See `Database`: without the pages that are free."""
        size, pages, free = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
        return int(size * (pages - free))

    def discard(self) -> bool:
        """Deletes the file to make room; False if that would free next to nothing or cannot be done."""
        paths = [self._path.with_name(self._path.name + tail) for tail in TAILS]
        try:
            size = sum(path.stat().st_size for path in paths if path.exists())
            if size < WORTH_DROPPING:
                return False
            self.close()
            for path in paths:
                path.unlink(missing_ok=True)
        except OSError:
            return False
        self._on_event(new_event("TWL-J005", file=str(self._path), freed_bytes=size))
        return True

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        with self._turn:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.close()
            self._connection = None

    def _run(self, work: OwnWork[T], *, writes: bool = False) -> T:
        try:
            try:
                result = self._attempt(work)
            except REFUSALS as error:
                if not is_damage(error) or (self._precious and isinstance(error, NewerSchema)):
                    raise
                self._set_aside(error)
                result = self._attempt(work)
        except (*REFUSALS, OSError) as error:
            self._refuses_writing |= writes and not is_busy(error)
            raise self._status.fails(error) from error
        self._refuses_writing = self._refuses_writing and not writes and not self._can_write_again()
        if not self._refuses_writing:
            self._status.works()
        return result

    def _can_write_again(self) -> bool:
        """Whether writing works again: after a failure of the disk reading alone may still work."""
        form = len(self._migrations)
        with suppress(*REFUSALS, OSError):
            self._attempt(lambda it: in_transaction(it, lambda own: own.execute(f"PRAGMA user_version = {form}")))
            return True
        return False

    def _set_aside(self, error: Exception) -> None:
        self.close()
        file = str(self._path)
        if isinstance(error, NewerSchema):
            place = atomic.set_aside(self._path, TAILS, "newer").name
            known = len(self._migrations)
            self._on_event(new_event("TWL-J009", file=file, aside=place, found=error.found, known=known))
        else:
            place = atomic.set_aside(self._path, TAILS).name
            self._on_event(new_event(self._damaged, file=file, aside=place, reason=reason_of(error)))

    def _attempt(self, work: OwnWork[T]) -> T:
        if self._connection is None:
            self._connection = self._open()
        return work(self._connection)

    def _open(self) -> sqlite3.Connection:
        if self._path.is_dir():  # for example a container that mounted a path that did not exist
            raise sqlite3.DatabaseError("it is a directory")
        if self._precious:
            _create_private(self._path)
        wait_s = PRECIOUS_BUSY_S if self._precious else BUSY_S
        connection = sqlite3.connect(self._path, timeout=wait_s, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={'FULL' if self._precious else 'NORMAL'}")
            connection.execute(f"PRAGMA secure_delete={'ON' if self._precious else 'OFF'}")
            connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            in_transaction(connection, self._check_and_migrate)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_and_migrate(self, connection: sqlite3.Connection) -> None:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found > len(self._migrations):
            raise NewerSchema(found, len(self._migrations))
        for number, statements in enumerate(self._migrations[found:], found + 1):
            for statement in in_dialect(statements, "sqlite"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number}")


def _create_private(path: Path) -> None:
    """Creates the file if needed. SQLite gives its log the same mode and owner."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    os.close(descriptor)
    atomic.hand_over(path)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Opens the file for reading only, without leaving anything behind. Raises the errors of SQLite."""
    # SQLite would create a write-ahead log for a reader too and leave it behind, maybe as a user whose files the
    # service cannot open; if there is none nobody writes, and the file is read as immutable
    way = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{way}", timeout=READ_WAIT_S, uri=True)


def in_transaction(connection: sqlite3.Connection, work: OwnWork[T]) -> T:
    """Runs all of the work or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # after a full disk SQLite has already rolled back
            connection.execute("ROLLBACK")
        raise
    return result


def is_damage(error: Exception) -> bool:
    """Whether the file itself is damaged, and the error is not due to a lock, the disk or our own use of it."""
    if isinstance(error, sqlite3.OperationalError):
        # our statements are constants, so a missing table or column is damage; so is a text that cannot be read, for
        # which Python gives no code
        code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return code & 0xFF == sqlite3.SQLITE_ERROR
    return not isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError)
