"""Sends messages to one receiver, and a sign of life to a monitor; emits the results as events."""

import asyncio
from collections.abc import Callable
from functools import partial

from controller.app.notice_sender import AddressUnusable, examine, send, send_heartbeat
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
"""Seconds between two checks of an address file that cannot be used."""
ANSWER_S, HEARTBEAT_S = 60.0, 30.0
"""Seconds after which a call has failed; no other is made until it ends."""
FIRST_S, LONGEST_S = 30.0, 3600.0
"""Seconds between attempts, first and longest."""
HEARTBEAT_LATE_S = 300.0
"""Seconds without contact after which the monitor has raised an alarm, or will."""

Note = Callable[[Event], None]


class _Call:
    """Calls that may hang, one at a time."""

    def __init__(self, name: str, within_s: float) -> None:
        self.is_hanging = False
        self._name = name
        self._within_s = within_s

    async def make(self, call: Callable[[], Reason | None]) -> Reason | None:
        """Makes the call; returns why it failed, None if it did not. Raises AddressUnusable."""
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
        except Exception as error:  # from a library; its text may hold secrets
            self._ended()
            return Reason("other", {"text": place_of(error)})
        self._ended()
        return reason

    def _ended(self) -> None:
        self.is_hanging = False


class Courier:
    """Delivers to one receiver, but not before the time of the next attempt, and not while its address cannot be
    used."""

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
        """Whether a message may be sent now."""
        is_due = self._clock.read().mono >= self._ready_s
        return is_due and not self._call.is_hanging and self._unusable.raised is None

    async def examine(self) -> None:
        """Checks the address once, and again while it cannot be used."""
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
        """Sends a message; returns why it could not be delivered, None if it was."""
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
        """Reports that deliveries have failed for long."""
        name = self._receiver.name
        self._late.raise_(new_event("TWL-N101", receiver=name, since=since, count=count, reason=reason))

    def _cannot_use(self, reason: Reason) -> None:
        event = new_event("TWL-N103", receiver=self._receiver.name, reason=reason)
        self._unusable.raise_(event, again=event != self._unusable.raised)


async def send_heartbeats(heartbeat: Heartbeat, turned_s: Callable[[], float | None], clock: Clock, note: Note) -> None:
    """Calls the address while turns are made (as for the watchdog), until cancelled. It reports nothing about lamps:
    notices, metrics and `/health` do."""
    call, alarm, last_success_s = _Call("heartbeat", HEARTBEAT_S), Alarm(note), clock.read().mono
    while True:
        turn_s = turned_s()
        if turn_s is not None and clock.read().mono - turn_s < FEED_S:
            is_unusable = False
            try:
                reason = await call.make(partial(send_heartbeat, heartbeat.url_file))
            except AddressUnusable as error:
                reason, is_unusable = error.reason, True
            now_s = clock.read().mono
            if reason is None:
                last_success_s = now_s
                alarm.clear(new_event("TWL-N112"))
            elif is_unusable or now_s - last_success_s >= HEARTBEAT_LATE_S:
                alarm.raise_(new_event("TWL-N111", reason=reason))
        await asyncio.sleep(heartbeat.every.total_seconds())
