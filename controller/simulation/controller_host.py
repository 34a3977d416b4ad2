"""The machine of the controller in the simulated world: the control loop of the real program, a connection, a disk.

It differs from `controller.service.runtime` in how it waits. The steady tick of a second is left out while it would
change nothing: the loop is turned when it is woken, when it asked for it, when an override is over, and each second
while it names no instant (suspect clock) or while somebody listens to its signs of life.
"""

from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any, TypeVar

from controller.clock import ClockJudge
from controller.config.load import Setup
from controller.errors import FilesRejected
from controller.events import Event
from controller.events.models import Reason
from controller.gateways.base import Message
from controller.mqtt import Item
from controller.service.control_loop import REMEMBER_S, TICK_S, ControlLoop, restore
from controller.service.degradations import Degradations
from controller.service.home_assistant_device import HomeAssistantDevice
from controller.service.leadership import Leadership
from controller.service.preflight import Preflight
from controller.service.site_topics import SiteInfo, subscriptions
from controller.simulation.kernel import LAG_S, Host, Kernel
from controller.simulation.meter import LampRecord
from controller.simulation.network import Client, MultiBrokerClient, SimulatedBroker
from controller.state import LastKnown, NotStored
from controller.state.json_file import Unusable
from controller.state.lamp_results import LampFindings
from controller.state.override_file import OverrideRecords, OverrideViews, Records, new_record
from controller.state.state_store import KNOWN_EVERY, latest

RESTART_S = (3.0, 5.0)
"""Seconds until systemd has restarted a killed process: RestartSec and the time of the start."""
ANSWER_S = 0.02
"""Seconds that the disk takes for one request."""

T = TypeVar("T")


class Accident(Enum):
    """When the process dies while it stores something."""

    BEFORE_WRITING = auto()
    AFTER_WRITING = auto()


class PowerCutError(Exception):
    """The process ends in the middle of its work."""


class SimulatedOverrides(OverrideRecords):
    """Overrides on a disk that may be full; the process may die while writing. `on_saved` is called when one was
    written."""

    def __init__(self, on_saved: Callable[[], None]) -> None:
        super().__init__()
        self.full = False
        self.accident: Accident | None = None
        self._on_saved = on_saved

    def save(self, records: Records) -> None:
        """Raises Unusable or PowerCutError."""
        self._meet(Accident.BEFORE_WRITING)
        if self.full:
            raise Unusable(Reason("ENOSPC"), full=True)
        self.records = records
        self._on_saved()
        self._meet(Accident.AFTER_WRITING)

    def _meet(self, accident: Accident) -> None:
        if self.accident is accident:
            self.accident = None
            raise PowerCutError


class SimulatedDisk(OverrideViews):
    """The state directory in memory; it outlives the process.

    `on_granted` and `on_ended` are called with the id of an override as soon as that is on disk.
    """

    def __init__(
        self, on_granted: Callable[[str], None] = lambda _: None, on_ended: Callable[[str], None] = lambda _: None
    ) -> None:
        self.file = SimulatedOverrides(self._saved)
        super().__init__(self.file)
        self.known = LastKnown()
        self.lamps = LampFindings()
        self._on_granted = on_granted
        self._on_ended = on_ended
        self._in_force: set[str] = set()

    async def store_override(self, override_id: str, document: str, started_at: datetime, ends_at: datetime) -> bool:
        """As `StateStore.store_override`. Raises NotStored or PowerCutError."""
        record = new_record(override_id, "override", document, started_at, ends_at)
        return self._durably(lambda: self.file.add(record))

    async def end_overrides(self, ids: Collection[str], at: datetime, done: str | None = None) -> None:
        """As `StateStore.end_overrides`. Raises NotStored or PowerCutError."""
        self._durably(lambda: self.file.end(ids, at, done))

    async def set_stop(self, document: str | None, at: datetime, done: str | None = None) -> None:
        """As `StateStore.set_stop`. Raises NotStored or PowerCutError."""
        self._durably(lambda: self.file.set_stop(document, at, done))

    def store_known(self, epoch: int, revision: int, at: datetime, *, trusted: bool = False) -> None:
        """As `StateStore.store_known`, if there is room."""
        if not self.file.full:
            self.known = LastKnown(epoch=epoch, revision=revision, wall=latest(self.known.wall, at, trusted))

    def _durably(self, change: Callable[[], T]) -> T:
        try:
            return change()
        except Unusable as error:
            raise NotStored("TWL-J007", reason=error.reason) from error

    def _saved(self) -> None:
        before, self._in_force = self._in_force, {record.id for record in self.overrides}
        for name in sorted(self._in_force - before):
            self._on_granted(name)
        for name in sorted(before - self._in_force):
            self._on_ended(name)


@dataclass(frozen=True)
class Observer:
    """Callbacks for what the controller does: each event, the zones that it calls confirmed, and whether it is
    stopped."""

    emit: Callable[[Event], None]
    confirms: Callable[[dict[LampRecord, bool]], None]
    stops: Callable[[bool], None]


class ControllerHost(Host):
    """The controller's machine; it is the `Clock` and the `Publisher` of the process on it. `loop` is that process,
    None while none runs."""

    def __init__(
        self,
        world: Kernel,
        brokers: tuple[SimulatedBroker, ...],
        setup: Setup,
        disk: SimulatedDisk,
        observer: Observer,
    ) -> None:
        super().__init__(world)
        self.disk = disk
        self.setup = setup
        self.loop: ControlLoop | None = None
        self._observer = observer
        self._remembered_s = float("-inf")
        self._will_remember = False
        self._listeners = 0
        tower = setup.tower
        home_assistant = HomeAssistantDevice.of(tower, tower.site.language)
        meters = tuple(dict.fromkeys(meter.topic for meter in tower.measured))
        self._site = SiteInfo(tower.site.name, tower.mqtt.topic_prefix, home_assistant=home_assistant, meters=meters)
        topics = subscriptions(restore(setup, disk)[0], self._site)
        client = Client("controller", topics, self._site.will, lambda: (self._site.birth,), self._take)
        self.client = MultiBrokerClient(brokers, client)

    @property
    def runs(self) -> bool:
        """Whether its process runs."""
        return self.loop is not None

    @property
    def lead(self) -> Leadership | None:
        """Its lease of the site; None where there is no other controller."""
        return None

    @property
    def connected(self) -> bool:
        """Whether any broker is connected."""
        return self.client.connected

    def publish(self, *messages: Message) -> None:
        """Send messages of the controller."""
        for message in messages:
            self.client.publish(message)

    def real_s(self, wall_s: float) -> float:
        """Seconds of the simulated clock are real seconds."""
        return wall_s

    def start(self) -> None:
        """Start the process with what is on the disk."""
        if self.loop is not None:
            return
        self._judge = ClockJudge(self.disk.known.wall)
        degradations = Degradations(self)

        def emit(event: Event, at: datetime) -> None:
            self._observer.emit(degradations.take(event, at))

        controller, overrides = restore(self.setup, self.disk, self.lead.term if self.lead else 0)
        self.loop = ControlLoop(controller, overrides, self, self._site, emit, degradations, self.wake)
        self.loop.prove_light(self.setup)
        if self.loop.preflight is not None:
            self.loop.preflight.know(self.disk.lamps)
        self.client.start()
        self.turn()
        self._watch_ends()

    def stop(self) -> None:
        """Kill -9."""
        if self.loop is None:
            return
        gateways = self.loop.controller.gateways.values()
        self.loop = None
        self.client.stop()
        lamps = (LampRecord(gateway.name, zone) for gateway in gateways for zone in gateway.zone_names)
        self._observer.confirms(dict.fromkeys(lamps, False))

    def die(self, away_s: float | None = None) -> None:
        """Kill -9; it is started again by systemd, or by somebody after `away_s` seconds."""
        if self.runs:
            self.stop()
            self._world.after(self._world.random.uniform(*RESTART_S) if away_s is None else away_s, self.start)

    def reload(self, schedule: bytes) -> None:
        """The schedule was saved; an invalid one changes nothing."""
        with suppress(FilesRejected):
            self.setup = replace(self.setup, schedule=self.setup.schedule_of(schedule))
            if self.loop is not None:
                self.loop.reload(self.setup)

    def listen(self, listeners: int) -> None:
        """Change the number of listeners to its signs of life."""
        self._listeners += listeners
        if self._listeners == listeners == 1:
            self._tick()

    def _tick(self) -> None:
        if self._listeners:
            self.turn()
            self._world.after(TICK_S, self._tick)

    def _take(self, item: Item) -> None:
        if self.loop is not None:
            had_requests = self.loop.has_requests
            self.loop.take(item, self.read())
            if self.loop.has_requests and not had_requests:
                self._answer_soon(self.loop)

    def _answer_soon(self, loop: ControlLoop) -> None:
        def answer() -> None:
            self._answer(loop)
            if loop.has_requests and loop is self.loop:
                self._answer_soon(loop)
            else:
                self._watch_ends()

        self._world.after(ANSWER_S, answer)

    def _answer(self, loop: ControlLoop) -> None:
        """Answer one request; the process may die doing so."""
        if loop is self.loop:
            try:
                finished(loop.answer_next(self.read()))
            except PowerCutError:
                self.die()

    def _watch_ends(self) -> None:
        """Plan to notice the end of each override, within a tick."""
        if (loop := self.loop) is not None:
            for override in loop.overrides.overrides:
                found_s = self.clock.true_of_wall(override.end) + self._world.random.uniform(0, TICK_S)
                self._world.at(found_s, lambda: self._answer(loop))

    def wake(self) -> None:
        """Plan a turn at once."""
        self._due.append(self._world.at(self._world.now, self.turn))

    def turn(self) -> None:
        """Run a turn of the control loop, if there is one."""
        self._cancel_turns()
        if self.loop is None:
            return
        reading = self.read()
        had_requests = self.loop.has_requests
        result = self.loop.turn(reading)
        if self.loop.has_requests and not had_requests:
            self._answer_soon(self.loop)
        self._observe(self.loop)
        self._remember_soon(self.loop)
        self._store_lamps(self.loop.preflight)
        if result.wake_s is not None:
            self._due.append(self._world.beat(self.clock.true(result.wake_s) + LAG_S, self.turn, listens=True))
        self._turn_at(result.wake_at, reading)
        if not self._due:
            self._due.append(self._world.after(TICK_S, self.turn))

    def _observe(self, loop: ControlLoop) -> None:
        self._observer.stops(loop.overrides.stop is not None)
        states = loop.controller.states.items()
        self._observer.confirms(
            {
                LampRecord(name, zone): status == "confirmed"
                for name, state in states
                for zone, status in state.status.items()
            }
        )

    def _store_lamps(self, preflight: Preflight | None) -> None:
        if preflight is not None and (found := preflight.unstored) and not self.disk.file.full:
            self.disk.lamps = self.disk.lamps.and_found(found)
            preflight.stored(found)

    def _remember_soon(self, loop: ControlLoop) -> None:
        """Plan to store order and time, as the steady hand-over would, but only if something would be written."""
        is_new = loop.controller.order.epoch != self.disk.known.epoch
        is_old = self._world.now - self._remembered_s >= KNOWN_EVERY.total_seconds()
        if self._will_remember or not (is_new or is_old):
            return
        self._will_remember = True

        def remember() -> None:
            self._will_remember, self._remembered_s = False, self._world.now
            if loop is self.loop:
                loop.remember(self.disk, self.read())

        self._world.after(self._world.random.uniform(0, REMEMBER_S), remember)


def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("it waits for something")
