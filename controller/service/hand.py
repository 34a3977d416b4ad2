"""What people set by hand: requests judged, kept before they are acknowledged, gone on time."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import ValidationError

from controller.errors import Mistake, WatertowerError
from controller.events import Event, happened
from controller.events.kind import Advice
from controller.gateways.gateway import Rejected
from controller.schedule.campaign import Override, Stop
from controller.service.request import Grounds, Kept, Request, asker_of, override_of, parse_request, stop_of
from controller.store import Held, NotKept

REFUSED = "TWL-O110"
REMEMBERED = 200
MOST = 100
"""So many overrides stand at a time; the plan is worked out over all of them."""
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

    async def end_overrides(self, ids: Collection[str], at: datetime) -> None:
        """End those of them that stand, all or none; what was refused may still happen late."""

    async def set_stop(self, document: str | None, at: datetime) -> None:
        """Put this stop in force, or lift it with None."""


class Hand:
    """The overrides and the stop in force. `grounds` may be changed when the files change."""

    def __init__(self, store: Keeper, grounds: Grounds) -> None:
        self.grounds = grounds
        self._store = store
        self._kept = {kept.id: kept for kept in _readable(held.document for held in store.overrides)}
        self._stop = next(iter(_readable(filter(None, (store.stop,)))), None)
        self._halted: Kept | None = None
        """A stop that is in force and waits to be kept."""
        self._fading: dict[str, Override] = {}
        self._gone: tuple[str, ...] = ()
        """Those that have left since the disk was told of it last."""
        self._answered: dict[str, Event] = {}

    @property
    def overrides(self) -> tuple[Override, ...]:
        """Those in force or to come, the newest last; before them those that the light may still fade out of."""
        return (*self._fading.values(), *(kept.override for kept in self._kept.values()))

    @property
    def stop(self) -> Stop | None:
        """The safety stop, if one stands."""
        return self._stop.stop if self._stop is not None else None

    def halt(self, payload: bytes, now: datetime) -> bool:
        """A safety stop is in force at once, before the disk has taken it and whatever else waits to be answered; True
        where this is one."""
        request = parse_request(payload)
        if isinstance(request, Rejected) or request.action != "stop" or request.id in self._answered:
            return False
        self._stop = self._halted = stop_of(request, now)
        return True

    def turn_away(self, payload: bytes) -> Event:
        """The answer to one request too many; the same may be asked again."""
        return happened(REFUSED, **asker_of(payload)._asdict(), reason=Advice(happened("TWL-O128")))

    async def take(self, payload: bytes, now: datetime, suspect: bool = False) -> Event:
        """Grant or refuse one request; what is granted is on disk when this returns, or the answer says otherwise. An
        id that was granted before gets the same answer and changes nothing; one that was refused may be asked again.
        While the clock is `suspect` there is no end to be found, and so no override."""
        request = parse_request(payload)
        if isinstance(request, Rejected):
            return happened(REFUSED, **asker_of(payload)._asdict(), reason=request.reason)
        if request.id in self._answered:
            return self._answered[request.id]
        answer = await self._answer(request, now, suspect)
        if answer.code != REFUSED:
            self._answered[request.id] = answer
            while len(self._answered) > REMEMBERED:
                del self._answered[next(iter(self._answered))]
        return answer

    async def _answer(self, request: Request, now: datetime, suspect: bool) -> Event:
        try:
            if request.action == "override":
                return await self._override(request, now, suspect)
            if request.action == "resume":
                return await self._resume(request, now)
            return await self._set_stop(request, now)
        except Mistake as mistake:
            told: Event | Advice = Advice(happened(mistake.code, **mistake.fields))
        except WatertowerError as error:
            told = happened(error.code, **error.fields)
        return happened(REFUSED, id=request.id, owner=request.owner, reason=told)

    async def _override(self, request: Request, now: datetime, suspect: bool) -> Event:
        if self._stop is not None:
            # granted now, it would light the tower by itself in the moment the stop is lifted
            raise Mistake("TWL-O111", by=self._stop.owner)
        if suspect:
            raise Mistake("TWL-O126")
        kept = override_of(request, self.grounds, now)
        end = kept.end or now
        hidden = [old for old in self._kept.values() if kept.override.hides(old.override)]
        if kept.id not in self._kept and len(self._kept) - len(hidden) >= MOST:
            raise Mistake("TWL-O119", most=MOST)
        if await self._store.keep_override(kept.id, kept.model_dump_json(exclude_none=True), now, end):
            self._leave(hidden, kept.start)
            self._kept[kept.id] = kept
        elif kept.id not in self._kept:
            raise Mistake("TWL-O127", name=kept.id)
        stands = self._kept[kept.id]
        zone = self.grounds.program.place.time_zone
        return happened(
            "TWL-O101",
            id=stands.id,
            owner=stands.owner,
            reason=stands.reason,
            look=stands.said,
            until=f"{(stands.end or end).astimezone(zone):%Y-%m-%d %H:%M:%S}",
        )

    async def _resume(self, request: Request, now: datetime) -> Event:
        await self._store.end_overrides(tuple(self._kept), now)
        self._leave(tuple(self._kept.values()), now)
        told = {"id": request.id, "owner": request.owner, "reason": request.reason}
        if self._stop is not None:
            return happened("TWL-O109", **told, by=self._stop.owner)
        return happened("TWL-O102", **told)

    async def _set_stop(self, request: Request, now: datetime) -> Event:
        """In force, or lifted, also where the disk does not take it: a full disk must neither keep the tower lit that
        is to be dark, nor dark for ever."""
        kept = stop_of(request, now) if request.action == "stop" else None
        if kept is None and self._halted is not None:
            raise Mistake("TWL-O129")
        self._stop = kept
        code, told = "TWL-O105" if kept is not None else "TWL-O106", {"reason": request.reason}
        try:
            await self._store.set_stop(kept.model_dump_json(exclude_none=True) if kept else None, now)
        except NotKept as refused:
            code, told = "TWL-O107" if kept is not None else "TWL-O108", {"why": str(refused.fields.get("reason"))}
        if kept is not None and self._halted is not None and self._halted.id == kept.id:
            self._halted = None
        return happened(code, id=request.id, owner=request.owner, **told)

    async def expire(self, now: datetime) -> tuple[Event, ...]:
        """Forget what has ended, also on a disk that did late what it was not waited for."""
        faded = now - self._longest_fade()
        self._fading = {name: override for name, override in self._fading.items() if override.end > faded}
        standing = {held.id for held in self._store.overrides}
        over = [kept for kept in self._kept.values() if kept.override.end <= now or kept.id not in standing]
        self._leave(over, now)
        gone, self._gone = self._gone, ()
        # a disk that does not take the note loses nothing, for the documents themselves tell of the end
        with suppress(WatertowerError):
            await self._store.end_overrides(gone, now)
        return tuple(happened("TWL-O103", id=kept.id, owner=kept.owner, reason=kept.reason) for kept in over)

    def _leave(self, ended: Collection[Kept], now: datetime) -> None:
        """They have ended; the plan must know of them while the fade into what follows runs."""
        for kept in ended:
            del self._kept[kept.id]
            self._fading[kept.id] = replace(kept.override, end=min(kept.override.end, now))
        self._gone += tuple(kept.id for kept in ended)

    def _longest_fade(self) -> timedelta:
        rules = (*self.grounds.program.campaigns, *self.grounds.program.every_night)
        return SETTLED + max((rule.fade_in for rule in rules), default=SETTLED)


def _readable(documents: Iterable[str]) -> list[Kept]:
    found = []
    for document in documents:
        with suppress(ValidationError):
            found.append(Kept.model_validate_json(document))
    return found
