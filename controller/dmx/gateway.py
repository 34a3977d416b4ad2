"""The DMX gateway without I/O: documents and clock readings in; levels, reports and events out.

A turn determines the time and which part of the accepted document holds (`document.py`), advances the fade of each
zone, and turns light into levels. During a walk test, its levels are sent instead (`local`). A report is due soon after
the desired look changes, every LAGGING_S while levels lag behind it, when they reach it, after each document, and every
`report_every`. A report is computed from the levels that the output has sent.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import Protocol

from controller import __version__
from controller.clock import ClockReading
from controller.dmx.document import DocumentAcceptance, Playback, StoredDocument, TimeSource, next_instant, playback
from controller.events import Event, new_event
from controller.events.alarm import Alarm
from controller.events.models import Reason
from controller.gateways import wire
from controller.gateways.base import GatewayInfo, Message, Order, Rejected
from controller.gateways.dmx import Dmx
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light, mix
from controller.lighting.look import DARK, ZoneState
from controller.lighting.patch import Patch

FRAME_S = 1 / 40
"""Seconds between two frames of a fade: fewer frames than the 44 a second that DMX512-A carries with 512 slots."""
AFTER_SEND_S = 0.05
"""Seconds that a report waits after a change, so that the levels have been sent."""
NO_DOCUMENT_S = 60.0
"""Seconds without a desired document on a connection after which an event is emitted: the document is retained, so it
normally arrives immediately."""
LAGGING_S = 1.0
"""Seconds until the next report while the sent levels are not the desired ones."""
UNEVEN = "TWL-F131"
WHITE = Light(1.0, 1.0, 1.0)
DARK_LOOK = wire.ZoneLook(on=False, brightness=0.0)


@dataclass(frozen=True, slots=True)
class Fade:
    """A change from `start` to `desired` in `fade_s` seconds since `began_s`, both on the caller's clock."""

    start: Light
    desired: ZoneState
    began_s: float = 0.0
    fade_s: float = 0.0

    def at(self, now_s: float) -> Light:
        """The light at an instant."""
        if self.is_done(now_s):
            return Light.of(self.desired)
        share = max(0.0, (now_s - self.began_s) / self.fade_s)
        return mix(self.start, Light.of(self.desired), share)

    def towards(self, desired: ZoneState, now_s: float) -> "Fade":
        """A fade from the light at this instant to another state, done when this one would have been."""
        return Fade(self.at(now_s), desired, now_s, max(0.0, self.began_s + self.fade_s - now_s))

    def is_done(self, now_s: float) -> bool:
        """Whether the desired state is reached."""
        return self.fade_s <= 0 or now_s >= self.began_s + self.fade_s


AT_REST_DARK = Fade(Light.of(DARK), DARK)


class WalkTest:
    """The walk test: one fixture alone, everything else dark, until `until_s` (boot time; infinity without a test)."""

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._frames: Mapping[int, bytes] | None = None
        self.until_s = inf

    def begin(self, payload: bytes, now_s: float) -> Reason | None:
        """Starts a step, or ends the test; returns the reason if the payload is no valid step."""
        step = wire.parse_walk(payload)
        if isinstance(step, Rejected):
            return step.reason
        frames = walk_levels(self._patch, step) if step.fixture is not None else None
        if step.fixture is not None and frames is None:
            return Reason("no_such_channel", {"fixture": step.fixture, "channel": step.channel or 1})
        self._frames = frames
        self.until_s = now_s + step.for_s if frames is not None else inf
        return None

    def frames(self, now_s: float) -> Mapping[int, bytes] | None:
        """The levels of the step; None if there is no step, or it is over."""
        if now_s >= self.until_s:
            self._frames, self.until_s = None, inf
        return self._frames


def walk_levels(patch: Patch, step: wire.Walk) -> dict[int, bytes] | None:
    """The levels of all universes; None if the step names no fixture or channel of this patch."""
    placed = next((place for place in patch.placed if place.fixture.name == step.fixture), None)
    if placed is None or (step.channel is not None and step.channel > len(placed.channels)):
        return None
    white = WHITE.times(step.brightness)
    own = placed.lamp.levels(white) if step.channel is None else _one_channel(placed.lamp, step.channel)
    frames = {universe: bytearray(frame) for universe, frame in patch.levels({}).items()}
    frames[placed.universe][placed.channels.start : placed.channels.stop] = own
    return {universe: bytes(frame) for universe, frame in frames.items()}


def _one_channel(lamp: Lamp, channel: int) -> bytes:
    """One channel full, shutter and dimmer open so that it shows; fixed channels keep their value, which prevents a
    macro from starting."""
    return bytes(
        own.full if own.role == "dimmer" or number == channel else dark
        for number, (own, dark) in enumerate(zip(lamp.profile.channels, lamp.dark, strict=True), start=1)
    )


@dataclass(frozen=True, slots=True)
class GatewayTurn:
    """The result of one turn. `wake_at` is wall time, `wake_s` boot time; the next turn is at whichever comes first."""

    frames: Mapping[int, bytes]
    messages: tuple[Message, ...]
    events: tuple[Event, ...]
    to_store: StoredDocument | None
    wake_at: datetime | None
    wake_s: float


class SentLevels(Protocol):
    """The part of an output that a report needs."""

    def sent(self, universe: int) -> bytes | None:
        """The levels that were sent last, None if none were."""

    @property
    def problems(self) -> tuple[str, ...]:
        """The codes of the output's current problems."""


class DmxGateway:
    """One DMX gateway; `output` knows what was sent last, `stored` is the document stored before this start."""

    def __init__(
        self, settings: Dmx, prefix: str, patch: Patch, output: SentLevels, stored: StoredDocument | None
    ) -> None:
        self._settings = settings
        self._prefix = prefix
        self._patch = patch
        self._output = output
        self._acceptance = DocumentAcceptance(settings.name, stored)
        self._time = TimeSource()
        self._walk = WalkTest(patch)
        self._playback: Playback | None = None
        self._fades = dict.fromkeys(settings.zone_names, AT_REST_DARK)
        self._resting = True
        self._began_s: float | None = None
        self._report_s = inf
        self._events: list[Event] = []
        self._wrong_clock = Alarm(self._events.append)
        self._no_document = Alarm(self._events.append)
        self._no_document_since_s = inf
        self._uneven: frozenset[str] = frozenset()
        self._uneven_alarms: defaultdict[str, Alarm] = defaultdict(partial(Alarm, self._events.append))

    @property
    def topic(self) -> str:
        """The topic of its desired document."""
        return self._settings.topic("desired", self._prefix)

    @property
    def order(self) -> Order:
        """The highest order accepted."""
        return self._acceptance.order

    def connected(self, reading: ClockReading) -> None:
        """A connection began: a report is due, and the controller's document should arrive."""
        self._no_document_since_s = reading.mono
        self._report_soon(reading)

    def lost(self) -> None:
        """The last connection ended: the wait for a document starts again with the next one."""
        self._no_document_since_s = inf

    def receive(self, payload: bytes, retained: bool, reading: ClockReading) -> None:
        """Handles a payload of the desired topic; an empty one means that the topic was cleared."""
        if not payload:
            return
        self._no_document_since_s = inf
        self._no_document.clear(new_event("TWL-D019", gateway=self._settings.name))
        before = self._acceptance.document
        self._events += self._acceptance.receive(payload, self._shown(), self._time.now(reading), reading)
        document = self._acceptance.document
        if document is not None and document is not before:
            if before is None or document.order != before.order:
                self._events.append(new_event("TWL-D017", **self._named))
            if not retained:
                self._time.receive(document.issued_at, reading)
        self._report_soon(reading)

    def receive_walk(self, payload: bytes, retained: bool, reading: ClockReading) -> None:
        """Handles a step of a walk test; a retained one is left over and ignored."""
        reason = self._walk.begin(payload, reading.mono) if payload and not retained else None
        if reason is not None:
            self._events.append(new_event("TWL-D014", gateway=self._settings.name, reason=reason))
        self._report_soon(reading)

    def turn(self, reading: ClockReading) -> GatewayTurn:
        """One turn: see the module docstring."""
        if self._began_s is None:
            self._began_s = reading.mono
        now = self._time.now(reading)
        self._watch_clock(reading)
        if reading.mono - self._no_document_since_s >= NO_DOCUMENT_S:
            self._no_document.raise_(new_event("TWL-D018", gateway=self._settings.name, topic=self.topic))
        document_time = self._acceptance.time(now, reading)
        self._fade_towards(playback(self._acceptance.document, document_time), document_time, reading)
        walking = self._walk.frames(reading.mono)
        lights = {zone: fade.at(reading.paced_s) for zone, fade in self._fades.items()}
        frames = walking if walking is not None else self._patch.levels(lights)
        resting = all(fade.is_done(reading.paced_s) for fade in self._fades.values())
        if resting and not self._resting:
            self._report_soon(reading)
        self._resting = resting
        messages = self._report(reading, now, frames) if reading.mono >= self._report_s else ()
        events = (*self._events, *self._acceptance.repeated(reading))
        self._events.clear()
        next_s = min(self._report_s, self._walk.until_s)
        wake_s = next_s if resting else min(next_s, reading.mono + FRAME_S)
        wake_at = self._wake_at(document_time, reading)
        return GatewayTurn(frames, messages, events, self._acceptance.take_stored(), wake_at, wake_s)

    def _report_soon(self, reading: ClockReading) -> None:
        self._report_s = min(self._report_s, reading.mono + AFTER_SEND_S)

    def _watch_clock(self, reading: ClockReading) -> None:
        if self._time.contradicted(reading):
            error_s = round(self._time.error_s(reading), 1)
            self._wrong_clock.raise_(new_event("TWL-D013", gateway=self._settings.name, error_s=error_s))
        else:
            self._wrong_clock.clear(new_event("TWL-D016", gateway=self._settings.name))

    def _shown(self) -> Mapping[str, wire.ZoneLook]:
        """The looks from which a fade would start if a document began one now; during a fade, where that fade began."""
        if self._playback is None or not self._resting:
            return self._acceptance.before
        return {zone: wire.ZoneLook.steady(fade.desired) for zone, fade in self._fades.items()}

    @property
    def _named(self) -> dict[str, str]:
        """The fields `gateway` and `command_id` of events."""
        return {"gateway": self._settings.name, "command_id": self._acceptance.command_id or "–"}

    def _resume_fades(self, current: Playback) -> None:
        """Finds what was shown before this start of the gateway, since the fade from it may be in progress."""
        document = self._acceptance.document
        if current.since is None or document is None:
            return
        earlier = current.since - timedelta(microseconds=1)
        before = self._acceptance.before if current.by == "desired" else playback(document, earlier).zones
        states = {zone: before.get(zone, DARK_LOOK).state(earlier) for zone in self._fades}
        self._fades = {zone: Fade(Light.of(state), state) for zone, state in states.items()}

    def _fade_towards(self, current: Playback, now: datetime, reading: ClockReading) -> None:
        """Starts a fade for each zone whose desired state changed, from its current light; if the change is noticed
        late, the fade starts as if it had begun on time."""
        if self._playback is None:
            self._resume_fades(current)
        changed = False
        for zone, fade in self._fades.items():
            look = current.zones.get(zone, DARK_LOOK)
            desired = look.state(now)
            if desired != fade.desired:
                changed = True
                if current == self._playback:  # a step of a sequence does not end the fade into the sequence
                    self._fades[zone] = fade.towards(desired, reading.paced_s)
                else:
                    late_s = max(0.0, (now - current.since).total_seconds()) if current.since else 0.0
                    began_s = reading.paced_s - late_s
                    self._fades[zone] = Fade(fade.at(reading.paced_s), desired, began_s, look.fade_s)
        if changed or self._playback is None or current.by != self._playback.by:
            shows = {zone: fade.desired.value for zone, fade in self._fades.items()}
            self._events.append(new_event("TWL-D010", **self._named, shows=shows, by=current.by))
            self._report_soon(reading)
            self._resting = False
        self._playback = current

    def _report(self, reading: ClockReading, now: datetime | None, frames: Mapping[int, bytes]) -> tuple[Message, ...]:
        zones = self._reported_zones(frames, self._by(reading) == "local")
        every_s = self._settings.report_every.total_seconds()
        arrived = zones == {zone: _zone_report(fade.desired) for zone, fade in self._fades.items()}
        self._report_s = reading.mono + (every_s if arrived else min(every_s, LAGGING_S))
        rejected = self._acceptance.rejected(reading.mono)
        is_uneven = any(alarm.raised for alarm in self._uneven_alarms.values())
        own = (*([UNEVEN] if is_uneven else []), *([wire.REFUSED] if rejected else []))
        report = wire.ReportedDocument(
            version=1,
            epoch=self.order.epoch,
            revision=self.order.revision,
            command_id=self._acceptance.command_id,
            at=min(max(now or reading.wall, wire.EARLIEST), wire.LATEST),
            zones=zones,
            by=self._by(reading),
            clock=self._time.clock,
            uptime_s=round(reading.mono - (self._began_s or reading.mono), 3),
            problems=(*self._output.problems, *own)[-wire.MAX_PROBLEMS :],
            rejected=rejected.code if rejected is not None else None,
            lamps=self._settings.lamps_mark,
            info=GatewayInfo(program=__version__),
        )
        payload = report.model_dump_json(exclude_none=True).encode()
        return (Message(self._settings.topic("reported", self._prefix), payload, qos=1, retain=True),)

    def _by(self, reading: ClockReading) -> wire.By:
        if self._walk.frames(reading.mono) is not None:
            return "local"
        return self._playback.by if self._playback is not None else "boot"

    def _reported_zones(self, frames: Mapping[int, bytes], walking: bool) -> dict[str, wire.ZoneReport]:
        """What was sent, by zone: exactly the desired state if its levels were sent, else computed from the levels.

        A zone whose lamps visibly disagree has no single colour to report and is left out. In a walk test they are
        meant to disagree.
        """
        sent = {universe: self._output.sent(universe) for universe in frames}
        out = {universe: levels for universe, levels in sent.items() if levels is not None}
        if len(out) < len(frames):
            return {}
        patch_reading = self._patch.reading(out, {zone: fade.desired for zone, fade in self._fades.items()})
        self._watch_evenness(patch_reading.uneven if self._resting and not walking else frozenset())
        zones = patch_reading.zones.items()
        return {zone: _zone_report(state) for zone, state in zones if zone not in patch_reading.uneven}

    def _watch_evenness(self, uneven: frozenset[str]) -> None:
        """Raises an alarm for zones whose lamps disagree in two successive reports: a single one may differ because a
        universe lags."""
        for zone in self._fades:
            if zone in uneven & self._uneven:
                self._uneven_alarms[zone].raise_(new_event(UNEVEN, zone=zone))
            else:
                self._uneven_alarms[zone].clear()
        self._uneven = uneven

    def _wake_at(self, now: datetime, reading: ClockReading) -> datetime | None:
        """Wall time of the next cue or step of a sequence."""
        if self._playback is None:
            return None
        instants = [at for at in (next_instant(self._acceptance.document, now),) if at is not None]
        for look in self._playback.zones.values():
            step_s = look.look.next_step(max(0.0, (now - look.since).total_seconds()))
            if step_s is not None:
                # never `now` itself, whichever way the seconds round: that would be an endless loop
                instants.append(max(look.since + timedelta(seconds=step_s), now + timedelta(milliseconds=1)))
        return min(instants) + (reading.wall - now) if instants else None


def _zone_report(state: ZoneState) -> wire.ZoneReport:
    return wire.ZoneReport(on=state.on, color=wire.hex_of(state), brightness=round(state.brightness, 4))
