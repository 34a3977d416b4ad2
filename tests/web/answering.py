"""A page with a controller behind it that answers requests, and the snapshots that follow."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from controller.clock import ClockReading, Trust
from controller.config.findings import Finding
from controller.config.load import Setup, load
from controller.events import Event
from controller.gateways.base import Gateway
from controller.schedule.plan import Program
from controller.service.controller import Controller
from controller.service.lamp_walk import LampWalks
from controller.service.override_request import override_policy
from controller.service.overrides import OverrideManager, OverrideQueue
from controller.service.saving import ScheduleKeeper
from controller.simulation.controller_host import SimulatedDisk
from controller.state.accounts import AccountStore, Session
from controller.state.roles import Role
from controller.state.versions import VersionStore
from controller.web.running_service import RunningService, Snapshot
from tests.web.conftest import BY, PASSWORD, SetClock
from tests.web.turned import snapshot_of


@dataclass
class AnsweringService:
    """The queue of manual requests over a disk in memory; `is_away` answers nothing. With `config`, the folder of its
    files, the schedule can be saved, and is in force then."""

    setup: Setup
    clock: SetClock
    state: Path
    config: Path | None = None
    trust: Trust = Trust.TRUSTED
    is_away: bool = False
    events: list[Event] = field(default_factory=list)
    change: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot
    """What is otherwise in each snapshot."""

    def __post_init__(self) -> None:
        self.disk = SimulatedDisk()
        self.manager = OverrideManager(self.disk, override_policy(self.setup))
        self._queue = OverrideQueue(self.manager)
        self._tasks: set[asyncio.Task[None]] = set()
        controller = Controller(self.setup.tower.gateways, "watertower", self.setup.program())
        self.service = RunningService(
            self.setup,
            self.clock,  # type: ignore[arg-type]
            state=self.state,
            language="sv",
            take=self._take,
            emit=self.events.append,
            keeper=self._keeper(self.config) if self.config is not None else None,
            accounts=AccountStore(self.state, self.events.append),
            walks=LampWalks(controller, "watertower", lambda _: None, lambda event, _: self.events.append(event)),
        )

    def _keeper(self, config: Path) -> ScheduleKeeper:
        def take() -> tuple[Finding, ...]:
            self.setup = load(config)
            self.publish()
            return ()

        return ScheduleKeeper(config, VersionStore(self.state, self.events.append), lambda: self.clock.wall, take)

    @property
    def reading(self) -> ClockReading:
        """The clock, as far as it is trusted."""
        return replace(self.clock.read(), trust=self.trust)

    @property
    def program(self) -> Program:
        """The rules under what is set by hand."""
        return self.setup.program(self.manager.overrides, self.manager.stop)

    def publish(self) -> Snapshot:
        """Publishes the present state."""
        found = snapshot_of(self.setup, self.reading, self.manager.overrides, self.manager.stop)
        snapshot = replace(found, overrides=self.manager.in_force, stop=self.manager.stored_stop)
        self.service.publish(self.change(snapshot), is_new=True)
        return snapshot

    def _take(self, payload: bytes) -> None:
        if not self.is_away:
            task = asyncio.get_running_loop().create_task(self._answer(payload))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, payload: bytes) -> None:
        events = self._queue.receive(payload, self.reading)
        while self._queue.has_work:
            events += await self._queue.work(self.reading)
        self.publish()
        for event in events:
            self.service.note(event)


@dataclass
class LoggedIn:
    """A browser in which somebody has logged in."""

    client: httpx.AsyncClient
    csrf: str

    async def get(self, path: str, **more: Any) -> httpx.Response:
        """A page."""
        return await self.client.get(path, **more)

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        """A form."""
        return await self.client.post(path, data={"csrf": self.csrf, **fields})


def logged_in(service: RunningService, clock: SetClock, client: httpx.AsyncClient, role: Role) -> LoggedIn:
    """As somebody of this role, who is called after it."""
    service.accounts.add(role.value, role, PASSWORD, BY, clock.wall)
    session = service.accounts.authenticate(role.value, PASSWORD, "127.0.0.1", clock.wall)
    assert isinstance(session, Session)
    client.cookies.set("session", session.id)
    return LoggedIn(client, session.csrf)


def with_gateways(setup: Setup, gateways: tuple[Gateway, ...]) -> Setup:
    """The same site with other gateways."""
    return replace(setup, tower=setup.tower.model_copy(update={"gateways": gateways}))
