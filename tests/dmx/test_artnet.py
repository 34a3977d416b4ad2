"""Art-Net: packets byte by byte, and what a listener receives from the output."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.dmx import output as dmx_output
from controller.dmx.output import OutputSource
from controller.dmx.outputs import Artnet
from controller.dmx.outputs.artnet import PORT, art_dmx, port_address
from controller.events import Event
from controller.gateways.outputs import ArtnetOutput

SEQUENCE, SLOTS = 12, 18


def levels_of(given: dict[str, Any]) -> bytes:
    """The levels that a vector describes."""
    if "dmx_fill" in given:
        return bytes([given["dmx_fill"]] * given["dmx_len"])
    if "dmx_first" in given:
        return bytes(given["dmx_first"]).ljust(given["dmx_len"], b"\0")
    return bytes(given["dmx"])


@pytest.mark.parametrize(
    "name",
    ["artdmx-ref-512", "artdmx-ref-ola", "artdmx-ref-ola-odd", "artdmx-orange", "artdmx-orange-full"],
)
def test_packets_are_those_of_others(vector: Callable[[str], Any], name: str) -> None:
    """Byte by byte as the test suites of other implementations have them."""
    given, wanted = vector(name)["given"], bytes.fromhex(vector(name)["payload"])
    made = art_dmx(given["port_address"], given["sequence"], levels_of(given), given.get("physical", 0))
    assert made == wanted


def test_net_sub_net_and_universe_make_the_address(vector: Callable[[str], Any]) -> None:
    """Net 4, sub-net 2, universe 3 is 1059."""
    given = vector("artdmx-ref-ola")["given"]
    assert port_address(given["net"], given["sub_net"], given["universe"]) == given["port_address"]


@given(st.integers(0, 127), st.integers(0, 15), st.integers(0, 15))
def test_the_address_holds_each_part_apart(net: int, sub_net: int, universe: int) -> None:
    """Net alone in byte 15, sub-net and universe in the halves of byte 14."""
    made = art_dmx(port_address(net, sub_net, universe), 1, b"\0\0")
    assert (made[15], made[14] >> 4, made[14] & 15) == (net, sub_net, universe)


@given(st.binary(min_size=1, max_size=512))
def test_the_number_of_slots_is_even_and_in_the_packet(levels: bytes) -> None:
    """An odd number gets one zero behind it."""
    made = art_dmx(0, 1, levels)
    told = int.from_bytes(made[16:18], "big")
    assert told == len(made) - SLOTS
    assert told % 2 == 0
    assert made[SLOTS:].ljust(512, b"\0") == levels.ljust(512, b"\0")


async def test_levels_reach_the_node(
    listen: Callable[..., Any], source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """The universe goes out whole, to its port address, with a sequence that leaves 0 out."""
    ear = listen(PORT)
    settings = ArtnetOutput(kind="artnet", to=ear.host, net=4, sub_net=2)
    async with Artnet(settings, source, events.append) as output:
        output.send(3, b"\xff\x6a\x00")
        await soon(lambda: len(ear.heard()) >= 4)
        assert output.sent(3) == b"\xff\x6a\x00"
    assert ear.packets[0] == art_dmx(1059, 1, b"\xff\x6a\x00" + bytes(509))
    assert [heard[SEQUENCE] for heard in ear.heard()] == list(range(1, len(ear.packets) + 1))


async def test_the_sequence_begins_again_at_one(
    listen: Callable[..., Any],
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """255 is followed by 1."""
    monkeypatch.setattr(dmx_output, "FRAME_S", 0.001)
    ear, levels = listen(PORT), itertools.cycle(range(256))
    async with Artnet(ArtnetOutput(kind="artnet", to=ear.host), source, events.append) as output:
        await soon(lambda: output.send(0, bytes([next(levels)])) or len(ear.heard()) > 260)
    assert [heard[SEQUENCE] for heard in ear.heard()][253:258] == [254, 255, 1, 2, 3]


async def test_the_last_levels_are_said_twice(
    listen: Callable[..., Any], source: OutputSource, events: list[Event]
) -> None:
    """A node does not learn of the end, so one lost packet must not leave it with older levels for ever."""
    ear = listen(PORT)
    async with Artnet(ArtnetOutput(kind="artnet", to=ear.host), source, events.append) as output:
        output.send(0, b"\x01")
        while output.sent(0) is None:
            await asyncio.sleep(0)
        output.send(0, b"\x02")
    *earlier, before, last = [heard[SLOTS] for heard in ear.heard()]
    assert (set(earlier), before, last) == ({1}, 2, 2)


async def test_a_network_can_be_broadcast_to(
    listen: Callable[..., Any], source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """The directed broadcast address of the loopback network represents any."""
    ear = listen(PORT, "127.255.255.255")
    async with Artnet(ArtnetOutput(kind="artnet", to=ear.host), source, events.append) as output:
        output.send(15, b"\x07")
        await soon(ear.heard)
        assert output.problems == ()
    assert ear.packets[0][14] == 15
