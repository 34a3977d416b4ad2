"""Runs the page in a thread with an event loop of its own, so that nothing on it holds up a cue."""

import asyncio
import contextlib
import errno
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from email.utils import formatdate
from typing import TypeVar

import h11
import uvicorn
from anyio.to_thread import current_default_thread_limiter
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from controller.config.web_keys import Web
from controller.errors import WatertowerError, place_of
from controller.events import Event, new_event
from controller.events.reasons import reason_of
from controller.threads import in_thread
from controller.web.running_service import PageOwner

P = TypeVar("P", bound=PageOwner)

MOST_CONNECTIONS = 500
"""Most connections; more are closed at once. A process usually has 1,024 descriptors, and the light comes first."""
REQUEST_S = 30.0
"""Seconds in which a request, including its body, must have arrived."""
READ_S = 60.0
"""Seconds after which a client that reads nothing of an answer is disconnected."""
STOP_S = 2.0
"""Seconds that requests may still take when the page stops; streams are cut."""
BACKLOG = 256
MOST_THREADS = 4
"""Views that are made at once: each of them competes with the control loop for the interpreter. The unit counts
threads too (TasksMax=)."""
SWITCH_S = 0.0005
"""How soon a busy thread yields the interpreter to another one; with Python's own 5 ms, each step of the control loop
would wait 5 ms for every thread that makes a view."""


class PageNotServed(WatertowerError):  # noqa: N818  named by what went wrong
    """The page cannot be served here."""

    @property
    def event(self) -> Event:
        """The event that reports it."""
        return new_event(self.code, **self.fields)


class BoundedConnection(H11Protocol):
    """One connection, limited in time and number: clients that open many, send slowly or read slowly would otherwise
    leave the controller no file descriptors."""

    _request_ends: asyncio.TimerHandle | None = None
    _read_ends: asyncio.TimerHandle | None = None
    _is_idle = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected; a request should follow."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._expect_nothing()
        self._may_read_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes a part of a request, or of several."""
        if self._is_idle:  # the first of a request after another
            self._is_idle = False
            self._expect_nothing()
        self.server_state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        super().data_received(data)
        self._expect()

    def on_response_complete(self) -> None:
        """The answer is complete; the next request may have begun already."""
        self._is_idle = True
        super().on_response_complete()
        self._expect()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        super().pause_writing()
        if self._read_ends is None:
            self._read_ends = self.loop.call_later(READ_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        self._may_read_on()
        super().resume_writing()

    def _expect(self) -> None:
        """Limits the time for a request to arrive; receiving more of it does not extend that."""
        if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            self._expect_nothing()
        elif self._request_ends is None:
            self._request_ends = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _expect_nothing(self) -> None:
        if self._request_ends is not None:
            self._request_ends.cancel()
        self._request_ends = None

    def _may_read_on(self) -> None:
        if self._read_ends is not None:
            self._read_ends.cancel()
        self._read_ends = None


class _WaitingServer(uvicorn.Server):
    """uvicorn, which would otherwise check ten times a second whether it should stop."""

    _loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Serves until it should stop."""
        self._ends = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not self.should_exit:  # set before `_loop` was seen
            await self._ends.wait()

    def end(self) -> None:
        """Stops it, from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._ends.set)


class PageServer:
    """A page that is served at `url`; `stop` blocks until it has stopped."""

    def __init__(self, app: ASGIApp, service: PageOwner, web: Web, sockets: list[socket.socket]) -> None:
        host, _ = web.address
        scheme = "https" if web.cert_file is not None else "http"
        name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
        self.port = sockets[0].getsockname()[1]
        self.url = f"{scheme}://{name}:{self.port}/"
        config = uvicorn.Config(
            app,
            http=BoundedConnection,
            log_config=None,
            log_level="critical",  # faults are emitted as TWL-W106; bad requests of strangers are not logged
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,  # whom a proxy's headers may be believed from is decided in `visitors`
            server_header=False,
            date_header=False,  # `BoundedConnection` gives each answer its own
            timeout_keep_alive=30,
            timeout_graceful_shutdown=int(STOP_S),
            ssl_certfile=web.cert_file,
            ssl_keyfile=web.key_file,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise PageNotServed("TWL-W103", file=str(web.cert_file), reason=reason_of(error)) from error
        self._server = _WaitingServer(config)
        self._service = service
        self._sockets = sockets
        self._ended = threading.Event()
        in_thread("page", self._run)

    def _run(self) -> None:
        reason = "-"
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # uvicorn raises SystemExit
            reason = place_of(error)
        finally:
            self._ended.set()
        if not self._service.is_ending:
            self._service.emit(new_event("TWL-W107", reason=reason))

    async def _serve(self) -> None:
        current_default_thread_limiter().total_tokens = MOST_THREADS
        sys.setswitchinterval(SWITCH_S)
        self._service.begin()
        await self._server.serve(sockets=self._sockets)

    @property
    def has_ended(self) -> bool:
        """Whether it has stopped, for whatever reason."""
        return self._ended.is_set()

    def end(self) -> None:
        """Begins to stop: streams and requests end, and the port is closed soon after."""
        self._service.end()
        self._server.end()

    def stop(self) -> None:
        """Ends streams and requests, and closes the port."""
        self.end()
        if not self._ended.wait(STOP_S):
            self._server.force_exit = True
            self._ended.wait(STOP_S)
        for each in self._sockets:
            each.close()


def serving(create_app: Callable[[P, Web], ASGIApp], service: P, web: Web) -> PageServer:
    """Serves the page of one site or several. Raises PageNotServed if the port is taken or the certificate cannot be
    used."""
    sockets = _listen(web)
    try:
        return PageServer(create_app(service, web), service, web, sockets)
    except BaseException:
        for each in sockets:
            each.close()
        raise


def _listen(web: Web) -> list[socket.socket]:
    host, port = web.address
    opened = []
    try:
        for family, _, _, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            each = socket.socket(family, socket.SOCK_STREAM)
            opened.append(each)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            with contextlib.ExitStack() as unusable:
                if len(opened) > 1:  # `localhost` is enough where one family works
                    unusable.enter_context(contextlib.suppress(OSError))
                each.bind(address)
                each.listen(BACKLOG)
    except OSError as error:
        for each in opened:
            each.close()
        code = "TWL-W102" if error.errno == errno.EADDRINUSE else "TWL-W105"
        raise PageNotServed(code, listen=web.listen, reason=reason_of(error)) from error
    return [each for each in opened if each.getsockname()[1]]
