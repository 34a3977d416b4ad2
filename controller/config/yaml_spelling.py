"""What a person's editor did to the letters of a file: told and mended line by line, before YAML is read.

Rules
1. A tab in the indentation, and what cannot be seen at a place where YAML counts spaces, are
   mistakes; anywhere else a tab or a no-break space is read as the space that was meant (`100 %` from Word).
2. A value in typographic quotes, a list with dashes for hyphens, a colon or hyphen without its space, and a
   quote that does not end on its line, are mistakes.
3. Comments may hold anything.
"""

import re

from controller.config.findings import MOST
from controller.config.yaml_draft import NEAR, YamlDraft, is_blank

SPACES = "\u00a0\u202f\u2007\u2009\u200a\u2002\u2003\u3000"
ODD_SPACE = re.compile(f"[{SPACES}]")
LEADING_ODD_SPACE = re.compile(rf"(?:^|[:,\[{{-])[ \t]*(?P<odd>[{SPACES}]+)")
INVISIBLE = re.compile(
    "[\u200b\u200c\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]+"
    "|(?<![^\x00-\u024f])\u200d|\u200d(?![^\x00-\u024f])"  # a joiner between two signs of an emoji is meant
)
INDENTATION = re.compile(r"[ \t]*(?:-[ \t]+)*")
OPENING, CLOSING = "“”„‟«»‘’‚‛", "“”‟«»‘’\"'"
QUOTED = re.compile(
    rf"(?:(?<=: )|(?<=- )|(?<=[\[{{,])|(?<=, )|^) *(?P<all>[{OPENING}][^{OPENING}\"]*[{CLOSING}])"
    r"(?=\s*(?:$|[\]},:]|#))"
)
MARKER = re.compile(r"<{7}(?: |$)|={7}$|>{7}(?: |$)|\|{7}(?: |$)")
DASH = re.compile(r"(?P<indent> *)(?P<dash>[–—−•·*‐‑])(?: +)(?P<rest>\S.*)")
TIGHT_HYPHEN = re.compile(r" *-(?P<rest>(?P<key>\w+):(?: .*|$)|[\[{].*)")
TIGHT_COLON = re.compile(r"(?: |-(?= ))*(?P<key>[^\W\d]\w*):(?P<value>[^\s/].*)")


def mend(draft: YamlDraft, keywords: frozenset[str]) -> bool:
    """Tell and mend every line; False where there are so many mistakes that reading on is of no use."""
    _conflicts(draft)
    for line, text in enumerate(draft.lines):
        if not text:
            continue
        for step in (_invisible, _odd_spaces, _tabs, _dash, _quotes):
            step(draft, line)
        _tightness(draft, line, keywords)
        _unclosed_quote(draft, line)
        if len(draft.findings) > MOST:
            return False
    return True


def _conflicts(draft: YamlDraft) -> None:
    """Tell each conflict where it begins, and keep the first of its versions for reading on."""
    version = 0
    for line, text in enumerate(draft.lines):
        if len(draft.findings) > MOST:
            return
        marker = text[0] if MARKER.match(text) else ""
        if marker == "<" or (marker and not version):
            draft.tell("TWL-S027", line, (0, len(text)), marker=text[:7])
        if marker == "<":
            version = 1
        elif marker:
            version = 2 if version and marker != ">" else 0
        if marker or version == 2:
            draft.lines[line] = ""


def _invisible(draft: YamlDraft, line: int) -> None:
    found = INVISIBLE.search(draft.lines[line], 0, end_of_value(draft.lines[line]))
    while found and len(draft.findings) <= MOST:
        draft.tell("TWL-S044", line, found.span(), found=f"U+{ord(found[0][0]):04X}")
        draft.replace(line, *found.span(), "")
        found = INVISIBLE.search(draft.lines[line], 0, end_of_value(draft.lines[line]))
    draft.lines[line] = INVISIBLE.sub(lambda odd: " " * len(odd[0]), draft.lines[line])


def _odd_spaces(draft: YamlDraft, line: int) -> None:
    text = draft.lines[line]
    for found in LEADING_ODD_SPACE.finditer(text, 0, 0 if is_blank(text) else end_of_value(text)):
        draft.tell("TWL-S026", line, found.span("odd"), found=f"U+{ord(found['odd'][0]):04X}")
    draft.lines[line] = ODD_SPACE.sub(" ", text)


def _tabs(draft: YamlDraft, line: int) -> None:
    indentation = INDENTATION.match(draft.lines[line])
    if indentation and "\t" in indentation[0] and not is_blank(draft.lines[line]):
        draft.tell("TWL-S020", line, (indentation[0].index("\t"), indentation.end()))
        draft.replace(line, 0, indentation.end(), "- " * indentation[0].count("-"))
        draft.indent(line, _column_of_tabs(draft, line, indentation[0]))
    draft.lines[line] = draft.lines[line].replace("\t", " ")


def _column_of_tabs(draft: YamlDraft, line: int, indentation: str) -> int:
    """That of the nearest line above that was indented with the same tabs, else the deepest that is open."""
    for above in range(line - 1, max(-1, line - 1 - NEAR), -1):
        other = INDENTATION.match(draft.source.lines[above])
        if other and other[0] == indentation and not is_blank(draft.lines[above]):
            return len(draft.lines[above]) - len(draft.lines[above].lstrip())
    return draft.deepest_column(line)


def _dash(draft: YamlDraft, line: int) -> None:
    found = DASH.match(draft.lines[line])
    if found and (found["dash"] != "*" or ":" in found["rest"]):
        draft.tell("TWL-S039", line, found.span("dash"), found=found["dash"], rest=found["rest"])
        draft.replace(line, *found.span("dash"), "-")


def _quotes(draft: YamlDraft, line: int) -> None:
    visible = end_of_value(draft.lines[line])
    for found in QUOTED.finditer(draft.lines[line], 0, visible):
        start, end = found.span("all")
        draft.tell("TWL-S025", line, (start, end), found=found["all"][0] + found["all"][-1])
        draft.replace(line, start, start + 1, '"')
        draft.replace(line, end - 1, end, '"')


def _tightness(draft: YamlDraft, line: int, keywords: frozenset[str]) -> None:
    hyphen = TIGHT_HYPHEN.match(draft.lines[line])
    if hyphen and (hyphen["key"] is None or hyphen["key"] in keywords):
        start = hyphen.start("rest")
        draft.tell("TWL-S040", line, (start - 1, start), rest=hyphen["rest"])
        draft.replace(line, start, start, " ")
    colon = TIGHT_COLON.match(draft.lines[line])
    if colon and colon["key"].lower() in keywords:
        draft.tell(
            "TWL-S022",
            line,
            (colon.start("key"), colon.end("key") + 1),
            key=colon["key"],
            value=colon["value"],
        )
        draft.replace(line, colon.start("value"), colon.start("value"), " ")


def _unclosed_quote(draft: YamlDraft, line: int) -> None:
    text = draft.lines[line]
    opened = open_quote(text)
    if opened is not None:
        end = end_in_brackets(text, opened, len(text.rstrip()))
        draft.tell("TWL-S024", line, (opened, end), quote=text[opened])
        draft.replace(line, end, end, text[opened])


def open_quote(text: str) -> int | None:
    """The column of a quote that begins a value and does not end on its line."""
    return _scan(text)[0]


def end_of_value(text: str) -> int:
    """The column at which the comment of a line begins, or its length."""
    return _scan(text)[1]


def end_in_brackets(text: str, start: int, end: int) -> int:
    """Where a value from `start` ends at the latest: inside brackets at the next comma or bracket, else at `end`."""
    before = text[:start]
    inside = sum(map(before.count, "[{")) > sum(map(before.count, "]}"))
    found = re.compile(r"[,\]}]").search(text, start, end) if inside else None
    return found.start() if found else end


def _scan(text: str) -> tuple[int | None, int]:
    quote, opened, escaped, before, last = "", 0, False, " ", ":"
    for column, char in enumerate(text):
        if quote:
            quote = "" if char == quote and not escaped else quote
            escaped = char == "\\" and quote == '"' and not escaped
        elif char in "\"'" and last in ":,[{-" and (before.isspace() or before in "[{,"):
            quote, opened = char, column
        elif char == "#" and before.isspace():
            return None, column
        before, last = char, last if char.isspace() else char
    return (opened, len(text)) if quote else (None, len(text))
