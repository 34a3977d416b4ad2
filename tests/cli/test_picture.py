"""The picture of the demo: it stays on the terminal, whatever its size and signs."""

import io
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.cli.demo import BOWL, Scene, draw
from controller.cli.swatch import can_write
from controller.clock import ClockReading, Trust
from controller.config.load import load
from controller.gateways.base import ReportedLook
from controller.lighting.color import Color
from controller.service.controller import Controller
from controller.service.gateway_state import Status

LINE = "2026-11-20 16:00:00 INFO    TWL-C020 now: " + "bowl #FF6A00 100%, " * 8


@pytest.mark.parametrize("size", [(60, 24), (80, 24), (200, 50), (60, 20)])
def test_the_picture_fits_the_terminal(config: Path, size: tuple[int, int]) -> None:
    """A line more would push its top off the screen; what happened last is what there is room for."""
    setup = load(config)
    engine = Controller(setup.tower.gateways, "watertower", setup.program())
    reading = ClockReading(datetime(2026, 11, 20, 16, tzinfo=UTC), 1.0, Trust.TRUSTED)
    engine.turn(reading)
    drawn = draw(Scene(setup, engine, reading, "en"), [LINE] * 4 + ["the last"], os.terminal_size(size))
    lines = re.sub(r"\x1b\[[0-9;]*m", "", drawn).split("\n")
    assert len(lines) < size[1]
    assert max(len(line) for line in lines) <= size[0]
    assert lines[-1] == "the last" or size[1] < 24


@pytest.mark.parametrize(
    ("status", "is_painted"),
    [("confirmed", True), ("differs", True), ("pending", True), ("silent", False), ("unknown", False)],
)
def test_only_what_is_reported_now_is_painted(config: Path, status: Status, is_painted: bool) -> None:
    """What a lamp reported before it fell silent may be over."""
    setup = load(config)
    controller = Controller(setup.tower.gateways, "watertower", setup.program())
    reading = ClockReading(datetime(2026, 11, 20, 16, tzinfo=UTC), 1.0, Trust.TRUSTED)
    controller.turn(reading)

    def bowl() -> str:
        drawn = draw(Scene(setup, controller, reading, "en"), [], os.terminal_size((80, 24)))
        return next(line for line in drawn.split("\n") if BOWL[0].strip() in line)

    unlit, blue = bowl(), ReportedLook(on=True, brightness=1.0, color=Color("#0000FF"))
    for name, state in controller.states.items():
        zones = controller.gateways[name].zone_names
        reported = state.reported._replace(zones=dict.fromkeys(zones, blue))
        controller.states[name] = state._replace(reported=reported, status=dict.fromkeys(zones, status))
    assert (bowl() != unlit) is is_painted


@pytest.mark.parametrize(("encoding", "can"), [("utf-8", True), ("latin-1", False)])
def test_a_terminal_without_the_signs_gets_lines(monkeypatch: pytest.MonkeyPatch, encoding: str, can: bool) -> None:
    """Else it would be a tower of question marks, each of which means `unknown`."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert can_write("".join(BOWL)) is can
