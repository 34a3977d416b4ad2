"""The controller without I/O: messages and clock readings in, messages and events out.

A turn takes the cue in force and the messages since the last turn, lets `reconcile` decide for each gateway that has
reported something, is due, or should show something else, and encodes what is sent. Its cost is proportional to what
changed: no turn visits all gateways unless something changed for all of them.

The runtime, the rehearsal and the tests drive this same object. It never waits, and knows the time only from the
reading it is given. While the clock is suspect nothing is sent and every status is unknown, except during a safety
stop, which needs no clock. After the first connection it listens LISTEN_S for retained messages before it sends
anything, so that its orders start above every order it finds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf

from controller.clock import CEILING, FLOOR, ClockReading, Trust
from controller.events import Event, new_event
from controller.gateways.base import Gateway, Message, Order
from controller.schedule.explanation import Why
from controller.schedule.plan import Cue, Program
from controller.service.alike import AlikeDecisions, GroupedEvents
from controller.service.deciding import Decider, Prepared
from controller.service.desired import (
    Orders,
    Outlook,
    PlanAhead,
    desired_looks,
)
from controller.service.gateway_state import (
    DesiredLooks,
    GatewayState,
    Status,
)
from controller.service.gateway_table import GatewayTable, Reception
from controller.service.prepared import AHEAD_S, PreparedInstant
from controller.service.values import Value, looks_value, rules_value
from controller.service.waiting_line import DueTimes
from controller.service.watches import ClockWatch, StopWatch

LISTEN_S = 0.5
MOST_DECIDED, MOST_PREPARED = 40, 200
"""Gateways per turn that are decided, and that are sent a prepared or shared decision. The next turn follows at once,
and other work that waits comes in between: about 3 ms on a desktop computer, 15 ms on a small one."""
EXTRA_COST = MOST_PREPARED // MOST_DECIDED - 1
"""How much more a new decision costs than a prepared or shared one, counted in the latter."""
JUST_AFTER_S = 5e-5
"""Margin after an instant: wall clock and boot clock are read one after the other."""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """The result of one turn: what to send and emit, and when to take the next one.

    `wake_at` is wall time (the next cue or step), `wake_s` boot time (the next check), `prepared_s` the boot time at
    which prepared commands are due. `changed`: gateways whose status or report may have changed in this turn.
    `is_behind`: more gateways wait to be decided."""

    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    wake_at: datetime | None
    wake_s: float | None
    changed: frozenset[str] = frozenset()
    is_behind: bool = False
    prepared_s: float | None = None


class Controller:
    """Keeps every gateway showing what the plan says."""

    def __init__(self, gateways: tuple[Gateway, ...], prefix: str, program: Program, known: Order = Order()) -> None:
        self.cue: Cue | None = None
        self._prefix = prefix
        self._plan = PlanAhead(program)
        self._orders = Orders(known)
        self._table = GatewayTable(gateways)
        self._decider = Decider(self._table, self._orders, self._plan, prefix)
        self._events: list[Event] = []
        self._clock_watch = ClockWatch()
        self._reception = Reception(self._table, prefix, self._orders, self._clock_watch, self._events.append)
        self._connected_s: float | None = None
        self._trusted_s: float | None = None
        """Since when the clock is trusted, or a stop needs none; None while nothing is sent."""
        self._planned_because: str | None = None
        self._prepared: PreparedInstant | None = None
        self._due = DueTimes()
        """When each gateway is next decided if nothing changes before."""
        self._stop_watch = StopWatch(self._table.in_order)
        self._is_blind = False

    @property
    def gateways(self) -> Mapping[str, Gateway]:
        """By name, in the order of the file."""
        return self._table.gateways

    @property
    def states(self) -> Mapping[str, GatewayState]:
        """The state of each gateway, by name."""
        return self._table.states

    @property
    def alike(self) -> Mapping[str, int]:
        """By gateway, a number shared by those that differ only in names and topics."""
        return self._table.alike

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic to subscribe to."""
        return self._reception.topics

    def has_topic(self, topic: str) -> bool:
        """Whether any gateway publishes on it."""
        return self._reception.has_topic(topic)

    def receive(self, topic: str, payload: bytes, retained: bool, reading: ClockReading) -> None:
        """Take one message of a gateway, or of somebody else on its topics."""
        self._reception.receive(topic, payload, retained, reading)

    @property
    def partial(self) -> tuple[str, ...]:
        """Topics on which more than the newest message counts."""
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
        """The zones that are confirmed by every gateway that drives them."""
        return self._table.confirmed_zones

    @property
    def following(self) -> Cue | None:
        """The next cue; None where nothing is ahead, or before the first turn."""
        return self._plan.outlook.following if self.cue is not None else None

    def why(self, now: datetime) -> Why:
        """Why the cue in force is in force."""
        return self.program.why(self.cue or self.program.look_at(now), now)

    def rules(self, cue: Cue, now: datetime) -> dict[str, Value]:
        """By zone, the rule behind a cue."""
        return rules_value(self.program, cue, now)

    def looks(self, cue: Cue, now: datetime) -> dict[str, Value]:
        """By zone, what a cue shows at an instant, and the rule behind it."""
        return looks_value(desired_looks(self.program.zones, cue, now), self.rules(cue, now))

    def follow(self, program: Program) -> None:
        """Follow other rules from now on: a changed file or an override."""
        self._plan.follow(program)

    def show_alone(self, looks: Mapping[str, DesiredLooks]) -> None:
        """From the next turn on, only these gateways show these looks instead of the plan: a test of lamps."""
        self._table.undecided.join((*self._decider.alone, *looks))
        self._decider.alone, self._prepared = looks, None

    def stopped(self, reading: ClockReading) -> None:
        """A safety stop was acknowledged (again): emit an event on whether all gateways are dark."""
        self._stop_watch.acknowledged(reading.mono)

    def connected(self, reading: ClockReading) -> None:
        """A connection began: send everything again. If no other broker was connected, earlier reports no longer
        count."""
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
        """Take one turn, see the module docstring."""
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
        """While the clock is suspect every status is unknown, and nothing is sent."""
        if self._is_blind:
            return [], []
        self._trusted_s, self._is_blind, self._prepared = None, True, None
        for name, gateway in self.gateways.items():
            unknown: dict[str, Status] = dict.fromkeys(gateway.zone_names, "unknown")
            self._note(name, self._table.states[name]._replace(status=unknown))
        return list(self.gateways), []

    def _decide_all(self, reading: ClockReading) -> tuple[list[str], list[Message]]:
        """Decide for the gateways that need it. Returns their names, and the messages to send."""
        self._is_blind = False
        if self._trusted_s is None:
            self._trusted_s = reading.mono
        # a clock that starts in 1970 is outside the range that a document can carry
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
            most = MOST_DECIDED  # so that the first commands leave at once
        names, messages, decisions, events = (
            list[str](),
            list[Message](),
            AlikeDecisions(),
            GroupedEvents(len(self.gateways)),
        )
        undecided, expected_since_s = self._table.undecided, self._expected_since_s
        while undecided and len(names) + EXTRA_COST * decisions.made < most:
            name = undecided.next()
            names.append(name)
            gateway = self._table.gateways[name]
            ready = prepared.take(name, self._table.states[name]) if prepared is not None else None
            if ready is None:
                ready = self._decider.decide(gateway, outlook, reading, decisions, expected_since_s)
            self._carry_out(gateway, ready, events)
            messages += ready.messages
        self._events += events.events()
        return names, messages

    def _prepare_some(self, reading: ClockReading) -> None:
        """Decide ahead for the next change of light, once it is near."""
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
        reading, decisions, expected_since_s = self._prepared.reading, self._prepared.decisions, self._expected_since_s
        most = MOST_PREPARED + EXTRA_COST * decisions.made
        for count, name in enumerate(self._prepared.missing(MOST_PREPARED), start=1):
            ready = self._decider.decide(self.gateways[name], outlook, reading, decisions, expected_since_s)
            self._prepared.put(name, ready)
            if count + EXTRA_COST * decisions.made >= most:
                break

    def _prepares_s(self, reading: ClockReading) -> float:
        """When to prepare something, or to send what is prepared; boot time, infinity for never."""
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
        change = self._clock_watch.look(reading)
        self._events += change.events
        if change.is_stepped:
            self._planned_because, self._prepared = "clock", None
        if change.trust is not None:
            self._events.append(change.trust)
            self._table.undecided.join(self.gateways)

    def _watch_stop(self, reading: ClockReading) -> None:
        is_current = self._connected_s is not None and not self._is_listening(reading)
        lit = self._table.lit if is_current else self.gateways.keys()
        if event := self._stop_watch.look(self.program.stop, lit, reading.mono):
            self._events.append(event)

    def _is_listening(self, reading: ClockReading) -> bool:
        """Whether a connection began so recently that retained messages may still arrive."""
        return self._connected_s is not None and reading.mono < self._connected_s + LISTEN_S

    def _look_up(self, reading: ClockReading) -> None:
        """Look up the cue in force; an event where it changed, or was looked up again for a reason."""
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
    def _expected_since_s(self) -> float | None:
        """Since when a gateway that is present would have reported: one that was sent nothing need not report."""
        return None if self._connected_s is None else max(self._connected_s, self._trusted_s or self._connected_s)

    def _decides_s(self, reading: ClockReading) -> float:
        """When to decide the next gateway; boot time, infinity for never."""
        if self._connected_s is not None and self._table.undecided:
            return max(reading.mono, self._connected_s + LISTEN_S)
        return self._due.next_s()

    def _carry_out(self, gateway: Gateway, ready: Prepared, events: GroupedEvents) -> None:
        """Record a decision and its events; a repetition carries the order and id of the first command."""
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
        """Keep the decided state; drop what was prepared for an older one."""
        self._table.note(name, state)
        if self._prepared is not None:
            self._prepared.forget(name)
