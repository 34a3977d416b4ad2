"""`accounts.db`: accounts, sessions, API tokens, drafts and the audit in one file; every change is synced to the disk.

It is used by the thread pool of the page and by commands in processes of their own at the same time.
"""

import errno
import secrets
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from controller.errors import Refused
from controller.state.database import REFUSALS
from controller.state.json_file import OnEvent, Unusable
from controller.state.sql import Migration, SqlConnection, Work
from controller.state.storage import Storage

ACCOUNTS = "accounts.db"
T = TypeVar("T")


class AccountsDown(Refused):
    """The accounts file cannot be used now: nothing was done."""


class AccountsFile:
    """The open database of accounts."""

    def __init__(self, place: Path | Storage, migrations: tuple[Migration, ...], on_event: OnEvent) -> None:
        storage = Storage.of(place)
        self._database = storage.database(ACCOUNTS, migrations, on_event, precious=True, damaged="TWL-A002")
        self.was_refused = False

    @property
    def place(self) -> str:
        """Name of the file or database in events."""
        return self._database.place

    def write(self, work: Work[T]) -> T:
        """The result of the work, in one transaction that is on the disk when this returns. Raises AccountsDown."""
        try:
            return self._database.write(work)
        except Unusable as error:
            self.was_refused = True
            raise AccountsDown("TWL-A001", file=self.place, reason=error.reason) from error

    def read(self, work: Work[T]) -> T:
        """The result of one SELECT, which waits for no other process. Raises AccountsDown."""
        try:
            return self._database.read(work)
        except Unusable as error:
            raise AccountsDown("TWL-A001", file=self.place, reason=error.reason) from error

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        self._database.close()


def has_accounts(storage: Storage) -> bool:
    """Whether there may be accounts. Raises OSError."""
    return storage.is_shared or (storage.directory / ACCOUNTS).exists()


KEY_TABLES = ("CREATE TABLE keys (use TEXT PRIMARY KEY, key TEXT NOT NULL)",)


def own_key(connection: SqlConnection, use: str) -> str:
    """A random key of this site for one use, made on first use; call it within a transaction."""
    connection.execute("INSERT INTO keys VALUES (?, ?) ON CONFLICT DO NOTHING", (use, secrets.token_hex(32)))
    key: str = connection.execute("SELECT key FROM keys WHERE use = ?", (use,)).fetchone()[0]
    return key


def instant(seconds: float) -> datetime:
    """Converts a timestamp of these tables, seconds, to an instant in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def end_all_sessions(file: Path) -> None:
    """Deletes all sessions from restored accounts: a session that has ended since would be valid again. Raises
    OSError."""
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(file)) as connection:
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sessions'").fetchone():
                connection.execute("DELETE FROM sessions")
                connection.commit()
    except REFUSALS as error:
        raise OSError(errno.EIO, str(error), str(file)) from error
