"""The commands that talk to a running service, and the demo, on a pipe and on a terminal."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nights.ear import Listen, Words
from tests.nights.programs import Mosquitto, Site
from tests.parts import require

WEEK = ("--from", "2026-11-25T12:00", "--until", "2026-11-27T12:00")


class Terminal:
    """A command on a terminal of its own: what it draws, and what somebody types."""

    def __init__(self, words: list[str], env: dict[str, str]) -> None:
        require("terminal")
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
        )
        os.close(theirs)
        self.screen = ""

    def read(self, within_s: float = 0.1) -> str:
        """All that it has drawn so far."""
        while select.select([self._ours], [], [], within_s)[0]:
            try:
                drawn = os.read(self._ours, 65536)
            except OSError:  # the other end is closed
                break
            self.screen += drawn.decode("utf-8", errors="replace")
            within_s = 0
        return self.screen

    def write(self, text: str) -> None:
        """Somebody types."""
        os.write(self._ours, text.encode())

    def wait(self, within_s: float = 60.0) -> int:
        """Reads to the end; the exit code."""
        end = time.monotonic() + within_s
        while self.process.poll() is None and time.monotonic() < end:
            self.read()
        self.read()
        return self.process.wait(1)

    def close(self) -> None:
        """Whatever state it is in."""
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(site: Site) -> Iterator[Any]:
    """Starts commands on terminals."""
    made: list[Terminal] = []

    def start(*words: str, **env: str) -> Terminal:
        command = [sys.executable, "-m", "controller", "--config", str(site.config), "--state", str(site.state)]
        quiet = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        made.append(
            Terminal(
                [*command, "--lang", "en", *words], {**quiet, "TERM": "xterm-256color", "COLORTERM": "truecolor", **env}
            )
        )
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_status_shows_the_state(site: Site, words: Words) -> None:
    """For people in two languages, for programs, and again and again until Ctrl-C."""
    assert "TWL-Q10" in site.ask("status", code=69)
    service = site.controller()
    words.until(lambda: service.events("TWL-G101"), "no confirmation")
    told = json.loads(site.ask("status", "--json"))
    assert told["site"] == "Alvesta vattentorn"
    assert told["version"] == 2
    assert list(told["gateways"]) == ["mast"]
    assert {zone["status"] for zone in told["gateways"]["mast"]["zones"].values()} == {"confirmed"}
    table = site.ask("status")
    assert "\x1b" not in table
    assert "Confirmed: 1 / 1" in table
    watching = site.start("status", "--watch", "--lang", "sv")
    first = watching.process.stdout.readline().decode()
    assert first.startswith("Vattentornet")  # the sentence, in the language asked for
    assert watching.end(signal.SIGINT) == 130
    assert "Traceback" not in watching.log
    assert service.end() == 0


def test_the_last_report_of_a_controller_that_is_gone_is_no_answer(
    site: Site, mosquitto: Mosquitto, words: Words
) -> None:
    """All was confirmed when it was killed: it is shown as old, with 69; so it is after a proper end."""
    site.on_broker(mosquitto.port, login="controller")
    for number in (signal.SIGKILL, signal.SIGTERM):
        service = site.controller()
        words.until(lambda one=service: one.events("TWL-G101"), "no confirmation")
        site.ask("status")
        service.end(number)
        assert "This is old" in site.ask("status", code=69)


def test_files_that_were_spoiled_keep_nobody_from_stopping_the_service(site: Site, words: Words) -> None:
    """The service goes on by its last good files, and so do those who ask it, to whom their refusal is shown;
    without a service the mistakes are shown."""
    service = site.controller()
    words.until(lambda: service.events("TWL-G101"), "no confirmation")
    spoiled = (("schedule.yaml", "20–26 November", "20–26 Novembr"), ("tower.yaml", "zones:", "zonez:"))
    for number, place in enumerate(spoiled, start=1):
        site.edit(*place)
        words.until(lambda n=number: len(service.events("TWL-O131")) == n, f"{place[0]} is not refused")
        site.ask("status", code=1)
        site.ask("stop", "--reason", "storm")
        site.ask("resume", "--lift")
    assert service.end() == 0
    site.ask("stop", "--reason", "storm", code=78)


def test_a_watch_shows_that_nobody_answers_any_more(site: Site, mosquitto: Mosquitto, words: Words) -> None:
    """A document a line for programs; the watch goes on until Ctrl-C."""
    site.on_broker(mosquitto.port, "controller")
    service = site.controller()
    watching = site.start("status", "--watch", "--json")
    assert json.loads(watching.process.stdout.readline())["site"] == "Alvesta vattentorn"
    service.end(signal.SIGKILL)
    words.until(lambda: "TWL-Q102" in watching.log, "it is not shown that nobody answers")
    assert watching.runs
    assert watching.end(signal.SIGINT) == 130


def test_the_demo_on_a_pipe_prints_what_changes(site: Site) -> None:
    """Two days of the campaign in some seconds, line by line, confirmed, and dark at the end."""
    demo = site.start("demo", *WEEK, "--speed", "30000")
    out, _ = demo.process.communicate(timeout=60)
    assert demo.process.returncode == 0, demo.log
    told = out.decode()
    assert "\x1b" not in told
    assert told.count("TWL-G101") >= 2
    assert " ERROR " not in told
    # five, but at this speed a machine that stalls for half a second passes over four hours
    changes = [line for line in told.splitlines() if "TWL-C020" in line]
    assert len(changes) >= 3
    assert any("bowl orange 100 %" in line for line in changes)
    assert "dark" in changes[-1]
    assert "Traceback" not in demo.log


def test_the_demo_on_a_terminal_draws_the_tower(terminal: Callable[..., Terminal], words: Words) -> None:
    """In the colours reported, under a hidden cursor that comes back on Ctrl-C."""
    demo = terminal("demo", *WEEK, "--speed", "8000")
    orange = "38;2;255;106;0"
    words.until(lambda: orange in demo.read() and "█" in demo.screen, "the tower is not drawn in orange")
    assert "\x1b[?25l" in demo.screen
    demo.process.send_signal(signal.SIGINT)
    assert demo.wait() in {0, 130}
    assert demo.screen.rstrip().endswith("\x1b[?25h")
    assert "Traceback" not in demo.screen


def test_no_color_means_none(terminal: Callable[..., Terminal]) -> None:
    """A block in the colour on a terminal, the nearest of 256 where it has no others, but for NO_COLOR."""
    colored, plain = terminal("preview", "orange"), terminal("preview", "orange", NO_COLOR="1")
    poorer = terminal("preview", "orange", COLORTERM="")
    assert colored.wait() == plain.wait() == poorer.wait() == 0
    assert "\x1b[38;5;202m■" in poorer.screen
    assert "\x1b[38;2;255;106;0m■" in colored.screen
    assert "\x1b" not in plain.screen


def test_the_walk_test_lights_lamp_after_lamp(
    site: Site, terminal: Callable[..., Terminal], ear: Listen, words: Words
) -> None:
    """Each lamp alone while somebody looks; the answers are written down, and the schedule's light is back."""
    (site.config / "schedule.yaml").write_text(
        "version: 1\ncampaigns:\n  - {name: Alltid, dates: every day, hours: all day, color: orange}\n",
        encoding="utf-8",
    )
    service = site.controller()
    words.until(lambda: service.events("TWL-G101"), "no confirmation")
    listens = ear(site.port)
    walk = terminal("test-lamps")
    for number, answer in enumerate(("y", "n", "maybe", "s"), start=1):
        words.until(lambda n=number: walk.read().count("q = stop]") >= n, f"question {number} is not asked")
        if number == 1:
            alone = words.until(lambda: by_hand_on_site(listens), "the gateway does not say that it is tested")
            assert [zone["on"] for zone in alone.document["zones"].values()].count(True) <= 1
        walk.write(f"{answer}\n")
    words.until(lambda: walk.read().count("q = stop]") >= 5, "the last lamp is not asked for")
    walk.write("q\n")
    assert walk.wait() == 1, "a lamp did not light"
    (written,) = site.state.glob("test-lamps-*.json")
    answers = json.loads(written.read_text(encoding="utf-8"))["answers"]
    assert list(answers.values()) == ["yes", "no", "skipped", "stopped"]
    assert next(iter(answers)) == "mast/bowl-north"
    words.until(lambda: listens.shows(words.all_orange), "the schedule's light does not come back")
    assert service.end() == 0


def by_hand_on_site(ear: Listen) -> Any:
    """The first report of a gateway that is tested."""
    told = ear.on("watertower/gateway/mast/reported")
    return next((one for one in told if one.document["by"] == "local"), None)


def test_python_m_controller_is_the_command(site: Path) -> None:
    """The name in the help, and the version."""
    told = subprocess.run(
        [sys.executable, "-m", "controller", "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert re.fullmatch(r"watertower, version \d+\.\d+\.\d+\n", told.stdout)
