"""The page of a running service: started beside it and fed with its state. It is imported only if there is one.

If its port is in use, its certificate cannot be read, or an unexpected error occurs, the light goes on without the
page: an event, a degradation until it is served, and another attempt every AGAIN_S. No failure of the page ends the
service.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from controller.clock import Clock, ClockReading
from controller.config.web_keys import Web
from controller.errors import place_of
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.mqtt import Received
from controller.service.control_loop import PAGE
from controller.service.controller import TurnResult
from controller.service.desired import desired_looks, fade_left_s
from controller.service.health_report import EVERY_S
from controller.state.accounts import CODE_FOR_S, AccountStore
from controller.state.accounts_file import AccountsDown
from controller.state.storage import Storage
from controller.threads import in_step_s, run_blocking
from controller.web.forwarding import own_page
from controller.web.page_server import PageNotServed, PageServer, serving
from controller.web.running_service import PageOwner, RunningService, Snapshot
from controller.web.site_directory import SiteDirectory, create_sites_app

if TYPE_CHECKING:
    from controller.app.assembly import BuiltSite

Listener = Callable[[Event], None]
END_S = 10.0
"""Seconds that a hanging disk can delay the end or a rebuild."""
LOOK_AGAIN_S = 10.0
AGAIN_S = 30.0
"""Seconds between two attempts to serve it: an address may come later than the service, and a port become free."""
PUBLISH_S = 0.2
"""Least seconds between two snapshots: a site with many gateways reports all the time."""


class PageFeed:
    """Publishes a snapshot after turns of a controller; `service.version` rises if it shows something else. While
    nothing changes, its ages and reasons are at most EVERY_S old, like those of the summary over MQTT."""

    def __init__(self, site: "BuiltSite", service: RunningService) -> None:
        self._context = site.context
        self._follower = site.follower
        self._runtime = site.runtime
        self._mqtt = site.mqtt
        self._service = service
        self._turned = asyncio.Event()
        self._changed: set[str] = set()
        self._shown: dict[str, object] = {}
        self._before: object = None
        self._made_of: object = None
        self._made_s = float("-inf")
        site.runtime.after_turn = self._note

    def _note(self, _reading: ClockReading, result: TurnResult) -> None:
        self._changed.update(result.changed)
        self._turned.set()

    async def run(self) -> None:
        """Runs until cancelled. An error here is reported and tried again after the next turn: the light goes on."""
        alarm, event_loop = Alarm(self._context.note), asyncio.get_running_loop()
        next_s = event_loop.time()
        while True:
            await self._turned.wait()
            await asyncio.sleep(max(0.0, next_s - event_loop.time()))
            self._turned.clear()
            try:
                self._publish()
            except Exception as error:
                alarm.raise_(new_event("TWL-W108", reason=place_of(error)))
            else:
                alarm.clear(new_event("TWL-W109"))
            next_s = event_loop.time() + PUBLISH_S

    def _publish(self) -> None:
        reading, before = self._context.clock.read(), self._service.snapshot
        cause, is_rebuilt = self._cause(reading), reading.mono >= self._made_s + EVERY_S
        if before is not None and not (self._changed or is_rebuilt) and cause == self._made_of:
            self._service.publish(replace(before, reading=reading), is_new=False)
            return
        snapshot = self._snapshot(reading)
        health = snapshot.health
        looks = tuple(look.model_dump_json() for look in health.now.looks.values())
        essence = (
            *(snapshot.cue, looks, health.now.fades_until is None, health.next, health.clock, health.counts),
            *(health.lead, health.degradations, snapshot.codes, snapshot.overrides, snapshot.stop, snapshot.setup),
        )
        is_new = self._before != essence or self._shows_something_else(snapshot)
        self._before, self._made_of, self._made_s = essence, cause, reading.mono
        self._service.publish(snapshot, is_new=is_new)

    def _cause(self, reading: ClockReading) -> object:
        """Everything else that a snapshot is made from, apart from the gateways: comparing this costs a tenth of making
        one."""
        loop, lead = self._runtime.loop, self._context.lead
        cue, program = loop.controller.cue, loop.controller.program
        shown = (desired_looks(program.zones, cue, reading.wall), fade_left_s(cue, reading.wall) > 0) if cue else None
        return (
            *(cue, loop.controller.following, program, shown, reading.trust, self._follower.in_force, loop.codes),
            *(loop.overrides.in_force, loop.overrides.stored_stop, dict(self._mqtt.reach)),
            *(self._context.degradations.now(), lead and lead.health),
        )

    def _snapshot(self, reading: ClockReading) -> Snapshot:
        loop = self._runtime.loop
        controller = loop.controller
        cue = controller.cue or controller.program.look_at(reading.wall)
        return Snapshot(
            reading=reading,
            setup=self._follower.in_force,
            program=controller.program,
            cue=cue,
            rules=controller.rules(cue, reading.wall),
            health=loop.summary(reading),
            states=dict(controller.states),
            codes=loop.codes,
            overrides=loop.overrides.in_force,
            stop=loop.overrides.stored_stop,
            connected=dict(self._mqtt.reach),
        )

    def _shows_something_else(self, snapshot: Snapshot) -> bool:
        """Whether a changed gateway reports something else, or has another status."""
        is_new = False
        for name in self._changed:
            state = snapshot.states[name]
            reported = state.reported
            shown = (dict(state.status), dict(reported.zones), reported.problems, reported.by)
            is_new |= self._shown.get(name) != shown
            self._shown[name] = shown
        self._changed.clear()
        return is_new


async def prepare_accounts(owner: PageOwner, web: Web, url: str, emit: Listener) -> None:
    """Replaces old names with pseudonyms. While nobody has an account, emits the code for the first one if it can be
    used safely: over TLS, or on this machine. Then checks now and then whether the disk accepts again what it refused.
    It waits for the disk, so nothing else should wait for it."""
    if owner.is_demo:
        return
    accounts, reading = owner.accounts, owner.clock.read()
    try:
        await run_blocking("accounts", partial(accounts.audit.remove_names, reading.wall, web.names_for))
        if web.is_loopback or web.cert_file is not None or web.proxy is not None:
            code = await run_blocking("accounts", partial(accounts.new_setup_code, reading.mono))
            if code is not None:
                minutes = round(CODE_FOR_S / 60)
                emit(new_event("TWL-A031", url=f"{url}start", setup_code=code, minutes=minutes))
    except AccountsDown as error:
        emit(new_event(error.code, **error.fields))
    except Exception as error:
        emit(new_event("TWL-W106", path="/start", reason=place_of(error)))
    while True:
        await asyncio.sleep(in_step_s(LOOK_AGAIN_S))
        if accounts.was_refused:
            with suppress(AccountsDown):  # which has been reported
                await run_blocking("accounts", accounts.recheck)


def _service(site: "BuiltSite", accounts: AccountStore) -> RunningService:
    context, topic = site.context, f"{site.context.prefix}/override/set"
    return RunningService(
        context.setup,
        context.clock,
        state=context.store.storage,
        language=context.language,
        take=lambda payload: site.runtime.take(Received(PAGE, topic, payload, retain=False, qos=1)),
        emit=context.note,
        walks=site.runtime.loop.walks,
        keeper=site.follower.keeper,
        accounts=accounts,
        is_demo=context.is_demo,
    )


class Page:
    """The page of a service with one site or several; `storage` is the state of the service."""

    def __init__(self, storage: Storage, clock: Clock, emit: Listener, *, is_demo: bool = False) -> None:
        self._emit = emit
        self._loop = asyncio.get_running_loop()
        self._accounts = AccountStore(storage, self._emit_from_thread)
        self.directory = SiteDirectory(self._accounts, clock, self._emit_from_thread, is_demo=is_demo)
        self.note = ""
        """The description of the page for other controllers, so that they can contact it."""
        self._web: Web | None = None
        self._server: PageServer | None = None
        self._keeping: asyncio.Task[NoReturn] | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._failed: Event | None = None

    async def serve(self, web: Web | None) -> None:
        """Serves the page as `web` configures it, in place of the previous one. A failure is reported once, and tried
        again until `stop`."""
        if web == self._web:
            return
        await self.stop()
        self._web = web
        if web is not None:
            await self._start(web)
            self._keeping = asyncio.create_task(self._keep(web), name="page: keep")

    async def _keep(self, web: Web) -> NoReturn:
        """Serves the page again whenever it is not served."""
        while True:
            await asyncio.sleep(in_step_s(AGAIN_S))
            if self._server is None or self._server.has_ended:
                await self._close()
                await self._start(web)

    async def _start(self, web: Web) -> None:
        self.directory.is_ending = False
        try:
            self._server = await self._served(web)
        except Exception as error:
            broken = new_event("TWL-W107", reason=place_of(error))
            failed = error.event if isinstance(error, PageNotServed) else broken
            if failed != self._failed:
                self._emit(failed)
            self._failed = failed
            return
        self._failed = None
        if self._server.has_ended:  # its thread failed at once, which is reported
            return
        self._emit(new_event("TWL-W101", url=self._server.url))
        with suppress(OSError):  # it was readable a moment ago, when it was served
            self.note = await run_blocking("page", partial(own_page, web, self._server.port, self.directory.key))
        self._preparing = asyncio.create_task(
            prepare_accounts(self.directory, web, self._server.url, self._emit), name="page: accounts"
        )

    async def _served(self, web: Web) -> PageServer:
        try:
            return await self._server_of(web)
        except PageNotServed:
            if not self.directory.is_demo:
                raise
        # beside a service that runs
        return await self._server_of(web.model_copy(update={"listen": "127.0.0.1:0"}))

    async def _server_of(self, web: Web) -> PageServer:
        made: list[PageServer] = []

        def serve() -> PageServer:
            made.append(serving(create_sites_app, self.directory, web))
            return made[0]

        def abandoned() -> None:
            self.directory.end()
            for server in made:
                server.end()

        return await run_blocking("page", serve, abandoned)

    async def stop(self) -> None:
        """Stops serving."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        self._keeping, self._failed = None, None
        await self._close()

    async def _close(self) -> None:
        if self._preparing is not None:
            self._preparing.cancel()
        if self._server is not None:
            await _ended(self._emit, "page: stop", self._server.stop)
            await _ended(self._emit, "accounts", self._accounts.close)
        self._server, self._preparing, self.note = None, None, ""

    @asynccontextmanager
    async def of(self, site: "BuiltSite") -> AsyncIterator[dict[str, Coroutine[Any, Any, None]]]:
        """Shows a site while it runs; yields the tasks that the page needs beside the site."""
        try:
            service = _service(site, self._accounts)
            self.directory.add(service)
        except Exception as error:  # the light goes on without it
            site.context.note(new_event("TWL-W107", reason=place_of(error)))
            yield {}
            return
        site.listeners.append(service.note)
        try:
            yield {"page": PageFeed(site, service).run()}
        finally:
            site.listeners.remove(service.note)
            self.directory.remove(service)

    def _emit_from_thread(self, event: Event) -> None:
        with suppress(RuntimeError):  # the service has ended
            self._loop.call_soon_threadsafe(self._emit, event)


async def _ended(emit: Listener, name: str, end: Callable[[], None]) -> None:
    try:
        async with asyncio.timeout(END_S):
            await run_blocking(name, end)
    except Exception as error:
        emit(new_event("TWL-W106", path=name, reason=place_of(error)))
