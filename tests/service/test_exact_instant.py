"""What is prepared goes out at its instant: the loop is awake a little sooner, and not before it is anything sent."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.clock import ClockReading, boot_time
from controller.gateways import GATEWAYS
from controller.gateways.base import Message
from controller.mqtt import Connected
from controller.schedule.plan import Program
from controller.service import runtime as runtime_module
from controller.service.controller import Controller
from controller.service.degradations import Degradations
from controller.service.runtime import EARLY_S, Runtime
from controller.service.site_topics import SiteInfo

LAMP = GATEWAYS["wled"].model_validate({"name": "lamp", "zone": "bowl", "topic": "wled/lamp"})
CUE = datetime(2026, 3, 1, 18, tzinfo=UTC)
BEFORE_S = 1.2
LATEST_S = 10.0


class RealTime:
    """A clock by which it is so long before the cue."""

    def __init__(self, before_s: float) -> None:
        self.cue_s = boot_time() + before_s

    def read(self) -> ClockReading:
        mono = boot_time()
        return ClockReading(CUE + timedelta(seconds=mono - self.cue_s), mono)

    def real_s(self, wall_s: float) -> float:
        return wall_s


class Connection:
    """A publisher that is connected, and records when it got what."""

    connected = may_publish = True
    overrides = ()
    stop = policy = None

    def __init__(self) -> None:
        self.published: list[tuple[float, Message]] = []
        self._items = [Connected("broker", session_present=False, attempts=1)]

    def __aiter__(self) -> "Connection":
        return self

    async def __anext__(self) -> Connected:
        while not self._items:
            await asyncio.Event().wait()
        return self._items.pop()

    def publish(self, *messages: Message) -> None:
        self.published += [(boot_time(), message) for message in messages]

    async def expire(self, _: datetime) -> tuple[()]:
        return ()

    async def retry_stop(self, _: datetime) -> tuple[()]:
        return ()

    def lit_s(self) -> float | None:
        """When the lamp was first commanded to show light."""
        return next((at for at, each in self.published if b'"on":true,"bri"' in each.payload), None)


@pytest.mark.real
async def test_nothing_is_sent_before_its_instant(
    scheduled: Callable[[str], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever in a millisecond of the loop's clock it lies."""
    held_up: list[float] = []
    hold_up = runtime_module.hold_up
    monkeypatch.setattr(runtime_module, "hold_up", lambda seconds: held_up.append(seconds) or hold_up(seconds))
    program = scheduled('campaigns:\n  - {name: x, dates: every day, hours: "19:00 to 05:00", color: red}\n')
    for part in range(4):
        connection: Any = Connection()
        clock = RealTime(BEFORE_S + part / 4000)
        none = Degradations(clock)
        controller = Controller((LAMP,), "w", program)
        runtime = Runtime(controller, connection, clock, connection, SiteInfo("site", "w"), none.take, none)
        task = asyncio.create_task(runtime.run())
        while connection.lit_s() is None and boot_time() < clock.cue_s + LATEST_S:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        lit_s = connection.lit_s()
        assert task.cancelled()
        assert lit_s is not None
        assert lit_s >= clock.cue_s
    assert held_up
    assert max(held_up) <= EARLY_S
