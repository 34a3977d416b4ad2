"""The files while the service runs: a good change is taken, a bad one told and left."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from controller.cli import connect
from controller.cli.parts import Parts, Tell
from controller.config.load import Setup, load
from controller.errors import FilesRejected, WatertowerError
from controller.events import happened
from controller.events.kind import Event, Language
from controller.service.files import changes, difference, keep_last_good
from controller.service.hand import Hand
from controller.service.loop import Loop
from controller.service.request import Grounds


def grounds(setup: Setup) -> Grounds:
    """What requests by hand are judged by under these files."""
    return Grounds(setup.program(), setup.tower.palette, setup.tower.overrides.longest)


@dataclass(frozen=True)
class Following:
    """Follows the files of one run; `anew` is answered when the technicians' file or the broker's users changed: all is
    to be built anew. `users` are those that the broker knows."""

    parts: Parts
    loop: Loop
    hand: Hand
    tell: Tell
    users: Mapping[str, str] | None
    anew: "asyncio.Future[Setup]"

    async def run(self) -> None:
        """Until cancelled, or until all is to be built anew."""
        directory = self.parts.config
        if directory is None:
            return
        users_file = self.parts.setup.tower.mqtt.users_file
        changed = changes(directory, () if users_file is None else (users_file,))
        await anext(changed)
        if not self.parts.from_copy:
            # what was saved while everything was built is no change to who began to look only now
            await self._judge(directory, known=self.parts.setup)
        async for _ in changed:
            if self.anew.done():
                return
            await self._judge(directory)

    async def _judge(self, directory: Path, known: Setup | None = None) -> None:
        try:
            setup = await asyncio.to_thread(load, directory)
        except FilesRejected as rejected:
            self._tell(rejection(rejected, self.parts.language))
            return
        try:
            users = await asyncio.to_thread(_users, setup)
        except WatertowerError as error:
            self._tell(refusal(error, self.parts.language))
            if not setup.builds_like(self.parts.setup) or setup.program() == self.hand.grounds.program:
                return
            users = self.users  # the secret is no matter of the schedule
        same = setup == known and users == self.users
        await (self._copy(setup, directory) if same else self._take(setup, users, directory))

    async def _take(self, setup: Setup, users: Mapping[str, str] | None, directory: Path) -> None:
        """A changed schedule at once; of a changed tower.yaml the next run keeps the copy, if it can be built."""
        now = self.parts.clock.read().wall
        before, after = self.hand.grounds.program, setup.program()
        self._tell(happened("TWL-O130", tonight=difference(before, after, now) or "–"))
        if users != self.users or not setup.builds_like(self.parts.setup):
            self.anew.set_result(setup)
            return
        await self._copy(setup, directory)
        self.hand.grounds = grounds(setup)
        self.loop.follow(after)

    async def _copy(self, setup: Setup, directory: Path) -> None:
        try:
            await asyncio.to_thread(keep_last_good, setup, directory, self.parts.state)
        except OSError as error:
            self._tell(happened("TWL-O132", reason=str(error)))

    def _tell(self, event: Event) -> None:
        self.tell(event, self.parts.clock.read().wall)


def _users(setup: Setup) -> Mapping[str, str] | None:
    """Who may use the broker; raises Misconfigured where a secret that is needed cannot be read: what runs is left
    alone rather than ended for something that cannot be built."""
    connect.addresses(setup.tower.mqtt)
    return connect.users(setup.tower.mqtt)


def refusal(error: WatertowerError, language: Language) -> Event:
    """What could be read but not built: a secret that is not there, a port that is taken."""
    event = happened(error.code, **error.fields)
    return happened("TWL-O131", count=1, first=f"{event.code}: {event.text(language)}")


def rejection(rejected: FilesRejected, language: Language) -> Event:
    """What is wrong, in one line with the place of the first mistake."""
    first = rejected.findings[0]
    where = f"{first.file}:{first.place.line}:{first.place.column}" if first.place is not None else first.file
    return happened("TWL-O131", count=len(rejected.findings), first=f"{where}: {first.event.text(language)}")
