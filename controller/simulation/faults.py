"""What goes wrong on purpose: which fault how often, and for how long.

A fault begins at random, once in `every_s` on average (Poisson), and heals by itself after a random time of `lasts_s`
on average. A set is several kinds at once; `storm` is a bad week, most others are one kind by itself, often.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from controller.simulation import fault_actions
from controller.simulation.fault_actions import HOUR_S, Heal
from controller.simulation.scenario import Scenario

MINUTE_S = 60.0

Act = Callable[[Scenario], Heal]


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault; `act` does it and returns what heals it."""

    name: str
    act: Act
    every_s: float
    lasts_s: float


def plan(site: Scenario, faults: tuple[Fault, ...], end_s: float) -> None:
    """Puts every fault of a set on the agenda, from the beginning of the period to its end."""
    random = site.world.random
    for fault in faults:
        at = site.start.timestamp() + random.expovariate(1 / fault.every_s)
        while at < end_s:
            lasts_s = min(5 * fault.lasts_s, random.expovariate(1 / fault.lasts_s))
            _put(site, fault, at, lasts_s)
            at += random.expovariate(1 / fault.every_s)


def _put(site: Scenario, fault: Fault, at: float, lasts_s: float) -> None:
    def begin() -> None:
        site.begin(fault.name)
        heals = fault.act(site)

        def heal() -> None:
            heals()
            site.heal(fault.name)

        site.world.after(lasts_s, heal)

    site.world.at(at, begin)


CONTROLLER = Fault("controller", fault_actions.controller_dies, every_s=8 * HOUR_S, lasts_s=5)
BROKER = Fault("broker", fault_actions.broker_dies, every_s=6 * HOUR_S, lasts_s=MINUTE_S)
GATEWAY = Fault("gateway", fault_actions.gateway_reboots, every_s=12 * HOUR_S, lasts_s=20)
PARTITION = Fault("partition", fault_actions.partition, every_s=12 * HOUR_S, lasts_s=5 * MINUTE_S)
CLOCK = Fault("clock", fault_actions.clock_steps, every_s=48 * HOUR_S, lasts_s=MINUTE_S)
TIME_SERVER = Fault("time-server", fault_actions.time_server_steps, every_s=48 * HOUR_S, lasts_s=10 * MINUTE_S)
RETAINED = Fault("garbage", fault_actions.garbage, every_s=24 * HOUR_S, lasts_s=1)
FLOOD = Fault("flood", fault_actions.flood, every_s=24 * HOUR_S, lasts_s=4)
RELOAD = Fault("reload", fault_actions.bad_reload, every_s=24 * HOUR_S, lasts_s=1)
DISK = Fault("disk", fault_actions.disk_full, every_s=72 * HOUR_S, lasts_s=10 * MINUTE_S)
REORDER = Fault("duplicate-reorder", fault_actions.reorder, every_s=HOUR_S, lasts_s=10 * MINUTE_S)
LIE = Fault("lie", fault_actions.lie, every_s=HOUR_S, lasts_s=10 * MINUTE_S)
STICK = Fault("stick", fault_actions.stick, every_s=HOUR_S, lasts_s=10 * MINUTE_S)
FLAP = Fault("flap", fault_actions.flap, every_s=HOUR_S, lasts_s=MINUTE_S)
FOREIGN = Fault("foreign-writer", fault_actions.foreign_writer, every_s=HOUR_S, lasts_s=1)
REPLAY = Fault("replay", fault_actions.replay, every_s=HOUR_S, lasts_s=1)
OVERRIDE = Fault("override", fault_actions.override, every_s=HOUR_S, lasts_s=MINUTE_S)
EPOCH = Fault("epoch", fault_actions.epoch_ahead, every_s=24 * HOUR_S, lasts_s=1)
ASKER = Fault("asker", fault_actions.asks, every_s=24 * HOUR_S, lasts_s=MINUTE_S)
STOP = Fault("stop", fault_actions.stop, every_s=6 * HOUR_S, lasts_s=MINUTE_S)
STORM = (CONTROLLER, BROKER, GATEWAY, PARTITION, CLOCK, TIME_SERVER, RETAINED, FLOOD, RELOAD, DISK, EPOCH, ASKER)


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
    "time-server": _often(TIME_SERVER),
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
    "epoch": _often(EPOCH),
    "asker": _often(ASKER),
    "override": (OVERRIDE, CONTROLLER),
    "stop": (*_often(STOP), OVERRIDE, CONTROLLER),
    "storm-by-hand": (*STORM, OVERRIDE, STOP),
}
"""The sets by their names."""
