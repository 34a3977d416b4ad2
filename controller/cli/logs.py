"""`watertower logs`: the events of the history, in the format of the service's log; whether it runs or not."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from controller.app.last_good import load_last_good
from controller.cli.explain import find_kind
from controller.cli.options import Options, common, for_each_site, require_readable_state
from controller.cli.used_by_service import storage
from controller.clock import SystemClock
from controller.events.formatters import json_line, text_line
from controller.service.period import read_since
from controller.state import History, RecordedEvent

PAGE = 1000
POLL_S = 1.0
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
LIGHT_CHANGED = "TWL-C020"


@click.command("logs")
@click.option("--since")
@click.option("--code")
@click.option("--campaign")
@click.option("--gateway")
@click.option("--command", "command_id", metavar="ID")
@click.option("--follow", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@common
@for_each_site("follow")
def command(  # noqa: PLR0913, PLR0917  one for each option
    options: Options,
    since: str | None,
    code: str | None,
    campaign: str | None,
    gateway: str | None,
    command_id: str | None,
    follow: bool,
    as_json: bool,
) -> None:
    """What the service has logged, the oldest first."""
    wanted_code = find_kind(code).code if code is not None else None
    require_readable_state(options)
    setup, _ = load_last_good(options.folder, options.state_dir)
    start = read_since(since, setup, SystemClock().read().wall) if since is not None else LONG_AGO
    history = History(storage(options))
    found = _recorded(history, start, follow)
    if campaign is not None:
        found = _while_shown(found, campaign, history.last_event(LIGHT_CHANGED, start))
    zone, language = setup.tower.site.place.time_zone, options.language
    is_empty = True
    for recorded in found:
        if not recorded.is_of(command_id, gateway):
            continue
        if wanted_code in {None, recorded.code} and (gateway is None or recorded.is_about(gateway)):
            event, is_empty = recorded.event, False
            click.echo(
                json_line(event, recorded.at, language) if as_json else text_line(event, recorded.at, zone, language)
            )
    if is_empty:
        click.echo(options.text("logs.nothing"), err=True)


def _recorded(history: History, since: datetime, follow: bool) -> Iterator[RecordedEvent]:
    """Events in the order of recording, read page by page; endless with `follow`."""
    last = 0
    while True:
        page = history.events(last, since, PAGE)
        yield from (recorded for _, recorded in page)
        if page:
            last, _ = page[-1]
        elif follow:
            time.sleep(POLL_S)
            last = last if history.last_number() >= last else 0  # the history may have been replaced
        else:
            return


def _while_shown(
    found: Iterator[RecordedEvent], campaign: str, before: RecordedEvent | None
) -> Iterator[RecordedEvent]:
    """From the change of light that shows a campaign to the one that shows something else, and events that name it."""
    is_shown = before is not None and before.event.fields.get("campaign") == campaign
    for recorded in found:
        was_shown, is_named = is_shown, recorded.event.fields.get("campaign") == campaign
        if recorded.code == LIGHT_CHANGED:
            is_shown = is_named
        if was_shown or is_named:
            yield recorded
