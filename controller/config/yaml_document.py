"""YAML as text with the place of every value: no number, truth, date or nothing, only what the person wrote.

Rules
1. Every scalar is its text; a keyword without a value, or with YAML's own word for none, holds the empty text.
2. Every value stands on one line. Tags, anchors, aliases, directives and a second document are refused.
3. No more than 20 levels, and no list or set of pairs over 512 entries, the channels of a universe.
4. A keyword given twice is a mistake; the first one counts while the other mistakes are looked for.
5. All mistakes are told: after one that YAML cannot get over, its line is mended and the text read again.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from controller.config import yaml_spelling
from controller.config.findings import FilePlace, Finding
from controller.config.nodes import Document, Node, Pairs, Scalar, YamlEntry, YamlSequence
from controller.config.source import decode
from controller.config.yaml_diagnosis import mend_continued, mend_hyphen, mend_syntax
from controller.config.yaml_draft import YamlDraft

DEEPEST = 20
MOST_ENTRIES = 512
MOST_READINGS = 10
"""How often a text is mended and read again."""
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
"""What an editor takes for no value: nobody means a topic `null`."""
COMMENT = re.compile(r":\s*(?P<comment>#.*?)\s*$")


class YamlStop(Exception):  # noqa: N818 - a way out, not a fault
    """Reading on is of no use; the reason has been told."""


def read(data: bytes, file: str, keywords: frozenset[str]) -> Document:
    """The document of a file's bytes; total: whatever the bytes are, there is a root or a finding."""
    source, faults = decode(data, file)
    if not source.lines:
        return Document(source, None, faults)
    draft = YamlDraft(source)
    draft.findings.extend(faults)
    root = _root(draft, keywords) if yaml_spelling.mend(draft, keywords) else None
    if root is None and not draft.findings:
        draft.findings.append(source.finding("TWL-S001", None))
    return Document(source, root, tuple(draft.findings))


def _root(draft: YamlDraft, keywords: frozenset[str]) -> Node | None:
    for _ in range(MOST_READINGS):
        builder = Builder(draft)
        try:
            root = builder.document()
        except YAMLError as error:
            if mend_syntax(error, draft):
                continue
            root = None
        except YamlStop:
            root = None
        if root is not None and builder.continued:
            mend_continued(draft, builder.continued, keywords)
            continue
        if root is not None and builder.begun_again is not None:
            mend_hyphen(draft, *builder.begun_again)
            continue
        draft.findings.extend(builder.findings)
        return root
    return None


class Builder:
    """Nodes from the events of one reading. DEEPEST bounds the recursion; nothing is read ahead."""

    def __init__(self, draft: YamlDraft) -> None:
        self.draft = draft
        self.findings: list[Finding] = []
        self.continued: ScalarEvent | None = None
        """The first value that goes on over the lines below it."""
        self.begun_again: tuple[int, int] | None = None
        """Line and column, from 0, of the hyphen that the first entry lacks which begins inside another one."""
        self._events: Iterator[Event] = YAML(typ="safe", pure=True).parse(draft.text)

    def document(self) -> Node | None:
        """The only document of the text; None where it is empty."""
        root = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    raise self._stop("TWL-S034", event)
                if event.version or event.tags:
                    raise self._directive()
            elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent | AliasEvent):
                root = self._node(event, 1)
        return None if isinstance(root, Scalar) and not root.text and not root.quoted else root

    def _directive(self) -> YamlStop:
        line, text = next((at, text) for at, text in enumerate(self.draft.lines) if text.startswith("%"))
        self._tell("TWL-S032", self.draft.place(line, 0, len(text)), found=text.split()[0])
        return YamlStop("TWL-S032")

    def _node(self, event: Any, depth: int) -> Node:
        if depth > DEEPEST:
            raise self._stop("TWL-S035", event, limit=DEEPEST)
        if isinstance(event, AliasEvent):
            self._tell("TWL-S033", self._place(event), found=f"*{event.anchor}")
            return Scalar("", self._place(event), quoted=True)
        if event.tag:
            written = self.draft.lines[event.start_mark.line][event.start_mark.column :]
            self._tell("TWL-S032", self._place(event), found=written.split()[0])
        if event.anchor:
            self._tell("TWL-S033", self._place(event), found=f"&{event.anchor}")
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event, depth)
        return self._pairs(event, depth) if isinstance(event, MappingStartEvent) else self._scalar(event)

    def _sequence(self, start: Event, depth: int) -> YamlSequence:
        items: list[Node] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            self._count(len(items), event)
            items.append(self._node(event, depth + 1))
        return YamlSequence(tuple(items), self._place(start))

    def _pairs(self, start: MappingStartEvent, depth: int) -> Pairs:
        entries: dict[str, YamlEntry] = {}
        twice: list[tuple[str, StringMark]] = []
        count = 0
        while not isinstance(event := next(self._events), MappingEndEvent):
            self._count(count, event)
            count += 1
            key = self._node(event, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if isinstance(event, AliasEvent):
                continue
            if not isinstance(key, Scalar):
                self._tell("TWL-S017", key.place)
            elif key.text in entries:
                twice.append((key.text, event.start_mark))
                entries[key.text] = self._twice(entries[key.text], key, value)
            else:
                entries[key.text] = self._entry(key, value)
        first = next((entry.key.place for entry in entries.values()), self._place(start))
        if len(twice) > 1 and twice[0][0] == next(iter(entries)) and self._is_item(start):
            again = twice[0][1]
            self.begun_again = self.begun_again or (again.line, again.column - 2)
        return Pairs(entries, first)

    def _is_item(self, start: MappingStartEvent) -> bool:
        """Whether a set of pairs is an entry of a list, its keywords below each other."""
        before = self.draft.lines[start.start_mark.line][: start.start_mark.column]
        return not start.flow_style and before.rstrip().endswith("-")

    def _twice(self, first: YamlEntry, key: Scalar, value: Node) -> YamlEntry:
        """Tell a keyword that is given twice; of two lists the entries of both are read on."""
        lines = {"first_line": first.key.place.line, "second_line": key.place.line}
        if not isinstance(first.value, YamlSequence) or not isinstance(value, YamlSequence):
            self._tell("TWL-S015", key.place, key=key.text, **lines)
            return first
        self._tell("TWL-S075", key.place, key=key.text, **lines)
        return replace(first, value=YamlSequence((*first.value.items, *value.items), first.value.place))

    def _entry(self, key: Scalar, value: Node) -> YamlEntry:
        if not isinstance(value, Scalar) or value.quoted or value.text not in NOTHING:
            return YamlEntry(key, value)
        line = self.draft.source.lines[key.place.line - 1]
        found = COMMENT.match(line, key.place.end - 1)
        if not found:
            return YamlEntry(key, Scalar("", key.place))
        start, end = found.span("comment")
        comment = Scalar(found["comment"], FilePlace(key.place.line, start + 1, end + 1))
        return YamlEntry(key, Scalar("", key.place), comment)

    def _scalar(self, event: Any) -> Scalar:
        if event.end_mark.line > event.start_mark.line and (event.value or event.style):
            self.continued = self.continued or event
        return Scalar(str(event.value), self._place(event), quoted=bool(event.style or event.tag or event.anchor))

    def _count(self, count: int, event: Event) -> None:
        if count == MOST_ENTRIES:
            raise self._stop("TWL-S036", event, limit=MOST_ENTRIES)

    def _place(self, event: Event) -> FilePlace:
        start, end = event.start_mark, event.end_mark
        line = self.draft.lines[min(start.line, len(self.draft.lines) - 1)]
        last = end.column if end.line == start.line else len(line.rstrip())
        return self.draft.place(start.line, start.column, max(last, start.column + 1))

    def _tell(self, code: str, place: FilePlace, **fields: object) -> None:
        self.findings.append(self.draft.source.finding(code, place, **fields))

    def _stop(self, code: str, event: Event, **fields: object) -> YamlStop:
        self._tell(code, self._place(event), **fields)
        return YamlStop(code)
