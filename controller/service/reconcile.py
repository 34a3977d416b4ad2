"""The state machine of one gateway. Given what is desired, what was reported and the time, it decides what is sent, the
next phase, and when to look again. Pure.

Control is level-triggered: only the difference between desired and reported counts, never how it arose. Each turn
walks TRANSITIONS from the top; the first row whose source phase and condition both match decides.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b

from controller.events import Event, new_event
from controller.gateways.base import POLL_S, Gateway
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
    Questioned,
    TurnFacts,
    Unaskable,
    Verifying,
)
from controller.service.situation import (
    AFTER_FADE,
    MISSES_BEFORE_EVENT,
    Situation,
    absence_event,
    completed,
    confirmation_events,
    difference_of,
    disobedience_events,
    recovery_events,
    situation_of,
)

RETRY_S = 2.0
RETRY_MAX_S = 60.0
OURS_MAX_S = 6.0
"""Longest pause between two attempts with a gateway of our own contract, before jitter and fade."""
LEFTOVER_S = 600.0
"""Seconds between two commands to a gateway whose `offline` message may be outdated. Rare, because a bridge may log
each command that it cannot deliver."""
ECHO_S = 0.5
"""Seconds from a command, or the end of its fade, to the query: an earlier report may only repeat the command."""
RESTART_POLL_S = 12.0
"""Seconds after the last command until a gateway that has restarted is polled: it may not report its light itself."""
AWAY_S = 15.0
"""Seconds from `offline` to its event: a Wi-Fi device takes less from power-on to its first message."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: from one of the `sources`, if `when` holds, `do` leads to one of the `targets`."""

    sources: tuple[type, ...]
    when: Callable[[Situation], bool]
    do: Callable[[Situation], Decision]
    targets: tuple[type, ...]


def reconcile(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    """One turn for one gateway."""
    situation = situation_of(gateway, state, turn)
    return completed(situation, transition(situation).do(situation))


def transition(situation: Situation) -> Transition:
    """The row that decides."""
    return next(row for row in ROWS[type(situation.phase)] if row.when(situation))


def _lose_broker(situation: Situation) -> Decision:
    """No broker is connected, so the gateway's light is unknown."""
    state, phase = situation.state, situation.resumed
    since_s = phase.since_s if isinstance(phase, Absent) and phase.is_reported else None
    if isinstance(phase, NoBroker):
        since_s = phase.missing_since_s
    return Decision(state._replace(phase=NoBroker(since_s), desired_key=None))


def _verify(situation: Situation) -> Decision:
    """A report contradicts the gateway's keys in `tower.yaml`: ask the gateway itself before sending anything else."""
    now_s = situation.turn.now_s
    state = situation.state._replace(phase=Verifying(situation.phase, now_s))
    return Decision(state, recheck=True, wake_s=now_s + situation.gateway.SETTLE_S)


def _await_verification(situation: Situation) -> Decision:
    """The gateway has not answered yet."""
    phase = situation.phase
    asked_s = phase.asked_s if isinstance(phase, Verifying) else situation.turn.now_s
    return Decision(situation.state, wake_s=asked_s + situation.gateway.SETTLE_S)


def _miss(situation: Situation) -> Decision:
    """The gateway is silent. Most that report `offline` are only restarting, so the event waits AWAY_S, unless the
    gateway drops out repeatedly. A gateway that has sent nothing on this connection has time for its first message."""
    state, now_s = situation.state, situation.turn.now_s
    absent, absences = situation.resumed, state.absences
    if not isinstance(absent, Absent):
        absent = Absent(now_s, is_tolerated=absences.allows(now_s), command=situation.command)
        absences = absences.spend(now_s)
    is_restarting = state.reported.online is False and absent.is_tolerated
    report_at_s = absent.since_s + AWAY_S if is_restarting else absent.since_s
    if situation.has_sent_nothing:
        report_at_s = max(report_at_s, situation.quiet_at_s)
    is_due = not absent.is_reported and now_s >= report_at_s
    absent = replace(absent, is_reported=absent.is_reported or is_due)
    events = (absence_event(situation),) if is_due else ()
    wake_s = None if absent.is_reported else report_at_s
    missed = Decision(state._replace(phase=absent, absences=absences), events=events, wake_s=wake_s)
    return _poll_absent(situation, missed, absent)


def _poll_absent(situation: Situation, missed: Decision, absent: Absent) -> Decision:
    """Send the desired state to an absent gateway, but not so often that the broker queues many copies. A gateway that
    went offline on this connection announces its return itself. An `offline` that is retained, or older than this
    connection, may be outdated: not every firmware retains its `online` message."""
    gateway, state, turn = situation.gateway, situation.state, situation.turn
    if state.reported.went_offline:
        return missed
    send_at_s = turn.now_s
    if state.asked_s >= (turn.connected_s or 0.0):
        every_s = LEFTOVER_S if state.reported.online is False else POLL_S
        send_at_s = state.asked_s + every_s * (1 + _spread(gateway, 0) / 4)
    if turn.now_s < send_at_s:
        return missed._replace(is_individual=True, wake_s=min(missed.wake_s or send_at_s, send_at_s))
    command = Command(turn.now_s, turn.now_s + turn.fade_s + gateway.SETTLE_S)
    sent = missed.state._replace(
        phase=replace(absent, command=command),
        desired_looks=turn.desired_looks,
        cue=turn.cue,
        desired_key=turn.desired_key,
        asked_s=turn.now_s,
    )
    wake_s = min(missed.wake_s or float("inf"), turn.now_s + POLL_S)
    return missed._replace(state=sent, send=True, new_order=situation.is_new, wake_s=wake_s)


def _return(situation: Situation) -> Decision:
    """The gateway is back: send the desired state at once, unless it already reports it."""
    state, command = situation.state, situation.command
    back = replace(situation, state=state._replace(phase=Commanded(command) if command is not None else Unaskable()))
    if situation.is_new or not back.agrees:
        decision = _command(back, new_order=situation.is_new)
    else:
        decision = transition(back).do(back)
    if not state.is_absence_reported:
        return decision
    return decision._replace(events=(new_event("TWL-G105", gateway=situation.gateway.name), *decision.events))


def _command(situation: Situation, *, new_order: bool) -> Decision:
    """Send the desired state and give the gateway time to obey. A document that somebody else wrote under our order may
    carry a later time than ours; only a new order replaces it."""
    gateway, state, turn, phase = situation.gateway, situation.state, situation.turn, situation.phase
    new_order = new_order or state.is_overwritten
    is_alike = all(situation.likeness.values())
    due_s = turn.now_s + turn.fade_s + gateway.SETTLE_S
    # no event when a sequence step, a renewed plan or a restored document is confirmed
    is_quiet = state.desired_key is not None and state.cue == turn.cue and new_order
    is_steady = situation.is_steady and all(situation.likeness[zone] for zone in situation.fresh)
    command = Command(turn.now_s, due_s, quiet=is_quiet, steady=is_steady)
    sent = state._replace(
        phase=replace(phase, command=command) if isinstance(phase, Absent) else Commanded(command),
        desired_looks=turn.desired_looks,
        cue=turn.cue,
        desired_key=turn.desired_key,
        asked_s=turn.now_s,
        is_overwritten=False,
        has_restarted=False,
        ordered_s=turn.now_s if new_order and not is_alike else state.ordered_s,
    )
    # a gateway that shows it already may report nothing by itself
    query = turn.fade_s <= 0 and not state.reported.reported_s
    return Decision(sent, send=True, new_order=new_order, query=query, wake_s=due_s)


def _restore(situation: Situation) -> Decision:
    """Repair a difference that nobody commanded, or somebody else's order, while the repair budget lasts. No event
    where the gateway lost only our order and still shows the desired light."""
    state, turn, phase = situation.state, situation.turn, situation.phase
    fields = {"gateway": situation.gateway.name, "command_id": situation.command_id, **difference_of(situation)}
    if not state.repairs.allows(turn.now_s):
        is_known = state.is_contested or situation.is_explained
        events = () if is_known else (new_event("TWL-G109", **fields, times=state.repairs.burst),)
        waits = state._replace(is_contested=True, phase=phase if isinstance(phase, Absent) else Contested())
        return Decision(waits, events=events, wake_s=state.repairs.ready_s)
    repaired = state._replace(repairs=state.repairs.spend(turn.now_s))
    decision = _command(replace(situation, state=repaired), new_order=False)
    is_known = state.is_overwritten or state.is_contested or situation.is_explained
    if is_known or all(situation.likeness.values()):
        return decision
    return decision._replace(events=(new_event("TWL-G103", **fields),))


def _await_fade(situation: Situation) -> Decision:
    """The gateway already reports the end of its fade: wait until the fade is over."""
    state, faded_s = situation.state, situation.turn.now_s + situation.turn.fade_s
    if not isinstance(situation.phase, Commanded | Questioned):
        command = replace(situation.pending, due_s=faded_s + situation.gateway.SETTLE_S)
        state = state._replace(phase=Commanded(command))
    return Decision(state, wake_s=faded_s)


def _confirm(situation: Situation) -> Decision:
    """The gateway reports what is desired. Poll it before that report grows too old."""
    state, turn = situation.state, situation.turn
    done = state._replace(
        phase=Confirmed(),
        desired_looks=turn.desired_looks,
        misses=0,
        is_disobedience_reported=False,
        reported=state.reported.mended(),
        is_contested=state.is_contested and turn.now_s < state.repairs.full_s,
    )
    events = confirmation_events(situation) or recovery_events(situation)
    if state.is_contested and not done.is_contested:
        events += (new_event("TWL-G118", gateway=situation.gateway.name),)
    return _poll(situation, Decision(done, events=events))


def _poll(situation: Situation, decision: Decision) -> Decision:
    """Poll a gateway that has reported nothing for POLL_S, by its query or by repeating the command it has obeyed.
    After an unanswered query the command is sent instead: a Zigbee2MQTT group answers nothing else."""
    gateway, now_s, state = situation.gateway, situation.turn.now_s, decision.state
    if gateway.refresh == "itself":
        return decision
    reported_s = min(state.reported.reported_s.values(), default=now_s)
    answered_s = 0.0 if gateway.refresh == "nothing" else reported_s
    poll_at_s = max(answered_s, state.asked_s) + POLL_S
    if state.has_restarted and gateway.refresh != "query":
        poll_at_s = min(poll_at_s, max(state.asked_s, 0.0) + RESTART_POLL_S)
    if now_s < poll_at_s:
        return decision._replace(wake_s=min(decision.wake_s or poll_at_s, poll_at_s))
    is_unanswered = state.asked_s > reported_s and not gateway.echoes
    is_question = gateway.refresh == "query" and not is_unanswered
    asked = state._replace(asked_s=now_s, has_restarted=False)
    wake_s = min(decision.wake_s or float("inf"), now_s + POLL_S)
    return decision._replace(state=asked, query=is_question, send=not is_question, wake_s=wake_s)


def _prove(situation: Situation) -> Decision:
    """This kind reports a command before its lamp obeys, so query it once the command and its fade are done. The time
    to answer grows with each attempt."""
    gateway, state, now_s = situation.gateway, situation.state, situation.turn.now_s
    command = situation.pending
    ask_at_s = max(state.asked_s, state.faded_s) + ECHO_S
    if now_s < ask_at_s:
        return Decision(state._replace(phase=Commanded(command)), wake_s=ask_at_s)
    due_s = now_s + max(gateway.SETTLE_S, _backoff(gateway, max(1, command.attempts)))
    asked = state._replace(phase=Questioned(replace(command, due_s=due_s), now_s), asked_s=now_s)
    return Decision(asked, query=True, is_individual=True, wake_s=due_s)


def _await_proof(situation: Situation) -> Decision:
    """The gateway was asked what its lamp shows. Repeat the command if it does not answer in time."""
    state, command, now_s = situation.state, situation.pending, situation.turn.now_s
    if situation.answered_at_s < float("inf"):
        return Decision(state, wake_s=situation.answered_at_s)
    if now_s < command.due_s:
        return Decision(state, wake_s=command.due_s)
    missed = state._replace(misses=state.misses + 1)
    if missed.misses < MISSES_BEFORE_EVENT or state.is_disobedience_reported:
        return _repeat(situation, missed, command)
    event = new_event("TWL-G123", gateway=situation.gateway.name, times=missed.misses, command_id=situation.command_id)
    return _repeat(situation, missed._replace(is_disobedience_reported=True), command, (event,))


def _leave_unaskable(situation: Situation) -> Decision:
    """This kind cannot be asked: send the desired state every POLL_S. Its status is *unknown* once its report is too
    old, without an event."""
    command, state = situation.pending, situation.state
    if situation.turn.now_s < command.due_s:
        decision = Decision(state._replace(phase=Commanded(command)), wake_s=command.due_s)
    else:
        decision = Decision(state._replace(phase=Unaskable()))
    return _poll(situation, decision)


def _prove_fade(situation: Situation) -> Decision:
    """Ask whether the fade has reached its end."""
    gateway, state, now_s = situation.gateway, situation.state, situation.turn.now_s
    command = situation.pending
    ask_at_s = state.faded_s + AFTER_FADE * gateway.SETTLE_S
    if now_s < ask_at_s:
        return Decision(state, wake_s=ask_at_s)
    is_question = gateway.refresh == "query"
    asked = state._replace(phase=Questioned(command, now_s), asked_s=now_s)
    return Decision(asked, query=is_question, send=not is_question, wake_s=command.due_s)


def _leave_alone(situation: Situation) -> Decision:
    """Somebody controls the gateway on site: it differs, without an event."""
    return Decision(situation.state._replace(phase=LocalControl()))


def _await_plan(situation: Situation) -> Decision:
    """The gateway follows its own copy of the plan, and may reach the next cue a little before us."""
    now_s = situation.turn.now_s
    command = Command(now_s, now_s + situation.gateway.SETTLE_S, attempts=0)
    return Decision(situation.state._replace(phase=Commanded(command)), wake_s=command.due_s)


def _refresh(situation: Situation) -> Decision:
    """The report is too old although the gateway was polled."""
    return _repeat(situation, situation.state, situation.pending)


def _wait(situation: Situation) -> Decision:
    """The gateway has time left to obey. Repeat a command that was sent before the gateway was connected."""
    command = situation.pending
    if command.attempts > situation.state.misses + 1 and not situation.has_sent_nothing:
        return _command(situation, new_order=False)
    return Decision(situation.state, wake_s=command.due_s)


def _retry(situation: Situation) -> Decision:
    """The gateway did not obey in time. Attempts before its first message on this connection do not count: after a
    restart of the broker the gateway may still be reconnecting."""
    state, command = situation.state, situation.pending
    missed = state._replace(misses=state.misses + (not situation.has_sent_nothing))
    events = disobedience_events(situation, missed, command)
    is_reported = state.is_disobedience_reported or bool(events)
    return _repeat(situation, missed._replace(is_disobedience_reported=is_reported), command, events)


def _repeat(situation: Situation, state: GatewayState, command: Command, events: tuple[Event, ...] = ()) -> Decision:
    """Repeat the command, with more time to obey at each attempt."""
    gateway, turn = situation.gateway, situation.turn
    attempts = command.attempts + 1
    due_s = turn.now_s + max(_backoff(gateway, attempts), turn.fade_s + gateway.SETTLE_S)
    phase = Commanded(replace(command, attempts=attempts, due_s=due_s))
    # a query would cut a fade short; a kind that echoes is asked once it reports the command
    query = turn.fade_s <= 0 and not gateway.echoes
    # under our order it may hold somebody else's document with a later time
    new_order = gateway.KEEPS_PLAN and attempts == MISSES_BEFORE_EVENT
    repeated = state._replace(phase=phase, asked_s=turn.now_s)
    return Decision(
        repeated, send=True, new_order=new_order, query=query, is_individual=True, events=events, wake_s=due_s
    )


def _backoff(gateway: Gateway, attempts: int) -> float:
    """Seconds until the next attempt: doubled each time, plus up to a quarter of jitter."""
    longest_s = OURS_MAX_S if gateway.KEEPS_PLAN else RETRY_MAX_S
    return backoff_s(attempts, RETRY_S, longest_s) * (1 + _spread(gateway, attempts) / 4)


def _spread(gateway: Gateway, attempts: int) -> float:
    """Jitter, 0 to 1, constant for a gateway and attempt: spreads many gateways over time."""
    # a hash, not a checksum: names that differ in one digit would get nearly the same value
    return int.from_bytes(blake2b(f"{gateway.name}/{attempts}".encode(), digest_size=4).digest()) / 2**32


def _always(_situation: Situation) -> bool:
    return True


SETTLED = (Confirmed, Contested, LocalControl, Unaskable)
WAITING = (Commanded, Questioned)
ANY = (NoBroker, Absent, Verifying, *SETTLED, *WAITING)

TRANSITIONS = (
    # can the gateway be reached, and can its reports be believed?
    Transition(ANY, lambda it: it.is_cut_off, _lose_broker, (NoBroker,)),
    Transition(ANY, lambda it: it.is_silent and not it.gateway.KEEPS_PLAN, _miss, (Absent,)),
    Transition((Verifying,), _always, _await_verification, (Verifying,)),
    Transition(ANY, lambda it: it.is_to_be_verified, _verify, (Verifying,)),
    # is there something to send? A gateway that keeps the plan gets it while absent: the broker retains it
    Transition((Absent,), lambda it: not it.is_silent, _return, (*WAITING, Confirmed, Contested)),
    Transition(ANY, lambda it: it.is_new, lambda it: _command(it, new_order=True), (Commanded, Absent)),
    Transition(ANY, lambda it: it.state.is_overwritten, _restore, (Commanded, Contested, Absent)),
    Transition(ANY, lambda it: it.is_silent, _miss, (Absent,)),
    # the gateway reports what is desired
    Transition(ANY, lambda it: it.agrees and it.is_fading, _await_fade, WAITING),
    Transition(ANY, lambda it: it.agrees and it.is_proven, _confirm, (Confirmed,)),
    Transition((Questioned,), lambda it: it.agrees, _await_proof, WAITING),
    Transition(ANY, lambda it: it.agrees, _prove, WAITING),
    # the gateway does not report what is desired
    Transition(
        ANY, lambda it: it.gateway.refresh == "nothing" and not it.contradicts, _leave_unaskable, (Commanded, Unaskable)
    ),
    Transition(WAITING, lambda it: it.has_fade_to_prove, _prove_fade, WAITING),
    Transition(ANY, lambda it: it.state.reported.by == "local", _leave_alone, (LocalControl,)),
    Transition(SETTLED, lambda it: it.state.reported.by == "plan", _await_plan, (Commanded,)),
    Transition(ANY, lambda it: it.contradicts and it.is_uncommanded, _restore, (Commanded, Contested)),
    Transition(SETTLED, _always, _refresh, (Commanded,)),
    Transition(WAITING, lambda it: it.turn.now_s < it.pending.due_s, _wait, WAITING),
    Transition(WAITING, _always, _retry, (Commanded,)),
)
"""From the top: the first row whose phase and condition match decides."""
ROWS = {phase: tuple(row for row in TRANSITIONS if phase in row.sources) for phase in ANY}
