"""`watertower schema`: the JSON Schema of one of the two files, for editors."""

import click

from controller.cli.options import Options, common
from controller.config.schema import SCHEMAS, written


@click.command("schema")
@click.argument("file", type=click.Choice(list(SCHEMAS)), default="schedule")
@common
def command(options: Options, file: str) -> None:  # noqa: ARG001 -- the same in every language
    """Print a JSON Schema as it is shipped in `config/`."""
    click.echo(written(file), nl=False)
