"""The text of a file for edits by hand and by the page: pieces are replaced, all the rest stays byte for byte.

Lines and columns count from 1, as those of nodes and findings. A comment after a replaced value keeps its column if
there is room, else it follows after two spaces."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from controller.config.findings import TextSpan
from controller.config.source import LINE_END, UNPRINTABLE
from controller.config.yaml_document import NOTHING, read
from controller.config.yaml_text import scan

MARK = "\ufeff"
"""The byte order mark of UTF-8, as some editors begin a file."""
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
QUOTES = tuple("\"'“”„«»‘’`")
GAP = 2
"""Spaces before a comment that has lost its column."""


class Splice(NamedTuple):
    """Replaces the characters `start:end` of a file."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class FileText:
    """A file as text, line ends and byte order mark included."""

    text: str
    begins: tuple[int, ...]
    """Offset of each line."""
    ends: tuple[int, ...]
    """Offset of the end of each line, before its line end."""

    @classmethod
    def of(cls, data: bytes) -> "FileText":
        """The text of a file; raises UnicodeDecodeError."""
        text = data.decode()
        begins, ends = [len(MARK) if text.startswith(MARK) else 0], []
        for found in LINE_END.finditer(text):
            ends.append(found.start())
            begins.append(found.end())
        return cls(text, tuple(begins), (*ends, len(text)))

    @property
    def newline(self) -> str:
        """The line end of most lines."""
        ends = [self.text[end:begin] for end, begin in zip(self.ends[:-1], self.begins[1:], strict=True)]
        return max(dict.fromkeys(ends), key=ends.count, default="\n")

    @property
    def last_line(self) -> int:
        """The last line that is not empty."""
        return max((number for number in range(1, len(self.begins) + 1) if self.line(number).strip()), default=1)

    def offset(self, line: int, column: int) -> int:
        """The offset of a column of a line."""
        return self.begins[line - 1] + column - 1

    def line(self, number: int) -> str:
        """A line without its line end."""
        return self.text[self.begins[number - 1] : self.ends[number - 1]]

    def replaced(self, span: TextSpan, text: str) -> Splice:
        """Replaces a span with a text."""
        return Splice(self.offset(*span[:2]), self.offset(*span[2:]), text)

    def behind_line(self, number: int, lines: Iterable[str]) -> Splice:
        """Inserts lines below a line, which may itself be removed; the file ends as before, with or without a line
        end."""
        if number < len(self.begins):
            at = self.begins[number]
            return Splice(at, at, "".join(f"{line}{self.newline}" for line in lines))
        end = self.ends[number - 1]
        return Splice(end, end, "".join(f"{self.newline}{line}" for line in lines))

    def without_lines(self, first: int, last: int) -> Splice:
        """Removes lines, with the line end of the last one."""
        if last < len(self.begins):
            return Splice(self.begins[first - 1], self.begins[last], "")
        return Splice(self.ends[first - 2] if first > 1 else self.begins[0], self.ends[last - 1], "")

    def spliced(self, splices: Iterable[Splice]) -> bytes:
        """The file with these separate pieces replaced; comments beside them keep their column."""
        ordered = self._joined(sorted(splices))
        text = self.text
        for start, end, new in sorted((*ordered, *self._comments(ordered)), reverse=True):
            text = text[:start] + new + text[end:]
        return text.encode()

    def _joined(self, splices: list[Splice]) -> list[Splice]:
        """The splices separately; removed last lines below each other as one piece."""
        joined: list[Splice] = []
        for one in splices:
            if joined and one.start < joined[-1].end:
                line = self.begins.index(joined[-1].start)
                joined[-1] = Splice(self.ends[line - 1], max(one.end, joined[-1].end), "")
            else:
                joined.append(one)
        return joined

    def _comments(self, splices: list[Splice]) -> Iterable[Splice]:
        """The spaces before comments on lines whose values have become longer or shorter."""
        for number, (begin, end) in enumerate(zip(self.begins, self.ends, strict=True), start=1):
            if not any(begin <= one.start <= end for one in splices):
                continue
            line = self.line(number)
            comment = begin + scan(line).end
            values = [one for one in splices if begin <= one.start and begin < one.end <= comment and one.end < end]
            more = sum(len(one.text) - (one.end - one.start) for one in values)
            spaces = len(line[: comment - begin]) - len(line[: comment - begin].rstrip())
            is_whole = not values or any("\n" in one.text or "\r" in one.text for one in values)
            if comment == end or more == 0 or is_whole or max(one.end for one in values) > comment - spaces:
                continue
            yield Splice(comment - spaces, comment, " " * max(spaces - more, min(spaces, GAP)))


def as_scalar(text: str, *, in_flow: bool = False, quote: str = "") -> str:
    """A text as YAML writes it on one line: plain if possible, else in quotes; `quote` keeps those that the
    value had."""
    if UNPRINTABLE.search(text) or "\n" in text or "\r" in text:
        return '"' + "".join(_escaped(char) for char in text) + '"'
    if not quote and text.strip() == text and _reads_as(text, in_flow=in_flow):
        return text
    if "\\" in text or (quote or '"') in text:
        quote = '"' if quote == "'" else "'"
    if quote == "'" or (not quote and "\\" in text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(ESCAPES.get(char, char) for char in text) + '"'


def as_flow(value: object) -> str:
    """A text, list or mapping on one line."""
    if isinstance(value, str):
        return as_scalar(value, in_flow=True)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{as_scalar(str(key), in_flow=True)}: {as_flow(one)}' for key, one in value.items())}}}"
    return f"[{', '.join(map(as_flow, value if isinstance(value, list | tuple) else ()))}]"


def _escaped(char: str) -> str:
    if char in ESCAPES or not UNPRINTABLE.match(char):
        return ESCAPES.get(char, char)
    return f"\\u{ord(char):04X}"


def _reads_as(text: str, *, in_flow: bool) -> bool:
    """Whether YAML reads a plain text as itself."""
    if text in NOTHING or text[:1] in QUOTES:
        return False
    document = read((f"{{k: {text}}}" if in_flow else f"k: {text}").encode(), "", frozenset(), frozenset())
    value = document.pairs.scalar("k")
    return not document.findings and value is not None and value.text == text and len(document.pairs.entries) == 1
