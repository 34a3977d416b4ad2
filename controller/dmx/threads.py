"""A call that may hang, made beside the loop: neither the loop nor the end of the process waits for it."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def aside(name: str, call: Callable[[], T]) -> T:
    """The result or the error of `call`, made in a daemon thread of this name.

    The executor of asyncio is no place for it: its threads are waited for at the end, and a name server or a
    USB driver may hang for half a minute.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def work() -> None:
        try:
            settle = partial(answer.set_result, call())
        except Exception as error:
            settle = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # the loop has closed meanwhile
            loop.call_soon_threadsafe(lambda: answer.done() or settle())

    threading.Thread(target=work, name=name, daemon=True).start()
    return await answer
