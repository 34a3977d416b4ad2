"""A finding: a problem, its file and place, and the line that shows it.

Lines and columns count from 1, columns in characters, as editors show them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import NamedTuple

from controller.events import Event, Level, new_event
from controller.events.models import InEachLanguage

_WORD = "(?:password|passwd|lösenord|secret|token)"
SECRET = re.compile(rf"(?P<url>//)[^@/\s]+(?=@)|(?P<key>\b{_WORD}\s*[:=]\s*|^\s*{_WORD}\s+(?![:=\s]))\S.*", re.I)
"""Secrets in a line, which are never shown, though they should not be there."""
HIDDEN = r"\g<url>\g<key>…"
MOST = 100
"""Number of findings of one file that are shown; a screen of thousands helps nobody."""
MOST_SOUGHT = 300
"""Number of findings of one kind after which the search stops: a hostile file would have millions, each with a near
word to search."""


class FilePlace(NamedTuple):
    """Columns `column` up to but not including `end` of a line."""

    line: int
    column: int
    end: int


LocalizedText = str | InEachLanguage
"""A text, or one for each language of a reader."""


class TextSpan(NamedTuple):
    """From a line and column up to but not including another; both count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int


class TextEdit(NamedTuple):
    """Replaces a span with a text, whose lines end in LF."""

    span: TextSpan
    text: LocalizedText


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may be written instead, applied by one press. A sure one keeps what was meant; any other is one answer to a
    question. `shown` is the new text, for a button."""

    edits: tuple[TextEdit, ...]
    shown: LocalizedText
    is_sure: bool = False


@dataclass(frozen=True, slots=True)
class RuleField:
    """A field of a rule of the schedule, as `rule_form` names them; `field` is empty if the whole rule is meant.
    `start` and `end` are offsets in the text of the field, if it holds a single value."""

    group: str
    rule: str
    field: str = ""
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One event about a file; `place` is None if it is about the file as a whole."""

    event: Event
    file: str
    place: FilePlace | None = None
    source: str = ""
    suggestions: tuple[Suggestion, ...] = dataclass_field(default=(), compare=False)
    """What may be written instead: one that is sure, or answers to choose from."""
    field: RuleField | None = dataclass_field(default=None, compare=False)
    """The field of a rule that it is about; None if it is about the file."""

    @property
    def suggestion(self) -> Suggestion | None:
        """The one that keeps what was meant."""
        return next((one for one in self.suggestions if one.is_sure), None)

    @property
    def code(self) -> str:
        """The stable code, as `TWL-S010`."""
        return self.event.code

    @property
    def is_error(self) -> bool:
        """Whether it makes the files unusable."""
        return self.event.level is Level.ERROR


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text of one file as it was written, without line ends."""

    file: str
    lines: tuple[str, ...] = ()

    def finding(self, code: str, place: FilePlace | None, **fields: object) -> Finding:
        """A finding in this file; a place after the last line moves to its end."""
        if place is None or not self.lines:
            return Finding(new_event(code, **fields), self.file)
        line = min(place.line, len(self.lines))
        written = self.lines[line - 1]
        shown = SECRET.sub(HIDDEN, written)
        if shown != written:
            fields = {key: _hidden(value, written) for key, value in fields.items()}
            place = FilePlace(line, *(_column_shown(written, column) for column in place[1:]))
        if line < place.line:
            place = FilePlace(line, len(shown) + 1, len(shown) + 2)
        return Finding(new_event(code, **fields), self.file, place, shown)


def _hidden(value: object, line: str) -> object:
    """A field of a finding without the secrets of the line that it is about."""
    if isinstance(value, str):
        for found in SECRET.finditer(line):
            secret = found[0].removeprefix(found["url"] or found["key"])
            part = value.strip("'\"").replace(
                "''", "'"
            )  # the finding on a broken line may quote a part of it, in other quotes
            value = "…" if len(part) > 1 and part in secret else value.replace(secret, "…")
    return value


def _column_shown(text: str, column: int) -> int:
    """The column of a line once its secrets are hidden; a column inside a secret moves to its end."""
    for found in reversed(list(SECRET.finditer(text))):
        first = found.start() + len(found["url"] or found["key"]) + 1
        if column > first:
            column = first + 1 + max(0, column - found.end() - 1)
    return column


def in_order(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """By file and place, each once, and not more than MOST of one file."""
    files: dict[str, dict[object, Finding]] = {}
    for finding in findings:
        identity = (finding.code, finding.place, *map(str, finding.event.fields.values()))
        files.setdefault(finding.file, {}).setdefault(identity, finding)
    return tuple(shown for of_file in files.values() for shown in _not_too_many(of_file.values()))


def _not_too_many(found: Iterable[Finding]) -> list[Finding]:
    ordered = sorted(found, key=lambda finding: finding.place or FilePlace(0, 0, 0))
    if len(ordered) <= MOST:
        return ordered
    code = "TWL-S041" if any(finding.is_error for finding in ordered) else "TWL-S257"
    first = ordered[MOST]
    rest = Finding(new_event(code, count=len(ordered) - MOST), first.file, first.place, first.source)
    return [*ordered[:MOST], rest]
