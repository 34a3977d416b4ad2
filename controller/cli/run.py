"""`watertower run`: the service. Ends cleanly on SIGTERM and Ctrl-C; the exit code tells why it ended."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import click

from controller import __version__
from controller.cli.assembly import Parts, running
from controller.cli.log import Log, LogFormat
from controller.cli.notify import notify
from controller.cli.options import FOUND_PROBLEMS, Options, common, environment_language
from controller.clock import SystemClock
from controller.config.load import load
from controller.events import happened


@click.command("run")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="For people or machines.")
@common
def command(options: Options, log_format: LogFormat) -> None:
    """Keep the tower as the schedule says, until stopped."""
    setup = load(options.config_dir)
    language = options.lang or environment_language() or setup.tower.site.language
    with Log(log_format, setup.tower.site.place.time_zone, language) as log:
        parts = Parts(setup, SystemClock(), options.state_dir, log.tell, language)
        code = asyncio.run(serve(parts, options.config_dir))
    sys.exit(code)


async def serve(parts: Parts, config: Path) -> int:
    """Run until a signal (0) or until a part breaks (1)."""
    reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, _stop, reason, name.name)
    _tell(parts, "TWL-C001", site=parts.setup.tower.site.name, version=__version__, now=_now(parts), config=config)
    async with running(parts) as service:
        notify("READY=1")
        ends: list[asyncio.Future[Any]] = [reason, service.work]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        notify("STOPPING=1")
        broken = None if reason.done() else service.work.exception()
    if broken is not None:
        _tell(parts, "TWL-C050", task=service.work.get_name(), reason=_cause(broken))
        return FOUND_PROBLEMS
    _tell(parts, "TWL-C002", reason=reason.result())
    return 0


def _stop(reason: asyncio.Future[str], name: str) -> None:
    if not reason.done():
        reason.set_result(name)


def _tell(parts: Parts, code: str, **fields: object) -> None:
    parts.tell(happened(code, **fields), parts.clock.read().wall)


def _now(parts: Parts) -> str:
    return f"{parts.clock.read().wall.astimezone(parts.setup.tower.site.place.time_zone):%Y-%m-%d %H:%M %Z}"


def _cause(error: BaseException) -> str:
    """The innermost reason of a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
