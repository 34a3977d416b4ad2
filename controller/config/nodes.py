"""The structure of YAML text here: single texts, lists and sets of pairs, each with its place in the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, overload

from controller.config.findings import FilePlace, Finding, SourceText, TextSpan

Plain = str | list["Plain"] | dict[str, "Plain"]
"""A node without its places: the input of pydantic."""


TOP = FilePlace(1, 1, 2)
"""The place of nodes without a text."""


class Scalar(NamedTuple):
    """A text; `place` includes its quotes."""

    text: str
    place: FilePlace
    quoted: bool = False

    def shortened(self, text: str) -> "Scalar":
        """Another text at this place."""
        return self._replace(text=text)

    def part(self, start: int, end: int | None) -> FilePlace:
        """The place of `text[start:end]`; the whole text if escapes hide the offsets."""
        line, column, after = self.place
        quotes = 2 if self.quoted else 0
        end = len(self.text) if end is None else end
        if after - column - quotes != len(self.text) or not 0 <= start < end <= len(self.text):
            return self.place
        first = column + quotes // 2
        return FilePlace(line, first + start, first + end)


class YamlSequence(NamedTuple):
    """A list; `place` is its beginning, `flow` reaches from bracket to bracket if it has some."""

    items: tuple["Node", ...]
    place: FilePlace
    flow: TextSpan | None = None


class YamlEntry(NamedTuple):
    """A keyword and its value; `comment` is the text after a # if there is no value."""

    key: Scalar
    value: "Node"
    comment: Scalar | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no value was written, not even a pair of quotes."""
        return isinstance(self.value, Scalar) and not self.value.text and not self.value.quoted


class Pairs(NamedTuple):
    """Keyword-value pairs in the order of the file; `place` is the first keyword, `flow` reaches from brace to brace
    if it has some."""

    entries: Mapping[str, YamlEntry]
    place: FilePlace
    flow: TextSpan | None = None

    def scalar(self, key: str) -> Scalar | None:
        """The text of a keyword; None if its value is something else, or it is missing."""
        entry = self.entries.get(key)
        return entry.value if entry is not None and isinstance(entry.value, Scalar) else None

    def items(self, key: str) -> "tuple[Node, ...] | None":
        """The items of a keyword's list; None if its value is something else, or it is missing."""
        entry = self.entries.get(key)
        return entry.value.items if entry is not None and isinstance(entry.value, YamlSequence) else None

    def groups(self, key: str) -> "tuple[Pairs, ...]":
        """The items of the list that are pairs themselves."""
        return tuple(item for item in self.items(key) or () if isinstance(item, Pairs))


Node = Scalar | YamlSequence | Pairs


def span_of(node: Node) -> TextSpan:
    """Start and end of the text of a node, without its comments and its hyphen."""
    if isinstance(node, Scalar):
        return TextSpan(node.place.line, node.place.column, node.place.line, node.place.end)
    if node.flow is not None:
        return node.flow
    inner = node.items if isinstance(node, YamlSequence) else [one.value for one in node.entries.values()]
    ends = [(end.end_line, end.end_column) for end in map(span_of, inner)]
    line, column, end = node.place
    return TextSpan(line, column, *max(ends, default=(line, end)))


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was read; `root` is None if nothing of it can be used."""

    source: SourceText
    root: Node | None = None
    findings: tuple[Finding, ...] = field(default=())

    @property
    def pairs(self) -> Pairs:
        """The pairs of the outermost level; empty if it holds something else."""
        return self.root if isinstance(self.root, Pairs) else Pairs({}, TOP)

    def at(self, path: tuple[int | str, ...]) -> tuple[YamlEntry | None, Node | None]:
        """The node at the end of the path, or as far as the path leads, and the nearest entry above it."""
        entry, node = None, self.root
        for step in path:
            if isinstance(node, Pairs) and isinstance(step, str) and step in node.entries:
                entry = node.entries[step]
                node = entry.value
            elif isinstance(node, YamlSequence) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
        return entry, node


@overload
def plain(node: Pairs) -> dict[str, Plain]: ...


@overload
def plain(node: Node) -> Plain: ...


def plain(node: Node) -> Plain:
    """The node as text, lists and dicts; without keywords that have no value."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, YamlSequence):
        return [plain(item) for item in node.items]
    return {key: plain(entry.value) for key, entry in node.entries.items() if not entry.is_empty}
