"""`accounts.db`: accounts, sessions, API tokens, drafts and the audit in one file, whose every act is on the disk.

It is used by the thread pool of the page and by commands in processes of their own at the same time.
"""

import secrets
import sqlite3
from pathlib import Path
from typing import Any, TypeVar

from controller.errors import Refused
from controller.state.database import Database, Migration, Work
from controller.state.json_file import OnEvent, Unusable

ACCOUNTS = "accounts.db"
T = TypeVar("T")


class NotKept(Refused):
    """The accounts file cannot be used now: nothing was done."""


class AccountsFile:
    """The open file."""

    def __init__(self, directory: Path, migrations: tuple[Migration, ...], on_event: OnEvent) -> None:
        self.path = directory / ACCOUNTS
        self._database = Database(self.path, migrations, on_event, precious=True, damaged="TWL-A002")

    def write(self, work: Work[T]) -> T:
        """The result of the work, in one transaction that is on the disk when this returns. Raises NotKept."""
        try:
            return self._database.write(work)
        except Unusable as error:
            raise NotKept("TWL-A001", file=str(self.path), reason=error.reason) from error

    def read(self, work: Work[T]) -> T:
        """The result of one SELECT, which waits for no other process. Raises NotKept."""
        try:
            return self._database.outside(work)
        except Unusable as error:
            raise NotKept("TWL-A001", file=str(self.path), reason=error.reason) from error

    def close(self) -> None:
        """Let the file go; the next use opens it again."""
        self._database.close()


KEY_TABLES = ("CREATE TABLE keys (use TEXT PRIMARY KEY, key TEXT NOT NULL)",)


def own_key(connection: sqlite3.Connection, use: str) -> str:
    """A random key of this site for one use, made at the first; within a transaction."""
    connection.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (use, secrets.token_hex(32)))
    key: str = connection.execute("SELECT key FROM keys WHERE use = ?", (use,)).fetchone()[0]
    return key


def one(connection: sqlite3.Connection, statement: str, *values: object) -> tuple[Any, ...] | None:
    """The first row that is found."""
    found: tuple[Any, ...] | None = connection.execute(statement, values).fetchone()
    return found
