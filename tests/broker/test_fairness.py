"""What many connections have to do is done in slices."""

import asyncio
import time

from controller.broker.client_connection import SLICE_S, Fairness


async def turned_while(done):
    """How often the loop goes round until then."""
    rounds = 0
    while not done():
        await asyncio.sleep(0)
        rounds += 1
    return rounds


async def test_the_rest_of_the_program_has_its_turn_between_slices():
    """However many have something to do at the same time, and all of it is done in order."""
    turns, done = Fairness(), []

    def work(number):
        time.sleep(SLICE_S / 2)
        done.append(number)

    for number in range(20):
        turns.schedule(lambda number=number: work(number))
    assert await turned_while(lambda: len(done) == 20) > 5
    assert done == list(range(20))


async def test_nobody_has_two_turns_before_the_others_are_heard():
    """Who always has more to do is done once each time the loop goes round."""
    turns, done = Fairness(), []

    def work():
        done.append(None)
        if len(done) < 100:
            turns.schedule(work)

    turns.schedule(work)
    assert await turned_while(lambda: len(done) == 100) >= 100


async def test_a_mistake_in_one_piece_does_not_stop_the_others():
    """The exception reaches the exception handler of asyncio."""
    turns, done, raised = Fairness(), [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context["exception"]))
    turns.schedule(lambda: 1 / 0)
    turns.schedule(lambda: done.append(None))
    assert await turned_while(lambda: done) < 10
    assert isinstance(raised[0], ZeroDivisionError)
