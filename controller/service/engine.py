"""The controller without its wires: messages and readings of the clock in, messages and events out.

The story of one turn
1. Gather: the reading of the clock, the cue in force, what every gateway has told since.
2. Decide: `reconcile` for each gateway that heard something, whose time has come, or whose wish changed.
3. Apply: number the documents, encode the wishes, collect what is to be told.

The loop in `loop.py`, the rehearsal and the tests drive this same engine; it waits for nothing and knows no time but
the reading it is handed. While the clock is suspect nothing is sent. After each connection it listens LISTEN_S for
what is retained before it speaks, so that it starts above every order that it finds.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from controller.clock import Reading, Trust
from controller.events import Event, happened
from controller.gateways.gateway import Gateway, Message, Order, Rejected, Report, Want
from controller.schedule.plan import Cue, Program
from controller.service.damper import Damper
from controller.service.orders import Orders
from controller.service.reconcile import Turn, reconcile
from controller.service.state import Goal, Track
from controller.service.wishes import HORIZON, REFRESH, fade_left_s, goal, next_step, wish
from controller.service.words import shows

LISTEN_S = 0.5


@dataclass(frozen=True, slots=True)
class Output:
    """What one turn brought. `wake_at` is wall time (the next cue or step), `wake_s` boot time (the next check)."""

    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    wake_at: datetime | None
    wake_s: float | None


@dataclass(slots=True)
class _Issued:
    """The last command to one gateway."""

    order: Order
    command_id: str


class Engine:
    """Keeps every gateway as the plan wants it."""

    def __init__(self, gateways: tuple[Gateway, ...], prefix: str, program: Program, known: Order = Order()) -> None:
        self.gateways = {gateway.name: gateway for gateway in gateways}
        self.tracks = {name: Track() for name in self.gateways}
        self.cue: Cue | None = None
        self._prefix = prefix
        self._program = program
        self._orders = Orders(known)
        self._issued: dict[str, _Issued] = {}
        self._sent_ids: dict[str, deque[str]] = {name: deque(maxlen=16) for name in self.gateways}
        self._routes: dict[str, list[Gateway]] = {}
        for gateway in gateways:
            for topic in gateway.topics(prefix):
                self._routes.setdefault(topic, []).append(gateway)
        self._connected_s: float | None = None
        self._trust: Trust | None = None
        self._plan = 0
        self._planned_at: datetime | None = None
        self._ahead: tuple[Cue, ...] = ()
        self._step_at: datetime | None = None
        self._due: dict[str, float] = {}
        self._dirty: set[str] = set(self.gateways)
        self._damper = Damper()
        self._told: list[Event] = []

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic to subscribe to."""
        return tuple(self._routes)

    @property
    def order(self) -> Order:
        """The order issued last; to be kept over restarts."""
        return self._orders.current

    @property
    def program(self) -> Program:
        """The rules in force."""
        return self._program

    def follow(self, program: Program) -> None:
        """Other rules from now on: a changed file or an override."""
        self._program = program
        self.cue = None

    def connected(self, reading: Reading) -> None:
        """A connection began: everything is told again, and nothing known before counts as confirmation."""
        self._connected_s = reading.mono
        self.tracks = {name: replace(track, wish=None, pending=None) for name, track in self.tracks.items()}
        self._dirty.update(self.gateways)

    def lost(self) -> None:
        """The connection ended."""
        self._connected_s = None
        self._dirty.update(self.gateways)

    def receive(self, topic: str, payload: bytes, retained: bool, reading: Reading) -> None:
        """One message of a gateway, or of whoever writes to its topics."""
        for gateway in self._routes.get(topic, ()):
            told = gateway.decode(topic, payload, self._prefix)
            if isinstance(told, Rejected):
                self._tell(happened("TWL-G110", gateway=gateway.name, topic=topic, reason=told.reason), reading.wall)
            elif isinstance(told, Report):
                self._heard(gateway, topic, told, retained, reading)

    def _heard(self, gateway: Gateway, topic: str, report: Report, retained: bool, reading: Reading) -> None:
        if report.written is not None:
            self._written(gateway, topic, report, report.written, reading)
            return
        fresh = not retained
        if report.at is not None:
            fresh = fresh or abs((reading.wall - report.at).total_seconds()) <= gateway.quiet_s
        before = self.tracks[gateway.name].heard
        heard = before.after(report, reading.mono, fresh)
        self.tracks[gateway.name] = replace(self.tracks[gateway.name], heard=heard)
        self._dirty.add(gateway.name)
        for problem in set(heard.problems) - set(before.problems):
            self._tell(happened("TWL-G114", gateway=gateway.name, problem=problem), reading.wall)
        if report.order is not None:
            self._compare(gateway, topic, report.order, reading)

    def _compare(self, gateway: Gateway, topic: str, seen: Order, reading: Reading) -> None:
        """A gateway reports the highest order it accepted: ours must be above it."""
        if self._orders.is_poison(seen):
            self._tell(happened("TWL-G113", topic=topic, epoch=seen.epoch), reading.wall)
        elif self._orders.rise_above(seen) and gateway.name in self._issued:
            self._tell(happened("TWL-G112", gateway=gateway.name, epoch=seen.epoch), reading.wall)
            self._again(gateway.name)

    def _written(self, gateway: Gateway, topic: str, report: Report, seen: Order, reading: Reading) -> None:
        """A desired document on the wire: our own echo, one found at the start, or somebody else's."""
        if report.command_id in self._sent_ids[gateway.name]:
            return
        poison = self._orders.is_poison(seen)
        if poison:
            self._tell(happened("TWL-G113", topic=topic, epoch=seen.epoch), reading.wall)
        else:
            self._orders.rise_above(seen)
        if gateway.name in self._issued:
            fields = {"topic": topic, "epoch": seen.epoch, "revision": seen.revision}
            self._tell(happened("TWL-G111", **fields), reading.wall)
            self._again(gateway.name)

    def _again(self, name: str) -> None:
        self.tracks[name] = replace(self.tracks[name], wish=None)
        self._dirty.add(name)

    def turn(self, reading: Reading) -> Output:
        """One turn: see the head of this module."""
        self._watch_clock(reading)
        messages: list[Message] = []
        if reading.trust is not Trust.SUSPECT:
            cue = self._look_up(reading)
            for name in self._names_to_decide(reading):
                messages.extend(self._decide(self.gateways[name], cue, reading))
        events = (*self._told, *self._damper.due(reading.wall))
        self._told.clear()
        return Output(tuple(messages), events, self._wake_at(reading), min(self._due.values(), default=None))

    def _watch_clock(self, reading: Reading) -> None:
        if reading.step_s:
            now = f"{reading.wall:%Y-%m-%d %H:%M:%S} UTC"
            self._told.append(happened("TWL-T002", step_s=round(reading.step_s, 1), now=now))
            self.cue = None
        if self._trust is not None and self._trust is not reading.trust:
            self._told.append(happened("TWL-T001", trust=reading.trust.value, before=self._trust.value))
            self._dirty.update(self.gateways)
        self._trust = reading.trust

    def _look_up(self, reading: Reading) -> Cue:
        """The cue in force; telling of it when it is another one, and renewing the plan ahead when it is time."""
        now = reading.wall
        cue = self._program.look_at(now)
        changed = self.cue is None or cue.at != self.cue.at or cue.looks != self.cue.looks
        if changed:
            self._told.append(self._changed(cue, now))
        if changed or self._planned_at is None or not self._planned_at <= now < self._planned_at + REFRESH:
            self._planned_at, self._plan = now, self._plan + 1
            self._ahead = self._program.cues(now, now + HORIZON)
            self._dirty.update(self.gateways)
        if self._step_at is not None and now >= self._step_at:
            self._dirty.update(self.gateways)
        self.cue, self._step_at = cue, next_step(cue, now)
        return cue

    def _changed(self, cue: Cue, now: datetime) -> Event:
        following = self._program.next_cue(now)
        zone = self._program.place.time_zone
        until = f"{following.at.astimezone(zone):%Y-%m-%d %H:%M}" if following is not None else "–"
        looks = shows(goal(self._program.zones, cue, now))
        return happened(
            "TWL-C020",
            looks=looks,
            campaign=cue.campaign or "–",
            until=until,
            why=cue.why.rule,
            fade_s=cue.fade_s,
        )

    def _names_to_decide(self, reading: Reading) -> list[str]:
        if self._connected_s is not None and reading.mono < self._connected_s + LISTEN_S:
            self._due = dict.fromkeys(self.gateways, self._connected_s + LISTEN_S)
            return []
        due = {name for name, at_s in self._due.items() if at_s <= reading.mono}
        names = [name for name in self.gateways if name in self._dirty or name in due]
        self._dirty.clear()
        return names

    def _decide(self, gateway: Gateway, cue: Cue, reading: Reading) -> list[Message]:
        wished = goal(gateway.zone_names, cue, reading.wall)
        facts = Turn(
            now_s=reading.mono,
            connected_s=self._connected_s,
            goal=wished,
            wish=wish(gateway, wished, self._plan),
            command_id=self._next_id(),
            fade_s=fade_left_s(cue, reading.wall),
        )
        before = self.tracks[gateway.name]
        decision = reconcile(gateway, before, facts)
        self.tracks[gateway.name] = decision.track
        self._due[gateway.name] = decision.wake_s if decision.wake_s is not None else float("inf")
        for event in decision.events:
            self._tell(event, reading.wall)
        messages: list[Message] = []
        if decision.send:
            new = facts.wish != before.wish or gateway.name not in self._issued
            messages.extend(self._encode(gateway, wished, cue, reading, new))
        if decision.query:
            messages.extend(gateway.query(self._prefix))
        return messages

    def _next_id(self) -> str:
        order = self._orders.current
        return f"{order.epoch}.{order.revision + 1}"

    def _encode(self, gateway: Gateway, wished: Goal, cue: Cue, reading: Reading, new: bool) -> tuple[Message, ...]:
        """The wish as messages; a repetition carries the order and id of the first."""
        if new:
            command_id = self._next_id()
            self._issued[gateway.name] = _Issued(self._orders.issue(), command_id)
            self._sent_ids[gateway.name].append(command_id)
        issued = self._issued[gateway.name]
        return gateway.encode(
            Want(
                now=reading.wall,
                zones={zone: gateway.reduce(zone, state) for zone, state in wished.items()},
                fade_s=fade_left_s(cue, reading.wall),
                order=issued.order,
                command_id=issued.command_id,
                cues=(cue, *self._ahead[1:]),
                valid_until=(self._planned_at or reading.wall) + HORIZON,
            ),
            self._prefix,
        )

    def _wake_at(self, reading: Reading) -> datetime | None:
        following = self._program.next_cue(reading.wall)
        instants = [at for at in (following.at if following else None, self._step_at) if at is not None]
        return min(instants, default=None)

    def _tell(self, event: Event, now: datetime) -> None:
        self._told.extend(self._damper.pass_on(event, now))
