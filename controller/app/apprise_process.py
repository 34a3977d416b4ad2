"""The only door to apprise, which knows some 130 ways to tell people something: a process of its own, for one call.

Servers may hang, answer for ever or send without end, and libraries wait for them and keep all of it. A process can be
ended, and its memory bounded, whatever a server does to it: the service that lights the lamps feels nothing of it.

    python -m controller.app.apprise_process < {"address", "within_s", "message": {"title", "body", "manner"} | null}

What comes back on the last line is one of `{"unusable": true}`, `{"server": [host, port]}` (without a message),
`{"delivered": true}` and `{"delivered": false, "said": …}`, the last that apprise said, which may hold secrets.
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
"""Bytes of its own; it takes some 35 MB where nothing is wrong."""
PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
SOCKET_ERROR = re.compile(r"(?:Socket|SMTP|Connection) ?Exception: ", re.IGNORECASE)


def answer(address: str, message: Mapping[str, str] | None) -> dict[str, Any]:
    """What became of a call."""
    told = _Told()
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(told)
    service = _service(address)
    if service is None:
        return {"unusable": True}
    if message is None:
        host = getattr(service, "smtp_host", "") or service.host
        return {"server": [host, service.port or (443 if service.secure else 80)]}
    is_delivered = service.notify(**_in_its_format(service, message))
    return {"delivered": is_delivered, "said": told.last}


def _service(address: str) -> Any:
    """The service that apprise makes of an address. It writes nothing to any disk, starts no threads and loads no
    plug-ins of others."""
    memory = apprise.PersistentStoreMode.MEMORY
    asset = apprise.AppriseAsset(app_id="Watertower", async_mode=False, storage_mode=memory, plugin_paths=[])
    return apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)


def _in_its_format(service: Any, message: Mapping[str, str]) -> dict[str, Any]:
    """The message as the service takes it, as HTML where it does."""
    text = apprise.NotifyFormat.TEXT
    takes = service.resolve_format(text)
    title = message["title"]
    return {
        "title": convert_between(text, takes, content=title) if service.title_maxlen <= 0 else title,  # type: ignore[no-untyped-call]
        "body": convert_between(text, takes, content=message["body"]),  # type: ignore[no-untyped-call]
        "notify_type": apprise.NotifyType(message["manner"]),
        "body_format": takes,
    }


class _Told(logging.Handler):
    """Keeps the last line that tells why something failed."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno >= logging.WARNING or SOCKET_ERROR.search(text):
            self.last = text


def _bound(within_s: float) -> None:
    """The system ends this process after so many seconds, whatever it waits for, with the service that reads the
    answer, and where it takes too much memory; as far as the system can do that."""
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
