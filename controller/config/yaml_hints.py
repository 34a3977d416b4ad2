"""Why a file cannot be read as YAML: the first break, with its remedy in the user's own words.

A break is recognised by its pattern, on the line where the parser stopped or just before it. Nothing is repaired and
parsed again, and no remedy changes what was meant: where two things may be meant, it says both.
"""

import re

from yaml import MarkedYAMLError, ScalarEvent, YAMLError

from controller.config.findings import Finding
from controller.config.ranges import RANGE
from controller.config.synonyms import near
from controller.config.yaml_text import (
    CLOSING,
    FIRST_PAIR,
    WORDS,
    Position,
    YamlText,
    as_value,
    end_of_part,
    quoted,
    scan,
)

NO_COLON = re.compile(
    r"(?P<key>[^\W\d][\w-]*)(?P<sign> *(?:[=-]>|:?=|：|;(?!.*;)) *| +[-–—] +| +:|[.,] +| +)(?P<value>[^\s=;:].*)"
)
WEAK_SIGNS = frozenset({"", "-", "–", "—", ":", ".", ","})
"""Only behind a keyword do these stand for its colon."""
ALONE = re.compile(r"(?P<key>[^\W\d][\w-]*)$")
ENTRY = re.compile(r"- +(?:[\[{]|[^\W\d][\w-]*:(?:\s|$))")
LAST_WORD = re.compile(r"[\s,;](?P<key>[^\W\d][\w-]*)$")
ONE_PAIR = r"[^\W\d][\w-]*: +(?:[^\s,:{}\[\]]|:(?=\S)| (?! *,))+"
PAIRS = re.compile(rf"(?P<pairs>{ONE_PAIR}(?: *, *{ONE_PAIR})*)[ ,}}]*")
PARENTHESES = {"(": ")", "<": ">"}
NEXT_KEY = re.compile(r"[\"']?[^\W\d][\w-]*[\"']?(?=\s*:)")
UNPARTED = re.compile(r"(?P<before>[^\s,;\[{]*)[\s;]+(?P<word>[^\s,;]+)\s*$")
HEX = re.compile(r"#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})\b")
EMPTY = frozenset({"[]", "{}", "~", "null"})
TELLTALES = {
    **dict.fromkeys(("dates", "nights", "datum"), "campaigns"),
    **dict.fromkeys(("latitude", "longitude", "time_zone"), "site"),
    **dict.fromkeys(("broker", "topic_prefix"), "mqtt"),
    "kind": "gateways",
    "address": "fixtures",
}
"""Keywords that show what the deleted keyword above them was."""
LISTS_OF_ENTRIES = frozenset({"every_night", "blackouts", "limits"})
"""Below these a campaign is pasted by mistake, at the end of the file."""
UNQUOTED_RANGE = re.compile(rf"(?<=[\[{{,:\s])[^\s\[\]{{}},\"']*{RANGE.pattern}[^\s\[\]{{}},\"']*")
HOLD_PAIRS = frozenset({"site", "mqtt"})
"""Those of them that hold pairs; the others hold lists."""


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
        or _wrong_place(text, at.line)
        or text.finding("TWL-S037", at.line, at.column, at.column + 1)
    )


def value_over_lines(text: YamlText, value: ScalarEvent) -> Finding:
    """A value that goes on below its line: meant so, or a line of its own that lacks its colon."""
    first, last = value.start_mark.line, min(value.end_mark.line, len(text.lines) - 1)
    for line in range(first, last + 1):
        if line > first and text.is_item(first) and text.is_item(line):
            to = _column_of_above(text, line, first)
            return _moved(text, line, text.indent(first)) if to is None else _moved(text, first, to)
        found = NO_COLON.match(text.value(line), text.body(line))
        if found and found["key"] in text.keywords:
            return _pair(text, line, found)
    start = value.start_mark.column
    return text.finding("TWL-S038", first, start, max(start + 1, len(text.value(first))))


def missing_hyphen(text: YamlText, line: int, column: int) -> Finding:
    """An entry whose line lacks its hyphen in `column`."""
    start, rest = text.indent(line), text.value(line).lstrip()
    return text.finding("TWL-S072", line, start, start + len(rest), rest=rest, column=column)


def _range(text: YamlText, at: Position) -> Finding | None:
    """`{name: post-[001..250]}`: within brackets or braces, those of a range mean something to YAML."""
    found = UNQUOTED_RANGE.search(text.value(at.line))
    if found is None or found.start() > at.column:
        return None
    return text.finding("TWL-S313", at.line, *found.span(), quoted=quoted(found[0]))


def _sign(text: YamlText, at: Position) -> Finding | None:
    """`name: @home`, `name: & more`, `name: > more`, `name: - more`: signs that mean something to YAML."""
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
    """What stands on the line behind a value that has ended, or behind a second colon."""
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
    """A line without a colon: `dates 20–26 November`, `dates = …`, `campaigns`, an entry without its hyphen, a text."""
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
        return _moved(text, line, start + 2)
    name, tab, _ = text.source.lines[line][start : len(written)].partition("\t")
    if tab:
        return text.finding("TWL-S273", line, start, len(written), name=quoted(name))
    return text.finding("TWL-S047", line, start, len(written)) if written[-1] not in "]}," else None


def _pair(text: YamlText, line: int, found: re.Match[str]) -> Finding:
    value = as_value(found["value"])
    return text.finding("TWL-S023", line, *found.span("key"), key=found["key"], value=value)


def _wrong_place(text: YamlText, line: int) -> Finding | None:
    """A line that begins where none can, because of itself or of the lines above it."""
    above = text.above(line)
    if above is None:
        return None
    return (
        _name_alone(text, line, above)
        or _hyphen_too_many(text, line, above)
        or _at_the_edge(text, line, above)
        or _keyword_deleted(text, line, above)
        or _below_value(text, line, above)
        or _no_hyphen(text, line, above)
        or _slipped(text, line, above)
    )


def _name_alone(text: YamlText, line: int, above: int) -> Finding | None:
    """`- Lucia` or `Lucia:` with the other lines of the entry below."""
    if text.is_item(line) or not text.has_pair(line):
        return None
    name, start = text.value(above)[text.body(above) :], text.body(above)
    if text.is_item(above) and not text.has_pair(above) and text.indent(line) > text.indent(above):
        found = name[0] not in "[{\"'" and text.key(line) in text.keywords
        return text.finding("TWL-S184", above, start, start + len(name), value=name) if found else None
    below = next(text.below(line), None)
    if below is None or not text.opens(line) or text.is_key(text.key(line)) or text.indent(below) <= text.indent(line):
        return None
    start, name = text.indent(line), text.key(line)
    found = text.has_pair(below) and not text.is_item(below) and text.key(below) in text.keywords
    return text.finding("TWL-S184", line, start, start + len(name) + 1, value=name) if found and start else None


def _hyphen_too_many(text: YamlText, line: int, above: int) -> Finding | None:
    """`- color: red` among the other lines of an entry."""
    column, key = text.indent(line), text.key(line)
    among = not text.is_item(above) and text.has_pair(above) and not text.opens(above) and text.indent(above) == column
    if not text.is_item(line) or not text.has_pair(line) or not among or key not in text.keywords or key == "name":
        return None
    rest = text.value(line)[text.body(line) :]
    return text.finding("TWL-S185", line, column, len(text.value(line)), rest=rest, column=column)


def _at_the_edge(text: YamlText, line: int, above: int) -> Finding | None:
    """A keyword of an inner level in the first column: what stands below it has lost its entry."""
    edge = next((number for number in range(above, 0, -1) if text.lines[number][:1].strip(" #")), None)
    before = text.above(edge) if edge is not None else None
    if edge is None or before is None or not text.has_pair(edge):
        return None
    if text.is_item(edge) or text.is_outermost(text.key(edge)):
        return None
    to = text.body(before) if text.is_item(line) else text.indent(line)
    return _moved(text, edge, to) if to else None


def _keyword_deleted(text: YamlText, line: int, above: int) -> Finding | None:
    """The line `campaigns:` or `site:` was deleted: what stood under it stands under a keyword with a value now."""
    pair, start = FIRST_PAIR.match(text.lines[above]), text.body(above)
    level, item = text.indent(line), text.is_item(line)
    if pair is None or (level <= start and not item):
        return None
    group = [text.lines[line]]
    for one in text.below(line):
        if text.indent(one) < level or (text.indent(one) == level and text.is_item(one) != item):
            break
        group.append(text.lines[one])
    missing = next((TELLTALES[word] for word in WORDS.findall("\n".join(group)) if word in TELLTALES), None)
    written = "\n".join(text.value(one) for one in range(len(text.lines)))
    if missing is None or missing in WORDS.findall(written) or item is (missing in HOLD_PAIRS):
        return None
    key = text.lines[above][start : pair.end() - 1].strip()
    return text.finding("TWL-S076", line, level, len(text.value(line)), key=key, missing=missing)


def _below_value(text: YamlText, line: int, above: int) -> Finding | None:
    """`blackouts: []` with entries below it."""
    written, pair = text.value(above), FIRST_PAIR.match(text.lines[above])
    start, value = text.body(above), written[pair.end() :].strip() if pair else ""
    if pair is None or not value or start > text.indent(line):
        return None
    if text.is_item(line):
        if start and value not in EMPTY:
            return None
    elif value not in EMPTY or (value != "{}" and sum(text.indent(one) > start for one in text.below(above)) < 2):
        return None  # one line alone has slipped rather than been put in
    key = written[start : pair.end() - 1].strip()
    if key in LISTS_OF_ENTRIES and value == "[]":
        return text.finding("TWL-S191", above, written.index(value, pair.end()), len(written), key=key)
    return text.finding("TWL-S045", above, written.index(value, pair.end()), len(written), key=key, value=value)


def _no_hyphen(text: YamlText, line: int, above: int) -> Finding | None:
    """An entry of several lines without its hyphen."""
    column = text.indent(line)
    below, opener = next(text.below(line), None), text.above(above)
    if text.is_item(line):  # those below have theirs: `name: a` stands above, in the column of the hyphens
        first = above
        while opener is not None and text.indent(opener) >= column:
            first, opener = opener, text.above(opener)
        if text.is_item(first) or text.indent(first) != column or opener is None or not text.opens(opener):
            return None
        return missing_hyphen(text, first, column)
    if not text.has_pair(line):
        return None
    if not text.is_item(above) and text.indent(above) == column - 2:  # the only entry, its other lines further in
        alone = below is None or text.is_item(below) or text.indent(below) != column - 2
        in_list = opener is not None and text.opens(opener) and text.key(opener) not in HOLD_PAIRS
        found = in_list and alone and text.key(above) in text.keywords
        return missing_hyphen(text, above, column - 2) if found else None
    same = any(
        text.is_item(one) and text.indent(one) == column and text.key(one) == text.key(line) for one in range(line)
    )
    deeper = below is not None and text.indent(below) in {column, column + 2} and not text.is_item(below)
    return missing_hyphen(text, line, column) if same and deeper else None


def _slipped(text: YamlText, line: int, above: int) -> Finding | None:
    """The one line whose beginning stands in a wrong column: this one, or the one above it."""
    column, key, pair, item = text.indent(line), text.key(line), text.has_pair(line), text.is_item(line)
    if not item and not pair:
        return None
    first = next(text.below(-1))
    if column < text.indent(first):
        return _moved(text, first, column)
    to = _column_of_above(text, line, above)
    if to is not None:
        return _moved(text, above, to)
    columns = _open_columns(text, line, above)
    if not item:  # only the keywords of the outermost level stand in the first column
        columns = ({0} if text.is_outermost(key) else columns - {0}) & columns or columns
    if column in columns or not columns:
        return None
    # the column of the same keyword elsewhere, else of the same kind of line above, else the nearest, the deeper of two
    used = {text.body(one) for one in range(len(text.lines)) if one != line and pair and text.key(one) == key}
    alike = set[int]()
    if item and text.is_item(above) and pair == text.has_pair(above):
        alike = {text.indent(above)}
    elif key not in text.keywords and text.opens(above):
        alike = {text.body(above) + 2}
    to = min(columns, key=lambda one: (one not in used, one not in alike, abs(one - column), -one))
    return _moved(text, line, to)


def _column_of_above(text: YamlText, line: int, above: int) -> int | None:
    """Where the line above belongs, if it is that one which has slipped."""
    before = text.above(above)
    column, upper, item = text.indent(line), text.indent(above), text.is_item(above)
    block = text.has_pair(above)
    opener = text.body(before) + 2 if before is not None and text.opens(before) else None
    if item == text.is_item(line) and (block or item) and column != upper:
        if opener == column:  # the first line below its keyword, and the second is right
            return column
        if before is not None and column == (text.indent(before) if item else text.body(before)) and upper:
            return column if item == text.is_item(before) or not item else None
    if text.is_item(line) or text.opens(above) or not item:
        return None
    if not block:  # an item on one line, among others in another column
        among = before is not None and text.is_item(before) and column > upper != text.indent(before)
        return text.indent(before) if among and before is not None else None
    entry = [column]  # the other lines of the entry whose hyphen stands above
    for number in text.below(line):
        if text.indent(number) < min(column, upper + 1):
            break
        entry += [] if text.is_item(number) else [text.indent(number)]
    hyphens = {text.indent(one) for one in range(len(text.lines)) if one != above and text.is_item(one)}
    if column == upper + 2 or upper + 2 in entry or column < 2:
        return None
    sure = column - 2 in hyphens or opener == column - 2 or (not hyphens and column == upper)
    return column - 2 if sure or (entry.count(column) > 1 and column > upper) else None


def _open_columns(text: YamlText, line: int, above: int) -> set[int]:
    """The columns in which a line of this kind may begin here."""
    found, limit = set[int](), len(text.lines[above]) + 1
    number: int | None = above
    while number is not None:
        level, item = text.indent(number), text.is_item(number)
        if level < limit or (level == limit and not item):
            if item or not text.is_item(line):
                found |= {level} if text.is_item(line) else {text.body(number)} if text.has_pair(number) else set()
            if number == above and text.opens(number):
                found |= {text.body(number) + 2}
            limit = level
        number = text.above(number)
    return found


def _moved(text: YamlText, line: int, column: int) -> Finding:
    written = text.value(line)
    found, words = text.indent(line), written.split()
    word = " ".join(words[: 2 if words[0] == "-" else 1]).rstrip(":")
    count = 0
    for one in text.below(line):
        if text.indent(one) <= found:
            break
        count += 1
    if count and text.is_item(line) and text.has_pair(line) and text.indent(next(text.below(line))) == text.body(line):
        fields = {"word": word, "found": found, "expected": column, "count": count}
        return text.finding("TWL-S193", line, found, found + len(word), **fields)
    return text.finding("TWL-S021", line, found, found + len(word), word=word, found=found, expected=column)


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
