"""Stores that are opened and closed, their events, and a moment in the campaign week."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from controller.events import Event
from controller.state import StateStore, passwords, state_store
from controller.state.accounts import AccountStore
from controller.state.postgresql import PostgresServer
from controller.state.storage import Storage
from tests.parts import require
from tests.postgres import Postgres


@pytest.fixture(scope="session")
def shared_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server that every test of this process uses, and leaves as it is."""
    server = Postgres(tmp_path_factory.mktemp("shared"))
    yield server
    server.remove()


@pytest.fixture(params=["files", pytest.param("postgresql", marks=pytest.mark.real)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Each engine in turn, with nothing in it."""
    if request.param == "files":
        yield Storage(tmp_path)
        return
    found: Postgres = request.getfixturevalue("shared_postgres")
    server = PostgresServer(found.url, found.password_file)
    yield Storage(tmp_path, server, f"site-{uuid4().hex}")
    server.close()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every store is closed: on a busy machine a disk may take longer than a service that stops waits for it."""
    monkeypatch.setattr(state_store, "CLOSE_S", 60.0)


@pytest.fixture
def now() -> datetime:
    """An evening of the campaign week."""
    return datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def emitted() -> list[Event]:
    """Every event that a store emitted."""
    return []


@pytest.fixture
def codes(emitted: list[Event]) -> Callable[[], list[str]]:
    """The codes emitted so far."""
    return lambda: [event.code for event in emitted]


@pytest.fixture
async def a_store(
    storage: Storage, emitted: list[Event], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., StateStore]]:
    """Makes a store that asks a bad disk often; at the end no chore of it may have failed by our mistake."""
    monkeypatch.setattr(state_store, "RETRY_S", 0.05)
    mishaps: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: mishaps.append(context))
    yield lambda place=storage: StateStore(place, emitted.append)
    assert mishaps == []


@pytest.fixture
async def open_store(a_store: Callable[..., StateStore]) -> AsyncIterator[Callable[..., Awaitable[StateStore]]]:
    """Opens a store that stays open to the end of the test."""
    async with AsyncExitStack() as stack:
        yield lambda *directory: stack.enter_async_context(a_store(*directory))


@pytest.fixture
def reopened(a_store: Callable[..., StateStore]) -> Callable[..., Awaitable[tuple[list[str], str | None]]]:
    """Opens a store once more: the ids of the overrides in force, and the stop."""

    async def look(*directory: Path) -> tuple[list[str], str | None]:
        async with a_store(*directory) as found:
            return [held.id for held in found.overrides], found.stop

    return look


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Waits until something is so."""

    async def wait(so: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not so():
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte of its own."""
    require("root")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this machine lets no disk be mounted")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost a thousandth of what they do, so that tests need not wait."""
    monkeypatch.setattr(passwords, "LOG_N", 6)
    monkeypatch.setattr(passwords, "RUNS", 1)
    monkeypatch.setattr(passwords, "NOBODYS", passwords.hashed("nobody's password"))


@pytest.fixture
def accounts(storage: Storage, emitted: list[Event], cheap_passwords: None) -> Iterator[AccountStore]:
    """A store without accounts."""
    store = AccountStore(storage, emitted.append)
    yield store
    store.close()
