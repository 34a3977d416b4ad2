"""What the lamps make of the colours of the schedule: each colour that some of them visibly cannot show, at its place.

Lamps of one gateway and profile are told of together, for they all show the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from controller.config.findings import Finding
from controller.config.load import Setup
from controller.config.nodes import Node, Pairs, Scalar
from controller.config.nodes import YamlSequence as Items
from controller.gateways.dmx import Dmx
from controller.gateways.dmx_channels import DmxChannels
from controller.lighting.color import Color, parse_color
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light
from controller.lighting.names import DARK_WORDS
from controller.lighting.patch import VISIBLE, Placed


@dataclass(frozen=True, slots=True)
class Group:
    """The lamps of one profile on one gateway."""

    gateway: str
    lamp: Lamp
    placed: tuple[Placed, ...]

    def within(self, zones: frozenset[str]) -> str:
        """The names of those in some zones, as `preview` tells them."""
        return ", ".join(f"{self.gateway}/{p.fixture.name}" for p in self.placed if p.fixture.zone in zones)

    def instead(self, color: Color) -> str:
        """What is shown of a colour at full brightness, as nearly as a colour code can say it."""
        shown = self.lamp.light(self.lamp.levels(Light(*color.linear))).state.color
        return shown.hex if shown else "#000000"


def colors_not_shown(setup: Setup, rules: Iterable[Pairs]) -> Iterator[Finding]:
    """TWL-F130 for each colour of the rules and each group of lamps that is asked for it and visibly misses it."""
    groups = tuple(_groups(setup))
    for rule in rules:
        color = rule.entries.get("color")
        for word, zones in _words(color.value, frozenset(setup.tower.zones)) if color else ():
            for group in groups:
                yield from _missed(setup, word, group, zones)


def _missed(setup: Setup, word: Scalar, group: Group, zones: frozenset[str]) -> Iterator[Finding]:
    fixtures = group.within(zones)
    if not fixtures or word.text.strip().casefold() in DARK_WORDS:
        return
    color = parse_color(word.text, setup.tower.palette)
    delta_e = group.lamp.delta_e(color)
    if delta_e >= VISIBLE:
        told = {"color": word.text.strip(), "instead": group.instead(color), "delta_e": f"{delta_e:.0f}"}
        yield setup.schedule_text.source.finding("TWL-F130", word.place, fixture=fixtures, **told)


def _words(node: Node, zones: frozenset[str]) -> Iterator[tuple[Scalar, frozenset[str]]]:
    """Each colour with the zones that it is for."""
    if isinstance(node, Scalar):
        yield node, zones
    elif isinstance(node, Items):
        for item in node.items:
            yield from _words(item, zones)
    else:
        for zone, entry in node.entries.items():
            yield from _words(entry.value, frozenset((zone,)))


def _groups(setup: Setup) -> Iterator[Group]:
    for gateway in setup.tower.gateways:
        if isinstance(gateway, Dmx | DmxChannels):
            placed = setup.patch(gateway).placed
            for lamp in dict.fromkeys(place.lamp for place in placed):
                yield Group(gateway.name, lamp, tuple(place for place in placed if place.lamp is lamp))
