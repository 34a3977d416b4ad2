"""Bytes of any kind against a live broker: connections may end, the broker may not."""

import asyncio
from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.broker.server import Broker

HELLO = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01c"
SOUND = [
    HELLO,
    b"\x10\x1a\0\x04MQTT\x04\xee\0\x3c\0\x01d\0\x01w\0\x01x\0\x01u\0\x01p",
    b"\x30\x04\0\x01qx",
    b"\x33\x06\0\x01q\0\x05x",
    b"\x35\x06\0\x01q\0\x06x",
    b"\x31\x03\0\x01q",
    b"\x40\x02\0\x01",
    b"\x50\x02\0\x01",
    b"\x62\x02\0\x06",
    b"\x70\x02\0\x01",
    b"\x82\x0a\0\x07\0\x01#\x02\0\x01q\x01",
    b"\xa2\x05\0\x08\0\x01#",
    b"\xc0\0",
    b"\xe0\0",
]


@st.composite
def almost_sound(draw: st.DrawFn) -> bytes:
    """A packet with a few bytes changed, taken out or put in."""
    packet = bytearray(draw(st.sampled_from(SOUND)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, max(0, len(packet) - 1)))
        match draw(st.sampled_from(["change", "drop", "insert"])):
            case "change" if packet:
                packet[place] = draw(st.integers(0, 255))
            case "drop":
                del packet[place : place + 1]
            case _:
                packet.insert(place, draw(st.integers(0, 255)))
    return bytes(packet)


async def talk(chunks: list[bytes]) -> tuple[list[object], bytes]:
    """Sends a CONNECT and the chunks on one connection; what went wrong inside, and what a sound client gets after."""
    wrong: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: wrong.append(context))
    async with Broker(port=0, on_event=lambda event: event.text("sv")) as broker:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        for chunk in chunks:
            writer.write(chunk)
            await asyncio.sleep(0)
        with suppress(OSError):
            writer.write_eof()
            async with asyncio.timeout(5):
                await reader.read()
        writer.transport.abort()
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        writer.write(HELLO.replace(b"\x01c", b"\x01z") + b"\xc0\0")
        with suppress(asyncio.IncompleteReadError):
            answer = await reader.readexactly(6)
        writer.close()
        await writer.wait_closed()
    return wrong, answer


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(almost_sound() | st.binary(max_size=20), max_size=8), st.booleans())
def test_whatever_a_client_sends_the_others_are_served(chunks, polite):
    """No exception leaves the broker, and the next client is answered."""
    wrong, answer = asyncio.run(talk([HELLO, *chunks] if polite else chunks))
    assert wrong == []
    assert answer == b"\x20\x02\0\0\xd0\0"
