"""Several sites in one process: each with its own files, state, connection and control loop; broker, page, log and
watchdog are shared.

A site that cannot be started, or that fails, is reported and tried again, and does not affect others. A site whose
folder appears is started, one whose folder disappears is stopped. With a database that several controllers share, a
site runs where its lease is.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NoReturn

from controller.app.assembly import Running
from controller.app.last_good import load_last_good
from controller.app.lead import Lead, LedSites, SiteBrokers
from controller.app.log_writer import Log, Voice
from controller.app.operating_system import feed_watchdog, notify, watch_descriptors
from controller.app.shared_services import SiteServices
from controller.app.site_life import SiteStart, end_once, live
from controller.app.site_storage import storage_of
from controller.clock import SystemClock
from controller.config.findings import Finding
from controller.config.site_folder import SITES, ConfigFolder, own_folder, site_folder, sites_in
from controller.config.tower import Tower
from controller.errors import FilesRejected, WatertowerError, place_of
from controller.events import Event, new_event
from controller.locale import Language
from controller.mqtt import Received
from controller.retry import backoff_s
from controller.service.degradations import Degradations
from controller.service.saving import ScheduleKeeper
from controller.state import NotRead
from controller.state.in_use import in_use
from controller.state.leases import TABLES, LeaseTables
from controller.state.storage import Storage
from controller.state.versions import VersionStore
from controller.threads import in_step_s, run_blocking

LOOK_S = 1.0
AGAIN_S, LONGEST_AGAIN_S = 1.0, 30.0
"""Seconds until a site that could not be started is tried again, first and at most."""
STEADY_S = 60.0
"""Seconds after which a site that has run this long is started again immediately if it fails."""
CHANCE_S = 30.0
"""Seconds that each site has to start before the service counts as ready without it."""


@dataclass
class _Life:
    """One site from its start to its stop."""

    end: asyncio.Future[str]
    had_chance: asyncio.Event = field(default_factory=asyncio.Event)
    running: Running | None = None
    task: asyncio.Task[None] | None = None


class Sites:
    """The sites of a folder; `state` is the state directory of the service. `only` leaves out all but one; if it is
    empty, there is only one site, with its files in the folder itself, and other controllers may lead it."""

    def __init__(self, root: Path, state: Path, log: Log, asked: Language | None, only: str | None = None) -> None:
        self._root = root
        self._state = state
        self._log = log
        self._asked = asked
        self._only = only
        self._clock = SystemClock()
        self._lives: dict[str, _Life] = {}
        self._degradations = Degradations(self._clock)
        """Problems of the service, and so of all of its sites."""
        self._misnamed: frozenset[Finding] = frozenset()
        self._failures: dict[str, Event] = {}
        """The reported reasons why sites do not run."""
        self._look_s = 0.0
        self._known: tuple[str, ...] = ()
        self._lead: Lead | None = None
        self._shared: Tower | None = None
        """A tower with the database that several controllers share."""
        self._services = SiteServices(state, self._emit)

    async def run(self, end: asyncio.Future[str]) -> None:
        """Runs until `end`, which gets the reason. Raises WatertowerError if the broker of the service cannot be
        started."""
        towers = await self._readable()
        while not towers and not end.done():  # the files say whether other controllers lead the sites too
            notify("READY=1")
            await asyncio.wait([end], timeout=AGAIN_S)
            towers = await self._readable()
        names, self._lead = self._known, self._shared_lead(towers)
        unlisten = self._listen_to_database()
        async with self._services.begun(towers), asyncio.TaskGroup() as tasks:
            if self._lead is None:
                for name in names:
                    self.start(name)
            now_s = lambda: self._clock.read().mono  # noqa: E731
            work = [
                tasks.create_task(coroutine, name=f"sites: {name}")
                for name, coroutine in {
                    "follow": self._follow(),
                    "shared": self._services.follow(self._towers),
                    "watchdog": feed_watchdog(lambda: self._turned_s, now_s),
                    "descriptors": watch_descriptors(self._emit),
                    "ready": self._ready(),
                    **(self._lead.tasks() if self._lead is not None else {}),
                }.items()
            ]
            await end
            for task in work:
                task.cancel()
            await asyncio.gather(*(self.stop(name, end.result()) for name in list(self._lives)))
            if self._lead is not None:
                await self._lead.depart()
            unlisten()

    def start(self, name: str) -> None:
        """Starts a site; does nothing if it runs."""
        if name not in self._lives:
            life = self._lives[name] = _Life(asyncio.get_running_loop().create_future())
            life.task = asyncio.create_task(self._keep(name, life), name=f"site {name}")

    async def stop(self, name: str, why: str) -> None:
        """Stops a site, and waits until it has ended; does nothing if it does not run."""
        life = self._lives.pop(name, None)
        if life is not None and life.task is not None:
            end_once(life.end, why)
            await asyncio.wait([life.task])

    @property
    def _running(self) -> Mapping[str, Running]:
        """The sites that are built."""
        return {name: life.running for name, life in self._lives.items() if life.running is not None}

    @property
    def _turned_s(self) -> float:
        """When the site with the oldest last turn made that turn; now if none runs."""
        turned = [
            each.runtime.turned_s for each in self._running.values() if not each.work.done()
        ]  # done: being rebuilt
        return min((each for each in turned if each is not None), default=self._clock.read().mono)

    def _towers(self) -> Mapping[str, Tower]:
        """The towers in force, by site."""
        return {name: each.follower.in_force.tower for name, each in self._running.items()}

    async def _follow(self) -> NoReturn:
        """Starts and stops sites as their folders come and go. If all disappear at once, the disk is to blame."""
        while True:
            await asyncio.sleep(in_step_s(LOOK_S))
            names = await self._names()
            if not names:
                continue
            self._known = names
            gone = self._lives.keys() - set(names)
            for name in gone:
                self._services.forget(name)
                self._emit(new_event("TWL-C052", site=name, folder=self._root / SITES))
            await asyncio.gather(*(self.stop(name, "removed") for name in gone))
            if self._lead is None:
                for name in names:
                    self.start(name)
            else:
                await self._look_again()

    async def _look_again(self) -> None:
        """Allows sites that were left to other controllers to run here once their files can be read again."""
        now_s = self._clock.read().mono
        if now_s < self._look_s or not self._failures.keys() - self._lives.keys():
            return
        self._look_s = now_s + LONGEST_AGAIN_S
        for name in (await self._readable()).keys() & self._failures.keys() - self._lives.keys():
            del self._failures[name]
            self._services.forget(name)

    async def _readable(self) -> Mapping[str, Tower]:
        """The towers of the sites whose files can be read; problems of the others are reported once."""
        towers = {}
        self._known = await self._names() or ()
        for name in self._known:
            folder = site_folder(self._root, name)
            try:
                setup, _ = await run_blocking("files", partial(load_last_good, folder, self._own(name)))
            except WatertowerError as error:
                self._failed(name, error)
            else:
                towers[name] = setup.tower
        return towers

    def _shared_lead(self, towers: Mapping[str, Tower]) -> Lead | None:
        """The object that leads the sites beside other controllers; None without a database. Raises Misconfigured."""
        self._shared = next((tower for tower in towers.values() if tower.database is not None), None)
        if self._shared is None:
            return None
        tables = storage_of(self._shared, self._state, None).database("leases.db", TABLES, self._emit)
        sites = LedSites(
            lambda: self._known, self._title, self._epochs, self._failures.keys, self.start, self.stop, self._ask
        )
        brokers = {
            name: SiteBrokers(self._services.brokers(tower), tower.mqtt.topic_prefix) for name, tower in towers.items()
        }
        return Lead(LeaseTables(tables), sites, self._clock, brokers, self._emit, self._services)

    def _listen_to_database(self) -> Callable[[], None]:
        """Reports failures of the shared database, from any thread, also while no site runs here to report them, until
        the returned function is called."""
        server = storage_of(self._shared, self._state, None).server if self._shared is not None else None
        if server is None:
            return lambda: None
        loop = asyncio.get_running_loop()

        def on_event(event: Event) -> None:
            loop.call_soon_threadsafe(self._emit_for_database, event)

        return server.listen(on_event)

    def _emit_for_database(self, event: Event) -> None:
        at = self._clock.read().wall
        recorded = self._degradations.take(event, at)
        if not self._running:
            self._log.emit(recorded, at)

    def _epochs(self) -> Mapping[str, int]:
        """The running sites, with the epochs that their orders have reached; 0 for one that is not built yet."""
        reached = {name: each.controller.order.epoch for name, each in self._running.items()}
        return dict.fromkeys(self._lives, 0) | reached

    async def _names(self) -> tuple[str, ...] | None:
        """The names of the existing sites; None if they cannot be read."""
        if self._only == "":
            return ("",)
        try:
            names, findings = await run_blocking("sites", partial(sites_in, self._root))
        except OSError:
            return None
        for finding in set(findings) - self._misnamed:
            self._emit(finding.event)
        self._misnamed = frozenset(findings)
        return tuple(name for name in names if self._only in {None, name})

    async def _ready(self) -> None:
        """Notifies systemd when every site has had time to start."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CHANCE_S):
                if self._lead is not None:
                    await self._lead.asked.wait()
                for life in list(self._lives.values()):
                    await life.had_chance.wait()
        notify("READY=1")

    async def _keep(self, name: str, life: _Life) -> None:
        """Keeps a site running until its end; a failure is reported once, and tried again."""
        attempts = 0
        while not life.end.done():
            began_s = self._clock.read().mono
            try:
                await self._live(name, life)
            except Exception as error:  # one site must not stop another
                self._failed(name, error)
            life.running = None
            life.had_chance.set()
            attempts = 1 if self._clock.read().mono - began_s > STEADY_S else attempts + 1
            await asyncio.wait([life.end], timeout=backoff_s(attempts, AGAIN_S, LONGEST_AGAIN_S))

    async def _live(self, name: str, life: _Life) -> None:
        folder, state = site_folder(self._root, name), self._own(name)
        if self._shared is not None:
            await run_blocking(
                "files", partial(self._follow_others, name, folder, storage_of(self._shared, state, name))
            )
        setup, rejected = await run_blocking("files", partial(load_last_good, folder, state))
        lead = self._lead.leaderships[name] if self._lead is not None else None
        start = SiteStart(setup, rejected, folder, state, self._asked, self._services, lead)

        def up(running: Running) -> None:
            life.running = running
            for one in self._degradations.now():
                if one.event is not None:
                    running.context.degradations.take(one.event, one.since)
            if self._lead is not None:
                self._lead.began(name)
            self._failures.pop(name, None)
            life.had_chance.set()

        with ExitStack() as held:
            if name:  # an only site uses the directory of the service
                await run_blocking("in use", partial(held.enter_context, in_use(state)))
            await live(start, self._log, life.end, up)

    def _title(self, name: str) -> str:
        return name or (self._shared.site.name if self._shared is not None else name)

    def _follow_others(self, name: str, folder: ConfigFolder, storage: Storage) -> None:
        """Applies a schedule that another controller has saved meanwhile."""
        keeper = ScheduleKeeper(folder, VersionStore(storage, self._emit), lambda: self._clock.read().wall)
        with suppress(NotRead, OSError):  # without the database the own files have to do
            version = keeper.follow()
            if version is not None:
                self._emit(
                    new_event("TWL-C062", site=self._title(name), number=version.number, folder=own_folder(folder))
                )

    def _ask(self, name: str, payload: bytes) -> None:
        """Passes a request to a running site, as if it had come over MQTT."""
        site = self._running.get(name)
        if site is not None:
            site.runtime.take(Received("", f"{site.context.prefix}/override/set", payload, retain=False, qos=1))

    def _own(self, name: str) -> Path:
        """The state directory of a site."""
        return self._state / SITES / name if name else self._state

    def _failed(self, name: str, error: Exception) -> None:
        first, where = _first(name, error, str(own_folder(site_folder(self._root, name))))
        why = new_event("TWL-C053", first=first, where=where)
        if why != self._failures.get(name):
            self._failures[name] = why
            self._services.note_failed(name, first)
            voice = Voice(self._log.voice.zone, self._log.voice.language, name)
            self._log.emit(why, self._clock.read().wall, voice)

    def _emit(self, event: Event) -> None:
        """Emits an event of the service. A lasting one is a problem of each of its sites."""
        at = self._clock.read().wall
        self._log.emit(self._degradations.take(event, at), at)
        for site in self._running.values():
            site.context.degradations.take(event, at)


def _first(name: str, error: Exception, folder: str) -> tuple[Event, str]:
    """The first mistake of a site, and its place."""
    if not isinstance(error, WatertowerError):
        return new_event("TWL-C051", task=f"site {name}", reason=place_of(error)), folder
    if not isinstance(error, FilesRejected):
        return new_event(error.code, **error.fields), folder
    first = error.findings[0]
    place = first.place
    return first.event, f"{first.file}:{place.line}:{place.column}" if place is not None else first.file
