"""`watertower run`: the service. Ends cleanly on SIGTERM and Ctrl-C; the exit code tells why it ended."""

import asyncio
import gc
import signal
import sys
from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from controller import __version__
from controller.app.assembly import Context, running
from controller.app.last_good import copied_at, last_good, load_last_good, local
from controller.app.log_writer import Log, LogFormat
from controller.app.operating_system import notify
from controller.app.reload import refusal, rejection
from controller.cli.options import FOUND_PROBLEMS, Options, common, environment_language
from controller.clock import SystemClock
from controller.config.load import Setup
from controller.errors import FilesRejected, WatertowerError
from controller.events import Event, new_event
from controller.service.degradations import Degradations
from controller.state import StateStore
from controller.state.in_use import in_use

COLLECT_AFTER = 7_000, 10, 100
"""New objects after which Python looks for those that only refer to each other: the youngest, each tenth time older
ones, and rarely all, which holds up a service of 10,000 gateways for 200 ms."""


@click.command("run")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text")
@common
def command(options: Options, log_format: LogFormat) -> None:
    """Run the service until a signal."""
    setup, rejected = load_last_good(options.config_dir, options.state_dir)
    options = replace(options, lang=options.lang or environment_language())  # else the site's, which may change
    language = options.lang or setup.tower.site.language
    with in_use(options.state_dir), Log(log_format, setup.tower.site.place.time_zone, language) as log:
        gc.freeze()  # else each full collection walks all that was imported: 50 ms, on a small computer far more
        gc.set_threshold(*COLLECT_AFTER)
        code = asyncio.run(serve(setup, rejected, options, log))
    sys.exit(code)


async def serve(setup: Setup, rejected: FilesRejected | None, options: Options, log: Log) -> int:
    """Run until a signal (0) or until a part breaks (1); a change of tower.yaml builds everything anew. Files that can
    be read but not built leave what ran before in force, and at the start the last good copy. `rejected` are files in
    whose place the last good copy is used from the start."""
    reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, _stop, reason, name.name)
    plain_clock = SystemClock()
    degradations = Degradations(plain_clock)

    def tell(event: Event, at: datetime) -> Event:
        event = degradations.take(event, at)
        log.tell(event, at)
        return event

    def tell_now(event: Event) -> None:
        tell(event, plain_clock.read().wall)

    async with StateStore(options.state_dir, tell_now) as store:

        def tell_and_record(event: Event, at: datetime) -> None:
            store.note(tell(event, at), at)

        parts = Context(
            setup=setup,
            clock=SystemClock(store.known.wall),
            store=store,
            state=options.state_dir,
            tell=tell_and_record,
            degradations=degradations,
            asked=options.lang,
            config=options.config_dir,
        )
        _greet(parts, rejected)
        broken: BaseException | None = None
        good: Context | None = None
        while not reason.done() and broken is None:
            try:
                log.speak(parts.setup.tower.site.place.time_zone, parts.language)
                good, (parts, broken) = parts, await _until_something_ends(parts, reason)
            except WatertowerError as error:
                before = good or _from_copy(parts) or _closed(parts, error)
                if before is None:
                    raise
                before.note(refusal(error, local(copied_at(before.state), before.setup)))
                parts, good = replace(before, unbuilt=True), None
        if broken is not None:
            parts.note(new_event("TWL-C050", task="work", reason=_cause(broken)))
            return FOUND_PROBLEMS
        parts.note(new_event("TWL-C002", reason=reason.result()))
    return 0


def _from_copy(parts: Context) -> Context | None:
    """The same with the last good copy of the files; None where there is none, or that is what they were already."""
    copy = last_good(parts.config, parts.state) if parts.config and not parts.unbuilt else None
    return None if copy in (None, parts.setup) else replace(parts, setup=copy)


def _closed(parts: Context, error: WatertowerError) -> Context | None:
    """The same with a broker that lets no stranger in, where its users are what cannot be read: the lamps that run here
    are lit. None where that is not the reason, or nothing good ever ran."""
    users_file = parts.setup.tower.mqtt.users_file
    if users_file is None or error.fields.get("path") != str(users_file) or parts.config is None or parts.closed:
        return None
    return None if last_good(parts.config, parts.state) is None else replace(parts, closed=True)


async def _until_something_ends(parts: Context, reason: "asyncio.Future[str]") -> tuple[Context, BaseException | None]:
    """One run: with what to go on, and what broke."""
    async with running(parts) as service:
        notify("READY=1")
        ends: list[asyncio.Future[Any]] = [reason, service.work, service.anew]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if reason.done():
            notify("STOPPING=1")
            return parts, None
        if service.anew.done():
            return replace(parts, setup=service.anew.result(), unbuilt=False, closed=False), None
        return parts, service.work.exception()


def _greet(parts: Context, rejected: FilesRejected | None) -> None:
    zone = parts.setup.tower.site.place.time_zone
    now = f"{parts.clock.read().wall.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    name = parts.setup.tower.site.name
    parts.note(new_event("TWL-C001", site=name, version=__version__, now=now, config=parts.config))
    if rejected is not None:
        parts.note(rejection(rejected, local(copied_at(parts.state), parts.setup)))


def _stop(reason: "asyncio.Future[str]", name: str) -> None:
    if not reason.done():
        reason.set_result(name)


def _cause(error: BaseException) -> str:
    """The innermost reason of a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
