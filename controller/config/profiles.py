"""The fixture profiles of a site: `config/profiles/*.yaml`, each named after its file."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from controller.config import keys, validation_errors
from controller.config.findings import Finding, SourceText
from controller.config.nodes import TOP, Pairs, plain
from controller.config.source import read_file
from controller.config.yaml_document import read
from controller.events.reasons import reason_of
from controller.lighting.profile import Profile

FOLDER = "profiles"
MOST_PROFILES = 200
KEYWORDS = frozenset(keys.keys(Profile))
FILES = keys.OpenedFiles(KEYWORDS, frozenset(), "")


def profile_paths(directory: Path) -> list[Path]:
    """The profile files of a folder; files beginning with a dot, as editors and network shares make them, are ignored.
    Empty if the folder does not exist; raises OSError if it cannot be read."""
    try:
        paths = list((directory / FOLDER).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(path for path in paths if path.suffix == ".yaml" and not path.name.startswith("."))


def read_profiles(directory: Path) -> tuple[Mapping[str, Profile], tuple[Finding, ...]]:
    """The profiles of a folder's subfolder, with their findings; empty without a subfolder."""
    profiles: dict[str, Profile] = {}
    findings: list[Finding] = []
    folder = SourceText(str(directory / FOLDER))
    try:
        paths = profile_paths(directory)
    except OSError as error:
        return {}, (folder.finding("TWL-S043", None, reason=reason_of(error)),)
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
        return None, document.findings or (document.source.finding("TWL-S050", TOP, found="-", example="name: …"),)
    document = keys.checked(document, Profile, FILES)
    try:
        profile = Profile.model_validate(plain(document.root or root))
    except ValidationError as error:
        found = (*document.findings, *validation_errors.findings(document, error, document.findings))
        return None, found or (document.source.finding("TWL-F120", root.place, **_first(error)),)
    return (None, document.findings) if document.findings else (profile, ())


def _first(error: ValidationError) -> dict[str, str]:
    first = error.errors(include_url=False)[0]
    return {"where": ".".join(str(part) for part in first["loc"]), "problem": first["msg"]}
