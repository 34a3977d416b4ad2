"""Copies the files of a state directory to a database: every table and text, compared after copying.

Identical tables and texts that are there already are left as they are, so that an interrupted run can be repeated.
Copied database files and versions are renamed where they were; the small texts stay as the copies that a start without
the database uses. Nothing is copied if the database holds something different for the same table or text.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from controller.errors import Refused
from controller.events.reasons import reason_of
from controller.state import (
    accounts,
    accounts_file,
    atomic,
    history,
    lamp_results,
    notice_file,
    override_file,
    versions,
)
from controller.state.database import TAILS, SqliteDatabase
from controller.state.folder import FileFolder
from controller.state.in_use import out_of_use
from controller.state.json_file import MOST_BYTES, Unusable
from controller.state.postgres_storage import PostgresDatabase, PostgresFolder
from controller.state.postgresql import PostgresServer, ServerFailed
from controller.state.sql import Migration, SqlConnection

DATABASES: dict[str, tuple[Migration, ...]] = {
    history.FILE: history.MIGRATIONS,
    accounts_file.ACCOUNTS: accounts.MIGRATIONS,
}
DOCUMENTS = (override_file.FILE, lamp_results.FILE, notice_file.FILE)
BATCH = 1000
PATIENCE_S = 600.0
"""Seconds that a query may take when a year of minutes is copied; the service itself never waits that long."""
ASIDE = "migrated"


@dataclass(frozen=True)
class Migrated:
    """One table or folder of texts: the number of `rows` in the database, and whether they were there before."""

    name: str
    rows: int
    was_there: bool


def migrate(directory: Path, server: PostgresServer, site: str) -> tuple[Migrated, ...]:
    """Copies everything in a state directory to the schema of a site. Raises Refused: TWL-J022 if a program runs on the
    directory, TWL-J050 if the database holds something different, TWL-J051 for what cannot be read or written."""
    done: list[Migrated] = []
    try:
        with out_of_use(directory):
            for name in ("", versions.FOLDER):
                done += _texts(directory / name, PostgresFolder(server, server.schema(site), name, None), bool(name))
            for name, migrations in DATABASES.items():
                if (directory / name).exists():
                    done += _tables(
                        directory / name, PostgresDatabase(server, server.schema(site), name, migrations), migrations
                    )
            for name in DATABASES:
                if (directory / name).exists():
                    atomic.set_aside(directory / name, TAILS, ASIDE)
            if (directory / versions.FOLDER).exists():
                atomic.set_aside(directory / versions.FOLDER, label=ASIDE)
    except (OSError, Unusable) as error:
        is_servers = isinstance(error, ServerFailed) or isinstance(error.__cause__, ServerFailed)
        what = getattr(error, "filename", None) or (server.place if is_servers else directory)
        raise Refused("TWL-J051", what=str(what), reason=reason_of(error)) from error
    return tuple(done)


def _texts(directory: Path, target: PostgresFolder, is_all: bool) -> list[Migrated]:
    source = FileFolder(directory)
    names = [name for name in source.names() if (is_all or name in DOCUMENTS) and (directory / name).is_file()]
    there = 0
    for name in names:
        content = source.read(name, MOST_BYTES)
        try:
            found = target.read(name, MOST_BYTES)
        except FileNotFoundError:
            target.write(name, content)
            found = target.read(name, MOST_BYTES)
        else:
            there += 1
        if found != content:
            raise Refused("TWL-J050", database=target.place(name), what=str(directory / name))
    return [Migrated(str(directory), len(names), bool(names) and there == len(names))]


def _tables(file: Path, target: PostgresDatabase, migrations: tuple[Migration, ...]) -> list[Migrated]:
    source = SqliteDatabase(file, migrations, lambda _: None, precious=True)
    try:
        return source.write(lambda read: target.write(lambda written: _copied(file, read, written, target.place)))
    finally:
        source.close()


def _copied(file: Path, read: SqlConnection, written: SqlConnection, place: str) -> list[Migrated]:
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid"
    done = []
    for (table,) in read.execute(tables).fetchall():
        columns = [row[1] for row in read.execute(f"PRAGMA table_info({table})")]
        before = _checksum(written, table, columns)
        expected = _checksum(read, table, columns)
        if before[0] and before != expected:
            raise Refused("TWL-J050", database=place, what=f"{file} ({table})")
        if not before[0]:
            _copy(read, written, table, columns)
            if _checksum(written, table, columns) != expected:
                raise Refused("TWL-J050", database=place, what=f"{file} ({table})")
        done.append(Migrated(f"{file.name} {table}", expected[0], before == expected and bool(expected[0])))
    return done


def _copy(read: SqlConnection, written: SqlConnection, table: str, columns: list[str]) -> None:
    named, places = ", ".join(columns), ", ".join("?" * len(columns))
    batch: list[object] = []
    for row in read.execute(f"SELECT {named} FROM {table} ORDER BY 1"):  # noqa: S608  names of our own
        batch.append(row)
        if len(batch) == BATCH:
            written.executemany(f"INSERT INTO {table} ({named}) VALUES ({places})", batch)  # noqa: S608
            batch.clear()
    if batch:
        written.executemany(f"INSERT INTO {table} ({named}) VALUES ({places})", batch)  # noqa: S608
    if columns[0] == "id":
        sequence = "SELECT setval(pg_get_serial_sequence(?, 'id'), max(id)) FROM "
        written.execute(f"{sequence}{table} HAVING max(id) > 0", (table,))


def _checksum(connection: SqlConnection, table: str, columns: list[str]) -> tuple[int, str]:
    """The number of rows of a table, and a checksum of them."""
    digest, count = hashlib.sha256(), 0
    for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1"):  # noqa: S608
        digest.update(json.dumps(row).encode())
        count += 1
    return count, digest.hexdigest()
