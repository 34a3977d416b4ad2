"""The network goes and comes back: the output says so, and the light is right again without a restart."""

import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from controller.dmx import Artnet, Sacn
from controller.dmx.output import Source
from controller.dmx.sacn import PORT, group
from controller.events import Event
from controller.gateways.outputs import ArtnetOutput, SacnOutput


@pytest.fixture(autouse=True)
def _inside(network: Any) -> Iterator[None]:
    """Each test is inside the network of its own."""
    if network is None:
        pytest.skip("needs a network namespace: run as root")
    with network.inside():
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


@pytest.mark.parametrize("interface", ["tower0", "10.254.0.1", None])
async def test_a_card_that_is_taken_out_and_put_back(
    network: Any, source: Source, events: list[Event], soon: Callable[..., Awaitable[None]], interface: str | None
) -> None:
    """To the kernel it is another card; the output finds it by name, by address and by route."""
    settings = SacnOutput(kind="sacn", to=("multicast",), interface=interface)
    async with Sacn(settings, source, events.append) as output:
        with hears(1) as ear:
            output.send(1, b"\x01")
            await soon(lambda: newest(ear) == 1)
            network.run("ip link del tower0")
            output.send(1, b"\x02")
            await soon(lambda: output.problems == ("TWL-X101",))
            assert output.sent(1) is None
            network.run(f"{network.CARD} && {network.UP}")
        with hears(1) as ear:
            await soon(lambda: newest(ear) == 2)
        assert output.sent(1) == b"\x02"
        await soon(lambda: output.problems == ())
    assert [event.code for event in events] == ["TWL-X101", "TWL-X103"]


async def test_a_card_that_is_down_for_a_while(
    network: Any, source: Source, events: list[Event], soon: Callable[..., Awaitable[None]]
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
        await soon(lambda: output.problems == ())
    assert [event.code for event in events] == ["TWL-X101", "TWL-X103"]


async def test_a_network_that_is_not_there_at_the_start(
    network: Any, source: Source, events: list[Event], soon: Callable[..., Awaitable[None]]
) -> None:
    """The gateway is up before its switch."""
    network.run("ip link set tower0 down")
    async with Sacn(SacnOutput(kind="sacn", to=("multicast",)), source, events.append) as output:
        output.send(1, b"\x01")
        await soon(lambda: output.problems == ("TWL-X101",))
        network.run(network.UP)
        await soon(lambda: output.sent(1) == b"\x01")
