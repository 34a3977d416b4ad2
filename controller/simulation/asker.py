"""Somebody who asks for `status` on a computer whose clock is wrong, and goes by the same `News` as the command."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from controller.clock import Reading
from controller.gateways.gateway import Message
from controller.mqtt import Received
from controller.service.news import News
from controller.simulation.door import Door
from controller.simulation.network import Broker, Client
from controller.simulation.world import World

LOOK_S = 0.1


class Asker:
    """One question to all brokers; `tells` takes whether the controller lives."""

    def __init__(
        self, world: World, brokers: tuple[Broker, ...], prefix: str, ahead_s: float, tells: Callable[[bool], None]
    ) -> None:
        self._world = world
        self._ahead = timedelta(seconds=ahead_s)
        self._tells = tells
        self._news = News(prefix, world.now)
        self._doors = tuple(Door((broker,), self._client(str(number))) for number, broker in enumerate(brokers))

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

    def _read(self) -> Reading:
        return Reading(self._world.instant + self._ahead, self._world.now)


def _says() -> tuple[Message, ...]:
    return ()


def _ignore() -> None:
    """It asks once, and leaves."""
