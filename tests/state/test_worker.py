"""The thread that waits for the disk so that nobody else does."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from controller.state.worker import Worker


@pytest.fixture
async def chores() -> list[str]:
    """One entry for each time that the chore was done."""
    return []


@pytest.fixture
async def worker(chores: list[str]) -> AsyncIterator[Worker]:
    """A thread that has begun; its chore comes only when nudged."""
    working = Worker("test", lambda: chores.append("done"), 3600)
    working.start()
    yield working
    await working.stop(lambda: None, 5)


async def test_jobs_are_done_in_order_and_answered(worker: Worker) -> None:
    """Results and errors come back to whoever asked."""
    done: list[int] = []

    def job(number: int) -> int:
        done.append(number)
        return number // (number - 3)

    answers = await asyncio.gather(
        *(worker.ask(lambda number=number: job(number)) for number in range(5)),  # type: ignore[misc]
        return_exceptions=True,
    )
    assert done == [0, 1, 2, 3, 4]
    assert isinstance(answers.pop(3), ZeroDivisionError)
    assert answers == [0, -1, -2, 4]


async def test_a_job_given_up_before_its_turn_is_not_done(worker: Worker) -> None:
    """Who no longer waits was told nothing, so nothing happens behind his back."""
    disk, done = threading.Event(), []
    busy = asyncio.create_task(worker.ask(lambda: disk.wait(30)))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await worker.ask(lambda: done.append("late"))
    disk.set()
    await busy
    await worker.ask(lambda: None)
    assert done == []


async def test_many_nudges_are_one_chore(worker: Worker, chores: list[str]) -> None:
    """However much is noted while the disk is busy."""
    disk = threading.Event()
    busy = asyncio.create_task(worker.ask(lambda: disk.wait(30)))
    await asyncio.sleep(0)
    for _ in range(1000):
        worker.nudge()
    disk.set()
    await busy
    await worker.ask(lambda: None)
    assert chores == ["done"]


async def test_a_chore_that_fails_by_our_mistake_is_told_and_the_thread_goes_on() -> None:
    """To the loop's own handler, as an error of a task would be."""
    told: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    worker = Worker("test", lambda: [].clear(1), 3600)  # type: ignore[call-arg,func-returns-value]
    worker.start()
    worker.nudge()
    assert await worker.ask(lambda: 5) == 5
    await worker.stop(lambda: None, 5)
    assert [type(context["exception"]) for context in told] == [TypeError]


async def test_a_disk_that_hangs_keeps_nobody_from_ending() -> None:
    """The last wishes are given up after a while; the thread is free when the disk comes back."""
    disk, wishes = threading.Event(), []
    worker = Worker("hanging", lambda: None, 3600)
    worker.start()
    asking = asyncio.create_task(worker.ask(lambda: disk.wait(30)))
    await asyncio.sleep(0)
    await worker.stop(lambda: wishes.append("last"), 0.05)
    (thread,) = (each for each in threading.enumerate() if each.name == "hanging")
    assert thread.daemon
    disk.set()
    assert await asking
    while thread.name == "hanging":  # until it waits for another call
        await asyncio.sleep(0.01)
    assert wishes == []


async def test_who_asks_a_closed_worker_is_told() -> None:
    """Rather than waiting for ever."""
    worker = Worker("test", lambda: None, 3600)
    with pytest.raises(RuntimeError):
        await worker.ask(lambda: None)
    worker.start()
    await worker.stop(lambda: None, 5)
    with pytest.raises(RuntimeError):
        await worker.ask(lambda: None)
