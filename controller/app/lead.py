"""Leads sites as the leases allow, beside other controllers on the same database."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from controller.clock import Clock
from controller.errors import WatertowerError
from controller.service.leadership import Leaderships
from controller.state.leases import LeaseStore, Question, Standing
from controller.threads import run_blocking

ANSWER_S = 1.0
"""So long a round waits for the database. One that has not answered is asked nothing else before it has."""
DEPART_S = 2.0


@dataclass(frozen=True, slots=True)
class LedSites:
    """The sites of a service: their names, those that run with the epochs of their orders, and how one is started and
    stopped."""

    names: Callable[[], Collection[str]]
    running: Callable[[], Mapping[str, int]]
    start: Callable[[str], None]
    stop: Callable[[str, str], Awaitable[None]]


class Lead:
    """One of several controllers."""

    def __init__(self, name: str, store: LeaseStore, sites: LedSites, clock: Clock) -> None:
        self.leaderships = Leaderships(name)
        self._store = store
        self._sites = sites
        self._clock = clock
        self._asked: tuple[Question, float, asyncio.Task[Standing]] | None = None
        self._stops: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled; what runs then is the caller's to stop, before `depart`."""
        while True:
            began_s = self._clock.read().mono
            await self._ask()
            self._follow()
            await asyncio.sleep(self.leaderships.wait_s(self._clock.read().mono - began_s))

    async def depart(self) -> None:
        """Leaves all sites to others at once, where the database answers."""
        with suppress(WatertowerError, TimeoutError):
            async with asyncio.timeout(DEPART_S):
                await run_blocking("leases", partial(self._store.depart, self.leaderships.name))

    async def _ask(self) -> None:
        """One round, or what is left of the last one."""
        self.leaderships.know(self._sites.names())
        if self._asked is None:
            question = self.leaderships.question(self._sites.running())
            call = run_blocking("leases", partial(self._store.exchange, question))
            self._asked = question, self._clock.read().mono, asyncio.create_task(call)
        question, asked_s, task = self._asked
        await asyncio.wait([task], timeout=ANSWER_S)
        if not task.done():
            self.leaderships.unanswered(self._clock.read().mono, self._sites.running())
            return
        self._asked = None
        try:
            self.leaderships.answered(question, task.result(), asked_s)
        except WatertowerError:  # told by the database, as whatever else it refuses
            self.leaderships.unanswered(asked_s, self._sites.running())

    def _follow(self) -> None:
        """Starts what it leads now, and stops what it does not."""
        leads, running = self.leaderships.leads, self._sites.running()
        for site in leads - running.keys() - self._stops.keys():
            self._sites.start(site)
        for site in running.keys() - leads - self._stops.keys():
            self._stops[site] = asyncio.create_task(self._stop(site))

    async def _stop(self, site: str) -> None:
        await self._sites.stop(site, "another controller leads")
        self.leaderships.stopped(site)
        del self._stops[site]
