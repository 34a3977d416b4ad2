"""`watertower gateway NAME`: the MQTT -> DMX gateway as a process of its own, on the box that drives the lamps."""

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
from controller.app.log_writer import Log, LogFormat
from controller.app.operating_system import feed_watchdog, notify
from controller.app.reload import LastGood, changes, copied_at, load_last_good, local, may_pass, refusal, rejection
from controller.cli.options import Options, common, environment_language
from controller.clock import Clock, SystemClock
from controller.config.load import Setup, load
from controller.errors import FilesRejected, WatertowerError
from controller.events import Event
from controller.events.alarm import Alarm
from controller.gateways.dmx import Dmx
from controller.locale import Language
from controller.mqtt import Address
from controller.threads import run_blocking


@click.command("gateway")
@click.argument("name")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text")
@common
def command(options: Options, name: str, log_format: LogFormat) -> None:
    """Obey as the DMX gateway NAME of tower.yaml until stopped."""
    setup, _ = load_last_good(options.config_dir, options.state_dir)
    box = GatewaySetup.of(setup, name, options.state_dir)
    language = options.lang or environment_language() or setup.tower.site.language
    with Log(log_format, setup.tower.site.place.time_zone, language) as log:
        with contextlib.suppress(OSError):  # what cannot be kept there tells so itself; the lamps are lit all the same
            options.state_dir.mkdir(parents=True, exist_ok=True)
        gc.freeze()  # as in `run`: two frames would be late
        asyncio.run(serve(box, GatewayFiles(options.config_dir, options.state_dir, log, language, SystemClock())))


def find(setup: Setup, name: str) -> Dmx:
    """The DMX gateway of that name; raises WatertowerError TWL-Q103."""
    ours = {gateway.name: gateway for gateway in setup.tower.gateways if isinstance(gateway, Dmx)}
    if name not in ours:
        raise WatertowerError("TWL-Q103", name=name, known=", ".join(ours) or "–")
    return ours[name]


@dataclass(frozen=True)
class GatewaySetup:
    """What the files say of this gateway, and where its brokers are."""

    setup: Setup
    gateway: Dmx
    brokers: tuple[Address, ...]

    @classmethod
    def of(cls, setup: Setup, name: str, state: Path) -> "GatewaySetup":
        """Raises WatertowerError for a gateway that is none of ours, Misconfigured for a secret that is not there."""
        return cls(setup, find(setup, name), broker_settings.addresses(setup.tower.mqtt, state))


@dataclass(frozen=True)
class GatewayFiles:
    """The folder to follow, where the last good copy is kept, and who is told."""

    config: Path
    state: Path
    log: Log
    language: Language
    clock: Clock

    def tell(self, event: Event) -> None:
        """Now."""
        self.log.tell(event, self.clock.read().wall)

    async def changed(self, box: GatewaySetup) -> AsyncIterator[GatewaySetup]:
        """The box anew for each good change that concerns it; what is bad is told, and changes nothing."""
        copy = LastGood(self.config, self.state, Alarm(self.tell))
        alarm = Alarm(self.tell)
        async for saved in changes(self.config, again=lambda: copy.is_stale or may_pass(alarm.raised)):
            await copy.retry()
            try:
                setup = await run_blocking("files", partial(load, self.config))
                if not setup.builds_like(box.setup):  # the schedule is the controller's
                    box = GatewaySetup.of(setup, box.gateway.name, self.state)
                    yield box
                alarm.clear()
                await copy.keep(setup)
            except WatertowerError as error:
                taken = local(copied_at(self.state), box.setup)
                bad = rejection(error, taken) if isinstance(error, FilesRejected) else refusal(error, taken)
                alarm.raise_(bad, again=saved or bad != alarm.raised)


async def serve(box: GatewaySetup, files: GatewayFiles) -> None:
    """Until a signal; a change of tower.yaml begins anew."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.cancel)
    notify("READY=1")
    changed = files.changed(box)
    while not stopped.done():
        anew = asyncio.ensure_future(anext(changed))
        await _run(box, files, {stopped, anew})
        if anew.done():
            box = anew.result()
        anew.cancel()


async def _run(box: GatewaySetup, files: GatewayFiles, until: set[asyncio.Future[Any]]) -> None:
    """One life of the gateway, until one of these is done; raises what broke it."""
    for _, finding in broker_settings.secret_findings(box.setup.tower.mqtt):
        files.tell(finding)
    own = process(box.setup, box.gateway, files.clock, files.state, files.log.tell)
    work = asyncio.create_task(own.run(box.brokers, box.setup.tower.site.name), name=f"gateway {own.name}")
    fed = asyncio.create_task(feed_watchdog(lambda: own.turned_s, lambda: files.clock.read().mono), name="watchdog")
    await asyncio.wait({work, *until}, return_when=asyncio.FIRST_COMPLETED)
    for task in (fed, work):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
