"""What one client cannot do to the others, and which event reports it."""

import asyncio
from collections import Counter

import pytest

from controller.broker.client_session import Limits
from tests.broker.conftest import WAIT_S


async def test_a_reader_that_stops_reading_is_dropped(start, connect, mortal):
    """Its will goes out; a reader that reads gets every message."""
    subject = await start(limits=Limits(queue_bytes=1 << 20))
    stuck, reader = await connect(subject, "stuck", will=mortal), await connect(subject, "reader")
    await stuck.subscribe(("q", 0))
    await reader.subscribe(("q", 0), ("w", 0))
    stuck.writer.transport.pause_reading()
    writer = await connect(subject, "writer")

    async def flood():
        for _ in range(400):
            writer.post("q", bytes(40_000))
            await writer.writer.drain()

    async with asyncio.TaskGroup() as group:
        group.create_task(flood())
        came = group.create_task(reader.messages(401))
    assert Counter(message.topic for message in came.result()) == {"q": 400, "w": 1}
    assert len(subject.broker.connections) == 2
    assert [event.fields["client"] for event in subject.events_of("TWL-B041")] == ["stuck"]


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
    stuck.writer.transport.pause_reading()
    for _ in range(10):
        await writer.publish("q", bytes(1 << 20))
    (connection,) = (each for each in subject.broker.connections if not each.is_writable)
    assert not connection.transport.is_reading()


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
    assert not subject.events_of("TWL-B041")


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
    assert not subject.events_of("TWL-B022")


async def test_a_client_that_does_not_read_its_answers_is_not_read(start, connect):
    """Millions of pings without reading one answer do not fill the memory; the client can go on when it reads."""
    subject = await start()
    client = await connect(subject, "deaf")
    client.writer.transport.pause_reading()
    client.send(b"\xc0\0" * 5_000_000)
    (connection,) = subject.broker.connections
    async with asyncio.timeout(WAIT_S):
        while connection.transport.is_reading():
            await asyncio.sleep(0.01)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.writer.drain()
    assert connection.transport.get_write_buffer_size() < 1 << 20
    assert not connection.transport.is_reading()
    client.writer.transport.resume_reading()
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
    assert len(subject.events_of("TWL-B038")) == 2


async def test_too_many_strangers_do_not_keep_out_who_logs_in(start, dial, connect):
    """The oldest is closed; those who are logged in do not count."""
    subject = await start(limits=Limits(strangers=2))
    await connect(subject, "known")
    first, second, third = [await dial(subject) for _ in range(3)]
    assert await first.is_closed()
    assert len(subject.events_of("TWL-B036")) == 1
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
    assert subject.events_of("TWL-B035")[0].fields["client"] == "c"
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
    assert len(subject.events_of("TWL-B045")) == 1


async def test_retained_messages_are_bounded_in_number(start, connect):
    """The one that was published longest ago goes, and the event names who published the one too many."""
    subject = await start(limits=Limits(retained=2))
    client = await connect(subject, "c")
    await client.subscribe(("#", 0))
    for topic in ("a", "b", "a", "c"):
        await client.publish(topic, topic.encode(), retain=True)
    assert len(await client.settled()) == 4
    await client.subscribe(("#", 0))
    assert {message.topic for message in await client.settled()} == {"a", "c"}
    assert [(event.fields["client"], event.fields["topic"]) for event in subject.events_of("TWL-B043")] == [("c", "b")]
    await client.publish("a", b"", retain=True)
    await client.publish("d", b"d", retain=True)
    assert len(subject.events_of("TWL-B043")) == 1


async def test_retained_messages_are_bounded_in_bytes(start, connect):
    """One that is too large by itself is not kept, nor what it was to replace: none is better than a wrong one."""
    subject = await start(limits=Limits(retained_bytes=100))
    client = await connect(subject, "c")
    await client.publish("a", b"small", retain=True)
    await client.publish("b", bytes(40), retain=True)
    await client.publish("c", bytes(60), retain=True)
    await client.publish("b", bytes(100), retain=True)
    await client.subscribe(("#", 0))
    assert [message.topic for message in await client.settled()] == ["c"]


async def test_nobody_pushes_out_what_the_service_retains(start, connect):
    """Nor does it take room from the others."""
    subject = await start(limits=Limits(retained=2, retained_bytes=100), own="secret")
    ours = await connect(subject, "ours", user="controller", password="secret")
    for number in range(5):
        await ours.publish(f"ours/{number}", bytes(90), retain=True)
    client = await connect(subject, "c")
    for number in range(5):
        await client.publish(f"theirs/{number}", bytes(30), retain=True)
    await client.subscribe(("#", 0))
    kept = {f"ours/{number}" for number in range(5)} | {"theirs/3", "theirs/4"}
    assert {message.topic for message in await client.settled()} == kept


async def fall_asleep(subject, connect, name, *filters):
    sleeper = await connect(subject, name, clean=False)
    await sleeper.subscribe(*((pattern, 1) for pattern in filters))
    await sleeper.leave()


@pytest.mark.parametrize("limits", [Limits(absent_bytes=10_000), Limits(absent_messages=40)])
async def test_a_queue_for_an_absent_client_is_bounded(start, connect, limits):
    """The newest are kept, and one event reports all that were dropped."""
    subject = await start(limits=limits)
    await fall_asleep(subject, connect, "sleeper", "q")
    writer = await connect(subject, "writer")
    for number in range(100):
        await writer.publish("q", b"%02d" % number)
    sleeper = await connect(subject, "sleeper", clean=False)
    came = [message.payload for message in await sleeper.settled()]
    assert came == [b"%02d" % number for number in range(100 - len(came), 100)]
    assert len(came) in (40, 10_000 // 203)
    assert len(subject.events_of("TWL-B042")) == 2


async def test_what_waited_when_a_client_left_is_bounded_too(start, connect):
    """A connected client may be owed far more."""
    subject = await start(limits=Limits(absent_messages=10))
    sleeper = await connect(subject, "sleeper", clean=False)
    sleeper.answers_messages = False
    await sleeper.subscribe(("q", 1))
    writer = await connect(subject, "writer")
    for number in range(200):
        await writer.publish("q", b"%03d" % number)
    await sleeper.leave()
    sleeper = await connect(subject, "sleeper", clean=False)
    assert [message.payload for message in await sleeper.settled()] == [b"%03d" % number for number in range(190, 200)]


async def test_the_queues_of_all_absent_clients_are_bounded(start, connect):
    """Who has most kept for it loses half; one with little loses nothing."""
    subject = await start(limits=Limits(all_absent_bytes=100_000))
    await fall_asleep(subject, connect, "modest", "small")
    for number in range(5):
        await fall_asleep(subject, connect, f"greedy-{number}", "q", "small")
    writer = await connect(subject, "writer")
    await writer.publish("small", b"kept")
    for _ in range(100):
        await writer.publish("q", bytes(1000))
    modest = await connect(subject, "modest", clean=False)
    assert [message.payload for message in await modest.settled()] == [b"kept"]
    came = 0
    for number in range(5):
        greedy = await connect(subject, f"greedy-{number}", clean=False)
        came += len(await greedy.settled())
    assert 30 < came * 1200 / 1000 <= 100
    assert {event.fields["client"] for event in subject.events_of("TWL-B042")} == {
        f"greedy-{number}" for number in range(5)
    }


async def test_the_queues_of_all_connected_clients_are_bounded(start, connect):
    """The client with most waiting is dropped; who reads gets all."""
    subject = await start(limits=Limits(queues_bytes=3 << 20))
    stuck = [await connect(subject, f"stuck-{number}") for number in range(8)]
    for client in stuck:
        await client.subscribe(("q", 0))
        client.writer.transport.pause_reading()
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("q", 0))

    async def flood():
        for _ in range(200):
            writer.post("q", bytes(40_000))
            await writer.writer.drain()

    async with asyncio.TaskGroup() as group:
        group.create_task(flood())
        came = group.create_task(reader.messages(200))
    assert len(came.result()) == 200
    assert {event.fields["client"][:5] for event in subject.events_of("TWL-B041")} == {"stuck"}


async def test_packets_that_come_in_part_are_bounded_together(start, connect):
    """The one begun first ends its connection; a large packet that comes whole passes meanwhile."""
    subject = await start(limits=Limits(unfinished_bytes=3 << 20))
    reader, writer = await connect(subject, "reader"), await connect(subject, "writer")
    await reader.subscribe(("big", 0))
    half = [await connect(subject, f"half-{number}") for number in range(5)]
    for client in half:
        client.send(b"\x30\x80\x80\x7d\0\x01q" + bytes(900_000))
        await asyncio.sleep(0.05)
    assert [await client.is_closed() for client in half[:2]] == [True, True]
    await writer.publish("big", bytes(400_000))
    assert [len(message.payload) for message in await reader.messages(1)] == [400_000]
    assert [event.fields["client"] for event in subject.events_of("TWL-B047")] == ["half-0", "half-1"]


async def test_an_idle_client_costs_no_memory_for_its_last_packet(start, connect):
    """However large it was."""
    subject = await start()
    client = await connect(subject, "c")
    await client.publish("q", bytes(1 << 20))
    (connection,) = subject.broker.connections
    assert connection.part_bytes == 0


async def test_a_full_broker_lets_in_the_service_and_its_commands(start, dial, connect):
    """The commands in a few places of their own; who knows the service's password always, and takes nobody's place."""
    subject = await start(limits=Limits(clients=2, reserved=2), own="secret", reserved="tower-")
    for number in range(6):
        await connect(subject, f"ours-{number}", user="controller", password="secret")
    await connect(subject, "a")
    await connect(subject, "b")
    names = ("c", "tower-status-1", "tower-status-2", "tower-status-3")
    codes = [(await (await dial(subject)).connect(name))[1] for name in names]
    assert codes == [3, 0, 0, 3]
    await connect(subject, "ours-6", user="controller", password="secret")


async def test_nobody_displaces_the_service(start, connect, dial):
    """By its client id; once it is gone the id is anybody's."""
    subject = await start(own="secret")
    ours = await connect(subject, "tower", user="controller", password="secret")
    thief = await dial(subject)
    assert (await thief.connect("tower"))[1] == 2
    await ours.ping()
    await ours.leave()
    assert (await (await dial(subject)).connect("tower"))[1] == 0


async def test_strangers_of_one_address_do_not_push_out_those_of_another(start, dial):
    """The address with most loses its oldest."""
    subject = await start(limits=Limits(strangers=3))
    other = asyncio.open_connection("127.0.0.1", subject.port, local_addr=("127.0.0.2", 0))
    reader, writer = await other
    crowd = [await dial(subject) for _ in range(3)]
    assert await crowd[0].is_closed()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await reader.read(1)
    writer.close()


async def test_a_filter_costs_memory_by_its_length(start, connect):
    """A long one is refused where a short one still has room."""
    subject = await start(limits=Limits(filter_bytes=2000))
    client = await connect(subject, "c")
    assert await client.subscribe(("a/b/c", 0), ("x" * 500, 0), ("d", 0)) == [0, 0x80, 0]
    assert len(subject.events_of("TWL-B045")) == 1


async def test_sessions_of_absent_clients_are_bounded(start, connect, dial):
    """The one longest away goes."""
    subject = await start(limits=Limits(sessions=2))
    for name in ("a", "b", "c"):
        await (await connect(subject, name, clean=False)).leave()
    present = [await (await dial(subject)).connect(name, clean=False) for name in ("b", "c", "a")]
    assert present == [(True, 0), (True, 0), (False, 0)]
    assert [event.fields["client"] for event in subject.events_of("TWL-B044")] == ["a"]


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
    assert subject.events_of("TWL-B034")[0].fields["client"] == "gate"


async def test_two_devices_with_one_id_do_not_fill_the_log(start, connect):
    """However often they disconnect each other; what was not logged is logged as a number at the end."""
    subject = await start()
    for _ in range(10):
        await connect(subject, "twin")
    assert len(subject.events_of("TWL-B040")) == 2
    await subject.broker.__aexit__(None, None, None)
    assert [(event.fields["of"], event.fields["times"]) for event in subject.events_of("TWL-C040")] == [("TWL-B040", 7)]
