"""What is watched on a terminal stays in its place, whatever its length and the size of the terminal."""

import fcntl
import io
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.cli.screen import END_OF_SCREEN, HIDE, HOME, SHOW, Screen, fitted
from tests.parts import ended_after

SHOWS = """
import time
from controller.cli.screen import Screen
with Screen() as screen:
    screen.show("\\n".join(f"line {number}" for number in range(100)))
    for _ in range(600):
        screen.redraw()
        time.sleep(0.02)
"""


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]) | st.just("\n")), st.integers(1, 40), st.integers(1, 20)
)
def test_it_fits_and_says_how_much_is_left_out(text: str, columns: int, lines: int) -> None:
    """At any size; what is shown is the beginning."""
    rows = fitted(text, columns, lines)
    assert len(rows) <= max(1, lines - 1)
    assert all(len(row) <= columns for row in rows)
    if rows[-1].startswith("…"):
        assert text.replace("\n", "").startswith("".join(rows[:-1]))
    else:
        assert "".join(rows) == text.replace("\n", "")


def test_a_thousand_gateways_do_not_push_out_the_summary() -> None:
    """The sentence at the top stays, and the last row counts the rest."""
    rows = fitted("\n".join(["all is well", *map(str, range(1000))]), 80, 24)
    assert (rows[0], rows[-1], len(rows)) == ("all is well", "… 979", 23)


class WrittenTerminal(io.StringIO):
    """A terminal that remembers what was written to it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("kind", "written"), [("dumb", "a\nb\n"), ("xterm", None), (None, None)])
def test_a_terminal_without_a_cursor_is_written_like_a_pipe(
    monkeypatch: pytest.MonkeyPatch, kind: str | None, written: str | None
) -> None:
    """It would show the signs that move it."""
    out = WrittenTerminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.delenv("TERM", raising=False)
    if kind is not None:
        monkeypatch.setenv("TERM", kind)
    with Screen() as screen:
        screen.show("a")
        screen.show("b")
    assert out.getvalue() == written if written else HOME in out.getvalue()


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of one with 24 rows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def read(terminal: int, until: str, within_s: float = 10.0) -> str:
    """What is written, until this comes."""
    seen, end_s = "", time.monotonic() + within_s
    while until not in seen and time.monotonic() < end_s:
        if select.select([terminal], [], [], 0.1)[0]:
            seen += os.read(terminal, 65536).decode()
    return seen


@pytest.mark.real
def test_a_terminal_is_drawn_over_and_again_when_its_size_changes(terminal: tuple[int, int]) -> None:
    """Without clearing first; the cursor is back at the end, by Ctrl-C too."""
    ours, theirs = terminal
    env = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    command = [sys.executable, "-c", SHOWS]
    child = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=env)
    with ended_after(child):
        seen = read(ours, "… 78")
        assert HIDE in seen
        drawn = seen.rpartition(HOME)[2]
        assert "line 0" in drawn
        assert "line 22" not in drawn
        assert END_OF_SCREEN not in drawn.partition("… 78")[0], "nothing is cleared before it is drawn"
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
        assert "line 47" in read(ours, "… 52")
        child.send_signal(2)
        assert SHOW in read(ours, SHOW)
        assert child.wait(10) != 0


@pytest.mark.real
def test_in_a_pipe_each_is_below_the_last_without_a_sign_for_terminals() -> None:
    """For a file, or another program."""
    script = "from controller.cli.screen import Screen\nwith Screen() as s:\n s.show('a'); s.show('b'); s.redraw()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "a\nb\n"
