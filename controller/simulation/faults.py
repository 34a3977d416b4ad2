"""The faults: what each kind does to the simulated site, how often, and for how long.

A fault begins at random, once in `every_s` on average (Poisson), and ends by itself after a random time of `lasts_s` on
average. A set is several kinds at once; `storm` is a bad week, most others are one kind alone, often. What ends leaves
behind what a real fault would: a retained message stays until it is overwritten, a device has its light after a power
cut. Where there are several brokers, a fault of a broker affects one of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from controller.dmx.outputs.simulated import Faults
from controller.gateways import own_gateways
from controller.gateways.base import DesiredState, Gateway, Message, Rejected
from controller.gateways.wire import MAX_EPOCH, ZoneLook, parse_desired, parse_reported
from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from controller.service.desired import MAX_FOLLOWED
from controller.simulation.controller_host import Accident, ControllerHost
from controller.simulation.kernel import HostClock
from controller.simulation.network import CALM, SimulatedBroker, Weather
from controller.simulation.scenario import Scenario

HOUR_S, MINUTE_S = 3600.0, 60.0
DEAD_S = 60.0
"""Seconds; longer than anybody waits for an answer."""

Heal = Callable[[], object]
"""A function that ends a fault that does not end by itself."""


def controller_dies(scenario: Scenario) -> None:
    """Kill -9 of a controller; systemd starts it again."""
    _any_controller(scenario).die()


def broker_dies(scenario: Scenario) -> Heal:
    """Kill -9 of a broker; in half of the cases it comes back without its retained messages."""
    broker = _any_broker(scenario)
    broker.die()
    remembers = scenario.world.random.random() < 0.5
    return lambda: broker.rise(remembers=remembers)


def gateway_reboots(scenario: Scenario) -> Heal:
    """A power cut for one gateway."""
    host = scenario.world.random.choice(scenario.gateways)
    host.stop()

    def heal() -> None:
        host.clock.reboot()
        host.start()

    return heal


def partition(scenario: Scenario) -> Heal:
    """One line to a broker is cut, which neither end notices at once."""
    line = scenario.world.random.choice(scenario.lines)
    line.part()
    return line.mend


def clock_steps(scenario: Scenario) -> Heal:
    """Somebody sets one clock wrong by up to an hour; a time server corrects it."""
    random = scenario.world.random
    clock = random.choice(_clocks(scenario))
    clock.step(random.choice((-1, 1)) * random.uniform(10, HOUR_S))
    return clock.synchronise


def time_server_steps(scenario: Scenario) -> Heal:
    """A time server that is wrong by seconds moves one clock, or all, and is corrected."""
    random = scenario.world.random
    clocks = _clocks(scenario)
    moved = clocks if random.random() < 0.5 else [random.choice(clocks)]
    seconds = random.choice((-1, 1)) * random.uniform(1, 30)

    def move(server_off_s: float) -> None:
        for clock in moved:
            clock.follow(server_off_s)

    move(seconds)

    return lambda: move(0.0)


GARBAGE = (
    b"\xff\xfe\x00",
    b"",
    b"null",
    b"offline",
    b'{"state": "ON", "brightness": 254, "color": {"x": 0.7, "y": 0.3}}',
    b'{"version": 1, "epoch": 9007199254740991, "revision": 1, "zones": {}}',
    b"[" * 5_000,
    b"7" * 100_000,
)


def garbage(scenario: Scenario) -> None:
    """Another system writes to one of the site's topics, retained."""
    random = scenario.world.random
    _any_broker(scenario).publish(Message(_any_topic(scenario), random.choice(GARBAGE), qos=1, retain=True))


def flood(scenario: Scenario) -> None:
    """Messages without end on one topic."""
    broker, topic, over = _any_broker(scenario), _any_topic(scenario), scenario.world.now + 3.0

    def pour() -> None:
        broker.publish(Message(topic, scenario.world.random.choice(GARBAGE)))
        if scenario.world.now < over:
            scenario.world.after(0.02, pour)

    pour()


BAD_FILES = (b"", b"version: 1\ncampaigns:\n  - name: [\n", b"version: 1\ncampaigns: []\nunknown: 1\n", b"\xff\xfe")


def bad_reload(scenario: Scenario) -> None:
    """A half-written or wrong file is saved."""
    saved = scenario.world.random.choice(BAD_FILES)
    for controller in scenario.controllers:
        controller.reload(saved)


def disk_full(scenario: Scenario) -> Heal:
    """All disks are full."""

    def fill(is_full: bool) -> None:
        scenario.disk.file.full = is_full
        for host in scenario.ours:
            host.disk_full = is_full

    fill(True)
    return lambda: fill(False)


def asks(scenario: Scenario) -> None:
    """Somebody whose clock is wrong asks for the status: of a controller that died with its brokers, which hold its
    last retained messages, or of one that lives, perhaps after somebody else has written `offline`."""
    random = scenario.world.random
    ahead_s = random.choice((-1, 1)) * random.uniform(0, HOUR_S)
    if random.random() < 0.5:
        for broker in scenario.brokers:
            broker.die()
        for controller in scenario.controllers:
            controller.die(DEAD_S)
        for broker in scenario.brokers:
            broker.rise(remembers=True)
    elif random.random() < 0.5:
        status = f"{scenario.setup.tower.mqtt.topic_prefix}/controller/status"
        _any_broker(scenario).publish(Message(status, b"offline", qos=1, retain=True))
    scenario.world.after(5.0, lambda: scenario.ask(ahead_s))


def reorder(scenario: Scenario) -> Heal:
    """Messages of one broker are lost, arrive twice, or overtake each other."""
    broker = _any_broker(scenario)
    broker.weather = Weather(lose=0.02, repeat=0.1, delay=0.1)
    return lambda: setattr(broker, "weather", CALM)


def lie(scenario: Scenario) -> Heal:
    """A gateway accepts commands and does not obey them."""
    host = scenario.world.random.choice(scenario.gateways)
    host.lies = True
    return lambda: setattr(host, "lies", False)


def stick(scenario: Scenario) -> Heal:
    """The lamps of a gateway keep their light whatever is sent."""
    host = scenario.world.random.choice(scenario.gateways)
    host.misbehave(Faults(stick=True))
    return lambda: host.misbehave(Faults())


def flap(scenario: Scenario) -> Heal:
    """A gateway loses its connection every three seconds."""
    host, flaps = scenario.world.random.choice(scenario.gateways), [True]

    def shake() -> None:
        if flaps:
            host.client.shake()
            scenario.world.after(3.0, shake)

    shake()
    return flaps.clear


BLUE = ZoneState(on=True, color=Color("#0000FF"), brightness=1.0)


def foreign_writer(scenario: Scenario) -> None:
    """Somebody else commands a gateway."""
    _write_foreign(scenario, scenario.world.random.choice(scenario.gateways).gateway)


def replay(scenario: Scenario) -> None:
    """A document from before the last start of the controller arrives again, retained; vendors' gateways have none."""
    for host in scenario.ours:
        _write_foreign(scenario, host.gateway, older=True)


def _write_foreign(scenario: Scenario, gateway: Gateway, *, older: bool = False) -> None:
    """Write blue in the gateway's dialect; for our own gateway in a document newer or older than the present one."""
    broker, prefix = _any_broker(scenario), scenario.setup.tower.mqtt.topic_prefix
    for message in _foreign(gateway, broker, prefix, older=older):
        broker.publish(message)


def _foreign(gateway: Gateway, broker: SimulatedBroker, prefix: str, *, older: bool) -> tuple[Message, ...]:
    own = next(iter(own_gateways((gateway,))), None)
    if own is None:
        zones = {zone: gateway.reduce(zone, BLUE) for zone in gateway.zone_names}
        return gateway.encode(DesiredState(now=broker.world.instant, zones=zones), prefix)
    topic = own.topic("desired", prefix)
    present = parse_desired(broker.retained.get(topic, b""))
    if isinstance(present, Rejected):
        return ()
    blue = dict.fromkeys(gateway.zone_names, ZoneLook(on=True, color="#0000FF", brightness=1.0))
    order = {"epoch": max(0, present.epoch - 1)} if older else {"revision": present.revision + 1}
    written = present.model_copy(update={**order, "command_id": "somebody-else", "zones": blue, "cues": ()})
    return (Message(topic, written.model_dump_json(exclude_none=True).encode(), qos=1, retain=True),)


EPOCHS = (1_000, MAX_FOLLOWED, MAX_EPOCH - 1, MAX_EPOCH, MAX_EPOCH + 1, 2**50)
"""How far ahead, each alone and one after another."""


def epoch_ahead(scenario: Scenario) -> None:
    """Somebody reports a far higher order for one of our gateways, or writes to it under one."""
    random, broker = scenario.world.random, _any_broker(scenario)
    gateway = random.choice(scenario.ours).gateway
    leaf, parse = random.choice((("reported", parse_reported), ("desired", parse_desired)))
    topic = gateway.topic(leaf, scenario.setup.tower.mqtt.topic_prefix)
    present = parse(broker.retained.get(topic, b""))
    if not isinstance(present, Rejected):
        order = {"epoch": present.epoch + random.choice(EPOCHS), "revision": 1, "command_id": "somebody-else"}
        payload = present.model_copy(update=order).model_dump_json(exclude_none=True).encode()
        broker.publish(Message(topic, payload, qos=1, retain=random.random() < 0.5))


def stop(scenario: Scenario) -> Heal:
    """A person presses the button of the safety stop, which always sends the same request, and lifts the stop at the
    end."""
    scenario.operator.stop()

    def lift() -> None:
        scenario.operator.check(scenario.overrides)
        scenario.operator.lift()

    return lift


def override(scenario: Scenario) -> Heal:
    """A person sets an override, or resumes; sometimes the controller dies while storing it."""
    random = scenario.world.random
    scenario.disk.file.accident = random.choice((None, None, None, Accident.BEFORE_WRITING, Accident.AFTER_WRITING))
    if random.random() < 0.3:
        scenario.operator.resume()
    else:
        scenario.operator.override()
    return lambda: scenario.operator.check(scenario.overrides)


def freeze(scenario: Scenario) -> Heal:
    """SIGSTOP of one of several controllers, and SIGCONT."""
    controller = scenario.world.random.choice(scenario.leased)
    controller.freeze()
    return controller.thaw


def database_down(scenario: Scenario) -> Heal:
    """The database answers nobody, or one controller is cut off from it."""
    random, database = scenario.world.random, scenario.database
    if random.random() < 0.5:
        controller = random.choice(scenario.leased)
        database.cut.add(controller)
        return lambda: database.cut.discard(controller)
    database.up = False
    return lambda: setattr(database, "up", True)


def _any_controller(scenario: Scenario) -> ControllerHost:
    controllers = scenario.controllers
    return scenario.world.random.choice(controllers) if len(controllers) > 1 else controllers[0]


def _clocks(scenario: Scenario) -> list[HostClock]:
    """The clocks of all our machines."""
    return [host.clock for host in (*scenario.controllers, *scenario.ours)]


def _any_broker(scenario: Scenario) -> SimulatedBroker:
    return scenario.world.random.choice(scenario.brokers)


def _any_topic(scenario: Scenario) -> str:
    topics = (topic for line in scenario.lines for topic in line.client.subscriptions)
    return scenario.world.random.choice(tuple(topics)).replace("#", "other").replace("+", "other")


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault; `action` begins it and returns what ends it, None where it ends by itself."""

    name: str
    action: Callable[[Scenario], Heal | None]
    every_s: float
    lasts_s: float


def plan(scenario: Scenario, faults: tuple[Fault, ...], end_s: float) -> None:
    """Put every fault of a set on the agenda, from the begin of the period to its end."""
    random = scenario.world.random
    for fault in faults:
        at = scenario.start.timestamp() + random.expovariate(1 / fault.every_s)
        while at < end_s:
            lasts_s = min(5 * fault.lasts_s, random.expovariate(1 / fault.lasts_s))
            _put(scenario, fault, at, lasts_s)
            at += random.expovariate(1 / fault.every_s)


def _put(scenario: Scenario, fault: Fault, at: float, lasts_s: float) -> None:
    def begin() -> None:
        scenario.begin(fault.name)
        heal_fault = fault.action(scenario)

        def heal() -> None:
            if heal_fault is not None:
                heal_fault()
            scenario.heal(fault.name)

        scenario.world.after(lasts_s, heal)

    scenario.world.at(at, begin)


CONTROLLER = Fault("controller", controller_dies, every_s=8 * HOUR_S, lasts_s=5)
OVERRIDE = Fault("override", override, every_s=HOUR_S, lasts_s=MINUTE_S)
STOP = Fault("stop", stop, every_s=6 * HOUR_S, lasts_s=MINUTE_S)
STORM = (
    CONTROLLER,
    Fault("broker", broker_dies, every_s=6 * HOUR_S, lasts_s=MINUTE_S),
    Fault("gateway", gateway_reboots, every_s=12 * HOUR_S, lasts_s=20),
    Fault("partition", partition, every_s=12 * HOUR_S, lasts_s=5 * MINUTE_S),
    Fault("clock", clock_steps, every_s=48 * HOUR_S, lasts_s=MINUTE_S),
    Fault("time-server", time_server_steps, every_s=48 * HOUR_S, lasts_s=10 * MINUTE_S),
    Fault("garbage", garbage, every_s=24 * HOUR_S, lasts_s=1),
    Fault("flood", flood, every_s=24 * HOUR_S, lasts_s=4),
    Fault("reload", bad_reload, every_s=24 * HOUR_S, lasts_s=1),
    Fault("disk", disk_full, every_s=72 * HOUR_S, lasts_s=10 * MINUTE_S),
    Fault("epoch", epoch_ahead, every_s=24 * HOUR_S, lasts_s=1),
    Fault("asker", asks, every_s=24 * HOUR_S, lasts_s=MINUTE_S),
)
SHARED = (
    Fault("freeze", freeze, every_s=12 * HOUR_S, lasts_s=MINUTE_S),
    Fault("database", database_down, every_s=12 * HOUR_S, lasts_s=10 * MINUTE_S),
)
"""Faults of several controllers on one database."""
ALONE = (
    *STORM,
    Fault("duplicate-reorder", reorder, every_s=HOUR_S, lasts_s=10 * MINUTE_S),
    Fault("lie", lie, every_s=HOUR_S, lasts_s=10 * MINUTE_S),
    Fault("stick", stick, every_s=HOUR_S, lasts_s=10 * MINUTE_S),
    Fault("flap", flap, every_s=HOUR_S, lasts_s=MINUTE_S),
    Fault("foreign-writer", foreign_writer, every_s=HOUR_S, lasts_s=1),
    Fault("replay", replay, every_s=HOUR_S, lasts_s=1),
)
"""Each of these is also a set of its own, in which it begins once an hour."""

FAULTS: Mapping[str, tuple[Fault, ...]] = {
    "none": (),
    "storm": STORM,
    **{fault.name: (replace(fault, every_s=HOUR_S),) for fault in ALONE},
    "override": (OVERRIDE, CONTROLLER),
    "stop": (replace(STOP, every_s=HOUR_S), OVERRIDE, CONTROLLER),
    "storm-by-hand": (*STORM, OVERRIDE, STOP),
}
"""The sets by name."""
OF_SEVERAL: Mapping[str, tuple[Fault, ...]] = {
    **FAULTS,
    "storm": (*STORM, *SHARED),
    "storm-by-hand": (*STORM, *SHARED, OVERRIDE, STOP),
    **{fault.name: (replace(fault, every_s=HOUR_S),) for fault in SHARED},
}
"""The sets by name where several controllers share the site."""
