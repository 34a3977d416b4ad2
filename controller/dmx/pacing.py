"""When a universe is due: on change, a few times more, and then just often enough to stay alive.

Rules (monotonic seconds; E1.31 6.6.1 and 6.6.2, and the same figures suit Art-Net and USB widgets)
1. Never more often than MAX_HZ.
2. Changed levels are due at once, and are followed by REPEATS packets of the same levels, as one may be lost.
3. After that a packet is due every KEEP_ALIVE_S: within the 0.8 to 1 s that the standard asks for.
4. What failed is due again after RETRY_S.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from math import inf
from types import TracebackType
from typing import NoReturn, Self

from controller.dmx.output import MAX_HZ, SLOTS, SacnSource

REPEATS = 3
KEEP_ALIVE_S = 0.9
RETRY_S = 0.1
FRAME_S = 1 / MAX_HZ

Transmit = Callable[[int, bytes], bool]


def now() -> float:
    """The monotonic seconds of the running loop."""
    return asyncio.get_running_loop().time()


@dataclass(slots=True)
class PacketStream:
    """One universe on its way out. `levels` is the newest, `sent` what went out last if that succeeded."""

    levels: bytes
    sent: bytes | None = None
    times: int = 0
    tried_at: float = -inf
    failed: bool = False

    def offer(self, levels: bytes) -> None:
        """Takes newer levels."""
        if levels != self.levels:
            self.levels, self.times, self.failed = levels, 0, False

    @property
    def due(self) -> float:
        """The instant from which the next packet may go out."""
        if self.failed:
            return self.tried_at + RETRY_S
        return self.tried_at + (FRAME_S if self.times <= REPEATS else KEEP_ALIVE_S)

    def tried(self, at: float, *, ok: bool) -> None:
        """A packet with `levels` went out, or did not."""
        self.tried_at, self.failed = at, not ok
        self.sent = self.levels if ok else None
        self.times += ok


class Pacer:
    """The streams of one output, and the task that hands each to `transmit` when it is due."""

    def __init__(self, transmit: Transmit) -> None:
        self._transmit = transmit
        self._news = asyncio.Event()
        self.streams: dict[int, PacketStream] = {}

    def offer(self, universe: int, levels: bytes) -> None:
        """Takes the newest levels of a universe; raises ValueError for other than 1..512 of them."""
        if not 1 <= len(levels) <= SLOTS:
            raise ValueError(f"{len(levels)} levels are not a universe")
        if universe in self.streams:
            self.streams[universe].offer(bytes(levels))
        else:
            self.streams[universe] = PacketStream(bytes(levels))
        self._news.set()

    def sent(self, universe: int) -> bytes | None:
        """What went out last."""
        stream = self.streams.get(universe)
        return stream.sent if stream else None

    def lose(self) -> None:
        """Counts everything as failed: what went out is no longer out there."""
        for stream in self.streams.values():
            stream.sent, stream.failed = None, True
        self._news.set()

    def turn(self, at: float) -> float:
        """Transmits what is due; returns the instant of the next turn, `inf` where there is no stream."""
        for universe, stream in self.streams.items():
            if stream.due <= at:
                stream.tried(at, ok=self._transmit(universe, stream.levels))
        return min((stream.due for stream in self.streams.values()), default=inf)

    def flush(self, at: float) -> None:
        """Transmits at once what has not gone out yet."""
        for universe, stream in self.streams.items():
            if stream.sent != stream.levels:
                stream.tried(at, ok=self._transmit(universe, stream.levels))

    async def run(self) -> NoReturn:
        """Turns for ever; `offer` wakes it early."""
        loop = asyncio.get_running_loop()
        while True:
            self._news.clear()
            due = self.turn(now())
            alarm = loop.call_at(min(due, now() + 3600), self._news.set)
            try:
                await self._news.wait()
            finally:
                alarm.cancel()


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
