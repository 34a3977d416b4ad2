"""Worlds in which both ends live in memory: engine, gateways and lamps around a broker that does as it is told."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import Setup, load, parse
from controller.dmx.outputs.simulated import Faults
from controller.gateways import GATEWAYS
from controller.gateways.dmx import Dmx
from controller.schedule.plan import Program
from tests.service.parties import Box, ControllerParty, Vendor
from tests.service.world import World

ROOT = Path(__file__).parents[2]
VENDORS = json.loads((ROOT / "tests" / "vectors" / "vendors.json").read_text(encoding="utf-8"))
BEFORE_DUSK = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def shipped() -> Setup:
    """The configuration that is shipped."""
    return load(ROOT / "config")


@pytest.fixture(scope="session")
def scheduled(shipped: Setup) -> Callable[[str], Program]:
    """The shipped tower under another schedule."""
    tower = (ROOT / "config" / "tower.yaml").read_bytes()

    def make(schedule: str) -> Program:
        return parse(tower, f"version: 1\n{schedule}".encode(), ROOT / "config").program()

    return make


Worlds = Callable[..., World]


@pytest.fixture(scope="session")
def world_of(shipped: Setup) -> Worlds:
    """Makes a world at an instant: the shipped tower, or gateways by their name in `vendors.json` or by their keys."""

    def make(
        start: datetime,
        *,
        vendors: tuple[str | dict[str, str], ...] = (),
        program: Program | None = None,
        report_every: timedelta = timedelta(seconds=10),
        grain_s: float = 0.02,
    ) -> World:
        world = World(start.astimezone(UTC), grain_s)
        known = {each["name"]: each for each in VENDORS}
        keys = [known[each] if isinstance(each, str) else each for each in vendors]
        gateways = tuple(GATEWAYS[each["kind"]].model_validate(each) for each in keys)
        ours = tuple(
            gateway.model_copy(update={"report_every": report_every})
            for gateway in shipped.tower.gateways
            if isinstance(gateway, Dmx) and not vendors
        )
        world.parties.append(ControllerParty(world, "controller", (*ours, *gateways), program or shipped.program()))
        world.parties += [Box(world, gateway) for gateway in ours]
        world.parties += [Vendor(world, gateway) for gateway in gateways]
        return world

    return make


def begun(world: World) -> World:
    """Both ends have found each other: the light is right and confirmed, and what follows is counted from here."""
    world.box.start()
    world.controller.start()
    world.run(5)
    assert world.right
    assert world.controller.standing() == {"confirmed"}
    world.clear()
    return world


@pytest.fixture
def night(world_of: Worlds) -> World:
    """The shipped tower at 18:00 UTC on the first night of the campaign of 2026, orange and confirmed."""
    return begun(world_of(datetime(2026, 11, 20, 18, 0, tzinfo=UTC)))


@pytest.fixture
def evening(world_of: Worlds) -> World:
    """Half an hour before the lights go on, dark and confirmed."""
    return begun(world_of(BEFORE_DUSK))


@pytest.fixture
def long(world_of: Worlds) -> World:
    """The same half an hour, for days to come: a report every ten minutes, and fades in coarse steps."""
    return begun(world_of(BEFORE_DUSK, report_every=timedelta(minutes=10), grain_s=0.5))


@pytest.fixture(scope="session")
def faults() -> type[Faults]:
    """How lamps misbehave."""
    return Faults


@pytest.fixture(scope="session")
def rival() -> Callable[[World], ControllerParty]:
    """Adds a second controller with the same files to a world."""

    def make(world: World, program: Program | None = None) -> ControllerParty:
        first = world.controller
        gateways = tuple(first.engine.gateways.values())
        second = ControllerParty(world, "rival", gateways, program or first.engine.program)
        world.parties.append(second)
        return second

    return make
