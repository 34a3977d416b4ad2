"""The two files while the service runs: noticed when they change, judged when they are still, the last good ones kept.

Rules
1. The files are looked at by name every LOOK_S: an editor's rename, a swapped link, a network share are all seen, and a
   write that leaves time and size as they were.
2. A change is judged when the files have been the same for STILL_S: a half-written file is never read.
3. What is good is copied to `last-good` in the state directory, fixture profiles included, all at once. What is bad
   changes nothing; at the next start the last good copy is used in its place.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from controller import plain_file
from controller.config.load import SCHEDULE, TOWER, Setup, load, parse
from controller.config.profiles import FOLDER as PROFILES
from controller.config.profiles import profile_paths
from controller.config.source import LIMIT
from controller.errors import FilesRejected
from controller.schedule.plan import Cue, Program
from controller.service.wishes import goal
from controller.service.words import shows
from controller.store.atomic import settle, write_folder

LOOK_S = 1.0
STILL_S = 0.5
LAST_GOOD = "last-good"
TONIGHT = timedelta(hours=24)

Seen = tuple[tuple[int, ...] | None, ...]


def keep_last_good(setup: Setup, directory: Path, state: Path) -> None:
    """Copy the files of a folder to where the next start finds them, if they still say what is in force. Raises
    OSError."""
    names = (*(f"{PROFILES}/{path.name}" for path in profile_paths(directory)), SCHEDULE, TOWER)
    contents = {name: plain_file.read(directory / name, LIMIT) for name in names}
    with suppress(FilesRejected):
        good = parse(contents[TOWER], contents[SCHEDULE], directory) == setup
        if good and contents != _kept(state / LAST_GOOD):
            write_folder(state / LAST_GOOD, contents)


def _kept(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): plain_file.read(path, LIMIT) for path in folder.rglob("*.yaml")}


def load_last_good(directory: Path, state: Path) -> tuple[Setup, FilesRejected | None]:
    """The setup of a folder, or the last good copy of it with what is wrong; raises FilesRejected without a copy."""
    try:
        return load(directory), None
    except FilesRejected as rejected:
        copy = last_good(directory, state)
        if copy is None:
            raise
        return copy, rejected


def last_good(directory: Path, state: Path) -> Setup | None:
    """What the last good copy says as if it stood in a folder; None where there is no copy that can be read."""
    try:
        settle(state / LAST_GOOD)
        tower, schedule = (plain_file.read(state / LAST_GOOD / name, LIMIT) for name in (TOWER, SCHEDULE))
        return parse(tower, schedule, directory, profiles=state / LAST_GOOD)
    except (OSError, FilesRejected):
        return None


async def changes(directory: Path, others: Iterable[Path] = ()) -> AsyncIterator[None]:
    """Once when the look-out has begun, then for each time that the files of a folder, or others, have changed and come
    to rest."""
    more = tuple(others)
    known = await asyncio.to_thread(_look, directory, more)
    yield
    while True:
        await asyncio.sleep(LOOK_S)
        now = await asyncio.to_thread(_look, directory, more)
        while now != known:
            known = now
            await asyncio.sleep(STILL_S)
            now = await asyncio.to_thread(_look, directory, more)
            if now == known:
                yield


def _look(directory: Path, others: tuple[Path, ...]) -> Seen:
    """What can be told of the files without reading them."""
    files = (directory / TOWER, directory / SCHEDULE, *others, *profile_paths(directory))
    return tuple(_stat(path) for path in files)


def _stat(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_size


def difference(before: Program, after: Program, now: datetime) -> str:
    """What changes in the next TONIGHT hours, in the words of a log line; empty where nothing does."""
    old, new = before.cues(now, now + TONIGHT), after.cues(now, now + TONIGHT)
    zone = after.place.time_zone
    told = {_essence(cue) for cue in old}
    fresh = [cue for cue in new if _essence(cue) not in told]
    if not fresh and len(old) == len(new):
        return ""
    lines = (
        f"{max(cue.at, now).astimezone(zone):%H:%M} {shows(goal(after.zones, cue, cue.at))}" for cue in fresh or new
    )
    return "; ".join(lines)


def _essence(cue: Cue) -> tuple[object, ...]:
    return cue.at, cue.fade_s, tuple(cue.looks.items())
