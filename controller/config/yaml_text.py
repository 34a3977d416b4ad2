"""The text of a YAML file, ready to be parsed, and the mistakes that its characters alone show.

Characters that only look wrong (typographic quotes, special spaces, a dash for a hyphen) are read as what they stand
for, column for column, so that the rest of the file is checked in the same run. Comments may contain anything."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from yaml import Mark

from controller.config.findings import MOST, FilePlace, Finding, SourceText
from controller.config.synonyms import near
from controller.events import CATALOGUE
from controller.normal_form import normalized

SPACE = "[\u00a0\u202f\u2007\u2009\u200a\u2002\u2003\u3000]"
INVISIBLE = (
    "(?:[\u200b\u200c\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]+"
    "|(?<![^\x00-\u024f])\u200d|\u200d(?![^\x00-\u024f]))"  # a joiner between two parts of an emoji is meant
)
FILLER = "\u200b"
"""Stands for an invisible character; values are used without it."""
WIDE = "(?:(?<=[0-9０-９])：(?=[0-9０-９])|％|[０-９]+)"
"""Signs and digits of East Asian keyboards, in place of ordinary ones."""
MARKED = re.compile(r"(?<![^\s:-])(?P<found>\*\*|\*|`)(?=\S)(?P<inner>.+?)(?<=\S)(?P=found)(?=[\s:,.]|$)")
"""Bold, italic or code in Markdown."""
OPENING, END = "“”„‟«»‘’‚‛", "“”‟«»‘’\"'"
LETTERS = (
    ("TWL-S044", re.compile(f"(?P<found>{INVISIBLE})")),
    ("TWL-S026", re.compile(rf"(?:^|[:,\[{{-])[ \t]*(?P<found>{SPACE}+)")),  # only where YAML counts spaces
    ("TWL-S039", re.compile(r"^ *(?P<found>(?:[–—−•·‐‑]|\*(?= .*:))) +(?P<rest>\S.*)")),
    ("TWL-S186", re.compile(f"(?P<found>{WIDE})")),
    (
        "TWL-S025",
        re.compile(rf"(?:^|[:,-] |[\[{{,]) *(?P<found>[{OPENING}][^{OPENING}\"]*[{END}])(?=\s*(?:$|[\]}},:]))"),
    ),
)
"""Characters that are read as what they stand for, each reported at its place."""
BREAKS = (
    ("TWL-S044", re.compile(rf"(?:[ \t-]|{SPACE})*(?P<found>{INVISIBLE})")),
    ("TWL-S027", re.compile(r"(?P<at>(?P<marker><{7}|={7}|>{7}|\|{7})(?: .*)?)$")),
    ("TWL-S039", re.compile(r" *(?P<found>--+|o|\d{1,2}[.)]) +(?P<rest>\w+:.*)")),
    ("TWL-S187", re.compile(r"(?P<at>>[> ]*)(?:[^\W\d]\w*:.*|- .*)?$")),
    ("TWL-S160", re.compile(r" *(?P<fence>```|~~~)[\w-]*$")),
    ("TWL-S020", re.compile(r" *(?:-[ \t]+)*?(?P<at>\t[ \t]*)")),
    ("TWL-S040", re.compile(r" *(?P<at>-)(?P<rest>[\[{].*)")),
    ("TWL-S040", re.compile(r" *(?P<at>-)(?P<rest>(?P<key>\w+):(?: .*|$))")),
    ("TWL-S022", re.compile(r"(?: |-(?= ))*(?P<at>(?P<key>[^\W\d]\w*):)(?P<value>[^\s/].*)")),
)
"""What breaks its line whatever is around it; with a `key`, if that is a keyword."""
ODD = re.compile(
    r"[^ -~\u00c0-\u024f]|[\"'#`*]|~~~|--|^ *(?:- +)*-[^ ]|^ *(?:o|\d{1,2}[.)]) |^>"  # tabs are among the first
    r"|:[^\s/]|<{7}|={7}|>{7}|\|{7}"
)
"""A line without any of these has no unusual character, no quote, no comment and nothing that breaks it."""
FIRST_PAIR = re.compile(r" *+(?:- +)*+[^\s:\[{#][^:]*:(?=\s|$)")
BODY = re.compile(r" *(?:- +)*")
WORDS = re.compile(r"(?:^|[\s{,-])([^\W\d][\w-]*):(?=\s|$)", re.MULTILINE)
CLOSING = {"[": "]", "{": "}"}


class LineScan(NamedTuple):
    """What one line leaves open."""

    quote: int | None
    """Column of a quote that does not end on the line."""
    end: int
    """Column at which the comment begins, or the length of the line."""
    bracket: int | None
    """Column of the outermost bracket that does not end on the line."""


class Position(NamedTuple):
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class YamlText:
    """The lines to be parsed, in the columns of the file; lines and columns count from 0 here."""

    source: SourceText
    keywords: frozenset[str]
    outermost: frozenset[str]
    """The keywords of the outermost level."""
    lines: list[str] = field(default_factory=list)
    letters: list[Finding] = field(default_factory=list)

    def finding(self, code: str, line: int, start: int, end: int, **fields: object) -> Finding:
        """A finding at the columns `start:end` of a line."""
        return self.source.finding(code, FilePlace(line + 1, start + 1, max(start + 1, end) + 1), **fields)

    def read_letters(self) -> Finding | None:
        """Fills `lines` up to the first line that its own characters break; returns that break."""
        for line, written in enumerate(self.source.lines):
            if ODD.search(written) is None:
                self.lines.append(written if written.strip() else "")
                continue
            visible, comment = written[: scan(written).end], written[scan(written).end :]
            if broken := self._broken(line, visible.rstrip()):
                return broken
            for code, pattern in LETTERS if visible.strip() else ():
                for found in pattern.finditer(visible):
                    self.letters.append(self._matched(code, line, found, "found"))
                    old = found["found"]
                    new = {
                        "TWL-S044": FILLER * len(old),
                        "TWL-S026": " " * len(old),
                        "TWL-S039": "-",
                        "TWL-S025": f'"{old[1:-1]}"',
                        "TWL-S186": normalized("NFKC", old),
                    }[code]
                    visible = visible[: found.start("found")] + new + visible[found.end("found") :]
            visible = re.sub(rf"{SPACE}|\t", " ", visible)
            opened = scan(visible).quote
            if opened is not None:
                end = end_of_part(visible, opened, len(visible.rstrip()))
                fields = {"quote": visible[opened], "quoted": quoted(visible[opened:end])}
                return self.finding("TWL-S024", line, opened, end, **fields)
            self.lines.append(visible + re.sub(INVISIBLE, " ", comment) if visible.strip() else "")
            if len(self.letters) > MOST:
                return self.letters[-1]
        return None

    def _broken(self, line: int, text: str) -> Finding | None:
        for code, pattern in BREAKS:
            found = pattern.match(text)
            if found and ("key" not in found.groupdict() or found["key"].lower() in self.keywords):
                return self._matched(code, line, found, next(iter(pattern.groupindex)))
        marked = None if set(text) & {'"', "'"} else MARKED.search(text)
        if marked:
            start = len(text) - len(text.lstrip(" -"))
            plain = MARKED.sub(lambda one: one["inner"], text[start:])
            return self.finding("TWL-S183", line, start, len(text), found=marked["found"], plain=plain)
        return None

    def _matched(self, code: str, line: int, found: re.Match[str], at: str) -> Finding:
        groups = found.groupdict()
        fields: dict[str, Any] = {name: groups.get(name) for name in CATALOGUE[code].fields}
        if code in {"TWL-S044", "TWL-S026"}:
            fields["found"] = f"U+{ord(found['found'][0]):04X}"
        elif code == "TWL-S025":
            fields |= {"found": found["found"][0] + found["found"][-1], "quoted": quoted(found["found"][1:-1])}
        elif code == "TWL-S186":
            fields["plain"] = normalized("NFKC", found["found"])
        elif "value" in fields:
            fields["value"] = as_value(found["value"])
        return self.finding(code, line, *found.span(at), **fields)

    def value(self, line: int) -> str:
        """A line without its comment."""
        return self.lines[line][: scan(self.lines[line]).end].rstrip()

    def indent(self, line: int) -> int:
        """The column in which a line begins."""
        return len(self.lines[line]) - len(self.lines[line].lstrip())

    def body(self, line: int) -> int:
        """The column after indentation and hyphens."""
        found = BODY.match(self.lines[line])
        return found.end() if found else 0

    def is_item(self, line: int) -> bool:
        """Whether a line begins with the hyphen of an item."""
        return self.lines[line].lstrip().startswith("- ") or self.lines[line].strip() == "-"

    def has_pair(self, line: int) -> bool:
        """Whether a line begins with a keyword and its colon, after a hyphen or not."""
        return FIRST_PAIR.match(self.lines[line]) is not None

    def key(self, line: int) -> str:
        """The text before the first colon of a line."""
        return self.lines[line][self.body(line) :].partition(":")[0]

    def opens(self, line: int) -> bool:
        """Whether the lines below belong to this one."""
        return self.value(line).endswith(":")

    def above(self, line: int) -> int | None:
        """The nearest line above that is not blank."""
        return next((number for number in range(line - 1, -1, -1) if not is_blank(self.lines[number])), None)

    def below(self, line: int) -> Iterator[int]:
        """The lines below that are not blank."""
        return (number for number in range(line + 1, len(self.lines)) if not is_blank(self.lines[number]))

    def is_key(self, word: str) -> bool:
        """Whether a word is nearly a keyword, or used as one in this file, as the name of a zone is."""
        return near(word, self.keywords) is not None or word in WORDS.findall("\n".join(self.lines))

    def is_outermost(self, word: str) -> bool:
        """Whether a word is a keyword of the outermost level, or nearly one."""
        return word in self.outermost or (word not in self.keywords and near(word, self.outermost) is not None)

    def place(self, mark: Mark) -> Position:
        """The position of a mark; one after the end moves up to the end of the last line that is not blank."""
        line = min(mark.line, len(self.lines) - 1)
        if mark.line < len(self.lines) and not is_blank(self.lines[line]):
            return Position(line, mark.column)
        line = self.above(line + 1) or 0
        return Position(line, len(self.value(line)))


def scan(text: str) -> LineScan:
    quote, opened, closed, escaped, before, last = "", 0, -1, False, " ", ":"
    brackets: list[int] = []
    for column, char in enumerate(text):
        begins = last in ":,[{-" and (before.isspace() or before in "[{,")
        if quote and char == quote and not escaped:
            quote, closed = "", column
        elif quote:
            escaped = char == "\\" and quote == '"' and not escaped
        elif char == before == "'" and closed == column - 1:  # in single quotes two of them are one that is meant
            quote = char
        elif char in "\"'" and begins:
            quote, opened = char, column
        elif char in CLOSING and (begins or brackets):
            brackets.append(column)
        elif char in "]}" and brackets:
            brackets.pop()
        elif char == "#" and (before.isspace() or begins):
            return LineScan(None, column, brackets[0] if brackets else None)
        before, last = char, last if char.isspace() else char
    return LineScan(opened if quote else None, len(text), brackets[0] if brackets else None)


def end_of_part(text: str, start: int, end: int) -> int:
    """Where a value from `start` ends at the latest: inside brackets at the next comma or bracket, else at `end`."""
    inside = scan(text[:start]).bracket is not None
    found = re.compile(r"[,\]}]").search(text, start, end) if inside else None
    return found.start() if found else end


def quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'" if '"' in value or "\\" in value else f'"{value}"'


def as_value(text: str) -> str:
    """A value as it must be written in the file."""
    text = re.sub(INVISIBLE, "", text)
    return quoted(text) if (text[:1] and text[0] in "#@`%&*!|>") or re.search(r":(?:\s|$)", text) else text


def is_blank(text: str) -> bool:
    return not text.strip() or text.lstrip().startswith("#")
