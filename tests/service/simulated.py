"""The simulated world of the rehearsal, with what the tests of the service need to know of it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from controller.clock import ClockJudge, ClockReading, Trust
from controller.config.load import Setup
from controller.events import Event, Level
from controller.gateways import Gateway, own_gateways
from controller.gateways.base import Message, Order
from controller.gateways.dmx import Dmx
from controller.gateways.wire import DesiredDocument, ReportedDocument, parse_desired, parse_reported
from controller.lighting.look import ZoneState
from controller.mqtt import Item, Received
from controller.schedule.plan import Cue
from controller.service.control_loop import restore
from controller.service.controller import Controller
from controller.service.desired import desired_looks, fade_left_s
from controller.simulation.controller_host import ControllerHost, Observer, SimulatedDisk
from controller.simulation.hosts import GatewayHost, OurGatewayHost, VendorGatewayHost
from controller.simulation.kernel import HostClock
from controller.simulation.network import MultiBrokerClient, SimulatedBroker, Weather
from controller.simulation.reference import Expected
from controller.simulation.scenario import LEAD, Scenario
from controller.state import LastKnown

PREFIX = "watertower"


class SetClock(HostClock):
    """A clock whose trust the test sets."""

    trust = Trust.TRUSTED

    def read(self, judge: ClockJudge) -> ClockReading:
        """As the process sees it."""
        return replace(super().read(judge), trust=self.trust)

    def step(self, seconds: float) -> None:
        """The wall clock jumps by so much."""
        self.offset_s += seconds


class Reachable:
    """A machine whose connection a test breaks and makes; `with_will=False` is without a last will."""

    client: MultiBrokerClient

    def disconnect(self, *, with_will: bool = True) -> None:
        """Its connections break, and none can be made."""
        wills = self._take_wills() if not with_will else None
        self.client.shake()
        for line in self.client.lines:
            line.part()
        self._give_wills(wills)

    def connect(self) -> None:
        """It connects again at once."""
        for line in self.client.lines:
            line.mend()
            line.start()

    def _take_wills(self) -> list[Message | None]:
        wills = [line.client.will for line in self.client.lines]
        for line in self.client.lines:
            line.client = replace(line.client, will=None)
        return wills

    def _give_wills(self, wills: list[Message | None] | None) -> None:
        for line, will in zip(self.client.lines, wills or (), strict=False):
            line.client = replace(line.client, will=will)


class Switched(Reachable):
    """A gateway's machine."""

    def stop(self, *, with_will: bool = True) -> None:
        """The power is cut; with `with_will` its will is published at once, else never."""
        wills = self._take_wills() if not with_will else None
        super().stop(power_lost=False)  # type: ignore[misc]
        self._give_wills(wills)


class SimulatedController(Reachable, ControllerHost):
    """The controller's machine. `events` hold what a log shows, with boot times, `lives` the codes by the id of the
    command that they are about."""

    def __init__(self, world: "World", name: str, setup: Setup, disk: SimulatedDisk, observer: Observer) -> None:
        self.name = name
        self.events: list[tuple[float, Event]] = []
        self.lives: dict[str, list[str]] = {}
        self._site_world = world
        super().__init__(world.world, world.brokers, setup, disk, replace(observer, emit=self._record(observer.emit)))
        self.clock = SetClock(world.world)
        self._engine = restore(setup, disk)[0]

    @property
    def engine(self) -> Controller:
        """The controller without I/O; after a stop the one that was."""
        if self.loop is not None:
            self._engine = self.loop.controller
        return self._engine

    def start(self, known: Order = Order()) -> None:
        """The process starts, with this order in its state directory."""
        self.disk.known = LastKnown(epoch=known.epoch, revision=known.revision)
        super().start()

    def publish(self, *messages: Message) -> None:
        """Records what goes to gateways."""
        for message in messages:
            if not message.topic.startswith(f"{PREFIX}/controller/"):
                self._site_world.sent.append((self.clock.mono, self.name, message))
        super().publish(*messages)

    def codes(self, since_s: float = 0.0) -> list[str]:
        """The codes of the events since then, but for those of the connection."""
        codes = [event.code for at_s, event in self.events if at_s >= since_s]
        return [code for code in codes if not code.startswith("TWL-M")]

    def status(self, gateway: str = "mast") -> set[str]:
        """The statuses of the zones of a gateway."""
        return set(self.engine.states[gateway].status.values())

    def _record(self, emit: Callable[[Event], None]) -> Callable[[Event], None]:
        def record(event: Event) -> None:
            if "command_id" in event.fields:
                self.lives.setdefault(str(event.fields["command_id"]), []).append(event.code)
            if event.level is not Level.DEBUG:
                self.events.append((self.clock.mono, event))
            emit(event)

        return record


class SimulatedGateway(Switched, OurGatewayHost):
    """One of our own gateways, with the `events` that it emitted, and the last message `published` by topic."""

    def __init__(self, world: "World", gateway: Dmx) -> None:
        self.events: list[tuple[float, Event]] = []
        self.published: dict[str, bytes] = {}
        super().__init__(world.world, world.brokers, world.setup, gateway, world.on_light, self._record)
        self.clock = SetClock(world.world)

    def publish(self, messages: Iterable[Message]) -> None:
        """Records the last message on each topic, even if nobody receives it."""
        messages = tuple(messages)
        self.published.update({message.topic: message.payload for message in messages})
        super().publish(messages)

    def start(self, *, forget: bool = False) -> None:
        """Power; with `forget` its disk is empty."""
        self.file = None if forget else self.file
        super().start()

    def shown(self, desired: dict[str, ZoneState] | None = None) -> dict[str, ZoneState]:
        """What the lamps truly show; `desired` is what would be the same levels."""
        now = self._world.now
        levels = {number: self.lamps.shown(number, now) or bytes(512) for number in self.patch.universes}
        return dict(self.patch.shown(levels, desired))

    def _record(self, event: Event) -> None:
        self.events.append((self.clock.mono, event))


class SimulatedVendor(Switched, VendorGatewayHost):
    """A vendor's device; `receive` may be replaced by a device that receives nothing."""

    def __init__(self, world: "World", gateway: Gateway) -> None:
        self.powered = False
        super().__init__(world.world, world.broker, gateway, world.on_light)
        self._sent = world.sent

    def stop(self, *, with_will: bool = True) -> None:
        """The plug is pulled."""
        self.powered = False
        super().stop(with_will=with_will)

    def birth(self) -> Iterable[Message]:
        """Records its birth messages."""
        return self._recorded(super().birth())

    def publish(self, messages: Iterable[Message]) -> None:
        """Records what it publishes."""
        super().publish(self._recorded(messages))

    def _recorded(self, messages: Iterable[Message]) -> tuple[Message, ...]:
        messages = tuple(messages)
        self._sent.extend((self.clock.mono, self.name, message) for message in messages)
        return messages

    def start(self, *, with_birth: bool = True) -> None:
        """Power is on; with `with_birth` it sends what its firmware sends then, else nothing."""
        self.powered = True
        super().start()
        if not with_birth:
            self.boot_messages = ()

    @property
    def name(self) -> str:
        """Of the gateway."""
        return self.gateway.name

    def take(self, item: Item) -> None:
        """Something came."""
        if isinstance(item, Received):
            self.receive(item)

    def receive(self, item: Received) -> None:
        """A command or a question."""
        super().take(item)


class World(Scenario):
    """A scenario in which nothing runs yet, nothing is left out (but in `lulls`), and all is recorded."""

    def __init__(self, setup: Setup, expected: Expected, start: datetime, lulls: bool = False) -> None:
        self.sent: list[tuple[float, str, Message]] = []
        super().__init__(setup, expected, start + LEAD, seed=1)
        if not lulls:
            self.world.lull = lambda: False
        self._before_s = (0.0, 0.0)
        self._cue: tuple[object, datetime, datetime, Cue] | None = None
        self.meter.begin()

    def gateway_host(self, gateway: Gateway) -> GatewayHost:
        """With the clocks and records of the tests."""
        for own in own_gateways((gateway,)):
            return SimulatedGateway(self, own)
        return SimulatedVendor(self, gateway)

    def controller_hosts(self, observer: Observer, count: int) -> tuple[ControllerHost, ...]:
        """One, with the clock and the records of the tests."""
        assert count == 1
        self.disk = SimulatedDisk()  # of whose overrides the operator of the rehearsal knows nothing
        self._controller = SimulatedController(self, "controller", self.setup, self.disk, observer)
        return (self._controller,)

    def rival(self, setup: Setup | None = None) -> SimulatedController:
        """A second controller, with the same files or others."""
        unseen = Observer(lambda _event: None, lambda _confirmed: None, lambda _stopped: None)
        return SimulatedController(self, "rival", setup or self.setup, SimulatedDisk(), unseen)

    @property
    def controller(self) -> SimulatedController:
        """The only one."""
        return self._controller

    @property
    def broker(self) -> SimulatedBroker:
        """The only one."""
        return self.brokers[0]

    @property
    def mast(self) -> SimulatedGateway:
        """The first gateway of our own."""
        return next(host for host in self.gateways if isinstance(host, SimulatedGateway))

    @property
    def vendor(self) -> SimulatedVendor:
        """The first gateway of a vendor."""
        return next(host for host in self.gateways if isinstance(host, SimulatedVendor))

    @property
    def mono(self) -> float:
        """Boot time of the controller's machine."""
        return self.controller.clock.mono

    @property
    def wall(self) -> datetime:
        """The true time."""
        return self.world.instant

    def run(self, seconds: float) -> None:
        """Time passes."""
        self.world.run(self.wall + timedelta(seconds=seconds))
        assert all(host.regressions == 0 for host in self.ours), "an older order was applied"
        controller = self.controller.engine
        statuses = [pair for state in controller.states.values() for pair in state.status.items()]
        others = {zone for zone, status in statuses if status != "confirmed"}
        if statuses:
            assert set(controller.confirmed_zones) == {zone for zone, _ in statuses} - others

    def run_until(self, holds: Callable[[], bool], most_s: float) -> None:
        """Time passes until this holds, which it must within so many seconds."""
        until_s = self.mono + most_s
        while not holds():
            assert self.mono < until_s
            self.run(0.001)

    def until(self, instant: datetime) -> None:
        """Time passes until then."""
        self.run((instant - self.wall).total_seconds())

    @property
    def retained(self) -> dict[str, bytes]:
        """What the broker retains."""
        return self.broker.retained

    @retained.setter
    def retained(self, payloads: dict[str, bytes]) -> None:
        self.broker.retained = payloads

    @property
    def desired(self) -> DesiredDocument:
        """The document that the broker retains for the first gateway of our own."""
        document = parse_desired(self.retained[self.mast.gateway.topic("desired", PREFIX)])
        assert isinstance(document, DesiredDocument)
        return document

    @property
    def reported(self) -> ReportedDocument:
        """The last report of the first gateway of our own."""
        document = parse_reported(self.mast.published[self.mast.gateway.topic("reported", PREFIX)])
        assert isinstance(document, ReportedDocument)
        return document

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Somebody else publishes."""
        self.broker.publish(Message(topic, payload, 1, retain))

    def post(self, host: SimulatedGateway, topic: str, payload: bytes) -> None:
        """A message that only one gateway receives, as over a second broker."""
        host.take(Received(self.broker.name, topic, payload, retain=False, qos=1))

    def weather(self, lose: float = 0.0, repeat: float = 0.0, delay: float = 0.0) -> None:
        """The shares of messages that are lost, come twice, and come late."""
        self.broker.weather = Weather(lose, repeat, delay)

    def reconnect(self) -> None:
        """All connections break and are made again."""
        hosts = [host for host in (self.controller, *self.gateways) if host.client.connected]
        for host in hosts:
            host.disconnect(with_will=False)
        for host in hosts:
            host.connect()

    def forget(self) -> None:
        """The broker restarts without its retained messages."""
        self.retained.clear()
        self.reconnect()

    def cue(self) -> Cue:
        """The cue in force by true time."""
        program, wall = self.controller.engine.program, self.wall
        known = self._cue
        if known is None or known[0] is not program or not known[1] <= wall < known[2]:
            following = program.next_cue(wall)
            until = following.at if following is not None else wall + timedelta(days=1)
            self._cue = known = (program, wall, until, program.look_at(wall))
        return known[3]

    @property
    def desired_looks(self) -> dict[str, ZoneState]:
        """What should be shown now, by the rules of the controller and true time."""
        return desired_looks(self.controller.engine.program.zones, self.cue(), self.wall)

    @property
    def fading(self) -> bool:
        """Whether a fade should be under way."""
        return fade_left_s(self.cue(), self.wall) > 0

    @property
    def right(self) -> bool:
        """Whether the lamps truly show what they should."""
        levels = self.mast.patch.levels(self.desired_looks)
        return all(self.mast.lamps.shown(number, self.world.now) == frame for number, frame in levels.items())

    @property
    def wrong_s(self) -> float:
        """Seconds of wrong light since `clear`, by the reference."""
        self.meter.count()
        return self.meter.total.wrong_s - self._before_s[0]

    @property
    def undetected_s(self) -> float:
        """Those of them in which it was called confirmed."""
        self.meter.count()
        return self.meter.total.undetected_s - self._before_s[1]

    def clear(self) -> None:
        """Counts from here."""
        self._before_s = (0.0, 0.0)
        self._before_s = (self.wrong_s, self.undetected_s)
