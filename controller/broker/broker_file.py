"""The file that lets retained messages and lasting sessions outlive the broker.

Rules
1. A first line names format and SHA-256 of the rest; the rest is JSON. A file that does not agree with its first line,
   or is larger than LARGEST, is set aside as `.corrupt`, an event says so, and the broker starts empty.
2. It is old or new at any instant, never neither (`controller.state.atomic`).
3. It is written seldom, for the sake of SD cards: at once after a change, then not again before a pause that grows with
   the file, and at the end; never twice the same. What the programs of the service retain is no reason to write, for
   they tell it anew when they connect.
4. What waits for clients that are away is written at the end only: after a power cut their subscriptions are there, and
   no message comes that they had already. A power cut also takes what others retained since the last write.
5. Nothing waits for the disk: reading holds up the start for PATIENCE_S at most and what comes later is joined in,
   the end is held up for as long. What cannot be written is told once and tried again until it can: a full disk costs
   memory of the past, not light.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from controller import plain_file
from controller.broker.client_session import Flight, StoredSession
from controller.broker.limits import Limits
from controller.broker.packets import Publish
from controller.broker.router import Router, Tell
from controller.events import new_event
from controller.events.alarm import Alarm
from controller.state import atomic
from controller.threads import run_blocking

FORMAT = "watertower-broker-1"
LARGEST = 32 << 20
"""Bytes of the file; one so large is read in a second, on a small computer in three."""
SELDOM_S = 3600.0
RETRY_S = 5.0
PATIENCE_S = 2.0
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError)

T = TypeVar("T")


class BrokerFile:
    """Keeps the file of one exchange."""

    def __init__(self, path: Path, limits: Limits, tell: Tell) -> None:
        self._path = path
        self._limits = limits
        self._tell = tell
        self._changed = asyncio.Event()
        self._alarm = Alarm(lambda event: tell(event.code, about="", **event.fields))
        self._written = ""
        self._size = 0
        self._at_work: asyncio.Future[Any] | None = None

    def changed(self) -> None:
        """Something is to be written."""
        self._changed.set()

    @contextlib.asynccontextmanager
    async def following(self, exchange: Router) -> AsyncIterator[None]:
        """Reads at the beginning, writes after changes, and once more at the end."""
        loading = asyncio.create_task(self._load(exchange), name="broker store: read")
        await asyncio.wait([loading], timeout=PATIENCE_S)
        keeper = asyncio.create_task(self._keep(exchange, loading), name="broker store")
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S):
                    if self._at_work:
                        await asyncio.wait([self._at_work])
                    if loading.done():
                        await self._save(exchange, with_queues=True)
            loading.cancel()
            await asyncio.wait([loading])

    async def _load(self, exchange: Router) -> None:
        try:
            self._written, retained, sessions = await self._in_thread(_read, self._path)
            exchange.restore(retained, sessions)
            self._changed.clear()
        except FileNotFoundError:
            return
        except UNREADABLE as fault:
            aside = await self._in_thread(_set_aside, self._path)
            self._tell("TWL-B050", about="", path=str(self._path), aside=str(aside), reason=_reason(fault))

    async def _keep(self, exchange: Router, loading: asyncio.Task[None]) -> None:
        await asyncio.shield(loading)
        while True:
            await self._changed.wait()
            await self._save(exchange)
            pause_s = max(self._limits.save_every_s, min(SELDOM_S, self._size / self._limits.disk_bytes_per_s))
            await asyncio.sleep(RETRY_S if self._alarm.raised else pause_s)

    async def _save(self, exchange: Router, with_queues: bool = False) -> None:
        """Writes if there is something new; when cancelled, the thread still ends the work it has begun."""
        self._changed.clear()
        retained, sessions = exchange.kept()
        kept = sessions if with_queues else [each.subscriptions for each in sessions]
        try:
            written = await self._in_thread(_write, self._path, self._written, retained, kept)
            self._written, self._size = written
        except OSError as fault:
            self._changed.set()
            self._alarm.raise_(new_event("TWL-B051", path=str(self._path), reason=_reason(fault)))
        else:
            self._alarm.clear(new_event("TWL-B052", path=str(self._path)))

    async def _in_thread(self, work: Callable[..., T], *args: Any) -> T:
        """What the work gives; when cancelled, it goes on, and `_at_work` ends with it."""
        self._at_work = task = asyncio.ensure_future(run_blocking("broker store", partial(work, *args)))
        return await asyncio.shield(task)


def _reason(fault: Exception) -> str:
    return getattr(fault, "strerror", None) or str(fault)


def _write(path: Path, last: str, retained: list[Publish], sessions: list[StoredSession]) -> tuple[str, int]:
    """Writes unless it is what was written last; gives the first line and the size."""
    body = list(_body(retained, sessions))
    digest = hashlib.sha256()
    for piece in body:
        digest.update(piece)
    head = f"{FORMAT} {digest.hexdigest()}"
    size = sum(map(len, body))
    if head == last:
        return head, size
    path.parent.mkdir(parents=True, exist_ok=True)
    # in few pieces: each is a call to the system
    atomic.write(path, (head.encode() + b"\n", b"".join(body)), 0o600)
    return head, size


def _body(retained: list[Publish], sessions: list[StoredSession]) -> Iterator[bytes]:
    """JSON, piece by piece, for the loop's thread would wait for a single large one to be made. What would make the
    file too large stays out: queues first, then the oldest retained messages."""
    left = LARGEST - 1000

    def fits(piece: bytes) -> bool:
        nonlocal left
        if len(piece) + 1 > left:
            return False
        left -= len(piece) + 1
        return True

    newest = [piece for message in reversed(retained) if fits(piece := _encoded(message))]
    lean = [(each, piece) for each in sessions if fits(piece := _encoded(each.subscriptions))]
    yield b'{"retained":['
    yield from _listed(reversed(newest))
    yield b'],"sessions":['
    yield from _listed(whole if fits(whole := _encoded(kept)) else piece for kept, piece in lean)
    yield b"]}"


def _listed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for number, piece in enumerate(pieces):
        yield b"," + piece if number else piece


def _encoded(value: object) -> bytes:
    return ENCODER.encode(value).encode()


def _read(path: Path) -> tuple[str, list[Publish], list[StoredSession]]:
    """The first line, and what the rest says; raises one of UNREADABLE."""
    first, _, body = plain_file.read(path, LARGEST).partition(b"\n")
    head = first.decode("ascii", "replace")
    if head != f"{FORMAT} {hashlib.sha256(body).hexdigest()}":
        raise ValueError("its first line does not agree with the rest")
    document = json.loads(body)
    return head, [_message(each) for each in document["retained"]], [_kept(each) for each in document["sessions"]]


def _set_aside(path: Path) -> Path:
    """Where the file was moved to, or where it is if it cannot be moved."""
    aside = path.with_name(path.name + ".corrupt")
    if path.exists() and not path.is_dir():
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
        case StoredSession():
            return {each.name: getattr(value, each.name) for each in fields(value)}
    raise TypeError(type(value))


ENCODER = json.JSONEncoder(default=_plain, separators=(",", ":"), ensure_ascii=False)


def _message(plain: list[Any]) -> Publish:
    topic, payload, qos, retain = plain
    return Publish(topic, payload.encode("latin-1"), qos, retain)


def _kept(plain: dict[str, Any]) -> StoredSession:
    waiting = tuple((_message(message), qos) for message, qos in plain["waiting"])
    flying = {
        int(packet_id): Flight(_message(message), *rest) for packet_id, (message, *rest) in plain["flying"].items()
    }
    return StoredSession(**plain | {"waiting": waiting, "flying": flying, "held": tuple(plain["held"])})
