"""Which field of which form a finding is about, by its place in the file. Pure."""

from controller.config.checks import RULES
from controller.config.findings import FilePlace, Finding, RuleField
from controller.config.nodes import Document, Node, Pairs, Scalar, YamlEntry, span_of

DAYS_FIELD = "days"
NOTES_FIELD = "notes"
"""Notes that are no mistake of a field: they are shown below the form."""
KEYWORD_FIELDS = {"dates": DAYS_FIELD, "nights": DAYS_FIELD}
BY_WORD = frozenset({"color", "about"})
"""Keywords with a field for each zone or language."""
NAMES_KEYWORD = {"TWL-S010": "suggestion", "TWL-S014": "key", "TWL-S078": "key"}
"""Findings about a missing keyword, and the field of their text that names it."""
CODE_FIELDS = {
    **dict.fromkeys(("140", "141", "206", "242", "243", "271", "272"), DAYS_FIELD),
    **dict.fromkeys(("201", "202", "203", "204", "208", "209", "217"), NOTES_FIELD),
    **dict.fromkeys(("210", "211", "212", "213", "214", "215", "216", "218", "219", "220", "248"), "hours"),
    **dict.fromkeys(("066", "067", "180"), "change_every"),
    "205": "fade_out",
    "207": "confirmed_for",
    "244": "color",
}
"""Findings placed at the name of a rule, or at another of its values."""


def field_of(document: Document, finding: Finding) -> RuleField | None:
    """The field that a finding in this document is about."""
    place = finding.place
    if place is None:
        return None
    for group in RULES:
        above = [rule for rule in document.pairs.groups(group) if rule.place.line <= place.line]
        last = above[-1].place.line if above else 0
        for rule in (one for one in above if one.place.line == last):  # several in brackets on one line
            if _holds(rule, place):
                return _in_rule(finding, place, group, rule)
    return None


def _in_rule(finding: Finding, place: FilePlace, group: str, rule: Pairs) -> RuleField:
    named = rule.scalar("name")
    name = named.text.strip() if named else ""
    if by_code := CODE_FIELDS.get(finding.code.removeprefix("TWL-S")):
        return RuleField(group, name, by_code)
    if finding.code in NAMES_KEYWORD:
        key = str(finding.event.fields[NAMES_KEYWORD[finding.code]])
        return RuleField(group, name, KEYWORD_FIELDS.get(key, key))
    for key, entry in rule.entries.items():
        if _is_in(entry, place):
            field, value = _field(key, entry.value, place)
            return RuleField(group, name, field, *_offsets(value, place))
    return RuleField(group, name)


def _field(key: str, value: Node, place: FilePlace) -> tuple[str, Node]:
    """The field of a keyword: for colours by zone and texts by language the one at the place."""
    if isinstance(value, Pairs) and key in BY_WORD:
        for word, entry in value.entries.items():
            if _is_in(entry, place):
                return f"{key}.{word}", entry.value
    return KEYWORD_FIELDS.get(key, key), value


def _offsets(value: Node, place: FilePlace) -> tuple[int | None, int | None]:
    if not isinstance(value, Scalar) or value.place.line != place.line:
        return None, None
    first = value.place.column + (1 if value.quoted else 0)
    start, end = place.column - first, place.end - first
    return (start, end) if 0 <= start < end <= len(value.text) else (None, None)


def _holds(rule: Pairs, place: FilePlace) -> bool:
    line, column, end_line, end = span_of(rule)
    return (line, min(column, rule.place.column)) <= place[:2] < (end_line, end) or any(
        _is_in(entry, place) for entry in rule.entries.values()
    )


def _is_in(entry: YamlEntry, place: FilePlace) -> bool:
    key, value = span_of(entry.key), span_of(entry.value)
    return key[:2] <= place[:2] < max(key[2:], value[2:])
