"""`watertower password NAME`: prints a line for `users_file` of the embedded broker, with the hash of a password."""

import secrets
import sys

import click

from controller.broker.access import hashed
from controller.cli.options import Options, common, for_service
from controller.errors import Refused

LONGEST = 1000


@click.command("password")
@click.argument("name")
@common
@for_service
def command(options: Options, name: str) -> None:  # noqa: ARG001 -- the same in every language
    """Hash the password from standard input, or a generated one."""
    if not name.strip() or ":" in name or name != name.strip() or not name.isprintable() or name.startswith("#"):
        raise Refused("TWL-Q119", name=name)
    given = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read(LONGEST).rstrip("\r\n")
    password = given or secrets.token_urlsafe(15)
    if not given:
        click.echo(password, err=True)
    click.echo(f"{name}:{hashed(password)}")
