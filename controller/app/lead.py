"""Leads sites as the leases allow, beside other controllers on the same database."""

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from controller.clock import Clock
from controller.events import Event, new_event
from controller.mqtt import Address, Mqtt, Received
from controller.service.health_watch import ONLINE
from controller.service.leadership import Leaderships
from controller.state.json_file import Unusable
from controller.state.leases import LeaseStore, Question, Standing
from controller.threads import run_blocking, wait_at_most

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
    """One of several controllers: by the name of its machine, and a mark of its own, for two may be named alike.

    `brokers` are those of the sites, each with the prefix of their topics below which a leader is heard.
    """

    def __init__(
        self,
        store: LeaseStore,
        sites: LedSites,
        clock: Clock,
        brokers: Mapping[tuple[Address, ...], str],
        tell: Callable[[Event], None],
    ) -> None:
        self.leaderships = Leaderships(f"{socket.gethostname()}-{secrets.token_hex(3)}")
        self.asked = asyncio.Event()
        """The database was asked once, and answered or not."""
        self._store = store
        self._sites = sites
        self._clock = clock
        self._brokers = brokers
        self._tell = tell
        self._leaders: Mapping[str, str] = {}
        self._asked: tuple[Question, float, asyncio.Task[Standing]] | None = None
        self._stops: dict[str, asyncio.Task[None]] = {}
        self._stopped = asyncio.Event()
        """A site has stopped, and another controller waits for its lease."""

    def tasks(self) -> dict[str, Coroutine[Any, Any, NoReturn]]:
        """What is to run all the time; the sites that run at the end are the caller's to stop, before `depart`."""
        hearing = {f"hear {number}": self._hear(*each) for number, each in enumerate(self._brokers.items())}
        return {"lead": self._run(), **hearing}

    async def _run(self) -> NoReturn:
        while True:
            began_s = self._clock.read().mono
            await self._ask()
            self._follow()
            self._tell_leaders()
            self.asked.set()
            self._stopped.clear()
            await wait_at_most(self._stopped, self.leaderships.wait_s(self._clock.read().mono - began_s))

    async def depart(self) -> None:
        """Leaves all sites to others at once, where the database answers."""
        with suppress(Unusable, TimeoutError):
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
        except Unusable:  # told by the database, as whatever else it refuses
            self.leaderships.unanswered(asked_s, self._sites.running())

    def _follow(self) -> None:
        """Starts what it leads now, and stops what it does not."""
        leads, running = self.leaderships.leads, self._sites.running()
        for site in leads - running.keys() - self._stops.keys():
            self._sites.start(site)
        for site in running.keys() - leads - self._stops.keys():
            self._stops[site] = asyncio.create_task(self._stop(site))

    def _tell_leaders(self) -> None:
        """Who leads which site, where that is another than before."""
        before, self._leaders = self._leaders, {**self._leaders, **self.leaderships.leaders}
        for site, leader in self._leaders.items():
            if before.get(site) == leader:
                continue
            if leader == self.leaderships.name:
                self._tell(new_event("TWL-C060", site=site, controller=leader, term=self.leaderships[site].term))
            else:
                self._tell(new_event("TWL-C061", site=site, controller=leader))

    async def _hear(self, brokers: tuple[Address, ...], prefix: str) -> NoReturn:
        """Notes the signs of life of the leaders of sites that do not run here."""
        status = partial("{}/{}/controller/status".format, prefix.rpartition("/")[0])
        name = f"{prefix.replace('/', '-')}-{self.leaderships.name}-beside"
        async with Mqtt(brokers, name, subscriptions=((status("+"), 0),)) as mqtt:
            async for item in mqtt:
                if isinstance(item, Received) and not item.retain and item.payload == ONLINE:
                    site = item.topic.split("/")[-3]
                    if site in self._sites.names() and site not in self._sites.running():
                        self.leaderships[site].heard_leader(self._clock.read().mono)
        raise RuntimeError("the MQTT connection ended")

    async def _stop(self, site: str) -> None:
        await self._sites.stop(site, "another controller leads")
        self.leaderships.stopped(site)
        del self._stops[site]
        self._stopped.set()
