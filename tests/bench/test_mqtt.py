"""10,000 retained QoS 1 publishes until the last PUBACK: the door beside a bare socket and beside paho's own thread.

Run with `-s` to see the figures. Only completeness is asserted: figures of a shared machine prove nothing.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from controller.gateways.base import Message
from controller.mqtt import Address, Mqtt, Received
from tests.parts import mosquitto

COUNT = 10_000
PAYLOAD = b"x" * 100
TOPICS = [f"bench/{number}" for number in range(COUNT)]
PUBACK_BYTES = 4


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A mosquitto with nothing in its way."""
    limits = "max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\n"
    with mosquitto(tmp_path, f"allow_anonymous true\n{limits}") as (free, _):
        yield free


def bare_socket(port: int) -> float:
    """Packets encoded beforehand, written at one stroke while another thread reads: the broker's own limit."""

    def publish(number: int) -> bytes:
        topic = TOPICS[number].encode()
        body = len(topic).to_bytes(2) + topic + (number + 1).to_bytes(2) + PAYLOAD
        return bytes([0x33, len(body)]) + body

    packets = b"".join(publish(number) for number in range(COUNT))
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04bare")
        assert line.recv(4) == b"\x20\x02\x00\x00"
        began = time.perf_counter()
        sending = threading.Thread(target=line.sendall, args=(packets,))
        sending.start()
        missing = COUNT * PUBACK_BYTES
        while missing:
            missing -= len(line.recv(65536))
        took = time.perf_counter() - began
        sending.join()
    return took


def paho_thread(port: int) -> float:
    """`loop_start`, as most programs use paho; its window off, which is its fastest."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "thread")
    client.max_inflight_messages = 0
    connected, complete = threading.Event(), threading.Event()
    acknowledged = 0

    def on_publish(*_: object) -> None:
        nonlocal acknowledged
        acknowledged += 1
        if acknowledged == COUNT:
            complete.set()

    client.on_connect = lambda *_: connected.set()
    client.on_publish = on_publish
    client.on_socket_open = lambda _c, _u, line: line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert connected.wait(5)
    began = time.perf_counter()
    for topic in TOPICS:
        client.publish(topic, PAYLOAD, 1, True)
    assert complete.wait(20)
    took = time.perf_counter() - began
    client.disconnect()
    client.loop_stop()
    return took


async def door(port: int) -> float:
    """The same through the door; what is published last is heard only when all before it is acknowledged."""
    end = Message("end", b"", 1)
    async with Mqtt(Address("127.0.0.1", port), "door", subscriptions=[("end", 1)]) as mqtt:
        async for item in mqtt:
            if isinstance(item, Received):
                break
            began = time.perf_counter()
            for topic in TOPICS:
                mqtt.publish(Message(topic, PAYLOAD, 1, retain=True))
            mqtt.publish(end)
        return time.perf_counter() - began


async def kept(port: int) -> int:
    """How many of the topics the broker has kept."""
    found = set()
    async with Mqtt(Address("127.0.0.1", port), "counter", subscriptions=[("bench/#", 0)]) as mqtt:
        async for item in mqtt:
            if isinstance(item, Received) and item.payload == PAYLOAD:
                found.add(item.topic)
            if len(found) == COUNT:
                break
    return len(found)


async def test_a_storm_through_the_door(port: int) -> None:
    """Two rounds, taken in turns; the better one counts."""
    bare, thread, ours = [], [], []
    for _ in range(2):
        bare.append(await asyncio.to_thread(bare_socket, port))
        thread.append(await asyncio.to_thread(paho_thread, port))
        ours.append(await door(port))
    async with asyncio.timeout(10):
        assert await kept(port) == COUNT
    print(
        f"\n{COUNT} retained QoS 1 publishes, last PUBACK: door {min(ours):.3f} s"
        f" = {min(ours) / min(bare):.1f} x bare socket ({min(bare):.3f} s)"
        f" = {min(ours) / min(thread):.2f} x paho loop_start ({min(thread):.3f} s)"
    )
