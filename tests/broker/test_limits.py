"""What one client cannot do to the others, and which event tells of it."""

import asyncio
from collections import Counter

import pytest

from controller.broker import Limits


async def test_a_reader_that_stops_reading_is_dropped(start, connect, mortal):
    """Its will goes out; a reader that reads gets every message."""
    subject = await start(limits=Limits(queue_bytes=1 << 20))
    stuck, reader = await connect(subject, "stuck", will=mortal), await connect(subject, "reader")
    await stuck.subscribe(("q", 0))
    await reader.subscribe(("q", 0), ("w", 0))
    stuck.reader._transport.pause_reading()
    writer = await connect(subject, "writer")

    async def flood():
        for _ in range(400):
            writer.post("q", bytes(40_000))
            await writer.writer.drain()

    async with asyncio.TaskGroup() as group:
        group.create_task(flood())
        came = group.create_task(reader.messages(401))
    assert Counter(message.topic for message in came.result()) == {"q": 400, "w": 1}
    assert len(subject.broker._connections) == 2
    assert [event.fields["client"] for event in subject.told("TWL-B041")] == ["stuck"]


async def test_a_reader_that_reads_slowly_slows_the_writer(start, connect):
    """Many times more than may wait for it passes, and it is not dropped."""
    subject = await start(limits=Limits(queue_bytes=1 << 20))
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("q", 0))

    async def flood():
        for _ in range(600):
            writer.post("q", bytes(40_000))
            await writer.writer.drain()

    flooding = asyncio.create_task(flood())
    left = 600 * (1 + 3 + 3 + 40_000)
    while left:
        part = await reader.reader.read(1 << 18)
        assert part, "dropped"
        left -= len(part)
        await asyncio.sleep(0.002)
    await flooding


async def test_a_client_that_does_not_read_what_it_is_sent_is_not_read(start, connect):
    """What it sends meanwhile stays in the network, not in our memory."""
    subject = await start()
    stuck, writer = await connect(subject, "stuck"), await connect(subject, "writer")
    await stuck.subscribe(("q", 0))
    stuck.reader._transport.pause_reading()
    for _ in range(10):
        await writer.publish("q", bytes(1 << 20))
    (connection,) = (each for each in subject.broker._connections if not each._writable)
    assert not connection._transport.is_reading()


async def test_a_flood_does_not_starve_the_others(start, connect):
    """100 000 messages pass whole while another client is answered again and again."""
    subject = await start()
    reader, other = await connect(subject, "reader"), await connect(subject, "other")
    await reader.subscribe(("q", 0))
    writer = await connect(subject, "writer")
    writer.send(b"\x30\x04\0\x01qx" * 100_000)
    pings = 0

    async def ping():
        nonlocal pings
        while True:
            await other.ping()
            pings += 1

    pinger = asyncio.create_task(ping())
    while len(reader.inbox) < 100_000:
        head, body = await reader.read()
        reader.take(head, body)
    pinger.cancel()
    assert pings > 100
    assert not subject.told("TWL-B041")


async def test_what_came_before_the_socket_broke_is_worked_off(start, connect, mortal):
    """Thousands of messages and a DISCONNECT are still in the buffer when the answers cannot be sent."""
    subject = await start()
    watcher = await connect(subject, "watcher")
    await watcher.subscribe(("q", 0), ("w", 0))
    client = await connect(subject, "client", will=mortal)
    client.send(b"\x32\x06\0\x01q\0\x01x" * 5000 + b"\xe0\0")
    await watcher.messages(1)
    client.cut()
    await watcher.messages(4999)
    await subject.until("TWL-B021")
    assert await watcher.settled() == []
    assert not subject.told("TWL-B022")


async def test_a_client_that_does_not_read_its_answers_is_not_read(start, connect):
    """Millions of pings without reading one answer do not fill the memory; the client can go on when it reads."""
    subject = await start()
    client = await connect(subject, "deaf")
    client.reader._transport.pause_reading()
    client.send(b"\xc0\0" * 5_000_000)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await client.writer.drain()
    (connection,) = subject.broker._connections
    assert connection._transport.get_write_buffer_size() < 1 << 20
    assert not connection._transport.is_reading()
    client.reader._transport.resume_reading()
    for _ in range(1000):
        await client.expect(0xD0)
    client.cut()


async def test_who_does_not_log_in_is_closed(start, dial):
    """After the time allowed, with half a CONNECT too."""
    subject = await start(limits=Limits(connect_within_s=0.05))
    silent, slow = await dial(subject), await dial(subject)
    slow.send(b"\x10\x20\0\x04MQ")
    assert await silent.is_closed()
    assert await slow.is_closed()
    assert len(subject.told("TWL-B038")) == 2


async def test_too_many_strangers_do_not_keep_out_who_logs_in(start, dial, connect):
    """The oldest is closed; those who are logged in do not count."""
    subject = await start(limits=Limits(strangers=2))
    await connect(subject, "known")
    first, second, third = [await dial(subject) for _ in range(3)]
    assert await first.is_closed()
    assert len(subject.told("TWL-B036")) == 1
    assert await third.connect("third") == (False, 0)
    fourth = await dial(subject)
    assert await fourth.connect("fourth") == (False, 0)
    assert await second.connect("second") == (False, 0)


async def test_a_stranger_cannot_send_more_than_a_connect(start, dial):
    """Whatever size is allowed later."""
    subject = await start()
    client = await dial(subject)
    client.send(b"\x10\x80\x80\x40")
    assert await client.is_closed()


async def test_a_full_broker_turns_away_but_lets_a_client_come_back(start, dial, connect):
    """CONNACK 3; who takes over an own connection needs no further place."""
    subject = await start(limits=Limits(clients=2))
    await connect(subject, "a")
    b = await connect(subject, "b")
    third = await dial(subject)
    assert await third.connect("c") == (False, 3)
    assert await third.is_closed()
    assert subject.told("TWL-B035")[0].fields["client"] == "c"
    await connect(subject, "b")
    assert await b.is_closed()


async def test_a_filter_too_many_is_refused_and_the_rest_stays(start, connect):
    """SUBACK 0x80 for that one; one that is there already may change its QoS."""
    subject = await start(limits=Limits(filters=2))
    client = await connect(subject, "c")
    assert await client.subscribe(("a", 0), ("b", 1), ("c", 2)) == [0, 1, 0x80]
    assert await client.subscribe(("a", 2)) == [2]
    await client.unsubscribe("b")
    assert await client.subscribe(("c", 1)) == [1]
    assert len(subject.told("TWL-B045")) == 1


async def test_retained_messages_are_bounded_in_number(start, connect):
    """One that has no room is delivered and not kept; a topic that is kept can still change."""
    subject = await start(limits=Limits(retained=2))
    client = await connect(subject, "c")
    await client.subscribe(("#", 0))
    for topic in ("a", "b", "c", "a"):
        await client.publish(topic, topic.encode(), retain=True)
    assert len(await client.settled()) == 4
    await client.subscribe(("#", 0))
    assert {message.topic for message in await client.settled()} == {"a", "b"}
    await client.publish("b", b"", retain=True)
    await client.publish("c", b"", retain=True)
    await client.publish("c", b"c", retain=True)
    await client.subscribe(("c", 0))
    assert [message.retain for message in await client.settled() if message.payload == b"c"] == [False, True]
    assert subject.told("TWL-B043")[0].fields["topic"] == "c"


async def test_retained_messages_are_bounded_in_bytes(start, connect):
    """One that grew too large is not kept, nor is the value it was to replace: none is better than a wrong one."""
    subject = await start(limits=Limits(retained_bytes=100))
    client = await connect(subject, "c")
    await client.publish("a", b"small", retain=True)
    await client.publish("a", bytes(100), retain=True)
    await client.subscribe(("#", 0))
    assert await client.settled() == []
    await client.publish("a", bytes(99), retain=True)
    await client.subscribe(("#", 0))
    assert [message.retain for message in await client.settled()] == [False, True]


async def test_a_queue_for_an_absent_client_is_bounded(start, connect):
    """The newest are kept, and one event tells of all that went."""
    subject = await start(limits=Limits(queue_bytes=10_000))
    sleeper = await connect(subject, "sleeper", clean=False)
    await sleeper.subscribe(("q", 1))
    await sleeper.leave()
    writer = await connect(subject, "writer")
    for number in range(100):
        await writer.publish("q", b"%02d" % number)
    sleeper = await connect(subject, "sleeper", clean=False)
    came = [message.payload for message in await sleeper.settled()]
    assert came == [b"%02d" % number for number in range(100 - len(came), 100)]
    assert 0 < len(came) < 100
    assert len(subject.told("TWL-B042")) == 2


async def test_sessions_of_absent_clients_are_bounded(start, connect, dial):
    """The one longest away goes."""
    subject = await start(limits=Limits(sessions=2))
    for name in ("a", "b", "c"):
        await (await connect(subject, name, clean=False)).leave()
    present = [await (await dial(subject)).connect(name, clean=False) for name in ("b", "c", "a")]
    assert present == [(True, 0), (True, 0), (False, 0)]
    assert [event.fields["client"] for event in subject.told("TWL-B044")] == ["a"]


async def test_overlapping_subscriptions_deliver_once_at_the_highest_quality(start, connect):
    """3.3.5 of the standard; mosquitto 2.0 delivers once at any of them."""
    subject = await start()
    client = await connect(subject, "c")
    await client.publish("q/a", b"kept", retain=True)
    await client.subscribe(("q/+", 0), ("q/#", 2), ("q/a", 1))
    assert [message.qos for message in await client.settled()] == [1]
    await client.publish("q/a", qos=2)
    assert [message.qos for message in await client.settled()] == [2]


async def test_10_000_retained_messages_reach_a_new_subscriber(start, connect):
    """Each once, also with QoS 1."""
    subject = await start()
    writer, reader = await connect(subject, "writer"), await connect(subject, "reader")
    for number in range(10_000):
        writer.post(f"many/{number}", qos=0, retain=True)
    await writer.ping()
    await reader.subscribe(("many/#", 1))
    assert len({message.topic for message in await reader.messages(10_000)}) == 10_000


async def test_a_session_belongs_to_its_user(start, connect, dial):
    """Another user with a right password cannot take it, connected or not."""
    subject = await start()
    owner = await connect(subject, "gate", clean=False)
    await owner.subscribe(("q", 1))
    for clean in (True, False):
        thief = await dial(subject)
        assert (await thief.connect("gate", clean=clean, user="other", password="blue"))[1] == 2
    await owner.ping()
    await owner.leave()
    thief = await dial(subject)
    assert (await thief.connect("gate", user="other", password="blue"))[1] == 2
    assert await (await dial(subject)).connect("gate", clean=False) == (True, 0)
    assert subject.told("TWL-B034")[0].fields["client"] == "gate"


async def test_two_devices_with_one_id_do_not_fill_the_log(start, connect):
    """However often they push each other out; what was not told is told as a number at the end."""
    subject = await start()
    for _ in range(10):
        await connect(subject, "twin")
    assert len(subject.told("TWL-B040")) == 2
    await subject.broker.__aexit__(None, None, None)
    assert [(event.fields["of"], event.fields["times"]) for event in subject.told("TWL-C040")] == [("TWL-B040", 7)]
