"""Leads sites as the leases allow, beside other controllers on the same database."""

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NoReturn, Protocol

from controller.clock import Clock, ClockReading
from controller.events import Event, new_event
from controller.mqtt import Address, Mqtt, Received
from controller.service.health_watch import ONLINE
from controller.service.leadership import Leaderships, StoredStops
from controller.service.pair import Pair, PairAlarms, lead_of, pair_of
from controller.service.watches import DatabaseClock
from controller.state.json_file import Unusable
from controller.state.leases import LeaseAnswer, LeaseQuestion, LeaseStore
from controller.threads import run_blocking, wait_at_most

ANSWER_S = 1.0
"""Seconds that a round waits for the database. While it has not answered, no other round is started."""
DEPART_S = 2.0
BESIDE_KEEPALIVE_S = 2
"""A broker that is silent for 1.7 times as long counts as not reached."""
UNREACHED_S = 1.0
"""Seconds after which unreached brokers are reported to the other controllers: one that restarts is away for less."""
CONNECTED_S = 10.0
"""Seconds after which a running site receives stops itself."""


@dataclass(frozen=True, slots=True)
class LedSites:
    """The sites of a service: their names, the running ones with the epochs of their orders, and how one is started and
    stopped."""

    names: Callable[[], Collection[str]]
    title: Callable[[str], str]
    """The name of a site in events."""
    running: Callable[[], Mapping[str, int]]
    broken: Callable[[], Collection[str]]
    """The sites that cannot be started here."""
    start: Callable[[str], None]
    stop: Callable[[str, str], Awaitable[None]]
    ask: Callable[[str, bytes], None]
    """Passes a request to a running site."""


@dataclass(frozen=True, slots=True)
class SiteBrokers:
    """The brokers of a site, and the prefix of its topics."""

    addresses: tuple[Address, ...]
    prefix: str


class LeadPage(Protocol):
    """The part of the page that concerns other controllers."""

    def note(self) -> str:
        """The description of the page for them; empty if none is served."""

    def show(self, pair: Pair) -> None:
        """Passes on who leads what now."""


class Lead:
    """One of several controllers: named after its machine, with a mark of its own because two may have the same name.

    `brokers` are the brokers of each site, by its name.
    """

    def __init__(
        self,
        store: LeaseStore,
        sites: LedSites,
        clock: Clock,
        brokers: Mapping[str, SiteBrokers],
        emit: Callable[[Event], None],
        page: LeadPage,
    ) -> None:
        machine = socket.gethostname()
        self.leaderships = Leaderships(f"{machine}-{secrets.token_hex(3)}")
        self.asked = asyncio.Event()
        """Set once the database was asked, and answered or not."""
        self._store = store
        self._sites = sites
        self._clock = clock
        self._brokers = brokers
        self._beside: dict[tuple[Address, ...], Mqtt] = {}
        self._reached_s: dict[tuple[Address, ...], float] = {}
        """When one of these brokers was last reached."""
        self._emit = emit
        self._page = page
        self._pair_alarms = PairAlarms(self.leaderships.name, emit, sites.title)
        self._database_clock = DatabaseClock(machine, emit)
        self.pair = Pair(self.leaderships.name)
        """Who leads what, as reported last."""
        self._leaders: Mapping[str, str] = {}
        self._stored_stops = StoredStops()
        self._new: dict[str, float] = {}
        """Sites that have just started, and when: stops from before they were connected are to be passed on."""
        self._asked: tuple[LeaseQuestion, ClockReading, asyncio.Task[LeaseAnswer]] | None = None
        self._stops: dict[str, asyncio.Task[None]] = {}
        self._stopped = asyncio.Event()
        """Set when a site has stopped, and another controller waits for its lease."""

    def tasks(self) -> dict[str, Coroutine[Any, Any, NoReturn]]:
        """Tasks that run all the time; the caller stops the sites that run at the end, before `depart`."""
        different = {each.addresses: each.prefix for each in self._brokers.values()}
        hearing = {f"listen {number}": self._listen(*each) for number, each in enumerate(different.items())}
        return {"lead": self._run(), **hearing}

    async def _run(self) -> NoReturn:
        while True:
            began_s = self._clock.read().mono
            await self._ask()
            self._follow()
            self._follow_up()
            self._emit_leaders()
            self._page.show(self.pair)
            self.asked.set()
            self._stopped.clear()
            await wait_at_most(self._stopped, self.leaderships.wait_s(self._clock.read().mono - began_s))

    async def depart(self) -> None:
        """Leaves all sites to others immediately, if the database answers."""
        with suppress(Unusable, TimeoutError):
            async with asyncio.timeout(DEPART_S):
                await run_blocking("leases", partial(self._store.depart, self.leaderships.name))

    async def _ask(self) -> None:
        """Makes one round, or waits for the rest of the last one."""
        self.leaderships.know(self._sites.names())
        self.leaderships.reach_all_but(self._unreached())
        doubtful = self._database_clock.is_ours_doubtful
        self.leaderships.run_all_but(self._sites.names() if doubtful else self._sites.broken())
        if self._asked is None:
            question = replace(self.leaderships.question(self._sites.running()), page=self._page.note())
            call = run_blocking("leases", partial(self._store.exchange, question))
            self._asked = question, self._clock.read(), asyncio.create_task(call)
        question, asked, task = self._asked
        began_s = self._clock.read().mono  # old, if this process is frozen while it waits
        await asyncio.wait([task], timeout=ANSWER_S)
        if not task.done():
            self._unknown()
            self.leaderships.unanswered(began_s, self._sites.running())
            return
        self._asked = None
        try:
            self.leaderships.answered(question, task.result(), asked.mono)
            self._know(task.result(), asked)
        except Unusable:  # reported by the database, like all its failures
            self._unknown()
            self.leaderships.unanswered(began_s, self._sites.running())

    def _unknown(self) -> None:
        self.pair = replace(self.pair, is_known=False)
        self._pair_alarms.unanswered()

    def _unreached(self) -> set[str]:
        """The sites for which no broker is reached."""
        now_s = self._clock.read().mono
        for addresses, mqtt in self._beside.items():
            if mqtt.connected or addresses not in self._reached_s:
                self._reached_s[addresses] = now_s
        lost = {addresses for addresses, reached_s in self._reached_s.items() if now_s - reached_s > UNREACHED_S}
        return {site for site, each in self._brokers.items() if each.addresses in lost}

    def _know(self, answer: LeaseAnswer, asked: ClockReading) -> None:
        """Updates what people see about the controllers."""
        reading = self._clock.read()
        if answer.at is not None:
            self._database_clock.compare(answer.at, asked, reading)
        self.pair = pair_of(self.pair, answer, self._sites.names(), reading.wall)
        for site in self.pair.sites:
            self.leaderships[site].health = lead_of(self.pair, site)
        self._pair_alarms.know(answer, reading.mono)

    def _follow(self) -> None:
        """Starts the sites that it leads now, and stops the others."""
        leads, running = self.leaderships.leads, self._sites.running()
        for site in leads - running.keys() - self._stops.keys():
            self._sites.start(site)
        for site in running.keys() - leads - self._stops.keys():
            self._stops[site] = asyncio.create_task(self._stop(site))

    def began(self, site: str) -> None:
        """A site runs: it obeys the stops that nobody has obeyed. Those that arrive before it is connected follow."""
        self.leaderships.began(site, self._sites.running().get(site, 0))
        self._new[site] = self._clock.read().mono
        self._hand_over(site)

    def _follow_up(self) -> None:
        now_s = self._clock.read().mono
        self._new = {site: since_s for site, since_s in self._new.items() if now_s - since_s < CONNECTED_S}
        for site in self._new:
            self._hand_over(site)

    def _hand_over(self, site: str) -> None:
        for payload in self._stored_stops.of(site):
            self._sites.ask(site, payload)

    def _emit_leaders(self) -> None:
        """Reports who leads which site, if that has changed."""
        # a site that was left and taken again between two rounds has changed hands, too
        of_others = {site: leader for site, leader in self._leaders.items() if leader != self.leaderships.name}
        before, self._leaders = self._leaders, {**of_others, **self.leaderships.leaders}
        for site, leader in self._leaders.items():
            if before.get(site) == leader:
                continue
            if leader == self.leaderships.name:
                self._emit(
                    new_event(
                        "TWL-C060", site=self._sites.title(site), controller=leader, term=self.leaderships[site].term
                    )
                )
            else:
                self._emit(new_event("TWL-C061", site=self._sites.title(site), controller=leader))

    async def _listen(self, brokers: tuple[Address, ...], prefix: str) -> NoReturn:
        """Notes signs of life of the sites' leaders, and requests that a site started here would receive too late."""
        below = "" if "" in self._sites.names() else f"{prefix.rpartition('/')[0]}/"
        each = f"{below}+" if below else prefix
        topics = ((f"{each}/controller/status", 0), (f"{each}/controller/event", 0), (f"{each}/override/set", 1))
        name = f"{prefix.replace('/', '-')}-{self.leaderships.name}-beside"
        async with Mqtt(brokers, name, subscriptions=topics, keepalive_s=BESIDE_KEEPALIVE_S) as mqtt:
            self._beside[brokers] = mqtt
            async for item in mqtt:
                if isinstance(item, Received) and not item.retain:
                    self._receive(item.topic.removeprefix(below).partition("/")[0] if below else "", item)
        raise RuntimeError("the MQTT connection ended")

    def _receive(self, site: str, item: Received) -> None:
        if site not in self._sites.names():
            return
        now_s = self._clock.read().mono
        if item.topic.endswith("/override/set"):
            self._stored_stops.receive(site, item.payload, now_s)
        elif item.topic.endswith("/controller/event"):
            self._stored_stops.receive_event(site, item.payload, now_s)
        elif item.payload == ONLINE:
            if self.pair.is_known:
                self._stored_stops.received_from_leader(site, now_s)
            if site not in self._sites.running():
                self.leaderships[site].received_from_leader(now_s)

    async def _stop(self, site: str) -> None:
        await self._sites.stop(site, "another controller leads")
        self.leaderships.stopped(site)
        del self._stops[site]
        self._stopped.set()
