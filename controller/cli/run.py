"""`watertower run`: the service. Ends cleanly on SIGTERM and Ctrl-C; the exit code shows why it ended."""

import asyncio
import gc
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

import click

from controller.app.last_good import load_last_good
from controller.app.log_writer import Log, LogFormat
from controller.app.operating_system import notify
from controller.app.site_life import SiteStart, end_once, live
from controller.cli.options import FOUND_PROBLEMS, Options, common, environment_language, for_service, known_sites
from controller.clock import SystemClock
from controller.config.load import load_tower
from controller.config.site_folder import has_sites, site_folder
from controller.errors import FilesRejected
from controller.events import new_event
from controller.locale import DEFAULT, Language
from controller.state.in_use import SERVICE, in_use

if TYPE_CHECKING:
    from controller.app.sites import Sites

COLLECT_AFTER = 5_000, 2, 700
"""Thresholds of Python's garbage collector for the three generations: the youngest after 5,000 new objects, each second
time older ones, and rarely all, which stops a service of 10,000 gateways for 200 ms."""


@click.command("run")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text")
@common
@for_service
def command(options: Options, log_format: LogFormat) -> None:
    """Run the service until a signal."""
    options = replace(
        options, lang=options.lang or environment_language()
    )  # else the site's language, which may change
    if options.site is not None or has_sites(options.config_dir):
        _several(options, log_format)
    setup, rejected = load_last_good(options.config_dir, options.state_dir)
    if setup.tower.database is not None and not setup.tower.mqtt.is_embedded:  # other controllers may share both
        _several(replace(options, site=""), log_format)
    site = setup.tower.site
    start = SiteStart(setup, rejected, options.config_dir, options.state_dir, options.lang)
    with (
        in_use(options.state_dir),
        Log(log_format, site.place.time_zone, options.lang or site.language) as log,
    ):
        _leave_garbage()
        code = asyncio.run(serve(start, log))
    sys.exit(code)


def _several(options: Options, log_format: LogFormat) -> None:
    """Runs all sites, or the chosen one; an only site, whose name is empty, as one that other controllers may lead.
    Ends the process."""
    from controller.app.sites import Sites  # noqa: PLC0415  not needed for one site

    names = ("",) if options.site == "" else known_sites(options)[0]
    zone, language = _spoken(options, names)
    with ExitStack() as stack:
        role = SERVICE if not options.site else f"{SERVICE}-{options.site}"
        stack.enter_context(in_use(options.service_state, role))
        log = stack.enter_context(Log(log_format, zone, options.lang or language))
        _leave_garbage()
        sites = Sites(options.config_dir, options.service_state, log, options.lang, options.site)
        asyncio.run(_until_end(sites, log))
    sys.exit(0)


async def _until_end(sites: "Sites", log: Log) -> None:
    end = _until_signal()
    await sites.run(end)
    log.emit(new_event("TWL-C002", reason=end.result()), SystemClock().read().wall)


def _spoken(options: Options, names: Sequence[str]) -> tuple[tzinfo, Language]:
    """The time zone and the language of the first site whose files can be read."""
    for name in names:
        with suppress(FilesRejected):
            site = load_tower(site_folder(options.config_dir, options.site or name)).site
            return site.place.time_zone, site.language
    return UTC, DEFAULT


async def serve(start: SiteStart, log: Log) -> int:
    """Runs until a signal (0) or until a part fails (1)."""
    end = _until_signal()
    return 0 if await live(start, log, end, lambda _: notify("READY=1")) else FOUND_PROBLEMS


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
