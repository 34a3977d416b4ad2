"""The simulated site put together: world, brokers, controller, gateways with their lamps, a person, and who measures.

Rules
1. All is switched on LEAD before the period begins; seconds count from its beginning.
2. A fault is a cause of what goes wrong while it is at work and AFTER_S beyond.
3. A warning or an error that is told while no fault is a cause is a false alarm.
4. After the last fault at work has healed, the site has recovered when every light is right and confirmed again;
   where another one comes before that, nothing is counted.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.config.load import Setup
from controller.events import Event, Level
from controller.gateways import Gateway, own_gateways
from controller.lighting.look import ZoneState
from controller.simulation.controller_host import ControllerHost, Watched
from controller.simulation.disk import SimulatedDisk
from controller.simulation.expected import Expected
from controller.simulation.hosts import GatewayHost, OurGatewayHost, VendorGatewayHost
from controller.simulation.kernel import Kernel
from controller.simulation.meter import LampRecord, Meter
from controller.simulation.network import Line, SimulatedBroker
from controller.simulation.operator import Operator
from controller.simulation.status_asker import StatusAsker

LEAD = timedelta(seconds=60)
AFTER_S = 120.0
LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class RecordedAlarm:
    """A warning or an error, and when it was told (POSIX seconds)."""

    at: float
    event: Event
    is_false: bool


@dataclass(slots=True)
class ActiveFaults:
    """Which faults are at work, when each was last, and how often each began."""

    at_work: Counter[str] = field(default_factory=Counter)
    last_s: dict[str, float] = field(default_factory=dict)
    begun: list[tuple[float, str]] = field(default_factory=list)

    def causes(self, now: float) -> tuple[str, ...]:
        """Rule 2."""
        recent = {name for name, last_s in self.last_s.items() if now - last_s <= AFTER_S}
        return tuple(sorted(recent.union(+self.at_work)))


class Scenario:
    """One setup in one world; `expected` is the reference, which this site alone tells of what is set by hand."""

    def __init__(self, setup: Setup, expected: Expected, start: datetime, seed: int) -> None:
        tower = setup.tower
        self.setup = setup
        self.start = start
        self.world = Kernel(start - LEAD, seed)
        self.brokers = tuple(SimulatedBroker(self.world) for _ in tower.mqtt.broker)
        self.troubles = ActiveFaults()
        self.alarms: list[RecordedAlarm] = []
        self.recoveries_s: list[float] = []
        self.asked = self.misjudged = 0
        self._healed: float | None = None
        self.person = Operator(self.world, self.brokers, tower.mqtt.topic_prefix, tower.zones, expected)
        self.disk = SimulatedDisk(self._granted, self._ended)
        self.boxes: tuple[GatewayHost, ...] = tuple(self._box(gateway) for gateway in tower.gateways)
        lamps = {
            LampRecord(box.gateway.name, zone): box.as_shown for box in self.boxes for zone in box.gateway.zone_names
        }
        self.meter = Meter(self.world, tower.site.place, expected, lamps, lambda: self.troubles.causes(self.world.now))
        watched = Watched(self.tell, self.meter.stands, self._stops)
        self.controller = ControllerHost(self.world, self.brokers, setup, self.disk, watched)

        if len(self.ours) == len(self.boxes):
            # a vendor's gateway is known by its answers: to pass over the questions would be to think it silent
            self.world.lull = self._is_quiet

    @property
    def ours(self) -> tuple[OurGatewayHost, ...]:
        """The boxes that run our gateway."""
        return tuple(box for box in self.boxes if isinstance(box, OurGatewayHost))

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every way to a broker that may be cut."""
        doors = (self.controller.door, *(box.door for box in self.boxes))
        return tuple(line for door in doors for line in door.lines)

    def run(self, end: datetime) -> None:
        """Everything from before the beginning to the end."""
        self.switch_on()
        self.world.run(end)
        self.meter.end()
        self.person.check(self.controller.hand)

    def switch_on(self) -> None:
        """Power for all; rule 1."""
        for deed in (*(box.start for box in self.boxes), self.controller.start, self.person.door.start):
            self.world.after(self.world.random.uniform(0, 1), deed)
        self.world.run(self.start)
        self.meter.begin()

    def tell(self, event: Event) -> None:
        """An event of any process."""
        if event.level in {Level.WARNING, Level.ERROR}:
            is_false = not self.troubles.causes(self.world.now)
            self.alarms.append(RecordedAlarm(self.world.now, event, is_false))

    def begin(self, name: str) -> None:
        """A fault is at work from now on."""
        self.troubles.at_work[name] += 1
        self.troubles.last_s[name] = self.world.now
        self.troubles.begun.append((self.world.now, name))
        self._healed = None

    def heal(self, name: str) -> None:
        """It is over."""
        self.troubles.at_work[name] -= 1
        self.troubles.last_s[name] = self.world.now
        if not any(self.troubles.at_work.values()):
            self._healed = self.world.now
            self._look(self.world.now)

    def ask(self, ahead_s: float) -> None:
        """Somebody with such a clock asks whether the controller lives. That it seems not to is no mistake while
        another fault may keep the two apart."""
        ran = self.controller.runs

        def judge(lives: bool) -> None:
            self.controller.listen(-1)
            runs = self.controller.runs
            apart = [name for name in self.troubles.causes(self.world.now) if name != "asker"]
            self.asked += 1
            self.misjudged += (lives and not (ran or runs)) or (not lives and ran and runs and not apart)

        self.controller.listen(1)
        StatusAsker(self.world, self.brokers, self.setup.tower.mqtt.topic_prefix, ahead_s, judge).ask()

    def _is_quiet(self) -> bool:
        return self.meter.is_well and not self.troubles.causes(self.world.now)

    def _look(self, healed: float) -> None:
        """Rule 4."""
        if self._healed != healed:
            return
        if self.meter.is_well:
            self.recoveries_s.append(self.world.now - healed)
            self._healed = None
        else:
            self.world.after(LOOK_S, lambda: self._look(healed))

    def _box(self, gateway: Gateway) -> GatewayHost:
        for own in own_gateways((gateway,)):
            return OurGatewayHost(self.world, self.brokers, self.setup, own, self._shows, self.tell)
        return VendorGatewayHost(self.world, self.brokers[0], gateway, self._shows)

    def _shows(self, gateway: str, zones: Mapping[str, ZoneState]) -> None:
        self.meter.shows(gateway, zones)

    def _granted(self, name: str) -> None:
        self.person.granted(name)
        self.meter.expect()

    def _stops(self, is_stopped: bool) -> None:
        if self.person.stops(is_stopped):
            self.meter.expect()

    def _ended(self, name: str) -> None:
        self.person.ended(name)
        self.meter.expect()
