"""Errors of pydantic, with our codes and at their place in the file; none of pydantic's own words reaches a reader.

A Mistake raised by a validator keeps its code, and its offsets become columns."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from controller.config.findings import Finding
from controller.config.nodes import TOP, Document, Node, Pairs, Scalar, YamlSequence, plain
from controller.config.synonyms import near
from controller.config.yaml_text import quoted
from controller.errors import Mistake, readable
from controller.events import CATALOGUE, Text
from controller.events.models import Phrase
from controller.lighting.color import parse_color
from controller.lighting.names import DARK_WORDS
from controller.locale import DEFAULT, template, texts
from controller.normal_form import normalized
from controller.schedule.days import Days

Explanation = tuple[str, dict[str, object]]
"""A code and the fields of its text."""
Path = tuple[int | str, ...]

LISTS = ("campaigns", "every_night", "blackouts")
NO_ENTRIES = frozenset(
    {"nej", "no", "none", "ingen", "inga", "inget", "nothing", "off", "false", "-", "0", "tom", "empty"}
)
"""Texts that people write for an empty list."""
REPLACED = frozenset({"TWL-S065", "TWL-S074", "TWL-S182", "TWL-S190"})
"""Mistakes whose suggestion replaces the whole value, its quotes included."""
NO_DAYS = "TWL-S141"
ELSEWHERE = frozenset({"TWL-S016", "TWL-S018"})
"""Keywords in a wrong place: reported as such, and neither as missing nor as wrongly indented."""
DELETED = "TWL-S076"
OF_PROFILES = frozenset({"TWL-F103", "TWL-F107", "TWL-F127"})
UNIVERSES = frozenset({"TWL-X157", "TWL-X158", "TWL-X159"})
COMPONENTS = ["rgbw:0", "rgb:0", "light:0"]
"""Allowed values of `component`; its model only has a pattern."""
BOUNDS = {
    "greater_than_equal": ("≥", "ge"),
    "greater_than": (">", "gt"),
    "less_than_equal": ("≤", "le"),
    "less_than": ("<", "lt"),
}
WORDS = {"union_tag_invalid": "expected_tags", "literal_error": "expected"}
CODES = {
    **dict.fromkeys(BOUNDS, "TWL-S059"),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), "TWL-S053"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"), "TWL-S052"),
    **dict.fromkeys(("int_parsing", "int_from_float", "int_parsing_size"), "TWL-S057"),
    "union_tag_not_found": "TWL-S014",
    "string_too_long": "TWL-S061",
    "string_too_short": "TWL-S013",
    "too_short": "TWL-S013",
}
"""Pydantic's name of an error, and our code."""
SINGLE = frozenset({"string_type", "int_type", "float_type", "bool_type", "union_tag_invalid"})
"""Errors that say that a single text is required."""


def findings(document: Document, error: ValidationError, earlier: Iterable[Finding]) -> Iterator[Finding]:
    """A finding for every error that is not the consequence of another one, nor of an earlier finding."""
    places, misplaced, unknown = set(), set(), set()
    for finding in earlier:
        places.add(finding.place and finding.place[:2])
        if finding.code == "TWL-S011":
            unknown.add(finding.place)
        if finding.code in ELSEWHERE:
            misplaced.add(finding.event.fields["key"])
        elif finding.code == DELETED:
            misplaced.add(finding.event.fields["missing"])
    for one in _flat(error):
        if not _is_consequence(document, one, places, misplaced, unknown):
            yield _finding(document, one)


def _flat(error: ValidationError, path: Path = ()) -> Iterator[ErrorDetails]:
    """Every error with its whole path; an error that a validator passed on from a model of its own is opened."""
    for one in error.errors(include_url=False):
        inner = one.get("ctx", {}).get("error")
        if isinstance(inner, ValidationError):
            yield from _flat(inner, (*path, *one["loc"]))
        else:
            yield {**one, "loc": (*path, *one["loc"])}


def _is_consequence(
    document: Document, error: ErrorDetails, places: set[Any], misplaced: set[object], unknown: set[Any]
) -> bool:
    """Whether an earlier finding is the reason: of this very value, or of a keyword that seems to be missing."""
    if error["type"] in {"extra_forbidden", "is_instance_of"}:
        return True
    mistake = error.get("ctx", {}).get("error")
    missing = set[str]()
    if error["type"] == "missing":
        missing = {str(error["loc"][-1])}
    elif isinstance(mistake, Mistake) and mistake.code == NO_DAYS:
        missing = {"dates", "nights"}
    _, node = document.at(error["loc"][:-1] if error["type"] == "missing" else error["loc"])
    if isinstance(node, Pairs):
        if missing and any(entry.key.place in unknown for entry in node.entries.values()):
            return True  # perhaps under the unknown keyword
        return any(word in misplaced or (word in node.entries and node.entries[word].is_empty) for word in missing)
    if isinstance(node, YamlSequence):
        return error["type"] == "too_short" and bool(node.items)
    return node is not None and node.place[:2] in places


def _finding(document: Document, error: ErrorDetails) -> Finding:
    path = (*error["loc"], "kind") if error["type"] == "union_tag_invalid" else error["loc"]
    entry, node = document.at(path)
    if path[-1:] == ("[key]",) and entry:
        node = entry.key
    mistake = error.get("ctx", {}).get("error")
    if isinstance(mistake, Mistake):
        if mistake.code == "TWL-S173" and "except" in error["loc"]:
            mistake = Mistake("TWL-S177", start=mistake.start, end=mistake.end, **mistake.fields)
        node = blamed(node, mistake)
        place = node and node.place
        if isinstance(node, Scalar) and mistake.code not in REPLACED:
            place = node.part(mistake.start, mistake.end)
        return document.source.finding(mistake.code, place or TOP, **mistake.fields)
    key = entry.key.text if entry else str(error["loc"][-1]) if error["loc"] else ""
    code, fields = _missing(error["loc"], node) if error["type"] == "missing" else _explained(error, key, node)
    return document.source.finding(code, node.place if node else TOP, **fields)


def blamed(node: Node | None, mistake: Mistake) -> Node | None:
    """For a gateway, the value that a mistake about the whole gateway concerns: its output, or one of its fixtures."""
    if not isinstance(node, Pairs):
        return node
    if mistake.code in UNIVERSES and "output" in node.entries:
        return node.entries["output"].value
    fixtures = node.entries.get("fixtures")
    for item in fixtures.value.items if fixtures and isinstance(fixtures.value, YamlSequence) else ():
        name = item.entries.get("name") if isinstance(item, Pairs) else None
        if isinstance(item, Pairs) and name and plain(name.value) == mistake.fields.get("fixture"):
            entry = item.entries.get("profile" if mistake.code in OF_PROFILES else "address")
            return entry.value if entry else item
    return node


def _missing(path: Path, node: Node | None) -> Explanation:
    """A missing keyword, or pairs where something else is required."""
    key, groups = str(path[-1]), texts(DEFAULT, "examples")["line_in"]
    group = next((str(step) for step in reversed(path) if step in groups), "")
    if isinstance(node, YamlSequence):
        return "TWL-S063", {"key": key, "value": f"[{', '.join(map(str, plain(node)))}]"}
    if isinstance(node, Scalar):
        return "TWL-S053", {"key": group, "example": _example("inside", group) or f"{key}: …"}
    example = _example("line_in", group, key) or _example("line", key) or f"{key}: …"
    return "TWL-S014", {"key": key, "example": example}


def _explained(error: ErrorDetails, key: str, node: Node | None) -> Explanation:
    kind, context = error["type"], error.get("ctx", {})
    text = node.text if isinstance(node, Scalar) else key
    if str(error["loc"][-1]) == "otherwise" and kind == "literal_error":
        return "TWL-S189", {"value": text}
    if kind in SINGLE and not isinstance(node, Scalar):
        return "TWL-S054", {"key": key}
    if kind in WORDS or kind == "bool_parsing":
        written = "kind" if kind == "union_tag_invalid" else key
        words = re.findall(r"'([^']*)'", context[WORDS[kind]]) if kind in WORDS else ["true", "false"]
        return choice(written, str(context.get("tag", text)), words)
    if kind == "string_pattern_mismatch":
        return _name(key, text, context["pattern"])
    code = "TWL-S086" if (kind, key) == ("too_short", "zones") else CODES.get(kind, "TWL-S063")
    if code in {"TWL-S052", "TWL-S053"} and (group := next((one for one in LISTS if one in error["loc"]), None)):
        return _entry_meant(code, group, node)
    sign, bound = BOUNDS.get(kind, ("", "max_length"))
    examples = {
        "TWL-S014": _example("line", "kind"),
        "TWL-S052": f"[{text}]" if isinstance(node, Scalar) else "[a, b]",
        "TWL-S053": _example("inside", key) or "name: …",
    }
    fields = {
        "key": "kind" if code == "TWL-S014" else key,
        "value": text,
        "limit": f"{sign} {context.get(bound)}".strip(),
        "example": examples.get(code),
    }
    return code, {name: fields[name] for name in CATALOGUE[code].fields}


def _entry_meant(code: str, group: str, node: Node | None) -> Explanation:
    """A text or pairs where a list of entries (TWL-S052) or one of them (TWL-S053) is required."""
    form = "[{}]" if code == "TWL-S052" else "{}"
    example: object = form.format(f"{{{template(DEFAULT, 'examples', f'entry.{group}')}}}")
    if isinstance(node, Pairs) and all(isinstance(entry.value, Scalar) for entry in node.entries.values()):
        example = form.format(_in_braces({key: str(plain(entry.value)) for key, entry in node.entries.items()}))
    elif isinstance(node, Scalar):
        text = node.text.strip()
        if text.casefold() in NO_ENTRIES and code == "TWL-S052":
            example = "[]"
        elif group == "blackouts" and readable(Days.parse, text) is not None:
            by_days = (form.format(_in_braces({"name": text, days: text})) for days in ("nights", "dates"))
            return "TWL-S192", dict(zip(("value", "night", "calendar"), (text, *by_days), strict=True))
        elif group == "every_night" and (text.casefold() in DARK_WORDS or readable(parse_color, text, {}) is not None):
            example = form.format(_in_braces({"name": text, "color": text}))
    return code, {"key": group, "example": example}


def _in_braces(pairs: Mapping[str, str]) -> str:
    values = (quoted(value) if set(value) & set(",[]{}#:") else value for value in pairs.values())
    return f"{{{', '.join(f'{key}: {value}' for key, value in zip(pairs, values, strict=True))}}}"


def _example(*keys: str) -> Phrase | None:
    """A text of `locale/…/examples.toml`; None without one."""
    table: Any = texts(DEFAULT, "examples")
    for key in keys:
        table = table.get(key, {})
    return Phrase(Text("examples", ".".join(keys))) if isinstance(table, str) else None


def choice(key: str, text: str, allowed: list[str]) -> Explanation:
    """A word that is not allowed, with the one that was meant if there is a near one."""
    suggestion = near(text, allowed)
    if suggestion:
        return "TWL-S055", {"key": key, "value": text, "suggestion": suggestion}
    return "TWL-S056", {"key": key, "value": text, "allowed": ", ".join(allowed)}


def _name(key: str, text: str, pattern: str) -> Explanation:
    if key == "component":
        return choice(key, text, COMPONENTS)
    if "a-z" not in pattern:
        return "TWL-S062", {"key": key}
    letters = normalized("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    suggestion = re.sub(r"[^a-z0-9_-]+", "-", letters).strip("-")[:64]
    return "TWL-S060", {"value": text, "suggestion": suggestion or "mast"}
