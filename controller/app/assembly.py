"""Builds everything from the files, for `run` and `demo`: broker, gateways that run here, controller."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from controller.app import broker_settings
from controller.app.operating_system import feed_watchdog, watch_descriptors
from controller.app.reload import FileFollower, broker_users
from controller.broker.access import Admission, User
from controller.clock import Clock
from controller.config.load import Setup
from controller.config.site_folder import ConfigFolder
from controller.config.tower import Tower
from controller.errors import place_of
from controller.events import Event, new_event
from controller.gateways import own_gateways
from controller.gateways.dmx import Dmx
from controller.locale import Language
from controller.mqtt import Address, Mqtt
from controller.schedule.hours import night_at
from controller.service.confirmed_minutes import ConfirmedMinutes, LightChanges
from controller.service.control_loop import ControlLoop, restore
from controller.service.controller import Controller
from controller.service.degradations import Degradations
from controller.service.home_assistant_device import HomeAssistantDevice
from controller.service.lamp_walk import LampAlarms
from controller.service.preflight import Preflight
from controller.service.runtime import Runtime
from controller.service.site_topics import SiteInfo, partial_topics, subscriptions
from controller.state import History, NotRead, StateStore
from controller.state.json_file import Unusable
from controller.state.lamp_results import LampResults
from controller.state.storage import Storage
from controller.threads import in_step_s, run_blocking

if TYPE_CHECKING:
    from controller.app.page import Page
    from controller.dmx.runtime import GatewayRuntime
    from controller.service.leadership import Leadership

COUNT_S = 1.0
LAMPS_S = 10.0
"""Seconds until the service notices new results of `test-lamps`."""

Emit = Callable[[Event, datetime], None]


class SharedServices(Protocol):
    """What several sites share: broker and page. Log and watchdog are shared too."""

    def brokers(self, tower: Tower) -> tuple[Address, ...]:
        """The brokers of a site. Raises Misconfigured."""

    def page(self, site: "BuiltSite") -> AbstractAsyncContextManager[dict[str, Coroutine[Any, Any, None]]]:
        """Shows a site on the shared page while it runs; yields the tasks that the page needs beside the site."""


@dataclass(frozen=True)
class Context:
    """What a running service is built from: files, clock, store, the receiver of events, and the degradations that
    follow from them.

    `config` is the folder to follow, None for files that never change. `unbuilt`: the folder's own files could be read
    but not built, and others are in force until they change. `asked` is the language requested at the start, None
    leaves it to tower.yaml. `closed` lets only our own programs use the embedded broker, because its users cannot be
    read. `port` 0 takes a free one for the broker, and for the page. `is_demo`: anybody may change everything on the
    page. `services` is what several sites share, None for one site. `lead` decides when this controller may give
    orders, and with which term; None without other controllers.
    """

    setup: Setup
    clock: Clock
    store: StateStore
    state: Path
    emit: Emit
    degradations: Degradations
    asked: Language | None
    config: ConfigFolder | None = None
    unbuilt: bool = False
    closed: bool = False
    port: int | None = None
    is_demo: bool = False
    services: SharedServices | None = None
    lead: "Leadership | None" = None

    @property
    def language(self) -> Language:
        """The language of all messages."""
        return self.asked or self.setup.tower.site.language

    @property
    def prefix(self) -> str:
        """The prefix of the site's topics."""
        return self.setup.tower.mqtt.topic_prefix

    def note(self, event: Event) -> None:
        """Emits an event with the current time."""
        self.emit(event, self.clock.read().wall)


@dataclass(frozen=True)
class BuiltSite:
    """A site as it was built, for whoever looks at it while it runs; `listeners` are called with each event."""

    context: Context
    runtime: Runtime
    follower: FileFollower
    mqtt: Mqtt
    listeners: list[Callable[[Event], None]]


@dataclass(frozen=True)
class Running(BuiltSite):
    """A running site: `work` ends only if something failed."""

    work: asyncio.Task[None]

    @property
    def controller(self) -> Controller:
        """What decides."""
        return self.runtime.loop.controller

    @property
    def rebuild(self) -> asyncio.Future[Setup]:
        """A future that gets the new setup when tower.yaml has changed and everything must be rebuilt."""
        return self.follower.rebuild

    @property
    def reach(self) -> dict[str, bool]:
        """Broker -> whether the controller is connected to it."""
        return self.mqtt.reach


@asynccontextmanager
async def running(context: Context) -> AsyncIterator[Running]:
    """Starts everything in order, and stops it in reverse order at the end."""
    tower, clock, emit = context.setup.tower, context.clock, context.emit
    listeners: list[Callable[[Event], None]] = []

    def emit_to_listeners(event: Event, at: datetime) -> None:
        emit(event, at)
        for listener in listeners:
            try:
                listener(event)
            except Exception as error:  # the page must not stop the light
                emit(new_event("TWL-W108", reason=place_of(error)), at)

    context = replace(context, emit=emit_to_listeners)
    context.degradations.rebuilt()
    async with AsyncExitStack() as stack:
        users = {} if context.closed else broker_users(context, context.setup)
        brokers = await _brokers(context, users, stack)
        controller, overrides = restore(context.setup, context.store, context.lead.term if context.lead else 0)
        home_assistant = HomeAssistantDevice.of(tower, tower.site.language)
        meters = tuple(dict.fromkeys(meter.topic for meter in tower.measured))
        site = SiteInfo(tower.site.name, context.prefix, context.language, home_assistant, meters)
        mqtt = await stack.enter_async_context(_connection(brokers, controller, site, context))
        runtime = Runtime(controller, overrides, clock, mqtt, site, context.emit, context.degradations)
        loop = runtime.loop
        loop.prove_light(context.setup)
        loop.led_as(context.lead)
        follower = FileFollower(context, loop, users)
        built = BuiltSite(context, runtime, follower, mqtt, listeners)
        tasks = {
            "controller": runtime.run(),
            "files": follower.run(),
            "checkpoint": runtime.remember(context.store),
            "history": _count(context, loop),
            "lamps": _follow_lamps(context, loop.preflight),
        }
        if context.services is None:
            tasks["watchdog"] = feed_watchdog(lambda: runtime.turned_s, lambda: clock.read().mono)
            tasks["descriptors"] = watch_descriptors(lambda event: loop.emit(event, clock.read().wall))
        if tower.web is not None:
            page = _own_page if context.services is None else context.services.page
            tasks |= await stack.enter_async_context(page(built))
        tasks |= _notice_tasks(built)
        for gateway in gateways_here(context):
            tasks[f"gateway {gateway.name}"] = gateway.run(brokers, tower.site.name)
        work = asyncio.create_task(_work(tasks), name="work")
        stack.push_async_callback(_end, work, mqtt, site, lambda: loop.end(clock.read()))
        yield Running(context, runtime, follower, mqtt, listeners, work)


def new_page(storage: Storage, clock: Clock, emit: Callable[[Event], None], *, is_demo: bool = False) -> "Page | None":
    """A page that is not served yet; `storage` has its accounts. None if its libraries are missing or have the wrong
    version."""
    try:
        from controller.app.page import Page  # noqa: PLC0415  its libraries take 25 MB

        return Page(storage, clock, emit, is_demo=is_demo)
    except Exception as error:
        emit(new_event("TWL-W107", reason=f"{place_of(error)}: {error}"))
        return None


@asynccontextmanager
async def _own_page(site: BuiltSite) -> AsyncIterator[dict[str, Coroutine[Any, Any, None]]]:
    """Serves a page for this site alone; yields the tasks that the page needs beside the site."""
    context, web = site.context, site.context.setup.tower.web
    page = new_page(context.store.storage, context.clock, context.note, is_demo=context.is_demo)
    if page is None or web is None:
        yield {}
        return
    if context.port == 0:
        web = web.model_copy(update={"listen": f"{web.listen.rpartition(':')[0]}:0"})
    async with page.of(site) as work:
        try:
            await page.serve(web)
            yield work
        finally:
            await page.stop()


def _notice_tasks(site: BuiltSite) -> dict[str, Coroutine[Any, Any, None]]:
    """The tasks that notify people and a monitor; none in a demo."""
    context, runtime = site.context, site.runtime
    tower = context.setup.tower
    if context.is_demo or not (tower.notices or tower.heartbeat):
        return {}
    try:
        from controller.app.notifier import Notifier, send_heartbeats  # noqa: PLC0415  HTTP is not needed without it
    except Exception as error:  # a library is missing, or has the wrong version
        context.note(new_event("TWL-N106", reason=f"{place_of(error)}: {error}"))
        return {}
    tasks: dict[str, Coroutine[Any, Any, None]] = {}
    if tower.notices:
        notifier = Notifier(site)
        site.listeners.append(notifier.note)
        tasks["notices"] = notifier.run()
    if tower.heartbeat is not None:
        tasks["heartbeat"] = send_heartbeats(tower.heartbeat, lambda: runtime.turned_s, context.clock, context.note)
    return tasks


async def _brokers(context: Context, users: Mapping[str, User] | None, stack: AsyncExitStack) -> tuple[Address, ...]:
    """Starts the embedded broker, if there is one; returns the brokers to connect to."""
    settings = context.setup.tower.mqtt
    for _, finding in broker_settings.secret_findings(settings):
        context.note(finding)
    if context.services is not None:
        return context.services.brokers(context.setup.tower)
    if not settings.is_embedded:
        return broker_settings.addresses(settings)
    from controller.broker.server import Broker  # noqa: PLC0415  1 MB, and not needed with a broker elsewhere

    host, port = broker_settings.listens(settings)
    own = await run_blocking("password", partial(broker_settings.own_password, context.state))
    broker = Broker(
        host,
        port if context.port is None else context.port,
        admission=Admission(users, own, f"{context.prefix.replace('/', '-')}-"),
        store=context.state / "broker.json",
        on_event=context.note,
    )
    await stack.enter_async_context(broker)
    return (broker_settings.embedded(host, broker.port, broker_settings.CONTROLLER, own),)


def _connection(brokers: tuple[Address, ...], controller: Controller, site: SiteInfo, context: Context) -> Mqtt:
    lead, clock, name = context.lead, context.clock, "controller"
    return Mqtt(
        brokers,
        f"{site.prefix.replace('/', '-')}-{name if lead is None else lead.name}",
        subscriptions=tuple((topic, 1) for topic in subscriptions(controller, site)),
        will=site.will,
        birth=(site.birth,),
        streams=(site.requests,),
        partial=partial_topics(controller, site),
        may_publish=lambda: lead is None or lead.may_publish(clock.read().mono),
    )


async def _count(context: Context, loop: ControlLoop) -> None:
    """Passes changes of light and confirmed minutes to the history, and tonight's minutes to those who show them."""
    controller, minutes, changes = loop.controller, ConfirmedMinutes(), LightChanges()
    if context.setup.tower.home_assistant is not None:
        night = night_at(context.clock.read().wall, context.setup.tower.site.place.time_zone)
        with suppress(NotRead):
            earlier = partial(History(context.store.storage).minutes, night.start, night.end)
            loop.note_minutes(await run_blocking("history", earlier))
    while True:
        reading = context.clock.read()
        measured = loop.measured.lit(reading) if loop.measured is not None else {}
        rows = minutes.sample(controller.program, controller.confirmed_zones, reading, measured)
        context.store.note_minutes(rows)
        loop.note_minutes(rows)
        context.store.note_light(changes.sample(controller, reading))
        await asyncio.sleep(in_step_s(COUNT_S))


async def _follow_lamps(context: Context, preflight: Preflight | None) -> None:
    """Stores what the service finds when it tests lamps, and reports lamps that failed their last test, whoever made
    it."""
    alarms = LampAlarms(context.setup.tower.gateways, context.note)
    results = LampResults(context.store.storage, context.note)
    seen: object = "unread"
    while True:
        found = preflight.unstored if preflight is not None else {}
        if preflight is not None and found:
            with suppress(Unusable):  # reported as TWL-J003, and tried again
                await run_blocking("lamps", partial(results.note_found, found))
                preflight.stored(found)
        with suppress(OSError):
            stamp = await run_blocking("lamps", results.stamp)
            if stamp != seen or found:
                seen = stamp
                findings = (await run_blocking("lamps", results.read)).and_found(found)
                alarms.look(findings)
                if preflight is not None:
                    preflight.know(findings)
        await asyncio.sleep(in_step_s(LAMPS_S))


def gateways_here(context: Context) -> "list[GatewayRuntime]":
    """The DMX gateways that run inside this process; they are reached over MQTT like any other."""
    gateways = (gateway for gateway in own_gateways(context.setup.tower.gateways))
    return [process(context.setup, g, context.clock, context.state, context.emit) for g in gateways if g.runs == "here"]


def process(setup: Setup, gateway: Dmx, clock: Clock, state: Path, emit: Emit) -> "GatewayRuntime":
    """One DMX gateway, ready to run."""
    from controller.dmx.runtime import GatewayRuntime  # noqa: PLC0415  1.5 MB, and not needed where all run elsewhere

    file = state / f"gateway-{gateway.name}.json"
    return GatewayRuntime(gateway, setup.patch(gateway), setup.tower.mqtt.topic_prefix, clock, file, emit)


async def _work(coroutines: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """Runs the coroutines; ends only when one of them fails, and cancels the others."""
    async with asyncio.TaskGroup() as tasks:
        for name, coroutine in coroutines.items():
            tasks.create_task(coroutine, name=name)


async def _end(work: asyncio.Task[None], mqtt: Mqtt, site: SiteInfo, end_tests: Callable[[], None]) -> None:
    """Ends the work, then publishes what the will would: any earlier, and the controller would publish `online`
    again."""
    work.cancel()
    await asyncio.wait([work])
    end_tests()
    mqtt.publish(site.will)
