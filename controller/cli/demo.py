"""`watertower demo`: the campaign week in time-lapse, with its own broker and simulated lamps.

Controller, broker and gateways are those of `run`, over MQTT, on a clock that runs faster. The picture shows what the
gateways report, under a sky as bright as the sun makes it; if stdout is no terminal, events are printed instead. With
`--faults` the lamps have faults in the middle, and neither gateway nor controller knows that this is on purpose.
"""

import asyncio
import contextlib
import importlib
import os
import shutil
import signal
import sys
import tempfile
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import click

from controller.app.assembly import Context, Running, running
from controller.cli.options import Options, common
from controller.cli.status import MARKS, health_with_names
from controller.cli.swatch import can_write, has_color, ink
from controller.clock import ClockReading, SystemClock, VirtualClock
from controller.config.load import Setup, load
from controller.config.web_keys import Web
from controller.dmx.outputs.simulated import FAULTS, Misbehaving
from controller.events import Event, Level
from controller.events.formatters import text_line
from controller.gateways import own_gateways
from controller.gateways.outputs import SimulatedOutput
from controller.lighting.color import Color
from controller.locale import Language, phrase
from controller.schedule.hours import night_at
from controller.schedule.sun import elevation
from controller.service.controller import Controller
from controller.service.degradations import Degradations
from controller.service.health import LookValue
from controller.service.health_report import health_of
from controller.service.period import day_text, read_instant, read_period
from controller.state import StateStore
from controller.threads import wait_at_most
from controller.web.svg import NIGHT_WALL, on_wall, sky

BEFORE = timedelta(hours=6)
FRAME_S = 0.1
SHOWN_CODES = {"TWL-C020", "TWL-G101", "TWL-G105", "TWL-G115", "TWL-W101", "TWL-X122", "TWL-X123"}
SPEED, SPEED_WITH_FAULTS = 7200, 1800
"""Times real time; slower with faults, since a controller takes some seconds to detect them."""
REST, SPELL = 0.4, 0.3
"""Share of the time before the faults, and with them; the next pause lasts beyond the end."""
RECENT = 5
CLEAR, HIDE, SHOW = "\x1b[H\x1b[J", "\x1b[?25l", "\x1b[?25h"

WIDTH = 40
BOWL = ("   ▄▄████████████▄▄   ", " ▟██████████████████▙ ", " ▜██████████████████▛ ", "   ▀▀████████████▀▀   ")
SHAFT = "         ▐██▌         "
GROUND = "▔" * WIDTH
GRASS = (90, 110, 70)
ARC = 34
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Scene:
    """One frame: the site, the controller, the clock reading, and the language."""

    setup: Setup
    controller: Controller
    reading: ClockReading
    language: Language

    @property
    def text(self) -> Callable[..., str]:
        """Texts in its language."""
        return partial(phrase, self.language)


def draw(scene: Scene, recent: Sequence[str], size: os.terminal_size) -> str:
    """The frame as text with colours (24 bit, ECMA-48), to be written over the last one; with as many recent events as
    the terminal has room for."""
    place = scene.setup.tower.site.place
    now = scene.reading.wall
    height = elevation(place.latitude, place.longitude, now)
    ground = Color(sky(height)[0]).rgb
    lines = _tower(scene.setup.tower.zones, _reported(scene.controller))
    tower = [_paint(text.center(WIDTH), color, ground) for text, color in lines]
    head, facts = (_wrapped(part, size.columns) for part in (_head(scene, now, height), _facts(scene)))
    room = size.lines - len(head) - len(tower) - len(facts) - 3
    events = ["", *_wrapped(recent, size.columns)[-room:]] if room > 0 else []
    return "\n".join((*head, *tower, _paint(GROUND, GRASS, ground), *facts, *events))


def _wrapped(lines: Sequence[str], columns: int) -> list[str]:
    """Wraps lines, because the terminal would wrap them too and the picture would leave the screen."""
    return [part for line in lines for part in textwrap.wrap(line, max(20, columns - 1), subsequent_indent="  ")]


def _head(scene: Scene, now: datetime, height: float) -> list[str]:
    zone = scene.setup.tower.site.place.time_zone
    local = now.astimezone(zone)
    night = f"{scene.text('demo.night_of')} {day_text(night_at(now, zone).day, scene.text)}"
    at = min(ARC - 1, max(0, round((height + 12) / 24 * ARC)))
    sun = "·" * at + ("☀" if height > -0.833 else "☾") + "·" * (ARC - 1 - at)
    clock = f"{day_text(local.date(), scene.text)}  {local:%H:%M}"
    return [f"{scene.setup.tower.site.name}   {clock}   ({night})", f"{sun} {height:+.0f}°"]


def _reported(controller: Controller) -> Mapping[str, Rgb]:
    """The reported colour of the wall by zone; zones without a current report are left out."""
    found = {}
    for state in controller.states.values():
        for zone, shown in state.reported.zones.items():
            if state.status.get(zone) not in {"silent", "unknown"}:
                color = shown.light.hex if shown.light is not None else None
                look = LookValue(on=bool(shown.on and color), color=color, brightness=shown.brightness)
                found[zone] = Color(on_wall(look, NIGHT_WALL)).rgb
    return found


def _tower(zones: tuple[str, ...], colors: Mapping[str, Rgb]) -> list[tuple[str, Rgb]]:
    """The lines from the top: the first zone is the bowl, the others share the shaft from above."""
    unlit = Color(NIGHT_WALL).rgb
    bowl = [(line, colors.get(zones[0], unlit)) for line in BOWL]
    below = zones[1:] or zones[:1]
    return [*bowl, *((SHAFT, colors.get(below[i * len(below) // 6], unlit)) for i in range(6))]


def _paint(text: str, color: Rgb, ground: Rgb) -> str:
    return f"\x1b[{ink(color)};{ink(ground, ground=True)}m{text}\x1b[0m"


def _facts(scene: Scene) -> list[str]:
    names = scene.setup.tower.landmark.zone_names(scene.language)
    health = health_with_names(health_of(scene.controller, scene.setup.tower.site.name, scene.reading), names)
    zone = scene.setup.tower.site.place.time_zone
    gateways = (
        f"{name}: "
        + " ".join(f"{names.get(each, each)} {MARKS[state.status.get(each, 'unknown')]}" for each in gateway.zone_names)
        for (name, gateway), state in zip(
            scene.controller.gateways.items(), scene.controller.states.values(), strict=True
        )
    )
    later = "–"
    if health.next is not None:
        at = health.next.at.astimezone(zone)
        later = f"{day_text(at.date(), scene.text)} {at:%H:%M}  {health.next.looks_words(scene.language)}"
    return [
        f"{scene.text('demo.now')}: {health.now.text(scene.language, zone)}",
        f"{scene.text('demo.next')}: {later}",
        f"{scene.text('demo.confirmed')}: {health.confirmed} / {health.total}   {'   '.join(gateways)}",
    ]


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
    setup = load(options.folder)
    first, last = _period(setup, start, end)
    speed = speed or (SPEED_WITH_FAULTS if faults else SPEED)
    if setup.tower.web is not None:
        importlib.import_module("controller.app.page")  # later, a second would be an hour of the demo
    clock = VirtualClock(first, speed)
    setup = _simulated(setup, _output(faults, (last - first).total_seconds() / speed))
    with tempfile.TemporaryDirectory(prefix="watertower-demo-") as state, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_show(setup, clock, Path(state), last, options))


def _period(setup: Setup, start: str | None, end: str | None) -> tuple[datetime, datetime]:
    """The given period, or the time around the next campaign; a current one is shown from its beginning."""
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
    """The same site with its DMX gateways only, simulated in this process on their own broker."""
    ours = own_gateways(setup.tower.gateways)
    gateways = tuple(gateway.model_copy(update={"runs": "here", "output": output}) for gateway in ours)
    mqtt = setup.tower.mqtt.model_copy(
        update={"broker": ("embedded",), "listen": None, "username": None, "users_file": None, "password_file": None}
    )
    web = Web() if setup.tower.web is not None else None
    return replace(setup, tower=setup.tower.model_copy(update={"gateways": gateways, "mqtt": mqtt, "web": web}))


async def _show(setup: Setup, clock: VirtualClock, state: Path, last: datetime, options: Options) -> None:
    """Runs the site until the period is over or a signal arrives."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    picture = has_color() and can_write("".join(BOWL))
    zone = setup.tower.site.place.time_zone
    recent: list[str] = []

    degradations = Degradations(clock)

    def emit(event: Event, at: datetime) -> None:
        event = degradations.take(event, at)
        if event.code in SHOWN_CODES or event.level in {Level.WARNING, Level.ERROR}:
            line = text_line(event, at, zone, options.language)
            recent.append(line)
            del recent[1:-RECENT]  # the first says where the page is
            if not picture:
                click.echo(line)

    try:
        async with StateStore(state, lambda event: emit(event, clock.read().wall)) as store:

            def record(event: Event, at: datetime) -> None:
                emit(event, at)
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
