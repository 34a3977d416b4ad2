"""The files while the service runs: a good change is taken, a bad one told and left."""

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from controller.app import broker_settings
from controller.app.context import Context, Tell
from controller.broker import User
from controller.config import source
from controller.config.load import TOWER, Setup, load
from controller.errors import FilesRejected, WatertowerError
from controller.events import new_event
from controller.events.alarm import Alarm
from controller.events.models import Event
from controller.service.override_request import OverridePolicy
from controller.service.overrides import OverrideManager
from controller.service.reload import LastGood, changes, copied_at, difference, local
from controller.service.runtime import Runtime
from controller.threads import run_blocking

REJECTED, UNREAD = "TWL-O131", "TWL-O134"
FILE_UNUSABLE = "TWL-Q106"


def grounds(setup: Setup) -> OverridePolicy:
    """What requests by hand are judged by under these files."""
    return OverridePolicy(setup.program(), setup.tower.palette, setup.tower.overrides.longest)


class Following:
    """Follows the files of one run; `anew` is answered when the technicians' file or the broker's users changed: all is
    to be built anew. `users` are those that the broker knows."""

    def __init__(
        self, parts: Context, loop: Runtime, hand: OverrideManager, tell: Tell, users: Mapping[str, User] | None
    ) -> None:
        self.anew: asyncio.Future[Setup] = asyncio.get_running_loop().create_future()
        self._parts = parts
        self._loop = loop
        self._hand = hand
        self._log = tell
        self._users = users
        self._in_force = parts.setup
        self._taken_at = parts.clock.read().wall
        raised = parts.degradations.stands  # what the parts before these have reported, and what still lasts
        self._copy = LastGood(parts.config or Path(), parts.state, Alarm(self._tell, raised("TWL-O132")))
        self._alarm = Alarm(self._tell, raised(REJECTED) or raised(UNREAD))

    async def run(self) -> None:
        """Until cancelled, or until all is to be built anew."""
        directory = self._parts.config
        if directory is None:
            return
        users_file = self._parts.setup.tower.mqtt.users_file
        others = () if users_file is None else (users_file,)
        changed = changes(directory, others, again=lambda: may_pass(self._alarm.raised) or self._copy.is_stale)
        await anext(changed)
        if not self._parts.unbuilt:
            # what was saved while everything was built is no change to who began to look only now
            await self._copy.keep(self._parts.setup)
            await self._judge(directory, saved=False)
        async for saved in changed:
            if self.anew.done():
                return
            await self._copy.retry()
            await self._judge(directory, saved)

    async def _judge(self, directory: Path, saved: bool) -> None:
        """What the files say now; `saved` tells that somebody saved one, and waits to be told."""
        try:
            setup = await run_blocking("files", partial(load, directory))
        except FilesRejected as rejected:
            self._reject(rejection(rejected, self._taken), saved)
            return
        users, refused = self._users, None
        try:
            users = await run_blocking("users", partial(_users, setup))
        except WatertowerError as error:
            # the secret is no matter of the schedule, which is taken all the same
            refused = refusal(error, self._taken)
        if refused is None or (setup.builds_like(self._parts.setup) and setup != self._in_force):
            await self._accept(setup, users, saved)
        if refused is not None:
            self._reject(refused, saved)

    async def _accept(self, setup: Setup, users: Mapping[str, User] | None, saved: bool) -> None:
        """A changed schedule at once; of a changed tower.yaml the next run keeps the copy, if it can be built."""
        before, after, now = self._hand.grounds.program, setup.program(), self._parts.clock.read().wall
        is_same = setup == self._in_force and users == self._users
        raised = self._alarm.raised
        if saved or not is_same or (raised is not None and raised.code == REJECTED):
            self._alarm.clear()
            self._tell(new_event("TWL-O130", tonight=difference(before, after, now)))
        else:
            self._alarm.clear(new_event("TWL-O135"))
        if is_same and not saved:
            return
        if users != self._users or not setup.builds_like(self._parts.setup):
            self.anew.set_result(setup)
            return
        self._in_force, self._taken_at = setup, now
        self._hand.grounds = grounds(setup)
        self._loop.follow(after)
        await self._copy.keep(setup)

    def _reject(self, event: Event, saved: bool) -> None:
        self._alarm.raise_(event, again=saved or event != self._alarm.raised)

    @property
    def _taken(self) -> str:
        kept_at = None if self._copy.is_stale else copied_at(self._parts.state)
        return local(kept_at or self._taken_at, self._in_force)

    def _tell(self, event: Event) -> None:
        self._log(event, self._parts.clock.read().wall)


def _users(setup: Setup) -> Mapping[str, User] | None:
    """Who may use the broker; raises Misconfigured where a secret that is needed cannot be read: what runs is left
    alone rather than ended for something that cannot be built."""
    broker_settings.addresses(setup.tower.mqtt)
    return broker_settings.users(setup.tower)


def refusal(error: WatertowerError, taken: str) -> Event:
    """What could be read but not built: a secret that is not there, a port that is taken. `taken` is since when that
    holds which is in force."""
    return new_event(REJECTED, count=1, where=TOWER, first=new_event(error.code, **error.fields), taken=taken)


def rejection(rejected: FilesRejected, taken: str) -> Event:
    """What is wrong, in one line with the place of the first mistake; what could not be read is no mistake."""
    unread = [finding for finding in rejected.findings if finding.code in source.UNREAD]
    first = (unread or rejected.findings)[0]
    if unread:
        return new_event(UNREAD, where=first.file, first=first.event, taken=taken)
    where = f"{first.file}:{first.place.line}:{first.place.column}" if first.place is not None else first.file
    return new_event(REJECTED, count=len(rejected.findings), where=where, first=first.event, taken=taken)


def may_pass(refused: Event | None) -> bool:
    """Whether the same files may be good the next time: they, or a secret that they name, could not be read."""
    if refused is None:
        return False
    first = refused.fields["first"]
    return refused.code == UNREAD or (isinstance(first, Event) and first.code == FILE_UNUSABLE)
