"""The state directory for the event loop, which never waits for the disk."""

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

from pydantic import AwareDatetime, Field

from controller.events import Event, Level
from controller.events.models import Reason
from controller.state.history import History, HistoryBuffer
from controller.state.history_rows import LightChange, Minute, recorded
from controller.state.json_file import Content, JsonFile, Unusable
from controller.state.override_file import NotStored, OverrideFile, OverrideViews, new_record
from controller.state.storage import Storage
from controller.threads import in_step_s, run_blocking, wait_at_most

T = TypeVar("T")

RETRY_S = 2.0
"""Seconds until the disk is tried again after a failure."""
LOOK_S = 10.0
"""Most seconds until minutes are written after their time; they wake nobody."""
CLOSE_S = 1.0
PATIENCE_S = 4.0
"""Seconds; whoever makes a manual request waits twice as long for the answer."""
KNOWN_EVERY = timedelta(minutes=10)
"""How old the time on disk may become; each write wears the memory card."""


class LastKnown(Content):
    """`known.json`: (epoch, revision) of the last document, as SPEC section 4 orders them, and the latest trusted time;
    `wall` is None before the first."""

    version: Literal[1] = 1
    epoch: int = Field(default=0, ge=0)
    revision: int = Field(default=0, ge=0)
    wall: AwareDatetime | None = None


def latest(known: datetime | None, now: datetime, trusted: bool) -> datetime:
    """The time to store. It goes back only if the clock is `trusted`, for example by a time server; any other clock
    that is behind is assumed to be wrong."""
    return now if known is None or trusted else max(known, now)


class StateStore(OverrideViews):
    """The controller's state that outlives a restart, at `place`; `on_event` is called on the event loop.

    The disk is used by one call at a time, in a thread.
    """

    def __init__(self, place: Path | Storage, on_event: Callable[[Event], None]) -> None:
        self.storage = storage = Storage.of(place)
        self._on_event = on_event
        self._file = OverrideFile(storage, self._emit)
        super().__init__(self._file)
        self._history = History(storage, self._emit)
        self._unlisten: Callable[[], None] = lambda: None
        # another machine has no use for what this one knows of its own clock and order
        self._known_file = JsonFile(storage.directory / "known.json", LastKnown, self._emit)
        self._known = self._written = LastKnown()
        self._buffer = HistoryBuffer(self._history, self._emit, time.monotonic)
        self._changed = asyncio.Event()
        self._disk = asyncio.Lock()

    async def __aenter__(self) -> "StateStore":
        self._loop = asyncio.get_running_loop()
        if self.storage.server is not None:
            self._unlisten = self.storage.server.listen(self._emit)
        await self._in_thread(self._load)
        self._writing = asyncio.create_task(self._write_changes(), name="state: write")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writing.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._in_thread(self._close)
        self._unlisten()

    @property
    def known(self) -> LastKnown:
        """The last noted order and time."""
        return self._known

    async def store_override(self, override_id: str, document: str, started_at: datetime, ends_at: datetime) -> bool:
        """Stores an override with this id durably; False if this id was stored before. Raises NotStored.

        It is the newest of those in force, even if the clock was set back since they were set.
        """
        record = new_record(override_id, "override", document, started_at, ends_at)
        added = False

        def add() -> bool:
            nonlocal added
            added = self._overrides.add(record)
            return added

        def withdraw() -> None:
            if added:  # an earlier one with the same id stays
                with suppress(Unusable):
                    self._overrides.withdraw(record.id)

        return await self._durably(add, undo=withdraw)

    async def end_overrides(self, ids: Collection[str], at: datetime, done: str | None = None) -> None:
        """Ends those of these overrides that are in force durably, and remembers the request `done` that asked for it,
        all or none. Raises NotStored; a hanging disk may still end them late."""
        if ids or done is not None:
            await self._durably(lambda: self._overrides.end(ids, at, done))

    async def set_stop(self, document: str | None, at: datetime, done: str | None = None) -> None:
        """Puts this safety stop in force durably; None lifts it. Remembers the request `done` that asked for it. Raises
        NotStored."""
        await self._durably(lambda: self._overrides.set_stop(document, at, done))

    def note(self, event: Event, at: datetime) -> None:
        """Adds an event to the history, except secret ones and those of level DEBUG that do not belong to a command,
        which no log shows; never waits."""
        if (event.level is not Level.DEBUG or "command_id" in event.fields) and not event.kind.secret:
            self._buffer.add((recorded(event, at),), urgent=True)
            self._changed.set()

    def note_light(self, changes: Collection[LightChange]) -> None:
        """Adds the light that is meant from now on to the history; never waits."""
        if changes:
            self._buffer.add(changes, urgent=True)
            self._changed.set()

    def note_minutes(self, rows: Iterable[Minute]) -> None:
        """Adds confirmed minutes to the history; a minute of a zone that is already there is replaced. Never waits. A
        power cut loses those of the last ten minutes."""
        self._buffer.add(rows, urgent=False)

    def store_known(self, epoch: int, revision: int, at: datetime, *, trusted: bool = False) -> None:
        """Notes the last order and the time; never waits. A time before the stored one is noted only if the clock is
        `trusted`, for example by a time server.

        It is written when the epoch has changed, otherwise at most every ten minutes, and at the end.
        """
        self._known = LastKnown(epoch=epoch, revision=revision, wall=latest(self._known.wall, at, trusted))
        if self._is_known_due:
            self._changed.set()

    @property
    def _is_known_due(self) -> bool:
        now, then = self._known.wall, self._written.wall
        if self._known.epoch != self._written.epoch or now is None or then is None:
            return self._known != self._written
        return abs(now - then) >= KNOWN_EVERY  # also if it is ahead of a clock that was set back

    async def _durably(self, work: Callable[[], T], undo: Callable[[], None] | None = None) -> T:
        """The result of the work. A hanging disk is not waited for: what it does late is undone by `undo` before the
        next request is served, which may repeat this one; a late end or stop stays."""
        given_up = False
        done: list[T] = []

        async def act() -> T:
            result = await run_blocking("state", lambda: self._with_room(work))
            if given_up and undo is not None:
                await run_blocking("state", undo)
            done.append(result)
            return result

        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._use_disk(act)
        except Unusable as error:
            raise NotStored("TWL-J007", reason=error.reason) from error
        except TimeoutError as late:
            if done:  # it succeeded just as it was given up
                return done[0]
            given_up = True
            raise NotStored("TWL-J007", reason=Reason("disk_silent", {"seconds": PATIENCE_S})) from late

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await self._use_disk(lambda: run_blocking("state", call))

    async def _use_disk(self, job: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of the job, run after earlier jobs. Cancelled before its turn, it is not run at all; cancelled
        later, it still runs to its end before the next begins."""
        await self._disk.acquire()
        call = asyncio.create_task(job(), name="state: disk")
        call.add_done_callback(self._free_disk)
        return await asyncio.shield(call)

    def _free_disk(self, call: asyncio.Task[T]) -> None:
        self._disk.release()
        if not call.cancelled():
            call.exception()  # the caller may be gone

    async def _write_changes(self) -> NoReturn:
        """Writes what waits whenever there is something new, and tries again what failed."""
        while True:
            await wait_at_most(self._changed, in_step_s(LOOK_S))
            self._changed.clear()
            try:
                written = await self._in_thread(self._flush)
            except Exception as error:  # a bug of ours, which must not end this task
                self._loop.call_exception_handler({"message": "state: write failed", "exception": error})
                written = False
            if not written:
                await asyncio.sleep(RETRY_S)
                self._changed.set()

    # What follows runs in a thread.

    def _emit(self, event: Event) -> None:
        with suppress(RuntimeError):  # the loop has closed: there is no receiver any more
            self._loop.call_soon_threadsafe(self._on_event, event)

    def _load(self) -> None:
        with suppress(OSError):  # the first file that cannot be opened is reported
            self.storage.directory.mkdir(parents=True, exist_ok=True)
        self._file.load()
        self._known = self._written = self._known_file.load() or LastKnown()
        self._flush()

    def _close(self) -> None:
        self._flush(always=True)
        self._history.close()

    def _flush(self, always: bool = False) -> bool:
        """Writes everything that waits; a failure does not keep the rest from being written. Returns whether all
        succeeded."""
        failures = 0
        for part in (self._file.flush, partial(self._write_known, always), partial(self._buffer.flush, always)):
            try:
                part()
            except Unusable:
                failures += 1
        return not failures

    def _write_known(self, always: bool) -> None:
        known = self._known
        if self._is_known_due or (always and known != self._written):
            self._known_file.save(known)
            self._written = known

    def _with_room(self, work: Callable[[], T]) -> T:
        """The result of the work; if the disk is full, it is repeated once after the history was discarded."""
        try:
            return work()
        except Unusable as error:
            if not (error.full and self._history.make_room()):
                raise
            return work()
