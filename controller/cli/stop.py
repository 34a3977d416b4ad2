"""`watertower stop`: the safety stop. Everything is dark until it is lifted with `resume --lift`."""

import click

from controller.cli.options import Options, common
from controller.cli.send_request import ask


@click.command("stop")
@click.option("--reason", required=True)
@common
def command(options: Options, reason: str) -> None:
    """Make everything dark now, above all schedules and overrides. It holds until `watertower resume --lift`. Exit code
    1 where a gateway does not confirm that it is dark; the stop holds all the same."""
    ask(options, action="stop", reason=reason)
