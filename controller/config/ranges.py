"""Many equal lamps in one entry of `tower.yaml`: `name: post-[001..250]` stands for 250 gateways, and the same range
in a zone or a topic counts along. A list as `zone`, of zones and ranges of them, is assigned in turn. In `zones:` a
range stands for many zones, as `zone` in `measured:` for the meters of many.

The ranges are expanded before the values are read, so that every reader gets single gateways, each at the place of the
entry. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from controller.config.findings import FilePlace, Finding
from controller.config.nodes import Document, Node, Pairs, Scalar, YamlEntry, YamlSequence

RANGE = re.compile(r"\[(?P<first>[0-9]{1,19})\.\.(?P<last>[0-9]{1,19})\]")
NEARLY = re.compile(r"\[\s*(?P<first>[0-9]{1,19})\s*(?:\.{2,}|…|:|-|–|,|to|till)\s*(?P<last>[0-9]{1,19})\s*\]")
"""A text that was most likely meant as a range."""
MOST = 20_000
"""Number of entries that one range may stand for: twice the largest measured site."""
LISTS = {"zones": "name", "gateways": "name", "measured": "zone"}
"""Lists with such entries -> the key whose range gives their number."""


class _Wrong(Exception):  # noqa: N818 - a way out of an entry
    def __init__(self, node: Scalar, code: str, **fields: object) -> None:
        super().__init__(code)
        self.node, self.code, self.fields = node, code, fields


def written_out(document: Document) -> Document:
    """The document of `tower.yaml` with an entry for each lamp and zone; an entry with a mistake in its range stays as
    it is, with a finding."""
    written = any(RANGE.search(line) or NEARLY.search(line) for line in document.source.lines)
    if not written or not isinstance(document.root, Pairs):
        return document
    entries = dict(document.root.entries)
    findings: list[Finding] = []
    for word in LISTS.keys() & entries.keys():
        listed = entries[word].value
        if isinstance(listed, YamlSequence):
            items = tuple(one for item in listed.items for one in _each(document, item, LISTS[word], findings))
            entries[word] = entries[word]._replace(value=listed._replace(items=items))
    return replace(document, root=document.root._replace(entries=entries), findings=(*document.findings, *findings))


def is_written_out(text: str) -> bool:
    """Whether a part of the file stands for several values, so that none of them can be written in its place."""
    return RANGE.search(text) is not None


def once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Of the mistakes that all lamps of a range have at one place, that of the first lamp."""
    seen = set[tuple[str, FilePlace]]()
    for finding in findings:
        place = finding.place
        if place is None or not is_written_out(finding.source[place.column - 1 : place.end - 1]):
            yield finding
        elif (finding.code, place) not in seen:
            seen.add((finding.code, place))
            yield finding


def _each(document: Document, item: Node, key: str, findings: list[Finding]) -> list[Node]:
    """The entries that one stands for; if its ranges have a mistake, only the first of them."""
    name = item if isinstance(item, Scalar) else item.scalar(key) if isinstance(item, Pairs) else None
    try:
        numbers = _numbers(name) if name is not None else None
        if numbers is None:
            _no_range(item)
            return [item]
        return _spread(item, len(numbers))
    except _Wrong as wrong:
        counting = {} if wrong.code == "TWL-S310" else {"key": key}
        findings.append(document.source.finding(wrong.code, wrong.node.place, **wrong.fields, **counting))
    if not isinstance(item, Pairs) or name is None:
        return [item]
    first = name.shortened(RANGE.sub(r"\g<first>", name.text))
    return [item._replace(entries={**item.entries, key: item.entries[key]._replace(value=first)})]


def _numbers(text: Scalar) -> tuple[str, ...] | None:
    """The numbers that the range of a text stands for, with its leading zeros; None without a range."""
    found = RANGE.search(text.text)
    if found is None or RANGE.search(text.text, found.end()) or not _counts(found["first"], found["last"]):
        near = NEARLY.search(text.text)
        if near is None:
            return None
        before, behind = text.text[: near.start()], NEARLY.sub("", text.text[near.end() :])
        suggestion = f"{before}[{_as_range(near['first'], near['last'])}]{behind}"
        raise _Wrong(text, "TWL-S310", value=text.text, suggestion=suggestion, most=MOST)
    first, last = int(found["first"]), int(found["last"])
    width = len(found["first"])
    return tuple(f"{number:0{width}}" for number in range(first, last + 1))


def _counts(first: str, last: str) -> bool:
    """Whether it counts up, not too far, with the zeros of the first number."""
    return 0 <= int(last) - int(first) < MOST and not (last.startswith("0") and len(last) > len(first))


def _as_range(one: str, other: str) -> str:
    """The range that these numbers were meant to be."""
    low, high = sorted((int(one), int(other)))
    width = max((len(number) for number in (one, other) if number.startswith("0")), default=0)
    return f"{low:0{width}}..{min(high, low + MOST - 1):0{width}}"


def _spread(node: Node, count: int, key: str = "") -> list[Node]:
    """A node's value for each of `count` lamps."""
    if isinstance(node, Scalar):
        numbers = _numbers(node)
        if numbers is None:
            return [node] * count
        if len(numbers) != count:
            raise _Wrong(node, "TWL-S311", value=node.text, count=len(numbers), expected=count)
        before, behind = RANGE.split(node.text)[:: RANGE.groups + 1]
        return [node.shortened(f"{before}{number}{behind}") for number in numbers]
    if isinstance(node, YamlSequence):
        if key == "zone" and node.items:
            zones = [zone for item in node.items for zone in _zones(item)]
            return [zones[number % len(zones)] for number in range(count)]
        listed = [_spread(item, count) for item in node.items]
        return [node._replace(items=items) for items in zip(*listed, strict=True)] or [node] * count
    values = {word: _spread(entry.value, count, word) for word, entry in node.entries.items()}
    if all(node.entries[word].value is each[0] for word, each in values.items()):
        return [node] * count
    return [
        node._replace(
            entries={
                word: YamlEntry(entry.key, values[word][number], entry.comment) for word, entry in node.entries.items()
            }
        )
        for number in range(count)
    ]


def _zones(item: Node) -> list[Node]:
    """The zones, or ranges of zones, in a list that is assigned in turn."""
    numbers = _numbers(item) if isinstance(item, Scalar) else None
    return [item] if numbers is None else _spread(item, len(numbers))


def _no_range(node: Node) -> None:
    """Raises if an entry has a range, but its name has none."""
    if isinstance(node, Scalar):
        if RANGE.search(node.text):
            raise _Wrong(node, "TWL-S312", value=node.text)
        return
    inner = node.items if isinstance(node, YamlSequence) else [entry.value for entry in node.entries.values()]
    for one in inner:
        _no_range(one)
