"""The shipped campaign through everything, in time-lapse: controller, broker, two gateways with two universes each,
sACN and Art-Net, and a receiver that shares no code with them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.app.assembly import Context, Running, running
from controller.clock import Clock, ClockReading, VirtualClock
from controller.config.load import Setup, parse
from controller.events import Event
from controller.gateways.dmx import Dmx
from controller.lighting.color import Color
from controller.lighting.light import Light, mix
from controller.lighting.look import DARK, ZoneState
from controller.service.degradations import Degradations
from controller.state import StateStore
from tests.parts import needs

pytestmark = [pytest.mark.real, needs("olad")]

CONFIG = Path(__file__).parents[2] / "config"
GATEWAYS = """gateways:
  - name: wire
    kind: dmx
    runs: here
    output: {kind: sacn, to: 127.0.0.1}
    fixtures:
      - {name: bowl-north, zone: bowl, profile: rgbw, address: 1}
      - {name: bowl-south, zone: bowl, profile: rgbwa, address: 508}
      - {name: shaft-north, zone: shaft, profile: rgbw, address: 1, universe: 2}
  - name: node
    kind: dmx
    runs: here
    output: {kind: artnet, to: 127.0.0.1}
    universe: 11
    fixtures:
      - {name: bowl-ring, zone: bowl, profile: rgb, address: 100}
      - {name: shaft-foot, zone: shaft, profile: rgba, address: 7, universe: 12}
"""
ORANGE = ZoneState(True, Color("#FF6A00"), 1.0)
FADE_S = 0.6
"""How long every fade takes in real seconds."""
LEAD_S = 1.2
"""Longer than any part of the programs sleeps without a look at the clock."""
REST_S = 0.3
WITHIN_S = 30.0
SLACK_S = 2.0
"""Of the campaign's own time: the sun is not computed here."""

Levels = Mapping[int, bytes]


@dataclass(frozen=True)
class Cue:
    """From an instant on, so many seconds from one state of all zones to another."""

    at: str
    fade_s: float
    before: ZoneState
    after: ZoneState

    @property
    def instant(self) -> datetime:
        """When it begins."""
        return datetime.fromisoformat(self.at)

    def light(self, wall: datetime) -> Light:
        """What is to be shown at an instant."""
        passed_s = (wall - self.instant).total_seconds()
        return mix(Light.of(self.before), Light.of(self.after), passed_s / self.fade_s)


class HeldClock:
    """A wall that goes by real seconds until it is let go, however long everything takes to start; then from `start` on
    at `speed`. Other threads read it, so that it goes over to the other pace in one step."""

    def __init__(self, start: datetime, speed: float) -> None:
        self._clock = VirtualClock(start - timedelta(seconds=WITHIN_S * 4), 1.0)
        self._later = start, speed

    def read(self) -> ClockReading:
        """Now, on this wall."""
        return self._clock.read()

    def real_s(self, wall_s: float) -> float:
        """As that of the pace at which it goes now."""
        return self._clock.real_s(wall_s)

    def let_go(self) -> None:
        """The wall jumps to the start and runs."""
        self._clock = VirtualClock(*self._later)


@pytest.fixture
def setup() -> Setup:
    """The shipped site and schedule, with lamps that olad can receive."""
    tower = (CONFIG / "tower.yaml").read_text(encoding="utf-8").partition("gateways:")[0] + GATEWAYS
    return parse(tower.encode(), (CONFIG / "schedule.yaml").read_bytes(), CONFIG)


@asynccontextmanager
async def service(setup: Setup, clock: Clock, state: Path) -> AsyncIterator[Running]:
    """Everything, in this process and on this clock."""

    def tell(event: Event, at: datetime) -> None:
        """Nobody listens."""

    async with (
        StateStore(state, lambda event: tell(event, clock.read().wall)) as store,
        running(Context(setup, clock, store, state, tell, Degradations(clock), "en", port=0)) as service,
    ):
        yield service


def levels(setup: Setup, light: Light | ZoneState) -> Levels:
    """What each universe is to have when all zones show a light."""
    zones = dict.fromkeys(setup.tower.zones, light)
    patches = [setup.patch(gateway) for gateway in setup.tower.gateways if isinstance(gateway, Dmx)]
    return {universe: frame for patch in patches for universe, frame in patch.levels(zones).items()}


def confirmed(service: Running) -> bool:
    """Whether every zone of every gateway is confirmed."""
    standings = [standing for track in service.controller.states.values() for standing in track.status.values()]
    return len(standings) == 4 and set(standings) == {"confirmed"}


@pytest.mark.parametrize(
    "cue",
    [
        pytest.param(Cue("2026-11-20T14:41:13Z", 30, DARK, ORANGE), id="sunset"),
        pytest.param(Cue("2026-11-20T23:00:00Z", 30, ORANGE, ORANGE), id="midnight within"),
        pytest.param(Cue("2026-11-21T06:53:01Z", 120, ORANGE, DARK), id="sunrise"),
        pytest.param(Cue("2026-11-26T22:58:00Z", 120, ORANGE, DARK), id="the last midnight"),
    ],
)
async def test_the_receiver_has_the_levels_of_the_campaign(
    olad: Any,
    setup: Setup,
    cue: Cue,
    tmp_path: Path,
    soon: Callable[..., Any],
    in_one_direction: Callable[..., bool],
) -> None:
    """On all four universes: before the cue, on the way (in one direction, and never ahead of time), and at rest."""
    speed = cue.fade_s / FADE_S
    before, after = levels(setup, cue.before), levels(setup, cue.after)
    clock = HeldClock(cue.instant - timedelta(seconds=LEAD_S * speed), speed)
    async with service(setup, clock, tmp_path) as running_service:
        for universe, frame in before.items():
            assert await olad.shows(universe, frame, WITHIN_S)
        await soon(lambda: confirmed(running_service), WITHIN_S)
        with olad.watched(before) as seen:
            clock.let_go()
            await soon(lambda: clock.read().wall > cue.instant + timedelta(seconds=cue.fade_s))
            for universe, frame in after.items():
                assert await olad.shows(universe, frame, WITHIN_S)
            await asyncio.sleep(REST_S)
        await soon(lambda: confirmed(running_service), WITHIN_S)
        reading = clock.read()
    assert set(before) == {1, 2, 11, 12}
    for universe in before:
        mine = [one for one in seen if one.universe == universe]
        walls = [reading.wall + timedelta(seconds=(one.answered_s - reading.mono) * speed) for one in mine]
        rows = [one.levels for one in mine]
        assert rows[0] == before[universe]
        assert rows[-1] == after[universe]
        assert in_one_direction(rows)
        assert cue.before == cue.after or len(set(rows)) > 2, "it did not fade"
        for row, wall in zip(rows, walls, strict=True):
            soonest = levels(setup, cue.light(wall + timedelta(seconds=SLACK_S)))[universe]
            assert in_one_direction([before[universe], row, soonest])
