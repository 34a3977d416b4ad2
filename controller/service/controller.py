"""The controller without I/O: messages and readings of the clock in, messages and events out.

A turn gathers the cue in force and what has come since the last one, lets `reconcile` decide for each gateway that
reported something, whose time has come or for which something else is desired, and encodes what is to be sent. It costs
what changed: no turn walks over all gateways unless something changed for all of them.

The runtime, the rehearsal and the tests drive this same object; it waits for nothing and knows no time but the reading
that it is handed. While the clock is suspect nothing is sent and no status counts, except for a safety stop, which
needs no clock. After each connection it listens LISTEN_S for what is retained before it sends anything, so that it
starts above every order that it finds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf

from controller.clock import CEILING, FLOOR, ClockReading, Trust
from controller.events import Event, new_event
from controller.gateways.base import Gateway, Message, Order
from controller.schedule.explanation import Why
from controller.schedule.plan import Cue, Program
from controller.service.alike import AlikeDecisions, AlikeEvents
from controller.service.deciding import Decider, Prepared
from controller.service.desired import (
    Outlook,
    PlanAhead,
    Revisions,
    desired_looks,
)
from controller.service.gateway_state import (
    DesiredLooks,
    GatewayState,
    Status,
)
from controller.service.gateway_table import GatewayTable
from controller.service.prepared import AHEAD_S, PreparedInstant
from controller.service.reception import Reception
from controller.service.values import Value, looks_value, rules_value
from controller.service.waiting_line import DueTimes
from controller.service.watches import ClockWatch, StopWatch

LISTEN_S = 0.5
MOST_DECIDED, MOST_PREPARED = 40, 200
"""So many gateways are decided in one turn, or sent what was prepared or was decided for their like; the next turn
follows at once, and all else that waits has its turn between them: some 3 ms on a desktop computer, 15 ms on a small
one."""
DEARER = MOST_PREPARED // MOST_DECIDED - 1
"""How much dearer a decision is than what is prepared or decided already."""
JUST_AFTER_S = 5e-5
"""Two clocks are read one after the other."""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What one turn brought. `wake_at` is wall time (the next cue or step), `wake_s` boot time (the next check);
    `prepared_s` is when what is prepared is due, boot time.
    `changed` names the gateways of which the status or what was reported may be another than at the turn before,
    `is_behind` tells that others are still to be decided."""

    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    wake_at: datetime | None
    wake_s: float | None
    changed: frozenset[str] = frozenset()
    is_behind: bool = False
    prepared_s: float | None = None


class Controller:
    """Keeps every gateway as the plan wants it."""

    def __init__(self, gateways: tuple[Gateway, ...], prefix: str, program: Program, known: Order = Order()) -> None:
        self.cue: Cue | None = None
        self._prefix = prefix
        self._plan = PlanAhead(program)
        self._orders = Revisions(known)
        self._table = GatewayTable(gateways)
        self._decider = Decider(self._table, self._orders, self._plan, prefix)
        self._events: list[Event] = []
        self._clock_watch = ClockWatch()
        self._reception = Reception(self._table, prefix, self._orders, self._clock_watch, self._events.append)
        self._connected_s: float | None = None
        self._trusted_s: float | None = None
        """Since when the clock is believed, or a stop needs none; None while no gateway is sent anything."""
        self._planned_because: str | None = None
        self._prepared: PreparedInstant | None = None
        self._due = DueTimes()
        """When each gateway is next decided without any news."""
        self._stop_watch = StopWatch(self._table.in_order)
        self._is_blind = False

    @property
    def gateways(self) -> Mapping[str, Gateway]:
        """By name, in the order of the file."""
        return self._table.gateways

    @property
    def states(self) -> Mapping[str, GatewayState]:
        """What is known of each gateway, by name."""
        return self._table.states

    @property
    def alike(self) -> Mapping[str, int]:
        """By gateway, a number that those have in common that differ in names and topics only."""
        return self._table.alike

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic to subscribe to."""
        return self._reception.topics

    def hears(self, topic: str) -> bool:
        """Whether any gateway speaks on it."""
        return self._reception.hears(topic)

    def receive(self, topic: str, payload: bytes, retained: bool, reading: ClockReading) -> None:
        """One message of a gateway, or of whoever writes to its topics."""
        self._reception.receive(topic, payload, retained, reading)

    @property
    def partial(self) -> tuple[str, ...]:
        """Those of which more than the newest message counts."""
        return tuple(topic for gateway in self.gateways.values() for topic in gateway.partial(self._prefix))

    @property
    def order(self) -> Order:
        """The order issued last; to be kept over restarts."""
        return self._orders.current

    @property
    def program(self) -> Program:
        """The rules in force."""
        return self._plan.program

    @property
    def confirmed_zones(self) -> tuple[str, ...]:
        """The zones of which every gateway that drives them confirms its part."""
        return self._table.confirmed_zones

    @property
    def following(self) -> Cue | None:
        """The next cue; None where nothing is ahead, or before the first turn."""
        return self._plan.outlook.following if self.cue is not None else None

    def why(self, now: datetime) -> Why:
        """Why there is what is shown."""
        return self.program.why(self.cue or self.program.look_at(now), now)

    def rules(self, cue: Cue, now: datetime) -> dict[str, Value]:
        """By zone, on whose behalf a cue shows what it shows."""
        return rules_value(self.program, cue, now)

    def looks(self, cue: Cue, now: datetime) -> dict[str, Value]:
        """What a cue shows at an instant: by zone, with the rule on whose behalf."""
        return looks_value(desired_looks(self.program.zones, cue, now), self.rules(cue, now))

    def follow(self, program: Program) -> None:
        """Other rules from now on: a changed file or an override."""
        self._plan.follow(program)

    def show_alone(self, looks: Mapping[str, DesiredLooks]) -> None:
        """These gateways show this from the next turn on, whatever is planned, and no others: a test of lamps."""
        self._table.undecided.join((*self._decider.alone, *looks))
        self._decider.alone, self._prepared = looks, None

    def stopped(self, reading: ClockReading) -> None:
        """A safety stop was acknowledged, or once more: whether all is dark is an event once more."""
        self._stop_watch.acknowledged(reading.mono)

    def connected(self, reading: ClockReading) -> None:
        """A connection began: everything is sent again, and no report from before the first connection counts."""
        self._prepared = None
        if self._connected_s is None:
            self._connected_s = reading.mono
            self._table.change_all(lambda state: state._replace(reported=state.reported.forgotten()))
        self._table.change_all(lambda state: state._replace(desired_key=None))
        self._table.undecided.join(self.gateways)
        self._planned_because = "connection"

    def lost(self) -> None:
        """The last connection ended."""
        self._connected_s = self._prepared = None
        self._table.undecided.join(self.gateways)

    def turn(self, reading: ClockReading) -> TurnResult:
        """One turn, see the head of this module."""
        self._watch_clock(reading)
        is_blind = reading.trust is Trust.SUSPECT and self.program.stop is None
        changed, messages = self._know_nothing() if is_blind else self._decide_all(reading)
        self._watch_stop(reading)
        events = tuple(self._events)
        self._events.clear()
        if is_blind:
            return TurnResult((), events, None, None, frozenset(changed))
        wake_s = min(self._stop_watch.due_s, self._decides_s(reading), self._prepares_s(reading))
        return TurnResult(
            messages=tuple(messages),
            events=events,
            wake_at=self._plan.wake_at,
            wake_s=wake_s if wake_s < inf else None,
            changed=frozenset(changed),
            is_behind=self._connected_s is not None and bool(self._table.undecided),
            prepared_s=self._prepared_s,
        )

    def _know_nothing(self) -> tuple[list[str], list[Message]]:
        """While the clock is suspect no status counts, and nothing is sent."""
        if self._is_blind:
            return [], []
        self._trusted_s, self._is_blind, self._prepared = None, True, None
        for name, gateway in self.gateways.items():
            unknown: dict[str, Status] = dict.fromkeys(gateway.zone_names, "unknown")
            self._note(name, self._table.states[name]._replace(status=unknown))
        return list(self.gateways), []

    def _decide_all(self, reading: ClockReading) -> tuple[list[str], list[Message]]:
        """The gateways that were decided, and what is sent to them."""
        self._is_blind = False
        if self._trusted_s is None:
            self._trusted_s = reading.mono
        # a document cannot carry the time of a clock that stands in 1970
        reading = replace(reading, wall=min(max(reading.wall, FLOOR), CEILING))
        self._look_up(reading)
        if self._is_listening(reading):
            return [], []
        names, messages = self._decide_some(reading)
        if not self._table.undecided and self._connected_s is not None:
            self._prepare_some(reading)
        return names, messages

    def _decide_some(self, reading: ClockReading) -> tuple[list[str], list[Message]]:
        self._table.undecided.join(tuple(self._due.take(reading.mono)))
        prepared, outlook, most = self._prepared, self._plan.outlook, MOST_PREPARED
        if prepared is None or not prepared.is_for(outlook, reading):
            prepared = None
        elif prepared.begin():
            most = MOST_DECIDED  # so that the first are on their way at once
        names, messages, decisions, events = (
            list[str](),
            list[Message](),
            AlikeDecisions(),
            AlikeEvents(len(self.gateways)),
        )
        undecided, listening_s = self._table.undecided, self._listening_s
        while undecided and len(names) + DEARER * decisions.made < most:
            name = undecided.next()
            names.append(name)
            gateway = self._table.gateways[name]
            ready = prepared.take(name, self._table.states[name]) if prepared is not None else None
            if ready is None:
                ready = self._decider.decide(gateway, outlook, reading, decisions, listening_s)
            self._carry_out(gateway, ready, events)
            messages += ready.messages
        self._events += events.told()
        return names, messages

    def _prepare_some(self, reading: ClockReading) -> None:
        """Decide what is due at the next instant at which the light changes, once that is near."""
        at = self._plan.changes_at
        if at is None or self._seconds_to(at, reading) > AHEAD_S:
            self._prepared = None
            return
        outlook, at_s = self._plan.at_next_change(), reading.mono + self._seconds_to(at, reading)
        if self._prepared is None or not self._prepared.is_foreseen(outlook, at, at_s):
            then = replace(reading, wall=at, mono=at_s)
            names = [name for name, gateway in self.gateways.items() if not gateway.KEEPS_PLAN]
            self._prepared = PreparedInstant(then, outlook, self._changed(outlook, at), names)
            return
        reading, decisions, listening_s = self._prepared.reading, self._prepared.decisions, self._listening_s
        most = MOST_PREPARED + DEARER * decisions.made
        for count, name in enumerate(self._prepared.missing(MOST_PREPARED), start=1):
            ready = self._decider.decide(self.gateways[name], outlook, reading, decisions, listening_s)
            self._prepared.put(name, ready)
            if count + DEARER * decisions.made >= most:
                break

    def _prepares_s(self, reading: ClockReading) -> float:
        """When something is to be prepared, or what is prepared is due, boot time; infinity for never."""
        at = self._plan.changes_at
        if at is None or self._connected_s is None or self._is_listening(reading):
            return inf
        if self._prepared_s is not None:
            return max(reading.mono, self._prepared_s)
        return reading.mono + max(0.0, self._seconds_to(at, reading) - AHEAD_S)

    @property
    def _prepared_s(self) -> float | None:
        is_complete = self._prepared is not None and self._prepared.is_complete
        return self._prepared.reading.mono + JUST_AFTER_S if self._prepared is not None and is_complete else None

    @staticmethod
    def _seconds_to(at: datetime, reading: ClockReading) -> float:
        return (at - reading.wall).total_seconds() / reading.pace

    def _watch_clock(self, reading: ClockReading) -> None:
        news = self._clock_watch.look(reading)
        self._events += news.events
        if news.is_stepped:
            self._planned_because, self._prepared = "clock", None
        if news.trust is not None:
            self._events.append(news.trust)
            self._table.undecided.join(self.gateways)

    def _watch_stop(self, reading: ClockReading) -> None:
        is_current = self._connected_s is not None and not self._is_listening(reading)
        lit = self._table.lit if is_current else self.gateways.keys()
        if event := self._stop_watch.look(self.program.stop, lit, reading.mono):
            self._events.append(event)

    def _is_listening(self, reading: ClockReading) -> bool:
        """Whether a connection began so lately that what is retained may not have come yet."""
        return self._connected_s is not None and reading.mono < self._connected_s + LISTEN_S

    def _look_up(self, reading: ClockReading) -> None:
        """The cue in force: an event when it is another one, or was looked up again for a reason."""
        before, edition = self.cue, self._plan.edition
        is_new = self._plan.look(reading.wall)
        outlook = self._plan.outlook
        self.cue = cue = outlook.cue
        if is_new:
            self._table.undecided.join(self.gateways)
        elif edition != self._plan.edition:
            self._table.undecided.join(self._table.keepers)
        if before is None or (cue.looks, cue.campaign) != (before.looks, before.campaign):
            prepared = self._prepared
            is_prepared = prepared is not None and prepared.is_for(outlook, reading)
            self._events.append(
                prepared.event if prepared is not None and is_prepared else self._changed(outlook, reading.wall)
            )
        elif self._planned_because is not None:
            self._events.append(
                new_event("TWL-C010", reason=self._planned_because, looks=self.looks(cue, reading.wall))
            )
        self._planned_because = None

    def _changed(self, outlook: Outlook, now: datetime) -> Event:
        cue, following = outlook.cue, outlook.following
        zone, why = self.program.place.time_zone, self.program.why(outlook.cue, now)
        return new_event(
            "TWL-C020",
            looks=self.looks(cue, now),
            because=why.rule,
            campaign=cue.campaign or "–",
            until=f"{following.at.astimezone(zone):%Y-%m-%d %H:%M}" if following is not None else "–",
            fade_s=cue.fade_s,
        )

    @property
    def _listening_s(self) -> float | None:
        """Since when a gateway that is there would be heard: one that was sent nothing need not have reported."""
        return None if self._connected_s is None else max(self._connected_s, self._trusted_s or self._connected_s)

    def _decides_s(self, reading: ClockReading) -> float:
        """When the next gateway is to be decided, boot time; infinity for never."""
        if self._connected_s is not None and self._table.undecided:
            return max(reading.mono, self._connected_s + LISTEN_S)
        return self._due.next_s()

    def _carry_out(self, gateway: Gateway, ready: Prepared, events: AlikeEvents) -> None:
        """Make a decision true; a repetition carries the order and id of the first."""
        name, decision = gateway.name, ready.decided.decision
        self._note(name, decision.state)
        self._due.set(name, decision.wake_s)
        for event in decision.events:
            events.add(event, gateway, self._table.issued.get(name))
        if ready.decided.commanded is not None:
            events.add(ready.decided.commanded, gateway, ready.issued)
        if ready.issued is not None:
            self._table.issued[name] = ready.issued
        if gateway.KEEPS_PLAN and decision.send:
            self._table.note_sent(name, ready.messages)

    def _note(self, name: str, state: GatewayState) -> None:
        """Keep the state that was decided; what was prepared on another one is void."""
        self._table.note(name, state)
        if self._prepared is not None:
            self._prepared.forget(name)
