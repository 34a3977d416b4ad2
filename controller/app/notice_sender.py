"""The only door to apprise, which knows some 130 ways to tell people something, and the call of a monitor's address.

All of it waits for a network, and is called in a thread of its own. Addresses hold passwords and tokens: they are read
from their file for each message, and what a library says of a failure is shown without any part of them.
"""

import http.client
import logging
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from controller.app.broker_settings import secret_text
from controller.errors import Misconfigured
from controller.events.models import Reason, printable
from controller.events.reasons import reason_of
from controller.service.notice_queue import NoticeMessage

BEAT_ANSWER_S = 10.0
HOST_IS_NO_SECRET = frozenset({"mailto", "mailtos", "json", "jsons", "form", "forms", "xml", "xmls"})
"""In the addresses of other services a token may stand in the place of the host."""
SHORTEST_SECRET = 3
SOCKET_ERROR = re.compile(r"(?:Socket|SMTP|Connection) ?Exception: (?P<why>.+)", re.DOTALL | re.IGNORECASE)

ESSENCE = re.compile(r"(?P<why>\[(?:Errno|SSL)[^\"'()]*)")
"""The error of the system or of TLS within what a library makes of it."""


class AddressUnusable(Exception):  # noqa: N818
    """A file with an address cannot be read, or holds none: somebody must act."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


def send(file: Path, message: NoticeMessage) -> Reason | None:
    """Why the message could not be delivered to the address in the file; None where it was. Raises AddressUnusable."""
    address = _address(file)
    with _told_by_apprise() as told:
        service = _service(address)
        is_delivered = service.notify(**_in_its_format(service, message))
    return None if is_delivered else _reason(told, address)


def examine(file: Path) -> tuple[str, int] | None:
    """Host and port of the server behind the address in the file, where the address names one; nothing is sent. Raises
    AddressUnusable where apprise does not understand it."""
    address = _address(file)
    with _told_by_apprise():
        service = _service(address)
    if urlsplit(address).scheme.casefold() not in HOST_IS_NO_SECRET:
        return None
    return getattr(service, "smtp_host", "") or service.host, service.port or (443 if service.secure else 80)


def beat(file: Path) -> Reason | None:
    """Calls the address in the file; why that failed, None where it did not. Raises AddressUnusable."""
    address = _address(file)
    monitor_of(file)
    request = urllib.request.Request(address, headers={"User-Agent": "watertower"})  # noqa: S310  http or https
    try:
        with urllib.request.urlopen(request, timeout=BEAT_ANSWER_S):  # noqa: S310
            return None
    except urllib.error.HTTPError as error:
        return Reason("http_status", {"status": error.code})
    except urllib.error.URLError as error:
        return reason_of(error.reason) if isinstance(error.reason, OSError) else Reason("no_answer")
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Reason("no_answer_in_time") if isinstance(error, TimeoutError) else Reason("no_answer")


def monitor_of(file: Path) -> tuple[str, int]:
    """Host and port of the monitor whose address is in the file. Raises AddressUnusable for what is none of HTTP."""
    try:
        url = urlsplit(_address(file))
        if url.scheme in {"http", "https"} and url.hostname:
            return url.hostname, url.port or (443 if url.scheme == "https" else 80)
    except ValueError:  # of a port that is no number
        pass
    raise AddressUnusable(Reason("not_an_address").at(file.name))


def _address(file: Path) -> str:
    """The only line of the file."""
    try:
        lines = [line.strip() for line in secret_text(file).splitlines() if line.strip()]
    except Misconfigured as error:
        reason = error.fields["reason"]
        raise AddressUnusable(reason.at(file.name)) from None
    if len(lines) != 1:
        raise AddressUnusable(Reason("not_one_line").at(file.name))
    return lines[0]


def _in_its_format(service: Any, message: NoticeMessage) -> dict[str, Any]:
    """The message as the service takes it, as HTML where it does. Apprise's own way to send it is not taken: it would
    use threads for which the end of the process waits, however long a server hangs."""
    import apprise  # noqa: PLC0415
    from apprise.conversion import convert_between  # noqa: PLC0415

    text = apprise.NotifyFormat.TEXT
    takes = service.resolve_format(text)
    is_in_body = service.title_maxlen <= 0
    return {
        "title": convert_between(text, takes, content=message.title)  # type: ignore[no-untyped-call]
        if is_in_body
        else message.title,
        "body": convert_between(text, takes, content=message.body),  # type: ignore[no-untyped-call]
        "notify_type": apprise.NotifyType(message.manner),
        "body_format": takes,
    }


def _service(address: str) -> Any:
    """The service that apprise makes of an address. It writes nothing to any disk, starts no threads and loads no
    plug-ins of others."""
    import apprise  # noqa: PLC0415  18 MB, and a quarter of a second

    memory = apprise.PersistentStoreMode.MEMORY
    asset = apprise.AppriseAsset(app_id="Watertower", async_mode=False, storage_mode=memory, plugin_paths=[])
    service = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    if service is None:
        raise AddressUnusable(Reason("not_an_address"))
    return service


@contextmanager
def _told_by_apprise() -> Iterator[list[str]]:
    """What apprise says in this thread, which goes nowhere else: it may hold secrets."""
    logger, handler = logging.getLogger("apprise"), _ThreadLog(threading.get_ident())
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield handler.told
    finally:
        logger.removeHandler(handler)


class _ThreadLog(logging.Handler):
    """Keeps the lines of one thread that tell why something failed."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self.told: list[str] = []
        self._thread = thread

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            text = record.getMessage()
            if record.levelno >= logging.WARNING or SOCKET_ERROR.search(text):
                self.told.append(text)


def _reason(told: list[str], address: str) -> Reason:
    """The last that apprise said, without what stands in the address."""
    if not told:
        return Reason("no_answer")
    found = ESSENCE.search(told[-1]) or SOCKET_ERROR.search(told[-1])
    text = found["why"] if found else told[-1]
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = re.sub(re.escape(secret), "…", text, flags=re.IGNORECASE)
    return Reason("other", {"text": printable(" ".join(text.split()))})


def _secrets(address: str) -> set[str]:
    """Every piece of an address that may be one, as it is written and as it is meant."""
    scheme, _, rest = address.partition("://")
    pieces = {piece for text in (rest, unquote(rest)) for piece in re.split(r"[/:@?&=,;\s]+", text)}
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    if scheme.casefold() in HOST_IS_NO_SECRET:
        pieces = {piece for piece in pieces if piece.casefold() != host.casefold()}
    return {piece for piece in pieces if len(piece) >= SHORTEST_SECRET}
