"""Findings for people and tools: text with a caret, JSON, and annotations for a code host.

    fel[TWL-S010]: okänt nyckelord "färg"
      --> config/schedule.yaml:4:5
      |
    4 |     färg: orange
      |     ^^^^ menade du "color"?

A cure that does not fit beside the caret is below it. Whatever the file contains, the output stays on its lines:
characters that cannot be shown appear as a middle dot."""

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from controller.config.cure_place import text_in
from controller.config.findings import FilePlace, Finding, Suggestion
from controller.events import Level
from controller.events.formatters import json_text
from controller.locale import Language, texts
from controller.rfc3339 import rfc3339

WIDTH = 100
ANNOTATIONS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "notice", Level.DEBUG: "notice"}


def as_text(findings: Iterable[Finding], language: Language) -> str:
    """Every finding with its line, a caret and the cure; a blank line between two."""
    return "\n\n".join(_block(finding, language) for finding in findings)


def as_json(findings: Iterable[Finding], language: Language, files: Iterable[tuple[Path, datetime | None]] = ()) -> str:
    """One document for programs: `findings` with code, level, place, text and cure; the `files` read, and the time
    when each was saved."""
    read = [{"path": str(path.absolute()), "saved": rfc3339(saved) if saved else None} for path, saved in files]
    return json_text({"version": 1, "files": read, "findings": [finding_value(one, language) for one in findings]})


def as_github(findings: Iterable[Finding], language: Language) -> str:
    """One workflow command a line, which a code host shows at the line of the file."""
    return "\n".join(_annotation(finding, language) for finding in findings)


def _block(finding: Finding, language: Language) -> str:
    level = texts(language, "findings")["levels"][finding.event.level]
    head = f"{level}[{finding.code}]: {finding.event.text(language)}"
    action = finding.event.action(language)
    if finding.place is None:
        return f"{head}\n --> {finding.file}\n  = {texts(language, 'findings')['help']}: {action}"
    return "\n".join((head, *_excerpt(finding, finding.place, action, language)))


def _excerpt(finding: Finding, place: FilePlace, action: str, language: Language) -> list[str]:
    number = str(place.line)
    margin = " " * len(number)
    line, before, marked = _window(finding.source, place)
    caret = f"{margin} | {' ' * before}{'^' * marked}"
    lines = [f"{margin}--> {finding.file}:{place.line}:{place.column}", f"{margin} |", f"{number} | {line}"]
    if len(caret) + len(action) < WIDTH:
        return [*lines, f"{caret} {action}"]
    return [*lines, caret, f"{margin} = {texts(language, 'findings')['help']}: {action}"]


def _window(source: str, place: FilePlace) -> tuple[str, int, int]:
    """The part of a line that fits, with the columns before the caret and the columns under it."""
    start, end = place.column - 1, max(place.end - 1, place.column)
    first = max(0, min(start - WIDTH // 2, len(source) - WIDTH))
    shown = source[first : first + WIDTH]
    before, marked = source[first:start], source[start : min(end, first + WIDTH)]
    cut = "…" if first else ""
    tail = "…" if first + WIDTH < len(source) else ""
    return cut + _visible(shown).rstrip() + tail, _columns(cut + before), max(1, _columns(marked))


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else "·" for char in text)


def _columns(text: str) -> int:
    """Number of terminal columns of the text."""
    return sum(_column(char) for char in _visible(text))


def _column(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def finding_value(finding: Finding, language: Language) -> dict[str, object]:
    """A finding for programs, with its texts in a language."""
    place = finding.place
    return {
        "code": finding.code,
        "level": finding.event.level.value,
        "file": finding.file,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "end_column": place.end if place else None,
        "text": finding.event.text(language),
        "action": finding.event.action(language),
        "fields": {key: str(value) for key, value in finding.event.fields.items()},
        "rule": {"group": finding.field.group, "name": finding.field.rule} if finding.field else None,
        "field": finding.field.field or None if finding.field else None,
        "suggestion": _suggestion(finding.suggestion, language) if finding.suggestion else None,
        "choices": [_suggestion(one, language) for one in finding.suggestions if not one.is_sure],
    }


def _suggestion(suggestion: Suggestion, language: Language) -> dict[str, object]:
    """The text to write, and each piece of the file that it replaces."""
    edits = [{**edit.span._asdict(), "text": text_in(edit.text, language)} for edit in suggestion.edits]
    return {"text": text_in(suggestion.shown, language), "edits": edits}


def _annotation(finding: Finding, language: Language) -> str:
    place = finding.place
    where = {"file": finding.file, "title": finding.code}
    if place:
        where |= {"line": str(place.line), "col": str(place.column), "endColumn": str(place.end - 1)}
    properties = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in where.items())
    message = f"{finding.event.text(language)}: {finding.event.action(language)}"
    return f"::{ANNOTATIONS[finding.event.level]} {properties}::{_escaped(message)}"


def _escaped(text: str, also: str = "") -> str:
    """Percent-escapes as workflow commands need them."""
    return "".join(f"%{ord(char):02X}" if char in "%\r\n" + also else char for char in text)
