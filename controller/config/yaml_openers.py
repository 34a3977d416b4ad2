"""Lines that stand below a keyword which cannot hold them: it has a value already, or their own keyword was deleted."""

import re
from itertools import takewhile

from controller.config.yaml_draft import YamlDraft, column_of_body, is_blank
from controller.config.yaml_indentation import deeper, indentation
from controller.config.yaml_spelling import end_of_value

FIRST_PAIR = re.compile(r" *(?:- +)*[^\s:][^:]*:(?=\s|$)")
EMPTY = frozenset({"[]", "{}", "~", "null"})
WORD = re.compile(r"(?:^|[\s{,-])([^\W\d][\w-]*):(?=\s|$)", re.MULTILINE)
TELLTALES = {
    **dict.fromkeys(("dates", "nights", "datum"), "campaigns"),
    **dict.fromkeys(("latitude", "longitude", "time_zone"), "site"),
    **dict.fromkeys(("broker", "topic_prefix"), "mqtt"),
    "kind": "gateways",
    "address": "fixtures",
}
"""Keywords that tell what the keyword above them must have been."""
SETS_OF_PAIRS = frozenset({"site", "mqtt"})
"""Those that hold no list."""


def mend_opener(draft: YamlDraft, line: int) -> bool:
    """The line `campaigns:` or `site:` was deleted: what stood under it stands under a keyword with a value now."""
    above = draft.line_above(line)
    pair = FIRST_PAIR.match(draft.lines[above]) if above is not None else None
    if above is None or pair is None:
        return False
    text, start = draft.lines[line], column_of_body(draft.lines[above])
    level, is_item = indentation(text), text.lstrip().startswith("- ")
    group = [text, *takewhile(lambda one: _belongs(one, level, is_item), draft.lines[line + 1 :])]
    missing = next((TELLTALES[word] for word in WORD.findall("\n".join(group)) if word in TELLTALES), None)
    if missing is None or missing in WORD.findall(draft.text) or is_item is (missing in SETS_OF_PAIRS):
        return False
    if level <= start and not is_item:
        return False
    key = draft.lines[above][start : pair.end() - 1].strip()
    draft.tell("TWL-S076", line, (level, end_of_value(text)), key=key, missing=missing)
    if line > above + 1:
        draft.lines[above + 1] = f"{' ' * start if missing == 'fixtures' else ''}{missing}:"
    else:
        draft.lines[line : line + len(group)] = [""] * len(group)
    return True


def _belongs(text: str, level: int, is_item: bool) -> bool:
    """Whether a line stands under the same keyword as one above that begins in column `level`."""
    deeper_or_blank = is_blank(text) or indentation(text) > level
    return deeper_or_blank or (indentation(text) == level and text.lstrip().startswith("- ") == is_item)


def below_a_value(draft: YamlDraft, line: int) -> bool:
    """`blackouts: []` with entries below it: what was put in belongs to the keyword, which has a value already."""
    above = draft.line_above(line)
    pair = FIRST_PAIR.match(draft.lines[above]) if above is not None else None
    if above is None or pair is None:
        return False
    text = draft.lines[above]
    value = text[pair.end() : end_of_value(text)].strip()
    is_item = draft.lines[line].lstrip().startswith("-")
    if not value or column_of_body(text) > indentation(draft.lines[line]):
        return False
    if is_item and column_of_body(text) > 0 and value not in EMPTY:
        return False
    if not is_item and value != "{}" and (value not in EMPTY or len(deeper(draft.lines, above)) < 2):
        return False  # one line alone has slipped rather than been put in
    start = text.index(value, pair.end())
    key = text[column_of_body(text) : pair.end() - 1].strip()
    draft.tell("TWL-S045", above, (start, start + len(value)), key=key, value=value)
    draft.replace(above, start, start + len(value), "")
    return True
