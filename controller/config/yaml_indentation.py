"""The one line whose beginning stands in a wrong column: found by trying which move lets the YAML reader get furthest.

The reader stops at the first line that does not fit in, which is often a right one below the wrong one: all the lines
of an entry whose hyphen slipped, for instance. So the line above and the entry's own first line are tried too.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from controller.config.yaml_draft import column_of_body, is_blank

BEFORE, AFTER = 50, 25
"""How many lines around the trouble are read again for each try."""
NEAREST = 8
"""So many columns are tried for a line; a file that begins its lines in ever other ones would take minutes."""


class Move(NamedTuple):
    """`line` begins in `column`; with `block`, the deeper lines below it keep their distance."""

    line: int
    column: int
    block: bool


def best_move(lines: Sequence[str], line: int) -> Move | None:
    """The move that lets the reader get furthest beyond `line`, of several the shortest; None where none helps."""
    numbers = _window(lines, line)
    if _reach([lines[number] for number in numbers]) < numbers.index(line):
        numbers = [*range(min(line + AFTER, len(lines)))]  # what is near is not to be understood alone
    window, at = [lines[number] for number in numbers], numbers.index(line)
    now = _reach(window)
    tried = (((_reach(moved(window, move)), *_preference(window, move, at)), move) for move in _moves(window, at))
    reach, move = max(tried, default=((now, 0, False, False), None))
    return Move(numbers[move.line], move.column, move.block) if move and reach[0] > now else None


def moved(lines: Sequence[str], move: Move) -> list[str]:
    """The lines after the move."""
    by = move.column - indentation(lines[move.line])
    inside = {move.line, *(deeper(lines, move.line) if move.block else ())}
    return [_shifted(text, by) if number in inside else text for number, text in enumerate(lines)]


def indentation(text: str) -> int:
    """How many spaces a line begins with."""
    return len(text) - len(text.lstrip())


def _shifted(text: str, by: int) -> str:
    return " " * max(0, indentation(text) + by) + text.lstrip()


def _window(lines: Sequence[str], line: int) -> list[int]:
    """The numbers of the lines that are read for each try: those near the trouble, and those above that they are in."""
    near = range(max(0, line - BEFORE), min(line + AFTER, len(lines)))
    return [*reversed([*_parents(lines, near[0])]), *near]


def _parents(lines: Sequence[str], line: int) -> Iterator[int]:
    """The lines above that those from `line` on are in, the nearest first."""
    inner = next((text for text in lines[line:] if not is_blank(text)), "")
    for number in range(line - 1, -1, -1):
        text = lines[number]
        if not is_blank(text) and _is_in(inner, text):
            yield number
            inner = text


def _is_in(inner: str, outer: str) -> bool:
    """Whether a line lies deeper than one above it; items may stand in the column of their keyword."""
    is_item, is_keyword = inner.lstrip().startswith("-"), not outer.lstrip().startswith("-")
    return indentation(outer) < indentation(inner) + (is_item and is_keyword)


def _reach(lines: Sequence[str]) -> int:
    """The line at which the reader stops; their number where it reads all."""
    try:
        for _ in YAML(typ="safe", pure=True).parse("\n".join(lines)):
            pass
    except MarkedYAMLError as error:
        return error.problem_mark.line if error.problem_mark else 0
    except YAMLError:
        return 0
    return len(lines)


def _moves(window: Sequence[str], at: int) -> Iterator[Move]:
    solid = [number for number in range(at + 1) if not is_blank(window[number])]
    entry = next((number for number in reversed(solid[:-1]) if window[number].lstrip().startswith("- ")), at)
    begun = {column for text in window if not is_blank(text) for column in (indentation(text), column_of_body(text))}
    columns = begun | {column - 2 for column in begun if column >= 2}  # that of a hyphen before such a line
    for line in {at, *solid[-2:], entry}:
        found = indentation(window[line])
        for column in sorted(columns - {found}, key=lambda column: abs(column - found))[:NEAREST]:
            yield Move(line, column, block=False)
            if deeper(window, line):
                yield Move(line, column, block=True)


def deeper(lines: Sequence[str], line: int) -> list[int]:
    """The lines below that are indented further, up to the first that is not."""
    found: list[int] = []
    for number in range(line + 1, len(lines)):
        if not is_blank(lines[number]):
            if indentation(lines[number]) <= indentation(lines[line]):
                break
            found.append(number)
    return found


def _preference(window: Sequence[str], move: Move, at: int) -> tuple[int, bool, bool]:
    return -abs(move.column - indentation(window[move.line])), move.line == at, not move.block
