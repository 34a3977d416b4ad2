"""`watertower check`: every mistake in the two files; if there is none, notes, when the tower is lit next, and what the
files would change in the running service.

The service applies a saved file within seconds, so its last good copy may already be the checked files; then the copy
before that one shows what was changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path

import click

from controller.cli.options import (
    CONFIGURATION,
    Options,
    common,
    for_each_site,
    other_than_installed,
    require_readable_state,
)
from controller.clock import SystemClock
from controller.config import render
from controller.config.checks import commanded_by_two
from controller.config.findings import Finding
from controller.config.load import SCHEDULE, TOWER, Setup, has_only_shared_rules, load, load_tower
from controller.config.setup_notes import notes
from controller.config.site_folder import ConfigFolder, SiteFolder, folders_of, own_folder, sites_in
from controller.errors import FilesRejected, Refused
from controller.events.models import printable
from controller.schedule.plan import REACH, Cue, Program
from controller.service.planned_tests import planned_tests

AHEAD = timedelta(days=REACH)
FORMATS = {"text": render.as_text, "json": render.as_json, "github": render.as_github}
LONGEST = 4_200
"""Most characters of a line; a path has up to 4096."""


@click.command("check")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="text")
@click.option("--json", "as_json", is_flag=True)
@click.option("--against-running", is_flag=True)
@common
@for_each_site()
def command(options: Options, form: str, as_json: bool, against_running: bool) -> None:
    """Check the two files."""
    form = "json" if as_json else form
    try:
        setup = load(options.folder)
    except FilesRejected as error:
        _show(error.findings, form, options, _zone(options))
        raise SystemExit(CONFIGURATION) from None
    now = SystemClock().read().wall
    findings = (*notes(setup, now), *_of_secrets(setup), *_of_other_sites(options), *other_than_installed(options))
    _show(findings, form, options, setup.tower.site.place.time_zone)
    if any(finding.is_error for finding in findings):
        raise SystemExit(CONFIGURATION)
    if form == "text":
        click.echo(_summary(setup, options, now))
    if against_running:
        click.echo(_against_running(setup, options, now), err=form != "text")


def _zone(options: Options) -> tzinfo:
    """The site's time zone, or UTC if tower.yaml cannot be read; this machine may be anywhere."""
    try:
        return load_tower(options.folder).site.place.time_zone
    except FilesRejected:
        return UTC


def _show(findings: Sequence[Finding], form: str, options: Options, zone: tzinfo) -> None:
    """Prints the findings, and which files were read and when they were last saved: there may be another folder of the
    same name, or an editor that has not saved yet."""
    own, *shared = folders_of(options.folder)
    paths = [own / name for name in (SCHEDULE, TOWER)]
    if has_only_shared_rules(options.folder):
        del paths[0]
    paths += [folder / name for folder in shared for name in (SCHEDULE, TOWER) if (folder / name).exists()]
    files = [(path, _saved_at(path)) for path in paths]
    if form == "json":
        click.echo(render.as_json(findings, options.language, files))
        return
    if findings:
        click.echo(FORMATS[form](findings, options.language))
    if form == "text":
        for path, saved in files:
            when = f"{saved.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}" if saved is not None else "–"
            click.echo(printable(options.text("check.read", path=path.absolute(), at=when), LONGEST))


def _saved_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None


def _of_secrets(setup: Setup) -> Iterator[Finding]:
    """Problems of the files that hold passwords, at the place that names them."""
    if not any(isinstance(value, Path) for _, value in setup.tower.mqtt):
        return
    from controller.app.broker_settings import secret_findings  # noqa: PLC0415 -- broker and client take 0.1 s to import

    for key, event in secret_findings(setup.tower.mqtt):
        _, node = setup.tower_text.at(("mqtt", key))
        yield setup.tower_text.source.finding(event.code, node.place if node else None, **event.fields)


def _of_other_sites(options: Options) -> Sequence[Finding]:
    """Lamps that another site controls too."""
    return _conflicts(options.config_dir).get(options.site, ()) if options.site is not None else ()


@cache
def _conflicts(root: Path) -> Mapping[str, Sequence[Finding]]:
    """Conflicts between all sites whose files are valid."""
    setups = {}
    with suppress(OSError):
        for name in sites_in(root)[0]:
            with suppress(FilesRejected):
                setups[name] = load(SiteFolder(root, name))
    return commanded_by_two(setups)


def _is_lit(program: Program, cue: Cue) -> bool:
    """Whether any zone is lit in any step of its sequence; a campaign may be dark on purpose."""
    looks = [cue.looks[zone] for zone in program.zones if zone in cue.looks]
    return any(look.at(step * look.change_every_s).on for look in looks for step in range(len(look.colors)))


def _is_new_light(program: Program, before: Cue, cue: Cue) -> bool:
    """Whether another rule than before lights it; a limit or a fade only changes how."""
    is_same_rule = (cue.campaign, cue.why.winner) == (before.campaign, before.why.winner)
    return _is_lit(program, cue) and not (is_same_rule and _is_lit(program, before))


def _summary(setup: Setup, options: Options, now: datetime) -> str:
    text = options.text
    program = setup.program()
    zone = setup.tower.site.place.time_zone
    cue = before = program.look_at(now)
    following = program.next_cue(now)
    while following is not None and not _is_new_light(program, before, following):
        before = following
        following = program.next_cue(following.at) if following.at < now + AHEAD else None
    numbers = {
        "campaigns": len(setup.schedule.campaigns),
        "every_night": len(setup.schedule.every_night),
        "blackouts": len(setup.schedule.blackouts),
        "gateways": len(setup.tower.gateways),
    }
    lines = [text("check.summary", config=own_folder(options.folder), **numbers)]
    if _is_lit(program, cue):
        lines.append(text("check.lit_now", rule=cue.campaign or cue.why.winner))
    if following is not None:
        at = f"{following.at.astimezone(zone):%Y-%m-%d %H:%M}"
        lines.append(text("check.next_light", at=at, rule=following.campaign or following.why.winner))
    elif not _is_lit(program, cue):
        lines.append(text("check.no_light", nights=REACH))
    if (test := next(planned_tests(setup, program, now, now + AHEAD), None)) is not None:
        lines.append(test.text(now, program, options.language))
    return "\n".join(lines)


def _against_running(setup: Setup, options: Options, now: datetime) -> str:
    """The nights of the next AHEAD that differ; raises Refused TWL-Q109 if no service has run here."""
    # importing the service takes as long as everything that `check` itself needs
    from controller.app.last_good import BEFORE, copied_at, last_good, local  # noqa: PLC0415

    require_readable_state(options)
    config, state, text = options.folder, options.state_dir, options.text
    running = last_good(config, state)
    if running is None:
        raise Refused("TWL-Q109", state=str(state))
    applied_at = local(copied_at(state), setup)
    if not _is_applied(setup, config, state):
        head = text("check.not_taken", at=applied_at)
        return "\n".join((head, *_differences(running, setup, now, options)))
    before = last_good(config, state, BEFORE)
    head = text("check.taken", at=applied_at)
    if before is None:
        return f"{head} {text('check.no_version_before')}"
    return "\n".join((f"{head} {text('check.against_version_before')}", *_differences(before, setup, now, options)))


def _is_applied(setup: Setup, config: ConfigFolder, state: Path) -> bool:
    from controller.app.last_good import is_last_good  # noqa: PLC0415

    try:
        return is_last_good(setup, config, state)
    except OSError:
        return False


def _differences(before: Setup, after: Setup, now: datetime, options: Options) -> Iterator[str]:
    # needed for --against-running only
    from controller.schedule.changes import changes  # noqa: PLC0415
    from controller.service.change_words import ChangeWords  # noqa: PLC0415

    if before.tower != after.tower:
        yield options.text("check.tower_differs")
    changed = changes(before.program(), after.program(), now)
    names = after.tower.landmark.zone_names(options.language)
    yield from ChangeWords(options.language, after.tower.site.place.time_zone, names, changed).what()
