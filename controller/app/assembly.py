"""The parts put together, as `run` and `demo` need them: broker, gateways that run here, controller.

The start order stands in one stack; what was started last ends first.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from controller.app import broker_settings
from controller.app.context import Context, Tell
from controller.app.descriptors import Descriptors
from controller.app.following import Following, grounds
from controller.app.systemd import feed_watchdog
from controller.broker import Admission, Broker, User
from controller.clock import Clock, Trust
from controller.config.load import Setup
from controller.dmx.runtime import GatewayRuntime
from controller.events import Event
from controller.events.formatters import document
from controller.gateways.base import Message, Order
from controller.gateways.dmx import Dmx
from controller.mqtt import Address, Mqtt
from controller.service.confirmed_minutes import ConfirmedMinutes, LightChanges
from controller.service.controller import Controller
from controller.service.health_watch import ONLINE
from controller.service.overrides import OverrideManager
from controller.service.runtime import Runtime, SiteInfo
from controller.threads import run_blocking

REMEMBER_S = 10.0
COUNT_S = 1.0
OFFLINE = b"offline"


@dataclass(frozen=True)
class Running:
    """What runs: the engine for whoever wants to look, the task that ends only when something is broken, and the
    setup to begin anew with, once the technicians' file has changed."""

    engine: Controller
    work: asyncio.Task[None]
    anew: asyncio.Future[Setup]
    mqtt: Mqtt

    @property
    def reach(self) -> dict[str, bool]:
        """Broker -> whether the controller is connected to it."""
        return self.mqtt.reach


@asynccontextmanager
async def running(parts: Context) -> AsyncIterator[Running]:
    """Everything started, in order; and on the way out stopped, in the opposite one."""
    tower = parts.setup.tower
    parts.degradations.rebuilt()
    async with AsyncExitStack() as stack:
        users = {} if parts.closed else broker_settings.users(tower)
        brokers = await _brokers(parts, users, stack)
        hand = OverrideManager(parts.store, grounds(parts.setup))
        known = parts.store.known
        program = parts.setup.program(hand.overrides, hand.stop)
        engine = Controller(tower.gateways, parts.prefix, program, Order(known.epoch, known.revision))
        site = SiteInfo(tower.site.name, parts.prefix)
        mqtt = await stack.enter_async_context(_connection(brokers, engine, site))
        tell = _telling(parts, mqtt)
        loop = Runtime(engine, hand, parts.clock, mqtt, site, tell, parts.degradations)
        following = Following(parts, loop, hand, tell, users)
        fed = feed_watchdog(lambda: loop.turned_s, lambda: parts.clock.read().mono)
        descriptors = Descriptors(lambda event: tell(event, parts.clock.read().wall))
        works = (loop.run(), following.run(), _remember(parts, engine), _count(parts, engine), fed, descriptors.watch())
        work = asyncio.create_task(_work(parts, works, brokers), name="work")
        stack.push_async_callback(_end, work, mqtt, site)
        yield Running(engine, work, following.anew, mqtt)


async def _brokers(parts: Context, users: Mapping[str, User] | None, stack: AsyncExitStack) -> tuple[Address, ...]:
    """The embedded broker started, or the brokers given."""
    settings = parts.setup.tower.mqtt
    for _, finding in broker_settings.secret_findings(settings):
        parts.tell(finding, parts.clock.read().wall)
    if not settings.is_embedded:
        return broker_settings.addresses(settings)
    host, port = broker_settings.listens(settings)
    own = await run_blocking("password", partial(broker_settings.own_password, parts.state))
    broker = Broker(
        host,
        port if parts.port is None else parts.port,
        admission=Admission(users, own, f"{parts.prefix.replace('/', '-')}-"),
        store=parts.state / "broker.json",
        on_event=lambda event: parts.tell(event, parts.clock.read().wall),
    )
    await stack.enter_async_context(broker)
    return (broker_settings.embedded(host, broker.port, broker_settings.CONTROLLER, own),)


def _connection(brokers: tuple[Address, ...], engine: Controller, site: SiteInfo) -> Mqtt:
    return Mqtt(
        brokers,
        f"{site.prefix.replace('/', '-')}-controller",
        subscriptions=tuple((topic, 1) for topic in (*engine.topics, site.requests, site.status)),
        will=_status(site, OFFLINE),
        birth=(_status(site, ONLINE),),
        streams=(site.requests,),
        partial=engine.partial,
    )


async def _remember(parts: Context, engine: Controller) -> None:
    """Hands the order and the time to the store, which writes them when they are worth it."""
    while True:
        reading = parts.clock.read()
        if reading.trust is not Trust.SUSPECT:
            vouched = reading.trust is Trust.TRUSTED
            parts.store.keep_known(engine.order.epoch, engine.order.revision, reading.wall, vouched=vouched)
        await asyncio.sleep(REMEMBER_S)


async def _count(parts: Context, engine: Controller) -> None:
    """Hands changes of light and confirmed minutes to the history."""
    minutes, changes = ConfirmedMinutes(), LightChanges()
    while True:
        reading = parts.clock.read()
        parts.store.note_minutes(minutes.sample(engine, reading))
        parts.store.note_light(changes.sample(engine, reading))
        await asyncio.sleep(COUNT_S)


def here(parts: Context) -> list[GatewayRuntime]:
    """The DMX gateways that run inside this process; they are reached over MQTT like any other."""
    gateways = (gateway for gateway in parts.setup.tower.gateways if isinstance(gateway, Dmx))
    return [process(parts.setup, g, parts.clock, parts.state, parts.tell) for g in gateways if g.runs == "here"]


def process(setup: Setup, gateway: Dmx, clock: Clock, state: Path, tell: Tell) -> GatewayRuntime:
    """One DMX gateway, ready to run."""
    file = state / f"gateway-{gateway.name}.json"
    return GatewayRuntime(gateway, setup.patch(gateway), setup.tower.mqtt.topic_prefix, clock, file, tell)


async def _work(parts: Context, ours: tuple[Coroutine[Any, Any, None], ...], brokers: tuple[Address, ...]) -> None:
    site = parts.setup.tower.site.name
    async with asyncio.TaskGroup() as tasks:
        for work, name in zip(ours, ("controller", "files", "memory", "glow", "watchdog", "descriptors"), strict=True):
            tasks.create_task(work, name=name)
        for gateway in here(parts):
            tasks.create_task(gateway.run(brokers, site), name=f"gateway {gateway.name}")


async def _end(work: asyncio.Task[None], mqtt: Mqtt, site: SiteInfo) -> None:
    """Ends the work, and says what the last will would say: not before, or the loop would say that it is there."""
    work.cancel()
    await asyncio.wait([work])
    mqtt.publish(_status(site, OFFLINE))


def _status(site: SiteInfo, word: bytes) -> Message:
    return Message(site.status, word, qos=1, retain=True)


def _telling(parts: Context, mqtt: Mqtt) -> Tell:
    """Each event of the controller is told, and published as it is told."""

    def tell(event: Event, at: datetime) -> None:
        parts.tell(event, at)
        payload = json.dumps(document(event, at, parts.language), ensure_ascii=False).encode()
        mqtt.publish(Message(f"{parts.prefix}/controller/event", payload))

    return tell
