"""What several sites share: the embedded broker and the page, each once, as configured in the shared files."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from controller import plain_file
from controller.app import broker_settings
from controller.app.assembly import BuiltSite, new_page
from controller.app.site_storage import storage_of
from controller.broker.access import Admission, User
from controller.broker.server import Broker
from controller.clock import SystemClock
from controller.config.tower import Tower
from controller.config.web_keys import Web
from controller.errors import WatertowerError
from controller.events import Event, new_event
from controller.mqtt import Address
from controller.service.pair import Pair
from controller.threads import in_step_s, run_blocking

if TYPE_CHECKING:
    from controller.app.page import Page

LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class _BrokerWanted:
    """Where the broker listens, for which users, and the prefix of our own client ids."""

    host: str
    port: int
    users: Mapping[str, User] | None
    prefix: str


class SiteServices:
    """Broker and page of a service with several sites; `state` is its state directory, `emit` receives its events."""

    def __init__(self, state: Path, emit: Callable[[Event], None]) -> None:
        self._state = state
        self._emit = emit
        self._own = ""
        self._running: _BrokerWanted | None = None
        self._broker = AsyncExitStack()
        self._seen: object = None
        self._failed: Event | None = None
        self._page: Page | None = None

    @asynccontextmanager
    async def begun(self, towers: Mapping[str, Tower]) -> AsyncIterator[None]:
        """Runs both as these sites need them. Raises WatertowerError if the broker cannot be started."""
        self._own = await run_blocking("password", partial(broker_settings.own_password, self._state))
        try:
            await self._serve_broker(await run_blocking("users", partial(_wanted, towers)))
            web = _web(towers)
            self._page = self._new_page(next(iter(towers.values()))) if web is not None else None
            if self._page is not None:
                self._page.directory.titles = {name: tower.site.name for name, tower in towers.items()}
                await self._page.serve(web)
            yield
        finally:
            if self._page is not None:
                await self._page.stop()
            await self._broker.aclose()

    async def follow(self, towers: Callable[[], Mapping[str, Tower]]) -> NoReturn:
        """Restarts broker or page when the running sites need another, for example with other users."""
        while True:
            await asyncio.sleep(in_step_s(LOOK_S))
            current = towers()
            seen = await run_blocking("users", partial(_essence, current))
            if not current or seen == self._seen:
                continue
            try:
                wanted = await run_blocking("users", partial(_wanted, current))
                if wanted is not None and wanted != self._running:
                    await self._serve_broker(wanted)
                if self._page is not None:
                    await self._page.serve(_web(current))
            except WatertowerError as error:
                failed = new_event(error.code, **error.fields)
                if failed != self._failed:
                    self._emit(failed)
                self._failed = failed
            else:
                self._seen, self._failed = seen, None

    def brokers(self, tower: Tower) -> tuple[Address, ...]:
        """The brokers of a site. Raises Misconfigured."""
        if not tower.mqtt.is_embedded:
            return broker_settings.addresses(tower.mqtt)
        host, port = broker_settings.listens(tower.mqtt)
        return (broker_settings.embedded(host, port, broker_settings.CONTROLLER, self._own),)

    @asynccontextmanager
    async def page(self, site: BuiltSite) -> AsyncIterator[dict[str, Coroutine[Any, Any, None]]]:
        """Shows a site on the page while it runs; yields the tasks that the page needs beside the site."""
        page = self._page = self._page or self._new_page(site.context.setup.tower)
        if page is None:
            yield {}
            return
        async with page.of(site) as work:
            yield work

    def note(self) -> str:
        """The description of the page for other controllers; empty if none is served."""
        return self._page.note if self._page is not None else ""

    def show(self, pair: Pair) -> None:
        """Passes to the page which of several controllers leads which site."""
        if self._page is not None:
            self._page.directory.pair = pair

    def note_failed(self, site: str, why: Event) -> None:
        """Passes to the page why a site does not run, for those who may see all sites."""
        if self._page is not None:
            self._page.directory.failed[site] = why

    def forget(self, site: str) -> None:
        """Removes a site that no longer exists."""
        if self._page is not None:
            self._page.directory.failed.pop(site, None)

    def _new_page(self, tower: Tower) -> "Page | None":
        """A new page with the accounts in the storage of this site."""
        return new_page(storage_of(tower, self._state, None), SystemClock(), self._emit)

    async def _serve_broker(self, wanted: _BrokerWanted | None) -> None:
        """Serves this broker in place of the running one."""
        await self._broker.aclose()
        self._running = None
        if wanted is None:
            return
        broker = Broker(
            wanted.host,
            wanted.port,
            admission=Admission(wanted.users, self._own, f"{wanted.prefix.replace('/', '-')}-"),
            store=self._state / "broker.json",
            on_event=self._emit,
        )
        await self._broker.enter_async_context(broker)
        self._running = wanted


def _embedded(towers: Mapping[str, Tower]) -> Mapping[str, Tower]:
    return {name: tower for name, tower in towers.items() if tower.mqtt.is_embedded}


def _essence(towers: Mapping[str, Tower]) -> object:
    """Everything that the broker depends on, for comparison."""
    using = _embedded(towers)
    stamps = []
    for path in {tower.mqtt.users_file for tower in using.values()} - {None}:
        with suppress(OSError):
            stamps.append(plain_file.file_stamp(path) if path is not None else None)
    return {name: id(tower) for name, tower in towers.items()}, stamps


def _web(towers: Mapping[str, Tower]) -> Web | None:
    """The page that most of these sites configure: one with mistakes in its files still counts with its previous
    ones."""
    asked = [tower.web and tower.web.model_copy(update={"below": ""}) for tower in towers.values()]
    return max(asked, key=asked.count, default=None)


def _wanted(towers: Mapping[str, Tower]) -> _BrokerWanted | None:
    """The broker that these sites need; None if all have brokers elsewhere. Raises Misconfigured."""
    using = _embedded(towers)
    if not using:
        return None
    name, tower = next(iter(using.items()))
    host, port = broker_settings.listens(tower.mqtt)
    prefix = tower.mqtt.topic_prefix.removesuffix(f"/{name}" if name else "")
    return _BrokerWanted(host, port, broker_settings.users_of_sites(using), prefix)
