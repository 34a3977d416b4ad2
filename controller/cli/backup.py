"""`watertower backup FILE` and `watertower restore FILE`: both folders of a site in one file, and back."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
from pydantic import BaseModel

from controller.app.last_good import LAST_GOOD
from controller.cli.options import (
    FOLDER,
    FOUND_PROBLEMS,
    Options,
    common,
    each_site,
    for_service,
    require_readable_state,
)
from controller.cli.used_by_service import accounts_storage, running_tower
from controller.cli.user import note_in_audit
from controller.clock import SystemClock
from controller.config.landmark_drawing import LandmarkFile
from controller.config.site_folder import SITES
from controller.errors import FilesRejected, WatertowerError
from controller.events.models import printable
from controller.rfc3339 import rfc3339
from controller.state import backup
from controller.state.audit import Act

MEGABYTE = 1_000_000
UNITS = Path("/etc/systemd/system")


@click.command("backup")
@click.argument("file", type=FOLDER)
@common
@for_service
def make(options: Options, file: Path) -> None:
    """Write the file, and show what is not in it."""
    require_readable_state(options)
    state = options.service_state
    if not any((folder / LAST_GOOD).is_dir() for folder in (state, *state.glob(f"{SITES}/*"))):
        raise WatertowerError("TWL-Q109", state=state)
    made = backup.make(file, options.config_dir, options.service_state, SystemClock().read().wall)
    megabytes = f"{max(0.1, made.size / MEGABYTE):.1f}"
    click.echo(options.text("backup.done", file=file, files=len(made.manifest.files), megabytes=megabytes))
    for name in made.left_out:
        click.echo(options.text("backup.left_out", path=printable(name)), err=True)
    for path in _outside(options):
        click.echo(options.text("backup.outside", path=printable(path)), err=True)
    server = accounts_storage(options).server
    if server is not None:
        click.echo(options.text("backup.database", database=server.place), err=True)
    raise SystemExit(FOUND_PROBLEMS if made.left_out else 0)


@click.command("restore")
@click.argument("file", type=FOLDER)
@click.option("--replace", is_flag=True)
@common
@for_service
def restore(options: Options, file: Path, replace: bool) -> None:
    """Restore the file, and show where the previous files are."""
    config, state = options.config_dir, options.service_state
    done = backup.restore(file, config, state, SystemClock().read().wall, replace=replace)
    manifest, made_at = done.manifest, rfc3339(done.manifest.made_at, timespec="seconds")
    fields = {"files": len(manifest.files), "version": printable(manifest.program), "made_at": made_at}
    click.echo(options.text("restore.done", config=config, state=state, **fields))
    for path in done.aside:
        click.echo(options.text("restore.aside", path=path))
    server = accounts_storage(options).server
    if server is None:
        click.echo(options.text("restore.next", made_at=made_at), err=True)
    else:
        click.echo(options.text("restore.next_with_database", database=server.place), err=True)
    note_in_audit(options, Act.BACKUP_RESTORED, after={"made_at": made_at, "program": manifest.program})


def _outside(options: Options) -> Iterator[Path]:
    """The files that tower.yaml names outside of the folders, and additions to the units."""
    named: dict[Path, None] = {}
    with suppress(FilesRejected):
        for each in each_site(options):
            with suppress(FilesRejected):
                named |= dict.fromkeys(_named_in(running_tower(each)))
    folders = [folder.resolve() for folder in (options.config_dir, options.service_state)]
    for path in named:
        if not any(path.resolve().is_relative_to(folder) for folder in folders):
            yield path
    if options.is_for_installed:
        yield from sorted(UNITS.glob("watertower*.service.d/*.conf"))


def _named_in(value: object) -> Iterator[Path]:
    """Every file named anywhere in a part of tower.yaml."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, LandmarkFile):
        yield value.path
    elif isinstance(value, BaseModel):
        for _, each in value:
            yield from _named_in(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from _named_in(each)
