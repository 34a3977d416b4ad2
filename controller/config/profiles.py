"""The fixture profiles of a site: `config/profiles/*.yaml`, each known by the name of its file."""

from collections.abc import Mapping
from pathlib import Path

from controller.config.document import read
from controller.config.findings import Finding, Place
from controller.config.nodes import Pairs, plain
from controller.config.source import read_file
from controller.errors import Mistake
from controller.lighting.profile import Profile, parse_profile

FOLDER = "profiles"
MOST_PROFILES = 200
KEYWORDS = frozenset({"name", "channels", "curve", "emitters", "pinned"})


def read_profiles(directory: Path) -> tuple[Mapping[str, Profile], tuple[Finding, ...]]:
    """The profiles of a folder's subfolder, and what is wrong with them; none where there is no subfolder."""
    profiles: dict[str, Profile] = {}
    findings: list[Finding] = []
    for path in sorted((directory / FOLDER).glob("*.yaml"))[:MOST_PROFILES]:
        profile, faults = _read(path)
        findings.extend(faults)
        if profile is not None:
            profiles[path.stem] = profile
    return profiles, tuple(findings)


def _read(path: Path) -> tuple[Profile | None, tuple[Finding, ...]]:
    data, faults = read_file(path, str(path))
    if faults:
        return None, faults
    document = read(data, str(path), KEYWORDS)
    root = document.root
    if document.findings or not isinstance(root, Pairs):
        place = Place(1, 1, 2)
        return None, document.findings or (document.source.finding("TWL-S050", place, found="-", example="name: …"),)
    try:
        return parse_profile(plain(root)), ()
    except Mistake as mistake:
        return None, (document.source.finding(mistake.code, root.place, **mistake.fields),)
