"""The parts put together, as `run` and `demo` need them: broker, gateways that run here, controller.

The start order stands in one stack; what was started last ends first.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from controller.broker import Broker
from controller.cli import connect
from controller.clock import Clock
from controller.config.load import Setup
from controller.dmx.process import Process
from controller.events import Event
from controller.events.kind import Language
from controller.events.line import document
from controller.gateways.contract import Dmx
from controller.gateways.gateway import Message
from controller.lighting.patch import Patch
from controller.mqtt import Address, Mqtt
from controller.service.engine import Engine
from controller.service.loop import Loop, Named

Tell = Callable[[Event, datetime], None]


@dataclass(frozen=True)
class Parts:
    """What it is built of: the files, the clock, where state is kept, who is told. `port` 0 takes a free one."""

    setup: Setup
    clock: Clock
    state: Path
    tell: Tell
    language: Language
    port: int | None = None

    @property
    def prefix(self) -> str:
        """The prefix of the site's topics."""
        return self.setup.tower.mqtt.topic_prefix


@dataclass(frozen=True)
class Running:
    """What runs: the engine for whoever wants to look, and the task that ends only when something is broken."""

    engine: Engine
    work: asyncio.Task[None]


@asynccontextmanager
async def running(parts: Parts) -> AsyncIterator[Running]:
    """Everything started, in order; and on the way out stopped, in the opposite one."""
    tower = parts.setup.tower
    parts.state.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        brokers = await _brokers(parts, stack)
        engine = Engine(tower.gateways, parts.prefix, parts.setup.program())
        mqtt = await stack.enter_async_context(_connection(brokers, engine, parts.prefix))
        loop = Loop(engine, parts.clock, mqtt, Named(tower.site.name, parts.prefix), _telling(parts, mqtt))
        work = asyncio.create_task(_work(loop, here(parts), brokers, tower.site.name), name="work")
        stack.push_async_callback(_end, work, mqtt, parts.prefix)
        yield Running(engine, work)


async def _brokers(parts: Parts, stack: AsyncExitStack) -> tuple[Address, ...]:
    """The embedded broker started, or the brokers given."""
    settings = parts.setup.tower.mqtt
    if not settings.is_embedded:
        return connect.addresses(settings)
    host, port = connect.listens(settings)
    broker = Broker(
        host,
        port if parts.port is None else parts.port,
        users=connect.users(settings),
        store=parts.state / "broker.json",
        on_event=lambda event: parts.tell(event, parts.clock.read().wall),
    )
    await stack.enter_async_context(broker)
    return connect.addresses(settings, broker.port)


def _connection(brokers: tuple[Address, ...], engine: Engine, prefix: str) -> Mqtt:
    return Mqtt(
        brokers,
        f"{prefix.replace('/', '-')}-controller",
        subscriptions=tuple((topic, 1) for topic in engine.topics),
        will=_status(prefix, b"offline"),
        birth=(_status(prefix, b"online"),),
    )


def here(parts: Parts) -> list[Process]:
    """The DMX gateways that run inside this process; they are reached over MQTT like any other."""
    gateways = (gateway for gateway in parts.setup.tower.gateways if isinstance(gateway, Dmx))
    return [process(parts, gateway) for gateway in gateways if gateway.runs == "here"]


def process(parts: Parts, gateway: Dmx) -> Process:
    """One DMX gateway, ready to run."""
    memory = parts.state / f"gateway-{gateway.name}.json"
    palette = parts.setup.tower.palette
    patch = Patch(gateway.fixtures, parts.setup.profiles, gateway.universe, palette)
    return Process(gateway, patch, parts.prefix, parts.clock, memory, parts.tell)


async def _work(loop: Loop, gateways: list[Process], brokers: tuple[Address, ...], site: str) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(loop.run(), name="controller")
        for gateway in gateways:
            tasks.create_task(gateway.run(brokers, site), name=f"gateway {gateway.name}")


async def _end(work: asyncio.Task[None], mqtt: Mqtt, prefix: str) -> None:
    """Says what the last will would say, and ends the work."""
    mqtt.publish(_status(prefix, b"offline"))
    work.cancel()
    await asyncio.wait([work])


def _status(prefix: str, word: bytes) -> Message:
    return Message(f"{prefix}/controller/status", word, qos=1, retain=True)


def _telling(parts: Parts, mqtt: Mqtt) -> Tell:
    """Each event of the controller is told, and published as it is told."""

    def tell(event: Event, at: datetime) -> None:
        parts.tell(event, at)
        payload = json.dumps(document(event, at, parts.language), ensure_ascii=False).encode()
        mqtt.publish(Message(f"{parts.prefix}/controller/event", payload))

    return tell
