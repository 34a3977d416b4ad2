"""What pydantic found, in our codes and at its place in the file; none of its own words reaches a reader.

A Mistake that a validator raised keeps its code, and its offsets become columns.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from controller.config.findings import FilePlace, Finding
from controller.config.nodes import Document, Node, Pairs, Scalar, YamlSequence, plain
from controller.config.synonyms import near
from controller.errors import Mistake

Told = tuple[str, dict[str, object]]
"""A code and the fields of its text."""

MISSING, NO_DAYS = "TWL-S014", "TWL-S141"
ELSEWHERE = frozenset({"TWL-S016", "TWL-S018"})
"""Keywords in a wrong place: told as that, and neither as missing nor as oddly indented."""
DELETED = "TWL-S076"
OF_PROFILES = frozenset({"TWL-F103", "TWL-F107", "TWL-F127"})
UNIVERSES = frozenset({"TWL-X157", "TWL-X158", "TWL-X159"})
EXAMPLES: Mapping[str, str] = {
    "version": "version: 1",
    "name": "name: En vecka fri från våld",
    "dates": "dates: 20–26 November",
    "color": "color: orange",
    "campaigns": "campaigns: []",
    "site": "site: {name: …, latitude: …, longitude: …, time_zone: …}",
    "latitude": "latitude: 56.899",
    "longitude": "longitude: 14.556",
    "time_zone": "time_zone: Europe/Stockholm",
    "mqtt": "mqtt: {broker: embedded}",
    "broker": "broker: embedded",
    "zones": "zones: [bowl, shaft]",
    "gateways": "gateways: []",
    "kind": "kind: dmx",
    "output": "output: simulated",
    "fixtures": "fixtures: [{name: north, zone: bowl, profile: rgbw, address: 1}]",
    "to": "to: multicast",
    "port": "port: /dev/ttyUSB0",
    "zone": "zone: bowl",
    "profile": "profile: rgbw",
    "address": "address: 1",
    "palette": 'palette: {orange: "#FF6A00"}',
    "channels": "channels: [red, green, blue]",
    "xy": "xy: [0.57, 0.42]",
    "flux": "flux: 0.7",
}
"""How a line with each keyword may look."""
OF_GROUPS: Mapping[str, Mapping[str, str]] = {
    "every_night": {"name": "name: Vardagsljus"},
    "blackouts": {"name": "name: Earth Hour"},
    "site": {"name": "name: Alvesta vattentorn"},
    "gateways": {"name": "name: mast"},
    "fixtures": {"name": "name: north"},
    "output": {"kind": "kind: sacn"},
}
"""The same where it depends on what the keyword stands in."""
CHOICES: Mapping[str, list[str]] = {"component": ["rgbw:0", "rgb:0", "light:0"]}
"""Words to choose among where the model only has a pattern for them."""
INNER_EXAMPLES: Mapping[str, str] = {
    **dict.fromkeys(("campaigns", "every_night", "blackouts"), "- name: Julljus"),
    "gateways": "- name: mast",
    "fixtures": "- {name: north, zone: bowl, profile: rgbw, address: 1}",
    "mqtt": "broker: embedded",
    "palette": 'orange: "#FF6A00"',
    "emitters": "amber: {xy: [0.57, 0.42], flux: 0.7}",
    "pinned": "orange: {red: 255, green: 61}",
    "output": "{kind: sacn, to: multicast}",
    "zones": "bowl: …",
    "after": "{hold: 24 h, look: dark}",
    "overrides": "longest: 7 d",
    "site": "name: Alvesta vattentorn",
}
"""How what belongs into each keyword may begin."""


def findings(document: Document, error: ValidationError, told: Iterable[Finding]) -> Iterator[Finding]:
    """A finding for every error that is not the consequence of another one, nor of what was told before."""
    earlier = tuple(told)
    for one in _flat(error):
        if not _is_consequence(document, one, earlier):
            yield _finding(document, one)


def _flat(error: ValidationError, path: tuple[int | str, ...] = ()) -> Iterator[ErrorDetails]:
    """Every error with its whole path; one that a validator passed on from a model of its own is opened."""
    for one in error.errors(include_url=False):
        inner = one.get("ctx", {}).get("error")
        if isinstance(inner, ValidationError):
            yield from _flat(inner, (*path, *one["loc"]))
        else:
            yield {**one, "loc": (*path, *one["loc"])}


def _is_consequence(document: Document, error: ErrorDetails, told: tuple[Finding, ...]) -> bool:
    """Whether what was told already is the reason: of this very value, or of a keyword that seems to be missing."""
    if error["type"] in {"extra_forbidden", "is_instance_of"}:
        return True
    mistake = error.get("ctx", {}).get("error")
    if error["type"] == "missing":
        _, node = document.at(error["loc"][:-1])
        wanted = {str(error["loc"][-1])}
    else:
        _, node = document.at(error["loc"])
        wanted = {"dates", "nights"} if isinstance(mistake, Mistake) and mistake.code == NO_DAYS else set()
    if isinstance(node, YamlSequence) and error["type"] == "too_short":
        return bool(node.items)
    if isinstance(node, Scalar):
        return any(finding.place and finding.place[:2] == node.place[:2] for finding in told)
    misplaced = {finding.event.fields["key"] for finding in told if finding.code in ELSEWHERE}
    misplaced |= {finding.event.fields["missing"] for finding in told if finding.code == DELETED}
    return isinstance(node, Pairs) and any(
        word in misplaced or (word in node.entries and node.entries[word].is_empty) for word in wanted
    )


def _finding(document: Document, error: ErrorDetails) -> Finding:
    path = (*error["loc"], "kind") if error["type"] == "union_tag_invalid" else error["loc"]
    entry, node = document.at(path)
    if path[-1:] == ("[key]",) and entry:
        node = entry.key
    mistake = error.get("ctx", {}).get("error")
    if isinstance(mistake, Mistake):
        place = _place(blamed(node, mistake), mistake.start, mistake.end)
        return document.source.finding(mistake.code, place, **mistake.fields)
    key = entry.key.text if entry else str(error["loc"][-1]) if error["loc"] else ""
    if error["type"] == "missing" and isinstance(error["loc"][-1], str):
        key = error["loc"][-1]
    told = _told(error, key, node)
    if told[0] == MISSING and (example := OF_GROUPS.get(_group((*error["loc"], "")), {}).get(str(told[1]["key"]))):
        told[1]["example"] = example
    return document.source.finding(told[0], _place(node), **told[1])


def blamed(node: Node | None, mistake: Mistake) -> Node | None:
    """Of a gateway, the value that a mistake about the whole of it is about: its output, or one of its fixtures."""
    if isinstance(node, Pairs) and mistake.code in UNIVERSES and "output" in node.entries:
        return node.entries["output"].value
    fixtures = node.entries.get("fixtures") if isinstance(node, Pairs) else None
    for item in fixtures.value.items if fixtures and isinstance(fixtures.value, YamlSequence) else ():
        if not isinstance(item, Pairs) or plain(item).get("name") != mistake.fields.get("fixture"):
            continue
        entry = item.entries.get("profile" if mistake.code in OF_PROFILES else "address")
        return entry.value if entry else item
    return node


def _place(node: Node | None, start: int = 0, end: int | None = None) -> FilePlace:
    if node is None:
        return FilePlace(1, 1, 2)
    return node.part(start, end) if isinstance(node, Scalar) else node.place


def _told(error: ErrorDetails, key: str, node: Node | None) -> Told:
    kind, context = error["type"], error.get("ctx", {})
    text = node.text if isinstance(node, Scalar) else key
    if kind == "union_tag_invalid" and not isinstance(node, Scalar):
        return "TWL-S054", {"key": key}
    if kind == "missing" and isinstance(node, YamlSequence):
        return "TWL-S063", {"key": key, "value": f"[{', '.join(map(str, plain(node)))}]"}
    if kind == "missing" and isinstance(node, Scalar):
        group = _group((*error["loc"], ""))
        return "TWL-S053", {"key": group, "example": INNER_EXAMPLES.get(group, f"{key}: …")}
    if kind.endswith("_type") and kind.split("_")[0] in SHAPES:
        return SHAPES[kind.split("_")[0]](key, node)
    if kind in TELL:
        return TELL[kind](key, text, context)
    return "TWL-S063", {"key": key, "value": text}


def _missing(key: str, _text: str, _context: Mapping[str, Any]) -> Told:
    return "TWL-S014", {"key": key, "example": EXAMPLES.get(key, f"{key}: …")}


def _group(path: tuple[int | str, ...]) -> str:
    """The nearest keyword on the way to a keyword: that of the list or set of pairs which it stands in."""
    return next((str(step) for step in reversed(path[:-1]) if step in OF_GROUPS), "")


def choice(key: str, text: str, allowed: list[str]) -> Told:
    """A word that is none of those allowed, with the one that was meant where there is a near one."""
    suggestion = near(text, allowed)
    if suggestion:
        return "TWL-S055", {"key": key, "value": text, "suggestion": suggestion}
    return "TWL-S056", {"key": key, "value": text, "allowed": ", ".join(allowed)}


def _name(key: str, text: str, context: Mapping[str, Any]) -> Told:
    if key in CHOICES:
        return choice(key, text, CHOICES[key])
    if "a-z" not in context["pattern"]:
        return "TWL-S062", {"key": key}
    letters = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    suggestion = re.sub(r"[^a-z0-9_-]+", "-", letters).strip("-")[:64]
    return "TWL-S060", {"value": text, "suggestion": suggestion or "mast"}


def _limit(sign: str, bound: str) -> Callable[[str, str, Mapping[str, Any]], Told]:
    return lambda key, text, context: (
        "TWL-S059",
        {"key": key, "limit": f"{sign} {context[bound]}", "value": text},
    )


TELL: dict[str, Callable[[str, str, Mapping[str, Any]], Told]] = {
    "missing": _missing,
    "union_tag_not_found": lambda _key, text, context: _missing("kind", text, context),
    "union_tag_invalid": lambda _key, _text, context: choice(
        "kind", str(context["tag"]), re.findall(r"'([^']*)'", context["expected_tags"])
    ),
    "literal_error": lambda key, text, context: choice(key, text, re.findall(r"'([^']*)'", context["expected"])),
    "bool_parsing": lambda key, text, _context: choice(key, text, ["true", "false"]),
    "int_parsing": lambda _key, text, _context: ("TWL-S057", {"value": text}),
    "int_from_float": lambda _key, text, _context: ("TWL-S057", {"value": text}),
    "int_parsing_size": lambda _key, text, _context: ("TWL-S057", {"value": text}),
    "greater_than_equal": _limit("≥", "ge"),
    "greater_than": _limit(">", "gt"),
    "less_than_equal": _limit("≤", "le"),
    "less_than": _limit("<", "lt"),
    "string_pattern_mismatch": _name,
    "string_too_long": lambda key, _text, context: ("TWL-S061", {"key": key, "limit": context["max_length"]}),
    "string_too_short": lambda key, _text, _context: ("TWL-S013", {"key": key}),
    "too_short": lambda key, _text, _context: ("TWL-S086", {}) if key == "zones" else ("TWL-S013", {"key": key}),
}
"""What pydantic calls an error, and what we say."""


def _pairs_expected(key: str, _node: Node | None) -> Told:
    return "TWL-S053", {"key": key, "example": INNER_EXAMPLES.get(key, "name: …")}


def _list_expected(key: str, node: Node | None) -> Told:
    return "TWL-S052", {"key": key, "example": f"[{node.text}]" if isinstance(node, Scalar) else "[a, b]"}


def _single_expected(key: str, node: Node | None) -> Told:
    if isinstance(node, Scalar):
        return "TWL-S063", {"key": key, "value": node.text}
    return "TWL-S054", {"key": key}


SHAPES: dict[str, Callable[[str, Node | None], Told]] = {
    **dict.fromkeys(("model", "dict", "mapping", "dataclass"), _pairs_expected),
    **dict.fromkeys(("list", "tuple", "set", "frozen", "iterable"), _list_expected),
    **dict.fromkeys(("string", "int", "float", "bool"), _single_expected),
}
"""What pydantic expected instead of the node."""
