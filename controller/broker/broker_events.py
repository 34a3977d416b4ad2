"""How the broker tells its events: warnings that repeat themselves are counted, each client for itself."""

import asyncio
import math
from collections.abc import Callable

from controller.events import Event, Level, new_event
from controller.events.rate_limit import WINDOW_S, RateLimit

CLIENTS = 20
"""So many clients are told apart in a minute: anyone may connect under a thousand names."""


class BrokerEvents:
    """Tells events, with those of a minute that repeat one another as one at its end; `close` tells what is left."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._damper = RateLimit(keys=CLIENTS)
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def __call__(self, code: str, about: str, **fields: object) -> None:
        """Tells it now or, if it is one of many about the same thing, with them."""
        event = new_event(code, **fields)
        if event.level is not Level.WARNING or event.kind.lasting is not None:  # begin and end belong together
            return self._on_event(event)
        for told in self._damper.pass_on(event, self._loop.time(), about):
            self._on_event(told)
        return self._wait()

    def _wait(self) -> None:
        if self._timer is None and self._damper.is_counting:
            self._timer = self._loop.call_later(WINDOW_S, self._sum_up)

    def _sum_up(self) -> None:
        self._timer = None
        self._tell_due(self._loop.time())
        self._wait()

    def close(self) -> None:
        """Tells what was still to be told."""
        if self._timer:
            self._timer.cancel()
        self._tell_due(math.inf)

    def _tell_due(self, now_s: float) -> None:
        for event in self._damper.due(now_s):
            self._on_event(event)
