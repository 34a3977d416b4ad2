"""One SQLite file of the state directory.

1. It is opened at the first use, checked, and migrated forward in one transaction; `prepare` runs in that transaction
   each time, so that whoever owns the content can put back what a new file lacks.
2. A damaged file is set aside with its write-ahead log and started anew, and the work is done again.
3. A file whose schema is newer than ours is never touched, in this life of the process.
4. Everything else that SQLite refuses passes: a lock, a full or read-only disk. It is told once; the next use tries
   again. No use waits longer than BUSY_S for a lock.

All of it happens in the one thread that uses it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar

from controller.events import new_event
from controller.state import atomic
from controller.state.json_file import FileStatus, Tell, Unusable

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Migration = tuple[str, ...]

BUSY_S = 0.25
CHECKPOINT_PAGES = 256
WORTH_DROPPING = 128 * 1024
TAILS = ("-wal", "-shm", "")
"""The files of a database in the order in which they may vanish: a log that outlives its file would be replayed into
the next one."""
REFUSALS = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; Python cannot decode its message where that quotes what is damaged."""
PASSING = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_AUTH,
    }
)


class Newer(Exception):  # noqa: N818
    """The file's schema is of a later version of the program."""

    def __init__(self, found: int) -> None:
        super().__init__(f"schema {found}")
        self.found = found


class Database:
    """A file, its schema as a tuple of migrations, and what to do each time it is opened."""

    def __init__(
        self,
        path: Path,
        migrations: tuple[Migration, ...],
        tell: Tell,
        prepare: Work[None] | None = None,
        synchronous: Literal["NORMAL", "FULL"] = "NORMAL",
    ) -> None:
        self._path = path
        self._migrations = migrations
        self._tell = tell
        self._prepare = prepare
        self._synchronous = synchronous
        self._trouble = FileStatus(path, tell)
        self._connection: sqlite3.Connection | None = None
        self._newer = False

    def write(self, work: Work[T]) -> T:
        """What `work` gives, in one transaction that is committed when this returns; raises Unusable."""
        return self._run(work, "BEGIN IMMEDIATE")

    def read(self, work: Work[T]) -> T:
        """What `work` gives, in one view of the database that no other writer moves; raises Unusable."""
        return self._run(work, "BEGIN")

    def discard(self) -> bool:
        """Delete the file to make room; False where that would free next to nothing or cannot be done."""
        paths = [self._path.with_name(self._path.name + tail) for tail in TAILS]
        try:
            size = sum(path.stat().st_size for path in paths if path.exists())
            if self._newer or size < WORTH_DROPPING:
                return False
            self.close()
            for path in paths:
                path.unlink(missing_ok=True)
        except OSError:
            return False
        self._tell(new_event("TWL-J005", file=str(self._path), freed_bytes=size))
        return True

    def close(self) -> None:
        """Let the file go; the next use opens it again."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _run(self, work: Work[T], begin: str) -> T:
        if self._newer:
            raise Unusable(f"{self._path.name}: written by a newer version")
        try:
            result = self._mended(work, begin)
        except Newer as newer:
            self._newer = True
            known = len(self._migrations)
            self._tell(new_event("TWL-J002", file=str(self._path), found=newer.found, known=known))
            raise Unusable(f"{self._path.name}: written by a newer version") from newer
        except (*REFUSALS, OSError) as error:
            raise self._trouble.failed(error) from error
        self._trouble.fine()
        return result

    def _mended(self, work: Work[T], begin: str) -> T:
        try:
            return self._attempt(work, begin)
        except REFUSALS as error:
            if not is_damage(error):
                raise
            self.close()
            place = atomic.set_aside(self._path, TAILS)
            self._tell(new_event("TWL-J001", file=str(self._path), aside=place.name, reason=str(error)))
            return self._attempt(work, begin)

    def _attempt(self, work: Work[T], begin: str) -> T:
        if self._connection is None:
            self._connection = self._open()
        with transaction(self._connection, begin):
            return work(self._connection)

    def _open(self) -> sqlite3.Connection:
        self._refuse_newer(self._peek())
        connection = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _peek(self) -> int:
        """The schema's version, asked without writing; 0 where that cannot be told, as while a log is hot."""
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(uri, timeout=0, uri=True)) as peek:
            return version(peek)
        return 0

    def _set_up(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        with transaction(connection, "BEGIN IMMEDIATE"):
            found = version(connection)
            self._refuse_newer(found)
            for number, statements in enumerate(self._migrations[found:], found + 1):
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={number}")
            if self._prepare is not None:
                self._prepare(connection)

    def _refuse_newer(self, found: int) -> None:
        if found > len(self._migrations):
            raise Newer(found)


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # SQLite has rolled back by itself after a full disk
            connection.execute("ROLLBACK")
        raise


def version(connection: sqlite3.Connection) -> int:
    """How many migrations the file has seen."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_damage(error: Exception) -> bool:
    """Whether the file itself is at fault.

    Our statements are constants, so a table or column that they miss is damage too; so is a value that cannot be
    read, for which Python gives no code.
    """
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return False
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF not in PASSING
