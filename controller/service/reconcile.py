"""Decides for one gateway: wished, heard, under way, now -> what to send and when to look again. Pure.

Rules
1. Level-triggered: only the difference between the goal and the report counts, never how it came about.
2. A new wish is sent at once. A gateway that comes back is told again at once.
3. A report that agrees confirms. One that was heard before this connection began confirms nothing.
4. Until the fade and SETTLE_S have passed, a report that does not agree is a fade under way, not a fault.
5. No confirmation when it is due: sent again, after RETRY_S doubled each time up to RETRY_MAX_S, spread by a share
   that differs from gateway to gateway. From the third try on it is told, once.
6. A difference that appears by itself is repaired at once, but not more than REPAIRS in a minute: after that it is
   told, and repaired at the pace of rule 5.
7. A gateway not heard for `quiet_s` is silent, whatever its last will says. It is still sent the wish, slowly.
8. A gateway that never reports is sent the wish every REASSERT_S, and is never confirmed.
9. A gateway under local control (a walk test) is left alone; it differs, and nobody is alarmed.
"""

import zlib
from dataclasses import dataclass, replace

from controller.events import Event, happened
from controller.gateways.gateway import Gateway
from controller.service.state import Decision, Goal, Heard, Pending, Standing, Track
from controller.service.words import says, shows

RETRY_S = 2.0
RETRY_MAX_S = 60.0
TELL_FROM = 3
REPAIRS = 5
REPAIR_WINDOW_S = 60.0
REASSERT_S = 60.0


@dataclass(frozen=True, slots=True)
class Turn:
    """The facts of this turn that are the same for every gateway, and the wish for this one.

    `wish` names the whole wish, `command_id` the command that would be sent, `fade_s` is left of a fade.
    """

    now_s: float
    connected_s: float | None
    goal: Goal
    wish: int
    command_id: str
    fade_s: float


def reconcile(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    """One turn for one gateway."""
    if turn.connected_s is None:
        standing = dict.fromkeys(gateway.zone_names, _unheard(track.heard))
        return Decision(replace(track, standing=standing, pending=None, wish=None))
    if turn.wish != track.wish:
        return _ask(gateway, track, turn)
    track = _follow(gateway, track, turn)
    if not gateway.confirms:
        return _write_only(track, turn)
    agrees = _agreement(gateway, track.heard, turn)
    if all(agrees.values()):
        return _confirmed(gateway, track, turn)
    if _is_silent(gateway, track.heard, turn):
        return _silent(gateway, track, turn)
    return _disagrees(gateway, track, turn, agrees)


def _ask(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    """Rule 2: the wish is new."""
    due_s = turn.now_s + turn.fade_s + gateway.SETTLE_S
    pending = Pending(turn.command_id, turn.goal, turn.now_s, due_s)
    standing = _standing(gateway, track.heard, turn, "pending")
    asked = replace(track, pending=pending, goal=turn.goal, wish=turn.wish, standing=standing)
    return Decision(asked, send=True, wake_s=due_s)


def _write_only(track: Track, turn: Turn) -> Decision:
    """Rule 8."""
    last_s = track.asked_s if track.asked_s is not None else turn.now_s
    due = turn.now_s - last_s >= REASSERT_S
    asked = replace(track, asked_s=turn.now_s if due else last_s, pending=None)
    return Decision(asked, send=due, wake_s=(turn.now_s if due else last_s) + REASSERT_S)


def _follow(gateway: Gateway, track: Track, turn: Turn) -> Track:
    """The goal moved on by itself (a step of a sequence that the gateway knows): time is left to report it."""
    if track.goal == turn.goal:
        return track
    pending = Pending(turn.command_id, turn.goal, turn.now_s, turn.now_s + turn.fade_s + gateway.SETTLE_S)
    return replace(track, goal=turn.goal, pending=pending, confirmed=None)


def _agreement(gateway: Gateway, heard: Heard, turn: Turn) -> dict[str, bool]:
    """By zone: whether what was heard on this connection is what is wished (rule 3)."""
    fresh = heard.told_s is not None and turn.connected_s is not None and heard.told_s >= turn.connected_s
    return {
        zone: fresh
        and zone in heard.zones
        and heard.online is not False
        and gateway.agrees(zone, gateway.reduce(zone, goal), heard.zones[zone])
        for zone, goal in turn.goal.items()
    }


def _confirmed(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    events = []
    if track.silent:
        events.append(happened("TWL-G105", gateway=gateway.name))
    if _is_silent(gateway, track.heard, turn):
        return _silent(gateway, track, turn)
    if track.pending is not None and track.confirmed != turn.goal:
        events.append(_told_confirmed(gateway, track.pending, turn))
    standing: dict[str, Standing] = dict.fromkeys(gateway.zone_names, "confirmed")
    done = replace(track, pending=None, confirmed=turn.goal, standing=standing, silent=False)
    wake_s = (track.heard.alive_s or turn.now_s) + gateway.quiet_s
    return _polled(gateway, Decision(done, events=tuple(events), wake_s=wake_s), turn)


def _told_confirmed(gateway: Gateway, pending: Pending, turn: Turn) -> Event:
    code = "TWL-G101" if pending.attempts < TELL_FROM else "TWL-G107"
    return happened(
        code,
        gateway=gateway.name,
        shows=shows(turn.goal),
        latency_s=round(turn.now_s - pending.began_s, 3),
        attempts=pending.attempts,
        command_id=pending.command_id,
    )


def _silent(gateway: Gateway, track: Track, turn: Turn) -> Decision:
    """Rule 7."""
    heard = track.heard
    events: tuple[Event, ...] = ()
    if not track.silent:
        age_s = round(turn.now_s - heard.alive_s, 1) if heard.alive_s is not None else -1.0
        events = (happened("TWL-G104", gateway=gateway.name, age_s=age_s),)
    standing: dict[str, Standing] = dict.fromkeys(gateway.zone_names, "silent")
    lost = replace(track, standing=standing, silent=True, confirmed=None)
    return _again(gateway, lost, turn, events)


def _disagrees(gateway: Gateway, track: Track, turn: Turn, agrees: dict[str, bool]) -> Decision:
    if track.silent:
        back = replace(track, silent=False, pending=None)
        return _with_event(_ask(gateway, back, turn), happened("TWL-G105", gateway=gateway.name))
    if track.heard.by == "local":
        return Decision(replace(track, standing=_by_zone(agrees, "differs"), pending=None), wake_s=turn.now_s + 5)
    if track.pending is None:
        return _repair(gateway, track, turn, agrees)
    if turn.now_s < track.pending.due_s:
        standing: Standing = "pending" if track.pending.attempts < TELL_FROM else "differs"
        return Decision(replace(track, standing=_by_zone(agrees, standing)), wake_s=track.pending.due_s)
    late = replace(track, standing=_by_zone(agrees, "differs" if track.pending.attempts >= 2 else "pending"))
    return _again(gateway, late, turn, _told_disobeyed(gateway, track, turn))


def _told_disobeyed(gateway: Gateway, track: Track, turn: Turn) -> tuple[Event, ...]:
    pending, heard = track.pending, track.heard
    if pending is None or pending.attempts != TELL_FROM:
        return ()
    answered = heard.told_s is not None and heard.told_s >= pending.began_s
    code = "TWL-G108" if answered else "TWL-G102"
    return (
        happened(code, gateway=gateway.name, wanted=shows(turn.goal), shown=says(heard), attempts=pending.attempts),
    )


def _repair(gateway: Gateway, track: Track, turn: Turn, agrees: dict[str, bool]) -> Decision:
    """Rule 6: what was confirmed is no more; somebody or something changed the lamp."""
    recent = tuple(at for at in track.repairs if at > turn.now_s - REPAIR_WINDOW_S)
    fields = {"gateway": gateway.name, "wanted": shows(turn.goal), "shown": says(track.heard)}
    if len(recent) >= REPAIRS:
        due_s = turn.now_s + _backoff(gateway, TELL_FROM)
        pending = Pending(turn.command_id, turn.goal, turn.now_s, due_s, TELL_FROM)
        slow = replace(track, pending=pending, standing=_by_zone(agrees, "differs"), confirmed=None, repairs=recent)
        return Decision(slow, events=(happened("TWL-G109", **fields, times=len(recent)),), wake_s=due_s)
    asked = _ask(gateway, replace(track, confirmed=None, repairs=(*recent, turn.now_s)), turn)
    marked = replace(asked.track, standing=_by_zone(agrees, "differs"))
    return _with_event(replace(asked, track=marked), happened("TWL-G103", **fields))


def _again(gateway: Gateway, track: Track, turn: Turn, events: tuple[Event, ...]) -> Decision:
    """Rule 5: send once more when it is due, and later each time."""
    pending = track.pending or Pending(turn.command_id, turn.goal, turn.now_s, turn.now_s, 0)
    if turn.now_s < pending.due_s:
        return Decision(replace(track, pending=pending), events=events, wake_s=pending.due_s)
    attempts = pending.attempts + 1
    due_s = turn.now_s + max(_backoff(gateway, attempts), turn.fade_s + gateway.SETTLE_S)
    again = replace(track, pending=replace(pending, attempts=attempts, due_s=due_s))
    return Decision(again, send=True, query=True, events=events, wake_s=due_s)


def _polled(gateway: Gateway, decision: Decision, turn: Turn) -> Decision:
    """A gateway that does not report by itself is asked what it shows."""
    if gateway.POLL_S is None:
        return decision
    track = decision.track
    last_s = max(track.asked_s or 0.0, track.heard.alive_s or 0.0)
    if turn.now_s - last_s < gateway.POLL_S:
        return replace(decision, wake_s=min(decision.wake_s or last_s, last_s) + gateway.POLL_S)
    asked = replace(track, asked_s=turn.now_s)
    return replace(decision, track=asked, query=True, wake_s=turn.now_s + gateway.POLL_S)


def _is_silent(gateway: Gateway, heard: Heard, turn: Turn) -> bool:
    if not gateway.confirms or heard.online is False:
        return gateway.confirms
    since_s = max(heard.alive_s or 0.0, turn.connected_s or 0.0)
    return turn.now_s - since_s >= gateway.quiet_s


def _standing(gateway: Gateway, heard: Heard, turn: Turn, otherwise: Standing) -> dict[str, Standing]:
    if not gateway.confirms:
        return dict.fromkeys(gateway.zone_names, "unknown")
    agrees = _agreement(gateway, heard, turn)
    return {zone: "confirmed" if agrees[zone] else otherwise for zone in gateway.zone_names}


def _by_zone(agrees: dict[str, bool], otherwise: Standing) -> dict[str, Standing]:
    return {zone: "confirmed" if agreed else otherwise for zone, agreed in agrees.items()}


def _unheard(heard: Heard) -> Standing:
    return "silent" if heard.alive_s is not None else "unknown"


def _backoff(gateway: Gateway, attempts: int) -> float:
    """Seconds until the next try: doubled each time, spread by up to a quarter, the same for the same gateway."""
    spread = zlib.crc32(f"{gateway.name}/{attempts}".encode()) / 2**32
    return min(RETRY_MAX_S, RETRY_S * float(2 ** min(attempts, 10))) * (1 + spread / 4)


def _with_event(decision: Decision, event: Event) -> Decision:
    return replace(decision, events=(event, *decision.events))
