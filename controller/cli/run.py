"""`watertower run`: the service. Ends cleanly on SIGTERM and Ctrl-C; the exit code shows why it ended."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import partial
from typing import Any

import click

from controller.app.last_good import load_last_good
from controller.app.log_writer import Log, LogFormat
from controller.app.operating_system import notify
from controller.app.site_life import SiteStart, end_once, live
from controller.cli.options import FOUND_PROBLEMS, Options, common, environment_language, for_service, known_sites
from controller.clock import SystemClock
from controller.config.load import load_tower
from controller.config.site_folder import has_sites, site_folder
from controller.config.tower import Site
from controller.errors import FilesRejected
from controller.events import new_event
from controller.locale import DEFAULT, Language
from controller.state.in_use import SERVICE, in_use

COLLECT_AFTER = 5_000, 2, 700
"""Thresholds of Python's garbage collector for the three generations: the youngest after 5,000 new objects, each second
time older ones, and rarely all, which stops a service of 10,000 gateways for 200 ms."""


@click.command("run")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text")
@common
@for_service
def command(options: Options, log_format: LogFormat) -> None:
    """Run the service until a signal."""
    # else the site's language, which may change
    options = replace(options, lang=options.lang or environment_language())
    if options.site is None and not has_sites(options.config_dir):
        setup, rejected = load_last_good(options.config_dir, options.state_dir)
        is_shared = setup.tower.database is not None and not setup.tower.mqtt.is_embedded  # other controllers may lead
        start = SiteStart(setup, rejected, options.config_dir, options.state_dir, options.lang)
        serve = _sites(options, "") if is_shared else partial(_site, start)
        zone, language = _spoken_at(setup.tower.site)
    else:
        zone, language = _spoken(options, known_sites(options)[0])
        serve = _sites(options, options.site)
    role = f"{SERVICE}-{options.site}" if options.site is not None else SERVICE
    with in_use(options.service_state, role), Log(log_format, zone, options.lang or language) as log:
        _leave_garbage()
        code = asyncio.run(serve(log))
    sys.exit(code)


async def _site(start: SiteStart, log: Log) -> int:
    """Runs the only site until a signal (0) or until a part fails (1)."""
    end = _until_signal()
    return 0 if await live(start, log, end, lambda _: notify("READY=1")) else FOUND_PROBLEMS


def _sites(options: Options, only: str | None) -> Callable[[Log], Coroutine[Any, Any, int]]:
    """Runs all sites, or the chosen one, until a signal; an only site, whose name is empty, as one that other
    controllers may lead."""
    from controller.app.sites import Sites  # noqa: PLC0415  not needed for one site

    async def serve(log: Log) -> int:
        end = _until_signal()
        await Sites(options.config_dir, options.service_state, log, options.lang, only).run(end)
        log.emit(new_event("TWL-C002", reason=end.result()), SystemClock().read().wall)
        return 0

    return serve


def _spoken(options: Options, names: Sequence[str]) -> tuple[tzinfo, Language]:
    """The time zone and the language of the first site whose files can be read."""
    for name in names:
        with suppress(FilesRejected):
            return _spoken_at(load_tower(site_folder(options.config_dir, options.site or name)).site)
    return UTC, DEFAULT


def _spoken_at(site: Site) -> tuple[tzinfo, Language]:
    return site.place.time_zone, site.language


def _until_signal() -> "asyncio.Future[str]":
    """A future that gets the name of the signal that asks the program to end."""
    loop = asyncio.get_running_loop()
    end: asyncio.Future[str] = loop.create_future()
    end.add_done_callback(lambda _: notify("STOPPING=1"))
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, end_once, end, name.name)
    return end


def _leave_garbage() -> None:
    gc.freeze()  # else each full collection walks all imported objects: 50 ms, far more on a small computer
    gc.set_threshold(*COLLECT_AFTER)
