"""Tables in a PostgreSQL database, beside others in the schema of their site."""

from collections.abc import Callable
from typing import TypeVar

from controller.state.json_file import Unusable
from controller.state.postgresql import PostgresServer, ServerFailed, form_of
from controller.state.sql import Migration, SqlConnection, Work

T = TypeVar("T")


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
