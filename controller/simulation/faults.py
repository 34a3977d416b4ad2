"""What goes wrong on purpose: how often, for how long, and what it does to the simulated site.

Rules
1. A fault begins at random, once in `every_s` on average (Poisson), and heals by itself after a random time of
   `lasts_s` on average. A set is several kinds at once; `storm` is a bad week, each other one a kind by itself, often.
2. Where the site has several brokers, a fault of a broker is one of one of them.
3. What heals leaves behind what a real one would: a retained message stays until it is overwritten, a device has the
   light that it has after a power cut.
4. A figure that is no choice says where it comes from; the rates of `storm` are those of reliability section 2.1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from controller.dmx.simulated import Faults
from controller.gateways.contract import Dmx
from controller.gateways.documents import ZoneWish, parse_desired
from controller.gateways.gateway import Gateway, Message, Rejected, Want
from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from controller.simulation.memory import Accident
from controller.simulation.network import CALM, Broker, Weather
from controller.simulation.site import Site

MINUTE_S, HOUR_S = 60.0, 3600.0

Heal = Callable[[], None]
Act = Callable[[Site], Heal]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault; `act` does it and returns what heals it."""

    name: str
    act: Act
    every_s: float
    lasts_s: float


def plan(site: Site, faults: tuple[Fault, ...], end_s: float) -> None:
    """Puts every fault of a set on the agenda, from the beginning of the period to its end."""
    random = site.world.random
    for fault in faults:
        at = site.start.timestamp() + random.expovariate(1 / fault.every_s)
        while at < end_s:
            lasts_s = min(5 * fault.lasts_s, random.expovariate(1 / fault.lasts_s))
            _put(site, fault, at, lasts_s)
            at += random.expovariate(1 / fault.every_s)


def _put(site: Site, fault: Fault, at: float, lasts_s: float) -> None:
    def begin() -> None:
        site.begin(fault.name)
        heals = fault.act(site)

        def heal() -> None:
            heals()
            site.heal(fault.name)

        site.world.after(lasts_s, heal)

    site.world.at(at, begin)


def _controller_dies(site: Site) -> Heal:
    """Kill -9; systemd starts it again."""
    site.controller.die()
    return _nothing


def _broker_dies(site: Site) -> Heal:
    """Kill -9 of one of them; in half of the cases it comes back without its memory."""
    broker = _any_broker(site)
    broker.die()
    remembers = site.world.random.random() < 0.5
    return lambda: broker.rise(remembers=remembers)


def _gateway_reboots(site: Site) -> Heal:
    """A power cut for one of them."""
    box = site.world.random.choice(site.boxes)
    box.stop()

    def heal() -> None:
        box.machine.reboot()
        box.start()

    return heal


def _partition(site: Site) -> Heal:
    """One way to the broker is cut and looks whole."""
    line = site.world.random.choice(site.lines)
    line.part()
    return line.mend


def _clock_steps(site: Site) -> Heal:
    """Somebody sets one clock wrong by up to an hour; a time server sets it right again."""
    random = site.world.random
    machine = random.choice([site.controller.machine, *(box.machine for box in site.ours)])
    machine.step(random.choice((-1, 1)) * random.uniform(10, HOUR_S))
    return machine.synchronise


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


def _garbage(site: Site) -> Heal:
    """Another system writes to one of the site's topics, retained."""
    random = site.world.random
    _any_broker(site).publish(Message(_any_topic(site), random.choice(GARBAGE), qos=1, retain=True))
    return _nothing


def _flood(site: Site) -> Heal:
    """Messages without end on one topic."""
    broker, topic, over = _any_broker(site), _any_topic(site), site.world.now + 3.0

    def pour() -> None:
        broker.publish(Message(topic, site.world.random.choice(GARBAGE)))
        if site.world.now < over:
            site.world.after(0.02, pour)

    pour()
    return _nothing


BAD_FILES = (b"", b"version: 1\ncampaigns:\n  - name: [\n", b"version: 1\ncampaigns: []\nunknown: 1\n", b"\xff\xfe")


def _bad_reload(site: Site) -> Heal:
    """A half-written or wrong file is saved."""
    site.controller.reload(site.world.random.choice(BAD_FILES))
    return _nothing


def _disk_full(site: Site) -> Heal:
    """No disk takes anything."""

    def fill(is_full: bool) -> None:
        site.disk.full = is_full
        for box in site.ours:
            box.disk_full = is_full

    fill(True)
    return lambda: fill(False)


def _reorder(site: Site) -> Heal:
    """Messages are lost, come twice, or overtake each other, on the way from one of the brokers."""
    broker = _any_broker(site)
    broker.weather = Weather(lose=0.02, repeat=0.1, delay=0.1)

    def calm() -> None:
        broker.weather = CALM

    return calm


def _lie(site: Site) -> Heal:
    """A gateway takes what it is told, and does not do it."""
    box = site.world.random.choice(site.boxes)
    box.lies = True

    def honest() -> None:
        box.lies = False

    return honest


def _stick(site: Site) -> Heal:
    """The lamps of a gateway take nothing new."""
    box = site.world.random.choice(site.boxes)
    box.misbehave(Faults(stick=True))
    return lambda: box.misbehave(Faults())


def _flap(site: Site) -> Heal:
    """A gateway loses its connection every three seconds."""
    box, flaps = site.world.random.choice(site.boxes), [True]

    def shake() -> None:
        if flaps:
            box.door.shake()
            site.world.after(3.0, shake)

    shake()
    return flaps.clear


BLUE = ZoneState(on=True, color=Color("#0000FF"), brightness=1.0)


def _foreign_writer(site: Site) -> Heal:
    """Somebody else commands a gateway."""
    gateway = site.world.random.choice(site.boxes).gateway
    _write_foreign(site, gateway)
    return _nothing


def _replay(site: Site) -> Heal:
    """A document from before the last start of the controller comes again, retained; vendors' gateways have none."""
    for box in site.ours:
        _write_foreign(site, box.gateway, older=True)
    return _nothing


def _write_foreign(site: Site, gateway: Gateway, *, older: bool = False) -> None:
    """Blue, as the dialect says it; for our own gateway in a document after the one that stands, or before it."""
    broker, prefix = _any_broker(site), site.setup.tower.mqtt.topic_prefix
    for message in _foreign(gateway, broker, prefix, older=older):
        broker.publish(message)


def _foreign(gateway: Gateway, broker: Broker, prefix: str, *, older: bool) -> tuple[Message, ...]:
    if not isinstance(gateway, Dmx):
        zones = {zone: gateway.reduce(zone, BLUE) for zone in gateway.zone_names}
        return gateway.encode(Want(now=broker.world.instant, zones=zones), prefix)
    topic = gateway.topic("desired", prefix)
    stands = parse_desired(broker.retained(topic))
    if isinstance(stands, Rejected):
        return ()
    blue = dict.fromkeys(gateway.zone_names, ZoneWish(on=True, color="#0000FF", brightness=1.0))
    order = {"epoch": max(0, stands.epoch - 1)} if older else {"revision": stands.revision + 1}
    written = stands.model_copy(update={**order, "command_id": "somebody-else", "zones": blue, "cues": ()})
    return (Message(topic, written.model_dump_json(exclude_none=True).encode(), qos=1, retain=True),)


def _override(site: Site) -> Heal:
    """A person sets a look by hand, or resumes; now and then the controller dies over it."""
    random = site.world.random
    site.disk.accident = random.choice((None, None, None, Accident.BEFORE_WRITING, Accident.AFTER_WRITING))
    if random.random() < 0.3:
        site.person.resume()
    else:
        site.person.override()
    return lambda: site.person.check(site.controller.hand)


def _any_broker(site: Site) -> Broker:
    return site.world.random.choice(site.brokers)


def _any_topic(site: Site) -> str:
    heard = (topic for line in site.lines for topic in line.client.subscriptions)
    return site.world.random.choice(tuple(heard)).replace("#", "other").replace("+", "other")


def _nothing() -> None:
    """It heals by itself."""


CONTROLLER = Fault("controller", _controller_dies, every_s=8 * HOUR_S, lasts_s=5)
BROKER = Fault("broker", _broker_dies, every_s=6 * HOUR_S, lasts_s=MINUTE_S)
GATEWAY = Fault("gateway", _gateway_reboots, every_s=12 * HOUR_S, lasts_s=20)
PARTITION = Fault("partition", _partition, every_s=12 * HOUR_S, lasts_s=5 * MINUTE_S)
CLOCK = Fault("clock", _clock_steps, every_s=48 * HOUR_S, lasts_s=MINUTE_S)
RETAINED = Fault("garbage", _garbage, every_s=24 * HOUR_S, lasts_s=1)
FLOOD = Fault("flood", _flood, every_s=24 * HOUR_S, lasts_s=4)
RELOAD = Fault("reload", _bad_reload, every_s=24 * HOUR_S, lasts_s=1)
DISK = Fault("disk", _disk_full, every_s=72 * HOUR_S, lasts_s=10 * MINUTE_S)
REORDER = Fault("duplicate-reorder", _reorder, every_s=HOUR_S, lasts_s=10 * MINUTE_S)
LIE = Fault("lie", _lie, every_s=HOUR_S, lasts_s=10 * MINUTE_S)
STICK = Fault("stick", _stick, every_s=HOUR_S, lasts_s=10 * MINUTE_S)
FLAP = Fault("flap", _flap, every_s=HOUR_S, lasts_s=MINUTE_S)
FOREIGN = Fault("foreign-writer", _foreign_writer, every_s=HOUR_S, lasts_s=1)
REPLAY = Fault("replay", _replay, every_s=HOUR_S, lasts_s=1)
OVERRIDE = Fault("override", _override, every_s=HOUR_S, lasts_s=MINUTE_S)
STORM = (CONTROLLER, BROKER, GATEWAY, PARTITION, CLOCK, RETAINED, FLOOD, RELOAD, DISK)


def _often(fault: Fault) -> tuple[Fault, ...]:
    return (replace(fault, every_s=HOUR_S),)


FAULTS: Mapping[str, tuple[Fault, ...]] = {
    "none": (),
    "storm": STORM,
    "controller": _often(CONTROLLER),
    "broker": _often(BROKER),
    "gateway": _often(GATEWAY),
    "partition": _often(PARTITION),
    "clock": _often(CLOCK),
    "garbage": _often(RETAINED),
    "flood": _often(FLOOD),
    "reload": _often(RELOAD),
    "disk": _often(DISK),
    "duplicate-reorder": (REORDER,),
    "lie": (LIE,),
    "stick": (STICK,),
    "flap": (FLAP,),
    "foreign-writer": (FOREIGN,),
    "replay": (REPLAY,),
    "override": (OVERRIDE, CONTROLLER),
    "storm-by-hand": (*STORM, OVERRIDE),
}
"""The sets by their names."""
