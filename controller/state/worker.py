"""The one thread in which everything waits that may wait for the disk; the event loop never does."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from controller.threads import in_thread

T = TypeVar("T")


class Worker:
    """Jobs one after another, and `chore` whenever it was nudged and at least every `every_s` seconds.

    The thread is a daemon: a disk that hangs for ever does not keep the process from ending.
    """

    def __init__(self, name: str, chore: Callable[[], None], every_s: float) -> None:
        self._name = name
        self._chore = chore
        self._every_s = every_s
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._nudged = threading.Event()
        self._open = False

    def start(self) -> None:
        """Begin to work."""
        self._open = True
        loop = asyncio.get_running_loop()
        in_thread(self._name, lambda: self._work(loop))

    async def ask(self, job: Callable[[], T]) -> T:
        """What the job gives or raises; given up before its turn, it is not done at all."""
        if not self._open:
            raise RuntimeError(f"{self._name} is not open")
        answer: Future[T] = Future()
        self._jobs.put(lambda: _answer(job, answer))
        return await asyncio.wrap_future(answer)

    def post(self, job: Callable[[], None]) -> None:
        """Do it in its turn; nobody waits for it."""
        self._jobs.put(job)

    def nudge(self) -> None:
        """Do the chore soon."""
        if not self._nudged.is_set():
            self._nudged.set()
            self._jobs.put(self._do_chore)

    async def stop(self, last: Callable[[], None], patience_s: float) -> None:
        """Do what was asked and then `last`, and end; after `patience_s` nobody waits for it any longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self.ask(last)
        self._open = False
        self._jobs.put(None)

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except Exception as error:  # a mistake of ours: told, and the other jobs go on
                report: dict[str, Any] = {"message": f"a chore of {self._name} failed", "exception": error}
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(loop.call_exception_handler, report)

    def _next(self) -> Callable[[], None] | None:
        try:
            return self._jobs.get(timeout=self._every_s)
        except queue.Empty:
            return self._do_chore

    def _do_chore(self) -> None:
        self._nudged.clear()
        self._chore()


def _answer(job: Callable[[], T], answer: Future[T]) -> None:
    if answer.set_running_or_notify_cancel():
        try:
            answer.set_result(job())
        except Exception as error:
            answer.set_exception(error)
