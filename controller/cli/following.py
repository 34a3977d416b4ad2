"""The files while the service runs: a good change is taken, a bad one told and left."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from controller.cli.parts import Parts
from controller.config.load import Setup, load
from controller.errors import FilesRejected
from controller.events import happened
from controller.events.kind import Event, Language
from controller.service.files import changes, difference, keep_last_good
from controller.service.hand import Hand
from controller.service.loop import Loop
from controller.service.request import Grounds

LONGEST = timedelta(days=7)
"""How far the end of an override may lie."""


def grounds(setup: Setup) -> Grounds:
    """What requests by hand are judged by under these files."""
    return Grounds(setup.program(), setup.tower.palette, LONGEST)


@dataclass(frozen=True)
class Following:
    """Follows the files of one run; `anew` is answered when the technicians' file changed: all is to be built anew."""

    parts: Parts
    loop: Loop
    hand: Hand
    anew: "asyncio.Future[Setup]"

    async def run(self) -> None:
        """Until cancelled."""
        directory = self.parts.config
        if directory is None:
            return
        if not self.parts.from_copy:
            await self._copy(directory)
        async for _ in changes(directory):
            try:
                setup = await asyncio.to_thread(load, directory)
            except FilesRejected as rejected:
                self._tell(rejection(rejected, self.parts.language))
            else:
                await self._copy(directory)
                self._take(setup)

    def _take(self, setup: Setup) -> None:
        now = self.parts.clock.read().wall
        before, after = self.hand.grounds.program, setup.program()
        self._tell(happened("TWL-O130", tonight=difference(before, after, now) or "–"))
        if setup.tower != self.parts.setup.tower or setup.profiles != self.parts.setup.profiles:
            self.anew.set_result(setup)
            return
        self.hand.grounds = grounds(setup)
        self.loop.follow(after)

    async def _copy(self, directory: Path) -> None:
        try:
            await asyncio.to_thread(keep_last_good, directory, self.parts.state)
        except OSError as error:
            self._tell(happened("TWL-O132", reason=str(error)))

    def _tell(self, event: Event) -> None:
        self.parts.tell(event, self.parts.clock.read().wall)


def rejection(rejected: FilesRejected, language: Language) -> Event:
    """What is wrong, in one line with the place of the first mistake."""
    first = rejected.findings[0]
    where = f"{first.file}:{first.place.line}:{first.place.column}" if first.place is not None else first.file
    return happened("TWL-O131", count=len(rejected.findings), first=f"{where}: {first.event.text(language)}")
