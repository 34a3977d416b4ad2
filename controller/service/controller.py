"""The controller without its wires: messages and readings of the clock in, messages and events out.

One turn
1. Gather: the reading of the clock, the cue in force, what every gateway has reported since.
2. Decide: `reconcile` for each gateway that reported something, whose time has come, or whose desired looks changed.
3. Apply: number the documents, encode the desired state, collect the events.

`runtime.py`, the rehearsal and the tests drive this same object; it waits for nothing and knows no time but the reading
it is handed. While the clock is suspect nothing is sent and nothing counts as known, but for a safety stop, which needs
no clock. After each connection it listens LISTEN_S for what is retained before it speaks, so that it starts above every
order that it finds.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

from controller.clock import CEILING, FLOOR, RESTLESS, ClockReading, Trust
from controller.events import Event, new_event
from controller.events.rate_limit import RateLimit
from controller.gateways.base import DesiredState, Gateway, Message, Order, Rejected, Report
from controller.gateways.wire import MAX_EPOCH, REFUSED
from controller.schedule.campaign import SafetyStop
from controller.schedule.explanation import Why
from controller.schedule.plan import Cue, Program
from controller.service.desired import HORIZON, PlanAhead, Revisions, desired_key, desired_looks, fade_left_s
from controller.service.gateway_state import (
    Decision,
    DesiredLooks,
    GatewayState,
    Issued,
    ReportedState,
    Status,
    TurnFacts,
)
from controller.service.reconcile import reconcile
from controller.service.values import Value, looks_value, rules_value, span

LISTEN_S = 0.5
CLOCKS_APART_S = 5.0
"""As much as a clock may be moved without being called stepped."""
APART_FROM = 3
"""One or two such reports may have been under way for long."""
SAME_COUNT_S = 0.5
"""So far a gateway's clock may be slewed between two of its reports."""
DARK_S = 5.0
"""Whoever stops the light stands under it: so soon a gateway that does not confirm dark is named."""
ECHOES = 64
"""So many of our own documents per gateway are known again when they come back from the broker."""


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What one turn brought. `wake_at` is wall time (the next cue or step), `wake_s` boot time (the next check).
    `changed` names the gateways of which the status or what was reported may be another than at the turn before."""

    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    wake_at: datetime | None
    wake_s: float | None
    changed: frozenset[str] = frozenset()


class Controller:
    """Keeps every gateway as the plan wants it."""

    def __init__(self, gateways: tuple[Gateway, ...], prefix: str, program: Program, known: Order = Order()) -> None:
        self.gateways = {gateway.name: gateway for gateway in gateways}
        self.states = {name: GatewayState() for name in self.gateways}
        self.cue: Cue | None = None
        self._prefix = prefix
        self._outlook = PlanAhead(program)
        self._orders = Revisions(known)
        self._issued: dict[str, Issued] = {}
        self._echoes: dict[str, deque[int]] = {name: deque(maxlen=ECHOES) for name in self.gateways}
        self._routes: dict[str, list[Gateway]] = {}
        for gateway in gateways:
            for topic in gateway.topics(prefix):
                self._routes.setdefault(topic, []).append(gateway)
        self._connected_s: float | None = None
        self._seeing_s: float | None = None
        """Since when the clock is not suspect, or a stop needs none; None while nobody is asked anything."""
        self._last: ClockReading | None = None
        self._apart: Counter[str] = Counter()
        """How many reports in a row came by another time than ours."""
        self._anew: str | None = None
        self._positions = {name: position for position, name in enumerate(self.gateways)}
        self._due_s: dict[str, float] = {}
        """By gateway: when it is to be looked at next; never where it is missing."""
        self._due: list[tuple[float, str]] = []
        """The same as a heap; what `_due_s` does not say any more is out of date."""
        self._stop: SafetyStop | None = None
        self._dark_by_s = float("inf")
        self._named = False
        self._is_blind = False
        self._lit = set(self.gateways)
        """The gateways that do not confirm dark."""
        self._dirty: set[str] = set(self.gateways)
        self._damper = RateLimit()
        self._told: list[Event] = []

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic to subscribe to."""
        return tuple(self._routes)

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
        return self._outlook.program

    @property
    def following(self) -> Cue | None:
        """The next cue; None where nothing is ahead, or before the first turn."""
        return self._outlook.following if self.cue is not None else None

    def why(self, now: datetime) -> Why:
        """Why there is what is shown. Where nothing applies, a cue knows only the night in which that began, which may
        be months ago: the rules of this night are named."""
        cue = self.cue or self.program.look_at(now)
        if cue.why.by is not None:
            return cue.why
        return self.program.explain(max(now, cue.at + timedelta(seconds=cue.fade_s)))

    def rules(self, cue: Cue, now: datetime) -> dict[str, Value]:
        """By zone, on whose behalf a cue shows what it shows."""
        if cue is self.cue and cue.why.by is None:
            return dict.fromkeys(self.program.zones, self.why(now).rule)
        return rules_value(self.program, cue, now)

    def looks(self, cue: Cue, now: datetime) -> dict[str, Value]:
        """What a cue shows at an instant: by zone, with the rule on whose behalf."""
        return looks_value(desired_looks(self.program.zones, cue, now), self.rules(cue, now))

    def follow(self, program: Program) -> None:
        """Other rules from now on: a changed file or an override."""
        self._outlook.follow(program)

    def stopped(self, reading: ClockReading) -> None:
        """A safety stop was acknowledged, be it one that stood already: what comes of it is told once more."""
        self._dark_by_s = min(self._dark_by_s, reading.mono + DARK_S)

    def connected(self, reading: ClockReading) -> None:
        """A connection began: everything is told again; nothing known before the first of them counts any more."""
        if self._connected_s is None:
            self._connected_s = reading.mono
            for name, state in self.states.items():
                self.states[name] = replace(state, reported=state.reported.forgotten())
        for name in self.gateways:
            self._again(name)
        self._anew = "connection"

    def lost(self) -> None:
        """The last connection ended."""
        self._connected_s = None
        self._dirty.update(self.gateways)

    def receive(self, topic: str, payload: bytes, retained: bool, reading: ClockReading) -> None:
        """One message of a gateway, or of whoever writes to its topics."""
        for gateway in self._routes.get(topic, ()):
            told = gateway.decode(topic, payload, self._prefix)
            if isinstance(told, Rejected):
                self._tell(new_event("TWL-G110", gateway=gateway.name, topic=topic, reason=told.reason), reading)
                if not gateway.KEEPS_PLAN:  # whatever it meant, it lives
                    self._heard(gateway, topic, Report(), retained, reading)
            elif isinstance(told, Report) and told.written is not None:
                self._written(gateway, topic, told, payload, retained, reading)
            elif isinstance(told, Report):
                self._heard(gateway, topic, told, retained, reading)

    def _heard(self, gateway: Gateway, topic: str, report: Report, retained: bool, reading: ClockReading) -> None:
        state = self.states[gateway.name]
        before = state.reported
        is_leftover = retained and report.fault is not None and report.fault.passes
        if is_leftover or _is_overtaken(report, before, gateway.quiet_s, reading.mono):
            return
        heard = before.after(report, reading.mono, fresh=not retained)
        if report.order is not None:
            heard = replace(heard, clock_off_s=None if retained else _clock_off_s(report, reading))
            self._compare_clocks(gateway.name, heard, reading)
        said_online = state.said_online or (not retained and report.online is True and before.online is True)
        self.states[gateway.name] = replace(state, reported=heard, said_online=said_online)
        self._dirty.add(gateway.name)
        if report.fault is not None and report.fault.code not in before.problems:
            self._tell(new_event(report.fault.code, gateway=gateway.name, **report.fault.fields), reading)
        if report.order is not None:
            self._tell_problems(gateway, set(before.problems), set(heard.problems), reading)
            self._compare(gateway, topic, report, report.order, reading)

    def _compare_clocks(self, name: str, heard: ReportedState, reading: ClockReading) -> None:
        """Tells of a gateway that goes by another time than we do, and when it goes by ours again."""
        if heard.clock_off_s is None and heard.clock != "anchor":
            return
        times, self._apart[name] = self._apart[name], self._apart[name] + 1
        if abs(heard.clock_off_s or 0.0) <= CLOCKS_APART_S * reading.pace:
            self._apart[name] = 0
            if times >= APART_FROM:
                self._tell(new_event("TWL-T007", gateway=name), reading)
        elif times + 1 == APART_FROM:
            self._tell(new_event("TWL-T006", gateway=name, **_apart(heard.clock_off_s or 0.0)), reading)

    def _tell_problems(self, gateway: Gateway, before: set[str], after: set[str], reading: ClockReading) -> None:
        """What a gateway of our own says is wrong; whoever wrote on its topic is told of by TWL-G111."""
        for code, problems in (("TWL-G114", after - before), ("TWL-G115", before - after)):
            for problem in sorted(problems - {REFUSED}):
                self._tell(new_event(code, gateway=gateway.name, problem=problem), reading)

    def _compare(self, gateway: Gateway, topic: str, report: Report, seen: Order, reading: ClockReading) -> None:
        """A gateway reports the highest order it accepted: ours must be above it, and what it has under ours, ours."""
        issued = self._issued.get(gateway.name)
        if issued is not None and issued.order == seen and report.command_id not in {"", issued.command_id}:
            self._overwritten(gateway.name)
        if not self.order < seen:
            return
        if not self._orders.rise_above(seen):
            self._tell(new_event("TWL-G113", topic=topic, epoch=seen.epoch), reading)
        elif gateway.name in self._issued:
            self._tell(new_event("TWL-G112", gateway=gateway.name, epoch=seen.epoch), reading)
        if gateway.name in self._issued:
            self._overwritten(gateway.name)

    def _written(
        self, gateway: Gateway, topic: str, report: Report, payload: bytes, retained: bool, reading: ClockReading
    ) -> None:
        """A desired document on the wire: our own echo, one found at the start, or somebody else's."""
        seen = report.written or Order()
        # by every byte: whoever writes under our order and id must not pass for us
        if hash(payload) in self._echoes[gateway.name] or (retained and seen < self.order):
            return
        if self.order < seen and not self._orders.rise_above(seen):
            self._tell(new_event("TWL-G113", topic=topic, epoch=seen.epoch), reading)
            if seen.epoch <= MAX_EPOCH:  # the gateway has taken it, and says so in a moment
                state = self.states[gateway.name]
                self.states[gateway.name] = replace(state, reported=replace(state.reported, order=seen))
        if gateway.name in self._issued:
            # what is no document has the lowest order of all, and none to tell
            epoch, revision = (seen.epoch, seen.revision) if seen != Order() else ("–", "–")
            fields = {"topic": topic, "epoch": epoch, "revision": revision}
            self._tell(new_event("TWL-G111", **fields), reading)
            self._overwritten(gateway.name)

    def _overwritten(self, name: str) -> None:
        self.states[name] = replace(self.states[name], is_overwritten=True)
        self._dirty.add(name)

    def _again(self, name: str) -> None:
        self.states[name] = replace(self.states[name], desired_key=None)
        self._dirty.add(name)

    def turn(self, reading: ClockReading) -> TurnResult:
        """One turn: see the head of this module."""
        self._watch_clock(reading)
        is_blind = reading.trust is Trust.SUSPECT and self.program.stop is None
        messages: list[Message] = []
        if is_blind:
            changed = self._know_nothing()
        else:
            changed, messages = self._decide_all(reading)
        self._watch_stop(reading)
        events = (*self._told, *self._damper.due(reading.beat_s))
        self._told.clear()
        if is_blind:
            return TurnResult((), events, None, None, frozenset(changed))
        wake_s = min(
            reading.mono + (self._damper.due_s - reading.beat_s) / reading.pace, self._dark_by_s, self._next_due_s()
        )
        wake_at = self._outlook.wake_at
        return TurnResult(
            tuple(messages), events, wake_at, wake_s if wake_s < float("inf") else None, frozenset(changed)
        )

    def _know_nothing(self) -> list[str]:
        """While the clock is suspect no status counts."""
        self._seeing_s = None
        if self._is_blind:
            return []
        self._is_blind = True
        for name, gateway in self.gateways.items():
            unknown: dict[str, Status] = dict.fromkeys(gateway.zone_names, "unknown")
            self.states[name] = replace(self.states[name], status=unknown)
        return list(self.gateways)

    def _decide_all(self, reading: ClockReading) -> tuple[list[str], list[Message]]:
        """The gateways that were looked at, and what is sent to them."""
        self._is_blind = False
        if self._seeing_s is None:
            self._seeing_s = reading.mono
        # of a clock in 1970 there can be no document
        told = replace(reading, wall=min(max(reading.wall, FLOOR), CEILING))
        cue = self._look_up(told)
        names = self._names_to_decide(told)
        return names, [message for name in names for message in self._decide(self.gateways[name], cue, told)]

    def _watch_clock(self, reading: ClockReading) -> None:
        """Tells of steps and of trust; a clock that is not trusted from the start is told too."""
        last, self._last = self._last, reading
        shows = reading.wall - timedelta(seconds=reading.ahead_s)
        if last is not None and last.stepped_s != reading.stepped_s:
            step_s = round(reading.stepped_s - last.stepped_s, 1)
            self._tell(new_event("TWL-T002", step_s=step_s, now=f"{shows:%Y-%m-%d %H:%M:%S} UTC"), reading)
            self._anew = "clock"
        known_before = last.known if last is not None else None
        if reading.known is not None and known_before is None:
            self._tell(_unlike_known(shows, reading.known), reading)
        elif reading.known is None and known_before is not None:
            self._tell(new_event("TWL-T004", now=f"{shows:%Y-%m-%d %H:%M} UTC"), reading)
        if reading.trust is Trust.SUSPECT and reading.steps >= RESTLESS > (last.steps if last is not None else 0):
            self._tell(new_event("TWL-T005", times=reading.steps), reading)
        before = last.trust.value if last is not None else Trust.TRUSTED.value
        if before != reading.trust.value:
            before = before if last is not None else "–"
            self._told.append(new_event("TWL-T001", trust=reading.trust.value, before=before))
            self._dirty.update(self.gateways)

    def _watch_stop(self, reading: ClockReading) -> None:
        """Names the gateways that do not confirm dark under a safety stop, and says when all of them do."""
        stop = self.program.stop
        if stop is None:
            self._stop, self._dark_by_s, self._named = None, float("inf"), False
            return
        if self._stop is None:
            self._stop = stop
            self.stopped(reading)
        is_heard = self._connected_s is not None and not self._is_listening(reading)
        lit = self._lit if is_heard else set(self.gateways)
        if lit and self._dark_by_s <= reading.mono:
            self._told.append(new_event("TWL-O113", owner=stop.owner, gateways=", ".join(self._in_order(lit))))
            self._dark_by_s, self._named = float("inf"), True
        elif not lit and (self._named or self._dark_by_s < float("inf")):
            self._told.append(new_event("TWL-O114", owner=stop.owner))
            self._dark_by_s, self._named = float("inf"), False

    def _in_order(self, names: Iterable[str]) -> list[str]:
        """In the order of the file."""
        return sorted(names, key=self._positions.__getitem__)

    def _is_listening(self, reading: ClockReading) -> bool:
        """Whether a connection began so lately that what is retained may not have come yet."""
        return self._connected_s is not None and reading.mono < self._connected_s + LISTEN_S

    def _look_up(self, reading: ClockReading) -> Cue:
        """The cue in force; telling of it when it is another one, or when it was worked out anew."""
        before = self.cue
        news = self._outlook.look(reading.wall)
        self.cue = cue = self._outlook.cue
        if news:
            self._dirty.update(self.gateways)
        changed = before is None or (cue.looks, cue.campaign) != (before.looks, before.campaign)
        if changed:
            self._told.append(self._changed(cue, reading.wall))
        elif self._anew is not None:
            self._told.append(new_event("TWL-C010", reason=self._anew, looks=self.looks(cue, reading.wall)))
        self._anew = None
        return cue

    def _changed(self, cue: Cue, now: datetime) -> Event:
        following = self._outlook.following
        zone = self.program.place.time_zone
        return new_event(
            "TWL-C020",
            looks=self.looks(cue, now),
            because=self.why(now).rule,
            campaign=cue.campaign or "–",
            until=f"{following.at.astimezone(zone):%Y-%m-%d %H:%M}" if following is not None else "–",
            fade_s=cue.fade_s,
        )

    @property
    def _listening_s(self) -> float | None:
        """Since when whoever is there can be heard: those that were asked nothing meanwhile need not have spoken."""
        return None if self._connected_s is None else max(self._connected_s, self._seeing_s or self._connected_s)

    def _names_to_decide(self, reading: ClockReading) -> list[str]:
        if self._is_listening(reading):
            return []
        while self._due and self._due[0][0] <= reading.mono:
            at_s, name = heappop(self._due)
            if self._due_s.get(name) == at_s:
                self._dirty.add(name)
        names = self._in_order(self._dirty)
        self._dirty.clear()
        return names

    def _next_due_s(self) -> float:
        """When the next gateway is to be looked at, boot time; infinity for never."""
        if self._connected_s is not None and self._dirty:
            return self._connected_s + LISTEN_S
        while self._due and self._due_s.get(self._due[0][1]) != self._due[0][0]:
            heappop(self._due)
        return self._due[0][0] if self._due else float("inf")

    def _look_again(self, name: str, wake_s: float | None) -> None:
        self._due_s.pop(name, None)
        if wake_s is not None:
            self._due_s[name] = wake_s
            heappush(self._due, (wake_s, name))

    def _decide(self, gateway: Gateway, cue: Cue, reading: ClockReading) -> tuple[Message, ...]:
        desired = desired_looks(gateway.zone_names, cue, reading.wall)
        facts = TurnFacts(
            now_s=reading.mono,
            connected_s=self._listening_s,
            desired_looks=desired,
            desired_key=desired_key(gateway, desired, self._outlook.edition),
            cue=cue.at,
            fade_s=fade_left_s(cue, reading.wall) / reading.pace,
            issued=self._issued.get(gateway.name),
        )
        decision = reconcile(gateway, self.states[gateway.name], facts)
        self.states[gateway.name] = decision.state
        self._look_again(gateway.name, decision.wake_s)
        self._note_light(gateway.name, decision.state)
        for event in decision.events:
            self._tell(event, reading)
        messages = (
            *(self._encode(gateway, desired, reading, decision) if decision.send else ()),
            *(gateway.query(self._prefix) if decision.query else ()),
            *(gateway.recheck(desired) if decision.recheck else ()),
        )
        if decision.spare:
            messages = tuple(message if message.retain else replace(message, qos=0) for message in messages)
        return messages

    def _note_light(self, name: str, state: GatewayState) -> None:
        """Keep which gateways do not confirm dark."""
        is_confirmed = all(status == "confirmed" for status in state.status.values())
        looks = state.desired_looks
        if is_confirmed and looks is not None and not any(look.on for look in looks.values()):
            self._lit.discard(name)
        else:
            self._lit.add(name)

    def _encode(
        self, gateway: Gateway, desired: DesiredLooks, reading: ClockReading, decision: Decision
    ) -> tuple[Message, ...]:
        """The wish as messages; a repetition carries the order and id of the first."""
        if decision.anew or gateway.name not in self._issued:
            order = self._orders.issue()
            self._issued[gateway.name] = Issued(order, f"{order.epoch}.{order.revision}")
        issued, outlook = self._issued[gateway.name], self._outlook
        held = self.states[gateway.name].reported.order
        want = DesiredState(
            now=reading.wall,
            zones={zone: gateway.reduce(zone, state) for zone, state in desired.items()},
            fade_s=fade_left_s(outlook.cue, reading.wall),
            order=issued.order,
            replaces=held if held is not None and issued.order < held else None,
            command_id=issued.command_id,
            cues=outlook.ahead,
            valid_until=outlook.planned_at + HORIZON,
        )
        messages = gateway.encode(want, self._prefix)
        self._echoes[gateway.name].extend(hash(message.payload) for message in messages)
        return messages

    def _tell(self, event: Event, reading: ClockReading) -> None:
        self._told.extend(self._damper.pass_on(event, reading.beat_s))


def _unlike_known(shows: datetime, known: datetime) -> Event:
    said = {"now": f"{shows:%Y-%m-%d %H:%M} UTC", "known": f"{known:%Y-%m-%d %H:%M} UTC"}
    return new_event("TWL-T003", **said, **_apart((shows - known).total_seconds()))


def _apart(ahead_s: float) -> dict[str, object]:
    count, unit = span(abs(ahead_s))
    return {"apart": count, "unit": unit, "side": "behind" if ahead_s < 0 else "ahead of"}


def _is_overtaken(report: Report, before: ReportedState, within_s: float, now_s: float) -> bool:
    """Whether a report was made before one that has come already, as happens over two brokers.

    The gateway's own count of seconds since it started tells, which no step of any clock moves. A lower one is also
    that of a gateway that has started since; where it has run for too short a time to tell, it is the older report if
    its clock lies as far back as its count. Only so far back as a broker may lag: one absurd count must not make a
    gateway unheard for ever.
    """
    if report.uptime_s is None or before.uptime is None:
        return False
    uptime_s, came_s = before.uptime
    earlier_s = uptime_s - report.uptime_s
    may_have_started_since = report.uptime_s <= now_s - came_s
    by_clock_s = (before.at - report.at).total_seconds() if before.at is not None and report.at is not None else None
    is_alike = by_clock_s is not None and abs(by_clock_s - earlier_s) < SAME_COUNT_S
    return 0 < earlier_s <= within_s and (is_alike or not may_have_started_since)


def _clock_off_s(report: Report, reading: ClockReading) -> float | None:
    """How far the clock of a gateway is ahead of ours, where it goes by its own and ours says anything."""
    if report.at is None or report.clock != "own" or reading.trust is Trust.SUSPECT:
        return None
    return round((report.at - reading.wall).total_seconds(), 1)
