"""The tower on a terminal: its zones in the colours reported back, under a sky as bright as the sun makes it."""

import os
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise

from controller.cli.status import MARKS, health_with_names
from controller.clock import ClockReading
from controller.config.load import Setup
from controller.gateways.base import ReportedLook
from controller.locale import Language, phrase
from controller.schedule.hours import night_at
from controller.schedule.sun import elevation
from controller.service.controller import Controller
from controller.service.health_report import health_of
from controller.service.period import say_day

WIDTH = 40
BOWL = ("   ▄▄████████████▄▄   ", " ▟██████████████████▙ ", " ▜██████████████████▛ ", "   ▀▀████████████▀▀   ")
SHAFT = "         ▐██▌         "
GROUND = "▔" * WIDTH
GRASS = (90, 110, 70)
UNLIT = (48, 50, 56)
SKY = ((-12.0, (10, 12, 30)), (-6.0, (28, 34, 74)), (-0.8, (120, 90, 110)), (6.0, (120, 170, 220)))
ARC = 34


@dataclass(frozen=True)
class Scene:
    """One frame: the site, what the controller knows, what the clock says, and in which language."""

    setup: Setup
    controller: Controller
    reading: ClockReading
    language: Language

    @property
    def say(self) -> Callable[..., str]:
        """Phrases in its language."""
        return partial(phrase, self.language)


def draw(scene: Scene, recent: Sequence[str], size: os.terminal_size) -> str:
    """The frame as text with colours (24 bit, ECMA-48), to be written over the last one; of what is recent as much as
    the terminal has room for."""
    place = scene.setup.tower.site.place
    now = scene.reading.wall
    height = elevation(place.latitude, place.longitude, now)
    sky = _sky(height)
    colors = _reported(scene.controller)
    tower = [_row(*line, sky) for line in _tower(scene.setup.tower.zones, colors)]
    head, facts = (_wrapped(part, size.columns) for part in (_head(scene, now, height), _facts(scene)))
    room = size.lines - len(head) - len(tower) - len(facts) - 3
    told = ["", *_wrapped(recent, size.columns)[-room:]] if room > 0 else []
    return "\n".join((*head, *tower, _paint(GROUND, GRASS, sky), *facts, *told))


def _wrapped(lines: Sequence[str], columns: int) -> list[str]:
    """The terminal would wrap them too, and the picture would leave the screen."""
    return [part for line in lines for part in textwrap.wrap(line, max(20, columns - 1), subsequent_indent="  ")]


def _head(scene: Scene, now: datetime, height: float) -> list[str]:
    zone = scene.setup.tower.site.place.time_zone
    local = now.astimezone(zone)
    night = f"{scene.say('demo.night_of')} {say_day(night_at(now, zone).day, scene.say)}"
    at = min(ARC - 1, max(0, round((height + 12) / 24 * ARC)))
    sun = "·" * at + ("☀" if height > -0.833 else "☾") + "·" * (ARC - 1 - at)
    clock = f"{say_day(local.date(), scene.say)}  {local:%H:%M}"
    return [f"{scene.setup.tower.site.name}   {clock}   ({night})", f"{sun} {height:+.0f}°"]


def _reported(controller: Controller) -> Mapping[str, tuple[int, int, int]]:
    """By zone: the colour that a gateway says it shows, at its brightness; none where that is old."""
    found = {}
    for state in controller.states.values():
        for zone, shown in state.reported.zones.items():
            if state.status.get(zone) not in {"silent", "unknown"}:
                found[zone] = _rgb(shown)
    return found


def _rgb(shown: ReportedLook) -> tuple[int, int, int]:
    if not shown.on or shown.light is None:
        return UNLIT
    share = shown.brightness if shown.brightness is not None else 1.0
    red, green, blue = (round(dark + (part - dark) * share) for part, dark in zip(shown.light.rgb, UNLIT, strict=True))
    return red, green, blue


def _tower(
    zones: tuple[str, ...], colors: Mapping[str, tuple[int, int, int]]
) -> list[tuple[str, tuple[int, int, int]]]:
    """The lines from the top: the first zone is the bowl, the others share the shaft from above."""
    bowl = [(line, colors.get(zones[0], UNLIT)) for line in BOWL]
    below = zones[1:] or zones[:1]
    shaft = [(SHAFT, colors.get(below[i * len(below) // 6], UNLIT)) for i in range(6)]
    return [*bowl, *shaft]


def _row(text: str, color: tuple[int, int, int], sky: tuple[int, int, int]) -> str:
    return _paint(text.center(WIDTH), color, sky)


def _paint(text: str, ink: tuple[int, int, int], ground: tuple[int, int, int]) -> str:
    return f"\x1b[38;2;{_triple(ink)};48;2;{_triple(ground)}m{text}\x1b[0m"


def _triple(color: tuple[int, int, int]) -> str:
    return ";".join(str(part) for part in color)


def _sky(height: float) -> tuple[int, int, int]:
    """Between night and day, by the sun's elevation in degrees."""
    for (low, dark), (high, light) in pairwise(SKY):
        if height <= high:
            share = max(0.0, (height - low) / (high - low))
            red, green, blue = (round(a + (b - a) * share) for a, b in zip(dark, light, strict=True))
            return red, green, blue
    return SKY[-1][1]


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
        later = f"{say_day(at.date(), scene.say)} {at:%H:%M}  {health.next.looks_words(scene.language)}"
    return [
        f"{scene.say('demo.now')}: {health.now.said(scene.language, zone)}",
        f"{scene.say('demo.next')}: {later}",
        f"{scene.say('demo.confirmed')}: {health.confirmed} / {health.total}   {'   '.join(gateways)}",
    ]
