"""Forwards a request for a site that another controller leads to the page of that controller, and brings back its
answer.

Each controller stores the address of its page in the database, a key made at its start, and the certificate of the
page. The forwarding controller trusts exactly that certificate, and signs with the key what it knows of the visitor
(the seal), whom the other page cannot see. A request that carries a seal is never forwarded again."""

import asyncio
import base64
import hmac
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Self

import h11
from fastapi.responses import Response, StreamingResponse
from pydantic import TypeAdapter

from controller.config.web_keys import Web
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.state.leases import PageNote
from controller.state.roles import Role
from controller.web.visitors import LOOPBACK_NAMES, Access

SEAL = b"watertower-seal"
"""The header of a forwarded request."""
NOT_LED = 421
"""The answer to a forwarded request for a site that is not led there."""
CONNECT_S = 2.0
STREAM = b"text/event-stream"
QUIET_S = 25.0
"""A stream of events sends something at least this often, in seconds."""
READ = 65_536
OF_CONNECTION = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"te", b"upgrade", b"expect", b"date"})
EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104

Headers = Sequence[tuple[bytes, bytes]]


class NotHanded(Exception):  # noqa: N818  named by what went wrong
    """The request did not reach the other page, for this reason: it can be sent again."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason

    @classmethod
    def of(cls, error: Exception) -> Self:
        """The error of the network as a reason."""
        return cls(reason_of(error))


class NotAnswered(NotHanded):
    """The request was sent, and its result is unknown."""


@dataclass(frozen=True, slots=True)
class OtherPage:
    """The page of another controller: its address, its key, and its certificate (PEM; empty without TLS)."""

    host: str
    port: int
    key: str
    certificate: str = ""
    machine: str = ""

    @property
    def is_within_reach(self) -> bool:
        """False if the page listens on loopback only, on another machine."""
        return self.machine == socket.gethostname() or self.host not in LOOPBACK_NAMES


FIRST_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
NOTE = TypeAdapter(OtherPage)
"""Validated: anybody who may write to the database may have written anything here."""


def own_page(web: Web, port: int, key: str) -> str:
    """What a controller stores about its page, which listens on this port. Raises OSError if the certificate cannot be
    read."""
    host = web.address[0]
    # a key may come before the certificate, and a note in any encoding
    text = web.cert_file.read_text(encoding="latin-1") if web.cert_file is not None else ""
    first = FIRST_CERTIFICATE.search(text)
    certificate = first[0] if first is not None else ""
    page = OtherPage("" if host in EVERYWHERE else host, port, key, certificate, socket.gethostname())
    return json.dumps(asdict(page))


def other_page(note: PageNote) -> OtherPage | None:
    """The page that another controller stored; None if it has none. A page that listens on every address is reached at
    the address by which the database knows its controller."""
    with suppress(ValueError, RecursionError):
        page = NOTE.validate_json(note.text, strict=True)
        return page if page.host else replace(page, host=note.address)
    return None


def sealed(access: Access, method: str, target: bytes, key: str) -> bytes:
    """What is known of a visitor and their request, signed so that only a controller can have written it."""
    words = [method, target.decode("latin-1"), asdict(access)]
    text = base64.urlsafe_b64encode(json.dumps(words).encode())
    return text + b"." + hmac.new(key.encode(), text, "sha256").hexdigest().encode()


def unsealed(seal: bytes, method: str, target: bytes, key: str) -> Access | None:
    """The visitor of a forwarded request; None if it is not signed with this key."""
    text, _, signature = seal.partition(b".")
    if not key or not hmac.compare_digest(hmac.new(key.encode(), text, "sha256").hexdigest().encode(), signature):
        return None
    sealed_method, sealed_target, found = json.loads(base64.urlsafe_b64decode(text))
    if (sealed_method, sealed_target) != (method, target.decode("latin-1")):
        return None
    roles = {name: Role(found[name]) if found[name] is not None else None for name in ("role", "user_role")}
    return Access(**{**found, **roles})


async def handed(
    page: OtherPage, method: str, target: bytes, headers: Headers, body: bytes, within_s: float
) -> Response:
    """The answer of the other page, within `within_s`; a stream of events is passed on as it arrives. Raises
    NotHanded, NotAnswered."""
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(page.host, page.port, ssl=_trust(page))
    except (OSError, TimeoutError, ValueError) as error:
        raise NotHanded.of(error) from error
    connection = h11.Connection(h11.CLIENT)
    try:
        async with asyncio.timeout(within_s):
            answer = await _asked(connection, reader, writer, _request(method, target, headers, body), body)
            is_stream = dict(answer.headers).get(b"content-type", b"").startswith(STREAM)
            content = b"" if is_stream else b"".join([part async for part in _rest(connection, reader)])
    except (OSError, TimeoutError, h11.ProtocolError) as error:
        writer.close()
        raise NotAnswered.of(error) from error
    except BaseException:
        writer.close()
        raise
    if not is_stream:
        writer.close()
    if answer.status_code == NOT_LED:
        raise NotHanded(Reason("not_led"))
    events = _passed_on(connection, reader, writer)
    response = StreamingResponse(events, answer.status_code) if is_stream else Response(content, answer.status_code)
    response.raw_headers = [(name, value) for name, value in answer.headers if name not in OF_CONNECTION]
    return response


def _request(method: str, target: bytes, headers: Headers, body: bytes) -> h11.Request:
    """The request without the headers of the visitor's own connection."""
    kept = [(name, value) for name, value in headers if name not in {*OF_CONNECTION, b"content-length"}]
    length = [(b"content-length", str(len(body)).encode())] if body or method not in {"GET", "HEAD"} else []
    return h11.Request(method=method, target=target, headers=[*kept, *length, (b"connection", b"close")])


async def _asked(
    connection: h11.Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: h11.Request,
    body: bytes,
) -> h11.Response:
    """The head of the answer."""
    parts = (request, *((h11.Data(data=body),) if body else ()), h11.EndOfMessage())
    writer.write(b"".join(connection.send(part) or b"" for part in parts))
    await writer.drain()
    while True:
        event = await _next(connection, reader)
        if isinstance(event, h11.Response):
            return event
        if not isinstance(event, h11.InformationalResponse):
            raise h11.RemoteProtocolError("no answer")


async def _rest(connection: h11.Connection, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The body of the answer."""
    while isinstance(event := await _next(connection, reader), h11.Data):
        yield bytes(event.data)


async def _passed_on(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> AsyncIterator[bytes]:
    """A stream of events. It ends when nothing more comes: the browser then connects again."""
    try:
        with suppress(OSError, TimeoutError, h11.ProtocolError):
            async for part in _rest(connection, reader):
                yield part
    finally:
        writer.close()


async def _next(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    while (event := connection.next_event()) is h11.NEED_DATA:
        async with asyncio.timeout(QUIET_S):
            connection.receive_data(await reader.read(READ))
    return event


def _trust(page: OtherPage) -> ssl.SSLContext | None:
    """A context that accepts exactly the certificate that the other controller stored, whatever its name."""
    if not page.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=page.certificate)
    return context
