"""Connections to the page are bounded in number and time: the light needs file descriptors too."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from controller.config.load import Setup
from controller.config.web_keys import Web
from controller.web import page_server
from controller.web.app import create_app
from controller.web.page_server import serving
from controller.web.running_service import RunningService
from controller.web.visit import asset
from tests.parts import free_port
from tests.web.conftest import SetClock
from tests.web.turned import snapshot_of

pytestmark = pytest.mark.real

HOST = b"Host: 127.0.0.1\r\n"
WHOLE = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
FORM = b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture
async def port(
    service: RunningService, setup: Setup, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[int]:
    """Of a page that waits less than usual."""
    monkeypatch.setattr(page_server, "REQUEST_S", 1.0)
    monkeypatch.setattr(page_server, "READ_S", 1.0)
    monkeypatch.setattr(page_server, "MOST_CONNECTIONS", 20)
    port = free_port()
    server = serving(create_app, service, Web(listen=f"127.0.0.1:{port}"))
    service.publish(snapshot_of(setup, clock.read()), is_new=True)
    yield port
    await asyncio.to_thread(server.stop)


async def dripped(port: int, first: bytes, drop: bytes) -> None:
    """Sends something, and then a drop ever again, until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    ended = asyncio.create_task(reader.read())
    try:
        async with asyncio.timeout(10):
            while not ended.done():
                with contextlib.suppress(ConnectionError):
                    writer.write(drop)
                    await writer.drain()
                await asyncio.sleep(0.05)
    finally:
        writer.close()
        await asyncio.gather(ended, return_exceptions=True)


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b""),
        (b"", b"\r\n"),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n"),
        (FORM + b"Content-Length: 60000\r\n\r\n", b"a"),
        (FORM + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"POST /nowhere HTTP/1.1\r\n" + HOST + b"Content-Length: 100000000\r\n\r\n", b"a"),
        (WHOLE, b"G"),
        (WHOLE + b"GET / HT", b""),
    ],
)
async def test_a_request_that_does_not_come_ends_the_connection(port: int, first: bytes, drop: bytes) -> None:
    """However it is dragged out."""
    await dripped(port, first, drop)


async def test_a_request_may_follow_another_after_a_while(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has as long as the first."""
    monkeypatch.setattr(page_server, "REQUEST_S", 3.0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(WHOLE)
    assert await reader.readuntil(b"ok\n")
    await asyncio.sleep(1.8)
    writer.write(WHOLE[:5])
    await asyncio.sleep(1.8)
    writer.write(WHOLE[5:])
    assert await reader.readuntil(b"ok\n")
    writer.close()


async def test_whoever_does_not_read_is_let_go(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer waits for nobody for ever: there is room for somebody else."""
    monkeypatch.setattr(page_server, "MOST_CONNECTIONS", 1)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", port))
        deaf.sendall((b"GET %s HTTP/1.1\r\n" % asset("page.css").encode() + HOST + b"\r\n") * 400)
        assert not await answered(port)
        async with asyncio.timeout(20):
            while not await answered(port):
                await asyncio.sleep(0.1)


async def answered(port: int) -> bool:
    """Whether there is room for one more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(WHOLE)
    try:
        return (await reader.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200")
    except (ConnectionError, asyncio.IncompleteReadError):
        return False
    finally:
        writer.close()


async def test_more_connections_than_there_may_be_are_closed(port: int) -> None:
    """Those who were there first are answered, and those who come when they have gone."""
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    held[0][1].write(WHOLE)
    assert await held[0][0].readuntil(b"ok\n")
    for _, each in held:
        each.close()
    async with asyncio.timeout(20):
        while not await answered(port):
            await asyncio.sleep(0.02)


async def test_each_answer_bears_its_own_date(port: int) -> None:
    """Though nothing in the page's thread wakes up while nobody asks."""
    dates = []
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        before = datetime.now(UTC)  # noqa: TID251 -- the machine's, as in any answer
        writer.write(WHOLE)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        await reader.readexactly(int(fields["content-length"]))
        dates.append(parsedate_to_datetime(fields["date"]))
        assert timedelta(0) <= dates[-1] - before.replace(microsecond=0) <= timedelta(seconds=2)
        writer.close()
        await asyncio.sleep(1.1)
    assert dates[0] < dates[1]
