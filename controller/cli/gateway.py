"""`watertower gateway NAME`: the DMX gateway as a separate process, on the machine that drives the lamps."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from controller.app import broker_settings
from controller.app.assembly import process
from controller.app.last_good import LastGood, copied_at, load_last_good, local
from controller.app.log_writer import Log, LogFormat
from controller.app.operating_system import feed_watchdog, notify
from controller.app.reload import changes, may_pass, refusal, rejection
from controller.cli.options import Options, common, environment_language
from controller.clock import Clock, SystemClock
from controller.config.load import Setup, load
from controller.config.site_folder import ConfigFolder
from controller.errors import FilesRejected, WatertowerError
from controller.events import Event
from controller.events.alarm import Alarm
from controller.gateways import own_gateways
from controller.gateways.dmx import Dmx
from controller.mqtt import Address
from controller.state.in_use import in_use
from controller.threads import run_blocking


@click.command("gateway")
@click.argument("name")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text")
@common
def command(options: Options, name: str, log_format: LogFormat) -> None:
    """Run one DMX gateway until a signal."""
    setup, _ = load_last_good(options.folder, options.state_dir)
    settings = GatewaySettings.of(setup, name, options.service_state)
    language = options.lang or environment_language() or setup.tower.site.language
    with (
        in_use(options.state_dir, f"gateway-{name}"),
        Log(log_format, setup.tower.site.place.time_zone, language) as log,
    ):
        gc.freeze()  # as in `run`: a full collection would delay two frames
        files = GatewayFiles(options.folder, options.state_dir, options.service_state, log, SystemClock())
        asyncio.run(serve(settings, files))


def find(setup: Setup, name: str) -> Dmx:
    """The DMX gateway of that name; raises WatertowerError TWL-Q103."""
    gateways = {gateway.name: gateway for gateway in own_gateways(setup.tower.gateways)}
    if name not in gateways:
        raise WatertowerError("TWL-Q103", name=name, known=", ".join(gateways) or "–")
    return gateways[name]


@dataclass(frozen=True)
class GatewaySettings:
    """One gateway of the files, and the addresses of its brokers."""

    setup: Setup
    gateway: Dmx
    brokers: tuple[Address, ...]

    @classmethod
    def of(cls, setup: Setup, name: str, state: Path) -> "GatewaySettings":
        """`state` is the state directory of the service. Raises WatertowerError if there is no such gateway,
        Misconfigured if a secret cannot be read."""
        return cls(setup, find(setup, name), broker_settings.addresses(setup.tower.mqtt, state))


@dataclass(frozen=True)
class GatewayFiles:
    """The files of a gateway: their changes, and the copy of the last good ones in the state directory."""

    config: ConfigFolder
    state: Path
    service_state: Path
    log: Log
    clock: Clock

    def emit(self, event: Event) -> None:
        """Logs an event with the current time."""
        self.log.emit(event, self.clock.read().wall)

    async def changed(self, settings: GatewaySettings) -> AsyncIterator[GatewaySettings]:
        """Yields the settings after each valid change that concerns this gateway; a bad one is logged and changes
        nothing."""
        copy, alarm = LastGood(self.config, self.state, Alarm(self.emit)), Alarm(self.emit)
        async for saved in changes(self.config, again=lambda: copy.is_stale or may_pass(alarm.raised)):
            await copy.retry()
            try:
                setup = await run_blocking("files", partial(load, self.config))
                if not setup.builds_like(settings.setup):  # the gateway gets the schedule from the controller
                    settings = GatewaySettings.of(setup, settings.gateway.name, self.service_state)
                    yield settings
                alarm.clear()
                await copy.keep(setup)
            except WatertowerError as error:
                taken = local(copied_at(self.state), settings.setup)
                bad = rejection(error, taken) if isinstance(error, FilesRejected) else refusal(error, taken)
                alarm.raise_(bad, again=saved or bad != alarm.raised)


async def serve(settings: GatewaySettings, files: GatewayFiles) -> None:
    """Runs until a signal; a change of tower.yaml restarts the gateway."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.cancel)
    notify("READY=1")
    changed = files.changed(settings)
    while not stopped.done():
        change = asyncio.ensure_future(anext(changed))
        await _run(settings, files, {stopped, change})
        if change.done():
            settings = change.result()
        change.cancel()


async def _run(settings: GatewaySettings, files: GatewayFiles, until: set[asyncio.Future[Any]]) -> None:
    """Runs the gateway with these settings until one of `until` is done; raises the error that ended it."""
    setup = settings.setup
    for _, finding in broker_settings.secret_findings(setup.tower.mqtt):
        files.emit(finding)
    own = process(setup, settings.gateway, files.clock, files.state, files.log.emit)
    work = asyncio.create_task(own.run(settings.brokers, setup.tower.site.name), name=f"gateway {own.name}")
    fed = asyncio.create_task(feed_watchdog(lambda: own.turned_s, lambda: files.clock.read().mono), name="watchdog")
    await asyncio.wait({work, *until}, return_when=asyncio.FIRST_COMPLETED)
    for task in (fed, work):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
