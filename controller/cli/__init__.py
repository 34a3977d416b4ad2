"""`watertower`: the commands.

Data goes to stdout, messages go to stderr. Exit codes: 0 fine, 1 found problems, 2 usage, 69 a service cannot be
reached, 78 configuration, 130 interrupted. A reader that closes the pipe (`| head -1`) ends a command with 0.
"""

import errno
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from controller import __version__
from controller.cli.command_line import TranslatedContext, refusal, requested_language, translate, unknown
from controller.cli.options import FOUND_PROBLEMS, INTERRUPTED, USAGE, Options, print_error, shared_options
from controller.errors import Refused
from controller.events.reasons import reason_of
from controller.locale import texts

COMMANDS = {
    "run": "run",
    "demo": "demo",
    "check": "check",
    "history": "history",
    "undo": "history",
    "new": "new",
    "plan": "plan",
    "status": "status",
    "logs": "logs",
    "report": "report",
    "rehearse": "rehearse",
    "override": "override",
    "resume": "override",
    "stop": "override",
    "gateway": "gateway",
    "check-gateway": "check_gateway",
    "test-lamps": "test_lamps",
    "test-notice": "test_notice",
    "preview": "preview",
    "import-fixture": "import_fixture",
    "password": "password",
    "user": "user",
    "audit": "user",
    "doctor": "doctor",
    "backup": "backup",
    "restore": "backup",
    "migrate": "migrate",
    "explain": "explain",
    "schema": "schema",
}
"""Command -> the module of `controller.cli` that defines it, imported when the command is called."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of writing to stdout on a full disk."""


class Commands(click.Group):
    """Loads a command when it is called, so that `explain` need not load the whole service."""

    context_class = TranslatedContext

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        gc.disable()  # modules stay in memory: collecting garbage while they load takes a twelfth of the start-up time
        try:
            values = vars(importlib.import_module(f"controller.cli.{module}")).values()
        finally:
            gc.enable()
        command = next(value for value in values if isinstance(value, click.Command) and value.name == cmd_name)
        command.context_class = TranslatedContext
        if ctx.resilient_parsing:  # a shell completes the name, and some shells show what each command does
            translate(command, ctx)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise unknown(args[0], list(COMMANDS), ctx.command_path)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists each command with one sentence about it."""
        about = texts(ctx.find_root().obj.language, "help")
        with formatter.section("Commands"):
            formatter.write_dl([(name, about[name]["about"]) for name in COMMANDS])

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a closed pipe is caught here, because click would end with 1 before `main` could see it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _give_up_stdout()
            ctx.exit(0)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **more: Any) -> NoReturn:
        """Ends the process with one of the exit codes above; prints errors of click in our form."""
        words = list(sys.argv[1:] if args is None else args)
        options = Options(lang=requested_language(words))
        more["standalone_mode"] = False
        try:
            code = super().main(words, *rest, obj=options, **more)
        except click.UsageError as error:
            if error.ctx is not None:
                click.echo(error.ctx.get_usage(), err=True)
            print_error(refusal(error), options)
            code = USAGE
        except Refused as error:
            print_error(error, options)
            code = USAGE
        except (click.Abort, KeyboardInterrupt):
            code = INTERRUPTED
        except OSError as error:
            if error.errno not in FULL or error.filename is not None:
                raise
            _give_up_stdout()
            print_error(Refused("TWL-J024", file="stdout", reason=reason_of(error)), options)
            code = FOUND_PROBLEMS
        sys.exit(code)


def _give_up_stdout() -> None:
    """Redirects stdout; else the interpreter flushes the rest of the buffer at its end, and fails again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    "watertower",
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@shared_options
@click.version_option(__version__, prog_name="watertower")
@click.pass_context
def group(context: click.Context, config: Path | None, state: Path | None, lang: str | None, site: str | None) -> None:
    """Options before the name of a command."""
    context.obj = Options(config, state, lang or context.obj.lang, site)
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(USAGE)


def main() -> None:
    """The console script. A character that is missing in the terminal's encoding is printed as a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        group.main()
    finally:
        gc.freeze()  # else the last collections of the interpreter walk all imported objects: 50 ms a command
