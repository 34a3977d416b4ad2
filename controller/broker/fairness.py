"""Shares the loop among the connections and with the rest of the program.

Between two looks of the loop at sockets and clock each piece of work that waits has its turn once, until SLICE_S is
over; the others go on after it. No piece takes longer than that by itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable

SLICE_S = 0.01


class Fairness:
    """Pieces of work, done in the order in which they were given."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Callable[[], None]] = deque()
        self._planned = False

    def give(self, work: Callable[[], None]) -> None:
        """Has it done in its turn."""
        self._waiting.append(work)
        self._plan()

    def _plan(self) -> None:
        if self._waiting and not self._planned:
            self._planned = True
            self._loop.call_soon(self._run)

    def _run(self) -> None:
        until = self._loop.time() + SLICE_S
        try:
            for _ in range(len(self._waiting)):
                self._waiting.popleft()()
                if self._loop.time() > until:
                    break
        finally:
            self._planned = False
            self._plan()
