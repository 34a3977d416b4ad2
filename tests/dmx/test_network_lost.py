"""The network goes and comes back: the output reports both, and the light is right again without a restart."""

import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from controller.dmx import network_output
from controller.dmx import output as dmx_output
from controller.dmx.output import OutputSource
from controller.dmx.outputs import Artnet, Sacn
from controller.dmx.outputs.sacn import PORT, group
from controller.events import Event
from controller.events.models import Reason
from controller.gateways.outputs import ArtnetOutput, SacnOutput

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def _inside(own_network: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test is inside the network of its own, and mends in a quarter of the time."""
    for module, name in ((network_output, "MEND_S"), (dmx_output, "SETTLE_S")):
        monkeypatch.setattr(module, name, getattr(module, name) / 4)
    with own_network.inside():
        yield


def hears(universe: int) -> socket.socket:
    """A receiver of a multicast group on every card that there is now."""
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.bind((group(universe), PORT))
    both = socket.inet_aton(group(universe)) + socket.inet_aton("10.254.0.1")
    ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, both)
    ear.setblocking(False)
    return ear


def newest(ear: socket.socket) -> int | None:
    """The first level of the last packet that came; None where none did."""
    level = None
    while True:
        try:
            level = ear.recv(2_000)[126]
        except BlockingIOError:
            return level


async def test_a_card_that_is_taken_out_and_put_back(
    network: Any, source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """To the kernel it is another card; it is found again by its name, by its address and by the routes."""
    cards = {1: "tower0", 2: "10.254.0.1", 3: None}
    async with AsyncExitStack() as stack:
        outputs = {
            universe: await stack.enter_async_context(
                Sacn(SacnOutput(kind="sacn", to=("multicast",), interface=card), source, events.append)
            )
            for universe, card in cards.items()
        }
        ears = {universe: stack.enter_context(hears(universe)) for universe in cards}
        for universe, output in outputs.items():
            output.send(universe, b"\x01")
            await soon(lambda ear=ears[universe]: newest(ear) == 1)
        network.run("ip link del tower0")
        for universe, output in outputs.items():
            output.send(universe, b"\x02")
        for universe, output in outputs.items():
            await soon(lambda output=output: output.problems == ("TWL-X101",))
            assert output.sent(universe) is None
        network.run(f"{network.CARD} && {network.UP}")
        ears = {universe: stack.enter_context(hears(universe)) for universe in cards}
        for universe, output in outputs.items():
            await soon(lambda ear=ears[universe]: newest(ear) == 2)
            assert output.sent(universe) == b"\x02"
        for output in outputs.values():
            await soon(lambda output=output: output.problems == ())
    assert [event.code for event in events] == ["TWL-X101"] * 3 + ["TWL-X103"] * 3


async def test_a_card_that_is_down_for_a_while(
    network: Any, source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """Art-Net to a host on the card's network."""
    network.run("ip neigh replace 10.254.0.7 lladdr 02:00:00:00:00:07 dev tower0")
    async with Artnet(ArtnetOutput(kind="artnet", to="10.254.0.7"), source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: output.sent(1) == b"\x01")
        network.run("ip link set tower0 down")
        await soon(lambda: output.problems == ("TWL-X101",))
        assert output.sent(1) is None
        network.run(network.UP)
        await soon(lambda: output.sent(1) == b"\x01")
    assert [event.code for event in events] == ["TWL-X101"]


@pytest.mark.parametrize(("card", "problems"), [("tower0", ()), (None, ("TWL-X101",))])
async def test_a_host_is_reached_by_the_card_that_is_named(
    card: str | None,
    problems: tuple[str, ...],
    source: OutputSource,
    events: list[Event],
    soon: Callable[..., Awaitable[None]],
) -> None:
    """Even one to which no route leads, as on a network of lights that has no router."""
    async with Sacn(SacnOutput(kind="sacn", to=("192.0.2.7",), interface=card), source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: output.sent(1) == (None if problems else b"\x01") and output.problems == problems)


async def test_a_network_that_is_not_there_at_the_start(
    network: Any, source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """The gateway is up before its switch."""
    network.run("ip link set tower0 down")
    async with Sacn(SacnOutput(kind="sacn", to=("multicast",)), source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: output.problems == ("TWL-X101",))
        network.run(network.UP)
        await soon(lambda: output.sent(1) == b"\x01")


@pytest.mark.parametrize("to", ["127.0.0.1", "10.254.0.9"])
async def test_a_node_that_is_off_or_does_not_listen(
    to: str, source: OutputSource, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """The network answers for it; to the kernel each datagram went out."""
    async with Artnet(ArtnetOutput(kind="artnet", to=to), source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: output.problems == ("TWL-X101",))
        assert events[0].fields["error"] == Reason("ECONNREFUSED" if to == "127.0.0.1" else "EHOSTUNREACH")
        if to == "127.0.0.1":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as node:
                node.bind((to, 6454))
                await soon(lambda: output.problems == ())
                assert events[-1].code == "TWL-X103"
