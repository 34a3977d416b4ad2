"""What systemd is told (sd_notify(3)): that the service is ready, alive, stopping; nothing where no systemd listens."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from typing import NoReturn

FEED_S = 10.0
"""The watchdog is fed at least so often, where it wants no more; who has not turned for so long is not alive."""


def notify(state: str) -> None:
    """`READY=1`, `WATCHDOG=1`, `STOPPING=1` or `STATUS=…`, to the socket that systemd named."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.setblocking(False)
        wire.sendto(state.encode(), address)


async def feed_watchdog(turned_s: Callable[[], float | None], now_s: Callable[[], float]) -> NoReturn:
    """Tells that the program lives for as long as its turns come, at twice the pace that WATCHDOG_USEC asks for: one
    that still runs while its turns hang is to be restarted. Both clocks are seconds of boot time."""
    asked_s = float(os.environ.get("WATCHDOG_USEC") or "inf") / 1e6
    while True:
        last_s = turned_s()
        if last_s is not None and now_s() - last_s < FEED_S:
            notify("WATCHDOG=1")
        await asyncio.sleep(min(FEED_S, asked_s / 2))
