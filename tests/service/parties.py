"""Who is on the network of a `World`: controllers, gateways of ours with their lamps, and devices of vendors.

Each has a clock of its own, which can be wrong, and loses with its power what it does not keep on a disk.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from controller.clock import ClockReading, ForwardTime, Trust
from controller.dmx.document import StoredDocument
from controller.dmx.gateway import DmxGateway as Machine
from controller.dmx.outputs.simulated import SimulatedLamps
from controller.events import Event
from controller.gateways.base import Gateway, Message, Order
from controller.gateways.dmx import Dmx
from controller.lighting.look import ZoneState
from controller.lighting.patch import Patch
from controller.schedule.plan import Program
from controller.service.controller import Controller
from controller.simulation.devices import DEVICES

if TYPE_CHECKING:
    from tests.service.world import World

PREFIX = "watertower"


@dataclass
class Dial:
    """A clock that can be wrong."""

    offset_s: float = 0.0
    stepped_s: float = 0.0
    trust: Trust = Trust.TRUSTED

    def step(self, seconds: float) -> None:
        """The wall jumps."""
        self.offset_s += seconds
        self.stepped_s += seconds


class Party:
    """Somebody on the network: what it subscribes to, its clock, when it must be woken."""

    def __init__(self, world: "World", name: str, topics: Iterable[str], will: Message | None = None) -> None:
        self.world = world
        self.name = name
        self.topics = frozenset(topics)
        self.will = will
        self.dial = Dial()
        self._forward = ForwardTime()
        self.up = False
        self.online = False
        self.session = 0
        self.due_s = float("inf")

    def reading(self) -> ClockReading:
        """Its own look at its own clock."""
        shows = self.world.wall + timedelta(seconds=self.dial.offset_s)
        wall = self._forward.at(shows, self.world.mono)
        return ClockReading(wall, self.world.mono, self.dial.trust, self.dial.stepped_s)

    def hears(self, topic: str) -> bool:
        """Whether it has subscribed to a topic."""
        return topic in self.topics or any(_matches(each, topic) for each in self.topics if each[-1:] in "+#")

    def connect(self) -> None:
        """The broker lets it in, and hands it what it kept."""
        self.online, self.session = True, self.session + 1
        self.on_connected()
        for topic, payload in self.world.kept.items():
            if self.hears(topic):
                self.world.post(self, topic, payload, retained=True)
        self.poke()

    def disconnect(self, tell: bool = True) -> None:
        """The line breaks; the broker says the will."""
        self.online, self.session = False, self.session + 1
        if tell and self.will is not None:
            self.world.publish(self, self.will)
        if self.up:
            self.on_lost()
            self.poke()

    def poke(self) -> None:
        """Woken as soon as it may."""
        if self.up:
            self.due_s = self.world.mono

    def send(self, messages: Iterable[Message]) -> None:
        """Published, if there is a line."""
        for message in messages:
            self.world.sent.append((self.world.mono, self.name, message))
            if self.online and self.world.random.random() >= self.world.line.drop:
                self.world.publish(self, message)

    def wake(self, wake_s: float | None, wake_at: datetime | None) -> None:
        """Never in the past: whoever asks for that would spin for ever."""
        reading = self.reading()
        assert wake_s is None or wake_s > reading.mono, f"{self.name} would spin"
        assert wake_at is None or wake_at > reading.wall, f"{self.name} would spin"
        by_wall = (wake_at - reading.wall).total_seconds() if wake_at is not None else float("inf")
        due_s = min(wake_s if wake_s is not None else float("inf"), reading.mono + by_wall)
        self.due_s = max(due_s, reading.mono + self.world.grain_s)

    def on_connected(self) -> None: ...
    def on_lost(self) -> None: ...
    def take(self, topic: str, payload: bytes, retained: bool) -> None: ...
    def turn(self) -> None: ...


class ControllerParty(Party):
    """The engine, and the order that it keeps on disk."""

    def __init__(self, world: "World", name: str, gateways: tuple[Gateway, ...], program: Program) -> None:
        self._gateways = gateways
        self._program = program
        self.engine = Controller(gateways, PREFIX, program)
        self.events: list[tuple[float, Event]] = []
        super().__init__(world, name, self.engine.topics)

    def start(self, known: Order = Order()) -> None:
        """The process starts; nothing but `known` was kept."""
        self.engine = Controller(self._gateways, PREFIX, self._program, known)
        self._forward = ForwardTime()
        self.up = True
        self.connect()

    def stop(self) -> None:
        """Killed."""
        self.up, self.due_s = False, float("inf")
        self.disconnect()

    def on_connected(self) -> None:
        self.engine.connected(self.reading())

    def on_lost(self) -> None:
        self.engine.lost()

    def take(self, topic: str, payload: bytes, retained: bool) -> None:
        self.engine.receive(topic, payload, retained, self.reading())

    def turn(self) -> None:
        output = self.engine.turn(self.reading())
        self.events += [(self.world.mono, event) for event in output.events]
        self.send(output.messages)
        self.wake(output.wake_s, output.wake_at)
        if self.dial.trust is Trust.SUSPECT:
            self.due_s = self.world.mono + 1.0

    def codes(self, since_s: float = 0.0) -> list[str]:
        """What was told."""
        return [event.code for at_s, event in self.events if at_s >= since_s]

    def standing(self, gateway: str = "mast") -> set[str]:
        """How the zones of a gateway stand."""
        return set(self.engine.states[gateway].status.values())


class Box(Party):
    """A DMX gateway with its lamps, and the plan that it keeps on disk."""

    def __init__(self, world: "World", settings: Dmx) -> None:
        self.settings = settings
        self.patch = Patch(settings.fixtures, {}, settings.universe)
        self.lamps = SimulatedLamps(Random(1))
        self.memory: StoredDocument | None = None
        self.events: list[tuple[float, Event]] = []
        self.machine = self._machine()
        will = Message(settings.topic("availability", PREFIX), b"offline", 1, True)
        super().__init__(world, settings.name, (self.machine.topic,), will)
        self._highest = Order()

    def _machine(self) -> Machine:
        return Machine(self.settings, PREFIX, self.patch, self, self.memory)

    def sent(self, universe: int) -> bytes | None:
        """As an output tells it."""
        return self.lamps.sent(universe, self.world.mono)

    @property
    def problems(self) -> tuple[str, ...]:
        """As an output tells it."""
        return ("TWL-X121",) if self.lamps.faults.dead_at(self.world.mono) else ()

    def start(self, forget: bool = False) -> None:
        """Power: the lamps are dark, what was kept on disk is read."""
        self.memory = None if forget else self.memory
        self._highest = self.memory.order if self.memory is not None else Order()
        self.lamps = SimulatedLamps(Random(1))
        self.machine = self._machine()
        self._forward = ForwardTime()
        self.up = True
        self.connect()
        self.send((Message(self.settings.topic("availability", PREFIX), b"online", 1, True),))

    def stop(self, tell: bool = True) -> None:
        """The plug is pulled."""
        self.up, self.due_s = False, float("inf")
        self.disconnect(tell)

    def on_connected(self) -> None:
        self.machine.connected(self.reading())

    def take(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: ARG002
        self.machine.receive(payload, retained, self.reading())

    def turn(self) -> None:
        turn = self.machine.turn(self.reading())
        for universe, levels in turn.frames.items():
            self.lamps.send(universe, levels, self.world.mono)
        self.memory = turn.to_store or self.memory
        replaced = turn.to_store.replaces if turn.to_store is not None else None
        named = replaced is not None and replaced.order == self._highest
        assert named or not self.machine.order < self._highest, "an older order was applied"
        self._highest = self.machine.order
        self.events += [(self.world.mono, event) for event in turn.events]
        self.send(turn.messages)
        self.wake(turn.wake_s, turn.wake_at)
        if self.dial.trust is Trust.SUSPECT:
            self.due_s = min(self.due_s, self.world.mono + 1.0)

    def shown(self, goals: dict[str, ZoneState] | None = None) -> dict[str, ZoneState]:
        """What the lamps truly show; `goals` is what would be the same levels."""
        universes = self.patch.universes
        dark = bytes(512)
        levels = {number: self.lamps.shown(number, self.world.mono) or dark for number in universes}
        return dict(self.patch.shown(levels, goals))


class Vendor(Party):
    """A simulated device of a vendor."""

    def __init__(self, world: "World", gateway: Gateway) -> None:
        self.gateway = gateway
        self.device = DEVICES[gateway.kind](gateway)
        self.birth: tuple[Message, ...] = ()
        super().__init__(world, gateway.name, self.device.subscriptions, self.device.will)

    def start(self, tell: bool = True) -> None:
        """Power; with `tell` it says what its firmware says then, else nothing at all."""
        self.device = DEVICES[self.gateway.kind](self.gateway)
        self.up, self.birth = True, ()
        self.connect()
        said = self.device.boot(self.reading().wall)
        self.send(said if tell else ())
        self.birth = tuple(message for message in said if self.will is not None and message.topic == self.will.topic)

    def on_connected(self) -> None:
        """Its birth, each time that it connects anew."""
        self.send(self.birth)

    def stop(self, tell: bool = True) -> None:
        """The plug is pulled; with `tell` the broker says the will."""
        self.up, self.due_s = False, float("inf")
        self.disconnect(tell)

    def take(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: ARG002
        self.send(self.device.receive(topic, payload, self.reading().wall))

    def turn(self) -> None:
        messages, due = self.device.turn(self.reading().wall)
        self.send(messages)
        self.wake(None, due)


def _matches(topic_filter: str, topic: str) -> bool:
    """MQTT 5.0 section 4.7, as far as devices use it: a wildcard at the end."""
    head = topic_filter[:-1]
    return topic.startswith(head) and (topic_filter[-1] == "#" or "/" not in topic[len(head) :])
