"""`watertower gateway NAME`: the MQTT -> DMX gateway as a process of its own, on the box that drives the lamps."""

import asyncio
import contextlib
import signal

import click

from controller.cli import connect
from controller.cli.assembly import Parts, process
from controller.cli.log import Log, LogFormat
from controller.cli.notify import notify
from controller.cli.options import Options, common, environment_language
from controller.clock import SystemClock
from controller.config.load import Setup, load
from controller.errors import Refused
from controller.gateways.contract import Dmx


@click.command("gateway")
@click.argument("name")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="For people or machines.")
@common
def command(options: Options, name: str, log_format: LogFormat) -> None:
    """Obey as the DMX gateway NAME of tower.yaml until stopped."""
    setup = load(options.config_dir)
    gateway = find(setup, name)
    language = options.lang or environment_language() or setup.tower.site.language
    with Log(log_format, setup.tower.site.place.time_zone, language) as log:
        parts = Parts(setup, SystemClock(), options.state_dir, log.tell, language)
        asyncio.run(serve(parts, gateway))


def find(setup: Setup, name: str) -> Dmx:
    """The DMX gateway of that name; raises Refused TWL-Q103."""
    ours = {gateway.name: gateway for gateway in setup.tower.gateways if isinstance(gateway, Dmx)}
    if name not in ours:
        raise Refused("TWL-Q103", name=name, known=", ".join(ours) or "–")
    return ours[name]


async def serve(parts: Parts, gateway: Dmx) -> None:
    """Until a signal."""
    parts.state.mkdir(parents=True, exist_ok=True)
    work = asyncio.ensure_future(
        process(parts, gateway).run(connect.addresses(parts.setup.tower.mqtt), parts.setup.tower.site.name)
    )
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, work.cancel)
    notify("READY=1")
    with contextlib.suppress(asyncio.CancelledError):
        await work
