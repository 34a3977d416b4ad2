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


def reconcile(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> Decision:
    """One turn for one gateway."""
    if turn.connected_s is None:
        return _cut_off(gateway, track)
    silent = liveness.is_silent(gateway, track, turn)
    decision = _decide(gateway, _fading(track, turn), turn, silent)
    if not (decision.send or decision.query):
        return decision
    answered = track.heard.alive_s is not None and track.heard.alive_s >= (track.asked_s or 0.0)
    unanswered = 0 if answered else track.unanswered
    # what a broker keeps for one that is away comes all at once when it returns
    spare = silent or max(track.misses, unanswered) >= TELL_FROM
    return replace(decision, track=replace(decision.track, unanswered=unanswered + 1), spare=spare)


def _decide(gateway: Gateway, track: GatewayState, turn: TurnFacts, silent: bool) -> Decision:
    if silent and not gateway.KEEPS_PLAN:
        return _silent(gateway, track, turn)
    if track.heard.contradicted_s is not None:
        asked = _recheck(gateway, track, turn, track.heard.contradicted_s)
        if asked.wake_s is not None:
            return asked
        track = asked.track
    if track.silent and not silent:
        return _back(gateway, track, turn)
    if turn.desired_key != track.desired_key:
        return _ask(gateway, track, turn, anew=True)
    if track.overwritten:
        return _restore(gateway, track, turn)
    followed = _follow(gateway, track, turn)
    return _silent(gateway, followed, turn) if silent else _compare(gateway, followed, turn)


def _fading(track: GatewayState, turn: TurnFacts) -> GatewayState:
    """When its own fade ends; a gateway that confirms the goal already does not fade, whatever others do."""
    if turn.fade_s > 0 and track.confirmed != turn.desired_looks:
        return replace(track, faded_s=turn.now_s + turn.fade_s)
    return replace(track, faded_s=min(track.faded_s, turn.now_s))


def _compare(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> Decision:
    """What it says beside what is wished. Looks again when what it said grows too old."""
    agrees = _agreement(gateway, track, turn)
    if all(agrees.values()):
        proven = not gateway.echoes or _answered_at_s(gateway, track) <= turn.now_s
        decision = _agrees(gateway, track, turn) if proven else _prove(gateway, track, turn)
    elif gateway.refresh == "nothing" and not _contradicts(gateway, track, turn):
        decision = _unasked(gateway, track, turn, agrees)
    elif _is_to_prove_its_fade(gateway, track, turn):
        decision = _after_fade(gateway, track, turn)
    else:
        decision = _disagrees(gateway, track, turn, agrees)
    ends_s = [
        liveness.quiet_at_s(gateway, track, turn),
        *(at_s + gateway.quiet_s for at_s in track.heard.told_s.values()),
    ]
    if track.pending is not None:
        ends_s.append(track.faded_s + AFTER_FADE * gateway.SETTLE_S)
    wakes_s = [at_s for at_s in (decision.wake_s, *ends_s) if at_s is not None and at_s > turn.now_s]
    track = decision.track
    said_s = {zone: track.heard.told_s[zone] for zone, how in track.standing.items() if how == "confirmed"}
    known = replace(track, confirmed_s={**track.confirmed_s, **said_s})
    return replace(decision, track=known, wake_s=min(wakes_s, default=None))


def _recheck(gateway: Gateway, track: GatewayState, turn: TurnFacts, said_s: float) -> Decision:
    """Asks whether it holds what was said in its name against its keys, and waits for the answer. An answer that comes
    after anything else was sent proves nothing."""
    known = track.recheck
    if not gateway.recheck(turn.desired_looks):
        return Decision(track)
    if known is not None and known.asked_s is not None:
        return _rechecked(gateway, track, turn, said_s, known.asked_s)
    if known is not None and known.about_s >= said_s:
        return Decision(track)
    if (track.asked_s or 0.0) > said_s - gateway.SETTLE_S:
        return Decision(replace(track, recheck=Recheck(said_s)))
    pending: dict[str, Status] = dict.fromkeys(gateway.zone_names, "pending")
    waits = replace(track, recheck=Recheck(said_s, turn.now_s), asked_s=turn.now_s, standing=pending)
    return Decision(waits, recheck=True, wake_s=turn.now_s + gateway.SETTLE_S)


def _rechecked(gateway: Gateway, track: GatewayState, turn: TurnFacts, said_s: float, asked_s: float) -> Decision:
    """Its answer settles it."""
    if said_s > asked_s:
        return Decision(replace(track, recheck=PROVEN))
    if (track.heard.counted_s or 0.0) > asked_s:
        return Decision(replace(track, recheck=None, heard=track.heard.cleared()))
    if turn.now_s < asked_s + gateway.SETTLE_S:
        return Decision(track, wake_s=asked_s + gateway.SETTLE_S)
    return Decision(replace(track, recheck=Recheck(said_s)))


def _back(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> Decision:
    """Heard again: told at once what to show, unless it says that it does."""
    there = replace(track, silent_s=None, missed=False)
    if turn.desired_key == track.desired_key and all(_agreement(gateway, there, turn).values()):
        decision = _compare(gateway, there, turn)
    else:
        decision = _ask(gateway, there, turn, anew=turn.desired_key != track.desired_key)
    return _with_event(decision, new_event("TWL-G105", gateway=gateway.name)) if track.missed else decision


def _cut_off(gateway: Gateway, track: GatewayState) -> Decision:
    """Nothing is known while there is no broker. Whose absence was not told yet may have followed the broker, and has
    all the time again when there is one."""
    standing = dict.fromkeys(gateway.zone_names, _unheard(track))
    silent_s = track.silent_s if track.missed else None
    return Decision(
        replace(track, standing=standing, pending=None, desired_key=None, confirmed=None, silent_s=silent_s)
    )


def _ask(gateway: Gateway, track: GatewayState, turn: TurnFacts, *, anew: bool = False) -> Decision:
    """Rule 2. Whatever somebody wrote under our order may be dated later than all that we send under it."""
    anew = anew or track.overwritten
    due_s = turn.now_s + turn.fade_s + gateway.SETTLE_S
    quiet = track.desired_key is not None and track.cue == turn.cue and anew and not track.overwritten
    asked = replace(
        track,
        pending=Pending(turn.now_s, due_s, quiet=quiet),
        desired_looks=turn.desired_looks,
        cue=turn.cue,
        desired_key=turn.desired_key,
        standing=_standing(gateway, track, turn),
        asked_s=turn.now_s,
        overwritten=False,
        greeted=False,
        proof_s=None,
        ordered_s=turn.now_s if anew and not all(_likeness(gateway, track, turn).values()) else track.ordered_s,
    )
    # one that shows it already may have nothing to say, and has said nothing on this connection
    query = turn.fade_s <= 0 and not track.heard.told_s
    return Decision(asked, send=True, anew=anew, query=query, wake_s=due_s)


def _standing(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> dict[str, Status]:
    """How it stands while it is being asked."""
    if track.silent:
        return dict(track.standing)
    if not gateway.confirms:
        return dict.fromkeys(gateway.zone_names, "unknown")
    if gateway.echoes:
        return dict.fromkeys(gateway.zone_names, "pending")
    return _by_zone(_agreement(gateway, track, turn), "pending")


def _follow(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> GatewayState:
    """The goal moved on by itself (a step of a sequence that the gateway knows): time is left to report it."""
    if track.desired_looks == turn.desired_looks:
        return track
    due_s = turn.now_s + turn.fade_s + gateway.SETTLE_S
    pending = track.pending or Pending(turn.now_s, due_s, attempts=0, quiet=True)
    return replace(track, desired_looks=turn.desired_looks, pending=replace(pending, due_s=max(due_s, pending.due_s)))


def _agreement(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> dict[str, bool]:
    """By zone: whether what was heard is what is wished (rule 3)."""
    accepted = not gateway.KEEPS_PLAN or (turn.issued is not None and track.heard.order == turn.issued.order)
    return {zone: accepted and alike for zone, alike in _likeness(gateway, track, turn).items()}


def _likeness(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> dict[str, bool]:
    """By zone: whether it shows what is wished, under whatever order."""
    heard, fresh = track.heard, _fresh(gateway, track, turn)
    believed = CONTRADICTED not in heard.problems
    return {
        zone: believed
        and zone in fresh
        and gateway.agrees(zone, gateway.reduce(zone, desired_looks), heard.zones[zone])
        for zone, desired_looks in turn.desired_looks.items()
    }


def _fresh(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> set[str]:
    """The zones of which its word counts: told on this connection, not too long ago, after the last order to show
    something else, and after the fade (rule 3)."""
    since_s = turn.now_s - gateway.quiet_s
    if not gateway.KEEPS_PLAN:
        since_s = max(since_s, track.ordered_s)
    if gateway.refresh in {"query", "command"}:
        since_s = max(since_s, track.faded_s)
    return {zone for zone, at_s in track.heard.told_s.items() if at_s > since_s}


def _contradicts(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> bool:
    """Whether it says something else than what is wished, or follows another order; saying nothing is neither."""
    agreement = _agreement(gateway, track, turn)
    return any(not agreement[zone] for zone in _spoken_of(gateway, track, turn))


def _spoken_of(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> set[str]:
    """The zones of which it says what they show; a report of ours is whole, and what it leaves out shows nothing that
    could be named."""
    return set(gateway.zone_names) if track.heard.at is not None else _fresh(gateway, track, turn)


def _agrees(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> Decision:
    if turn.fade_s > 0 and track.confirmed != turn.desired_looks:
        fading = replace(track, standing=dict.fromkeys(gateway.zone_names, "pending"))
        return Decision(fading, wake_s=turn.now_s + turn.fade_s)
    confirmed: dict[str, Status] = dict.fromkeys(gateway.zone_names, "confirmed")
    done = replace(
        track,
        pending=None,
        confirmed=turn.desired_looks,
        standing=confirmed,
        misses=0,
        alarmed=False,
        heard=track.heard.mended(),
        contested=track.contested and turn.now_s < track.paid_s,
    )
    return _polled(gateway, Decision(done, events=_told_confirmed(gateway, track, turn)), turn)


def _answered_at_s(gateway: Gateway, track: GatewayState) -> float:
    """When it will have answered what it was asked after its last command: when no other part has come for a while,
    though one that speaks all the time has only so long. Infinity while it has said nothing."""
    told_s = min(track.heard.told_s.values())
    if track.proof_s is None or told_s <= track.proof_s:
        return float("inf")
    return min(told_s + ANSWER_S, track.proof_s + gateway.SETTLE_S)


def _prove(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> Decision:
    """Rule 7: it says what it was told, and is asked for what its lamp shows; told again where it does not answer."""
    pending = track.pending or Pending(turn.now_s, turn.now_s, quiet=True)
    standing: Status = "silent" if track.misses >= TELL_FROM else "pending"
    waits = replace(track, pending=pending, standing=dict.fromkeys(gateway.zone_names, standing))
    if track.proof_s is None:
        ask_at_s = max(track.asked_s or 0.0, track.faded_s) + ECHO_S
        if turn.now_s < ask_at_s:
            return Decision(waits, wake_s=ask_at_s)
        return _questioned(gateway, waits, pending, turn)
    if (answered_at_s := _answered_at_s(gateway, track)) < float("inf"):
        return Decision(waits, wake_s=answered_at_s)
    if turn.now_s < pending.due_s:
        return Decision(waits, wake_s=pending.due_s)
    missed = replace(waits, misses=track.misses + 1)
    events: tuple[Event, ...] = ()
    if missed.misses >= TELL_FROM and not track.alarmed:
        events = (new_event("TWL-G123", gateway=gateway.name, times=missed.misses),)
    return _again(gateway, replace(missed, alarmed=track.alarmed or bool(events)), turn, events)


def _questioned(gateway: Gateway, track: GatewayState, pending: Pending, turn: TurnFacts) -> Decision:
    """Asked, and given time that grows with each command before it."""
    due_s = turn.now_s + max(gateway.SETTLE_S, _backoff(gateway, max(1, pending.attempts)))
    asked = replace(track, pending=replace(pending, due_s=due_s), proof_s=turn.now_s, asked_s=turn.now_s)
    return Decision(asked, query=True, wake_s=due_s)


def _told_confirmed(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> tuple[Event, ...]:
    pending = track.pending
    late = track.alarmed or (pending is not None and pending.attempts >= TELL_FROM)
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
    track = decision.track
    if gateway.refresh == "itself":
        return decision
    told_s = min(track.heard.told_s.values(), default=turn.now_s)
    poll_at_s = _poll_at_s(gateway, track, told_s)
    if turn.now_s < poll_at_s:
        return replace(decision, wake_s=poll_at_s)
    in_vain = track.asked_s is not None and track.asked_s > told_s and not gateway.echoes
    is_question = gateway.refresh == "query" and not in_vain
    asked = replace(track, asked_s=turn.now_s, greeted=False)
    return replace(decision, track=asked, query=is_question, send=not is_question, wake_s=turn.now_s + POLL_S)


def _poll_at_s(gateway: Gateway, track: GatewayState, told_s: float) -> float:
    """When it is to be made to speak. Sooner where it has said `online` once more, has started therefore, and may have
    nothing else to say of it."""
    said_s = 0.0 if gateway.refresh == "nothing" else told_s
    poll_at_s = max(said_s, track.asked_s or said_s) + POLL_S
    if track.greeted and gateway.refresh != "query":
        return min(poll_at_s, (track.asked_s or 0.0) + REPAIR_COST_S)
    return poll_at_s


def _unasked(gateway: Gateway, track: GatewayState, turn: TurnFacts, agrees: dict[str, bool]) -> Decision:
    """Rule 9."""
    pending = track.pending if track.pending is not None and turn.now_s < track.pending.due_s else None
    otherwise: Status = "pending" if pending is not None and gateway.confirms else "unknown"
    waits = replace(track, pending=pending, standing=_by_zone(agrees, otherwise), confirmed=None)
    decision = _polled(gateway, Decision(waits), turn)
    if pending is None or decision.wake_s is None:
        return decision
    return replace(decision, wake_s=min(decision.wake_s, pending.due_s))


def _is_to_prove_its_fade(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> bool:
    """Whether its fade is over and it was not asked since: during a fade most tell where it goes, or what they hold in
    a cache (rule 3)."""
    is_over = turn.fade_s <= 0 and track.pending is not None and turn.now_s < track.pending.due_s
    return is_over and gateway.refresh in {"query", "command"} and (track.asked_s or 0.0) < track.faded_s


def _after_fade(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> Decision:
    """Asked whether it has arrived."""
    waits = replace(track, standing=dict.fromkeys(gateway.zone_names, "pending"))
    ask_at_s = track.faded_s + AFTER_FADE * gateway.SETTLE_S
    if turn.now_s < ask_at_s:
        return Decision(waits, wake_s=ask_at_s)
    is_question = gateway.refresh == "query"
    asked = replace(waits, asked_s=turn.now_s, proof_s=turn.now_s)
    due_s = track.pending.due_s if track.pending is not None else None
    return Decision(asked, query=is_question, send=not is_question, wake_s=due_s)


def _silent(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> Decision:
    """Rule 8."""
    noted = liveness.note_silence(gateway, track, turn)
    if track.heard.left:
        return noted
    every_s = LEFTOVER_S if track.heard.online is False else POLL_S
    is_asked = track.asked_s is not None and track.asked_s >= (turn.connected_s or 0.0)
    send_at_s = (track.asked_s or 0.0) + every_s * (1 + _spread(gateway, 0) / 4) if is_asked else turn.now_s
    if turn.now_s < send_at_s:
        return replace(noted, wake_s=min(noted.wake_s or send_at_s, send_at_s))
    asked = replace(
        noted.track,
        pending=Pending(turn.now_s, turn.now_s + turn.fade_s + gateway.SETTLE_S),
        desired_looks=turn.desired_looks,
        cue=turn.cue,
        desired_key=turn.desired_key,
        asked_s=turn.now_s,
        proof_s=None,
    )
    wake_s = min(noted.wake_s or float("inf"), turn.now_s + POLL_S)
    return replace(noted, track=asked, send=True, anew=turn.desired_key != track.desired_key, wake_s=wake_s)


def _disagrees(gateway: Gateway, track: GatewayState, turn: TurnFacts, agrees: dict[str, bool]) -> Decision:
    differs = replace(track, standing=_parted(gateway, track, turn, agrees), confirmed=None)
    if track.heard.by == "local":
        return Decision(replace(differs, pending=None))
    if track.pending is None and track.heard.by == "plan":
        pending = Pending(turn.now_s, turn.now_s + gateway.SETTLE_S, attempts=0)
        return Decision(replace(differs, pending=pending), wake_s=pending.due_s)
    if track.pending is None:
        contradicts = _contradicts(gateway, track, turn)
        quietly = replace(differs, pending=Pending(turn.now_s, turn.now_s, attempts=0, quiet=True))
        return _restore(gateway, differs, turn) if contradicts else _again(gateway, quietly, turn, ())
    if turn.now_s < track.pending.due_s:
        # it was told while it could not hear
        if track.pending.attempts > track.misses + 1 and not liveness.is_unheard(track, turn):
            return _ask(gateway, track, turn)
        asked = differs if track.misses else replace(differs, standing=_by_zone(agrees, "pending"))
        return Decision(asked, wake_s=track.pending.due_s)
    missed = replace(differs, misses=track.misses + (not liveness.is_unheard(track, turn)))
    events = _told_disobeyed(gateway, missed, turn)
    return _again(gateway, replace(missed, alarmed=track.alarmed or bool(events)), turn, events)


def _parted(gateway: Gateway, track: GatewayState, turn: TurnFacts, agrees: dict[str, bool]) -> dict[str, Status]:
    """By zone, when the time to obey is over: one that says nothing of a zone says nothing wrong of it."""
    spoken_of = set(agrees) if _is_explained(gateway, track) else _spoken_of(gateway, track, turn)
    otherwise: dict[str, Status] = {zone: "differs" if zone in spoken_of else "unknown" for zone in agrees}
    return {zone: "confirmed" if agreed else otherwise[zone] for zone, agreed in agrees.items()}


def _told_disobeyed(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> tuple[Event, ...]:
    if track.alarmed or track.misses < TELL_FROM or track.pending is None:
        return ()
    if (track.heard.alive_s or 0.0) >= track.pending.began_s and _is_explained(gateway, track):
        return ()
    fields = {"gateway": gateway.name, "attempts": track.misses}
    answered = any(at_s >= track.pending.began_s for at_s in track.heard.told_s.values()) or track.heard.at is not None
    if answered and all(_likeness(gateway, track, turn).values()):
        return (new_event("TWL-G117", **fields, shown=says(track.heard)),)
    if answered and _contradicts(gateway, track, turn):
        return (new_event("TWL-G108", **fields, **_difference(gateway, track, turn)),)
    return (new_event("TWL-G102", **fields, wanted=shows(turn.desired_looks), shown=says(track.heard)),)


def _difference(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> dict[str, str]:
    """What is wanted and what is shown of the zones of which it says something else."""
    spoken_of = _spoken_of(gateway, track, turn)
    likeness = {zone: alike or zone not in spoken_of for zone, alike in _likeness(gateway, track, turn).items()}
    return difference(turn.desired_looks, track.heard, likeness)


def _is_explained(gateway: Gateway, track: GatewayState) -> bool:
    """Whether it is told already why a vendor's gateway is not right."""
    return not gateway.KEEPS_PLAN and bool(track.heard.problems)


def _restore(gateway: Gateway, track: GatewayState, turn: TurnFacts) -> Decision:
    """Rule 6: what was confirmed is no more, or our order is not the one that stands."""
    fields = {"gateway": gateway.name, **_difference(gateway, track, turn)}
    paid_s = max(track.paid_s, turn.now_s) + REPAIR_COST_S
    allowed_s = paid_s - REPAIR_WINDOW_S
    if turn.now_s < allowed_s:
        events = (
            ()
            if track.contested or _is_explained(gateway, track)
            else (new_event("TWL-G109", **fields, times=REPAIRS),)
        )
        standing = _by_zone(_agreement(gateway, track, turn), "differs")
        waiting = replace(track, contested=True, standing=standing)
        return Decision(waiting, events=events, wake_s=allowed_s)
    asked = _ask(gateway, replace(track, paid_s=paid_s), turn)
    told = track.overwritten or track.contested or _is_explained(gateway, track)
    if told or all(_likeness(gateway, track, turn).values()):
        return asked
    marked = replace(asked.track, standing=track.standing)
    return _with_event(replace(asked, track=marked), new_event("TWL-G103", **fields))


def _again(gateway: Gateway, track: GatewayState, turn: TurnFacts, events: tuple[Event, ...]) -> Decision:
    """Rule 5: send once more when it is due, and later each time. Asking would cut a fade short."""
    pending = track.pending or Pending(turn.now_s, turn.now_s, attempts=0)
    if turn.now_s < pending.due_s:
        return Decision(replace(track, pending=pending), events=events, wake_s=pending.due_s)
    attempts = pending.attempts + 1
    due_s = turn.now_s + max(_backoff(gateway, attempts), turn.fade_s + gateway.SETTLE_S)
    again = replace(track, pending=replace(pending, attempts=attempts, due_s=due_s), asked_s=turn.now_s, proof_s=None)
    query = turn.fade_s <= 0 and not gateway.echoes  # it is asked when it has said that it obeys
    # what it holds under our order may be somebody else's, unseen by us and dated later
    anew = gateway.KEEPS_PLAN and attempts == TELL_FROM
    return Decision(again, send=True, anew=anew, query=query, events=events, wake_s=due_s)


def _backoff(gateway: Gateway, attempts: int) -> float:
    """Seconds until the next try: doubled each time, spread by up to a quarter."""
    longest_s = OURS_MAX_S if gateway.KEEPS_PLAN else RETRY_MAX_S
    return min(longest_s, RETRY_S * 2.0 ** min(attempts - 1, 10)) * (1 + _spread(gateway, attempts) / 4)


def _spread(gateway: Gateway, attempts: int) -> float:
    """0 to 1, the same for the same gateway: not all are to be told at the same instant."""
    # not a checksum: names that differ in one digit would all be given nearly the same share
    return int.from_bytes(blake2b(f"{gateway.name}/{attempts}".encode(), digest_size=4).digest()) / 2**32


def _by_zone(agrees: dict[str, bool], otherwise: Status) -> dict[str, Status]:
    return {zone: "confirmed" if agreed else otherwise for zone, agreed in agrees.items()}


def _unheard(track: GatewayState) -> Status:
    return "silent" if track.heard.alive_s is not None else "unknown"


def _with_event(decision: Decision, event: Event) -> Decision:
    return replace(decision, events=(event, *decision.events))
