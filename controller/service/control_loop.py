"""What a running controller does with whatever comes in, without waiting for anything itself.

The asyncio runtime drives it on the machine's clock; the rehearsal and the tests drive it on a virtual one. A driver
hands in what the connection brings (`take`), answers manual requests while there are any (`answer_next`), and takes a
turn (`turn`) when `wake` was called, when the last turn asked for it, and otherwise every TICK_S.
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
from controller.service.broker_watches import Certificates, EchoWatch, Presence
from controller.service.confirmations import Confirmations
from controller.service.controller import Controller, TurnResult
from controller.service.degradations import Degradations
from controller.service.health import Health
from controller.service.health_report import HealthReport
from controller.service.health_watch import ONLINE
from controller.service.home_assistant_bridge import HomeAssistantBridge
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
"""Over MQTT everybody may call himself what he likes; the page knows who has logged in."""
PAGE = "page"
"""The source of requests that the page vouches for, in the place of a broker."""
REMEMBERED = 200
MOST_NAMES = 100_000
"""Gateways and commands that are counted apart; all are our own."""
TICK_S = 1.0
REMEMBER_S = 10.0
"""How often the order and the time are handed to the state directory."""
TOLD = 20
TOLD_BEHIND = 2
"""Events that are told in one turn, and in one of a controller that is behind with its decisions; the others follow."""


class StateKeeper(OverrideKeeper, Protocol):
    """The state directory, as far as a controller needs it."""

    @property
    def known(self) -> LastKnown:
        """The order and the time noted last."""

    def store_known(self, epoch: int, revision: int, at: datetime, *, vouched: bool = False) -> None:
        """Note the order issued last and the time."""


class Publisher(Protocol):
    """The connection to the brokers, as far as a controller speaks over it."""

    @property
    def connected(self) -> bool:
        """Whether any broker is connected."""

    def publish(self, *messages: Message) -> None:
        """Send them where there is a connection, else drop them."""


def restore(setup: Setup, store: StateKeeper, term: int = 0) -> tuple[Controller, OverrideManager]:
    """Controller and overrides at the start of a process: the files, under what the state directory holds. Its orders
    begin with the term of its lease, where it has one, and above all that are known."""
    overrides = OverrideManager(store, override_policy(setup))
    program = setup.program(overrides.overrides, overrides.stop)
    known = max(Order(store.known.epoch, store.known.revision), Order(term - 1, 0))
    return Controller(setup.tower.gateways, setup.tower.mqtt.topic_prefix, program, known), overrides


def _may_repeat(event: Event) -> bool:
    """Whether it may come again and again without anybody's doing: no change of light, and no answer to a request."""
    if event.code[4] == "O":
        return False
    return not event.fields.keys().isdisjoint(ABOUT) or SEVERITY.index(event.level) >= SEVERITY.index(Level.WARNING)


class ControlLoop:
    """One controller with its overrides, on one connection (or several).

    `tell` takes each event with its instant; it hands it to `degradations` among others. `wake` is called when a turn
    is due at once.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what a controller is made of
        self,
        controller: Controller,
        overrides: OverrideManager,
        connection: Publisher,
        site: SiteInfo,
        tell: Callable[[Event, datetime], None],
        degradations: Degradations,
        wake: Callable[[], None],
    ) -> None:
        self.controller = controller
        self.overrides = overrides
        self._connection = connection
        self._site = site
        self._on_event = tell
        self._degradations = degradations
        self._wake = wake
        self._queue = OverrideQueue(overrides)
        self._untold: deque[tuple[Event, datetime]] = deque()
        """Events of turns, and when they happened."""
        self._confirmations = Confirmations(len(controller.gateways))
        self._vouched: deque[str] = deque(maxlen=REMEMBERED)
        """Ids of the requests that came from the page."""
        self._certificates = Certificates()
        self._gateway_documents = site.gateway_documents.removesuffix("+")
        self._requests, self._status = site.requests, site.status
        self._presence = Presence(site.status)
        self._echoes = EchoWatch(site.status)
        self._rate_limit = RateLimit(keys=MOST_NAMES)
        self._report = HealthReport(site.name, site.prefix)
        self._home_assistant = HomeAssistantBridge(site.home_assistant, site.prefix, controller)
        self.walks = LampWalks(controller, site.prefix, connection.publish, self.tell)
        self.preflight: Preflight | None = None
        self.measured: MeasuredLight | None = None
        self._measured_events: list[Event] = []

    def prove_light(self, setup: Setup) -> None:
        """From now on light is measured, and lamps are tested before campaigns, where tower.yaml says so."""
        place = setup.tower.site.place
        self.measured = MeasuredLight(self.controller, setup.tower.measured, place, self._measured_events.append)
        if (settings := setup.tower.preflight) is not None:
            self.preflight = Preflight(
                self.controller,
                setup,
                settings.times,
                self._connection.publish,
                self.tell,
                self.walks,
                self.measured.draws,
                lambda: self._connection.connected,
            )

    def led_as(self, lead: "Leadership | None") -> None:
        """It is one of several controllers, where it has a lease: from now on the summary says which of them leads."""
        if lead is not None:
            self._report.lead = lambda: lead.told
            self._presence.has_others = True

    @property
    def has_requests(self) -> bool:
        """Whether a manual request waits for its answer."""
        return self._queue.has_work

    def note(self, event: Event, reading: ClockReading, at: datetime | None = None, *, is_awaited: bool = True) -> None:
        """Tell an event that may come again and again; one that does is counted. An answer is none, unless nobody waits
        for it. It happened `at`, or now."""
        at = at or reading.wall
        event = self._degradations.take(event, at)
        self._report.note(event)
        is_counted = _may_repeat(event) or not is_awaited
        for each in self._rate_limit.pass_on(event, reading.mono) if is_counted else (event,):
            self._publish(each, at)

    def tell(self, event: Event, at: datetime) -> None:
        """Tell an event of the controller, however often it comes."""
        self._publish(self._degradations.take(event, at), at)

    def _publish(self, event: Event, at: datetime) -> None:
        self._on_event(event, at)
        if event.level is Level.DEBUG:
            return
        payload = json.dumps(document(event, at, self._site.language), ensure_ascii=False).encode()
        self._connection.publish(Message(self._site.events, payload))

    def take(self, item: Item, reading: ClockReading) -> None:
        """A message came, or a connection began, ended or failed."""
        if isinstance(item, Received):
            is_due = self._receive(item, reading)
        else:
            self.note(item.event().of(CONTROLLER), reading)
            self._note_connection(item, reading)
            is_due = True
        if is_due:
            self._wake()

    def _receive(self, item: Received, reading: ClockReading) -> bool:
        """True where a turn is due. A flood of requests must not cause a turn each; one that changes the light wakes by
        itself."""
        if item.topic == self._requests:
            # a retained request is a mistake of its sender: it would be obeyed again at each start
            if not item.retain:
                if item.broker == PAGE:
                    self._vouched.append(requester_of(item.payload).id)
                self._request(item.payload, reading)
            return False
        if item.topic.startswith(self._gateway_documents):
            self._report.receive(item, self.controller, reading)
            return False  # mostly our own
        if self._home_assistant.takes(item.topic):
            return self._home_assistant.receive(item, reading)
        if self.measured is not None and self.measured.hears(item.topic):
            self.measured.receive(item.topic, item.payload, item.retain, reading)
            if not self.controller.hears(item.topic):
                return False  # judged with the next tick, however often it comes
        if item.topic == self._status:
            self._take_status(item, reading)
            return item.payload != ONLINE  # our own word says nothing new
        self.controller.receive(item.topic, item.payload, item.retain, reading)
        return True

    def _take_status(self, item: Received, reading: ClockReading) -> None:
        self._presence.heard(item, reading)
        if not item.retain:
            self._echoes.heard(item.broker, reading)

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
        """Answer the manual request that has waited longest, end overrides that are over, and warn of certificates. It
        waits for the disk."""
        events = await self._queue.work(reading)
        self.follow(self.controller.program)
        if reading.trust is not Trust.SUSPECT:
            events += self._certificates.due(reading.wall)
        self._answer(events, reading)

    def _answer(self, events: tuple[Event, ...], reading: ClockReading) -> None:
        for event in events:
            is_declared = event.code in BY_REQUEST and event.fields.get("id") not in self._vouched
            self.tell(event.of(SELF_DECLARED) if is_declared else event, reading.wall)
            if event.code in STOPPED:
                self.controller.stopped(reading)
            if self._home_assistant.answered(event) or event.code in STOPPED:
                self._wake()

    def reload(self, setup: Setup) -> None:
        """Other files, which differ in the schedule only, are in force from now on."""
        self.overrides.policy = override_policy(setup)
        self.follow(setup.program())

    def follow(self, program: Program) -> None:
        """These rules are in force from now on, under the overrides and the safety stop."""
        overridden = program.with_overrides(self.overrides.overrides, self.overrides.stop)
        if overridden != self.controller.program:
            self.controller.follow(overridden)
            self._wake()

    def turn(self, reading: ClockReading) -> TurnResult:
        """One turn of the controller: what it decided is published and told, then how the controller stands."""
        if self.preflight is not None:
            self.preflight.turn(reading)
        result = self.controller.turn(reading)
        self._connection.publish(*result.messages)
        for event in result.events:
            if not self._confirmations.gather(event, reading.wall, reading.mono):
                self._untold.append((event, reading.wall))
        self._untold.extend(self._confirmations.due(reading.mono))
        self._tell_next(TOLD_BEHIND if result.is_behind else TOLD, reading)
        self._tell_what_goes_on(reading)
        self.walks.turn(reading)
        self._measure(reading)
        self._obey_home_assistant(reading)
        result = self._with_tests(result)
        if not self._connection.connected:
            self._report.update(self.controller, reading, result.changed)
            return result
        # after the commands: the documents, and then the sign of life that vouches for them
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
            reading.mono if self._untold else self._confirmations.due_s,
        )
        wake_s = min(*due_s, result.wake_s if result.wake_s is not None else inf)
        return replace(result, wake_s=wake_s if wake_s < inf else None)

    def _tell_next(self, most: int, reading: ClockReading) -> None:
        for _ in range(min(len(self._untold), most)):
            event, at = self._untold.popleft()
            for each in self._degradations.apart(event):
                self.note(each, reading, at)

    def _measure(self, reading: ClockReading) -> None:
        if self.measured is not None:
            self.measured.turn(reading, connected=self._connection.connected)
            for event in self._measured_events:
                self.note(event, reading)
            self._measured_events.clear()

    def _with_tests(self, result: TurnResult) -> TurnResult:
        """The next turn is also due when lamps are to be tested."""
        if self.preflight is None:
            return result
        wake_at = min((at for at in (result.wake_at, self.preflight.wake_at) if at is not None), default=None)
        wake_s = min(self.preflight.wake_s, result.wake_s if result.wake_s is not None else inf)
        return replace(result, wake_at=wake_at, wake_s=wake_s if wake_s < inf else None)

    def _tell_what_goes_on(self, reading: ClockReading) -> None:
        """What a broker withholds, a sum of what was counted, and a reminder of what lasts."""
        zone = self.controller.program.place.time_zone
        for event in self._presence.foreign(reading):
            self.note(event, reading)
        for event in self._echoes.due(reading):
            self.note(event.of(CONTROLLER), reading)
        for event in (*self._rate_limit.due(reading.mono), *self._degradations.reminders(reading, zone)):
            self.tell(event, reading.wall)

    def _obey_home_assistant(self, reading: ClockReading) -> None:
        commands = self._home_assistant.commands
        if commands is None or not commands.is_asked:
            return
        for payload in commands.requests(self.overrides.policy, reading):
            self._request(payload, reading)
        for name in commands.identified():
            try:
                self.walks.identify(name, reading)
            except Refused as refused:
                self._home_assistant.refuse(Advice(new_event(refused.code, **refused.fields)))

    def note_minutes(self, rows: Iterable[Minute]) -> None:
        """Confirmed minutes that are over."""
        self._home_assistant.note_minutes(rows)

    def end(self, reading: ClockReading) -> None:
        """The service stops: what tests of lamps light is as planned again, and what happened is told."""
        self.walks.end_all(reading)
        if self.preflight is not None and self.preflight.is_running:
            self.preflight.end(reading)
            self.turn(reading)
        self._untold.extend(self._confirmations.due(inf))
        self._tell_next(len(self._untold), reading)

    def summary(self, reading: ClockReading) -> Health:
        """How it stands after the last turn, as the health document says it."""
        return self._report.summary(self.controller, reading, self._degradations.now())

    @property
    def codes(self) -> dict[str, str]:
        """By gateway, the event that says what is wrong with it."""
        return self._report.codes

    def remember(self, store: StateKeeper, reading: ClockReading) -> None:
        """Hand the order issued last and the time to the state directory, which writes them when they are worth it."""
        if reading.trust is not Trust.SUSPECT:
            order, is_vouched = self.controller.order, reading.trust is Trust.TRUSTED
            store.store_known(order.epoch, order.revision, reading.wall, vouched=is_vouched)
