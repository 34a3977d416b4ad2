"""The DMX gateway as a process: one connection, one output, one file that keeps the plan.

What a report says to be accepted is on disk, so that a restart knows it; but a disk that takes more than KEEP_S is not
waited for, and the light waits for none.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from controller.clock import Clock, ClockReading
from controller.dmx import OUTPUTS
from controller.dmx.gateway import DmxGateway, GatewayTurn
from controller.dmx.gateway_file import GatewayFile, read_memory
from controller.dmx.output import Output, SacnSource
from controller.events import Event, new_event
from controller.events.models import Phrase, Text
from controller.gateways.base import Message
from controller.gateways.dmx import Dmx
from controller.lighting.patch import Patch
from controller.mqtt import Address, Connected, Mqtt, Received
from controller.state.atomic import write
from controller.threads import run_blocking

LONGEST_PAUSE_S = 1.0
"""A stepped clock is noticed within this."""
KEEP_S = 0.5
AGAIN_S = 2.0

Tell = Callable[[Event, datetime], None]


class GatewayRuntime:
    """One DMX gateway at work until cancelled; `memory` is the file that keeps the plan over restarts."""

    def __init__(self, settings: Dmx, patch: Patch, prefix: str, clock: Clock, memory: Path, tell: Tell) -> None:
        self._settings = settings
        self._patch = patch
        self._prefix = prefix
        self._clock = clock
        self._memory = memory
        self._tell = tell
        self._whose = Phrase(Text("parts", "gateway"), {"name": settings.name})
        self._wake = asyncio.Event()
        self._unkept: asyncio.Queue[GatewayFile] = asyncio.Queue()
        self._keeping = False
        self._reports: tuple[Message, ...] = ()
        self.turned_s: float | None = None
        """When the last turn was done, boot time: what the watchdog goes by."""

    @property
    def name(self) -> str:
        """The gateway's name."""
        return self._settings.name

    @property
    def _walk_topic(self) -> str:
        return self._settings.topic("walk", self._prefix)

    async def run(self, brokers: tuple[Address, ...], site: str) -> None:
        """Obey until cancelled; then say offline, as the last will would."""
        settings, online = self._settings, self._availability(b"online")
        output = OUTPUTS[settings.output.kind](settings.output, SacnSource(site, settings.name), self._say)
        connection = Mqtt(
            brokers,
            f"{self._prefix.replace('/', '-')}-gateway-{settings.name}",
            subscriptions=((settings.topic("desired", self._prefix), 1), (self._walk_topic, 1)),
            will=self._availability(b"offline"),
            birth=(online,),
        )
        remembered = await run_blocking("gateway file", partial(read_memory, self._memory))
        async with output, connection as mqtt:
            self._say(new_event("TWL-D001", gateway=settings.name, output=settings.output.kind))
            gateway = DmxGateway(settings, self._prefix, self._patch, output, remembered)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._listen(mqtt, gateway), name=f"gateway {settings.name}: listen")
                    tasks.create_task(self._turns(mqtt, gateway, output), name=f"gateway {settings.name}: turns")
                    tasks.create_task(self._keep(mqtt), name=f"gateway {settings.name}: keep")
            finally:
                mqtt.publish(self._availability(b"offline"))
                self._say(new_event("TWL-D002", gateway=settings.name))

    def _availability(self, word: bytes) -> Message:
        return Message(self._settings.topic("availability", self._prefix), word, qos=1, retain=True)

    async def _listen(self, mqtt: Mqtt, gateway: DmxGateway) -> None:
        async for item in mqtt:
            reading = self._clock.read()
            if isinstance(item, Received):
                take = gateway.receive_walk if item.topic == self._walk_topic else gateway.receive
                take(item.payload, item.retain, reading)
            else:
                self._tell(item.event().of(self._whose), reading.wall)
                if isinstance(item, Connected):
                    gateway.connected(reading)
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
                self._tell(event, reading.wall)
            if turn.remember is not None:
                self._unkept.put_nowait(turn.remember)
                self._keeping = True
            self._reports = turn.messages or self._reports
            if not self._keeping:
                self._report(mqtt)
            self.turned_s = reading.mono
            await self._sleep(reading, turn)

    async def _sleep(self, reading: ClockReading, turn: GatewayTurn) -> None:
        pause = min(LONGEST_PAUSE_S, turn.wake_s - self._clock.read().mono)
        if turn.wake_at is not None:
            pause = min(pause, self._clock.real_s((turn.wake_at - reading.wall).total_seconds()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, pause)):
                await self._wake.wait()

    def _report(self, mqtt: Mqtt) -> None:
        for message in self._reports:
            mqtt.publish(message)
        self._reports = ()

    async def _keep(self, mqtt: Mqtt) -> None:
        """Writes the newest document, beside the turns, until it is written: a fade does not wait for a disk."""
        unwritten: GatewayFile | None = None
        while True:
            document = await self._to_keep(unwritten)
            payload = document.model_dump_json(exclude_none=True).encode()
            writing = asyncio.create_task(
                run_blocking("gateway file", partial(write, self._memory, payload)), name="write"
            )
            await asyncio.wait([writing], timeout=KEEP_S)
            self._keeping = False
            self._report(mqtt)
            try:
                await writing
            except OSError as error:
                if unwritten is None:
                    self._say(new_event("TWL-D012", gateway=self._settings.name, reason=error.strerror or str(error)))
                unwritten = document
            else:
                if unwritten is not None:
                    self._say(new_event("TWL-D015", gateway=self._settings.name))
                unwritten = None

    async def _to_keep(self, unwritten: GatewayFile | None) -> GatewayFile:
        """The newest document; for want of one, after AGAIN_S, that which could not be written."""
        try:
            async with asyncio.timeout(AGAIN_S if unwritten is not None else None):
                document = await self._unkept.get()
        except TimeoutError:
            if unwritten is None:
                raise
            return unwritten
        while not self._unkept.empty():
            document = self._unkept.get_nowait()
        return document

    def _say(self, event: Event) -> None:
        self._tell(event, self._clock.read().wall)
