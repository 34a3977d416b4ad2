"""`watertower`: the commands. The only room where the parts are put together.

Data goes to stdout, talk to stderr. Exit codes: 0 fine, 1 found problems, 2 usage, 69 a service cannot be reached,
78 configuration, 130 interrupted.
"""

import importlib
from pathlib import Path

import click

from controller import __version__
from controller.cli.options import Options

COMMANDS = {
    "run": "run",
    "demo": "demo",
    "check": "check",
    "plan": "plan",
    "status": "status",
    "rehearse": "rehearse",
    "override": "override",
    "resume": "resume",
    "stop": "stop",
    "gateway": "gateway",
    "test-lamps": "test_lamps",
    "preview": "preview",
    "import-fixture": "import_fixture",
    "explain": "explain",
    "schema": "schema",
}
"""Command -> the module of `controller.cli` that holds it, imported when it is called."""


class Commands(click.Group):
    """Loads a command when it is asked for, so that `explain` need not load the whole service."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        found: click.Command = importlib.import_module(f"controller.cli.{module}").command
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="Folder of the two files (./config).")
@click.option("--state", type=click.Path(path_type=Path), help="Folder of what outlives a restart.")
@click.option("--lang", type=click.Choice(["en", "sv"]), help="Language of texts (from LANG).")
@click.version_option(__version__, prog_name="watertower")
@click.pass_context
def group(context: click.Context, config: Path | None, state: Path | None, lang: str | None) -> None:
    """Lights a landmark as its calendar says, and knows that every lamp obeyed."""
    context.obj = Options(config, state, "sv" if lang == "sv" else "en" if lang == "en" else None)


def main() -> None:
    """The console script; an interruption ends with 130 as a shell expects."""
    try:
        group.main(standalone_mode=True)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
