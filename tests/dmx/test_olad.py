"""What a real receiver makes of the outputs: olad takes sACN and Art-Net and is read over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from controller.dmx.output import MAX_HZ, OutputSource
from controller.dmx.outputs import Artnet, Sacn
from controller.events import Event
from controller.gateways.outputs import ArtnetOutput, SacnOutput
from tests.parts import needs

pytestmark = [pytest.mark.real, needs("olad")]

ORANGE, BLUE = b"\xff\x6a\x00\x00" * 3, b"\x00\x20\xff\x00" * 3


def sacn(source: OutputSource, events: list[Event], **settings: Any) -> Sacn:
    """An output to the receiver."""
    return Sacn(SacnOutput(kind="sacn", **{"to": ("127.0.0.1",), **settings}), source, events.append)


async def test_sacn_is_received_whole(olad: Any, source: OutputSource, events: list[Event]) -> None:
    """All 512 slots of each universe, and every change."""
    async with sacn(source, events) as output:
        for universe in (1, 2, 3, 4):
            output.send(universe, bytes([universe]) + ORANGE)
        for universe in (1, 2, 3, 4):
            assert await olad.shows(universe, (bytes([universe]) + ORANGE).ljust(512, b"\0"))
        output.send(1, BLUE)
        assert await olad.shows(1, BLUE.ljust(512, b"\0"))
    assert events == []


async def test_a_fade_arrives_in_order_and_whole(olad: Any, source: OutputSource, events: list[Event]) -> None:
    """A second of frames as fast as DMX carries them: what is read never falls and ends at the goal."""
    read = []
    async with sacn(source, events) as output:
        for step in range(44):
            output.send(2, bytes([step * 255 // 43]))
            await asyncio.sleep(1 / MAX_HZ)
            if step >= 5 and step % 4 == 0:
                read.append((await asyncio.to_thread(olad.levels, 2))[0])
        assert await olad.shows(2, b"\xff")
    assert read == sorted(read)
    assert len(set(read)) > 5


async def test_a_steady_look_is_never_lost(olad: Any, source: OutputSource, events: list[Event]) -> None:
    """Longer than the 2.5 s after which a source counts as lost, a lower priority does not get in."""
    async with sacn(source, events, priority=150) as tower, sacn(OutputSource("x", "y"), events) as desk:
        tower.send(3, ORANGE)
        desk.send(3, BLUE)
        assert await olad.shows(3, ORANGE)
        for _ in range(28):
            await asyncio.sleep(0.1)
            assert (await asyncio.to_thread(olad.levels, 3)).startswith(ORANGE)


async def test_the_higher_priority_wins_until_it_says_farewell(
    olad: Any, source: OutputSource, events: list[Event]
) -> None:
    """A desk at 150 takes over from the tower at 90, and gives the universe back at once when it ends."""
    async with sacn(source, events, priority=90) as tower:
        tower.send(4, ORANGE)
        assert await olad.shows(4, ORANGE)
        async with sacn(OutputSource("x", "desk"), events, priority=150) as desk:
            desk.send(4, BLUE)
            assert await olad.shows(4, BLUE)
        assert await olad.shows(4, ORANGE, within_s=2.0)


async def test_a_crash_and_restart_is_heard_at_once(olad: Any, source: OutputSource, events: list[Event]) -> None:
    """Same CID, no farewell, sequence from its beginning: every time the new levels are taken well before 2.5 s."""

    async def crash(level: int) -> None:
        async with sacn(source, events) as output:
            output.send(1, bytes([level]))
            assert await olad.shows(1, bytes([level]), within_s=2.0)
            raise InterruptedError

    for level in range(1, 41):
        with pytest.raises(InterruptedError):
            await crash(level)


async def test_a_new_start_after_a_farewell_is_heard_at_once(
    olad: Any, source: OutputSource, events: list[Event]
) -> None:
    """The same source ends in good order and begins again."""
    for level in (7, 8, 9):
        async with sacn(source, events) as output:
            output.send(2, bytes([level]))
            assert await olad.shows(2, bytes([level]), within_s=2.0)


async def test_multicast_is_received(
    olad: Any, own_network: Any, source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """By the card's name."""
    async with sacn(source, events, to=("multicast",), interface="tower0") as output:
        output.send(2, BLUE)
        assert await olad.shows(2, BLUE)


async def test_art_net_is_received(olad: Any, source: OutputSource, events: list[Event]) -> None:
    """Every change, on both universes, and again after a restart that begins its sequence again."""
    settings = ArtnetOutput(kind="artnet", to="127.0.0.1")
    for restart in range(3):
        async with Artnet(settings, source, events.append) as output:
            output.send(11, bytes([restart]) + ORANGE)
            output.send(12, bytes([restart]) + BLUE)
            assert await olad.shows(11, (bytes([restart]) + ORANGE).ljust(512, b"\0"))
            assert await olad.shows(12, bytes([restart]) + BLUE)
            for step in range(20):
                output.send(11, bytes([100 + step]))
                await asyncio.sleep(0.01)
            assert await olad.shows(11, bytes([119]))
    assert events == []
