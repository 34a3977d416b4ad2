"""`watertower test-lamps`: refused where nobody can look; on a terminal it asks lamp after lamp."""

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
ASKS = b"[y/n/s/q] "
FLOOD = "name: Flood\nchannels: [dimmer, dimmer fine, {shutter: 47}, red, red fine, green, blue]\n"


def test_the_walk_test_needs_somebody_who_looks(call: Any) -> None:
    """Without a terminal it is refused."""
    result = call("test-lamps")
    assert result.exit_code == 1
    assert "TWL-Q108" in result.stderr


class Terminal:
    """Somebody who runs the walk test; `answer` waits for the next question."""

    def __init__(self, config: Path, state: Path, *words: str) -> None:
        self.said = b""
        self._asked = 0
        command = [sys.executable, "-m", "controller", "--config", str(config), "--state", str(state), "test-lamps"]
        self._end, terminal = pty.openpty()
        self._process = subprocess.Popen([*command, *words], stdin=terminal, stdout=terminal, stderr=terminal)
        os.close(terminal)

    def answer(self, keys: bytes) -> None:
        self.wait()
        os.write(self._end, keys)

    def interrupt(self) -> None:
        self.wait()
        self._process.send_signal(signal.SIGINT)

    def wait(self) -> None:
        self._asked += 1
        while self.said.count(ASKS) < self._asked:
            self.said += os.read(self._end, 4_096)

    def hear(self, words: str) -> None:
        while words.encode() not in self.said:
            self.said += os.read(self._end, 4_096)

    def ended(self) -> int:
        code = self._process.wait(20)
        os.close(self._end)
        return code


@pytest.fixture
def heard(config: Path, tmp_path: Path) -> Iterator[Path]:
    """A broker of the site's, and a file of what the gateways are told in the walk test."""
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    tower = config / "tower.yaml"
    lines = tower.read_text("utf-8").replace("broker: embedded", f"broker: mqtt://127.0.0.1:{port}")
    tower.write_text(lines.replace("rgbw, address: 13", "flood, address: 13"), "utf-8")
    (config / "profiles").mkdir()
    (config / "profiles" / "flood.yaml").write_text(FLOOD)
    told = tmp_path / "told"
    broker = subprocess.Popen([MOSQUITTO, "-p", port], stderr=subprocess.DEVNULL)
    while subprocess.call(["mosquitto_pub", "-p", port, "-t", "x", "-n"], stderr=subprocess.DEVNULL):
        time.sleep(0.1)
    with told.open("wb") as file:
        ear = subprocess.Popen(["mosquitto_sub", "-p", port, "-t", "watertower/gateway/mast/walk"], stdout=file)
    yield told
    for process in (ear, broker):
        process.kill()
        process.wait()


def walked(path: Path) -> list[Any]:
    """The steps: which fixture or which channel of it, None for the end."""
    steps = [json.loads(line) for line in path.read_text().splitlines()]
    return [step.get("channel", step.get("fixture")) for step in steps]


def wait_for(path: Path, steps: int) -> None:
    """Until so many were heard: of one that is answered before it went out the next one takes the place."""
    while len(walked(path)) < steps:
        time.sleep(0.02)


def answers(state: Path) -> dict[str, str]:
    [path] = state.glob("test-lamps-*.json")
    return dict(json.loads(path.read_text("utf-8"))["answers"])


def test_what_was_answered_is_written_down(config: Path, tmp_path: Path, heard: Path) -> None:
    """Another key asks again; the lamps follow the schedule in the end, and one that was wrong is exit code 1."""
    walk = Terminal(config, tmp_path / "state")
    for steps, keys in ((1, b"y\n"), (2, b"n\n"), (3, b"?\n"), (3, b"s\n"), (4, b"J\n")):
        wait_for(heard, steps)
        walk.answer(keys)
    assert walk.ended() == 1
    assert list(answers(tmp_path / "state").values()) == ["yes", "no", "skipped", "yes"]
    assert walked(heard) == ["bowl-north", "bowl-south", "shaft-north", "shaft-south", None]


def test_a_test_that_is_broken_off_ends_at_once(config: Path, tmp_path: Path, heard: Path) -> None:
    """Ctrl-C waits for no answer; what was answered is kept, and the lamps follow the schedule."""
    walk = Terminal(config, tmp_path / "state")
    walk.answer(b"y\n")
    walk.interrupt()
    assert walk.ended() == 130
    assert list(answers(tmp_path / "state").values()) == ["yes"]
    assert walked(heard)[-1] is None


def test_only_channels_that_light_something_alone_are_asked_for(config: Path, tmp_path: Path, heard: Path) -> None:
    """No dimmer, no shutter and no fine half: with one of those nothing would be seen."""
    walk = Terminal(config, tmp_path / "state", "--channels")
    for steps in range(1, 16):
        wait_for(heard, steps)
        walk.answer(b"y\n")
    assert walk.ended() == 0
    assert walked(heard) == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 4, 6, 7, None]


def test_a_gateway_that_does_not_follow_is_told(config: Path, tmp_path: Path, heard: Path) -> None:
    """Else one would look for the fault in lamps that nobody lights; here there is a broker and no gateway."""
    assert heard
    walk = Terminal(config, tmp_path / "state")
    walk.hear("TWL-Q117: mast does not say that it follows the test")
    walk.answer(b"q\n")
    assert walk.ended() == 0
