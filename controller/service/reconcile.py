"""The life of one gateway as a table of transitions: what is desired, what it reported, now -> what to send, the next
phase, and when to look again. Pure.

Control is level-triggered: only the difference between what is desired and what is reported counts, never how it came
about. Each turn walks TRANSITIONS from the top; the first row that fits the phase and whose condition holds decides.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

from controller.events import Event, new_event
from controller.gateways.base import POLL_S, Gateway
from controller.gateways.vendor import CONTRADICTED
from controller.retry import backoff_s
from controller.service.gateway_state import (
    Absent,
    Command,
    Commanded,
    Confirmed,
    Contested,
    Decision,
    GatewayState,
    LocalControl,
    NoBroker,
    Phase,
    Questioned,
    Status,
    TurnFacts,
    Unasked,
    Verifying,
)
from controller.service.values import difference, looks_value, shown_value

RETRY_S = 2.0
RETRY_MAX_S = 60.0
OURS_MAX_S = 6.0
"""The longest pause between two tries with a gateway of our own, which is heard all the time."""
REPORT_FROM = 3
"""So many commands in vain are an event."""
LEFTOVER_S = 600.0
"""How often a gateway is sent what is desired whose goodbye may be outdated. Rare, since a bridge may tell of each
command that it could not hand on."""
ECHO_S = 0.5
"""After a command: what is reported so soon may still be what was sent."""
ANSWER_S = 1.0
"""A bridge reads the parts of a lamp one after another, and reports each with the rest from its cache: so long may lie
between two of them."""
RESTART_POLL_S = 12.0
"""How soon after the last command a gateway is made to speak that has said `online` once more: it has started anew and
may have nothing else to say of it."""
AFTER_FADE = 0.25
"""Share of SETTLE_S after which a gateway is asked whether its fade is done: it began it a little late."""
AWAY_S = 15.0
"""Before an absence is an event: longer than a device with Wi-Fi takes from power on to its first word."""
FIRST_WORD_S = 150.0
"""How long a gateway has for its first word on a connection: after a broker's return everybody seeks it with growing
pauses."""


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
        """The phase in which life goes on once a contradiction is verified."""
        return self.phase.resumes if isinstance(self.phase, Verifying) else self.phase

    @property
    def command(self) -> Command | None:
        """The command that waits to be confirmed."""
        return self.resumed.command if isinstance(self.resumed, Absent | Commanded | Questioned) else None

    @property
    def pending(self) -> Command:
        """The same, or one that was never sent and is due now."""
        return self.command or Command(self.turn.now_s, self.turn.now_s, attempts=0, quiet=True)

    @property
    def is_cut_off(self) -> bool:
        """Whether there is no connection to a broker."""
        return self.turn.connected_s is None

    @cached_property
    def is_unheard(self) -> bool:
        """Whether nothing was heard of it on this connection."""
        alive_s = self.state.reported.alive_s
        return alive_s is None or alive_s < (self.turn.connected_s or 0.0)

    @cached_property
    def quiet_at_s(self) -> float:
        """When it will have been unheard for too long."""
        if self.is_unheard:
            return (self.turn.connected_s or 0.0) + min(self.gateway.quiet_s, FIRST_WORD_S)
        # while it fades it is not asked, and so need not answer
        is_excused = self.gateway.refresh != "itself" and not isinstance(self.resumed, Absent)
        excused_s = self.state.faded_s if is_excused else 0.0
        return max(self.state.reported.alive_s or 0.0, excused_s) + self.gateway.quiet_s

    @cached_property
    def is_silent(self) -> bool:
        """Whether it counts as silent: it was asked and has not been heard for `quiet_s`, or has said goodbye. One that
        cannot be asked must have said goodbye, or never have been heard at all."""
        if self.state.reported.online is False:
            return True
        if self.gateway.refresh == "nothing" and not (self.state.is_unknown and self.gateway.topics("")):
            return False
        return self.turn.now_s >= self.quiet_at_s or (isinstance(self.resumed, Absent) and self.is_unheard)

    @cached_property
    def fresh(self) -> set[str]:
        """The zones whose report counts: it came on this connection and not too long ago; after the last command to
        show something else; and after the fade, where the gateway can be asked again: during a fade most report where
        it goes, or what they hold in a cache."""
        since_s = self.turn.now_s - self.gateway.quiet_s
        if not self.gateway.KEEPS_PLAN:
            since_s = max(since_s, self.state.ordered_s)
        if self.gateway.refresh in {"query", "command"}:
            since_s = max(since_s, self.state.faded_s)
        return {zone for zone, at_s in self.state.reported.reported_s.items() if at_s > since_s}

    @cached_property
    def likeness(self) -> dict[str, bool]:
        """By zone: whether it shows what is desired, under whatever order. A lamp that once reported what its keys rule
        out counts on another scale and reports what it was sent ever after: it is not believed."""
        gateway, reported = self.gateway, self.state.reported
        is_believed = CONTRADICTED not in reported.problems
        return {
            zone: is_believed
            and zone in self.fresh
            and gateway.agrees(zone, gateway.reduce(zone, look), reported.zones[zone])
            for zone, look in self.turn.desired_looks.items()
        }

    @cached_property
    def agreement(self) -> dict[str, bool]:
        """By zone: whether what it reports is what is desired; one that keeps the plan must have accepted the order
        issued last."""
        issued = self.turn.issued
        is_accepted = not self.gateway.KEEPS_PLAN or (issued is not None and self.state.reported.order == issued.order)
        return {zone: is_accepted and is_alike for zone, is_alike in self.likeness.items()}

    @cached_property
    def agrees(self) -> bool:
        """Whether all zones agree."""
        return all(self.agreement.values())

    @cached_property
    def reported_zones(self) -> set[str]:
        """The zones of which it says what they show. A report of our own contract is whole: what it leaves out shows
        nothing that could be named."""
        return set(self.gateway.zone_names) if self.state.reported.at is not None else self.fresh

    @property
    def contradicts(self) -> bool:
        """Whether it reports something else than what is desired, or another order; no report is neither."""
        return any(not self.agreement[zone] for zone in self.reported_zones)

    @property
    def is_uncommanded(self) -> bool:
        """Whether no command or step is under way, though it may have been asked: what it reports is then neither an
        echo nor on its way."""
        return self.command is None or (self.command.attempts == 0 and not self.gateway.KEEPS_PLAN)

    @property
    def is_steady(self) -> bool:
        """Whether it shows these very looks already, and so does not fade to them, whatever other gateways do."""
        was_confirmed = isinstance(self.phase, Confirmed) or (self.command is not None and self.command.steady)
        return was_confirmed and self.state.desired_looks == self.turn.desired_looks

    @property
    def is_fading(self) -> bool:
        """Whether its fade is under way."""
        return self.turn.fade_s > 0 and not self.is_steady

    @property
    def is_explained(self) -> bool:
        """Whether an event has told already why a vendor's gateway is not right."""
        return not self.gateway.KEEPS_PLAN and bool(self.state.reported.problems)

    @property
    def is_new(self) -> bool:
        """Whether something else is desired than what it was sent."""
        return self.turn.desired_key != self.state.desired_key

    @property
    def is_proven(self) -> bool:
        """Whether an agreeing report is enough: one that echoes its commands must have answered a question."""
        return not self.gateway.echoes or isinstance(self.phase, Confirmed) or self.answered_at_s <= self.turn.now_s

    @property
    def answered_at_s(self) -> float:
        """When it will have answered what it was asked after its command: when no other part has come for a while,
        though one that speaks all the time has only so long. Infinity while it has said nothing."""
        reported_s = min(self.state.reported.reported_s.values())
        if not isinstance(self.phase, Questioned) or reported_s <= self.phase.asked_s:
            return float("inf")
        return min(reported_s + ANSWER_S, self.phase.asked_s + self.gateway.SETTLE_S)

    @property
    def has_fade_to_prove(self) -> bool:
        """Whether its fade is over and it was not asked since."""
        is_over = self.turn.fade_s <= 0 and self.turn.now_s < self.pending.due_s
        return is_over and self.gateway.refresh in {"query", "command"} and self.state.asked_s < self.state.faded_s

    @property
    def is_to_be_verified(self) -> bool:
        """Whether a report in its name contradicts its keys, and a question can settle whether that was itself: nothing
        that it would answer was sent since."""
        said_s, state = self.state.reported.contradicted_s, self.state
        if said_s is None or said_s <= state.verified_s or state.asked_s > said_s - self.gateway.SETTLE_S:
            return False
        return bool(self.gateway.recheck(self.turn.desired_looks))


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: from one of these phases, when this holds, do this; it leads to one of those phases."""

    sources: tuple[type, ...]
    when: Callable[[Situation], bool]
    do: Callable[[Situation], Decision]
    targets: tuple[type, ...]


def reconcile(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    """One turn for one gateway."""
    situation = situation_of(gateway, state, turn)
    return _completed(situation, transition(situation).do(situation))


def transition(situation: Situation) -> Transition:
    """The row that decides."""
    return next(row for row in TRANSITIONS if isinstance(situation.phase, row.sources) and row.when(situation))


def situation_of(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Situation:
    """What a turn begins with: the state, with what time, the plan and an answer have changed by themselves."""
    phase, now_s = state.phase, turn.now_s
    if isinstance(phase, NoBroker) and phase.missing_since_s is not None and turn.connected_s is not None:
        state = replace(state, phase=Absent(phase.missing_since_s, is_reported=True))
    elif isinstance(phase, Verifying) and not Situation(gateway, state, turn).is_silent:
        state = _verified(gateway, state, phase, now_s)
    before = Situation(gateway, state, turn)
    is_fading = before.is_fading and not before.is_silent
    state = replace(state, faded_s=now_s + turn.fade_s if is_fading else min(state.faded_s, now_s))
    if turn.desired_key == state.desired_key and turn.desired_looks != state.desired_looks:
        state = replace(state, phase=_stepped(before), desired_looks=turn.desired_looks)
    return Situation(gateway, state, turn)


def _stepped(situation: Situation) -> Phase:
    """The phase after a step of a sequence that the gateway takes by itself: time is left to report it."""
    turn, phase = situation.turn, situation.phase
    due_s = turn.now_s + turn.fade_s + situation.gateway.SETTLE_S
    match phase:
        case Commanded(command) | Questioned(command):
            return replace(phase, command=replace(command, due_s=max(due_s, command.due_s), steady=False))
        case Confirmed() | Unasked():
            return Commanded(Command(turn.now_s, due_s, attempts=0, quiet=True))
    return phase


def _verified(gateway: Gateway, state: GatewayState, phase: Verifying, now_s: float) -> GatewayState:
    """What the answer says of a contradiction: that it was true, that somebody else wrote it, or nothing in time."""
    reported = state.reported
    said_s = reported.contradicted_s
    if said_s is None or (said_s <= phase.asked_s and (reported.counted_s or 0.0) > phase.asked_s):
        return replace(state, phase=phase.resumes, reported=reported.cleared())
    if said_s > phase.asked_s:
        return replace(state, phase=phase.resumes, verified_s=float("inf"))
    if now_s < phase.asked_s + gateway.SETTLE_S:
        return state
    return replace(state, phase=phase.resumes, verified_s=said_s)


def _completed(situation: Situation, decision: Decision) -> Decision:
    """The decision with the status that follows from it, and the instant at which a report grows too old."""
    gateway, turn, state = situation.gateway, situation.turn, decision.state
    status = _status(situation, state)
    reported_s = situation.state.reported.reported_s
    confirmed_s = {zone: reported_s[zone] for zone, each in status.items() if each == "confirmed"}
    state = replace(state, status=status, confirmed_s={**state.confirmed_s, **confirmed_s})
    wakes_s = [decision.wake_s]
    if not situation.is_cut_off:
        wakes_s += [situation.quiet_at_s, *(at_s + gateway.quiet_s for at_s in reported_s.values())]
    if isinstance(state.phase, Commanded | Questioned):
        wakes_s.append(state.faded_s + AFTER_FADE * gateway.SETTLE_S)
    wake_s = min((at_s for at_s in wakes_s if at_s is not None and at_s > turn.now_s), default=None)
    if not (decision.send or decision.query):
        return replace(decision, state=state, wake_s=wake_s)
    alive_s = situation.state.reported.alive_s
    is_answered = alive_s is not None and alive_s >= situation.state.asked_s
    unanswered = 0 if is_answered else situation.state.unanswered
    # what a broker keeps for one that is away comes all at once when it returns
    is_spare = situation.is_silent or max(situation.state.misses, unanswered) >= REPORT_FROM
    return replace(decision, state=replace(state, unanswered=unanswered + 1), spare=is_spare, wake_s=wake_s)


def _status(situation: Situation, state: GatewayState) -> dict[str, Status]:
    """By zone, in the phase that the turn has led to. Only a report that agrees makes a zone *confirmed*."""
    gateway, phase = situation.gateway, state.phase
    zones = gateway.zone_names
    match phase:
        case NoBroker():
            return dict.fromkeys(zones, "silent" if state.reported.alive_s is not None else "unknown")
        case Absent():
            return dict.fromkeys(zones, "unknown" if state.is_unknown else "silent")
        case Verifying():
            return dict.fromkeys(zones, "pending")
    if not gateway.confirms:
        return dict.fromkeys(zones, "unknown")
    agreed: Status = "confirmed"
    if not isinstance(phase, Confirmed) and (gateway.echoes or (situation.agrees and situation.is_fading)):
        is_in_vain = situation.agrees and gateway.echoes and state.misses >= REPORT_FROM
        agreed = "silent" if is_in_vain else "pending"
    has_time = isinstance(phase, Commanded | Questioned) and phase.command.attempts <= 1 and not state.misses
    # one that says nothing of a zone says nothing wrong of it
    reported = set(zones) if situation.is_explained or isinstance(phase, Contested) else situation.reported_zones
    otherwise: dict[str, Status] = {
        zone: "pending" if has_time else "differs" if zone in reported else "unknown" for zone in zones
    }
    return {zone: agreed if agrees else otherwise[zone] for zone, agrees in situation.agreement.items()}


def _lose_broker(situation: Situation) -> Decision:
    """Nothing is known while there is no broker."""
    state, phase = situation.state, situation.resumed
    since_s = phase.since_s if isinstance(phase, Absent) and phase.is_reported else None
    if isinstance(phase, NoBroker):
        since_s = phase.missing_since_s
    return Decision(replace(state, phase=NoBroker(since_s), desired_key=None))


def _verify(situation: Situation) -> Decision:
    """Ask whether it holds what was said in its name against its keys, before it is sent anything else."""
    now_s = situation.turn.now_s
    state = replace(situation.state, phase=Verifying(situation.phase, now_s))
    return Decision(state, recheck=True, wake_s=now_s + situation.gateway.SETTLE_S)


def _await_verification(situation: Situation) -> Decision:
    """No answer yet."""
    phase = situation.phase
    asked_s = phase.asked_s if isinstance(phase, Verifying) else situation.turn.now_s
    return Decision(situation.state, wake_s=asked_s + situation.gateway.SETTLE_S)


def _miss(situation: Situation) -> Decision:
    """A silent gateway. Most that say goodbye are just starting anew: that is an event after AWAY_S, unless it happens
    again and again. One that was not yet heard on this connection still has time for its first word."""
    state, now_s = situation.state, situation.turn.now_s
    absent, absences = situation.resumed, state.absences
    if not isinstance(absent, Absent):
        absent = Absent(now_s, is_borne=absences.allows(now_s), command=situation.command)
        absences = absences.spend(now_s)
    is_restarting = state.reported.online is False and absent.is_borne
    report_at_s = absent.since_s + AWAY_S if is_restarting else absent.since_s
    if situation.is_unheard:
        report_at_s = max(report_at_s, situation.quiet_at_s)
    is_due = not absent.is_reported and now_s >= report_at_s
    absent = replace(absent, is_reported=absent.is_reported or is_due)
    events = (_absence_event(situation),) if is_due else ()
    wake_s = None if absent.is_reported else report_at_s
    missed = Decision(replace(state, phase=absent, absences=absences), events=events, wake_s=wake_s)
    return _poll_absent(situation, missed, absent)


def _poll_absent(situation: Situation, missed: Decision, absent: Absent) -> Decision:
    """Send what is desired once in a while: not so often that it heaps up for one that is away. One whose goodbye was
    heard on this connection comes back by itself. A goodbye that the broker kept, or from before this connection, may
    be outdated, since not every firmware has its birth kept."""
    gateway, state, turn = situation.gateway, situation.state, situation.turn
    if state.reported.said_goodbye:
        return missed
    send_at_s = turn.now_s
    if state.asked_s >= (turn.connected_s or 0.0):
        every_s = LEFTOVER_S if state.reported.online is False else POLL_S
        send_at_s = state.asked_s + every_s * (1 + _spread(gateway, 0) / 4)
    if turn.now_s < send_at_s:
        return replace(missed, wake_s=min(missed.wake_s or send_at_s, send_at_s))
    command = Command(turn.now_s, turn.now_s + turn.fade_s + gateway.SETTLE_S)
    sent = replace(
        missed.state,
        phase=replace(absent, command=command),
        desired_looks=turn.desired_looks,
        cue=turn.cue,
        desired_key=turn.desired_key,
        asked_s=turn.now_s,
    )
    wake_s = min(missed.wake_s or float("inf"), turn.now_s + POLL_S)
    return replace(missed, state=sent, send=True, anew=situation.is_new, wake_s=wake_s)


def _absence_event(situation: Situation) -> Event:
    """One that was never heard has an event of its own: its topics may be wrong."""
    heard_s = situation.state.reported.alive_s
    code, since_s = ("TWL-G104", heard_s) if heard_s is not None else ("TWL-G116", situation.turn.connected_s)
    return new_event(code, gateway=situation.gateway.name, age_s=round(situation.turn.now_s - (since_s or 0.0), 1))


def _return(situation: Situation) -> Decision:
    """Heard again: sent at once what to show, unless it reports that already."""
    state, command = situation.state, situation.command
    back = replace(situation, state=replace(state, phase=Commanded(command) if command is not None else Unasked()))
    if situation.is_new or not back.agrees:
        decision = _command(back, anew=situation.is_new)
    else:
        decision = transition(back).do(back)
    if not state.is_absence_reported:
        return decision
    return replace(decision, events=(new_event("TWL-G105", gateway=situation.gateway.name), *decision.events))


def _command(situation: Situation, *, anew: bool) -> Decision:
    """Send what is desired, and give time to obey. What somebody wrote under our order may be dated later than all that
    is sent under it, so that it is replaced by a new one."""
    gateway, state, turn, phase = situation.gateway, situation.state, situation.turn, situation.phase
    anew = anew or state.is_overwritten
    is_alike = all(situation.likeness.values())
    due_s = turn.now_s + turn.fade_s + gateway.SETTLE_S
    # the steps of a sequence and the renewal of a plan are no event when they are confirmed
    is_quiet = state.desired_key is not None and state.cue == turn.cue and anew and not state.is_overwritten
    is_steady = situation.is_steady and all(situation.likeness[zone] for zone in situation.fresh)
    command = Command(turn.now_s, due_s, quiet=is_quiet, steady=is_steady)
    sent = replace(
        state,
        phase=replace(phase, command=command) if isinstance(phase, Absent) else Commanded(command),
        desired_looks=turn.desired_looks,
        cue=turn.cue,
        desired_key=turn.desired_key,
        asked_s=turn.now_s,
        is_overwritten=False,
        said_online=False,
        ordered_s=turn.now_s if anew and not is_alike else state.ordered_s,
    )
    # one that shows it already may have nothing to say, and has said nothing on this connection
    query = turn.fade_s <= 0 and not state.reported.reported_s
    return Decision(sent, send=True, anew=anew, query=query, wake_s=due_s)


def _restore(situation: Situation) -> Decision:
    """Repair a difference that appeared by itself, or somebody else's order, while the budget lasts. One that only lost
    our order, and shows what is desired, is no event."""
    state, turn, phase = situation.state, situation.turn, situation.phase
    fields = {"gateway": situation.gateway.name, **_difference(situation)}
    if not state.repairs.allows(turn.now_s):
        is_known = state.is_contested or situation.is_explained
        events = () if is_known else (new_event("TWL-G109", **fields, times=state.repairs.burst),)
        waits = replace(state, is_contested=True, phase=phase if isinstance(phase, Absent) else Contested())
        return Decision(waits, events=events, wake_s=state.repairs.ready_s)
    repaired = replace(state, repairs=state.repairs.spend(turn.now_s))
    decision = _command(replace(situation, state=repaired), anew=False)
    is_known = state.is_overwritten or state.is_contested or situation.is_explained
    if is_known or all(situation.likeness.values()):
        return decision
    return replace(decision, events=(new_event("TWL-G103", **fields),))


def _await_fade(situation: Situation) -> Decision:
    """It reports already what its fade leads to."""
    state, faded_s = situation.state, situation.turn.now_s + situation.turn.fade_s
    if not isinstance(situation.phase, Commanded | Questioned):
        command = replace(situation.pending, due_s=faded_s + situation.gateway.SETTLE_S)
        state = replace(state, phase=Commanded(command))
    return Decision(state, wake_s=faded_s)


def _confirm(situation: Situation) -> Decision:
    """It reports what is desired; once that grows old, it is made to speak."""
    state, turn = situation.state, situation.turn
    done = replace(
        state,
        phase=Confirmed(),
        desired_looks=turn.desired_looks,
        misses=0,
        is_disobedience_reported=False,
        reported=state.reported.mended(),
        is_contested=state.is_contested and turn.now_s < state.repairs.full_s,
    )
    return _keep_speaking(situation, Decision(done, events=_confirmation_events(situation)))


def _confirmation_events(situation: Situation) -> tuple[Event, ...]:
    command, issued, state = situation.command, situation.turn.issued, situation.state
    if command is None or issued is None:
        return ()
    is_late = state.is_disobedience_reported or command.attempts >= REPORT_FROM
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


def _keep_speaking(situation: Situation, decision: Decision) -> Decision:
    """Make it speak when it has not done so for POLL_S: by its question, or by the command that it has obeyed already.
    The command follows a question in vain, too: a group of Zigbee2MQTT answers nothing else."""
    gateway, now_s, state = situation.gateway, situation.turn.now_s, decision.state
    if gateway.refresh == "itself":
        return decision
    reported_s = min(state.reported.reported_s.values(), default=now_s)
    said_s = 0.0 if gateway.refresh == "nothing" else reported_s
    poll_at_s = max(said_s, state.asked_s) + POLL_S
    if state.said_online and gateway.refresh != "query":
        poll_at_s = min(poll_at_s, max(state.asked_s, 0.0) + RESTART_POLL_S)
    if now_s < poll_at_s:
        return replace(decision, wake_s=min(decision.wake_s or poll_at_s, poll_at_s))
    is_in_vain = state.asked_s > reported_s and not gateway.echoes
    is_question = gateway.refresh == "query" and not is_in_vain
    asked = replace(state, asked_s=now_s, said_online=False)
    wake_s = min(decision.wake_s or float("inf"), now_s + POLL_S)
    return replace(decision, state=asked, query=is_question, send=not is_question, wake_s=wake_s)


def _prove(situation: Situation) -> Decision:
    """It reports what it was sent, before its lamp shows it, and is asked once the command and its fade are done. It is
    given time that grows with each command before."""
    gateway, state, now_s = situation.gateway, situation.state, situation.turn.now_s
    command = situation.pending
    ask_at_s = max(state.asked_s, state.faded_s) + ECHO_S
    if now_s < ask_at_s:
        return Decision(replace(state, phase=Commanded(command)), wake_s=ask_at_s)
    due_s = now_s + max(gateway.SETTLE_S, _backoff(gateway, max(1, command.attempts)))
    asked = replace(state, phase=Questioned(replace(command, due_s=due_s), now_s), asked_s=now_s)
    return Decision(asked, query=True, wake_s=due_s)


def _await_proof(situation: Situation) -> Decision:
    """Asked what its lamp shows: the command is sent again where it does not answer in time."""
    state, command, now_s = situation.state, situation.pending, situation.turn.now_s
    if situation.answered_at_s < float("inf"):
        return Decision(state, wake_s=situation.answered_at_s)
    if now_s < command.due_s:
        return Decision(state, wake_s=command.due_s)
    missed = replace(state, misses=state.misses + 1)
    if missed.misses < REPORT_FROM or state.is_disobedience_reported:
        return _repeat(situation, missed, command)
    event = new_event("TWL-G123", gateway=situation.gateway.name, times=missed.misses)
    return _repeat(situation, replace(missed, is_disobedience_reported=True), command, (event,))


def _leave_unasked(situation: Situation) -> Decision:
    """It cannot be asked: it is sent what is desired every POLL_S, and is unknown when its report grows too old; nobody
    is alarmed."""
    command, state = situation.pending, situation.state
    if situation.turn.now_s < command.due_s:
        decision = Decision(replace(state, phase=Commanded(command)), wake_s=command.due_s)
    else:
        decision = Decision(replace(state, phase=Unasked()))
    return _keep_speaking(situation, decision)


def _prove_fade(situation: Situation) -> Decision:
    """Ask it whether its fade has arrived."""
    gateway, state, now_s = situation.gateway, situation.state, situation.turn.now_s
    command = situation.pending
    ask_at_s = state.faded_s + AFTER_FADE * gateway.SETTLE_S
    if now_s < ask_at_s:
        return Decision(state, wake_s=ask_at_s)
    is_question = gateway.refresh == "query"
    asked = replace(state, phase=Questioned(command, now_s), asked_s=now_s)
    return Decision(asked, query=is_question, send=not is_question, wake_s=command.due_s)


def _leave_alone(situation: Situation) -> Decision:
    """Under local control it differs, and nobody is alarmed."""
    return Decision(replace(situation.state, phase=LocalControl()))


def _await_plan(situation: Situation) -> Decision:
    """One that goes by its plan may cross a border a little before us."""
    now_s = situation.turn.now_s
    command = Command(now_s, now_s + situation.gateway.SETTLE_S, attempts=0)
    return Decision(replace(situation.state, phase=Commanded(command)), wake_s=command.due_s)


def _refresh(situation: Situation) -> Decision:
    """Its report has grown too old, though it was made to speak."""
    return _repeat(situation, situation.state, situation.pending)


def _wait(situation: Situation) -> Decision:
    """It has time left to obey. One that was commanded before it could hear is sent the same once more."""
    command = situation.pending
    if command.attempts > situation.state.misses + 1 and not situation.is_unheard:
        return _command(situation, anew=False)
    return Decision(situation.state, wake_s=command.due_s)


def _retry(situation: Situation) -> Decision:
    """It did not obey in time. What was sent before it was heard on this connection does not count: after a restart of
    the broker it may still seek it."""
    state, command = situation.state, situation.pending
    missed = replace(state, misses=state.misses + (not situation.is_unheard))
    events = _disobedience_events(situation, missed, command)
    is_reported = state.is_disobedience_reported or bool(events)
    return _repeat(situation, replace(missed, is_disobedience_reported=is_reported), command, events)


def _disobedience_events(situation: Situation, state: GatewayState, command: Command) -> tuple[Event, ...]:
    reported = state.reported
    if state.is_disobedience_reported or state.misses < REPORT_FROM:
        return ()
    if (reported.alive_s or 0.0) >= command.began_s and situation.is_explained:
        return ()
    fields = {"gateway": situation.gateway.name, "attempts": state.misses}
    is_answered = reported.at is not None or any(at_s >= command.began_s for at_s in reported.reported_s.values())
    if is_answered and all(situation.likeness.values()):
        return (new_event("TWL-G117", **fields, shown=shown_value(situation.turn.desired_looks, reported)),)
    if is_answered and situation.contradicts:
        return (new_event("TWL-G108", **fields, **_difference(situation)),)
    desired = situation.turn.desired_looks
    return (new_event("TWL-G102", **fields, wanted=looks_value(desired), shown=shown_value(desired, reported)),)


def _difference(situation: Situation) -> dict[str, object]:
    """What is wanted and what is shown of the zones of which it reports something else."""
    likeness = {zone: alike or zone not in situation.reported_zones for zone, alike in situation.likeness.items()}
    return difference(situation.turn.desired_looks, situation.state.reported, likeness)


def _repeat(situation: Situation, state: GatewayState, command: Command, events: tuple[Event, ...] = ()) -> Decision:
    """Send the command once more, and give more time each time."""
    gateway, turn = situation.gateway, situation.turn
    attempts = command.attempts + 1
    due_s = turn.now_s + max(_backoff(gateway, attempts), turn.fade_s + gateway.SETTLE_S)
    phase = Commanded(replace(command, attempts=attempts, due_s=due_s))
    # to ask would cut a fade short; one that echoes is asked when it has said that it obeys
    query = turn.fade_s <= 0 and not gateway.echoes
    # what it holds under our order may be somebody else's, unseen by us and dated later
    anew = gateway.KEEPS_PLAN and attempts == REPORT_FROM
    repeated = replace(state, phase=phase, asked_s=turn.now_s)
    return Decision(repeated, send=True, anew=anew, query=query, events=events, wake_s=due_s)


def _backoff(gateway: Gateway, attempts: int) -> float:
    """Seconds until the next try: doubled each time, spread by up to a quarter."""
    longest_s = OURS_MAX_S if gateway.KEEPS_PLAN else RETRY_MAX_S
    return backoff_s(attempts, RETRY_S, longest_s) * (1 + _spread(gateway, attempts) / 4)


def _spread(gateway: Gateway, attempts: int) -> float:
    """0 to 1, the same for the same gateway: not all are to be sent theirs at the same instant."""
    # not a checksum: names that differ in one digit would all be given nearly the same share
    return int.from_bytes(blake2b(f"{gateway.name}/{attempts}".encode(), digest_size=4).digest()) / 2**32


def _always(_situation: Situation) -> bool:
    return True


SETTLED = (Confirmed, Contested, LocalControl, Unasked)
WAITING = (Commanded, Questioned)
ANY = (NoBroker, Absent, Verifying, *SETTLED, *WAITING)

TRANSITIONS = (
    # whether it can be reached, and whether to believe it
    Transition(ANY, lambda it: it.is_cut_off, _lose_broker, (NoBroker,)),
    Transition(ANY, lambda it: it.is_silent and not it.gateway.KEEPS_PLAN, _miss, (Absent,)),
    Transition((Verifying,), _always, _await_verification, (Verifying,)),
    Transition(ANY, lambda it: it.is_to_be_verified, _verify, (Verifying,)),
    # what it has not been sent yet; one that keeps the plan is sent it while it is away, since the broker keeps it
    Transition((Absent,), lambda it: not it.is_silent, _return, (*WAITING, Confirmed, Contested)),
    Transition(ANY, lambda it: it.is_new, lambda it: _command(it, anew=True), (Commanded, Absent)),
    Transition(ANY, lambda it: it.state.is_overwritten, _restore, (Commanded, Contested, Absent)),
    Transition(ANY, lambda it: it.is_silent, _miss, (Absent,)),
    # it reports what is desired
    Transition(ANY, lambda it: it.agrees and it.is_fading, _await_fade, WAITING),
    Transition(ANY, lambda it: it.agrees and it.is_proven, _confirm, (Confirmed,)),
    Transition((Questioned,), lambda it: it.agrees, _await_proof, WAITING),
    Transition(ANY, lambda it: it.agrees, _prove, WAITING),
    # it does not
    Transition(
        ANY, lambda it: it.gateway.refresh == "nothing" and not it.contradicts, _leave_unasked, (Commanded, Unasked)
    ),
    Transition(WAITING, lambda it: it.has_fade_to_prove, _prove_fade, WAITING),
    Transition(ANY, lambda it: it.state.reported.by == "local", _leave_alone, (LocalControl,)),
    Transition(SETTLED, lambda it: it.state.reported.by == "plan", _await_plan, (Commanded,)),
    Transition(ANY, lambda it: it.contradicts and it.is_uncommanded, _restore, (Commanded, Contested)),
    Transition(SETTLED, _always, _refresh, (Commanded,)),
    Transition(WAITING, lambda it: it.turn.now_s < it.pending.due_s, _wait, WAITING),
    Transition(WAITING, _always, _retry, (Commanded,)),
)
"""From the top: the first row that fits the phase and whose condition holds decides."""
