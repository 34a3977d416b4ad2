"""A broker that forgets, drops, doubles and delays as told, and a time that jumps from one event to the next, so that a
week passes in a second. Whatever runs in here is watched: see `World.check`.
"""

import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from controller.gateways.base import Message
from controller.gateways.wire import DesiredDocument, parse_desired
from controller.lighting.look import ZoneState
from controller.schedule.plan import Cue, Program
from controller.service.desired import desired_looks, fade_left_s
from tests.service.parties import PREFIX, Box, ControllerParty, Party, Vendor


@dataclass
class Line:
    """The way between a party and the broker: shares of messages lost and doubled, and the longest delay."""

    drop: float = 0.0
    double: float = 0.0
    delay_s: float = 0.0


@dataclass
class World:
    """Everything that is there, and the time."""

    start: datetime
    grain_s: float = 0.02
    mono: float = 1000.0
    line: Line = field(default_factory=Line)
    random: Random = field(default_factory=lambda: Random(1))
    parties: list[Party] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    sent: list[tuple[float, str, Message]] = field(default_factory=list)
    undetected_s: float = 0.0
    wrong_s: float = 0.0
    _queue: list[tuple[float, int, Party, int, str, bytes, bool]] = field(default_factory=list)
    _count: int = 0
    _began: float = 1000.0
    _lying_since: float | None = None
    _wrong_since: float | None = None
    _cue: tuple[Program, datetime, datetime, Cue] | None = None
    _wanted: tuple[dict[str, ZoneState], dict[int, bytes]] = field(default_factory=lambda: ({}, {}))

    @property
    def wall(self) -> datetime:
        """The true time."""
        return self.start + timedelta(seconds=self.mono - self._began)

    @property
    def desired(self) -> DesiredDocument:
        """The document that the broker keeps for the first gateway of our own."""
        told = parse_desired(self.kept[self.box.settings.topic("desired", PREFIX)])
        assert isinstance(told, DesiredDocument)
        return told

    @property
    def controller(self) -> ControllerParty:
        """The first controller."""
        return next(party for party in self.parties if isinstance(party, ControllerParty))

    @property
    def box(self) -> Box:
        """The first gateway of our own."""
        return next(party for party in self.parties if isinstance(party, Box))

    @property
    def vendor(self) -> Vendor:
        """The first gateway of a vendor."""
        return next(party for party in self.parties if isinstance(party, Vendor))

    def publish(self, _sender: Party | None, message: Message) -> None:
        """What the broker does with a message."""
        if message.retain:
            self.kept[message.topic] = message.payload
            if not message.payload:
                del self.kept[message.topic]
        for party in self.parties:
            if party.online and party.hears(message.topic):
                self.post(party, message.topic, message.payload, retained=False)

    def post(self, party: Party, topic: str, payload: bytes, retained: bool) -> None:
        """On its way from the broker to a party."""
        if self.random.random() < self.line.drop:
            return
        copies = 2 if self.random.random() < self.line.double else 1
        for _ in range(copies):
            due_s = self.mono + 0.002 + self.random.uniform(0, self.line.delay_s)
            self._count += 1
            heapq.heappush(self._queue, (due_s, self._count, party, party.session, topic, payload, retained))

    def say(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Somebody else publishes."""
        self.publish(None, Message(topic, payload, 1, retain))

    def forget(self) -> None:
        """The broker starts anew and has kept nothing."""
        self.kept.clear()
        self.cut_and_mend()

    def cut_and_mend(self) -> None:
        """All lines break and are made again."""
        there = [party for party in self.parties if party.up]
        for party in there:
            party.disconnect(tell=False)
        for party in there:
            party.connect()

    def run(self, seconds: float) -> None:
        """Time passes."""
        end = self.mono + seconds
        while True:
            queued = self._queue[0][0] if self._queue else float("inf")
            due_s = min(queued, *(party.due_s for party in self.parties), end)
            self.mono = max(self.mono, due_s)
            self._deliver()
            for party in self.parties:
                if party.up and party.due_s <= self.mono:
                    party.turn()
            self.check()
            if self.mono >= end:
                return

    def until(self, instant: datetime) -> None:
        """Time passes until then."""
        self.run((instant - self.wall).total_seconds())

    def _deliver(self) -> None:
        while self._queue and self._queue[0][0] <= self.mono:
            _, _, party, session, topic, payload, retained = heapq.heappop(self._queue)
            if party.up and party.session == session:
                party.take(topic, payload, retained)
                party.poke()

    def cue(self) -> Cue:
        """The cue in force by true time."""
        program = self.controller.engine.program
        known = self._cue
        if known is None or known[0] is not program or not known[1] <= self.wall < known[2]:
            following = program.next_cue(self.wall)
            until = following.at if following is not None else self.wall + timedelta(days=1)
            self._cue = known = (program, self.wall, until, program.look_at(self.wall))
        return known[3]

    @property
    def goals(self) -> dict[str, ZoneState]:
        """What should be shown now, by true time."""
        return desired_looks(self.controller.engine.program.zones, self.cue(), self.wall)

    @property
    def fading(self) -> bool:
        """Whether a fade should be under way."""
        return fade_left_s(self.cue(), self.wall) > 0

    @property
    def right(self) -> bool:
        """Whether the lamps truly show what they should."""
        goals = self.goals
        if goals != self._wanted[0]:
            self._wanted = (goals, self.box.patch.levels(goals))
        return all(self.box.lamps.shown(number, self.mono) == levels for number, levels in self._wanted[1].items())

    def check(self) -> None:
        """Keeps the longest time of wrong light, and of wrong light that was called confirmed."""
        if not any(isinstance(party, Box) for party in self.parties):
            return
        wrong = not self.fading and not (self.box.up and self.right)
        lying = wrong and self.controller.up and self._lies()
        self._wrong_since, self.wrong_s = self._longest(wrong, self._wrong_since, self.wrong_s)
        self._lying_since, self.undetected_s = self._longest(lying, self._lying_since, self.undetected_s)

    def _lies(self) -> bool:
        """Whether any zone is called confirmed and is not right."""
        standing = self.controller.engine.states[self.box.name].status
        if "confirmed" not in standing.values():
            return False
        goals = self.goals
        shown = self.box.shown(goals)
        return any(standing.get(zone) == "confirmed" and state != goals[zone] for zone, state in shown.items())

    def _longest(self, holds: bool, since: float | None, longest: float) -> tuple[float | None, float]:
        if not holds:
            return None, longest
        since = self.mono if since is None else since
        return since, max(longest, self.mono - since)

    def clear(self) -> None:
        """Counts from here."""
        self.wrong_s = self.undetected_s = 0.0
        self._wrong_since = self._lying_since = None
