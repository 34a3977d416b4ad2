"""Sends notices, and calls a monitor's address.

All calls wait for a network, and are made in a thread. Addresses hold passwords and tokens: they are read from their
file for each message, and the error text of a library is shown without any part of them.
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from controller.app.broker_settings import secret_text
from controller.errors import Misconfigured
from controller.events.models import Reason, printable
from controller.events.reasons import reason_of
from controller.service.notices import NoticeMessage

CALL_S = 50.0
"""Seconds after which the system ends a process that calls apprise."""
ENDED_BY_TIME = frozenset({-getattr(signal, "SIGALRM", 0)})
HEARTBEAT_ANSWER_S = 10.0
HOST_IS_NO_SECRET = frozenset({"mailto", "mailtos", "json", "jsons", "form", "forms", "xml", "xmls"})
"""Schemes whose host may be shown; in the addresses of other services the host may be a token."""
SHORTEST_SECRET = 3
SOCKET_ERROR = re.compile(r"(?:Socket|SMTP|Connection) ?Exception: (?P<why>.+)", re.DOTALL | re.IGNORECASE)

SYSTEM_ERROR = re.compile(r"\[Errno (?P<number>-?\d+)\]")
ESSENCE = re.compile(r"(?P<why>\[(?:Errno|SSL)[^\"'()]*)")
"""The error of the system or of TLS within the text of a library."""


class AddressUnusable(Exception):  # noqa: N818
    """A file with an address cannot be read, or holds none: a person must act."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class _CallBroken(AddressUnusable):
    """The process of apprise was ended, or failed."""


def send(file: Path, message: NoticeMessage) -> Reason | None:
    """Sends a message to the address in the file; why that failed, None if it did not. Raises AddressUnusable."""
    address = _address(file)
    try:
        answer = _called(address, message)
    except _CallBroken as error:
        return error.reason
    return None if answer["delivered"] else _reason(answer["said"], address)


def examine(file: Path) -> tuple[str, int] | None:
    """Host and port of the server behind the address in the file, if the address names one; sends nothing. Raises
    AddressUnusable if apprise does not understand it."""
    address = _address(file)
    host, port = _called(address)["server"]
    return (host, port) if urlsplit(address).scheme.casefold() in HOST_IS_NO_SECRET else None


def _called(address: str, message: NoticeMessage | None = None) -> dict[str, Any]:
    """Calls the process of apprise; returns its answer. Raises AddressUnusable."""
    content = asdict(message) if message is not None else None
    request = json.dumps({"address": address, "within_s": CALL_S, "message": content})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "controller.app.apprise_process"],
            input=request.encode(),  # an argument would appear in the list of processes
            capture_output=True,  # other output may hold secrets, and is dropped
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    except OSError as error:
        raise _CallBroken(reason_of(error)) from None
    except subprocess.CalledProcessError as error:
        is_late = error.returncode in ENDED_BY_TIME
        reason = Reason("no_answer_in_time") if is_late else Reason("apprise_broke", {"status": error.returncode})
        raise _CallBroken(reason) from None
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if answer.get("unusable"):
        raise AddressUnusable(Reason("not_an_address"))
    return answer


def send_heartbeat(file: Path) -> Reason | None:
    """Calls the address in the file; why that failed, None if it did not. Raises AddressUnusable."""
    address = _address(file)
    monitor_of(file)
    request = urllib.request.Request(address, headers={"User-Agent": "watertower"})  # noqa: S310  http or https
    try:
        with urllib.request.build_opener(_Redirects).open(request, timeout=HEARTBEAT_ANSWER_S):
            return None
    except urllib.error.HTTPError as error:
        return Reason("http_status", {"status": error.code})
    except urllib.error.URLError as error:
        return reason_of(error.reason) if isinstance(error.reason, OSError) else Reason("no_answer")
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Reason("no_answer_in_time") if isinstance(error, TimeoutError) else Reason("no_answer")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects without reading their bodies, which may be endless."""

    def redirect_request(self, req: Any, fp: IO[bytes], *rest: Any) -> urllib.request.Request | None:
        """As in the base class; a closed response has nothing left to read."""
        fp.close()
        return super().redirect_request(req, fp, *rest)


def monitor_of(file: Path) -> tuple[str, int]:
    """Host and port of the monitor whose address is in the file. Raises AddressUnusable unless it is HTTP."""
    try:
        url = urlsplit(_address(file))
        if url.scheme in {"http", "https"} and url.hostname:
            return url.hostname, url.port or (443 if url.scheme == "https" else 80)
    except ValueError:  # a port that is no number
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


def _reason(error: str, address: str) -> Reason:
    """The last error of apprise, without any part of the address."""
    if not error:
        return Reason("no_answer")
    if number := SYSTEM_ERROR.search(error):
        return reason_of(OSError(int(number["number"]), ""))
    if error.rstrip().endswith("timed out"):
        return Reason("no_answer_in_time")
    found = ESSENCE.search(error) or SOCKET_ERROR.search(error)
    text = found["why"] if found else error
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = re.sub(re.escape(secret), "…", text, flags=re.IGNORECASE)
    return Reason("other", {"text": printable(" ".join(text.split()))})


def _secrets(address: str) -> set[str]:
    """Every piece of an address that may be a secret, encoded and decoded."""
    scheme, _, rest = address.partition("://")
    pieces = {piece for text in (rest, unquote(rest)) for piece in re.split(r"[/:@?&=,;\s]+", text)}
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    if scheme.casefold() in HOST_IS_NO_SECRET:
        pieces = {piece for piece in pieces if piece.casefold() != host.casefold()}
    return {piece for piece in pieces if len(piece) >= SHORTEST_SECRET}
