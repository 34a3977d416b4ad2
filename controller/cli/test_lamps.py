"""`watertower test-lamps [GATEWAY]`: one lamp after another lights alone, and somebody who looks answers whether it was
the right one. The answers are written to the state directory. At the end, or when interrupted, the tower goes back to
the schedule."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from controller.app import broker_settings
from controller.app.last_good import load_last_good
from controller.cli.client import client_id, items
from controller.cli.gateway import find
from controller.cli.options import FOUND_PROBLEMS, Options, common, tell
from controller.clock import SystemClock
from controller.config.load import Setup
from controller.errors import Refused, Unreachable
from controller.events.models import Reason
from controller.gateways import own_gateways
from controller.gateways.base import Message
from controller.gateways.dmx import Dmx
from controller.gateways.wire import ReportedDocument, Walk, parse_reported
from controller.lighting.patch import Fixture
from controller.locale import DEFAULT, Language, languages, phrase, template
from controller.mqtt import Address, Connected, Mqtt, Received
from controller.rfc3339 import rfc3339
from controller.state.atomic import write

STEP_S = 30.0
AGAIN_S = 10.0
FOLLOWS_S = 3.0
"""A gateway that follows the test reports it within this."""
CONNECT_S = 5.0
ANSWERS = ("yes", "no", "skipped", "stopped")


@dataclass(frozen=True)
class Step:
    """One lamp, or one of its channels, to look at."""

    gateway: Dmx
    fixture: Fixture
    channel: int | None
    role: str

    def name(self, language: Language) -> str:
        """`mast/north`, or `mast/north channel 2 (green)`."""
        lamp = f"{self.gateway.name}/{self.fixture.name}"
        if self.channel is None:
            return lamp
        return phrase(language, "test-lamps.channel", lamp=lamp, channel=self.channel, role=self.role)


@click.command("test-lamps")
@click.argument("gateway", required=False)
@click.option("--channels", is_flag=True)
@common
def command(options: Options, gateway: str | None, channels: bool) -> None:
    """Walk through the lamps of one gateway or of all."""
    if not sys.stdin.isatty():
        raise Refused("TWL-Q108")
    setup, _ = load_last_good(options.config_dir, options.state_dir)
    ours = [find(setup, gateway)] if gateway else own_gateways(setup.tower.gateways)
    steps = [step for each in ours for step in _steps(setup, each, channels)]
    answers: dict[str, str] = {}
    try:
        asyncio.run(_walk(setup, steps, options, answers))
    finally:
        if answers:
            path = _written(options.state_dir, answers, SystemClock().read().wall)
            click.echo(options.say("test-lamps.written", path=path), err=True)
    raise SystemExit(FOUND_PROBLEMS if "no" in answers.values() else 0)


def _steps(setup: Setup, gateway: Dmx, channels: bool) -> Iterator[Step]:
    for placed in setup.patch(gateway).placed:
        if not channels:
            yield Step(gateway, placed.fixture, None, "")
            continue
        profile = placed.lamp.profile
        for number, channel in enumerate(profile.channels, start=1):
            # a dimmer by itself, or the fine half of a level, gives no light that could be seen
            if not channel.fine and channel.role in (profile.kinds or ("dimmer",)):
                yield Step(gateway, placed.fixture, number, channel.role)


async def _walk(setup: Setup, steps: list[Step], options: Options, answers: dict[str, str]) -> None:
    """Fills `answers` by the name of the step; ends the test on every gateway whatever happens."""
    prefix, brokers = setup.tower.mqtt.topic_prefix, broker_settings.addresses(setup.tower.mqtt, options.state_dir)
    gateways = {step.gateway.name: step.gateway for step in steps}.values()
    reports = tuple((gateway.topic("reported", prefix), 1) for gateway in gateways)
    async with Mqtt(brokers, client_id(prefix, "walk"), subscriptions=reports) as mqtt:
        await _connected(mqtt, brokers)
        following: set[str] = set()
        listening = asyncio.create_task(_listen(mqtt, following), name="listen")
        try:
            for step in steps:
                name = step.name(DEFAULT)  # the file is for programs
                doubting = asyncio.create_task(_doubt(step.gateway, prefix, following, options), name="doubt")
                try:
                    answers[name] = await _look(mqtt, step, prefix, options)
                finally:
                    doubting.cancel()
                if answers[name] == "stopped":
                    break
        finally:
            listening.cancel()
            for gateway in gateways:
                mqtt.publish(_message(gateway, Walk(fixture=None), prefix))


async def _connected(mqtt: Mqtt, brokers: tuple[Address, ...]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CONNECT_S):
            async for item in items(mqtt, brokers):
                if isinstance(item, Connected):
                    return
    raise Unreachable("TWL-Q101", address=str(brokers[0]), reason=Reason("no_answer"))


async def _listen(mqtt: Mqtt, following: set[str]) -> None:
    """Notes on which topics gateways report that they follow the test."""
    async for item in mqtt:
        if isinstance(item, Received) and not item.retain:
            report = parse_reported(item.payload)
            if isinstance(report, ReportedDocument) and report.by == "local":
                following.add(item.topic)


async def _doubt(gateway: Dmx, prefix: str, following: set[str], options: Options) -> None:
    """Prints an error if a gateway does not report that it follows the test."""
    await asyncio.sleep(FOLLOWS_S)
    if gateway.topic("reported", prefix) not in following:
        click.echo(err=True)
        tell(Unreachable("TWL-Q117", name=gateway.name), options)


async def _look(mqtt: Mqtt, step: Step, prefix: str, options: Options) -> str:
    """Keeps the lamp lit until somebody has answered."""
    walk = Walk(fixture=step.fixture.name, channel=step.channel, for_s=STEP_S)
    letters = _letters(options.language)
    question = f"{step.name(options.language)} ({step.fixture.zone}): {options.say('test-lamps.question', **letters)} "
    known = {letter: answer for each in languages() for answer, letter in _letters(each).items()}
    known |= {letter: answer for answer, letter in letters.items()}  # where languages differ, the user's own
    asking = asyncio.create_task(_ask(question, known), name="ask")
    try:
        while not asking.done():
            mqtt.publish(_message(step.gateway, walk, prefix))
            await asyncio.wait([asking], timeout=AGAIN_S)
        return asking.result()
    finally:
        asking.cancel()


def _letters(language: Language) -> Mapping[str, str]:
    """What to type, by answer."""
    return {answer: template(language, "commands", f"test-lamps.letters.{answer}") for answer in ANSWERS}


async def _ask(question: str, answers: Mapping[str, str]) -> str:
    """One of `answers`, which are found by their letters; the end of the input ends the test."""
    while True:
        click.echo(question, nl=False, err=True)
        answer = await _line()
        if not answer:
            return "stopped"
        if answer.strip().lower()[:1] in answers:
            return answers[answer.strip().lower()[:1]]


async def _line() -> str:
    """The next line from the terminal, empty at its end; not by a thread, which would wait on after Ctrl-C."""
    loop, terminal, ready = asyncio.get_running_loop(), sys.stdin.fileno(), asyncio.Event()
    loop.add_reader(terminal, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(terminal)
    return os.read(terminal, 1_024).decode(errors="replace")


def _message(gateway: Dmx, walk: Walk, prefix: str) -> Message:
    return Message(gateway.topic("walk", prefix), walk.model_dump_json(exclude_none=True).encode(), qos=1)


def _written(state: Path, answers: dict[str, str], now: datetime) -> Path:
    path = state / f"test-lamps-{now:%Y%m%dT%H%M%SZ}.json"
    state.mkdir(parents=True, exist_ok=True)
    document = {"version": 1, "at": rfc3339(now, timespec="seconds"), "answers": answers}
    write(path, json.dumps(document, ensure_ascii=False, indent=2).encode())
    return path
