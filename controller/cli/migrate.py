"""`watertower migrate`: copies the state of the site from files to the database that tower.yaml names."""

from pathlib import Path

import click

from controller.cli.options import Options, common, for_each_site
from controller.cli.used_by_service import accounts_storage, storage
from controller.errors import WatertowerError
from controller.state.storage import Storage


@click.command("migrate")
@common
@for_each_site()
def command(options: Options) -> None:
    """Copy, compare, and show what was done."""
    seen: set[Path] = set()
    for where in (storage(options), accounts_storage(options)):
        if where.directory not in seen:
            seen.add(where.directory)
            _migrate(where, options)
    click.echo(options.text("migrate.next"), err=True)


def _migrate(where: Storage, options: Options) -> None:
    if where.server is None:
        raise WatertowerError("TWL-Q162")
    from controller.state.migrate import PATIENCE_S, migrate  # noqa: PLC0415  psycopg is needed

    server = where.server.patient(PATIENCE_S)
    try:
        done = migrate(where.directory, server, where.site)
    finally:
        server.close()
    for part in done:
        kept = "there" if part.was_there else "copied"
        click.echo(options.text(f"migrate.{kept}", name=part.name, rows=part.rows))
