"""The store: the files of the state directory put together behind one thread."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from controller.events import Event
from controller.state import event_history, minutes, stored_overrides
from controller.state.append_log import AppendLog
from controller.state.checkpoint import Checkpoint, Checkpointed, latest
from controller.state.database import Database
from controller.state.event_history import Noted, Question, noted
from controller.state.json_file import JsonFile, Unusable
from controller.state.minutes import Minute, between
from controller.state.stored_overrides import HeldFile, Holdings, NotKept, OverrideRecord, new_held, standing
from controller.state.worker import Worker

T = TypeVar("T")

RETRY_S = 2.0
"""After a failure, how long until the disk is asked again by ourselves."""
CLOSE_S = 1.0
MINUTES_EVERY_S = 600.0
PATIENCE_S = 4.0
"""Whoever asks for something by hand waits twice as long for the answer."""
MIGRATIONS = ((stored_overrides.TABLE, *minutes.STATEMENTS),)


class StateStore:
    """What the controller keeps over restarts, in `directory`; `on_event` is called on the event loop."""

    def __init__(self, directory: Path, on_event: Callable[[Event], None]) -> None:
        self._directory = directory
        self._on_event = on_event
        self._worker = Worker("store", self._flush, RETRY_S)
        tell = self._tell
        self._main = Database(
            directory / "watertower.db",
            MIGRATIONS,
            tell,
            prepare=self._adopt,
            synchronous="FULL",
        )
        self._history = Database(directory / event_history.FILE, event_history.MIGRATIONS, tell)
        self._held = Holdings(self._main, JsonFile(directory / "overrides.json", HeldFile, tell))
        self._facts = Checkpoint(JsonFile(directory / "known.json", Checkpointed, tell))
        self._journal = AppendLog(self._history, event_history.TABLE, tell)
        self._minutes = AppendLog(self._main, minutes.TABLE, tell)
        self._rest_until = 0.0
        self._minutes_due = 0.0

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
        return standing(self._held.rows, "override")

    @property
    def ended(self) -> tuple[OverrideRecord, ...]:
        """The overrides that have ended, as far as they are remembered."""
        return tuple(held for held in self._held.rows.values() if held.kind == "override" and held.ended_at is not None)

    @property
    def stop(self) -> str | None:
        """The document of the safety stop in force."""
        stops = standing(self._held.rows, "stop")
        return stops[-1].document if stops else None

    @property
    def done(self) -> tuple[str, ...]:
        """The requests remembered as done, by the names under which they were; the latest last."""
        rows = (held for held in self._held.rows.values() if held.kind == "request")
        return tuple(held.id for held in sorted(rows, key=lambda held: held.started_at))

    @property
    def known(self) -> Checkpointed:
        """The order and time noted last."""
        return self._facts.known

    async def keep_override(self, override_id: str, document: str, started_at: datetime, ends_at: datetime) -> bool:
        """Keep an override of this id durably; False where this id was kept before. Raises NotKept.

        It is the newest of those that stand, though the clock may have been set back since they were set.
        """
        override = new_held(override_id, "override", document, started_at, ends_at)
        newest = max((held.started_at for held in self.overrides), default=None)
        if newest is not None and override.started_at < newest:
            override = override.model_copy(update={"started_at": newest + timedelta(microseconds=1)})
        return await self._durably(lambda: self._held.keep(override), undo=lambda: self._withdraw(override))

    async def end_overrides(self, ids: Collection[str], at: datetime, done: str | None = None) -> None:
        """End those of these overrides that stand durably, and remember the request that is `done` by it, all or none.
        Raises NotKept; a disk that was not waited for may still end them late."""
        if ids or done is not None:
            await self._durably(lambda: self._held.end(ids, at, done))

    async def set_stop(self, document: str | None, at: datetime, done: str | None = None) -> None:
        """Put this safety stop in force durably, or lift it with None, by the request that is `done` by it. Raises
        NotKept."""
        await self._durably(lambda: self._held.stop(document, at, done))

    def note(self, event: Event, at: datetime) -> None:
        """Add an event to the journal; never waits."""
        self._journal.add((noted(event, at),))
        self._worker.nudge()

    def note_minutes(self, rows: Iterable[Minute]) -> None:
        """Add to the proof of glow; a minute of a zone that comes again takes the place of the first. Never waits.

        Written every ten minutes, for the sake of SD cards, and at the end: a power cut takes the last few.
        """
        self._minutes.add(rows)

    def keep_known(self, epoch: int, revision: int, at: datetime, *, vouched: bool = False) -> None:
        """Note the order issued last and the time; never waits. A time before the one that is kept is noted only where
        a time server has `vouched` for it.

        Written when the epoch changed, at most every ten minutes else, and at the end.
        """
        wall = latest(self._facts.known.wall, at, vouched)
        self._facts.known = Checkpointed(epoch=epoch, revision=revision, wall=wall)
        if self._facts.due:
            self._worker.nudge()

    async def journal(
        self, since: datetime, until: datetime, code: str | None = None, limit: int = 1000
    ) -> tuple[Noted, ...]:
        """The newest `limit` events from `since` on and before `until`, of one code or all, the oldest first."""
        question = Question(since, until, code, limit)
        return await self._worker.ask(lambda: self._read_journal(question))

    async def minutes(self, start: datetime, end: datetime) -> tuple[Minute, ...]:
        """The minutes that begin from `start` on and before `end`, in the order of time and zone."""
        return await self._worker.ask(lambda: self._read_minutes(start, end))

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

    def _adopt(self, connection: sqlite3.Connection) -> None:
        self._held.adopt(connection)

    def _withdraw(self, override: OverrideRecord) -> None:
        """It was refused before the disk had taken it; one of the same id that stood before stands."""
        with suppress(Unusable):
            if self._held.rows.get(override.id) == override:
                self._held.end((override.id,), override.started_at)

    def _load(self) -> None:
        with suppress(OSError):  # the first file that cannot be opened tells
            self._directory.mkdir(parents=True, exist_ok=True)
        self._held.load()
        self._facts.load()
        self._flush()

    def _close(self) -> None:
        self._rest_until = self._minutes_due = 0.0
        self._flush()
        with suppress(Unusable):
            self._facts.flush(always=True)
        self._main.close()
        self._history.close()

    def _flush(self) -> None:
        """Write all that waits; what fails keeps nothing else from being written."""
        if time.monotonic() < self._rest_until:
            return
        held, facts = self._held, self._facts
        for part in (
            held.heal_file,
            held.heal_database,
            facts.flush,
            self._flush_minutes,
            self._journal.flush,
        ):
            try:
                self._with_room(part)
            except Unusable:
                self._rest_until = time.monotonic() + RETRY_S

    def _flush_minutes(self) -> None:
        """Write them if it is time; raises Unusable, and then it still is."""
        if time.monotonic() >= self._minutes_due:
            self._minutes.flush()
            self._minutes_due = time.monotonic() + MINUTES_EVERY_S

    def _with_room(self, work: Callable[[], T]) -> T:
        """What the work gives; when the disk is full, once more after the history was dropped."""
        try:
            return work()
        except Unusable as error:
            if not (error.full and self._history.discard()):
                raise
            return work()

    def _read_journal(self, question: Question) -> tuple[Noted, ...]:
        with suppress(Unusable):
            self._journal.flush()
        written: list[Noted] = []
        with suppress(Unusable):
            written = self._history.read(question.ask)
        return question.newest(written + [entry for entry in self._journal.waiting if question.matches(entry)])

    def _read_minutes(self, start: datetime, end: datetime) -> tuple[Minute, ...]:
        self._minutes_due = 0.0
        with suppress(Unusable):
            self._flush_minutes()
        found: list[Minute] = []
        with suppress(Unusable):
            found = self._main.read(lambda connection: between(connection, start, end))
        found += [minute for minute in self._minutes.waiting if start <= minute.at < end]
        newest = {(minute.at, minute.zone): minute for minute in found}
        return tuple(newest[key] for key in sorted(newest))
