"""Many alike lamps in one entry of `tower.yaml`: `name: post-[001..250]` stands for 250 gateways, and the same range in
a zone or a topic counts along. A list as `zone` is dealt out in turn. In `zones:` a range stands for many zones.

The document is written out before its values are read, so that whatever reads it meets single gateways, each at the
place of the entry. Pure.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from controller.config.findings import FilePlace, Finding
from controller.config.nodes import Document, Node, Pairs, Scalar, YamlEntry, YamlSequence

RANGE = re.compile(r"\[(?P<first>[0-9]{1,5})\.\.(?P<last>[0-9]{1,5})\]")
NEARLY = re.compile(r"\[\s*(?P<first>[0-9]{1,5})\s*(?:\.{2,}|…|:|-|–|,|to|till)\s*(?P<last>[0-9]{1,5})\s*\]")
"""What was most likely meant as one."""
MOST = 20_000
"""Entries that one range may stand for: twice the largest site that is measured."""


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
    for word in {"zones", "gateways"} & entries.keys():
        listed = entries[word].value
        if isinstance(listed, YamlSequence):
            items = tuple(one for item in listed.items for one in _each(document, item, findings))
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


def _each(document: Document, item: Node, findings: list[Finding]) -> list[Node]:
    """The entries that one stands for; where something about its ranges is wrong, the first of them alone."""
    name = item if isinstance(item, Scalar) else item.scalar("name") if isinstance(item, Pairs) else None
    try:
        numbers = _numbers(name) if name is not None else None
        if numbers is None:
            _no_range(item)
            return [item]
        return _spread(item, len(numbers))
    except _Wrong as wrong:
        findings.append(document.source.finding(wrong.code, wrong.node.place, **wrong.fields))
    if not isinstance(item, Pairs) or name is None:
        return [item]
    first = name.shortened(RANGE.sub(r"\g<first>", name.text))
    return [item._replace(entries={**item.entries, "name": item.entries["name"]._replace(value=first)})]


def _numbers(text: Scalar) -> tuple[str, ...] | None:
    """The numbers that the range of a text stands for, as long as it writes them; None without a range."""
    found = RANGE.search(text.text)
    if (
        found is None
        or RANGE.search(text.text, found.end())
        or not 0 <= int(found["last"]) - int(found["first"]) < MOST
    ):
        near = NEARLY.search(text.text)
        if near is None:
            return None
        low, high = sorted((near["first"], near["last"]), key=int)
        suggestion = f"{text.text[: near.start()]}[{low}..{high}]{NEARLY.sub('', text.text[near.end() :])}"
        raise _Wrong(text, "TWL-S310", value=text.text, suggestion=suggestion, most=MOST)
    first, last = int(found["first"]), int(found["last"])
    width = len(found["first"]) if found["first"].startswith("0") else 0
    return tuple(f"{number:0{width}}" for number in range(first, last + 1))


def _spread(node: Node, count: int, key: str = "") -> list[Node]:
    """What a node says of each of `count` lamps."""
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
            return [node.items[number % len(node.items)] for number in range(count)]
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


def _no_range(node: Node) -> None:
    """Raises where a range stands in an entry whose name has none."""
    if isinstance(node, Scalar):
        if RANGE.search(node.text):
            raise _Wrong(node, "TWL-S312", value=node.text)
        return
    inner = node.items if isinstance(node, YamlSequence) else [entry.value for entry in node.entries.values()]
    for one in inner:
        _no_range(one)
