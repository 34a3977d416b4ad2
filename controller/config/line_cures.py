"""Suggestions for whole lines, beginnings of lines and missing lines. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from controller.config.cure_place import Cure, PlacedFinding, edit_in, in_each, rule_at
from controller.config.findings import Suggestion, TextEdit, TextSpan
from controller.config.nodes import span_of


def _whole_line(found: PlacedFinding) -> Iterator[Suggestion]:
    yield found.raw(in_each(found.field("rest"), lambda rest: f"- {rest}"), end=len(found.line()) + 1)


def _deleted(numbers: Iterable[int]) -> tuple[TextEdit, ...]:
    return tuple(TextEdit(TextSpan(number, 1, number + 1, 1), "") for number in numbers)


def _line_out(found: PlacedFinding) -> Iterator[Suggestion]:
    lines = found.document.source.lines
    if found.place.line < len(lines):
        yield Suggestion(_deleted([found.place.line]), "", is_sure=True)


def _fences_out(found: PlacedFinding) -> Iterator[Suggestion]:
    lines, fence = found.document.source.lines, str(found.field("fence"))
    numbers = [number for number, line in enumerate(lines[:-1], start=1) if line.startswith(fence)]
    yield Suggestion(_deleted(numbers), "", is_sure=True)


def _mail_marks_out(found: PlacedFinding) -> Iterator[Suggestion]:
    marks = ((number, re.match("> ?", line)) for number, line in enumerate(found.document.source.lines, start=1))
    edits = tuple(edit_in(number, 1, mark.end() + 1, "") for number, mark in marks if mark)
    yield Suggestion(edits, "", is_sure=True)


def _spaces_for_tabs(found: PlacedFinding) -> Iterator[Suggestion]:
    begins = ((number, re.match(r"[ \t]*", line)) for number, line in enumerate(found.document.source.lines, start=1))
    edits = tuple(
        edit_in(number, 1, len(mark[0]) + 1, mark[0].replace("\t", "    "))
        for number, mark in begins
        if mark and "\t" in mark[0]
    )
    yield Suggestion(edits, "", is_sure=True)


def _moved(found: PlacedFinding) -> Iterator[Suggestion]:
    """Moves a line, and the lines of its entry below it, to another column."""
    fields = found.finding.event.fields
    to, count = int(str(fields["expected"])), int(str(fields.get("count", 0)))
    delta = to - int(str(fields["found"]))
    edits = [found.indented(found.place.line, to)]
    numbers = range(found.place.line + 1, len(found.document.source.lines) + 1)
    below = [number for number in numbers if found.line(number).strip() and found.line(number).lstrip()[0] != "#"]
    for number in below[:count]:
        column = len(found.line(number)) - len(found.line(number).lstrip())
        edits.append(found.indented(number, max(0, column + delta)))
    yield Suggestion(tuple(edits), found.line().strip(), is_sure=True)


def _with_hyphen(found: PlacedFinding) -> Iterator[Suggestion]:
    column = int(str(found.finding.event.fields["column"]))
    begin = found.indented(found.place.line, column)
    yield Suggestion((begin._replace(text=f"{begin.text}- "),), f"- {found.field('rest')}", is_sure=True)


def _without_hyphen(found: PlacedFinding) -> Iterator[Suggestion]:
    line, column = found.line(), int(str(found.finding.event.fields["column"]))
    end = len(line) - len(line.lstrip(" -")) + 1
    edit = edit_in(found.place.line, 1, end, " " * column)
    yield Suggestion((edit,), found.field("rest"), is_sure=True)


def _keyword_above(found: PlacedFinding) -> Iterator[Suggestion]:
    line, keyword = found.place.line, f"{found.field('missing')}:"
    yield Suggestion((edit_in(line, 1, 1, f"{keyword}\n"),), keyword, is_sure=True)


def _version(found: PlacedFinding) -> Iterator[Suggestion]:
    if found.finding.event.fields["key"] == "version":
        yield Suggestion((edit_in(1, 1, 1, "version: 1\n"),), "version: 1", is_sure=True)


def _named(found: PlacedFinding) -> Iterator[Suggestion]:
    """`- name: Lucia` for `Lucia:` or `- Lucia`, the lines of the entry below it 2 spaces further in."""
    lines, line = found.document.source.lines, found.line()
    column = len(line) - len(line.lstrip())
    name = f"- name: {found.field('value')}"
    edits = [edit_in(found.place.line, 1, len(line) + 1, " " * column + name)]
    for number in range(found.place.line + 1, len(lines) + 1):
        text = found.line(number)
        if not text.strip() or len(text) - len(text.lstrip()) <= column:
            break
        edits.append(found.indented(number, column + 2))
    yield Suggestion(tuple(edits), name, is_sure=True)


def _keyword_out(found: PlacedFinding) -> Iterator[Suggestion]:
    """Removes the line of a keyword that has no meaning here."""
    rule = rule_at(found.document, found.place)
    entry = rule.entries.get(str(found.finding.event.fields["key"])) if rule is not None else None
    if rule is None or entry is None or rule.flow is not None:
        return
    first, last = entry.key.place.line, span_of(entry.value).end_line
    if found.line(first)[: entry.key.place.column - 1].strip() or last >= len(found.document.source.lines):
        return
    yield Suggestion((TextEdit(TextSpan(first, 1, last + 1, 1), ""),), "", is_sure=True)


LINE_CURES: Sequence[tuple[str, Cure]] = (
    ("S034", _line_out),
    ("S039 S040", _whole_line),
    ("S014", _version),
    ("S020", _spaces_for_tabs),
    ("S021 S193", _moved),
    ("S072", _with_hyphen),
    ("S076", _keyword_above),
    ("S160", _fences_out),
    ("S184", _named),
    ("S185", _without_hyphen),
    ("S187", _mail_marks_out),
    ("S270", _keyword_out),
)
"""Suggestions by code."""
