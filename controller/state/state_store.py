"""The state directory behind one thread: the event loop never waits for the disk."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from controller.events import Event, Level
from controller.state import override_file
from controller.state.checkpoint import Checkpoint, Checkpointed, latest
from controller.state.history import History, HistoryBuffer, LightChange, Minute, SqliteHistory, recorded
from controller.state.json_file import JsonFile, Unusable
from controller.state.override_file import (
    NotKept,
    OverrideContent,
    OverrideFile,
    OverrideRecord,
    OverrideStore,
    new_record,
    standing,
)
from controller.state.takeover import Takeover
from controller.state.worker import Worker

T = TypeVar("T")

RETRY_S = 2.0
"""After a failure, how long until the disk is asked again by ourselves."""
CLOSE_S = 1.0
PATIENCE_S = 4.0
"""Whoever asks for something by hand waits twice as long for the answer."""


class StateStore:
    """What the controller keeps over restarts, in `directory`; `on_event` is called on the event loop."""

    def __init__(self, directory: Path, on_event: Callable[[Event], None]) -> None:
        self._directory = directory
        self._on_event = on_event
        self._worker = Worker("store", self._flush, RETRY_S)
        tell = self._tell
        overrides = OverrideFile(JsonFile(directory / override_file.FILE, OverrideContent, tell, "TWL-J010"))
        history = SqliteHistory(directory, tell)
        self._overrides: OverrideStore = overrides
        self._history: History = history
        self._takeover = Takeover(directory, overrides, history, tell)
        self._checkpoint = Checkpoint(JsonFile(directory / "known.json", Checkpointed, tell))
        self._buffer = HistoryBuffer(history, tell, time.monotonic)
        self._rest_until = 0.0

    async def __aenter__(self) -> "StateStore":
        self._loop = asyncio.get_running_loop()
        self._worker.start()
        await self._worker.ask(self._load)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._worker.stop(self._close, CLOSE_S)

    @property
    def overrides(self) -> tuple[OverrideRecord, ...]:
        """The overrides that stand, in the order in which they were set; whether one is over by now is not asked."""
        return standing(self._overrides.records, "override")

    @property
    def ended(self) -> tuple[OverrideRecord, ...]:
        """The overrides that have ended, as far as they are remembered."""
        records = self._overrides.records.values()
        return tuple(record for record in records if record.kind == "override" and record.ended_at is not None)

    @property
    def stop(self) -> str | None:
        """The document of the safety stop in force."""
        stops = standing(self._overrides.records, "stop")
        return stops[-1].document if stops else None

    @property
    def done(self) -> tuple[str, ...]:
        """The requests remembered as done, by the names under which they were; the latest last."""
        requests = (record for record in self._overrides.records.values() if record.kind == "request")
        return tuple(record.id for record in sorted(requests, key=lambda record: record.started_at))

    @property
    def known(self) -> Checkpointed:
        """The order and time noted last."""
        return self._checkpoint.known

    async def keep_override(self, override_id: str, document: str, started_at: datetime, ends_at: datetime) -> bool:
        """Keep an override of this id durably; False where this id was kept before. Raises NotKept.

        It is the newest of those that stand, though the clock may have been set back since they were set.
        """
        record = new_record(override_id, "override", document, started_at, ends_at)
        kept = False

        def keep() -> bool:
            nonlocal kept
            kept = self._overrides.keep(record)
            return kept

        def withdraw() -> None:
            if kept:  # one of the same id that stood before stands
                with suppress(Unusable):
                    self._overrides.end((record.id,), record.started_at)

        return await self._durably(keep, undo=withdraw)

    async def end_overrides(self, ids: Collection[str], at: datetime, done: str | None = None) -> None:
        """End those of these overrides that stand durably, and remember the request that is `done` by it, all or none.
        Raises NotKept; a disk that was not waited for may still end them late."""
        if ids or done is not None:
            await self._durably(lambda: self._overrides.end(ids, at, done))

    async def set_stop(self, document: str | None, at: datetime, done: str | None = None) -> None:
        """Put this safety stop in force durably, or lift it with None, by the request that is `done` by it. Raises
        NotKept."""
        await self._durably(lambda: self._overrides.set_stop(document, at, done))

    def note(self, event: Event, at: datetime) -> None:
        """Add an event to the history, but for those of DEBUG, which no log shows; never waits."""
        if event.level is Level.DEBUG:
            return
        self._buffer.add((recorded(event, at),), urgent=True)
        self._worker.nudge()

    def note_light(self, changes: Collection[LightChange]) -> None:
        """Add what is meant to be shown from now on to the history; never waits."""
        if changes:
            self._buffer.add(changes, urgent=True)
            self._worker.nudge()

    def note_minutes(self, rows: Iterable[Minute]) -> None:
        """Add confirmed minutes to the history; a minute of a zone that comes again takes the place of the first.
        Never waits. A power cut takes those of the last ten minutes."""
        self._buffer.add(rows, urgent=False)

    def keep_known(self, epoch: int, revision: int, at: datetime, *, vouched: bool = False) -> None:
        """Note the order issued last and the time; never waits. A time before the one that is kept is noted only where
        a time server has `vouched` for it.

        Written when the epoch changed, at most every ten minutes else, and at the end.
        """
        wall = latest(self._checkpoint.known.wall, at, vouched)
        self._checkpoint.known = Checkpointed(epoch=epoch, revision=revision, wall=wall)
        if self._checkpoint.due:
            self._worker.nudge()

    async def _durably(self, work: Callable[[], T], undo: Callable[[], None] | None = None) -> T:
        """What the work gives. A disk that hangs is not waited for: `undo` puts back what it may still do late; an end
        or a stop that comes late stands."""

        def job() -> T:
            try:
                return self._with_room(work)
            except Unusable as error:
                raise NotKept("TWL-J007", reason=str(error)) from error

        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._worker.ask(job)
        except TimeoutError as late:
            if undo is not None:
                self._worker.post(undo)
            raise NotKept("TWL-J007", reason=f"the disk has not answered for {PATIENCE_S:.0f} s") from late

    # What follows runs in the worker.

    def _tell(self, event: Event) -> None:
        with suppress(RuntimeError):  # the loop has closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._on_event, event)

    def _load(self) -> None:
        with suppress(OSError):  # the first file that cannot be opened tells
            self._directory.mkdir(parents=True, exist_ok=True)
        self._overrides.load()
        self._checkpoint.load()
        self._flush()

    def _close(self) -> None:
        self._rest_until = 0.0
        self._flush()
        for part in (self._checkpoint, self._buffer):
            with suppress(Unusable):
                part.flush(always=True)
        self._history.close()

    def _flush(self) -> None:
        """Write all that waits; what fails keeps nothing else from being written."""
        if time.monotonic() < self._rest_until:
            return
        for part in (self._overrides.flush, self._takeover.run, self._checkpoint.flush, self._buffer.flush):
            try:
                part()
            except Unusable:
                self._rest_until = time.monotonic() + RETRY_S

    def _with_room(self, work: Callable[[], T]) -> T:
        """What the work gives; where the disk is full, once more after the history was given up for it."""
        try:
            return work()
        except Unusable as error:
            if not (error.full and self._history.make_room()):
                raise
            return work()
