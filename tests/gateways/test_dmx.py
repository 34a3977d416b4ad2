"""The dialect of our own gateway: its keys in tower.yaml, what it sends, what it understands, what it agrees with."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from controller.errors import Mistake
from controller.gateways.base import DesiredState, GatewayInfo, Ignored, Order, Rejected, Report, ReportedLook
from controller.gateways.dmx import Dmx
from controller.gateways.wire import MAX_PAYLOAD, DesiredDocument, parse_desired
from controller.lighting.color import Color
from controller.lighting.look import DARK, Look, ZoneState
from controller.schedule.campaign import Lit
from controller.schedule.explanation import Why
from controller.schedule.plan import Cue

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
LAMPS = [
    {"name": "north", "zone": "bowl", "profile": "rgbw", "address": 1},
    {"name": "base", "zone": "shaft", "profile": "rgb", "address": 9},
]
ORANGE = Color("#FF6A00")
LIT = ZoneState(True, ORANGE, 0.8)


def mast(**keys: Any) -> Dmx:
    """A gateway by its keys."""
    return Dmx.model_validate({"name": "mast", "output": "simulated", "fixtures": LAMPS, **keys})


def mistakes(**keys: Any) -> list[str]:
    """The codes of what is wrong with its keys."""
    with pytest.raises(ValidationError) as caught:
        mast(**keys)
    errors = [each.get("ctx", {}).get("error") for each in caught.value.errors()]
    return [error.code for error in errors if isinstance(error, Mistake)]


def test_keys_that_are_left_out() -> None:
    """It runs on another machine, at universe 1, reports every ten seconds, and after the plan holds its look for a day
    and then goes dark."""
    gateway = mast()
    assert (gateway.runs, gateway.runs_here, gateway.universe) == ("elsewhere", False, 1)
    assert gateway.report_every == timedelta(seconds=10)
    assert (gateway.after.hold, gateway.after.look) == (timedelta(hours=24), Look())
    after = sent(want({"bowl": Look((ORANGE,), 0.8)}), gateway).after
    assert (after.hold_s, [look.on for look in after.zones.values()]) == (86_400, [False, False])
    assert mast(runs="here").runs_here


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"output": {"kind": "sacn", "to": "multicast"}, "universe": 0}, "TWL-X157"),
        ({"output": {"kind": "artnet", "to": "10.0.0.1"}, "universe": 16}, "TWL-X158"),
        (
            {
                "output": {"kind": "enttec-usb-pro", "port": "/dev/x"},
                "fixtures": [LAMPS[0], {**LAMPS[1], "universe": 2}],
            },
            "TWL-X159",
        ),
        ({"report_every": "500 ms"}, "TWL-D021"),
        ({"report_every": "11 min"}, "TWL-D021"),
    ],
)
def test_keys_that_do_not_go_together(keys: dict[str, Any], code: str) -> None:
    """An output has universes of its own, and a report its pace."""
    assert mistakes(**keys) == [code]


def test_the_universe_of_a_gateway_does_not_count_where_every_lamp_has_its_own() -> None:
    """Only what is used is checked."""
    lamps = [{**each, "universe": 3} for each in LAMPS]
    assert mast(output={"kind": "artnet", "to": "10.0.0.1"}, universe=99, fixtures=lamps).universe == 99


@pytest.mark.parametrize("keys", [{"fixtures": []}, {"universe": -1}, {"universe": 64_000}, {"lamps": []}])
def test_keys_that_cannot_be(keys: dict[str, Any]) -> None:
    """A gateway without lamps, a universe that no wire has, a key that nobody knows."""
    with pytest.raises(ValidationError):
        mast(**keys)


def test_silence_is_three_reports() -> None:
    """Whatever their pace."""
    assert mast().quiet_s == 30
    assert mast(report_every="1 min").quiet_s == 180


def want(looks: dict[str, Look], **more: Any) -> DesiredState:
    """A desired state under one cue."""
    rule = Lit.model_validate({"name": "x", "dates": ["20–26 November"] * 60, "otherwise": "dark"})
    cue = Cue(NOW, looks, NOW, 30.0, "x", Why(rule, "otherwise"))
    zones = {zone: look.at(0) for zone, look in looks.items()}
    return DesiredState(NOW, zones, 30.0, Order(2, 5), "2.5", (cue,), NOW + timedelta(hours=72), **more)


def sent(desired: DesiredState, gateway: Dmx | None = None) -> DesiredDocument:
    """The document that is sent for it."""
    (message,) = (gateway or mast()).encode(desired, "tower/alvesta")
    assert (message.topic, message.qos, message.retain) == ("tower/alvesta/gateway/mast/desired", 1, True)
    document = parse_desired(message.payload)
    assert isinstance(document, DesiredDocument)
    return document


def test_a_wish_is_one_retained_document() -> None:
    """With every zone, the plan, and what comes after, faded into."""
    document = sent(want({"bowl": Look((ORANGE,), 0.8)}), mast(after={"hold": "2 h", "look": "orange"}))
    assert document.order == Order(2, 5)
    assert document.zones["bowl"].state(NOW) == LIT
    assert document.zones["bowl"].fade_s == 30.0
    assert document.zones["shaft"].state(NOW) == DARK
    assert document.after.hold_s == 7200
    assert document.after.zones["shaft"].on
    assert {look.fade_s for look in document.after.zones.values()} == {30.0}
    assert len(document.cues) == 1
    assert document.cues[0].why == "otherwise"


def test_every_zone_has_the_keys_of_the_contract() -> None:
    """Also a dark one; a sequence replaces the colour."""
    steps = Look((ORANGE, Color("#0000FF")), 0.8, 10.0)
    (message,) = mast().encode(want({"bowl": steps}), "w")
    document = json.loads(message.payload)
    for zones in (document["zones"], document["cues"][0]["zones"]):
        assert zones["bowl"].keys() == {"on", "brightness", "fade_s", "sequence"}
        assert zones["bowl"]["sequence"].keys() == {"colors", "change_every_s", "started_at"}
        assert zones["shaft"] == {"on": False, "color": "#000000", "brightness": 0.0, "fade_s": 30.0}
    assert document["after"]["zones"]["bowl"] == {"on": False, "color": "#000000", "brightness": 0.0, "fade_s": 30.0}


@pytest.mark.parametrize("word", ["dark", "Släckt", "off", "svart", "#000000"])
def test_what_comes_after_may_be_dark_in_any_word(word: str) -> None:
    """As in the schedule; black is no light that would be reported as lit."""
    after = sent(want({"bowl": Look((ORANGE,), 0.8)}), mast(after={"look": word})).after
    assert [look.on for look in after.zones.values()] == [False, False]


def test_extremes_of_the_files_can_be_sent() -> None:
    """Durations of 400 days and a thousand colours: a document, and one that is not too large."""
    many = Look(tuple(Color(f"#{number:06X}") for number in range(1000)), 1.0, 400 * 86400.0)
    document = sent(want({"bowl": many}), mast(after={"hold": "400 d"}))
    assert document.zones["bowl"].look == many
    (message,) = mast().encode(want({"bowl": many, "shaft": many}), "w")
    assert len(message.payload) < MAX_PAYLOAD


@pytest.mark.parametrize(("cues", "zones"), [(400, 24), (5_000, 2), (200, 100)])
def test_a_plan_that_is_too_long_is_reported_as_far_as_it_fits(cues: int, zones: int) -> None:
    """A document that the gateway must refuse would leave it dark; the rest is sent before it is needed."""
    lamps = [{"name": f"f{n}", "zone": f"zone-{n}", "profile": "rgb", "address": 3 * n + 1} for n in range(zones)]
    whole = want({f"zone-{n}": Look((ORANGE,), 0.8) for n in range(zones)})
    many = tuple(replace(whole.cues[0], at=NOW + n * timedelta(minutes=1)) for n in range(cues))
    document = sent(replace(whole, cues=many), mast(fixtures=lamps))
    assert 1 < len(document.cues) < cues
    assert document.valid_until == many[len(document.cues)].at, (
        "a gateway alone would else take the last cue for all that is"
    )
    assert len(document.zones) == len(document.after.zones) == zones


REPORT = (
    b'{"version":1,"epoch":2,"revision":5,"command_id":"2.5","at":"2026-11-20T15:00:01Z","by":"plan","clock":"anchor",'
    b'"zones":{"bowl":{"on":true,"color":"#FF6A00","brightness":0.8},"attic":{"on":false}},"problems":["TWL-X111"]}'
)


def test_a_report() -> None:
    """The zones that it drives, and how it came to it; of foreign zones nothing."""
    report = mast().decode("w/gateway/mast/reported", REPORT, "w")
    assert isinstance(report, Report)
    assert dict(report.zones) == {"bowl": ReportedLook(on=True, brightness=0.8, color=ORANGE)}
    assert (report.order, report.by, report.clock, report.problems) == (Order(2, 5), "plan", "anchor", ("TWL-X111",))
    assert report.at == NOW + timedelta(seconds=1)
    assert report.info is None


def test_what_it_says_of_itself_is_handed_on() -> None:
    """The fields that it reports; unknown ones are left out."""
    report = mast().decode("w/gateway/mast/reported", REPORT[:-1] + b',"info":{"program":"1.2","color":"grey"}}', "w")
    assert isinstance(report, Report)
    assert report.info == GatewayInfo(program="1.2")


@pytest.mark.parametrize(
    ("leaf", "payload", "expected"),
    [
        ("availability", b"online", Report(online=True)),
        ("availability", b"offline", Report(online=False)),
        ("availability", b"", Ignored()),
        ("reported", b"", Ignored()),
        ("desired", b"", Report(written=Order())),
        ("else", b"online", Ignored()),
    ],
)
def test_other_messages(leaf: str, payload: bytes, expected: object) -> None:
    """Availability, cleared topics, and what is none of ours."""
    assert mast().decode(f"w/gateway/mast/{leaf}", payload, "w") == expected


@given(st.sampled_from(["availability", "reported", "desired"]), st.binary(min_size=1, max_size=100))
def test_any_bytes_are_read_or_refused(leaf: str, payload: bytes) -> None:
    """Decode is total."""
    report = mast().decode(f"w/gateway/mast/{leaf}", payload, "w")
    nothing = Report(written=Order()) if leaf == "desired" else None
    assert report == nothing or isinstance(report, Rejected) or payload in {b"online", b"offline"}


@pytest.mark.parametrize(
    ("desired", "shown", "agrees"),
    [
        (LIT, ReportedLook(on=True, brightness=0.8, color=ORANGE), True),
        (LIT, ReportedLook(on=True, brightness=0.81, color=Color("#FC6C03")), True),
        (LIT, ReportedLook(on=True, brightness=0.83, color=ORANGE), False),
        (LIT, ReportedLook(on=True, brightness=0.77, color=ORANGE), False),
        (LIT, ReportedLook(on=True, brightness=0.8, color=Color("#FF6A04")), False),
        (LIT, ReportedLook(on=True, brightness=0.8), False),
        (LIT, ReportedLook(on=True, color=ORANGE), False),
        (LIT, ReportedLook(on=False), False),
        (LIT, ReportedLook(), False),
        (DARK, ReportedLook(on=False), True),
        (DARK, ReportedLook(on=True, brightness=0.0, color=ORANGE), False),
        (DARK, ReportedLook(), False),
    ],
)
def test_what_it_agrees_with(desired: ZoneState, shown: ReportedLook, agrees: bool) -> None:
    """On or off as desired, and near enough; a missing part agrees with nothing."""
    assert mast().agrees("bowl", desired, shown) is agrees


@pytest.mark.parametrize(
    ("changed", "is_alike"),
    [
        ({}, True),
        ({"name": "x"}, True),
        ({"address": 9}, False),
        ({"profile": "rgb"}, False),
        ({"universe": 7}, False),
        ({"zone": "shaft"}, False),
    ],
)
def test_two_boxes_agree_on_their_lamps_or_do_not(changed: dict[str, object], is_alike: bool) -> None:
    """By where the light goes; what a lamp is called changes none."""
    lamp = {"name": "bowl-north", "zone": "bowl", "profile": "rgbw", "address": 1}
    here, there = (
        Dmx.model_validate({"name": "mast", "output": "simulated", "universe": 1, "fixtures": [fixture]})
        for fixture in (lamp, lamp | changed)
    )
    assert (here.lamps_mark == there.lamps_mark) == is_alike
