"""What is kept in PostgreSQL while that is dead, frozen, locked, read-only or refuses us: nothing that was acknowledged
is lost, and nothing waits."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from controller.config.load import load
from controller.events import Event, new_event
from controller.service.override_request import OverridePolicy
from controller.service.overrides import OverrideManager
from controller.state import History, NotStored, StateStore, postgresql, state_store
from controller.state.accounts import AccountStore
from controller.state.accounts_file import AccountsDown
from controller.state.audit import Actor
from controller.state.json_file import Unusable
from controller.state.lamp_results import LampResults
from controller.state.leases import TABLES, LeaseQuestion, LeaseTables
from controller.state.postgres_errors import event_of
from controller.state.postgresql import PostgresServer
from controller.state.roles import Role, Source
from controller.state.sql import SqlConnection
from controller.state.storage import Storage
from tests.postgres import DATABASE, Postgres

pytestmark = pytest.mark.real

HOUR = timedelta(hours=1)
TAKES_S = postgresql.ANSWER_S + 1.0
Until = Callable[[Callable[[], object]], Awaitable[None]]
BY = Actor("root", Source.COMMAND_LINE)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server that the tests of this module harm one after another."""
    server = Postgres(tmp_path_factory.mktemp("own"))
    yield server
    server.remove()


@pytest.fixture
def database(machine: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """It runs when the test begins, and is healthy again after it; what failed is tried again soon."""
    monkeypatch.setattr(postgresql, "AGAIN_S", 0.05)
    monkeypatch.setattr(state_store, "RETRY_S", 0.05)
    yield machine
    machine.stop()
    machine.start()


@pytest.fixture
def reach(database: Postgres, tmp_path: Path) -> Iterator[Callable[..., Storage]]:
    """A way to the database of its own each time, as of another process."""
    site, ways = f"site-{uuid4().hex}", []

    def made(directory: Path = tmp_path, url: str = database.url, password: Path = database.password_file) -> Storage:
        server = PostgresServer(url, password)
        ways.append(server)
        return Storage(directory, server, site)

    yield made
    for way in ways:
        way.close()


def codes(emitted: list[Event]) -> list[str]:
    """Of the events about the database."""
    return [event.code for event in emitted if event.code.startswith("TWL-J04")]


@pytest.mark.parametrize("fault", ["killed", "frozen"])
async def test_a_stop_acts_and_stays_while_overrides_are_refused(
    reach: Callable[..., Storage], database: Postgres, fault: str, now: datetime, emitted: list[Event], until: Until
) -> None:
    """Each answer comes in time; with the database back all that was acknowledged is in it, and nothing that was
    refused."""
    async with StateStore(reach(), emitted.append) as store:
        assert await store.store_override("before", "{}", now, now + HOUR)
        (database.freeze if fault == "frozen" else database.stop)()
        began = time.monotonic()
        with pytest.raises(NotStored):
            await store.store_override("meanwhile", "{}", now, now + HOUR)
        with suppress(NotStored):  # one that takes too long is tried again by whoever asks
            await store.set_stop('{"owner": "Ann"}', now, "stop 1")
        assert time.monotonic() - began < 2 * state_store.PATIENCE_S + 1
        await until(lambda: store.stop is not None)
        assert [record.id for record in store.overrides] == ["before"]
    async with StateStore(reach(), emitted.append) as again:  # still without it
        assert again.stop == '{"owner": "Ann"}'
        assert [record.id for record in again.overrides] == ["before"]
        if fault == "frozen":
            database.freeze(thaw=True)
        else:
            database.start()  # not in a thread: it would end with that
        await until(lambda: "TWL-J041" in codes(emitted))
        assert await _stored(again, now, until)
    async with StateStore(
        reach(Path(again.storage.directory, "other")), emitted.append
    ) as other:  # nothing of this disk
        assert other.stop == '{"owner": "Ann"}'
        assert "stop 1" in other.done
        assert {record.id for record in other.overrides} == {"before", "after"}


async def _stored(store: StateStore, now: datetime, until: Until) -> bool:
    """An override is taken again."""
    for _ in range(40):
        with suppress(NotStored):
            return await store.store_override("after", "{}", now, now + HOUR)
        await asyncio.sleep(0.1)
    return False


async def test_what_another_controller_set_is_known_when_the_database_is_back(
    reach: Callable[..., Storage], tmp_path: Path, now: datetime, emitted: list[Event], until: Until
) -> None:
    """Two that write at once lose nothing of each other."""
    async with StateStore(reach(tmp_path / "a"), emitted.append) as one:
        await one.store_override("first", "{}", now, now + HOUR)
        async with StateStore(reach(tmp_path / "b"), emitted.append) as other:
            assert [record.id for record in other.overrides] == ["first"]
            await other.store_override("second", "{}", now, now + HOUR)
            generation = one.generation
            await one.store_override("third", "{}", now, now + HOUR)
            assert [record.id for record in one.overrides] == ["first", "second", "third"]
            assert one.generation > generation


async def test_what_another_controller_set_is_shown_here_as_well(
    reach: Callable[..., Storage], tmp_path: Path, now: datetime, emitted: list[Event], until: Until
) -> None:
    """Within seconds, and so is its end, and a stop."""
    setup = load(Path(__file__).parents[2] / "config")
    policy = OverridePolicy(setup.program(), setup.tower.palette, 24 * HOUR)
    asked = {"version": 1, "id": "a", "look": "red", "until": "1 h", "owner": "Eva", "reason": "prov"}
    async with (
        StateStore(reach(tmp_path / "a"), emitted.append) as one,
        StateStore(reach(tmp_path / "b"), emitted.append) as two,
    ):
        here, there = OverrideManager(one, policy), OverrideManager(two, policy)
        assert (await there.take(json.dumps(asked).encode(), now)).code == "TWL-O101"
        await until(lambda: one.generation)
        await here.expire(now)
        assert [stored.id for stored in here.in_force] == ["a"]
        stop = {"version": 1, "id": "s", "action": "stop", "owner": "Ann"}
        assert (await there.take(json.dumps(stop).encode(), now)).code == "TWL-O105"
        seen = one.generation
        await until(lambda: one.generation > seen)
        await here.expire(now)
        assert here.stored_stop is not None
        lift = {"version": 1, "id": "l", "action": "lift", "owner": "Ann"}
        assert (await there.take(json.dumps(lift).encode(), now)).code == "TWL-O106"
        resume = {"version": 1, "id": "r", "action": "resume", "owner": "Ann"}
        assert (await there.take(json.dumps(resume).encode(), now)).code == "TWL-O102"
        await until(lambda: one.stop is None and not one.overrides)
        await here.expire(now)
        assert (here.stored_stop, here.in_force) == (None, ())


async def test_the_history_waits_in_memory_and_comes_later(
    reach: Callable[..., Storage], database: Postgres, now: datetime, emitted: list[Event], until: Until
) -> None:
    """As for a full disk."""
    storage = reach()
    async with StateStore(storage, emitted.append) as store:
        store.note(works(1), now)
        await until(lambda: len(History(storage).events(0, now, 10)) == 1)
        database.stop()
        store.note(works(2), now)
        await until(lambda: "TWL-J040" in codes(emitted))
        database.start()  # not in a thread: it would end with that
        await until(lambda: "TWL-J041" in codes(emitted))
        await until(lambda: len(History(storage).events(0, now, 10)) == 2)


def works(number: int) -> Event:
    """Some event."""
    return new_event("TWL-J004", file=number)


def test_accounts_are_refused_in_time_while_the_server_is_frozen(
    reach: Callable[..., Storage], database: Postgres, emitted: list[Event], cheap_passwords: None, now: datetime
) -> None:
    """And work as before afterwards."""
    accounts = AccountStore(reach(), emitted.append)
    accounts.add("Kim", Role.ADMIN, "correct horse battery", BY, now)
    database.freeze()
    began = time.monotonic()
    with pytest.raises(AccountsDown):
        accounts.authenticate("Kim", "correct horse battery", "192.0.2.1", now)
    assert time.monotonic() - began < TAKES_S
    database.freeze(thaw=True)
    time.sleep(0.1)
    assert accounts.account("Kim").role is Role.ADMIN


def failing(storage: Storage, now: datetime) -> list[Event]:
    """The event of a write that fails."""
    events: list[Event] = []
    assert storage.server is not None
    storage.server.listen(events.append)
    with pytest.raises(Unusable):
        LampResults(storage, events.append).note({"mast/north": True}, now)
    return events


def test_each_refusal_has_its_event(
    reach: Callable[..., Storage], database: Postgres, tmp_path: Path, now: datetime
) -> None:
    """With a reason and a cure, and no secret."""
    wrong, locked = tmp_path / "wrong", tmp_path / "is-not-there"
    wrong.write_text("another-secret\n")
    database.tell("DROP DATABASE IF EXISTS owned", "CREATE DATABASE owned")
    cases = {
        ("TWL-J042", "database_login_refused"): reach(password=wrong),
        ("TWL-J042", "ENOENT"): reach(password=locked),
        ("TWL-J042", "no_such_database"): reach(url=f"{database.url.rpartition('/')[0]}/elsewhere"),
        ("TWL-J042", "database_rights_missing"): reach(url=f"{database.url.rpartition('/')[0]}/owned"),
        ("TWL-J040", "ECONNREFUSED"): reach(url=database.url.replace(f":{database.port}", ":1")),
        ("TWL-J043", "database_read_only"): reach(url=f"{database.url}?options=-cdefault_transaction_read_only%3Don"),
    }
    for (code, reason), storage in cases.items():
        (event,) = failing(storage, now)
        assert (event.code, getattr(event.fields["reason"], "code", None)) == (code, reason)
        for language in ("en", "sv"):
            assert "secret" not in event.text(language)
            assert event.action(language)


def test_a_lock_and_a_connection_limit_are_reported_and_pass(
    reach: Callable[..., Storage], database: Postgres, now: datetime
) -> None:
    """Nobody waits for who holds them."""
    storage = reach()
    LampResults(storage, lambda _: None).note({"mast/north": True}, now)
    assert storage.server is not None
    schema = storage.server.schema(storage.site)
    admin = f"host={database.folder} port={database.port} user=postgres dbname={DATABASE}"
    with psycopg.connect(admin) as holder:
        holder.execute(f'LOCK TABLE "{schema}".documents')  # type: ignore[call-overload]
        began = time.monotonic()
        events = failing(storage, now)
        assert (events[0].code, time.monotonic() - began < 2 * TAKES_S) == ("TWL-J047", True)
    database.tell("ALTER USER watertower CONNECTION LIMIT 0")
    try:
        (event,) = failing(reach(), now)
        assert event.code == "TWL-J040"
        assert getattr(event.fields["reason"], "code", None) == "database_connections_used_up"
    finally:
        database.tell("ALTER USER watertower CONNECTION LIMIT -1")
    LampResults(storage, lambda _: None).note({"mast/north": False}, now)


def test_a_schema_of_a_newer_version_is_left_alone(reach: Callable[..., Storage], now: datetime) -> None:
    """Both versions would write what the other does not know."""
    storage = reach()
    LampResults(storage, lambda _: None).note({"mast/north": True}, now)
    assert storage.server is not None
    schema = storage.server.schema(storage.site)
    storage.server.use(schema, "forms", lambda it: it.execute("UPDATE forms SET version = 99"))
    (event,) = failing(reach(), now)
    assert (event.code, event.fields["found"]) == ("TWL-J046", 99)


def test_what_can_be_read_does_not_end_that_nothing_can_be_written(
    reach: Callable[..., Storage], database: Postgres, now: datetime
) -> None:
    """Otherwise it would be reported again with each attempt."""
    LampResults(reach(), lambda _: None).note({"mast/north": True}, now)
    storage = reach(url=f"{database.url}?options=-cdefault_transaction_read_only%3Don")
    events: list[Event] = []
    assert storage.server is not None
    storage.server.listen(events.append)
    for _ in range(2):
        with pytest.raises(Unusable):
            LampResults(storage, lambda _: None).note({"mast/north": False}, now)
        assert LampResults(storage, lambda _: None).read().people
    assert codes(events) == ["TWL-J043"]


def test_what_others_leave_of_the_connections_is_shared(
    reach: Callable[..., Storage], database: Postgres, now: datetime
) -> None:
    """Who needs another one waits for that which is there, and it is not given away to others."""
    storage, emitted = reach(), list[Event]()
    assert storage.server is not None
    storage.server.listen(emitted.append)
    lamps = LampResults(storage, lambda _: None)
    database.tell("ALTER USER watertower CONNECTION LIMIT 1")
    began = threading.Event()

    def take_long(connection: SqlConnection) -> None:
        began.set()
        connection.execute("SELECT pg_sleep(0.4)")

    try:
        lamps.note({"mast/north": True}, now)
        holder = threading.Thread(target=storage.server.use, args=("public", "nothing", take_long))
        holder.start()
        assert began.wait(TAKES_S)
        lamps.note({"mast/north": False}, now)
        holder.join()
        assert emitted == []
        (event,) = failing(reach(), now)
        assert event.code == "TWL-J040"
        lamps.note({"mast/north": True}, now)
        assert emitted == []
    finally:
        database.tell("ALTER USER watertower CONNECTION LIMIT -1")


@pytest.mark.parametrize(
    ("fault", "over", "code"),
    [
        ("SELECT * FROM leases FOR UPDATE", "SELECT 1", "TWL-J047"),
        (
            "UPDATE forms SET version = version + 1 WHERE name = 'leases.db'",
            "UPDATE forms SET version = version - 1 WHERE name = 'leases.db'",
            "TWL-J046",
        ),
    ],
)
def test_what_other_tables_can_do_does_not_end_that_these_cannot_be_used(
    reach: Callable[..., Storage],
    database: Postgres,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    over: str,
    code: str,
) -> None:
    """Otherwise each attempt would report it again, and `status` would show every other second that all is well."""
    monkeypatch.setattr(postgresql, "ANSWER_S", 0.5)
    events: list[Event] = []

    def leases_of(storage: Storage) -> LeaseTables:
        return LeaseTables(storage.database("leases.db", TABLES, lambda _: None))

    before, storage = reach(), reach()
    leases_of(before).exchange(LeaseQuestion("one", take=("north",)))
    assert storage.server is not None
    storage.server.listen(events.append)
    lamps, leases = LampResults(storage, lambda _: None), leases_of(storage)
    path = f"-csearch_path={storage.server.schema(storage.site)}"
    admin = {"host": database.folder, "port": database.port, "user": "postgres", "dbname": DATABASE, "options": path}
    with psycopg.connect(**admin) as holder:  # type: ignore[arg-type]
        holder.execute(fault)  # type: ignore[call-overload]
        if code == "TWL-J046":
            holder.commit()
        for _ in range(3):
            with pytest.raises(Unusable):
                leases.exchange(LeaseQuestion("one", {"north": 1}))
            lamps.note({"mast/north": False}, now)
        assert codes(events) == [code]
        holder.rollback()
        holder.execute(over)  # type: ignore[call-overload]
        holder.commit()
    leases.exchange(LeaseQuestion("one", {"north": 1}))
    assert codes(events) == [code, "TWL-J041"]


def test_tables_that_vanish_are_reported_and_then_made_again(reach: Callable[..., Storage], now: datetime) -> None:
    """As where an administrator restored a database in which there was nothing yet."""
    storage, admin = reach(), reach()
    LampResults(storage, lambda _: None).note({"mast/north": True}, now)
    assert admin.server is not None
    schema = admin.server.schema(admin.site)
    admin.server.use(schema, "documents", lambda it: it.execute(f'DROP SCHEMA "{schema}" CASCADE'))
    events: list[Event] = []
    assert storage.server is not None
    storage.server.listen(events.append)
    lamps = LampResults(storage, events.append)
    lamps.note({"mast/north": False}, now)
    assert codes(events) == ["TWL-J045", "TWL-J041"]
    assert not lamps.read().people["mast/north"].lit


def test_a_start_without_the_database_goes_on_with_what_was_known(
    reach: Callable[..., Storage], database: Postgres, now: datetime
) -> None:
    """What was found of lamps, too; nothing newer is overwritten with it later."""
    LampResults(reach(), lambda _: None).note({"mast/north": False}, now)
    database.stop()
    lamps = LampResults(reach(), lambda _: None)
    assert lamps.read().failed("mast/north") is not None
    database.start()
    LampResults(reach(Path("/nonexistent")), lambda _: None)
    lamps.note({"mast/south": True}, now)
    assert set(LampResults(reach(), lambda _: None).read().people) == {"mast/north", "mast/south"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (psycopg.errors.DiskFull(), "TWL-J044"),
        (psycopg.errors.DataCorrupted(), "TWL-J045"),
        (psycopg.errors.AdminShutdown(), "TWL-J040"),
        (psycopg.OperationalError("FATALT:  databassystemet startar upp"), "TWL-J040"),
        (psycopg.OperationalError('FATALT:  databasen "x" existerar inte'), "TWL-J042"),
        (psycopg.OperationalError("FATALT:  ledsen, för många klienter"), "TWL-J040"),
        (psycopg.OperationalError("something that nobody has seen yet"), "TWL-J040"),
    ],
)
def test_what_cannot_be_acted_out_here_has_its_event_too(error: Exception, code: str) -> None:
    """Servers speak Swedish where the system does."""
    event = event_of(error, "db/watertower")
    assert event.code == code
    assert event.text("sv")
