"""YAML as text with the place of every value: no numbers, booleans, dates or nulls, only what the person wrote.

A keyword without a value, or with YAML's own word for none, holds the empty text. Every value is on one line. Tags,
anchors, aliases, directives and a second document are refused. Of a file that parses, all mistakes are found at once;
of one that does not, the first break (see `yaml_hints`)."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from controller.config import yaml_hints
from controller.config.findings import MOST_SOUGHT, FilePlace, Finding, TextSpan
from controller.config.nodes import Document, Node, Pairs, Scalar, YamlEntry, YamlSequence
from controller.config.source import decode
from controller.config.yaml_columns import missing_hyphen
from controller.config.yaml_text import FILLER, YamlText

# the parser of libyaml is 25 times as fast; without it the one in Python gives the same events and marks
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 20
MOST_VALUES = 1_000_000
MOST_TEXTS = 20_000
"""Limit of one list of texts, and of keywords of one set of pairs: each may need a search for a near word."""
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
"""What an editor takes for no value: nobody means a topic `null`."""
COMMENT = re.compile(r":\s*(?P<comment>#.*?)\s*$")


class Broken(Exception):  # noqa: N818 - a way out, not a fault
    """Nothing can be read beyond this finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def read(data: bytes, file: str, keywords: frozenset[str], outermost: frozenset[str]) -> Document:
    """The document of a file's bytes; whatever the bytes are, there is a root or a finding."""
    source, faults = decode(data, file)
    if not source.lines:
        return Document(source, None, faults)
    text = YamlText(source, keywords, outermost)
    broken = text.read_letters()
    builder = Builder(text)
    try:
        root = builder.document()
    except yaml.YAMLError as error:
        broken = yaml_hints.syntax_break(text, error)
    except Broken as stop:
        broken = stop.finding
    if broken is not None:
        before = [one for one in text.letters if one.place and broken.place and one.place.line <= broken.place.line]
        # invalid characters on the line of the break are its cause
        cause = () if before and before[-1].place and before[-1].place[0] == (broken.place or (0,))[0] else (broken,)
        return Document(source, None, (*faults, *before, *cause))
    if root is None and not faults:
        return Document(source, None, (source.finding("TWL-S001", None),))
    return Document(source, root, (*faults, *text.letters, *builder.findings))


class Builder:
    """Nodes from the events of the parser. DEEPEST limits the recursion."""

    def __init__(self, text: YamlText) -> None:
        self.text = text
        self.findings: list[Finding] = []
        self._values = 0
        self._events: Iterator[Event] = yaml.parse("\n".join(text.lines), Loader=LOADER)

    def document(self) -> Node | None:
        """The only document of the text; None where it is empty. Raises Broken and YAMLError."""
        root = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    raise Broken(self._finding("TWL-S034", event))
                if event.version or event.tags:
                    line, text = next((at, text) for at, text in enumerate(self.text.lines) if text.startswith("%"))
                    raise Broken(self.text.finding("TWL-S032", line, 0, len(text), found=text.split()[0]))
            elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent | AliasEvent):
                root = self._node(event, 1)
        return None if isinstance(root, Scalar) and not root.text and not root.quoted else root

    def _node(self, event: Any, depth: int) -> Node:
        self._values += 1
        if depth > DEEPEST:
            raise Broken(self._finding("TWL-S035", event, limit=DEEPEST))
        if self._values > MOST_VALUES:
            raise Broken(self._finding("TWL-S036", event, limit=MOST_VALUES))
        if len(self.findings) > MOST_SOUGHT:
            raise Broken(self.findings.pop())
        if isinstance(event, AliasEvent):
            self.findings.append(self._finding("TWL-S033", event, found=f"*{event.anchor}"))
            return Scalar("", self._place(event), quoted=True)
        if event.tag:
            written = self.text.lines[event.start_mark.line][event.start_mark.column :]
            self.findings.append(self._finding("TWL-S032", event, found=written.split()[0]))
        if event.anchor:
            self.findings.append(self._finding("TWL-S033", event, found=f"&{event.anchor}"))
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event, depth)
        return self._pairs(event, depth) if isinstance(event, MappingStartEvent) else self._scalar(event)

    def _sequence(self, start: Event, depth: int) -> YamlSequence:
        items: list[Node] = []
        texts = 0
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, depth + 1))
            texts += isinstance(items[-1], Scalar)
            self._limit(texts, event)
        return YamlSequence(tuple(items), self._place(start), _flow(start, event))

    def _pairs(self, start: MappingStartEvent, depth: int) -> Pairs:
        entries: dict[str, YamlEntry] = {}
        twice: list[YamlEntry] = []
        while not isinstance(event := next(self._events), MappingEndEvent):
            self._limit(len(entries) + len(twice) + 1, event)
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if isinstance(event, AliasEvent):
                continue
            if not isinstance(key, Scalar):
                self.findings.append(self._finding("TWL-S017", event))
            elif key.text in entries:
                twice.append(YamlEntry(key, value))
            else:
                entries[key.text] = self._entry(key, value)
        before = self.text.lines[start.start_mark.line][: start.start_mark.column].rstrip()
        is_item = not start.flow_style and before.endswith("-")
        if is_item and len(twice) > 1 and twice[0].key.text == next(iter(entries)):  # a second entry has begun
            line, column, _ = twice[0].key.place
            self.findings.append(missing_hyphen(self.text, line - 1, column - 3))
        elif is_item and len(twice) > 1 and twice[1].key.place.line == twice[0].key.place.line + 1:
            key = twice[0].key
            fields = {"key": key.text, "first_line": entries[key.text].key.place.line, "second_line": key.place.line}
            self.findings.append(self.text.source.finding("TWL-S188", key.place, **fields))
        else:
            self._report_twice(entries, twice)
        first = next((entry.key.place for entry in entries.values()), self._place(start))
        return Pairs(entries, first, _flow(start, event))

    def _report_twice(self, entries: dict[str, YamlEntry], twice: list[YamlEntry]) -> None:
        """The first of two equal keywords applies; of two lists the entries of both are checked."""
        for again in twice:
            key, first = again.key, entries[again.key.text]
            both_lists = isinstance(first.value, YamlSequence) and isinstance(again.value, YamlSequence)
            code, lines = "TWL-S075" if both_lists else "TWL-S015", (first.key.place.line, key.place.line)
            fields = {"key": key.text, "first_line": lines[0], "second_line": lines[1]}
            self.findings.append(self.text.source.finding(code, key.place, **fields))
            if isinstance(first.value, YamlSequence) and isinstance(again.value, YamlSequence):
                items = (*first.value.items, *again.value.items)
                entries[key.text] = first._replace(value=YamlSequence(items, first.value.place))

    def _entry(self, key: Scalar, value: Node) -> YamlEntry:
        if not isinstance(value, Scalar) or value.quoted or value.text not in NOTHING:
            return YamlEntry(key, value)
        line = self.text.source.lines[key.place.line - 1]
        found = COMMENT.match(line, key.place.end - 1)
        if not found:
            return YamlEntry(key, Scalar("", key.place))
        start, end = found.span("comment")
        comment = Scalar(found["comment"], FilePlace(key.place.line, start + 1, end + 1))
        return YamlEntry(key, Scalar("", key.place), comment)

    def _scalar(self, event: Any) -> Scalar:
        value = str(event.value).replace(FILLER, "")
        if event.end_mark.line > event.start_mark.line and (event.value or event.style):
            found = yaml_hints.value_over_lines(self.text, event)
            if found.code != "TWL-S038":
                raise Broken(found)
            self.findings.append(found)
            value = "…" if event.style else self.text.value(event.start_mark.line)[event.start_mark.column :]
        return Scalar(value, self._place(event), quoted=bool(event.style or event.tag or event.anchor))

    def _limit(self, count: int, event: Event) -> None:
        if count > MOST_TEXTS:
            raise Broken(self._finding("TWL-S036", event, limit=MOST_TEXTS))

    def _place(self, event: Event) -> FilePlace:
        start, end = event.start_mark, event.end_mark
        line = self.text.lines[min(start.line, len(self.text.lines) - 1)]
        last = end.column if end.line == start.line else len(line.rstrip())
        return FilePlace(start.line + 1, start.column + 1, max(last, start.column + 1) + 1)

    def _finding(self, code: str, event: Event, **fields: object) -> Finding:
        return self.text.source.finding(code, self._place(event), **fields)


def _flow(start: Event, end: Event) -> TextSpan | None:
    """From bracket to bracket; None for block lists and mappings."""
    if not start.flow_style:
        return None
    begin, behind = start.start_mark, end.end_mark
    return TextSpan(begin.line + 1, begin.column + 1, behind.line + 1, behind.column + 1)
