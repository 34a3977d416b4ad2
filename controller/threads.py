"""The only place that starts threads, for calls that may hang (a disk, a name server, a USB driver). Neither the loop
nor the end of the process waits for them; asyncio's executor would join its threads at the end."""

import asyncio
import math
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")

LATE_S = 0.05
"""A pause ends at most this much too late, and up to a second too early."""


class _CallThread(threading.Thread):
    """A daemon thread that makes one call after another. It is reused: a process short of memory may never return from
    starting a thread (CPython waits for it to report that it has started)."""

    def __init__(self, idle: list["_CallThread"]) -> None:
        super().__init__(daemon=True)
        self.calls: SimpleQueue[tuple[str, Callable[[], None]]] = SimpleQueue()
        self._idle = idle
        self.start()

    def run(self) -> None:
        """Make calls until the process ends."""
        while True:
            self.name, call = self.calls.get()
            call()
            del call  # an idle thread keeps nothing of its last call alive
            self.name = "idle"
            self._idle.append(self)


idle_threads: list[_CallThread] = []
"""Threads without a call; appending and popping are atomic."""


def in_thread(name: str, call: Callable[[], None]) -> None:
    """Make the call in a daemon thread of this name, without waiting for it."""
    try:
        thread = idle_threads.pop()
    except IndexError:
        thread = _CallThread(idle_threads)
    thread.calls.put((name, call))


def in_step_s(seconds: float) -> float:
    """About this many seconds, ending on a whole second of the running loop, so that several pauses wake the process
    only once. A pause under a second is not changed."""
    now_s = asyncio.get_running_loop().time()
    return seconds if seconds < 1 else math.floor(now_s + seconds + LATE_S) - now_s


def hold_up(seconds: float) -> None:
    """Block the thread, exact to a tenth of a millisecond. `time.sleep` raises EINVAL under a faked clock."""
    if seconds > 0:
        select.select((), (), (), seconds)


async def wait_at_most(event: asyncio.Event, seconds: float | None) -> None:
    """Wait until an event is set, or this many seconds have passed; None waits for ever."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def run_blocking(name: str, call: Callable[[], T], abandoned: Callable[[], None] = lambda: None) -> T:
    """Make `call` in a daemon thread of this name, and return or raise what it does.

    If the caller has stopped waiting when the call is done, `abandoned` cleans up after it. It is called at the end of
    the call or of the waiting, whichever comes second, because the loop may be gone by then.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    first_to_end = threading.Lock()

    def work() -> None:
        try:
            settle = partial(answer.set_result, call())
        except Exception as error:
            settle = partial(answer.set_exception, error)
        if not first_to_end.acquire(blocking=False):
            abandoned()
            return
        with suppress(RuntimeError):  # the loop has been closed
            loop.call_soon_threadsafe(lambda: answer.done() or settle())

    in_thread(name, work)
    try:
        return await answer
    except asyncio.CancelledError:
        if not first_to_end.acquire(blocking=False):
            abandoned()
        raise
