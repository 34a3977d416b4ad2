"""From files to PostgreSQL: everything that a site holds arrives, once, or nothing is claimed."""

import asyncio
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from controller.errors import Refused
from controller.events import Event, new_event
from controller.state import History, LightChange, Minute, StateStore
from controller.state.accounts import AccountStore
from controller.state.audit import Actor
from controller.state.credentials import Session
from controller.state.in_use import in_use
from controller.state.lamp_results import LampResults
from controller.state.migrate import migrate
from controller.state.postgresql import PostgresServer
from controller.state.roles import Role, Source
from controller.state.storage import Storage
from controller.state.versions import VersionStore
from tests.postgres import Postgres

pytestmark = pytest.mark.real

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BY = Actor("root", Source.COMMAND_LINE)
PASSWORD = "correct horse battery"


@pytest.fixture
def target(shared_postgres: Postgres, tmp_path: Path) -> Iterator[Storage]:
    """An empty schema."""
    server = PostgresServer(shared_postgres.url, shared_postgres.password_file)
    yield Storage(tmp_path, server, f"site-{uuid4().hex}")
    server.close()


@pytest.fixture
def filled(tmp_path: Path, emitted: list[Event], cheap_passwords: None, now: datetime) -> Path:
    """A state directory with something of everything."""

    async def fill() -> None:
        async with StateStore(tmp_path, emitted.append) as store:
            await store.store_override("a", "{}", now, now + HOUR)
            await store.set_stop('{"owner": "Ann"}', now)
            store.note(new_event("TWL-J004", file="å\0ö"), now)
            store.note_light([LightChange(now, "bowl", {"on": True}, {"name": "orange"})])
            store.note_minutes(
                Minute(date(2026, 11, 20), "bowl", now + n * MINUTE, True, 60.0, None if n % 2 else 0.1)
                for n in range(2500)
            )

    asyncio.run(fill())
    accounts = AccountStore(tmp_path, emitted.append)
    accounts.add("Kim", Role.ADMIN, PASSWORD, BY, now)
    assert isinstance(accounts.authenticate("Kim", PASSWORD, "192.0.2.1", now), Session)
    accounts.tokens.add("Kim", "grafana", frozenset(), BY, now)
    accounts.drafts.save("Kim", "", {"text": "ö"}, "0" * 64, now)
    accounts.close()
    LampResults(tmp_path, emitted.append).note({"mast/north": False}, now)
    versions = VersionStore(tmp_path, emitted.append)
    for text in (b"version: 1\n", b"version: 1  # \xc3\xa5\r\n"):
        versions.add(text, at=now, who="kim", source=Source.PAGE)
    return tmp_path


def everything(place: Path | Storage, now: datetime) -> object:
    """All that can be read of a site."""
    history, accounts = History(place), AccountStore(place, lambda _: None)
    versions = VersionStore(place, lambda _: None)
    found = (
        history.events(0, now - HOUR, 100),
        history.light_between(now, now + HOUR),
        history.minutes(now, now + 100 * HOUR),
        accounts.accounts(),
        accounts.audit.rows(),
        accounts.audit.verify(),
        accounts.tokens.all(),
        accounts.drafts.all(""),
        LampResults(place, lambda _: None).read(),
        [(version, versions.text(version)) for version in versions.versions()],
    )
    history.close()
    accounts.close()
    return found


def test_everything_arrives_and_can_be_written_further(
    filled: Path, target: Storage, now: datetime, emitted: list[Event], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also seen from another machine; numbers of rows go on where they were."""
    before = everything(filled, now)
    assert target.server is not None
    done = migrate(filled, target.server, target.site)
    assert {part.name: part.rows for part in done}["history.db minutes"] == 2500
    assert not any(part.was_there for part in done)
    assert everything(target, now) == before
    elsewhere = Storage(tmp_path_factory.mktemp("elsewhere"), target.server, target.site)
    assert everything(elsewhere, now) == before

    async def stands() -> tuple[list[str], str | None]:
        async with StateStore(elsewhere, emitted.append) as store:
            store.note(new_event("TWL-J004", file="more"), now)
            return [record.id for record in store.overrides], store.stop

    assert asyncio.run(stands()) == (["a"], '{"owner": "Ann"}')
    numbers = [number for number, _ in History(target).events(0, now - HOUR, 100)]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == len(before[0]) + 1  # type: ignore[index]
    accounts = AccountStore(target, emitted.append)
    assert isinstance(accounts.authenticate("Kim", PASSWORD, "192.0.2.1", now), Session)
    accounts.add("Eva", Role.VIEWER, "another good password", BY, now)
    assert accounts.audit.verify().broken is None


def test_it_may_be_run_again(filled: Path, target: Storage) -> None:
    """After it was interrupted, and after it was done."""
    assert target.server is not None
    migrate(filled, target.server, target.site)
    assert not (filled / "history.db").exists()
    for name in ("history.db", "accounts.db", "versions"):  # interrupted before the files were put aside
        (filled / f"{name}.migrated-1").rename(filled / name)
    again = migrate(filled, target.server, target.site)
    assert all(part.was_there for part in again if part.rows)
    assert all(part.was_there for part in migrate(filled, target.server, target.site) if part.rows)


def test_what_another_has_written_is_not_joined(filled: Path, target: Storage, now: datetime) -> None:
    """Nor overwritten; the files stay."""
    assert target.server is not None
    other = History(target)
    other.write([Minute(date(2026, 11, 20), "shaft", now, True, 60.0)])
    with pytest.raises(Refused) as refused:
        migrate(filled, target.server, target.site)
    assert refused.value.code == "TWL-J050"
    assert (filled / "history.db").exists()
    assert [minute.zone for minute in other.minutes(now, now + HOUR)] == ["shaft"]


def test_it_refuses_while_a_service_runs(filled: Path, target: Storage) -> None:
    """What it would write on to is about to be put aside."""
    assert target.server is not None
    with in_use(filled), pytest.raises(Refused) as refused:
        migrate(filled, target.server, target.site)
    assert refused.value.code == "TWL-J022"


def test_a_server_that_is_gone_is_reported_and_changes_nothing(
    filled: Path, target: Storage, tmp_path: Path, shared_postgres: Postgres
) -> None:
    """With its reason."""
    gone = PostgresServer(shared_postgres.url.replace(f":{shared_postgres.port}", ":1"))
    with pytest.raises(Refused) as refused:
        migrate(filled, gone, target.site)
    assert refused.value.code == "TWL-J051"
    assert (filled / "accounts.db").exists()
