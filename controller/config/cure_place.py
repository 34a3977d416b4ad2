"""A finding at its place in its document, and the possible edits there. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from controller.config.findings import FilePlace, Finding, LocalizedText, Suggestion, TextEdit, TextSpan
from controller.config.nodes import Document, Node, Pairs, Scalar, YamlEntry, YamlSequence, span_of
from controller.config.schedule_text import as_scalar
from controller.config.yaml_text import scan
from controller.events.models import InEachLanguage
from controller.locale import Language, languages

QUOTED = re.compile("`([^`]+)`")


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding at its place in its document."""

    finding: Finding
    place: FilePlace
    document: Document

    def field(self, name: str) -> LocalizedText:
        """A field of the event, in each language if these differ."""
        value = self.finding.event.fields[name]
        texts = {each: value.text(each) if isinstance(value, InEachLanguage) else str(value) for each in languages()}
        return same_or_each(texts)

    def line(self, number: int = 0) -> str:
        """A line of the file; by default that of the finding."""
        return self.document.source.lines[(number or self.place.line) - 1]

    def raw(self, text: LocalizedText, *, is_sure: bool = True, end: int | None = None) -> Suggestion:
        """Replaces the finding's place, or up to another column of its line, with a text."""
        line, column, behind = self.place
        return Suggestion((edit_in(line, column, end or behind, text),), text, is_sure)

    def value(self, new: LocalizedText, *, whole: bool = False, is_sure: bool = True) -> Suggestion:
        """Replaces the part of a value that the finding marks, or the whole value; in its quotes, or in the quotes
        that it needs."""
        node = _scalar_at(self.document, self.place)
        if node is None:
            return self.raw(in_each(new, as_scalar), is_sure=is_sure)
        start, end = (0, len(node.text)) if whole else _offsets(node, self.place)
        quote = self.line(node.place.line)[node.place.column - 1] if node.quoted else ""
        in_flow = scan(self.line(node.place.line)[: node.place.column - 1]).bracket is not None
        kept = in_each(new, lambda text: node.text[:start] + text + node.text[end:])
        written = in_each(
            kept, lambda text: as_scalar(text, in_flow=in_flow, quote=quote if quote in {'"', "'"} else "")
        )
        line, column, behind = node.place
        return Suggestion((edit_in(line, column, behind, written),), kept, is_sure)

    def node(self, text: LocalizedText, *, is_sure: bool = True, more: tuple[TextEdit, ...] = ()) -> Suggestion:
        """Replaces the whole list, set of pairs or value that begins here, with its quotes."""
        node = node_at(self.document, self.place)
        line, column, end = self.place
        span = span_of(node) if node is not None else TextSpan(line, column, line, end)
        return Suggestion((TextEdit(span, text), *more), text, is_sure)

    def line_below(self, text: str) -> TextEdit:
        """Adds a line to the entry of the finding, below the value there."""
        rule = rule_at(self.document, self.place)
        entry = entry_at(self.document, self.place) or _entry_around(rule, self.place)
        number = span_of(entry.value).end_line if entry else self.place.line
        if rule is not None and rule.flow is not None and entry is not None:
            line, column = span_of(entry.value)[2:]
            return edit_in(line, column, column, f", {text}")
        end = len(self.line(number)) + 1
        indent = (entry.key.place.column if entry else self.place.column) - 1
        return edit_in(number, end, end, f"\n{' ' * indent}{text}")

    def indented(self, line: int, column: int) -> TextEdit:
        """Replaces the indentation of a line; columns from 0."""
        text = self.line(line)
        return edit_in(line, 1, len(text) - len(text.lstrip()) + 1, " " * column)


Cure = Callable[[PlacedFinding], Iterable[Suggestion]]


def edit_in(line: int, column: int, end: int, text: LocalizedText) -> TextEdit:
    """Replaces a part of one line."""
    return TextEdit(TextSpan(line, column, line, end), text)


# Texts


def same_or_each(words: Mapping[Language, str]) -> LocalizedText:
    first, *others = words.values()
    return first if all(one == first for one in others) else InEachLanguage(words)


def text_in(text: LocalizedText, language: Language) -> str:
    return text if isinstance(text, str) else text.text(language)


def in_each(text: LocalizedText, change: Callable[[str], str]) -> LocalizedText:
    if isinstance(text, str):
        return change(text)
    return same_or_each({language: change(one) for language, one in text.words.items()})


def options(text: LocalizedText) -> list[LocalizedText]:
    """The texts between backticks; the text itself without any."""
    if isinstance(text, str):
        return [*(QUOTED.findall(text) or [text])]
    each = {language: QUOTED.findall(one) or [one] for language, one in text.words.items()}
    return [same_or_each(dict(zip(each, option, strict=True))) for option in zip(*each.values(), strict=False)]


def sv_en(swedish: str, english: str) -> LocalizedText:
    return InEachLanguage({"sv": swedish, "en": english})


# Nodes


def _walk(
    node: Node | None, line: int, path: tuple[YamlEntry, ...] = ()
) -> Iterator[tuple[Node, tuple[YamlEntry, ...]]]:
    """Every value and keyword that may reach a line, with the entries around it, the outermost first."""
    if node is None:
        return
    yield node, path
    if isinstance(node, YamlSequence):
        for number in _around([item.place.line for item in node.items], line):
            yield from _walk(node.items[number], line, path)
    elif isinstance(node, Pairs):
        entries = list(node.entries.values())
        for number in _around([entry.key.place.line for entry in entries], line):
            yield entries[number].key, (*path, entries[number])
            yield from _walk(entries[number].value, line, (*path, entries[number]))


def _around(begins: Sequence[int], line: int) -> Iterator[int]:
    """Which of several entries below each other may reach a line: of thousands of gateways, a few."""
    pairs = zip(begins, (*begins[1:], line), strict=False)
    return (number for number, (begin, behind) in enumerate(pairs) if begin <= line <= behind)


def _scalar_at(document: Document, place: FilePlace) -> Scalar | None:
    """The text in which a place lies."""
    texts = (
        node
        for node, _ in _walk(document.root, place.line)
        if isinstance(node, Scalar) and node.place.line == place.line
    )
    return next((one for one in texts if one.place.column <= place.column and place.end <= one.place.end), None)


def node_at(document: Document, place: FilePlace) -> Node | None:
    """The outermost value that begins at a place."""
    found = (node for node, path in _walk(document.root, place.line) if node.place[:2] == place[:2] and path)
    return next(found, None)


def entry_at(document: Document, place: FilePlace) -> YamlEntry | None:
    """The innermost keyword of a rule or a gateway in whose value a place lies."""
    for node, path in _walk(document.root, place.line):
        if node.place[:2] == place[:2] and len(path) > 1:
            return path[1]
    return None


def _entry_around(rule: Pairs | None, place: FilePlace) -> YamlEntry | None:
    """The keyword of a rule in whose value a place lies."""
    for entry in rule.entries.values() if rule is not None else ():
        line, column, end_line, end = span_of(entry.value)
        if (line, column) <= place[:2] < (end_line, end):
            return entry
    return None


def rule_at(document: Document, place: FilePlace) -> Pairs | None:
    """The entry of a list in which a place lies."""
    for node, path in _walk(document.root, place.line):
        if isinstance(node, Pairs) and len(path) == 1:
            line, column, end_line, end = span_of(node)
            if (line, column) <= place[:2] < (end_line, end):
                return node
    return None


def _offsets(node: Scalar, place: FilePlace) -> tuple[int, int]:
    first = node.place.column + (1 if node.quoted else 0)
    start, end = place.column - first, place.end - first
    return (start, end) if 0 <= start < end <= len(node.text) else (0, len(node.text))
