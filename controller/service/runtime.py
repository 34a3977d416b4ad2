"""The controller's loop: gather what came, let the engine decide, apply what it says; woken by whatever happens first.

Woken by: a message, a (re)connection, the wake-up at the next cue, a check that falls due, and a steady tick of TICK_S
that catches a stepped clock. The wake-up only wakes; what is right is asked anew each time.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf

from controller.clock import Clock, ClockReading, Trust, WakeUp
from controller.events import Event, new_event
from controller.events.models import Phrase, Text
from controller.mqtt import Connected, Disconnected, Item, Mqtt, Received
from controller.schedule.plan import Program
from controller.service.certificates import Certificates
from controller.service.controller import Controller
from controller.service.degradations import Degradations
from controller.service.health_report import HealthReport
from controller.service.overrides import STOPPED, OverrideManager, OverrideQueue
from controller.service.presence import Presence
from controller.topics import matches

CONTROLLER = Phrase(Text("parts", "controller"))
TICK_S = 1.0
LATE_S = 2.0


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """What the site is called, and the prefix of its topics."""

    name: str
    prefix: str

    @property
    def requests(self) -> str:
        """Where requests by hand come."""
        return f"{self.prefix}/override/set"

    @property
    def gateway_documents(self) -> str:
        """Where the controller says how each gateway is: a topic filter."""
        return f"{self.prefix}/controller/gateway/+"

    @property
    def status(self) -> str:
        """Where the controller says that it is there."""
        return f"{self.prefix}/controller/status"


class Runtime:
    """One controller at work on one connection (or several); `tell` takes each event with its instant, and hands it to
    `degradations` among others."""

    def __init__(  # noqa: PLR0913, PLR0917  what a controller is made of
        self,
        engine: Controller,
        hand: OverrideManager,
        clock: Clock,
        mqtt: Mqtt,
        site: SiteInfo,
        tell: Callable[[Event, datetime], None],
        degradations: Degradations,
    ) -> None:
        self._engine = engine
        self._hand = hand
        self._clock = clock
        self._mqtt = mqtt
        self._site = site
        self._tell = tell
        self._degradations = degradations
        self._certificates = Certificates()
        self._wake = asyncio.Event()
        self._report = HealthReport(site.name, site.prefix)
        self._presence = Presence(site.status)
        self._desk = OverrideQueue(hand)
        self._asked = asyncio.Event()
        self.turned_s: float | None = None
        """When the last turn was done, boot time: what the watchdog goes by."""

    async def run(self) -> None:
        """Keep the tower right until cancelled."""
        async with WakeUp(self._clock, self._wake.set) as wake_up, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="controller: listen")
            tasks.create_task(self._turns(wake_up), name="controller: turns")
            tasks.create_task(self._grant(), name="controller: requests")

    async def _listen(self) -> None:
        async for item in self._mqtt:
            self._take(item, self._clock.read())
        raise RuntimeError("the MQTT connection ended")

    def _take(self, item: Item, reading: ClockReading) -> None:
        if isinstance(item, Received) and item.topic == self._site.requests:
            # a retained request is somebody's mistake: it would be made anew at each start
            if not item.retain:
                self._ask(item.payload, reading)
            return  # a flood of them must not turn the engine for each: one that changes the light wakes it
        if isinstance(item, Received) and matches(self._site.gateway_documents, item.topic):
            self._report.receive(item, self._engine, reading)
            return  # mostly our own
        self._wake.set()
        if isinstance(item, Received) and item.topic == self._site.status:
            self._presence.heard(item, reading)
        elif isinstance(item, Received):
            self._engine.receive(item.topic, item.payload, item.retain, reading)
        else:
            self._tell(item.event().of(CONTROLLER), reading.wall)
        if isinstance(item, Connected):
            self._certificates.note(item.broker, item.certificate_until)
            self._engine.connected(reading)
            self._presence.connected(reading)
            self._report.connected()
        elif isinstance(item, Disconnected) and not self._mqtt.connected:
            self._engine.lost()

    def _ask(self, payload: bytes, reading: ClockReading) -> None:
        events = self._desk.receive(payload, reading)
        self.follow(self._engine.program)
        self._answer(events, reading)
        self._asked.set()

    async def _grant(self) -> None:
        """Requests one after another; what has ended is found within TICK_S."""
        while True:
            if not self._desk.has_work:
                self._asked.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S):
                        await self._asked.wait()
            reading = self._clock.read()
            events = await self._desk.work(reading)
            self.follow(self._engine.program)
            if reading.trust is not Trust.SUSPECT:
                events += self._certificates.due(reading.wall)
            self._answer(events, reading)

    def _answer(self, events: tuple[Event, ...], reading: ClockReading) -> None:
        for event in events:
            self._tell(event, reading.wall)
            if event.code in STOPPED:
                self._engine.stopped(reading)
                self._wake.set()

    def follow(self, program: Program) -> None:
        """These rules from now on, under what is set by hand."""
        under_hand = program.with_overrides(self._hand.overrides, self._hand.stop)
        if under_hand != self._engine.program:
            self._engine.follow(under_hand)
            self._wake.set()

    async def _turns(self, wake_up: WakeUp) -> None:
        while True:
            self._wake.clear()
            reading = self._clock.read()
            output = self._engine.turn(reading)
            for message in output.messages:
                self._mqtt.publish(message)
            for event in (*output.events, *self._presence.events(reading)):
                self._report.note(event)
                self._tell(event, reading.wall)
            self._publish_health(reading, output.changed)
            if output.wake_at is not None:
                wake_up.wake_at(output.wake_at)
            self.turned_s = self._clock.read().mono
            await self._sleep(reading, min(self._report.due_s, output.wake_s if output.wake_s is not None else inf))

    async def _sleep(self, reading: ClockReading, wake_s: float) -> None:
        pause = min(TICK_S, max(0.0, wake_s - self._clock.read().mono))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()
        late = self._clock.read().mono - reading.mono - TICK_S
        if late > LATE_S:
            self._tell(new_event("TWL-C030", late_s=round(late, 1)), reading.wall)

    def _publish_health(self, reading: ClockReading, changed: frozenset[str]) -> None:
        """After the commands: the documents, and then the sign of life that vouches for them."""
        if not self._mqtt.connected:
            return
        documents = self._report.messages(self._engine, reading, changed, self._degradations.now())
        for message in (*documents, *self._presence.due(reading)):
            self._mqtt.publish(message)
