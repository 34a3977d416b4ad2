"""What is kept in a PostgreSQL database: tables beside others in the schema of their site, and small texts, with copies
in the state directory for a start without it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from controller.state.atomic import SET_ASIDE
from controller.state.folder import ChangedElsewhere, FileFolder
from controller.state.json_file import MOST_BYTES, Unusable
from controller.state.postgresql import PostgresServer, ServerFailed, form_of
from controller.state.sql import Migration, SqlConnection, Work

T = TypeVar("T")

DOCUMENTS: tuple[Migration, ...] = (
    (
        """CREATE TABLE documents (
            folder TEXT NOT NULL, name TEXT NOT NULL, content BYTEA NOT NULL, version INTEGER NOT NULL,
            PRIMARY KEY (folder, name)
        )""",
    ),
)
RENAME = "UPDATE documents SET name = ? WHERE folder = ? AND name = ? RETURNING 1"


class PostgresDatabase:
    """A `Database` in a schema; it is never set aside or discarded."""

    def __init__(self, server: PostgresServer, schema: str, name: str, migrations: tuple[Migration, ...]) -> None:
        self._server = server
        self._schema = schema
        self._name = name
        self._migrations = migrations

    @property
    def place(self) -> str:
        """See `Database`."""
        return f"{self._server.place} ({self._name})"

    def write(self, work: Work[T]) -> T:
        """See `Database`."""
        return self._use(work, turns=True)

    def read(self, work: Work[T]) -> T:
        """See `Database`; it would commit writes too."""
        return self._use(work, turns=False)

    def read_only(self, work: Callable[[SqlConnection, int], T]) -> T | None:
        """See `Database`."""

        def read(connection: SqlConnection) -> T | None:
            form = form_of(connection, self._schema, self._name)
            return work(connection, form) if form else None

        try:
            return self._server.use(self._schema, self._name, read)
        except ServerFailed as error:
            raise Unusable(error.reason) from error

    def used_bytes(self, connection: SqlConnection) -> int:  # noqa: ARG002
        """Always 0: the disk is another machine's."""
        return 0

    def discard(self) -> bool:
        """Always False: it would make no room on this machine."""
        return False

    def close(self) -> None:
        """Does nothing: the connections belong to the server object."""

    def _use(self, work: Work[T], *, turns: bool) -> T:
        try:
            self._server.prepare(self._schema, self._name, self._migrations)
            return self._server.use(self._schema, self._name, work, turns=turns)
        except ServerFailed as error:
            raise Unusable(error.reason) from error


class PostgresFolder:
    """A `Folder` in a schema. With a `copy`, texts are also stored there, and read from there if the server cannot be
    used; a text that only the copy has, from before the database was used, is copied to the database."""

    reports_failures = True

    def __init__(self, server: PostgresServer, schema: str, folder: str, copy: FileFolder | None) -> None:
        self._server = server
        self._schema = schema
        self._folder = folder
        self._copy = copy
        self._versions: dict[str, int] = {}
        self._behind: set[str] = set()

    def place(self, name: str) -> str:
        """See `Folder`."""
        return "/".join(part for part in (self._server.place, self._folder, name) if part)

    def names(self) -> list[str]:
        """See `Folder`."""
        return [row[0] for row in self._rows("SELECT name FROM documents WHERE folder = ?", self._folder)]

    def read(self, name: str, most: int) -> bytes:
        """See `Folder`."""
        try:
            found = self._row("SELECT content, version FROM documents WHERE folder = ? AND name = ?", name)
        except ServerFailed:
            self._behind.add(name)
            if self._copy is None:
                raise
            return self._copy.read(name, most)
        self._behind.discard(name)
        self._versions[name] = found[1] if found else 0
        if found is None:
            return self._taken_from_copy(name, most)
        content = bytes(found[0])
        self._keep_copy(name, content)
        return content

    def write(self, name: str, data: bytes) -> None:
        """See `Folder`."""
        if name in self._behind:
            self._catch_up(name)
        try:
            statement, values = _writing(self._versions.get(name), name, data)
            found = self._row(statement, *values)
        except ServerFailed:
            self._behind.add(name)  # it may have been written
            raise
        if found is None:
            del self._versions[name]
            raise ChangedElsewhere
        self._versions[name] = found[0]
        self._keep_copy(name, data)

    def delete(self, name: str) -> None:
        """See `Folder`."""
        self._row("DELETE FROM documents WHERE folder = ? AND name = ? RETURNING 1", name)

    def size(self, name: str) -> int | None:
        """See `Folder`."""
        found = self._row("SELECT octet_length(content) FROM documents WHERE folder = ? AND name = ?", name)
        return found[0] if found else None

    def set_aside(self, name: str) -> str:
        """See `Folder`."""
        places = [f"{name}.corrupt-{number}" for number in range(1, SET_ASIDE + 1)]
        aside = next((place for place in places if place not in self.names()), places[-1])
        self.delete(aside)
        self._rows(RENAME, aside, self._folder, name)
        self._versions[name] = 0
        if self._copy is not None and self._copy.size(name) is not None:
            self._copy.set_aside(name)
        return aside

    def stamp(self, name: str) -> object:
        """See `Folder`."""
        return self._row("SELECT version FROM documents WHERE folder = ? AND name = ?", name)

    def is_behind(self, name: str) -> bool:
        """See `Folder`."""
        if name in self._behind or name not in self._versions:
            return name in self._behind
        found = self._row("SELECT version FROM documents WHERE folder = ? AND name = ?", name)
        return (found[0] if found else 0) != self._versions[name]

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `Folder`."""
        with self._server.held(self._schema, self._folder):
            yield

    def _taken_from_copy(self, name: str, most: int) -> bytes:
        if self._copy is None:
            raise FileNotFoundError
        content = self._copy.read(name, most)
        self.write(name, content)
        return content

    def _catch_up(self, name: str) -> None:
        """Reads the version that belongs to the content in the copy. Raises ChangedElsewhere if it has changed
        since."""
        known = None
        if self._copy is not None:
            with suppress(FileNotFoundError):
                known = self._copy.read(name, MOST_BYTES)
        found = self._row("SELECT content, version FROM documents WHERE folder = ? AND name = ?", name)
        self._behind.discard(name)
        self._versions[name] = found[1] if found else 0
        if found is not None and bytes(found[0]) != known:
            raise ChangedElsewhere

    def _keep_copy(self, name: str, content: bytes) -> None:
        if self._copy is None:
            return
        with suppress(OSError):  # the database has it
            if self._copy.size(name) != len(content) or self._copy.read(name, MOST_BYTES) != content:
                self._copy.write(name, content)

    def _row(self, statement: str, *values: object) -> Any:
        """One row about a text; `values` begin with its name."""
        return next(iter(self._rows(statement, self._folder, *values)), None)

    def _rows(self, statement: str, *values: object) -> list[Any]:
        self._server.prepare(self._schema, "documents", DOCUMENTS)
        return self._server.use(
            self._schema, "documents", lambda connection: connection.execute(statement, values).fetchall()
        )


def _writing(version: int | None, name: str, data: bytes) -> tuple[str, tuple[object, ...]]:
    """The statement that writes a text if this version of it is stored, and its values; None is any version."""
    insert = "INSERT INTO documents (folder, name, content, version) VALUES (?, ?, ?, 1)"
    if version is None:
        more = "ON CONFLICT (folder, name) DO UPDATE SET content = excluded.content, version = documents.version + 1"
        return f"{insert} {more} RETURNING version", (name, data)
    if version == 0:
        return f"{insert} ON CONFLICT DO NOTHING RETURNING version", (name, data)
    update = """UPDATE documents SET content = changed.content, version = documents.version + 1
        FROM (SELECT ?::text AS folder, ?::text AS name, ?::bytea AS content, ?::bigint AS version) AS changed
        WHERE documents.folder = changed.folder AND documents.name = changed.name
            AND documents.version = changed.version RETURNING documents.version"""
    return update, (name, data, version)
