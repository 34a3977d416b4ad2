"""What a person has set by hand and what must outlive everything: overrides, and the safety stop.

1. A change is acknowledged once it is durable in the database or in the file beside it; both are tried.
2. Each entry only ever goes one way: set, then ended. So two copies that drifted apart are joined entry by entry,
   in any order and any number of times, with the same result: nothing set is lost and nothing ended returns.
3. A place that missed a change is brought up to date as soon as it can be written.
4. Both places carry checksums: a flipped bit is damage, not another override.
5. The ended are remembered while fewer than REMEMBERED have ended after them, so that an id that comes again counts
   once; so are the requests that only ended something, which are held as ended from the start.
"""

import json
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError, model_validator

from controller.errors import Refused
from controller.state.database import Database
from controller.state.json_file import Content, JsonFile, Unusable

REMEMBERED = 100

TABLE = """CREATE TABLE held (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, document TEXT NOT NULL,
    started_at TEXT NOT NULL, ends_at TEXT, ended_at TEXT, checksum INTEGER NOT NULL
)"""
SELECT = "SELECT id, kind, document, started_at, ends_at, ended_at, checksum FROM held"
DELETE = "DELETE FROM held"
INSERT = """INSERT INTO held (id, kind, document, started_at, ends_at, ended_at, checksum)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""


def whole(text: str) -> str:
    """The text; raises ValueError where it holds half a character, as JSON may bring and no file can hold."""
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


class NotKept(Refused):
    """A request that could not be made durable anywhere, and is therefore refused."""


class OverrideRecord(BaseModel):
    """An override or a stop: `document` is the JSON text of whoever set it, instants are UTC. A request that is done
    has no document."""

    model_config = ConfigDict(frozen=True)

    id: WholeText
    kind: Kind
    document: WholeText
    started_at: Instant
    ends_at: Instant | None = None
    ended_at: Instant | None = None


class HeldFile(Content):
    """The content of `overrides.json`."""

    version: Literal[1] = 1
    held: tuple[OverrideRecord, ...]
    checksum: int

    @model_validator(mode="after")
    def is_sound(self) -> "HeldFile":
        """Rule 4."""
        if self.checksum != checksum(*self.held):
            raise ValueError("the checksum is wrong")
        return self


Rows = Mapping[str, OverrideRecord]


class Holdings:
    """Everything held; `rows` is replaced whole, so any thread may read it."""

    def __init__(self, database: Database, file: JsonFile[HeldFile]) -> None:
        self.rows: Rows = {}
        self._database = database
        self._file = file
        self._in_database: Rows | None = None
        self._in_file: Rows | None = None

    def load(self) -> None:
        """Read the file; the database joins in as soon as it can be opened."""
        kept = self._file.load()
        self.rows = self._in_file = by_id(kept.held) if kept is not None else {}

    def adopt(self, connection: sqlite3.Connection) -> None:
        """The database was opened: take what it holds, and give it what it lacks."""
        self.rows = exchange(connection, self.rows)

    def heal_database(self) -> None:
        """Rule 3; raises Unusable."""
        if self._in_database != self.rows:
            self._in_database = self.rows = self._database.write(lambda it: exchange(it, self.rows))

    def heal_file(self) -> None:
        """Rule 3; raises Unusable."""
        if self._in_file != self.rows:
            self._save(self.rows)

    def keep(self, held: OverrideRecord) -> bool:
        """Hold it durably; False where its id is known already. Raises Unusable."""
        if held.id in self.rows:
            return False
        self._change(held, at=held.started_at)
        return True

    def end(self, names: Collection[str], at: datetime, done: str | None = None) -> None:
        """End durably what stands under these ids, and remember the request that is `done` by it, all or none. Raises
        Unusable."""
        self._change(
            *(ended(held, at) for held in standing(self.rows, "override") if held.id in names), done=done, at=at
        )

    def stop(self, document: str | None, at: datetime, done: str | None = None) -> None:
        """Put this stop in the place of any that stands; None lifts it, by the request that is `done` by it. Raises
        Unusable."""
        changes = [ended(held, at) for held in standing(self.rows, "stop")]
        if document is not None:
            changes.append(new_held(uuid4().hex, "stop", document, at))
        self._change(*changes, done=done, at=at)

    def _change(self, *changed: OverrideRecord, at: datetime, done: str | None = None) -> None:
        """Rule 1, and the second half of rule 5."""
        changes = by_id(changed)
        if done is not None and done not in self.rows:
            changes[done] = ended(new_held(done, "request", "", at), at)
        if not changes:
            return
        problems: list[Unusable] = []
        try:
            after = self._database.write(lambda it: exchange(it, join(self.rows, changes)))
            self._in_database = after
        except Unusable as error:
            problems.append(error)
            after = remembered(join(self.rows, changes))
        try:
            self._save(after)
        except Unusable as error:
            problems.append(error)
        if len(problems) == 2:
            raise Unusable("; ".join(map(str, problems)), any(problem.full for problem in problems))
        self.rows = after

    def _save(self, rows: Rows) -> None:
        self._in_file = None
        entries = tuple(rows.values())
        self._file.save(HeldFile(held=entries, checksum=checksum(*entries)))
        self._in_file = rows


def new_held(name: str, kind: Kind, document: str, at: datetime, until: datetime | None = None) -> OverrideRecord:
    """What begins to be held at this instant; raises NotKept where it cannot be written at all."""
    try:
        return OverrideRecord(id=name, kind=kind, document=document, started_at=at, ends_at=until)
    except ValidationError as error:
        raise NotKept("TWL-J007", reason=error.errors()[0]["msg"]) from error


def ended(held: OverrideRecord, at: datetime) -> OverrideRecord:
    """The same, ended at this instant."""
    return held.model_copy(update={"ended_at": at.astimezone(UTC)})


def standing(rows: Rows, kind: Kind) -> tuple[OverrideRecord, ...]:
    """What has not ended, in the order in which it was set."""
    left = (held for held in rows.values() if held.kind == kind and held.ended_at is None)
    return tuple(sorted(left, key=lambda held: (held.started_at, held.id)))


def by_id(held: Iterable[OverrideRecord]) -> dict[str, OverrideRecord]:
    """Found by id."""
    return {each.id: each for each in held}


def join(one: Rows, other: Rows) -> dict[str, OverrideRecord]:
    """Rule 2: of two copies the later set counts, and of one set at the same time the one that has ended."""

    def rank(held: OverrideRecord) -> tuple[datetime, bool, datetime, str]:
        is_ended = held.ended_at is not None
        return held.started_at, is_ended, held.ended_at or held.started_at, str(columns(held))

    both = {name: max(one[name], other[name], key=rank) for name in one.keys() & other.keys()}
    return {**one, **other, **both}


def remembered(rows: Rows) -> dict[str, OverrideRecord]:
    """Rule 5."""
    ends = sorted((held.ended_at, held.id) for held in rows.values() if held.ended_at is not None)
    forgotten = {name for _, name in ends[:-REMEMBERED]}
    return {name: held for name, held in rows.items() if name not in forgotten}


def exchange(connection: sqlite3.Connection, rows: Rows) -> Rows:
    """Join `rows` with what the database holds; both hold the result afterwards."""
    stored = by_id(from_row(row) for row in connection.execute(SELECT))
    joined = remembered(join(stored, rows))
    if joined != stored:
        connection.execute(DELETE)
        connection.executemany(INSERT, ((*columns(held), checksum(held)) for held in joined.values()))
    return joined


def columns(held: OverrideRecord) -> tuple[str | None, ...]:
    """The entry as the table has it, without its checksum."""
    instants = (held.started_at, held.ends_at, held.ended_at)
    return held.id, held.kind, held.document, *(at.isoformat() if at is not None else None for at in instants)


def checksum(*entries: OverrideRecord) -> int:
    """A figure that a flipped bit changes; over our own form of the entries, which no library moves."""
    return zlib.crc32(json.dumps([columns(held) for held in entries]).encode())


def from_row(row: tuple[object, ...]) -> OverrideRecord:
    """The entry of a row; raises sqlite3.DataError where the row is damaged."""
    try:
        held = OverrideRecord.model_validate(dict(zip(OverrideRecord.model_fields, row[:-1], strict=True)))
    except ValidationError as error:
        raise sqlite3.DataError(f"held: {error.errors()[0]['msg']}") from error
    if checksum(held) != row[-1] or columns(held) != row[:-1]:
        raise sqlite3.DataError("held: the checksum of a row is wrong")
    return held
