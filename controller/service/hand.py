"""What people set by hand: requests judged, kept before they are acknowledged, gone on time."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import ValidationError

from controller.errors import Mistake, WatertowerError
from controller.events import Event, happened
from controller.gateways.gateway import Rejected
from controller.schedule.campaign import Override, Stop
from controller.service.request import Grounds, Kept, Request, override_of, parse_request, stop_of
from controller.store import Held

REMEMBERED = 200
SETTLED = timedelta(seconds=10)
"""A fade that a hand ends is over by then."""


class Keeper(Protocol):
    """As much of the store as a hand needs; each change is durable when it returns, or refused with NotKept."""

    @property
    def overrides(self) -> tuple[Held, ...]:
        """Those that stand, in the order in which they were set."""

    @property
    def stop(self) -> str | None:
        """The document of the safety stop in force."""

    async def keep_override(self, override_id: str, document: str, started_at: datetime, ends_at: datetime) -> bool:
        """Keep it; False where this id was kept before."""

    async def end_override(self, override_id: str, at: datetime) -> bool:
        """End it; False where none of this id stands."""

    async def set_stop(self, document: str | None, at: datetime) -> None:
        """Put this stop in force, or lift it with None."""


class Hand:
    """The overrides and the stop in force. `grounds` may be changed when the files change."""

    def __init__(self, store: Keeper, grounds: Grounds) -> None:
        self.grounds = grounds
        self._store = store
        self._kept = {kept.id: kept for kept in _readable(held.document for held in store.overrides)}
        self._stop = next(iter(_readable(filter(None, (store.stop,)))), None)
        self._fading: dict[str, Override] = {}
        self._answered: dict[str, Event] = {}

    @property
    def overrides(self) -> tuple[Override, ...]:
        """Those in force or to come, the newest last; before them those that the light may still fade out of."""
        return (*self._fading.values(), *(kept.override for kept in self._kept.values()))

    @property
    def stop(self) -> Stop | None:
        """The safety stop, if one stands."""
        return self._stop.stop if self._stop is not None else None

    async def take(self, payload: bytes, now: datetime) -> Event:
        """Grant or refuse one request; what is granted is on disk when this returns. An id that was answered before
        gets the same answer and changes nothing."""
        request = parse_request(payload)
        if isinstance(request, Rejected):
            return happened("TWL-O110", id="?", owner="?", reason=request.reason)
        if request.id not in self._answered:
            self._answered[request.id] = await self._answer(request, now)
            while len(self._answered) > REMEMBERED:
                del self._answered[next(iter(self._answered))]
        return self._answered[request.id]

    async def _answer(self, request: Request, now: datetime) -> Event:
        try:
            if request.action == "override":
                return await self._override(request, now)
            if request.action == "resume":
                return await self._resume(request, now)
            return await self._set_stop(request, now)
        except Mistake as mistake:
            reason = happened(mistake.code, **mistake.fields)
            told = f"{reason.code}: {reason.text('en')}; {reason.action('en')}"
        except WatertowerError as error:
            told = happened(error.code, **error.fields).text("en")
        return happened("TWL-O110", id=request.id, owner=request.owner, reason=told)

    async def _override(self, request: Request, now: datetime) -> Event:
        kept = override_of(request, self.grounds, now)
        end = kept.end or now
        if await self._store.keep_override(kept.id, kept.model_dump_json(exclude_none=True), now, end):
            self._kept[kept.id] = kept
        end = self._kept.get(kept.id, kept).end or end
        zone = self.grounds.program.place.time_zone
        return happened(
            "TWL-O101",
            id=request.id,
            owner=request.owner,
            reason=request.reason,
            look=_words(request),
            until=f"{end.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        )

    async def _resume(self, request: Request, now: datetime) -> Event:
        for name in tuple(self._kept):
            await self._store.end_override(name, now)
            self._leave(self._kept.pop(name), now)
        return happened("TWL-O102", id=request.id, owner=request.owner, reason=request.reason)

    async def _set_stop(self, request: Request, now: datetime) -> Event:
        kept = stop_of(request, now) if request.action == "stop" else None
        await self._store.set_stop(kept.model_dump_json(exclude_none=True) if kept else None, now)
        self._stop = kept
        code = "TWL-O105" if kept is not None else "TWL-O106"
        return happened(code, id=request.id, owner=request.owner, reason=request.reason)

    async def expire(self, now: datetime) -> tuple[Event, ...]:
        """Forget what has ended."""
        gone = now - self._longest_fade()
        self._fading = {name: override for name, override in self._fading.items() if override.end > gone}
        over = [kept for kept in self._kept.values() if kept.end is not None and kept.end <= now]
        for kept in over:
            self._leave(self._kept.pop(kept.id), now)
            # the end stands in the document itself: a disk that does not take the note loses nothing
            with suppress(WatertowerError):
                await self._store.end_override(kept.id, now)
        return tuple(happened("TWL-O103", id=kept.id, owner=kept.owner, reason=kept.reason) for kept in over)

    def _leave(self, kept: Kept, now: datetime) -> None:
        """It has ended; the plan must know of it while the fade into what follows runs."""
        self._fading[kept.id] = replace(kept.override, end=min(kept.override.end, now))

    def _longest_fade(self) -> timedelta:
        rules = (*self.grounds.program.campaigns, *self.grounds.program.every_night)
        return SETTLED + max((rule.fade_in for rule in rules), default=SETTLED)


def _readable(documents: Iterable[str]) -> list[Kept]:
    found = []
    for document in documents:
        with suppress(ValidationError):
            found.append(Kept.model_validate_json(document))
    return found


def _words(request: Request) -> str:
    if isinstance(request.look, str):
        return request.look
    return ", ".join(f"{zone} {look}" for zone, look in request.look.items())
