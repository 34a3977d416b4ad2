"""The only use of apprise, which supports some 130 ways to notify people: a separate process for one call.

Servers may hang, answer endlessly or send without end, and libraries wait for them and keep everything in memory. A
process can be ended, and its memory limited, whatever a server does to it: the service that lights the lamps is not
affected.

    python -m controller.app.apprise_process < {"address", "within_s", "message": {"title", "body", "manner"} | null}

The answer on the last line is one of `{"unusable": true}`, `{"server": [host, port]}` (without a message),
`{"delivered": true}` and `{"delivered": false, "said": …}`, the last error of apprise, which may hold secrets.
"""

import ctypes
import json
import logging
import re
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import apprise
from apprise.conversion import convert_between

MOST_MEMORY = 96 * 1024 * 1024
"""Bytes of its own memory; normally it uses some 35 MB."""
PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
SOCKET_ERROR = re.compile(r"(?:Socket|SMTP|Connection) ?Exception: ", re.IGNORECASE)


def answer(address: str, message: Mapping[str, str] | None) -> dict[str, Any]:
    """The answer to a request."""
    last_error = _LastError()
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(last_error)
    service = _service(address)
    if service is None:
        return {"unusable": True}
    if message is None:
        host = getattr(service, "smtp_host", "") or service.host
        return {"server": [host, service.port or (443 if service.secure else 80)]}
    is_delivered = service.notify(**_in_its_format(service, message))
    return {"delivered": is_delivered, "said": last_error.text}


def _service(address: str) -> Any:
    """The service that apprise makes of an address. It writes to no disk, starts no threads and loads no foreign
    plug-ins."""
    memory = apprise.PersistentStoreMode.MEMORY
    asset = apprise.AppriseAsset(app_id="Watertower", async_mode=False, storage_mode=memory, plugin_paths=[])
    return apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)


def _in_its_format(service: Any, message: Mapping[str, str]) -> dict[str, Any]:
    """The message in the format of the service, HTML if it supports that."""
    text = apprise.NotifyFormat.TEXT
    takes = service.resolve_format(text)
    title = message["title"]
    return {
        "title": convert_between(text, takes, content=title) if service.title_maxlen <= 0 else title,  # type: ignore[no-untyped-call]
        "body": convert_between(text, takes, content=message["body"]),  # type: ignore[no-untyped-call]
        "notify_type": apprise.NotifyType(message["manner"]),
        "body_format": takes,
    }


class _LastError(logging.Handler):
    """Keeps the last line that explains a failure."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if record.levelno >= logging.WARNING or SOCKET_ERROR.search(line):
            self.text = line


def _bound(within_s: float) -> None:
    """Has the system end this process after `within_s` seconds whatever it waits for, together with the service that
    reads the answer, and if it uses too much memory; as far as the system supports that."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, within_s)
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))


if __name__ == "__main__":
    request = json.load(sys.stdin)
    _bound(request["within_s"])
    sys.stdout.write(f"\n{json.dumps(answer(request['address'], request['message']))}\n")
