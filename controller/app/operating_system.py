"""The operating system: notifications to systemd (sd_notify(3)), and an alarm when nothing more can be opened."""

import asyncio
import contextlib
import errno
import os
import resource
import socket
from collections.abc import Callable
from typing import Any, NoReturn

from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.reasons import reason_of
from controller.threads import in_step_s

FEED_S = 10.0
"""Seconds between two notifications of the watchdog at most, even if systemd asks for less; a program that has made no
turn for so long is not alive."""
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""The errors after which asyncio's accept pauses and tries again (selector_events.py)."""
LOOK_S = 1.0
FREE_S = 10.0


def notify(state: str) -> None:
    """Sends `READY=1`, `WATCHDOG=1`, `STOPPING=1` or `STATUS=…` to the socket that systemd named, if any."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.sendto(state.encode(), address)


async def feed_watchdog(turned_s: Callable[[], float | None], now_s: Callable[[], float]) -> NoReturn:
    """Feeds the watchdog while turns are made, at twice the rate that WATCHDOG_USEC asks for: a program that runs while
    its turns hang should be restarted. Both clocks are boot time seconds."""
    watchdog_s = float(os.environ.get("WATCHDOG_USEC") or "inf") / 1e6
    while True:
        last_s = turned_s()
        if last_s is not None and now_s() - last_s < FEED_S:
            notify("WATCHDOG=1")
        await asyncio.sleep(min(FEED_S, watchdog_s / 2))


async def watch_descriptors(emit: Callable[[Event], None]) -> NoReturn:
    """Raises an alarm while nothing more can be opened.

    asyncio would log a traceback at each attempt to accept a connection, once a second; other code that opens something
    reports its own error.
    """
    loop = asyncio.get_running_loop()
    alarm, failed_s = Alarm(emit), 0.0

    def fails(error: OSError) -> None:
        nonlocal failed_s
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        alarm.raise_(new_event("TWL-C031", limit=limit, reason=reason_of(error)))
        failed_s = loop.time()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in EXHAUSTED:
            fails(error)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
    while True:
        try:
            os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            fails(error)
        if loop.time() - failed_s > FREE_S:
            alarm.clear(new_event("TWL-C032"))
        await asyncio.sleep(in_step_s(LOOK_S))
