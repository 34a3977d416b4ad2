"""`watertower test-lamps [GATEWAY]`: one lamp after another lights alone, and a person who looks answers whether it was
the right one. The answers are written to the state directory. At the end, or when interrupted, the tower returns to the
schedule."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import click

from controller.app import broker_settings
from controller.app.last_good import load_last_good
from controller.cli.client import client_id, items, silent_broker
from controller.cli.gateway import find
from controller.cli.options import FOUND_PROBLEMS, Options, common, print_error
from controller.cli.used_by_service import storage
from controller.clock import SystemClock
from controller.config.load import Setup
from controller.errors import Refused, Unreachable
from controller.gateways import own_gateways
from controller.gateways.dmx import Dmx
from controller.gateways.wire import ReportedDocument, Walk, parse_reported, parse_walk
from controller.locale import DEFAULT, Language, languages, template
from controller.mqtt import Address, Connected, Mqtt, Received
from controller.rfc3339 import rfc3339
from controller.service.lamp_walk import AGAIN_S, FOLLOWS_S, Step, lit_lamps, walk_end, walk_steps
from controller.state.atomic import write
from controller.state.json_file import Unusable
from controller.state.lamp_results import LampResults

CONNECT_S = 5.0
ANSWERS = ("yes", "no", "skipped", "stopped")


@dataclass
class _Observed:
    """Messages of others during the test: the topics of gateways that report that they follow it, and whether somebody
    ended the step that is sent on the topic `lit`."""

    following: set[str] = field(default_factory=set)
    lit: str = ""
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@click.command("test-lamps")
@click.argument("gateway", required=False)
@click.option("--channels", is_flag=True)
@common
def command(options: Options, gateway: str | None, channels: bool) -> None:
    """Walk through the lamps of one gateway or of all."""
    if not sys.stdin.isatty():
        raise Refused("TWL-Q108")
    setup, _ = load_last_good(options.folder, options.state_dir)
    ours = [find(setup, gateway)] if gateway else own_gateways(setup.tower.gateways)
    steps = [step for each in ours for step in walk_steps(setup, each, channels=channels)]
    answers: list[tuple[Step, str]] = []
    try:
        asyncio.run(_walk(setup, steps, options, answers))
    finally:
        if answers:
            path = _written(options, answers, SystemClock().read().wall)
            click.echo(options.text("test-lamps.written", path=path), err=True)
    raise SystemExit(FOUND_PROBLEMS if any(answer == "no" for _, answer in answers) else 0)


async def _walk(setup: Setup, steps: list[Step], options: Options, answers: list[tuple[Step, str]]) -> None:
    """Fills `answers`; ends the test on every gateway whatever happens. Raises Refused TWL-Q122 if somebody else ended
    it."""
    prefix, brokers = setup.tower.mqtt.topic_prefix, broker_settings.addresses(setup.tower.mqtt, options.service_state)
    gateways = {step.gateway.name: step.gateway for step in steps}.values()
    topics = tuple((gateway.topic(leaf, prefix), 1) for gateway in gateways for leaf in ("reported", "walk"))
    async with Mqtt(brokers, client_id(prefix, "walk"), subscriptions=topics) as mqtt:
        await _connected(mqtt, brokers)
        observed = _Observed()
        listening = asyncio.create_task(_listen(mqtt, observed), name="listen")
        try:
            for step in steps:
                observed.lit = step.gateway.topic("walk", prefix)
                warning = asyncio.create_task(
                    _warn_if_not_following(step.gateway, prefix, observed, options), name="warn"
                )
                try:
                    answers.append((step, await _look(mqtt, step, prefix, options, observed)))
                finally:
                    warning.cancel()
                if answers[-1][1] == "stopped":
                    break
        finally:
            listening.cancel()
            for gateway in gateways:
                mqtt.publish(walk_end(gateway, prefix))


async def _connected(mqtt: Mqtt, brokers: tuple[Address, ...]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_S):
            async for item in items(mqtt, brokers):
                if isinstance(item, Connected):
                    return
    raise silent_broker(brokers)


async def _listen(mqtt: Mqtt, observed: _Observed) -> None:
    """Notes which gateways report that they follow the test, and whether somebody else ends it."""
    async for item in mqtt:
        if not isinstance(item, Received) or item.retain:
            continue
        if item.topic == observed.lit:
            step = parse_walk(item.payload)
            if isinstance(step, Walk) and step.fixture is None:
                observed.ended.set()
            continue
        report = parse_reported(item.payload)
        if isinstance(report, ReportedDocument) and report.by == "local":
            observed.following.add(item.topic)


async def _warn_if_not_following(gateway: Dmx, prefix: str, observed: _Observed, options: Options) -> None:
    """Prints an error if a gateway does not report that it follows the test."""
    await asyncio.sleep(FOLLOWS_S)
    if gateway.topic("reported", prefix) not in observed.following:
        click.echo(err=True)
        print_error(Unreachable("TWL-Q117", name=gateway.name), options)


async def _look(mqtt: Mqtt, step: Step, prefix: str, options: Options, observed: _Observed) -> str:
    """Keeps the lamp lit until somebody has answered, or has ended the test."""
    letters = _letters(options.language)
    question = f"{step.name(options.language)} ({step.fixture.zone}): {options.text('test-lamps.question', **letters)} "
    known = {letter: answer for each in languages() for answer, letter in _letters(each).items()}
    known |= {letter: answer for answer, letter in letters.items()}  # the user's own language has priority
    asking = asyncio.create_task(_ask(question, known), name="ask")
    ended = asyncio.create_task(observed.ended.wait(), name="ended")
    try:
        while not asking.done():
            mqtt.publish(step.message(prefix))
            await asyncio.wait([asking, ended], timeout=AGAIN_S, return_when=asyncio.FIRST_COMPLETED)
            if ended.done() and not asking.done():
                click.echo(err=True)
                raise Refused("TWL-Q122", name=step.gateway.name)
        return asking.result()
    finally:
        asking.cancel()
        ended.cancel()


def _letters(language: Language) -> Mapping[str, str]:
    """The letters to type, by answer."""
    return {answer: template(language, "commands", f"test-lamps.letters.{answer}") for answer in ANSWERS}


async def _ask(question: str, answers: Mapping[str, str]) -> str:
    """Asks until the first letter of the input is in `answers`; returns its answer. The end of the input stops the
    test."""
    while True:
        click.echo(question, nl=False, err=True)
        answer = await _line()
        if not answer:
            return "stopped"
        if answer.strip().lower()[:1] in answers:
            return answers[answer.strip().lower()[:1]]


async def _line() -> str:
    """The next line from the terminal, empty at its end; without a thread, which would keep waiting after Ctrl-C."""
    loop, terminal, ready = asyncio.get_running_loop(), sys.stdin.fileno(), asyncio.Event()
    loop.add_reader(terminal, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(terminal)
    return os.read(terminal, 1_024).decode(errors="replace")


def _written(options: Options, answers: list[tuple[Step, str]], now: datetime) -> Path:
    """Stores the result of each lamp for the service and the page, and each answer in a file of this test."""
    state = options.state_dir
    state.mkdir(parents=True, exist_ok=True)
    path = state / f"test-lamps-{now:%Y%m%dT%H%M%SZ}.json"
    named = {step.name(DEFAULT): answer for step, answer in answers}  # the file is for programs
    document = {"version": 1, "at": rfc3339(now, timespec="seconds"), "answers": named}
    write(path, json.dumps(document, ensure_ascii=False, indent=2).encode())
    with contextlib.suppress(Unusable):  # reported as TWL-J003
        LampResults(storage(options), lambda event: click.echo(event.text(options.language), err=True)).note(
            lit_lamps(answers), now
        )
    return path
