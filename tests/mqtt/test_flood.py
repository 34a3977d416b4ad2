"""Much at once: nothing is lost that counts, memory stays bounded, and nobody else waits."""

import asyncio
from typing import Any

import pytest

from controller.mqtt import Connected, Mqtt, Received
from controller.mqtt.incoming import Coalesced
from controller.mqtt.queues import LIMIT_BYTES

pytestmark = pytest.mark.real

ALL = (("#", 1),)


async def test_a_flood_on_one_topic_leaves_the_others_alone(mosquitto: Any, flood: Any, message: Any) -> None:
    """100,000 messages on one topic, and a consumer far too slow for them.

    Another topic is heard after a handful of items, as if there were no flood, and what was overtaken is counted.
    """
    broker = mosquitto().start()
    flooded = [("flood", b"%06d" % number + b"x" * 100) for number in range(100_000)]
    async with Mqtt(broker.address, "calm") as calm, Mqtt(broker.address, "slow", subscriptions=ALL) as slow:
        flooding = asyncio.create_task(asyncio.to_thread(flood, broker.port, flooded))
        taken, calm_heard, counted = [], 0, 0
        async for item in slow:
            taken.append(item)
            calm.publish(message("calm", b"%d" % len(taken)))
            await asyncio.sleep(0.01)
            counted += item.count if isinstance(item, Coalesced) else 0
            if isinstance(item, Received) and item.topic == "calm":
                calm_heard += 1
                has_begun = counted > len(taken)  # a flood may have been sent before it is received
                if (flooding.done() and has_begun and int(item.payload) > len(taken) - 10) or len(taken) >= 2_000:
                    break
    await flooding
    floods = [item for item in taken if isinstance(item, Received) and item.topic == "flood"]
    assert len(taken) < 2_000
    assert calm_heard > 5
    assert counted > len(floods)
    assert [item.payload for item in floods] == sorted(item.payload for item in floods)


def publish(payload: bytes, retain: bool = False) -> bytes:
    """PUBLISH with QoS 0 on the topic `t`."""
    return bytes([0x30 | retain, 3 + len(payload)]) + b"\0\1t" + payload


@pytest.mark.parametrize(
    ("packets", "counted"),
    [
        ((publish(b"offline", retain=True), publish(b"online")), 0),
        ((publish(b"same"), publish(b"same"), publish(b"same")), 0),
        ((publish(b"1"), publish(b"2"), publish(b"3")), 2),
        ((publish(b"0", retain=True), publish(b"1"), publish(b"2")), 1),
    ],
    ids=["retained", "copies", "values", "both"],
)
async def test_only_values_that_a_reader_misses_are_counted(
    scripted: Any, connect: Any, packets: tuple[bytes, ...], counted: int
) -> None:
    """Not what was retained before the connection, nor copies: the newest says the same or has taken their place."""
    async with scripted(b"\x20\x02\x00\x00" + b"".join(packets), [b""]) as giver:
        _, items = await connect(giver.address, keepalive_s=1)
        await items.get(Received)
        await asyncio.sleep(0.3)
        assert len(items.payloads("t")) == 1
        assert sum(item.count for item in items.of(Coalesced)) == counted


async def test_a_flood_of_many_topics_waits_in_the_network(connect: Any, scripted: Any) -> None:
    """While nobody takes, no more than a bounded inbox is read; later everything comes, in order, once."""
    body = b"x" * 10_000
    count = 3 * LIMIT_BYTES // len(body)
    topics = [b"%06d" % number for number in range(count)]
    size = 2 + 6 + len(body)
    packets = b"".join(b"\x30" + bytes([size % 128 | 128, size // 128]) + b"\x00\x06" + t + body for t in topics)
    heard: list[str] = []
    async with (
        scripted(b"\x20\x02\x00\x00" + packets, [b""]) as giver,
        Mqtt(giver.address, "taker", keepalive_s=5) as mqtt,
    ):
        await asyncio.sleep(1)
        assert mqtt.connected
        assert giver.unsent > LIMIT_BYTES
        async for item in mqtt:
            heard += [item.topic] if isinstance(item, Received) else []
            if len(heard) == count:
                break
    assert heard == [topic.decode() for topic in topics]


async def test_a_storm_of_publishes_arrives_whole(mosquitto: Any, connect: Any, message: Any) -> None:
    """10,000 retained QoS 1 publishes at one stroke: all kept by the broker, and the loop turns meanwhile."""
    broker = mosquitto("max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true").start()
    _, items = await connect(broker.address, subscriptions=ALL)
    await items.get(Connected)
    async with Mqtt(broker.address, "storm") as mqtt:
        async for _ in mqtt:
            break
        for number in range(10_000):
            mqtt.publish(message(f"storm/{number}", b"%d" % number, retain=True))
        await items.until(lambda: len(items.all) > 10_000, 60.0)
    assert {item.payload for item in items.of(Received)} == {b"%d" % number for number in range(10_000)}
    _, late = await connect(broker.address, subscriptions=ALL)
    await late.until(lambda: len(late.all) > 10_000, 60.0)
    assert all(item.retain for item in late.of(Received))


@pytest.mark.parametrize("qos", [0, 1])
async def test_publishing_while_the_socket_is_full_keeps_the_newest(
    mosquitto: Any, connect: Any, message: Any, qos: int
) -> None:
    """More than the line takes, on few topics, to a broker that reads nothing: at the end each has its newest."""
    broker = mosquitto("max_queued_messages 0\nmax_inflight_messages 0").start()
    mqtt, items = await connect(broker.address, subscriptions=ALL, keepalive_s=30)
    await items.get(Connected)
    broker.freeze()
    for number in range(1_000):
        mqtt.publish(message(f"t/{number % 5}", b"%06d" % number + b"x" * 20_000, qos, retain=True))
    await asyncio.sleep(0.05)
    broker.thaw()
    newest = [b"%06d" % number for number in range(995, 1_000)]
    await items.until(lambda: [(items.payloads(f"t/{n}") or [b""])[-1][:6] for n in range(5)] == newest)
    for n in range(5):
        assert items.payloads(f"t/{n}") == sorted(items.payloads(f"t/{n}"))
        assert len(items.payloads(f"t/{n}")) < 200


async def test_of_a_stream_every_message_counts(mosquitto: Any, message: Any) -> None:
    """Requests that come in one burst are taken one by one, in order; of other topics the newest."""
    broker = mosquitto().start()
    taken: dict[str, list[bytes]] = {"every": [], "newest": []}
    async with (
        Mqtt(broker.address, "giver") as giver,
        Mqtt(broker.address, "taker", subscriptions=ALL, streams=("every",)) as taker,
    ):
        for each in (giver, taker):
            async for item in each:
                if isinstance(item, Connected):
                    break
        await asyncio.sleep(0.1)
        for number in range(50):
            for topic in taken:
                giver.publish(message(topic, b"%02d" % number, 0))
        await asyncio.sleep(0.5)
        async for item in taker:
            if isinstance(item, Received):
                taken[item.topic].append(item.payload)
            if b"49" in taken["every"] and b"49" in taken["newest"]:
                break
    assert taken["every"] == [b"%02d" % number for number in range(50)]
    assert len(taken["newest"]) < 50
