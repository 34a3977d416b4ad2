"""`watertower resume`: back to the schedule; with `--lift` the safety stop is lifted."""

import click

from controller.cli.options import Options, common
from controller.cli.send_request import ask


@click.command("resume")
@click.option("--reason", default="–", show_default=False, help="Why; it stands in the log.")
@click.option("--lift", is_flag=True, help="Lift the safety stop; without it a stop holds.")
@common
def command(options: Options, reason: str, lift: bool) -> None:
    """End what was set by hand. A safety stop ends only with --lift."""
    ask(options, action="lift" if lift else "resume", reason=reason)
