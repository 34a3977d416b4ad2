"""One cue for N gateways: a vendor's dialect, which needs a command at the instant, and our own contract, which needs
none."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.apart import Apart, Cost, broker
from tests.bench.table import OURS, Rounds, Row

VENDOR = "home-assistant"
CONTRACT = "dmx"
REAL = 100
"""So many gateways of our own at most run in truth; the others are simulated."""
ALONE = 8
"""Times as many rounds for a single gateway, of which the slowest count."""
SELDOM = 4
"""In one of so many of those the yardsticks take part."""
TICK_S, SELDOM_S = 0.005, 1.0
"""So often the loop is looked at; each look costs CPU, which is counted while hardly any is taken."""
PAUSE_S = 0.5
SOON_S = 0.1
LEADS_S = ((1, 2.5), (100, 3.0), (1_000, 4.0), (10_000, 9.0))
"""So long before the cue we look at it: time to notice the leap, for what is prepared, and to know that all confirm."""
YARDSTICKS = ("socket", "paho", "script")
HOSTS = {OURS: "127.77.0.1", "datagrams": "127.77.0.2"}


def lead_s(count: int) -> float:
    """How long before a cue to begin."""
    return next(lead for most, lead in LEADS_S if count <= most)


@dataclass(frozen=True)
class Site:
    """Who takes part: each with a fleet of its own, which receives its commands."""

    programs: dict[str, Apart]
    fleets: dict[str, Apart]
    count: int

    def cue(self, who: str, after_s: float, tick_s: float = TICK_S) -> dict[str, float]:
        """Milliseconds from the instant, and CPU, of a cue of theirs."""
        program, fleet = self.programs[who], self.fleets[who]
        time.sleep(PAUSE_S if self.count > 1 else 0.0)
        if who == OURS:
            leapt(lead_s(self.count), program)
        before = Cost.of(program.process.pid)
        fleet.ask("begin")
        told = program.ask(f"cue {tick_s} {after_s}" if who == OURS else f"cue {min(1.0, PAUSE_S * self.count)}")
        cpu_s = Cost.of(program.process.pid).cpu_s - before.cpu_s
        time.sleep(SOON_S if self.count == 1 else 0.0)  # the only message may still be on its way
        heard = fleet.ask("end")
        if heard["count"] != self.count:
            raise RuntimeError(f"{who}: {heard['count']} of {self.count} were commanded")
        return since(told | heard, "first", "last", "confirmed_s") | {
            "cpu_us": 1e6 * cpu_s / self.count,
            "held_up": 1e3 * told.get("held_up_s", 0.0),
            "resident_kb": told.get("resident_kb", 0.0),
        }


def leapt(before_s: float, service: Apart, *others: Apart) -> list[dict[str, Any]]:
    """Leaps to so long before the next cue, on a busy machine to longer before one after that, until all confirm before
    it: what the service answers, and the others, which leap with it."""
    programs = (service, *others)
    for times in (1, 2, 4):
        for program in programs:
            program.say(f"leap {times * before_s}")
        answers = [program.answer() for program in programs]
        if answers[0]["is_confirmed"]:
            return answers
    raise RuntimeError("not all confirm before the cue")


def since(told: dict[str, float | None], *names: str) -> dict[str, float]:
    """Milliseconds from the cue to these instants, as far as there are any."""
    cue_s = told["cue_s"]
    assert cue_s is not None
    instants = ((name, told.get(name)) for name in names)
    return {name: 1e3 * (instant - cue_s) for name, instant in instants if instant is not None}


@contextmanager
def site(count: int, *who: str) -> Iterator[Site]:
    """A broker, and all of them ready."""
    with ExitStack() as held:
        port = held.enter_context(broker(Path(held.enter_context(TemporaryDirectory()))))
        made = Site({}, {}, count)
        for name in who:
            fleet = "lamp" if name == OURS else name
            made.fleets[name] = held.enter_context(Apart.running("fleet", port, fleet, "echo"))
            made.fleets[name].answer()
            words = ("many_service", port, count, VENDOR) if name == OURS else ("yardsticks", name, port, count)
            made.programs[name] = held.enter_context(Apart.running(*words))
            made.programs[name].ask("ready")
        yield made


def vendor(count: int, rounds: int) -> Iterator[Row]:
    """A command for each lamp at the instant, and a report of each."""
    seen, is_many = Rounds(), count >= 1_000
    with site(count, *YARDSTICKS, OURS) as taking_part:
        for number in range(rounds * ALONE if count == 1 < rounds else rounds):
            for who in (*YARDSTICKS, OURS) if count > 1 or number % SELDOM == 0 else (OURS,):
                seen.note(who, taking_part.cue(who, 0.1 if count == 1 else 1.0 if count == 100 else 3.0))
            if is_many:
                seen.note(OURS, {"cpu_us": taking_part.cue(OURS, 3.0, SELDOM_S)["cpu_us"]})
    yield Row("commanded, first", count, "ms", seen.median("first"), seen.beside("first", *YARDSTICKS), 3.0)
    last = seen.median("last"), seen.beside("last", *YARDSTICKS)
    if count == 1:
        yield Row("commanded", count, "ms", *last, more=0.5)
        yield Row("commanded, 99th of 100", count, "ms", seen.at(0.99, "last"), most=5.0)
    else:
        yield Row("commanded, last", count, "ms", *last, times=1.25 if is_many else None)
    confirmed = seen.median("confirmed_s"), seen.beside("confirmed_s", *YARDSTICKS)
    yield Row("all confirmed", count, "ms", *confirmed, times=2.0 if count >= 10_000 else None)
    yield Row("loop held up at most", count, "ms", seen.worst("held_up"), most=50.0)
    if is_many:
        cpu = {who: value for who in YARDSTICKS if (value := seen.least("cpu_us", who))}
        yield Row("CPU a gateway and change", count, "µs", seen.least("cpu_us"), cpu, most=60.0)


def contract(count: int, rounds: int) -> Iterator[Row]:
    """Gateways that keep the plan: nothing is sent at the instant."""
    seen, real = Rounds(), min(count, REAL)
    with ExitStack() as held:
        port = held.enter_context(broker(Path(held.enter_context(TemporaryDirectory()))))

        def running(*words: object) -> Apart:
            return held.enter_context(Apart.running(*words))

        fleet = running("fleet", port, CONTRACT, "echo", "real", real, "sink", HOSTS[OURS])
        lights = running("fleet", port, "datagrams", "sink", HOSTS["datagrams"])
        for each in (fleet, lights):
            each.answer()
        gateways = running("gateways", port, HOSTS[OURS], real)
        bare = running("yardsticks", "frames", HOSTS["datagrams"], real)
        service = running("many_service", port, count, CONTRACT)
        service.ask("ready")
        for _ in range(rounds):
            seen.note("datagrams", _datagrams(bare, lights))
            seen.note(OURS, _planned(service, gateways, fleet, count))
    beside = seen.beside("last_lit", "datagrams")
    yield Row(f"lamp changed, last of {real} real ones", count, "ms", seen.worst("last_lit"), beside, most=100.0)
    yield Row("documents sent at the instant", count, "", seen.worst("sent"), most=0.0)
    yield Row("all confirmed, our contract", count, "ms", seen.median("confirmed_s"))
    yield Row("loop held up at most, our contract", count, "ms", seen.worst("held_up"), most=50.0)


def _datagrams(bare: Apart, lights: Apart) -> dict[str, float]:
    lights.ask("begin")
    told = bare.ask("cue 0.5")
    return since(told | lights.ask("end"), "last_lit")


def _planned(service: Apart, gateways: Apart, fleet: Apart, count: int) -> dict[str, float]:
    """A cue that the service and the gateways both know, each by its own clock."""
    ours, theirs = leapt(2.0 * lead_s(count), service, gateways)
    fleet.ask(f"cue {ours['cue_s']} {ours['wall']}")
    fleet.ask("begin")
    told = service.ask(f"cue {TICK_S}")
    heard = fleet.ask(f"end {theirs['cue_s'] + SOON_S}")
    if heard["lit"] != min(count, REAL):
        raise RuntimeError(f"{heard['lit']} real gateways changed their lamps")
    return {
        **since(heard | theirs, "last_lit"),
        **since(told, "confirmed_s"),
        "sent": heard["before"],
        "held_up": 1e3 * told["held_up_s"],
    }
