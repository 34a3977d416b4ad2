"""Worlds in which both ends are in memory: controller, gateways and lamps around a broker that the test controls."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.config.load import Setup, load, parse
from controller.dmx.outputs.simulated import Faults
from controller.gateways import GATEWAYS, Gateway, own_gateways
from controller.schedule.plan import Program
from controller.simulation.reference import Expected
from tests.service.simulated import SimulatedController, World

ROOT = Path(__file__).parents[2]
VENDORS = json.loads((ROOT / "tests" / "vectors" / "vendors.json").read_text(encoding="utf-8"))
BEFORE_DUSK = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def shipped() -> Setup:
    """The configuration that is shipped."""
    return load(ROOT / "config")


@pytest.fixture(scope="session")
def setup_of() -> Callable[[str], Setup]:
    """The shipped tower under another schedule."""
    tower = (ROOT / "config" / "tower.yaml").read_bytes()

    def make(schedule: str) -> Setup:
        return parse(tower, f"version: 1\n{schedule}".encode(), ROOT / "config")

    return make


@pytest.fixture(scope="session")
def scheduled(setup_of: Callable[[str], Setup]) -> Callable[[str], Program]:
    """The rules of another schedule."""
    return lambda schedule: setup_of(schedule).program()


Worlds = Callable[..., World]


@pytest.fixture(scope="session")
def world_of(shipped: Setup) -> Worlds:
    """Makes a world at an instant: the shipped tower, or gateways by their name in `vendors.json` or by their keys."""
    known = {each["name"]: each for each in VENDORS}
    references: dict[tuple[int, datetime, float], tuple[Setup, Expected]] = {}

    def make(
        start: datetime,
        *,
        vendors: tuple[str | dict[str, str], ...] = (),
        setup: Setup = shipped,
        report_every: timedelta = timedelta(seconds=10),
        days: float = 1,
        lulls: bool = False,
    ) -> World:
        start = start.astimezone(UTC)
        key = (id(setup), start.replace(hour=0, minute=0, second=0, microsecond=0), days)
        if key not in references:
            references[key] = setup, Expected(setup, key[1], key[1] + timedelta(days=days))
        keys = [known[each] if isinstance(each, str) else each for each in vendors]
        gateways: tuple[Gateway, ...] = tuple(GATEWAYS[each["kind"]].model_validate(each) for each in keys)
        if not vendors:
            update = {"report_every": report_every}
            gateways = tuple(own.model_copy(update=update) for own in own_gateways(setup.tower.gateways))
        tower = setup.tower.model_copy(update={"gateways": gateways})
        return World(replace(setup, tower=tower), references[key][1].without_overrides(), start, lulls)

    return make


def begun(world: World) -> World:
    """Both ends have found each other: the light is right and confirmed, and what follows is counted from here."""
    world.mast.start()
    world.controller.start()
    world.run(5)
    assert world.right
    assert world.controller.status() == {"confirmed"}
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
    return begun(world_of(BEFORE_DUSK, report_every=timedelta(minutes=10), days=5))


@pytest.fixture(scope="session")
def faults() -> type[Faults]:
    """How lamps misbehave."""
    return Faults


@pytest.fixture(scope="session")
def rival() -> Callable[..., SimulatedController]:
    """Adds a second controller to a world, with the same files or others."""

    def make(world: World, setup: Setup | None = None) -> SimulatedController:
        return world.rival(setup)

    return make
