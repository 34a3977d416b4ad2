"""The complete simulated site: brokers, controllers, gateways with their lamps, an operator, and the meter."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.config.load import Setup
from controller.events import Event, Level
from controller.gateways import Gateway, lamps_of, own_gateways
from controller.lighting.look import ZoneState
from controller.service.overrides import OverrideManager
from controller.simulation.controller_host import ControllerHost, Observer, SimulatedDisk
from controller.simulation.hosts import GatewayHost, OurGatewayHost, VendorGatewayHost
from controller.simulation.kernel import Kernel
from controller.simulation.leased_host import LeasedControllerHost, SimulatedDatabase
from controller.simulation.meter import LampRecord, Meter
from controller.simulation.network import Line, SimulatedBroker
from controller.simulation.operator import Operator, StatusAsker
from controller.simulation.reference import Expected

LEAD = timedelta(seconds=60)
"""How long before the period everything is switched on; seconds count from the begin of the period."""
AFTER_S = 120.0
"""Seconds after its end in which a fault may still be the cause of what goes wrong."""
LOOK_S = 0.5
TEST_BEGAN, TEST_ENDED = "TWL-G150", frozenset({"TWL-G151", "TWL-G152", "TWL-G159"})
"""Begin and end of a lamp test before a campaign."""


@dataclass(frozen=True, slots=True)
class RecordedAlarm:
    """A warning or an error, and when it was emitted (POSIX seconds); `is_false` where no fault was a cause."""

    at: float
    event: Event
    is_false: bool


@dataclass(slots=True)
class ActiveFaults:
    """The faults: which are active, when each was last active, and when each began (POSIX seconds)."""

    active: Counter[str] = field(default_factory=Counter)
    last_s: dict[str, float] = field(default_factory=dict)
    begun: list[tuple[float, str]] = field(default_factory=list)

    def causes(self, now: float) -> tuple[str, ...]:
        """The faults that may be the cause of what is wrong now."""
        recent = {name for name, last_s in self.last_s.items() if now - last_s <= AFTER_S}
        return tuple(sorted(recent.union(+self.active)))


class Scenario:
    """One setup in one world. `expected` is what should be shown; it includes overrides, and so belongs to this one
    scenario. Several `controllers` share a database."""

    def __init__(self, setup: Setup, expected: Expected, start: datetime, seed: int, controllers: int = 1) -> None:
        tower = setup.tower
        self.setup = setup
        self.start = start
        self.seed = seed
        self.world = Kernel(start - LEAD, seed)
        self.brokers = tuple(SimulatedBroker(self.world, name) for name in tower.mqtt.broker)
        self.faults = ActiveFaults()
        self.alarms: list[RecordedAlarm] = []
        self.recoveries_s: list[float] = []
        self.misjudged = 0
        self._healed_s: float | None = None
        self.operator = Operator(self.world, self.brokers, tower.mqtt.topic_prefix, tower.zones, expected)
        self.disk = SimulatedDisk(self._granted, self._ended)
        self.gateways: tuple[GatewayHost, ...] = tuple(self.gateway_host(gateway) for gateway in tower.gateways)
        lamps = {
            LampRecord(host.gateway.name, zone): host.showable
            for host in self.gateways
            for zone in host.gateway.zone_names
        }
        self.meter = Meter(self.world, tower.site.place, expected, lamps, lambda: self.faults.causes(self.world.now))
        observer = Observer(self.record, self.meter.confirms, self._stops)
        self.database = SimulatedDatabase(self.world, self.disk)
        self.controllers = self.controller_hosts(observer, controllers)
        if len(self.ours) == len(self.gateways):
            # not with vendors' gateways: their status depends on answers, and skipped questions would make them silent
            self.world.lull = self._is_quiet

    @property
    def ours(self) -> tuple[OurGatewayHost, ...]:
        """The machines that run our own gateways."""
        return tuple(host for host in self.gateways if isinstance(host, OurGatewayHost))

    @property
    def controller(self) -> ControllerHost:
        """The controller that leads, or the first one."""
        return next((each for each in self.controllers if each.loop is not None), self.controllers[0])

    @property
    def leased(self) -> tuple[LeasedControllerHost, ...]:
        """The controllers that share the site, where there are several."""
        return tuple(each for each in self.controllers if isinstance(each, LeasedControllerHost))

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line to a broker; any of them may be cut."""
        clients = (*(each.client for each in self.controllers), *(host.client for host in self.gateways))
        return tuple(line for client in clients for line in client.lines)

    @property
    def overrides(self) -> OverrideManager | None:
        """The overrides of the controller, where one runs."""
        return self.controller.loop.overrides if self.controller.loop is not None else None

    def play(self, end: datetime) -> None:
        """Run everything, from switching on to the end."""
        self.switch_on()
        self.world.run(end)
        self.meter.end()
        self.operator.check(self.overrides)

    def switch_on(self) -> None:
        """Switch on all machines, within a second."""
        gateways, controllers = (host.start for host in self.gateways), (each.start for each in self.controllers)
        for start in (*gateways, *controllers, self.operator.client.start):
            self.world.after(self.world.random.uniform(0, 1), start)
        self.world.run(self.start)
        self.meter.begin()

    def record(self, event: Event) -> None:
        """Record an event of any process."""
        if event.code == TEST_BEGAN:
            self.meter.expected.begin_lamp_test(self.world.now, self.world.now + self._test_s)
            self.meter.expect()
        elif event.code in TEST_ENDED:
            self.meter.expected.end_lamp_test(self.world.now)
            self.meter.expect()
        if event.level in {Level.WARNING, Level.ERROR}:
            is_false = not self.faults.causes(self.world.now)
            self.alarms.append(RecordedAlarm(self.world.now, event, is_false))

    def on_light(self, gateway: str, zones: Mapping[str, ZoneState]) -> None:
        """What the zones of a gateway show from now on."""
        self.meter.shows(gateway, zones)

    def begin(self, name: str) -> None:
        """A fault begins."""
        self.faults.active[name] += 1
        self.faults.last_s[name] = self.world.now
        self.faults.begun.append((self.world.now, name))
        self._healed_s = None

    def heal(self, name: str) -> None:
        """A fault ends. After the last one the recovery is timed, unless another one begins before it is complete."""
        self.faults.active[name] -= 1
        self.faults.last_s[name] = self.world.now
        if not any(self.faults.active.values()):
            self._healed_s = self.world.now
            self._time_recovery(self.world.now)

    def ask(self, ahead_s: float) -> None:
        """Somebody whose clock is `ahead_s` ahead asks whether the controller lives. A negative answer is no mistake
        while another fault may separate the two."""
        ran, asked = self.controller.loop is not None, self.controllers

        def judge(lives: bool) -> None:
            for each in asked:
                each.listen(-1)
            runs = self.controller.loop is not None
            apart = [name for name in self.faults.causes(self.world.now) if name != "asker"]
            self.misjudged += (lives and not (ran or runs)) or (not lives and ran and runs and not apart)

        for each in asked:
            each.listen(1)
        StatusAsker(self.world, self.brokers, self.setup.tower.mqtt.topic_prefix, ahead_s, judge)

    @property
    def _test_s(self) -> float:
        """Seconds that a test of all lamps lasts: gateways are tested at the same time, the lamps of one in turn."""
        settings = self.setup.tower.preflight
        lamps = max((len(lamps_of(each)) for each in self.setup.tower.gateways), default=1)
        return lamps * settings.each.total_seconds() if settings is not None else 0.0

    def _is_quiet(self) -> bool:
        return self.meter.is_well and not self.faults.causes(self.world.now)

    def _time_recovery(self, healed_s: float) -> None:
        if self._healed_s != healed_s:
            return
        if self.meter.is_well:
            self.recoveries_s.append(self.world.now - healed_s)
            self._healed_s = None
        else:
            self.world.after(LOOK_S, lambda: self._time_recovery(healed_s))

    def gateway_host(self, gateway: Gateway) -> GatewayHost:
        """The machine of one gateway."""
        for own in own_gateways((gateway,)):
            return OurGatewayHost(self.world, self.brokers, self.setup, own, self.on_light, self.record)
        return VendorGatewayHost(self.world, self.brokers[0], gateway, self.on_light)

    def controller_hosts(self, observer: Observer, count: int) -> tuple[ControllerHost, ...]:
        """The machines of the controllers."""
        if count == 1:
            return (ControllerHost(self.world, self.brokers, self.setup, self.disk, observer),)
        return tuple(
            LeasedControllerHost(self.world, self.brokers, self.setup, self.database, observer, f"controller-{number}")
            for number in range(1, count + 1)
        )

    def _granted(self, name: str) -> None:
        self.operator.granted(name)
        self.meter.expect()

    def _stops(self, is_stopped: bool) -> None:
        if self.operator.stops(is_stopped):
            self.meter.expect()

    def _ended(self, name: str) -> None:
        self.operator.ended(name)
        self.meter.expect()
