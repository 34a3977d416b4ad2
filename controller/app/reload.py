"""The two files while the service runs: a change is noticed, checked once the files are stable, and applied if valid.

The files are looked up by name every LOOK_S, which notices an editor's rename, a swapped link and a network share, and
a write that keeps time and size. A change is checked when the files have been the same for STILL_S, so that a
half-written file is never read. What could not be read, or copied, is tried again every RETRY_S until it succeeds: an
error of a disk or a network share leaves no trace in the result of `stat`.

Bad files change nothing, and the next start uses the last good copy instead (`last_good`).
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
APPLY_WAIT_S = 2.0
"""Seconds that somebody who has saved waits for the service to apply it."""
TONIGHT = timedelta(hours=24)
REJECTED, UNREAD = "TWL-O131", "TWL-O134"
FILE_UNUSABLE = "TWL-Q106"

Seen = tuple[tuple[int, ...] | None, ...]
Users = Mapping[str, User] | None


class FileFollower:
    """Follows the files of one run. A changed schedule is applied immediately; `rebuild` gets the setup when tower.yaml
    or the broker's users have changed, so that everything has to be rebuilt. `users` are those that the broker knows.
    `keeper` saves the schedule for the page, from any thread; None if there are no files to follow."""

    def __init__(self, context: "Context", loop: ControlLoop, users: Users) -> None:
        self._event_loop = asyncio.get_running_loop()
        self.rebuild: asyncio.Future[Setup] = self._event_loop.create_future()
        self._context = context
        self._loop = loop
        self._users = users
        self._in_force = context.setup
        self._applied_at = context.clock.read().wall
        raised = context.degradations.lasting_event  # reported before the rebuild, and still lasting
        self._copy = LastGood(context.config or Path(), context.state, Alarm(self._emit, raised("TWL-O132")))
        self._alarm = Alarm(self._emit, raised(REJECTED) or raised(UNREAD))
        self._checking = asyncio.Lock()
        self._checked: Seen | None = None
        self._versions = VersionStore(context.store.storage, self._emit_from_thread)
        self._versions_status = FileStatus(Path(self._versions.place), self._emit)
        self.keeper = self._keeper(context.config) if context.config is not None else None

    @property
    def in_force(self) -> Setup:
        """The setup that was applied last."""
        return self._in_force

    async def run(self) -> None:
        """Runs until cancelled, or until everything has to be rebuilt."""
        directory = self._context.config
        if directory is None:
            return
        users_file = self._context.setup.tower.mqtt.users_file
        others = () if users_file is None else (users_file,)
        changed = changes(directory, others, again=lambda: self._has_to_retry)
        await anext(changed)
        if not self._context.unbuilt:
            # the follower starts only now: a file saved during the build would not count as a change
            await self._copy.keep(self._context.setup)
            await self._note_version()
            await self._check(directory, saved=False)
        async for saved in changed:
            if self.rebuild.done():
                return
            await self._copy.retry()
            if self._versions_status.is_bad:
                await self._note_version()
            await self._answer(directory, saved)

    @property
    def _has_to_retry(self) -> bool:
        """Whether something failed that may succeed at the next attempt without a save."""
        return may_pass(self._alarm.raised) or self._copy.is_stale or self._versions_status.is_bad

    async def take(self) -> tuple[Finding, ...]:
        """Checks the files now, for somebody who has saved the schedule and waits; returns why they are rejected, or
        nothing."""
        directory = self._context.config
        if directory is None or self.rebuild.done():
            return ()
        await self._answer(directory, saved=True)
        rejected = self._alarm.raised
        return (Finding(rejected, str(own_folder(directory) / SCHEDULE)),) if rejected is not None else ()

    async def _answer(self, directory: ConfigFolder, saved: bool) -> None:
        """Checks the saved files, unless that was done already, by `take` or after a look at the files."""
        async with self._checking:
            files = await run_blocking("files", partial(_look, directory, ()))
            await self._check(directory, saved and (files is None or files != self._checked))
            self._checked = files

    def _keeper(self, directory: ConfigFolder) -> ScheduleKeeper:
        running, clock = self._event_loop, self._context.clock

        def take() -> tuple[Finding, ...] | None:
            try:
                return asyncio.run_coroutine_threadsafe(self.take(), running).result(APPLY_WAIT_S)
            except TimeoutError:
                return None

        return ScheduleKeeper(directory, self._versions, lambda: clock.read().wall, take)

    async def _note_version(self) -> None:
        """Makes a version of a schedule that another program has saved."""
        if self.keeper is None:
            return
        try:
            await run_blocking("files", self.keeper.note)
        except (OSError, NotRead) as error:
            self._versions_status.fails(error)
        else:
            self._versions_status.works()

    async def _check(self, directory: ConfigFolder, saved: bool) -> None:
        """Reads the files and applies or rejects them; `saved`: somebody saved one and waits for an answer."""
        try:
            setup = await run_blocking("files", partial(load, directory))
        except FilesRejected as rejected:
            self._reject(rejection(rejected, self._in_force_since), saved)
            return
        users, refused = self._users, None
        try:
            users = await run_blocking("users", partial(broker_users, self._context, setup))
        except WatertowerError as error:
            # a missing secret does not concern the schedule, which is applied anyway
            refused = refusal(error, self._in_force_since)
        if refused is None or (setup.builds_like(self._context.setup) and setup != self._in_force):
            await self._accept(setup, users, saved)
        if refused is not None:
            self._reject(refused, saved)

    async def _accept(self, setup: Setup, users: Users, saved: bool) -> None:
        """Applies a changed schedule; a changed tower.yaml is copied by the next run, if it can be built."""
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
        self._in_force, self._applied_at = setup, now
        self._loop.reload(setup)
        await self._copy.keep(setup)
        await self._note_version()

    def _reject(self, event: Event, saved: bool) -> None:
        self._alarm.raise_(event, again=saved or event != self._alarm.raised)

    @property
    def _in_force_since(self) -> str:
        copied = None if self._copy.is_stale else copied_at(self._context.state)
        return local(copied or self._applied_at, self._in_force)

    def _emit(self, event: Event) -> None:
        self._loop.emit(event, self._context.clock.read().wall)

    def _emit_from_thread(self, event: Event) -> None:
        """See `_emit`; may be called from a thread that waits for the disk."""
        self._event_loop.call_soon_threadsafe(self._emit, event)


def broker_users(context: "Context", setup: Setup) -> Users:
    """The users of the embedded broker of a site that does not share it. Raises Misconfigured if a needed secret cannot
    be read: then the running build goes on, rather than being stopped for one that cannot be built."""
    broker_settings.addresses(setup.tower.mqtt)
    return broker_settings.users(setup.tower) if context.services is None else None


def refusal(error: WatertowerError, taken: str) -> Event:
    """The event for files that could be read but not built: a secret is missing, a port is in use. The files in force
    have been so since `taken`."""
    return new_event(REJECTED, count=1, where=TOWER, first=new_event(error.code, **error.fields), taken=taken)


def rejection(rejected: FilesRejected, taken: str) -> Event:
    """What is wrong, in one event with the place of the first mistake. A file that could not be read is no mistake."""
    unread = [finding for finding in rejected.findings if finding.code in source.UNREAD]
    first = (unread or rejected.findings)[0]
    if unread:
        return new_event(UNREAD, where=first.file, first=first.event, taken=taken)
    where = f"{first.file}:{first.place.line}:{first.place.column}" if first.place is not None else first.file
    return new_event(REJECTED, count=len(rejected.findings), where=where, first=first.event, taken=taken)


def may_pass(rejected: Event | None) -> bool:
    """Whether the same files may be valid at the next attempt: they, or a secret that they name, could not be read."""
    if rejected is None:
        return False
    first = rejected.fields["first"]
    return rejected.code == UNREAD or (isinstance(first, Event) and first.code == FILE_UNUSABLE)


async def changes(
    directory: ConfigFolder, others: Iterable[Path] = (), again: Callable[[], bool] = lambda: False
) -> AsyncIterator[bool]:
    """Yields once after the first look; then True each time that the files of a folder, or others, have changed and
    become stable, and False every RETRY_S while something has to be tried `again`, or the disk does not answer."""
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
    """The state of the files once it has changed, or after RETRY_S; waits in a thread, so that looking does not wake
    the loop. Waits for an event that is never set: `time.sleep` raises EINVAL under a faked clock."""
    never = threading.Event()
    for _ in range(round(RETRY_S / LOOK_S)):
        never.wait(LOOK_S)
        now = look()
        if now is not None and now != known:
            break
    return now


def _look(directory: ConfigFolder, others: tuple[Path, ...]) -> Seen | None:
    """Identifies the contents of the files without reading them; None if the disk does not answer."""
    try:
        return tuple(plain_file.file_stamp(path) for path in (*paths_of(directory).values(), *others))
    except OSError:
        return None


def difference(before: Program, after: Program, now: datetime) -> list[dict[str, object]]:
    """The cues that change within TONIGHT, as values of an event; if none does, the current and the next cue."""
    old, new = before.cues(now, now + TONIGHT), after.cues(now, now + TONIGHT)
    zone = after.place.time_zone
    known = {_identity(cue) for cue in old}
    changed = [cue for cue in new if _identity(cue) not in known]
    if not changed and len(old) == len(new):
        changed = list(new[:2])
    return [
        {
            "at": rfc3339(max(cue.at, now)),
            "local": rfc3339(max(cue.at, now), zone),
            "looks": looks_value(desired_looks(after.zones, cue, cue.at), rules_value(after, cue, max(cue.at, now))),
        }
        for cue in changed or new
    ]


def _identity(cue: Cue) -> tuple[object, ...]:
    return cue.at, cue.fade_s, tuple(cue.looks.items())
