"""The last good copy of the files: written when files are applied, used at the next start instead of bad ones.

Valid files are copied to `last-good` in the state directory, fixture profiles included, all at once; for one of several
sites the shared files too, in the folder `shared` of the copy.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from controller import plain_file
from controller.config.load import SCHEDULE, TOWER, Setup, load, parse
from controller.config.profiles import FOLDER as PROFILES
from controller.config.profiles import profile_paths
from controller.config.site_folder import SHARED, ConfigFolder, SiteFolder, own_folder
from controller.config.source import LIMIT
from controller.errors import FilesRejected
from controller.events import new_event
from controller.events.alarm import Alarm
from controller.events.reasons import reason_of
from controller.state.atomic import settle, write_folder
from controller.threads import run_blocking

LAST_GOOD = "last-good"
BEFORE = "last-good-before"
"""The files in force before the last good ones: for comparison, when a file was applied a second ago."""

Contents = Mapping[str, bytes]


class LastGood:
    """Writes a copy of the files in force; `alarm` is raised while it cannot be written."""

    def __init__(self, directory: ConfigFolder, state: Path, alarm: Alarm) -> None:
        self._directory = directory
        self._state = state
        self._alarm = alarm
        self._setup: Setup | None = None
        self._contents: Contents | None = None

    @property
    def is_stale(self) -> bool:
        """Whether the copy is older than the files in force."""
        return self._setup is not None

    async def keep(self, setup: Setup) -> None:
        """Copies the files if they are still those in force, now or in `retry`."""
        self._setup, self._contents = setup, None
        await self.retry()

    async def retry(self) -> None:
        """Writes a copy that could not be written, from the contents read before: the files may have changed
        meanwhile."""
        if self._setup is None:
            return
        try:
            if self._contents is None:
                self._contents = await run_blocking("files", partial(contents_of, self._setup, self._directory))
            await run_blocking("files", partial(write_last_good, self._contents, self._state))
        except OSError as error:
            if await run_blocking("files", partial(last_good, self._directory, self._state)) == self._setup:
                self._setup = None  # a start that used the copy
                self._alarm.clear(new_event("TWL-O133"))
                return
            copied = local(copied_at(self._state), self._setup)
            event = new_event("TWL-O132", copied=copied, reason=reason_of(error))
            self._alarm.raise_(event, again=event != self._alarm.raised)
            return
        self._setup = None
        self._alarm.clear(new_event("TWL-O133"))


def paths_of(folder: ConfigFolder) -> dict[str, Path]:
    """The files that make up a site, by their names in a copy; also those that do not exist. Raises OSError."""
    own = own_folder(folder)
    paths = _in_folder(own)
    if isinstance(folder, SiteFolder):
        paths |= {f"{SHARED}/{name}": path for name, path in _in_folder(folder.root).items()}
    return paths


def _in_folder(folder: Path) -> dict[str, Path]:
    profiles = {f"{PROFILES}/{path.name}": path for path in profile_paths(folder)}
    return {**profiles, SCHEDULE: folder / SCHEDULE, TOWER: folder / TOWER}


def contents_of(setup: Setup, folder: ConfigFolder) -> Contents:
    """The files of a folder; empty if they are no longer those of this setup. Raises OSError."""
    has_all = not isinstance(folder, SiteFolder)
    paths = {name: path for name, path in paths_of(folder).items() if has_all or path.exists()}
    contents = {name: plain_file.read(path, LIMIT) for name, path in paths.items()}
    try:
        return contents if _parsed(contents, folder) == setup else {}
    except (KeyError, FilesRejected):
        return {}


def _parsed(contents: Contents, folder: ConfigFolder, profiles: Path | None = None) -> Setup:
    """The setup of a copy; raises FilesRejected."""
    shared = {name: contents[f"{SHARED}/{name}"] for name in (TOWER, SCHEDULE) if f"{SHARED}/{name}" in contents}
    schedule = contents[SCHEDULE] if SCHEDULE not in shared else contents.get(SCHEDULE)
    return parse(contents[TOWER], schedule, folder, profiles, shared)


def write_last_good(contents: Contents, state: Path) -> None:
    """Writes these files, if any, as the last good copy. Raises OSError."""
    before = _kept(state / LAST_GOOD)
    if contents and contents != before:
        if before:
            with suppress(OSError):
                write_folder(state / BEFORE, before)
        write_folder(state / LAST_GOOD, contents)


def is_last_good(setup: Setup, directory: ConfigFolder, state: Path) -> bool:
    """Whether the files of a folder are, byte for byte, those that the service applied last. Raises OSError."""
    return contents_of(setup, directory) == _kept(state / LAST_GOOD)


def copied_at(state: Path) -> datetime | None:
    """When the last good copy was written; None if there is none."""
    try:
        return datetime.fromtimestamp((state / LAST_GOOD / TOWER).stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None


def local(at: datetime | None, setup: Setup) -> str:
    """An instant as text in the site's own time."""
    return f"{at.astimezone(setup.tower.site.place.time_zone):%Y-%m-%d %H:%M}" if at is not None else "–"


def _contents(folder: Path) -> Contents:
    """The files of a copy; raises OSError."""
    return {str(path.relative_to(folder)): plain_file.read(path, LIMIT) for path in folder.rglob("*.yaml")}


def _kept(folder: Path) -> Contents:
    """The files of a copy; empty if it cannot be read, so that it is written again."""
    try:
        return _contents(folder)
    except OSError:
        return {}


def load_last_good(directory: ConfigFolder, state: Path) -> tuple[Setup, FilesRejected | None]:
    """The setup of a folder, or its last good copy with what is wrong; raises FilesRejected without a copy."""
    try:
        return load(directory), None
    except FilesRejected as rejected:
        copy = last_good(directory, state)
        if copy is None:
            raise
        return copy, rejected


def last_good(directory: ConfigFolder, state: Path, copy: str = LAST_GOOD) -> Setup | None:
    """The setup of the last good copy, or of the one BEFORE it, as if it were in a folder; None if there is no readable
    copy."""
    try:
        settle(state / copy)
        return _parsed(_contents(state / copy), directory, profiles=state / copy)
    except (OSError, KeyError, FilesRejected):
        return None
