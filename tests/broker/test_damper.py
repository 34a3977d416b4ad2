"""Repeated faults in the log."""

import asyncio

import pytest

from controller.broker.damper import Damper


@pytest.fixture
def told():
    """What came out: (code, client, count)."""
    return []


@pytest.fixture
async def damper(told, monkeypatch):
    """A damper whose minute is short."""
    monkeypatch.setattr("controller.broker.damper.QUIET_S", 0.05)
    made = Damper(lambda event: told.append((event.code, event.fields["client"], event.fields.get("count"))))
    yield made
    made.close()


async def test_a_repeated_fault_is_told_once_and_then_by_number(damper, told):
    """Each client for itself, and again at once after a quiet while."""
    for _ in range(5):
        damper("TWL-B042", "a", client="a")
    damper("TWL-B042", "b", client="b")
    assert told == [("TWL-B042", "a", 1), ("TWL-B042", "b", 1)]
    await asyncio.sleep(0.08)
    assert told[2:] == [("TWL-B042", "a", 4)]
    await asyncio.sleep(0.08)
    damper("TWL-B042", "a", client="a")
    assert told[3:] == [("TWL-B042", "a", 1)]


async def test_what_has_no_count_is_always_told(damper, told):
    """Coming and going."""
    for _ in range(3):
        damper("TWL-B021", "a", client="a", address="x")
    assert told == [("TWL-B021", "a", None)] * 3


async def test_the_end_tells_what_is_left(damper, told):
    """Nothing is swallowed by a stop."""
    for _ in range(3):
        damper("TWL-B042", "a", client="a")
    damper.close()
    assert told == [("TWL-B042", "a", 1), ("TWL-B042", "a", 2)]


async def test_many_names_cannot_fill_the_memory(damper, told):
    """Beyond a thousand they are told as one."""
    for number in range(2000):
        damper("TWL-B042", str(number), client=str(number))
    assert len(told) == 1001
    damper.close()
    assert told[-1] == ("TWL-B042", "1999", 999)
