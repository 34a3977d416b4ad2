"""`dmx`: our own gateway, addressed by the documents of our contract; the only kind that keeps the plan ahead."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from controller.durations import DurationField, between
from controller.errors import Mistake
from controller.events.models import Reason
from controller.gateways import base, wire
from controller.gateways.outputs import OutputField
from controller.gateways.payloads import quoted
from controller.lighting.color import Color, parse_color
from controller.lighting.look import Look, ZoneState
from controller.lighting.names import DARK_WORDS
from controller.schedule.plan import Cue

BRIGHTNESS_TOLERANCE = 0.02
COLOR_TOLERANCE = 3
"""Difference per component, of 255, that reading a colour back from 8-bit levels may cause."""
AFTER_FADE_S = 30.0
"""Seconds of the fade into the look that a gateway shows when it has been without a controller for too long."""
PLANNED = 12
"""Cues that must fit into a document: those of 48 hours, light on and off in the evenings and mornings of three
nights."""
ROOM_FOR_WHY, ROOM_FOR_HEAD = 100, 1_000
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(minutes=10)
"""Limits of the time between two reports: neither a flood, nor so long that a fault is found too late."""


def _look(text: object, info: ValidationInfo) -> object:
    if isinstance(text, list | dict):
        raise Mistake("TWL-S119", found=type(text).__name__)
    if not isinstance(text, str):
        return text
    if text.strip().casefold() in DARK_WORDS:
        return Look()
    return Look((parse_color(text, (info.context or {}).get("palette", {})),))


class Afterwards(BaseModel):
    """What the gateway does without a controller when its plan has ended: hold the last look, then show another."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, arbitrary_types_allowed=True)

    hold: DurationField = timedelta(hours=24)
    look: Annotated[Look, BeforeValidator(_look)] = Look()


class Dmx(base.WithFixtures):
    """A gateway of our own: fixtures patched into DMX universes behind one output."""

    KEEPS_PLAN: ClassVar[bool] = True
    WRITES_FLASH: ClassVar[bool] = False

    kind: Literal["dmx"] = "dmx"
    runs: Literal["here", "elsewhere"] = "elsewhere"
    output: OutputField
    universe: Annotated[int, Field(ge=0, le=63999)] = 1
    after: Afterwards = Afterwards()
    report_every: Annotated[DurationField, between(SHORTEST, LONGEST, "TWL-D021")] = timedelta(seconds=10)

    @model_validator(mode="after")
    def _output_has_universes(self) -> Self:
        self.output.check_universes(self._universes)
        return self

    @property
    def default_universe(self) -> int:
        """The `universe` of `tower.yaml`."""
        return self.universe

    @property
    def _universes(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(fixture.universe or 0 for fixture in self.patched_fixtures))

    @cached_property
    def lamps_mark(self) -> str:
        """A hash that is equal where two copies of `tower.yaml` have the same lamps, with their places and profiles."""
        lamps = sorted((each.universe or 0, each.address, each.profile, each.zone) for each in self.patched_fixtures)
        return hashlib.sha256(repr(lamps).encode()).hexdigest()[:12]

    @property
    def runs_here(self) -> bool:
        """Whether `tower.yaml` has `runs: here`."""
        return self.runs == "here"

    @property
    def destinations(self) -> tuple[base.Destination, ...]:
        """The destinations of its output."""
        places = self.output.places(here=self.runs_here)
        return tuple((place, universe) for universe in self._universes for place in places)

    def device_topics(self, prefix: str) -> tuple[str, ...]:
        """None besides those of our contract."""
        return ()

    @property
    def refresh(self) -> base.Refresh:
        """It reports every `report_every`."""
        return "itself"

    @property
    def quiet_s(self) -> float:
        """Three reports may be missing."""
        return 3 * self.report_every.total_seconds()

    def topic(self, leaf: str, prefix: str) -> str:
        """The topic of one document: `desired`, `reported` or `availability`."""
        return f"{prefix}/gateway/{self.name}/{leaf}"

    def topics(self, prefix: str) -> tuple[str, ...]:
        """Its documents, and the one that others may write to it: a foreign writer must be noticed."""
        return tuple(self.topic(leaf, prefix) for leaf in ("reported", "availability", "desired"))

    def encode(self, desired: base.DesiredState, prefix: str) -> tuple[base.Message, ...]:
        """One retained desired document, with as much of the plan ahead as fits into it."""
        cues = desired.cues[: wire.MAX_CUES]
        payload = self._document(desired, cues)
        while len(payload) > wire.MAX_PAYLOAD and len(cues) > 1:
            cues = cues[: max(1, len(cues) * wire.MAX_PAYLOAD // len(payload))]
            payload = self._document(desired, cues)
        return (base.Message(self.topic("desired", prefix), payload, qos=1, retain=True),)

    def plan_bytes(self, looks: Mapping[str, Look]) -> int:
        """The length of a document with the cue in force and PLANNED more, every other one with these looks."""
        return ROOM_FOR_HEAD + (PLANNED // 2 + 1) * (self._cue_bytes(looks) + self._cue_bytes({}))

    def _cue_bytes(self, looks: Mapping[str, Look]) -> int:
        zones = {
            zone: wire.ZoneLook.of(looks.get(zone, Look()), wire.ALWAYS, wire.LONGEST_S) for zone in self.zone_names
        }
        cue = wire.PlannedCue(at=wire.ALWAYS, zones=zones, why="–" * ROOM_FOR_WHY)
        return len(cue.model_dump_json(exclude_none=True).encode())

    def _document(self, desired: base.DesiredState, cues: tuple[Cue, ...]) -> bytes:
        ends = (desired.valid_until or desired.now, *(cue.at for cue in desired.cues[len(cues) :]))
        steady = {zone: wire.ZoneLook.steady(state, desired.fade_s) for zone, state in desired.zones.items()}
        replaces = desired.replaces
        document = wire.DesiredDocument(
            version=1,
            epoch=desired.order.epoch,
            revision=desired.order.revision,
            replaces=wire.Replaced(epoch=replaces.epoch, revision=replaces.revision) if replaces is not None else None,
            command_id=desired.command_id,
            issued_at=desired.now,
            valid_until=min(ends),
            zones=self._zones(cues[0], desired.fade_s) if cues else steady,
            cues=tuple(
                wire.PlannedCue(
                    at=cue.at, zones=self._zones(cue, cue.fade_s), why=str(cue.why.rule["kind"] or "nothing")
                )
                for cue in cues
            ),
            after=wire.After(
                hold_s=self.after.hold.total_seconds(),
                zones={zone: wire.ZoneLook.of(self.after.look, desired.now, AFTER_FADE_S) for zone in self.zone_names},
            ),
        )
        return document.model_dump_json(exclude_none=True).encode()

    def _zones(self, cue: Cue, fade_s: float) -> dict[str, wire.ZoneLook]:
        looks: Mapping[str, Look] = cue.looks
        return {zone: wire.ZoneLook.of(looks.get(zone, Look()), cue.of(zone).since, fade_s) for zone in self.zone_names}

    def decode(self, topic: str, payload: bytes, prefix: str) -> base.Report | base.Ignored | base.Rejected:
        """A report, its availability, or a desired document that somebody else may have written."""
        leaf = topic.removeprefix(f"{prefix}/gateway/{self.name}/")
        if leaf == "availability":
            return _availability(payload)
        if leaf == "reported":
            return self._reported(payload)
        return _written(payload) if leaf == "desired" else base.Ignored()

    def _reported(self, payload: bytes) -> base.Report | base.Ignored | base.Rejected:
        if not payload:
            return base.Ignored()
        document = wire.parse_reported(payload)
        if isinstance(document, base.Rejected):
            return document
        return base.Report(
            zones={zone: _reported_look(document.zones[zone]) for zone in self.zone_names if zone in document.zones},
            order=document.order,
            command_id=document.command_id,
            by=document.by,
            clock=document.clock,
            problems=document.problems,
            at=document.at,
            uptime_s=document.uptime_s,
            info=document.info,
            has_our_lamps=document.lamps == self.lamps_mark if document.lamps is not None else None,
        )

    def cannot(self) -> tuple[base.Lack, ...]:
        """It can do everything."""
        return ()

    def agrees(self, zone: str, desired: ZoneState, reported: base.ReportedLook) -> bool:
        """On or off as desired, and brightness and colour within what 8-bit levels can represent."""
        if not desired.on or reported.on is not True:
            return reported.on is desired.on
        if reported.color is None or desired.color is None or reported.brightness is None:
            return False
        near = abs(reported.brightness - desired.brightness) <= BRIGHTNESS_TOLERANCE
        pairs = zip(reported.color.rgb, desired.color.rgb, strict=True)
        return near and all(abs(one - other) <= COLOR_TOLERANCE for one, other in pairs)


def _reported_look(zone: wire.ZoneReport) -> base.ReportedLook:
    color = Color.from_hex(zone.color) if zone.color is not None else None
    return base.ReportedLook(on=zone.on, brightness=zone.brightness, color=color)


def _availability(payload: bytes) -> base.Report | base.Ignored | base.Rejected:
    if payload in {b"online", b"offline"}:
        return base.Report(online=payload == b"online")
    word = quoted(payload[:40].decode(errors="replace"))
    return base.Rejected(Reason("not_online_or_offline", {"value": word})) if payload else base.Ignored()


def _written(payload: bytes) -> base.Report:
    """The order of a desired document on the broker. Anything else there, or a cleared topic, has replaced ours and
    counts as the lowest order."""
    document = wire.parse_desired(payload)
    if isinstance(document, base.Rejected):
        return base.Report(written=base.Order())
    return base.Report(written=document.order, command_id=document.command_id)
