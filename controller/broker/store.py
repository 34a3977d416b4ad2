"""The file that lets retained messages and lasting sessions outlive the broker.

Rules
1. A first line names format and SHA-256 of the rest; the rest is JSON. A file that does not agree with its
   first line is set aside as `.corrupt`, an event says so, and the broker starts empty.
2. It is written whole beside itself, synced, renamed, and its directory synced: old or new, never neither.
3. Writing happens in a thread, at once after a change, then at most every `save_every_s`, and at the end; never twice
   the same, for the sake of SD cards. What cannot be written is told once and tried again until it can: a full disk
   costs memory of the past, not light.
4. An acknowledgement does not wait for the disk: a power cut takes what came since the last write began. What our own
   programs retain they tell anew when they connect again.
"""

import asyncio
import contextlib
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from controller.broker.exchange import Exchange, Tell
from controller.broker.packets import Publish
from controller.broker.session import Flight, Kept

FORMAT = "watertower-broker-1"
RETRY_S = 5.0
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError)

T = TypeVar("T")


class Store:
    """Keeps the file of one exchange as new as its state."""

    def __init__(self, path: Path, save_every_s: float, tell: Tell) -> None:
        self._path = path
        self._save_every_s = save_every_s
        self._tell = tell
        self._changed = asyncio.Event()
        self._failing = False
        self._written = b""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="broker store")

    def changed(self) -> None:
        """Something is to be written."""
        self._changed.set()

    @contextlib.asynccontextmanager
    async def following(self, exchange: Exchange) -> AsyncIterator[None]:
        """Reads at the beginning, writes after changes, and once more at the end."""
        await self._load(exchange)
        keeper = asyncio.create_task(self._keep(exchange), name="broker store")
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
            await self._save(exchange)
            self._thread.shutdown(wait=False)

    async def _load(self, exchange: Exchange) -> None:
        try:
            exchange.restore(*await self._in_thread(_read, self._path))
        except FileNotFoundError:
            return
        except UNREADABLE as fault:
            aside = await self._in_thread(_set_aside, self._path)
            self._tell("TWL-B050", about="", path=str(self._path), aside=str(aside), reason=str(fault))
        self._changed.clear()

    async def _keep(self, exchange: Exchange) -> None:
        while True:
            await self._changed.wait()
            await self._save(exchange)
            await asyncio.sleep(RETRY_S if self._failing else self._save_every_s)

    async def _save(self, exchange: Exchange) -> None:
        """Writes now if something changed; when cancelled, the thread still ends the work it has begun."""
        if not self._changed.is_set():
            return
        self._changed.clear()
        try:
            self._written = await self._in_thread(_write, self._path, self._written, *exchange.kept())
        except OSError as fault:
            self._changed.set()
            if not self._failing:
                self._tell("TWL-B051", about="", path=str(self._path), reason=fault.strerror)
            self._failing = True
        except asyncio.CancelledError:
            self._changed.set()
            raise
        else:
            if self._failing:
                self._tell("TWL-B052", about="", path=str(self._path))
            self._failing = False

    async def _in_thread(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)


def _write(path: Path, last: bytes, retained: list[Publish], sessions: list[Kept]) -> bytes:
    """Writes unless it is what was written last; gives the first line."""
    body = [b'{"retained":[', *_listed(retained), b'],"sessions":[', *_listed(sessions), b"]}"]
    digest = hashlib.sha256()
    for piece in body:
        digest.update(piece)
    head = f"{FORMAT} {digest.hexdigest()}\n".encode()
    if head == last:
        return head
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    try:
        with open(beside, "wb", opener=_private) as file:
            file.writelines((head, *body))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    _sync_directory(path.parent)
    return head


def _listed(values: Iterable[object]) -> Iterator[bytes]:
    """The inside of a JSON list, piece by piece: the loop's thread would wait for a single large one to be made."""
    for number, value in enumerate(values):
        yield (b"," if number else b"") + ENCODER.encode(value).encode()


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> tuple[list[Publish], list[Kept]]:
    head, _, body = path.read_bytes().partition(b"\n")
    if head.decode("ascii", "replace") != f"{FORMAT} {hashlib.sha256(body).hexdigest()}":
        raise ValueError("its first line does not agree with the rest")
    document = json.loads(body)
    return [_message(each) for each in document["retained"]], [_kept(each) for each in document["sessions"]]


def _set_aside(path: Path) -> Path:
    """Where the file was moved to, or where it is if it cannot be moved."""
    aside = path.with_name(path.name + ".corrupt")
    if path.is_file():
        with contextlib.suppress(OSError):
            return path.replace(aside)
    return path


def _plain(value: object) -> object:
    """What json cannot write by itself; a payload becomes text of the same numbers, readable for people."""
    match value:
        case Publish():
            return [value.topic, value.payload.decode("latin-1"), value.qos, value.retain]
        case Flight():
            return [value.message, value.qos, value.retain, value.released]
        case Kept():
            return {each.name: getattr(value, each.name) for each in fields(value)}
    raise TypeError(type(value))


ENCODER = json.JSONEncoder(default=_plain, separators=(",", ":"))


def _message(plain: list[Any]) -> Publish:
    topic, payload, qos, retain = plain
    return Publish(topic, payload.encode("latin-1"), qos, retain)


def _kept(plain: dict[str, Any]) -> Kept:
    waiting = tuple((_message(message), qos) for message, qos in plain["waiting"])
    flying = {
        int(packet_id): Flight(_message(message), *rest) for packet_id, (message, *rest) in plain["flying"].items()
    }
    return Kept(**plain | {"waiting": waiting, "flying": flying, "held": tuple(plain["held"])})
