"""`watertower resume`: back to the schedule; with `--lift` the safety stop is lifted."""

import click

from controller.cli.options import Options, common
from controller.cli.send_request import ask


@click.command("resume")
@click.option("--reason", default="–", show_default=False)
@click.option("--lift", is_flag=True)
@common
def command(options: Options, reason: str, lift: bool) -> None:
    """End what was set by hand. A safety stop ends only with --lift."""
    ask(options, action="lift" if lift else "resume", reason=reason)
