"""`watertower logs`: what the history holds, as the log printed it."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.cli import logs
from controller.events import Event, new_event
from controller.events.formatters import json_line, text_line
from controller.events.models import Advice, Phrase, Text
from controller.locale import Language
from controller.state import History
from controller.state.history_rows import recorded
from tests.parts import ended_after

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Adds events to the history of the service, a minute apart."""
    (tmp_path / "state").mkdir()

    def add(*events: Event, at: datetime = NOW) -> None:
        history = History(tmp_path / "state")
        history.write([recorded(event, at + number * MINUTE) for number, event in enumerate(events)])
        history.close()

    return add


def works(file: object) -> Event:
    """Some event."""
    return new_event("TWL-J004", file=file)


def light(campaign: str) -> Event:
    """A change of light."""
    rule = {"kind": "campaign", "name": campaign, "line": 3}
    orange = {"on": True, "color": "#FF6A00", "color_name": "orange", "brightness": 1.0, "rule": rule}
    fields = {"looks": {"bowl": orange}, "until": "–", "fade_s": 0.0}
    return new_event("TWL-C020", because=rule, campaign=campaign, **fields)


def silent(gateway: str) -> Event:
    """Something that happens to a gateway."""
    return new_event("TWL-T007", gateway=gateway)


def files(output: str) -> list[str]:
    """Which of the events of `works` were printed."""
    return [line.split("TWL-J004 ")[1].split()[0] for line in output.splitlines()]


@pytest.mark.parametrize("language", ["en", "sv"])
def test_lines_are_those_of_the_log(call: Any, write: Write, language: Language) -> None:
    """In the language of whoever asks, also what was an advice or of one part of the program."""
    refused = new_event("TWL-O110", id="r", owner="Ann", reason=Advice(new_event("TWL-O120")))
    events = (light("–"), refused, works("x").of(Phrase(Text("parts", "controller"))))
    write(*events)
    text = call("logs", "--lang", language)
    assert text.exit_code == 0
    assert text.stdout.splitlines() == [
        text_line(event, NOW + number * MINUTE, STOCKHOLM, language) for number, event in enumerate(events)
    ]
    lines = call("logs", "--json", "--lang", language).stdout.splitlines()
    assert lines == [json_line(event, NOW + number * MINUTE, language) for number, event in enumerate(events)]
    assert [json.loads(line)["code"] for line in lines] == ["TWL-C020", "TWL-O110", "TWL-J004"]


def test_all_pages_are_printed_in_the_order_of_the_log(
    call: Any, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are."""
    monkeypatch.setattr(logs, "PAGE", 10)
    write(*map(works, range(35)))
    assert files(call("logs").stdout) == [str(number) for number in range(35)]


@pytest.mark.parametrize(
    ("since", "expected"),
    [("2026-11-20T16:02", ["2", "3"]), ("2026-11-20T15:03Z", ["3"]), ("400 days", ["0", "1", "2", "3"])],
)
def test_since_an_instant_of_the_site_or_a_duration(
    call: Any, write: Write, since: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instant without an offset is in the site's time."""

    class Clock:
        def read(self) -> Any:
            return type("Reading", (), {"wall": NOW + timedelta(days=1)})

    monkeypatch.setattr(logs, "SystemClock", Clock)
    write(*map(works, range(4)))
    assert files(call("logs", "--since", since).stdout) == expected
    assert call("logs", "--since", "1 day").stdout.count("\n") == 4
    assert call("logs", "--since", "23 h 58 min").stdout.count("\n") == 2


def test_of_one_code_however_it_is_written(call: Any, write: Write) -> None:
    """As in `explain`; one that there is not is refused with the same code."""
    write(works(1), silent("mast"), works(2))
    assert files(call("logs", "--code", "j004").stdout) == ["1", "2"]
    refused = call("logs", "--code", "J999")
    assert (refused.exit_code, "TWL-Q104" in refused.stderr) == (1, True)


def test_of_one_gateway(call: Any, write: Write) -> None:
    """What names it alone, or among others, or comes from its own connection; not one whose name is a part of it."""
    named = new_event("TWL-O113", owner="Ann", gateways="entrance, mast")
    own = works("own").of(Phrase(Text("parts", "gateway"), {"name": "mast"}))
    write(silent("mast"), silent("mast2"), named, own, works("other"), silent("entrance"))
    document = [json.loads(line) for line in call("logs", "--gateway", "mast", "--json").stdout.splitlines()]
    assert [one["code"] for one in document] == ["TWL-T007", "TWL-O113", "TWL-J004"]
    assert document[0]["gateway"] == "mast"


def test_of_one_gateway_that_confirmed_together_with_many(call: Any, write: Write) -> None:
    """Its own confirmation is there, which the log did not show; what is for debugging is not."""
    orange = {"bowl": {"on": True, "color": "#FF6A00", "color_name": "orange", "brightness": 1.0}}
    about = {"gateway": "mast", "command_id": "17.4", "attempts": 1}
    commanded = new_event("TWL-G119", **about, wanted=orange)
    confirmed = replace(new_event("TWL-G101", **about, shows=orange, latency_s=0.1), is_grouped=True)
    write(commanded, confirmed, new_event("TWL-G125", count=250, shows=orange, latency_s=0.4))

    def codes(*words: str) -> list[str]:
        return [line.split()[3] for line in call("logs", *words).stdout.splitlines()]

    assert codes() == ["TWL-G125"]
    assert codes("--gateway", "mast") == ["TWL-G101"]
    assert codes("--command", "17.4") == ["TWL-G119", "TWL-G101"]


def test_of_one_gateway_of_many_that_were_commanded_at_one_instant(call: Any, write: Write) -> None:
    """It reads as if each had an event of its own."""
    orange = {"bowl": {"on": True, "color": "#FF6A00", "color_name": "orange", "brightness": 1.0}}
    each = {f"post-{number}": f"17.{number}" for number in range(30)}
    about = {"gateway": "post-0", "command_id": "17.0", "attempts": 1}
    commanded = replace(new_event("TWL-G119", **about, wanted=orange), each=each)
    confirmed = new_event("TWL-G101", **about, shows=orange, latency_s=0.1)
    write(commanded, replace(confirmed, is_grouped=True, each=each))
    document = [json.loads(line) for line in call("logs", "--command", "17.12", "--json").stdout.splitlines()]
    assert [(one["code"], one["gateway"], one["command_id"]) for one in document] == [
        ("TWL-G119", "post-12", "17.12"),
        ("TWL-G101", "post-12", "17.12"),
    ]
    alone = call("logs", "--gateway", "post-1").stdout
    assert (alone.count("post-1 "), alone.count("\n")) == (1, 1)


def test_of_one_campaign(call: Any, write: Write) -> None:
    """From the light that shows it to the light that shows something else; more than once, and narrowed further."""
    write(works(0), light("Orange"), works(1), silent("mast"), light("–"), works(2), light("Orange"), works(3))
    result = call("logs", "--campaign", "Orange")
    assert [line.split()[3] for line in result.stdout.splitlines()] == [
        "TWL-C020", "TWL-J004", "TWL-T007", "TWL-C020", "TWL-C020", "TWL-J004",
    ]  # fmt: skip
    assert files(call("logs", "--campaign", "Orange", "--code", "J004").stdout) == ["1", "3"]
    begun = call("logs", "--campaign", "Orange", "--since", "2026-11-20T16:02", "--code", "J004")
    assert files(begun.stdout) == ["1", "3"]  # the light was changed before
    assert call("logs", "--campaign", "Rang").stdout == ""


def test_the_life_of_one_command(call: Any, write: Write) -> None:
    """In order, with what no log shows; the first figures of the id suffice. Without it nothing for debugging."""
    orange = {"bowl": {"on": True, "color": "#FF6A00", "color_name": "orange", "brightness": 1.0}}
    sent = [
        new_event("TWL-G119", gateway="mast", command_id=name, attempts=1, wanted=orange) for name in ("17.4", "18.1")
    ]
    confirmed = new_event("TWL-G101", gateway="mast", command_id="17.4", attempts=1, shows=orange, latency_s=0.1)
    write(*sent, works(1), confirmed)
    output = call("logs", "--command", "17").stdout.splitlines()
    assert [line.split()[3] for line in output] == ["TWL-G119", "TWL-G101"]
    assert all(line.endswith(" [17.4]") for line in output)
    assert [
        json.loads(line)["command_id"] for line in call("logs", "--command", "17.4", "--json").stdout.splitlines()
    ] == [
        "17.4",
        "17.4",
    ]
    assert [line.split()[3] for line in call("logs").stdout.splitlines()] == ["TWL-J004", "TWL-G101"]
    assert call("logs", "--command", "7.4").stdout == ""


@pytest.mark.parametrize("words", [(), ("--code", "J004"), ("--gateway", "mast"), ("--campaign", "none")])
def test_an_empty_result_is_reported(call: Any, write: Write, words: tuple[str, ...]) -> None:
    """On stderr, and that is no fault; the same before the service ever ran."""
    for _ in range(2):
        result = call("logs", *words)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "history" in result.stderr
        write(silent("entrance"), at=NOW) if words else None


@pytest.mark.parametrize(
    ("content", "words", "exit_code", "code"),
    [(b"not a database " * 1000, (), 1, "TWL-J008"), (None, ("--since", "when"), 2, "TWL-Q120")],
)
def test_what_cannot_be_answered_is_refused(
    call: Any, tmp_path: Path, content: bytes | None, words: tuple[str, ...], exit_code: int, code: str
) -> None:
    """With its reason and exit code."""
    (tmp_path / "state").mkdir()
    if content is not None:
        (tmp_path / "state" / "history.db").write_bytes(content)
    result = call("logs", *words)
    assert (result.exit_code, code in result.stderr) == (exit_code, True)


def test_mistakes_in_the_files_do_not_hide_the_log(call: Any, config: Path, write: Write, tmp_path: Path) -> None:
    """The last good copy gives the time zone of the site."""
    write(works(1))
    copy = tmp_path / "state" / "last-good"
    copy.mkdir()
    for name in ("schedule.yaml", "tower.yaml"):
        (copy / name).write_bytes((config / name).read_bytes())
    (config / "tower.yaml").write_text("version: [")
    assert call("logs").stdout == text_line(works(1), NOW, STOCKHOLM, "en") + "\n"


@pytest.mark.real
def test_follow_goes_on_also_after_the_history_was_started_again(config: Path, write: Write, tmp_path: Path) -> None:
    """A line within seconds of its event, until interrupted."""
    state = tmp_path / "state"
    write(*map(works, range(3)))
    command = [sys.executable, "-m", "controller", "--config", config, "--state", state, "logs", "--follow"]
    with ended_after(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) as child:
        assert child.stdout is not None
        seen = [child.stdout.readline() for _ in range(3)]
        write(works("more"))
        seen.append(child.stdout.readline())
        (state / "history.db").unlink()
        write(works("anew"))
        seen.append(child.stdout.readline())
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
    assert files("".join(seen)) == ["0", "1", "2", "more", "anew"]
