"""The two files while the service runs: a change is noticed, judged when the files are at rest, and taken if good.

The files are looked at by name every LOOK_S, which sees an editor's rename, a swapped link and a network share, and a
write that leaves time and size as they were. A change is judged when the files have been the same for STILL_S, so that
a half-written file is never read. What could not be read, or copied, is tried again every RETRY_S until it can be: an
error of a disk or a network share leaves no trace in what `stat` tells.

Bad files change nothing, and the next start uses the last good copy in their place (`last_good`).
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from controller import plain_file
from controller.app import broker_settings
from controller.app.last_good import LastGood, copied_at, local, paths_of
from controller.broker.access import User
from controller.config import source
from controller.config.findings import Finding
from controller.config.load import SCHEDULE, TOWER, Setup, load
from controller.config.site_folder import ConfigFolder, own_folder
from controller.errors import FilesRejected, WatertowerError
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.rfc3339 import rfc3339
from controller.schedule.plan import Cue, Program
from controller.service.control_loop import ControlLoop
from controller.service.desired import desired_looks
from controller.service.saving import ScheduleKeeper
from controller.service.values import looks_value, rules_value
from controller.state import NotRead
from controller.state.json_file import FileStatus
from controller.state.versions import VersionStore
from controller.threads import run_blocking

if TYPE_CHECKING:
    from controller.app.assembly import Context

LOOK_S = 1.0
STILL_S = 0.5
RETRY_S = 10.0
TAKEN_S = 2.0
"""So long whoever has saved waits for the service to take it."""
TONIGHT = timedelta(hours=24)
REJECTED, UNREAD = "TWL-O131", "TWL-O134"
FILE_UNUSABLE = "TWL-Q106"

Seen = tuple[tuple[int, ...] | None, ...]
Users = Mapping[str, User] | None


class FileFollower:
    """Follows the files of one run. A changed schedule is taken at once; `anew` gets the setup when tower.yaml or the
    broker's users changed, so that everything has to be built anew. `users` are those that the broker knows. `keeper`
    saves the schedule for the page, from any thread; None where there are no files to follow."""

    def __init__(self, context: "Context", loop: ControlLoop, users: Users) -> None:
        self._event_loop = asyncio.get_running_loop()
        self.rebuild: asyncio.Future[Setup] = self._event_loop.create_future()
        self._context = context
        self._loop = loop
        self._users = users
        self._in_force = context.setup
        self._taken_at = context.clock.read().wall
        raised = context.degradations.stands  # reported by the build before this one, and lasting still
        self._copy = LastGood(context.config or Path(), context.state, Alarm(self._emit, raised("TWL-O132")))
        self._alarm = Alarm(self._emit, raised(REJECTED) or raised(UNREAD))
        self._judging = asyncio.Lock()
        self._judged: Seen | None = None
        self._versions = VersionStore(context.store.storage, self._emit_from_thread)
        self._versions_status = FileStatus(Path(self._versions.place), self._emit)
        self.keeper = self._keeper(context.config) if context.config is not None else None

    @property
    def in_force(self) -> Setup:
        """The files that were taken last."""
        return self._in_force

    async def run(self) -> None:
        """Until cancelled, or until all is to be built anew."""
        directory = self._context.config
        if directory is None:
            return
        users_file = self._context.setup.tower.mqtt.users_file
        others = () if users_file is None else (users_file,)
        changed = changes(directory, others, again=lambda: self._has_to_retry)
        await anext(changed)
        if not self._context.unbuilt:
            # a file saved while everything was built is no change to a follower that began to look only now
            await self._copy.keep(self._context.setup)
            await self._note_version()
            await self._judge(directory, saved=False)
        async for saved in changed:
            if self.rebuild.done():
                return
            await self._copy.retry()
            if self._versions_status.is_bad:
                await self._note_version()
            await self._answer(directory, saved)

    @property
    def _has_to_retry(self) -> bool:
        """Whether something failed that may go well at the next try, though nobody saves."""
        return may_pass(self._alarm.raised) or self._copy.is_stale or self._versions_status.is_bad

    async def take(self) -> tuple[Finding, ...]:
        """Judges the files at once, for somebody who has saved the schedule whole and waits: why they are rejected, or
        nothing."""
        directory = self._context.config
        if directory is None or self.rebuild.done():
            return ()
        await self._answer(directory, saved=True)
        rejected = self._alarm.raised
        return (Finding(rejected, str(own_folder(directory) / SCHEDULE)),) if rejected is not None else ()

    async def _answer(self, directory: ConfigFolder, saved: bool) -> None:
        """Judges what somebody saved, unless that was done, be it for one who waited or by the look at the files."""
        async with self._judging:
            files = await run_blocking("files", partial(_look, directory, ()))
            await self._judge(directory, saved and (files is None or files != self._judged))
            self._judged = files

    def _keeper(self, directory: ConfigFolder) -> ScheduleKeeper:
        running, clock = self._event_loop, self._context.clock

        def take() -> tuple[Finding, ...] | None:
            try:
                return asyncio.run_coroutine_threadsafe(self.take(), running).result(TAKEN_S)
            except TimeoutError:
                return None

        return ScheduleKeeper(directory, self._versions, lambda: clock.read().wall, take)

    async def _note_version(self) -> None:
        """Makes a version of a schedule that somebody else has saved."""
        if self.keeper is None:
            return
        try:
            await run_blocking("files", self.keeper.note)
        except (OSError, NotRead) as error:
            self._versions_status.fails(error)
        else:
            self._versions_status.works()

    async def _judge(self, directory: ConfigFolder, saved: bool) -> None:
        """Reads the files and takes or rejects them; `saved`: somebody saved one and waits for an answer."""
        try:
            setup = await run_blocking("files", partial(load, directory))
        except FilesRejected as rejected:
            self._reject(rejection(rejected, self._taken), saved)
            return
        users, refused = self._users, None
        try:
            users = await run_blocking("users", partial(broker_users, self._context, setup))
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
            self._emit(new_event("TWL-O130", tonight=difference(before, after, now)))
        else:
            self._alarm.clear(new_event("TWL-O135"))
        if is_same and not saved:
            return
        if users != self._users or not setup.builds_like(self._context.setup):
            self.rebuild.set_result(setup)
            return
        self._in_force, self._taken_at = setup, now
        self._loop.reload(setup)
        await self._copy.keep(setup)
        await self._note_version()

    def _reject(self, event: Event, saved: bool) -> None:
        self._alarm.raise_(event, again=saved or event != self._alarm.raised)

    @property
    def _taken(self) -> str:
        kept_at = None if self._copy.is_stale else copied_at(self._context.state)
        return local(kept_at or self._taken_at, self._in_force)

    def _emit(self, event: Event) -> None:
        self._loop.emit(event, self._context.clock.read().wall)

    def _emit_from_thread(self, event: Event) -> None:
        """From a thread that waits for the disk."""
        self._event_loop.call_soon_threadsafe(self._emit, event)


def broker_users(context: "Context", setup: Setup) -> Users:
    """Who may use the embedded broker of a site that has it for itself. Raises Misconfigured where a secret that is
    needed cannot be read: then what runs goes on, rather than being stopped for something that cannot be built."""
    broker_settings.addresses(setup.tower.mqtt)
    return broker_settings.users(setup.tower) if context.services is None else None


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


async def changes(
    directory: ConfigFolder, others: Iterable[Path] = (), again: Callable[[], bool] = lambda: False
) -> AsyncIterator[bool]:
    """Yields once when it has begun to look; then True each time that the files of a folder, or others, have changed
    and come to rest, and False every RETRY_S while something is to be tried `again`, or the disk does not answer."""
    look = partial(_look, directory, tuple(others))
    known = await run_blocking("files", look)
    yield False
    while True:
        now = await run_blocking("files", partial(_looked, look, known))
        is_quiet = now is None or now == known
        while now is not None and now != known:
            known = now
            await asyncio.sleep(STILL_S)
            now = await run_blocking("files", look)
            if now == known:
                yield True
        if is_quiet and (now is None or again()):
            yield False


def _looked(look: Callable[[], Seen | None], known: Seen | None) -> Seen | None:
    """What the files are once they are others, or have been the same for RETRY_S; it waits in a thread, so that the
    loop is not woken by each look. By an event that never comes: `time.sleep` raises EINVAL under a faked clock."""
    never = threading.Event()
    for _ in range(round(RETRY_S / LOOK_S)):
        never.wait(LOOK_S)
        now = look()
        if now is not None and now != known:
            break
    return now


def _look(directory: ConfigFolder, others: tuple[Path, ...]) -> Seen | None:
    """What identifies the contents of the files without reading them; None where the disk does not answer."""
    try:
        return tuple(plain_file.file_stamp(path) for path in (*paths_of(directory).values(), *others))
    except OSError:
        return None


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
