"""Two brokers at once: either may die without anybody noticing on the tower."""

import asyncio
import json
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.app.assembly import Context, Running, running
from controller.clock import VirtualClock
from controller.config.load import load
from controller.gateways.base import Message
from controller.mqtt import Address, Connected, Mqtt, Received
from controller.service.degradations import Degradations
from controller.state import StateStore
from tests.parts import mosquitto, needs

EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)

pytestmark = [pytest.mark.real, needs("mosquitto")]


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[list[tuple[int, subprocess.Popen[bytes]]]]:
    """Two of them, each with its port."""
    with mosquitto(tmp_path) as one, mosquitto(tmp_path) as two:
        yield [one, two]


@asynccontextmanager
async def tower(ports: list[int], config: Path, state: Path) -> AsyncIterator[Running]:
    """The shipped site in the evening of its campaign, on these brokers."""
    setup = load(config)
    mqtt = setup.tower.mqtt.model_copy(update={"broker": tuple(f"mqtt://127.0.0.1:{port}" for port in ports)})
    setup = replace(setup, tower=setup.tower.model_copy(update={"mqtt": mqtt, "web": None}))
    async with StateStore(state, lambda _: None) as store:
        clock = VirtualClock(EVENING, 1.0)
        parts = Context(setup, clock, store, state, lambda *_: None, Degradations(clock), "en")
        async with running(parts) as service:
            yield service


async def until(holds: Callable[[], bool], limit_s: float = 15.0) -> float:
    """Seconds until something holds."""
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(limit_s):
        while not holds():
            await asyncio.sleep(0.02)
    return asyncio.get_running_loop().time() - began


async def ask(port: int, look: str) -> None:
    """An override, through one of the brokers."""
    async with Mqtt(Address("127.0.0.1", port), f"hand-{look}") as mqtt:
        async for item in mqtt:
            if isinstance(item, Connected):
                break
        request = {"version": 1, "id": look, "look": look, "until": "1 h", "owner": "test", "reason": "two brokers"}
        mqtt.publish(Message("watertower/override/set", json.dumps(request).encode(), qos=1))


def shows(service: Running, color: str) -> Callable[[], bool]:
    """Whether the gateway says that it shows this, and is believed."""

    def holds() -> bool:
        track = service.controller.states["mast"]
        told = {shown.color.hex for shown in track.reported.zones.values() if shown.color}
        return told == {color} and set(track.status.values()) == {"confirmed"}

    return holds


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_the_tower_obeys_through_the_broker_that_is_left(
    brokers: list[tuple[int, subprocess.Popen[bytes]]], config: Path, tmp_path: Path, how: signal.Signals
) -> None:
    """One dies or freezes; the next override is shown and confirmed through the other."""
    ports = [port for port, _ in brokers]
    async with tower(ports, config, tmp_path / "state") as service:
        await until(shows(service, "#FF6A00"))
        await until(lambda: all(service.reach.values()))
        brokers[0][1].send_signal(how)
        await ask(ports[1], "red")
        await until(shows(service, "#FF0000"))


async def test_a_broker_that_returns_empty_gets_everything_again(
    brokers: list[tuple[int, subprocess.Popen[bytes]]], config: Path, tmp_path: Path
) -> None:
    """Its retained messages are gone, and are there again soon after it is back."""
    ports = [port for port, _ in brokers]
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(tower(ports, config, tmp_path / "state"))
        await until(shows(service, "#FF6A00"))
        await until(lambda: all(service.reach.values()))
        brokers[0][1].kill()
        brokers[0][1].wait()
        stack.enter_context(mosquitto(tmp_path, port=ports[0]))
        await until(lambda: all(service.reach.values()), 40)
        wanted = {f"watertower/gateway/mast/{leaf}" for leaf in ("desired", "reported", "availability")}
        async with (
            asyncio.timeout(15),
            Mqtt(Address("127.0.0.1", ports[0]), "late", subscriptions=(("watertower/#", 1),)) as mqtt,
        ):
            async for item in mqtt:
                if isinstance(item, Received):
                    wanted.discard(item.topic)
                if not wanted:
                    break
