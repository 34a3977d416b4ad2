"""A tower with one gateway of every kind on a real mosquitto: the shipped week is confirmed by all of them at each cue,
and a device that comes back in a colour of its own is put right."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from controller.app.assembly import Context, Running, running
from controller.clock import ClockReading, boot_time
from controller.config.load import Setup, load
from controller.events import Event, Level
from controller.gateways.base import Gateway
from controller.gateways.dmx import Dmx
from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from controller.mqtt import Address, Connected, Mqtt, Received
from controller.schedule.plan import Cue
from controller.service.degradations import Degradations
from controller.service.desired import desired_looks
from controller.simulation.devices import DEVICES, Device
from controller.state import StateStore
from tests.nights.ear import Words
from tests.nights.programs import Mosquitto, Site

VENDORS = json.loads((Path(__file__).parents[1] / "vectors" / "vendors.json").read_text(encoding="utf-8"))
NAMES = {"ha-rgb", "z2m", "esphome", "wled", "tasmota-3", "shelly-1", "shelly-2", "shelly-2-two", "bridge"}
ONE_OF_EACH = [keys for keys in VENDORS if keys["name"] in NAMES]
"""And one whose zones share a topic."""
WHITE = Color("#FFFFFF")
PROMISED_S = 2.0
SILENT_BOOT = {"dmx-channels"}
"""A bridge neither has a last will nor tells that it has started: nobody can know."""


class LeapingClock:
    """Leaps over the hours in which nothing happens; otherwise it runs as clocks do, and no step is reported."""

    def __init__(self, start: datetime) -> None:
        self.leap(start)

    def read(self) -> ClockReading:
        """Now, on the virtual wall."""
        mono = boot_time()
        return ClockReading(self._start + timedelta(seconds=mono - self._began), mono)

    def real_s(self, wall_s: float) -> float:
        """One to one."""
        return wall_s

    def leap(self, to: datetime) -> None:
        """This instant is now."""
        self._start, self._began = to, boot_time()


class Played:
    """A device with power and a connection, until it loses both."""

    def __init__(self, device: Device[Gateway], broker: Address, clock: LeapingClock) -> None:
        self.device = device
        self._broker = broker
        self._clock = clock
        self._turn = asyncio.Event()
        self.is_back = False

    async def live(self) -> None:
        """From power on to cancelled."""
        topics = tuple((topic, 1) for topic in self.device.subscriptions)
        name = f"device-{self.device.gateway.name}"
        streams = self.device.subscriptions  # a device takes every order, not the newest only
        async with Mqtt((self._broker,), name, subscriptions=topics, will=self.device.will, streams=streams) as mqtt:
            turning = asyncio.create_task(self._turns(mqtt))
            try:
                async for item in mqtt:
                    now = self._clock.read().wall
                    if isinstance(item, Connected):
                        told = self.device.boot(now)
                        self.is_back = True
                    elif isinstance(item, Received):
                        told = self.device.receive(item.topic, item.payload, now)
                    else:
                        continue
                    for message in told:
                        mqtt.publish(message)
                    self._turn.set()
            finally:
                turning.cancel()
                self.is_back = False
                if self.device.will is not None:
                    mqtt.publish(self.device.will)

    async def _turns(self, mqtt: Mqtt) -> None:
        while True:
            self._turn.clear()
            now = self._clock.read().wall
            told, due = self.device.turn(now)
            for message in told:
                mqtt.publish(message)
            pause_s = self._clock.real_s((due - now).total_seconds()) if due is not None else 1.0
            try:
                async with asyncio.timeout(min(1.0, max(0.001, pause_s))):
                    await self._turn.wait()
            except TimeoutError:
                continue


def mixed_site(config: Path, port: int, secret: str) -> Setup:
    """The shipped site with its own gateway and one of each vendor's; without fades, for which a test need not wait."""
    (config / "secret").write_text(secret)
    schedule = (config / "schedule.yaml").read_text(encoding="utf-8")
    schedule = schedule.replace("fade_in: 30 s", "fade_in: 0 s").replace("fade_out: 2 min", "fade_out: 0 s")
    (config / "schedule.yaml").write_text(schedule, encoding="utf-8")
    tower = (config / "tower.yaml").read_text(encoding="utf-8")
    broker = f"  broker: mqtt://127.0.0.1:{port}\n  username: ear\n  password_file: secret"
    head, _, rest = tower.partition("  broker: embedded")
    tower = head + broker + rest[rest.index("\n  topic_prefix") :]
    lines = "".join(f"  - {json.dumps(keys)}\n" for keys in ONE_OF_EACH)
    (config / "tower.yaml").write_text(tower + lines, encoding="utf-8")
    return load(config)


async def soon(holds: Callable[[], Any], what: Callable[[], Any], within_s: float = 60.0) -> float:
    """Seconds until something holds."""
    began = asyncio.get_running_loop().time()
    while not holds():
        passed_s = asyncio.get_running_loop().time() - began
        assert passed_s < within_s, what()
        await asyncio.sleep(0.01)
    return asyncio.get_running_loop().time() - began


def standing(service: Running) -> dict[str, dict[str, str]]:
    """Gateway -> zone -> standing."""
    return {name: dict(track.status) for name, track in service.controller.states.items()}


def wrong(service: Running, clock: LeapingClock, devices: dict[str, Played]) -> dict[str, Any]:
    """What somebody under the tower sees that is not as wished, and what the controller has not confirmed."""
    now = clock.read().wall
    cue = service.controller.program.look_at(now)
    found: dict[str, Any] = {
        name: zones for name, zones in standing(service).items() if set(zones.values()) != {"confirmed"}
    }
    for name, played in devices.items():
        gateway = played.device.gateway
        wished = desired_looks(gateway.zone_names, cue, now)
        for zone, shows in played.device.shows(now).items():
            if not alike(gateway.reduce(zone, wished[zone]), shows):
                found[f"{name}/{zone}"] = (wished[zone], shows)
    return found


def alike(wished: ZoneState, shows: ZoneState) -> bool:
    """To the eye: on or off, and each of the three parts within a few steps; a lamp without colours is white."""
    if not wished.on or not shows.on:
        return wished.on == shows.on
    parts = zip((wished.color or WHITE).rgb, (shows.color or WHITE).rgb, strict=True)
    pairs = ((one * wished.brightness, other * shows.brightness) for one, other in parts)
    return all(abs(one - other) <= 16 for one, other in pairs)


async def test_every_kind_of_gateway_confirms_the_shipped_week(site: Site, mosquitto: Mosquitto, words: Words) -> None:
    """Nine kinds, the first and the last cues; between them each device loses power and returns in its own colour."""
    setup = mixed_site(site.config, mosquitto.port, "a-password-of-the-test")
    broker = Address("127.0.0.1", mosquitto.port, username="ear", password="a-password-of-the-test")
    start = words.instant("2026-11-19 12:00:00")
    clock = LeapingClock(start)
    devices = {
        gateway.name: Played(DEVICES[gateway.kind](gateway), broker, clock)
        for gateway in setup.tower.gateways
        if not isinstance(gateway, Dmx)
    }
    assert {gateway.kind for gateway in setup.tower.gateways} == {"dmx", *DEVICES}
    alarms: list[str] = []

    def tell(event: Event, at: datetime) -> None:
        if event.level is Level.ERROR:
            alarms.append(event.code)

    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(StateStore(site.state, lambda event: tell(event, start)))
        lives = {name: asyncio.create_task(played.live()) for name, played in devices.items()}
        stack.callback(lambda: [life.cancel() for life in lives.values()])
        parts = Context(setup, clock, store, site.state, tell, Degradations(clock), "en")
        service = await stack.enter_async_context(running(parts))

        def told() -> dict[str, Any]:
            return wrong(service, clock, devices)

        async def show(cue: Cue) -> None:
            clock.leap(max(start, cue.at))  # found by the steady tick, as after a suspend
            await soon(lambda: service.controller.cue is not None and service.controller.cue.at == cue.at, lambda: cue)
            await soon(lambda: not told(), lambda: (cue.at, told()))

        cues = setup.program().cues(start, start + timedelta(days=8))
        assert len(cues) >= 16
        for cue in cues[:4]:
            await show(cue)

        clock.leap(words.instant("2026-11-20 23:00:00"))
        back = {name: played for name, played in devices.items() if played.device.gateway.kind not in SILENT_BOOT}
        for name, played in back.items():
            lives[name].cancel()
            await asyncio.wait([lives[name]])
            lives[name] = asyncio.create_task(played.live())
        await soon(lambda: all(played.is_back for played in back.values()), lambda: "they do not return")
        took_s = await soon(lambda: not told(), told)
        assert took_s < 3 * PROMISED_S

        for cue in cues[-4:]:
            await show(cue)
        assert cues[-1].looks == {}
    assert not alarms
