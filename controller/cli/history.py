"""`watertower history`: the versions of the schedule and what each changed. `watertower undo`: one step back.

Both work whether the service runs or not: it applies a saved file by itself.
"""

from collections.abc import Iterator
from datetime import UTC, tzinfo

import click

from controller.app.last_good import last_good
from controller.cli.options import Options, caller, common, for_each_site, require_readable_state
from controller.cli.used_by_service import storage
from controller.cli.user import note_in_audit, print_event
from controller.clock import SystemClock
from controller.config import render
from controller.config.load import Setup
from controller.errors import Refused
from controller.events.formatters import json_text
from controller.events.models import printable
from controller.events.words import day_words
from controller.schedule.changes import Changes, changes
from controller.service.change_words import ChangeWords, summary_words
from controller.service.saving import DiskSchedule, ScheduleKeeper, history_value, version_document
from controller.state.audit import Act
from controller.state.roles import Source
from controller.state.versions import ScheduleVersion, VersionStore

UNKNOWN_VERSION, NO_VERSION = "TWL-Q131", "TWL-Q130"


@click.command("history")
@click.argument("version", required=False)
@click.option("--json", "as_json", is_flag=True)
@common
@for_each_site("version")
def history(options: Options, version: str | None, as_json: bool) -> None:
    """The versions of the schedule, the newest first, or one of them."""
    require_readable_state(options)
    keeper = keeper_of(options)
    if version is not None:
        _show(keeper, _version(keeper.versions, version), options, as_json)
        return
    current, versions = keeper.read(), keeper.versions.versions()
    if as_json:
        click.echo(json_text(history_value(current, versions), indent=2))
        return
    zone = _zone(current.setup, options)
    for line in (*_of_file(current, versions, options), *(_line(each, zone, options) for each in versions)):
        click.echo(line)


@click.command("undo")
@click.option("--reason", default="")
@common
def undo(options: Options, reason: str) -> None:
    """Go back to the version before the last one, and show what that changes."""
    require_readable_state(options)
    keeper = keeper_of(options)
    current = keeper.read()
    target = keeper.undo(current)
    if target is None:
        raise Refused(NO_VERSION, state=str(options.state_dir))
    text = keeper.versions.text(target)
    after = keeper.parsed(text)
    click.echo(options.text("undo.back", number=target.number))
    before = current.setup or last_good(options.folder, options.state_dir)
    if after is not None and before is not None:
        changed = changes(before.program(), after.program(), SystemClock().read().wall)
        click.echo("\n".join(change_words(after, changed, options).lines()))
    click.echo(save(keeper, text, current, reason, options))


def keeper_of(options: Options) -> ScheduleKeeper:
    """Reads and saves the schedule of these folders; problems of the versions are printed on stderr."""
    versions = VersionStore(storage(options), lambda event: print_event(event, options))
    return ScheduleKeeper(options.folder, versions, lambda: SystemClock().read().wall)


def save(keeper: ScheduleKeeper, text: bytes, before: DiskSchedule, why: str, options: Options) -> str:
    """Saves a text in place of the previous one, as the caller; returns a line with the version. Raises FilesRejected
    for a text with findings, Refused if nothing was written for another reason."""
    saved = keeper.save(text, before.sha256, who=caller(), source=Source.COMMAND_LINE, why=why)
    version = saved.version
    if version is None:
        reason = saved.not_kept.text(options.language) if saved.not_kept else "?"
        return options.text("undo.saved_without_version", reason=reason)
    after = {"version": version.number, "sha256": version.sha256}
    note_in_audit(options, Act.SCHEDULE_SAVED, before={"sha256": before.sha256}, after=after)
    return options.text("undo.saved", number=version.number)


def _version(store: VersionStore, asked: str) -> ScheduleVersion:
    """The version with a number, with or without `v`."""
    number = asked.strip().lower().removeprefix("v")
    found = store.version(int(number)) if number.isdecimal() and len(number) < 10 else None
    if found is None:
        known = store.versions()
        span = f"v{known[-1].number}–v{known[0].number}" if known else "–"
        raise Refused(UNKNOWN_VERSION, asked=asked, known=span)
    return found


def _show(keeper: ScheduleKeeper, version: ScheduleVersion, options: Options, as_json: bool) -> None:
    """Prints the text of a version, and what it changed when it was saved."""
    if as_json:
        click.echo(json_text(version_document(keeper, version), indent=2))
        return
    before, text = keeper.changed_by(version)
    old, new = (None if each is None else keeper.parsed(each) for each in (before, text))
    changed = changes(old.program(), new.program(), version.at) if old is not None and new is not None else None
    shown = text.decode("utf-8", errors="replace")
    click.echo(_line(version, _zone(new, options), options))
    if changed is not None and new is not None:
        click.echo("\n".join(change_words(new, changed, options).what()))
    click.echo()
    for line in shown.splitlines():
        click.echo(printable(line, len(line) + 1))


def change_words(setup: Setup, changed: Changes, options: Options) -> ChangeWords:
    """The texts about a change of the schedule, in the local time and with the names of the tower."""
    names = setup.tower.landmark.zone_names(options.language)
    return ChangeWords(options.language, setup.tower.site.place.time_zone, names, changed)


def _of_file(current: DiskSchedule, versions: tuple[ScheduleVersion, ...], options: Options) -> Iterator[str]:
    """Lines about the file on the disk if it is not the newest version: it has mistakes, or is not applied yet."""
    latest = versions[0] if versions else None
    if current.findings:
        yield options.text("history.broken", path=current.path, count=len(current.findings))
        yield render.as_text(current.findings, options.language)
    elif latest is None or latest.sha256 != current.sha256:
        yield options.text("history.not_noted", path=current.path)


def _line(version: ScheduleVersion, zone: tzinfo, options: Options) -> str:
    """`v32  Mon 9 Nov 2026 07:12  Kim, page  En vecka …: …  "arrangören flyttade"`."""
    local = version.at.astimezone(zone)
    who = printable(version.who or options.text("history.unknown"))
    by = f"{who}, {options.text(f'history.source.{version.source.value}')}"
    why = f'  "{printable(version.why)}"' if version.why else ""
    at = f"{day_words(local.date(), options.language)} {local:%H:%M}"
    return f"v{version.number}  {at}  {by}  {_summary(version, options)}{why}"


def _summary(version: ScheduleVersion, options: Options) -> str:
    if version.summary is None:
        return options.text("history.first" if version.is_first else "history.not_compared")
    return summary_words(version.summary, options.language)


def _zone(setup: Setup | None, options: Options) -> tzinfo:
    """The time zone of the site; UTC if its files cannot be read."""
    setup = setup or last_good(options.folder, options.state_dir)
    return setup.tower.site.place.time_zone if setup is not None else UTC
