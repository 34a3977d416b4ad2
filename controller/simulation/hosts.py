"""The gateways of the simulated world: our own with simulated lamps, and the vendors' devices.

Rules
1. Every gateway is a box of its own with a clock of its own, whatever `runs` says: the harder case.
2. Our gateway is the one of `controller.dmx`, turned whenever a message comes, or it is due. Between two frames of a
   fade FRAMES_S pass here, since nobody compares a fade; the last frame comes as much late at most.
3. Its lamps hold what they show while it is off, as DMX lamps do; a vendor's device and its lamp lose power together.
4. What it has on disk outlives a reboot, unless the disk was full.
5. What its lamps can show of a wish is read from the levels for it. Where that is far off though each of them has the
   colour, it is the wish: a mistake on the way to the levels is not what lamps can do.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Protocol

from controller.clock import ClockJudge, ClockReading
from controller.config.load import Setup
from controller.dmx.document import StoredDocument
from controller.dmx.gateway import FRAME_S, DmxGateway, GatewayTurn
from controller.dmx.output import KEEP_ALIVE_S
from controller.dmx.outputs.simulated import Faults, SimulatedLamps
from controller.events import Event
from controller.gateways.base import Gateway, Message, Order, Rejected
from controller.gateways.dmx import Dmx
from controller.gateways.wire import parse_desired
from controller.lighting.light import Light
from controller.lighting.look import DARK, ZoneState
from controller.lighting.patch import VISIBLE
from controller.simulation.devices import DEVICES
from controller.simulation.host_clock import HostClock
from controller.simulation.kernel import AgendaEntry, Kernel
from controller.simulation.network import Client, MultiBrokerClient, SimulatedBroker

FRAMES_S = 0.5
LAG_S = 0.001
"""A process wakes so much after the instant it asked for, never before it."""
ROUNDED = 2 * VISIBLE
"""CIEDE2000; a colour at 1 % is up to 8.8 from its steps of 8 bits with the built-in profiles."""

Seen = Callable[[str, Mapping[str, ZoneState]], None]
Tell = Callable[[Event], None]


class GatewayHost(Protocol):
    """A gateway with its lamps, as the faults take hold of it."""

    machine: HostClock
    door: MultiBrokerClient
    lies: bool
    """Whether it takes what it is told, and does it not."""

    @property
    def gateway(self) -> Gateway:
        """As the file has it."""

    def start(self) -> None:
        """Power comes."""

    def stop(self) -> None:
        """Power goes."""

    def as_shown(self, zone: str, wish: ZoneState) -> ZoneState:
        """What the lamps of a zone can show of a wish."""

    def misbehave(self, faults: Faults) -> None:
        """Lamps that stick, flap, die or show other levels."""


class OurGatewayHost:
    """A DMX gateway of our own. `regressions` counts the orders applied below one that was applied before."""

    def __init__(
        self, world: Kernel, brokers: tuple[SimulatedBroker, ...], setup: Setup, gateway: Dmx, seen: Seen, tell: Tell
    ) -> None:
        self.gateway = gateway
        self.machine = HostClock(world)
        self.lies = False
        self.disk_full = False
        self.regressions = 0
        self._world = world
        self._prefix = setup.tower.mqtt.topic_prefix
        self._patch = setup.patch(gateway)
        self._seen = seen
        self._tell = tell
        self._lamps = SimulatedLamps(world.random)
        self._memory: StoredDocument | None = None
        self._applied = Order()
        self._judge = ClockJudge()
        self._process: DmxGateway | None = None
        self._dues: list[AgendaEntry] = []
        self._levels: dict[int, bytes] = {}
        self.machine.processes.append(self._turn)
        self._read = lru_cache(maxsize=2048)(self._reading)
        self._can = lru_cache(maxsize=256)(self._showing)
        availability = gateway.topic("availability", self._prefix)
        online, offline = (Message(availability, word, qos=1, retain=True) for word in (b"online", b"offline"))
        self.door = MultiBrokerClient(
            brokers,
            Client(
                f"gateway {gateway.name}",
                (gateway.topic("desired", self._prefix),),
                offline,
                lambda: (online,),
                self._connected,
                lambda: None,
                self._receive,
            ),
        )

    @property
    def problems(self) -> tuple[str, ...]:
        """As an output has it."""
        return ("TWL-X121",) if self._lamps.faults.dead_at(self._world.now) else ()

    def sent(self, universe: int) -> bytes | None:
        """As an output has it."""
        return self._lamps.sent(universe, self._world.now)

    def start(self) -> None:
        """The process begins with what it kept."""
        if self._process is None:
            self._judge = ClockJudge()
            self._process = DmxGateway(self.gateway, self._prefix, self._patch, self, self._memory)
            self._applied = self._memory.order if self._memory is not None else Order()
            self.door.start()
            self._turn()

    def stop(self) -> None:
        """Power goes; the lamps hold."""
        self._process = None
        self.door.stop(power_lost=True)

    def as_shown(self, zone: str, wish: ZoneState) -> ZoneState:
        """Rule 5."""
        return self._can(zone, wish)

    def misbehave(self, faults: Faults) -> None:
        """The output takes the newest frame again once it can."""
        self._lamps.faults = faults
        self._look()
        self._world.after(KEEP_ALIVE_S + LAG_S, self._look)

    def _connected(self) -> None:
        if self._process is not None:
            self._process.connected(self.machine.read(self._judge))
            self._turn()

    def _receive(self, _topic: str, payload: bytes, retained: bool) -> None:
        if self._process is not None:
            told = hollow(payload) if self.lies else payload
            self._process.receive(told, retained, self.machine.read(self._judge))
            self._turn()

    def _turn(self) -> None:
        while self._dues:
            self._dues.pop().cancel()
        if self._process is None:
            return
        reading = self.machine.read(self._judge)
        turn = self._process.turn(reading)
        for universe, levels in turn.frames.items():
            self._lamps.send(universe, levels, self._world.now)
        self._look()
        for message in turn.messages:
            self.door.publish(message)
        for event in turn.events:
            self._tell(event)
        if turn.to_store is not None:
            self._remember(turn.to_store)
        self._plan(turn, reading)

    def _plan(self, turn: GatewayTurn, reading: ClockReading) -> None:
        """When to turn next: for the next frame or cue, or only to report."""
        fades = turn.wake_s - reading.mono < FRAME_S * 1.5
        if fades:
            self._dues.append(self._world.after(FRAMES_S, self._turn))
        else:
            self._dues.append(self._world.beat(self.machine.true(turn.wake_s) + LAG_S, self._turn))
        if turn.wake_at is not None:
            delay_s = (turn.wake_at - reading.wall).total_seconds()
            self._dues.append(self._world.after(max(0.0, delay_s) + LAG_S, self._turn))

    def _remember(self, document: StoredDocument) -> None:
        replaced = document.replaces is not None and document.replaces.order == self._applied
        self.regressions += document.order < self._applied and not replaced
        self._applied = document.order
        if not self.disk_full:
            self._memory = document

    def _look(self) -> None:
        """What a person under the tower sees."""
        now = self._world.now
        shown = {universe: self._lamps.shown(universe, now) for universe in self._patch.universes}
        levels = {universe: frame for universe, frame in shown.items() if frame is not None}
        if levels != self._levels:
            self._levels = levels
            self._seen(self.gateway.name, self._read(tuple(levels.items())))

    def _reading(self, levels: tuple[tuple[int, bytes], ...]) -> Mapping[str, ZoneState]:
        return self._patch.reading(dict(levels)).zones

    def _showing(self, zone: str, wish: ZoneState) -> ZoneState:
        read = self._patch.reading(self._patch.levels({zone: wish})).zones[zone]
        lamps = {place.lamp for place in self._patch.placed if place.fixture.zone == zone}
        # a pinned colour was matched by eye, against which typical emitters prove nothing
        has_it = wish.color and all(lamp.can_show(wish.color) and not lamp.profile.pinned for lamp in lamps)
        return wish if (has_it or not wish.on) and Light.of(wish).difference(Light.of(read)) > ROUNDED else read


class VendorGatewayHost:
    """A vendor's device, which has room for the address of one broker."""

    def __init__(self, world: Kernel, broker: SimulatedBroker, gateway: Gateway, seen: Seen) -> None:
        self.gateway = gateway
        self.machine = HostClock(world)
        self.lies = False
        self._world = world
        self._seen = seen
        self._faults = Faults()
        self._device = DEVICES[gateway.kind](gateway)
        self._is_on = False
        self._born: tuple[Message, ...] = ()
        self._due: AgendaEntry | None = None
        self.door = MultiBrokerClient(
            (broker,),
            Client(
                f"gateway {gateway.name}",
                self._device.subscriptions,
                self._device.will,
                self._birth,
                lambda: None,
                lambda: None,
                self._receive,
            ),
        )

    def start(self) -> None:
        """Power comes back: the light it has then, and what it says when it has connected."""
        if not self._is_on:
            self._is_on = True
            self._born = self._device.boot(self._world.instant)
            self.door.start()
            self._turn()

    def stop(self) -> None:
        """Power goes, and the light with it."""
        self._is_on = False
        self.door.stop(power_lost=True)
        self._look()

    def as_shown(self, zone: str, wish: ZoneState) -> ZoneState:
        """What its dialect says that it can show."""
        return self.gateway.reduce(zone, wish)

    def misbehave(self, faults: Faults) -> None:
        """A firmware that hangs takes no command and still answers."""
        self._faults = faults
        self._look()

    def _birth(self) -> Iterable[Message]:
        """All that it says after a power cut; later only its `online`, and the rest when it is asked."""
        born, will = self._born, self._device.will
        self._born = tuple(message for message in born if will is not None and message.topic == will.topic)
        return born

    def _receive(self, topic: str, payload: bytes, _retained: bool) -> None:
        if self._is_on and not self.lies and not self._faults.stick:
            self._say(self._device.receive(topic, payload, self._world.instant))
            self._turn()

    def _say(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.door.publish(message)

    def _turn(self) -> None:
        if self._due is not None:
            self._due.cancel()
        if not self._is_on:
            return
        messages, due = self._device.turn(self._world.instant)
        self._say(messages)
        self._look()
        now = self._world.instant
        wakes = [due.timestamp()] if due is not None else []
        if any(lamp.fades(now) for lamp in self._device.lamps.values()):
            wakes.append(self._world.now + FRAMES_S)
        if wakes:
            self._due = self._world.at(min(wakes) + LAG_S, self._turn)

    def _look(self) -> None:
        shown = self._device.shows(self._world.instant)
        self._seen(self.gateway.name, shown if self._is_on else dict.fromkeys(self.gateway.zone_names, DARK))


def hollow(payload: bytes) -> bytes:
    """A desired document under its own order and id, and nothing in it."""
    told = parse_desired(payload)
    empty = None if isinstance(told, Rejected) else told.model_copy(update={"zones": {}, "cues": ()})
    return payload if empty is None else empty.model_dump_json(exclude_none=True).encode()
