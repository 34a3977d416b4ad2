"""What holds for the dialect of every vendor."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from controller.errors import Mistake
from controller.events import CATALOGUE
from controller.gateways import GATEWAYS
from controller.gateways.base import DesiredState, Gateway, Ignored, Rejected, Report, ReportedLook
from controller.gateways.payloads import MAX_PAYLOAD
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from tests.parts import examples

PREFIX = "watertower"
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=8),
    st.sampled_from([10**30, -1, 256, 1e400, "ON", "off", "255", "１２", "#FF6A00", "FF6A00", "1,2,3", "true"]),
)
KEYS = """
    state brightness color color_mode color_temp r g b w c x y h s hue saturation effect POWER POWER1 Dimmer Color
    HSBColor CT Scheme StatusSTS ison red green blue white gain mode output rgb transition target params method rgbw:0
    result error id code message linkquality seg
"""
names = st.sampled_from(KEYS.split())
values = st.recursive(
    odd, lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(names, inner, max_size=5)), max_leaves=12
)
objects = st.dictionaries(names, values, max_size=8).map(lambda read: json.dumps(read).encode())
tags = st.lists(
    st.tuples(st.sampled_from(["ac", "cl", "wv", "fx"]), st.integers(-1, 999)).map("<{0[0]}>{0[1]}</{0[0]}>".format)
).map(lambda parts: "".join(parts).encode())
payloads = st.one_of(st.binary(max_size=80), st.text(max_size=20).map(str.encode), objects, tags)


KINDS = sorted(set(GATEWAYS) - {"dmx", "dmx-channels"})


@settings(max_examples=examples(100))
@given(payload=payloads)
def test_any_payload_gives_a_report_or_a_reason(named: Callable[..., Gateway], payload: bytes) -> None:
    """The parser of every kind is total, and what it reads is within bounds."""
    for gateway, topic in ((each, topic) for each in map(named, KINDS) for topic in each.topics(PREFIX)):
        report = gateway.decode(topic, payload, PREFIX)
        assert isinstance(report, Report | Ignored | Rejected)
        for shown in report.zones.values() if isinstance(report, Report) else ():
            assert shown != ReportedLook()
            assert shown.brightness is None or 0 < shown.brightness <= 1
            assert shown.kelvin is None or 1000 <= shown.kelvin <= 20_000


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Every kind of vendor's gateway."""
    return str(request.param)


DEEP = b"[" * 100_000
HOSTILE = [
    DEEP[:60_000],
    b'{"a":' * 9_000,
    b'{"brightness":' + b"9" * 5_000 + b"}",
    b'{"brightness":1e400,"state":"ON"}',
    b'{"brightness":NaN}',
    b'{"brightness":-Infinity}',
    b'{"brightness":true}',
    b"\xff\xfe{\x00}\x00",
    b"\x00",
    b"\x1f\x8b\x08\x00",
    b"null",
    b"[]",
    b'"ON"',
    b"x" * (MAX_PAYLOAD + 1),
]


@pytest.mark.parametrize("payload", HOSTILE, ids=lambda payload: repr(payload[:12]))
def test_hostile_payloads_are_refused(vendor: Gateway, payload: bytes) -> None:
    """Depth, length, figures without end, other encodings: refused, without a word about the light."""
    for topic in vendor.topics(PREFIX):
        report = vendor.decode(topic, payload, PREFIX)
        assert not (isinstance(report, Report) and report.zones), (topic, report)


def test_an_empty_payload_says_nothing(vendor: Gateway) -> None:
    """A retained message was deleted."""
    assert {vendor.decode(topic, b"", PREFIX) for topic in vendor.topics(PREFIX)} == {Ignored()}


def test_other_topics_say_nothing(vendor: Gateway) -> None:
    """Only its own topics are read."""
    assert vendor.decode("elsewhere", b'{"state":"ON"}', PREFIX) == Ignored()


def test_topics_can_be_subscribed_to_one_by_one(vendor: Gateway) -> None:
    """No wildcard matches foreign topics, and none is listed twice."""
    topics = vendor.topics(PREFIX)
    assert len(set(topics)) == len(topics) > 1
    assert not any(char in topic for topic in topics for char in "+#")


@pytest.mark.parametrize("fade_s", [0.0, 0.3, 2.0, 1e7])
@pytest.mark.parametrize("brightness", [0.0, 0.0001, 0.8, 1.0])
def test_commands_are_whole_and_not_retained(
    vendor: Gateway,
    desired_state: Callable[..., DesiredState],
    lit: Callable[..., ZoneState],
    brightness: float,
    fade_s: float,
) -> None:
    """QoS 1, never retained; on carries brightness and colour together, off carries neither. What prepares it on the
    same topic comes before it."""
    orange, blue = (
        vendor.encode(desired_state(lit(color, brightness), fade_s), PREFIX) for color in ("#FF6A00", "#0000FF")
    )
    assert {(message.qos, message.retain) for message in orange} == {(1, False)}
    others = {message.topic: message for message in blue}
    for topic, message in {message.topic: message for message in orange}.items():
        has_color = message != others[topic]
        assert has_color is (brightness > 0), message


def test_no_message_takes_the_place_of_another(vendor: Gateway, lit: Callable[..., ZoneState]) -> None:
    """Where a topic takes an order and a question, the question does not push the order out while that waits."""
    messages = [*vendor.encode(DesiredState(NOW, {"bowl": lit()}), PREFIX), *vendor.query(PREFIX)]
    assert len({(message.topic, message.part) for message in messages}) == len(messages)


@settings(max_examples=examples(30))
@given(
    rgb=st.tuples(*[st.integers(0, 255)] * 3),
    brightness=st.floats(0, 1),
    kelvin=st.one_of(st.none(), st.integers(1000, 12_000)),
)
def test_reducing_twice_changes_nothing(
    kind: str,
    named: Callable[..., Gateway],
    rgb: tuple[int, int, int],
    brightness: float,
    kelvin: int | None,
) -> None:
    """What the gateway can show, it can show."""
    gateway = named(kind)
    want = ZoneState(brightness > 0, Color(Color.from_rgb(*rgb).hex, kelvin), brightness)
    once = gateway.reduce("bowl", want)
    assert gateway.reduce("bowl", once) == once
    assert once.on is (once.brightness > 0)


def test_a_report_counts_until_two_questions_went_unanswered(vendor: Gateway) -> None:
    """The third question comes too late."""
    assert 120.0 < vendor.quiet_s < 180.0


@pytest.mark.parametrize(
    ("kind", "topics"),
    [
        ("home-assistant", ("home/rgb1", "home/rgb1/available", "home/rgb1/set")),
        ("zigbee2mqtt", ("zigbee2mqtt/tower/#",)),
        ("esphome", ("tower/#",)),
        ("wled", ("wled/a1b2c3/#",)),
        ("tasmota", ("cmnd/tasmota/#", "stat/tasmota/#", "tele/tasmota/#")),
        ("shelly-gen1", ("shellies/shellyrgbw2-11ABD9/#",)),
        ("shelly-gen2", ("shellyplusrgbwpm-b48a0a123db4/#", "watertower/gateway/lamp/rpc")),
    ],
)
def test_a_device_may_use_the_topics_with_its_name(
    named: Callable[..., Gateway], kind: str, topics: tuple[str, ...]
) -> None:
    """Where its topics are written out, only those; the bridge's own topics belong to the bridge."""
    assert named(kind).device_topics(PREFIX) == topics


def test_a_gateway_that_is_asked_has_a_question(vendor: Gateway) -> None:
    """The others are made to speak by a command, or not at all."""
    assert (vendor.refresh == "query") is bool(vendor.query(PREFIX))


def test_only_an_answer_confirms_a_lamp_behind_a_bridge(named: Callable[..., Gateway]) -> None:
    """The state that the bridge publishes is that of its cache; a group does not answer."""
    assert [kind for kind in KINDS if named(kind).echoes] == ["zigbee2mqtt"]
    assert not named("zigbee2mqtt", group=True).echoes


def test_nothing_said_agrees_with_nothing(vendor: Gateway, lit: Callable[..., ZoneState], dark: ZoneState) -> None:
    """Silence is neither dark nor lit."""
    assert not vendor.agrees("bowl", lit(), ReportedLook())
    assert not vendor.agrees("bowl", dark, ReportedLook())
    assert not vendor.agrees("bowl", lit(), ReportedLook(on=True))
    assert not vendor.agrees("bowl", lit(), ReportedLook(on=True, brightness=1.0))


# kind -> steps of its brightness: what a firmware rounds is one step at most
STEPS = {
    "esphome": 255,
    "home-assistant": 255,
    "shelly-gen1": 100,
    "shelly-gen2": 100,
    "tasmota": 100,
    "wled": 255,
    "zigbee2mqtt": 254,
}


@pytest.mark.parametrize("off", [-2, -1, 0, 1, 2])
def test_a_brightness_agrees_to_one_step_of_its_firmware(
    kind: str, off: int, named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """A lamp that shows the next step was rounded; two steps away it was set by somebody else."""
    steps = STEPS[kind]
    half = steps // 2
    shown = ReportedLook(on=True, brightness=(half + off) / steps, color=Color("#FF6A00"))
    assert named(kind).agrees("bowl", lit(brightness=half / steps), shown) is (abs(off) <= 1)


# kind -> how far a component of 0..255 may be off: what a firmware loses on the way through its own form of a colour
OFF = {
    "esphome": 3,
    "home-assistant": 5,
    "shelly-gen1": 3,
    "shelly-gen2": 3,
    "tasmota": 8,
    "wled": 3,
    "zigbee2mqtt": 5,
}


@pytest.mark.parametrize("way", [-1, 1])
def test_a_color_agrees_as_far_as_its_firmware_rounds(
    kind: str, way: int, named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """Not a shade more: somebody else's amber is no orange."""
    for off, agrees in ((OFF[kind], True), (OFF[kind] + 2, False)):
        shown = ReportedLook(on=True, brightness=1.0, color=Color.from_rgb(255, 106 + way * off, 0))
        assert named(kind).agrees("bowl", lit(), shown) is agrees


@pytest.mark.parametrize(("shown", "agrees"), [(501, True), (505, True), (507, False), (490, False)])
def test_a_brightness_is_not_compared_finer_than_a_firmware_counts(
    shown: int, agrees: bool, named: Callable[..., Gateway], lit: Callable[..., ZoneState]
) -> None:
    """A scale of 1000 steps, of which the firmware may know 255."""
    gateway = named("home-assistant", brightness_scale=1000)
    report = ReportedLook(on=True, brightness=shown / 1000, color=Color("#FF6A00"))
    assert gateway.agrees("bowl", lit(brightness=0.5), report) is agrees


def test_an_effect_of_its_own_never_agrees(vendor: Gateway, lit: Callable[..., ZoneState]) -> None:
    """The right colour under a running effect is not what was asked for."""
    shown = ReportedLook(on=True, brightness=1.0, color=Color("#FF6A00"))
    assert vendor.agrees("bowl", lit(), shown)
    assert not vendor.agrees("bowl", lit(), ReportedLook(steady=False).over(shown))


BAD = ["", "/", "a//b", "//a", "/a/", "a/", "a/+", "#", "a/#/b", "$SYS/x", "a\x00b", "a\nb", " a", "x" * 257]


@pytest.mark.parametrize("topic", BAD)
@pytest.mark.parametrize("kind", ["home-assistant", "zigbee2mqtt", "esphome", "wled", "tasmota", "shelly-gen2"])
def test_a_topic_that_cannot_be_published_to_is_a_mistake(kind: str, topic: str, named: Callable[..., Any]) -> None:
    """No wildcards, no empty levels, no control characters."""
    key = "command_topic" if kind == "home-assistant" else "topic"
    with pytest.raises(ValidationError):
        named(kind, **{key: topic})


@pytest.mark.parametrize("topic", ["/a/b", "a/b/c/d", "z2m/norra lyktan", "z2m/väst/ljus 💡"])
@pytest.mark.parametrize("kind", ["home-assistant", "zigbee2mqtt", "esphome", "wled", "tasmota", "shelly-gen2"])
def test_topics_as_people_choose_them(kind: str, topic: str, named: Callable[..., Any]) -> None:
    """A slash first, several levels, spaces, letters of any language."""
    gateway = named(kind, **{"command_topic" if kind == "home-assistant" else "topic": topic})
    assert any(topic in each.topic for each in gateway.encode(DesiredState(NOW, {"bowl": DARK}), PREFIX))


def test_a_key_that_is_not_known_is_a_mistake(kind: str, named: Callable[..., Any]) -> None:
    """A slip of the pen does not become a default."""
    with pytest.raises(ValidationError):
        named(kind, chanels="4")


@pytest.mark.parametrize(
    ("kind", "keys", "code"),
    [
        ("home-assistant", {"command_topic": "a/#"}, "TWL-S096"),
        ("esphome", {"zone": None}, "TWL-S221"),
        ("home-assistant", {"color_modes": ["onoff", "rgb"]}, "TWL-S222"),
        ("zigbee2mqtt", {"color_modes": ["xy", "brightness"]}, "TWL-S222"),
        ("tasmota", {"full_topic": "stat/%id%"}, "TWL-S223"),
        ("home-assistant", {"state_topic": "home/rgb1/set"}, "TWL-S227"),
        ("esphome", {"zone": None, "light": None, "zones": {"bowl": "a", "shaft": "a"}}, "TWL-S228"),
        ("shelly-gen2", {"component": "cct:0"}, "TWL-S229"),
        ("zigbee2mqtt", {"topic": "lamp"}, "TWL-S230"),
    ],
)
def test_a_mistake_carries_what_its_text_needs(
    kind: str, keys: dict[str, Any], code: str, named: Callable[..., Any]
) -> None:
    """The fields of the catalogue, no more and no fewer."""
    with pytest.raises(ValidationError) as caught:
        named(kind, **keys)
    mistake = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(mistake, Mistake)
    assert (mistake.code, set(mistake.fields)) == (code, set(CATALOGUE[code].fields))


def test_a_gateway_cannot_be_changed(vendor: Gateway) -> None:
    """Dialects are values."""
    with pytest.raises(ValidationError):
        vendor.name = "other"  # type: ignore[misc]


def test_one_that_differs_in_its_name_is_alike(vendor: Gateway) -> None:
    """So that what is decided for one holds for thousands."""
    other = vendor.model_copy(update={"name": "other"})
    assert len({vendor.alike, other.alike}) == 1


@pytest.mark.parametrize("key", ["state_topic", "availability_topic"])
def test_one_that_is_never_heard_is_not_alike_one_that_is(key: str, named: Callable[..., Gateway]) -> None:
    """Decisions for a lamp depend on its reports; the names of topics do not matter."""
    telling, silent = named("home-assistant"), named("home-assistant", **{key: None})
    assert telling.alike == named("home-assistant", **{key: "home/other"}).alike
    assert telling.alike != silent.alike
