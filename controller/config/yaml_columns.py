"""Why a line cannot begin in its column: a wrong indentation, a hyphen too many or too few, an entry below a value, a
deleted keyword."""

from controller.config.findings import Finding
from controller.config.yaml_text import FIRST_PAIR, WORDS, YamlText

EMPTY = frozenset({"[]", "{}", "~", "null"})
TELLTALES = {
    **dict.fromkeys(("dates", "nights", "datum"), "campaigns"),
    **dict.fromkeys(("latitude", "longitude", "time_zone"), "site"),
    **dict.fromkeys(("broker", "topic_prefix"), "mqtt"),
    "kind": "gateways",
    "address": "fixtures",
}
"""Keywords that show which keyword above them was deleted."""
LISTS_OF_ENTRIES = frozenset({"every_night", "blackouts", "limits"})
"""A campaign is pasted below these by mistake, at the end of the file."""
HOLD_PAIRS = frozenset({"site", "mqtt"})
"""Those of them with pairs; the others have lists."""


def wrong_place(text: YamlText, line: int) -> Finding | None:
    """A line that begins in an impossible column, because of itself or of the lines above it."""
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
    """A keyword of an inner level in the first column: what is below it has lost its entry."""
    edge = next((number for number in range(above, 0, -1) if text.lines[number][:1].strip(" #")), None)
    before = text.above(edge) if edge is not None else None
    if edge is None or before is None or not text.has_pair(edge):
        return None
    if text.is_item(edge) or text.is_outermost(text.key(edge)):
        return None
    to = text.body(before) if text.is_item(line) else text.indent(line)
    return moved(text, edge, to) if to else None


def _keyword_deleted(text: YamlText, line: int, above: int) -> Finding | None:
    """The line `campaigns:` or `site:` was deleted: its content is now under a keyword with a value."""
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
        return None  # a single line is wrongly indented rather than added
    key = written[start : pair.end() - 1].strip()
    if key in LISTS_OF_ENTRIES and value == "[]":
        return text.finding("TWL-S191", above, written.index(value, pair.end()), len(written), key=key)
    return text.finding("TWL-S045", above, written.index(value, pair.end()), len(written), key=key, value=value)


def missing_hyphen(text: YamlText, line: int, column: int) -> Finding:
    """An entry whose line lacks its hyphen in `column`."""
    start, rest = text.indent(line), text.value(line).lstrip()
    return text.finding("TWL-S072", line, start, start + len(rest), rest=rest, column=column)


def _no_hyphen(text: YamlText, line: int, above: int) -> Finding | None:
    """An entry of several lines without its hyphen."""
    column = text.indent(line)
    below, opener = next(text.below(line), None), text.above(above)
    if text.is_item(line):  # those below have theirs: `name: a` is above, in the column of the hyphens
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
    """The one line with a wrong indentation: this one, or the one above it."""
    column, key, pair, item = text.indent(line), text.key(line), text.has_pair(line), text.is_item(line)
    if not item and not pair:
        return None
    first = next(text.below(-1))
    if column < text.indent(first):
        return moved(text, first, column)
    to = column_of_above(text, line, above)
    if to is not None:
        return moved(text, above, to)
    columns = _open_columns(text, line, above)
    if not item:  # only the keywords of the outermost level are in the first column
        columns = ({0} if text.is_outermost(key) else columns - {0}) & columns or columns
    if column in columns or not columns:
        return None
    # the column of the same keyword elsewhere, else of the same kind of line above, else the nearest, the deeper of
    # two
    used = {text.body(one) for one in range(len(text.lines)) if one != line and pair and text.key(one) == key}
    alike = set[int]()
    if item and text.is_item(above) and pair == text.has_pair(above):
        alike = {text.indent(above)}
    elif key not in text.keywords and text.opens(above):
        alike = {text.body(above) + 2}
    to = min(columns, key=lambda one: (one not in used, one not in alike, abs(one - column), -one))
    return moved(text, line, to)


def column_of_above(text: YamlText, line: int, above: int) -> int | None:
    """The correct column of the line above, if that line has the wrong indentation."""
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
    entry = [column]  # the lines of the entry with its hyphen above
    for number in text.below(line):
        if text.indent(number) < min(column, upper + 1):
            break
        entry += [] if text.is_item(number) else [text.indent(number)]
    hyphens = {text.indent(one) for one in range(len(text.lines)) if one != above and text.is_item(one)}
    if upper + 2 in entry or column < 2:
        return None
    sure = column - 2 in hyphens or opener == column - 2 or (not hyphens and column == upper)
    return column - 2 if sure else None


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


def moved(text: YamlText, line: int, column: int) -> Finding:
    """A line that belongs in another column, with how many lines move with it."""
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
