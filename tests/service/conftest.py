"""Both ends in memory: engine, gateways and lamps around a broker that forgets, drops, doubles and delays as told.

Time is a number that jumps from one event to the next, so that a week passes in a second. Every party has a clock of
its own, which can be wrong. Whatever runs in here is watched: see `World.check`.
"""

import heapq
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from controller.clock import Reading, Trust
from controller.config.load import Setup, load, parse
from controller.dmx.gateway import Gateway as Machine
from controller.dmx.memory import Memory
from controller.dmx.simulated import Faults, SimulatedLamps
from controller.events import Event
from controller.gateways import GATEWAYS
from controller.gateways.contract import Dmx
from controller.gateways.documents import Desired, parse_desired
from controller.gateways.gateway import Gateway, Message, Order
from controller.lighting.look import ZoneState
from controller.lighting.patch import Patch
from controller.schedule.plan import Cue, Program
from controller.service.engine import Engine
from controller.service.wishes import fade_left_s, goal
from controller.simulation.devices import DEVICES

ROOT = Path(__file__).parents[2]
PREFIX = "watertower"
VENDORS = json.loads((ROOT / "tests" / "vectors" / "vendors.json").read_text(encoding="utf-8"))


@dataclass
class Line:
    """The way between a party and the broker: shares of messages lost and doubled, and the longest delay."""

    drop: float = 0.0
    double: float = 0.0
    delay_s: float = 0.0


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
        self.up = False
        self.online = False
        self.session = 0
        self.due_s = float("inf")

    def reading(self) -> Reading:
        """Its own look at its own clock."""
        wall = self.world.wall + timedelta(seconds=self.dial.offset_s)
        return Reading(wall, self.world.mono, self.dial.trust, self.dial.stepped_s)

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


class Controller(Party):
    """The engine, and the order that it keeps on disk."""

    def __init__(self, world: "World", name: str, gateways: tuple[Gateway, ...], program: Program) -> None:
        self._gateways = gateways
        self._program = program
        self.engine = Engine(gateways, PREFIX, program)
        self.events: list[tuple[float, Event]] = []
        super().__init__(world, name, self.engine.topics)

    def start(self, known: Order = Order()) -> None:
        """The process starts; nothing but `known` was kept."""
        self.engine = Engine(self._gateways, PREFIX, self._program, known)
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
        return set(self.engine.tracks[gateway].standing.values())


class Box(Party):
    """A DMX gateway with its lamps, and the plan that it keeps on disk."""

    def __init__(self, world: "World", settings: Dmx) -> None:
        self.settings = settings
        self.patch = Patch(settings.fixtures, {}, settings.universe)
        self.lamps = SimulatedLamps(Random(1))
        self.memory: Memory | None = None
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
        self.memory = turn.remember or self.memory
        assert not self.machine.order < self._highest, "an older order was applied"
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
        super().__init__(world, gateway.name, self.device.subscriptions, self.device.will)

    def start(self) -> None:
        """Power."""
        self.device = DEVICES[self.gateway.kind](self.gateway)
        self.up = True
        self.connect()
        self.send(self.device.boot(self.reading().wall))

    def stop(self) -> None:
        """The plug is pulled."""
        self.up, self.due_s = False, float("inf")
        self.disconnect()

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


@dataclass
class World:
    """Everything that is there, and the time."""

    start: datetime
    grain_s: float = 0.02
    mono: float = 1000.0
    line: Line = field(default_factory=Line)
    random: Random = field(default_factory=lambda: Random(1))
    parties: list[Party] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    sent: list[tuple[float, str, Message]] = field(default_factory=list)
    undetected_s: float = 0.0
    wrong_s: float = 0.0
    _queue: list[tuple[float, int, Party, int, str, bytes, bool]] = field(default_factory=list)
    _count: int = 0
    _began: float = 1000.0
    _lying_since: float | None = None
    _wrong_since: float | None = None
    _cue: tuple[Program, datetime, datetime, Cue] | None = None
    _wanted: tuple[dict[str, ZoneState], dict[int, bytes]] = field(default_factory=lambda: ({}, {}))

    @property
    def wall(self) -> datetime:
        """The true time."""
        return self.start + timedelta(seconds=self.mono - self._began)

    @property
    def desired(self) -> Desired:
        """The document that the broker keeps for the first gateway of our own."""
        told = parse_desired(self.kept[self.box.settings.topic("desired", PREFIX)])
        assert isinstance(told, Desired)
        return told

    @property
    def controller(self) -> Controller:
        """The first controller."""
        return next(party for party in self.parties if isinstance(party, Controller))

    @property
    def box(self) -> Box:
        """The first gateway of our own."""
        return next(party for party in self.parties if isinstance(party, Box))

    @property
    def vendor(self) -> Vendor:
        """The first gateway of a vendor."""
        return next(party for party in self.parties if isinstance(party, Vendor))

    def publish(self, _sender: Party | None, message: Message) -> None:
        """What the broker does with a message."""
        if message.retain:
            self.kept[message.topic] = message.payload
            if not message.payload:
                del self.kept[message.topic]
        for party in self.parties:
            if party.online and party.hears(message.topic):
                self.post(party, message.topic, message.payload, retained=False)

    def post(self, party: Party, topic: str, payload: bytes, retained: bool) -> None:
        """On its way from the broker to a party."""
        if self.random.random() < self.line.drop:
            return
        copies = 2 if self.random.random() < self.line.double else 1
        for _ in range(copies):
            due_s = self.mono + 0.002 + self.random.uniform(0, self.line.delay_s)
            self._count += 1
            heapq.heappush(self._queue, (due_s, self._count, party, party.session, topic, payload, retained))

    def say(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Somebody else publishes."""
        self.publish(None, Message(topic, payload, 1, retain))

    def forget(self) -> None:
        """The broker starts anew and has kept nothing."""
        self.kept.clear()
        self.cut_and_mend()

    def cut_and_mend(self) -> None:
        """All lines break and are made again."""
        there = [party for party in self.parties if party.up]
        for party in there:
            party.disconnect(tell=False)
        for party in there:
            party.connect()

    def run(self, seconds: float) -> None:
        """Time passes."""
        end = self.mono + seconds
        while True:
            queued = self._queue[0][0] if self._queue else float("inf")
            due_s = min(queued, *(party.due_s for party in self.parties), end)
            self.mono = max(self.mono, due_s)
            self._deliver()
            for party in self.parties:
                if party.up and party.due_s <= self.mono:
                    party.turn()
            self.check()
            if self.mono >= end:
                return

    def until(self, instant: datetime) -> None:
        """Time passes until then."""
        self.run((instant - self.wall).total_seconds())

    def _deliver(self) -> None:
        while self._queue and self._queue[0][0] <= self.mono:
            _, _, party, session, topic, payload, retained = heapq.heappop(self._queue)
            if party.up and party.session == session:
                party.take(topic, payload, retained)
                party.poke()

    def cue(self) -> Cue:
        """The cue in force by true time."""
        program = self.controller.engine.program
        known = self._cue
        if known is None or known[0] is not program or not known[1] <= self.wall < known[2]:
            following = program.next_cue(self.wall)
            until = following.at if following is not None else self.wall + timedelta(days=1)
            self._cue = known = (program, self.wall, until, program.look_at(self.wall))
        return known[3]

    @property
    def goals(self) -> dict[str, ZoneState]:
        """What should be shown now, by true time."""
        return goal(self.controller.engine.program.zones, self.cue(), self.wall)

    @property
    def fading(self) -> bool:
        """Whether a fade should be under way."""
        return fade_left_s(self.cue(), self.wall) > 0

    @property
    def right(self) -> bool:
        """Whether the lamps truly show what they should."""
        goals = self.goals
        if goals != self._wanted[0]:
            self._wanted = (goals, self.box.patch.levels(goals))
        return all(self.box.lamps.shown(number, self.mono) == levels for number, levels in self._wanted[1].items())

    def check(self) -> None:
        """Keeps the longest time of wrong light, and of wrong light that was called confirmed."""
        if not any(isinstance(party, Box) for party in self.parties):
            return
        wrong = not self.fading and not (self.box.up and self.right)
        lying = wrong and self.controller.up and self._lies()
        self._wrong_since, self.wrong_s = self._longest(wrong, self._wrong_since, self.wrong_s)
        self._lying_since, self.undetected_s = self._longest(lying, self._lying_since, self.undetected_s)

    def _lies(self) -> bool:
        """Whether any zone is called confirmed and is not right."""
        goals = self.goals
        shown = self.box.shown(goals)
        standing = self.controller.engine.tracks[self.box.name].standing
        return any(standing.get(zone) == "confirmed" and state != goals[zone] for zone, state in shown.items())

    def _longest(self, holds: bool, since: float | None, longest: float) -> tuple[float | None, float]:
        if not holds:
            return None, longest
        since = self.mono if since is None else since
        return since, max(longest, self.mono - since)

    def clear(self) -> None:
        """Counts from here."""
        self.wrong_s = self.undetected_s = 0.0
        self._wrong_since = self._lying_since = None


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
        world.parties.append(Controller(world, "controller", (*ours, *gateways), program or shipped.program()))
        world.parties += [Box(world, gateway) for gateway in ours]
        world.parties += [Vendor(world, gateway) for gateway in gateways]
        return world

    return make


@pytest.fixture
def night(world_of: Worlds) -> World:
    """The shipped tower at 18:00 UTC on the first night of the campaign of 2026, orange and confirmed."""
    world = world_of(datetime(2026, 11, 20, 18, 0, tzinfo=UTC))
    world.box.start()
    world.controller.start()
    world.run(5)
    assert world.right
    assert world.controller.standing() == {"confirmed"}
    world.clear()
    return world


@pytest.fixture
def evening(world_of: Worlds) -> World:
    """Half an hour before the lights go on, dark and confirmed."""
    world = world_of(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))
    world.box.start()
    world.controller.start()
    world.run(5)
    assert world.right
    assert world.controller.standing() == {"confirmed"}
    world.clear()
    return world


@pytest.fixture
def long(world_of: Worlds) -> World:
    """The same half an hour, for days to come: a report every ten minutes, and fades in coarse steps."""
    world = world_of(datetime(2026, 11, 20, 14, 0, tzinfo=UTC), report_every=timedelta(minutes=10), grain_s=0.5)
    world.box.start()
    world.controller.start()
    world.run(5)
    world.clear()
    return world


@pytest.fixture(scope="session")
def faults() -> type[Faults]:
    """How lamps misbehave."""
    return Faults


@pytest.fixture(scope="session")
def rival() -> Callable[[World], Controller]:
    """Adds a second controller with the same files to a world."""

    def make(world: World, program: Program | None = None) -> Controller:
        first = world.controller
        gateways = tuple(first.engine.gateways.values())
        second = Controller(world, "rival", gateways, program or first.engine.program)
        world.parties.append(second)
        return second

    return make
