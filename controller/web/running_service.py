"""What the page sees of the running service, and the only way from the page to it.

The controller runs on one event loop, the page on another in a thread of its own, so that no page delays a cue. The
control loop publishes an immutable `Snapshot` after its turns; requests go back to it and are answered by an event,
exactly as those over MQTT."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any, Protocol, TypeVar

from controller.clock import Clock, ClockReading
from controller.config.load import Setup
from controller.errors import Unreachable
from controller.events import Event
from controller.gateways.base import Gateway
from controller.locale import Language
from controller.schedule.plan import Cue, Program
from controller.service.gateway_document import gateway_health
from controller.service.gateway_state import GatewayState, Status
from controller.service.health import GatewayHealth, Health, worst
from controller.service.lamp_walk import LampWalks
from controller.service.override_request import StoredOverride
from controller.service.saving import ScheduleKeeper
from controller.state.accounts import AccountStore
from controller.state.storage import Storage
from controller.web.event_counts import EventCounts

ANSWER_WITHIN_S = 8.0

T = TypeVar("T")


@dataclass(frozen=True)
class Snapshot:
    """The state after a turn of the controller.

    `program` includes the overrides and the stop; `overrides` are those in force, the newest last. `stop` is the
    safety stop in force. `rules` are the rules behind `cue`, by zone. `codes` is the problem of a gateway, by name.
    `connected` is for each broker whether the controller is connected to it."""

    reading: ClockReading
    setup: Setup
    program: Program
    cue: Cue
    rules: Mapping[str, dict[str, object]]
    health: Health
    states: Mapping[str, GatewayState]
    codes: Mapping[str, str]
    overrides: tuple[StoredOverride, ...]
    stop: StoredOverride | None
    connected: Mapping[str, bool]

    @property
    def now(self) -> datetime:
        """UTC."""
        return self.reading.wall

    @property
    def zone(self) -> tzinfo:
        """The time zone of the site."""
        return self.setup.tower.site.place.time_zone

    def gateway(self, name: str) -> GatewayHealth | None:
        """The document of one gateway; None for a name that is not in tower.yaml."""
        state = self.states.get(name)
        if state is None:
            return None
        return gateway_health(self.defined[name], state, self.cue, self.rules, self.reading, self.codes.get(name))

    def gateways(self, names: tuple[str, ...] | None = None) -> tuple[GatewayHealth, ...]:
        """The documents of these gateways, of all without names."""
        found = (self.gateway(name) for name in (names if names is not None else self.states))
        return tuple(each for each in found if each is not None)

    @cached_property
    def statuses(self) -> Mapping[str, Status]:
        """The status of each gateway: the worst of its zones."""
        zones = ((name, self.defined[name].zone_names, state.status) for name, state in self.states.items())
        return {name: worst({status.get(zone, "unknown") for zone in names}) for name, names, status in zones}

    @cached_property
    def defined(self) -> Mapping[str, Gateway]:
        """Each gateway by name, as tower.yaml has it."""
        return {gateway.name: gateway for gateway in self.setup.tower.gateways}


class PageOwner(Protocol):
    """What the page as a whole needs: from the only site, or from all that share it."""

    accounts: AccountStore
    clock: Clock
    language: Language

    @property
    def site(self) -> str:
        """The name of one of several sites; empty if there is one, or all are meant."""

    @property
    def title(self) -> str:
        """The title above each view."""

    @property
    def is_demo(self) -> bool:
        """Whether everybody may change everything."""

    @property
    def is_ending(self) -> bool:
        """Whether the page is shutting down."""

    def begin(self) -> None:
        """Remembers the event loop of the page, which has started."""

    def end(self) -> None:
        """Marks the page as shutting down."""

    def emit(self, event: Event) -> None:
        """Emits an event of the page, from any thread."""


class RunningService:
    """One running service as the page sees it.

    `state` is its state directory. `take` hands a request to the controller: called on the control loop with the
    payload that would have come over MQTT. `emit` takes an event of the page, on that loop too. `walks` are the walk
    tests, which belong to that loop; their `of` may be called from anywhere. `keeper` reads and saves the schedule, in
    a thread since each call waits for the disk; None without a folder. `accounts` are shared by several sites."""

    def __init__(  # noqa: PLR0913  what a page is made of
        self,
        setup: Setup,
        clock: Clock,
        *,
        state: Storage,
        language: Language,
        take: Callable[[bytes], None],
        emit: Callable[[Event], None],
        walks: LampWalks,
        accounts: AccountStore,
        keeper: ScheduleKeeper | None = None,
        is_demo: bool = False,
    ) -> None:
        self.setup = setup
        self.clock = clock
        self.state = state
        self.language = language
        self.walks = walks
        self.keeper = keeper
        self.is_demo = is_demo
        self.accounts = accounts
        """Used in the thread pool of the page only: each act waits for the disk."""
        self.snapshot: Snapshot | None = None
        """None before the first turn."""
        self.version = 0
        """Grows with each snapshot that differs from the previous one."""
        self._take = take
        self._emit = emit
        self._control_loop = asyncio.get_running_loop()
        self._answers: dict[str, asyncio.Future[Event]] = {}
        self._page_loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self.is_ending = False
        self.started = clock.read()
        self.counts = EventCounts(self.started.wall)

    @property
    def site(self) -> str:
        """The name of one of several sites; empty if there is one."""
        return self.setup.site

    @property
    def title(self) -> str:
        """The title above each view."""
        return self.setup.tower.site.name

    # On the control loop

    def publish(self, snapshot: Snapshot, *, is_new: bool) -> None:
        """Publishes a snapshot; `is_new` if it differs from the previous one."""
        self.snapshot = snapshot
        if not is_new:
            return
        self.version += 1
        self._wake_page()

    def note(self, event: Event) -> None:
        """Takes an event of the controller: it is counted, and may be the answer to a request."""
        self.counts.take(event, self.clock.read().wall)
        answer = self._answers.pop(str(event.fields.get("id")), None)
        if answer is not None and not answer.done():
            answer.set_result(event)

    async def _answer(self, request_id: str, payload: bytes) -> Event:
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._answers[request_id] = answer
        self._take(payload)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await answer
        finally:
            self._answers.pop(request_id, None)

    def end(self) -> None:
        """Shuts down the page: its streams end at once."""
        self.is_ending = True
        self._wake_page()

    def _wake_page(self) -> None:
        if self._page_loop is not None:
            with contextlib.suppress(RuntimeError):  # that loop has closed
                self._page_loop.call_soon_threadsafe(self._wake)

    # From any thread

    def emit(self, event: Event) -> None:
        """Emits an event of the page to the log and the history."""
        with contextlib.suppress(RuntimeError):  # the service has ended
            self._control_loop.call_soon_threadsafe(self._emit, event)

    # On the loop of the page

    def begin(self) -> None:
        """The page has started, perhaps once more, on this event loop."""
        self.is_ending = False
        self._page_loop = asyncio.get_running_loop()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, since: int, within_s: float) -> bool:
        """Waits up to `within_s` for a newer snapshot than version `since`; returns whether there is one. Returns at
        once when the page shuts down."""
        if self.version != since or self.is_ending:
            return True
        try:
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def request(self, owner: str, **fields: object) -> Event:
        """The controller's answer to a manual request: `action`, `look`, `until`, `reason` … as over MQTT, with an
        `id` of its own if the same request may come again. Raises Unreachable without an answer in ANSWER_WITHIN_S."""
        request_id = str(fields.get("id") or uuid.uuid4().hex)
        document = {"version": 1, **fields, "id": request_id, "owner": owner}
        payload = json.dumps(document, ensure_ascii=False).encode(errors="replace")
        return await self._on_control_loop(self._answer(request_id, payload))

    async def walk(self, act: Callable[[LampWalks, ClockReading], T]) -> T:
        """The result of `act`, called with the walk tests on the control loop. Raises Unreachable as `request` does,
        and what `act` raises."""

        async def acted() -> T:
            return act(self.walks, self.clock.read())

        return await self._on_control_loop(acted())

    async def _on_control_loop(self, work: Coroutine[Any, Any, T]) -> T:
        asked = asyncio.run_coroutine_threadsafe(work, self._control_loop)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await asyncio.wrap_future(asked)
        except TimeoutError:
            raise Unreachable("TWL-W104", seconds=ANSWER_WITHIN_S) from None
