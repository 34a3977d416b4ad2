"""Why a file cannot be read as YAML: the first break, with its remedy in the user's own words.

A break is recognised by its pattern, on the line where the parser stopped or just before it. Nothing is repaired and
parsed again, and no remedy changes what was meant: if two things may be meant, it shows both."""

import re

from yaml import MarkedYAMLError, ScalarEvent, YAMLError

from controller.config.findings import Finding
from controller.config.ranges import RANGE
from controller.config.synonyms import near
from controller.config.yaml_columns import column_of_above, missing_hyphen, moved, wrong_place
from controller.config.yaml_text import CLOSING, FIRST_PAIR, Position, YamlText, as_value, end_of_part, quoted, scan

NO_COLON = re.compile(
    r"(?P<key>[^\W\d][\w-]*)(?P<sign> *(?:[=-]>|:?=|：|;(?!.*;)) *| +[-–—] +| +:|[.,] +| +)(?P<value>[^\s=;:].*)"
)
WEAK_SIGNS = frozenset({"", "-", "–", "—", ":", ".", ","})
"""These mean a colon only directly after a keyword."""
ALONE = re.compile(r"(?P<key>[^\W\d][\w-]*)$")
ENTRY = re.compile(r"- +(?:[\[{]|[^\W\d][\w-]*:(?:\s|$))")
LAST_WORD = re.compile(r"[\s,;](?P<key>[^\W\d][\w-]*)$")
ONE_PAIR = r"[^\W\d][\w-]*: +(?:[^\s,:{}\[\]]|:(?=\S)| (?! *,))+"
PAIRS = re.compile(rf"(?P<pairs>{ONE_PAIR}(?: *, *{ONE_PAIR})*)[ ,}}]*")
PARENTHESES = {"(": ")", "<": ">"}
NEXT_KEY = re.compile(r"[\"']?[^\W\d][\w-]*[\"']?(?=\s*:)")
UNPARTED = re.compile(r"(?P<before>[^\s,;\[{]*)[\s;]+(?P<word>[^\s,;]+)\s*$")
HEX = re.compile(r"#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})\b")
UNQUOTED_RANGE = re.compile(rf"(?<=[\[{{,:\s])[^\s\[\]{{}},\"']*{RANGE.pattern}[^\s\[\]{{}},\"']*")


def syntax_break(text: YamlText, error: YAMLError) -> Finding:
    """The cause of a parser's error: the first pattern that matches, the surest first."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    if not isinstance(error, MarkedYAMLError) or mark is None:
        return text.finding("TWL-S037", 0, 0, 1)
    at, begin = text.place(mark), text.place(error.context_mark or mark)
    return (
        _range(text, at)
        or _sign(text, begin if begin < at else at)
        or _bracket(text, at, begin)
        or _behind_value(text, at)
        or _no_pair(text, at, begin)
        or wrong_place(text, at.line)
        or text.finding("TWL-S037", at.line, at.column, at.column + 1)
    )


def value_over_lines(text: YamlText, value: ScalarEvent) -> Finding:
    """A value that continues on the next line: on purpose, or a line of its own without its colon."""
    first, last = value.start_mark.line, min(value.end_mark.line, len(text.lines) - 1)
    for line in range(first, last + 1):
        if line > first and text.is_item(first) and text.is_item(line):
            to = column_of_above(text, line, first)
            return moved(text, line, text.indent(first)) if to is None else moved(text, first, to)
        found = NO_COLON.match(text.value(line), text.body(line))
        if found and found["key"] in text.keywords:
            return _pair(text, line, found)
    start = value.start_mark.column
    return text.finding("TWL-S038", first, start, max(start + 1, len(text.value(first))))


def _range(text: YamlText, at: Position) -> Finding | None:
    """`{name: post-[001..250]}`: inside brackets or braces, those of a range have a meaning in YAML."""
    found = UNQUOTED_RANGE.search(text.value(at.line))
    if found is None or found.start() > at.column:
        return None
    return text.finding("TWL-S313", at.line, *found.span(), quoted=quoted(found[0]))


def _sign(text: YamlText, at: Position) -> Finding | None:
    """`name: @home`, `name: & more`, `name: > more`, `name: - more`: signs that have a meaning in YAML."""
    line, column = at
    before, value = text.lines[line][:column].rstrip(), text.value(line)
    sign = value[column : column + 1]
    if sign == '"' and "\\" in value[column:]:
        inner = value[column + 1 : end_of_part(value, column, len(value))].rstrip('"').replace("'", "''")
        return text.finding("TWL-S159", line, column, len(value), quoted=f"'{inner}'")
    if sign and sign in "@`%&*!|>" and before == "":
        return text.finding("TWL-S047", line, column, len(value))
    if sign and before[-1:] in {":", "-", ",", "[", "{"} and sign in "@`%&*!|>-?" and not ENTRY.match(value, column):
        written = value[column : end_of_part(value, column, len(value))].rstrip()
        return text.finding("TWL-S029", line, column, column + len(written), found=sign, quoted=quoted(written))
    return None


def _bracket(text: YamlText, at: Position, begin: Position) -> Finding | None:
    """`color: [red, blue` without its end, `{bowl: red shaft: blue}` without its comma, `{bowl: #FF6A00}`."""
    opened = begin if text.lines[begin.line][begin.column : begin.column + 1] in CLOSING else None
    if opened and at.line != begin.line and scan(text.lines[begin.line]).bracket is None:
        return None
    for line in (text.above(at.line), at.line):
        column = scan(text.lines[line]).bracket if line is not None else None
        if opened is None and line is not None and column is not None:
            opened = Position(line, column)
    if opened is None or opened >= at:
        return None
    line, column = opened
    written, value = text.lines[line], text.value(line)
    color = HEX.match(written, scan(written).end)
    if color:
        return text.finding("TWL-S156", line, *color.span(), value=color[0], bracket=written[column])
    if at.line == line:
        key = NEXT_KEY.match(written, at.column)
        found = UNPARTED.search(written, 0, key.end() if key else at.column)
        if found and (key or _rest(text, at)[:1] == ":"):
            word, before = found["word"], found["before"]
            return text.finding("TWL-S048", line, *found.span("word"), word=word, before=before)
    return text.finding("TWL-S028", line, column, len(value), bracket=written[column], closing=CLOSING[written[column]])


def _behind_value(text: YamlText, at: Position) -> Finding | None:
    """Text on the line after a value that has ended, or after a second colon."""
    line, column = at
    written, pair = text.lines[line], FIRST_PAIR.match(text.lines[line])
    before, rest = written[:column].rstrip(), _rest(text, at)
    if not before or not rest or (pair and column < pair.end()):
        return None
    start = pair.end() + 1 if pair else text.body(line)
    if ENTRY.match(written, column) and before.strip(" -"):
        return text.finding("TWL-S100", line, column, column + len(rest))
    if pair and rest[0] == ":":
        return _second_colon(text, at, start)
    if before[-1] in "]}\"'" and not rest.strip(" ,;.]})"):
        return text.finding("TWL-S049", line, column, column + len(rest), found=rest)
    if before[-1] in "]}":
        return text.finding("TWL-S158", line, column, column + len(rest), found=rest, closing=before[-1])
    return _quote(text, at, start) if before[-1] in "\"'" else None


def _second_colon(text: YamlText, at: Position, value: int) -> Finding:
    """`- name: a, zone: b` and `color: bowl: red, shaft: blue`; `name: a dates: b`; `name: Orange: a week`."""
    line, written = at.line, text.value(at.line)
    for start in (text.body(line), value) if text.is_item(line) else (value,):
        begin = start + len(written[start:]) - len(written[start:].lstrip())
        framed = PARENTHESES.get(written[begin : begin + 1]) == written[-1]
        found = PAIRS.fullmatch(written, begin + framed, len(written) - framed)
        key = text.key(line)
        if found and (framed or found["pairs"].count(": ") > 1 or near(key, ("color",)) or text.is_outermost(key)):
            braced = f"{{{found['pairs']}}}"
            braced = f"[{braced}]" if text.is_outermost(key) else braced
            return text.finding("TWL-S065", line, begin, len(written), braced=braced)
    in_quotes = quoted(written[value:].strip())
    word = LAST_WORD.search(written, value, at.column)
    if word and word["key"].lower() in text.keywords:
        return text.finding("TWL-S157", line, word.start("key"), at.column + 1, key=word["key"], quoted=in_quotes)
    return text.finding("TWL-S030", line, value, len(written), quoted=in_quotes)


def _no_pair(text: YamlText, at: Position, begin: Position) -> Finding | None:
    """A line without a colon: `dates 20–26 November`, `dates = …`, `campaigns`, an entry without its hyphen, a
    text."""
    for line in sorted({begin.line, at.line, text.above(at.line) or 0}):
        written, start = text.value(line), text.body(line)
        if FIRST_PAIR.match(written) or len(written) <= start:
            continue
        beside = [one for one in (text.above(line), next(text.below(line), None)) if one is not None]
        if written[start] in "[{\"'":
            among_items = any(text.lines[one].startswith(" " * start + "- ") for one in (*beside, *range(line)))
            if written[start] in CLOSING and text.indent(line) == start and among_items:
                return missing_hyphen(text, line, start)
            continue
        pair, word = NO_COLON.match(written, start), ALONE.match(written.rstrip("= "), start)
        color = HEX.match(text.lines[line], scan(text.lines[line]).end)
        key = pair["key"] if pair else word["key"] if word else ""
        is_key = text.is_key(key)
        if text.is_item(line):  # the text of a list is none of these, the first line of an entry may be
            entry = any(one > line and text.indent(one) > text.indent(line) for one in beside)
            is_key = entry and key in text.keywords
        if color and word and is_key:
            return text.finding("TWL-S023", line, *word.span("key"), key=key, value=as_value(color[0]))
        among_names = any(text.body(one) == start and text.key(one) not in text.keywords for one in beside)
        if pair and (is_key or pair["sign"].strip() not in WEAK_SIGNS or (among_names and " " not in pair["value"])):
            return _pair(text, line, pair)
        if word and is_key:
            return text.finding("TWL-S046", line, *word.span("key"), key=key)
        if not text.is_item(line) and (stray := _stray(text, line)):
            return stray
    return None


def _stray(text: YamlText, line: int) -> Finding | None:
    """A text that is no pair: the value of the keyword above, in its column, or no part of the file."""
    above, start, written = text.above(line), text.indent(line), text.value(line)
    if above is not None and text.opens(above) and text.body(above) == start:
        return moved(text, line, start + 2)
    name, tab, _ = text.source.lines[line][start : len(written)].partition("\t")
    if tab:
        return text.finding("TWL-S273", line, start, len(written), name=quoted(name))
    return text.finding("TWL-S047", line, start, len(written)) if written[-1] not in "]}," else None


def _pair(text: YamlText, line: int, found: re.Match[str]) -> Finding:
    value = as_value(found["value"])
    return text.finding("TWL-S023", line, *found.span("key"), key=found["key"], value=value)


def _quote(text: YamlText, at: Position, start: int) -> Finding | None:
    """Text behind a closing quote: the value from `start` needs other quotes."""
    written = text.value(at.line)
    start += len(written[start:]) - len(written[start:].lstrip())
    end = end_of_part(written, start, len(written))
    value = written[start:end].rstrip()
    # in `"a "b" c"` the outer quotes were meant, in `"a" b` they belong to the value
    inner = value[1:-1] if written[at.column - 1] == value[:1] == value[-1:] else value
    found = written[at.column : end].rstrip()
    return text.finding("TWL-S031", at.line, start, start + len(value), found=found, quoted=quoted(inner))


def _rest(text: YamlText, at: Position) -> str:
    return text.value(at.line)[at.column :]
