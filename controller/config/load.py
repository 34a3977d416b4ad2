"""Reads the two files of a folder into one Setup, or raises FilesRejected with the mistakes of both.

The tower is read first: the schedule is checked against its palette and zones, as far as those can be read. With
several sites each has its own files, joined with the shared ones (`site_folder`)."""

import contextlib
import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from controller.config import checks, keys, validation_errors
from controller.config.findings import MOST_SOUGHT, Finding, SourceText, in_order
from controller.config.nodes import Document, Node, Pairs, plain
from controller.config.profiles import FOLDER, read_profiles
from controller.config.ranges import once, written_out
from controller.config.schedule_file import Schedule
from controller.config.site_folder import (
    SHARED,
    SITES,
    ConfigFolder,
    JoinedSource,
    SiteFolder,
    joined_schedules,
    joined_towers,
    own_folder,
)
from controller.config.source import UNREAD, read_file
from controller.config.synonyms import synonyms
from controller.config.tower import AnyGateway, Tower
from controller.config.yaml_document import read
from controller.errors import FilesRejected, readable
from controller.gateways.base import Gateway
from controller.lighting.color import Color, parse_color
from controller.lighting.patch import Patch
from controller.lighting.profile import Profile
from controller.schedule.campaign import Override, SafetyStop
from controller.schedule.plan import Program

TOWER, SCHEDULE = "tower.yaml", "schedule.yaml"
MISSING = frozenset({"TWL-S002", "TWL-S194"})
UNKNOWN_COLOR = frozenset({"TWL-S132", "TWL-S145"})
UNKNOWN_PROFILE = frozenset({"TWL-F103", "TWL-F107"})
NO_RULES = b"version: 1\n"
"""The schedule of a site without one of its own."""
BLACK = Color("#000000")
OF_TOWER, OF_SCHEDULE = frozenset(keys.keys(Tower)), frozenset(keys.keys(Schedule))
VOCABULARY = {
    TOWER: (frozenset({*synonyms(), *keys.all_keys(Tower)}), OF_TOWER),
    SCHEDULE: (frozenset({*synonyms(), *keys.all_keys(Schedule)}), OF_SCHEDULE),
}
"""For each file: words that are keywords even if the colon or its space is missing, and its outermost keywords."""
IN_TOWER = keys.OpenedFiles(OF_TOWER, OF_SCHEDULE, SCHEDULE)
IN_SCHEDULE = keys.OpenedFiles(OF_SCHEDULE, OF_TOWER, TOWER)

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Setup:
    """Both files as values."""

    tower: Tower
    schedule: Schedule
    profiles: Mapping[str, Profile]
    """The site's own fixture profiles, by name."""
    tower_text: Document = field(repr=False, compare=False)
    schedule_text: Document = field(repr=False, compare=False)
    """The tower as it was validated, joined with the shared file; the schedule as written."""
    site: str = ""
    """The name of one of several sites; empty if there is one."""
    shared_schedule: Document | None = field(default=None, repr=False, compare=False)
    """The shared schedule, whose rules are below the site's own."""
    remarks: tuple[Finding, ...] = field(default=(), repr=False, compare=False)
    """Notes on the site's own files where they replace shared content."""

    @property
    def rules_text(self) -> Document:
        """Every rule as written, with its place."""
        return joined_schedules(self.schedule_text, self.shared_schedule)[0]

    def schedule_of(self, text: bytes) -> Schedule:
        """The schedule in force if this is the text of the site's own schedule; raises FilesRejected."""
        own = read(text, self.schedule_text.source.file, *VOCABULARY[SCHEDULE])
        joined, _ = joined_schedules(own, self.shared_schedule)
        schedule, findings = _schedule_for(joined, self.tower)
        if schedule is None or findings:
            raise FilesRejected(_with_cures(findings, *filter(None, (own, self.shared_schedule))))
        return schedule

    def builds_like(self, other: "Setup") -> bool:
        """Whether everything but the schedule is the same, so that running parts can stay."""
        return (self.tower, self.profiles) == (other.tower, other.profiles)

    def patch(self, gateway: Gateway) -> Patch:
        """The fixtures of a gateway with their profiles; an empty patch without any."""
        return Patch(gateway.patched_fixtures, self.profiles, self.tower.palette)

    def program(self, overrides: tuple[Override, ...] = (), stop: SafetyStop | None = None) -> Program:
        """Everything that decides what is shown, except the time."""
        return Program(
            place=self.tower.site.place,
            zones=self.tower.zones,
            campaigns=self.schedule.campaigns,
            every_night=self.schedule.every_night,
            blackouts=self.schedule.blackouts,
            limits=self.schedule.limits,
            overrides=overrides,
            stop=stop,
        )


@contextlib.contextmanager
def _without_gc() -> Iterator[None]:
    """Reading makes no cycles; searching for some would take as long as reading, with 10,000 gateways."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Texts:
    """The documents of a site; with several sites including the shared ones, if they exist."""

    tower: Document
    schedule: Document
    shared_tower: Document | None = None
    shared_schedule: Document | None = None


@_without_gc()
def load(folder: ConfigFolder) -> Setup:
    """The setup of a folder, or of one of its sites; raises FilesRejected."""
    return _joined(_texts(folder), folder)


@_without_gc()
def load_tower(folder: ConfigFolder) -> Tower:
    """The tower of a folder, without its schedule; raises FilesRejected."""
    texts = _texts(folder)
    text = _tower_text(texts, folder)
    context, faults = _context(text, folder)
    tower, findings = _tower(text, context)
    if tower is None or findings or faults:
        raise FilesRejected(_cured((*findings, *faults), text, texts))
    return _of_site(tower, folder)


@_without_gc()
def parse(
    tower: bytes,
    schedule: bytes | None,
    folder: ConfigFolder,
    profiles: Path | None = None,
    shared: Mapping[str, bytes] | None = None,
) -> Setup:
    """The setup of two texts as if in a folder, with the fixture profiles of that folder or of another; raises
    FilesRejected. For one of several sites `shared` are the texts that all of them share, by name; it may have no
    schedule of its own."""
    own = own_folder(folder)
    root = folder.root if isinstance(folder, SiteFolder) else own
    others = {name: _read(text, root / name) for name, text in (shared or {}).items()}
    own_schedule = _read(NO_RULES if schedule is None else schedule, own / SCHEDULE)
    texts = _Texts(_read(tower, own / TOWER), own_schedule, others.get(TOWER), others.get(SCHEDULE))
    return _joined(texts, folder, profiles)


@_without_gc()
def load_with(folder: ConfigFolder, schedule: bytes) -> Setup:
    """The setup of a folder with another text for the schedule of the site; raises FilesRejected."""
    texts = _texts(folder, _read(schedule, own_folder(folder) / SCHEDULE))
    if any(finding.code in UNREAD for finding in texts.tower.findings):
        raise FilesRejected(texts.tower.findings)
    return _joined(texts, folder)


@dataclass(frozen=True, slots=True)
class OpenedSchedule:
    """A schedule's text under a tower: its document, and the schedule, or None with the
    `findings`."""

    document: Document
    schedule: Schedule | None
    findings: tuple[Finding, ...]


def open_schedule(text: bytes, tower: Tower) -> OpenedSchedule:
    """A schedule for a loaded tower, or every mistake in it."""
    document = read(text, SCHEDULE, *VOCABULARY[SCHEDULE])
    schedule, findings = _schedule_for(document, tower)
    return OpenedSchedule(document, None if findings else schedule, _with_cures(findings, document))


def _schedule_for(document: Document, tower: Tower) -> tuple[Schedule | None, tuple[Finding, ...]]:
    schedule, findings = _schedule(document, tower.context)
    if schedule and not findings:
        findings = tuple(_too_long(document, tower, schedule))
    return schedule, findings


def _opened(path: Path) -> Document:
    data, faults = read_file(path, str(path))
    return Document(SourceText(str(path)), None, faults) if faults else _read(data, path)


def _read(data: bytes, path: Path) -> Document:
    return read(data, str(path), *VOCABULARY[path.name])


def has_only_shared_rules(folder: ConfigFolder) -> bool:
    """Whether a site has no schedule of its own, and needs none besides the shared one."""
    return (
        isinstance(folder, SiteFolder) and not (folder.path / SCHEDULE).exists() and (folder.root / SCHEDULE).exists()
    )


def _texts(folder: ConfigFolder, schedule: Document | None = None) -> _Texts:
    """The texts of the files; `schedule` replaces the site's own."""
    own = own_folder(folder)
    if not isinstance(folder, SiteFolder):
        return _Texts(_opened(own / TOWER), schedule or _opened(own / SCHEDULE))
    shared = {name: _opened(folder.root / name) for name in (TOWER, SCHEDULE) if (folder.root / name).exists()}
    if schedule is None and has_only_shared_rules(folder):
        schedule = _read(NO_RULES, own / SCHEDULE)
    tower, schedule = _of_folder(folder, TOWER), schedule or _of_folder(folder, SCHEDULE)
    return _Texts(tower, schedule, shared.get(TOWER), shared.get(SCHEDULE))


def _of_folder(folder: SiteFolder, name: str) -> Document:
    """A site's own file; for a missing one the place where it belongs."""
    opened = _opened(folder.path / name)
    if not any(finding.code in MISSING for finding in opened.findings):
        return opened
    where = {"name": name, "own": opened.source.file, "shared": str(folder.root / name)}
    return Document(opened.source, None, (opened.source.finding("TWL-S335", None, **where),))


def _tower_text(texts: _Texts, folder: ConfigFolder) -> Document:
    text = joined_towers(texts.tower, texts.shared_tower) if isinstance(folder, SiteFolder) else texts.tower
    return written_out(keys.checked(text, Tower, IN_TOWER))


def _of_site(tower: Tower, folder: ConfigFolder) -> Tower:
    """The tower with its site's topics and addresses below those of the service."""
    if not isinstance(folder, SiteFolder):
        return tower
    mqtt = tower.mqtt.model_copy(update={"topic_prefix": f"{tower.mqtt.topic_prefix}/{folder.name}"})
    web = tower.web and tower.web.model_copy(update={"below": f"{SITES}/{folder.name}/"})
    return tower.model_copy(update={"mqtt": mqtt, "web": web})


def _cured(findings: tuple[Finding, ...], tower_text: Document, texts: _Texts) -> tuple[Finding, ...]:
    """With suggestions, for a finding in either file."""
    tower = tower_text if texts.shared_tower is None else texts.tower
    others = (one for one in (texts.shared_tower, texts.shared_schedule) if one is not None)
    return _with_cures(findings, tower, texts.schedule, *others)


def _with_cures(findings: tuple[Finding, ...], *documents: Document) -> tuple[Finding, ...]:
    """In order, each with suggestions, for a finding in any of the documents."""
    if not findings:
        return ()
    from controller.config.cures import cured  # noqa: PLC0415  nearly all files are right

    return cured(in_order(findings), *documents)


def _joined(texts: _Texts, folder: ConfigFolder, profiles_in: Path | None = None) -> Setup:
    tower_text = _tower_text(texts, folder)
    schedule_text, remarks = joined_schedules(texts.schedule, texts.shared_schedule)
    context, faults = _context(tower_text, folder, profiles_in)
    tower, of_tower = _tower(tower_text, context)
    schedule, of_schedule = _schedule(schedule_text, context)
    if not isinstance(tower_text.root, Pairs):  # its palette is unknown
        of_schedule = tuple(finding for finding in of_schedule if finding.code not in UNKNOWN_COLOR)
    unread = {Path(fault.file).stem for fault in faults}
    of_tower = tuple(
        one
        for one in of_tower
        if one.code not in UNKNOWN_PROFILE or unread.isdisjoint({one.event.fields["profile"], FOLDER})
    )
    findings = (*of_schedule, *of_tower, *faults)
    if tower and schedule and not findings:
        findings = tuple(_too_long(schedule_text, tower, schedule))
    if tower is None or schedule is None or findings:
        raise FilesRejected(_cured(findings, tower_text, texts))
    site = folder.name if isinstance(folder, SiteFolder) else ""
    return Setup(
        _of_site(tower, folder),
        schedule,
        context["profiles"],
        tower_text,
        texts.schedule,
        site,
        texts.shared_schedule,
        remarks,
    )


def _too_long(document: Document, tower: Tower, schedule: Schedule) -> Iterator[Finding]:
    lit = {"campaigns": schedule.campaigns, "every_night": schedule.every_night}
    return checks.too_long(document, tower.gateways, lit)


def _context(
    tower_text: Document, folder: ConfigFolder, profiles_in: Path | None = None
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The validation context as far as the tower's text can be read, and the mistakes in the profiles: with several
    sites the site's own profiles replace the shared ones."""
    own = own_folder(folder)
    profiles, faults = read_profiles(profiles_in or own)
    if isinstance(folder, SiteFolder):
        others, more = read_profiles(profiles_in / SHARED if profiles_in is not None else folder.root)
        profiles, faults = {**others, **profiles}, (*faults, *more)
    context = {
        "directory": own,
        "palette": _palette(tower_text),
        "zones": tuple(zone.text for zone in checks.zones_of(tower_text)) or None,
        "parts": checks.parts_of(tower_text),
        "profiles": profiles,
    }
    return context, faults


def _tower(document: Document, context: dict[str, Any]) -> tuple[Tower | None, tuple[Finding, ...]]:
    tower, findings = _read_as(Tower, document, context)
    places = {finding.place[:2] for finding in findings if finding.place}
    gateways = _readable_gateways(document, context) if tower is None else dict(enumerate(tower.gateways))
    more = islice(once(checks.of_tower(document, gateways, context)), MOST_SOUGHT)
    return tower, (*findings, *(one for one in more if one.place is None or one.place[:2] not in places))


def _schedule(document: Document, context: dict[str, Any]) -> tuple[Schedule | None, tuple[Finding, ...]]:
    document = keys.checked(document, Schedule, IN_SCHEDULE)
    if too_many := tuple(checks.too_many(document)):
        return None, (*document.findings, *too_many)
    schedule, findings = _read_as(Schedule, document, context)
    return schedule, (*findings, *checks.of_schedule(document))


def _read_as(
    model: type[Model], document: Document, context: dict[str, Any]
) -> tuple[Model | None, tuple[Finding, ...]]:
    """The document as a model, or the findings that prevent it."""
    root = document.root
    if root is None:
        return None, document.findings
    if not isinstance(root, Pairs):
        return None, (*document.findings, _not_pairs(document, root))
    findings = document.findings
    try:
        return model.model_validate(_with_lines(root, document.source), context=context), findings
    except ValidationError as error:
        return None, (*findings, *islice(once(validation_errors.findings(document, error, findings)), MOST_SOUGHT))


def _not_pairs(document: Document, root: Node) -> Finding:
    shown = document.source.lines[root.place.line - 1][root.place.column - 1 :]
    return document.source.finding("TWL-S050", root.place, found=shown[:20].strip(), example="version: 1")


def written_at(source: SourceText, line: int) -> tuple[str, int]:
    """The place of a rule: the name of the shared file if it is not the site's own, and the line."""
    return source.written_at(line) if isinstance(source, JoinedSource) else ("", line)


def _with_lines(root: Pairs, source: SourceText) -> dict[str, Any]:
    """The text of the file, with the line on which each rule begins."""
    data: dict[str, Any] = {**plain(root)}
    for group in checks.RULES:
        for node, rule in zip(root.items(group) or (), data.get(group, ()), strict=False):
            if isinstance(rule, dict):
                rule["shared_file"], rule["line"] = written_at(source, node.place.line)
    return data


def _palette(document: Document) -> dict[str, Color]:
    """The colours by name, black for unreadable ones."""
    palette = document.pairs.entries.get("palette")
    colors = palette.value.entries if palette and isinstance(palette.value, Pairs) else {}
    return {name: readable(parse_color, str(plain(entry.value)), {}) or BLACK for name, entry in colors.items()}


def _readable_gateways(document: Document, context: dict[str, Any]) -> dict[int, Gateway]:
    """The gateways without mistakes of their own, by their index in the list."""
    gateway: TypeAdapter[Gateway] = TypeAdapter(AnyGateway)
    found: dict[int, Gateway] = {}
    for number, entry in enumerate(document.pairs.items("gateways") or ()):
        with contextlib.suppress(ValidationError):
            found[number] = gateway.validate_python(plain(entry), context=context)
    return found
