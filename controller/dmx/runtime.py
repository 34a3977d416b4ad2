"""The DMX gateway as a process: one connection, one output, one file that keeps the accepted document.

A document is on disk before a report says that it was accepted, so that a restart knows it. But a report waits for the
disk at most STORE_S, and the light never does.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from controller import plain_file
from controller.clock import Clock, ClockReading
from controller.dmx.document import StoredDocument
from controller.dmx.gateway import DmxGateway, GatewayTurn
from controller.dmx.output import Output, OutputSource
from controller.dmx.outputs import OUTPUTS
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.models import Phrase, Text
from controller.events.rate_limit import RateLimit
from controller.events.reasons import reason_of
from controller.gateways.base import Message, Rejected
from controller.gateways.dmx import Dmx
from controller.gateways.wire import MAX_PAYLOAD, parse_document
from controller.lighting.patch import Patch
from controller.mqtt import Address, Connected, Disconnected, Mqtt, Received
from controller.state.atomic import write
from controller.threads import run_blocking, wait_at_most

LONGEST_PAUSE_S = 1.0
"""Seconds between two turns at most, so that a stepped clock is noticed."""
STORE_S = 0.5
AGAIN_S = 2.0
MOST = 4 * MAX_PAYLOAD
"""Largest size of a stored document, bytes: it has default values written out, and `before` in addition."""


def read_stored(path: Path) -> StoredDocument | None:
    """The document stored in a file; None if there is none that can be read."""
    try:
        document = parse_document(StoredDocument, plain_file.read(path, MOST), MOST)
    except OSError:
        return None
    return None if isinstance(document, Rejected) else document


class GatewayRuntime:
    """Runs one DMX gateway until cancelled; `file` stores its document over restarts."""

    def __init__(
        self,
        settings: Dmx,
        patch: Patch,
        prefix: str,
        clock: Clock,
        file: Path,
        on_event: Callable[[Event, datetime], None],
    ) -> None:
        self._settings = settings
        self._patch = patch
        self._prefix = prefix
        self._clock = clock
        self._file = file
        self._on_event = on_event
        self._rate_limit = RateLimit()
        self._phrase = Phrase(Text("parts", "gateway"), {"name": settings.name})
        self._wake = asyncio.Event()
        self._to_store = b""
        self._store_now = asyncio.Event()
        self._is_storing = False
        self._reports: tuple[Message, ...] = ()
        self.turned_s: float | None = None
        """Boot time of the last completed turn, for the watchdog."""

    @property
    def name(self) -> str:
        """The gateway's name."""
        return self._settings.name

    @property
    def _walk_topic(self) -> str:
        return self._settings.topic("walk", self._prefix)

    async def run(self, brokers: tuple[Address, ...], site: str) -> None:
        """Runs the gateway until cancelled; then publishes offline, as the will would."""
        settings = self._settings
        output = OUTPUTS[settings.output.kind](settings.output, OutputSource(site, settings.name), self._emit)
        connection = Mqtt(
            brokers,
            f"{self._prefix.replace('/', '-')}-gateway-{settings.name}",
            subscriptions=((settings.topic("desired", self._prefix), 1), (self._walk_topic, 1)),
            will=self._availability(b"offline"),
            birth=(self._availability(b"online"),),
        )
        stored = await run_blocking("gateway file", partial(read_stored, self._file))
        async with output, connection as mqtt:
            self._emit(new_event("TWL-D001", gateway=settings.name, output=settings.output.kind))
            gateway = DmxGateway(settings, self._prefix, self._patch, output, stored)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._listen(mqtt, gateway), name=f"gateway {settings.name}: listen")
                    tasks.create_task(self._turns(mqtt, gateway, output), name=f"gateway {settings.name}: turns")
                    tasks.create_task(self._store(mqtt), name=f"gateway {settings.name}: store")
            finally:
                mqtt.publish(self._availability(b"offline"))
                self._emit(new_event("TWL-D002", gateway=settings.name))

    def _availability(self, payload: bytes) -> Message:
        return Message(self._settings.topic("availability", self._prefix), payload, qos=1, retain=True)

    async def _listen(self, mqtt: Mqtt, gateway: DmxGateway) -> None:
        async for item in mqtt:
            reading = self._clock.read()
            if isinstance(item, Received):
                receive = gateway.receive_walk if item.topic == self._walk_topic else gateway.receive
                receive(item.payload, item.retain, reading)
            else:
                self._emit(item.event().of(self._phrase))
                if isinstance(item, Connected):
                    gateway.connected(reading)
                elif isinstance(item, Disconnected) and not mqtt.connected:
                    gateway.lost()
            self._wake.set()
        raise RuntimeError("the MQTT connection ended")

    async def _turns(self, mqtt: Mqtt, gateway: DmxGateway, output: Output) -> None:
        while True:
            self._wake.clear()
            reading = self._clock.read()
            turn = gateway.turn(reading)
            for universe, levels in turn.frames.items():
                output.send(universe, levels)
            for event in turn.events:
                self._on_event(event, reading.wall)
            for event in self._rate_limit.due(reading.mono):
                self._on_event(event, reading.wall)
            if turn.to_store is not None:
                self._to_store = turn.to_store.model_dump_json(exclude_none=True).encode()
                self._store_now.set()
                self._is_storing = True
            self._reports = turn.messages or self._reports
            if not self._is_storing:
                self._report(mqtt)
            self.turned_s = reading.mono
            await self._sleep(reading, turn)

    async def _sleep(self, reading: ClockReading, turn: GatewayTurn) -> None:
        pause = min(LONGEST_PAUSE_S, turn.wake_s - self._clock.read().mono)
        if turn.wake_at is not None:
            pause = min(pause, self._clock.real_s((turn.wake_at - reading.wall).total_seconds()))
        await wait_at_most(self._wake, max(0.0, pause))

    def _report(self, mqtt: Mqtt) -> None:
        for message in self._reports:
            mqtt.publish(message)
        self._reports = ()

    async def _store(self, mqtt: Mqtt) -> None:
        """Writes the newest document until that succeeds, separately from the turns: a fade does not wait for a
        disk."""
        alarm = Alarm(self._emit)
        while True:
            await wait_at_most(self._store_now, AGAIN_S if alarm.raised else None)
            self._store_now.clear()
            write_file = partial(write, self._file, self._to_store)
            writing = asyncio.create_task(run_blocking("gateway file", write_file), name="gateway file")
            await asyncio.wait([writing], timeout=STORE_S)
            self._is_storing = False
            self._report(mqtt)
            try:
                await writing
            except OSError as error:
                alarm.raise_(new_event("TWL-D012", gateway=self._settings.name, reason=reason_of(error)))
            else:
                alarm.clear(new_event("TWL-D015", gateway=self._settings.name))

    def _emit(self, event: Event) -> None:
        """Emits an event that may repeat often, such as those of an unstable network."""
        reading = self._clock.read()
        for each in self._rate_limit.pass_on(event, reading.mono):
            self._on_event(each, reading.wall)
