"""The fixture profiles of a site: `config/profiles/*.yaml`, each known by the name of its file."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

from pydantic import BaseModel, ValidationError

from controller.config import keys, validation_errors
from controller.config.findings import FilePlace, Finding, SourceText
from controller.config.nodes import Document, Node, Pairs, plain
from controller.config.source import read_file
from controller.config.yaml_document import read
from controller.lighting.profile import Measured, Profile

FOLDER = "profiles"
MOST_PROFILES = 200
KEYWORDS = frozenset(keys.keys(Profile))
N = TypeVar("N", bound=Node)
FILES = keys.OpenedFiles(KEYWORDS, frozenset(), "")


def profile_paths(directory: Path) -> list[Path]:
    """The profiles' files of a folder; what editors and network shares put beside them begins with a dot. None where
    there is no such folder; raises OSError for one that cannot be read."""
    try:
        paths = list((directory / FOLDER).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(path for path in paths if path.suffix == ".yaml" and not path.name.startswith("."))


def read_profiles(directory: Path) -> tuple[Mapping[str, Profile], tuple[Finding, ...]]:
    """The profiles of a folder's subfolder, and what is wrong with them; none where there is no subfolder."""
    profiles: dict[str, Profile] = {}
    findings: list[Finding] = []
    folder = SourceText(str(directory / FOLDER))
    try:
        paths = profile_paths(directory)
    except OSError as error:
        return {}, (folder.finding("TWL-S043", None, reason=error.strerror or error),)
    if len(paths) > MOST_PROFILES:
        findings.append(folder.finding("TWL-F119", None, count=len(paths), most=MOST_PROFILES))
    for path in paths[:MOST_PROFILES]:
        profile, faults = _read(path)
        findings.extend(faults)
        if profile is not None:
            profiles[path.stem] = profile
    return profiles, tuple(findings)


def _read(path: Path) -> tuple[Profile | None, tuple[Finding, ...]]:
    data, faults = read_file(path, str(path))
    if faults:
        return None, faults
    document = read(data, str(path), KEYWORDS, KEYWORDS)
    root = document.root
    if not isinstance(root, Pairs):
        place = FilePlace(1, 1, 2)
        return None, document.findings or (document.source.finding("TWL-S050", place, found="-", example="name: …"),)
    document, words = _as_meant(document, root)
    found = (*document.findings, *words)
    try:
        profile = Profile.model_validate(plain(document.root or root))
    except ValidationError as error:
        told = (*found, *validation_errors.findings(document, error, found))
        return None, told or (document.source.finding("TWL-F120", root.place, **_first(error)),)
    return (None, found) if found else (profile, ())


def _as_meant(document: Document, root: Pairs) -> tuple[Document, tuple[Finding, ...]]:
    """The document by the keywords that were meant, and what is wrong with them; channels have a form of their own."""
    own_form = {word: entry for word, entry in root.entries.items() if word == "channels" and not entry.is_empty}
    rest = {word: entry for word, entry in root.entries.items() if word not in own_form}
    meant, findings = _keywords(document, Profile, Pairs(rest, root.place))
    entries = {**meant.entries, **own_form}
    emitters = entries.get("emitters")
    if emitters is not None and isinstance(emitters.value, Pairs):
        measured = {}
        for kind, entry in emitters.value.entries.items():
            value, more = _keywords(document, Measured, entry.value)
            measured[kind] = replace(entry, value=value)
            findings += more
        entries["emitters"] = replace(emitters, value=Pairs(measured, emitters.value.place))
    return replace(document, root=Pairs(entries, root.place)), findings


def _keywords(document: Document, model: type[BaseModel], node: N) -> tuple[N, tuple[Finding, ...]]:
    part = keys.as_meant(replace(document, root=node), model, FILES)
    return cast(N, part.root), tuple(keys.mistakes(part, model, FILES))


def _first(error: ValidationError) -> dict[str, str]:
    first = error.errors(include_url=False)[0]
    return {"where": ".".join(str(part) for part in first["loc"]), "problem": first["msg"]}
