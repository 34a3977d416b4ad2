"""Bridges that know channels and values only."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from controller.errors import Mistake
from controller.events import CATALOGUE
from controller.gateways import GATEWAYS
from controller.gateways.base import DesiredState, Rejected, Report, ReportedLook
from controller.gateways.dmx_channels import DmxChannels
from controller.lighting.look import DARK, ZoneState

PREFIX = "watertower"
FIXTURES = [
    {"name": "north", "zone": "bowl", "profile": "rgb", "address": "1"},
    {"name": "base", "zone": "shaft", "profile": "rgb", "address": "16"},
]


def bridge(**keys: Any) -> DmxChannels:
    """A bridge with two lamps."""
    known = {"name": "bridge", "kind": "dmx-channels", "fixtures": FIXTURES, **keys}
    gateway = GATEWAYS["dmx-channels"].model_validate(known)
    assert isinstance(gateway, DmxChannels)
    return gateway


@pytest.fixture
def want(desired_state: Callable[..., DesiredState], lit: Callable[..., ZoneState]) -> DesiredState:
    """The bowl red, the shaft dark."""
    return DesiredState(now=desired_state(DARK).now, zones={"bowl": lit("#FF0000"), "shaft": DARK})


def test_one_message_for_each_channel(want: DesiredState) -> None:
    """The documented form of mrtncls/mqtt2dmx, and no channel that is nobody's."""
    gateway = bridge(channel_topic="dmx/channels/{channel}/set")
    messages = gateway.encode(want, PREFIX)
    (frame,) = gateway.patch.levels(want.zones).values()
    assert {message.topic: message.payload for message in messages} == {
        f"dmx/channels/{channel}/set": b"%d" % frame[channel - 1] for channel in (1, 2, 3, 16, 17, 18)
    }
    assert frame[0] == 255
    assert {(message.qos, message.retain) for message in messages} == {(1, False)}


def test_bridges_may_count_from_nought(want: DesiredState) -> None:
    """`base: 0` moves the numbers and nothing else."""
    (one,) = bridge(map_topic="dmx/set", base="1").encode(want, PREFIX)
    (nought,) = bridge(map_topic="dmx/set", base="0").encode(want, PREFIX)
    numbers = json.loads(one.payload)
    assert list(numbers) == ["1", "2", "3", "16", "17", "18"]
    assert json.loads(nought.payload) == {str(int(number) - 1): level for number, level in numbers.items()}


def test_channels_add_up_to_a_confirmation(want: DesiredState) -> None:
    """The documented answer is one topic a channel; a zone agrees when all its channels are reported."""
    gateway = bridge(channel_topic="dmx/channels/{channel}/set", state_topic="dmx/channels/{channel}")
    report = gateway.decode("dmx/channels/16", b"199", PREFIX)
    assert report == Report(zones={"shaft": ReportedLook(levels=((16, 199),))})
    known = ReportedLook()
    agreed = []
    for message in gateway.encode(want, PREFIX)[:3]:
        report = gateway.decode(message.topic.removesuffix("/set"), message.payload, PREFIX)
        assert isinstance(report, Report)
        known = report.zones["bowl"].over(known)
        agreed.append(gateway.agrees("bowl", want.zones["bowl"], known))
    assert agreed == [False, False, True]
    assert not gateway.agrees("bowl", DARK, known)


def test_a_map_is_read_for_the_channels_in_use(want: DesiredState) -> None:
    """Other channels are somebody else's."""
    gateway = bridge(map_topic="dmx/set", state_topic="dmx/state")
    report = gateway.decode("dmx/state", b'{"1":255,"2":0,"3":0,"9":80}', PREFIX)
    assert report == Report(zones={"bowl": ReportedLook(levels=((1, 255), (2, 0), (3, 0)))})
    assert gateway.decode("dmx/state", b'{"9":80}', PREFIX) == Report()
    for nonsense in (b'{"1":-1}', b'{"1":null}', b'{"1":"full"}'):
        assert isinstance(gateway.decode("dmx/state", nonsense, PREFIX), Rejected)


@pytest.mark.parametrize(("scale", "level"), [("100", 100), ("1000", 1000), ("65535", 65535), ("10", 10)])
def test_bridges_may_count_on_a_scale_of_their_own(scale: str, level: int, want: DesiredState, lit: Any) -> None:
    """Per cent, per mille, 16 bits: every level goes out on it and its echo confirms."""
    gateway = bridge(map_topic="dmx/set", state_topic="dmx/state", level_scale=scale)
    (message,) = gateway.encode(want, PREFIX)
    assert json.loads(message.payload)["1"] == level
    for brightness in (1.0, 0.63, 0.2, 0.01):
        states = {"bowl": lit("#FF6A00", brightness), "shaft": lit("#123456")}
        (message,) = gateway.encode(DesiredState(now=want.now, zones=states), PREFIX)
        report = gateway.decode("dmx/state", message.payload, PREFIX)
        assert isinstance(report, Report)
        assert all(gateway.agrees(zone, states[zone], report.zones[zone]) for zone in states), brightness
        assert not gateway.agrees("bowl", DARK, report.zones["bowl"]) or brightness == 0.01


@pytest.mark.parametrize(("scale", "off"), [("255", 2), ("1000", 2), ("100", 2), ("80", 3), ("10", 14), ("3", 44)])
def test_every_level_is_confirmed_as_a_bridge_rounds_it_and_not_beyond(
    scale: str, off: int, want: DesiredState, lit: Any
) -> None:
    """A level and its echo may differ by half a step of the scale and by half a level, never by one level more."""
    gateway = bridge(map_topic="dmx/set", state_topic="dmx/state", level_scale=scale)
    for level in range(1, 256):
        states = {"bowl": lit(f"#{level:02X}0000"), "shaft": lit(f"#0000{level:02X}")}
        (message,) = gateway.encode(DesiredState(now=want.now, zones=states), PREFIX)
        report = gateway.decode("dmx/state", message.payload, PREFIX)
        assert isinstance(report, Report)
        assert all(gateway.agrees(zone, states[zone], report.zones[zone]) for zone in states), level
    levels = {channel: level for channel, level in gateway.levels(states).items() if channel < 16}
    for by, agrees in ((off - 1, True), (off, False)):
        reported = ReportedLook(levels=tuple((channel, abs(level - by)) for channel, level in levels.items()))
        assert gateway.agrees("bowl", states["bowl"], reported) is agrees


@pytest.mark.parametrize(("scale", "payload"), [("255", b'{"1":1000}'), ("100", b'{"1":255}'), ("255", b'{"1":"256"}')])
def test_a_level_beyond_the_scale_shows_that_it_is_another(scale: str, payload: bytes) -> None:
    """The key is named, and nothing is read of the light."""
    report = bridge(map_topic="dmx/set", state_topic="dmx/state", level_scale=scale).decode(
        "dmx/state", payload, PREFIX
    )
    assert isinstance(report, Report)
    assert report.zones == {}
    assert report.fault is not None
    assert (report.fault.code, report.fault.fields["key"]) == ("TWL-G121", f"level_scale: {scale}")


def test_without_a_state_topic_it_is_written_only() -> None:
    """It can never be confirmed, and declares that."""
    gateway = bridge(channel_topic="dmx/{channel}")
    assert not gateway.confirms
    assert gateway.topics(PREFIX) == ()
    assert gateway.cannot() == ("fade", "report", "plan", "scale")


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({}, "TWL-S225"),
        ({"channel_topic": "dmx/{channel}", "map_topic": "dmx/set"}, "TWL-S225"),
        ({"channel_topic": "dmx/channel"}, "TWL-S224"),
        ({"channel_topic": "dmx/{channel}/{channel}"}, "TWL-S224"),
        ({"channel_topic": "dmx/+/{channel}"}, "TWL-S096"),
        ({"channel_topic": "dmx/{channel}", "state_topic": "dmx/{channel}"}, "TWL-S227"),
        ({"map_topic": "dmx/set", "fixtures": [*FIXTURES, FIXTURES[0] | {"name": "x"}]}, "TWL-F101"),
        ({"map_topic": "dmx/set", "fixtures": [FIXTURES[0], FIXTURES[1] | {"universe": "2"}]}, "TWL-S226"),
        ({"map_topic": "dmx/set", "fixtures": [FIXTURES[0] | {"profile": "rbg"}]}, "TWL-F107"),
    ],
)
def test_what_cannot_be_meant_is_a_mistake(keys: dict[str, Any], code: str) -> None:
    """Each with its own code."""
    with pytest.raises(ValidationError) as caught:
        bridge(**keys)
    mistake = caught.value.errors()[0]["ctx"]["error"]
    assert isinstance(mistake, Mistake)
    assert (mistake.code, set(mistake.fields)) == (code, set(CATALOGUE[code].fields))


def test_equal_keys_make_equal_bridges() -> None:
    """Dialects are values, whatever has been worked out from them."""
    one, other = bridge(map_topic="dmx/set"), bridge(map_topic="dmx/set")
    assert one.patch.zones == ("bowl", "shaft")
    assert one == other


def test_bridges_are_alike_whose_lamps_are() -> None:
    """Whatever topic they are reached by."""
    one, other = (bridge(name=name, map_topic=f"{name}/set") for name in ("one", "other"))
    assert one.alike == other.alike != bridge(map_topic="dmx/set", level_scale=1000).alike
