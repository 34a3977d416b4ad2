"""Start, stop, and who may listen where."""

import asyncio
import socket

import pytest

from controller.broker.access import Admission, User
from controller.broker.server import Broker
from controller.errors import Refused, Unreachable


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "::ffff:127.0.0.1"])
async def test_nobody_listens_beyond_loopback_without_users(host):
    """Whatever the address is called."""
    with pytest.raises(Refused) as caught:
        async with Broker(host, 0, on_event=print):
            pass
    assert caught.value.code == "TWL-B001"


async def test_a_name_for_loopback_and_more_is_beyond_loopback(monkeypatch):
    """One open address is enough."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (each, 0)) for each in ("127.0.0.1", "192.0.2.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Refused):
        async with Broker("tower.example", 0, on_event=print):
            pass


async def test_with_users_it_listens_on_all_addresses(start, connect):
    """The wildcard address."""
    subject = await start(host="0.0.0.0")
    await connect(subject, "c")


async def test_without_users_anyone_on_loopback_is_let_in(start, connect, dial):
    """With whatever name."""
    subject = await start(users=None)
    await connect(subject, "a", user=None, password=None)
    assert await (await dial(subject)).connect("b", user="any", password="thing") == (False, 0)


async def test_no_users_at_all_means_nobody(start, dial):
    """An empty list is not the same as none."""
    subject = await start(users={})
    assert (await (await dial(subject)).connect("a"))[1] == 4


async def test_localhost_is_loopback(start, connect):
    """By whatever addresses it has."""
    subject = await start(host="localhost", users=None)
    assert subject.port


async def test_localhost_is_loopback_without_a_hosts_file(start, monkeypatch):
    """A container or a chroot may have no /etc/hosts."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    subject = await start(host="localhost", users=None)
    monkeypatch.undo()
    with socket.create_connection(("127.0.0.1", subject.port)):
        pass


@pytest.mark.parametrize(
    ("host", "port"),
    [("127.0.0.1", 70_000), ("no.such.host.invalid", 0), ("", 1883), ("192.0.2.1", 0), ("a..b", 0), ("a" * 64, 0)],
)
async def test_an_impossible_address_is_reported(host, port):
    """As an error of ours."""
    with pytest.raises(Unreachable) as caught:
        async with Broker(host, port, admission=Admission({}), on_event=print):
            pass
    assert caught.value.code == "TWL-B002"


async def test_a_busy_port_is_reported_and_the_store_is_left_alone(start, tmp_path):
    """A second broker, started by mistake, alters nothing."""
    (tmp_path / "store").write_bytes(b"not ours")
    subject = await start()
    with pytest.raises(Unreachable) as caught:
        async with Broker(port=subject.port, store=tmp_path / "store", on_event=print):
            pass
    assert caught.value.fields["port"] == subject.port
    assert [file.name for file in tmp_path.iterdir()] == ["store"]


async def test_it_restarts_on_the_same_port_at_once(start, connect):
    """Also with clients that were connected, and as the same object."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    events = []
    broker = Broker(port=port, admission=Admission({"tower": User("orange")}), on_event=events.append)
    for _ in range(3):
        async with broker:
            assert broker.port == port
            client = await connect(broker, "c")
        assert await client.is_closed()
    assert [event.code for event in events if event.code < "TWL-B020"] == ["TWL-B010", "TWL-B011"] * 3


async def test_stopping_sends_what_waits_and_no_wills(start, connect, mortal):
    """It is the broker that goes, not the client; whichever of them is closed first."""
    subject = await start()
    before = await connect(subject, "before")
    writer = await connect(subject, "writer", will=mortal)
    after = await connect(subject, "after")
    for reader in (before, after):
        await reader.subscribe(("#", 0))
    await writer.publish("q", b"last")
    await subject.broker.__aexit__(None, None, None)
    for reader in (before, after):
        assert [message.payload for message in await reader.messages(1)] == [b"last"]
        assert await reader.read() == (0, b"")
    assert await writer.is_closed()


async def test_stopping_does_not_wait_for_who_does_not_read(start, connect):
    """A client that stopped reading is cut off."""
    subject = await start()
    stuck, writer = await connect(subject, "stuck"), await connect(subject, "writer")
    await stuck.subscribe(("q", 0))
    stuck.writer.transport.pause_reading()
    for _ in range(8):
        await writer.publish("q", bytes(1 << 20))
    async with asyncio.timeout(5):
        await subject.broker.__aexit__(None, None, None)


async def test_small_packets_are_not_held_back(start, connect):
    """TCP_NODELAY is on, on our side."""
    subject = await start()
    await connect(subject, "c")
    (connection,) = subject.broker.connections
    assert connection.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_client_without_keep_alive_does_not_hold_its_place_for_ever(start, connect):
    """When it lost its power: TCP asks whether it is there."""
    subject = await start()
    await connect(subject, "c", keep_alive=0)
    (connection,) = subject.broker.connections
    assert connection.transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


async def test_a_client_is_silent_after_one_and_a_half_times_its_keep_alive(start, connect, monkeypatch):
    """Not before: a ping may be half an interval late (3.1.2.10)."""
    loop = asyncio.get_running_loop()
    real, ahead = loop.time, [0.0]
    monkeypatch.setattr(loop, "time", lambda: real() + ahead[0])
    subject = await start()
    watcher = await connect(subject, "watcher", keep_alive=0)
    await connect(subject, "silent", keep_alive=1000)
    ahead[0] += 1490
    await watcher.ping()
    assert subject.events_of("TWL-B039") == []
    ahead[0] += 20
    await subject.until("TWL-B039")
    assert subject.events_of("TWL-B039")[0].fields["keep_alive_s"] == 1000


async def test_nothing_is_left_behind(start, connect):
    """No task, no connection."""
    before = asyncio.all_tasks()
    subject = await start()
    await connect(subject, "c")
    await subject.broker.__aexit__(None, None, None)
    assert asyncio.all_tasks() == before
    assert not subject.broker.connections


async def test_coming_and_going_is_reported(start, connect):
    """With the client's id and address."""
    subject = await start()
    await (await connect(subject, "polite")).leave()
    (await connect(subject, "rude")).cut()
    await subject.until("TWL-B022")
    told = [(event.code, event.fields["client"]) for event in subject.events if event.code > "TWL-B019"]
    expected = [("TWL-B020", "polite"), ("TWL-B021", "polite"), ("TWL-B020", "rude"), ("TWL-B022", "rude")]
    assert told == expected
