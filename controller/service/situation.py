"""One gateway in one turn: what follows from its state and the facts of the turn, the status of its zones, and its
events. Pure; the table in `reconcile.py` decides what is done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Generic, TypeVar

from controller.events import Event, new_event
from controller.gateways.base import Gateway
from controller.gateways.vendor import CONTRADICTED
from controller.service.gateway_state import (
    Absent,
    Command,
    Commanded,
    Confirmed,
    Contested,
    Decision,
    GatewayState,
    Issued,
    NoBroker,
    Phase,
    Questioned,
    Status,
    TurnFacts,
    Unaskable,
    Verifying,
    laid_over,
)
from controller.service.values import difference, looks_value, shown_value

MISSES_BEFORE_EVENT = 3
"""Number of failed commands after which an event is emitted."""
OUTPUT_LOST = frozenset({"TWL-X101", "TWL-X102", "TWL-X104", "TWL-X111", "TWL-X112", "TWL-X121"})
"""Problems that a gateway of our own contract reports when its output does not reach the lamps."""
ANSWER_S = 1.0
"""Longest pause between the parts of one answer: a bridge reads a lamp's attributes one by one, the others cached."""
AFTER_FADE = 0.25
"""Share of SETTLE_S to wait after a fade before asking whether it is done: the gateway began it a little late."""
FIRST_MESSAGE_S = 150.0
"""Seconds for the first message on a connection: after an outage of the broker all clients reconnect with back-off."""


T = TypeVar("T")


class _Once(Generic[T]):
    """Like `cached_property`, without the lock that Python 3.11 takes there: a tenth of the cost of a decision."""

    def __init__(self, find: Callable[[Any], T]) -> None:
        self._find = find

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, situation: Any, _owner: type) -> T:
        found: T = self._find(situation)
        situation.__dict__[self._name] = found
        return found


@dataclass(frozen=True)
class Situation:
    """One gateway in one turn, and what follows from its state and the facts of the turn."""

    gateway: Gateway
    state: GatewayState
    turn: TurnFacts

    @property
    def phase(self) -> Phase:
        """The phase that it is in when the turn begins."""
        return self.state.phase

    @property
    def resumed(self) -> Phase:
        """The phase that continues once a contradiction is verified; otherwise the current one."""
        return self.phase.resumes if isinstance(self.phase, Verifying) else self.phase

    @property
    def command(self) -> Command | None:
        """The command that waits for confirmation."""
        return self.resumed.command if isinstance(self.resumed, Absent | Commanded | Questioned) else None

    @property
    def pending(self) -> Command:
        """The command that waits for confirmation, or one that was never sent and is due now."""
        return self.command or Command(self.turn.now_s, self.turn.now_s, attempts=0, quiet=True)

    @property
    def command_id(self) -> str:
        """The id of the command issued last."""
        return self.turn.issued.command_id if self.turn.issued is not None else "–"

    @property
    def is_cut_off(self) -> bool:
        """Whether there is no connection to a broker."""
        return self.turn.connected_s is None

    @_Once
    def has_sent_nothing(self) -> bool:
        """Whether no message from the gateway has arrived on this connection."""
        alive_s = self.state.reported.alive_s
        return alive_s is None or alive_s < (self.turn.connected_s or 0.0)

    @_Once
    def quiet_at_s(self) -> float:
        """When the gateway will have been quiet for too long."""
        if self.has_sent_nothing:
            return (self.turn.connected_s or 0.0) + min(self.gateway.quiet_s, FIRST_MESSAGE_S)
        # it is not asked during a fade, so it need not answer
        is_excused = self.gateway.refresh != "itself" and not isinstance(self.resumed, Absent)
        excused_s = self.state.faded_s if is_excused else 0.0
        return max(self.state.reported.alive_s or 0.0, excused_s) + self.gateway.quiet_s

    @_Once
    def is_silent(self) -> bool:
        """Whether it reported `offline`, has sent nothing for `quiet_s`, or has not come back on this connection.
        One that cannot be asked counts as silent only if it reported `offline` or has never sent anything."""
        if self.state.reported.online is False:
            return True
        if self.gateway.refresh == "nothing" and not (self.state.is_unknown and self.gateway.topics("")):
            return False
        return self.turn.now_s >= self.quiet_at_s or (isinstance(self.resumed, Absent) and self.has_sent_nothing)

    @_Once
    def fresh(self) -> set[str]:
        """The zones whose report counts: it arrived on this connection, not too long ago, and, of a vendor's gateway,
        after the last command that changed the light. Where the gateway can be asked again, also after the fade: during
        a fade most gateways report its end, or a cached value."""
        since_s = self.turn.now_s - self.gateway.quiet_s
        if not self.gateway.KEEPS_PLAN:
            since_s = max(since_s, self.state.ordered_s)
        if self.gateway.refresh in {"query", "command"}:
            since_s = max(since_s, self.state.faded_s)
        return {zone for zone, at_s in self.state.reported.reported_s.items() if at_s > since_s}

    @_Once
    def likeness(self) -> dict[str, bool]:
        """By zone: whether it shows what is desired, under any order. A lamp that once reported a value outside its
        keys uses another scale and from then on reports whatever it was sent, so it is not believed."""
        gateway, reported = self.gateway, self.state.reported
        is_believed = CONTRADICTED not in reported.problems
        return {
            zone: is_believed and zone in self.fresh and gateway.agrees(zone, look, reported.zones[zone])
            for zone, look in self.turn.desired_looks.items()
        }

    @_Once
    def agreement(self) -> dict[str, bool]:
        """By zone: whether it reports what is desired; one that keeps the plan must have accepted our last order."""
        issued = self.turn.issued
        is_accepted = not self.gateway.KEEPS_PLAN or (issued is not None and self.state.reported.order == issued.order)
        return {zone: is_accepted and is_alike for zone, is_alike in self.likeness.items()}

    @_Once
    def agrees(self) -> bool:
        """Whether all zones agree."""
        return all(self.agreement.values())

    @_Once
    def reported_zones(self) -> set[str]:
        """The zones that the gateway has reported. A report of our own contract is complete: a zone that it leaves out
        counts as reported, and as different."""
        return set(self.gateway.zone_names) if self.state.reported.at is not None else self.fresh

    @property
    def contradicts(self) -> bool:
        """Whether it reports something else than what is desired, or another order. False without any report."""
        return any(not self.agreement[zone] for zone in self.reported_zones)

    @property
    def is_uncommanded(self) -> bool:
        """Whether no command is under way, nor a step by the plan: a report is no echo and no intermediate value."""
        return self.command is None or (self.command.attempts == 0 and not self.gateway.KEEPS_PLAN)

    @property
    def is_steady(self) -> bool:
        """Whether it shows these looks already, and therefore does not fade to them even if other gateways do."""
        was_confirmed = isinstance(self.phase, Confirmed) or (self.command is not None and self.command.steady)
        return was_confirmed and self.state.desired_looks == self.turn.desired_looks

    @property
    def is_fading(self) -> bool:
        """Whether the gateway is fading."""
        return self.turn.fade_s > 0 and not self.is_steady

    @property
    def is_explained(self) -> bool:
        """Whether an event has already explained why a vendor's gateway is not right."""
        return not self.gateway.KEEPS_PLAN and bool(self.state.reported.problems)

    @property
    def is_output_lost(self) -> bool:
        """Whether a gateway of our own contract reports that its output does not reach the lamps."""
        return not OUTPUT_LOST.isdisjoint(self.state.reported.problems)

    @property
    def is_new(self) -> bool:
        """Whether it must be sent a new order."""
        return self.turn.desired_key != self.state.desired_key

    @property
    def is_proven(self) -> bool:
        """Whether an agreeing report is enough to confirm: a kind that echoes commands must have answered a query."""
        return not self.gateway.echoes or isinstance(self.phase, Confirmed) or self.answered_at_s <= self.turn.now_s

    @property
    def answered_at_s(self) -> float:
        """When its answer to the query is complete: ANSWER_S after the first zone's report, at most SETTLE_S
        after the query. Infinity until every zone has been reported."""
        reported_s = min(self.state.reported.reported_s.values())
        if not isinstance(self.phase, Questioned) or reported_s <= self.phase.asked_s:
            return float("inf")
        return min(reported_s + ANSWER_S, self.phase.asked_s + self.gateway.SETTLE_S)

    @property
    def has_fade_to_prove(self) -> bool:
        """Whether its fade is over and it has not been asked since."""
        is_over = self.turn.fade_s <= 0 and self.turn.now_s < self.pending.due_s
        return is_over and self.gateway.refresh in {"query", "command"} and self.state.asked_s < self.state.faded_s

    @property
    def is_to_be_verified(self) -> bool:
        """Whether a report contradicts the gateway's keys and a query can settle who wrote it: nothing that the gateway
        would answer has been sent since."""
        contradicted_s, state = self.state.reported.contradicted_s, self.state
        if contradicted_s is None or contradicted_s <= state.verified_s:
            return False
        if state.asked_s > contradicted_s - self.gateway.SETTLE_S:
            return False
        return bool(self.gateway.recheck(self.turn.desired_looks))


def situation_of(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Situation:
    """The situation at the start of a turn: time has passed, a step may have been taken, an answer may have come."""
    phase, now_s = state.phase, turn.now_s
    if isinstance(phase, NoBroker) and phase.missing_since_s is not None and turn.connected_s is not None:
        state = state._replace(phase=Absent(phase.missing_since_s, is_reported=True))
    elif isinstance(phase, Verifying) and not Situation(gateway, state, turn).is_silent:
        state = _verified(gateway, state, phase, now_s)
    before = Situation(gateway, state, turn)
    is_fading = before.is_fading and not before.is_silent
    state = state._replace(faded_s=now_s + turn.fade_s if is_fading else min(state.faded_s, now_s))
    if turn.desired_key == state.desired_key and turn.desired_looks != state.desired_looks:
        state = state._replace(phase=_stepped(before), desired_looks=turn.desired_looks)
    return Situation(gateway, state, turn)


def _stepped(situation: Situation) -> Phase:
    """The phase after a sequence step that the gateway takes by itself: it gets time to report the step."""
    turn, phase = situation.turn, situation.phase
    due_s = turn.now_s + turn.fade_s + situation.gateway.SETTLE_S
    match phase:
        case Commanded(command) | Questioned(command):
            return replace(phase, command=replace(command, due_s=max(due_s, command.due_s), steady=False))
        case Confirmed() | Unaskable():
            return Commanded(Command(turn.now_s, due_s, attempts=0, quiet=True))
    return phase


def _verified(gateway: Gateway, state: GatewayState, phase: Verifying, now_s: float) -> GatewayState:
    """Ends the verification of a contradiction when the answer confirms or refutes it, or the time for it is over."""
    reported = state.reported
    contradicted_s = reported.contradicted_s
    is_refuted = (reported.credible_s or 0.0) > phase.asked_s
    if contradicted_s is None or (contradicted_s <= phase.asked_s and is_refuted):
        return state._replace(phase=phase.resumes, reported=reported.cleared())
    if contradicted_s > phase.asked_s:
        return state._replace(phase=phase.resumes, verified_s=float("inf"))
    if now_s < phase.asked_s + gateway.SETTLE_S:
        return state
    return state._replace(phase=phase.resumes, verified_s=contradicted_s)


def completed(situation: Situation, decision: Decision) -> Decision:
    """The decision with the status of each zone, set to wake when a report grows too old."""
    gateway, turn, state = situation.gateway, situation.turn, decision.state
    status = _shared(tuple(status_of(situation, state).items()))
    reported_s = situation.state.reported.reported_s
    confirmed_s: Mapping[str, float] = {zone: reported_s[zone] for zone, each in status.items() if each == "confirmed"}
    if len(confirmed_s) == len(reported_s):
        confirmed_s = reported_s
    state = state._replace(status=status, confirmed_s=laid_over(state.confirmed_s, confirmed_s))
    wakes_s = [decision.wake_s] if decision.wake_s is not None else []
    if not situation.is_cut_off:
        quiet_s = gateway.quiet_s
        wakes_s += [situation.quiet_at_s, *[at_s + quiet_s for at_s in reported_s.values()]]
    if isinstance(state.phase, Commanded | Questioned):
        wakes_s.append(state.faded_s + AFTER_FADE * gateway.SETTLE_S)
    wake_s = min([at_s for at_s in wakes_s if at_s > turn.now_s], default=None)
    if not (decision.send or decision.query):
        return decision._replace(state=state, wake_s=wake_s)
    alive_s = situation.state.reported.alive_s
    is_answered = alive_s is not None and alive_s >= situation.state.asked_s
    unanswered = 0 if is_answered else situation.state.unanswered
    # what a broker queues for an absent gateway arrives all at once when it returns
    is_unqueued = situation.is_silent or max(situation.state.misses, unanswered) >= MISSES_BEFORE_EVENT
    return decision._replace(state=state._replace(unanswered=unanswered + 1), unqueued=is_unqueued, wake_s=wake_s)


@lru_cache(1024)
def _shared(status: tuple[tuple[str, Status], ...]) -> Mapping[str, Status]:
    """One copy of each distinct value: thousands of gateways share a few."""
    return dict(status)


def status_of(situation: Situation, state: GatewayState) -> dict[str, Status]:
    """The status of each zone in the phase after the turn. Only a report that agrees makes a zone *confirmed*."""
    gateway, phase = situation.gateway, state.phase
    zones = gateway.zone_names
    match phase:
        case NoBroker():
            return dict.fromkeys(zones, "unknown")
        case Absent():
            return dict.fromkeys(zones, "unknown" if state.is_unknown else "silent")
        case Verifying():
            return dict.fromkeys(zones, "pending")
    if not gateway.confirms:
        return dict.fromkeys(zones, "unknown")
    agreed: Status = "confirmed"
    if not isinstance(phase, Confirmed) and (gateway.echoes or (situation.agrees and situation.is_fading)):
        is_only_echo = situation.agrees and gateway.echoes and state.misses >= MISSES_BEFORE_EVENT
        agreed = "silent" if is_only_echo else "pending"
    has_time = isinstance(phase, Commanded | Questioned) and phase.command.attempts <= 1 and not state.misses
    # a zone without a report does not differ
    reported = set(zones) if situation.is_explained or isinstance(phase, Contested) else situation.reported_zones
    otherwise: dict[str, Status] = {
        zone: "pending" if has_time else "differs" if zone in reported else "unknown" for zone in zones
    }
    return {zone: agreed if agrees else otherwise[zone] for zone, agrees in situation.agreement.items()}


def absence_event(situation: Situation) -> Event:
    """The event for an absent gateway. One that has never sent anything has its own: its topics may be wrong."""
    alive_s = situation.state.reported.alive_s
    code, since_s = ("TWL-G104", alive_s) if alive_s is not None else ("TWL-G116", situation.turn.connected_s)
    return new_event(code, gateway=situation.gateway.name, age_s=round(situation.turn.now_s - (since_s or 0.0), 1))


def command_event(gateway: Gateway, decision: Decision, issued: Issued | None) -> Event | None:
    """The event for a command that is sent, at its first MISSES_BEFORE_EVENT attempts; none for the first of a quiet
    command."""
    phase, looks = decision.state.phase, decision.state.desired_looks
    command = phase.command if isinstance(phase, Absent | Commanded | Questioned) else None
    if not decision.send or command is None or issued is None or looks is None:
        return None
    if not 1 <= command.attempts <= MISSES_BEFORE_EVENT or (command.quiet and command.attempts == 1):
        return None
    if isinstance(phase, Absent) and not decision.new_order:
        return None
    fields = {"gateway": gateway.name, "command_id": issued.command_id, "attempts": command.attempts}
    return new_event("TWL-G119", **fields, wanted=looks_value(looks))


def confirmation_events(situation: Situation) -> tuple[Event, ...]:
    command, issued, state = situation.command, situation.turn.issued, situation.state
    if command is None or issued is None:
        return ()
    is_late = state.is_disobedience_reported or command.attempts >= MISSES_BEFORE_EVENT
    if not is_late and (command.quiet or not command.attempts):
        return ()
    event = new_event(
        "TWL-G107" if is_late else "TWL-G101",
        gateway=situation.gateway.name,
        shows=looks_value(situation.turn.desired_looks),
        latency_s=round(situation.turn.now_s - command.began_s, 3),
        attempts=command.attempts,
        command_id=issued.command_id,
    )
    return (event,)


def recovery_events(situation: Situation) -> tuple[Event, ...]:
    """The event for a gateway that is right again, where no command was waiting: its confirmation would say so."""
    is_recovered = situation.state.is_disobedience_reported or situation.is_explained
    return (new_event("TWL-G118", gateway=situation.gateway.name),) if is_recovered else ()


def disobedience_events(situation: Situation, state: GatewayState, command: Command) -> tuple[Event, ...]:
    reported = state.reported
    if state.is_disobedience_reported or state.misses < MISSES_BEFORE_EVENT:
        return ()
    if (reported.alive_s or 0.0) >= command.began_s and (situation.is_explained or situation.is_output_lost):
        return ()
    fields = {"gateway": situation.gateway.name, "attempts": state.misses, "command_id": situation.command_id}
    is_answered = reported.at is not None or any(at_s >= command.began_s for at_s in reported.reported_s.values())
    if is_answered and all(situation.likeness.values()):
        return (new_event("TWL-G117", **fields, shown=shown_value(situation.turn.desired_looks, reported)),)
    if is_answered and situation.contradicts:
        return (new_event("TWL-G108", **fields, **difference_of(situation)),)
    desired = situation.turn.desired_looks
    return (new_event("TWL-G102", **fields, wanted=looks_value(desired), shown=shown_value(desired, reported)),)


def difference_of(situation: Situation) -> dict[str, object]:
    """The event fields with desired and reported light of the zones that differ."""
    likeness = {zone: alike or zone not in situation.reported_zones for zone, alike in situation.likeness.items()}
    return difference(situation.turn.desired_looks, situation.state.reported, likeness)
