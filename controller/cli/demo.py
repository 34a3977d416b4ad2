"""`watertower demo`: the campaign week in time-lapse, with a broker and simulated lamps of its own.

The controller, the broker and the gateways are those of `run`, over MQTT, on a clock that runs faster. The picture
shows what the gateways report; where stdout is no terminal, events are printed instead. With `--faults` the lamps
misbehave in the middle, and neither gateway nor controller knows that it is on purpose.
"""

import asyncio
import contextlib
import importlib
import shutil
import signal
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import click

from controller.app.assembly import Context, Running, running
from controller.cli.options import Options, common
from controller.cli.picture import BOWL, Scene, draw
from controller.cli.swatch import can_write, has_color
from controller.clock import SystemClock, VirtualClock
from controller.config.load import Setup, load
from controller.config.tower import Web
from controller.dmx.outputs.simulated import FAULTS, Misbehaving
from controller.events import Event, Level
from controller.events.formatters import text_line
from controller.gateways import own_gateways
from controller.gateways.outputs import SimulatedOutput
from controller.service.degradations import Degradations
from controller.service.period import read_instant, read_period
from controller.state import StateStore
from controller.threads import wait_at_most

BEFORE = timedelta(hours=6)
FRAME_S = 0.1
SHOWN_CODES = {"TWL-C020", "TWL-G101", "TWL-G105", "TWL-G115", "TWL-W101", "TWL-X122", "TWL-X123"}
SPEED, SPEED_WITH_FAULTS = 7200, 1800
"""Times real time; slower with faults, which take a controller some seconds to detect."""
REST, SPELL = 0.4, 0.3
"""The shares of the time before the faults, and with them; the next rest lasts beyond the end."""
RECENT = 5
CLEAR, HIDE, SHOW = "\x1b[H\x1b[J", "\x1b[?25l", "\x1b[?25h"


@click.command("demo")
@click.option("--from", "start")
@click.option("--until", "end")
@click.option(
    "--speed",
    type=click.FloatRange(1, 100_000),
)
@click.option("--faults", type=click.Choice(list(FAULTS)))
@common
def command(options: Options, start: str | None, end: str | None, speed: float | None, faults: str | None) -> None:
    """Show a period in time-lapse."""
    setup = load(options.config_dir)
    first, last = _period(setup, start, end)
    speed = speed or (SPEED_WITH_FAULTS if faults else SPEED)
    if setup.tower.web is not None:
        importlib.import_module("controller.app.page")  # a second now would be an hour of the demo
    clock = VirtualClock(first, speed)
    setup = _simulated(setup, _output(faults, (last - first).total_seconds() / speed))
    with tempfile.TemporaryDirectory(prefix="watertower-demo-") as state, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_show(setup, clock, Path(state), last, options))


def _period(setup: Setup, start: str | None, end: str | None) -> tuple[datetime, datetime]:
    """As given, or around the next campaign; one that is on now is shown from its beginning."""
    now = SystemClock().read().wall
    program = setup.program()
    if start is not None:
        first = read_instant(start, setup, now)
    else:
        lit = next((c for c in program.cues(now - timedelta(days=8), now + timedelta(days=400)) if c.campaign), None)
        first = (lit.at if lit is not None else now) - BEFORE
    last = read_instant(end, setup, now) if end is not None else read_period("", setup, first)[1] + BEFORE
    return first, max(last, first + timedelta(minutes=1))


def _output(faults: str | None, length_s: float) -> SimulatedOutput:
    if faults is None:
        return SimulatedOutput()
    return Misbehaving(faults=faults, rest_s=REST * length_s, spell_s=SPELL * length_s)


def _simulated(setup: Setup, output: SimulatedOutput) -> Setup:
    """The same site with its DMX gateways alone, simulated in this process on a broker of their own."""
    ours = own_gateways(setup.tower.gateways)
    gateways = tuple(gateway.model_copy(update={"runs": "here", "output": output}) for gateway in ours)
    mqtt = setup.tower.mqtt.model_copy(
        update={"broker": ("embedded",), "listen": None, "username": None, "users_file": None, "password_file": None}
    )
    web = Web() if setup.tower.web is not None else None
    return replace(setup, tower=setup.tower.model_copy(update={"gateways": gateways, "mqtt": mqtt, "web": web}))


async def _show(setup: Setup, clock: VirtualClock, state: Path, last: datetime, options: Options) -> None:
    """Runs the site until the period is over or a signal comes."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    picture = has_color() and can_write("".join(BOWL))
    zone = setup.tower.site.place.time_zone
    recent: list[str] = []

    degradations = Degradations(clock)

    def tell(event: Event, at: datetime) -> None:
        degradations.take(event, at)
        if event.code in SHOWN_CODES or event.level in {Level.WARNING, Level.ERROR}:
            line = text_line(event, at, zone, options.language)
            recent.append(line)
            del recent[1:-RECENT]  # the first tells where the page is
            if not picture:
                click.echo(line)

    try:
        async with StateStore(state, lambda event: tell(event, clock.read().wall)) as store:

            def record(event: Event, at: datetime) -> None:
                tell(event, at)
                store.note(event, at)

            parts = Context(setup, clock, store, state, record, degradations, options.language, port=0, is_demo=True)
            async with running(parts) as service:
                await _frames(parts, last, service, stop, recent if picture else None)
    finally:
        if picture:
            sys.stdout.write(SHOW)


async def _frames(
    parts: Context, last: datetime, service: Running, stop: asyncio.Event, lines: list[str] | None
) -> None:
    """Draws a picture every FRAME_S on a terminal, where `lines` are the recent events; else only waits."""
    while not stop.is_set() and not service.work.done() and (reading := parts.clock.read()).wall < last:
        if lines is not None:
            scene = Scene(parts.setup, service.controller, reading, parts.language)
            sys.stdout.write(f"{CLEAR}{HIDE}{draw(scene, lines, shutil.get_terminal_size())}\n")
            sys.stdout.flush()
        await wait_at_most(stop, FRAME_S)
    if service.work.done():
        service.work.result()
