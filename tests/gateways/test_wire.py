"""The documents of our contract: both parsers are total, strict in what they know, and hold whatever the files say."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from controller.durations import LIMIT
from controller.events.models import Reason
from controller.gateways.base import Name, Order, Rejected
from controller.gateways.wire import (
    LONGEST_S,
    MAX_PAYLOAD,
    DesiredDocument,
    ReportedDocument,
    ZoneLook,
    parse_desired,
    parse_reported,
    refusal,
)
from controller.lighting.color import Color
from controller.lighting.look import DARK, Look, ZoneState

NOW = datetime(2026, 11, 20, 14, 41, 13, tzinfo=UTC)
DESIRED: dict[str, Any] = {
    "version": 1,
    "epoch": 3,
    "revision": 7,
    "command_id": "3.7",
    "issued_at": "2026-11-20T14:41:13Z",
    "valid_until": "2026-11-23T14:41:13Z",
    "zones": {"bowl": {"on": True, "color": "#FF6A00", "brightness": 1.0, "fade_s": 30.0}},
    "cues": [{"at": "2026-11-21T06:53:01Z", "zones": {"bowl": {"on": False}}, "why": "sunrise"}],
    "after": {"hold_s": 86400.0, "zones": {}},
}
REPORTED: dict[str, Any] = {
    "version": 1,
    "epoch": 3,
    "revision": 7,
    "at": "2026-11-20T14:41:13.5Z",
    "zones": {"bowl": {"on": True, "color": "#ff6a00", "brightness": 1}},
    "by": "desired",
    "clock": "own",
}

looks = st.builds(
    Look,
    st.lists(st.builds(Color, st.from_regex(r"#[0-9A-F]{6}", fullmatch=True)), max_size=5).map(tuple),
    st.floats(0, 1),
    st.floats(5, LIMIT.total_seconds()),
)


def test_what_is_written_is_read() -> None:
    """There and back."""
    parsed = parse_desired(json.dumps(DESIRED).encode())
    assert isinstance(parsed, DesiredDocument)
    assert parse_desired(parsed.model_dump_json(exclude_none=True).encode()) == parsed
    report = parse_reported(json.dumps(REPORTED).encode())
    assert isinstance(report, ReportedDocument)
    assert parse_reported(report.model_dump_json(exclude_none=True).encode()) == report


@pytest.mark.parametrize(
    ("lower", "higher"), [((1, 9), (2, 0)), ((1, 9), (2, 9)), ((2, 0), (2, 1)), ((0, 0), (0, 1)), ((9, 99), (10, 3))]
)
def test_an_order_is_first_by_its_epoch_and_then_by_its_revision(
    lower: tuple[int, int], higher: tuple[int, int]
) -> None:
    """A gateway that holds the higher one refuses the lower one, and not the other way round."""
    assert Order(*lower) < Order(*higher)
    assert not Order(*higher) < Order(*lower)
    old, new = (
        DesiredDocument.model_validate_json(
            json.dumps(DESIRED | {"epoch": epoch, "revision": revision, "command_id": "x"})
        )
        for epoch, revision in (lower, higher)
    )
    assert refusal(new, old) is None
    assert refusal(old, new) == Reason("stale", {"order": Order(*lower).text, "held": Order(*higher).text})


@pytest.mark.parametrize("zone", ["Bowl", "bowl.1", "bowl/1", "bowl 1", "bowl\n", "bål", "", "x" * 65])
def test_a_zone_of_a_document_has_a_name_that_a_file_may_give_it(zone: str) -> None:
    """Of small letters, digits, `_` and `-`; any other is refused, wherever it stands."""
    look = {zone: {"on": False}}
    (cue,) = DESIRED["cues"]
    desired = ({"zones": look}, {"cues": [{**cue, "zones": look}]}, {"after": {"hold_s": 0.0, "zones": look}})
    for keys in desired:
        assert isinstance(parse_desired(json.dumps(DESIRED | keys).encode()), Rejected)
    assert isinstance(parse_reported(json.dumps(REPORTED | {"zones": look}).encode()), Rejected)
    assert TypeAdapter(Name).validate_python("bowl-1_b") == "bowl-1_b"
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(zone)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 2),
        (("version",), True),
        (("version",), "1"),
        (("epoch",), -1),
        (("epoch",), 1.5),
        (("epoch",), "3"),
        (("epoch",), 2**60),
        (("epoch",), 10**30),
        (("revision",), None),
        (("command_id",), "x" * 65),
        (("issued_at",), "2026-11-20T14:41:13"),
        (("issued_at",), "9999-12-31T23:59:59Z"),
        (("issued_at",), "1969-12-31T23:59:59Z"),
        (("issued_at",), "0001-01-01T00:00:00+14:00"),
        (("issued_at",), "tonight"),
        (("valid_until",), 1e400),
        (("zones",), []),
        (("zones", "bowl", "on"), 1),
        (("zones", "bowl", "color"), "#FF6A0"),
        (("zones", "bowl", "color"), "#FF6A00\n"),
        (("zones", "bowl", "color"), "#ＦＦ６Ａ００"),
        (("zones", "bowl", "brightness"), 1.01),
        (("zones", "bowl", "brightness"), -0.01),
        (("zones", "bowl", "fade_s"), -1),
        (("zones", "bowl", "fade_s"), 1e12),
        (("zones", "Bowl!"), {"on": False}),
        (("zones", "bowl", "sequence"), {"colors": [], "change_every_s": 5, "started_at": "2026-11-20T14:41:13Z"}),
        (
            ("zones", "bowl", "sequence"),
            {"colors": ["#FF0000", "#00FF00"], "change_every_s": 0.1, "started_at": "2026-11-20T14:41:13Z"},
        ),
        (("after", "hold_s"), -1),
        (("cues",), [{"at": "2026-11-21T06:53:01Z"}]),
        (("cues",), [{"at": "2026-11-21T06:53:01Z", "zones": {}}] * 5000),
    ],
)
def test_what_is_refused(path: tuple[str, ...], value: object) -> None:
    """Known keys are strict: no number from a text, no truth from a one, no instant without a zone, nothing flashes."""
    document = json.loads(json.dumps(DESIRED))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    parsed = parse_desired(json.dumps(document).encode())
    assert isinstance(parsed, Rejected)
    assert 0 < len(str(parsed.reason)) <= 500


def test_unknown_keys_are_ignored() -> None:
    """A later version may say more."""
    more = {**DESIRED, "mood": "festive", "zones": {"bowl": {**DESIRED["zones"]["bowl"], "sparkle": 3}}}
    assert parse_desired(json.dumps(more).encode()) == parse_desired(json.dumps(DESIRED).encode())


@given(st.binary(max_size=300))
def test_any_bytes_give_a_document_or_a_reason(payload: bytes) -> None:
    """Never an exception, and never a reason without words."""
    for parsed in (parse_desired(payload), parse_reported(payload)):
        assert isinstance(parsed, Rejected)
        assert parsed.reason.code


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x00",
        b"\x1f\x8b\x08",
        b"\xff\xfe{",
        b"null",
        b"NaN",
        b"Infinity",
        b"1e400",
        b"9" * 5000,
        b"[" * 100_000,
        b'{"a":' * 10_000,
        b'{"version":1,"version":1}',
        b'{"zones":{"\\ud800":{}}}',
        b" " * (MAX_PAYLOAD + 1),
        json.dumps({**DESIRED, "zones": {"x" * 100_000: {}}}).encode(),
    ],
)
def test_known_poisons(payload: bytes) -> None:
    """What has broken other parsers."""
    for parsed in (parse_desired(payload), parse_reported(payload)):
        assert isinstance(parsed, Rejected)
        assert 0 < len(str(parsed.reason)) <= 500


@given(looks, st.floats(0, 3e7))
def test_a_look_survives_the_wire(look: Look, after_s: float) -> None:
    """Sequences too: at any instant the same is shown at both ends."""
    written = ZoneLook.of(look, NOW, 0.0)
    parsed = ZoneLook.model_validate_json(written.model_dump_json(exclude_none=True), strict=True)
    at = NOW + timedelta(seconds=after_s)
    assert parsed.state(at) == look.at((at - NOW).total_seconds())


def test_the_longest_duration_of_a_file_fits() -> None:
    """400 days of fade, hold and step."""
    assert LIMIT.total_seconds() <= LONGEST_S


def test_light_without_a_colour_is_white_and_black_is_off() -> None:
    """What a document may leave out."""
    assert ZoneLook(on=True, color="#FF0000").state(NOW) == ZoneState(True, Color("#FF0000"), 1.0)
    assert ZoneLook(on=True, brightness=1.0).state(NOW) == ZoneState(True, Color("#FFFFFF"), 1.0)
    assert ZoneLook(on=True, color="#FF0000", brightness=0.0).state(NOW) == DARK
    assert ZoneLook(on=False, color="#FF0000", brightness=1.0).state(NOW) == DARK
