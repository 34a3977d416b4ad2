"""Somebody who asks for `status` on a computer whose clock is wrong; uses the same `HealthWatch` as the command."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from controller.clock import ClockReading
from controller.gateways.base import Message
from controller.mqtt import Received
from controller.service.health_watch import HealthWatch
from controller.simulation.kernel import Kernel
from controller.simulation.network import Client, MultiBrokerClient, SimulatedBroker

LOOK_S = 0.1


class StatusAsker:
    """One question to all brokers; `tells` takes whether the controller lives."""

    def __init__(
        self,
        world: Kernel,
        brokers: tuple[SimulatedBroker, ...],
        prefix: str,
        ahead_s: float,
        tells: Callable[[bool], None],
    ) -> None:
        self._world = world
        self._ahead = timedelta(seconds=ahead_s)
        self._tells = tells
        self._news = HealthWatch(prefix, world.now)
        self._doors = tuple(
            MultiBrokerClient((broker,), self._client(str(number))) for number, broker in enumerate(brokers)
        )

    def _client(self, broker: str) -> Client:
        hear = partial(self._hear, broker)
        return Client("asker", self._news.topics, None, _says, _ignore, _ignore, hear)

    def ask(self) -> None:
        """From now until there is an answer."""
        for door in self._doors:
            door.start()
        self._look()

    def _hear(self, broker: str, topic: str, payload: bytes, retained: bool) -> None:
        self._news.take(Received(broker, topic, payload, retained, qos=1), self._read())

    def _look(self) -> None:
        if not self._news.is_over(self._read(), len(self._doors)):
            self._world.after(LOOK_S, self._look)
            return
        for door in self._doors:
            door.stop()
        self._tells(self._news.lives(self._read()))

    def _read(self) -> ClockReading:
        return ClockReading(self._world.instant + self._ahead, self._world.now)


def _says() -> tuple[Message, ...]:
    return ()


def _ignore() -> None:
    """It asks once, and leaves."""
