"""The page beside the service: it follows the tower, and the light never waits for it."""

import asyncio
import json
import math
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from controller.app import page
from controller.app.assembly import Context, Running, running
from controller.clock import VirtualClock
from controller.config.load import Setup, load
from controller.config.web_keys import Web
from controller.events import Event
from controller.mqtt import Received
from controller.service.control_loop import PAGE
from controller.service.degradations import Degradations
from controller.state import StateStore
from controller.state.accounts import AccountStore
from controller.state.audit import Audit
from controller.web.event_counts import EventCounts
from controller.web.running_service import Snapshot
from tests.parts import free_port

EVENING = datetime(2026, 11, 20, 18, tzinfo=UTC)


class Tower:
    """The shipped site in the evening of its campaign, with these settings of its page."""

    def __init__(self, config: Path, state: Path, web: Web | None) -> None:
        setup = load(config)
        self.setup: Setup = replace(setup, tower=setup.tower.model_copy(update={"web": web}))
        self.state = state
        self.clock = VirtualClock(EVENING, 1.0)
        self.degradations = Degradations(self.clock)
        self.events: list[Event] = []

    def emit(self, event: Event, at: datetime) -> None:
        self.events.append(event)
        self.degradations.take(event, at)

    def last(self, code: str) -> Event | None:
        return next((event for event in reversed(self.events) if event.code == code), None)

    @property
    def url(self) -> str:
        served = self.last("TWL-W101")
        assert served is not None
        return str(served.fields["url"])

    @asynccontextmanager
    async def service(self, **more: Any) -> AsyncIterator[Running]:
        async with StateStore(self.state, lambda _: None) as store:
            context = Context(self.setup, self.clock, store, self.state, self.emit, self.degradations, "en", **more)
            async with running(replace(context, setup=on_free_port(self.setup))) as service:
                yield service


def on_free_port(setup: Setup) -> Setup:
    """The broker of the site on a port that nobody uses."""
    mqtt = setup.tower.mqtt.model_copy(update={"listen": f"127.0.0.1:{free_port()}"})
    return replace(setup, tower=setup.tower.model_copy(update={"mqtt": mqtt}))


@pytest.fixture
def taken_port() -> Iterator[int]:
    """One on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


async def until(holds: Callable[[], object]) -> None:
    """Waits for something."""
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


async def test_the_page_shows_what_the_lamps_report(config: Path, tmp_path: Path) -> None:
    """A moment after they do."""
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    async with tower.service(), httpx.AsyncClient() as browser:
        await until(lambda: tower.last("TWL-G101"))
        async with asyncio.timeout(20):
            while "The water tower is orange" not in (text := (await browser.get(tower.url)).text):
                assert "<h1>" in text
                await asyncio.sleep(0.05)


async def test_while_nothing_changes_time_goes_on_and_a_change_is_shown_at_once(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new snapshot is made for the change, not because the one before is old."""
    monkeypatch.setattr(page, "EVERY_S", math.inf)
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    request = {"version": 1, "id": "x", "owner": "Eva", "reason": "test", "look": "blue", "until": "1 h"}
    async with tower.service() as service, httpx.AsyncClient() as browser:

        async def shown(words: str) -> datetime:
            async with asyncio.timeout(20):
                while words not in (text := (await browser.get(tower.url)).text):
                    await asyncio.sleep(0.05)
            return datetime.fromisoformat(text.partition('data-heard="')[2].partition('"')[0])

        began = await shown("The water tower is orange")
        async with asyncio.timeout(20):
            while await shown("The water tower is orange") < began + timedelta(seconds=3):
                await asyncio.sleep(0.2)
        topic, payload = f"{tower.setup.tower.mqtt.topic_prefix}/override/set", json.dumps(request).encode()
        service.runtime.take(Received(PAGE, topic, payload, retain=False, qos=1))
        await shown("The water tower is blue")


async def test_a_port_that_is_taken_leaves_the_light_as_it_is(config: Path, tmp_path: Path, taken_port: int) -> None:
    """The page is missing, and `status` shows the event."""
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{taken_port}"))
    async with tower.service():
        await until(lambda: tower.last("TWL-G101"))
        assert tower.last("TWL-W101") is None
        assert "TWL-W102" in {one.code for one in tower.degradations.now()}


async def test_a_page_is_served_as_soon_as_its_port_is_free(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure is reported once, however often it is tried."""
    monkeypatch.setattr(page, "AGAIN_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as other:
        tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{other.getsockname()[1]}"))
        async with tower.service(), httpx.AsyncClient() as browser:
            await until(lambda: tower.last("TWL-W102"))
            await asyncio.sleep(0.5)
            assert [one.code for one in tower.events].count("TWL-W102") == 1
            other.close()
            await until(lambda: tower.last("TWL-W101"))
            assert (await browser.get(tower.url)).status_code == 200
            assert "TWL-W102" not in {one.code for one in tower.degradations.now()}


async def test_a_certificate_that_is_none_leaves_the_light_as_it_is(config: Path, tmp_path: Path) -> None:
    """As one whose key is another's."""
    (tmp_path / "cert.pem").write_text("nothing")
    made = {"listen": f"127.0.0.1:{free_port()}", "cert_file": "cert.pem", "key_file": "cert.pem"}
    web = Web.model_validate(made, context={"directory": tmp_path})
    tower = Tower(config, tmp_path / "state", web)
    async with tower.service():
        await until(lambda: tower.last("TWL-G101"))
        assert "TWL-W103" in {one.code for one in tower.degradations.now()}


async def test_open_streams_do_not_hold_up_the_end(config: Path, tmp_path: Path) -> None:
    """A stream ends with the service, and the port is free."""
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    async with httpx.AsyncClient(timeout=20) as browser:
        async with tower.service():
            async with browser.stream("GET", f"{tower.url}live") as stream:
                lines = stream.aiter_lines()
                assert (await anext(lines)).startswith("retry")
                ending = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - ending < 10
        with pytest.raises(httpx.ConnectError):
            await browser.get(tower.url)


async def test_nothing_of_the_page_runs_on_after_it(config: Path, tmp_path: Path) -> None:
    """Neither the server nor what checks the accounts now and then."""
    before = asyncio.all_tasks()
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    async with tower.service():
        await until(lambda: tower.last("TWL-A031"))
        assert any(task.get_name() == "page: accounts" for task in asyncio.all_tasks())
    assert asyncio.all_tasks() == before


async def test_a_stream_reports_when_the_light_changes(config: Path, tmp_path: Path) -> None:
    """A page then asks for the new state."""
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    async with tower.service(), httpx.AsyncClient(timeout=20) as browser:
        await until(lambda: tower.last("TWL-G101"))
        async with browser.stream("GET", f"{tower.url}live") as stream:
            events = [line async for line in _first(stream.aiter_lines(), 1)]
    assert events == ["event: state"]


async def _first(lines: AsyncIterator[str], count: int) -> AsyncIterator[str]:
    """So many lines that name an event."""
    async for line in lines:
        if line.startswith("event"):
            yield line
            count -= 1
            if not count:
                return


async def test_a_page_that_cannot_show_how_it_is_leaves_the_light_as_it_is(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is reported once, tried again at the next turn, and over as soon as that works."""
    broken = True

    class Breaking(Snapshot):
        def __init__(self, **values: Any) -> None:
            if broken:
                raise KeyError("a mistake")
            super().__init__(**values)

    monkeypatch.setattr(page, "Snapshot", Breaking)
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    async with tower.service() as service:
        await until(lambda: tower.last("TWL-W108"))
        await until(lambda: tower.last("TWL-G101"))
        assert not service.work.done()
        assert "TWL-W108" in {one.code for one in tower.degradations.now()}
        broken = False
        await until(lambda: tower.last("TWL-W109"))
        assert not tower.degradations.now()


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), ImportError("a library"), MemoryError()])
async def test_a_page_that_cannot_be_made_leaves_the_light_as_it_is(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Whatever the reason."""

    def breaks(*_: object) -> None:
        raise error

    monkeypatch.setattr(page, "create_sites_app", breaks)
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    async with tower.service():
        await until(lambda: tower.last("TWL-G101"))
        assert "TWL-W107" in {one.code for one in tower.degradations.now()}


async def test_libraries_that_are_missing_leave_the_light_as_it_is(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade that was cut off."""
    monkeypatch.setitem(sys.modules, "controller.app.page", None)
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    async with tower.service():
        await until(lambda: tower.last("TWL-G101"))
        assert "TWL-W107" in {one.code for one in tower.degradations.now()}


@pytest.mark.parametrize("error", [RuntimeError(), SystemExit(1)])
async def test_a_page_whose_thread_ends_is_reported_and_leaves_the_light_as_it_is(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """Its server ends the process of those who let it."""

    async def breaks(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(uvicorn.Server, "serve", breaks)
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    async with tower.service() as service:
        await until(lambda: tower.last("TWL-W107"))
        await until(lambda: tower.last("TWL-G101"))
        assert not service.work.done()


async def test_a_page_whose_thread_has_ended_is_served_again_with_its_streams(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the same port, and with the sites that run meanwhile."""
    monkeypatch.setattr(page, "AGAIN_S", 0.05)
    serve, breaks = uvicorn.Server.serve, iter([True])

    async def served(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        if next(breaks, False):
            raise RuntimeError
        await serve(self, sockets)

    monkeypatch.setattr(uvicorn.Server, "serve", served)
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    async with tower.service(), httpx.AsyncClient(timeout=20) as browser:
        await until(
            lambda: (
                [one.code for one in tower.events if one.code in {"TWL-W101", "TWL-W107"}][-2:]
                == ["TWL-W107", "TWL-W101"]
            )
        )
        async with browser.stream("GET", f"{tower.url}live") as stream:
            events = [line async for line in _first(stream.aiter_lines(), 1)]
    assert events == ["event: state"]


async def test_events_that_the_page_cannot_take_leave_the_light_as_it_is(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody else receives the events."""

    def breaks(*_: object) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr(EventCounts, "take", breaks)
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    async with tower.service() as service:
        await until(lambda: tower.last("TWL-G101"))
        assert tower.last("TWL-W108") is not None
        assert not service.work.done()


async def test_accounts_whose_disk_hangs_hold_up_neither_light_nor_end(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lamps are lit before anything is read of them."""
    released = threading.Event()
    monkeypatch.setattr(page, "END_S", 0.2)
    monkeypatch.setattr(Audit, "remove_names", lambda *_: released.wait(60))
    monkeypatch.setattr(AccountStore, "close", lambda *_: released.wait(60))
    tower = Tower(config, tmp_path / "state", Web(listen=f"127.0.0.1:{free_port()}"))
    try:
        async with asyncio.timeout(30):
            async with tower.service():
                await until(lambda: tower.last("TWL-G101"))
    finally:
        released.set()
    assert tower.last("TWL-W106") is not None
