"""The machines of the gateways in the simulated world: our own with simulated lamps, and the vendors' devices.

Every gateway has its own machine and clock, even with `runs: here`: the harder case.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

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
from controller.mqtt import Connected, Item, Received
from controller.simulation.devices import DEVICES
from controller.simulation.kernel import LAG_S, Host, Kernel
from controller.simulation.network import Client, MultiBrokerClient, SimulatedBroker

FRAMES_S = 0.5
"""Seconds between two frames of a fade, since nobody compares them here; the last frame is at most this late."""
BOOT_S = 0.1
"""Seconds after boot at which a device first reports its light; it connects before, where it can."""
ROUNDED = 2 * VISIBLE
"""CIEDE2000 difference; with the built-in profiles a colour at 1 % differs by up to 8.8 from its 8-bit levels."""

OnLight = Callable[[str, Mapping[str, ZoneState]], None]
"""Called with a gateway's name and what its zones show from now on."""


class OurGatewayHost(Host):
    """One of our own DMX gateways, turned whenever a message arrives or a turn is due; it is its own output. Its lamps
    keep their light while it is off, as DMX lamps do. `file` is its document on disk, `regressions` counts applied
    orders lower than one applied before."""

    def __init__(
        self,
        world: Kernel,
        brokers: tuple[SimulatedBroker, ...],
        setup: Setup,
        gateway: Dmx,
        on_light: OnLight,
        emit: Callable[[Event], None],
    ) -> None:
        super().__init__(world)
        self.gateway = gateway
        self.lies = False
        """Whether it accepts commands without obeying them."""
        self.disk_full = False
        self.file: StoredDocument | None = None
        self.regressions = 0
        self.lamps = SimulatedLamps(world.random)
        self.patch = setup.patch(gateway)
        self._prefix = setup.tower.mqtt.topic_prefix
        self._on_light = on_light
        self._emit = emit
        self._applied = Order()
        self._process: DmxGateway | None = None
        self._levels: dict[int, bytes] = {}
        self._read_levels = lru_cache(maxsize=2048)(lambda levels: self.patch.reading(dict(levels)).zones)
        self.showable = lru_cache(maxsize=256)(self._showable)
        availability = gateway.topic("availability", self._prefix)
        online, offline = (Message(availability, word, qos=1, retain=True) for word in (b"online", b"offline"))
        topics = tuple(gateway.topic(leaf, self._prefix) for leaf in ("desired", "walk"))
        client = Client(f"gateway {gateway.name}", topics, offline, lambda: (online,), self.take)
        self.client = MultiBrokerClient(brokers, client)

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems of the output."""
        return ("TWL-X121",) if self.lamps.faults.dead_at(self._world.now) else ()

    def sent(self, universe: int) -> bytes | None:
        """The frame that the output sent last."""
        return self.lamps.sent(universe, self._world.now)

    @property
    def order(self) -> Order:
        """The order of the document that it follows."""
        return self._process.order if self._process is not None else Order()

    def start(self) -> None:
        """Start the process with the document on its disk."""
        if self._process is None:
            self._judge = ClockJudge()
            self._process = DmxGateway(self.gateway, self._prefix, self.patch, self, self.file)
            self._applied = self.file.order if self.file is not None else Order()
            self.client.start()
            self.turn()

    def stop(self, *, power_lost: bool = True) -> None:
        """Stop the machine, or only the process; the lamps keep their light."""
        self._process = None
        self.client.stop(power_lost=power_lost)

    def misbehave(self, faults: Faults) -> None:
        """Set the faults of the lamps; the output sends the newest frame again once it can."""
        self.lamps.faults = faults
        self._look()
        self._world.after(KEEP_ALIVE_S + LAG_S, self._look)

    def take(self, item: Item) -> None:
        """Take an item of a connection."""
        if self._process is None:
            return
        if isinstance(item, Connected):
            self._process.connected(self.read())
        elif isinstance(item, Received) and item.topic == self.gateway.topic("walk", self._prefix):
            self._process.receive_walk(item.payload, item.retain, self.read())
        elif isinstance(item, Received):
            payload = without_content(item.payload) if self.lies else item.payload
            self._process.receive(payload, item.retain, self.read())
        self.turn()

    def publish(self, messages: Iterable[Message]) -> None:
        """Publish messages of the gateway."""
        for message in messages:
            self.client.publish(message)

    def turn(self) -> None:
        """Do what is due, and plan the next turn."""
        self._cancel_turns()
        if self._process is None:
            return
        reading = self.read()
        turn = self._process.turn(reading)
        for universe, levels in turn.frames.items():
            self.lamps.send(universe, levels, self._world.now)
        self._look()
        self.publish(turn.messages)
        for event in turn.events:
            self._emit(event)
        if turn.to_store is not None:
            self._remember(turn.to_store)
        self._wake_again(turn, reading)

    def _wake_again(self, turn: GatewayTurn, reading: ClockReading) -> None:
        """Plan the next turn: for the next frame or cue, or only to report."""
        if turn.wake_s - reading.mono < FRAME_S * 1.5:
            self._due.append(self._world.after(FRAMES_S, self.turn))
        else:
            self._due.append(self._world.beat(self.clock.true(turn.wake_s) + LAG_S, self.turn))
        self._turn_at(turn.wake_at, reading)

    def _remember(self, file: StoredDocument) -> None:
        replaced = file.replaces is not None and file.replaces.order == self._applied
        self.regressions += file.order < self._applied and not replaced
        self._applied = file.order
        if not self.disk_full:
            self.file = file

    def _look(self) -> None:
        """Record the light that a person under the tower sees."""
        now = self._world.now
        shown = {universe: self.lamps.shown(universe, now) for universe in self.patch.universes}
        levels = {universe: frame for universe, frame in shown.items() if frame is not None}
        if levels != self._levels:
            self._levels = levels
            self._on_light(self.gateway.name, self._read_levels(tuple(levels.items())))

    def _showable(self, zone: str, desired: ZoneState) -> ZoneState:
        """What the lamps can show, read back from the levels. Where that is far from the desired state though each lamp
        has the colour, it is the desired state: a mistake in computing the levels is not a limit of the lamps."""
        read = self.patch.reading(self.patch.levels({zone: desired})).zones[zone]
        lamps = {place.lamp for place in self.patch.placed if place.fixture.zone == zone}
        # a pinned colour was matched by eye, against which typical emitters prove nothing
        has_it = desired.color and all(lamp.can_show(desired.color) and not lamp.profile.pinned for lamp in lamps)
        is_far = Light.of(desired).difference(Light.of(read)) > ROUNDED
        return desired if (has_it or not desired.on) and is_far else read


class VendorGatewayHost(Host):
    """A vendor's device, which has one broker address, and loses its light with its power."""

    def __init__(self, world: Kernel, broker: SimulatedBroker, gateway: Gateway, on_light: OnLight) -> None:
        super().__init__(world)
        self.gateway = gateway
        self.lies = False
        self.device = DEVICES[gateway.kind](gateway)
        self._on_light = on_light
        self._faults = Faults()
        self._is_on = False
        self.boot_messages: tuple[Message, ...] = ()
        name, topics = f"gateway {gateway.name}", self.device.subscriptions
        self.client = MultiBrokerClient((broker,), Client(name, topics, self.device.will, self.birth, self.take))

    def start(self) -> None:
        """Power comes back: its light after a power cut, and its messages once it has connected."""
        if not self._is_on:
            self._is_on = True
            self.boot_messages = self.device.boot(self._world.instant)
            self.client.start()
            self._look()
            self._due.append(self._world.after(BOOT_S, self.turn))

    def stop(self, *, power_lost: bool = True) -> None:
        """Cut the power, and the light with it; without `power_lost` it disconnects first."""
        self._is_on = False
        self.client.stop(power_lost=power_lost)
        self._look()

    def showable(self, zone: str, desired: ZoneState) -> ZoneState:
        """What it can show, by its dialect."""
        return self.gateway.reduce(zone, desired)

    def misbehave(self, faults: Faults) -> None:
        """Set the faults; a firmware that hangs obeys no command but still answers."""
        self._faults = faults
        self._look()

    def birth(self) -> Iterable[Message]:
        """All messages after a power cut; on a later connection only its `online`, and the rest when asked."""
        birth, will = self.boot_messages, self.device.will
        self.boot_messages = tuple(message for message in birth if will is not None and message.topic == will.topic)
        return birth

    def take(self, item: Item) -> None:
        """Take an item of its connection."""
        if isinstance(item, Received) and self._is_on and not self.lies and not self._faults.stick:
            self.publish(self.device.receive(item.topic, item.payload, self._world.instant))
            self.turn()

    def publish(self, messages: Iterable[Message]) -> None:
        """Publish messages of the gateway."""
        for message in messages:
            self.client.publish(message)

    def turn(self) -> None:
        """Do what is due, and plan the next turn."""
        self._cancel_turns()
        if not self._is_on:
            return
        messages, due = self.device.turn(self._world.instant)
        self.publish(messages)
        self._look()
        now = self._world.instant
        wakes = [due.timestamp()] if due is not None else []
        if any(lamp.fades(now) for lamp in self.device.lamps.values()):
            wakes.append(self._world.now + FRAMES_S)
        if wakes:
            self._due.append(self._world.at(min(wakes) + LAG_S, self.turn))

    def _look(self) -> None:
        shown = self.device.shows(self._world.instant)
        self._on_light(self.gateway.name, shown if self._is_on else dict.fromkeys(self.gateway.zone_names, DARK))


GatewayHost = OurGatewayHost | VendorGatewayHost
"""The machine of a gateway, to which faults are applied."""


def without_content(payload: bytes) -> bytes:
    """A desired document with its order and id, but without content."""
    desired = parse_desired(payload)
    empty = None if isinstance(desired, Rejected) else desired.model_copy(update={"zones": {}, "cues": ()})
    return payload if empty is None else empty.model_dump_json(exclude_none=True).encode()
