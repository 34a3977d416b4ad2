"""How the lamps of a site show a requested light: the zones as they would look, and how many lamps visibly miss it.
Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.config.load import Setup
from controller.lighting.look import ZoneState
from controller.lighting.patch import VISIBLE


@dataclass(frozen=True, slots=True)
class LampLight:
    """`zones` as lamps show them; `count` lamps, of which `missing` visibly show another colour, the worst of them
    `delta_e` away (CIEDE2000). `switched` are gateways that can only switch."""

    zones: Mapping[str, ZoneState]
    count: int
    missing: int
    delta_e: float
    switched: tuple[str, ...]


def lamp_light(setup: Setup, states: Mapping[str, ZoneState]) -> LampLight:
    """The result for these lights; a zone without known lamps shows the requested one."""
    shown, off, switched = dict(states), [], []
    count = 0
    for gateway in setup.tower.gateways:
        patch = setup.patch(gateway)
        if "color" in gateway.cannot():
            switched.append(gateway.name)
        shown |= {zone: state for zone, state in patch.shown(patch.levels(states)).items() if zone in states}
        previews = [each for each in patch.preview(states) if each.fixture.zone in states]
        count += len(previews)
        off += [each.delta_e for each in previews if each.delta_e >= VISIBLE]
    return LampLight(shown, count, len(off), max(off, default=0.0), tuple(switched))
