"""The overrides and the safety stop in force: requests decided, stored before they are acknowledged, ended on time.

An answer states what is in force now. A request that was carried out and arrives again, over a second broker or from
somebody who got no answer, gets the same answer as long as its effect is still in force. After that a stop acts again:
a message delivered twice looks the same as a button pressed twice, and dark is the safe side. Any other request is
refused, with the advice to send a new id.
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
    override_of,
    parse_request,
    requester_of,
    stop_of,
)
from controller.state import NotStored, OverrideRecord

REFUSED = "TWL-O110"
STOPPED = frozenset({"TWL-O105", "TWL-O107"})
"""The answers to a safety stop."""
BY_REQUEST = STOPPED | {"TWL-O101", "TWL-O102", "TWL-O104", "TWL-O106", "TWL-O108", "TWL-O109", "TWL-O110", "TWL-O136"}
"""All answers to a request; each names its owner."""
REMEMBERED = 200
RETRY_STOP_S = 10.0
"""Seconds between attempts to write a stop, or its end, that the disk refused."""
MOST_OVERRIDES = 100
"""Overrides in force at a time, since the plan is computed over all of them."""
SHORTEST_FADE = timedelta(seconds=10)
"""Time allowed for the fade to what follows an override, where no rule has a longer one."""


class OverrideKeeper(Protocol):
    """Where overrides are stored. Each change is durable when it returns; else it raises NotStored."""

    @property
    def generation(self) -> int:
        """A number that changes when another controller has changed what is stored."""

    @property
    def overrides(self) -> tuple[OverrideRecord, ...]:
        """Overrides in force, in the order in which they were set."""

    @property
    def ended(self) -> tuple[OverrideRecord, ...]:
        """Overrides that have ended and are still stored."""

    @property
    def stop(self) -> str | None:
        """The document of the safety stop in force."""

    @property
    def done(self) -> tuple[str, ...]:
        """The requests recorded as carried out, the latest last."""

    async def store_override(self, override_id: str, document: str, started_at: datetime, ends_at: datetime) -> bool:
        """Store an override; False where this id was stored before."""

    async def end_overrides(self, ids: Collection[str], at: datetime, done: str | None = None) -> None:
        """End those of `ids` that are in force and record the request `done` as carried out: all or nothing. A change
        that was refused may still be stored later."""

    async def set_stop(self, document: str | None, at: datetime, done: str | None = None) -> None:
        """Put this stop in force, or lift it with None, and record the request `done` as carried out."""


class OverrideManager:
    """The overrides and the stop in force. `policy` may be changed when the files change."""

    def __init__(self, store: OverrideKeeper, policy: OverridePolicy) -> None:
        self.policy = policy
        self._store = store
        self._stop = next(iter(_readable(filter(None, (store.stop,)))), None)
        self._unanswered_stops = 0
        """Number of stops that are in force and not yet answered."""
        # the light may still fade out of one that ended just before a restart
        self._fading = {
            record.id: replace(stored.override, end=min(stored.override.end, record.ended_at))
            for record in store.ended
            for stored in _readable((record.document,))
            if record.ended_at is not None
        }
        self._unrecorded: tuple[str, ...] = ()
        """Overrides that have ended and are not yet stored as ended."""
        self._in_force: dict[str, StoredOverride] = {}
        for stored in _readable(record.document for record in store.overrides):
            self._put_in_force(stored)  # one that was hidden may not be stored as ended
        self._done = dict.fromkeys(store.done)
        self._generation = store.generation
        self._unstored: str | None = None
        """The request for a stop or a lift that the disk has refused so far."""

    @property
    def overrides(self) -> tuple[Override, ...]:
        """Overrides in force or to come, newest last; before them those from which the light may still be fading."""
        return (*self._fading.values(), *(stored.override for stored in self._in_force.values()))

    @property
    def in_force(self) -> tuple[StoredOverride, ...]:
        """Overrides in force, the newest last."""
        return tuple(self._in_force.values())

    @property
    def stored_stop(self) -> StoredOverride | None:
        """The safety stop in force, with the instant at which it began."""
        return self._stop

    @property
    def stop(self) -> SafetyStop | None:
        """The safety stop in force, for the program."""
        return self._stop.stop if self._stop is not None else None

    def stop_at_once(self, payload: bytes, now: datetime) -> bool:
        """Put a safety stop in force before it is stored and before other requests are answered; False where the
        request is not a stop. A stop that is already in force stays."""
        request = parse_request(payload)
        if isinstance(request, Rejected) or request.action != "stop":
            return False
        self._stop = self._stop or stop_of(request, now)
        self._unanswered_stops += 1
        return True

    def refuse(self, payload: bytes, code: str) -> Event:
        """The answer to a request over the limit, with `code` as reason; it may be sent again. A stop is in force."""
        request, reason = parse_request(payload), Advice(new_event(code))
        if isinstance(request, Request) and request.action == "stop":
            self._unanswered_stops -= 1
            return self._stopped(request, reason)
        return new_event(REFUSED, **requester_of(payload)._asdict(), reason=reason)

    async def take(self, payload: bytes, now: datetime, suspect: bool = False) -> Event:
        """Grant or refuse one request. A granted one is stored when this returns, unless the answer states otherwise; a
        refused one may be sent again. While the clock is `suspect` no end can be computed: no override is granted."""
        request = parse_request(payload)
        if isinstance(request, Rejected):
            return new_event(REFUSED, **requester_of(payload)._asdict(), reason=request.reason)
        try:
            if request.action == "stop":
                return await self._set_stop(request, now)
            if request.action == "lift":
                return await self._lift(request, now)
            if request.action == "resume":
                return await self._resume(request, now)
            return await self._override(request, now, suspect)
        except Mistake as mistake:
            reason: Event | Advice = Advice(new_event(mistake.code, **mistake.fields))
        except WatertowerError as error:
            reason = new_event(error.code, **error.fields)
        return new_event(REFUSED, id=request.id, owner=request.owner, reason=reason)

    async def _override(self, request: Request, now: datetime, suspect: bool) -> Event:
        if self._stop is not None:
            # granted now, it would light the tower by itself the moment the stop is lifted
            raise Mistake("TWL-O111", by=self._stop.owner)
        if request.id in self._in_force:
            return self._granted(self._in_force[request.id])
        if suspect:
            raise Mistake("TWL-O126")
        stored = override_of(request, self.policy, now)
        end = stored.end or now
        if len(self._in_force) - len(self._hidden_by(stored)) >= MOST_OVERRIDES:
            raise Mistake("TWL-O119", most=MOST_OVERRIDES)
        if not await self._store.store_override(stored.id, stored.model_dump_json(exclude_none=True), now, end):
            raise Mistake("TWL-O127", name=stored.id)
        self._put_in_force(stored)
        return self._granted(stored)

    def _hidden_by(self, stored: StoredOverride) -> list[StoredOverride]:
        return [old for old in self._in_force.values() if stored.override.hides(old.override)]

    def _put_in_force(self, stored: StoredOverride) -> None:
        self._end(self._hidden_by(stored), stored.start)
        self._in_force[stored.id] = stored

    def _granted(self, stored: StoredOverride) -> Event:
        zone, end = self.policy.program.place.time_zone, stored.override.end
        until = f"{end.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        fields = {"id": stored.id, "owner": stored.owner, "reason": stored.reason, "until": until}
        if stored.skips:
            return new_event("TWL-O104", **fields, campaign=stored.skips)
        return new_event("TWL-O101", **fields, look=stored.said)

    async def _resume(self, request: Request, now: datetime) -> Event:
        done = f"resume {request.id}"
        if done not in self._done:
            await self._store.end_overrides(tuple(self._in_force), now, done)
            self._end(tuple(self._in_force.values()), now)
            self._remember(done)
        elif self._in_force:
            raise Mistake("TWL-O127", name=request.id)
        fields = {"id": request.id, "owner": request.owner, "reason": request.reason}
        if self._stop is not None:
            return new_event("TWL-O109", **fields, by=self._stop.owner)
        return new_event("TWL-O102", **fields)

    async def _set_stop(self, request: Request, now: datetime) -> Event:
        """In force even if it cannot be stored: a full disk must not keep the tower lit."""
        self._stop = stop = self._stop or stop_of(request, now)
        self._unanswered_stops = max(0, self._unanswered_stops - 1)
        why: object = ""
        if self._store.stop is None:
            try:
                await self._store.set_stop(stop.model_dump_json(exclude_none=True), now)
            except NotStored as refused:
                why = refused.fields.get("reason")
        return self._stopped(request, why)

    def _stopped(self, request: Request, why: object) -> Event:
        """The answer to a stop, with `why` it may not be stored."""
        fields = {"id": request.id, "owner": request.owner}
        if self._store.stop is None:
            self._unstored = f"stop {request.id}"
            return new_event("TWL-O107", **fields, why=why)
        self._unstored = None
        return new_event("TWL-O105", **fields, reason=request.reason)

    async def _lift(self, request: Request, now: datetime) -> Event:
        """Lifted even if that cannot be stored: a full disk must not keep the tower dark forever."""
        done, fields = f"lift {request.id}", {"id": request.id, "owner": request.owner}
        if self._unanswered_stops:
            raise Mistake("TWL-O129")
        if self._stop is not None and done in self._done:
            raise Mistake("TWL-O127", name=request.id)
        if self._stop is None and self._store.stop is None and done not in self._done:
            return new_event("TWL-O136", **fields)
        self._stop = None
        self._remember(done)
        try:
            await self._store.set_stop(None, now, done)
        except NotStored as refused:
            self._unstored = done
            return new_event("TWL-O108", **fields, why=refused.fields.get("reason"))
        self._unstored = None
        return new_event("TWL-O106", **fields, reason=request.reason)

    def _remember(self, done: str) -> None:
        self._done[done] = None
        while len(self._done) > REMEMBERED:
            del self._done[next(iter(self._done))]

    async def retry_stop(self, now: datetime) -> tuple[Event, ...]:
        """Store the stop in force, or its end, where the disk refused it; an event when that is done."""
        if self._unstored is None or self._unanswered_stops:
            return ()
        if (self._stop is None) is not (self._store.stop is None):  # else it was stored late
            stop = self._stop.model_dump_json(exclude_none=True) if self._stop is not None else None
            try:
                await self._store.set_stop(stop, now, self._unstored if stop is None else None)
            except NotStored:
                return ()
        self._unstored = None
        return (new_event("TWL-O115"),)

    async def expire(self, now: datetime) -> tuple[Event, ...]:
        """End overrides that are over, or that the store ended after we had stopped waiting; first load what another
        controller set or ended."""
        if self._store.generation != self._generation:
            self._take_stored(now)
        faded = now - self._longest_fade()
        self._fading = {name: override for name, override in self._fading.items() if override.end > faded}
        in_force = {record.id for record in self._store.overrides}
        over = [stored for stored in self._in_force.values() if stored.override.end <= now or stored.id not in in_force]
        self._end(over, now)
        ended, self._unrecorded = self._unrecorded, ()
        # nothing is lost where that cannot be stored: each document holds its end
        with suppress(WatertowerError):
            await self._store.end_overrides(ended, now)
        return tuple(new_event("TWL-O103", id=stored.id, owner=stored.owner, reason=stored.reason) for stored in over)

    def _take_stored(self, now: datetime) -> None:
        self._generation = self._store.generation
        for stored in _readable(record.document for record in self._store.overrides):
            if stored.id not in self._in_force and stored.override.end > now:
                self._put_in_force(stored)
        if self._unstored is None and not self._unanswered_stops:
            self._stop = next(iter(_readable(filter(None, (self._store.stop,)))), None)

    def _end(self, ended: Collection[StoredOverride], now: datetime) -> None:
        """The plan keeps an ended override while the fade to what follows runs."""
        for stored in ended:
            del self._in_force[stored.id]
            self._fading[stored.id] = replace(stored.override, end=min(stored.override.end, now))
        self._unrecorded += tuple(stored.id for stored in ended)

    def _longest_fade(self) -> timedelta:
        rules = (*self.policy.program.campaigns, *self.policy.program.every_night)
        overrides_s = (stored.fade_s for stored in self._in_force.values())
        fades = (*(rule.fade_in for rule in rules), *(timedelta(seconds=fade_s) for fade_s in overrides_s))
        return SHORTEST_FADE + max(fades, default=SHORTEST_FADE)


def _readable(documents: Iterable[str]) -> list[StoredOverride]:
    found = []
    for document in documents:
        with suppress(ValidationError):
            found.append(StoredOverride.model_validate_json(document))
    return found


MOST_WAITING = 100
MOST_GRANTED = 60
"""Requests of one action per minute: nobody presses a button every second for a minute."""
WINDOW_S = 60.0
MOST_ANSWERS = 240
"""Answers per minute: each sender waits for the answer, and four a second do not fill a log."""


class OverrideQueue:
    """Queue of manual requests to one `OverrideManager`; the events returned are the answers.

    Requests are answered one at a time, outside the control loop, because each answer waits for the disk. A safety stop
    acts before it is answered. At most MOST_WAITING requests wait; a stop replaces the last of them, since a stop that
    was never answered could not be lifted. A copy of a waiting request, as it arrives over a second broker, is dropped;
    a copy of a stop only where nothing waits behind it, because that may be a lift. While the clock is suspect no
    override is granted and none ends.
    """

    def __init__(self, overrides: OverrideManager) -> None:
        self._overrides = overrides
        self._waiting: deque[bytes] = deque()
        self._answers = RateLimit(MOST_ANSWERS, quiet_s=None)
        self._latest_s = 0.0
        self._retry_s = 0.0
        self._granted: dict[str, TokenBucket] = {}
        """By action."""

    @property
    def has_work(self) -> bool:
        """Whether a request waits for its answer."""
        return bool(self._waiting)

    def receive(self, payload: bytes, reading: ClockReading) -> tuple[Event, ...]:
        """Queue a request."""
        if self._waiting and self._waiting[-1] == payload:
            return ()
        is_stop = self._overrides.stop_at_once(payload, reading.wall)
        if payload in self._waiting and not is_stop:
            return ()
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(payload)
            return ()
        if is_stop:
            payload, self._waiting[-1] = self._waiting[-1], payload
        return self._limited(self._overrides.refuse(payload, "TWL-O128"), reading)

    async def work(self, reading: ClockReading) -> tuple[Event, ...]:
        """Answer the request that has waited longest, and end overrides that are over."""
        suspect = reading.trust is Trust.SUSPECT
        events: tuple[Event, ...] = ()
        if self._waiting:
            events = self._limited(await self._answer(self._waiting[0], reading, suspect), reading)
            self._waiting.popleft()
        if reading.mono >= self._retry_s:
            self._retry_s = reading.mono + RETRY_STOP_S
            events += await self._overrides.retry_stop(reading.wall)
        ended = () if suspect else await self._overrides.expire(reading.wall)
        return (*events, *ended, *self._answers.due(self._now_s(reading)))

    async def _answer(self, payload: bytes, reading: ClockReading, suspect: bool) -> Event:
        """Grants at most MOST_GRANTED of an action per minute: each goes to disk, log and lamps. Stops always pass."""
        action = action_of(payload)
        granted = self._granted.get(action, TokenBucket(MOST_GRANTED, WINDOW_S / MOST_GRANTED))
        if action != "stop" and not granted.allows(reading.mono):
            return self._overrides.refuse(payload, "TWL-O112")
        answer = await self._overrides.take(payload, reading.wall, suspect)
        if answer.code != REFUSED:
            self._granted[action] = granted.spend(reading.mono)
        return answer

    def _limited(self, answer: Event, reading: ClockReading) -> tuple[Event, ...]:
        return self._answers.pass_on(answer, self._now_s(reading))

    def _now_s(self, reading: ClockReading) -> float:
        """Boot time that never goes back: a request received during the wait for the disk has a later reading than the
        answer that waited."""
        self._latest_s = max(self._latest_s, reading.mono)
        return self._latest_s
