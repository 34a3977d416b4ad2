"""Notifies people elsewhere, and a monitor that the service lives; imported only if tower.yaml asks for it.

Nothing here delays the light: calls that wait for a network or a disk run in threads that are not waited for at the
end. Every waiting notice is on disk before it is sent and until it is delivered: it is sent twice rather than lost, if
the service ends between a delivery and the note of it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from controller.app.notice_sender import AddressUnusable, examine, send, send_heartbeat
from controller.app.operating_system import FEED_S
from controller.clock import Clock, Trust
from controller.config.tower_keys import Heartbeat, Receiver
from controller.errors import place_of
from controller.events import Event, Level, new_event
from controller.events.alarm import Alarm
from controller.events.models import Reason
from controller.retry import backoff_s
from controller.service.gateway_document import gateway_health
from controller.service.notice_words import Notice, NoticeFacts, of_event, proof_notice
from controller.service.notices import (
    NoticeMessage,
    NoticeWatch,
    delivered,
    due,
    message,
    not_delivered,
    proof_sent,
    queued,
)
from controller.service.past import PastSchedules
from controller.service.proof import Proof
from controller.service.proof_period import ProofPeriod
from controller.service.proving import prove
from controller.state import History, NotRead
from controller.state.json_file import Unusable
from controller.state.lamp_results import LampFindings, LampResults
from controller.state.notice_file import FILE, NoticeMemory
from controller.state.versions import VersionStore
from controller.threads import run_blocking

if TYPE_CHECKING:
    from controller.app.assembly import BuiltSite

LOOK_S = 10.0
NOTICE_LATE = timedelta(days=1)
"""Undelivered for this long, a notice is a degradation."""
MOST_DOCUMENTS = 20
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


class Notifier:
    """The notices of one running service. Every event is passed to `note`."""

    def __init__(self, site: "BuiltSite") -> None:
        context = self._context = site.context
        self._runtime = site.runtime
        self._follower = site.follower
        self._mqtt = site.mqtt
        self._site = context.setup.tower.site
        self._receivers = context.setup.tower.notices
        self._file = context.store.storage.document(FILE, NoticeMemory, context.note)
        self._lamps = LampResults(context.store.storage, context.note)
        self._memory, self._is_loaded, self._is_on_disk = NoticeMemory(), False, True
        self._changing = asyncio.Lock()
        """Held during a change of the memory: one change after another, each on disk."""
        self._watch = NoticeWatch()
        self._last_faults: dict[str, Event] = {}
        self._notice_events: list[Event] = []
        """Events that are notices by themselves, not yet queued."""

    def note(self, event: Event) -> None:
        """Takes note of an event of the service."""
        gateway = event.fields.get("gateway")
        if isinstance(gateway, str) and event.level in {Level.WARNING, Level.ERROR}:
            self._last_faults[gateway] = event
        if event.kind.notice is not None:
            self._notice_events.append(event)

    async def run(self) -> None:
        """Runs until cancelled. An error here is reported, and tried again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._again(self._look), name="notices: look")
            for receiver in self._receivers:
                courier = Courier(receiver, self._context.clock, self._context.note)
                tasks.create_task(self._again(partial(self._deliver, receiver, courier)), name=f"to {receiver.name}")

    async def _again(self, act: Callable[[], Awaitable[None]]) -> None:
        broken = Alarm(self._context.note)
        while True:
            try:
                await act()
            except Exception as error:
                broken.raise_(new_event("TWL-N106", reason=place_of(error)))
            else:
                broken.clear(new_event("TWL-N107"))
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        if not self._is_loaded:
            loaded: NoticeMemory | None = await run_blocking("notices", self._file.load)
            self._memory, self._is_loaded = loaded or NoticeMemory(), True
        lamps = await run_blocking("lamps", self._lamps.read)
        async with self._changing:
            facts = self._facts(lamps)
            events = tuple(self._notice_events)
            noticed = await run_blocking("notices", partial(self._watch.look, facts, self._memory))
            memory, notices = noticed.memory, list(noticed.notices)
            for period in noticed.over:
                notices.append(await self._proof(facts, period))
                memory = proof_sent(memory, str(period.campaign))
            notices += filter(None, (of_event(event, facts) for event in events))
            await self._keep(memory, notices)
            del self._notice_events[: len(events)]

    async def _keep(self, memory: NoticeMemory, notices: list[Notice]) -> None:
        """Queues notices and stores the memory."""
        reading = self._context.clock.read()
        now = None if reading.trust is Trust.SUSPECT else reading.wall
        memory, dropped = queued(memory, notices, self._receivers, self._site.language, now)
        for (receiver, reason), count in dropped.items():
            self._context.note(new_event("TWL-N105", receiver=receiver, count=count, reason=Reason(reason)))
        if memory != self._memory or not self._is_on_disk:
            self._memory, self._is_on_disk = memory, False
            with suppress(Unusable):  # reported as an event, and tried again; waiting notices are delivered anyway
                await run_blocking("notices", partial(self._file.save, memory))
                self._is_on_disk = True

    def _facts(self, lamps: LampFindings) -> NoticeFacts:
        loop, reading = self._runtime.loop, self._context.clock.read()
        controller = loop.controller
        health = loop.summary(reading)
        cue = controller.cue or controller.program.look_at(reading.wall)
        rules, codes = controller.rules(cue, reading.wall), loop.codes
        named = islice((each.name for each in health.unconfirmed), MOST_DOCUMENTS)
        return NoticeFacts(
            reading=reading,
            setup=self._follower.in_force,
            program=controller.program,
            health=health,
            gateways=tuple(
                gateway_health(controller.gateways[n], controller.states[n], cue, rules, reading, codes.get(n))
                for n in named
            ),
            connected=any(self._mqtt.reach.values()),
            last_faults=dict(self._last_faults),
            lamps=lamps,
        )

    async def _proof(self, facts: NoticeFacts, period: ProofPeriod) -> Notice:
        try:
            proof = await run_blocking("proof", partial(self._prove, facts, period))
        except NotRead:  # the history is damaged or missing: the end of the campaign is still reported
            proof = None
        return proof_notice(facts, period, proof)

    def _prove(self, facts: NoticeFacts, period: ProofPeriod) -> Proof:
        history = History(self._context.store.storage)
        try:
            schedules = PastSchedules(VersionStore(self._context.store.storage, lambda _: None), facts.setup)
            return prove(history, facts.setup, period, facts.reading.wall, schedules)
        finally:
            history.close()

    async def _deliver(self, receiver: Receiver, courier: Courier) -> None:
        await courier.examine()
        place, now = self._site.place, self._context.clock.read().wall
        waiting = due(self._memory, receiver, now, place)
        if not waiting or not courier.is_ready:
            return
        language, local = receiver.language or self._site.language, now.astimezone(place.time_zone)
        reason = await courier.deliver(message(waiting, self._memory, self._site.name, language, local))
        now = self._context.clock.read().wall
        async with self._changing:
            left = delivered(self._memory, waiting, now) if reason is None else None
            await self._keep(left or not_delivered(self._memory, receiver.name, now), [])
        if reason is None:
            self._context.note(new_event("TWL-N100", receiver=receiver.name, count=len(waiting)))
        elif now - self._memory.failing[receiver.name] >= NOTICE_LATE:
            since = f"{self._memory.failing[receiver.name].astimezone(place.time_zone):%Y-%m-%d %H:%M}"
            courier.is_late(since, len(waiting), reason)
