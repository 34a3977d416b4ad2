"""A connection to the page that nobody can hold for ever: what opens many, sends slowly or reads slowly would leave no
file descriptors to the controller."""

import asyncio
from email.utils import formatdate

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_CONNECTIONS = 500
"""More are closed at once. A process has 1,024 descriptors as a rule, and the light comes first."""
REQUEST_S = 30.0
"""A request has arrived within so long, its body too."""
READ_S = 60.0
"""Whoever takes nothing of an answer for so long is gone."""


class BoundedConnection(H11Protocol):
    """One connection, whose time and number are bounded."""

    _request_ends: asyncio.TimerHandle | None = None
    _read_ends: asyncio.TimerHandle | None = None
    _is_idle = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there; a request is to follow."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._expect_nothing()
        self._may_read_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of a request, or of several."""
        if self._is_idle:  # the first of a request after another
            self._is_idle = False
            self._expect_nothing()
        self.server_state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        super().data_received(data)
        self._expect()

    def on_response_complete(self) -> None:
        """What follows may have begun already."""
        self._is_idle = True
        super().on_response_complete()
        self._expect()

    def pause_writing(self) -> None:
        """They read more slowly than we write."""
        super().pause_writing()
        if self._read_ends is None:
            self._read_ends = self.loop.call_later(READ_S, self.transport.abort)

    def resume_writing(self) -> None:
        """They have read."""
        self._may_read_on()
        super().resume_writing()

    def _expect(self) -> None:
        """Bounds the time of a request that has not arrived whole; more of it does not lengthen that."""
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
