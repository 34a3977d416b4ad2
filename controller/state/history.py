"""`history.db`: events, what light was meant and why, and the confirmed minutes of each zone.

It may be lost without harm to the light. Rows are taken without waiting and written when the disk allows; what waits is
bounded in memory, and what is kept is bounded in rows and in bytes: the oldest leave. Readers (`watertower logs`,
`plan --at`, `report`) open the file for reading only, whether the service writes or not, and never hold it open between
pages: a reader that stopped reading must not keep SQLite from shrinking its write-ahead log.
"""

import json
import math
import re
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from controller.errors import Refused
from controller.events import CATALOGUE, Event, EventKind, Level, new_event
from controller.events.models import Advice, EndedTrouble, InEachLanguage, Reason, Spoken, in_language, printable
from controller.events.reasons import reason_of
from controller.locale import DEFAULT, Language, languages
from controller.rfc3339 import parse_rfc3339
from controller.state.json_file import OnEvent, Unusable
from controller.state.sql import Database, SqlConnection
from controller.state.storage import Storage

T = TypeVar("T")

FILE = "history.db"
LONGEST_FIELDS = 4000
MOST_WAITING = 5000
MOST_BYTES = 96 * 1024 * 1024
MOST_ROWS = {"events": 100_000, "light": 50_000, "minutes": 500_000}
"""Table -> rows; of `minutes` that is about a year with one zone."""
BATCH = 1000
MINUTES_EVERY_S = 600.0
"""Minutes are written so seldom for the sake of memory cards, and whenever something else is."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)

MIGRATIONS = (
    (
        """CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, code TEXT NOT NULL, level TEXT NOT NULL,
            fields TEXT NOT NULL
        )""",
        "CREATE INDEX events_at ON events (at)",
        """CREATE TABLE light (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, zone TEXT NOT NULL, look TEXT NOT NULL, rule TEXT NOT NULL
        )""",
        "CREATE INDEX light_at ON light (at)",
        """CREATE TABLE minutes (
            id INTEGER PRIMARY KEY, minute INTEGER NOT NULL, zone TEXT NOT NULL, night TEXT NOT NULL,
            planned INTEGER NOT NULL, confirmed_s REAL NOT NULL, UNIQUE (minute, zone)
        )""",
    ),
    ("ALTER TABLE minutes ADD COLUMN measured_s REAL",),
)
MEASURED = 2
"""The form of the file from which on `minutes` holds what was measured."""


class NotRead(Refused):
    """The history is there and cannot be read."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as the history holds it: `fields` is JSON text, as much of them as a log line shows."""

    at: datetime
    code: str
    level: Level
    fields: str

    @property
    def event(self) -> Event:
        """The event again, with its texts; one that this version does not know shows its bare fields."""
        return _event_of(self.code, self.level, json.loads(self.fields))

    def row(self) -> tuple[object, ...]:
        """The columns after `id`."""
        return stamp(self.at), self.code, self.level.value, self.fields

    def is_of(self, command_id: str | None, gateway: str | None = None) -> bool:
        """Whether it belongs to the life of a command whose id begins like this; with None whether a log shows it, or
        that of one gateway, which shows also what was told together with others."""
        if command_id is None:
            kind = CATALOGUE.get(self.code) if gateway is not None else None
            return self.level is not Level.DEBUG or (kind is not None and kind.level is not Level.DEBUG)
        return f'"command_id": {json.dumps(command_id)[:-1]}' in self.fields

    def is_about(self, gateway: str) -> bool:
        """Whether it is of this gateway, names it among others, or is of its own connection."""
        event = self.event
        among = str(event.fields.get("gateways", "")).split(", ")
        return gateway in {event.fields.get("gateway"), *among} or (
            event.whose is not None and gateway in event.whose.said(DEFAULT).split()
        )


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are meant: those of a code, of these levels, from `since` on and before `until`, about a gateway.
    Nothing said is any."""

    levels: tuple[Level, ...] = tuple(Level)
    code: str | None = None
    gateway: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def where(self) -> tuple[str, tuple[object, ...]]:
        """A condition for SQL with its parameters; it lets through more than those about the gateway."""
        parts: list[tuple[str, object]] = [("level = ?", level.value) for level in self.levels]
        levels = f"({' OR '.join(part for part, _ in parts) or '1 = 0'})"
        more = (
            ("code = ?", self.code),
            ("fields LIKE ? ESCAPE '!'", _containing(self.gateway)),
            ("at >= ?", stamp(self.since) if self.since is not None else None),
            ("at < ?", stamp(self.until) if self.until is not None else None),
        )
        given = [(part, value) for part, value in more if value is not None]
        condition = " AND ".join((levels, *(part for part, _ in given)))
        return condition, tuple(value for _, value in (*parts, *given))


@dataclass(frozen=True, slots=True)
class LightChange:
    """From `at` on a zone is meant to show `look` on behalf of `rule`, JSON objects of the controller's."""

    at: datetime
    zone: str
    look: Mapping[str, object]
    rule: Mapping[str, object]

    def row(self) -> tuple[object, ...]:
        """The columns after `id`."""
        return stamp(self.at), self.zone, json.dumps(self.look), json.dumps(self.rule)


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of one zone: `night` is named after its evening, `at` is the start of the minute in UTC.

    `planned` says whether light was meant, `confirmed_s` for how many seconds what was meant was confirmed,
    `measured_s` for how many a meter said that it was lit; None without a meter that tells.
    """

    night: date
    zone: str
    at: datetime
    planned: bool
    confirmed_s: float
    measured_s: float | None = None

    def row(self) -> tuple[object, ...]:
        """The columns after `id`."""
        night, confirmed_s = self.night.isoformat(), float(self.confirmed_s)
        return _minute(self.at), self.zone, night, int(self.planned), confirmed_s, self.measured_s


Row = RecordedEvent | LightChange | Minute
INSERT: dict[type[Row], str] = {
    RecordedEvent: "INSERT INTO events (at, code, level, fields) VALUES (?, ?, ?, ?)",
    LightChange: "INSERT INTO light (at, zone, look, rule) VALUES (?, ?, ?, ?)",
    Minute: """INSERT INTO minutes (minute, zone, night, planned, confirmed_s, measured_s) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (minute, zone) DO UPDATE SET night = excluded.night, planned = excluded.planned,
            confirmed_s = excluded.confirmed_s, measured_s = excluded.measured_s""",
}


@dataclass(frozen=True, slots=True)
class _UnknownEvent(Event):
    """An event of another version, which had other fields or another code."""

    def text(self, language: Language) -> str:
        """Its bare fields."""
        return ", ".join(f"{name}={in_language(value, language)}" for name, value in self.fields.items())

    def action(self, language: Language) -> str:
        """Nothing is known of it but its fields."""
        return self.text(language)


class History:
    """The history of a site. All methods may wait for the disk; reading ones raise NotRead."""

    def __init__(self, place: Path | Storage, on_event: OnEvent = lambda _: None) -> None:
        self._database = Storage.of(place).database(FILE, MIGRATIONS, on_event)

    def write(self, rows: Sequence[Row]) -> None:
        """Add these; a minute of a zone that comes again takes the place of the first. Raises Unusable."""
        self._database.write(lambda connection: _append(self._database, connection, rows))

    def make_room(self) -> bool:
        """A full disk refuses DELETE too, so the file is deleted."""
        return self._database.discard()

    def close(self) -> None:
        """Let the storage go; the next use opens it again."""
        self._database.close()

    def events(self, after: int, since: datetime, limit: int) -> list[tuple[int, RecordedEvent]]:
        """Events that were recorded after the one numbered `after` and happened from `since` on: the first `limit`, in
        the order in which they were recorded, with their numbers."""
        select = "SELECT id, at, code, level, fields FROM events WHERE id > ? AND at >= ? ORDER BY id LIMIT ?"
        return self._read(select, (after, stamp(since), limit), lambda number, *row: (number, _event(*row)))

    def newest(self, wanted: EventFilter, before: int, limit: int) -> list[tuple[int, RecordedEvent]]:
        """The events that are meant, recorded before the one numbered `before`: the newest `limit` with their numbers,
        the newest first."""
        where, parameters = wanted.where
        found: list[tuple[int, RecordedEvent]] = []
        while len(found) < limit:
            select = f"""SELECT id, at, code, level, fields FROM events
                WHERE id < ? AND {where} ORDER BY id DESC LIMIT ?"""  # noqa: S608  a condition of our own
            page = self._read(select, (before, *parameters, BATCH), lambda number, *row: (number, _event(*row)))
            found += (row for row in page if wanted.gateway is None or row[1].is_about(wanted.gateway))
            if len(page) < BATCH:
                break
            before = page[-1][0]
        return found[:limit]

    def events_between(self, start: datetime, end: datetime, codes: Collection[str]) -> tuple[RecordedEvent, ...]:
        """The events of these codes from `start` on and before `end`, in the order in which they happened."""
        if not codes:
            return ()
        select = f"""SELECT at, code, level, fields FROM events
            WHERE at >= ? AND at < ? AND code IN ({", ".join("?" * len(codes))}) ORDER BY at, id"""  # noqa: S608
        return tuple(self._read(select, (stamp(start), stamp(end), *codes), _event))

    def last_number(self) -> int:
        """The number of the last event; 0 where there is none. Numbers begin anew with a new storage."""
        return next(iter(self._read("SELECT coalesce(max(id), 0) FROM events", (), int)), 0)

    def last_event(self, code: str, before: datetime) -> RecordedEvent | None:
        """The last event of this code before an instant."""
        select = (
            "SELECT at, code, level, fields FROM events WHERE code = ? AND at < ? ORDER BY at DESC, id DESC LIMIT 1"
        )
        return next(iter(self._read(select, (code, stamp(before)), _event)), None)

    def light_at(self, at: datetime) -> Mapping[str, LightChange]:
        """By zone: the last change of light until this instant."""
        select = """SELECT at, zone, look, rule FROM light WHERE id IN (
            SELECT (SELECT id FROM light WHERE zone = each.zone AND at <= ? ORDER BY at DESC, id DESC LIMIT 1)
            FROM (SELECT DISTINCT zone FROM light) AS each)"""
        return {change.zone: change for change in self._read(select, (stamp(at),), _light)}

    def light_between(self, start: datetime, end: datetime) -> tuple[LightChange, ...]:
        """The changes of light from `start` on and before `end`, in the order of time."""
        select = "SELECT at, zone, look, rule FROM light WHERE at >= ? AND at < ? ORDER BY at, id"
        return tuple(self._read(select, (stamp(start), stamp(end)), _light))

    def minutes(self, start: datetime, end: datetime) -> tuple[Minute, ...]:
        """The minutes that begin from `start` on and before `end`, in the order of time and zone."""
        select = """SELECT minute, zone, night, planned, confirmed_s, measured_s FROM minutes
            WHERE minute >= ? AND minute < ? ORDER BY minute, zone"""
        first, past = -((EPOCH - start) // A_MINUTE), -((EPOCH - end) // A_MINUTE)
        return tuple(self._read(select, (first, past), _minute_of))

    def _read(self, select: str, parameters: Sequence[object], value: Callable[..., T]) -> list[T]:
        """Nothing where nothing was written yet."""

        def work(connection: SqlConnection, form: int) -> list[T]:
            # of a version of the service that has not been started anew
            known = select if form >= MEASURED else select.replace("measured_s", "NULL")
            return [value(*row) for row in connection.execute(known, parameters)]

        try:
            return self._database.look(work) or []
        except Unusable as error:
            raise NotRead("TWL-J008", file=self._database.place, reason=error.reason) from error
        except (ValueError, TypeError, OverflowError) as error:
            raise NotRead("TWL-J008", file=self._database.place, reason=reason_of(error)) from error


class HistoryBuffer:
    """What waits to be written to the history."""

    def __init__(self, history: History, on_event: OnEvent, clock_s: Callable[[], float]) -> None:
        self._history = history
        self._on_event = on_event
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._waiting: deque[Row] = deque()
        self._lost = 0
        self._due_s = clock_s()

    def add(self, rows: Iterable[Row], *, urgent: bool) -> None:
        """Take these; from any thread, and without waiting. Those that are not `urgent` may wait MINUTES_EVERY_S."""
        with self._lock:
            self._waiting.extend(rows)
            self._drop_oldest()
            if urgent:
                self._due_s = self._clock_s()

    def flush(self, always: bool = False) -> None:
        """Write what waits, if it is time; raises Unusable, and then it still waits."""
        if not always and self._clock_s() < self._due_s:
            return
        with self._lock:
            rows = tuple(self._waiting)
            self._waiting.clear()
            self._due_s = self._clock_s() + MINUTES_EVERY_S
        if not rows:
            return
        try:
            self._history.write(rows)
        except Unusable:
            with self._lock:
                self._waiting.extendleft(reversed(rows))
                self._drop_oldest()
                self._due_s = self._clock_s()
            raise
        with self._lock:
            lost, self._lost = self._lost, 0
        if lost:
            self._on_event(new_event("TWL-J006", what=FILE, count=lost))

    def _drop_oldest(self) -> None:
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1


_as_json = json.JSONEncoder(default=str).encode  # `json.dumps` makes an encoder each time


def recorded(event: Event, at: datetime) -> RecordedEvent:
    """The event as it is kept: its fields are copied, and cut where they are longer than a log line shows."""
    text = _as_json(_stored_fields(event))
    if len(text) > LONGEST_FIELDS:
        text = _as_json(_stored_fields(event, LONGEST_FIELDS))
    return RecordedEvent(at.astimezone(UTC), event.code, event.level, text)


def _stored_fields(event: Event, longest: float = math.inf) -> dict[str, object]:
    fields = {name: _stored_field(value, longest) for name, value in event.fields.items()}
    whose = {} if event.whose is None else {"whose": _stored_field(event.whose, longest)}
    return fields | whose | ({} if event.ended is None else {"ended": [event.ended.code, event.ended.lasted_s]})


def stamp(at: datetime) -> str:
    """An instant as text that sorts as the instants do, among the rows of earlier versions too."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _stored_field(value: object, longest: float) -> object:
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, dict | list | tuple):
        fits = longest == math.inf or len(_as_json(value)) <= longest
        return value if fits else printable(value)
    return printable(value) if isinstance(value, str) else _stored_words(value, longest)


def _stored_words(value: object, longest: float) -> object:
    """Of what has words of its own, what they are made of."""
    if isinstance(value, Event | Advice):
        event = value.event if isinstance(value, Advice) else value
        name = "advice" if isinstance(value, Advice) else "event"
        return {name: {"code": event.code, "level": event.level.value, "fields": _stored_fields(event, longest)}}
    if isinstance(value, Reason):
        return value.value
    if isinstance(value, Spoken):
        return {"said": {language: in_language(value, language) for language in languages()}}
    return printable(value)


def _read_field(value: object) -> object:
    match value:
        case {"said": dict(words)}:
            return InEachLanguage({language: str(said) for language, said in words.items()})
        case {"advice": {"code": str(code), "level": str(level), "fields": dict(fields)}}:
            return Advice(_event_of(code, Level(level), fields))
        case {"event": {"code": str(code), "level": str(level), "fields": dict(fields)}}:
            return _event_of(code, Level(level), fields)
    return value


def _event_of(code: str, level: Level, stored: Mapping[str, object]) -> Event:
    fields = {name: _read_field(value) for name, value in stored.items()}
    whose, ended = fields.pop("whose", None), _read_ended(fields.pop("ended", None))
    kind = CATALOGUE.get(code)
    if kind is not None and "command_id" in kind.fields:
        fields.setdefault("command_id", "–")  # earlier versions told of few commands by their ids
    if kind is None or not kind.fields <= fields.keys():
        named = {name: value for name, value in fields.items() if name.isidentifier()}
        return _UnknownEvent(EventKind(code, "unknown", level), named)
    return Event(kind, fields, whose if isinstance(whose, InEachLanguage) else None, ended)


def _read_ended(value: object) -> EndedTrouble | None:
    match value:
        case [str(code), int() | float() as lasted_s]:
            return EndedTrouble(code, lasted_s)
    return None


def _event(at: str, code: str, level: str, fields: str) -> RecordedEvent:
    if not isinstance(json.loads(fields), dict):
        raise TypeError(f"events: {fields[:50]}")
    return RecordedEvent(_instant(at), code, Level(level), fields)


def _light(at: str, zone: str, look: str, rule: str) -> LightChange:
    return LightChange(_instant(at), zone, json.loads(look), json.loads(rule))


def _minute_of(
    minute: int, zone: str, night: str, planned: int, confirmed_s: float, measured_s: float | None
) -> Minute:
    return Minute(date.fromisoformat(night), zone, EPOCH + minute * A_MINUTE, bool(planned), confirmed_s, measured_s)


def _instant(at: str) -> datetime:
    return parse_rfc3339(at)


def _minute(at: datetime) -> int:
    """Whole minutes since 1970."""
    return (at - EPOCH) // A_MINUTE


def _append(database: Database, connection: SqlConnection, rows: Sequence[Row]) -> None:
    for kind, insert in INSERT.items():
        connection.executemany(insert, [row.row() for row in rows if isinstance(row, kind)])
    for table, most in MOST_ROWS.items():
        over = f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?"  # noqa: S608  names of our own
        connection.execute(over, (most,))
    for table in MOST_ROWS:
        if database.used_bytes(connection) > MOST_BYTES:
            oldest = f"DELETE FROM {table} WHERE id < (SELECT min(id) FROM {table}) + ?"  # noqa: S608
            connection.execute(oldest, (BATCH + len(rows),))


def _containing(text: str | None) -> str | None:
    """For LIKE: anything with this in it."""
    return None if text is None else "%" + re.sub("[!%_]", r"!\g<0>", text) + "%"
