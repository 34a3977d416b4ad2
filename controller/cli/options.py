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
"""Folders with the password that systemd passes to the installed service: the passed copy, else the stored file."""

EXITS: dict[type[WatertowerError], int] = {
    Unreachable: UNREACHABLE,
    Misconfigured: CONFIGURATION,
    Refused: FOUND_PROBLEMS,
    WatertowerError: USAGE,
}

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Options:
    """The options that were given; None for those that were not."""

    config: Path | None = None
    state: Path | None = None
    lang: Language | None = None
    site: str | None = None
    """The chosen one of several sites; None if there is only one, or all are meant."""

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
        """Whether the files are those of the service installed here."""
        return self.config_dir.resolve() == INSTALLED

    @property
    def folder(self) -> ConfigFolder:
        """The files of the chosen site."""
        return SiteFolder(self.config_dir, self.site) if self.site is not None else self.config_dir

    @property
    def state_dir(self) -> Path:
        """The state directory of the chosen site. Raises WatertowerError as `service_state` does."""
        return self.service_state / SITES / self.site if self.site is not None else self.service_state

    @property
    def service_state(self) -> Path:
        """The folder given by systemd, else the installed service's if root uses its files, else the user's folder for
        state (XDG Base Directory). Raises WatertowerError TWL-Q118 for a user without a home folder, as in a
        container."""
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
        """The given language, else that of the environment (LC_ALL, LC_MESSAGES, LANG), else English."""
        return self.lang or environment_language() or DEFAULT

    def text(self, key: str, **fields: object) -> str:
        """A text of the commands in this language, for example `plan.night_of`."""
        return phrase(self.language, key, **fields)


def environment_language() -> Language | None:
    """The language of the environment, None if we have no texts in it."""
    name = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    code = (locale.normalize(name).split("_")[0]).lower()
    return code if code in languages() else None


def other_than_installed(options: Options) -> Iterator[Finding]:
    """If no folder was given: files that differ from those of the service installed here."""
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
    """Raises Refused TWL-Q137 if the installed service is meant and only root may read its state: otherwise a command
    would find it empty."""
    if options.service_state != INSTALLED_STATE and options.is_for_installed and os.path.lexists(INSTALLED_STATE):
        is_named = options.state is not None or os.environ.get("STATE_DIRECTORY")
        if not is_named and not options.service_state.is_dir():
            raise Refused("TWL-Q137", state=INSTALLED_STATE)


def log_in_as_installed(options: Options) -> None:
    """With the files of the installed service: uses the password of the service, if the user may read it (root)."""
    if "CREDENTIALS_DIRECTORY" not in os.environ and options.is_for_installed:
        for folder in CREDENTIALS:
            if os.access(folder / CREDENTIAL, os.R_OK):
                os.environ["CREDENTIALS_DIRECTORY"] = str(folder)
                return


def _print_findings(findings: tuple[Finding, ...], language: Language) -> None:
    """Prints findings on stderr."""
    from controller.config.render import as_text  # noqa: PLC0415  nearly all files are valid

    click.echo(as_text(findings, language), err=True)


def warn_other_than_installed(options: Options) -> None:
    """Prints differing files on stderr, before a command contacts a service that may not be the installed one."""
    if findings := tuple(other_than_installed(options)):
        _print_findings(findings, options.language)


def caller() -> str:
    """The system user who calls the command, also if it became root by sudo."""
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
    """An option about several sites, which help shows only if there are several."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """As in click."""
        options = ctx.find_root().obj or Options()
        named = replace(options, config=ctx.params.get("config") or options.config)
        return super().get_help_record(ctx) if has_sites(named.config_dir) else None


def common(command: F) -> F:
    """Adds the shared options to a command, which is called with those that were given, here or before its name."""

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


def for_each_site(*single_site_options: str) -> Callable[[F], F]:
    """Marks a command that covers all sites, one after another, if none is chosen; with one of these options, whose
    output cannot be repeated, it needs one site."""

    def marked(command: F) -> F:
        command.sites = single_site_options  # type: ignore[attr-defined]
        return command

    return marked


def for_service(command: F) -> F:
    """Marks a command that is not about one of several sites."""
    command.sites = None  # type: ignore[attr-defined]
    return command


def of_sites(command: Callable[..., Any], options: Options, *args: Any, **kwargs: Any) -> Any:
    """Runs a command for the chosen site. Raises WatertowerError TWL-Q134 to TWL-Q136 if it is unclear which, and
    FilesRejected if there is none."""
    single_site_options: Sequence[str] | None = getattr(command, "sites", ("",))
    if single_site_options is None or (options.site is None and not has_sites(options.config_dir)):
        return command(options, *args, **kwargs)
    names, findings = known_sites(options)
    if options.site is not None:
        return command(options, *args, **kwargs)
    if any(word == "" or kwargs.get(word) for word in single_site_options):
        raise WatertowerError("TWL-Q136", known=", ".join(names), first=names[0])
    if findings:
        _print_findings(findings, options.language)
    is_json = bool(kwargs.get("as_json")) or kwargs.get("form") == "json"
    codes, documents = [CONFIGURATION if findings else 0], list[dict[str, object]]()
    for name in names:
        of_site = partial(command, replace(options, site=name), *args, **kwargs)
        if is_json:
            code, text, errors = _captured(options, of_site)
            if errors:
                click.echo(f"{name}: {errors}", err=True, nl=False)
            documents.append({"name": name, "exit_code": code, **_document(text)})
        else:
            click.echo(f"{'' if name == names[0] else chr(10)}== {name} ==")
            code = _code_of(options, of_site)
        codes.append(code)
    if is_json:
        click.echo(json_text({"version": 1, "sites": documents}, indent=2))
    sys.exit(max(codes))


def known_sites(options: Options) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The sites of the folder, and findings about names of others. Raises WatertowerError TWL-Q134 if the folder is
    that of one site, TWL-Q135 if the chosen one is not among them, FilesRejected if there is none."""
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
    """The options for each of several sites; unchanged for one. Raises FilesRejected if a folder for several has
    none."""
    if options.site is not None or not has_sites(options.config_dir):
        return (options,)
    return tuple(replace(options, site=name) for name in known_sites(options)[0])


def _code_of(options: Options, act: Callable[[], Any]) -> int:
    """The exit code with which a command would end."""
    try:
        refusing(options, act)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _captured(options: Options, act: Callable[[], Any]) -> tuple[int, str, str]:
    """The exit code of a command, and its output on stdout and stderr."""
    printed, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors):
        code = _code_of(options, act)
    return code, printed.getvalue(), errors.getvalue()


def _document(text: str) -> dict[str, object]:
    """The JSON output of a command: one document, or one on each line."""
    with contextlib.suppress(ValueError):
        found = json.loads(text)
        return found if isinstance(found, dict) else {"lines": found}
    return {"lines": [json.loads(line) for line in text.splitlines()]} if text else {}


def refusing(options: Options, act: Callable[[], Any]) -> Any:
    """Runs a command; one of our errors is printed on stderr and ends the process with its exit code."""
    try:
        return act()
    except FilesRejected as error:
        _print_findings(error.findings, options.language)
        sys.exit(CONFIGURATION)
    except WatertowerError as error:
        print_error(error, options)
        sys.exit(exit_code(error))


def exit_code(error: WatertowerError) -> int:
    """The exit code of a command after one of our errors."""
    return next(code for kind, code in EXITS.items() if isinstance(error, kind))


def print_error(error: WatertowerError, options: Options) -> None:
    """Prints one of our errors and its remedy on stderr."""
    click.echo(error_text(error, options), err=True)


def error_text(error: WatertowerError, options: Options) -> str:
    """One of our errors and its remedy, in two lines."""
    event = new_event(error.code, **error.fields)
    return f"{event.code}: {event.text(options.language)}\n  = {event.action(options.language)}"
