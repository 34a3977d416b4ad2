"""How many QoS 1 messages a second pass from a raw socket to a raw socket, beside mosquitto and a bare echo.

Each server is a process of its own. The figures are printed (`pytest -s`); only arrival is asserted.
"""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.parts import await_listener, ended_after, free_port, needs, require, shipped_mosquitto

MESSAGES = 10_000
WINDOW = 100
PAYLOAD = bytes(100)

OURS = """
import asyncio, sys
from controller.broker.server import Broker
async def main():
    async with Broker(port=int(sys.argv[1]), on_event=lambda event: None):
        await asyncio.Event().wait()
asyncio.run(main())
"""
ECHO = """
import asyncio, sys
class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        self.transport.write(data)
async def main():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""


@contextmanager
def serving(command: Callable[[int], list[str]]) -> Iterator[int]:
    """Runs a server on a free port."""
    port = free_port()
    with ended_after(subprocess.Popen(command(port), stderr=subprocess.DEVNULL)) as process:
        await_listener(port, process)
        yield port


def python(program: str) -> Callable[[int], list[str]]:
    return lambda port: [sys.executable, "-c", program, str(port)]


def read(sock: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = sock.recv(size - len(data))
        assert part, "closed in the middle"
        data += part
    return bytes(data)


def log_in(port: int, name: bytes) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01" + name)
    assert read(sock, 4) == b"\x20\x02\0\0"
    return sock


def passed_per_second(port: int) -> float:
    """Windows of WINDOW messages: publish, acknowledge what arrived, wait for all acknowledgements."""
    with log_in(port, b"r") as reader, log_in(port, b"w") as writer:
        reader.sendall(b"\x82\x06\0\x01\0\x01q\x01")
        assert read(reader, 5) == b"\x90\x03\0\x01\x01"
        head = b"\x32" + bytes((5 + len(PAYLOAD),)) + b"\0\x01q"
        size = len(head) + 2 + len(PAYLOAD)
        numbers = [number.to_bytes(2, "big") for number in range(1, WINDOW + 1)]
        batch = b"".join(head + number + PAYLOAD for number in numbers)
        start = time.perf_counter()
        for _ in range(MESSAGES // WINDOW):
            writer.sendall(batch)
            came = read(reader, size * WINDOW)
            places = range(len(head), len(came), size)
            reader.sendall(b"".join(b"\x40\x02" + came[place : place + 2] for place in places))
            assert read(writer, 4 * WINDOW) == b"".join(b"\x40\x02" + number for number in numbers)
        return MESSAGES / (time.perf_counter() - start)


def echoed_per_second(port: int) -> float:
    batch = bytes((7 + len(PAYLOAD)) * WINDOW)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        start = time.perf_counter()
        for _ in range(MESSAGES // WINDOW):
            sock.sendall(batch)
            assert read(sock, len(batch)) == batch
        return MESSAGES / (time.perf_counter() - start)


def test_messages_through_our_broker_against_a_bare_echo(record_property):
    """Every one arrives and is acknowledged; the ratio says what the broker costs beside asyncio alone."""
    with serving(python(ECHO)) as port:
        echo = echoed_per_second(port)
    with serving(python(OURS)) as port:
        ours = passed_per_second(port)
    record_property("messages_per_s", round(ours))
    record_property("ratio_to_echo", round(ours / echo, 3))
    print(f"\nours {ours:,.0f} messages/s, bare echo {echo:,.0f}: {ours / echo:.2f}")


@needs("mosquitto")
def test_messages_through_our_broker_against_mosquitto(record_property, tmp_path):
    """Every one arrives and is acknowledged through both; mosquitto as shipped, but open and forgetful."""

    def mosquitto(port: int) -> list[str]:
        lines = re.sub(r"^(password|acl)_file .*\n", "", shipped_mosquitto(tmp_path, port), flags=re.MULTILINE)
        lines = lines.replace("allow_anonymous false", "allow_anonymous true")
        lines = lines.replace("persistence true", "persistence false")
        (tmp_path / "conf").write_text(f"{lines}\nlog_type none\n")
        return [require("mosquitto"), "-c", str(tmp_path / "conf")]

    with serving(python(OURS)) as port:
        ours = passed_per_second(port)
    with serving(mosquitto) as port:
        other = passed_per_second(port)
    record_property("ratio_to_mosquitto", round(ours / other, 3))
    print(f"\nours {ours:,.0f} messages/s, mosquitto {other:,.0f}: {ours / other:.2f}")
