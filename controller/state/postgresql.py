"""The state in a PostgreSQL database: each site has its own schema.

Each use is one transaction in READ COMMITTED; writers take turns by an advisory lock of their schema, which ends with
the transaction and so never outlives its holder by more than HOLDER_S. A use fails instead of waiting: after CONNECT_S
without a connection, after ANSWER_S without the end of the transaction, whether the server is dead, frozen or cut off,
and immediately if another use has just failed to connect.
"""

import hashlib
import math
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, LiteralString, TypeVar, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict

from controller import plain_file
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.state.database import NewerSchema
from controller.state.json_file import OnEvent
from controller.state.postgres_errors import AWAY, BACK, OF_TABLES, READS_GO_ON, NoPassword, event_of, is_used_up
from controller.state.sql import Migration, SqlConnection, SqlResult, Work, in_dialect

T = TypeVar("T")

CONNECT_S, CONNECT_EACH_S = 3, 2
"""Seconds to connect to one server, and to each of several; libpq's minimum is 2 s."""
ANSWER_S = 3.0
HOLDER_S = 5.0
AGAIN_S = 1.0
NEXT_S = 1.0
"""Seconds to wait for one of our connections to become free if the server accepts no more."""
TRIED_S = 10.0
"""Seconds within which tables that cannot be used are tried again by the code that needs them."""
MOST_CONNECTIONS = 8
"""For one process, whatever its number of sites."""
MOST_PASSWORD = 10_000
SCHEMA = "watertower"
LONGEST_NAME = 63


class ServerFailed(OSError):  # noqa: N818
    """The database cannot be used now, and that has been reported."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class _Link(psycopg.Connection[tuple[Any, ...]]):
    """A connection on which no operation waits beyond `until_s`."""

    until_s = math.inf
    wrote = False
    """Whether the current transaction has written."""

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **more: Any) -> T:
        """As in psycopg; raises TimeoutError."""
        return super().wait(_before(self.until_s, gen), *args, **more)


def _before(until_s: float, steps: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """The same steps, ended by TimeoutError after `until_s`; psycopg asks for the next one at least ten times a
    second."""
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if time.monotonic() > until_s:
                raise TimeoutError
            wanted = steps.send(ready)
    except StopIteration as end:
        return cast(T, end.value)


class _Thin:
    """A connection that accepts the statements of `sql.py`."""

    def __init__(self, link: _Link) -> None:
        self._link = link

    def execute(self, statement: str, values: Sequence[object] = (), /) -> SqlResult:
        self._link.wrote |= not statement.lstrip().startswith("SELECT")
        return self._link.execute(_placed(statement), _whole(values))

    def executemany(self, statement: str, rows: Iterable[Sequence[object]], /) -> None:
        self._link.wrote = True
        with self._link.cursor() as cursor:
            cursor.executemany(_placed(statement), [_whole(row) for row in rows])


@lru_cache
def _placed(statement: str) -> Any:
    return statement.replace("%", "%%").replace("?", "%s")


def _whole(values: Sequence[object]) -> list[object]:
    """Replaces U+0000, which no text of PostgreSQL can hold and anybody may send in a name."""
    return [value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in values]


class PostgresServer:
    """A database server, for any number of threads and sites of this process. `url` is libpq's, without a password:
    that is the first line of `password_file`, read for every connection. Raises ValueError."""

    def __init__(self, url: str, password_file: Path | None = None, answer_s: float = ANSWER_S) -> None:
        self._url = url
        self._answer_s = answer_s
        self._password_file = password_file
        try:
            given = conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise ValueError(str(error).strip()) from error
        hosts = str(given.get("host") or "localhost").split(",")
        self.place = f"{','.join(hosts)}/{given.get('dbname') or given.get('user') or ''}"
        own: dict[str, Any] = {
            "application_name": "watertower",
            "connect_timeout": CONNECT_S if len(hosts) == 1 else CONNECT_EACH_S,
            "tcp_user_timeout": 6000,
        }
        self._own = {name: value for name, value in own.items() if name not in given}
        limits_s = {
            "statement_timeout": answer_s,
            "lock_timeout": 0.8 * ANSWER_S,
            "idle_in_transaction_session_timeout": max(HOLDER_S, answer_s),
        }
        settings = " ".join(f"-c {name}={1000 * seconds:.0f}" for name, seconds in limits_s.items())
        self._own["options"] = f"{settings} {given.get('options') or ''}".strip()
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._idle: list[_Link] = []
        self._prepared: set[tuple[str, str]] = set()
        self._refused: tuple[float, ServerFailed] | None = None
        self._alarm_lock = threading.RLock()
        self._listeners: list[OnEvent] = []
        self._alarm = Alarm(self._emit)
        self._unusable: dict[tuple[str, str], float] = {}
        """Schema and tables that alone have a problem, and when it was last found."""

    def schema(self, site: str) -> str:
        """The schema of a site; an empty name means the only site."""
        return _schema_of(site)

    def patient(self, answer_s: float) -> "PostgresServer":
        """Another object for the same database, with a longer time to answer."""
        return PostgresServer(self._url, self._password_file, answer_s)

    def listen(self, on_event: OnEvent) -> Callable[[], None]:
        """Also calls `on_event` with failures, and immediately with the current one, until the returned function is
        called."""
        with self._alarm_lock:
            self._listeners.append(on_event)
            if self._alarm.raised is not None:
                on_event(self._alarm.raised)
        return partial(self._listeners.remove, on_event)

    def close(self) -> None:
        """Closes the connections; the next use opens one."""
        while self._idle:
            self._idle.pop().close()

    def use(self, schema: str, name: str, work: Work[T], *, turns: bool = False) -> T:
        """The result of the work on tables of this name, in one transaction that is durable when this returns; with
        `turns` no other transaction of the schema writes meanwhile. Raises ServerFailed."""
        with self._link((schema, name), schema if turns else None) as link:
            return work(_Thin(link))

    def require_writable(self) -> datetime:
        """The time of the server's clock. Raises ServerFailed if the server cannot be reached and written to."""
        with self._link((SCHEMA, ""), None) as link:
            link.wrote = True
            link.execute("CREATE TEMPORARY TABLE watertower_asks (one INTEGER) ON COMMIT DROP")
            shown: datetime = link.execute("SELECT clock_timestamp()").fetchall()[0][0]
        return shown

    def prepare(self, schema: str, name: str, migrations: tuple[Migration, ...]) -> None:
        """Migrates the tables of this name to this version. Raises ServerFailed."""
        if (schema, name) not in self._prepared:
            form = f"form of {name}"
            self.use(schema, form, lambda connection: _migrate(connection, schema, name, migrations), turns=True)
            self._prepared.add((schema, name))

    @contextmanager
    def held(self, schema: str, name: str) -> Iterator[None]:
        """Holds a lock with this name. Raises ServerFailed."""
        with self._link((schema, name), f"{schema} {name}"):
            yield

    @contextmanager
    def _link(self, tables: tuple[str, str], turns: str | None) -> Iterator[_Link]:
        if not self._free.acquire(timeout=ANSWER_S):
            raise self._fails(TimeoutError(), tables)
        try:
            link = self._begun(tables[0], turns)
            try:
                yield link
                link.until_s = time.monotonic() + self._answer_s
                link.execute("COMMIT")
                wrote = link.wrote
            except (psycopg.Error, TimeoutError):
                link.close()
                raise
            except BaseException:
                self._put_back(link, "ROLLBACK")
                raise
            self._put_back(link)
        except (psycopg.Error, TimeoutError, NewerSchema) as error:
            raise self._fails(error, tables) from None  # psycopg's own error would reveal how it connects
        finally:
            self._free.release()
        self._works(tables, wrote=wrote)

    def _put_back(self, link: _Link, last: LiteralString = "") -> None:
        try:
            if last:
                link.execute(last)
        except (psycopg.Error, TimeoutError):
            link.close()
        else:
            self._idle.append(link)

    def _begun(self, schema: str, turns: str | None) -> _Link:
        """A connection in a transaction. An idle one may have ended: then the next is tried."""
        while True:
            try:
                link, is_new = self._idle.pop(), False
            except IndexError:
                link, is_new = self._new_or_next(), True
            try:
                link.until_s, link.wrote = time.monotonic() + self._answer_s, False
                link.execute(_beginning(schema, turns))
            except psycopg.OperationalError as error:
                link.close()
                if is_new or error.sqlstate == "55P03":
                    raise
            except BaseException:
                link.close()
                raise
            else:
                return link

    def _new_or_next(self) -> _Link:
        """A new connection or, if the server accepts no more, one of ours that becomes free soon."""
        try:
            return self._connected()
        except psycopg.OperationalError as error:
            end_s = time.monotonic() + NEXT_S
            while is_used_up(error) and time.monotonic() < end_s:
                with suppress(IndexError):
                    return self._idle.pop()
                time.sleep(NEXT_S / 20)
            raise

    def _connected(self) -> _Link:
        if self._refused is not None and time.monotonic() < self._refused[0]:
            raise TimeoutError from self._refused[1]
        password = None
        if self._password_file is not None:
            try:
                password = plain_file.read(self._password_file, MOST_PASSWORD).decode().partition("\n")[0].rstrip("\r")
            except (OSError, UnicodeDecodeError) as error:
                raise NoPassword(reason_of(error).at(str(self._password_file))) from error
        link = _Link.connect(self._url, autocommit=True, prepare_threshold=None, password=password, **self._own)
        link.until_s = time.monotonic() + self._answer_s
        return link

    def _fails(self, error: Exception, tables: tuple[str, str]) -> ServerFailed:
        """The exception to raise. Forgets everything known of the server: the next may be another one. If it only
        accepts no more connections, ours are kept: others would take their places."""
        again = error.__cause__
        if isinstance(again, ServerFailed):
            return again
        is_used = is_used_up(error)
        if not is_used:
            self.close()
            self._prepared.clear()
        event = event_of(error, self.place)
        with self._alarm_lock:
            self._alarm.raise_(event)
            if event.code in OF_TABLES:
                self._unusable[tables] = time.monotonic()
        failed = ServerFailed(cast(Reason, event.fields["reason"]))
        if event.code == AWAY and not is_used:
            self._refused = (time.monotonic() + AGAIN_S, failed)
        return failed

    def _works(self, tables: tuple[str, str], *, wrote: bool) -> None:
        raised = self._alarm.raised
        if raised is None or (not wrote and raised.code in READS_GO_ON):
            return
        with self._alarm_lock:
            self._unusable.pop(tables, None)
            since_s = time.monotonic() - TRIED_S
            if raised.code not in OF_TABLES or all(found_s < since_s for found_s in self._unusable.values()):
                self._unusable.clear()
                self._alarm.clear(new_event(BACK, database=self.place))

    def _emit(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)


def _schema_of(site: str) -> str:
    name = f"{SCHEMA}_{site}" if site else SCHEMA
    if len(name.encode()) <= LONGEST_NAME:
        return name
    return f"{SCHEMA}_{hashlib.sha256(site.encode()).hexdigest()[:40]}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@lru_cache
def _beginning(schema: str, turns: str | None) -> Any:
    begin = f"BEGIN; SET LOCAL search_path TO {_quoted(schema)}"
    if turns is None:
        return begin
    number = int.from_bytes(hashlib.sha256(turns.encode()).digest()[:8], signed=True)
    return f"{begin}; SELECT pg_advisory_xact_lock({number})"


def form_of(connection: SqlConnection, schema: str, name: str) -> int:
    """The number of migrations that the tables of this name have had."""
    if connection.execute("SELECT to_regclass(?)", (f"{_quoted(schema)}.forms",)).fetchone()[0] is None:
        return 0
    found = connection.execute("SELECT version FROM forms WHERE name = ?", (name,)).fetchone()
    return int(found[0]) if found else 0


def _migrate(connection: SqlConnection, schema: str, name: str, migrations: tuple[Migration, ...]) -> None:
    found = form_of(connection, schema, name)
    if found > len(migrations):
        raise NewerSchema(found, len(migrations))
    if found == len(migrations):
        return
    if connection.execute("SELECT to_regnamespace(?)", (_quoted(schema),)).fetchone()[0] is None:
        connection.execute(f"CREATE SCHEMA {_quoted(schema)}")
    connection.execute('CREATE TABLE IF NOT EXISTS forms (name TEXT COLLATE "C" PRIMARY KEY, version BIGINT NOT NULL)')
    for migration in migrations[found:]:
        for statement in in_dialect(migration, "postgresql"):
            connection.execute(statement)
    connection.execute(
        "INSERT INTO forms VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version",
        (name, len(migrations)),
    )
