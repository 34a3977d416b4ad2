"""What can only be seen with several entries of a file side by side.

The first group looks at the document alone, so that it finds its mistakes in a file that has others. The second needs
the gateways as values, and is given those that could be read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from controller.config.findings import FilePlace, Finding
from controller.config.nodes import Document, Node, Pairs, Scalar
from controller.config.nodes import YamlSequence as Items
from controller.config.synonyms import near
from controller.config.validation_errors import blamed
from controller.errors import Mistake
from controller.gateways.base import DesiredState, Destination, Gateway
from controller.gateways.wire import MAX_PAYLOAD
from controller.lighting.look import DARK
from controller.lighting.names import plain as plain_name
from controller.lighting.patch import mistakes as patch_mistakes
from controller.schedule.campaign import Lit

DAYS = ("dates", "nights")
ZONE_NAME = re.compile(r"[a-z0-9_-]{1,64}")
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def entries(document: Document, key: str) -> tuple[Pairs, ...]:
    """The entries of a list at the outermost level."""
    _, node = document.at((key,)) if is_list(document, key) else (None, None)
    return tuple(item for item in node.items if isinstance(item, Pairs)) if isinstance(node, Items) else ()


def is_list(document: Document, key: str) -> bool:
    """Whether a keyword at the outermost level holds a list."""
    entry, node = document.at((key,))
    return entry is not None and isinstance(node, Items)


def names_twice(document: Document, groups: Iterable[Pairs]) -> Iterator[Finding]:
    """Entries that cannot be told apart by their names; upper and lower case are the same."""
    first: dict[str, Scalar] = {}
    for group in groups:
        name = _text(group, "name")
        if name is None or not name.text.strip():
            continue
        earlier = first.setdefault(name.text.strip().casefold(), name)
        if earlier is not name:
            lines = {"first_line": earlier.place.line, "second_line": name.place.line}
            yield document.source.finding("TWL-S064", name.place, name=name.text.strip(), **lines)


def palette_twice(document: Document) -> Iterator[Finding]:
    """Two colours of the palette whose names are the same to whoever looks a colour up."""
    entry, node = document.at(("palette",))
    first: dict[str, Scalar] = {}
    for name in (one.key for one in node.entries.values()) if entry and isinstance(node, Pairs) else ():
        earlier = first.setdefault(plain_name(name.text), name)
        if earlier is not name:
            lines = {"first_line": earlier.place.line, "second_line": name.place.line}
            yield document.source.finding("TWL-S064", name.place, name=name.text, **lines)


def days_missing(document: Document, rules: Iterable[Pairs]) -> Iterator[Finding]:
    """Campaigns and blackouts without days, or with both kinds; told though the entry has other mistakes."""
    too_far_out = isinstance(document.root, Pairs) and any(word in document.root.entries for word in DAYS)
    for rule in rules:
        name = _text(rule, "name")
        told = {"name": name.text.strip() if name else "–"}
        if not any(word in rule.entries for word in DAYS) and not too_far_out:
            yield document.source.finding("TWL-S141", rule.place, **told)
        elif all(word in rule.entries for word in DAYS):
            yield document.source.finding("TWL-S140", rule.place, **told)


def lists_left_empty(document: Document, rules: Iterable[Pairs]) -> Iterator[Finding]:
    """Days or hours given as an empty list: the entry could never be lit."""
    for rule in rules:
        for word in (*DAYS, "hours"):
            entry = rule.entries.get(word)
            if entry and isinstance(entry.value, Items) and not entry.value.items:
                yield document.source.finding("TWL-S013", entry.value.place, key=word)


MOST_RULES, MOST_WINDOWS = 1000, 2000
"""Of one schedule: far above what a tower is lit for, and few enough to work all of it out in seconds."""


def too_much(document: Document, groups: Iterable[Pairs]) -> Iterator[Finding]:
    """More rules, or windows of hours in all, than a schedule may have; told at the first that is too many."""
    windows = 0
    for number, rule in enumerate(groups, start=1):
        entry = rule.entries.get("hours")
        windows += len(entry.value.items) if entry and isinstance(entry.value, Items) else 1
        if number > MOST_RULES or windows > MOST_WINDOWS:
            limits = {"rules": MOST_RULES, "windows": MOST_WINDOWS}
            yield document.source.finding("TWL-S155", rule.place, **limits)
            return


def too_long(document: Document, gateways: Iterable[Gateway], rules: Mapping[str, Iterable[Lit]]) -> Iterator[Finding]:
    """Rules whose looks do not fit into the document of a gateway, with the plan ahead; told at their colours."""
    listed_gateways = tuple(gateways)
    for group, listed in rules.items():
        for number, rule in enumerate(listed):
            long = ((gateway, gateway.plan_bytes(rule.looks)) for gateway in listed_gateways)
            for gateway, count in ((gateway, count) for gateway, count in long if count > MAX_PAYLOAD):
                kb, most = -(-count // 1024), MAX_PAYLOAD // 1024
                long_one = Mistake("TWL-S154", name=rule.name, gateway=gateway.name, kb=kb, most=most)
                yield _at(document, (group, number, "color"), long_one)
                break


def zones_of(document: Document) -> tuple[Scalar, ...]:
    """The zones that the tower's file names."""
    _, node = document.at(("zones",))
    return tuple(item for item in node.items if isinstance(item, Scalar)) if isinstance(node, Items) else ()


def zones_are_named(document: Document) -> bool:
    """Whether each zone has a name that can be one; what belongs to which zone cannot be told otherwise."""
    return all(ZONE_NAME.fullmatch(zone.text) for zone in zones_of(document))


def unknown_zones(document: Document) -> Iterator[Finding]:
    """Lamps and gateways of a zone that the tower does not have."""
    known = dict.fromkeys(zone.text for zone in zones_of(document))
    for zone in _zones_used(document):
        if known and zone.text not in known:
            meant = near(zone.text, known)
            if meant is None:
                yield document.source.finding("TWL-S068", zone.place, zone=zone.text, zones=", ".join(known))
            else:
                yield document.source.finding("TWL-S079", zone.place, zone=zone.text, suggestion=meant)


def zones_in_the_dark(document: Document) -> Iterator[Finding]:
    """Zones that nothing shines on, and zones named twice."""
    used = {zone.text for zone in _zones_used(document)}
    seen: dict[str, Scalar] = {}
    for zone in zones_of(document):
        earlier = seen.setdefault(zone.text, zone)
        if earlier is not zone:
            yield document.source.finding("TWL-S069", zone.place, zone=zone.text)
        elif zone.text not in used:
            yield document.source.finding("TWL-S085", zone.place, zone=zone.text)


def _zones_used(document: Document) -> Iterator[Scalar]:
    for gateway in entries(document, "gateways"):
        for lamp in (gateway, *_members(gateway, "fixtures")):
            zone = _text(lamp, "zone")
            if zone is not None:
                yield zone
        zones = gateway.entries.get("zones")
        if zones is not None and isinstance(zones.value, Pairs):
            yield from (entry.key for entry in zones.value.entries.values())


def fixtures_of(gateway: Pairs) -> tuple[Pairs, ...]:
    """The fixtures of a gateway's entry."""
    return _members(gateway, "fixtures")


def _members(pairs: Pairs, key: str) -> tuple[Pairs, ...]:
    entry = pairs.entries.get(key)
    if entry is None or not isinstance(entry.value, Items):
        return ()
    return tuple(item for item in entry.value.items if isinstance(item, Pairs))


def _text(pairs: Pairs, key: str) -> Scalar | None:
    entry = pairs.entries.get(key)
    return entry.value if entry is not None and isinstance(entry.value, Scalar) else None


def commanded_twice(document: Document, gateways: Mapping[int, Gateway]) -> Iterator[Finding]:
    """Two gateways that send commands to one topic; `gateways` by their place in the file's list."""
    owners: dict[str, str] = {}
    usable = {zone.text for zone in zones_of(document) if ZONE_NAME.fullmatch(zone.text)}
    for number, gateway in gateways.items():
        if not usable.issuperset(gateway.zone_names):
            continue  # told as unknown zones; what cannot be asked for has no commands
        want = DesiredState(now=EPOCH, zones=dict.fromkeys(gateway.zone_names, DARK))
        for topic in dict.fromkeys(message.topic for message in gateway.encode(want, "")):
            other = owners.setdefault(topic, gateway.name)
            if other != gateway.name:
                yield _at(document, ("gateways", number, "name"), Mistake("TWL-S088", other=other, topic=topic))
                break


def patch(document: Document, gateways: Mapping[int, Gateway], context: Mapping[str, Any]) -> Iterator[Finding]:
    """Fixtures that overlap, pass the end of a universe, have no profile or one that pins what is no colour.

    `context` is that of the validation: `profiles` and `palette`.
    """
    for number, gateway in gateways.items():
        fixtures = gateway.patched_fixtures
        _, node = document.at(("gateways", number))
        if len({fixture.name for fixture in fixtures}) < len(fixtures):
            continue  # reported as names given twice; a mistake of the patch could not be placed
        for mistake in patch_mistakes(fixtures, context["profiles"], context["palette"]):
            yield _finding(document, blamed(node, mistake), mistake)


def universe_twice(document: Document, gateways: Mapping[int, Gateway]) -> Iterator[Finding]:
    """Two gateways that send one universe to the same output."""
    owners: dict[Destination, str] = {}
    for number, gateway in gateways.items():
        for destination in gateway.destinations:
            other = owners.setdefault(destination, gateway.name)
            if other != gateway.name:
                mistake = Mistake("TWL-S087", universe=destination[1], other=other)
                yield _at(document, ("gateways", number, "output"), mistake)


def _at(document: Document, path: tuple[int | str, ...], mistake: Mistake) -> Finding:
    return _finding(document, document.at(path)[1], mistake)


def _finding(document: Document, node: Node | None, mistake: Mistake) -> Finding:
    place = node.place if node is not None else FilePlace(1, 1, 2)
    return document.source.finding(mistake.code, place, **mistake.fields)
