"""The controller as a process of the simulated world: engine and desk on one machine, one line, one disk.

Rules
1. The controller is turned as `controller.service.runtime` turns it: on each message, when it asked for it, each second
   while it names no instant (a suspect clock), and after a step of the clock.
2. A process that was killed is started again by systemd after RESTART_S, from the disk alone.
3. Order and time are written when the epoch changed, and every KNOWN_S.
4. The health document is written at each connection, and the beat goes on while somebody listens: nobody else reads
   them here.
"""

import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from controller.clock import ClockJudge, ClockReading, Trust
from controller.config.load import SCHEDULE, Setup, read_schedule
from controller.errors import FilesRejected
from controller.events import Event
from controller.events.formatters import document
from controller.gateways.base import Message
from controller.mqtt import Received
from controller.service.controller import Controller
from controller.service.health_report import health_of
from controller.service.override_request import OverridePolicy
from controller.service.overrides import STOPPED, OverrideManager, OverrideQueue
from controller.service.presence import Presence
from controller.service.runtime import SiteInfo
from controller.simulation.disk import PowerCutError, SimulatedDisk
from controller.simulation.host_clock import TICK_S, HostClock
from controller.simulation.hosts import LAG_S
from controller.simulation.kernel import AgendaEntry, Kernel
from controller.simulation.meter import LampRecord
from controller.simulation.network import Client, MultiBrokerClient, SimulatedBroker

RESTART_S = (3.0, 5.0)
REMEMBER_S = 10.0
KNOWN_S = 600.0
GRANT_S = 0.02
LONGEST = timedelta(days=7)

T = TypeVar("T")


@dataclass(frozen=True)
class Watched:
    """`tell` takes each event, `confirms` what the controller calls confirmed, `stops` whether it is stopped."""

    tell: Callable[[Event], None]
    confirms: Callable[[dict[LampRecord, bool]], None]
    stops: Callable[[bool], None]


class ControllerHost:
    """The controller, and who watches it."""

    def __init__(
        self,
        world: Kernel,
        brokers: tuple[SimulatedBroker, ...],
        setup: Setup,
        disk: SimulatedDisk,
        watched: "Watched",
    ) -> None:
        self.machine = HostClock(world)
        self.disk = disk
        self.setup = setup
        self.hand: OverrideManager | None = None
        self._desk: OverrideQueue | None = None
        self._world = world
        self._tell = watched.tell
        self._confirms = watched.confirms
        self._stops = watched.stops
        self._rules = setup.program()
        self._judge = ClockJudge()
        self._engine: Controller | None = None
        self._dues: list[AgendaEntry] = []
        self._known_s = float("-inf")
        self._site = SiteInfo(setup.tower.site.name, setup.tower.mqtt.topic_prefix)
        self.machine.processes.append(self._turn)
        self._presence = Presence(self._site.status)
        self._listeners = 0
        online, offline = (Message(self._site.status, word, qos=1, retain=True) for word in (b"online", b"offline"))
        topics = (topic for gateway in setup.tower.gateways for topic in gateway.topics(self._site.prefix))
        self.door = MultiBrokerClient(
            brokers,
            Client(
                "controller",
                (*dict.fromkeys(topics), self._site.requests, self._site.status),
                offline,
                lambda: (online,),
                self._connected,
                self._lost,
                self._receive,
            ),
        )

    def start(self) -> None:
        """The process begins, with what is on the disk."""
        if self._engine is not None:
            return
        self._judge = ClockJudge(self.disk.wall)
        self.hand = OverrideManager(self.disk, OverridePolicy(self._rules, self.setup.tower.palette, LONGEST))
        self._desk = OverrideQueue(self.hand)
        program = self._rules.with_overrides(self.hand.overrides, self.hand.stop)
        self._presence = Presence(self._site.status)
        self._engine = Controller(self.setup.tower.gateways, self._site.prefix, program, self.disk.order)
        self._stops(self.hand.stop is not None)
        self.door.start()
        self._turn()
        self._watch_ends()

    @property
    def runs(self) -> bool:
        """Whether there is a process."""
        return self._engine is not None

    def listen(self, listens: int) -> None:
        """So many more, or fewer, listen to it (rule 4)."""
        self._listeners += listens
        if self._listeners == listens == 1:
            self._beat()

    def _beat(self) -> None:
        if self._listeners:
            self._say_presence()
            self._world.after(TICK_S, self._beat)

    def _say_presence(self) -> None:
        if self.runs:
            for message in self._presence.due(self._read()):
                self.door.publish(message)

    def die(self, away_s: float | None = None) -> None:
        """Rule 2; or it does not start for a while."""
        if self._engine is None:
            return
        lamps = [
            LampRecord(name, zone) for name, gateway in self._engine.gateways.items() for zone in gateway.zone_names
        ]
        self._engine = self.hand = self._desk = None
        self.door.stop()
        self._confirms(dict.fromkeys(lamps, False))
        self._world.after(self._world.random.uniform(*RESTART_S) if away_s is None else away_s, self.start)

    def reload(self, schedule: bytes) -> None:
        """The file of the schedule was saved; a bad one changes nothing."""
        with suppress(FilesRejected):
            changed = replace(self.setup, schedule=read_schedule(schedule, self.setup.tower, SCHEDULE))
            self._rules = changed.program()
            self._follow()

    def _connected(self) -> None:
        if self._engine is not None:
            reading = self._read()
            self._engine.connected(reading)
            self._presence.connected(reading)
            self._turn()
            health = health_of(self._engine, self._site.name, reading).model_dump_json().encode()
            self.door.publish(Message(f"{self._site.prefix}/controller/health", health, qos=1, retain=True))

    def _lost(self) -> None:
        if self._engine is not None:
            self._engine.lost()
            self._turn()

    def _receive(self, topic: str, payload: bytes, retained: bool) -> None:
        if self._engine is None:
            return
        if topic == self._site.status:
            self._presence.heard(Received("", topic, payload, retained, qos=1), self._read())
            self._say_presence()
        elif topic != self._site.requests:
            self._engine.receive(topic, payload, retained, self._read())
            self._turn()
        elif not retained and self._desk is not None:
            self._answer(self._desk.receive(payload, self._read()))
            self._follow()
            desk = self._desk
            self._world.after(GRANT_S, lambda: self._grant(desk))

    def _grant(self, asked: OverrideQueue) -> None:
        """One request."""
        self._work(asked)
        self._watch_ends()

    def _watch_ends(self) -> None:
        """What was set by hand is found to have ended within TICK_S."""
        desk = self._desk
        for override in self.hand.overrides if self.hand is not None else ():
            ends = self.machine.true_of_wall(override.end) + self._world.random.uniform(0, TICK_S)
            self._world.at(ends, lambda: self._work(desk))

    def _work(self, asked: OverrideQueue | None) -> None:
        """The process may die over it."""
        if self._desk is None or asked is not self._desk:
            return
        try:
            events = finished(self._desk.work(self._read()))
        except PowerCutError:
            self.die()
            return
        self._follow()
        self._answer(events)

    def _answer(self, events: tuple[Event, ...]) -> None:
        for event in events:
            self._say(event)
            if event.code in STOPPED and self._engine is not None:
                self._engine.stopped(self._read())
                self._turn()

    def _follow(self) -> None:
        if self._engine is not None and self.hand is not None:
            self._stops(self.hand.stop is not None)
            program = self._rules.with_overrides(self.hand.overrides, self.hand.stop)
            if program != self._engine.program:
                self._engine.follow(program)
                self._turn()

    def _read(self) -> ClockReading:
        return self.machine.read(self._judge)

    def _turn(self) -> None:
        """Rule 1."""
        while self._dues:
            self._dues.pop().cancel()
        engine = self._engine
        if engine is None:
            return
        reading = self._read()
        output = engine.turn(reading)
        for message in output.messages:
            self.door.publish(message)
        for event in (*output.events, *self._presence.events(reading)):
            self._say(event)
        self._know(engine, reading)
        self._confirms(
            {
                LampRecord(name, zone): standing == "confirmed"
                for name, track in engine.states.items()
                for zone, standing in track.status.items()
            }
        )
        if output.wake_s is not None:
            self._dues.append(self._world.beat(self.machine.true(output.wake_s) + LAG_S, self._turn, listens=True))
        if output.wake_at is not None:
            delay_s = (output.wake_at - reading.wall).total_seconds()
            self._dues.append(self._world.after(max(0.0, delay_s) + LAG_S, self._turn))
        if not self._dues:
            self._dues.append(self._world.after(TICK_S, self._turn))

    def _know(self, engine: Controller, reading: ClockReading) -> None:
        """Rule 3."""
        is_due = engine.order.epoch != self.disk.order.epoch or self._world.now - self._known_s >= KNOWN_S
        if is_due and reading.trust is not Trust.SUSPECT and self._known_s != float("inf"):
            self._known_s = float("inf")
            self._world.after(self._world.random.uniform(0, REMEMBER_S), lambda: self._write(engine))

    def _write(self, asked: Controller) -> None:
        self._known_s = self._world.now
        if asked is self._engine:
            reading = self._read()
            self.disk.know(asked.order, reading.wall, vouched=reading.trust is Trust.TRUSTED)

    def _say(self, event: Event) -> None:
        """Told, and published as it is told."""
        self._tell(event)
        payload = json.dumps(document(event, self._world.instant, "en"), ensure_ascii=False).encode()
        self.door.publish(Message(f"{self._site.prefix}/controller/event", payload))


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine that waits for nothing returns."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("it waits for something")
