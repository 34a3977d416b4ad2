"""The order in which a service starts and stops, and what it leaves behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controller.app.assembly import Context, Running, running
from controller.broker.broker_file import FORMAT
from controller.clock import VirtualClock
from controller.config.load import load
from controller.errors import Misconfigured
from controller.events import Event
from controller.service.degradations import Degradations
from controller.state import StateStore

EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)


class Site:
    """The shipped site in the evening of its campaign, on a free port, and the events of its service."""

    def __init__(self, config: Path, state: Path) -> None:
        self.config, self.state = config, state
        self.events: list[Event] = []

    @property
    def codes(self) -> list[str]:
        return [event.code for event in self.events]

    @asynccontextmanager
    async def service(self, **more: Any) -> AsyncIterator[Running]:
        clock = VirtualClock(EVENING, 1.0)
        degradations = Degradations(clock)

        def emit(event: Event, at: datetime) -> None:
            self.events.append(event)
            degradations.take(event, at)

        async with StateStore(self.state, lambda _: None) as store:
            context = Context(load(self.config), clock, store, self.state, emit, degradations, "en", port=0, **more)
            async with running(context) as service:
                yield service


@pytest.fixture
def site(config: Path, tmp_path: Path) -> Site:
    """With an empty state directory."""
    return Site(config, tmp_path / "state")


async def until(site: Site, code: str) -> None:
    """Waits for an event."""
    async with asyncio.timeout(20):
        while code not in site.codes:
            await asyncio.sleep(0.01)


async def test_the_broker_starts_first_and_stops_last(site: Site) -> None:
    """So that gateways and controller find it, and can say goodbye to it."""
    async with site.service():
        await until(site, "TWL-G101")
    started, stopped = site.codes.index("TWL-B010"), site.codes.index("TWL-B011")
    assert started < min(site.codes.index(code) for code in ("TWL-M001", "TWL-D001", "TWL-G101"))
    assert stopped > max(len(site.codes) - 1 - site.codes[::-1].index(code) for code in ("TWL-D002", "TWL-G101"))


async def test_only_a_gateway_that_runs_here_is_started(site: Site) -> None:
    """Any other drives its lamps from another machine, as one without the key does: two would send the same levels."""
    text = (site.config / "tower.yaml").read_text("utf-8")
    lamp = "fixtures: [{name: a, zone: bowl, profile: rgbw, address: 1}]"
    text += "".join(
        f"  - {{name: {name}, kind: dmx, output: simulated, {runs}universe: {universe}, {lamp}}}\n"
        for name, runs, universe in (("gate", "runs: elsewhere, ", 2), ("roof", "", 3), ("yard", "runs: here, ", 4))
    )
    (site.config / "tower.yaml").write_text(text, "utf-8")
    async with site.service() as service:
        async with asyncio.timeout(20):
            while len([event for event in site.events if event.code == "TWL-G101"]) < 2:
                await asyncio.sleep(0.01)
        assert list(service.controller.gateways) == ["mast", "gate", "roof", "yard"]
    started = [event.fields["gateway"] for event in site.events if event.code == "TWL-D001"]
    assert sorted(map(str, started)) == ["mast", "yard"]


async def test_a_service_that_stopped_is_retained_as_offline(site: Site) -> None:
    """By its own word, not by its last will: the broker stops with it."""
    async with site.service():
        await until(site, "TWL-G101")
    first, body = (site.state / "broker.json").read_text("utf-8").split("\n", 1)
    assert first.startswith(FORMAT)
    assert '["watertower/controller/status","offline",1,true]' in body


async def test_the_service_ends_when_one_of_its_tasks_does(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the error of that task; a lamp must not be without its controller unnoticed."""

    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(StateStore, "store_known", breaks)
    async with site.service() as service:
        with pytest.raises(ExceptionGroup) as broken:
            await service.work
        assert broken.group_contains(ZeroDivisionError)


async def test_a_secret_that_is_missing_starts_nothing(site: Site) -> None:
    """No broker without its users."""
    text = (site.config / "tower.yaml").read_text("utf-8")
    (site.config / "tower.yaml").write_text(
        text.replace("  topic_prefix", "  users_file: gone\n  topic_prefix"), "utf-8"
    )
    with pytest.raises(Misconfigured):
        async with site.service():
            pass
    assert "TWL-B010" not in site.codes


async def test_a_broker_whose_users_cannot_be_read_lets_in_the_service_alone(site: Site) -> None:
    """The lamps that run here are lit all the same."""
    text = (site.config / "tower.yaml").read_text("utf-8")
    (site.config / "tower.yaml").write_text(
        text.replace("  topic_prefix", "  users_file: gone\n  topic_prefix"), "utf-8"
    )
    async with site.service(closed=True):
        await until(site, "TWL-G101")
