"""What comes from outside stays on its line: nothing can forge another, in no field and no language."""

import ast
import errno
import json
import re
import socket
import sqlite3
import ssl
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import plain_file
from controller.events import CATALOGUE, new_event
from controller.events.formatters import document, json_line, json_text, text_line
from controller.events.journal import PRIORITY, catalogue, entry
from controller.events.models import Advice, Phrase, Reason, Text, printable
from controller.events.reasons import reason_of
from controller.gateways.base import Rejected
from controller.gateways.payloads import Unreadable
from controller.gateways.wire import parse_reported
from controller.lighting.look import DARK
from controller.locale import languages, texts
from tests.source import nodes

AT = datetime(2026, 11, 20, 14, 41, 0, 123456, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
EVIL = ["\n2026 ERROR", "\r", "\x1b[2J", "\x00", "\u202e", "\u2028", "\x85", "\u2066", "\ufeff", "\ud800", "\x7f"]


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("language", ["en", "sv"])
def test_no_field_breaks_a_line(evil: str, language: str) -> None:
    """Line breaks, escape sequences, directions, surrogates: written out, in every field of every entry."""
    for kind in CATALOGUE.values():
        event = new_event(kind.code, **dict.fromkeys(kind.fields, f"a{evil}b"))
        text, value = text_line(event, AT, STOCKHOLM, language), json_line(event, AT, language)
        for line in (text, value):
            assert line.isprintable(), (kind.code, line)
            line.encode()
        assert json.loads(value)["code"] == kind.code


@given(st.text() | st.binary() | st.floats() | st.integers() | st.none() | st.lists(st.text(), max_size=3))
def test_any_value_is_printable(value: object) -> None:
    """On one line, in bounds, and nothing that turns the reading direction."""
    text = printable(value)
    assert text.isprintable()
    assert len(text) <= 2000
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in text)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_json_line_is_json_whatever_a_number_is(number: float) -> None:
    """NaN and infinity are none in JSON."""
    event = new_event("TWL-C030", late_s=number)

    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(json_line(event, AT, "en"), parse_constant=refuse)


def test_a_text_line() -> None:
    """In the site's own time, padded so that codes are below each other."""
    line = text_line(new_event("TWL-G105", gateway="mast"), AT, STOCKHOLM, "sv")
    assert line == "2026-11-20 15:41:00 INFO    TWL-G105 mast är tillbaka"


def test_a_document() -> None:
    """With every field under its own name, and the instant to the microsecond in UTC."""
    event = new_event("TWL-G104", gateway="mast", age_s=30.25)
    assert document(event, AT.astimezone(STOCKHOLM), "en") == {
        "version": 1,
        "at": "2026-11-20T14:41:00.123456Z",
        "level": "error",
        "event": "gateway.silent",
        "code": "TWL-G104",
        "text": event.text("en"),
        "gateway": "mast",
        "age_s": 30.25,
    }


def test_a_field_does_not_take_the_place_of_the_frame() -> None:
    """A field of the same name is in the text alone: the frame is always right."""
    event = new_event("TWL-C001", site="Alvesta", version="9.9", now="dark", config="/etc")
    value = document(event, AT, "en")
    assert value["version"] == 1
    assert "9.9" in str(value["text"])


def test_every_level_has_a_priority() -> None:
    """As journald reads it."""
    assert sorted(PRIORITY.values()) == [3, 4, 6, 7]


@pytest.mark.parametrize("language", languages())
def test_the_journal_finds_the_explanation_of_each_entry(language: str) -> None:
    """By an id of its own for each code, which never changes: an installed catalogue may be older."""
    explained = re.findall(r"^-- ([0-9a-f]{32})\nSubject: (TWL-[A-Z][0-9]{3}): ", catalogue(language), re.MULTILINE)
    assert [code for _, code in explained] == sorted(CATALOGUE)
    ids = {code: number for number, code in explained}
    assert len(set(ids.values())) == len(CATALOGUE)
    for code in CATALOGUE:
        event = new_event(code, **dict.fromkeys(CATALOGUE[code].fields, "x"))
        fields = entry(event, "line", language).splitlines()
        assert {f"MESSAGE_ID={ids[code]}", f"WATERTOWER_CODE={code}"} <= set(fields)
    assert ids["TWL-G101"] == "471afdc197d157d28758481ab6241fb4"


def test_nothing_english_stays_in_a_swedish_line() -> None:
    """Neither a reason of the operating system nor an event inside another one."""
    refused = new_event(
        "TWL-Q101", address="mqtt://a:1883", reason=reason_of(ConnectionRefusedError(errno.ECONNREFUSED, ""))
    )
    assert refused.text("sv") == "den inbyggda brokern på mqtt://a:1883 går inte att nå: ingen lyssnar där"
    repeated = new_event("TWL-C040", times=3, window_s=60, what=refused, of=refused.code)
    assert repeated.text("sv").endswith(refused.text("sv"))
    value = {"code": "TWL-Q101", "fields": {"address": "mqtt://a:1883", "reason": {"code": "ECONNREFUSED"}}}
    assert document(repeated, AT, "sv")["what"] == document(repeated, AT, "en")["what"] == value


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "ENOSPC"),
        (PermissionError(errno.EACCES, "Permission denied"), "EACCES"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "EAI_NONAME"),
        (UnicodeDecodeError("utf-8", b"", 0, 1, "x"), "not_utf8"),
        (TimeoutError(), "no_answer_in_time"),
        (plain_file.NoRegularFile(errno.EINVAL, "x"), "not_a_regular_file"),
        (Unreadable("not_json"), "not_json"),
        (ssl.SSLError(1, "anything"), "other"),  # 1 is a number of OpenSSL's
        (RuntimeError("anything"), "other"),
    ],
)
def test_an_error_is_a_code_with_words_in_every_language(error: Exception, code: str) -> None:
    """What has no code of its own is reported in its own words."""
    reason = reason_of(error)
    assert reason.code == code
    assert reason.text("sv")
    assert (reason.text("sv") == "anything") == (code == "other")


def test_sqlite_is_named_by_its_code_without_the_details() -> None:
    """A full disk, and any trouble with reading and writing."""
    for name, code in (("SQLITE_FULL", "SQLITE_FULL"), ("SQLITE_IOERR_WRITE", "SQLITE_IOERR")):
        error = sqlite3.OperationalError("x")
        error.sqlite_errorname = name
        assert reason_of(error) == Reason(code)
        assert reason_of(error).text("sv") != code


REFUSING = {"Reason", "_refuse", "ProtocolError", "Unreadable", "_described_as", "PydanticCustomError"}


def codes() -> set[str]:
    """Every code of a reason that is in the code."""
    return {
        node.args[0].value
        for node in nodes()
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in REFUSING
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_reason_has_words() -> None:
    """Of broker, dialects, requests and files."""
    assert len(codes()) > 40
    assert codes() - set(texts("en", "reasons")) == set()


@pytest.mark.parametrize(
    ("reported", "swedish"),
    [
        ({"epoch": "x"}, "ska vara ett heltal"),
        ({"epoch": -1}, "ska vara minst "),
        ({"at": "now"}, "ska vara en tidpunkt"),
        ({"at": "1000-01-01T00:00:00Z"}, "en tidpunkt utanför åren "),
        ({"zones": []}, "ska vara ett objekt"),
        ({"by": "me"}, "ska vara 'desired'"),
        ({"problems": 1}, "ska vara en lista"),
    ],
)
def test_what_is_wrong_with_a_report_is_known_in_swedish(reported: dict[str, object], swedish: str) -> None:
    """With the key that has the wrong value."""
    sound = {"version": 1, "epoch": 1, "revision": 1, "at": "2026-11-20T15:00:00Z", "zones": {}, "by": "plan"}
    rest = {"command_id": "a", "clock": "own", "uptime_s": 1, "problems": []}
    wrong = parse_reported(json.dumps({**sound, **rest, **reported}).encode())
    assert isinstance(wrong, Rejected)
    [key] = reported
    assert wrong.reason.text("sv").startswith(f"{key}: {swedish}"), wrong.reason


def test_one_word_states_and_paths_are_written_in_swedish_to_people_only() -> None:
    """A program gets the word it knows; a gateway that happens to bear the word keeps its name."""
    changed = new_event("TWL-T001", trust="suspect", before="trusted")
    assert changed.text("sv") == "klockan är misstänkt (förut: pålitlig)"
    assert document(changed, AT, "sv")["trust"] == "suspect"
    anew = new_event("TWL-C010", reason="clock", looks={})
    assert "(klockan ställdes om)" in anew.text("sv")
    assert document(anew, AT, "sv")["reason"] == "clock"
    acting = new_event("TWL-D010", command_id="–", gateway="plan", shows={"bowl": DARK.value}, by="plan")
    assert acting.text("sv") == "plan: visar bowl släckt, enligt den egna planen"
    lost = new_event("TWL-O132", copied="–", reason=reason_of(NotADirectoryError(errno.ENOTDIR, "Not a directory")))
    assert lost.text("sv").endswith(": det är ingen mapp")


def test_advice_of_another_event_is_in_the_language_of_the_line() -> None:
    """Code, text and cure."""
    advice = Advice(new_event("TWL-S132", value="orangee", suggestion="orange"))
    refused = new_event("TWL-O110", id="1", owner="Eva", reason=advice)
    assert 'TWL-S132: "orangee" är ingen färg' in refused.text("sv")
    fields = {"value": "orangee", "suggestion": "orange"}
    assert document(refused, AT, "sv")["reason"] == {"code": "TWL-S132", "fields": fields}
    assert str(advice) == advice.text("en")


@pytest.mark.parametrize(("seconds", "text"), [(0.123456, "0.123"), (26.04, "26"), (999.4, "999"), (-3600.0, "-3600")])
def test_a_figure_is_written_without_an_exponent(seconds: float, text: str) -> None:
    """Three digits are enough, but all digits before the point are written."""
    assert f" {text} s" in new_event("TWL-D013", gateway="mast", error_s=seconds).text("en")


def test_an_event_of_one_of_several_connections_names_it() -> None:
    """Controller and gateway run in one process, and each has a connection of its own."""
    event = new_event("TWL-M001", broker="a:1883", attempts=1).of(Phrase(Text("parts", "gateway"), {"name": "mast"}))
    assert event.text("en") == "gateway mast: Connected to a:1883 (attempt 1)"
    assert event.text("sv") == "styrenheten mast: Ansluten till a:1883 (försök 1)"
    assert document(event, datetime(2026, 11, 20, tzinfo=UTC), "sv")["whose"] == "gateway mast"


def test_which_files_could_not_be_written_is_written_in_swedish_too() -> None:
    """Each with its own reason; what a person wrote stays as it is."""
    text = new_event("TWL-J007", reason=Reason("ENOSPC").at("overrides.json")).text("sv")
    assert text == "det gick inte att spara: overrides.json: disken är full"
    theirs = new_event("TWL-O102", id="a", owner="Eva", reason="storm: no answer; dark").text("sv")
    assert theirs == "Eva återgår till schemat: storm: no answer; dark"


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_document_steers_no_terminal(evil: str, indent: int | None) -> None:
    """As `plan --json` prints names of rules; a program reads the same text."""
    value = {"name": f"a{evil}b"}
    text = json_text(value, indent)
    assert all(line.isprintable() for line in text.split("\n"))
    assert json.loads(text) == value
