"""Brings messages to one receiver, and a sign of life to a monitor: what a network makes of it, as events."""

import asyncio
from collections.abc import Callable
from functools import partial

from controller.app.notice_sender import AddressUnusable, beat, examine, send
from controller.app.operating_system import FEED_S
from controller.clock import Clock
from controller.config.tower_keys import Heartbeat, Receiver
from controller.errors import place_of
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.models import Reason
from controller.retry import backoff_s
from controller.service.notice_queue import NoticeMessage
from controller.threads import run_blocking

EXAMINE_S = 60.0
"""So often a file is looked at again whose address cannot be used."""
ANSWER_S, BEAT_S = 60.0, 30.0
"""A call that has not ended by then has failed; there is no other until it ends."""
FIRST_S, LONGEST_S = 30.0, 3600.0
"""Between one try and the next."""
BEAT_LATE_S = 300.0
"""A monitor that has not been reached for so long has alarmed, or will."""

Note = Callable[[Event], None]


class _Call:
    """Calls that may hang, one at a time."""

    def __init__(self, name: str, within_s: float) -> None:
        self.is_hanging = False
        self._name = name
        self._within_s = within_s

    async def make(self, call: Callable[[], Reason | None]) -> Reason | None:
        """Why it failed; None where it did not. Raises AddressUnusable."""
        if self.is_hanging:
            return Reason("no_answer_in_time")
        self.is_hanging = True
        try:
            async with asyncio.timeout(self._within_s):
                reason = await run_blocking(self._name, call, abandoned=self._ended)
        except TimeoutError:
            return Reason("no_answer_in_time")
        except AddressUnusable:
            self._ended()
            raise
        except Exception as error:  # of a library, whose words may hold secrets
            self._ended()
            return Reason("other", {"text": place_of(error)})
        self._ended()
        return reason

    def _ended(self) -> None:
        self.is_hanging = False


class Courier:
    """Delivers to one receiver: not before the time to try again, and not where its address cannot be used."""

    def __init__(self, receiver: Receiver, clock: Clock, note: Note) -> None:
        self._receiver = receiver
        self._clock = clock
        self._note = note
        self._call = _Call(f"notice {receiver.name}", ANSWER_S)
        self._attempts = 0
        self._ready_s = self._examined_s = float("-inf")
        self._unusable, self._late = Alarm(note), Alarm(note)

    @property
    def is_ready(self) -> bool:
        """Whether to try now."""
        is_due = self._clock.read().mono >= self._ready_s
        return is_due and not self._call.is_hanging and self._unusable.raised is None

    async def examine(self) -> None:
        """Looks at the address once, and again while it cannot be used."""
        now_s = self._clock.read().mono
        is_due = now_s - self._examined_s >= EXAMINE_S
        if not is_due or (self._unusable.raised is None and self._examined_s > float("-inf")):
            return
        self._examined_s = now_s
        try:
            await run_blocking("notices", partial(examine, self._receiver.url_file))
        except AddressUnusable as error:
            self._cannot_use(error.reason)
        else:
            self._unusable.clear(new_event("TWL-N104", receiver=self._receiver.name))

    async def deliver(self, message: NoticeMessage) -> Reason | None:
        """Why it could not be delivered; None where it was."""
        try:
            reason = await self._call.make(partial(send, self._receiver.url_file, message))
        except AddressUnusable as error:
            self._cannot_use(error.reason)
            return error.reason
        if reason is None:
            self._attempts, self._ready_s = 0, float("-inf")
            self._late.clear(new_event("TWL-N102", receiver=self._receiver.name))
            return None
        self._attempts += 1
        wait_s = backoff_s(self._attempts, FIRST_S, LONGEST_S)
        self._ready_s = self._clock.read().mono + wait_s
        if self._attempts == 1:
            self._note(new_event("TWL-N108", receiver=self._receiver.name, reason=reason))
        return reason

    def is_late(self, since: str, count: int, reason: Reason) -> None:
        """It has failed for long."""
        name = self._receiver.name
        self._late.raise_(new_event("TWL-N101", receiver=name, since=since, count=count, reason=reason))

    def _cannot_use(self, reason: Reason) -> None:
        event = new_event("TWL-N103", receiver=self._receiver.name, reason=reason)
        self._unusable.raise_(event, again=event != self._unusable.raised)


async def keep_beating(heartbeat: Heartbeat, turned_s: Callable[[], float | None], clock: Clock, note: Note) -> None:
    """Calls the address for as long as turns come (the watchdog's own condition), until cancelled. It tells nothing of
    lamps: notices, metrics and `/health` do."""
    call, alarm, good_s = _Call("heartbeat", BEAT_S), Alarm(note), clock.read().mono
    while True:
        last_s = turned_s()
        if last_s is not None and clock.read().mono - last_s < FEED_S:
            is_unusable = False
            try:
                reason = await call.make(partial(beat, heartbeat.url_file))
            except AddressUnusable as error:
                reason, is_unusable = error.reason, True
            now_s = clock.read().mono
            if reason is None:
                good_s = now_s
                alarm.clear(new_event("TWL-N112"))
            elif is_unusable or now_s - good_s >= BEAT_LATE_S:
                alarm.raise_(new_event("TWL-N111", reason=reason))
        await asyncio.sleep(heartbeat.every.total_seconds())
