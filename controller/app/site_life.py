"""The life of one site: from its files until its end, rebuilt each time that tower.yaml has changed.

Files that can be read but not built leave the previous ones in force, or at the start the last good copy.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controller import __version__
from controller.app.assembly import Context, Running, SharedServices, running
from controller.app.last_good import copied_at, last_good, local
from controller.app.log_writer import Log, Voice, voice_of
from controller.app.reload import refusal, rejection
from controller.app.site_storage import storage_of
from controller.clock import SystemClock
from controller.config.load import Setup
from controller.config.site_folder import ConfigFolder, own_folder
from controller.errors import FilesRejected, WatertowerError
from controller.events import Event, new_event
from controller.locale import Language
from controller.service.degradations import Degradations
from controller.state import StateStore

if TYPE_CHECKING:
    from controller.service.leadership import Leadership


@dataclass(frozen=True, slots=True)
class SiteStart:
    """What a site starts with: its files, or the last good copy of them with the mistakes (`rejected`); the folders of
    files and state; the language requested at the start, None leaves it to tower.yaml; what it shares with other sites;
    and its lease."""

    setup: Setup
    rejected: FilesRejected | None
    folder: ConfigFolder
    state: Path
    asked: Language | None
    services: SharedServices | None = None
    lead: "Leadership | None" = None


async def live(start: SiteStart, log: Log, end: asyncio.Future[str], up: Callable[[Running], None]) -> bool:
    """Runs a site until `end`, which gets the reason, and reports it; False if a part of it failed instead. `up` is
    called after each build. Raises WatertowerError if it cannot be built."""
    clock = SystemClock()
    degradations = Degradations(clock)
    voice = _voice(start, start.setup, log)

    def emit(event: Event, at: datetime) -> Event:
        event = degradations.take(event, at)
        log.emit(event, at, voice)
        return event

    def emit_now(event: Event) -> None:
        emit(event, clock.read().wall)

    storage = storage_of(start.setup.tower, start.state, start.setup.site)
    async with StateStore(storage, emit_now) as store:

        def emit_and_record(event: Event, at: datetime) -> None:
            store.note(emit(event, at), at)

        parts = Context(
            setup=start.setup,
            clock=SystemClock(store.known.wall),
            store=store,
            state=start.state,
            emit=emit_and_record,
            degradations=degradations,
            asked=start.asked,
            config=start.folder,
            services=start.services,
            lead=start.lead,
        )
        _greet(parts, start)
        broken: BaseException | None = None
        good: Context | None = None
        while not end.done() and broken is None:
            try:
                voice = _voice(start, parts.setup, log)
                if storage_of(parts.setup.tower, start.state, parts.setup.site) != storage:
                    parts.note(new_event("TWL-J048"))
                good, (parts, broken) = parts, await _until_something_ends(parts, end, up)
            except WatertowerError as error:
                before = good or _from_copy(parts, start) or _closed(parts, start, error)
                if before is None:
                    raise
                before.note(refusal(error, local(copied_at(start.state), before.setup)))
                parts, good = replace(before, unbuilt=True), None
        if broken is not None:
            code = "TWL-C050" if start.services is None else "TWL-C051"
            parts.note(new_event(code, task="work", reason=_cause(broken)))
            return False
        parts.note(new_event("TWL-C002", reason=end.result()))
    return True


def _voice(start: SiteStart, setup: Setup, log: Log) -> Voice:
    """The voice of the log for a site. Raises OSError if the texts cannot be read."""
    site = setup.tower.site
    voice = voice_of(site.place.time_zone, start.asked or site.language, setup.site)
    if not setup.site:
        log.voice = voice
    return voice


def _from_copy(parts: Context, start: SiteStart) -> Context | None:
    """The same context with the last good copy of the files; None if there is none, or it was in use already."""
    copy = None if parts.unbuilt else last_good(start.folder, start.state)
    return None if copy in (None, parts.setup) else replace(parts, setup=copy)


def _closed(parts: Context, start: SiteStart, error: WatertowerError) -> Context | None:
    """The same context with a broker that refuses strangers, if the broker's users cannot be read: the lamps of the
    gateways that run here stay lit. None if that is not the reason, or no valid files ever ran."""
    users_file = parts.setup.tower.mqtt.users_file
    if users_file is None or error.fields.get("path") != str(users_file) or parts.closed:
        return None
    return None if last_good(start.folder, start.state) is None else replace(parts, closed=True)


async def _until_something_ends(
    parts: Context, end: asyncio.Future[str], up: Callable[[Running], None]
) -> tuple[Context, BaseException | None]:
    """Runs once; returns the context for the next run, and the error that ended this one."""
    async with running(parts) as site:
        up(site)
        ends: list[asyncio.Future[Any]] = [end, site.work, site.rebuild]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if end.done():
            return parts, None
        if site.rebuild.done():
            return replace(parts, setup=site.rebuild.result(), unbuilt=False, closed=False), None
        return parts, site.work.exception()


def _greet(parts: Context, start: SiteStart) -> None:
    site = start.setup.tower.site
    now = f"{parts.clock.read().wall.astimezone(site.place.time_zone):%Y-%m-%d %H:%M %Z}"
    folder = own_folder(start.folder)
    parts.note(new_event("TWL-C001", site=site.name, version=__version__, now=now, config=folder))
    if start.rejected is not None:
        parts.note(rejection(start.rejected, local(copied_at(start.state), start.setup)))


def _cause(error: BaseException) -> str:
    """The innermost reason of an exception group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def end_once(end: asyncio.Future[str], why: str) -> None:
    """Asks a site, or all, to end; the first reason counts."""
    with suppress(asyncio.InvalidStateError):
        end.set_result(why)
