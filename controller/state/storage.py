"""Where the state of a site is stored: in files of its state directory, or in a PostgreSQL database for all sites.

Everything is either tables with their migrations (`Database`), or a folder of small texts by name (`Folder`), one of
which a `JsonDocument` reads and writes. Only this file chooses the engine.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from controller.state.database import SqliteDatabase
from controller.state.folder import FileFolder, Folder
from controller.state.json_file import Content, JsonDocument, OnEvent
from controller.state.sql import Database, Migration

if TYPE_CHECKING:
    from controller.state.postgresql import PostgresServer

C = TypeVar("C", bound=Content)


@dataclass(frozen=True)
class Storage:
    """`directory` is the state directory on this machine, which holds everything if there is no `server`. `site` is the
    name of one of several sites, empty for the only one."""

    directory: Path
    server: "PostgresServer | None" = None
    site: str = ""

    @staticmethod
    def of(place: "Path | Storage") -> "Storage":
        """Accepts a path too: all state is then in files below it."""
        return place if isinstance(place, Storage) else Storage(place)

    @property
    def is_shared(self) -> bool:
        """Whether other machines may change it."""
        return self.server is not None

    def database(
        self,
        name: str,
        migrations: tuple[Migration, ...],
        on_event: OnEvent,
        *,
        precious: bool = False,
        damaged: str = "TWL-J001",
    ) -> Database:
        """The tables that are in the file of this name if there is no server; see `SqliteDatabase`."""
        if self.server is not None:
            from controller.state.postgres_storage import PostgresDatabase  # noqa: PLC0415  only with a database

            return PostgresDatabase(self.server, self.server.schema(self.site), name, migrations)
        return SqliteDatabase(self.directory / name, migrations, on_event, precious=precious, damaged=damaged)

    def folder(self, name: str = "") -> Folder:
        """The folder of this name; an empty name is the state directory itself."""
        if self.server is not None:
            from controller.state.postgres_storage import PostgresFolder  # noqa: PLC0415  only with a database

            copy = None if name else FileFolder(self.directory)
            return PostgresFolder(self.server, self.server.schema(self.site), name, copy)
        return FileFolder(self.directory / name)

    def document(self, name: str, shape: type[C], on_event: OnEvent) -> JsonDocument[C]:
        """A small JSON document."""
        return JsonDocument(self.folder(), name, shape, on_event)
