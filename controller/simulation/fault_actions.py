"""What each fault does to the simulated site; what is returned heals it.

Rules
1. Where the site has several brokers, a fault of a broker is one of one of them.
2. What heals leaves behind what a real one would: a retained message stays until it is overwritten, a device has the
   light that it has after a power cut.
"""

from collections.abc import Callable

from controller.dmx.outputs.simulated import Faults
from controller.gateways import own_gateways
from controller.gateways.base import DesiredState, Gateway, Message, Rejected
from controller.gateways.wire import MAX_EPOCH, ZoneLook, parse_desired, parse_reported
from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from controller.service.desired import MAX_FOLLOWED
from controller.simulation.disk import Accident
from controller.simulation.network import CALM, SimulatedBroker, Weather
from controller.simulation.scenario import Scenario

HOUR_S = 3600.0
DEAD_S = 60.0
"""Longer than anybody waits for an answer."""

Heal = Callable[[], None]


def controller_dies(site: Scenario) -> Heal:
    """Kill -9; systemd starts it again."""
    site.controller.die()
    return _nothing


def broker_dies(site: Scenario) -> Heal:
    """Kill -9 of one of them; in half of the cases it comes back without its memory."""
    broker = _any_broker(site)
    broker.die()
    remembers = site.world.random.random() < 0.5
    return lambda: broker.rise(remembers=remembers)


def gateway_reboots(site: Scenario) -> Heal:
    """A power cut for one of them."""
    box = site.world.random.choice(site.boxes)
    box.stop()

    def heal() -> None:
        box.machine.reboot()
        box.start()

    return heal


def partition(site: Scenario) -> Heal:
    """One way to the broker is cut and looks whole."""
    line = site.world.random.choice(site.lines)
    line.part()
    return line.mend


def clock_steps(site: Scenario) -> Heal:
    """Somebody sets one clock wrong by up to an hour; a time server sets it right again."""
    random = site.world.random
    machine = random.choice([site.controller.machine, *(box.machine for box in site.ours)])
    machine.step(random.choice((-1, 1)) * random.uniform(10, HOUR_S))
    return machine.synchronise


def time_server_steps(site: Scenario) -> Heal:
    """A time server that is wrong by seconds moves the clock of one machine, or of all, and is put right again."""
    random = site.world.random
    machines = [site.controller.machine, *(box.machine for box in site.ours)]
    moved = machines if random.random() < 0.5 else [random.choice(machines)]
    seconds = random.choice((-1, 1)) * random.uniform(1, 30)

    def move(server_off_s: float) -> None:
        for machine in moved:
            machine.follow(server_off_s)

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


def garbage(site: Scenario) -> Heal:
    """Another system writes to one of the site's topics, retained."""
    random = site.world.random
    _any_broker(site).publish(Message(_any_topic(site), random.choice(GARBAGE), qos=1, retain=True))
    return _nothing


def flood(site: Scenario) -> Heal:
    """Messages without end on one topic."""
    broker, topic, over = _any_broker(site), _any_topic(site), site.world.now + 3.0

    def pour() -> None:
        broker.publish(Message(topic, site.world.random.choice(GARBAGE)))
        if site.world.now < over:
            site.world.after(0.02, pour)

    pour()
    return _nothing


BAD_FILES = (b"", b"version: 1\ncampaigns:\n  - name: [\n", b"version: 1\ncampaigns: []\nunknown: 1\n", b"\xff\xfe")


def bad_reload(site: Scenario) -> Heal:
    """A half-written or wrong file is saved."""
    site.controller.reload(site.world.random.choice(BAD_FILES))
    return _nothing


def disk_full(site: Scenario) -> Heal:
    """No disk takes anything."""

    def fill(is_full: bool) -> None:
        site.disk.full = is_full
        for box in site.ours:
            box.disk_full = is_full

    fill(True)
    return lambda: fill(False)


def asks(site: Scenario) -> Heal:
    """Somebody whose clock is wrong asks how it stands: of a controller that was cut off with its brokers, which have
    kept its last words, or of one that lives, perhaps after somebody else has written that it does not."""
    random = site.world.random
    ahead_s = random.choice((-1, 1)) * random.uniform(0, HOUR_S)
    if random.random() < 0.5:
        for broker in site.brokers:
            broker.die()
        site.controller.die(DEAD_S)
        for broker in site.brokers:
            broker.rise(remembers=True)
    elif random.random() < 0.5:
        status = f"{site.setup.tower.mqtt.topic_prefix}/controller/status"
        _any_broker(site).publish(Message(status, b"offline", qos=1, retain=True))
    site.world.after(5.0, lambda: site.ask(ahead_s))
    return _nothing


def reorder(site: Scenario) -> Heal:
    """Messages are lost, come twice, or overtake each other, on the way from one of the brokers."""
    broker = _any_broker(site)
    broker.weather = Weather(lose=0.02, repeat=0.1, delay=0.1)

    def calm() -> None:
        broker.weather = CALM

    return calm


def lie(site: Scenario) -> Heal:
    """A gateway takes what it is told, and does not do it."""
    box = site.world.random.choice(site.boxes)
    box.lies = True

    def honest() -> None:
        box.lies = False

    return honest


def stick(site: Scenario) -> Heal:
    """The lamps of a gateway take nothing new."""
    box = site.world.random.choice(site.boxes)
    box.misbehave(Faults(stick=True))
    return lambda: box.misbehave(Faults())


def flap(site: Scenario) -> Heal:
    """A gateway loses its connection every three seconds."""
    box, flaps = site.world.random.choice(site.boxes), [True]

    def shake() -> None:
        if flaps:
            box.door.shake()
            site.world.after(3.0, shake)

    shake()
    return flaps.clear


BLUE = ZoneState(on=True, color=Color("#0000FF"), brightness=1.0)


def foreign_writer(site: Scenario) -> Heal:
    """Somebody else commands a gateway."""
    gateway = site.world.random.choice(site.boxes).gateway
    _write_foreign(site, gateway)
    return _nothing


def replay(site: Scenario) -> Heal:
    """A document from before the last start of the controller comes again, retained; vendors' gateways have none."""
    for box in site.ours:
        _write_foreign(site, box.gateway, older=True)
    return _nothing


def _write_foreign(site: Scenario, gateway: Gateway, *, older: bool = False) -> None:
    """Blue, as the dialect says it; for our own gateway in a document after the one that stands, or before it."""
    broker, prefix = _any_broker(site), site.setup.tower.mqtt.topic_prefix
    for message in _foreign(gateway, broker, prefix, older=older):
        broker.publish(message)


def _foreign(gateway: Gateway, broker: SimulatedBroker, prefix: str, *, older: bool) -> tuple[Message, ...]:
    own = next(iter(own_gateways((gateway,))), None)
    if own is None:
        zones = {zone: gateway.reduce(zone, BLUE) for zone in gateway.zone_names}
        return gateway.encode(DesiredState(now=broker.world.instant, zones=zones), prefix)
    topic = own.topic("desired", prefix)
    stands = parse_desired(broker.retained(topic))
    if isinstance(stands, Rejected):
        return ()
    blue = dict.fromkeys(gateway.zone_names, ZoneLook(on=True, color="#0000FF", brightness=1.0))
    order = {"epoch": max(0, stands.epoch - 1)} if older else {"revision": stands.revision + 1}
    written = stands.model_copy(update={**order, "command_id": "somebody-else", "zones": blue, "cues": ()})
    return (Message(topic, written.model_dump_json(exclude_none=True).encode(), qos=1, retain=True),)


EPOCHS = (1_000, MAX_FOLLOWED, MAX_EPOCH - 1, MAX_EPOCH, MAX_EPOCH + 1, 2**50)
"""So far ahead, each by itself and one after another."""


def epoch_ahead(site: Scenario) -> Heal:
    """Somebody says that one of our gateways holds a far higher order, or writes to it under one."""
    random, broker = site.world.random, _any_broker(site)
    gateway = random.choice(site.ours).gateway
    leaf, parse = random.choice((("reported", parse_reported), ("desired", parse_desired)))
    topic = gateway.topic(leaf, site.setup.tower.mqtt.topic_prefix)
    stands = parse(broker.retained(topic))
    if not isinstance(stands, Rejected):
        order = {"epoch": stands.epoch + random.choice(EPOCHS), "revision": 1, "command_id": "somebody-else"}
        payload = stands.model_copy(update=order).model_dump_json(exclude_none=True).encode()
        broker.publish(Message(topic, payload, qos=1, retain=random.random() < 0.5))
    return _nothing


def stop(site: Scenario) -> Heal:
    """A person presses the button of the safety stop, which always sends the same, and lifts it when it is over."""
    site.person.stop()

    def lift() -> None:
        site.person.check(site.controller.hand)
        site.person.lift()

    return lift


def override(site: Scenario) -> Heal:
    """A person sets a look by hand, or resumes; now and then the controller dies over it."""
    random = site.world.random
    site.disk.accident = random.choice((None, None, None, Accident.BEFORE_WRITING, Accident.AFTER_WRITING))
    if random.random() < 0.3:
        site.person.resume()
    else:
        site.person.override()
    return lambda: site.person.check(site.controller.hand)


def _any_broker(site: Scenario) -> SimulatedBroker:
    return site.world.random.choice(site.brokers)


def _any_topic(site: Scenario) -> str:
    heard = (topic for line in site.lines for topic in line.client.subscriptions)
    return site.world.random.choice(tuple(heard)).replace("#", "other").replace("+", "other")


def _nothing() -> None:
    """It heals by itself."""
