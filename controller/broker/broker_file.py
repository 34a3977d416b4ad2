"""The file that lets retained messages and lasting sessions outlive the broker.

Nothing waits for the disk, and a full disk costs old messages, not light. The file is written seldom, to spare SD
cards: after a change, then not again before a pause that grows with the file, and at the end. Messages that wait for
absent clients are written at the end only: after a power cut their subscriptions are there, and no message arrives a
second time.
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
from controller.broker.client_session import Flight, Limits, StoredSession
from controller.broker.packets import Publish
from controller.broker.router import ReportEvent, Router
from controller.events import new_event
from controller.events.alarm import Alarm
from controller.events.models import Reason
from controller.events.reasons import reason_of
from controller.state import atomic
from controller.threads import run_blocking

FORMAT = "watertower-broker-1"
LARGEST = 32 << 20
"""Bytes of the file; one of this size is read in a second, on a small computer in three. A larger one is set aside."""
SELDOM_S = 3600.0
RETRY_S = 5.0
PATIENCE_S = 2.0
"""Seconds that start and end wait for the disk; what is read later is merged in."""
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError)

T = TypeVar("T")


class DamagedFile(ValueError):  # noqa: N818
    """The content is not what we wrote."""

    reason = Reason("damaged")


class BrokerFile:
    """Keeps the file of one router."""

    def __init__(self, path: Path, limits: Limits, report: ReportEvent) -> None:
        self._path = path
        self._limits = limits
        self._report = report
        self._changed = asyncio.Event()
        self._alarm = Alarm(lambda event: report(event.code, about="", **event.fields))
        self._written = ""
        self._size = 0
        self._at_work: asyncio.Future[Any] | None = None

    def changed(self) -> None:
        """Call when something has to be written."""
        self._changed.set()

    @contextlib.asynccontextmanager
    async def following(self, router: Router) -> AsyncIterator[None]:
        """Reads at the start, writes after changes and at the end."""
        loading = asyncio.create_task(self._load(router), name="broker store: read")
        await asyncio.wait([loading], timeout=PATIENCE_S)
        keeper = asyncio.create_task(self._keep(router, loading), name="broker store")
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
                        await self._save(router, with_queues=True)
            loading.cancel()
            await asyncio.wait([loading])

    async def _load(self, router: Router) -> None:
        try:
            self._written, retained, sessions = await self._in_thread(_read, self._path)
            router.restore(retained, sessions)
            self._changed.clear()
        except FileNotFoundError:
            return
        except UNREADABLE as error:
            aside = await self._in_thread(_set_aside, self._path)
            self._report("TWL-B050", about="", path=str(self._path), aside=str(aside), reason=reason_of(error))

    async def _keep(self, router: Router, loading: asyncio.Task[None]) -> None:
        await asyncio.shield(loading)
        while True:
            await self._changed.wait()
            await self._save(router)
            pause_s = max(self._limits.save_every_s, min(SELDOM_S, self._size / self._limits.disk_bytes_per_s))
            await asyncio.sleep(RETRY_S if self._alarm.raised else pause_s)

    async def _save(self, router: Router, with_queues: bool = False) -> None:
        """Writes if something has changed. On cancellation the thread still finishes what it has begun."""
        self._changed.clear()
        retained, sessions = router.stored()
        stored = sessions if with_queues else [each.subscriptions for each in sessions]
        try:
            written = await self._in_thread(_write, self._path, self._written, retained, stored)
            self._written, self._size = written
        except OSError as error:
            self._changed.set()
            self._alarm.raise_(new_event("TWL-B051", path=str(self._path), reason=reason_of(error)))
        else:
            self._alarm.clear(new_event("TWL-B052", path=str(self._path)))

    async def _in_thread(self, work: Callable[..., T], *args: Any) -> T:
        """The result of the work. On cancellation the work goes on; `_at_work` is done when it is."""
        self._at_work = task = asyncio.ensure_future(run_blocking("broker store", partial(work, *args)))
        return await asyncio.shield(task)


def _write(path: Path, last: str, retained: list[Publish], sessions: list[StoredSession]) -> tuple[str, int]:
    """Writes unless the content is the same as last time; returns the first line and the size."""
    body = list(_body(retained, sessions))
    digest = hashlib.sha256()
    for piece in body:
        digest.update(piece)
    head = f"{FORMAT} {digest.hexdigest()}"
    size = sum(map(len, body))
    if head == last:
        return head, size
    path.parent.mkdir(parents=True, exist_ok=True)
    # few pieces, since each is a system call
    atomic.write(path, (head.encode() + b"\n", b"".join(body)), 0o600)
    return head, size


def _body(retained: list[Publish], sessions: list[StoredSession]) -> Iterator[bytes]:
    """JSON, piece by piece: making one large piece would hold the GIL and stop the loop. Leaves out what would make the
    file too large: queues first, then the oldest retained messages."""
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
    yield from _listed(whole if fits(whole := _encoded(each)) else piece for each, piece in lean)
    yield b"]}"


def _listed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for number, piece in enumerate(pieces):
        yield b"," + piece if number else piece


def _encoded(value: object) -> bytes:
    return ENCODER.encode(value).encode()


def _read(path: Path) -> tuple[str, list[Publish], list[StoredSession]]:
    """The first line, retained messages and sessions; raises one of UNREADABLE. The first line names the format and the
    SHA-256 of the rest."""
    first, _, body = plain_file.read(path, LARGEST).partition(b"\n")
    head = first.decode("ascii", "replace")
    if head != f"{FORMAT} {hashlib.sha256(body).hexdigest()}":
        raise DamagedFile
    document = json.loads(body)
    return head, [_message(each) for each in document["retained"]], [_session(each) for each in document["sessions"]]


def _set_aside(path: Path) -> Path:
    """Moves the file aside; returns its new place, or `path` if it cannot be moved."""
    if not path.is_dir():
        with contextlib.suppress(OSError):
            return atomic.set_aside(path)
    return path


def _plain(value: object) -> object:
    """What JSON cannot write by itself. A payload becomes text with the same code points, which people can read."""
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


def _session(plain: dict[str, Any]) -> StoredSession:
    waiting = tuple((_message(message), qos) for message, qos in plain["waiting"])
    flying = {
        int(packet_id): Flight(_message(message), *rest) for packet_id, (message, *rest) in plain["flying"].items()
    }
    return StoredSession(**plain | {"waiting": waiting, "flying": flying, "held": tuple(plain["held"])})
