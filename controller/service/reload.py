"""The two files while the service runs: noticed when they change, judged when they are still, the last good ones kept.

The files are looked at by name every LOOK_S: an editor's rename, a swapped link, a network share are all seen, and a
write that leaves time and size as they were. A change is judged when the files have been the same for STILL_S: a
half-written file is never read. What could not be read, or copied, is tried again every RETRY_S until it can be: an
error of a disk or a network share leaves no trace in what `stat` tells.

What is good is copied to `last-good` in the state directory, fixture profiles included, all at once. What is bad
changes nothing; at the next start the last good copy is used in its place.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from controller import plain_file
from controller.config.load import SCHEDULE, TOWER, Setup, load, parse
from controller.config.profiles import FOLDER as PROFILES
from controller.config.profiles import profile_paths
from controller.config.source import LIMIT
from controller.errors import FilesRejected
from controller.events import new_event
from controller.events.alarm import Alarm
from controller.schedule.plan import Cue, Program
from controller.service.desired import desired_looks
from controller.service.formatting import shows
from controller.state.atomic import settle, write_folder
from controller.threads import run_blocking

LOOK_S = 1.0
STILL_S = 0.5
RETRY_S = 10.0
LAST_GOOD = "last-good"
BEFORE = "last-good-before"
"""What was in force before the last good files: a file that is checked was often taken a second ago."""
TONIGHT = timedelta(hours=24)

Seen = tuple[tuple[int, ...] | None, ...]
Contents = Mapping[str, bytes]


class LastGood:
    """Keeps the copy of the files of a folder as new as what is in force; `alarm` is raised while it cannot be
    written."""

    def __init__(self, directory: Path, state: Path, alarm: Alarm) -> None:
        self._directory = directory
        self._state = state
        self._alarm = alarm
        self._setup: Setup | None = None
        self._contents: Contents | None = None

    @property
    def is_stale(self) -> bool:
        """Whether what is in force has not been written."""
        return self._setup is not None

    async def keep(self, setup: Setup) -> None:
        """Copy the files if they still say what is in force, now or by `retry`."""
        self._setup, self._contents = setup, None
        await self.retry()

    async def retry(self) -> None:
        """Write what has not been written, by what was read once: the files may be spoilt before the disk is well."""
        if self._setup is None:
            return
        try:
            if self._contents is None:
                self._contents = await run_blocking("files", partial(contents_of, self._setup, self._directory))
            await run_blocking("files", partial(write_last_good, self._contents, self._state))
        except OSError as error:
            copied = local(copied_at(self._state), self._setup)
            event = new_event("TWL-O132", copied=copied, reason=error.strerror or str(error))
            self._alarm.raise_(event, again=event != self._alarm.raised)
            return
        self._setup = None
        self._alarm.clear(new_event("TWL-O133"))


def contents_of(setup: Setup, directory: Path) -> Contents:
    """The files of a folder; none where they do not say any more what is in force. Raises OSError."""
    names = (*(f"{PROFILES}/{path.name}" for path in profile_paths(directory)), SCHEDULE, TOWER)
    contents = {name: plain_file.read(directory / name, LIMIT) for name in names}
    try:
        return contents if parse(contents[TOWER], contents[SCHEDULE], directory) == setup else {}
    except FilesRejected:
        return {}


def write_last_good(contents: Contents, state: Path) -> None:
    """Put these files, if any, where the next start finds them. Raises OSError."""
    before = _kept(state / LAST_GOOD)
    if contents and contents != before:
        if before:
            with suppress(OSError):
                write_folder(state / BEFORE, before)
        write_folder(state / LAST_GOOD, contents)


def is_last_good(setup: Setup, directory: Path, state: Path) -> bool:
    """Whether the files of a folder are those that the service took last, to the letter. Raises OSError."""
    return contents_of(setup, directory) == _kept(state / LAST_GOOD)


def copied_at(state: Path) -> datetime | None:
    """When the last good copy was written; None where there is none."""
    try:
        return datetime.fromtimestamp((state / LAST_GOOD / SCHEDULE).stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None


def local(at: datetime | None, setup: Setup) -> str:
    """An instant in the site's own time."""
    return f"{at.astimezone(setup.tower.site.place.time_zone):%Y-%m-%d %H:%M}" if at is not None else "–"


def _kept(folder: Path) -> Contents:
    """What the copy holds; nothing where it cannot be read, so that it is written anew."""
    try:
        return {str(path.relative_to(folder)): plain_file.read(path, LIMIT) for path in folder.rglob("*.yaml")}
    except OSError:
        return {}


def load_last_good(directory: Path, state: Path) -> tuple[Setup, FilesRejected | None]:
    """The setup of a folder, or the last good copy of it with what is wrong; raises FilesRejected without a copy."""
    try:
        return load(directory), None
    except FilesRejected as rejected:
        copy = last_good(directory, state)
        if copy is None:
            raise
        return copy, rejected


def last_good(directory: Path, state: Path, copy: str = LAST_GOOD) -> Setup | None:
    """What the last good copy, or the one BEFORE it, says as if it stood in a folder; None where there is no copy that
    can be read."""
    try:
        settle(state / copy)
        tower, schedule = (plain_file.read(state / copy / name, LIMIT) for name in (TOWER, SCHEDULE))
        return parse(tower, schedule, directory, profiles=state / copy)
    except (OSError, FilesRejected):
        return None


async def changes(
    directory: Path, others: Iterable[Path] = (), again: Callable[[], bool] = lambda: False
) -> AsyncIterator[bool]:
    """Once when the look-out has begun; then True for each time that the files of a folder, or others, have changed and
    come to rest, and False every RETRY_S while something is to be tried `again`, or the disk does not tell."""
    more = tuple(others)
    look = partial(_look, directory, more)
    known = await run_blocking("files", look)
    yield False
    waited_s = 0.0
    while True:
        await asyncio.sleep(LOOK_S)
        waited_s += LOOK_S
        now = await run_blocking("files", look)
        while now is not None and now != known:
            known = now
            await asyncio.sleep(STILL_S)
            now = await run_blocking("files", look)
            if now == known:
                yield True
                waited_s = 0.0
        if waited_s >= RETRY_S and (now is None or again()):
            waited_s = 0.0
            yield False


def _look(directory: Path, others: tuple[Path, ...]) -> Seen | None:
    """What can be told of the files without reading them; None where the disk does not say."""
    try:
        paths = (directory / TOWER, directory / SCHEDULE, *others, *profile_paths(directory))
        return tuple(_stat(path) for path in paths)
    except OSError:
        return None


def _stat(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size


def difference(before: Program, after: Program, now: datetime) -> str:
    """What changes in the next TONIGHT hours, in the words of a log line; where nothing does, what is shown and what
    comes next."""
    old, new = before.cues(now, now + TONIGHT), after.cues(now, now + TONIGHT)
    zone = after.place.time_zone
    told = {_essence(cue) for cue in old}
    fresh = [cue for cue in new if _essence(cue) not in told]
    if not fresh and len(old) == len(new):
        fresh = list(new[:2])
    lines = (
        f"{max(cue.at, now).astimezone(zone):%H:%M} {shows(desired_looks(after.zones, cue, cue.at))}"
        for cue in fresh or new
    )
    return "; ".join(lines)


def _essence(cue: Cue) -> tuple[object, ...]:
    return cue.at, cue.fade_s, tuple(cue.looks.items())
