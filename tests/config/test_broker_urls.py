"""The address of a broker: what is taken, and what was most likely meant by what is not."""

import pytest

from controller.config.broker_urls import broker, several
from controller.errors import Mistake
from controller.mqtt import Address


@pytest.mark.parametrize(
    "text",
    [
        "mqtt://a",
        "MQTT://A.local",
        "mqtt://a_b-c.d:1",
        "mqtts://[::1]:8883",
        "mqtt://[fe80::1%eth0]",
        "mqtt://10.0.0.1/",
    ],
)
def test_what_is_an_address_can_be_connected_to(text: str) -> None:
    """The same for the file and for the connection."""
    assert broker(text) == text
    assert Address.parse(text).host


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("192.168.1.5", "mqtt://192.168.1.5"),
        ("broker.local:1883", "mqtt://broker.local:1883"),
        ("tcp://broker:1883", "mqtt://broker:1883"),
        ("SSL://broker", "mqtts://broker"),
        ("mqtt:/broker", "mqtt://broker"),
        ("mqtt//broker", "mqtt://broker"),
        ("mqtt://broker:", "mqtt://broker"),
        ("mqtts://broker/topic", "mqtts://broker"),
        ("::1", "mqtt://[::1]"),
        ("mqtt://fe80::1", "mqtt://[fe80::1]"),
        ("mqtt://a, mqtt://b", "[mqtt://a, mqtt://b]"),
        ("Embedded", "embedded"),
        ("inbyggd", "embedded"),
        ("ws://broker:9001", None),
        ("1883", None),
        ("mqtt://256.1.1.1", None),
        ("mqtt://10.0.0", None),
        ("mqtt://a..b", None),
        ("mqtt://[::1", None),
        ("mqtt://[::1]x:1", None),
        ("mqtt://a:65536", None),
        ("mqtt://a:0", None),
    ],
)
def test_what_is_none_is_shown_with_what_was_meant(text: str, meant: str | None) -> None:
    """And what is proposed is taken."""
    with pytest.raises(Mistake) as caught:
        broker(text)
    assert caught.value.fields.get("suggestion") == meant
    assert caught.value.code == ("TWL-S071" if meant else "TWL-S091")
    for one in meant.strip("[]").split(", ") if meant and not meant.startswith("mqtt") else [meant]:
        assert one is None or broker(one) == one


@pytest.mark.parametrize("twice", [("mqtt://a", "MQTT://A:1883/"), ("mqtts://[::1]", "mqtts://[::1]:8883")])
def test_one_broker_under_two_spellings_is_one(twice: tuple[str, str]) -> None:
    """By host and port."""
    with pytest.raises(Mistake) as caught:
        several(twice)
    assert caught.value.code == "TWL-S070"
