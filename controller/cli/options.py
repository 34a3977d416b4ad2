"""The options that every command has, before or after its name, and how an error ends a command."""

import contextlib
import getpass
import locale
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from controller import plain_file
from controller.config import render
from controller.config.findings import Finding, SourceText
from controller.config.load import SCHEDULE, TOWER
from controller.config.source import CREDENTIAL, INSTALLED, INSTALLED_STATE, LIMIT
from controller.errors import FilesRejected, Misconfigured, Refused, Unreachable, WatertowerError
from controller.events import new_event
from controller.locale import DEFAULT, Language, languages, phrase

FOUND_PROBLEMS, USAGE, UNREACHABLE, CONFIGURATION, INTERRUPTED = 1, 2, 69, 78, 130
FOLDER = click.Path(path_type=Path)
CREDENTIALS = (Path("/run/credentials/watertower.service"), INSTALLED)
"""Where the password is that systemd hands to the installed service: as it was handed over, else as it is kept."""

EXITS: dict[type[WatertowerError], int] = {
    Unreachable: UNREACHABLE,
    Misconfigured: CONFIGURATION,
    Refused: FOUND_PROBLEMS,
    WatertowerError: USAGE,
}

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Options:
    """The options that were given; None for one that was not."""

    config: Path | None = None
    state: Path | None = None
    lang: Language | None = None

    @property
    def config_dir(self) -> Path:
        """`./config` if it exists, else this folder if the schedule is in it, else the installed one."""
        if self.config is not None:
            return self.config
        below = Path("config")
        if not below.is_dir() and Path(SCHEDULE).is_file():
            return Path()
        return below if below.is_dir() or not INSTALLED.is_dir() else INSTALLED

    @property
    def is_for_installed(self) -> bool:
        """Whether the files are those of the service that is installed here."""
        return self.config_dir.resolve() == INSTALLED

    @property
    def state_dir(self) -> Path:
        """The folder that systemd gives, else for root and the files of the installed service that of the service, else
        the user's folder for state (XDG Base Directory). Raises WatertowerError TWL-Q118 for a user without a home
        folder, as in a container."""
        if self.state is not None:
            return self.state
        given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
        if given:
            return Path(given)
        if self.is_for_installed and os.geteuid() == 0:
            return INSTALLED_STATE
        try:
            return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "watertower"
        except RuntimeError as error:
            raise WatertowerError("TWL-Q118") from error

    @property
    def language(self) -> Language:
        """As given, else of the environment (LC_ALL, LC_MESSAGES, LANG), else English."""
        return self.lang or environment_language() or DEFAULT

    def say(self, key: str, **fields: object) -> str:
        """A text of the commands in that language, such as `plan.night_of`."""
        return phrase(self.language, key, **fields)


def environment_language() -> Language | None:
    """The language of the environment, None where it names none that we have."""
    name = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    code = (locale.normalize(name).split("_")[0]).lower()
    return code if code in languages() else None


def other_than_installed(options: Options) -> Iterator[Finding]:
    """Where no folder was named: files that differ from those of the service that is installed here."""
    if options.config is not None or options.config_dir == INSTALLED:
        return
    for name in (SCHEDULE, TOWER):
        path = options.config_dir / name
        with contextlib.suppress(OSError):
            if plain_file.read(INSTALLED / name, LIMIT) != plain_file.read(path, LIMIT):
                yield SourceText(str(path)).finding("TWL-S269", None, name=name, installed=INSTALLED)


def log_in_as_installed(options: Options) -> None:
    """For the files of the installed service: the password of the service, where the user may read it (root)."""
    if "CREDENTIALS_DIRECTORY" not in os.environ and options.is_for_installed:
        for folder in CREDENTIALS:
            if os.access(folder / CREDENTIAL, os.R_OK):
                os.environ["CREDENTIALS_DIRECTORY"] = str(folder)
                return


def tell_other_than_installed(options: Options) -> None:
    """The same on stderr, before a command talks to a service that may be another than the one that is installed."""
    if findings := tuple(other_than_installed(options)):
        click.echo(render.as_text(findings, options.language), err=True)


def caller() -> str:
    """Who calls the command: the user of the system, also one that became root by sudo."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        return "?"


def shared_options(command: F) -> F:
    """Adds the options that every command has."""
    for name, kind in (("lang", click.Choice(languages())), ("state", FOLDER), ("config", FOLDER)):
        command = click.option(f"--{name}", type=kind)(command)
    return command


def common(command: F) -> F:
    """Adds the shared options to a command and calls it with those that were given, here or before its name."""

    @shared_options
    @click.pass_context
    @wraps(command)
    def with_options(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        chosen = {key: value for key in ("config", "state", "lang") if (value := kwargs.pop(key)) is not None}
        options = replace(context.obj or Options(), **chosen)
        log_in_as_installed(options)
        return refusing(options, lambda: command(options, *args, **kwargs))

    return with_options  # type: ignore[return-value]


def refusing(options: Options, act: Callable[[], Any]) -> Any:
    """Runs a command; an error of ours is printed on stderr and ends the process with its exit code."""
    try:
        return act()
    except FilesRejected as error:
        click.echo(render.as_text(error.findings, options.language), err=True)
        sys.exit(CONFIGURATION)
    except WatertowerError as error:
        tell(error, options)
        sys.exit(next(code for kind, code in EXITS.items() if isinstance(error, kind)))


def tell(error: WatertowerError, options: Options) -> None:
    """Prints an error of ours and its remedy on stderr."""
    click.echo(said(error, options), err=True)


def said(error: WatertowerError, options: Options) -> str:
    """An error of ours and its remedy, in two lines."""
    event = new_event(error.code, **error.fields)
    return f"{event.code}: {event.text(options.language)}\n  = {event.action(options.language)}"
