"""`watertower doctor`: problems of machine, brokers and gateways, each with its remedy, and what could not be
checked."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import click

from controller.app import broker_settings
from controller.app.doctor.broker_checks import BROKER_CHECKS, NOT_REACHED, unexamined
from controller.app.doctor.broker_facts import SiteFacts, listen
from controller.app.doctor.examined import Examined, Verdict, is_problem
from controller.app.doctor.machine_checks import MACHINE_CHECKS
from controller.app.doctor.machine_facts import gather
from controller.cli.client import client_id
from controller.cli.options import (
    FOUND_PROBLEMS,
    UNREACHABLE,
    Options,
    common,
    for_each_site,
    warn_other_than_installed,
)
from controller.cli.used_by_service import running_tower, storage
from controller.clock import SystemClock
from controller.config.load import load
from controller.config.site_folder import own_folder
from controller.config.tower import Tower
from controller.errors import FilesRejected, Misconfigured
from controller.events import new_event
from controller.events.formatters import json_text
from controller.events.models import Phrase, Reason, in_language, plain_value, printable
from controller.rfc3339 import rfc3339
from controller.state.in_use import SERVICE, is_in_use

MARKS: dict[Verdict, str] = {"problem": "✕", "unchecked": "?", "note": "·", "fine": "✓"}
WIDEST = 500


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True)
@common
@for_each_site()
def command(options: Options, as_json: bool) -> None:
    """Examine everything, print the results, and end with the code for the worst."""
    warn_other_than_installed(options)
    tower, rejected = _files(options)
    machine = gather(own_folder(options.folder), storage(options), tower, rejected, options.service_state)
    examined = [check(machine) for check in MACHINE_CHECKS]
    site = None
    if tower is not None:
        site, more = _brokers(tower, options)
        examined += more
    else:
        examined += unexamined(Reason("no_good_files"))
    if as_json:
        document = {"version": 1, "at": rfc3339(machine.reading.wall), "checks": [_value(one) for one in examined]}
        click.echo(json_text(document, indent=2))
    else:
        click.echo("\n".join(printable(line, WIDEST) for line in _lines(examined, options)))
    if site is not None and not site.lives:
        raise SystemExit(UNREACHABLE)
    raise SystemExit(FOUND_PROBLEMS if any(one.verdict == "problem" for one in examined) else 0)


def _files(options: Options) -> tuple[Tower | None, FilesRejected | None]:
    """The tower.yaml that the service most likely uses, and the findings about the files."""
    try:
        return load(options.folder).tower, None
    except FilesRejected as error:
        try:
            return running_tower(options), error
        except FilesRejected:
            return None, error


def _brokers(tower: Tower, options: Options) -> tuple[SiteFacts | None, list[Examined]]:
    """The facts from the brokers, None if a needed secret cannot be read, and the results of their checks."""
    try:
        addresses = broker_settings.addresses(tower.mqtt, options.service_state)
    except Misconfigured as error:
        return None, unexamined(NOT_REACHED, (new_event(error.code, **error.fields),))
    client = client_id(tower.mqtt.topic_prefix, "doctor")
    site = asyncio.run(listen(tower, addresses, client, SystemClock()))
    with contextlib.suppress(OSError):
        site = replace(site, runs_on=options.state_dir if is_in_use(options.state_dir, SERVICE) else None)
    return site, [check(site) for check in BROKER_CHECKS]


def _lines(examined: Sequence[Examined], options: Options) -> Iterator[str]:
    language = options.language
    for one in examined:
        value = f": {in_language(one.value, language)}" if one.value is not None else ""
        yield f"{MARKS[one.verdict]} {options.text(f'doctor.check.{one.check}')}{value}"
        for event in one.findings:
            yield f"    {event.code}: {event.text(language)}"
            yield f"    = {event.action(language)}"
        if one.unchecked is not None:
            yield f"    {options.text('doctor.unchecked', reason=one.unchecked.text(language))}"
    findings = [event for one in examined for event in one.findings]
    problems, unchecked = sum(map(is_problem, findings)), sum(one.unchecked is not None for one in examined)
    yield options.text("doctor.summary", problems=problems, notes=len(findings) - problems, unchecked=unchecked)


def _value(one: Examined) -> dict[str, object]:
    findings = [
        {"code": event.code, "level": event.level.value, "fields": plain_value(event.fields)} for event in one.findings
    ]
    value = plain_value((one.value.fields or None) if isinstance(one.value, Phrase) else one.value)
    unchecked = plain_value(one.unchecked)
    return {"check": one.check, "verdict": one.verdict, "value": value, "findings": findings, "unchecked": unchecked}
