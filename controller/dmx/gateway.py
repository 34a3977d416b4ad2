"""A DMX gateway without its wires: documents and readings of the clock in; levels, reports and events out.

The story of one turn
1. Time: `TimeSource` tells it.
2. Act: `acting.act` says what holds by the document that was accepted last.
3. Fade: a zone whose goal changed starts a ramp from the light it has; one that comes late finds it under way, and so
   does a gateway that starts in the middle of one.
4. Patch: lights to levels of every universe.
5. Walk test: while somebody looks at the lamps one by one, their levels go out instead (`local`).
6. Report: soon after a goal changed, each LAGGING_S on the way to it, when it is reached, on each answer to a document,
   and every `report_every`. What is reported is read from the levels that the output says went out.

Which document counts is said in `intake`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from controller.clock import ClockReading
from controller.dmx.acceptance import DocumentAcceptance
from controller.dmx.gateway_file import GatewayFile
from controller.dmx.lamp_test import WalkTest
from controller.dmx.playback import AT_REST_DARK, Fade, Playback, act, next_instant
from controller.dmx.time_source import TimeSource
from controller.events import Event, new_event
from controller.gateways.base import Message, Order
from controller.gateways.dmx import Dmx
from controller.gateways.wire import (
    EARLIEST,
    LATEST,
    MAX_PROBLEMS,
    REFUSED,
    By,
    ReportedDocument,
    ZoneLook,
    ZoneReport,
    hex_of,
)
from controller.lighting.light import Light
from controller.lighting.look import ZoneState
from controller.lighting.patch import Patch

FRAME_S = 1 / 40
"""Between two frames of a fade: under the 44 Hz that DMX512-A carries with 512 slots."""
AFTER_SEND_S = 0.05
"""A report waits so long after a change, that the levels have gone out."""
LAGGING_S = 1.0
"""The next report comes so soon when the levels that went out are not those of the goal."""
UNEVEN = "TWL-F131"
DARK_WISH = ZoneLook(on=False, brightness=0.0)


@dataclass(frozen=True, slots=True)
class GatewayTurn:
    """What one turn brought. `wake_at` is wall time, `wake_s` boot time; whichever comes first."""

    frames: Mapping[int, bytes]
    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    remember: GatewayFile | None
    wake_at: datetime | None
    wake_s: float


class Lamps(Protocol):
    """As much of an output as a report needs."""

    def sent(self, universe: int) -> bytes | None:
        """The levels that went out last, None if none did."""

    @property
    def problems(self) -> tuple[str, ...]:
        """The codes of what is wrong now."""


class DmxGateway:
    """One gateway of ours at work; `lamps` tells what went out last, `memory` is the document kept from before."""

    def __init__(self, settings: Dmx, prefix: str, patch: Patch, lamps: Lamps, memory: GatewayFile | None) -> None:
        self._settings = settings
        self._prefix = prefix
        self._patch = patch
        self._lamps = lamps
        self._intake = DocumentAcceptance(settings.name, memory)
        self._watch = TimeSource()
        self._walk = WalkTest(patch)
        self._act: Playback | None = None
        self._ramps = dict.fromkeys(settings.zone_names, AT_REST_DARK)
        self._resting = True
        self._began_s: float | None = None
        self._report_s = float("inf")
        self._contradicted = False
        self._uneven: frozenset[str] = frozenset()
        self._lasting: frozenset[str] = frozenset()
        self._told: list[Event] = []

    @property
    def topic(self) -> str:
        """Where its desired document comes."""
        return self._settings.topic("desired", self._prefix)

    @property
    def order(self) -> Order:
        """The highest order accepted."""
        return self._intake.order

    def connected(self, reading: ClockReading) -> None:
        """A connection began: the report is due."""
        self._report_by(reading.mono + AFTER_SEND_S)

    def receive(self, payload: bytes, retained: bool, reading: ClockReading) -> None:
        """A desired document, or what somebody wrote in its place; an empty one is a cleared topic."""
        if not payload:
            return
        held = self._intake.document
        self._told += self._intake.take(payload, self._shows(), self._watch.now(reading), reading)
        told = self._intake.document
        if told is not None and told is not held and not retained:
            self._watch.hear(told.issued_at, reading)
        self._report_by(reading.mono + AFTER_SEND_S)

    def receive_walk(self, payload: bytes, retained: bool, reading: ClockReading) -> None:
        """A step of a walk test; a retained one is somebody's leftover."""
        reason = self._walk.begin(payload, reading.mono) if payload and not retained else None
        if reason is not None:
            self._told.append(new_event("TWL-D014", gateway=self._settings.name, reason=reason))
        self._report_by(reading.mono + AFTER_SEND_S)

    def turn(self, reading: ClockReading) -> GatewayTurn:
        """One turn: see the head of this module."""
        if self._began_s is None:
            self._began_s = reading.mono
        now = self._watch.now(reading)
        self._watch_clock(reading)
        acted = self._intake.time(now, reading)
        self._steer(act(self._intake.document, acted), acted, reading)
        lights = {zone: ramp.at(reading.beat_s) for zone, ramp in self._ramps.items()}
        walking = self._walk.frames(reading.mono)
        frames = walking if walking is not None else self._patch.levels(lights)
        resting = all(ramp.is_done(reading.beat_s) for ramp in self._ramps.values())
        if resting and not self._resting:
            self._report_by(reading.mono + AFTER_SEND_S)
        self._resting = resting
        messages = self._report(reading, now, frames) if reading.mono >= self._report_s else ()
        events, self._told = tuple(self._told), []
        next_s = min(self._report_s, self._walk.until_s)
        wake_s = next_s if resting else min(next_s, reading.mono + FRAME_S)
        return GatewayTurn(frames, messages, events, self._intake.to_keep(), self._wake_at(acted, reading), wake_s)

    def _report_by(self, at_s: float) -> None:
        self._report_s = min(self._report_s, at_s)

    def _watch_clock(self, reading: ClockReading) -> None:
        """Tells once when the controller says quite another time than the own clock."""
        contradicted = self._watch.contradicted(reading)
        if contradicted and not self._contradicted:
            error_s = round(self._watch.error_s(reading), 1)
            self._told.append(new_event("TWL-D013", gateway=self._settings.name, error_s=error_s))
        self._contradicted = contradicted

    def _shows(self) -> Mapping[str, ZoneLook]:
        """From what a fade that a document begins now would start: the goals; in the middle of one, where it began."""
        if self._act is None or not self._resting:
            return self._intake.before
        return {zone: ZoneLook.steady(ramp.goal) for zone, ramp in self._ramps.items()}

    def _find(self, what: Playback) -> None:
        """The gateway has just started: what was shown before that which holds now, whose fade may be under way."""
        document = self._intake.document
        if what.since is None or document is None:
            return
        earlier = what.since - timedelta(microseconds=1)
        before = self._intake.before if what.by == "desired" else act(document, earlier).zones
        goals = {zone: before.get(zone, DARK_WISH).state(earlier) for zone in self._ramps}
        self._ramps = {zone: Fade(Light.of(goal), goal) for zone, goal in goals.items()}

    def _steer(self, what: Playback, now: datetime, reading: ClockReading) -> None:
        """Rules 2 and 3: a ramp for each zone whose goal is another one than before."""
        if self._act is None:
            self._find(what)
        changed = False
        for zone, ramp in self._ramps.items():
            wish = what.zones.get(zone, DARK_WISH)
            goal = wish.state(now)
            if goal != ramp.goal:
                changed = True
                if what == self._act:  # the step of a sequence, which does not end the fade into it
                    self._ramps[zone] = ramp.towards(goal, reading.beat_s)
                else:
                    late_s = max(0.0, (now - what.since).total_seconds()) if what.since else 0.0
                    start, began_s = ramp.at(reading.beat_s), reading.beat_s - late_s
                    self._ramps[zone] = Fade(start, goal, began_s, wish.fade_s)
        if changed or self._act is None or what.by != self._act.by:
            self._told.append(self._acting(what))
            self._report_by(reading.mono + AFTER_SEND_S)
            self._resting = False
        self._act = what

    def _acting(self, what: Playback) -> Event:
        shows = ", ".join(f"{zone} {ramp.goal.words()}" for zone, ramp in self._ramps.items())
        return new_event("TWL-D010", gateway=self._settings.name, shows=shows, by=what.by)

    def _report(self, reading: ClockReading, now: datetime | None, frames: Mapping[int, bytes]) -> tuple[Message, ...]:
        zones = self._shown(frames, self._by(reading) == "local")
        every_s = self._settings.report_every.total_seconds()
        arrived = zones == {zone: _zone_report(ramp.goal) for zone, ramp in self._ramps.items()}
        self._report_s = reading.mono + (every_s if arrived else min(every_s, LAGGING_S))
        rejected = self._intake.rejected(reading.mono)
        own = (*([UNEVEN] if self._lasting else []), *([REFUSED] if rejected else []))
        report = ReportedDocument(
            version=1,
            epoch=self.order.epoch,
            revision=self.order.revision,
            command_id=self._intake.command_id,
            at=min(max(now or reading.wall, EARLIEST), LATEST),
            zones=zones,
            by=self._by(reading),
            clock=self._watch.clock,
            uptime_s=round(reading.mono - (self._began_s or reading.mono), 3),
            problems=(*self._lamps.problems, *own)[-MAX_PROBLEMS:],
            rejected=rejected,
        )
        payload = report.model_dump_json(exclude_none=True).encode()
        return (Message(self._settings.topic("reported", self._prefix), payload, qos=1, retain=True),)

    def _by(self, reading: ClockReading) -> By:
        if self._walk.frames(reading.mono) is not None:
            return "local"
        return self._act.by if self._act is not None else "boot"

    def _shown(self, frames: Mapping[int, bytes], walking: bool) -> dict[str, ZoneReport]:
        """What went out, by zone: exactly the goals where their levels went out, else read back from the levels.

        A zone whose lamps visibly disagree shows nothing that could be said in one colour, and is left out. In a walk
        test they are meant to.
        """
        sent = {universe: self._lamps.sent(universe) for universe in frames}
        out = {universe: levels for universe, levels in sent.items() if levels is not None}
        if len(out) < len(frames):
            return {}
        goals = {zone: ramp.goal for zone, ramp in self._ramps.items()}
        told = self._patch.reading(out, goals)
        self._watch_evenness(told.uneven if self._resting and not walking else frozenset())
        return {zone: _zone_report(state) for zone, state in told.zones.items() if zone not in told.uneven}

    def _watch_evenness(self, uneven: frozenset[str]) -> None:
        """Zones whose lamps disagree in two reports on end: in one they may, where one universe lags."""
        lasting, self._uneven = uneven & self._uneven, uneven
        for zone in sorted(lasting - self._lasting):
            self._told.append(new_event(UNEVEN, zone=zone))
        self._lasting = lasting

    def _wake_at(self, now: datetime, reading: ClockReading) -> datetime | None:
        """The next cue or step of a sequence, on the wall of the reading."""
        if self._act is None:
            return None
        instants = [at for at in (next_instant(self._intake.document, now),) if at is not None]
        for wish in self._act.zones.values():
            step_s = wish.look.next_step(max(0.0, (now - wish.since).total_seconds()))
            if step_s is not None:
                # never now, whichever way the seconds round: that would wake for ever
                instants.append(max(wish.since + timedelta(seconds=step_s), now + timedelta(milliseconds=1)))
        return min(instants) + (reading.wall - now) if instants else None


def _zone_report(state: ZoneState) -> ZoneReport:
    return ZoneReport(on=state.on, color=hex_of(state), brightness=round(state.brightness, 4))
