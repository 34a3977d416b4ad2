"""The two files while the service runs: a change is noticed, judged when the files are at rest, and taken if good.

The files are looked at by name every LOOK_S, which sees an editor's rename, a swapped link and a network share, and a
write that leaves time and size as they were. A change is judged when the files have been the same for STILL_S, so that
a half-written file is never read. What could not be read, or copied, is tried again every RETRY_S until it can be: an
error of a disk or a network share leaves no trace in what `stat` tells.

Good files are copied to `last-good` in the state directory, fixture profiles included, all at once. Bad files change
nothing, and the next start uses the last good copy in their place.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from controller import plain_file
from controller.app import broker_settings
from controller.broker import User
from controller.config import source
from controller.config.load import SCHEDULE, TOWER, Setup, load, parse
from controller.config.profiles import FOLDER as PROFILES
from controller.config.profiles import profile_paths
from controller.config.source import LIMIT
from controller.errors import FilesRejected, WatertowerError
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.rfc3339 import rfc3339
from controller.schedule.plan import Cue, Program
from controller.service.control_loop import ControlLoop
from controller.service.desired import desired_looks
from controller.service.values import looks_value, rules_value
from controller.state.atomic import settle, write_folder
from controller.threads import run_blocking

if TYPE_CHECKING:
    from controller.app.assembly import Context

LOOK_S = 1.0
STILL_S = 0.5
RETRY_S = 10.0
LAST_GOOD = "last-good"
BEFORE = "last-good-before"
"""What was in force before the last good files: a file that is checked was often taken a second ago."""
TONIGHT = timedelta(hours=24)
REJECTED, UNREAD = "TWL-O131", "TWL-O134"
FILE_UNUSABLE = "TWL-Q106"

Seen = tuple[tuple[int, ...] | None, ...]
Contents = Mapping[str, bytes]
Users = Mapping[str, User] | None


class FileFollower:
    """Follows the files of one run. A changed schedule is taken at once; `anew` gets the setup when tower.yaml or the
    broker's users changed, so that everything has to be built anew. `users` are those that the broker knows."""

    def __init__(self, context: "Context", loop: ControlLoop, users: Users) -> None:
        self.anew: asyncio.Future[Setup] = asyncio.get_running_loop().create_future()
        self._context = context
        self._loop = loop
        self._users = users
        self._in_force = context.setup
        self._taken_at = context.clock.read().wall
        raised = context.degradations.stands  # reported by the build before this one, and lasting still
        self._copy = LastGood(context.config or Path(), context.state, Alarm(self._tell, raised("TWL-O132")))
        self._alarm = Alarm(self._tell, raised(REJECTED) or raised(UNREAD))

    async def run(self) -> None:
        """Until cancelled, or until all is to be built anew."""
        directory = self._context.config
        if directory is None:
            return
        users_file = self._context.setup.tower.mqtt.users_file
        others = () if users_file is None else (users_file,)
        changed = changes(directory, others, again=lambda: may_pass(self._alarm.raised) or self._copy.is_stale)
        await anext(changed)
        if not self._context.unbuilt:
            # a file saved while everything was built is no change to a follower that began to look only now
            await self._copy.keep(self._context.setup)
            await self._judge(directory, saved=False)
        async for saved in changed:
            if self.anew.done():
                return
            await self._copy.retry()
            await self._judge(directory, saved)

    async def _judge(self, directory: Path, saved: bool) -> None:
        """Reads the files and takes or rejects them; `saved`: somebody saved one and waits for an answer."""
        try:
            setup = await run_blocking("files", partial(load, directory))
        except FilesRejected as rejected:
            self._reject(rejection(rejected, self._taken), saved)
            return
        users, refused = self._users, None
        try:
            users = await run_blocking("users", partial(_users, setup))
        except WatertowerError as error:
            # a secret does not concern the schedule, which is taken all the same
            refused = refusal(error, self._taken)
        if refused is None or (setup.builds_like(self._context.setup) and setup != self._in_force):
            await self._accept(setup, users, saved)
        if refused is not None:
            self._reject(refused, saved)

    async def _accept(self, setup: Setup, users: Users, saved: bool) -> None:
        """Takes a changed schedule; a changed tower.yaml is copied by the next run, if it can be built."""
        before, after, now = self._in_force.program(), setup.program(), self._context.clock.read().wall
        is_same = setup == self._in_force and users == self._users
        raised = self._alarm.raised
        if saved or not is_same or (raised is not None and raised.code == REJECTED):
            self._alarm.clear()
            self._tell(new_event("TWL-O130", tonight=difference(before, after, now)))
        else:
            self._alarm.clear(new_event("TWL-O135"))
        if is_same and not saved:
            return
        if users != self._users or not setup.builds_like(self._context.setup):
            self.anew.set_result(setup)
            return
        self._in_force, self._taken_at = setup, now
        self._loop.reload(setup)
        await self._copy.keep(setup)

    def _reject(self, event: Event, saved: bool) -> None:
        self._alarm.raise_(event, again=saved or event != self._alarm.raised)

    @property
    def _taken(self) -> str:
        kept_at = None if self._copy.is_stale else copied_at(self._context.state)
        return local(kept_at or self._taken_at, self._in_force)

    def _tell(self, event: Event) -> None:
        self._loop.tell(event, self._context.clock.read().wall)


def _users(setup: Setup) -> Users:
    """Who may use the broker. Raises Misconfigured where a secret that is needed cannot be read: then what runs goes
    on, rather than being stopped for something that cannot be built."""
    broker_settings.addresses(setup.tower.mqtt)
    return broker_settings.users(setup.tower)


def refusal(error: WatertowerError, taken: str) -> Event:
    """Files that could be read but not built: a secret is missing, a port is taken. The files in force are so since
    `taken`."""
    return new_event(REJECTED, count=1, where=TOWER, first=new_event(error.code, **error.fields), taken=taken)


def rejection(rejected: FilesRejected, taken: str) -> Event:
    """What is wrong, in one line with the place of the first mistake. A file that could not be read is no mistake."""
    unread = [finding for finding in rejected.findings if finding.code in source.UNREAD]
    first = (unread or rejected.findings)[0]
    if unread:
        return new_event(UNREAD, where=first.file, first=first.event, taken=taken)
    where = f"{first.file}:{first.place.line}:{first.place.column}" if first.place is not None else first.file
    return new_event(REJECTED, count=len(rejected.findings), where=where, first=first.event, taken=taken)


def may_pass(rejected: Event | None) -> bool:
    """Whether the same files may be good at the next try: they, or a secret that they name, could not be read."""
    if rejected is None:
        return False
    first = rejected.fields["first"]
    return rejected.code == UNREAD or (isinstance(first, Event) and first.code == FILE_UNUSABLE)


class LastGood:
    """Keeps a copy of the files in force; `alarm` is raised while it cannot be written."""

    def __init__(self, directory: Path, state: Path, alarm: Alarm) -> None:
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
        """Copies the files if they are still those in force, now or by `retry`."""
        self._setup, self._contents = setup, None
        await self.retry()

    async def retry(self) -> None:
        """Writes a copy that could not be written, from the contents read before: the files may be spoilt meanwhile."""
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
    """The files of a folder; none where they are no longer those of this setup. Raises OSError."""
    names = (*(f"{PROFILES}/{path.name}" for path in profile_paths(directory)), SCHEDULE, TOWER)
    contents = {name: plain_file.read(directory / name, LIMIT) for name in names}
    try:
        return contents if parse(contents[TOWER], contents[SCHEDULE], directory) == setup else {}
    except FilesRejected:
        return {}


def write_last_good(contents: Contents, state: Path) -> None:
    """Writes these files, if any, where the next start finds them. Raises OSError."""
    before = _kept(state / LAST_GOOD)
    if contents and contents != before:
        if before:
            with suppress(OSError):
                write_folder(state / BEFORE, before)
        write_folder(state / LAST_GOOD, contents)


def is_last_good(setup: Setup, directory: Path, state: Path) -> bool:
    """Whether the files of a folder are, byte for byte, those that the service took last. Raises OSError."""
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
    """The contents of the copy; none where it cannot be read, so that it is written anew."""
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
    """Yields once when it has begun to look; then True each time that the files of a folder, or others, have changed
    and come to rest, and False every RETRY_S while something is to be tried `again`, or the disk does not answer."""
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
    """What identifies the contents of the files without reading them; None where the disk does not answer."""
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


def difference(before: Program, after: Program, now: datetime) -> list[dict[str, object]]:
    """The cues that change within TONIGHT, as values of an event; if none does, what is shown and what comes next."""
    old, new = before.cues(now, now + TONIGHT), after.cues(now, now + TONIGHT)
    zone = after.place.time_zone
    told = {_essence(cue) for cue in old}
    fresh = [cue for cue in new if _essence(cue) not in told]
    if not fresh and len(old) == len(new):
        fresh = list(new[:2])
    return [
        {
            "at": rfc3339(max(cue.at, now)),
            "local": rfc3339(max(cue.at, now), zone),
            "looks": looks_value(desired_looks(after.zones, cue, cue.at), rules_value(after, cue, max(cue.at, now))),
        }
        for cue in fresh or new
    ]


def _essence(cue: Cue) -> tuple[object, ...]:
    return cue.at, cue.fade_s, tuple(cue.looks.items())
