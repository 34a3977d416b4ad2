"""What the state asks of a database, so that SQLite and PostgreSQL can each be one.

Statements are written in the SQL that both know, with `?` for values and `ON CONFLICT`; a migration names tables in
SQLite's words, which PostgreSQL's engine translates, and says both where that is not enough (`EachDialect`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class SqlResult(Protocol):
    """The answer to one statement."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:
        """The next row as a tuple, None after the last."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class SqlConnection(Protocol):
    """An open connection, as the work of a `Database` gets it."""

    def execute(self, statement: str, values: Any = (), /) -> SqlResult:
        """One statement."""

    def executemany(self, statement: str, rows: Iterable[Any], /) -> object:
        """One statement for each row of values."""


Work = Callable[[SqlConnection], T]


@dataclass(frozen=True)
class EachDialect:
    """Statements of a migration that the two engines say differently."""

    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]


Migration = tuple[str | EachDialect, ...]


class Database(Protocol):
    """Tables with their migrations, used by many threads and processes at once. What cannot be done raises Unusable and
    has been told."""

    @property
    def place(self) -> str:
        """What it is called in what is told: its file, or the server and its name there."""

    def write(self, work: Work[T]) -> T:
        """The result of the work, in one transaction that is durable when this returns."""

    def outside(self, work: Work[T]) -> T:
        """The result of the work, in no transaction: of one SELECT."""

    def look(self, work: Callable[[SqlConnection, int], T]) -> T | None:
        """The result of reading, by whoever is not the service too: nothing is made, migrated or set aside. The work is
        also handed how many migrations were done; None where nothing was ever written."""

    def used_bytes(self, connection: SqlConnection) -> int:
        """What it takes of the disk of this machine, within a transaction."""

    def discard(self) -> bool:
        """Give it up to make room on this machine; False where that frees nothing."""

    def close(self) -> None:
        """Let it go; the next use opens it again."""


def one(connection: SqlConnection, statement: str, *values: object) -> tuple[Any, ...] | None:
    """The first row that is found."""
    found: tuple[Any, ...] | None = connection.execute(statement, values).fetchone()
    return found


def in_dialect(migration: Migration, name: str) -> Sequence[str]:
    """The statements of a migration for the engine of this name, a field of EachDialect."""
    parts = ((part,) if isinstance(part, str) else getattr(part, name) for part in migration)
    return [statement for part in parts for statement in part]
