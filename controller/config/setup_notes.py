"""Notes on files without mistakes: what may not be meant, and what a gateway or a lamp cannot show, at its place."""

import contextlib
import errno
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path

from controller import plain_file
from controller.config import checks
from controller.config.cures import cured
from controller.config.findings import Finding, in_order
from controller.config.load import Setup, written_at
from controller.config.nodes import Document, Node, Pairs, Scalar
from controller.config.nodes import YamlSequence as Items
from controller.config.ranges import once
from controller.config.schedule_file import Shows
from controller.config.source import copies_beside
from controller.config.timezones import SWEDISH, is_far, is_wrong_in_sweden
from controller.gateways.base import Lack
from controller.lighting.color import Color, parse_color
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light
from controller.lighting.look import parse_brightness
from controller.lighting.names import DARK_WORDS
from controller.lighting.patch import VISIBLE
from controller.schedule.plan import Program
from controller.schedule.plan_notes import Note
from controller.schedule.plan_notes import notes as notes_of_schedule
from controller.schedule.trap_notes import trap_notes

INABILITIES: Mapping[Lack, str] = {
    "color": "TWL-S231",
    "brightness": "TWL-S232",
    "fade": "TWL-S233",
    "report": "TWL-S234",
    "refresh": "TWL-S235",
    "answer": "TWL-S238",
    "scale": "TWL-S239",
}
OF_LOOKS = {0.0: "TWL-S251"}
OF_LIMITS = {0.0: "TWL-S259", 1.0: "TWL-S260"}
"""Shares of brightness that are most likely not meant."""
NUMBER = re.compile(r" +#\w.*")
FAINT = 0.4
MOST_LAMPS = 20
"""Number of the lamps missing a colour that are named."""
BLACK = re.compile("#(?:000|000000)")
USUAL_WORDS = frozenset({"dark", "släckt"})


def notes(setup: Setup, now: datetime) -> tuple[Finding, ...]:
    """Every note on the schedule from `now` on, each at the name of its rule, in the order of the file."""
    document = setup.rules_text
    rules = [rule for group in checks.RULES for rule in document.pairs.groups(group)]
    limits = document.pairs.groups("limits")
    names = {written_at(document.source, rule.place.line): rule.entries["name"].value.place for rule in rules}
    program = setup.program()
    found = [
        document.source.finding(note.code, names.get((note.rule.shared_file, note.rule.line)), **note.fields)
        for note in chain(notes_of_schedule(program, now), _traps(setup, program, now))
    ]
    if not (setup.schedule.campaigns or setup.schedule.every_night or setup.schedule.blackouts):
        found.append(document.source.finding("TWL-S252", None))
    for rule in rules:
        found.extend(_of_rule(document, rule, is_limit=rule in limits))
    more = (
        _not_read(setup),
        _of_tower(setup),
        _of_landmark(setup),
        _of_gateways(setup),
        _of_wear(setup),
        _colors_not_shown(setup, rules),
        _faint_colors(setup, rules),
    )
    documents = (setup.schedule_text, setup.tower_text, *filter(None, (setup.shared_schedule,)))
    return cured(in_order((*found, *setup.remarks, *once(chain(*more)))), *documents)


def _of_landmark(setup: Setup) -> Iterator[Finding]:
    """A drawing that cannot be used."""
    file = setup.tower.landmark.file
    if file is not None and file.fault is not None:
        entry, _ = setup.tower_text.at(("landmark", "file"))
        place = entry.value.place if entry is not None else None
        yield setup.tower_text.source.finding("TWL-S291", place, value=file.path.name, reason=file.fault)


def _traps(setup: Setup, program: Program, now: datetime) -> Iterator[Note]:
    """What was most likely not meant, for rules that are lit at all; zones without a colour follow the rules below."""
    for note in trap_notes(program, now):
        if note.rule.looks and all(not look.colors for look in note.rule.looks.values()):
            continue  # dark by day or for a minute, as for Earth Hour, is on purpose
        yield note
    for rule in (*setup.schedule.campaigns, *setup.schedule.every_night):
        rest = [zone for zone in setup.tower.zones if zone not in rule.looks]
        if rest:
            yield Note("TWL-S244", rule, {"name": rule.name, "zones": ", ".join(rest), "zone": rest[0]})


def _faint_colors(setup: Setup, rules: Iterable[Pairs]) -> Iterator[Finding]:
    """Colours that use less than FAINT of the light of the lamps: the darkness of `#2E7D32` on a screen is brightness
    on a lamp. And colours that the steps of a lamp turn into another colour at the requested brightness."""
    lamps = {place.lamp: place.fixture for each in setup.tower.gateways for place in setup.patch(each).placed}
    finding = setup.rules_text.source.finding
    for rule in rules:
        share = rule.entries.get("brightness")
        written = parse_brightness(share.value.text) if share and isinstance(share.value, Scalar) else 1.0
        for word, zones, color in _colors(setup, rule):
            light = Light(*color.linear)
            if 0 < light.brightness < FAINT:
                full = light.times(1 / light.brightness).state.color
                fields = {"percent": f"{100 * light.brightness:.0f}", "suggestion": full.hex if full else ""}
                yield finding("TWL-S245", word.place, color=word.text.strip(), **fields)
            dimmed = light.times(written)
            for lamp, fixture in lamps.items() if written < 1 else ():
                if fixture.zone not in zones or lamp.delta_e_of_levels(light, lamp.levels(light)) >= VISIBLE:
                    continue
                delta_e = lamp.delta_e_of_levels(dimmed, lamp.levels(dimmed))
                if delta_e >= VISIBLE:
                    shown = lamp.light(lamp.levels(dimmed)).state.color
                    fields = {"fixture": fixture.name, "percent": f"{100 * written:g}"}
                    instead = shown.hex if shown else "#000000"
                    yield finding("TWL-S246", word.place, color=word.text.strip(), instead=instead, **fields)
                    break


def _not_read(setup: Setup) -> Iterator[Finding]:
    """Files beside the two with nearly the same name, as editors save them: edits there have no effect."""
    for source in (setup.schedule_text.source, setup.tower_text.source):
        path = Path(source.file)
        with contextlib.suppress(OSError):
            for name in copies_beside(path):
                yield source.finding("TWL-S255", None, found=name, name=path.name)


def _of_tower(setup: Setup) -> Iterator[Finding]:
    """A place far from its time zone, and named files that cannot be used."""
    document, site = setup.tower_text, setup.tower.site
    if is_far(site.time_zone, site.latitude, site.longitude):
        yield _at(document, ("site", "longitude"), "TWL-S253", time_zone=site.time_zone)
    if is_wrong_in_sweden(site.time_zone, site.latitude, site.longitude):
        yield _at(document, ("site", "time_zone"), "TWL-S258", time_zone=site.time_zone, suggestion=SWEDISH)
    for key, path in setup.tower.mqtt:
        code = _unusable(path) if isinstance(path, Path) else None
        if code is not None:
            yield _at(document, ("mqtt", key), code, key=key, path=path)


def _unusable(path: Path) -> str | None:
    """The code for a file that is surely unusable; a folder that only the service may read is not checked."""
    try:
        plain_file.require(path)
    except (FileNotFoundError, NotADirectoryError):
        return "TWL-S254"
    except OSError as error:
        return "TWL-S256" if error.errno in {errno.EINVAL, errno.EISDIR} else None
    return None


def _of_gateways(setup: Setup) -> Iterator[Finding]:
    """What a kind of gateway cannot do; for one that only switches, colour and fades need no mention."""
    for index, gateway in enumerate(setup.tower.gateways):
        lacks = set(gateway.cannot()) & INABILITIES.keys()
        for lack in sorted(lacks - {"color", "fade"} if "brightness" in lacks else lacks):
            yield _at(setup.tower_text, ("gateways", index, "name"), INABILITIES[lack], name=gateway.name)


def _of_wear(setup: Setup) -> Iterator[Finding]:
    """Sequences that a gateway writes to its flash memory at every step, at the pace of the sequence."""
    document = setup.rules_text
    worn = [each for each in setup.tower.gateways if each.WRITES_FLASH and "color" not in each.cannot()]
    for group in ("campaigns", "every_night"):
        rules: tuple[Shows, ...] = getattr(setup.schedule, group)
        for index, rule in enumerate(rules):
            changing = {zone for zone, look in rule.looks.items() if len(look.colors) > 1}
            names = ", ".join(each.name for each in worn if not changing.isdisjoint(each.zone_names))
            if names and rule.change_every is not None:
                times = round(3600 / rule.change_every.total_seconds())
                yield _at(document, (group, index, "change_every"), "TWL-S240", names=names, times=max(1, times))


def _at(document: Document, where: tuple[int | str, ...], code: str, **fields: object) -> Finding:
    _, node = document.at(where)
    return document.source.finding(code, node.place if node else None, **fields)


def _name_cut_short(document: Document, name: Scalar) -> Iterator[Finding]:
    """A comment that was meant as part of a name, `Orange #1`; a real comment has a space after its `#`."""
    behind = document.source.lines[name.place.line - 1][name.place.end - 1 :]
    if not name.quoted and (found := NUMBER.match(behind)):
        whole = f"{name.text.strip()}{found[0]}".rstrip()
        yield document.source.finding("TWL-S247", name.place, name=name.text.strip(), whole=whole)


def _of_rule(document: Document, rule: Pairs, *, is_limit: bool) -> Iterator[Finding]:
    brightness, color = rule.entries.get("brightness"), rule.entries.get("color")
    if brightness and isinstance(brightness.value, Scalar):
        code = (OF_LIMITS if is_limit else OF_LOOKS).get(parse_brightness(brightness.value.text))
        if code is not None:
            yield document.source.finding(code, brightness.value.place)
    if name := rule.scalar("name"):
        yield from _name_cut_short(document, name)
    for word, _ in _words(color.value, frozenset()) if color else ():
        plain = word.text.strip().casefold()
        if plain in DARK_WORDS - USUAL_WORDS or BLACK.fullmatch(plain):
            yield document.source.finding("TWL-S139", word.place, value=word.text)


def _colors_not_shown(setup: Setup, rules: Iterable[Pairs]) -> Iterator[Finding]:
    """TWL-F130 for each colour of the rules and each profile whose lamps visibly miss it: all lamps of a profile show
    the same."""
    lamps: dict[str, Lamp] = {}
    hung: dict[str, list[tuple[str, str]]] = defaultdict(list)  # zone and name of the lamps of each profile
    for gateway in setup.tower.gateways:
        for place in setup.patch(gateway).placed:
            lamps.setdefault(place.fixture.profile, place.lamp)
            hung[place.fixture.profile].append((place.fixture.zone, f"{gateway.name}/{place.fixture.name}"))
    for rule in rules:
        for word, zones, color in _colors(setup, rule):
            for profile, lamp in lamps.items():
                delta_e = lamp.delta_e(color)
                names = [name for zone, name in hung[profile] if zone in zones] if delta_e >= VISIBLE else []
                if names:
                    fixtures = ", ".join([*names[:MOST_LAMPS], *(["…"] if len(names) > MOST_LAMPS else [])])
                    shown = lamp.light(lamp.levels(Light(*color.linear))).state.color
                    fields = {"instead": shown.hex if shown else "#000000", "delta_e": f"{delta_e:.0f}"}
                    finding = setup.rules_text.source.finding
                    yield finding("TWL-F130", word.place, fixture=fixtures, color=word.text.strip(), **fields)


def _colors(setup: Setup, rule: Pairs) -> Iterator[tuple[Scalar, frozenset[str], Color]]:
    """Each colour of a rule that is not dark, as written, with its zones."""
    entry = rule.entries.get("color")
    for word, zones in _words(entry.value, frozenset(setup.tower.zones)) if entry else ():
        if word.text.strip().casefold() not in DARK_WORDS:
            yield word, zones, parse_color(word.text, setup.tower.palette)


def _words(node: Node, zones: frozenset[str]) -> Iterator[tuple[Scalar, frozenset[str]]]:
    """Each colour with its zones."""
    if isinstance(node, Scalar):
        yield node, zones
    elif isinstance(node, Items):
        for item in node.items:
            yield from _words(item, zones)
    else:
        for zone, entry in node.entries.items():
            yield from _words(entry.value, frozenset((zone,)))
