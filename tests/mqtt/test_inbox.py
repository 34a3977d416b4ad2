"""What came in and has not been taken: bounded, and fair."""

import asyncio
import weakref
from collections.abc import Callable

import pytest

from controller.events.models import Reason
from controller.mqtt import Connected, Disconnected, Received
from controller.mqtt.queues import LIMIT_BYTES, Inbox


def received(topic: str, payload: bytes) -> Received:
    """A message of some broker."""
    return Received("mqtt://b", topic, payload, retain=False, qos=0)


class Place:
    """A slot that can be seen to go."""


async def test_a_topic_holds_one_place() -> None:
    """The newest is taken, where the first would have been."""
    inbox = Inbox()
    assert not inbox.put(received("a", b"1"), "a")
    assert not inbox.put(received("b", b"1"), "b")
    assert inbox.put(received("a", b"2"), "a")
    assert [await inbox.take(), await inbox.take()] == [received("a", b"2"), received("b", b"1")]
    assert not inbox.put(received("a", b"3"), "a")


async def test_a_slot_for_several_holds_the_newest_in_order() -> None:
    """Parts of a state may come in a burst; a flood of them still holds only so many places."""
    inbox = Inbox()
    older = [inbox.put(received("a", b"%d" % number), "a", 3) for number in range(5)]
    inbox.put(received("b", b"0"), "b")
    assert [item.payload if isinstance(item, Received) else None for item in older] == [None, None, None, b"0", b"1"]
    assert [(await inbox.take()) for _ in range(4)] == [
        *(received("a", b"%d" % number) for number in (2, 3, 4)),
        received("b", b"0"),
    ]
    assert not inbox.put(received("a", b"5"), "a", 3)
    assert await inbox.take() == received("a", b"5")
    assert not inbox.full


async def test_nothing_is_kept_of_a_slot_for_several_once_it_is_empty() -> None:
    """Each connection has slots of its own, and there may be thousands of them in a year."""
    inbox, slots = Inbox(), [Place(), Place()]
    for slot in slots:
        for _ in range(5):
            inbox.put(received("a", b""), slot, 3)
    left = [weakref.ref(slot) for slot in slots]
    slots.clear()
    del slot
    for _ in range(6):
        await inbox.take()
    assert [place() for place in left] == [None, None]


async def test_what_has_no_slot_is_never_replaced() -> None:
    """Connections that come and go stay in order."""
    inbox = Inbox()
    told = [Connected("b", False, 1), Disconnected("b", Reason("broker_closed")), Connected("b", False, 1)]
    for item in told:
        inbox.put(item)
    assert [await inbox.take() for _ in told] == told


async def test_it_says_when_it_is_full_and_when_there_is_room() -> None:
    """It calls back once; a payload that is replaced counts no longer."""
    inbox = Inbox()
    calls: list[int] = []
    big = b"x" * (LIMIT_BYTES // 4)
    for _ in range(10):
        inbox.put(received("same", big), "same")
    assert not inbox.full
    for topic in range(4):
        inbox.put(received(str(topic), big), str(topic))
    assert inbox.full
    inbox.when_half_empty(lambda: calls.append(1))
    taken = 0
    while not calls:
        await inbox.take()
        taken += 1
    assert taken == 4
    await inbox.take()
    assert calls == [1]
    assert not inbox.full


async def test_taking_waits_and_ends_when_closed() -> None:
    """What waits at the close can still be taken."""
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    inbox.put(received("a", b""), "a")
    assert await waiting == received("a", b"")
    inbox.put(received("b", b""), "b")
    inbox.close()
    assert await inbox.take() == received("b", b"")
    with pytest.raises(StopAsyncIteration):
        await inbox.take()


async def test_a_consumer_that_never_waits_lets_the_loop_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 4: others run between its items."""
    inbox = Inbox()
    turns = 0

    def count(again: Callable[..., None]) -> None:
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(again, again)

    asyncio.get_running_loop().call_soon(count, count)
    for number in range(20_000):
        inbox.put(received(str(number), b""), number)
    for _ in range(20_000):
        await inbox.take()
    assert turns >= 3
