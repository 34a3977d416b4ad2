"""The control loop: what a running controller does with messages, requests and time. A turn never waits.

The asyncio runtime drives it on the machine's clock; the rehearsal and the tests drive it on a virtual clock. A driver
hands in what the connection delivers (`take`), calls `answer_next`, which waits for the disk, when a manual request
waits and otherwise every TICK_S, and takes a turn (`turn`) when `wake` was called, when the last turn asked for it, and
otherwise every TICK_S.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Protocol

from controller.clock import ClockReading, Trust
from controller.config.load import Setup
from controller.errors import Refused
from controller.events import Event, Level, new_event
from controller.events.formatters import document
from controller.events.models import SEVERITY, Advice, Phrase, Text
from controller.events.rate_limit import ABOUT, RateLimit
from controller.gateways.base import Message, Order
from controller.mqtt import Connected, ConnectionItem, Disconnected, Item, Received
from controller.schedule.plan import Program
from controller.service.alike import Confirmations
from controller.service.broker_watches import Certificates, EchoWatch, Presence
from controller.service.controller import Controller, TurnResult
from controller.service.degradations import Degradations
from controller.service.health import Health
from controller.service.health_report import HealthReport
from controller.service.health_watch import ONLINE
from controller.service.home_assistant_bridge import HomeAssistantBridge, HomeAssistantLeftovers
from controller.service.lamp_walk import LampWalks
from controller.service.measured_light import MeasuredLight
from controller.service.override_request import override_policy, requester_of
from controller.service.overrides import BY_REQUEST, STOPPED, OverrideKeeper, OverrideManager, OverrideQueue
from controller.service.preflight import Preflight
from controller.service.site_topics import SiteInfo
from controller.state import LastKnown, Minute

if TYPE_CHECKING:
    from controller.service.leadership import Leadership

CONTROLLER = Phrase(Text("parts", "controller"))
SELF_DECLARED = Phrase(Text("parts", "self_declared"))
"""Over MQTT a sender may claim any name; the page knows who has logged in."""
PAGE = "page"
"""The source, in place of a broker, of requests whose sender the page has authenticated."""
REMEMBERED = 200
"""Number of authenticated request ids that are remembered."""
MOST_NAMES = 100_000
"""Number of gateways and commands that the rate limit counts separately; all are our own."""
TICK_S = 1.0
REMEMBER_S = 10.0
"""How often the order and the time are given to the state directory."""
EVENTS_PER_TURN = 20
EVENTS_WHEN_BEHIND = 2
"""Events emitted per turn, normally and while gateways wait to be decided; the others follow in the next turns."""


class StateKeeper(OverrideKeeper, Protocol):
    """The part of the state directory that a controller needs."""

    @property
    def known(self) -> LastKnown:
        """The order and the time stored last."""

    def store_known(self, epoch: int, revision: int, at: datetime, *, trusted: bool = False) -> None:
        """Store the order issued last and the time."""


class Publisher(Protocol):
    """The connection to the brokers, as a controller uses it."""

    @property
    def connected(self) -> bool:
        """Whether any broker is connected."""

    def publish(self, *messages: Message) -> None:
        """Publish the messages, or drop them where no broker is connected."""


def restore(setup: Setup, store: StateKeeper, term: int = 0) -> tuple[Controller, OverrideManager]:
    """Controller and overrides at the start of a process, from the files and the state directory. Its orders begin with
    the term of its lease, if any, and above every known order."""
    overrides = OverrideManager(store, override_policy(setup))
    program = setup.program(overrides.overrides, overrides.stop)
    known = max(Order(store.known.epoch, store.known.revision), Order(term - 1, 0))
    return Controller(setup.tower.gateways, setup.tower.mqtt.topic_prefix, program, known), overrides


def _may_repeat(event: Event) -> bool:
    """Whether an event may repeat by itself: it is neither a change of light nor an answer to a request."""
    if event.code[4] == "O":
        return False
    return not event.fields.keys().isdisjoint(ABOUT) or SEVERITY.index(event.level) >= SEVERITY.index(Level.WARNING)


class ControlLoop:
    """One controller with its overrides, on one or several connections.

    `emit` takes each event and its time. `wake` is called when a turn is due at once.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what a controller is made of
        self,
        controller: Controller,
        overrides: OverrideManager,
        connection: Publisher,
        site: SiteInfo,
        emit: Callable[[Event, datetime], None],
        degradations: Degradations,
        wake: Callable[[], None],
    ) -> None:
        self.controller = controller
        self.overrides = overrides
        self._connection = connection
        self._site = site
        self._on_event = emit
        self._degradations = degradations
        self._wake = wake
        self._queue = OverrideQueue(overrides)
        self._waiting_events: deque[tuple[Event, datetime]] = deque()
        """Events of turns that wait to be emitted, each with its time."""
        self._confirmations = Confirmations(len(controller.gateways))
        self._authenticated: deque[str] = deque(maxlen=REMEMBERED)
        """Ids of requests whose sender the page has authenticated."""
        self._certificates = Certificates()
        self._gateway_documents = site.gateway_documents.removesuffix("+")
        self._requests, self._status = site.requests, site.status
        self._presence = Presence(site.status)
        self._echoes = EchoWatch(site.status)
        self._rate_limit = RateLimit(keys=MOST_NAMES)
        self._report = HealthReport(site.name, site.prefix)
        self._home_assistant = (
            HomeAssistantBridge(site.home_assistant, site.prefix, controller)
            if site.home_assistant is not None
            else HomeAssistantLeftovers(site.prefix)
        )
        self.walks = LampWalks(controller, site.prefix, connection.publish, self.emit)
        self.preflight: Preflight | None = None
        self.measured: MeasuredLight | None = None
        self._measured_events: list[Event] = []

    def prove_light(self, setup: Setup) -> None:
        """Start measuring light, and testing lamps before campaigns, where tower.yaml asks for it."""
        place = setup.tower.site.place
        self.measured = MeasuredLight(self.controller, setup.tower.measured, place, self._measured_events.append)
        if (settings := setup.tower.preflight) is not None:
            self.preflight = Preflight(
                self.controller,
                setup,
                settings.times,
                self._connection.publish,
                self.emit,
                self.walks,
                self.measured.draws,
                lambda: self._connection.connected,
            )

    def led_as(self, lead: "Leadership | None") -> None:
        """This controller has a lease, so it is one of several: the summary says from now on which of them leads."""
        if lead is not None:
            self._report.lead = lambda: lead.health
            self._presence.has_others = True

    @property
    def has_requests(self) -> bool:
        """Whether a manual request waits for its answer."""
        return self._queue.has_work

    def note(self, event: Event, reading: ClockReading, at: datetime | None = None, *, is_awaited: bool = True) -> None:
        """Emit an event of time `at` (default: now), at a limited rate if it may repeat by itself. An answer to a
        request is not limited, unless nobody awaits it."""
        at = at or reading.wall
        event = self._degradations.take(event, at)
        self._report.note(event)
        is_counted = _may_repeat(event) or not is_awaited
        for each in self._rate_limit.pass_on(event, reading.mono) if is_counted else (event,):
            self._publish(each, at)

    def emit(self, event: Event, at: datetime) -> None:
        """Emit an event without a rate limit."""
        self._publish(self._degradations.take(event, at), at)

    def _publish(self, event: Event, at: datetime) -> None:
        self._on_event(event, at)
        if event.level is Level.DEBUG:
            return
        payload = json.dumps(document(event, at, self._site.language), ensure_ascii=False).encode()
        self._connection.publish(Message(self._site.events, payload))

    def take(self, item: Item, reading: ClockReading) -> None:
        """Take a message, or that a connection began, ended or failed."""
        if isinstance(item, Received):
            is_due = self._receive(item, reading)
        else:
            self.note(item.event().of(CONTROLLER), reading)
            self._note_connection(item, reading)
            is_due = True
        if is_due:
            self._wake()

    def _receive(self, item: Received, reading: ClockReading) -> bool:
        """Take a message; True where a turn is due. A flood of requests must not cause a turn each; a request that
        changes the light wakes the loop itself."""
        if item.topic == self._requests:
            # a retained request is the sender's mistake: it would be obeyed again at each start
            if not item.retain:
                if item.broker == PAGE:
                    self._authenticated.append(requester_of(item.payload).id)
                self._request(item.payload, reading)
            return False
        if item.topic.startswith(self._gateway_documents):
            self._report.receive(item, self.controller, reading)
            return False  # mostly our own documents
        if self._home_assistant.takes(item.topic):
            return self._home_assistant.receive(item, reading)
        if self.measured is not None and self.measured.has_topic(item.topic):
            self.measured.receive(item.topic, item.payload, item.retain, reading)
            if not self.controller.has_topic(item.topic):
                return False  # judged with the next tick, however often it comes
        if item.topic == self._status:
            self._take_status(item, reading)
            return item.payload != ONLINE  # our own message brings nothing new
        self.controller.receive(item.topic, item.payload, item.retain, reading)
        return True

    def _take_status(self, item: Received, reading: ClockReading) -> None:
        self._presence.receive(item, reading)
        if not item.retain:
            self._echoes.receive(item.broker, reading)

    def _note_connection(self, item: ConnectionItem, reading: ClockReading) -> None:
        self._certificates.note(item)
        if isinstance(item, Connected):
            self.controller.connected(reading)
            self._presence.connected(reading)
            self._echoes.connected(item.broker, reading)
            self._report.connected()
            self._home_assistant.connected(item.broker, reading)
        elif isinstance(item, Disconnected):
            self._home_assistant.disconnected(item.broker)
            self._echoes.lost(item.broker)
            self._presence.lost(item.broker)
            if not self._connection.connected:
                self.controller.lost()

    def _request(self, payload: bytes, reading: ClockReading) -> None:
        events = self._queue.receive(payload, reading)
        self.follow(self.controller.program)
        self._answer(events, reading)

    async def answer_next(self, reading: ClockReading) -> None:
        """Answer the oldest manual request, end overrides that are over, and warn of certificates. Waits for the
        disk."""
        events = await self._queue.work(reading)
        self.follow(self.controller.program)
        if reading.trust is not Trust.SUSPECT:
            events += self._certificates.due(reading.wall)
        self._answer(events, reading)

    def _answer(self, events: tuple[Event, ...], reading: ClockReading) -> None:
        for event in events:
            is_self_declared = event.code in BY_REQUEST and event.fields.get("id") not in self._authenticated
            self.emit(event.of(SELF_DECLARED) if is_self_declared else event, reading.wall)
            if event.code in STOPPED:
                self.controller.stopped(reading)
            if self._home_assistant.answered(event) or event.code in STOPPED:
                self._wake()

    def reload(self, setup: Setup) -> None:
        """Put changed files into force, which differ only in the schedule."""
        self.overrides.policy = override_policy(setup)
        self.follow(setup.program())

    def follow(self, program: Program) -> None:
        """Put these rules into force, below the overrides and the safety stop."""
        overridden = program.with_overrides(self.overrides.overrides, self.overrides.stop)
        if overridden != self.controller.program:
            self.controller.follow(overridden)
            self._wake()

    def turn(self, reading: ClockReading) -> TurnResult:
        """Take one turn of the controller: publish its commands, emit its events, then publish the status documents."""
        if self.preflight is not None:
            self.preflight.turn(reading)
        result = self.controller.turn(reading)
        self._connection.publish(*result.messages)
        for event in result.events:
            if not self._confirmations.gather(event, reading.wall, reading.mono):
                self._waiting_events.append((event, reading.wall))
        self._waiting_events.extend(self._confirmations.due(reading.mono))
        self._emit_waiting(EVENTS_WHEN_BEHIND if result.is_behind else EVENTS_PER_TURN, reading)
        self._emit_lasting(reading)
        self.walks.turn(reading)
        self._measure(reading)
        self._obey_home_assistant(reading)
        result = self._with_tests(result)
        if not self._connection.connected:
            self._report.update(self.controller, reading, result.changed)
            return result
        # after the commands the documents, and last the sign of life that says they are current
        degradations = self._degradations.now()
        documents = self._report.messages(
            self.controller, reading, result.changed, degradations, behind=result.is_behind
        )
        documents += self._home_assistant.messages(reading, bool(result.changed), lambda: self.summary(reading))
        self._connection.publish(*documents, *self._presence.due(reading))
        for event in self._home_assistant.events():
            self.note(event, reading, is_awaited=False)
        due_s = (
            self._report.due_s,
            self._rate_limit.due_s,
            self._home_assistant.due_s,
            reading.mono if self._waiting_events else self._confirmations.due_s,
        )
        wake_s = min(*due_s, result.wake_s if result.wake_s is not None else inf)
        return replace(result, wake_s=wake_s if wake_s < inf else None)

    def _emit_waiting(self, most: int, reading: ClockReading) -> None:
        for _ in range(min(len(self._waiting_events), most)):
            event, at = self._waiting_events.popleft()
            for each in self._degradations.apart(event):
                self.note(each, reading, at)

    def _measure(self, reading: ClockReading) -> None:
        if self.measured is not None:
            self.measured.turn(reading, connected=self._connection.connected)
            for event in self._measured_events:
                self.note(event, reading)
            self._measured_events.clear()

    def _with_tests(self, result: TurnResult) -> TurnResult:
        """The result with an earlier next turn where a lamp test is due."""
        if self.preflight is None:
            return result
        wake_at = min((at for at in (result.wake_at, self.preflight.wake_at) if at is not None), default=None)
        wake_s = min(self.preflight.wake_s, result.wake_s if result.wake_s is not None else inf)
        return replace(result, wake_at=wake_at, wake_s=wake_s if wake_s < inf else None)

    def _emit_lasting(self, reading: ClockReading) -> None:
        """Emit foreign writes and missing deliveries of brokers, sums of rate-limited events, and reminders of
        alarms."""
        zone = self.controller.program.place.time_zone
        for event in self._presence.foreign(reading):
            self.note(event, reading)
        for event in self._echoes.due(reading):
            self.note(event.of(CONTROLLER), reading)
        for event in (*self._rate_limit.due(reading.mono), *self._degradations.reminders(reading, zone)):
            self.emit(event, reading.wall)

    def _obey_home_assistant(self, reading: ClockReading) -> None:
        for payload in self._home_assistant.requests(self.overrides.policy, reading):
            self._request(payload, reading)
        for name in self._home_assistant.take_identify():
            try:
                self.walks.identify(name, reading)
            except Refused as refused:
                self._home_assistant.refuse(Advice(new_event(refused.code, **refused.fields)))

    def note_minutes(self, rows: Iterable[Minute]) -> None:
        """Take completed minutes of confirmed light."""
        self._home_assistant.note_minutes(rows)

    def end(self, reading: ClockReading) -> None:
        """The service stops: end the tests of lamps, so that they show the plan again, and emit all events that
        wait."""
        self.walks.end_all(reading)
        if self.preflight is not None and self.preflight.is_running:
            self.preflight.end(reading)
            self.turn(reading)
        self._waiting_events.extend(self._confirmations.due(inf))
        self._emit_waiting(len(self._waiting_events), reading)

    def summary(self, reading: ClockReading) -> Health:
        """The health document after the last turn."""
        return self._report.summary(self.controller, reading, self._degradations.now())

    @property
    def codes(self) -> dict[str, str]:
        """By gateway, the code of the event that says what is wrong with it."""
        return self._report.codes

    def remember(self, store: StateKeeper, reading: ClockReading) -> None:
        """Give the order issued last and the time to the state directory, which decides when to write them."""
        if reading.trust is not Trust.SUSPECT:
            order, is_trusted = self.controller.order, reading.trust is Trust.TRUSTED
            store.store_known(order.epoch, order.revision, reading.wall, trusted=is_trusted)
