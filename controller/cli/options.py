"""The options that every command has, before or after its name, and how an error ends a command."""

import contextlib
import getpass
import io
import json
import locale
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from controller import plain_file
from controller.config.findings import Finding, SourceText
from controller.config.load import SCHEDULE, TOWER
from controller.config.site_folder import SITES, ConfigFolder, SiteFolder, folders_of, has_sites, sites_in
from controller.config.source import CREDENTIAL, INSTALLED, INSTALLED_STATE, LIMIT
from controller.errors import FilesRejected, Misconfigured, Refused, Unreachable, WatertowerError
from controller.events import new_event
from controller.events.formatters import json_text
from controller.events.reasons import reason_of
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
    site: str | None = None
    """Of several sites the one that is meant; None where there is one, or all are."""

    @property
    def config_dir(self) -> Path:
        """`./config` if it exists, else this folder if the schedule is in it, else the installed one."""
        if self.config is not None:
            return self.config
        below = Path("config")
        if not below.is_dir() and (Path(SCHEDULE).is_file() or has_sites(Path())):
            return Path()
        return below if below.is_dir() or not INSTALLED.is_dir() else INSTALLED

    @property
    def is_for_installed(self) -> bool:
        """Whether the files are those of the service that is installed here."""
        return self.config_dir.resolve() == INSTALLED

    @property
    def folder(self) -> ConfigFolder:
        """The files of the site that is meant."""
        return SiteFolder(self.config_dir, self.site) if self.site is not None else self.config_dir

    @property
    def state_dir(self) -> Path:
        """The state directory of the site that is meant. Raises WatertowerError as `service_state` does."""
        return self.service_state / SITES / self.site if self.site is not None else self.service_state

    @property
    def service_state(self) -> Path:
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
    for folder in folders_of(options.folder):
        installed = INSTALLED / folder.relative_to(options.config_dir)
        for name in (SCHEDULE, TOWER):
            path = folder / name
            with contextlib.suppress(OSError):
                if plain_file.read(installed / name, LIMIT) != plain_file.read(path, LIMIT):
                    yield SourceText(str(path)).finding("TWL-S269", None, name=name, installed=installed)


def require_readable_state(options: Options) -> None:
    """Raises Refused TWL-Q137 where the installed service is meant and only root may read what it keeps: else a command
    would say that there is nothing."""
    if options.service_state != INSTALLED_STATE and options.is_for_installed and os.path.lexists(INSTALLED_STATE):
        is_named = options.state is not None or os.environ.get("STATE_DIRECTORY")
        if not is_named and not options.service_state.is_dir():
            raise Refused("TWL-Q137", state=INSTALLED_STATE)


def log_in_as_installed(options: Options) -> None:
    """For the files of the installed service: the password of the service, where the user may read it (root)."""
    if "CREDENTIALS_DIRECTORY" not in os.environ and options.is_for_installed:
        for folder in CREDENTIALS:
            if os.access(folder / CREDENTIAL, os.R_OK):
                os.environ["CREDENTIALS_DIRECTORY"] = str(folder)
                return


def _tell_findings(findings: tuple[Finding, ...], language: Language) -> None:
    """On stderr."""
    from controller.config.render import as_text  # noqa: PLC0415  nearly all files are right

    click.echo(as_text(findings, language), err=True)


def tell_other_than_installed(options: Options) -> None:
    """The same on stderr, before a command talks to a service that may be another than the one that is installed."""
    if findings := tuple(other_than_installed(options)):
        _tell_findings(findings, options.language)


def caller() -> str:
    """Who calls the command: the user of the system, also one that became root by sudo."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        return "?"


def shared_options(command: F) -> F:
    """Adds the options that every command has."""
    command = click.option("--site", cls=SiteOption)(command)
    for name, kind in (("lang", click.Choice(languages())), ("state", FOLDER), ("config", FOLDER)):
        command = click.option(f"--{name}", type=kind)(command)
    return command


class SiteOption(click.Option):
    """An option about several sites, which help shows only where there are some."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """As click does."""
        options = ctx.find_root().obj or Options()
        named = replace(options, config=ctx.params.get("config") or options.config)
        return super().get_help_record(ctx) if has_sites(named.config_dir) else None


def common(command: F) -> F:
    """Adds the shared options to a command and calls it with those that were given, here or before its name."""

    @shared_options
    @click.pass_context
    @wraps(command)
    def with_options(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        words = ("config", "state", "lang", "site")
        chosen = {key: value for key in words if (value := kwargs.pop(key)) is not None}
        options = replace(context.obj or Options(), **chosen)
        log_in_as_installed(options)
        return refusing(options, lambda: of_sites(command, options, *args, **kwargs))

    return with_options  # type: ignore[return-value]


def for_each_site(*one_alone: str) -> Callable[[F], F]:
    """A command that speaks of all sites where none is named, one after another; with one of these options, which say
    what cannot be said twice, it is for one site."""

    def marked(command: F) -> F:
        command.sites = one_alone  # type: ignore[attr-defined]
        return command

    return marked


def for_service(command: F) -> F:
    """A command that is not about one of several sites."""
    command.sites = None  # type: ignore[attr-defined]
    return command


def of_sites(command: Callable[..., Any], options: Options, *args: Any, **kwargs: Any) -> Any:
    """Runs a command for the site that is meant. Raises WatertowerError TWL-Q134 to TWL-Q136 where it is not clear
    which, and FilesRejected where there is none."""
    one_alone: Sequence[str] | None = getattr(command, "sites", ("",))
    if one_alone is None or (options.site is None and not has_sites(options.config_dir)):
        return command(options, *args, **kwargs)
    names, findings = known_sites(options)
    if options.site is not None:
        return command(options, *args, **kwargs)
    if any(word == "" or kwargs.get(word) for word in one_alone):
        raise WatertowerError("TWL-Q136", known=", ".join(names), first=names[0])
    if findings:
        _tell_findings(findings, options.language)
    is_json = bool(kwargs.get("as_json")) or kwargs.get("form") == "json"
    codes, documents = [CONFIGURATION if findings else 0], list[dict[str, object]]()
    for name in names:
        of_site = partial(command, replace(options, site=name), *args, **kwargs)
        if is_json:
            code, text, told = _captured(options, of_site)
            if told:
                click.echo(f"{name}: {told}", err=True, nl=False)
            documents.append({"name": name, "exit_code": code, **_document(text)})
        else:
            click.echo(f"{'' if name == names[0] else chr(10)}== {name} ==")
            code = _code_of(options, of_site)
        codes.append(code)
    if is_json:
        click.echo(json_text({"version": 1, "sites": documents}, indent=2))
    sys.exit(max(codes))


def known_sites(options: Options) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The sites of the folder, and what is wrong with names of others. Raises WatertowerError TWL-Q134 where the folder
    is that of one site, TWL-Q135 where the one that is meant is not among them, FilesRejected where it holds none."""
    folder = options.config_dir
    if not has_sites(folder):
        raise WatertowerError("TWL-Q134", folder=folder)
    try:
        names, findings = sites_in(folder)
    except OSError as error:
        fault = SourceText(str(folder / SITES)).finding("TWL-S043", None, reason=reason_of(error))
        raise FilesRejected((fault,)) from error
    if not names:
        nothing = SourceText(str(folder / SITES)).finding("TWL-S333", None, folder=folder / SITES)
        raise FilesRejected((*findings, nothing))
    if options.site is not None and options.site not in names:
        raise WatertowerError("TWL-Q135", asked=options.site, known=", ".join(names))
    return names, findings


def each_site(options: Options) -> tuple[Options, ...]:
    """The options for each of several sites; as they are for one. Raises FilesRejected where a folder for several holds
    none."""
    if options.site is not None or not has_sites(options.config_dir):
        return (options,)
    return tuple(replace(options, site=name) for name in known_sites(options)[0])


def _code_of(options: Options, act: Callable[[], Any]) -> int:
    """The exit code that a command would end with."""
    try:
        refusing(options, act)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _captured(options: Options, act: Callable[[], Any]) -> tuple[int, str, str]:
    """The exit code, and what was printed on stdout and stderr."""
    printed, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(told):
        code = _code_of(options, act)
    return code, printed.getvalue(), told.getvalue()


def _document(text: str) -> dict[str, object]:
    """What a command printed as JSON: one document, or one on each line."""
    with contextlib.suppress(ValueError):
        found = json.loads(text)
        return found if isinstance(found, dict) else {"lines": found}
    return {"lines": [json.loads(line) for line in text.splitlines()]} if text else {}


def refusing(options: Options, act: Callable[[], Any]) -> Any:
    """Runs a command; an error of ours is printed on stderr and ends the process with its exit code."""
    try:
        return act()
    except FilesRejected as error:
        _tell_findings(error.findings, options.language)
        sys.exit(CONFIGURATION)
    except WatertowerError as error:
        tell(error, options)
        sys.exit(exit_code(error))


def exit_code(error: WatertowerError) -> int:
    """What a command ends with after an error of ours."""
    return next(code for kind, code in EXITS.items() if isinstance(error, kind))


def tell(error: WatertowerError, options: Options) -> None:
    """Prints an error of ours and its remedy on stderr."""
    click.echo(said(error, options), err=True)


def said(error: WatertowerError, options: Options) -> str:
    """An error of ours and its remedy, in two lines."""
    event = new_event(error.code, **error.fields)
    return f"{event.code}: {event.text(options.language)}\n  = {event.action(options.language)}"
