"""The half that is common to all real outputs: a pacer, tasks that never end, and an end in good order."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from types import TracebackType
from typing import NoReturn, Self

from controller.dmx.output import SacnSource
from controller.dmx.pacing import Pacer, now


class PacedOutput(ABC):
    """Fulfils `Output`; the heirs say how one packet goes out and what must be kept going beside that."""

    def __init__(self, source: SacnSource) -> None:
        self._source = source
        self._pacer = Pacer(self._transmit)
        self._group = asyncio.TaskGroup()
        self._tasks: dict[str, asyncio.Task[NoReturn]] = {}

    @abstractmethod
    def _transmit(self, universe: int, levels: bytes) -> bool:
        """Hands one packet to the wire without waiting; False where it did not go out whole."""

    @abstractmethod
    def _upkeep(self) -> dict[str, Coroutine[None, None, NoReturn]]:
        """What runs beside the pacer for as long as the output is open, by name."""

    @abstractmethod
    async def _close(self) -> None:
        """Gives everything back; within a quarter of a second."""

    @abstractmethod
    async def _farewell(self) -> None:
        """What an orderly end does after the last levels; within a quarter of a second."""

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        for name, work in (self._upkeep() | {"pace": self._pacer.run()}).items():
            self._tasks[name] = self._group.create_task(work, name=f"{self._source.gateway} output: {name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        try:
            if (kind is None or cancelled) and not any(task.done() for task in self._tasks.values()):
                self._tasks["pace"].cancel()
                self._pacer.flush(now())
                await self._farewell()
        finally:
            await self._end((kind, error, trace) if cancelled else (None, None, None))

    async def _end(self, why: tuple[type[BaseException] | None, BaseException | None, TracebackType | None]) -> None:
        for task in self._tasks.values():
            task.cancel()
        try:
            # an error of the body passes by itself; the group would wrap it
            await self._group.__aexit__(*why)
        finally:
            await self._close()

    def send(self, universe: int, levels: bytes) -> None:
        """Takes the newest levels; raises ValueError for other than 1..512 of them."""
        self._pacer.offer(universe, levels)

    def sent(self, universe: int) -> bytes | None:
        """The levels that went out last; None where nothing did or the last try failed."""
        return self._pacer.sent(universe)
