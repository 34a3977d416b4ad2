"""Splices that turn the text of one rule into that of another: each changed value replaces its own text and no other.

A new keyword goes on the line below its neighbour in the order of the guide, a removed one takes its line with it. In
braces they are separated by commas."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from controller.config.findings import TextSpan
from controller.config.nodes import Node, Pairs, Plain, Scalar, YamlEntry, YamlSequence, span_of
from controller.config.rule_form import ORDER
from controller.config.schedule_text import FileText, Splice, as_flow, as_scalar
from controller.config.yaml_text import is_blank

WIDEST = 100
"""Columns of a mapping on one line; a longer one has a line for each keyword."""
NO_VALUE = re.compile(r"\s*:(?:[ \t]+(?:~|null|Null|NULL)(?=\s|[,\]}]|$))?")


class NoWay(Exception):  # noqa: N818 - a way out, not a fault
    """This text cannot be changed piece by piece."""


def changed_rule(text: FileText, rule: Pairs, old: Mapping[str, Plain], new: Mapping[str, Plain]) -> Iterator[Splice]:
    """From the values of a rule to others, both by keyword; raises NoWay."""
    before, after = ([key for key in ("dates", "nights") if key in one] for one in (old, new))
    renamed = {}
    if before and after and before != after:
        renamed = {before[0]: after[0]}
        yield text.replaced(span_of(rule.entries[before[0]].key), after[0])
    meant = {**new}
    for key, entry in rule.entries.items():  # values that the form does not show, or that did not change, stay
        word = renamed.get(key, key)
        if word not in new and (key not in old or entry.is_empty):
            meant[word] = ""
        elif new.get(word) == old.get(key):
            meant[word] = old.get(key, "")
    same = {renamed.get(key, key) for key in rule.entries if new.get(renamed.get(key, key)) == old.get(key)}
    yield from _pairs(text, _with_names(rule, renamed), meant, same=same, order=ORDER)


def _with_names(rule: Pairs, renamed: Mapping[str, str]) -> Pairs:
    return rule._replace(entries={renamed.get(key, key): entry for key, entry in rule.entries.items()})


def rule_lines(values: Mapping[str, Plain], column: int) -> list[str]:
    """A rule as lines, the first without its hyphen, the others indented to a column (from 0)."""
    lines = [line for key, value in values.items() for line in _lines(key, value)]
    return [lines[0], *(" " * column + line for line in lines[1:])]


def _lines(key: str, value: Plain) -> list[str]:
    """A keyword with its value; a long mapping on several lines."""
    line = f"{as_scalar(key)}: {_written(value, in_flow=False)}"
    if not isinstance(value, dict) or len(line) <= WIDEST:
        return [line]
    return [f"{key}:", *(f"  {as_scalar(word)}: {_written(one, in_flow=False)}" for word, one in value.items())]


def _written(value: Plain, *, in_flow: bool, old: Node | None = None, text: FileText | None = None) -> str:
    """A value on one line; a text with the quotes of the old one."""
    if not isinstance(value, str):
        return as_flow(value)
    is_quoted = isinstance(old, Scalar) and old.quoted and text is not None
    quote = text.text[text.offset(*old.place[:2])] if is_quoted and text and old else ""
    return as_scalar(value, in_flow=in_flow, quote=quote if quote in {'"', "'"} else "")


# Keywords


def _pairs(
    text: FileText, pairs: Pairs, meant: Mapping[str, Plain], *, same: Iterable[str] = (), order: Sequence[str] = ()
) -> Iterator[Splice]:
    """From one set of pairs to another; the values of the keywords `same` are not compared."""
    gone = [key for key in pairs.entries if key not in meant]
    for key in gone:
        yield from _without(text, pairs, key, gone)
    for key, entry in pairs.entries.items():
        if key in meant and key not in same and (meant[key] != "" or key == "name"):
            yield from _value(text, entry, meant[key], in_flow=pairs.flow is not None)
    yield from _more(text, pairs, {key: meant[key] for key in order or meant if key in meant})


def _without(text: FileText, pairs: Pairs, key: str, gone: list[str]) -> Iterator[Splice]:
    """Removes a keyword with its value."""
    keys, span = list(pairs.entries), _span(text, pairs.entries[key])
    if pairs.flow is None:
        if text.line(span.line)[: span.column - 1].strip():
            raise NoWay  # it follows the hyphen
        yield text.without_lines(span.line, span.end_line)
        return
    at = keys.index(key)
    if any(one not in gone for one in keys[:at]):
        start, end = _span(text, pairs.entries[keys[at - 1]])[2:], span[2:]
    else:
        start = span[:2]
        end = _span(text, pairs.entries[keys[at + 1]])[:2] if at + 1 < len(keys) else span[2:]
    yield _on_one_line(text, Splice(text.offset(*start), text.offset(*end), ""))


def _more(text: FileText, pairs: Pairs, meant: Mapping[str, Plain]) -> Iterator[Splice]:
    """New keywords, each after its neighbour."""
    there, added = pairs.entries, dict[str, list[str]]()
    neighbour = next(iter(there))
    for key in meant:
        if key in there:
            neighbour = key
        else:
            added.setdefault(neighbour, []).append(key)
    for neighbour, keys in added.items():
        span = _span(text, there[neighbour])
        if pairs.flow is not None:
            at = text.offset(*span[2:])
            yield Splice(at, at, "".join(f", {as_scalar(key, in_flow=True)}: {as_flow(meant[key])}" for key in keys))
        else:
            indent = " " * (pairs.place.column - 1)
            yield text.behind_line(span.end_line, [indent + line for key in keys for line in _lines(key, meant[key])])


def _span(text: FileText, entry: YamlEntry) -> TextSpan:
    """From the keyword to the end of its value."""
    line, column, end_line, end = span_of(entry.key)
    if not entry.is_empty:
        return TextSpan(line, column, *span_of(entry.value)[2:])
    found = NO_VALUE.match(text.line(line), end - 1)
    return TextSpan(line, column, end_line, found.end() + 1 if found else end)


# Values


def _value(text: FileText, entry: YamlEntry, meant: Plain, *, in_flow: bool) -> Iterator[Splice]:
    if entry.is_empty:
        place = entry.key.place
        yield Splice(_colon(text, entry), text.offset(*_span(text, entry)[2:]), f" {_written(meant, in_flow=in_flow)}")
        if text.line(place.line)[place.end - 1 :].lstrip()[:1] != ":":
            raise NoWay
    elif isinstance(entry.value, YamlSequence) and _all_texts(entry.value, meant):
        yield from _items(text, entry.value, [meant] if isinstance(meant, str) else list(meant))
    elif isinstance(entry.value, Pairs) and isinstance(meant, dict) and not {*meant}.isdisjoint(entry.value.entries):
        yield from _pairs(text, entry.value, meant)
    elif isinstance(entry.value, Scalar):
        if entry.value.text != meant:
            new = _written(meant, in_flow=in_flow, old=entry.value, text=text)
            yield text.replaced(span_of(entry.value), new)
    elif entry.value.flow is not None:
        yield text.replaced(entry.value.flow, _written(meant, in_flow=in_flow))
    else:
        yield from _block(text, entry, meant)


def _colon(text: FileText, entry: YamlEntry) -> int:
    """The offset after the colon of a keyword."""
    line = entry.key.place.line
    return text.text.index(":", text.offset(line, entry.key.place.end), text.ends[line - 1]) + 1


def _block(text: FileText, entry: YamlEntry, meant: Plain) -> Iterator[Splice]:
    """Replaces a list or a mapping on the lines below its keyword by one line; comments between them stay."""
    line, span = entry.key.place.line, span_of(entry.value)
    if span.line <= line:
        raise NoWay
    colon = _colon(text, entry)
    yield Splice(colon, colon, f" {_written(meant, in_flow=False)}")
    for number in range(line + 1, span.end_line + 1):
        if not is_blank(text.line(number)):
            yield text.without_lines(number, number)


def _items(text: FileText, node: YamlSequence, meant: list[Plain]) -> Iterator[Splice]:
    """Turns a list of texts into another: equal items at the beginning and at the end stay."""
    items, new = [item for item in node.items if isinstance(item, Scalar)], [str(one) for one in meant]
    old = [item.text for item in items]
    first = _same(old, new)
    last = _same(old[first:][::-1], new[first:][::-1])
    pairs = list(zip(items[first : len(old) - last], new[first : len(new) - last], strict=False))
    for item, one in pairs:
        yield text.replaced(span_of(item), _written(one, in_flow=node.flow is not None, old=item, text=text))
    at = first + len(pairs)
    if at < len(new) - last:
        yield _inserted(text, node, at, new[at : len(new) - last])
    for number in range(at, len(old) - last):
        yield _item_out(text, node, number)


def _same(one: Sequence[str], other: Sequence[str]) -> int:
    """Number of equal items at the beginning."""
    pairs = zip(one, other, strict=False)
    return next((n for n, pair in enumerate(pairs) if pair[0] != pair[1]), min(len(one), len(other)))


def _inserted(text: FileText, node: YamlSequence, at: int, more: list[str]) -> Splice:
    """Inserts texts before the item with this number, or at the end."""
    span = span_of(node.items[at - 1] if at else node.items[0])
    if node.flow is not None:
        written = ", ".join(map(as_flow, more))
        offset = text.offset(*span[2:]) if at else text.offset(*span[:2])
        return Splice(offset, offset, f", {written}" if at else f"{written}, ")
    before = text.line(span.line)[: span.column - 1]
    if before.strip() != "-":
        raise NoWay
    lines = [f"{before}{as_scalar(one)}" for one in more]
    return text.behind_line(span.end_line if at else span.line - 1, lines)


def _item_out(text: FileText, node: YamlSequence, number: int) -> Splice:
    span = span_of(node.items[number])
    if node.flow is None:
        if text.line(span.line)[: span.column - 1].strip() != "-":
            raise NoWay
        return text.without_lines(span.line, span.end_line)
    before = span_of(node.items[number - 1])[2:] if number else span[:2]
    behind = span[2:] if number else span_of(node.items[1])[:2]
    return _on_one_line(text, Splice(text.offset(*before), text.offset(*behind), ""))


def _on_one_line(text: FileText, splice: Splice) -> Splice:
    """The splice itself; raises NoWay if a comment between two lines would be lost."""
    if re.search(r"[\r\n]", text.text[splice.start : splice.end]):
        raise NoWay
    return splice


def _all_texts(node: YamlSequence, meant: Plain) -> bool:
    texts = isinstance(meant, str) or (isinstance(meant, list) and all(isinstance(one, str) for one in meant))
    return bool(node.items) and texts and all(isinstance(item, Scalar) for item in node.items)
