"""Checks that need several entries of a file.

Checks of the document alone find its mistakes even in a file that has others; the rest needs the gateways as values,
and gets those that could be read, by their place in the file's list."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from controller.config.findings import FilePlace, Finding
from controller.config.nodes import TOP, Document, Node, Pairs, Scalar, YamlSequence
from controller.config.synonyms import near
from controller.config.validation_errors import blamed
from controller.errors import Mistake
from controller.gateways.base import DesiredState, Gateway
from controller.gateways.wire import MAX_PAYLOAD
from controller.lighting.look import DARK
from controller.lighting.names import plain as plain_name
from controller.lighting.patch import mistakes as patch_mistakes
from controller.locale import Language, languages
from controller.schedule.campaign import Lit

if TYPE_CHECKING:
    from controller.config.load import Setup

DAYS = ("dates", "nights")
ZONE_NAME = re.compile(r"[a-z0-9_-]{1,64}")
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MOST_RULES, MOST_WINDOWS, MOST_IN_RULES = 1000, 2000, 20_000
"""Limits of one schedule: far above what a tower needs, and few enough to compute everything in seconds."""
MOST_NAMED = 20
RULES = ("campaigns", "every_night", "blackouts", "limits")
Gateways = Mapping[int, Gateway]


def of_schedule(document: Document) -> Iterator[Finding]:
    """Mistakes of the rules of a schedule's document, each by itself or together."""
    rules = [rule for group in RULES for rule in document.pairs.groups(group)]
    yield from _names_twice(document, rules)
    dated = [rule for group in ("campaigns", "blackouts") for rule in document.pairs.groups(group)]
    too_far_out = any(word in document.pairs.entries for word in DAYS)
    for rule in dated:  # also where the entry has other mistakes
        name, given = rule.scalar("name"), [word in rule.entries for word in DAYS]
        if all(given) or not (any(given) or too_far_out):
            code = "TWL-S140" if all(given) else "TWL-S141"
            yield document.source.finding(code, rule.place, name=name.text.strip() if name else "–")
    for rule in rules:
        for word in (*DAYS, "hours"):
            if rule.items(word) == ():  # it could never be lit
                yield document.source.finding("TWL-S013", rule.entries[word].value.place, key=word)


def too_many(document: Document) -> Iterator[Finding]:
    """More rules, windows of hours or values in all than a schedule may have, at the first rule that exceeds the
    limit; reported in place of all other mistakes, since finding each of those takes time."""
    windows = values = 0
    rules = (rule for group in RULES for rule in document.pairs.groups(group))
    for number, rule in enumerate(rules, start=1):
        windows += len(rule.items("hours") or (None,))
        values += _count(rule)
        if number > MOST_RULES or windows > MOST_WINDOWS or values > MOST_IN_RULES:
            limits = {"rules": MOST_RULES, "windows": MOST_WINDOWS, "values": MOST_IN_RULES}
            yield document.source.finding("TWL-S155", rule.place, **limits)
            return


def _count(node: Node) -> int:
    if isinstance(node, Scalar):
        return 1
    inner = node.items if isinstance(node, YamlSequence) else [entry.value for entry in node.entries.values()]
    return sum(map(_count, inner))


def too_long(document: Document, gateways: Iterable[Gateway], rules: Mapping[str, Iterable[Lit]]) -> Iterator[Finding]:
    """Rules whose looks do not fit into the document of a gateway, with the plan ahead; reported at their colours."""
    different: dict[object, Gateway] = {}  # of gateways with the same zones the first: their documents are equally long
    for gateway in gateways:
        different.setdefault((type(gateway), gateway.zone_names), gateway)
    for group, listed in rules.items():
        for number, rule in enumerate(listed):
            looks = rule.looks
            sizes = ((gateway.name, gateway.plan_bytes(looks)) for gateway in different.values())
            for name, count in ((name, count) for name, count in sizes if count > MAX_PAYLOAD):
                kb, most = -(-count // 1024), MAX_PAYLOAD // 1024
                mistake = Mistake("TWL-S154", name=rule.name, gateway=name, kb=kb, most=most)
                yield _at(document, (group, number, "color"), mistake)
                break


def of_tower(document: Document, gateways: Gateways, context: Mapping[str, Any]) -> Iterator[Finding]:
    """Mistakes of the zones, colours and gateways of a tower's document together; `context` is that of the validation:
    `profiles` and `palette`."""
    written = document.pairs.groups("gateways")
    yield from _names_twice(document, written)
    for gateway in written:
        yield from _names_twice(document, gateway.groups("fixtures"))
    yield from _names_twice(document, document.pairs.groups("notices"))
    palette = document.pairs.entries.get("palette")
    colors = palette.value.entries.values() if palette and isinstance(palette.value, Pairs) else ()
    yield from _twice(document, ((plain_name(color.key.text), color.key) for color in colors))
    zones = zones_of(document)
    if all(ZONE_NAME.fullmatch(zone.text) for zone in zones):  # else it is unknown what belongs to which zone
        yield from _unknown_zones(document, zones)
        yield from _parts(document, zones)
        if document.pairs.items("gateways") is not None and len(gateways) == len(written):
            yield from _zones_in_the_dark(document, zones)
    yield from _patches(document, gateways, context)
    yield from _universes_twice(document, gateways)
    yield from _commanded_twice(document, gateways)


def _some(names: Iterable[str]) -> str:
    """Names to choose from, no more than anybody reads."""
    listed = list(names)
    return ", ".join([*listed[:MOST_NAMED], "…"] if len(listed) > MOST_NAMED else listed)


def _names_twice(document: Document, groups: Iterable[Pairs]) -> Iterator[Finding]:
    """Entries with the same name; upper and lower case do not differ."""
    names = (name for group in groups if (name := group.scalar("name")) and name.text.strip())
    return _twice(document, ((name.text.strip().casefold(), name) for name in names))


def _twice(document: Document, named: Iterable[tuple[str, Scalar]]) -> Iterator[Finding]:
    first: dict[str, Scalar] = {}
    for key, name in named:
        earlier = first.setdefault(key, name)
        if earlier is not name:
            lines = {"first_line": earlier.place.line, "second_line": name.place.line}
            yield document.source.finding("TWL-S064", name.place, name=name.text.strip(), **lines)


def zones_of(document: Document) -> tuple[Scalar, ...]:
    """The zones that the tower's file names."""
    return tuple(item for item in document.pairs.items("zones") or () if isinstance(item, Scalar))


def parts_of(document: Document) -> dict[str, dict[Language, str]]:
    """People's names for the zones, as far as the tower's file can be read."""
    landmark = document.pairs.entries.get("landmark")
    parts = landmark.value.entries.get("parts") if landmark and isinstance(landmark.value, Pairs) else None
    written = parts.value.entries if parts and isinstance(parts.value, Pairs) else {}
    return {zone: dict(_names_of(one.value)) for zone, one in written.items()}


def _names_of(node: Node) -> Iterator[tuple[Language, str]]:
    """A single name is that in every language."""
    if isinstance(node, Scalar):
        yield from ((language, node.text) for language in languages())
    elif isinstance(node, Pairs):
        yield from ((word, one.value.text) for word, one in node.entries.items() if isinstance(one.value, Scalar))


def _parts(document: Document, zones: tuple[Scalar, ...]) -> Iterator[Finding]:
    """Names for zones that the tower does not have, and one name for two zones."""
    own = [zone.text for zone in zones]
    taken = {plain_name(zone): zone for zone in own}
    for zone, names in parts_of(document).items():
        entry, _ = document.at(("landmark", "parts", zone))
        place = entry.key.place if entry else TOP
        if zone not in own:
            yield _unknown_zone(document, place, zone, own)
        for name in names.values():
            other = taken.setdefault(plain_name(name), zone)
            if other != zone:
                yield document.source.finding("TWL-S162", place, name=name, zone=other)
                break


def _unknown_zones(document: Document, zones: tuple[Scalar, ...]) -> Iterator[Finding]:
    """Lamps and gateways of a zone that the tower does not have."""
    known = dict.fromkeys(zone.text for zone in zones)
    meters = (zone for meter in document.pairs.groups("measured") if (zone := meter.scalar("zone")))
    for zone in chain(_zones_used(document), meters) if known else ():
        if zone.text not in known:
            yield _unknown_zone(document, zone.place, zone.text, known)


def _unknown_zone(document: Document, place: FilePlace, zone: str, known: Collection[str]) -> Finding:
    meant = near(zone, known)
    code, fields = ("TWL-S079", {"suggestion": meant}) if meant else ("TWL-S068", {"zones": _some(known)})
    return document.source.finding(code, place, zone=zone, **fields)


def _zones_in_the_dark(document: Document, zones: tuple[Scalar, ...]) -> Iterator[Finding]:
    """Zones without any lamp, and zones named twice."""
    used = {zone.text for zone in _zones_used(document)}
    seen = set[str]()
    for zone in zones:
        if zone.text in seen:
            yield document.source.finding("TWL-S069", zone.place, zone=zone.text)
        elif zone.text not in used:
            yield document.source.finding("TWL-S085", zone.place, zone=zone.text)
        seen.add(zone.text)


def _zones_used(document: Document) -> Iterator[Scalar]:
    for gateway in document.pairs.groups("gateways"):
        yield from (zone for lamp in (gateway, *gateway.groups("fixtures")) if (zone := lamp.scalar("zone")))
        zones = gateway.entries.get("zones")
        if zones is not None and isinstance(zones.value, Pairs):
            yield from (entry.key for entry in zones.value.entries.values())


def _patches(document: Document, gateways: Gateways, context: Mapping[str, Any]) -> Iterator[Finding]:
    """Fixtures that overlap, pass the end of a universe, have no profile or a profile that pins something other than a
    colour."""
    for number, gateway in gateways.items():
        fixtures = gateway.patched_fixtures
        if len({fixture.name for fixture in fixtures}) < len(fixtures):
            continue  # reported as names given twice; a mistake of the patch could not be placed
        for mistake in patch_mistakes(fixtures, context["profiles"], context["palette"]):
            yield _at(document, ("gateways", number), mistake)


def _universes_twice(document: Document, gateways: Gateways) -> Iterator[Finding]:
    """Two gateways that send one universe to the same output."""
    owners: dict[object, str] = {}
    for number, gateway in gateways.items():
        for destination in gateway.destinations:
            other = owners.setdefault(destination, gateway.name)
            if other != gateway.name:
                mistake = Mistake("TWL-S087", universe=destination[1], other=other)
                yield _at(document, ("gateways", number, "output"), mistake)


def _commanded_twice(document: Document, gateways: Gateways) -> Iterator[Finding]:
    """Two gateways that send commands to one topic."""
    owners: dict[str, str] = {}
    usable = {zone.text for zone in zones_of(document) if ZONE_NAME.fullmatch(zone.text)}
    for number, gateway in gateways.items():
        if not usable.issuperset(gateway.zone_names):
            continue  # reported as unknown zones; a gateway with those has no commands
        dark = DesiredState(now=EPOCH, zones=dict.fromkeys(gateway.zone_names, DARK))
        for topic in dict.fromkeys(message.topic for message in gateway.encode(dark, "")):
            other = owners.setdefault(topic, gateway.name)
            if other != gateway.name:
                yield _at(document, ("gateways", number, "name"), Mistake("TWL-S088", other=other, topic=topic))
                break


def _at(document: Document, path: tuple[int | str, ...], mistake: Mistake) -> Finding:
    node = blamed(document.at(path)[1], mistake)
    return document.source.finding(mistake.code, node.place if node is not None else TOP, **mistake.fields)


def commanded_by_two(setups: Mapping[str, "Setup"]) -> Mapping[str, Sequence[Finding]]:
    """For lamps that two sites command over the same broker a finding for each of the two, by site, at the name of the
    gateway."""
    found: dict[str, list[Finding]] = defaultdict(list)
    owners: dict[tuple[tuple[str, ...], str], tuple[str, int]] = {}
    for site, setup in setups.items():
        for number, gateway in enumerate(setup.tower.gateways):
            dark = DesiredState(now=EPOCH, zones=dict.fromkeys(gateway.zone_names, DARK))
            messages = gateway.encode(dark, setup.tower.mqtt.topic_prefix)
            for topic in dict.fromkeys(message.topic for message in messages):
                other = owners.setdefault((setup.tower.mqtt.broker, topic), (site, number))
                if other[0] != site:
                    mine, theirs = (setup, number), (setups[other[0]], other[1])
                    found[site].append(_finding(*mine, *theirs, topic))
                    found[other[0]].append(_finding(*theirs, *mine, topic))
                    break
    return found


def _finding(setup: "Setup", number: int, other: "Setup", other_number: int, topic: str) -> Finding:
    """That a gateway shares its topic with one of another site."""
    _, node = setup.tower_text.at(("gateways", number, "name"))
    name, other_name = setup.tower.gateways[number].name, other.tower.gateways[other_number].name
    about = {"gateway": name, "other": other_name, "site": other.site, "topic": topic}
    return setup.tower_text.source.finding("TWL-S334", node.place if node is not None else None, **about)
