"""Another source on our universe: reported when it outranks us, and when it is gone."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.dmx.output import OutputSource
from controller.dmx.outputs import Sacn
from controller.dmx.outputs.sacn import (
    LOSS_S,
    MOST_SOURCES,
    PORT,
    PREVIEW,
    TERMINATED,
    Header,
    SourceMonitor,
    SourcePacket,
    packet,
    parse,
)
from controller.events import Event
from controller.gateways.outputs import SacnOutput

DESK = Header(uuid.UUID(int=1), "Bordet", 150)


@pytest.fixture
def rivals(source: OutputSource, events: list[Event]) -> SourceMonitor:
    """Ours is priority 100."""
    return SourceMonitor(source, 100, events.append)


def codes(events: list[Event]) -> list[str]:
    """The codes in order."""
    return [event.code for event in events]


def test_a_packet_is_read_as_it_was_made() -> None:
    """The fields that matter, of the packet that the sender makes."""
    made = packet(Header(uuid.UUID(int=9), "Ljusbord", 200), 63_999, 7, b"\1\2\3", TERMINATED | PREVIEW)
    assert parse(made) == SourcePacket(uuid.UUID(int=9).bytes, "Ljusbord", 200, 63_999, preview=True, terminated=True)


@given(st.binary(max_size=200), st.integers(0, 130), st.binary(max_size=20))
def test_no_bytes_break_the_reader(noise: bytes, at: int, spoilt: bytes) -> None:
    """Noise, packets cut short, packets with a wound."""
    made = packet(DESK, 1, 0, b"\1\2\3")
    for data in (noise, made[:at], made[:at] + spoilt + made[at + len(spoilt) :]):
        parse(data)


def test_a_higher_priority_is_reported_once_and_shown(rivals: SourceMonitor, events: list[Event]) -> None:
    """While it sends, and until it falls silent."""
    for tenth in range(100):
        rivals.receive(1, packet(DESK, 1, tenth, b"\1"), tenth / 10)
        rivals.expire(tenth / 10)
    assert codes(events) == ["TWL-X131"]
    assert events[0].fields == {
        "gateway": "mast",
        "universe": 1,
        "source": "Bordet",
        "priority": 150,
        "ours": 100,
    }
    assert rivals.problems == ("TWL-X131",)
    rivals.expire(9.9 + LOSS_S)
    assert rivals.problems == ("TWL-X131",)
    rivals.expire(10 + LOSS_S)
    assert codes(events) == ["TWL-X131", "TWL-X132"]
    assert rivals.problems == ()


def test_a_farewell_counts_at_once(rivals: SourceMonitor, events: list[Event]) -> None:
    """All three packets of it are one end."""
    rivals.receive(1, packet(DESK, 1, 0, b"\1"), 0)
    for number in (1, 2, 3):
        rivals.receive(1, packet(DESK, 1, number, b"\1", TERMINATED), 0.1)
    assert codes(events) == ["TWL-X131", "TWL-X132"]


def test_two_rivals_are_gone_when_both_are(rivals: SourceMonitor, events: list[Event]) -> None:
    """The universe is ours again only then."""
    second = Header(uuid.UUID(int=2), "Reserv", 120)
    rivals.receive(1, packet(DESK, 1, 0, b"\1"), 0)
    rivals.receive(1, packet(second, 1, 0, b"\1"), 0)
    rivals.receive(1, packet(DESK, 1, 1, b"\1", TERMINATED), 0.1)
    assert codes(events) == ["TWL-X131"]
    rivals.receive(1, packet(second, 1, 1, b"\1", TERMINATED), 0.2)
    assert codes(events) == ["TWL-X131", "TWL-X132"]


def test_a_source_of_the_same_priority_is_reported_as_one_beside_us(rivals: SourceMonitor, events: list[Event]) -> None:
    """Receivers mix it with ours or choose, and every desk begins with the same 100; above us it is reported again."""
    beside = Header(DESK.cid, "Bordet", 100)
    for second in range(3):
        rivals.receive(1, packet(beside, 1, second, b"\1"), second)
    assert rivals.problems == ("TWL-X133",)
    rivals.receive(1, packet(DESK, 1, 3, b"\1"), 3)
    assert rivals.problems == ("TWL-X131",)
    rivals.receive(1, packet(beside, 1, 4, b"\1"), 4)
    rivals.expire(4.1 + LOSS_S)
    assert codes(events) == ["TWL-X133", "TWL-X131", "TWL-X133", "TWL-X132"]
    assert rivals.problems == ()


def test_a_flood_of_sources_is_forgotten_but_for_the_strongest(rivals: SourceMonitor, events: list[Event]) -> None:
    """Whoever makes up a source for each packet fills no memory, and hides no desk that is above us: once the latest
    have said that they end, none of the earlier ones is known any more."""
    rivals.receive(1, packet(DESK, 1, 0, b"\1"), 0)
    for number in range(2, 3 * MOST_SOURCES):
        rivals.receive(1, packet(Header(uuid.UUID(int=number), "flood", 100), 1, 0, b"\1"), 0)
    assert (codes(events), rivals.problems) == (["TWL-X131"], ("TWL-X131",))
    rivals.receive(1, packet(DESK, 1, 1, b"\1", TERMINATED), 0)
    for number in range(3 * MOST_SOURCES - 1, 2 * MOST_SOURCES, -1):
        assert rivals.problems == ("TWL-X133",)
        rivals.receive(1, packet(Header(uuid.UUID(int=number), "flood", 100), 1, 1, b"\1", TERMINATED), 0)
    assert rivals.problems == ()


def test_a_rival_that_lowers_its_priority_is_none(rivals: SourceMonitor, events: list[Event]) -> None:
    """As a desk that is set to standby."""
    rivals.receive(1, packet(DESK, 1, 0, b"\1"), 0)
    rivals.receive(1, packet(Header(DESK.cid, "Bordet", 50), 1, 1, b"\1"), 0.1)
    assert codes(events) == ["TWL-X131", "TWL-X132"]


@pytest.mark.parametrize(
    "data",
    [
        packet(Header(uuid.UUID(int=1), "lower", 20), 1, 0, b"\1"),
        packet(Header(uuid.UUID(int=1), "no such priority", 201), 1, 0, b"\1"),
        packet(DESK, 1, 0, b"\1", PREVIEW),
        packet(DESK, 2, 0, b"\1"),
        packet(Header(OutputSource("Alvesta vattentorn", "mast").cid, "we", 200), 1, 0, b"\1"),
        b"",
    ],
)
def test_who_is_no_rival(rivals: SourceMonitor, events: list[Event], data: bytes) -> None:
    """Not higher, a preview, another universe's packet, ourselves, noise."""
    rivals.receive(1, data, 0)
    assert (events, rivals.problems) == ([], ())


async def test_a_desk_on_the_network_is_noticed(
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Heard over multicast; we go on sending beneath it; when it is switched off the universe is ours again."""
    monkeypatch.setattr("controller.dmx.outputs.sacn.LOSS_S", LOSS_S / 2)
    settings = SacnOutput(kind="sacn", to=("multicast",), interface="127.0.0.1")
    above = SacnOutput(kind="sacn", to=("multicast",), interface="127.0.0.1", priority=150)
    async with Sacn(settings, source, events.append) as tower:
        tower.send(4_001, b"\x01")
        await soon(lambda: tower.sent(4_001))
        with suppress(InterruptedError):
            async with Sacn(above, OutputSource("x", "desk"), print) as desk:
                desk.send(4_001, b"\x02")
                await soon(lambda: tower.problems == ("TWL-X131",))
                assert tower.sent(4_001) == b"\x01"
                assert desk.problems == ()
                raise InterruptedError
        await soon(lambda: tower.problems == ())
    assert codes(events) == ["TWL-X131", "TWL-X132"]
    assert events[0].fields["source"] == "x: desk"


async def test_overhearing_takes_nothing_from_a_receiver_on_the_same_host(
    listen: Callable[..., Any], source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """A receiver bound to every address still gets what is sent to it alone."""
    receiver = listen(PORT, "0.0.0.0")
    overhears = SacnOutput(kind="sacn", to=("multicast",), interface="127.0.0.1")
    async with Sacn(overhears, source, events.append) as tower:
        tower.send(4_002, b"\x01")
        await asyncio.sleep(1.2)  # by now the ears are open
        async with Sacn(SacnOutput(kind="sacn", to=("127.0.0.1",)), OutputSource("x", "desk"), print) as desk:
            desk.send(4_002, b"\x02")
            await soon(lambda: any(heard[126] == 2 for heard in receiver.heard()))
