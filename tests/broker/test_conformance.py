"""What MQTT 3.1.1 promises, asked of our broker and of mosquitto as shipped."""

import asyncio
from dataclasses import replace

import pytest


def heard(messages):
    return [(each.topic, each.payload, each.qos, each.retain) for each in messages]


@pytest.mark.parametrize("asked", [0, 1, 2])
@pytest.mark.parametrize("published", [0, 1, 2])
async def test_a_message_is_delivered_with_the_lower_quality(subject, connect, published, asked):
    """Delivered QoS = min(published, asked for)."""
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    assert await reader.subscribe(("a/b", asked)) == [asked]
    await writer.publish("a/b", b"hello", qos=published)
    assert heard(await reader.messages(1)) == [("a/b", b"hello", min(published, asked), False)]


async def test_a_retained_message_is_kept_replaced_and_cleared(subject, connect):
    """The last one of its topic comes with a new subscription, flagged; an empty one clears it."""
    writer = await connect(subject, "writer")
    await writer.publish("r/1", b"old", retain=True)
    await writer.publish("r/1", b"new", retain=True)
    await writer.publish("r/0", b"zero", qos=0, retain=True)
    await writer.publish("r/2", b"fleeting")
    reader = await connect(subject, "reader")
    await reader.subscribe(("r/+", 1))
    assert sorted(heard(await reader.settled())) == [("r/0", b"zero", 0, True), ("r/1", b"new", 1, True)]
    await writer.publish("r/1", b"newer", retain=True)
    await writer.publish("r/1", b"", retain=True)
    assert heard(await reader.settled()) == [("r/1", b"newer", 1, False), ("r/1", b"", 1, False)]
    await reader.subscribe(("r/+", 1))
    assert heard(await reader.settled()) == [("r/0", b"zero", 0, True)]


async def test_who_never_subscribed_receives_nothing(subject, connect):
    """Neither retained messages nor live ones."""
    writer, idler = await connect(subject, "writer"), await connect(subject, "idler")
    await writer.publish("a", b"kept", retain=True)
    await writer.publish("a", b"live")
    assert await idler.settled() == []


@pytest.mark.parametrize("retain", [False, True])
async def test_a_will_is_published_when_the_socket_breaks(subject, connect, mortal, retain):
    """With its own QoS and retain flag."""
    watcher = await connect(subject, "watcher")
    await watcher.subscribe(("w", 2))
    (await connect(subject, "mortal", will=replace(mortal, qos=1, retain=retain))).cut()
    assert heard(await watcher.messages(1)) == [("w", b"gone", 1, False)]
    await watcher.subscribe(("w", 2))
    assert heard(await watcher.settled()) == [("w", b"gone", 1, True)] * retain


async def test_a_will_is_forgotten_after_a_goodbye(subject, connect, mortal):
    """DISCONNECT takes the will away."""
    watcher = await connect(subject, "watcher")
    await watcher.subscribe(("w", 0))
    await (await connect(subject, "mortal", will=mortal)).leave()
    assert await watcher.settled() == []


async def test_a_will_is_published_after_a_protocol_error(subject, connect, mortal):
    """The broker closed, not the client."""
    watcher = await connect(subject, "watcher")
    await watcher.subscribe(("w", 0))
    client = await connect(subject, "mortal", will=mortal)
    client.send(b"\x36\x00")
    assert heard(await watcher.messages(1)) == [("w", b"gone", 0, False)]


async def test_a_will_is_published_when_a_client_falls_silent(subject, connect, mortal):
    """After one and a half times its keep alive; one that pings stays."""
    watcher = await connect(subject, "watcher")
    await watcher.subscribe(("w", 0))
    silent = await connect(subject, "silent", will=mortal, keep_alive=1)
    assert heard(await watcher.messages(1)) == [("w", b"gone", 0, False)]
    assert await silent.is_closed()


async def test_a_client_that_pings_in_time_is_left_alone(subject, connect):
    """A ping counts as a sign of life."""
    client = await connect(subject, "pinger", keep_alive=1)
    for _ in range(4):
        await asyncio.sleep(0.5)
        await client.ping()


@pytest.mark.parametrize("qos", [1, 2])
async def test_messages_wait_for_a_client_that_is_away(subject, connect, dial, qos):
    """A lasting session keeps QoS 1 and 2 in order, without a retain flag; QoS 0 may be dropped."""
    sleeper = await connect(subject, "sleeper", clean=False)
    await sleeper.subscribe(("q", qos))
    await sleeper.leave()
    writer = await connect(subject, "writer")
    for number in range(20):
        await writer.publish("q", b"%d" % number, qos=qos)
    await writer.publish("q", b"zero", qos=0)
    sleeper = await dial(subject)
    assert await sleeper.connect("sleeper", clean=False) == (True, 0)
    assert heard(await sleeper.messages(20)) == [("q", b"%d" % number, qos, False) for number in range(20)]
    assert await sleeper.settled() == []


async def test_a_clean_connect_discards_the_session(subject, connect, dial):
    """Subscriptions and waiting messages go, and nothing is said to be present, then or later."""
    client = await connect(subject, "c", clean=False)
    await client.subscribe(("q", 1))
    await client.leave()
    await (await connect(subject, "writer")).publish("q")
    again = await dial(subject)
    assert await again.connect("c", clean=True) == (False, 0)
    assert await again.settled() == []
    await again.leave()
    last = await dial(subject)
    assert await last.connect("c", clean=False) == (False, 0)


@pytest.mark.parametrize("how", ["cut", "leave"])
async def test_what_was_not_acknowledged_comes_again(subject, connect, mortal, how):
    """With the DUP flag and the same packet identifier, before anything new."""
    reader = await connect(subject, "reader", clean=False, will=mortal)
    reader.answers_messages = False
    await reader.subscribe(("q", 1))
    writer = await connect(subject, "writer")
    await writer.subscribe(("w", 0))
    await writer.publish("q", b"first")
    (first,) = await reader.messages(1)
    if how == "leave":
        await reader.leave()
    else:
        reader.cut()
        await writer.messages(1)
    await writer.publish("q", b"second")
    reader = await connect(subject, "reader", clean=False)
    again, second = await reader.messages(2)
    assert (again.payload, again.dup, again.packet_id) == (b"first", True, first.packet_id)
    assert (second.payload, second.dup) == (b"second", False)
    await reader.leave()
    reader = await connect(subject, "reader", clean=False)
    assert await reader.settled() == []


async def test_a_released_message_is_not_sent_again(subject, connect):
    """After PUBREC only PUBREL is repeated: exactly once."""
    reader = await connect(subject, "reader", clean=False)
    reader.answers_messages = False
    await reader.subscribe(("q", 2))
    await (await connect(subject, "writer")).publish("q", b"once", qos=2)
    (message,) = await reader.messages(1)
    number = message.packet_id.to_bytes(2, "big")
    reader.send(b"\x50\x02" + number)
    assert await reader.expect(0x62) == number
    reader.cut()
    reader = await connect(subject, "reader", clean=False)
    assert await reader.read() == (0x62, number)
    reader.send(b"\x70\x02" + number)
    assert await reader.settled() == []


async def test_a_repeated_publish_of_quality_2_counts_once(subject, connect):
    """The identifier is held until PUBREL, also over a reconnect, and free afterwards."""
    reader = await connect(subject, "reader")
    await reader.subscribe(("q", 2))
    writer = await connect(subject, "writer", clean=False)
    for head in (b"\x34", b"\x3c"):
        writer.send(head + b"\x06\0\x01q\0\x07x")
        assert await writer.expect(0x50) == b"\0\x07"
    writer.cut()
    writer = await connect(subject, "writer", clean=False)
    writer.send(b"\x3c\x06\0\x01q\0\x07x")
    assert await writer.expect(0x50) == b"\0\x07"
    for _ in range(2):
        writer.send(b"\x62\x02\0\x07")
        assert await writer.expect(0x70) == b"\0\x07"
    assert len(await reader.settled()) == 1
    writer.send(b"\x34\x06\0\x01q\0\x07y\x62\x02\0\x07")
    assert await writer.expect(0x50) == b"\0\x07"
    assert await writer.expect(0x70) == b"\0\x07"
    assert [message.payload for message in await reader.settled()] == [b"y"]


async def test_a_client_may_acknowledge_late(subject, connect):
    """Others go on meanwhile, and nothing is lost or repeated."""
    late, prompt = await connect(subject, "late"), await connect(subject, "prompt")
    late.answers_messages = False
    for reader in (late, prompt):
        await reader.subscribe(("q", 1))
    writer = await connect(subject, "writer")
    await writer.publish("q", b"1")
    (first,) = await late.messages(1)
    await asyncio.sleep(0.5)
    await writer.publish("q", b"2")
    assert [message.payload for message in await prompt.messages(2)] == [b"1", b"2"]
    late.send(b"\x40\x02" + first.packet_id.to_bytes(2, "big"))
    (second,) = await late.messages(1)
    assert (second.payload, second.dup) == (b"2", False)


@pytest.mark.parametrize("qos", [0, 1])
async def test_what_was_sent_before_a_goodbye_counts(subject, connect, qos):
    """500 messages and DISCONNECT in one breath."""
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("q", 1))
    for number in range(500):
        writer.post("q", b"%d" % number, qos=qos)
    await writer.leave()
    assert [message.payload for message in await reader.messages(500)] == [b"%d" % n for n in range(500)]


async def test_3000_messages_arrive_in_order(subject, connect):
    """Far more than the window of unacknowledged ones."""
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("q", 1))
    for number in range(3000):
        writer.post("q", b"%d" % number, qos=1)
    assert [message.payload for message in await reader.messages(3000)] == [b"%d" % n for n in range(3000)]


async def test_a_second_subscription_takes_the_place_of_the_first(subject, connect):
    """The same filter again changes the QoS and does not double the delivery."""
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("q", 0))
    assert await reader.subscribe(("q", 2)) == [2]
    await writer.publish("q", qos=2)
    assert [message.qos for message in await reader.settled()] == [2]
    assert await reader.subscribe(("q", 0)) == [0]
    await writer.publish("q", qos=2)
    assert [message.qos for message in await reader.settled()] == [0]


async def test_unsubscribing_ends_the_delivery(subject, connect):
    """Of that filter only; one that was never asked for is answered too."""
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("a", 0), ("b", 0))
    await reader.unsubscribe("a", "never")
    await writer.publish("a")
    await writer.publish("b")
    assert [message.topic for message in await reader.settled()] == ["b"]


async def test_a_client_id_that_connects_again_displaces_the_older(subject, connect, mortal):
    """The older connection is closed and its will published."""
    watcher = await connect(subject, "watcher")
    await watcher.subscribe(("w", 0))
    older = await connect(subject, "same", will=mortal)
    newer = await connect(subject, "same")
    assert await older.is_closed()
    assert heard(await watcher.messages(1)) == [("w", b"gone", 0, False)]
    await newer.ping()


async def test_a_session_moves_to_the_newer_connection(subject, connect, dial):
    """With its subscriptions, and nothing is lost."""
    older = await connect(subject, "same", clean=False)
    await older.subscribe(("q", 1))
    newer = await dial(subject)
    assert await newer.connect("same", clean=False) == (True, 0)
    await (await connect(subject, "writer")).publish("q")
    assert len(await newer.settled()) == 1


async def test_a_wrong_password_touches_nothing(subject, connect, dial):
    """Neither the connection nor the session of the client whose id it uses."""
    victim = await connect(subject, "victim", clean=False)
    await victim.subscribe(("q", 1))
    for _ in range(60):
        thief = await dial(subject)
        assert (await thief.connect("victim", clean=True, password="wrong"))[1] in (4, 5)
        assert await thief.is_closed()
    await victim.ping()
    await (await connect(subject, "writer")).publish("q")
    assert len(await victim.settled()) == 1


@pytest.mark.parametrize(
    ("user", "password"), [(None, None), ("tower", None), ("nobody", "orange"), ("tower", ""), ("nobody", "")]
)
async def test_nobody_comes_in_without_the_right_password(subject, dial, user, password):
    """CONNACK 4 or 5, and the connection is closed."""
    client = await dial(subject)
    assert (await client.connect("c", user=user, password=password))[1] in (4, 5)
    assert await client.is_closed()


async def test_an_empty_client_id_gets_a_clean_session_only(subject, dial):
    """CONNACK 2 when the session is to last."""
    first, second = await dial(subject), await dial(subject)
    assert await first.connect("") == (False, 0)
    assert await second.connect("") == (False, 0)
    await first.ping()
    third = await dial(subject)
    assert (await third.connect("", clean=False))[1] == 2
    assert await third.is_closed()


async def test_wildcards_match_whole_levels(subject, connect):
    """`a/#` matches `a`; `+` matches an empty level; `/a` is not `a`."""
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("a/#", 0), ("b/+", 0), ("+/c", 0))
    for topic in ("a", "a/b/c/d", "ab", "b", "b/", "b/x", "b/x/y", "/c", "x/c", "c"):
        await writer.publish(topic)
    came = {message.topic for message in await reader.settled()}
    assert came == {"a", "a/b/c/d", "b/", "b/x", "/c", "x/c"}


async def test_a_leading_wildcard_does_not_match_dollar_topics(subject, connect):
    """`#` and `+/x` leave `$x/x` alone; `$x/#` matches it."""
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("#", 0), ("+/x", 0))
    await writer.publish("$x/x", retain=True)
    assert await reader.settled() == []
    await reader.subscribe(("$x/#", 0))
    assert [message.topic for message in await reader.settled()] == ["$x/x"]


async def test_a_megabyte_passes(subject, connect):
    """Byte for byte."""
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("big", 1))
    payload = bytes(range(256)) * 4096
    await writer.publish("big", payload)
    assert [message.payload for message in await reader.messages(1)] == [payload]


async def test_five_megabytes_do_not(subject, connect):
    """The sender is disconnected, the others do not notice."""
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("big", 1))
    writer.post("big", bytes(5 << 20))
    assert await writer.is_closed()
    assert await reader.settled() == []


async def test_100_clients_at_once(subject, connect):
    """Each receives all messages."""
    readers = await asyncio.gather(*(connect(subject, f"reader-{number}") for number in range(100)))
    await asyncio.gather(*(reader.subscribe(("q", 1)) for reader in readers))
    await (await connect(subject, "writer")).publish("q")
    assert [len(await reader.settled()) for reader in readers] == [1] * 100


async def test_1200_retained_messages_reach_a_new_subscriber(subject, connect):
    """Each once, also with QoS 1; mosquitto as it comes stops at 1020."""
    writer, reader = await connect(subject, "writer"), await connect(subject, "reader")
    for number in range(1200):
        writer.post(f"many/{number}", qos=1, retain=True)
    for _ in range(1200):
        await writer.expect(0x40)
    await reader.subscribe(("many/#", 1))
    assert len({message.topic for message in await reader.messages(1200)}) == 1200
    assert await reader.settled() == []


async def test_packets_sent_in_one_breath_are_all_answered(subject, dial):
    """CONNECT, SUBSCRIBE, PUBLISH and PINGREQ in one segment, then a byte at a time."""
    client = await dial(subject)
    connect = b"\x10\x1c\0\x04MQTT\x04\xc2\0\x3c\0\x01c\0\x05tower\0\x06orange"
    talk = connect + b"\x82\x06\0\x01\0\x01q\x01" + b"\x32\x06\0\x01q\0\x02x" + b"\xc0\0"
    client.send(talk)
    assert [await client.expect(head) for head in (0x20, 0x90)] == [b"\0\0", b"\0\x01\x01"]
    assert [await client.expect(head) for head in (0x40, 0xD0)] == [b"\0\x02", b""]
    assert len(await client.messages(1)) == 1
    slow = await dial(subject)
    for byte in talk.replace(b"\x01c\0\x05", b"\x01d\0\x05"):
        slow.send(bytes((byte,)))
        await slow.writer.drain()
        await asyncio.sleep(0)
    assert [await slow.expect(head) for head in (0x20, 0x90)] == [b"\0\0", b"\0\x01\x01"]
    assert [await slow.expect(head) for head in (0x40, 0xD0)] == [b"\0\x02", b""]
    assert len(await slow.messages(1)) == 1


BREACHES = {
    "PUBLISH to +": b"\x30\x04\0\x01+x",
    "PUBLISH to a/#": b"\x30\x06\0\x03a/#x",
    "PUBLISH to an empty topic": b"\x30\x03\0\0x",
    "PUBLISH with U+0000 in the topic": b"\x30\x05\0\x02a\0x",
    "PUBLISH with bad UTF-8": b"\x30\x05\0\x02\xc3\x28x",
    "PUBLISH with a surrogate": b"\x30\x06\0\x03\xed\xa0\x80x",
    "PUBLISH with QoS 3": b"\x36\x06\0\x01q\0\x01x",
    "PUBLISH with packet identifier 0": b"\x32\x06\0\x01q\0\0x",
    "PUBLISH that ends in its topic": b"\x30\x03\0\x05q",
    "PUBLISH without its identifier": b"\x32\x03\0\x01q",
    "SUBSCRIBE with flags 0": b"\x80\x06\0\x01\0\x01q\0",
    "SUBSCRIBE without filters": b"\x82\x02\0\x01",
    "SUBSCRIBE with QoS 3": b"\x82\x06\0\x01\0\x01q\x03",
    "SUBSCRIBE with reserved bits": b"\x82\x06\0\x01\0\x01q\x41",
    "SUBSCRIBE to a#": b"\x82\x07\0\x01\0\x02a#\0",
    "SUBSCRIBE to #/a": b"\x82\x08\0\x01\0\x03#/a\0",
    "SUBSCRIBE to a+/b": b"\x82\x09\0\x01\0\x04a+/b\0",
    "SUBSCRIBE to an empty filter": b"\x82\x05\0\x01\0\0\0",
    "UNSUBSCRIBE without filters": b"\xa2\x02\0\x01",
    "UNSUBSCRIBE with flags 0": b"\xa0\x05\0\x01\0\x01q",
    "PUBREL with flags 0": b"\x60\x02\0\x01",
    "type 0": b"\x00\x00",
    "type 15": b"\xf0\x00",
    "CONNACK from a client": b"\x20\x02\0\0",
    "a second CONNECT": b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01c",
    "five bytes of length": b"\x30\xff\xff\xff\xff\x01",
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_of_the_protocol_closes_the_connection(subject, connect, breach):
    """And only that one."""
    other, client = await connect(subject, "other"), await connect(subject, "client")
    client.send(BREACHES[breach])
    assert await client.is_closed()
    await other.ping()


@pytest.mark.parametrize(
    "hello",
    [
        b"\xc0\0",
        b"\x30\x04\0\x01qx",
        b"\x82\x06\0\x01\0\x01q\0",
        b"\xe0\0",
        b"GET / HTTP/1.1\r\nHost: tower\r\n\r\n",
        b"\x10\x0d\0\x04MQTX\x04\x02\0\x3c\0\x01c",
        b"\x10\x0d\0\x04MQTT\x04\x03\0\x3c\0\x01c",
        b"\x10\x0d\0\x04MQTT\x04\x1a\0\x3c\0\x01c",
        b"\x10\x0d\0\x04MQTT\x04\x42\0\x3c\0\x01c",
        b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\x01",
        b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01\0",
        b"\x10\x13\0\x04MQTT\x04\x1e\0\x3c\0\x01c\0\x01w\0\x01x",
    ],
)
async def test_nothing_but_a_sound_connect_may_come_first(subject, dial, hello):
    """Anything else closes the connection without an answer that lets in."""
    client = await dial(subject)
    client.send(hello)
    head, body = await client.read()
    assert (head, body[1:2]) in ((0, b""), (0x20, b"\x04"), (0x20, b"\x05"))
    assert await client.is_closed()
