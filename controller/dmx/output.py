"""What every output of the DMX gateway promises, whichever wire it speaks.

Rules
1. `send` stores the newest levels of a universe and returns at once; a task of the output transmits them:
   a change within 1/MAX_HZ s, unchanged levels again and again, so that no receiver thinks the source
   lost.
2. An output never dies of a fault on its way. It tells it once (event), shows it while it lasts (`problems`),
   tries again every second or so, and tells when it is over. A bug in it ends `async with` with its error.
3. `sent` is what really went out last, never what was asked for; None if nothing did or the last try failed.
4. Leaving `async with` sends the newest levels a last time and is done within half a second, whatever hangs.
5. Everything is called in the thread of the loop.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from controller.events import Event

MAX_HZ = 44.0
"""The most frames per second that DMX512-A carries with 512 slots (E1.11: 22.7 ms each)."""
SLOTS = 512

OnEvent = Callable[[Event], None]

NAMESPACE = uuid.UUID("2c8f5b0e-3d57-5c0e-9a53-6b1f0f8f4a11")


@dataclass(frozen=True, slots=True)
class SacnSource:
    """Who sends: a gateway of a site, known to receivers by an identifier that outlives every restart."""

    site: str
    gateway: str

    @property
    def cid(self) -> uuid.UUID:
        """The same for the same site and gateway, for ever (E1.31 5.6: constant per source)."""
        return uuid.uuid5(NAMESPACE, f"{self.site}/{self.gateway}")

    @property
    def name(self) -> str:
        """How a desk on the network lists it."""
        return f"{self.site}: {self.gateway}"


class Output(Protocol):
    """A way out for levels; `async with` opens and closes it."""

    async def __aenter__(self) -> Self:
        """Starts the tasks. It neither waits for a network or a port nor fails for want of one."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends in good order, unless an error other than cancellation is on its way: then just ends."""

    def send(self, universe: int, levels: bytes) -> None:
        """Takes the levels of the channels from 1 on (1..512 bytes); the rest of the universe is 0."""

    def sent(self, universe: int) -> bytes | None:
        """The levels that went out last, as they were handed in."""

    @property
    def problems(self) -> tuple[str, ...]:
        """The codes of what is wrong now."""
