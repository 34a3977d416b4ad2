"""Decides for one gateway: wished, heard, under way, now -> what to send and when to look again. Pure.

Rules
1. Level-triggered: only the difference between the goal and the report counts, never how it came about.
2. A new wish is sent at once. A gateway that comes back, or is heard at last, is told again at once.
3. A report that agrees confirms, once the fade is done, and for as long as `quiet_s`; before that is over, the gateway
   is made to speak in its way (`refresh`). What was heard before this connection began, or was retained, confirms
   nothing; nor does what was said while the fade ran, where a gateway can be asked again after it; nor does a gateway
   that keeps the plan before it has accepted the order issued last. Nothing does of
   one that once said what its keys in `tower.yaml` rule out: a lamp on another scale says what it was told ever after.
   Only where it says otherwise when it is asked at once, before it is told anything, was it somebody else who said so.
4. Until the fade and SETTLE_S have passed, a report that does not agree is a fade under way, not a fault.
5. No confirmation when it is due: sent again, after RETRY_S doubled each time, spread by a share that differs from
   gateway to gateway; at most after RETRY_MAX_S, or OURS_MAX_S where the gateway is ours and is heard. After
   TELL_FROM commands in vain it is told, once until it has confirmed again. Those that were sent before it was heard
   on this connection do not count: after a restart of the broker it may still seek it.
6. A difference that appears by itself, or somebody else's order, is repaired at once, up to REPAIRS in a burst; after
   that it is told, once until a minute without, and repaired at the pace of as many a minute. One that only lost our
   order, and shows what is wished, is not told of.
7. A gateway that tells what it was told before its lamp shows it (`echoes`) is asked after each command, once that and
   its fade are done, and only the answer confirms. One that does so and does not answer is silent, and told.
8. A gateway that is silent (`liveness`) is sent the wish once in POLL_S, so that nothing heaps up for it; one whose
   last will was heard as it was said is sent nothing until it is back. A goodbye that the broker kept, or from before
   this connection, may be outdated, since not every firmware has its birth kept: it is sent the wish once, and then
   every LEFTOVER_S. Only a document that the broker keeps is kept right.
9. A gateway that cannot be asked is sent the wish every POLL_S. It is confirmed while its last report is fresh, and
   unknown after that; nobody is alarmed.
10. A gateway under local control (a walk test) is left alone; it differs, and nobody is alarmed.
11. A gateway that goes by its plan may cross a border a little before us: it is left SETTLE_S.
12. The steps of a sequence and the renewal of a plan are not told when they are confirmed.
"""

from dataclasses import replace
from hashlib import blake2b

from controller.events import Event, new_event
from controller.gateways.base import POLL_S, Gateway
from controller.gateways.vendor import CONTRADICTED
from controller.retry import backoff_s
from controller.service import liveness
from controller.service.formatting import difference, says, shows
from controller.service.gateway_state import PROVEN, Decision, GatewayState, Pending, Recheck, Status, TurnFacts

RETRY_S = 2.0
RETRY_MAX_S = 60.0
LEFTOVER_S = 600.0
"""Rare, since a bridge may tell of each command that it could not hand on."""
OURS_MAX_S = 6.0
TELL_FROM = 3
ECHO_S = 0.5
"""After a command: what is told so soon may still be what was told to it."""
ANSWER_S = 1.0
"""A bridge reads the parts of a lamp one after another, and tells each with the rest from its cache: so long may lie
between two of them."""
REPAIRS = 5
REPAIR_WINDOW_S = 60.0
REPAIR_COST_S = REPAIR_WINDOW_S / REPAIRS
AFTER_FADE = 0.25
"""Share of SETTLE_S after which a gateway is asked whether its fade is done: it began it a little late."""


def reconcile(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    """One turn for one gateway."""
    if turn.connected_s is None:
        return _cut_off(gateway, state)
    silent = liveness.is_silent(gateway, state, turn)
    decision = _decide(gateway, _fading(state, turn), turn, silent)
    if not (decision.send or decision.query):
        return decision
    answered = state.reported.alive_s is not None and state.reported.alive_s >= (state.asked_s or 0.0)
    unanswered = 0 if answered else state.unanswered
    # what a broker keeps for one that is away comes all at once when it returns
    spare = silent or max(state.misses, unanswered) >= TELL_FROM
    return replace(decision, state=replace(decision.state, unanswered=unanswered + 1), spare=spare)


def _decide(gateway: Gateway, state: GatewayState, turn: TurnFacts, silent: bool) -> Decision:
    if silent and not gateway.KEEPS_PLAN:
        return _silent(gateway, state, turn)
    if state.reported.contradicted_s is not None:
        asked = _recheck(gateway, state, turn, state.reported.contradicted_s)
        if asked.wake_s is not None:
            return asked
        state = asked.state
    if state.silent and not silent:
        return _back(gateway, state, turn)
    if turn.desired_key != state.desired_key:
        return _ask(gateway, state, turn, anew=True)
    if state.overwritten:
        return _restore(gateway, state, turn)
    followed = _follow(gateway, state, turn)
    return _silent(gateway, followed, turn) if silent else _compare(gateway, followed, turn)


def _fading(state: GatewayState, turn: TurnFacts) -> GatewayState:
    """When its own fade ends; a gateway that confirms the goal already does not fade, whatever others do."""
    if turn.fade_s > 0 and state.confirmed != turn.desired_looks:
        return replace(state, faded_s=turn.now_s + turn.fade_s)
    return replace(state, faded_s=min(state.faded_s, turn.now_s))


def _compare(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    """What it says beside what is wished. Looks again when what it said grows too old."""
    agrees = _agreement(gateway, state, turn)
    if all(agrees.values()):
        proven = not gateway.echoes or _answered_at_s(gateway, state) <= turn.now_s
        decision = _agrees(gateway, state, turn) if proven else _prove(gateway, state, turn)
    elif gateway.refresh == "nothing" and not _contradicts(gateway, state, turn):
        decision = _unasked(gateway, state, turn, agrees)
    elif _is_to_prove_its_fade(gateway, state, turn):
        decision = _after_fade(gateway, state, turn)
    else:
        decision = _disagrees(gateway, state, turn, agrees)
    ends_s = [
        liveness.quiet_at_s(gateway, state, turn),
        *(at_s + gateway.quiet_s for at_s in state.reported.reported_s.values()),
    ]
    if state.pending is not None:
        ends_s.append(state.faded_s + AFTER_FADE * gateway.SETTLE_S)
    wakes_s = [at_s for at_s in (decision.wake_s, *ends_s) if at_s is not None and at_s > turn.now_s]
    state = decision.state
    said_s = {zone: state.reported.reported_s[zone] for zone, how in state.status.items() if how == "confirmed"}
    known = replace(state, confirmed_s={**state.confirmed_s, **said_s})
    return replace(decision, state=known, wake_s=min(wakes_s, default=None))


def _recheck(gateway: Gateway, state: GatewayState, turn: TurnFacts, said_s: float) -> Decision:
    """Asks whether it holds what was said in its name against its keys, and waits for the answer. An answer that comes
    after anything else was sent proves nothing."""
    known = state.recheck
    if not gateway.recheck(turn.desired_looks):
        return Decision(state)
    if known is not None and known.asked_s is not None:
        return _rechecked(gateway, state, turn, said_s, known.asked_s)
    if known is not None and known.about_s >= said_s:
        return Decision(state)
    if (state.asked_s or 0.0) > said_s - gateway.SETTLE_S:
        return Decision(replace(state, recheck=Recheck(said_s)))
    pending: dict[str, Status] = dict.fromkeys(gateway.zone_names, "pending")
    waits = replace(state, recheck=Recheck(said_s, turn.now_s), asked_s=turn.now_s, status=pending)
    return Decision(waits, recheck=True, wake_s=turn.now_s + gateway.SETTLE_S)


def _rechecked(gateway: Gateway, state: GatewayState, turn: TurnFacts, said_s: float, asked_s: float) -> Decision:
    """Its answer settles it."""
    if said_s > asked_s:
        return Decision(replace(state, recheck=PROVEN))
    if (state.reported.counted_s or 0.0) > asked_s:
        return Decision(replace(state, recheck=None, reported=state.reported.cleared()))
    if turn.now_s < asked_s + gateway.SETTLE_S:
        return Decision(state, wake_s=asked_s + gateway.SETTLE_S)
    return Decision(replace(state, recheck=Recheck(said_s)))


def _back(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    """Heard again: told at once what to show, unless it says that it does."""
    there = replace(state, silent_s=None, missed=False)
    if turn.desired_key == state.desired_key and all(_agreement(gateway, there, turn).values()):
        decision = _compare(gateway, there, turn)
    else:
        decision = _ask(gateway, there, turn, anew=turn.desired_key != state.desired_key)
    return _with_event(decision, new_event("TWL-G105", gateway=gateway.name)) if state.missed else decision


def _cut_off(gateway: Gateway, state: GatewayState) -> Decision:
    """Nothing is known while there is no broker. Whose absence was not told yet may have followed the broker, and has
    all the time again when there is one."""
    status = dict.fromkeys(gateway.zone_names, _unheard(state))
    silent_s = state.silent_s if state.missed else None
    return Decision(replace(state, status=status, pending=None, desired_key=None, confirmed=None, silent_s=silent_s))


def _ask(gateway: Gateway, state: GatewayState, turn: TurnFacts, *, anew: bool = False) -> Decision:
    """Rule 2. Whatever somebody wrote under our order may be dated later than all that we send under it."""
    anew = anew or state.overwritten
    due_s = turn.now_s + turn.fade_s + gateway.SETTLE_S
    quiet = state.desired_key is not None and state.cue == turn.cue and anew and not state.overwritten
    asked = replace(
        state,
        pending=Pending(turn.now_s, due_s, quiet=quiet),
        desired_looks=turn.desired_looks,
        cue=turn.cue,
        desired_key=turn.desired_key,
        status=_standing(gateway, state, turn),
        asked_s=turn.now_s,
        overwritten=False,
        greeted=False,
        proof_s=None,
        ordered_s=turn.now_s if anew and not all(_likeness(gateway, state, turn).values()) else state.ordered_s,
    )
    # one that shows it already may have nothing to say, and has said nothing on this connection
    query = turn.fade_s <= 0 and not state.reported.reported_s
    return Decision(asked, send=True, anew=anew, query=query, wake_s=due_s)


def _standing(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> dict[str, Status]:
    """How it stands while it is being asked."""
    if state.silent:
        return dict(state.status)
    if not gateway.confirms:
        return dict.fromkeys(gateway.zone_names, "unknown")
    if gateway.echoes:
        return dict.fromkeys(gateway.zone_names, "pending")
    return _by_zone(_agreement(gateway, state, turn), "pending")


def _follow(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> GatewayState:
    """The goal moved on by itself (a step of a sequence that the gateway knows): time is left to report it."""
    if state.desired_looks == turn.desired_looks:
        return state
    due_s = turn.now_s + turn.fade_s + gateway.SETTLE_S
    pending = state.pending or Pending(turn.now_s, due_s, attempts=0, quiet=True)
    return replace(state, desired_looks=turn.desired_looks, pending=replace(pending, due_s=max(due_s, pending.due_s)))


def _agreement(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> dict[str, bool]:
    """By zone: whether what was heard is what is wished (rule 3)."""
    accepted = not gateway.KEEPS_PLAN or (turn.issued is not None and state.reported.order == turn.issued.order)
    return {zone: accepted and alike for zone, alike in _likeness(gateway, state, turn).items()}


def _likeness(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> dict[str, bool]:
    """By zone: whether it shows what is wished, under whatever order."""
    heard, fresh = state.reported, _fresh(gateway, state, turn)
    believed = CONTRADICTED not in heard.problems
    return {
        zone: believed
        and zone in fresh
        and gateway.agrees(zone, gateway.reduce(zone, desired_looks), heard.zones[zone])
        for zone, desired_looks in turn.desired_looks.items()
    }


def _fresh(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> set[str]:
    """The zones of which its word counts: told on this connection, not too long ago, after the last order to show
    something else, and after the fade (rule 3)."""
    since_s = turn.now_s - gateway.quiet_s
    if not gateway.KEEPS_PLAN:
        since_s = max(since_s, state.ordered_s)
    if gateway.refresh in {"query", "command"}:
        since_s = max(since_s, state.faded_s)
    return {zone for zone, at_s in state.reported.reported_s.items() if at_s > since_s}


def _contradicts(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> bool:
    """Whether it says something else than what is wished, or follows another order; saying nothing is neither."""
    agreement = _agreement(gateway, state, turn)
    return any(not agreement[zone] for zone in _spoken_of(gateway, state, turn))


def _spoken_of(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> set[str]:
    """The zones of which it says what they show; a report of ours is whole, and what it leaves out shows nothing that
    could be named."""
    return set(gateway.zone_names) if state.reported.at is not None else _fresh(gateway, state, turn)


def _agrees(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    if turn.fade_s > 0 and state.confirmed != turn.desired_looks:
        fading = replace(state, status=dict.fromkeys(gateway.zone_names, "pending"))
        return Decision(fading, wake_s=turn.now_s + turn.fade_s)
    confirmed: dict[str, Status] = dict.fromkeys(gateway.zone_names, "confirmed")
    done = replace(
        state,
        pending=None,
        confirmed=turn.desired_looks,
        status=confirmed,
        misses=0,
        alarmed=False,
        reported=state.reported.mended(),
        contested=state.contested and turn.now_s < state.paid_s,
    )
    return _polled(gateway, Decision(done, events=_told_confirmed(gateway, state, turn)), turn)


def _answered_at_s(gateway: Gateway, state: GatewayState) -> float:
    """When it will have answered what it was asked after its last command: when no other part has come for a while,
    though one that speaks all the time has only so long. Infinity while it has said nothing."""
    reported_s = min(state.reported.reported_s.values())
    if state.proof_s is None or reported_s <= state.proof_s:
        return float("inf")
    return min(reported_s + ANSWER_S, state.proof_s + gateway.SETTLE_S)


def _prove(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    """Rule 7: it says what it was told, and is asked for what its lamp shows; told again where it does not answer."""
    pending = state.pending or Pending(turn.now_s, turn.now_s, quiet=True)
    status: Status = "silent" if state.misses >= TELL_FROM else "pending"
    waits = replace(state, pending=pending, status=dict.fromkeys(gateway.zone_names, status))
    if state.proof_s is None:
        ask_at_s = max(state.asked_s or 0.0, state.faded_s) + ECHO_S
        if turn.now_s < ask_at_s:
            return Decision(waits, wake_s=ask_at_s)
        return _questioned(gateway, waits, pending, turn)
    if (answered_at_s := _answered_at_s(gateway, state)) < float("inf"):
        return Decision(waits, wake_s=answered_at_s)
    if turn.now_s < pending.due_s:
        return Decision(waits, wake_s=pending.due_s)
    missed = replace(waits, misses=state.misses + 1)
    events: tuple[Event, ...] = ()
    if missed.misses >= TELL_FROM and not state.alarmed:
        events = (new_event("TWL-G123", gateway=gateway.name, times=missed.misses),)
    return _again(gateway, replace(missed, alarmed=state.alarmed or bool(events)), turn, events)


def _questioned(gateway: Gateway, state: GatewayState, pending: Pending, turn: TurnFacts) -> Decision:
    """Asked, and given time that grows with each command before it."""
    due_s = turn.now_s + max(gateway.SETTLE_S, _backoff(gateway, max(1, pending.attempts)))
    asked = replace(state, pending=replace(pending, due_s=due_s), proof_s=turn.now_s, asked_s=turn.now_s)
    return Decision(asked, query=True, wake_s=due_s)


def _told_confirmed(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> tuple[Event, ...]:
    pending = state.pending
    late = state.alarmed or (pending is not None and pending.attempts >= TELL_FROM)
    if pending is None or turn.issued is None or (not late and (pending.quiet or not pending.attempts)):
        return ()
    event = new_event(
        "TWL-G107" if late else "TWL-G101",
        gateway=gateway.name,
        shows=shows(turn.desired_looks),
        latency_s=round(turn.now_s - pending.began_s, 3),
        attempts=pending.attempts,
        command_id=turn.issued.command_id,
    )
    return (event,)


def _polled(gateway: Gateway, decision: Decision, turn: TurnFacts) -> Decision:
    """Made to speak when it has not done so for POLL_S: by its question, or by the command it has obeyed. The command
    follows a question in vain, too: a group of Zigbee2MQTT answers nothing else."""
    state = decision.state
    if gateway.refresh == "itself":
        return decision
    reported_s = min(state.reported.reported_s.values(), default=turn.now_s)
    poll_at_s = _poll_at_s(gateway, state, reported_s)
    if turn.now_s < poll_at_s:
        return replace(decision, wake_s=poll_at_s)
    in_vain = state.asked_s is not None and state.asked_s > reported_s and not gateway.echoes
    is_question = gateway.refresh == "query" and not in_vain
    asked = replace(state, asked_s=turn.now_s, greeted=False)
    return replace(decision, state=asked, query=is_question, send=not is_question, wake_s=turn.now_s + POLL_S)


def _poll_at_s(gateway: Gateway, state: GatewayState, reported_s: float) -> float:
    """When it is to be made to speak. Sooner where it has said `online` once more, has started therefore, and may have
    nothing else to say of it."""
    said_s = 0.0 if gateway.refresh == "nothing" else reported_s
    poll_at_s = max(said_s, state.asked_s or said_s) + POLL_S
    if state.greeted and gateway.refresh != "query":
        return min(poll_at_s, (state.asked_s or 0.0) + REPAIR_COST_S)
    return poll_at_s


def _unasked(gateway: Gateway, state: GatewayState, turn: TurnFacts, agrees: dict[str, bool]) -> Decision:
    """Rule 9."""
    pending = state.pending if state.pending is not None and turn.now_s < state.pending.due_s else None
    otherwise: Status = "pending" if pending is not None and gateway.confirms else "unknown"
    waits = replace(state, pending=pending, status=_by_zone(agrees, otherwise), confirmed=None)
    decision = _polled(gateway, Decision(waits), turn)
    if pending is None or decision.wake_s is None:
        return decision
    return replace(decision, wake_s=min(decision.wake_s, pending.due_s))


def _is_to_prove_its_fade(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> bool:
    """Whether its fade is over and it was not asked since: during a fade most tell where it goes, or what they hold in
    a cache (rule 3)."""
    is_over = turn.fade_s <= 0 and state.pending is not None and turn.now_s < state.pending.due_s
    return is_over and gateway.refresh in {"query", "command"} and (state.asked_s or 0.0) < state.faded_s


def _after_fade(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    """Asked whether it has arrived."""
    waits = replace(state, status=dict.fromkeys(gateway.zone_names, "pending"))
    ask_at_s = state.faded_s + AFTER_FADE * gateway.SETTLE_S
    if turn.now_s < ask_at_s:
        return Decision(waits, wake_s=ask_at_s)
    is_question = gateway.refresh == "query"
    asked = replace(waits, asked_s=turn.now_s, proof_s=turn.now_s)
    due_s = state.pending.due_s if state.pending is not None else None
    return Decision(asked, query=is_question, send=not is_question, wake_s=due_s)


def _silent(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    """Rule 8."""
    noted = liveness.note_silence(gateway, state, turn)
    if state.reported.left:
        return noted
    every_s = LEFTOVER_S if state.reported.online is False else POLL_S
    is_asked = state.asked_s is not None and state.asked_s >= (turn.connected_s or 0.0)
    send_at_s = (state.asked_s or 0.0) + every_s * (1 + _spread(gateway, 0) / 4) if is_asked else turn.now_s
    if turn.now_s < send_at_s:
        return replace(noted, wake_s=min(noted.wake_s or send_at_s, send_at_s))
    asked = replace(
        noted.state,
        pending=Pending(turn.now_s, turn.now_s + turn.fade_s + gateway.SETTLE_S),
        desired_looks=turn.desired_looks,
        cue=turn.cue,
        desired_key=turn.desired_key,
        asked_s=turn.now_s,
        proof_s=None,
    )
    wake_s = min(noted.wake_s or float("inf"), turn.now_s + POLL_S)
    return replace(noted, state=asked, send=True, anew=turn.desired_key != state.desired_key, wake_s=wake_s)


def _disagrees(gateway: Gateway, state: GatewayState, turn: TurnFacts, agrees: dict[str, bool]) -> Decision:
    differs = replace(state, status=_parted(gateway, state, turn, agrees), confirmed=None)
    if state.reported.by == "local":
        return Decision(replace(differs, pending=None))
    if state.pending is None and state.reported.by == "plan":
        pending = Pending(turn.now_s, turn.now_s + gateway.SETTLE_S, attempts=0)
        return Decision(replace(differs, pending=pending), wake_s=pending.due_s)
    if state.pending is None:
        contradicts = _contradicts(gateway, state, turn)
        quietly = replace(differs, pending=Pending(turn.now_s, turn.now_s, attempts=0, quiet=True))
        return _restore(gateway, differs, turn) if contradicts else _again(gateway, quietly, turn, ())
    if turn.now_s < state.pending.due_s:
        # it was told while it could not hear
        if state.pending.attempts > state.misses + 1 and not liveness.is_unheard(state, turn):
            return _ask(gateway, state, turn)
        asked = differs if state.misses else replace(differs, status=_by_zone(agrees, "pending"))
        return Decision(asked, wake_s=state.pending.due_s)
    missed = replace(differs, misses=state.misses + (not liveness.is_unheard(state, turn)))
    events = _told_disobeyed(gateway, missed, turn)
    return _again(gateway, replace(missed, alarmed=state.alarmed or bool(events)), turn, events)


def _parted(gateway: Gateway, state: GatewayState, turn: TurnFacts, agrees: dict[str, bool]) -> dict[str, Status]:
    """By zone, when the time to obey is over: one that says nothing of a zone says nothing wrong of it."""
    spoken_of = set(agrees) if _is_explained(gateway, state) else _spoken_of(gateway, state, turn)
    otherwise: dict[str, Status] = {zone: "differs" if zone in spoken_of else "unknown" for zone in agrees}
    return {zone: "confirmed" if agreed else otherwise[zone] for zone, agreed in agrees.items()}


def _told_disobeyed(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> tuple[Event, ...]:
    if state.alarmed or state.misses < TELL_FROM or state.pending is None:
        return ()
    if (state.reported.alive_s or 0.0) >= state.pending.began_s and _is_explained(gateway, state):
        return ()
    fields = {"gateway": gateway.name, "attempts": state.misses}
    answered = (
        any(at_s >= state.pending.began_s for at_s in state.reported.reported_s.values())
        or state.reported.at is not None
    )
    if answered and all(_likeness(gateway, state, turn).values()):
        return (new_event("TWL-G117", **fields, shown=says(state.reported)),)
    if answered and _contradicts(gateway, state, turn):
        return (new_event("TWL-G108", **fields, **_difference(gateway, state, turn)),)
    return (new_event("TWL-G102", **fields, wanted=shows(turn.desired_looks), shown=says(state.reported)),)


def _difference(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> dict[str, str]:
    """What is wanted and what is shown of the zones of which it says something else."""
    spoken_of = _spoken_of(gateway, state, turn)
    likeness = {zone: alike or zone not in spoken_of for zone, alike in _likeness(gateway, state, turn).items()}
    return difference(turn.desired_looks, state.reported, likeness)


def _is_explained(gateway: Gateway, state: GatewayState) -> bool:
    """Whether it is told already why a vendor's gateway is not right."""
    return not gateway.KEEPS_PLAN and bool(state.reported.problems)


def _restore(gateway: Gateway, state: GatewayState, turn: TurnFacts) -> Decision:
    """Rule 6: what was confirmed is no more, or our order is not the one that stands."""
    fields = {"gateway": gateway.name, **_difference(gateway, state, turn)}
    paid_s = max(state.paid_s, turn.now_s) + REPAIR_COST_S
    allowed_s = paid_s - REPAIR_WINDOW_S
    if turn.now_s < allowed_s:
        events = (
            ()
            if state.contested or _is_explained(gateway, state)
            else (new_event("TWL-G109", **fields, times=REPAIRS),)
        )
        status = _by_zone(_agreement(gateway, state, turn), "differs")
        waiting = replace(state, contested=True, status=status)
        return Decision(waiting, events=events, wake_s=allowed_s)
    asked = _ask(gateway, replace(state, paid_s=paid_s), turn)
    told = state.overwritten or state.contested or _is_explained(gateway, state)
    if told or all(_likeness(gateway, state, turn).values()):
        return asked
    marked = replace(asked.state, status=state.status)
    return _with_event(replace(asked, state=marked), new_event("TWL-G103", **fields))


def _again(gateway: Gateway, state: GatewayState, turn: TurnFacts, events: tuple[Event, ...]) -> Decision:
    """Rule 5: send once more when it is due, and later each time. Asking would cut a fade short."""
    pending = state.pending or Pending(turn.now_s, turn.now_s, attempts=0)
    if turn.now_s < pending.due_s:
        return Decision(replace(state, pending=pending), events=events, wake_s=pending.due_s)
    attempts = pending.attempts + 1
    due_s = turn.now_s + max(_backoff(gateway, attempts), turn.fade_s + gateway.SETTLE_S)
    again = replace(state, pending=replace(pending, attempts=attempts, due_s=due_s), asked_s=turn.now_s, proof_s=None)
    query = turn.fade_s <= 0 and not gateway.echoes  # it is asked when it has said that it obeys
    # what it holds under our order may be somebody else's, unseen by us and dated later
    anew = gateway.KEEPS_PLAN and attempts == TELL_FROM
    return Decision(again, send=True, anew=anew, query=query, events=events, wake_s=due_s)


def _backoff(gateway: Gateway, attempts: int) -> float:
    """Seconds until the next try: doubled each time, spread by up to a quarter."""
    longest_s = OURS_MAX_S if gateway.KEEPS_PLAN else RETRY_MAX_S
    return backoff_s(attempts, RETRY_S, longest_s) * (1 + _spread(gateway, attempts) / 4)


def _spread(gateway: Gateway, attempts: int) -> float:
    """0 to 1, the same for the same gateway: not all are to be told at the same instant."""
    # not a checksum: names that differ in one digit would all be given nearly the same share
    return int.from_bytes(blake2b(f"{gateway.name}/{attempts}".encode(), digest_size=4).digest()) / 2**32


def _by_zone(agrees: dict[str, bool], otherwise: Status) -> dict[str, Status]:
    return {zone: "confirmed" if agreed else otherwise for zone, agreed in agrees.items()}


def _unheard(state: GatewayState) -> Status:
    return "silent" if state.reported.alive_s is not None else "unknown"


def _with_event(decision: Decision, event: Event) -> Decision:
    return replace(decision, events=(event, *decision.events))
