"""`watertower test-lamps`: refused where nobody can look; on a terminal it asks lamp after lamp."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.nights.ear import Ear
from tests.parts import mosquitto, require

ASKS = b"q = stop] "
FLOOD = "name: Flood\nchannels: [dimmer, dimmer fine, {shutter: 47}, red, red fine, green, blue]\n"


def test_the_walk_test_needs_somebody_who_looks(call: Any) -> None:
    """Without a terminal it is refused."""
    result = call("test-lamps")
    assert result.exit_code == 1
    assert "TWL-Q108" in result.stderr


class Terminal:
    """Somebody who runs the walk test; `answer` waits for the next question."""

    def __init__(self, config: Path, state: Path, words: tuple[str, ...]) -> None:
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
        return self._process.wait(20)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._end)


Walk = Callable[..., Terminal]


@pytest.fixture
def walk(config: Path, tmp_path: Path) -> Iterator[Walk]:
    """Starts the command on a terminal: `walk(*options)`."""
    require("terminal")
    with ExitStack() as stack:

        def start(*words: str) -> Terminal:
            terminal = Terminal(config, tmp_path / "state", words)
            stack.callback(terminal.close)
            return terminal

        yield start


@pytest.fixture
def heard(config: Path, tmp_path: Path) -> Iterator[Ear]:
    """A broker of the site, and a listener to what the gateways are sent."""
    with mosquitto(tmp_path) as (port, _):
        tower = config / "tower.yaml"
        lines = tower.read_text("utf-8").replace("broker: embedded", f"broker: mqtt://127.0.0.1:{port}")
        tower.write_text(lines.replace("rgbw, address: 13", "flood, address: 13"), "utf-8")
        (config / "profiles").mkdir()
        (config / "profiles" / "flood.yaml").write_text(FLOOD)
        with closing(Ear(port)) as ear:
            yield ear


def walked(ear: Ear) -> list[Any]:
    """The steps: which fixture or which channel of it, None for the end."""
    steps = [told.document for told in ear.on("watertower/gateway/mast/walk")]
    return [step.get("channel", step.get("fixture")) for step in steps]


def wait_for(ear: Ear, steps: int) -> None:
    """Until so many were heard: of one that is answered before it went out the next one takes the place."""
    while len(walked(ear)) < steps:
        time.sleep(0.02)


def ended(ear: Ear) -> list[Any]:
    """All steps, once the end was heard."""
    while walked(ear)[-1:] != [None]:
        time.sleep(0.02)
    return walked(ear)


def answers(state: Path) -> dict[str, str]:
    [path] = state.glob("test-lamps-*.json")
    return dict(json.loads(path.read_text("utf-8"))["answers"])


@pytest.mark.real
def test_what_was_answered_is_written_down(tmp_path: Path, heard: Ear, walk: Walk) -> None:
    """Another key asks again; the lamps follow the schedule in the end, and one that was wrong is exit code 1."""
    walking = walk()
    for steps, keys in ((1, b"y\n"), (2, b"n\n"), (3, b"?\n"), (3, b"s\n"), (4, b"J\n")):
        wait_for(heard, steps)
        walking.answer(keys)
    assert walking.ended() == 1
    assert list(answers(tmp_path / "state").values()) == ["yes", "no", "skipped", "yes"]
    assert ended(heard) == ["bowl-north", "bowl-south", "shaft-north", "shaft-south", None]
    lamps = json.loads((tmp_path / "state" / "lamps.json").read_text("utf-8"))["lamps"]
    assert {lamp: said["lit"] for lamp, said in lamps.items()} == {
        "mast/bowl-north": True,
        "mast/bowl-south": False,
        "mast/shaft-south": True,
    }


@pytest.mark.real
def test_a_test_that_somebody_else_ends_lights_nothing_more(tmp_path: Path, heard: Ear, walk: Walk) -> None:
    """As the controller does under a safety stop; what was answered is kept."""
    walking = walk()
    wait_for(heard, 1)
    walking.answer(b"y\n")
    wait_for(heard, 2)
    heard.say("watertower/gateway/mast/walk", b'{"version": 1}')
    walking.hear("TWL-Q122: the test of mast was ended by somebody else")
    assert walking.ended() == 1
    assert list(answers(tmp_path / "state").values()) == ["yes"]
    assert "bowl-south" not in walked(heard)[3:]


@pytest.mark.real
def test_a_test_that_is_broken_off_ends_at_once(tmp_path: Path, heard: Ear, walk: Walk) -> None:
    """Ctrl-C waits for no answer; what was answered is kept, and the lamps follow the schedule."""
    walking = walk()
    walking.answer(b"y\n")
    walking.interrupt()
    assert walking.ended() == 130
    assert list(answers(tmp_path / "state").values()) == ["yes"]
    assert ended(heard)[0] == "bowl-north"


@pytest.mark.real
def test_only_channels_that_light_something_alone_are_asked_for(tmp_path: Path, heard: Ear, walk: Walk) -> None:
    """No dimmer, no shutter and no fine half: with one of those nothing would be seen."""
    walking = walk("--channels")
    for steps in range(1, 16):
        wait_for(heard, steps)
        walking.answer(b"y\n")
    assert walking.ended() == 0
    assert ended(heard) == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 4, 6, 7, None]


@pytest.mark.real
def test_a_gateway_that_does_not_follow_is_reported(tmp_path: Path, heard: Ear, walk: Walk) -> None:
    """Else one would look for the fault in lamps that nobody lights; here there is a broker and no gateway."""
    assert heard
    walking = walk()
    walking.hear("TWL-Q117: mast does not report that it follows the test")
    walking.answer(b"q\n")
    assert walking.ended() == 0
