"""`demo --faults`: lamps that misbehave in the middle of it are found out, and the light is right again after."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from controller.dmx.outputs.simulated import FAULTS
from tests.cli.conftest import Call
from tests.parts import ended_after

DUSK = ("--from", "2026-11-20 15:15", "--until", "2026-11-20 16:03", "--speed", "180")
"""Sixteen seconds; sunset is at 15:41, in the middle of the spell from 15:34 to 15:49."""


@contextmanager
def demo(config: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """The demo on a pipe."""
    command = (sys.executable, "-m", "controller", "--config", str(config), "--lang", "en", "demo", *words)
    with ended_after(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)) as process:
        yield process


def codes(told: str) -> list[str]:
    """The codes of the lines."""
    return [match[1] for match in re.finditer(r"^\S+ \S+ +\w+ +TWL-(\w+)", told, re.MULTILINE)]


@pytest.mark.real
def test_lamps_that_misbehave_are_found_out_and_recover(config: Path) -> None:
    """Lamps that stick confirm the light only after; a dead output is reported as a problem, and so is its end."""
    with demo(config, *DUSK, "--faults", "stick") as stick, demo(config, *DUSK, "--faults", "dead") as dead:
        running = {"stick": stick, "dead": dead}
        told = {name: codes(process.communicate(timeout=60)[0]) for name, process in running.items()}
    assert {process.returncode for process in running.values()} == {0}
    for name in running:
        begins, ends = told[name].index("X122"), told[name].index("X123")
        assert told[name].count("X122") == 1
        assert "G101" in told[name][:begins]
        assert "C020" in told[name][begins:ends]
        assert "G101" not in told[name][begins:ends]
        assert {"G101", "G107"} & set(told[name][ends:])
    assert {"X121", "G114"} <= set(told["dead"])


@pytest.mark.real
def test_the_page_of_the_demo_is_for_this_machine_alone(config: Path) -> None:
    """Whatever tower.yaml says: who looks at the demo may change its light without logging in."""
    tower = config / "tower.yaml"
    text = tower.read_text(encoding="utf-8").replace('web: {listen: "127.0.0.1', 'web: {open: all, listen: "0.0.0.0')
    tower.write_text(text, encoding="utf-8")
    with demo(config, "--from", "2026-11-20 15:15", "--until", "2026-11-20 15:45", "--speed", "60") as running:
        assert running.stdout is not None
        port = next(
            int(found[1]) for line in running.stdout if (found := re.search(r"TWL-W101.*?http://.*?:(\d+)", line))
        )
        socket.create_connection(("127.0.0.1", port)).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port)).close()


@pytest.mark.real
def test_the_demo_needs_no_hardware(call: Call, config: Path) -> None:
    """A gateway that runs elsewhere, with a widget that is not plugged in here, is simulated and confirms the light."""
    tower = config / "tower.yaml"
    text = tower.read_text("utf-8").replace("runs: here", "runs: elsewhere")
    tower.write_text(text.replace("output: simulated", "output: {kind: enttec-usb-pro, port: /dev/none}"), "utf-8")
    shown = call("demo", "--from", "2026-11-20 15:30", "--until", "2026-11-20 16:30", "--speed", "900", "--lang", "en")
    assert (shown.exit_code, "G101" in codes(shown.stdout)) == (0, True)


def test_what_nobody_can_ask_for_is_refused(call: Call) -> None:
    """With the names that there are."""
    result = call("demo", "--faults", "stuck")
    assert result.exit_code == 2
    assert all(name in result.output for name in FAULTS)


@pytest.mark.parametrize("form", ["{kind: simulated, faults: stick}", "{kind: simulated, rest_s: 1}"])
def test_no_file_can_ask_for_faults(call: Call, config: Path, form: str) -> None:
    """They are no keys of tower.yaml."""
    tower = config / "tower.yaml"
    tower.write_text(tower.read_text("utf-8").replace("output: simulated", f"output: {form}"), "utf-8")
    assert call("check").exit_code == 78
