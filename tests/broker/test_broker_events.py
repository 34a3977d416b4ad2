"""Repeated faults in the broker's log."""

import asyncio

import pytest

from controller.broker.server import BrokerEvents


@pytest.fixture
def emitted():
    """What came out: code and subject, or code and number for those that were counted."""
    return []


@pytest.fixture
async def emit(emitted, monkeypatch):
    """Its minute is short."""
    for place in ("broker.server.WINDOW_S", "events.rate_limit.WINDOW_S"):
        monkeypatch.setattr(f"controller.{place}", 0.05)

    def note(event):
        fields = event.fields
        emitted.append((fields["of"], fields["times"]) if "of" in fields else (event.code, fields["client"]))

    made = BrokerEvents(note)
    yield made
    made.close()


async def until(holds):
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


async def test_a_repeated_fault_is_reported_twice_and_then_by_number(emit, emitted):
    """Each client for itself."""
    for _ in range(5):
        emit("TWL-B042", "a", client="a")
    emit("TWL-B042", "b", client="b")
    assert emitted == [("TWL-B042", "a")] * 2 + [("TWL-B042", "b")]
    await until(lambda: len(emitted) > 3)
    assert emitted[3:] == [("TWL-B042", 3)]


async def test_what_begins_late_in_a_minute_is_reported_too(emit, emitted):
    """Without anything else happening."""
    emit("TWL-B042", "a", client="a")
    await asyncio.sleep(0.03)
    for _ in range(3):
        emit("TWL-B042", "b", client="b")
    await until(lambda: len(emitted) > 3)
    assert emitted[3:] == [("TWL-B042", 1)]


async def test_coming_and_going_is_always_reported(emit, emitted):
    """It is no fault."""
    for _ in range(3):
        emit("TWL-B021", "a", client="a", address="x")
    assert emitted == [("TWL-B021", "a")] * 3


async def test_the_end_reports_what_is_left(emit, emitted):
    """Nothing is swallowed by a stop."""
    for _ in range(4):
        emit("TWL-B042", "a", client="a")
    emit.close()
    assert emitted[2:] == [("TWL-B042", 2)]
