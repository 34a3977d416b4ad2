"""`watertower gateway NAME`: the MQTT -> DMX gateway as a process of its own, on the box that drives the lamps."""

import asyncio
import contextlib
import gc
import signal
from pathlib import Path

import click

from controller.cli import connect
from controller.cli.assembly import process
from controller.cli.following import rejection
from controller.cli.log import Log, LogFormat
from controller.cli.notify import feed_watchdog, notify
from controller.cli.options import Options, common, environment_language
from controller.clock import SystemClock
from controller.config.load import Setup
from controller.errors import Refused
from controller.gateways.contract import Dmx
from controller.service.files import keep_last_good, load_last_good


@click.command("gateway")
@click.argument("name")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="For people or machines.")
@common
def command(options: Options, name: str, log_format: LogFormat) -> None:
    """Obey as the DMX gateway NAME of tower.yaml until stopped."""
    setup, rejected = load_last_good(options.config_dir, options.state_dir)
    gateway = find(setup, name)
    language = options.lang or environment_language() or setup.tower.site.language
    with Log(log_format, setup.tower.site.place.time_zone, language) as log:
        with contextlib.suppress(OSError):  # what cannot be kept there tells so itself; the lamps are lit all the same
            options.state_dir.mkdir(parents=True, exist_ok=True)
            if rejected is None:
                keep_last_good(setup, options.config_dir, options.state_dir)
        if rejected is not None:
            log.tell(rejection(rejected, language), SystemClock().read().wall)
        gc.freeze()  # as in `run`: two frames would be late
        asyncio.run(serve(setup, gateway, options.state_dir, log))


def find(setup: Setup, name: str) -> Dmx:
    """The DMX gateway of that name; raises Refused TWL-Q103."""
    ours = {gateway.name: gateway for gateway in setup.tower.gateways if isinstance(gateway, Dmx)}
    if name not in ours:
        raise Refused("TWL-Q103", name=name, known=", ".join(ours) or "–")
    return ours[name]


async def serve(setup: Setup, gateway: Dmx, state: Path, log: Log) -> None:
    """Until a signal."""
    clock = SystemClock()
    own = process(setup, gateway, clock, state, log.tell)
    work = asyncio.ensure_future(own.run(connect.addresses(setup.tower.mqtt), setup.tower.site.name))
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, work.cancel)
    notify("READY=1")
    fed = asyncio.create_task(feed_watchdog(lambda: own.turned_s, lambda: clock.read().mono), name="watchdog")
    with contextlib.suppress(asyncio.CancelledError):
        await work
    fed.cancel()
