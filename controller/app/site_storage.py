"""The storage of a site as configured in tower.yaml. All sites of a process share one database server object."""

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from controller.config.tower import Tower
from controller.errors import Misconfigured, place_of
from controller.state.storage import Storage

if TYPE_CHECKING:
    from controller.state.postgresql import PostgresServer

CREDENTIAL = "database-password"
"""Name of the systemd credential: `LoadCredential=database-password:…`."""


def storage_of(tower: Tower, state: Path, site: str | None) -> Storage:
    """Where the state of a site is stored; `site` is the name of one of several sites. Raises Misconfigured: TWL-Q160
    without psycopg, TWL-Q161 for an address that libpq does not accept."""
    if tower.database is None:
        return Storage(state)
    password_file, credentials = tower.database.password_file, os.environ.get("CREDENTIALS_DIRECTORY")
    if password_file is None and credentials and Path(credentials, CREDENTIAL).is_file():
        password_file = Path(credentials, CREDENTIAL)
    return Storage(state, _server(tower.database.url, password_file), site or "")


@cache
def _server(url: str, password_file: Path | None) -> "PostgresServer":
    try:
        from controller.state.postgresql import PostgresServer  # noqa: PLC0415  psycopg is not needed without it
    except ImportError as error:
        raise Misconfigured("TWL-Q160", reason=f"{place_of(error)}: {error}") from error
    try:
        return PostgresServer(url, password_file)
    except ValueError as error:
        raise Misconfigured("TWL-Q161", reason=str(error)) from error
