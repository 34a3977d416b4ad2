"""What people set by hand: requests judged, kept before they are acknowledged, gone on time.

An answer says what holds now, whatever was answered before: a request that was done before and comes again, as over a
second broker or from somebody who got no answer, gets the same answer while what it did still holds. Once it does not,
a stop acts anew, for nobody can tell a message that was delivered twice from a button that was pressed twice, and dark
is the safe side; anything else is refused and told to come with a new id.
"""

from collections import deque
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import ValidationError

from controller.clock import ClockReading, Trust
from controller.errors import Mistake, WatertowerError
from controller.events import Event, new_event
from controller.events.models import Advice
from controller.events.rate_limit import RateLimit
from controller.gateways.base import Rejected
from controller.retry import TokenBucket
from controller.schedule.campaign import Override, SafetyStop
from controller.service.override_request import (
    OverridePolicy,
    Request,
    StoredOverride,
    action_of,
    asker_of,
    override_of,
    parse_request,
    stop_of,
)
from controller.state import NotStored, OverrideRecord

REFUSED = "TWL-O110"
STOPPED = frozenset({"TWL-O105", "TWL-O107"})
"""The answers to a safety stop."""
REMEMBERED = 200
KEEP_S = 10.0
"""So often a stop, or its end, that the disk refused is tried again."""
MOST = 100
"""So many overrides stand at a time; the plan is worked out over all of them."""
SETTLED = timedelta(seconds=10)
"""A fade that a hand ends is over by then."""


class Keeper(Protocol):
    """As much of the store as a hand needs; each change is durable when it returns, or refused with NotStored."""

    @property
    def overrides(self) -> tuple[OverrideRecord, ...]:
        """Those that stand, in the order in which they were set."""

    @property
    def ended(self) -> tuple[OverrideRecord, ...]:
        """Those that have ended, as long as they are remembered."""

    @property
    def stop(self) -> str | None:
        """The document of the safety stop in force."""

    @property
    def done(self) -> tuple[str, ...]:
        """The requests remembered as done, the latest last."""

    async def store_override(self, override_id: str, document: str, started_at: datetime, ends_at: datetime) -> bool:
        """Keep it; False where this id was kept before."""

    async def end_overrides(self, ids: Collection[str], at: datetime, done: str | None = None) -> None:
        """End those of them that stand and remember the request that is `done` by it, all or none; what was refused
        may still happen late."""

    async def set_stop(self, document: str | None, at: datetime, done: str | None = None) -> None:
        """Put this stop in force, or lift it with None and remember the request that is `done` by it."""


class OverrideManager:
    """The overrides and the stop in force. `grounds` may be changed when the files change."""

    def __init__(self, store: Keeper, grounds: OverridePolicy) -> None:
        self.grounds = grounds
        self._store = store
        self._kept = {kept.id: kept for kept in _readable(held.document for held in store.overrides)}
        self._stop = next(iter(_readable(filter(None, (store.stop,)))), None)
        self._halts = 0
        """So many stops are in force that wait for their answer."""
        # of one that ended just before a restart the light may fade out still
        self._fading = {
            held.id: replace(kept.override, end=min(kept.override.end, held.ended_at))
            for held in store.ended
            for kept in _readable((held.document,))
            if held.ended_at is not None
        }
        self._gone: tuple[str, ...] = ()
        """Those that have left since the disk was told of it last."""
        self._done = dict.fromkeys(store.done)
        self._unkept: str | None = None
        """The request whose stop or lift the disk has not taken; None where none waits to be written."""

    @property
    def overrides(self) -> tuple[Override, ...]:
        """Those in force or to come, the newest last; before them those that the light may still fade out of."""
        return (*self._fading.values(), *(kept.override for kept in self._kept.values()))

    @property
    def stop(self) -> SafetyStop | None:
        """The safety stop, if one stands."""
        return self._stop.stop if self._stop is not None else None

    def halt(self, payload: bytes, now: datetime) -> bool:
        """A safety stop is in force at once, before the disk has taken it and whatever else waits to be answered; True
        where this is one. One that stands already stands on."""
        request = parse_request(payload)
        if isinstance(request, Rejected) or request.action != "stop":
            return False
        self._stop = self._stop or stop_of(request, now)
        self._halts += 1
        return True

    def turn_away(self, payload: bytes, code: str) -> Event:
        """The answer to one request too many, for this reason; the same may be asked again. A stop is in force."""
        request, reason = parse_request(payload), Advice(new_event(code))
        if isinstance(request, Request) and request.action == "stop":
            self._halts -= 1
            return self._stopped(request, reason)
        return new_event(REFUSED, **asker_of(payload)._asdict(), reason=reason)

    async def take(self, payload: bytes, now: datetime, suspect: bool = False) -> Event:
        """Grant or refuse one request; what is granted is on disk when this returns, or the answer says otherwise. One
        that was refused may be asked again. While the clock is `suspect` there is no end to be found, and so no
        override."""
        request = parse_request(payload)
        if isinstance(request, Rejected):
            return new_event(REFUSED, **asker_of(payload)._asdict(), reason=request.reason)
        try:
            if request.action == "stop":
                return await self._set_stop(request, now)
            if request.action == "lift":
                return await self._lift(request, now)
            if request.action == "resume":
                return await self._resume(request, now)
            return await self._override(request, now, suspect)
        except Mistake as mistake:
            told: Event | Advice = Advice(new_event(mistake.code, **mistake.fields))
        except WatertowerError as error:
            told = new_event(error.code, **error.fields)
        return new_event(REFUSED, id=request.id, owner=request.owner, reason=told)

    async def _override(self, request: Request, now: datetime, suspect: bool) -> Event:
        if self._stop is not None:
            # granted now, it would light the tower by itself in the moment the stop is lifted
            raise Mistake("TWL-O111", by=self._stop.owner)
        if request.id in self._kept:
            return self._granted(self._kept[request.id])
        if suspect:
            raise Mistake("TWL-O126")
        kept = override_of(request, self.grounds, now)
        end = kept.end or now
        hidden = [old for old in self._kept.values() if kept.override.hides(old.override)]
        if len(self._kept) - len(hidden) >= MOST:
            raise Mistake("TWL-O119", most=MOST)
        if not await self._store.store_override(kept.id, kept.model_dump_json(exclude_none=True), now, end):
            raise Mistake("TWL-O127", name=kept.id)
        self._leave(hidden, kept.start)
        self._kept[kept.id] = kept
        return self._granted(kept)

    def _granted(self, stands: StoredOverride) -> Event:
        zone, end = self.grounds.program.place.time_zone, stands.override.end
        return new_event(
            "TWL-O101",
            id=stands.id,
            owner=stands.owner,
            reason=stands.reason,
            look=stands.said,
            until=f"{end.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        )

    async def _resume(self, request: Request, now: datetime) -> Event:
        done = f"resume {request.id}"
        if done not in self._done:
            await self._store.end_overrides(tuple(self._kept), now, done)
            self._leave(tuple(self._kept.values()), now)
            self._remember(done)
        elif self._kept:
            raise Mistake("TWL-O127", name=request.id)
        told = {"id": request.id, "owner": request.owner, "reason": request.reason}
        if self._stop is not None:
            return new_event("TWL-O109", **told, by=self._stop.owner)
        return new_event("TWL-O102", **told)

    async def _set_stop(self, request: Request, now: datetime) -> Event:
        """In force also where the disk does not take it: a full disk must not keep the tower lit that is to be dark."""
        self._stop = stop = self._stop or stop_of(request, now)
        self._halts = max(0, self._halts - 1)
        why: object = ""
        if self._store.stop is None:
            try:
                await self._store.set_stop(stop.model_dump_json(exclude_none=True), now)
            except NotStored as refused:
                why = refused.fields.get("reason")
        return self._stopped(request, why)

    def _stopped(self, request: Request, why: object) -> Event:
        """The answer to a stop; `why` it may not be on disk."""
        told = {"id": request.id, "owner": request.owner}
        if self._store.stop is None:
            self._unkept = f"stop {request.id}"
            return new_event("TWL-O107", **told, why=why)
        self._unkept = None
        return new_event("TWL-O105", **told, reason=request.reason)

    async def _lift(self, request: Request, now: datetime) -> Event:
        """Lifted also where the disk does not take it, which must not keep the tower dark for ever."""
        done, told = f"lift {request.id}", {"id": request.id, "owner": request.owner}
        if self._halts:
            raise Mistake("TWL-O129")
        if self._stop is not None and done in self._done:
            raise Mistake("TWL-O127", name=request.id)
        if self._stop is None and self._store.stop is None and done not in self._done:
            return new_event("TWL-O136", **told)
        self._stop = None
        self._remember(done)
        try:
            await self._store.set_stop(None, now, done)
        except NotStored as refused:
            self._unkept = done
            return new_event("TWL-O108", **told, why=str(refused.fields.get("reason")))
        self._unkept = None
        return new_event("TWL-O106", **told, reason=request.reason)

    def _remember(self, done: str) -> None:
        self._done[done] = None
        while len(self._done) > REMEMBERED:
            del self._done[next(iter(self._done))]

    async def keep_stop(self, now: datetime) -> tuple[Event, ...]:
        """Writes the stop that stands, or its end, where the disk refused it; tells when that is done."""
        if self._unkept is None or self._halts:
            return ()
        if (self._stop is None) is not (self._store.stop is None):  # else the disk has done it late
            stop = self._stop.model_dump_json(exclude_none=True) if self._stop is not None else None
            try:
                await self._store.set_stop(stop, now, self._unkept if stop is None else None)
            except NotStored:
                return ()
        self._unkept = None
        return (new_event("TWL-O115"),)

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
        return tuple(new_event("TWL-O103", id=kept.id, owner=kept.owner, reason=kept.reason) for kept in over)

    def _leave(self, ended: Collection[StoredOverride], now: datetime) -> None:
        """They have ended; the plan must know of them while the fade into what follows runs."""
        for kept in ended:
            del self._kept[kept.id]
            self._fading[kept.id] = replace(kept.override, end=min(kept.override.end, now))
        self._gone += tuple(kept.id for kept in ended)

    def _longest_fade(self) -> timedelta:
        rules = (*self.grounds.program.campaigns, *self.grounds.program.every_night)
        return SETTLED + max((rule.fade_in for rule in rules), default=SETTLED)


def _readable(documents: Iterable[str]) -> list[StoredOverride]:
    found = []
    for document in documents:
        with suppress(ValidationError):
            found.append(StoredOverride.model_validate_json(document))
    return found


WAITING = 100
GRANTED = 60
"""No person presses more often than each second for a minute."""
WINDOW_S = 60.0
ANSWERS = 240
"""Whoever asks waits for the answer; four a second fill no log."""


class OverrideQueue:
    """Queue of manual requests to one `OverrideManager`; the events returned are the answers.

    They are answered one at a time, outside the control loop, because each answer waits for the disk. A safety stop
    acts before it is answered. At most WAITING requests wait; a stop takes the place of the last, since one in force
    that was never answered could not be lifted. A copy of a request that already waits, as it comes over a second
    broker, is dropped; a stop only where nothing waits behind it, for that may be a lift. While the clock is suspect
    nothing is granted and nothing ends by it.
    """

    def __init__(self, hand: OverrideManager) -> None:
        self._hand = hand
        self._waiting: deque[bytes] = deque()
        self._answers = RateLimit(ANSWERS)
        self._latest_s = 0.0
        self._keep_s = 0.0
        self._granted: dict[str, TokenBucket] = {}
        """By action."""

    @property
    def has_work(self) -> bool:
        """Whether a request waits for its answer."""
        return bool(self._waiting)

    def receive(self, payload: bytes, reading: ClockReading) -> tuple[Event, ...]:
        """A request joins those that wait."""
        if self._waiting and self._waiting[-1] == payload:
            return ()
        is_stop = self._hand.halt(payload, reading.wall)
        if payload in self._waiting and not is_stop:
            return ()
        if len(self._waiting) < WAITING:
            self._waiting.append(payload)
            return ()
        if is_stop:
            payload, self._waiting[-1] = self._waiting[-1], payload
        return self._damped(self._hand.turn_away(payload, "TWL-O128"), reading)

    async def work(self, reading: ClockReading) -> tuple[Event, ...]:
        """Answers the one that has waited longest, and forgets what has ended."""
        suspect = reading.trust is Trust.SUSPECT
        events: tuple[Event, ...] = ()
        if self._waiting:
            events = self._damped(await self._answer(self._waiting[0], reading, suspect), reading)
            self._waiting.popleft()
        if reading.mono >= self._keep_s:
            self._keep_s = reading.mono + KEEP_S
            events += await self._hand.keep_stop(reading.wall)
        ended = () if suspect else await self._hand.expire(reading.wall)
        return (*events, *ended, *self._answers.due(self._seen_s(reading)))

    async def _answer(self, payload: bytes, reading: ClockReading, suspect: bool) -> Event:
        """At most GRANTED a minute of each action: each is written to disk, log and lamps. A stop is never refused."""
        action = action_of(payload)
        granted = self._granted.get(action, TokenBucket(GRANTED, WINDOW_S / GRANTED))
        if action != "stop" and not granted.allows(reading.mono):
            return self._hand.turn_away(payload, "TWL-O112")
        answer = await self._hand.take(payload, reading.wall, suspect)
        if answer.code != REFUSED:
            self._granted[action] = granted.spend(reading.mono)
        return answer

    def _damped(self, answer: Event, reading: ClockReading) -> tuple[Event, ...]:
        return self._answers.pass_on(answer, self._seen_s(reading))

    def _seen_s(self, reading: ClockReading) -> float:
        """Boot time. What came while an answer waited for the disk was read later than the work was begun."""
        self._latest_s = max(self._latest_s, reading.mono)
        return self._latest_s
