"""`overrides.json`: overrides, the safety stop and completed requests, in one file with a checksum.

A change is durable when it returns: the new file is written beside the old one, synced and renamed. A copy follows soon
after, and is used if the file is damaged. Each record goes one way only: set, then ended. Ended records are remembered
while fewer than REMEMBERED have ended after them, so that a repeated request counts once; a request that only ended
something is recorded as ended from the start.
"""

import json
import zlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError, model_validator

from controller.errors import Refused
from controller.events.models import Reason
from controller.events.reasons import first_mistake
from controller.state.json_file import Content, JsonFile, OnEvent, Overtaken, Unusable
from controller.state.storage import Storage

FILE, COPY, WAITING = "overrides.json", "overrides-copy.json", "overrides-waiting.json"
REMEMBERED = 100


def whole(text: str) -> str:
    """The text; raises ValueError for an unpaired surrogate, which JSON can carry and no file can store."""
    text.encode()
    return text


def in_utc(at: datetime) -> datetime:
    """The same instant; raises ValueError at the ends of the calendar."""
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error


Kind = Literal["override", "stop", "request"]
Instant = Annotated[AwareDatetime, AfterValidator(in_utc)]
WholeText = Annotated[str, AfterValidator(whole)]


class NotStored(Refused):
    """A request that could not be made durable and was therefore refused."""


class OverrideRecord(BaseModel):
    """An override or a stop: `document` is the JSON text of its request, instants are UTC. A completed request has no
    document."""

    model_config = ConfigDict(frozen=True)

    id: WholeText
    kind: Kind
    document: WholeText
    started_at: Instant
    ends_at: Instant | None = None
    ended_at: Instant | None = None


class OverrideContent(Content):
    """The content of `overrides.json`."""

    version: Literal[1] = 1
    held: tuple[OverrideRecord, ...]
    checksum: int

    @model_validator(mode="after")
    def is_sound(self) -> "OverrideContent":
        """Raises ValueError if the checksum is wrong: a flipped bit is damage, not another override."""
        if self.checksum != checksum(*self.held):
            raise ValueError("the checksum is wrong")
        return self


Records = Mapping[str, OverrideRecord]


class OverrideRecords(ABC):
    """The stored overrides. The methods may wait for the disk; each change is durable when it returns, and raises
    Unusable if it was not made. `records` (by id) is replaced as a whole, so any thread may read it; `generation` rises
    when changes made elsewhere have entered the records."""

    def __init__(self) -> None:
        self.records: Records = {}
        self.generation = 0

    @abstractmethod
    def save(self, records: Records) -> None:
        """Replaces all records with these; raises Unusable if that was not done."""

    def add(self, record: OverrideRecord) -> bool:
        """Stores a record as the newest of those in force, even if the clock was set back since they were set; False if
        its id is known already."""
        if record.id in self.records:
            return False
        newest = max((each.started_at for each in in_force(self.records, "override")), default=None)
        if newest is not None and record.started_at <= newest:
            record = record.model_copy(update={"started_at": newest + timedelta(microseconds=1)})
        self._change([record], record.started_at)
        return True

    def end(self, ids: Collection[str], at: datetime, done: str | None = None) -> None:
        """Ends those overrides that are in force and remembers the request `done` that asked for it, all or none."""
        ending = (record for record in in_force(self.records, "override") if record.id in ids)
        self._change([ended(record, at) for record in ending], at, done)

    def set_stop(self, document: str | None, at: datetime, done: str | None = None) -> None:
        """Replaces any stop in force with this one; None lifts it. Remembers the request `done` that asked for it."""
        self._change(self._stopped(document, at), at, done)

    def _stopped(self, document: str | None, at: datetime) -> list[OverrideRecord]:
        changed = [ended(record, at) for record in in_force(self.records, "stop")]
        if document is not None:
            changed.append(new_record(uuid4().hex, "stop", document, at))
        return changed

    def _change(self, changed: list[OverrideRecord], at: datetime, done: str | None = None) -> None:
        if done is not None and done not in self.records:
            changed.append(ended(new_record(done, "request", "", at), at))
        if changed:
            self._make(changed)

    def withdraw(self, name: str) -> None:
        """Forgets an override that was refused, so that it may be requested again."""
        self._make([], without=name)

    def _make(self, changed: list[OverrideRecord], without: str | None = None) -> None:
        records = {**self.records, **by_id(changed)}
        self.save(remembered({name: record for name, record in records.items() if name != without}))


class OverrideViews:
    """The overrides in force and the ended ones, from the stored records."""

    def __init__(self, overrides: OverrideRecords) -> None:
        self._overrides = overrides

    @property
    def generation(self) -> int:
        """A number that rises when changes of another controller have entered the records."""
        return self._overrides.generation

    @property
    def overrides(self) -> tuple[OverrideRecord, ...]:
        """The overrides in force, in the order in which they were set; ignores whether their end has passed by now."""
        return in_force(self._overrides.records, "override")

    @property
    def ended(self) -> tuple[OverrideRecord, ...]:
        """The ended overrides that are remembered."""
        records = self._overrides.records.values()
        return tuple(record for record in records if record.kind == "override" and record.ended_at is not None)

    @property
    def stop(self) -> str | None:
        """The document of the safety stop in force."""
        stops = in_force(self._overrides.records, "stop")
        return stops[-1].document if stops else None

    @property
    def done(self) -> tuple[str, ...]:
        """The ids of the requests remembered as done, the latest last."""
        requests = (record for record in self._overrides.records.values() if record.kind == "request")
        return tuple(record.id for record in sorted(requests, key=lambda record: record.started_at))


class OverrideFile(OverrideRecords):
    """Overrides in a document, with a copy in the state directory.

    If the document is in a database that cannot be used, an override is refused, and a stop or its end is written to a
    separate file until the database has it. The content of the database replaces the copy with which a start without it
    continued; an override that was refused and may still have reached the database is ended.
    """

    def __init__(self, place: Path | Storage, on_event: OnEvent) -> None:
        super().__init__()
        storage = Storage.of(place)
        self._is_shared = storage.is_shared
        self._file = storage.document(FILE, OverrideContent, on_event)
        self._copy = JsonFile(storage.directory / COPY, OverrideContent, on_event)
        self._waiting_file = JsonFile(storage.directory / WAITING, OverrideContent, on_event)
        self._waiting: Records = {}
        self._refused: set[str] = set()
        self._copied: Records = self.records
        self._is_written = True

    def load(self) -> None:
        """Reads the document, or its copy if it is damaged."""
        copy = self._copy.load()
        content = self._file.load("TWL-J010" if copy is None else "TWL-J011", instead=copy)
        self.records = by_id(content.held) if content is not None else {}
        self._is_written = content is None or content is not copy
        self._copied = self.records if content == copy else {}
        waiting = self._waiting_file.load() if self._is_shared else None
        if waiting is not None and waiting.held:
            self._waiting = by_id(waiting.held)
            self._merge(waiting.held)

    def flush(self) -> None:
        """Writes the records again if the last write failed: its last step may have left refused ones in the file. Then
        updates the copy."""
        if self._file.is_behind:
            self._reload()
        if not self._is_written:
            self._write()
        if self._waiting:
            self._save_waiting({})
        if self._copied is not self.records:
            records = self.records
            self._copy.save(_content(records))
            self._copied = records

    def set_stop(self, document: str | None, at: datetime, done: str | None = None) -> None:
        """See `OverrideRecords`; with a database it is done as soon as it is stored on this machine."""
        if not self._is_shared:
            super().set_stop(document, at, done)
            return
        changed = self._stopped(document, at)
        if done is not None and done not in self.records:
            changed.append(ended(new_record(done, "request", "", at), at))
        if not changed:
            return
        self._save_waiting({**self._waiting, **by_id(changed)})
        self._merge(changed)
        with suppress(Unusable):  # tried again every other second
            self.flush()

    def save(self, records: Records) -> None:
        """Writes the document; raises Unusable."""
        self._is_written = False
        self._file.save(_content(records))
        self.records, self._is_written = records, True

    def _make(self, changed: list[OverrideRecord], without: str | None = None) -> None:
        try:
            super()._make(changed, without)
        except Overtaken:
            self._reload()
            super()._make(changed, without)
        except Unusable:
            if self._is_shared:
                self._refused |= {record.id for record in changed if record.ended_at is None}
            raise

    def _write(self) -> None:
        try:
            self.save(self.records)
        except Overtaken:
            self._reload()
            if not self._is_written:
                self.save(self.records)

    def _merge(self, others: Iterable[OverrideRecord]) -> None:
        """Merges other records: of two with one id the one set later counts, and for the same setting the ended one."""

        def later(record: OverrideRecord) -> tuple[datetime, bool]:
            return record.started_at, record.ended_at is not None

        merged = dict(self.records)
        for record in others:
            merged[record.id] = max(merged.get(record.id, record), record, key=later)
        if merged != self.records:
            self.records, self._is_written = remembered(merged), False

    def _reload(self) -> None:
        """Replaces the records with those of the database, merged with the stops that wait here. Raises Unusable."""
        before, content = self.records, self._file.load()
        if self._file.is_behind:
            raise Unusable(Reason("no_answer_in_time"))
        self.records, self._is_written = by_id(content.held) if content is not None else {}, True
        refused = (record for record in in_force(self.records, "override") if record.id in self._refused)
        self._merge([*self._waiting.values(), *(ended(record, record.started_at) for record in refused)])
        self._refused.clear()
        self.generation += self.records != before

    def _save_waiting(self, records: Records) -> None:
        self._waiting_file.save(_content(records))
        self._waiting = records


def _content(records: Records) -> OverrideContent:
    return OverrideContent(held=tuple(records.values()), checksum=checksum(*records.values()))


def new_record(name: str, kind: Kind, document: str, at: datetime, until: datetime | None = None) -> OverrideRecord:
    """A record that begins at this instant; raises NotStored if its values cannot be stored at all."""
    try:
        return OverrideRecord(id=name, kind=kind, document=document, started_at=at, ends_at=until)
    except ValidationError as error:
        raise NotStored("TWL-J007", reason=first_mistake(error)) from error


def ended(record: OverrideRecord, at: datetime) -> OverrideRecord:
    """The same record, ended at this instant."""
    return record.model_copy(update={"ended_at": at.astimezone(UTC)})


def in_force(records: Records, kind: Kind) -> tuple[OverrideRecord, ...]:
    """The records of a kind that have not ended, in the order in which they were set."""
    left = (record for record in records.values() if record.kind == kind and record.ended_at is None)
    return tuple(sorted(left, key=lambda record: (record.started_at, record.id)))


def by_id(records: Iterable[OverrideRecord]) -> dict[str, OverrideRecord]:
    """The records by id."""
    return {record.id: record for record in records}


def remembered(records: Records) -> Records:
    """All records but those that ended longest ago."""
    ends = sorted((record.ended_at, record.id) for record in records.values() if record.ended_at is not None)
    forgotten = {name for _, name in ends[:-REMEMBERED]}
    return {name: record for name, record in records.items() if name not in forgotten}


def checksum(*records: OverrideRecord) -> int:
    """A number that changes with any flipped bit; computed from our own form of the records, which no library
    changes."""

    def columns(record: OverrideRecord) -> tuple[str | None, ...]:
        instants = (record.started_at, record.ends_at, record.ended_at)
        return record.id, record.kind, record.document, *(at.isoformat() if at is not None else None for at in instants)

    return zlib.crc32(json.dumps([columns(record) for record in records]).encode())
