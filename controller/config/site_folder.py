"""Several sites in one folder: `config/sites/<site>/` holds the files of one site, and the folder itself the files for
all. Without the folder `sites` there is one site, and none of this is used.

A site's own file and the shared one are read as one document. If both `tower.yaml` have a keyword of the outermost
level, that of the site's own file applies. The lists of `schedule.yaml` follow each other, the site's own rules first;
a shared rule with the name of one of them is left out. The lines of the shared file continue the count of the other,
and are shown as lines of their own file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from controller.config.broker_urls import EMBEDDED
from controller.config.checks import RULES
from controller.config.findings import FilePlace, Finding, SourceText
from controller.config.nodes import TOP, Document, Node, Pairs, Scalar, YamlEntry, YamlSequence
from controller.normal_form import normalized

SITES = "sites"
SHARED = "shared"
"""The folder of the shared files in a copy of a site's files."""
NAME = re.compile(r"[a-z0-9_-]{1,64}")
MOST_SITES = 1000
OF_SERVICE = frozenset({"web", "database"})
"""Sections that the service has once, however many sites it runs."""
OF_BROKER = frozenset({"listen", "users_file"})
"""The same in `mqtt:`, with a broker of the service's own."""
LINES = frozenset({"first_line", "second_line"})
"""Fields of findings with a line of the same file."""
NO_TEXT = SourceText("")


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """The files of one of several sites. `root` is the folder with the shared ones."""

    root: Path
    name: str

    @property
    def path(self) -> Path:
        """The folder of its own files."""
        return self.root / SITES / self.name


ConfigFolder = Path | SiteFolder
"""The files of a site: a folder of their own, or a part of one with several sites."""


def site_folder(root: Path, name: str) -> ConfigFolder:
    """The files of the site with this name; for a single site without a name, those in the folder itself."""
    return SiteFolder(root, name) if name else root


def own_folder(folder: ConfigFolder) -> Path:
    """The folder of the site's own files, as its schedule."""
    return folder.path if isinstance(folder, SiteFolder) else folder


def folders_of(folder: ConfigFolder) -> tuple[Path, ...]:
    """Every folder with files of the site, its own first."""
    return (folder.path, folder.root) if isinstance(folder, SiteFolder) else (folder,)


def has_sites(root: Path) -> bool:
    """Whether a folder holds several sites."""
    return (root / SITES).is_dir()


def sites_in(root: Path) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The names of the sites in a folder, in order, and findings for folders whose names are invalid; names beginning
    with a dot are ignored. Raises OSError if the folder cannot be read."""
    folders = sorted(each.name for each in (root / SITES).iterdir() if each.is_dir() and not each.name.startswith("."))
    names = tuple(name for name in folders if NAME.fullmatch(name))[:MOST_SITES]
    return names, tuple(_no_name(root / SITES / name) for name in folders if not NAME.fullmatch(name))


def _no_name(path: Path) -> Finding:
    letters = normalized("NFKD", path.name.casefold()).encode("ascii", "ignore").decode()
    suggestion = re.sub(r"[^a-z0-9_-]+", "-", letters).strip("-")[:64] or "north"
    return SourceText(str(path)).finding("TWL-S332", None, value=path.name, suggestion=suggestion)


# Its own file and the shared one as one document


@dataclass(frozen=True, slots=True)
class JoinedSource(SourceText):
    """The lines of both files, the site's own first."""

    own: SourceText = NO_TEXT
    shared: SourceText = NO_TEXT

    @classmethod
    def of(cls, own: SourceText, shared: SourceText) -> "JoinedSource":
        """Both, under the name of the site's own file."""
        return cls(own.file, own.lines + shared.lines, own, shared)

    def finding(self, code: str, place: FilePlace | None, **fields: object) -> Finding:
        """A finding in the file that the place is in."""
        before = len(self.own.lines)
        if place is None or place.line <= before or place == TOP:
            return self.own.finding(code, place if before else None, **fields)
        fields = {key: int(str(value)) - before if key in LINES else value for key, value in fields.items()}
        return self.shared.finding(code, place._replace(line=place.line - before), **fields)

    def written_at(self, line: int) -> tuple[str, int]:
        """The name of the shared file for a line in it, and the line there."""
        before = len(self.own.lines)
        return ("", line) if line <= before else (Path(self.shared.file).name, line - before)


def joined_towers(own: Document, shared: Document | None) -> Document:
    """`tower.yaml` of a site, with findings for keywords that only the shared one may have."""
    where = shared.source.file if shared is not None else str(Path(own.source.file).parents[2] / "tower.yaml")
    misplaced = tuple(own.source.finding("TWL-S331", key.place, key=word, file=where) for word, key in _of_service(own))
    base, findings = own if shared is None else _together(own, shared), own.findings
    if shared is not None:
        findings = (*findings, *shared.findings)
    return Document(base.source, base.root, (*findings, *misplaced))


def joined_schedules(own: Document, shared: Document | None) -> tuple[Document, tuple[Finding, ...]]:
    """`schedule.yaml` of a site with the rules of the shared one below its own, and a note on each shared rule that
    one of its own replaces."""
    if shared is None:
        return own, ()
    names = {
        name.text.strip().casefold(): name
        for group in RULES
        for rule in own.pairs.groups(group)
        if (name := rule.scalar("name"))
    }
    base = _together(own, shared)
    if not isinstance(base.root, Pairs):
        return Document(base.source, base.root, (*own.findings, *shared.findings)), ()
    entries, notes = dict(base.root.entries), list[Finding]()
    for group in RULES:
        left = []
        for item in shared.pairs.items(group) or ():
            name = item.scalar("name") if isinstance(item, Pairs) else None
            mine = names.get(name.text.strip().casefold()) if name is not None else None
            if name is None or mine is None:
                left.append(_moved(item, len(own.source.lines), None))
            else:
                where = {"file": shared.source.file, "line": name.place.line}
                notes.append(own.source.finding("TWL-S330", mine.place, name=mine.text.strip(), **where))
        listed = entries[group].value if group in entries else None
        if shared.pairs.items(group) is not None and (listed is None or isinstance(listed, YamlSequence)):
            first = own.pairs.items(group) or ()
            entries[group] = entries[group]._replace(value=YamlSequence((*first, *left), entries[group].key.place))
    root = base.root._replace(entries=entries)
    return Document(base.source, root, (*own.findings, *shared.findings)), tuple(notes)


def _of_service(own: Document) -> Iterator[tuple[str, Scalar]]:
    """The keywords in a site's own `tower.yaml` that belong in the shared one."""
    yield from ((word, entry.key) for word, entry in own.pairs.entries.items() if word in OF_SERVICE)
    mqtt = own.pairs.entries.get("mqtt")
    settings: Mapping[str, YamlEntry] = mqtt.value.entries if mqtt and isinstance(mqtt.value, Pairs) else {}
    for word, entry in settings.items():
        if word in OF_BROKER:
            yield f"mqtt: {{{word}: …}}", entry.key
        elif word == "broker" and isinstance(entry.value, Scalar) and entry.value.text.strip() == EMBEDDED:
            yield f"mqtt: {{broker: {EMBEDDED}}}", entry.value


def _together(own: Document, shared: Document) -> Document:
    """The keywords of both; one without a value counts as missing."""
    source = JoinedSource.of(own.source, shared.source)
    if own.root is not None and not isinstance(own.root, Pairs):
        return Document(source, own.root)
    if not isinstance(shared.root, Pairs):
        wrong = shared.root and _moved(shared.root, len(own.source.lines), None)
        return Document(source, wrong or own.root)
    written = {word: entry for word, entry in own.pairs.entries.items() if not entry.is_empty}
    folder = Path(shared.source.file).absolute().parent
    others = {
        word: _moved_entry(entry, len(own.source.lines), folder)
        for word, entry in shared.root.entries.items()
        if word not in written
    }
    entries = {**own.pairs.entries, **others}
    return Document(source, Pairs(entries, own.pairs.place))


def _moved(node: Node, by: int, folder: Path | None) -> Node:
    """The node moved down by a number of lines; files that it names are relative to its own file, in `folder`."""
    place = node.place._replace(line=node.place.line + by)
    if isinstance(node, Scalar):
        return node._replace(place=place)
    flow = node.flow and node.flow._replace(line=node.flow.line + by, end_line=node.flow.end_line + by)
    if isinstance(node, YamlSequence):
        return YamlSequence(tuple(_moved(item, by, folder) for item in node.items), place, flow)
    return Pairs({word: _moved_entry(entry, by, folder) for word, entry in node.entries.items()}, place, flow)


def _moved_entry(entry: YamlEntry, by: int, folder: Path | None) -> YamlEntry:
    key, value = entry.key, _moved(entry.value, by, folder)
    if folder is not None and isinstance(value, Scalar) and value.text.strip() and key.text.split("_")[-1] == "file":
        value = value.shortened(str(folder / value.text))
    comment = entry.comment and entry.comment._replace(
        place=entry.comment.place._replace(line=entry.comment.place.line + by)
    )
    return YamlEntry(key._replace(place=key.place._replace(line=key.place.line + by)), value, comment)
