"""The broker as a whole: listening sockets, router, file, and the events that it emits."""

import asyncio
import ipaddress
import math
import socket
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from controller.broker.access import Admission, Rights
from controller.broker.broker_file import BrokerFile
from controller.broker.client_connection import ClientConnection, Fairness, Shared
from controller.broker.client_session import Limits
from controller.broker.login import LoginCheck
from controller.broker.router import Router
from controller.errors import Refused, Unreachable
from controller.events import Event, Level, new_event
from controller.events.rate_limit import WINDOW_S, RateLimit
from controller.events.reasons import reason_of
from controller.threads import run_blocking

FAREWELL_S = 0.2
"""Seconds that clients have to read what is still to be sent when the broker stops."""
CLIENTS = 20
"""Clients counted separately within a minute: anyone may connect under a thousand names."""


class BrokerEvents:
    """Passes events on; repeated warnings of one client within a minute are counted. `close` reports open counts."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._limit = RateLimit(keys=CLIENTS)
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def __call__(self, code: str, about: str, **fields: object) -> None:
        """Reports an event now or, if there are many about the same client, as part of a count."""
        event = new_event(code, **fields)
        if event.level is not Level.WARNING or event.kind.lasting is not None:  # begin and end belong together
            self._on_event(event)
            return
        for each in self._limit.pass_on(event, self._loop.time(), about):
            self._on_event(each)
        self._wait()

    def close(self) -> None:
        """Reports the counts so far."""
        if self._timer:
            self._timer.cancel()
        self._sum_up(math.inf)

    def _wait(self) -> None:
        if self._timer is None and self._limit.is_counting:
            self._timer = self._loop.call_later(WINDOW_S, self._sum_up)

    def _sum_up(self, now_s: float | None = None) -> None:
        self._timer = None
        for event in self._limit.due(self._loop.time() if now_s is None else now_s):
            self._on_event(event)
        self._wait()


class Broker:
    """An MQTT 3.1.1 broker inside the running event loop; `async with` starts and stops it, repeatedly.

    `port` 0 takes a free one, see `port`. `store` is the file of what outlives the broker; None keeps nothing.
    Starting raises Refused TWL-B001 (open to others without users) and Unreachable TWL-B002 (cannot listen).
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 1883,
        *,
        admission: Admission = Admission(),  # noqa: B008 -- frozen
        store: Path | None = None,
        limits: Limits = Limits(),  # noqa: B008 -- frozen
        on_event: Callable[[Event], None],
    ) -> None:
        self.host = host
        self._configured_port = port
        self._admission = admission
        self._path = store
        self._limits = limits
        self._on_event = on_event
        self._server: asyncio.Server | None = None
        self._connections: dict[ClientConnection, None] = {}
        self._stack = AsyncExitStack()

    @property
    def port(self) -> int:
        """The port it listens on, or is to listen on."""
        sockets = self._server.sockets if self._server else ()
        return int(sockets[0].getsockname()[1]) if sockets else self._configured_port

    @property
    def connections(self) -> Collection[ClientConnection]:
        """The open connections, the oldest first."""
        return self._connections.keys()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            report = BrokerEvents(self._on_event)
            stack.callback(report.close)
            file = BrokerFile(self._path, self._limits, report) if self._path else None
            changed = file.changed if file else lambda: None
            router = Router(self._limits, report, changed, Rights(self._admission.users))
            shared = Shared(
                router, LoginCheck(self._admission), Fairness(), self._admission.reserved, self._connections
            )
            # before the file is opened: a second broker, started by mistake, changes nothing
            self._server = await self._bind(shared)
            stack.callback(self._server.close)
            if file:
                await stack.enter_async_context(file.following(router))
            stack.push_async_callback(self._hang_up, self._server)
            await self._server.start_serving()
            self._on_event(new_event("TWL-B010", host=self.host, port=self.port))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _bind(self, shared: Shared) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        try:
            hosts = await self._addresses()
            if self._admission.users is None and not all(ipaddress.ip_address(each).is_loopback for each in hosts):
                raise Refused("TWL-B001", host=self.host)
            return await loop.create_server(
                lambda: ClientConnection(shared),
                hosts if self._configured_port else hosts[:1],
                self._configured_port,
                backlog=self._limits.strangers,
                reuse_address=True,
                start_serving=False,
            )
        except (OSError, OverflowError, UnicodeError) as error:
            raise Unreachable(
                "TWL-B002", host=self.host, port=self._configured_port, reason=reason_of(error)
            ) from error

    async def _addresses(self) -> list[str]:
        """The addresses of our host; `localhost` is this machine even if the system does not know the name (RFC
        6761)."""
        look_up = partial(socket.getaddrinfo, self.host, self._configured_port, type=socket.SOCK_STREAM)
        try:
            found = await run_blocking("look up", look_up)
        except socket.gaierror:
            if self.host != "localhost":
                raise
            return ["127.0.0.1"]
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    async def _hang_up(self, server: asyncio.Server) -> None:
        """Closes every connection; clients that do not read what is still to be sent are cut off."""
        port = self.port
        server.close()
        leaving = list(self._connections)
        for connection in leaving:
            connection.stop()
        if leaving:
            _, stuck = await asyncio.wait([each.closed for each in leaving], timeout=FAREWELL_S)
            for connection in leaving:
                connection.transport.abort()
            if stuck:
                await asyncio.wait(stuck)
        await server.wait_closed()
        self._on_event(new_event("TWL-B011", host=self.host, port=port))
