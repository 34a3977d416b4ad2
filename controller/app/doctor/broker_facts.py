"""Facts about brokers and controller: looks their names up, then listens to all of them. Publishes nothing on any
topic."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path

from controller.clock import Clock
from controller.config.tower import Tower
from controller.events import Event
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.mqtt import Address, Connected, Failure, Item, Mqtt, Received
from controller.mqtt.incoming import SubscriptionRefused
from controller.service.health import GatewayHealth, Health
from controller.service.health_watch import HealthWatch
from controller.service.home_assistant_device import HomeAssistantDevice, home_assistant_topics
from controller.threads import run_blocking
from controller.topics import matches

LOOK_UP_S = 5.0
LISTEN_S = 3.0
"""Least seconds to listen to each broker: retained messages and answers to subscriptions arrive immediately."""
LONGEST_S = 20.0
LOOK_S = 0.05


@dataclass(slots=True)
class BrokerFacts:
    """One broker: why its name is unknown (None if it is known, or is an address), why it refuses us, when its
    certificate expires, which topic filters it refuses, and on which topics messages arrived."""

    address: Address
    unknown_name: Reason | None = None
    is_connected: bool = False
    failure: Event | None = None
    certificate_until: datetime | None = None
    refused: list[Event] = field(default_factory=list)
    received: set[str] = field(default_factory=set)

    def receive(self, item: Item) -> None:
        """Handles an item of this broker."""
        if isinstance(item, Failure):
            self.failure = item.event()
        elif isinstance(item, Connected):
            self.is_connected, self.failure = True, None
            self.certificate_until = item.certificate_until
        elif isinstance(item, SubscriptionRefused):
            self.refused.append(item.event())
        elif isinstance(item, Received):
            self.received.add(item.topic)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """All brokers `now`, and what arrived from the controller; `lives`: its sign of life and its document arrived;
    `beats`: the sign of life did; `runs_on` is the state directory on which a service runs on this machine, None if
    none does."""

    tower: Tower
    now: datetime
    brokers: tuple[BrokerFacts, ...]
    lives: bool
    health: Health | None
    gateways: tuple[GatewayHealth, ...]
    runs_on: Path | None = None
    beats: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether any broker accepted us."""
        return any(broker.is_connected for broker in self.brokers)


async def listen(tower: Tower, addresses: Sequence[Address], client: str, clock: Clock) -> SiteFacts:
    """Listens for some seconds under this client id, which no other program may have, and returns the facts."""
    brokers = {str(address): BrokerFacts(address) for address in addresses}
    await asyncio.gather(*(_look_up(broker) for broker in brokers.values() if not tower.mqtt.is_embedded))
    prefix = tower.mqtt.topic_prefix
    watch = HealthWatch(prefix, clock.read().mono)
    of_meters = (meter.topic for meter in tower.measured)
    topics = dict.fromkeys((*(topic for each in tower.gateways for topic in each.topics(prefix)), *of_meters))
    home_assistant = home_assistant_topics(HomeAssistantDevice.of(tower, tower.site.language), prefix)
    filters = (*watch.topics, watch.gateway_topics, f"{prefix}/override/set", *topics, *home_assistant)
    async with Mqtt(addresses, client, subscriptions=tuple((topic, 1) for topic in filters)) as mqtt:
        listening = asyncio.create_task(_listen(mqtt, brokers, watch, clock), name="doctor: listen")
        end_s = clock.read().mono + LONGEST_S
        while not _is_over(brokers, watch, clock) and clock.read().mono < end_s:
            await asyncio.wait([listening], timeout=LOOK_S)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    reading = clock.read()
    watched = (watch.lives(reading), watch.health, watch.gateways)
    return SiteFacts(tower, reading.wall, tuple(brokers.values()), *watched, beats=watch.beats(reading))


async def _look_up(broker: BrokerFacts) -> None:
    with suppress(ValueError):
        ip_address(broker.address.host)
        return
    look_up = partial(socket.getaddrinfo, broker.address.host, broker.address.port, type=socket.SOCK_STREAM)
    try:
        async with asyncio.timeout(LOOK_UP_S):
            await run_blocking("name", look_up)
    except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
        broker.unknown_name = reason_of(error)


async def _listen(mqtt: Mqtt, brokers: dict[str, BrokerFacts], watch: HealthWatch, clock: Clock) -> None:
    own = (*watch.topics, watch.gateway_topics)
    async for item in mqtt:
        brokers[item.broker].receive(item)
        if not isinstance(item, Received) or any(matches(each, item.topic) for each in own):
            watch.take(item, clock.read())


def _is_over(brokers: dict[str, BrokerFacts], watch: HealthWatch, clock: Clock) -> bool:
    if all(broker.failure is not None for broker in brokers.values()):
        return True
    reading = clock.read()
    has_answers = all(broker.is_connected or broker.failure is not None for broker in brokers.values())
    return has_answers and reading.mono - watch.began_s >= LISTEN_S and watch.is_over(reading, len(brokers))
