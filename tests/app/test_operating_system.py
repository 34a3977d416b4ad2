"""What systemd is sent, and what happens when nothing more can be opened."""

import asyncio
import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from controller.app import operating_system
from controller.app.operating_system import FEED_S, feed_watchdog, notify, watch_descriptors
from controller.events import Event
from controller.events.models import Reason

HALF_A_SECOND_US = "500000"


@contextmanager
def systemd(address: str) -> Iterator[socket.socket]:
    """The socket that systemd listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0", 1))
        listening.setblocking(False)
        yield listening


def received(listening: socket.socket) -> list[bytes]:
    """All that came so far."""
    found = []
    with suppress(BlockingIOError):
        while True:
            found.append(listening.recv(100))
    return found


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_is_notified_at_the_address_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A path, or a name in the abstract namespace that begins with @."""
    address = str(tmp_path / "notify") if kind == "path" else f"@watertower-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with systemd(address) as listening:
        notify("READY=1")
        assert received(listening) == [b"READY=1"]


def test_without_systemd_nothing_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where none is named nor where it has gone."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("READY=1")


@pytest.mark.parametrize(
    ("turned_s", "fed"), [(None, False), (100.0 - FEED_S, False), (100.1 - FEED_S, True), (100.0, True)]
)
async def test_the_watchdog_is_fed_while_turns_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turned_s: float | None, fed: bool
) -> None:
    """A program that runs while its turns hang is to be restarted; one that has not begun is given its time."""
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with systemd(address) as listening:
        feeding = asyncio.create_task(feed_watchdog(lambda: turned_s, lambda: 100.0))
        await asyncio.sleep(0.01)
        feeding.cancel()
        assert received(listening) == ([b"WATCHDOG=1"] if fed else [])


async def test_the_watchdog_is_fed_at_twice_the_pace_that_systemd_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every quarter of a second where it asks for half a one."""
    monkeypatch.setenv("WATCHDOG_USEC", HALF_A_SECOND_US)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        raise asyncio.CancelledError

    monkeypatch.setattr(operating_system.asyncio, "sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await feed_watchdog(lambda: None, lambda: 0.0)
    assert pauses == [0.25]


@pytest.mark.parametrize("noticed_by", ["look", "accept"])
async def test_a_lack_of_descriptors_is_reported_when_it_begins_and_when_it_is_over(
    monkeypatch: pytest.MonkeyPatch, noticed_by: str
) -> None:
    """Once each, however often it is noticed: by our own look, or by asyncio when it accepts a connection."""
    monkeypatch.setattr(operating_system, "LOOK_S", 0.01)
    monkeypatch.setattr(operating_system, "FREE_S", 0.1)
    reported: list[Event] = []
    real_open, error = os.open, OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    def no_open(*_: object) -> int:
        raise error

    watching = asyncio.create_task(watch_descriptors(reported.append))
    await asyncio.sleep(0.03)
    assert reported == []
    if noticed_by == "look":
        monkeypatch.setattr(operating_system.os, "open", no_open)
        await asyncio.sleep(0.05)
        monkeypatch.setattr(operating_system.os, "open", real_open)
    for _ in range(3):
        asyncio.get_running_loop().call_exception_handler({"message": "accept failed", "exception": error})
    assert [event.code for event in reported] == ["TWL-C031"]
    assert reported[0].fields["reason"] == Reason("EMFILE")
    async with asyncio.timeout(5):
        while len(reported) < 2:
            await asyncio.sleep(0.01)
    assert [event.code for event in reported] == ["TWL-C031", "TWL-C032"]
    watching.cancel()


async def test_other_errors_of_the_loop_are_shown_as_ever(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """By asyncio itself, with their traceback."""
    reported: list[Event] = []
    watching = asyncio.create_task(watch_descriptors(reported.append))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_exception_handler({"message": "broken", "exception": ValueError("broken")})
    assert "broken" in caplog.text
    assert reported == []
    watching.cancel()
