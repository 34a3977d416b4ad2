"""A text while it is being read: mended line by line, with every place still that of the text as written.

A mistake that hides others (a tab, a forgotten colon) is told and mended here, so that the reading can go on
and the rest of the file's mistakes are found in the same run. Mended text is used for nothing else.
"""

import re

from controller.config.findings import FilePlace, Finding, SourceText

BODY = re.compile(r" *(?:- +)*(?:-$)?(?P<body>.*)")
NEAR = 200
"""How many lines above are looked at for a neighbour."""


class YamlDraft:
    """The lines of a file as they are mended; `findings` say what was mended and what could not be."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.lines = list(source.lines)
        self.findings: list[Finding] = []
        self._shifts: dict[int, list[tuple[int, int]]] = {}

    @property
    def text(self) -> str:
        """The mended text."""
        return "\n".join(self.lines)

    def replace(self, line: int, start: int, end: int, new: str) -> None:
        """Put `new` for the columns `start:end` of a line; all count from 0."""
        old = self.lines[line]
        self.lines[line] = old[:start] + new + old[end:]
        if len(new) != end - start:
            self._shifts.setdefault(line, []).append((start + len(new), len(new) - (end - start)))

    def place(self, line: int, start: int, end: int) -> FilePlace:
        """Where the columns `start:end` of a mended line stand in the text as written."""
        first, last = self._written(line, start), self._written(line, end)
        return FilePlace(line + 1, first + 1, max(first + 1, last) + 1)

    def tell(self, code: str, line: int, columns: tuple[int, int], **fields: object) -> None:
        """Note a mistake at columns of a mended line."""
        self.findings.append(self.source.finding(code, self.place(line, *columns), **fields))

    def _written(self, line: int, column: int) -> int:
        for border, grown in reversed(self._shifts.get(line, [])):
            if column >= border:
                column -= grown
        return max(0, column)

    def line_above(self, line: int) -> int | None:
        """The nearest line above that holds more than spaces or a comment, if it is not far."""
        above = range(line - 1, max(-1, line - 1 - NEAR), -1)
        return next((number for number in above if not is_blank(self.lines[number])), None)

    def deepest_column(self, line: int) -> int:
        """The deepest column in which this line could begin: that of a hyphen near above, where it begins with one."""
        if self.lines[line].lstrip().startswith("-"):
            near = (self.lines[number] for number in range(line - 1, max(-1, line - 1 - NEAR), -1))
            hyphens = [len(text) - len(text.lstrip()) for text in near if text.lstrip().startswith("- ")]
            if hyphens:
                return max(hyphens)
        above = self.line_above(line)
        if above is None:
            return 0
        return column_of_body(self.lines[above]) + (2 if opens_block(self.lines[above]) else 0)

    def indent(self, line: int, column: int) -> None:
        """Let the line begin in `column`."""
        stripped = self.lines[line].lstrip()
        self.replace(line, 0, len(self.lines[line]) - len(stripped), " " * column)


def is_blank(text: str) -> bool:
    """Whether a line holds nothing but spaces or a comment."""
    return not text.strip() or text.lstrip().startswith("#")


def column_of_body(text: str) -> int:
    """The column behind indentation and hyphens."""
    found = BODY.match(text)
    return found.start("body") if found else 0


def opens_block(text: str) -> bool:
    """Whether the lines below belong to this one: it ends in a colon, comments aside."""
    return re.sub(r"\s#.*", "", text).rstrip().endswith(":")
