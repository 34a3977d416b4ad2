"""The broker as a whole: listening sockets, the exchange behind them, and the store beneath."""

import asyncio
import ipaddress
import os
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from controller.broker.access import Admission, Rights
from controller.broker.broker_events import BrokerEvents
from controller.broker.broker_file import BrokerFile
from controller.broker.client_connection import ClientConnection, House
from controller.broker.fairness import Fairness
from controller.broker.limits import Limits
from controller.broker.login import LoginJudge
from controller.broker.router import Router
from controller.errors import Refused, Unreachable
from controller.events import Event, new_event

FAREWELL_S = 0.2
"""How long clients may take to read what is still to be sent when the broker stops."""


class Broker:
    """An MQTT 3.1.1 broker inside the running event loop; `async with` starts and stops it, repeatedly.

    `port` 0 takes a free one, which `port` then tells. `state` is the file for what outlives the broker; None forgets
    all.
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
        self._wanted_port = port
        self._admission = admission
        self._path = store
        self._limits = limits
        self._on_event = on_event
        self._server: asyncio.Server | None = None
        self._connections: dict[ClientConnection, None] = {}
        self._stack = AsyncExitStack()

    @property
    def port(self) -> int:
        """Where it listens, or is to."""
        sockets = self._server.sockets if self._server else ()
        return int(sockets[0].getsockname()[1]) if sockets else self._wanted_port

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            tell = BrokerEvents(self._on_event)
            stack.callback(tell.close)
            store = BrokerFile(self._path, self._limits, tell) if self._path else None
            exchange = Router(self._limits, tell, store.changed if store else _forget, Rights(self._admission.users))
            house = House(
                exchange, LoginJudge(self._admission), Fairness(), self._admission.reserved, self._connections
            )
            self._server = await self._bind(house)
            stack.callback(self._server.close)
            if store:
                await stack.enter_async_context(store.following(exchange))
            stack.push_async_callback(self._hang_up, self._server)
            await self._server.start_serving()
            self._on_event(new_event("TWL-B010", host=self.host, port=self.port))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _bind(self, house: House) -> asyncio.Server:
        """Takes the port before the store is opened: a second broker, started by mistake, alters nothing."""
        loop = asyncio.get_running_loop()
        try:
            hosts = await self._addresses()
            if self._admission.users is None and not all(ipaddress.ip_address(each).is_loopback for each in hosts):
                raise Refused("TWL-B001", host=self.host)
            return await loop.create_server(
                lambda: ClientConnection(house),
                hosts if self._wanted_port else hosts[:1],
                self._wanted_port,
                backlog=self._limits.strangers,
                reuse_address=True,
                start_serving=False,
            )
        except (OSError, OverflowError, UnicodeError) as fault:
            number = getattr(fault, "errno", 0) or 0
            reason = os.strerror(number) if number > 0 else str(fault)
            raise Unreachable("TWL-B002", host=self.host, port=self._wanted_port, reason=reason) from fault

    async def _addresses(self) -> list[str]:
        """What our host's name stands for; `localhost` is this machine also where no file says so (RFC 6761)."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self.host, self._wanted_port, type=socket.SOCK_STREAM)
        except socket.gaierror:
            if self.host != "localhost":
                raise
            return ["127.0.0.1"]
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    async def _hang_up(self, server: asyncio.Server) -> None:
        """Closes every connection; those that do not read what is still to be sent are cut off."""
        port = self.port
        server.close()
        leaving = list(self._connections)
        for connection in leaving:
            connection.stop()
        if leaving:
            _, stuck = await asyncio.wait([each.closed for each in leaving], timeout=FAREWELL_S)
            for connection in leaving:
                connection.abort()
            if stuck:
                await asyncio.wait(stuck)
        await server.wait_closed()
        self._on_event(new_event("TWL-B011", host=self.host, port=port))


def _forget() -> None:
    """Without a store a change leaves no trace."""
