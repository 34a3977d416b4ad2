"""Output of a command that watches: on a terminal it replaces the previous output, else it is added below.

Lines are overwritten without clearing first, so that nothing flickers; output longer than the terminal ends in a line
with the number of lines left out, so that the beginning, with the overall state, never scrolls away.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from types import TracebackType

import click

HOME, END_OF_LINE, END_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


class Screen:
    """Hides the cursor while it is used in `with`."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._text = ""
        self._size = os.terminal_size((0, 0))

    def __enter__(self) -> "Screen":
        if self.is_terminal:
            sys.stdout.write(f"{HIDE}{HOME}{END_OF_SCREEN}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.is_terminal:
            sys.stdout.write(f"{SHOW}\n")
            sys.stdout.flush()

    def show(self, text: str) -> None:
        """Shows this text from now on."""
        self._text = text
        if self.is_terminal:
            self._draw(shutil.get_terminal_size())
        else:
            click.echo(text)

    def redraw(self) -> None:
        """Draws again if the terminal has another size."""
        if self.is_terminal and self._text and (size := shutil.get_terminal_size()) != self._size:
            self._draw(size)

    def _draw(self, size: os.terminal_size) -> None:
        self._size = size
        rows = fitted(self._text, size.columns, size.lines)
        sys.stdout.write(HOME + "\n".join(f"{row}{END_OF_LINE}" for row in rows) + END_OF_SCREEN)
        sys.stdout.flush()


def fitted(text: str, columns: int, lines: int) -> list[str]:
    """The rows of a text on a terminal of this size: long lines continue in the next row, and lines that do not fit are
    replaced by their count. The last row stays free for the cursor."""
    room = max(1, lines - 1)
    rows: list[str] = []
    text_lines = text.split("\n")
    for number, line in enumerate(text_lines):
        more = list(_rows(line, max(1, columns)))
        is_last = number == len(text_lines) - 1
        if len(rows) + len(more) > (room if is_last else room - 1):
            return [*rows, f"… {len(text_lines) - number}"[:columns]]
        rows += more
    return rows


def _rows(line: str, columns: int) -> Iterator[str]:
    for start in range(0, max(1, len(line)), columns):
        yield line[start : start + columns]
