"""The page of the shipped site without a controller behind it, and a browser that asks it in this process."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from controller.clock import ClockReading
from controller.config.load import Setup, load
from controller.config.web_keys import Web
from controller.events import Event
from controller.gateways.base import Message
from controller.service.controller import Controller
from controller.service.lamp_walk import LampWalks
from controller.state import passwords
from controller.state.accounts import AccountStore
from controller.state.audit import Actor
from controller.state.roles import Role, Source
from controller.web.app import create_app
from controller.web.running_service import RunningService

SHIPPED = Path(__file__).parents[2] / "config"
PASSWORD = "häst batteri klammer"
BY = Actor("root", Source.COMMAND_LINE)


@dataclass
class SetClock:
    """Shows what it was set to."""

    wall: datetime = datetime(2026, 11, 24, 20, 14, tzinfo=UTC)
    mono: float = 1000.0

    def read(self) -> ClockReading:
        """The same until it is set again."""
        return ClockReading(self.wall, self.mono)

    def go(self, span: timedelta) -> None:
        """Lets time pass."""
        self.wall += span
        self.mono += span.total_seconds()


Browser = Callable[..., httpx.AsyncClient]
unused: dict[bool, list[FastAPI]] = {True: [], False: []}
"""Pages whose test is over, over TLS and not: the first request of a page costs as much as ten others."""


@pytest.fixture(scope="session")
def setup() -> Setup:
    """The shipped files."""
    return load(SHIPPED)


@pytest.fixture
def clock() -> SetClock:
    """An evening of the campaign week."""
    return SetClock()


@pytest.fixture
def events() -> list[Event]:
    """The events that the page emitted."""
    return []


@pytest.fixture
def controller(setup: Setup) -> Controller:
    """The one of which the page's walk tests ask whether they may light a lamp."""
    return Controller(setup.tower.gateways, "watertower", setup.program())


@pytest.fixture
def sent() -> list[Message]:
    """What walk tests sent."""
    return []


@pytest.fixture
def walks(controller: Controller, sent: list[Message], events: list[Event]) -> LampWalks:
    """Those of the page."""
    return LampWalks(controller, "watertower", sent.append, lambda event, _: events.append(event))


@pytest.fixture
async def service(
    setup: Setup,
    clock: SetClock,
    tmp_path: Path,
    events: list[Event],
    walks: LampWalks,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[RunningService]:
    """A service before its first turn, in which passwords cost little."""
    monkeypatch.setattr(passwords, "LOG_N", 4)
    monkeypatch.setattr(passwords, "RUNS", 1)
    monkeypatch.setattr(passwords, "NOBODYS", passwords.hashed("nobody's password"))
    made = RunningService(
        setup,
        clock,  # type: ignore[arg-type]
        state=tmp_path,
        language="sv",
        take=lambda _: None,
        emit=events.append,
        walks=walks,
        accounts=AccountStore(tmp_path, events.append),
    )
    yield made
    made.accounts.close()


@pytest.fixture
def people(service: RunningService, clock: SetClock) -> None:
    """One account of each role, named after it, all with PASSWORD."""
    for role in Role:
        service.accounts.add(role.value, role, PASSWORD, BY, clock.wall)


@pytest.fixture
async def browser(service: RunningService) -> AsyncIterator[Browser]:
    """Makes browsers, each with cookies of its own; `web` is the page's part of tower.yaml, `peer` where it is."""
    opened: list[httpx.AsyncClient] = []
    used: list[tuple[bool, FastAPI]] = []

    def make(
        web: Web | None = None, peer: str = "127.0.0.1", url: str = "http://127.0.0.1:8080", **more: object
    ) -> httpx.AsyncClient:
        app = made = create_app(service, web or Web())
        is_tls = web is not None and web.cert_file is not None
        if unused[is_tls]:
            app = unused[is_tls].pop()
            app.state = made.state
        used.append((is_tls, app))
        transport = httpx.ASGITransport(app, client=(peer, 50_000))
        opened.append(httpx.AsyncClient(transport=transport, base_url=url, **more))  # type: ignore[arg-type]
        return opened[-1]

    yield make
    for each in opened:
        await each.aclose()
    for is_tls, app in used:
        unused[is_tls].append(app)
