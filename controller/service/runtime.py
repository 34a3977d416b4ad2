"""The asyncio shell of the controller: drives the control loop on the machine's clock and on MQTT.

It is woken by a message, a (re)connection, the wake-up at the next cue, a check that falls due, and a steady tick of
TICK_S that catches a stepped clock. The wake-up only wakes; each turn computes the desired light from scratch.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from math import inf

from controller.clock import Clock, ClockReading, WakeUp
from controller.events import Event, new_event
from controller.mqtt import Item, Mqtt
from controller.service.control_loop import REMEMBER_S, TICK_S, ControlLoop, StateKeeper
from controller.service.controller import Controller, TurnResult
from controller.service.degradations import Degradations
from controller.service.overrides import OverrideManager
from controller.service.site_topics import SiteInfo
from controller.threads import hold_up, in_step_s, wait_at_most

LATE_S = 2.0
"""Seconds by which a turn must be late for a warning."""
EARLY_S = 0.0015
"""Seconds before a prepared cue at which the loop wakes; it waits for the rest itself, because asyncio timers are
rounded up to whole milliseconds."""


class Runtime:
    """Runs one controller; `loop` is what it drives."""

    def __init__(  # noqa: PLR0913, PLR0917  what a controller is made of
        self,
        controller: Controller,
        overrides: OverrideManager,
        clock: Clock,
        mqtt: Mqtt,
        site: SiteInfo,
        emit: Callable[[Event, datetime], None],
        degradations: Degradations,
    ) -> None:
        self.turned_s: float | None = None
        """When the last turn was done (boot time); read by the watchdog."""
        self.after_turn: Callable[[ClockReading, TurnResult], None] = lambda _reading, _result: None
        """Called when a turn is done."""
        self._read_at: ClockReading | None = None
        self._wake = asyncio.Event()
        self._requested = asyncio.Event()
        self._clock = clock
        self._mqtt = mqtt
        self.loop = ControlLoop(controller, overrides, mqtt, site, emit, degradations, self._wake.set)

    async def run(self) -> None:
        """Run the control loop until cancelled."""
        async with WakeUp(self._clock, self._wake.set) as wake_up, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="controller: listen")
            tasks.create_task(self._turns(wake_up), name="controller: turns")
            tasks.create_task(self._answers(), name="controller: requests")

    async def remember(self, store: StateKeeper) -> None:
        """Hand the order and the time to the state directory, until cancelled."""
        while True:
            self.loop.remember(store, self._clock.read())
            await asyncio.sleep(in_step_s(REMEMBER_S))

    def take(self, item: Item) -> None:
        """Hand an item from MQTT or from the page to the control loop. All items taken before the next turn get the
        same reading of the clock, so that equal reports of many lamps are processed once."""
        if self._read_at is None:
            self._read_at = self._clock.read()
            asyncio.get_running_loop().call_soon(self._forget_when)
        self.loop.take(item, self._read_at)
        if self.loop.has_requests:
            self._requested.set()

    def _forget_when(self) -> None:
        self._read_at = None

    async def _listen(self) -> None:
        async for item in self._mqtt:
            self.take(item)
        raise RuntimeError("the MQTT connection ended")

    async def _answers(self) -> None:
        """Answer requests one after another, and notice within TICK_S that an override is over. Nothing is answered
        while another controller may lead: a controller that was frozen would store what has been lifted since."""
        while True:
            if not self._mqtt.may_publish:
                await asyncio.sleep(in_step_s(TICK_S))
                continue
            if not self.loop.has_requests:
                self._requested.clear()
                await wait_at_most(self._requested, in_step_s(TICK_S))
            await self.loop.answer_next(self._clock.read())

    async def _turns(self, wake_up: WakeUp) -> None:
        while True:
            self._wake.clear()
            reading = self._clock.read()
            result = self.loop.turn(reading)
            if result.wake_at is not None:
                wake_up.wake_at(result.wake_at)
            if self.loop.has_requests:
                self._requested.set()
            self.turned_s = self._clock.read().mono
            self.after_turn(reading, result)
            await self._sleep(reading, result)

    async def _sleep(self, reading: ClockReading, result: TurnResult) -> None:
        wake_s = result.wake_s if result.wake_s is not None else inf
        prepared_s = result.prepared_s if result.prepared_s is not None else inf
        pause_s = min(in_step_s(TICK_S), min(wake_s, prepared_s - EARLY_S) - self._clock.read().mono)
        if pause_s > 0:
            await wait_at_most(self._wake, pause_s)
        else:  # lets every other waiting task run once; a real wait would need several passes of the event loop
            await asyncio.sleep(0)
        if (rest_s := prepared_s - self._clock.read().mono) <= EARLY_S:
            hold_up(rest_s)
        late_s = self._clock.read().mono - reading.mono - TICK_S
        if late_s > LATE_S:
            self.loop.note(new_event("TWL-C030", late_s=round(late_s, 1)), reading)
