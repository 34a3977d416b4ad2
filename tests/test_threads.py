"""Calls that may hang: a thread is used again, and one that hangs holds up no other."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from controller.threads import idle_threads, in_step_s, run_blocking


async def test_a_thread_that_is_free_makes_the_next_call() -> None:
    """Without memory a thread cannot be started, and trying may never end: none is started where one is free."""
    threads = set()
    for _ in range(20):
        threads.add(await run_blocking("call", threading.get_native_id))
        async with asyncio.timeout(20):
            while not idle_threads:
                await asyncio.sleep(0.001)
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


@pytest.mark.parametrize("comes_first", ["the answer", "the end of the waiting"])
async def test_what_a_call_made_for_nobody_is_put_away_once(comes_first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where both come before the loop goes on; neither is an error."""
    loop = asyncio.get_running_loop()
    errors, may_end, is_answered, is_put_away = list[object](), threading.Event(), threading.Event(), threading.Event()
    schedule = loop.call_soon_threadsafe

    def scheduled(callback: Callable[[], object]) -> object:
        handle = schedule(callback)
        is_answered.set()
        return handle

    def put_away() -> None:
        assert not is_put_away.is_set()
        is_put_away.set()

    loop.set_exception_handler(lambda _, context: errors.append(context))
    monkeypatch.setattr(loop, "call_soon_threadsafe", scheduled)
    waiting = asyncio.create_task(run_blocking("call", lambda: may_end.wait(20), put_away))
    await asyncio.sleep(0)
    if comes_first == "the answer":
        may_end.set()
        assert is_answered.wait(20)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    may_end.set()
    assert is_put_away.wait(20)
    await asyncio.sleep(0)
    assert errors == []


async def test_pauses_that_begin_at_any_time_end_together() -> None:
    """The process is woken once a second for all that it does each second; and nothing waits much longer than asked."""
    loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
    ends = []
    while loop.time() < began + 1.2:
        before_s, pause_s, after_s = loop.time(), in_step_s(1.0), loop.time()
        assert 0 < pause_s <= 1.06
        ends.append(round(after_s + pause_s))
        assert before_s + pause_s - 0.001 <= ends[-1] <= after_s + pause_s + 0.001
        assert 9.0 < in_step_s(10.0) < 10.06
        await asyncio.sleep(0.07)
    assert len(set(ends)) <= 3


async def test_a_pause_under_a_second_is_as_short_as_asked() -> None:
    """It is asked for by what cannot wait for the others."""
    assert in_step_s(0.25) == 0.25
