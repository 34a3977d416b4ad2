"""`watertower override LOOK --until END --reason …`: a look by hand, with an end that is never missing."""

import click

from controller.cli.options import Options, common
from controller.cli.send_request import ask


@click.command("override")
@click.argument("look", nargs=-1, required=True)
@click.option("--until", required=True)
@click.option("--reason", required=True)
@click.option("--brightness", default="100 %", show_default=True)
@common
def command(options: Options, look: tuple[str, ...], until: str, reason: str, brightness: str) -> None:
    """Show LOOK until END: a colour for all zones, or ZONE=COLOUR for some; the others follow the schedule."""
    ask(options, action="override", look=_by_zone(look), until=until, reason=reason, brightness=brightness)


def _by_zone(look: tuple[str, ...]) -> str | dict[str, str]:
    if not all("=" in part for part in look):
        return " ".join(look)
    pairs = (part.partition("=") for part in look)
    return {zone: color for zone, _, color in pairs}
