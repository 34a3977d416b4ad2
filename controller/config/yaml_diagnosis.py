"""What a person did where YAML only says that it is lost: told in plain words, and its line mended.

YAML's reader stops at the first line that it cannot fit in, often one below the mistake. Each function of
CAUSES looks for one cause near that line; it tells what it finds, mends the line and answers True.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import ScalarEvent

from controller.config.yaml_brackets import close, drop_sign, part, put_braces, quote_value
from controller.config.yaml_draft import YamlDraft, column_of_body, is_blank, opens_block
from controller.config.yaml_indentation import best_move, indentation, moved
from controller.config.yaml_openers import FIRST_PAIR, below_a_value, mend_opener
from controller.config.yaml_spelling import end_of_value, open_quote

NO_COLON = re.compile(r"(?P<key>[^\W\d][\w-]*)(?P<between>\s*[=;]\s*|\s+)(?P<value>[^\s=;:#].*)")
TIGHT = re.compile(r"(?P<key>[^\W\d]\w*):(?P<value>[^\s/].*)")
ENTRY = re.compile(r"- +(?:(?P<bracket>[\[{])|[^\W\d][\w-]*:(?:\s|$))")
STRUCTURE = re.compile(r" *(?:-(?: |$)|[\[{\"'])")
ALONE = re.compile(r"(?P<key>[^\W\d][\w-]*) *$")


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Where the reader gave up and where what it was reading began, as (line, column) from 0."""

    draft: YamlDraft
    at: tuple[int, int]
    begin: tuple[int, int]


def mend_syntax(error: YAMLError, draft: YamlDraft) -> bool:
    """Tell the cause of the error; whether the text was mended and can be read again."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    if not isinstance(error, MarkedYAMLError) or mark is None:
        draft.tell("TWL-S037", 0, (0, 1))
        return False
    before = len(draft.findings)
    trouble = SyntaxProblem(draft, _position(mark, draft), _position(error.context_mark or mark, draft))
    told = f"{error.context}: {error.problem}"
    cause = next((cause for phrase, cause in CAUSES if phrase in told), None)
    if cause is not None and cause(trouble):
        return True
    line, column = trouble.at
    if len(draft.findings) == before and not any(told.place and told.place.line == line + 1 for told in draft.findings):
        # a keyword that was put in while mending may stand on a line that is empty in the file
        column = min(column, len(draft.source.lines[line]))
        draft.tell("TWL-S037", line, (column, column + 1))
    return False


def mend_continued(draft: YamlDraft, value: ScalarEvent, keywords: frozenset[str]) -> None:
    """Tell a value of several lines, or the keyword below it that lacks its colon; its first line stays."""
    first, last = value.start_mark.line, min(value.end_mark.line, len(draft.lines) - 1)
    below = [line for line in range(first + 1, last + 1) if not is_blank(draft.lines[line])]
    for line in (first, *below):
        found = NO_COLON.match(draft.lines[line], column_of_body(draft.lines[line]))
        if found and found["key"] in keywords and _mend_pair(draft, line):
            if line > first:
                _mend_indentation(draft, line)
            return
    start, end = value.start_mark.column, end_of_value(draft.lines[first])
    draft.tell("TWL-S038", first, (start, max(start + 1, end)))
    text = draft.lines[first]
    if text[start : start + 1] in {"|", ">"} or open_quote(text) is not None or not below:
        draft.replace(first, start, len(text), '"…"')
    for line in below:
        if line < last or value.end_mark.column > 0:
            draft.lines[line] = ""


def _position(mark: StringMark, draft: YamlDraft) -> tuple[int, int]:
    """Line and column of a mark; one behind the end moves up to the last line that holds something."""
    line = min(mark.line, len(draft.lines) - 1)
    while line > 0 and is_blank(draft.lines[line]):
        line -= 1
    return line, mark.column if line == mark.line else len(draft.lines[line])


def _bracket(trouble: SyntaxProblem) -> bool:
    """`color: [red, blue` without its end, or `{bowl: red shaft: blue}` without its comma."""
    draft, (line, column) = trouble.draft, trouble.begin
    return (trouble.at[0] == line and part(draft, *trouble.at)) or close(draft, line, column)


def _sign(trouble: SyntaxProblem) -> bool:
    """`name: @home`, `name: & more`, `name: > more`: signs that mean something to YAML."""
    line, column = trouble.begin if trouble.begin < trouble.at else trouble.at
    return _quote_from(trouble.draft, line, column)


def _sign_alone(trouble: SyntaxProblem) -> bool:
    """`name: - more`, `name: ? more`: signs that may only stand at the beginning of a line."""
    draft, (line, column) = trouble.draft, trouble.at
    if ENTRY.match(draft.lines[line], column):
        return _part_lines(draft, line, column)
    return _quote_from(draft, line, column)


def _part_lines(draft: YamlDraft, line: int, column: int) -> bool:
    """`fixtures: - {name: a, …}`: an entry behind something else; the lines below one without brackets are its own."""
    text = draft.lines[line]
    draft.tell("TWL-S100", line, (column, len(text[: end_of_value(text)].rstrip())))
    found = ENTRY.match(text, column)
    draft.replace(line, column, len(text), "")
    return found is not None and found["bracket"] is not None


def _quote_from(draft: YamlDraft, line: int, column: int) -> bool:
    return quote_value(draft, line, column, "TWL-S029", found=draft.lines[line][column : column + 1])


def _pair_without_colon(trouble: SyntaxProblem) -> bool:
    """`dates 20–26 November`, `dates = 20–26 November` or `dates:20–26 November`; `campaigns` with entries below."""
    draft, line = trouble.draft, trouble.begin[0]
    causes = (_bare_item, _mend_pair, _mend_keyword, _stray_text)
    return any(cause(draft, line) for cause in causes)


def _second_colon(trouble: SyntaxProblem) -> bool:
    """`name: Orange: a week`; or the line above lacks its colon, so that this one seems to belong to it."""
    draft, (line, column) = trouble.draft, trouble.at
    first = FIRST_PAIR.match(draft.lines[line])
    if first and first.end() <= column:
        return put_braces(draft, line, first.end()) or quote_value(draft, line, first.end(), "TWL-S030")
    above = draft.line_above(line)
    if above is not None and not FIRST_PAIR.match(draft.lines[above]):
        if _mend_pair(draft, above) or _mend_keyword(draft, above):
            return True
    elif above is not None and _mend_entry(draft, above, line):
        return True
    return _mend_place(draft, line)


def _out_of_line(trouble: SyntaxProblem) -> bool:
    """A line that begins between the columns of its neighbours, or text behind a closing quote or bracket."""
    draft, (line, column) = trouble.draft, trouble.at
    text = draft.lines[line]
    if not text[:column].strip():
        return _bare_item(draft, line) or _mend_place(draft, line)
    if ENTRY.match(text, column):
        return _part_lines(draft, line, column)
    if drop_sign(draft, line, column):
        return True
    first = FIRST_PAIR.match(text)
    start = first.end() if first else column_of_body(text)
    return quote_value(draft, line, start, "TWL-S031", found=text[column : end_of_value(text)].rstrip())


def _mend_place(draft: YamlDraft, line: int) -> bool:
    """A line that begins where it cannot: for one of three reasons, which may lie above it."""
    above = draft.line_above(line)
    return (
        mend_opener(draft, line)
        or below_a_value(draft, line)
        or _mend_indentation(draft, line)
        or (above is not None and _stray_text(draft, above))
    )


def _stray_text(draft: YamlDraft, line: int) -> bool:
    """Words that are no pair and no item: the rest of a comment that was broken, for instance."""
    text = draft.lines[line]
    if FIRST_PAIR.match(text) or STRUCTURE.match(text):
        return False
    draft.tell("TWL-S047", line, (indentation(text), len(text.rstrip())))
    draft.lines[line] = ""
    return True


def _mend_indentation(draft: YamlDraft, line: int) -> bool:
    """Tell the line in a column of its own, here or above, and move it with all that belongs to it."""
    is_item = draft.lines[line].lstrip().startswith("- ")
    move = best_move(draft.lines, line) if is_item or FIRST_PAIR.match(draft.lines[line]) else None
    if move is None:
        return False
    text = draft.lines[move.line]
    found, words = indentation(text), text.split()
    word = " ".join(words[: 2 if words[0] == "-" else 1]).rstrip(":")
    draft.tell("TWL-S021", move.line, (found, found + len(word)), word=word, found=found, expected=move.column)
    after = moved(draft.lines, move)
    for number, (old, new) in enumerate(zip(draft.lines, after, strict=True)):
        if old != new:
            draft.indent(number, indentation(new))
    return True


def _bare_item(draft: YamlDraft, line: int) -> bool:
    """An item in brackets without its hyphen, above or below one that has it."""
    above = draft.line_above(line)
    pair = (line, above if above is not None else line)
    bare = [at for at in pair if draft.lines[at].lstrip()[:1] in "{["]
    items = [at for at in pair if draft.lines[at].lstrip().startswith("- ")]
    if not bare or not items or indentation(draft.lines[bare[0]]) != indentation(draft.lines[items[0]]):
        return False
    mend_hyphen(draft, bare[0], indentation(draft.lines[bare[0]]))
    return True


def mend_hyphen(draft: YamlDraft, line: int, column: int) -> None:
    """Tell and mend an entry whose line lacks its hyphen in `column`."""
    text = draft.lines[line]
    start = indentation(text)
    rest = text[start : end_of_value(text)].rstrip()
    draft.tell("TWL-S072", line, (start, start + len(rest)), rest=rest, column=column)
    draft.replace(line, column, start, "- ")


def _mend_keyword(draft: YamlDraft, line: int) -> bool:
    """`campaigns` without its colon, and its entries below."""
    text = draft.lines[line]
    found = ALONE.match(text[: end_of_value(text)], column_of_body(text))
    if found is None:
        return False
    draft.tell("TWL-S046", line, found.span("key"), key=found["key"])
    draft.replace(line, found.end("key"), found.end("key"), ":")
    return True


def _mend_entry(draft: YamlDraft, first: int, line: int) -> bool:
    """An entry that lacks its hyphen: its first line stands two columns further out than the others."""
    opener, start = draft.line_above(first), column_of_body(draft.lines[first])
    if opener is None or not opens_block(draft.lines[opener]) or draft.lines[first].lstrip().startswith("-"):
        return False
    below = next((text for text in draft.lines[line + 1 :] if not is_blank(text)), "")
    slipped = indentation(below) == start and not below.lstrip().startswith("-")
    if column_of_body(draft.lines[line]) != start + 2 or slipped:
        return False
    mend_hyphen(draft, first, start)
    return True


def _mend_pair(draft: YamlDraft, line: int) -> bool:
    text = draft.lines[line]
    start = column_of_body(text)
    tight, loose = TIGHT.match(text, start), NO_COLON.match(text, start)
    found = tight or loose
    if found is None:
        return False
    told = {"key": found["key"], "value": text[found.start("value") : end_of_value(text)].rstrip()}
    draft.tell("TWL-S022" if tight else "TWL-S023", line, found.span("key"), **told)
    draft.replace(line, found.end("key"), found.start("value"), ": ")
    return True


CAUSES: tuple[tuple[str, Callable[[SyntaxProblem], bool]], ...] = (
    ("parsing a flow", _bracket),
    ("cannot start any token", _sign),
    ("scanning an", _sign),
    ("scanning a tag", _sign),
    ("scanning a block scalar", _sign),
    ("scanning a directive", _sign),
    ("could not find expected ':'", _pair_without_colon),
    ("sequence entries are not allowed here", _sign_alone),
    ("mapping keys are not allowed here", _sign_alone),
    ("not allowed here", _second_colon),
    ("expected <block end>", _out_of_line),
    ("expected '<document start>'", _out_of_line),
)
"""What the reader says, and the function that looks for the cause."""
