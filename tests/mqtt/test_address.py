"""Where a broker is, as written in tower.yaml."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.errors import Mistake
from controller.events import CATALOGUE
from controller.gateways.base import Message
from controller.mqtt import Address, Tls
from controller.mqtt.client_settings import ClientSettings


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mqtt://host", Address("host", 1883)),
        ("mqtt://host:1884", Address("host", 1884)),
        ("mqtt://host/", Address("host", 1883)),
        ("MQTT://HOST", Address("host", 1883)),
        ("mqtt://10.0.0.1:1", Address("10.0.0.1", 1)),
        ("mqtt://[::1]:1884", Address("::1", 1884)),
        ("mqtts://host", Address("host", 8883, Tls())),
        ("mqtts://host:1883", Address("host", 1883, Tls())),
    ],
)
def test_reads_scheme_host_and_port(text: str, address: Address) -> None:
    """The port has a default per scheme."""
    assert Address.parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host",
        "host:1883",
        "http://host",
        "mqtt://",
        "mqtt://:1883",
        "mqtt://host:0",
        "mqtt://host:65536",
        "mqtt://host:x",
        "mqtt://host/topic",
        "mqtt://host?x=1",
        "mqtt://host#x",
        "mqtt://two hosts",
        "mqtt://h\nost",
        "mqtt://host\n",
        "mqtt://host:١٨",
        "mqtt://[::1",
        "mqtt://värd",
        "mqtt:host",
    ],
)
def test_anything_else_is_a_mistake(text: str) -> None:
    """With the code that says how to write it."""
    with pytest.raises(Mistake) as raised:
        Address.parse(text)
    assert raised.value.code == "TWL-M020"
    assert set(raised.value.fields) == CATALOGUE["TWL-M020"].fields


def test_credentials_do_not_belong_in_an_address_and_are_not_repeated() -> None:
    """Addresses are shown everywhere."""
    with pytest.raises(Mistake) as raised:
        Address.parse("mqtt://me:s3cr@t@host:1883")
    assert raised.value.code == "TWL-M021"
    assert raised.value.fields == {"address": "host:1883"}
    assert "mqtt://me:s3cr@t@host:1883"[raised.value.start : raised.value.end] == "mqtt://me:s3cr@t@"


@settings(max_examples=60)
@given(st.one_of(st.text(), st.from_regex(r"mqtts?://[a-z:0-9.\[\]/@%_-]*", fullmatch=True)))
def test_reading_is_total(text: str) -> None:
    """Any text gives an address or a Mistake."""
    try:
        address = Address.parse(text)
    except Mistake:
        return
    assert Address.parse(str(address)) == address


def test_files_without_encryption_are_a_mistake() -> None:
    """Nobody names a certificate and means to be read by all."""
    tls = Tls(Path("ca.pem"))
    assert Address.parse("mqtts://h", tls=tls).tls == tls
    with pytest.raises(Mistake) as raised:
        Address.parse("mqtt://h:8883", tls=tls)
    assert raised.value.code == "TWL-M022"
    assert raised.value.fields == {"value": "mqtt://h:8883", "suggestion": "mqtts://h:8883"}


@pytest.mark.parametrize(("host", "port"), [("", 1883), ("h", 0), ("h", 65536)])
def test_what_cannot_be_tried_is_no_address(host: str, port: int) -> None:
    """Told where it is made, and not in the background."""
    with pytest.raises(ValueError, match="host and port"):
        Address(host, port)


def test_a_secret_is_not_shown() -> None:
    """A password without a user cannot be sent at all."""
    address = Address.parse("mqtts://h", username="me", password="s3cret")
    assert (address.username, address.password) == ("me", "s3cret")
    assert "s3cret" not in repr(address) + str(address)
    assert str(address) == "mqtts://h:8883"
    with pytest.raises(ValueError, match="user name"):
        Address("h", password="s3cret")


WILL = Message("status", b"offline", 1, retain=True)


@pytest.mark.parametrize(
    ("will", "birth", "topic"),
    [
        (WILL, (Message("status", b"online", 1, retain=True),), "status"),
        (WILL, (Message("status", b"online", 1),), None),
        (WILL, (Message("other", b"online", 1, retain=True),), None),
        (WILL, (), None),
        (Message("status", b"offline", 1), (Message("status", b"online", 1, retain=True),), None),
        (None, (Message("status", b"online", 1, retain=True),), None),
    ],
)
def test_a_topic_says_whether_we_live_where_birth_and_will_are_kept_on_it(
    will: Message | None, birth: tuple[Message, ...], topic: str | None
) -> None:
    """By it a broker is found out that has forgotten what it was to keep."""
    assert ClientSettings("c", (), will, birth, 30).status_topic == topic
