"""Decides for one gateway: wished, heard, under way, now -> what to send and when to look again. Pure.

Rules
1. Level-triggered: only the difference between the goal and the report counts, never how it came about.
2. A new wish is sent at once. A gateway that comes back, or is heard at last, is told again at once.
3. A report that agrees confirms, once the fade is done. What was heard before this connection began, or was retained,
   confirms nothing; nor does a gateway that keeps the plan before it has accepted the order issued last.
4. Until the fade and SETTLE_S have passed, a report that does not agree is a fade under way, not a fault.
5. No confirmation when it is due: sent again, after RETRY_S doubled each time, spread by a share that differs from
   gateway to gateway; at most after RETRY_MAX_S, or OURS_MAX_S where the gateway is ours and is heard. After
   TELL_FROM commands in vain it is told, once until it has confirmed again. Those that were sent before it was heard
   on this connection do not count: after a restart of the broker it may still seek it.
6. A difference that appears by itself, or somebody else's order, is repaired at once, up to REPAIRS in a burst; after
   that it is told, once until a minute without, and repaired at the pace of as many a minute. One that only lost our
   order, and shows what is wished, is not told of.
7. A gateway that says it obeys, and shows the same difference whenever it is asked, is not believed (`relapse`).
8. A gateway that is silent (`silence`) is still sent the wish, slowly.
9. A gateway that never reports is sent the wish every POLL_S, and is never confirmed.
10. A gateway under local control (a walk test) is left alone; it differs, and nobody is alarmed.
11. A gateway that goes by its plan may cross a border a little before us: it is left SETTLE_S.
12. The steps of a sequence and the renewal of a plan are not told when they are confirmed.
"""

import zlib
from dataclasses import replace

from controller.events import Event, happened
from controller.gateways.gateway import Gateway
from controller.service import relapse, silence
from controller.service.state import Decision, Pending, Standing, Track, Turn
from controller.service.words import says, shows

RETRY_S = 2.0
RETRY_MAX_S = 60.0
OURS_MAX_S = 6.0
TELL_FROM = 3
REPAIRS = 5
REPAIR_WINDOW_S = 60.0
REPAIR_COST_S = REPAIR_WINDOW_S / REPAIRS
REASSERT_S = 60.0


def reconcile(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    """One turn for one gateway."""
    if turn.connected_s is None:
        return _cut_off(gateway, track)
    if turn.fade_s > 0:
        track = replace(track, faded_s=turn.now_s + turn.fade_s)
    if turn.wish != track.wish:
        return _ask(gateway, track, turn, anew=True)
    if track.overwritten:
        return _restore(gateway, track, turn)
    track = _follow(gateway, track, turn)
    if silence.is_silent(gateway, track, turn):
        return _silent(gateway, track, turn)
    return _compare(gateway, track, turn)


def _compare(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    """What it says beside what is wished; one that was silent is told first. Looks again when it may be silent."""
    if not gateway.confirms and not track.silent:
        return _write_only(gateway, track, turn)
    agrees = _agreement(gateway, track, turn)
    if track.silent:
        back = _ask(gateway, replace(track, silent_s=None, missed=False), turn)
        decision = _with_event(back, happened("TWL-G105", gateway=gateway.name)) if track.missed else back
    elif all(agrees.values()):
        decision = _agrees(gateway, track, turn)
    else:
        decision = _disagrees(gateway, track, turn, agrees)
    quiet_at_s = silence.quiet_at_s(gateway, track, turn)
    return replace(decision, wake_s=min(decision.wake_s or quiet_at_s, quiet_at_s))


def _cut_off(gateway: Gateway, track: Track) -> Decision:
    standing = dict.fromkeys(gateway.zone_names, _unheard(track))
    return Decision(replace(track, standing=standing, pending=None, wish=None, confirmed=None))


def _ask(gateway: Gateway, track: Track, turn: Turn, *, anew: bool = False) -> Decision:
    """Rule 2."""
    due_s = turn.now_s + turn.fade_s + gateway.SETTLE_S
    quiet = track.wish is not None and track.cue == turn.cue and anew and not track.overwritten
    asked = replace(
        track,
        pending=Pending(turn.now_s, due_s, quiet=quiet),
        goal=turn.goal,
        cue=turn.cue,
        wish=turn.wish,
        standing=_standing(gateway, track, turn),
        asked_s=turn.now_s,
        overwritten=False,
        greeted=False,
        relapse=None if anew else track.relapse,
    )
    # one that shows it already may have nothing to say, and has said nothing on this connection
    query = turn.fade_s <= 0 and not track.heard.told_s
    return Decision(asked, send=True, anew=anew, query=query, wake_s=due_s)


def _standing(gateway: Gateway, track: Track, turn: Turn) -> dict[str, Standing]:
    """How it stands while it is being asked."""
    if track.silent:
        return dict.fromkeys(gateway.zone_names, "silent")
    if not gateway.confirms:
        return dict.fromkeys(gateway.zone_names, "unknown")
    return _by_zone(_agreement(gateway, track, turn), "pending")


def _follow(gateway: Gateway, track: Track, turn: Turn) -> Track:
    """The goal moved on by itself (a step of a sequence that the gateway knows): time is left to report it."""
    if track.goal == turn.goal:
        return track
    due_s = turn.now_s + turn.fade_s + gateway.SETTLE_S
    pending = track.pending or Pending(turn.now_s, due_s, attempts=0, quiet=True)
    return replace(track, goal=turn.goal, pending=replace(pending, due_s=max(due_s, pending.due_s)))


def _agreement(gateway: Gateway, track: Track, turn: Turn) -> dict[str, bool]:
    """By zone: whether what was heard is what is wished (rule 3)."""
    accepted = not gateway.KEEPS_PLAN or (turn.issued is not None and track.heard.order == turn.issued.order)
    return {zone: accepted and alike for zone, alike in _likeness(gateway, track, turn).items()}


def _likeness(gateway: Gateway, track: Track, turn: Turn) -> dict[str, bool]:
    """By zone: whether it shows what is wished, under whatever order."""
    heard = track.heard
    return {
        zone: zone in heard.told_s
        and heard.online is not False
        and gateway.agrees(zone, gateway.reduce(zone, goal), heard.zones[zone])
        for zone, goal in turn.goal.items()
    }


def _agrees(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    if turn.fade_s > 0 and track.confirmed != turn.goal:
        fading = replace(track, standing=dict.fromkeys(gateway.zone_names, "pending"))
        return Decision(fading, wake_s=turn.now_s + turn.fade_s)
    if (proven_s := relapse.proven_s(gateway, track)) > turn.now_s:
        doubted = replace(track, standing=dict.fromkeys(gateway.zone_names, "differs"))
        asked = _polled(gateway, Decision(doubted), turn)
        return replace(asked, wake_s=min(asked.wake_s or proven_s, proven_s))
    confirmed: dict[str, Standing] = dict.fromkeys(gateway.zone_names, "confirmed")
    done = replace(
        track,
        pending=None,
        confirmed=turn.goal,
        standing=confirmed,
        misses=0,
        alarmed=False,
        contested=track.contested and turn.now_s < track.paid_s,
    )
    return _polled(gateway, Decision(done, events=_told_confirmed(gateway, track, turn)), turn)


def _told_confirmed(gateway: Gateway, track: Track, turn: Turn) -> tuple[Event, ...]:
    pending = track.pending
    late = track.alarmed or (pending is not None and pending.attempts >= TELL_FROM)
    if pending is None or turn.issued is None or (not late and (pending.quiet or not pending.attempts)):
        return ()
    event = happened(
        "TWL-G107" if late else "TWL-G101",
        gateway=gateway.name,
        shows=shows(turn.goal),
        latency_s=round(turn.now_s - pending.began_s, 3),
        attempts=pending.attempts,
        command_id=turn.issued.command_id,
    )
    return (event,)


def _polled(gateway: Gateway, decision: Decision, turn: Turn) -> Decision:
    """A gateway is asked what it shows when it has not said so for a while; one that cannot be asked, or did not
    answer, is told what it should show, to which it may answer (a group of Zigbee2MQTT answers nothing else). So is,
    once, one that speaks by itself and said `online` once more: it has started, and may not tell of it."""
    track, every_s = decision.track, gateway.POLL_S or REASSERT_S
    if gateway.POLL_S is None and (gateway.KEEPS_PLAN or not track.greeted):
        return decision
    told_s = min(track.heard.told_s.values(), default=turn.now_s)
    poll_at_s = max(told_s + every_s, (track.asked_s or told_s) + every_s, turn.now_s + turn.fade_s)
    if turn.now_s < poll_at_s:
        return replace(decision, wake_s=poll_at_s)
    asked = replace(track, asked_s=turn.now_s, greeted=False)
    can_be_asked = bool(gateway.query(""))
    in_vain = track.asked_s is not None and track.asked_s > told_s
    wake_s = turn.now_s + every_s
    return replace(decision, track=asked, query=can_be_asked, send=in_vain or not can_be_asked, wake_s=wake_s)


def _write_only(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    """Rule 9; sooner where it has said `online` once more, as one does that has just started."""
    every_s = gateway.POLL_S or REASSERT_S
    due_s = (track.asked_s or turn.now_s) + (min(every_s, REPAIR_COST_S) if track.greeted else every_s)
    if turn.now_s < due_s:
        return Decision(replace(track, pending=None), wake_s=due_s)
    asked = replace(track, pending=None, asked_s=turn.now_s, greeted=False)
    return Decision(asked, send=True, wake_s=turn.now_s + every_s)


def _silent(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    """Rule 8."""
    noted = silence.noted(gateway, track, turn)
    sent = _again(gateway, noted.track, turn, noted.events)
    return replace(sent, wake_s=min(at_s for at_s in (sent.wake_s, noted.wake_s) if at_s is not None))


def _disagrees(gateway: Gateway, track: Track, turn: Turn, agrees: dict[str, bool]) -> Decision:
    differs = replace(track, standing=_by_zone(agrees, "differs"), confirmed=None)
    if track.heard.by == "local":
        return Decision(replace(differs, pending=None))
    if track.pending is None and track.heard.by == "plan":
        pending = Pending(turn.now_s, turn.now_s + gateway.SETTLE_S, attempts=0)
        return Decision(replace(differs, pending=pending), wake_s=pending.due_s)
    if track.pending is None:
        return _restore(gateway, differs, turn)
    if turn.now_s < track.pending.due_s:
        # it was told while it could not hear
        if track.pending.attempts > track.misses + 1 and not silence.is_unheard(track, turn):
            return _ask(gateway, track, turn)
        asked = differs if track.misses else replace(differs, standing=_by_zone(agrees, "pending"))
        return Decision(asked, wake_s=track.pending.due_s)
    missed = replace(differs, misses=track.misses + (not silence.is_unheard(track, turn)))
    events = _told_disobeyed(gateway, missed, turn)
    return _again(gateway, replace(missed, alarmed=track.alarmed or bool(events)), turn, events)


def _told_disobeyed(gateway: Gateway, track: Track, turn: Turn) -> tuple[Event, ...]:
    if track.alarmed or track.misses < TELL_FROM or track.pending is None:
        return ()
    answered = track.heard.alive_s is not None and track.heard.alive_s >= track.pending.began_s
    code = "TWL-G108" if answered else "TWL-G102"
    event = happened(
        code, gateway=gateway.name, wanted=shows(turn.goal), shown=says(track.heard), attempts=track.misses
    )
    return (event,)


def _restore(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    """Rule 6: what was confirmed is no more, or our order is not the one that stands."""
    fields = {"gateway": gateway.name, "wanted": shows(turn.goal), "shown": says(track.heard)}
    paid_s = max(track.paid_s, turn.now_s) + REPAIR_COST_S
    allowed_s = paid_s - REPAIR_WINDOW_S
    if turn.now_s < allowed_s:
        events = () if track.contested else (happened("TWL-G109", **fields, times=REPAIRS),)
        standing = _by_zone(_agreement(gateway, track, turn), "differs")
        waiting = replace(track, contested=True, standing=standing)
        return Decision(waiting, events=events, wake_s=allowed_s)
    paid = replace(track, paid_s=paid_s, relapse=relapse.repaired(gateway, track, turn))
    asked = _ask(gateway, paid, turn, anew=track.overwritten)
    if track.overwritten or track.contested or all(_likeness(gateway, track, turn).values()):
        return asked
    marked = replace(asked.track, standing=track.standing)
    return _with_event(replace(asked, track=marked), happened("TWL-G103", **fields))


def _again(gateway: Gateway, track: Track, turn: Turn, events: tuple[Event, ...]) -> Decision:
    """Rule 5: send once more when it is due, and later each time. Asking would cut a fade short."""
    pending = track.pending or Pending(turn.now_s, turn.now_s, attempts=0)
    if turn.now_s < pending.due_s:
        return Decision(replace(track, pending=pending), events=events, wake_s=pending.due_s)
    attempts = pending.attempts + 1
    due_s = turn.now_s + max(_backoff(gateway, track, attempts), turn.fade_s + gateway.SETTLE_S)
    again = replace(track, pending=replace(pending, attempts=attempts, due_s=due_s), asked_s=turn.now_s)
    return Decision(again, send=True, query=turn.fade_s <= 0, events=events, wake_s=due_s)


def _backoff(gateway: Gateway, track: Track, attempts: int) -> float:
    """Seconds until the next try: doubled each time, spread by up to a quarter, the same for the same gateway."""
    longest_s = OURS_MAX_S if gateway.KEEPS_PLAN and not track.silent else RETRY_MAX_S
    spread = zlib.crc32(f"{gateway.name}/{attempts}".encode()) / 2**32
    return min(longest_s, RETRY_S * 2.0 ** min(attempts - 1, 10)) * (1 + spread / 4)


def _by_zone(agrees: dict[str, bool], otherwise: Standing) -> dict[str, Standing]:
    return {zone: "confirmed" if agreed else otherwise for zone, agreed in agrees.items()}


def _unheard(track: Track) -> Standing:
    return "silent" if track.heard.alive_s is not None else "unknown"


def _with_event(decision: Decision, event: Event) -> Decision:
    return replace(decision, events=(event, *decision.events))
