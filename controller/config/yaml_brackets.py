"""What stands on one line, mended: brackets and braces, what parts their items, and the quotes of a value.

Each function looks for one mistake; it tells what it finds, mends the line and answers True.
"""

import re

from controller.config.yaml_draft import YamlDraft, column_of_body
from controller.config.yaml_spelling import end_in_brackets, end_of_value

CLOSING = {"[": "]", "{": "}"}
UNPARTED = re.compile(r"(?P<before>[^\s,;\[{]*)[\s;]+(?P<word>[^\s,;]+)\s*$")
ONE_PAIR = r"[^\W\d][\w-]*: +(?:[^\s,:{}\[\]]|:(?=\S)| (?! *,))+"
SEVERAL_PAIRS = re.compile(rf"(?P<pairs>{ONE_PAIR}(?: *, *{ONE_PAIR})+)[ ,}}]*")


def close(draft: YamlDraft, line: int, column: int) -> bool:
    """`color: [red, blue` without its end."""
    text = draft.lines[line]
    opening = text[column : column + 1]
    end = len(text[: end_of_value(text)].rstrip())
    if opening not in CLOSING:
        return False
    closing = CLOSING[opening]
    draft.tell("TWL-S028", line, (column, end), bracket=opening, closing=closing)
    draft.replace(line, end, end, closing)
    return text.count(opening) > text.count(closing)


def part(draft: YamlDraft, line: int, column: int) -> bool:
    """Two parts inside brackets that nothing, or a semicolon, stands between; the reader stops behind the second."""
    text = draft.lines[line]
    found = UNPARTED.search(text, 0, column) if text[column : column + 1] == ":" else None
    if found is None:
        return False
    start = found.start("word")
    draft.tell("TWL-S048", line, (start, column), word=found["word"], before=found["before"])
    draft.replace(line, found.end("before"), start, ", ")
    return True


def drop_sign(draft: YamlDraft, line: int, column: int) -> bool:
    """`{…},` and `[…]]`: signs that no value is made of, behind the end of one."""
    text = draft.lines[line]
    rest = text[column : end_of_value(text)].rstrip()
    if text[:column].rstrip()[-1] not in "]}\"'" or rest.strip(" ,;.]})"):
        return False
    draft.tell("TWL-S049", line, (column, column + len(rest)), found=rest)
    draft.replace(line, column, column + len(rest), "")
    return True


def put_braces(draft: YamlDraft, line: int, value: int) -> bool:
    """`- name: a, zone: b` and `color: bowl: red, shaft: blue`: several pairs on a line, without their braces."""
    text = draft.lines[line]
    body, end = column_of_body(text), end_of_value(text)
    for start in (body, value + 1) if "-" in text[:body] else (value + 1,):
        found = SEVERAL_PAIRS.fullmatch(text, start, len(text[:end].rstrip()))
        if found:
            draft.tell("TWL-S065", line, (start, found.end()), braced=f"{{{found['pairs']}}}")
            draft.replace(line, start, found.end(), f"{{{found['pairs']}}}")
            return True
    return False


def quote_value(draft: YamlDraft, line: int, start: int, code: str, **fields: str) -> bool:
    """Tell that the value from `start` to its end needs quotes, and put them."""
    text = draft.lines[line]
    start += len(text[start:]) - len(text[start:].lstrip())
    value = text[start : end_in_brackets(text, start, end_of_value(text))].rstrip()
    if not value:
        return False
    quoted = f'"{value}"' if '"' not in value and "\\" not in value else "'" + value.replace("'", "''") + "'"
    draft.tell(code, line, (start, start + len(value)), quoted=quoted, **fields)
    draft.replace(line, start, start + len(value), quoted)
    return True
