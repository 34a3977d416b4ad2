"""`watertower import-fixture FILE --mode NAME`: converts an Open Fixture Library file to a profile of this site."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from controller import plain_file
from controller.cli.options import Options, common, for_service, print_error
from controller.errors import Misconfigured, Refused
from controller.events.models import printable
from controller.events.reasons import reason_of
from controller.fixtures.ofl import import_fixture, modes
from controller.lighting.profile import dump_profile
from controller.state.atomic import write

LARGEST = 2_000_000
NAME = re.compile(r"[a-z0-9_-]{1,64}")


def _plain(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    """Checks the name of a profile: tower.yaml uses it, and it is no path."""
    if name is not None and not NAME.fullmatch(name):
        raise click.BadParameter("a–z, 0–9, -, _")
    return name


@click.command("import-fixture")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--mode")
@click.option("--name", callback=_plain)
@click.option("--force", is_flag=True)
@common
@for_service
def command(options: Options, file: Path, mode: str | None, name: str | None, force: bool) -> None:
    """Import one mode of a fixture, or list its modes."""
    with _usable(file):
        text = plain_file.read(file, LARGEST).decode("utf-8-sig")
    if mode is None:
        click.echo("\n".join(map(printable, modes(text))))
        return
    imported = import_fixture(text, mode)
    path = options.config_dir / "profiles" / f"{name or _name(file, mode)}.yaml"
    if path.exists() and not force:
        raise Refused("TWL-Q107", path=str(path))
    with _usable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, dump_profile(imported.profile, imported.names).encode())
    channels = len(imported.profile.channels)
    click.echo(options.text("import-fixture.written", path=path, name=path.stem, count=channels))
    for doubt in imported.doubts:
        print_error(doubt, options)


def _name(file: Path, mode: str) -> str:
    """A name that tower.yaml allows, for example `sixpar-300-ip-6ch`."""
    return re.sub("[^a-z0-9]+", "-", f"{file.stem}-{mode}".lower()).strip("-")[:64] or "fixture"


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    """Raises Misconfigured if a file cannot be read or written, or is larger than any fixture file."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise Misconfigured("TWL-Q106", path=str(path), reason=reason_of(error)) from error
