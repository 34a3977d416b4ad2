"""Streaming ACN: packets byte by byte, and what a listener receives from the output."""

import asyncio
import socket
import threading
import uuid
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.dmx import output as dmx_output
from controller.dmx.network_output import open_socket
from controller.dmx.output import OutputSource
from controller.dmx.outputs import Sacn
from controller.dmx.outputs.sacn import (
    DISCOVERY,
    PORT,
    PREVIEW,
    TERMINATED,
    Header,
    SequenceCount,
    discovery,
    group,
    packet,
)
from controller.events import Event
from controller.gateways.outputs import SacnOutput

SEQUENCE, OPTIONS, SLOTS = 111, 112, 126


@pytest.mark.parametrize(
    "name",
    [
        "e131-table-b13",
        "e131-partial-29",
        "e131-orange-rgb",
        "e131-two-rgbw",
        "e131-preview",
        "e131-terminated",
    ],
)
def test_packets_are_those_of_the_standard(vector: Callable[[str], Any], name: str) -> None:
    """Byte by byte, table B-13 of the standard among them."""
    entry = vector(name)
    given, wanted = entry["given"], bytes.fromhex(entry["payload"])
    cid = uuid.UUID(given["cid"]) if "cid" in given else uuid.UUID(bytes=wanted[22:38])
    header = Header(cid, given["source_name"], given["priority"], given.get("sync_universe", 0))
    options = PREVIEW * given.get("preview", False) | TERMINATED * given.get("terminated", False)
    assert packet(header, given["universe"], given["sequence"], bytes(given["dmx"]), options) == wanted


@settings(max_examples=30)
@given(st.text(max_size=80), st.integers(1, 63_999), st.integers(0, 255), st.binary(min_size=1, max_size=512))
def test_lengths_agree_with_the_packet(name: str, universe: int, sequence: int, levels: bytes) -> None:
    """Each layer gives the number of bytes from its own field on; the name is whole UTF-8 with a NUL behind it."""
    made = packet(Header(uuid.UUID(int=7), name), universe, sequence, levels)
    assert len(made) == 126 + len(levels)
    for offset in (16, 38, 115):
        assert int.from_bytes(made[offset : offset + 2], "big") == 0x7000 | (len(made) - offset)
    assert name.startswith(made[44:108].rstrip(b"\0").decode().rstrip("\0"))
    assert made[107] == 0
    assert made[SLOTS:] == levels


def test_the_list_of_universes_is_that_of_the_standard() -> None:
    """Table 4-3, written out; ascending, and at most 512 on a page."""
    cid = uuid.UUID("ef07c8dd-0064-4401-a3a2-459ef8e6143e")
    [page] = discovery(Header(cid, "Tower: mast"), [7, 1, 258])
    assert page == bytes.fromhex(
        "00100000 4153432d45312e3137000000 706e 00000008 ef07c8dd00644401a3a2459ef8e6143e"
        f"7058 00000002 {b'Tower: mast'.ljust(64, bytes(1)).hex()} 00000000"
        "700e 00000001 00 00 0001 0007 0102"
    )
    pages = discovery(Header(cid, "Tower"), range(1, 1025 + 1))
    assert [(page[118], page[119], (len(page) - 120) // 2) for page in pages] == [(0, 2, 512), (1, 2, 512), (2, 2, 1)]
    assert discovery(Header(cid, "Tower"), []) == ()


@pytest.mark.parametrize(
    ("universe", "address"), [(1, "239.255.0.1"), (256, "239.255.1.0"), (63_999, "239.255.249.255")]
)
def test_each_universe_has_its_group(universe: int, address: str) -> None:
    """E1.31 9.3.1."""
    assert group(universe) == address


def accepts(last: int, new: int) -> bool:
    """What a receiver does with a sequence number (E1.31 6.7.2), written as the standard writes it."""
    difference = (new - last) % 256
    signed = difference - 256 if difference >= 128 else difference
    return not -20 < signed <= 0


@given(st.integers(0, 255))
def test_a_restart_is_heard_at_once(remembered: int) -> None:
    """Whatever number a receiver remembers, it takes the first or the second packet, and all later ones."""
    sequence = SequenceCount()
    last, taken = remembered, []
    for number in (sequence.take() for _ in range(300)):
        taken.append(accepts(last, number))
        last = number if taken[-1] else last
    assert taken[0] or taken[1]
    assert all(taken[1:])


def test_sequences_begin_anywhere() -> None:
    """Two starts of the same source rarely look alike."""
    assert len({SequenceCount().take() for _ in range(200)}) > 20


def test_the_identifier_outlives_restarts_and_differs_between_gateways() -> None:
    """Same site and gateway, same CID, in every release; any other, another."""
    assert OutputSource("a", "b").cid == OutputSource("a", "b").cid == uuid.UUID("175e8940-4295-5283-b31b-bc65b4554520")
    assert len({OutputSource(site, name).cid for site in "ab" for name in "ab"}) == 4


async def test_levels_reach_the_host(
    listen: Callable[..., Any], source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """The universe goes out whole, under the source's name, priority and CID, with numbers that count."""
    ear = listen(PORT)
    async with Sacn(SacnOutput(kind="sacn", to=ear.host, priority=90), source, events.append) as output:
        output.send(300, b"\xff\x6a\x00")
        await soon(lambda: len(ear.heard()) >= 4)
        assert output.sent(300) == b"\xff\x6a\x00"
        assert output.problems == ()
    first = ear.packets[0]
    assert first[SLOTS:] == b"\xff\x6a\x00" + bytes(509)
    header = Header(source.cid, "Alvesta vattentorn: mast", 90)
    assert first == packet(header, 300, first[SEQUENCE], first[SLOTS:])
    numbers = [heard[SEQUENCE] for heard in ear.heard()[1:]]
    assert all((after - before) % 256 == 1 for before, after in pairwise(numbers))
    assert events == []


async def test_a_change_does_not_wait_for_the_keep_alive(
    listen: Callable[..., Any],
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After the repeats the next packet would be an hour away."""
    monkeypatch.setattr(dmx_output, "KEEP_ALIVE_S", 3600.0)
    ear = listen(PORT)
    async with Sacn(SacnOutput(kind="sacn", to=ear.host), source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: len(ear.heard()) >= 4)
        output.send(1, b"\x02")
        await soon(lambda: ear.heard()[-1][SLOTS] == 2)


def test_multicast_passes_routers() -> None:
    """The kernel's default of one hop would end at the first."""
    with open_socket(None) as sock:
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) > 1


async def test_an_orderly_end_says_the_last_levels_and_terminates(
    listen: Callable[..., Any], source: OutputSource, events: list[Event]
) -> None:
    """Levels that still wait go out, and after them three packets with Stream_Terminated per universe."""
    ear = listen(PORT)
    async with Sacn(SacnOutput(kind="sacn", to=ear.host), source, events.append) as output:
        output.send(1, b"\x01")
        output.send(2, b"\x01")
        while output.sent(2) is None:
            await asyncio.sleep(0)
        output.send(1, b"\x02")
    mine = [(heard[OPTIONS], heard[SLOTS]) for heard in ear.heard() if heard[114] == 1]
    assert set(mine[:-4]) == {(0, 1)}
    assert mine[-4:] == [(0, 2)] + [(TERMINATED, 2)] * 3
    assert [heard[OPTIONS] for heard in ear.packets if heard[114] == 2][-3:] == [TERMINATED] * 3


async def test_being_cancelled_is_an_orderly_end(
    listen: Callable[..., Any], source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """SIGTERM reaches the process as a cancellation."""
    ear = listen(PORT)

    async def process() -> None:
        async with Sacn(SacnOutput(kind="sacn", to=ear.host), source, events.append) as output:
            output.send(1, b"\x01")
            await asyncio.sleep(60)

    task = asyncio.create_task(process())
    await soon(ear.heard)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [heard[OPTIONS] for heard in ear.heard()][-3:] == [TERMINATED] * 3


async def test_a_crash_terminates_nothing(
    listen: Callable[..., Any], source: OutputSource, events: list[Event]
) -> None:
    """Receivers find out by themselves after 2.5 s; the error of the crash passes as it is."""
    ear = listen(PORT)

    async def crash() -> None:
        async with Sacn(SacnOutput(kind="sacn", to=ear.host), source, events.append) as output:
            output.send(1, b"\x01")
            while output.sent(1) is None:
                await asyncio.sleep(0)
            raise RuntimeError("a bug elsewhere")

    with pytest.raises(RuntimeError, match="a bug elsewhere"):
        await crash()
    assert ear.heard()
    assert not any(heard[OPTIONS] & TERMINATED for heard in ear.packets)


async def test_a_bug_in_the_output_ends_it_loudly(source: OutputSource, events: list[Event]) -> None:
    """Better a process that is started again than one that is alive and sends nothing."""

    class Buggy(Sacn):
        def _transmit(self, *_: object) -> bool:
            raise ZeroDivisionError

    async def process() -> None:
        async with Buggy(SacnOutput(kind="sacn", to="127.0.0.9"), source, events.append) as output:
            output.send(1, b"\x01")
            await asyncio.sleep(60)

    with pytest.raises(ExceptionGroup) as caught:
        await process()
    assert caught.value.subgroup(ZeroDivisionError)


async def test_every_host_of_a_list_is_sent_to(
    listen: Callable[..., Any], source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """Each receives the same packets."""
    ears = [listen(PORT) for _ in range(3)]
    wanted = SacnOutput(kind="sacn", to=tuple(ear.host for ear in ears))
    async with Sacn(wanted, source, events.append) as output:
        output.send(1, b"\x01\x02")
        await soon(lambda: all(len(ear.heard()) >= 4 for ear in ears))
    assert ears[0].heard() == ears[1].heard() == ears[2].heard()


async def test_an_unreachable_host_stops_nobody_else(
    listen: Callable[..., Any], source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """The kernel refuses to send from 127.0.0.1 to the outside; the next in the list is served still."""
    ear = listen(PORT)
    wanted = SacnOutput(kind="sacn", to=("192.0.2.77", ear.host), interface="127.0.0.1")
    async with Sacn(wanted, source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: len(ear.heard()) >= 4)
        output.send(1, b"\x02")
        await soon(lambda: ear.heard()[-1][SLOTS] == 2)
        assert output.problems == ("TWL-X101",)
        assert output.sent(1) is None
    assert [event.code for event in events] == ["TWL-X101"]
    assert events[0].fields["to"] == "192.0.2.77"


@pytest.mark.parametrize("interface", ["lo", "127.0.0.1"])
async def test_multicast_goes_to_the_group_of_the_universe(
    listen: Callable[..., Any],
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
    interface: str,
) -> None:
    """By the chosen interface, named or by its address; our own host receives it too."""
    ear = listen(PORT, group(777))
    ear.join(group(777), "127.0.0.1")
    wanted = SacnOutput(kind="sacn", to="multicast", interface=interface)
    async with Sacn(wanted, source, events.append) as output:
        output.send(777, b"\x05")
        output.send(778, b"\x06")
        await soon(lambda: len(ear.heard()) >= 4)
    assert {(heard[113] << 8 | heard[114], heard[SLOTS]) for heard in ear.heard()} == {(777, 5)}


async def test_a_multicast_source_lists_its_universes(
    listen: Callable[..., Any], source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """For the tool of a technician; hosts that are sent to by their address receive none of it."""
    ear, host = listen(PORT, group(DISCOVERY)), listen(PORT)
    ear.join("239.255.250.214", "127.0.0.1")
    wanted = SacnOutput(kind="sacn", to=("multicast", host.host), interface="127.0.0.1")
    async with Sacn(wanted, source, events.append) as output:
        output.send(8, b"\x01")
        output.send(3, b"\x01")
        await soon(ear.heard)
        await soon(host.heard)
    assert {heard[120:] for heard in ear.heard()} == {b"\0\x03\0\x08"}
    assert {heard[21] for heard in host.heard()} == {4}


async def test_an_interface_that_is_missing_is_a_problem_and_no_crash(
    source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """It may be plugged in later."""
    wanted = SacnOutput(kind="sacn", to="multicast", interface="nocard0")
    async with Sacn(wanted, source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: output.problems == ("TWL-X101",))
        assert output.sent(1) is None


async def test_a_name_is_looked_up_until_it_is_known(
    listen: Callable[..., Any],
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name server that starts later than we do is no reason to stay dark."""
    ear = listen(PORT)
    known = False

    def name_server(host: str, *_: object) -> list[Any]:
        if host == "node" and known:
            return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", (ear.host, 0))]
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", name_server)
    async with Sacn(SacnOutput(kind="sacn", to="node"), source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: output.problems == ("TWL-X102",))
        assert output.sent(1) is None
        known = True
        await soon(lambda: output.sent(1) == b"\x01")
    assert events[0].code == "TWL-X102"


async def test_a_name_server_that_hangs_holds_nobody_up(
    listen: Callable[..., Any],
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither the other hosts, nor the loop, nor the end."""
    ear, answer = listen(PORT), threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: answer.wait(30))
    wanted = SacnOutput(kind="sacn", to=("node", ear.host))
    try:
        async with asyncio.timeout(5):
            async with Sacn(wanted, source, events.append) as output:
                output.send(1, b"\x01")
                await soon(lambda: len(ear.heard()) >= 4)
    finally:
        answer.set()
