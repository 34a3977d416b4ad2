"""The loop ends when it is cancelled, whatever happens at that very instant."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from controller.clock import SystemClock
from controller.gateways import GATEWAYS
from controller.gateways.base import Message
from controller.schedule.plan import Program
from controller.service.controller import Controller
from controller.service.degradations import Degradations
from controller.service.runtime import Runtime
from controller.service.site_topics import SiteInfo

LAMP = GATEWAYS["wled"].model_validate({"name": "lamp", "zone": "bowl", "topic": "wled/lamp"})


class Quiet:
    """A connection and a hand to which nothing comes."""

    connected = False
    may_publish = True
    overrides = ()
    stop = policy = None

    def __aiter__(self) -> "Quiet":
        return self

    async def __anext__(self) -> None:
        await asyncio.Event().wait()

    def publish(self, *_: Message) -> None:
        """Nobody is connected."""

    async def expire(self, _: datetime) -> tuple[()]:
        """Nothing was set by hand."""
        return ()


@pytest.mark.parametrize("steps", range(6))
async def test_it_ends_although_it_is_woken(scheduled: Callable[[str], Program], steps: int) -> None:
    """A message or a new file wakes it as it is cancelled: the end must not be lost between the two."""
    one, other = (
        scheduled(f"campaigns:\n  - {{name: x, dates: every day, color: {word}}}\n") for word in ("red", "blue")
    )
    quiet: Any = Quiet()
    clock = SystemClock()
    none = Degradations(clock)
    runtime = Runtime(Controller((LAMP,), "w", one), quiet, clock, quiet, SiteInfo("site", "w"), none.take, none)
    task = asyncio.create_task(runtime.run())
    while runtime.turned_s is None and not task.done():
        await asyncio.sleep(0.01)
    runtime.loop.follow(other)
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=3)
    assert task.cancelled()
