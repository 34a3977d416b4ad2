"""`watertower schema`: the JSON Schema of one of the two files, for editors."""

import json

import click

from controller.cli.options import Options, common
from controller.config.schema import FILES, schema


@click.command("schema")
@click.argument("file", type=click.Choice(["schedule", "tower"]), default="schedule")
@common
def command(options: Options, file: str) -> None:  # noqa: ARG001 -- the same in every language
    """Print the JSON Schema of FILE."""
    click.echo(json.dumps(schema(FILES[f"{file}.schema.json"]), ensure_ascii=False, indent=2))
