"""The life of one gateway as a table of transitions: what is desired, what it reported, now -> what to send, the next
phase, and when to look again. Pure.

Control is level-triggered: only the difference between what is desired and what is reported counts, never how it came
about. Each turn walks TRANSITIONS from the top; the first row that fits the phase and whose condition holds decides.
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
    Unasked,
    Verifying,
)
from controller.service.situation import (
    AFTER_FADE,
    REPORT_FROM,
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
"""The longest pause between two tries with a gateway of our own, which is heard all the time."""
LEFTOVER_S = 600.0
"""How often a gateway is sent what is desired whose goodbye may be outdated. Rare, since a bridge may tell of each
command that it could not hand on."""
ECHO_S = 0.5
"""After a command: what is reported so soon may still be what was sent."""
RESTART_POLL_S = 12.0
"""How soon after the last command a gateway is made to speak that has said `online` once more: it has started anew and
may have nothing else to say of it."""
AWAY_S = 15.0
"""Before an absence is an event: longer than a device with Wi-Fi takes from power on to its first word."""


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
    return completed(situation, transition(situation).do(situation))


def transition(situation: Situation) -> Transition:
    """The row that decides."""
    return next(row for row in ROWS[type(situation.phase)] if row.when(situation))


def _lose_broker(situation: Situation) -> Decision:
    """Nothing is known while there is no broker."""
    state, phase = situation.state, situation.resumed
    since_s = phase.since_s if isinstance(phase, Absent) and phase.is_reported else None
    if isinstance(phase, NoBroker):
        since_s = phase.missing_since_s
    return Decision(state._replace(phase=NoBroker(since_s), desired_key=None))


def _verify(situation: Situation) -> Decision:
    """Ask whether it holds what was said in its name against its keys, before it is sent anything else."""
    now_s = situation.turn.now_s
    state = situation.state._replace(phase=Verifying(situation.phase, now_s))
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
    events = (absence_event(situation),) if is_due else ()
    wake_s = None if absent.is_reported else report_at_s
    missed = Decision(state._replace(phase=absent, absences=absences), events=events, wake_s=wake_s)
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
        return missed._replace(is_own=True, wake_s=min(missed.wake_s or send_at_s, send_at_s))
    command = Command(turn.now_s, turn.now_s + turn.fade_s + gateway.SETTLE_S)
    sent = missed.state._replace(
        phase=replace(absent, command=command),
        desired_looks=turn.desired_looks,
        cue=turn.cue,
        desired_key=turn.desired_key,
        asked_s=turn.now_s,
    )
    wake_s = min(missed.wake_s or float("inf"), turn.now_s + POLL_S)
    return missed._replace(state=sent, send=True, anew=situation.is_new, wake_s=wake_s)


def _return(situation: Situation) -> Decision:
    """Heard again: sent at once what to show, unless it reports that already."""
    state, command = situation.state, situation.command
    back = replace(situation, state=state._replace(phase=Commanded(command) if command is not None else Unasked()))
    if situation.is_new or not back.agrees:
        decision = _command(back, anew=situation.is_new)
    else:
        decision = transition(back).do(back)
    if not state.is_absence_reported:
        return decision
    return decision._replace(events=(new_event("TWL-G105", gateway=situation.gateway.name), *decision.events))


def _command(situation: Situation, *, anew: bool) -> Decision:
    """Send what is desired, and give time to obey. What somebody wrote under our order may be dated later than all that
    is sent under it, so that it is replaced by a new one."""
    gateway, state, turn, phase = situation.gateway, situation.state, situation.turn, situation.phase
    anew = anew or state.is_overwritten
    is_alike = all(situation.likeness.values())
    due_s = turn.now_s + turn.fade_s + gateway.SETTLE_S
    # the steps of a sequence, the renewal of a plan, and what was written over are no event when they are confirmed
    is_quiet = state.desired_key is not None and state.cue == turn.cue and anew
    is_steady = situation.is_steady and all(situation.likeness[zone] for zone in situation.fresh)
    command = Command(turn.now_s, due_s, quiet=is_quiet, steady=is_steady)
    sent = state._replace(
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
    fields = {"gateway": situation.gateway.name, "command_id": situation.command_id, **difference_of(situation)}
    if not state.repairs.allows(turn.now_s):
        is_known = state.is_contested or situation.is_explained
        events = () if is_known else (new_event("TWL-G109", **fields, times=state.repairs.burst),)
        waits = state._replace(is_contested=True, phase=phase if isinstance(phase, Absent) else Contested())
        return Decision(waits, events=events, wake_s=state.repairs.ready_s)
    repaired = state._replace(repairs=state.repairs.spend(turn.now_s))
    decision = _command(replace(situation, state=repaired), anew=False)
    is_known = state.is_overwritten or state.is_contested or situation.is_explained
    if is_known or all(situation.likeness.values()):
        return decision
    return decision._replace(events=(new_event("TWL-G103", **fields),))


def _await_fade(situation: Situation) -> Decision:
    """It reports already what its fade leads to."""
    state, faded_s = situation.state, situation.turn.now_s + situation.turn.fade_s
    if not isinstance(situation.phase, Commanded | Questioned):
        command = replace(situation.pending, due_s=faded_s + situation.gateway.SETTLE_S)
        state = state._replace(phase=Commanded(command))
    return Decision(state, wake_s=faded_s)


def _confirm(situation: Situation) -> Decision:
    """It reports what is desired; once that grows old, it is made to speak."""
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
    return _keep_speaking(situation, Decision(done, events=events))


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
        return decision._replace(wake_s=min(decision.wake_s or poll_at_s, poll_at_s))
    is_in_vain = state.asked_s > reported_s and not gateway.echoes
    is_question = gateway.refresh == "query" and not is_in_vain
    asked = state._replace(asked_s=now_s, said_online=False)
    wake_s = min(decision.wake_s or float("inf"), now_s + POLL_S)
    return decision._replace(state=asked, query=is_question, send=not is_question, wake_s=wake_s)


def _prove(situation: Situation) -> Decision:
    """It reports what it was sent, before its lamp shows it, and is asked once the command and its fade are done. It is
    given time that grows with each command before."""
    gateway, state, now_s = situation.gateway, situation.state, situation.turn.now_s
    command = situation.pending
    ask_at_s = max(state.asked_s, state.faded_s) + ECHO_S
    if now_s < ask_at_s:
        return Decision(state._replace(phase=Commanded(command)), wake_s=ask_at_s)
    due_s = now_s + max(gateway.SETTLE_S, _backoff(gateway, max(1, command.attempts)))
    asked = state._replace(phase=Questioned(replace(command, due_s=due_s), now_s), asked_s=now_s)
    return Decision(asked, query=True, is_own=True, wake_s=due_s)


def _await_proof(situation: Situation) -> Decision:
    """Asked what its lamp shows: the command is sent again where it does not answer in time."""
    state, command, now_s = situation.state, situation.pending, situation.turn.now_s
    if situation.answered_at_s < float("inf"):
        return Decision(state, wake_s=situation.answered_at_s)
    if now_s < command.due_s:
        return Decision(state, wake_s=command.due_s)
    missed = state._replace(misses=state.misses + 1)
    if missed.misses < REPORT_FROM or state.is_disobedience_reported:
        return _repeat(situation, missed, command)
    event = new_event("TWL-G123", gateway=situation.gateway.name, times=missed.misses, command_id=situation.command_id)
    return _repeat(situation, missed._replace(is_disobedience_reported=True), command, (event,))


def _leave_unasked(situation: Situation) -> Decision:
    """It cannot be asked: it is sent what is desired every POLL_S, and is unknown when its report grows too old; nobody
    is alarmed."""
    command, state = situation.pending, situation.state
    if situation.turn.now_s < command.due_s:
        decision = Decision(state._replace(phase=Commanded(command)), wake_s=command.due_s)
    else:
        decision = Decision(state._replace(phase=Unasked()))
    return _keep_speaking(situation, decision)


def _prove_fade(situation: Situation) -> Decision:
    """Ask it whether its fade has arrived."""
    gateway, state, now_s = situation.gateway, situation.state, situation.turn.now_s
    command = situation.pending
    ask_at_s = state.faded_s + AFTER_FADE * gateway.SETTLE_S
    if now_s < ask_at_s:
        return Decision(state, wake_s=ask_at_s)
    is_question = gateway.refresh == "query"
    asked = state._replace(phase=Questioned(command, now_s), asked_s=now_s)
    return Decision(asked, query=is_question, send=not is_question, wake_s=command.due_s)


def _leave_alone(situation: Situation) -> Decision:
    """Under local control it differs, and nobody is alarmed."""
    return Decision(situation.state._replace(phase=LocalControl()))


def _await_plan(situation: Situation) -> Decision:
    """One that goes by its plan may cross a border a little before us."""
    now_s = situation.turn.now_s
    command = Command(now_s, now_s + situation.gateway.SETTLE_S, attempts=0)
    return Decision(situation.state._replace(phase=Commanded(command)), wake_s=command.due_s)


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
    missed = state._replace(misses=state.misses + (not situation.is_unheard))
    events = disobedience_events(situation, missed, command)
    is_reported = state.is_disobedience_reported or bool(events)
    return _repeat(situation, missed._replace(is_disobedience_reported=is_reported), command, events)


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
    repeated = state._replace(phase=phase, asked_s=turn.now_s)
    return Decision(repeated, send=True, anew=anew, query=query, is_own=True, events=events, wake_s=due_s)


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
ROWS = {phase: tuple(row for row in TRANSITIONS if phase in row.sources) for phase in ANY}
"""Those that fit a phase."""
