"""The connect against a real broker that comes late, dies, freezes, refuses, forgets and is cut off."""

import asyncio
import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from controller.events.models import Reason
from controller.gateways.base import Message
from controller.mqtt import Address, Connected, Disconnected, Mqtt, Received, connection
from controller.mqtt.incoming import (
    BrokerUnreachable,
    Displaced,
    Forgot,
    HungUp,
    LoginRefused,
    Oversized,
    SubscriptionRefused,
)
from tests.parts import require

pytestmark = pytest.mark.real

ALL = (("#", 1),)
PLUGIN = next(Path("/usr/lib").glob("**/mosquitto_dynamic_security.so"), None)
ACCEPTED = b"\x20\x02\x00\x00"


async def test_connects_publishes_its_birth_and_receives(mosquitto: Any, connect: Any, message: Any) -> None:
    """The plain case: connected, birth out, a message round."""
    broker = mosquitto().start()
    mqtt, items = await connect(broker.address, subscriptions=ALL, birth=[message("s", b"online", retain=True)])
    connected = await items.get(Connected)
    assert connected == Connected(str(broker.address), session_present=False, attempts=1)
    assert mqtt.connected
    assert mqtt.reach == {str(broker.address): True}
    mqtt.publish(message("a", b"\x00\xff", 0))
    await items.until(lambda: items.payloads("a") == [b"\x00\xff"])
    assert items.payloads("s") == [b"online"]
    _, late = await connect(broker.address, subscriptions=ALL)
    await late.until(lambda: late.of(Received))
    assert late.of(Received) == [Received(str(broker.address), "s", b"online", retain=True, qos=1)]


async def test_enters_at_once_and_finds_a_broker_that_comes_late(mosquitto: Any, connect: Any, message: Any) -> None:
    """Nobody waits for the broker; its absence is reported once per reason, and the attempts are counted."""
    broker = mosquitto()
    mqtt, items = await connect(broker.address, subscriptions=ALL)
    await items.get(BrokerUnreachable)
    assert not mqtt.connected
    mqtt.publish(message("a", b"into the void"))
    await asyncio.sleep(1.5)
    broker.start()
    connected = await items.get(Connected)
    assert connected.attempts > 2
    assert [item.reason for item in items.of(BrokerUnreachable)] == [Reason("ECONNREFUSED")]
    mqtt.publish(message("a", b"now"))
    await items.until(lambda: items.payloads("a"))
    assert items.payloads("a") == [b"now"]


async def test_why_it_cannot_connect_is_reported_when_that_changes(
    mosquitto: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also back to what it was before, and not at every attempt."""
    for name, value in {"LONGEST_S": 0.1, "BARRED_S": 0.0, "CHANGE_BACK_S": 0.0}.items():
        monkeypatch.setattr(f"controller.mqtt.reconnect.{name}", value)
    broker = mosquitto("allow_anonymous false")
    _, items = await connect(broker.address)
    for told in range(1, 5):
        await items.until(lambda number=told: len(items.all) == number)
        await asyncio.sleep(0.4)
        broker.kill() if told % 2 == 0 else broker.start()
    causes = [BrokerUnreachable, LoginRefused, BrokerUnreachable, LoginRefused]
    assert [type(item) for item in items.all[:4]] == causes


async def test_a_killed_broker_is_noticed_and_found_again(mosquitto: Any, connect: Any, message: Any) -> None:
    """Kill -9 and a restart: Lost, Connected, subscribed again; nothing of the time between is sent."""
    broker = mosquitto().start()
    mqtt, items = await connect(broker.address, subscriptions=ALL)
    await items.get(Connected)
    broker.kill()
    lost = await items.get(Disconnected)
    assert lost.reason == Reason("broker_closed")
    assert not mqtt.connected
    for value in range(100):
        mqtt.publish(message("a", b"stale %d" % value, retain=True))
    broker.start()
    await items.until(lambda: len(items.of(Connected)) == 2)
    mqtt.publish(message("a", b"newest", retain=True))
    await items.until(lambda: items.payloads("a"))
    assert items.payloads("a") == [b"newest"]


async def test_a_frozen_broker_is_noticed_and_only_the_newest_waits(mosquitto: Any, connect: Any, message: Any) -> None:
    """Of values published while the broker is frozen, one is on its way and the newest follows; none between."""
    broker = mosquitto().start()
    mqtt, items = await connect(broker.address, subscriptions=ALL, keepalive_s=20)
    await items.get(Connected)
    broker.freeze()
    for value in range(1000):
        mqtt.publish(message("a", b"%d" % value))
        mqtt.publish(message("b", b"%d" % value))
    await asyncio.sleep(0.1)
    broker.thaw()
    await items.until(lambda: items.payloads("a")[-1:] == [b"999"] == items.payloads("b")[-1:])
    assert items.payloads("a") == items.payloads("b") == [b"0", b"999"]


async def test_a_silent_line_is_dead_within_18_tenths_of_the_keepalive(mosquitto: Any, connect: Any, line: Any) -> None:
    """Half-open TCP: the end is not signalled, and yet the connection never looks alive for longer."""
    broker = mosquitto().start()
    async with line(broker.port) as cut:
        mqtt, items = await connect(cut.address, keepalive_s=2)
        await items.get(Connected)
        cut.cut()
        began = asyncio.get_running_loop().time()
        lost = await items.get(Disconnected)
        assert asyncio.get_running_loop().time() - began < 1.8 * 2 + 0.2
        assert lost.reason == Reason("broker_silent")
        assert not mqtt.connected


async def test_a_line_that_is_silent_while_we_talk_is_dead_too(
    mosquitto: Any, connect: Any, line: Any, message: Any
) -> None:
    """What we send is no sign of life, and sending into a dead line never waits."""
    broker = mosquitto().start()
    async with line(broker.port) as cut:
        mqtt, items = await connect(cut.address, keepalive_s=1)
        await items.get(Connected)
        cut.cut()
        for value in range(40):
            mqtt.publish(message(f"t/{value}", b"x" * 100_000, 0))
            await asyncio.sleep(0.05)
            if items.of(Disconnected):
                break
        await items.get(Disconnected, 1.0)


async def test_a_slow_line_is_not_dead(mosquitto: Any, connect: Any, line: Any) -> None:
    """A round trip of half the keepalive causes no reconnection."""
    broker = mosquitto().start()
    async with line(broker.port) as slow:
        slow.delay_s = 0.25
        _, items = await connect(slow.address, keepalive_s=1)
        await items.get(Connected)
        await asyncio.sleep(2.5)
        assert len(items.all) == slow.opened == 1


@pytest.mark.parametrize("state", ["idle", "talking", "connecting", "absent"])
async def test_leaves_within_a_second_whatever_the_broker_does(mosquitto: Any, message: Any, state: str) -> None:
    """Also from a broker that is frozen, with much unsent, or that never answered the CONNECT."""
    broker = mosquitto()
    if state != "absent":
        broker.start()
    if state == "connecting":
        broker.freeze()
    async with Mqtt(broker.address, "leaver") as mqtt:
        if state in {"idle", "talking"}:
            async for item in mqtt:
                assert isinstance(item, Connected)
                break
            broker.freeze()
        else:
            await asyncio.sleep(0.2)
        for value in range(200 if state == "talking" else 0):
            mqtt.publish(message(f"t/{value}", b"x" * 100_000, value % 2))
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 1.0


async def test_what_was_published_is_sent_before_leaving(
    mosquitto: Any, connect: Any, message: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving flushes: 2,000 retained messages published just before are all kept by the broker."""
    monkeypatch.setattr(connection, "FLUSH_S", 20.0)  # its limit is for a stop, and a loaded machine needs longer
    broker = mosquitto("max_queued_messages 0\nmax_inflight_messages 0").start()
    async with Mqtt(broker.address, "leaver") as mqtt:
        async for _ in mqtt:
            break
        for value in range(2000):
            mqtt.publish(message(f"t/{value}", b"kept", retain=True))
    _, items = await connect(broker.address, subscriptions=ALL)
    await items.until(lambda: len(items.of(Received)) == 2000)


async def test_the_will_is_sent_when_we_die_and_not_when_we_leave(mosquitto: Any, connect: Any, line: Any) -> None:
    """Leaving properly says DISCONNECT."""
    broker = mosquitto().start()
    _, items = await connect(broker.address, subscriptions=ALL)
    await items.get(Connected)
    will = Message("status", b"offline", 1, retain=True)
    async with Mqtt(broker.address, "leaver", will=will) as mqtt:
        async for _ in mqtt:
            break
    async with line(broker.port) as cut:
        _, dies = await connect(cut.address, "dies", will=Message("status", b"died", 1))
        await dies.get(Connected)
    await items.until(lambda: items.payloads("status"))
    assert items.payloads("status") == [b"died"]


async def test_a_refused_login_is_reported_with_its_cause_and_tried_again_rarely(
    mosquitto: Any, connect: Any, line: Any, tmp_path: Path
) -> None:
    """Wrong password: code 5 in mosquitto, once; the password is shown nowhere."""
    users = tmp_path / "users"
    await asyncio.to_thread(
        subprocess.run, [require("mosquitto_passwd"), "-c", "-b", users, "me", "right"], check=True, capture_output=True
    )
    broker = mosquitto(f"allow_anonymous false\npassword_file {users}").start()
    async with line(broker.port) as counting:
        wrong = Address("127.0.0.1", counting.address.port, username="me", password="wr0ng")
        mqtt, items = await connect(wrong)
        refused = await items.get(LoginRefused)
        assert (refused.connack, refused.reason) == (5, Reason("not_authorized"))
        await asyncio.sleep(1.5)
        assert items.all == [refused]
        assert counting.opened == 1
    assert not mqtt.connected
    assert "wr0ng" not in repr(wrong) + str(wrong) + repr(items.all) + str(refused.event())
    _, fine = await connect(Address("127.0.0.1", broker.port, username="me", password="right"))
    await fine.get(Connected)


async def test_a_refused_subscription_is_reported_and_the_others_hold(
    mosquitto: Any, connect: Any, tmp_path: Path, message: Any
) -> None:
    """SUBACK 0x80 for one filter of several."""
    if PLUGIN is None:
        pytest.skip("mosquitto has no mosquitto_dynamic_security.so, without which it refuses no subscription")
    rights = {
        "defaultACLAccess": dict.fromkeys(("publishClientSend", "publishClientReceive", "subscribe"), True),
        "roles": [{"rolename": "r", "acls": [{"acltype": "subscribePattern", "topic": "other/#", "allow": False}]}],
        "groups": [{"groupname": "all", "roles": [{"rolename": "r"}]}],
        "anonymousGroup": "all",
        "clients": [],
    }
    (tmp_path / "rights.json").write_text(json.dumps(rights))
    more = f"plugin {PLUGIN}\nplugin_opt_config_file {tmp_path}/rights.json\n"
    broker = mosquitto(f"per_listener_settings false\n{more}").start()
    mqtt, items = await connect(broker.address, subscriptions=(("mine/a", 1), ("other/#", 1), ("mine/b", 0)))
    assert (await items.get(SubscriptionRefused)).filter == "other/#"
    mqtt.publish(message("mine/a", b"1"))
    mqtt.publish(message("mine/b", b"2"))
    await items.until(lambda: items.payloads("mine/b"))
    assert items.payloads("mine/a") == [b"1"]
    assert len(items.of(SubscriptionRefused)) == 1


async def test_an_oversized_message_is_thrown_away_and_reported(mosquitto: Any, connect: Any, flood: Any) -> None:
    """5 MB on one topic; the next message comes through."""
    broker = mosquitto().start()
    mqtt, items = await connect(broker.address, subscriptions=ALL)
    await items.get(Connected)
    await asyncio.to_thread(flood, broker.port, [("big", b"x" * 5_000_000), ("small", b"y")])
    await items.until(lambda: items.payloads("small"))
    assert items.of(Oversized) == [Oversized(str(broker.address), "big", 5_000_000)]
    assert items.payloads("big") == []
    assert mqtt.connected


async def test_a_broker_that_forgot_is_reported(mosquitto: Any, connect: Any, tmp_path: Path) -> None:
    """Restarted without its memory, it is found out; with it, nothing is said, and nothing is heard unasked."""
    status = Message("status", b"online", 1, retain=True)
    will = Message("status", b"offline", 1, retain=True)
    kept = tmp_path / "kept"
    kept.mkdir()
    saves = f"persistence true\npersistence_location {kept}/\nautosave_on_changes true\nautosave_interval 1"
    for more, forgets in (("persistence false", True), (saves, False)):
        broker = mosquitto(more).start()
        _, items = await connect(broker.address, birth=[status], will=will)
        await items.get(Connected)
        _, watcher = await connect(broker.address, subscriptions=ALL)
        await watcher.get(Received)
        await items.until(
            lambda forgets=forgets: forgets or any(b"online" in each.read_bytes() for each in kept.iterdir())
        )
        broker.kill()
        broker.start()
        await items.until(lambda items=items: len(items.of(Connected)) == 2)
        await items.until(lambda forgets=forgets, items=items: items.of(Forgot) or not forgets)
        await asyncio.sleep(0.3)
        assert bool(items.of(Forgot)) is forgets
        assert not items.of(Received)


async def test_two_brokers_are_one(mosquitto: Any, connect: Any, message: Any) -> None:
    """Published to both, heard from both, connected while one lives; each item names its broker."""
    first, second = mosquitto().start(), mosquitto().start()
    mqtt, items = await connect([first.address, second.address], subscriptions=ALL)
    await items.until(lambda: len(items.of(Connected)) == 2)
    mqtt.publish(message("a", b"1"))
    await items.until(lambda: len(items.payloads("a")) == 2)
    assert {item.broker for item in items.of(Received)} == {str(first.address), str(second.address)}
    first.kill()
    lost = await items.get(Disconnected)
    assert lost.broker == str(first.address)
    assert mqtt.connected
    assert mqtt.reach == {str(first.address): False, str(second.address): True}
    mqtt.publish(message("a", b"2"))
    await items.until(lambda: items.payloads("a").count(b"2") == 1)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x20\x02\x00\x01",
        b"\x20\x02\x00\x09",
        b"\x20\x00",
        b"\x30\x02\xff\xff",
    ],
    ids=["closes", "web server", "other protocol version", "code of the future", "short CONNACK", "PUBLISH first"],
)
async def test_what_is_no_broker_is_reported_and_survived(connect: Any, scripted: Any, answer: bytes) -> None:
    """Whatever answers on the port, there is a reason and the next attempt comes."""
    async with scripted(answer, []) as nobody:
        mqtt, items = await connect(nobody.address)
        await items.until(lambda: items.all)
        assert isinstance(items.all[0], HungUp | LoginRefused)
        assert not mqtt.connected
        if isinstance(items.all[0], HungUp):
            await items.until(lambda: nobody.calls > 1)


@pytest.mark.parametrize(
    "nonsense",
    [b"\x30\x03\x00\x05a", b"\x40\x01\x00", b"\xf0\x00", b"\x90\x00", random.Random(7).randbytes(4096)],
    ids=["PUBLISH shorter than its topic", "half a PUBACK", "packet 15", "empty SUBACK", "noise"],
)
async def test_nonsense_from_a_broker_ends_the_connection_and_not_the_door(
    connect: Any, scripted: Any, nonsense: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Malformed packets after a good CONNACK: Lost with a reason, then the next attempt."""
    async with scripted(ACCEPTED + nonsense, [b""]) as mad:
        _, items = await connect(mad.address, keepalive_s=1)
        assert (await items.get(Disconnected)).reason
        assert not caplog.records
        await items.until(lambda: mad.calls > 1)


async def test_a_mistake_in_a_callback_ends_the_connection_and_not_the_door(
    mosquitto: Any, connect: Any, message: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """paho's thread would die unseen and the client look connected for ever."""
    broker = mosquitto().start()
    mqtt, items = await connect(broker.address, subscriptions=ALL)
    await items.get(Connected)
    with monkeypatch.context() as broken:
        broken.setattr("controller.mqtt.incoming.Received", None)
        mqtt.publish(message("a", b"1"))
        assert "TypeError" in str((await items.get(Disconnected)).reason)
        assert not mqtt.connected
    await items.until(lambda: len(items.of(Connected)) == 2)
    mqtt.publish(message("a", b"2"))
    await items.until(lambda: items.payloads("a") == [b"2"])
    assert not caplog.records


async def test_two_clients_of_one_client_id_are_reported(
    mosquitto: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pushes the other out; a broker that was killed under a client is no such thing."""
    monkeypatch.setattr("controller.mqtt.reconnect.LONGEST_S", 0.2)
    broker = mosquitto().start()
    _, alone = await connect(broker.address)
    for connections in range(1, 5):
        await alone.until(lambda number=connections: len(alone.of(Connected)) == number)
        broker.kill()
        await alone.until(lambda number=connections: len(alone.of(BrokerUnreachable)) == number)
        broker.start()
    assert not alone.of(Displaced)
    ears = [(await connect(broker.address, "twin"))[1] for _ in range(2)]
    for items in ears:
        await items.until(lambda items=items: items.of(Displaced))
        assert items.of(Displaced)[0].client == "twin"


async def test_a_subscription_is_asked_for_again(connect: Any, scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is reported once, the filter is requested again, and messages arrive without a reconnection."""
    monkeypatch.setattr("controller.mqtt.connection.RETRY_S", 0.2)
    refused, granted = b"\x90\x03\x00\x01\x80", b"\x90\x03\x00\x03\x01"
    answers = [refused, refused[:3] + b"\x02\x80", granted + b"\x30\x04\x00\x01ax"]
    async with scripted(ACCEPTED, answers) as strict:
        _, items = await connect(strict.address, subscriptions=(("a", 1),))
        await items.until(lambda: items.payloads("a") == [b"x"])
        assert items.of(SubscriptionRefused) == [SubscriptionRefused(str(strict.address), "a")]
        assert strict.calls == 1


async def test_a_broker_that_never_acknowledges_is_left(
    connect: Any, scripted: Any, message: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would hold back the newest value of the topic for ever."""
    monkeypatch.setattr("controller.mqtt.connection.ACKNOWLEDGE_S", 0.2)
    async with scripted(ACCEPTED, [b""]) as lazy:
        mqtt, items = await connect(lazy.address, keepalive_s=2)
        await items.get(Connected)
        mqtt.publish(message("a", b"1"))
        assert (await items.get(Disconnected)).reason == Reason("broker_unacknowledged")


async def test_a_name_that_nobody_knows_is_reported(connect: Any) -> None:
    """DNS fails off the loop, and leaving does not wait for it."""
    _, items = await connect(Address("no-such-host.invalid"))
    assert isinstance(await items.get(BrokerUnreachable), BrokerUnreachable)
    _, strange = await connect(Address("a" * 70 + ".invalid"))
    await strange.get(BrokerUnreachable)


async def test_what_can_never_be_sent_is_an_error_of_the_program() -> None:
    """Also while nobody is connected."""
    mqtt = Mqtt(Address("localhost"), "x")
    for bad in (Message("a/+", b""), Message("#", b""), Message("", b""), Message("a\0", b""), Message("a", b"", 3)):
        with pytest.raises(ValueError, match=r"topic|QoS"):
            mqtt.publish(bad)
    with pytest.raises(TypeError):
        mqtt.publish(Message("a", "text"))  # type: ignore[arg-type]
    for filters in ((("a/#/b", 0),), (("a+", 0),), (("", 0),), (("a", 3),)):
        with pytest.raises(ValueError, match="filter"):
            Mqtt(Address("localhost"), "x", subscriptions=filters)
    for brokers in ((), (Address("h"), Address("h", username="u"))):
        with pytest.raises(ValueError, match="once"):
            Mqtt(brokers, "x")


async def test_an_error_of_the_one_inside_comes_out_as_it_is(mosquitto: Any) -> None:
    """The connect wraps nothing."""
    broker = mosquitto().start()
    with pytest.raises(LookupError):
        async with Mqtt(broker.address, "x"):
            raise LookupError


async def test_a_keeper_that_ends_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is eternal; nobody goes on without it unawares."""
    monkeypatch.setattr("controller.mqtt.reconnect.pause_s", None)
    with pytest.raises(ExceptionGroup):
        async with Mqtt(Address("127.0.0.1", 1), "x"):
            await asyncio.sleep(5)
