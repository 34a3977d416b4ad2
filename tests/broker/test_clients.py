"""The client that most programs use, in its three versions, against our broker."""

import asyncio
import threading

import paho.mqtt.client as paho
import pytest


def converse(port: int, version: int) -> list[object]:
    """What a paho client of this version receives: the answer to its CONNECT, and the messages it sends itself."""
    received: list[object] = []
    done = threading.Event()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=version, reconnect_on_failure=False)
    client.username_pw_set("tower", "orange")

    def connected(client, _userdata, _flags, reason, _properties):
        received.append(str(reason))
        client.subscribe("q/#", 2)

    def subscribed(client, *_):
        for qos in (0, 1, 2):
            client.publish("q/x", b"%d" % qos, qos=qos)

    def heard(_client, _userdata, message):
        received.append((message.payload, message.qos))
        if message.qos == 2:
            done.set()

    client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, heard
    client.on_disconnect = lambda *_: done.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    done.wait(10)
    client.disconnect()
    client.loop_stop()
    return received


async def test_a_client_of_our_version_is_served(start):
    """MQTT 3.1.1, all three qualities."""
    subject = await start()
    received = await asyncio.to_thread(converse, subject.port, paho.MQTTv311)
    assert received == ["Success", (b"0", 0), (b"1", 1), (b"2", 2)]


@pytest.mark.parametrize(("version", "level"), [(paho.MQTTv5, 5), (paho.MQTTv31, 3)])
async def test_a_client_of_another_version_gets_an_answer_that_it_understands(start, version, level):
    """In words that its user understands; so is ours."""
    subject = await start()
    received = await asyncio.to_thread(converse, subject.port, version)
    assert received == ["Unsupported protocol version"]
    assert subject.events_of("TWL-B032")[0].fields["level"] == level


BRIDGE = """
connection tower
address 127.0.0.1:{port}
remote_username tower
remote_password orange
topic # out 1
restart_timeout 1
"""


@pytest.mark.real
async def test_a_bridge_of_mosquitto_comes_in(start, connect, mosquitto):
    """As it is by default: it asks with a level of its own first, and with 4 when that is refused in words it knows."""
    subject = await start()
    reader = await connect(subject, "reader")
    await reader.subscribe(("q", 1))
    far = type("Site", (), {"port": mosquitto(BRIDGE.format(port=subject.port))})
    writer = await connect(far, "writer")
    await writer.publish("q", b"from afar")
    assert [message.payload for message in await reader.messages(1)] == [b"from afar"]
