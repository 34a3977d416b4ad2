"""The contract of every output of the DMX gateway, whichever protocol it speaks, and what outputs have in common.

- `send` stores the newest levels of a universe and returns immediately; a task of the output transmits them: a change
  within 1/MAX_HZ s, unchanged levels repeatedly, so that no receiver considers the source lost.
- An output survives every fault on its way: it reports the fault once (event), lists it while it lasts (`problems`),
  tries again every second or so, and reports the end. A bug in the output ends `async with` with its error.
- `sent` is what was really sent last, never what was requested; None if nothing was or the last attempt failed.
- Leaving `async with` sends the newest levels a last time and takes at most half a second, whatever hangs.
- Call everything in the thread of the event loop.
"""

import asyncio
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from math import inf
from types import TracebackType
from typing import NoReturn, Self

from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.models import Reason

MAX_HZ = 44.0
"""The most frames per second that DMX512-A carries with 512 slots (E1.11: 22.7 ms each)."""
FRAME_S = 1 / MAX_HZ
SLOTS = 512

# E1.31 6.6.1 and 6.6.2; the same figures suit Art-Net and USB widgets
REPEATS = 3
"""Number of repeats after a change, as a packet may be lost."""
REPEAT_S = 2 * FRAME_S
"""Seconds between two repeats: longer than between two frames of a fade, so that the next frame does not wait behind a
repeat."""
KEEP_ALIVE_S = 0.9
"""Seconds between packets of unchanged levels after that: within the 0.8 to 1 s that the standard asks for."""
RETRY_S = 0.1
"""Seconds until a packet that failed is sent again."""

SETTLE_S = 5.0
"""Seconds without a failure after which a series of failures is over."""
LASTING_S = 60.0
"""Seconds after which a series of failures will not end by itself, and is an error."""

OnEvent = Callable[[Event], None]

NAMESPACE = uuid.UUID("2c8f5b0e-3d57-5c0e-9a53-6b1f0f8f4a11")


@dataclass(frozen=True, slots=True)
class OutputSource:
    """The sender: a gateway of a site, known to receivers by an identifier that survives restarts."""

    site: str
    gateway: str

    @property
    def cid(self) -> uuid.UUID:
        """Always the same for the same site and gateway (E1.31 5.6: constant per source)."""
        return uuid.uuid5(NAMESPACE, f"{self.site}/{self.gateway}")

    @property
    def name(self) -> str:
        """The name that a lighting desk on the network lists."""
        return f"{self.site}: {self.gateway}"


def now() -> float:
    """Monotonic seconds of the running loop."""
    return asyncio.get_running_loop().time()


class OutputStatus:
    """Whether one destination can be reached; instants are monotonic seconds.

    In a series of failures each kind is reported once, and the series itself as an error once it has lasted LASTING_S.
    From the first failure until the series is over, the code of the latest one is among the problems.
    """

    def __init__(self, gateway: str, to: str, on_event: OnEvent) -> None:
        self._about = {"gateway": gateway, "to": to}
        self._alarm = Alarm(on_event)
        self._code: str | None = None
        self._failures = 0
        self._began = self._latest = 0.0

    @property
    def problems(self) -> tuple[str, ...]:
        """The code of the current problem, if any."""
        return (self._code,) if self._code else ()

    def fails(self, code: str, error: Reason, now: float) -> None:
        """An attempt failed; `code` names an event with the fields gateway, to and error."""
        if self._code is None:
            self._began, self._failures = now, 0
        self._code, self._latest = code, now
        self._failures += 1
        self._alarm.raise_(new_event(code, **self._about, error=error))
        if now - self._began >= LASTING_S:
            lasting = new_event("TWL-X104", **self._about, error=error, down_s=round(now - self._began))
            self._alarm.raise_(lasting)

    def works(self, now: float) -> None:
        """An attempt succeeded."""
        if self._code is not None and now - self._latest >= SETTLE_S:
            self._code = None
            down_s = round(self._latest - self._began, 1)
            self._alarm.clear(new_event("TWL-X103", **self._about, down_s=down_s, failures=self._failures))


@dataclass(slots=True)
class PacketStream:
    """The packets of one universe. `levels` is the newest, `sent` what was sent last if that succeeded."""

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
        """The instant from which the next packet may be sent; never more often than MAX_HZ."""
        if self.failed:
            return self.tried_at + RETRY_S
        if not self.times:
            return self.tried_at + FRAME_S
        return self.tried_at + (REPEAT_S if self.times <= REPEATS else KEEP_ALIVE_S)

    def tried(self, at: float, *, ok: bool) -> None:
        """A packet with `levels` was sent, or failed."""
        self.tried_at, self.failed = at, not ok
        self.sent = self.levels if ok else None
        self.times += ok


class Pacer:
    """The streams of one output, and the task that calls `transmit` for each when it is due."""

    def __init__(self, transmit: Callable[[int, bytes], bool]) -> None:
        self._transmit = transmit
        self._changed = asyncio.Event()
        self.streams: dict[int, PacketStream] = {}

    def offer(self, universe: int, levels: bytes) -> None:
        """Takes the newest levels of a universe; raises ValueError unless there are 1 to 512."""
        if not 1 <= len(levels) <= SLOTS:
            raise ValueError(f"{len(levels)} levels are not a universe")
        if universe in self.streams:
            self.streams[universe].offer(bytes(levels))
        else:
            self.streams[universe] = PacketStream(bytes(levels))
        self._changed.set()

    def sent(self, universe: int) -> bytes | None:
        """The levels that were sent last; None if none were or the last attempt failed."""
        stream = self.streams.get(universe)
        return stream.sent if stream else None

    def lose(self) -> None:
        """Marks everything as failed: the receivers no longer have what was sent."""
        for stream in self.streams.values():
            stream.sent, stream.failed = None, True
        self._changed.set()

    def turn(self, at: float) -> float:
        """Transmits what is due; returns the instant of the next turn, `inf` if there is no stream."""
        for universe, stream in self.streams.items():
            if stream.due <= at:
                stream.tried(at, ok=self._transmit(universe, stream.levels))
        return min((stream.due for stream in self.streams.values()), default=inf)

    def flush(self, at: float) -> None:
        """Transmits now what has not been sent yet."""
        for universe, stream in self.streams.items():
            if stream.sent != stream.levels:
                stream.tried(at, ok=self._transmit(universe, stream.levels))

    async def run(self) -> NoReturn:
        """Takes turns for ever; `offer` wakes it early."""
        loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            due = self.turn(now())
            timer = loop.call_at(min(due, now() + 3600), self._changed.set)
            try:
                await self._changed.wait()
            finally:
                timer.cancel()


class Output(ABC):
    """An output for levels; `async with` opens and closes it. Subclasses define how one packet is sent and which tasks
    run in addition."""

    def __init__(self, source: OutputSource) -> None:
        self._source = source
        self._pacer = Pacer(self._transmit)
        self._group = asyncio.TaskGroup()
        self._tasks: dict[str, asyncio.Task[NoReturn]] = {}

    @property
    @abstractmethod
    def problems(self) -> tuple[str, ...]:
        """The codes of the current problems."""

    @abstractmethod
    def _transmit(self, universe: int, levels: bytes) -> bool:
        """Sends one packet without waiting; False if it was not sent whole."""

    def _upkeep(self) -> dict[str, Coroutine[None, None, NoReturn]]:
        """Tasks that run while the output is open, by name."""
        return {}

    async def _close(self) -> None:  # noqa: B027  an output in memory has nothing to close
        """Frees all resources within a quarter of a second."""

    async def _farewell(self) -> None:  # noqa: B027  nor anything to send
        """Work of an orderly end after the last levels; within a quarter of a second."""

    async def __aenter__(self) -> Self:
        """Starts the tasks. Neither waits for a network or a port nor fails if there is none."""
        await self._group.__aenter__()
        for name, work in (self._upkeep() | {"pace": self._pacer.run()}).items():
            self._tasks[name] = self._group.create_task(work, name=f"{self._source.gateway} output: {name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends in good order, or immediately if an error other than cancellation is being raised."""
        cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        try:
            if (kind is None or cancelled) and not any(task.done() for task in self._tasks.values()):
                self._tasks["pace"].cancel()
                self._pacer.flush(now())
                await self._farewell()
        finally:
            for task in self._tasks.values():
                task.cancel()
            try:
                # an error of the body propagates by itself; the group would wrap it
                await self._group.__aexit__(*((kind, error, trace) if cancelled else (None, None, None)))
            finally:
                await self._close()

    def send(self, universe: int, levels: bytes) -> None:
        """Takes the levels of the channels from 1 on; the rest of the universe is 0. Raises ValueError unless there are
        1 to 512."""
        self._pacer.offer(universe, levels)

    def sent(self, universe: int) -> bytes | None:
        """The levels that were sent last, as they were handed in; None if none were or the last attempt failed."""
        return self._pacer.sent(universe)
