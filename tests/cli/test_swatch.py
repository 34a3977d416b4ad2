"""Colours on a terminal: exact ones only where it says that it has them."""

import pytest

from controller.cli.swatch import block, ink
from controller.lighting.color import Color
from controller.lighting.look import ZoneState

ORANGE = (255, 106, 0)


@pytest.mark.parametrize(
    ("says", "expected"),
    [("truecolor", "38;2;255;106;0"), ("24bit", "38;2;255;106;0"), ("", "38;5;202"), (None, "38;5;202")],
)
def test_an_exact_colour_needs_a_terminal_that_has_it(
    says: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others have 256: 202 is their nearest to the orange of the campaign."""
    monkeypatch.delenv("COLORTERM", raising=False)
    if says is not None:
        monkeypatch.setenv("COLORTERM", says)
    assert ink(ORANGE) == expected
    assert ink(ORANGE, ground=True) == expected.replace("38;", "48;", 1)


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_none_for_whoever_wants_none(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As no-color.org has it; and a pipe is no terminal."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    state = ZoneState(on=True, color=Color("#FF6A00"), brightness=1.0)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert "\x1b[" in block(state)
    monkeypatch.setenv("NO_COLOR", "")  # as if it were not there
    assert "\x1b[" in block(state)
    monkeypatch.setenv(name, value)
    assert block(state) == ""
