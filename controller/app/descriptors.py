"""What happens when the system lets the program open nothing more: one event when it begins and one when it is over.

asyncio tells of it at each try to accept a connection, once a second, with a traceback; whatever else opens something
has an error of its own to tell.
"""

import asyncio
import errno
import os
import resource
from collections.abc import Callable
from typing import Any

from controller.events import Event, new_event

EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What asyncio's accept takes for a lack that passes (selector_events.py)."""
LOOK_S = 1.0
FREE_S = 10.0


class Descriptors:
    """Whether something more can be opened; `tell` is told when that changes."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self._lacked_s: float | None = None

    async def watch(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._handle)
        while True:
            try:
                os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
            except OSError as error:
                self._lacks(loop.time(), error)
            if self._lacked_s is not None and loop.time() - self._lacked_s > FREE_S:
                self._lacked_s = None
                self._tell(new_event("TWL-C032"))
            await asyncio.sleep(LOOK_S)

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in EXHAUSTED:
            self._lacks(loop.time(), error)
        else:
            loop.default_exception_handler(context)

    def _lacks(self, now_s: float, error: OSError) -> None:
        if self._lacked_s is None:
            limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            self._tell(new_event("TWL-C031", limit=limit, reason=error.strerror or str(error)))
        self._lacked_s = now_s
