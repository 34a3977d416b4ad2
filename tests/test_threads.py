"""Calls that may hang: a thread is used again, and one that hangs holds up no other."""

import asyncio
import threading

import pytest

from controller.threads import run_blocking


async def test_a_thread_that_is_free_makes_the_next_call() -> None:
    """Without memory a thread cannot be started, and trying may never end: none is started where one is free."""
    threads = set()
    for _ in range(20):
        threads.add(await run_blocking("call", threading.get_native_id))
        await asyncio.sleep(0.01)
    assert len(threads) < 5


async def test_a_call_that_hangs_holds_up_no_other() -> None:
    """The next one is made in another thread; an error comes to whoever waits."""
    hangs = threading.Event()
    waiting = asyncio.create_task(run_blocking("hangs", lambda: hangs.wait(30)))
    await asyncio.sleep(0)
    assert await run_blocking("quick", lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await run_blocking("fails", lambda: 1 // 0)
    hangs.set()
    assert await waiting is True
