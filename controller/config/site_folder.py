"""Several sites in one folder: `config/sites/<site>/` holds the files of one, beside which those of the folder itself
hold for all. Without the folder `sites` there is one site, and none of this is used.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from controller.config.findings import Finding, SourceText
from controller.normal_form import normalized

SITES = "sites"
SHARED = "shared"
"""Where a copy of a site's files has those that it shares."""
NAME = re.compile(r"[a-z0-9_-]{1,64}")
MOST_SITES = 1000


@dataclass(frozen=True, slots=True)
class SiteFolder:
    """The files of one of several sites. `root` is the folder with those that all of them share."""

    root: Path
    name: str

    @property
    def path(self) -> Path:
        """The folder of its own files."""
        return self.root / SITES / self.name


ConfigFolder = Path | SiteFolder
"""The files of a site: a folder of their own, or a part of one with several sites."""


def site_folder(root: Path, name: str) -> ConfigFolder:
    """The files of the site of this name; of the only one, which has none, those in the folder itself."""
    return SiteFolder(root, name) if name else root


def own_folder(folder: ConfigFolder) -> Path:
    """Where the site's own files stand, as its schedule."""
    return folder.path if isinstance(folder, SiteFolder) else folder


def folders_of(folder: ConfigFolder) -> tuple[Path, ...]:
    """Every folder with files of the site, its own first."""
    return (folder.path, folder.root) if isinstance(folder, SiteFolder) else (folder,)


def has_sites(root: Path) -> bool:
    """Whether a folder holds several sites."""
    return (root / SITES).is_dir()


def sites_in(root: Path) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The names of the sites in a folder, in order, and folders whose names can be no site's; what begins with a dot is
    not looked at. Raises OSError where the folder cannot be read."""
    folders = sorted(each.name for each in (root / SITES).iterdir() if each.is_dir() and not each.name.startswith("."))
    names = tuple(name for name in folders if NAME.fullmatch(name))[:MOST_SITES]
    return names, tuple(_no_name(root / SITES / name) for name in folders if not NAME.fullmatch(name))


def _no_name(path: Path) -> Finding:
    letters = normalized("NFKD", path.name.casefold()).encode("ascii", "ignore").decode()
    suggestion = re.sub(r"[^a-z0-9_-]+", "-", letters).strip("-")[:64] or "north"
    return SourceText(str(path)).finding("TWL-S332", None, value=path.name, suggestion=suggestion)
