"""The gateway as a process, against a real mosquitto and against our own broker: will, birth, memory, the end."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from controller.broker.server import Broker
from controller.clock import SystemClock
from controller.dmx import runtime
from controller.dmx.document import StoredDocument
from controller.dmx.gateway import GatewayTurn
from controller.dmx.outputs import OUTPUTS, simulated
from controller.dmx.runtime import GatewayRuntime, read_stored
from controller.events import Event
from controller.gateways.base import Message
from controller.gateways.dmx import Dmx
from controller.gateways.wire import (
    MAX_PAYLOAD,
    DesiredDocument,
    ReportedDocument,
    ZoneLook,
    parse_desired,
    parse_reported,
)
from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from controller.lighting.patch import Patch
from controller.mqtt import Address, Connected, Mqtt, Received
from controller.state import atomic
from tests.parts import mosquitto

DESIRED, REPORTED, AVAILABILITY = (f"w/gateway/mast/{leaf}" for leaf in ("desired", "reported", "availability"))
MAST = Dmx.model_validate(
    {
        "name": "mast",
        "output": "simulated",
        "fixtures": [{"name": "north", "zone": "bowl", "profile": "rgb", "address": 1}],
    }
)


@contextlib.asynccontextmanager
async def real(folder: Path) -> AsyncIterator[Address]:
    """A mosquitto of our own."""
    with mosquitto(folder) as (port, _):
        yield Address("127.0.0.1", port)


@contextlib.asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[Address]:
    """The embedded broker."""
    async with Broker("127.0.0.1", 0, on_event=print) as broker:
        yield Address("127.0.0.1", broker.port)


@pytest.fixture(params=[pytest.param(real, marks=pytest.mark.real), ours])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Address]:
    """Each of the two."""
    async with request.param(tmp_path) as address:
        yield address


class Other:
    """The other end: receives all that the gateway publishes, and can publish."""

    def __init__(self, mqtt: Mqtt) -> None:
        self.mqtt = mqtt
        self.heard: dict[str, bytes] = {}
        self.up = asyncio.Event()

    async def listen(self) -> None:
        """For ever."""
        async for item in self.mqtt:
            if isinstance(item, Received):
                self.heard[item.topic] = item.payload
            elif isinstance(item, Connected):
                self.up.set()

    @property
    def report(self) -> ReportedDocument | None:
        """The last one."""
        report = parse_reported(self.heard.get(REPORTED, b""))
        return report if isinstance(report, ReportedDocument) else None

    def say(self, document: DesiredDocument) -> None:
        """Writes the desired document."""
        self.mqtt.publish(Message(DESIRED, document.model_dump_json(exclude_none=True).encode(), 1, True))

    async def until(self, condition: Callable[[], Any], within_s: float = 20.0) -> None:
        """Waits for it."""
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.01)


@pytest.fixture
async def other(broker: Address) -> AsyncIterator[Other]:
    """The other end, connected."""
    async with Mqtt(broker, "other", subscriptions=(("w/gateway/mast/#", 1),)) as mqtt:
        end = Other(mqtt)
        task = asyncio.create_task(end.listen())
        async with asyncio.timeout(20):
            await end.up.wait()
        yield end
        task.cancel()
        await asyncio.wait([task])


class Running:
    """A gateway process as a task, its lamps and its events."""

    def __init__(self, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.memory = memory
        self.events: list[Event] = []
        self.outputs: list[simulated.Simulated] = []
        self.task: asyncio.Task[None] | None = None

        def made(*arguments: Any) -> simulated.Simulated:
            self.outputs.append(simulated.Simulated(*arguments))
            return self.outputs[-1]

        monkeypatch.setitem(OUTPUTS, "simulated", made)

    def start(self, *addresses: Address) -> None:
        """In this loop."""
        box = GatewayRuntime(
            MAST, Patch(MAST.fixtures), "w", SystemClock(), self.memory, lambda event, _: self.events.append(event)
        )
        self.task = asyncio.create_task(box.run(addresses, "Alvesta"))

    async def stop(self) -> float:
        """Cancelled; how many seconds it took."""
        assert self.task is not None
        began = time.monotonic()
        self.task.cancel()
        await asyncio.wait([self.task], timeout=10)
        assert self.task.cancelled()
        return time.monotonic() - began

    @property
    def levels(self) -> bytes | None:
        """What the lamps show."""
        sent = self.outputs[-1].sent(1) if self.outputs else None
        return sent[:3] if sent else None

    def codes(self) -> list[str]:
        """The codes of its events."""
        return [event.code for event in self.events]


@pytest.fixture
async def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """A gateway that is ended after the test, whatever happens."""
    running = Running(tmp_path / "mast.json", monkeypatch)
    yield running
    if running.task is not None and not running.task.done():
        await running.stop()


def orange(revision: int = 1) -> DesiredDocument:
    """Orange from now on, for three days."""
    now = datetime.now(UTC)  # noqa: TID251
    return DesiredDocument(
        version=1,
        epoch=1,
        revision=revision,
        command_id=f"1.{revision}",
        issued_at=now,
        valid_until=now + timedelta(hours=72),
        zones={"bowl": ZoneLook(on=True, color="#FF0000", brightness=1.0)},
    )


RED = Patch(MAST.fixtures).levels({"bowl": ZoneState(True, Color("#FF0000"), 1.0)})[1][:3]


async def test_it_obeys_and_keeps_the_plan(broker: Address, other: Other, gateway: Running) -> None:
    """Online, obeyed, reported, on disk; ended within a second, and then offline as its will would say."""
    gateway.start(broker)
    await other.until(lambda: other.heard.get(AVAILABILITY) == b"online")
    await other.until(lambda: other.report is not None)
    other.say(orange())
    await other.until(lambda: other.report and other.report.command_id == "1.1" and other.report.zones["bowl"].on)
    assert gateway.levels == RED
    await other.until(lambda: read_stored(gateway.memory) is not None)
    assert await gateway.stop() < 1.5
    await other.until(lambda: other.heard.get(AVAILABILITY) == b"offline")
    assert [code for code in gateway.codes() if code.startswith("TWL-D00")] == ["TWL-D001", "TWL-D002"]


async def test_a_restart_finds_the_document_that_the_broker_kept(
    broker: Address, other: Other, gateway: Running
) -> None:
    """Without its disk."""
    gateway.start(broker)
    await other.until(lambda: other.report is not None)
    other.say(orange())
    await other.until(lambda: gateway.levels == RED)
    await gateway.stop()
    gateway.memory.unlink(missing_ok=True)
    gateway.start(broker)
    await other.until(lambda: gateway.levels == RED)
    await other.until(lambda: other.heard.get(AVAILABILITY) == b"online")


async def test_a_start_without_a_broker(gateway: Running, tmp_path: Path) -> None:
    """From memory alone it shows what is right; nobody receives its reports, and it ends as fast."""
    gateway.memory.write_bytes(orange().model_dump_json(exclude_none=True).encode())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nowhere = Address("127.0.0.1", probe.getsockname()[1])
        gateway.start(nowhere)
        async with asyncio.timeout(20):
            while gateway.levels != RED:
                await asyncio.sleep(0.01)
        assert await gateway.stop() < 1.5
    assert "TWL-D010" in gateway.codes()


async def test_an_end_that_comes_with_news_is_an_end(gateway: Running) -> None:
    """The order to stop, in the very turn of the loop in which something else wakes the gateway."""
    process = GatewayRuntime(MAST, Patch(MAST.fixtures), "w", SystemClock(), gateway.memory, lambda *_: None)
    waiting = asyncio.create_task(
        process._sleep(SystemClock().read(), GatewayTurn({}, (), (), None, None, float("inf")))
    )
    await asyncio.sleep(0.05)
    process._wake.set()
    waiting.cancel()
    await asyncio.wait([waiting], timeout=5)
    assert waiting.cancelled()


async def test_without_a_document_the_other_broker_still_counts(
    gateway: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One of two brokers goes away while no document has arrived: the other one should have delivered it."""
    monkeypatch.setattr("controller.dmx.gateway.NO_DOCUMENT_S", 3.0)
    async with ours(tmp_path) as stays, contextlib.AsyncExitStack() as leaving:
        gateway.start(stays, await leaving.enter_async_context(ours(tmp_path)))
        async with asyncio.timeout(20):
            while gateway.codes().count("TWL-M001") < 2:
                await asyncio.sleep(0.01)
            await leaving.aclose()
            while "TWL-M002" not in gateway.codes():
                await asyncio.sleep(0.01)
            assert "TWL-D018" not in gateway.codes()
            while "TWL-D018" not in gateway.codes():
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("content", [b"", b"{", b"\x00" * 100, b"[" * 100_000])
async def test_a_damaged_memory_is_none(gateway: Running, content: bytes) -> None:
    """It starts all the same, dark."""
    gateway.memory.write_bytes(content)
    assert read_stored(gateway.memory) is None
    assert read_stored(gateway.memory.parent) is None


def test_the_largest_document_is_found_again(tmp_path: Path) -> None:
    """Terse as it came, it is longer in the memory, which writes out what it leaves out."""
    told = json.loads(orange().model_dump_json(exclude_none=True, exclude_defaults=True))
    cue = {"at": told["valid_until"], "zones": {f"z{number}": {"on": True} for number in range(180)}}
    payload = json.dumps({**told, "cues": [cue] * 66}).encode()
    assert MAX_PAYLOAD * 0.9 < len(payload) <= MAX_PAYLOAD
    document = parse_desired(payload)
    assert isinstance(document, DesiredDocument)
    memory = StoredDocument(**dict(document))
    (tmp_path / "mast.json").write_text(memory.model_dump_json(exclude_none=True))
    assert read_stored(tmp_path / "mast.json") == memory


async def test_a_disk_that_takes_nothing(
    broker: Address, other: Other, gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan cannot be kept: that is reported once, the light goes on, and the plan is kept as soon as it can be."""
    monkeypatch.setattr(runtime, "AGAIN_S", 0.3)
    gateway.memory = gateway.memory.parent / "missing" / "mast.json"
    gateway.start(broker)
    await other.until(lambda: other.report is not None)
    other.say(orange())
    await other.until(lambda: gateway.levels == RED)
    await other.until(lambda: "TWL-D012" in gateway.codes())
    other.say(orange(2))
    await other.until(lambda: other.report is not None and other.report.revision == 2)
    gateway.memory.parent.mkdir()
    await other.until(lambda: "TWL-D015" in gateway.codes())
    assert gateway.codes().count("TWL-D012") == 1
    assert b'"revision":2' in gateway.memory.read_bytes()


async def test_an_abrupt_end_is_reported_by_the_will(broker: Address, other: Other, gateway: Running) -> None:
    """The line breaks without a word: the broker says offline, and the gateway, which does not know, comes back."""
    gateway.start(broker)
    await other.until(lambda: other.heard.get(AVAILABILITY) == b"online")
    heard: list[bytes] = []
    async with Mqtt(broker, "w-gateway-mast") as thief:
        assert thief is not None
        await other.until(lambda: heard.append(other.heard[AVAILABILITY]) or b"offline" in heard)
    await other.until(lambda: other.heard.get(AVAILABILITY) == b"online")


@pytest.mark.parametrize("is_kept", [True, False])
async def test_what_is_reported_as_accepted_is_on_disk(
    broker: Address, other: Other, gateway: Running, monkeypatch: pytest.MonkeyPatch, is_kept: bool
) -> None:
    """The light does not wait for it, nor the report for a disk that takes long."""
    goes_on = threading.Event()

    def slowly(path: Path, data: bytes) -> None:
        goes_on.wait(60)
        atomic.write(path, data)

    monkeypatch.setattr(runtime, "write", slowly)
    monkeypatch.setattr(runtime, "STORE_S", 60.0 if is_kept else 0.5)
    gateway.start(broker)
    await other.until(lambda: other.report is not None)
    other.say(orange())
    await other.until(lambda: gateway.levels == RED)
    assert not gateway.memory.exists()
    if is_kept:
        goes_on.set()
    await other.until(lambda: other.report and other.report.command_id == "1.1")
    assert gateway.memory.exists() == is_kept
    goes_on.set()
    await other.until(gateway.memory.exists)
