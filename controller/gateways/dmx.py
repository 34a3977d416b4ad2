"""`dmx`: our own gateway, spoken to by the documents of our contract; the only kind that keeps the plan ahead."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from controller.errors import Mistake
from controller.gateways.base import (
    DesiredState,
    Gateway,
    Ignored,
    Message,
    Order,
    Refresh,
    Rejected,
    Report,
    ReportedLook,
)
from controller.gateways.outputs import OutputField
from controller.gateways.wire import (
    ALWAYS,
    LONGEST_S,
    MAX_CUES,
    MAX_PAYLOAD,
    After,
    DesiredDocument,
    PlannedCue,
    Replaced,
    ZoneLook,
    ZoneReport,
    parse_desired,
    parse_reported,
)
from controller.lighting.color import Color, parse_color
from controller.lighting.look import Look, ZoneState
from controller.lighting.names import DARK_WORDS
from controller.lighting.patch import Fixture
from controller.schedule.durations import DurationField, say_duration
from controller.schedule.plan import Cue

BRIGHTNESS_TOLERANCE = 0.02
COLOR_TOLERANCE = 3
"""Of 255, per component: what reading a colour back from 8-bit levels may cost."""
AFTER_FADE_S = 30.0
"""How slowly a gateway that has been alone for too long comes to the look that is meant for that."""
PLANNED = 12
"""Cues of 48 hours that always have room: an evening and a morning, lit and dark again, of three nights."""
ROOM_FOR_WHY, ROOM_FOR_HEAD = 100, 1_000
OFTENEST, RAREST = timedelta(seconds=1), timedelta(minutes=10)


def _look(text: object, info: ValidationInfo) -> object:
    if isinstance(text, list | dict):
        raise Mistake("TWL-S119", found=type(text).__name__)
    if not isinstance(text, str):
        return text
    if text.strip().casefold() in DARK_WORDS:
        return Look()
    return Look((parse_color(text, (info.context or {}).get("palette", {})),))


def _bearable(pace: timedelta) -> timedelta:
    """How often it reports: neither a flood nor a fault found too late; raises Mistake TWL-D021."""
    if not OFTENEST <= pace <= RAREST:
        raise Mistake("TWL-D021", value=say_duration(pace), least=say_duration(OFTENEST), most=say_duration(RAREST))
    return pace


class Afterwards(BaseModel):
    """What the gateway does alone when the plan it was given has ended: hold the last look, then show another."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    hold: DurationField = timedelta(hours=24)
    look: Annotated[Look, BeforeValidator(_look)] = Look()


class Dmx(Gateway):
    """A gateway of our own: fixtures patched into DMX universes behind one output."""

    KEEPS_PLAN: ClassVar[bool] = True

    kind: Literal["dmx"] = "dmx"
    runs: Literal["here", "elsewhere"] = "elsewhere"
    output: OutputField
    universe: Annotated[int, Field(ge=0, le=63999)] = 1
    fixtures: Annotated[tuple[Fixture, ...], Field(min_length=1)]
    after: Afterwards = Afterwards()
    report_every: Annotated[DurationField, AfterValidator(_bearable)] = timedelta(seconds=10)

    @model_validator(mode="after")
    def _output_has_universes(self) -> Self:
        own = (fixture.universe for fixture in self.fixtures)
        self.output.check_universes({self.universe if universe is None else universe for universe in own})
        return self

    @property
    def zone_names(self) -> tuple[str, ...]:
        """The zones of its fixtures, in the file's order."""
        return tuple(dict.fromkeys(fixture.zone for fixture in self.fixtures))

    @property
    def refresh(self) -> Refresh:
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
        """What it says, and what others might write to it: a foreign writer is to be noticed."""
        return tuple(self.topic(leaf, prefix) for leaf in ("reported", "availability", "desired"))

    def encode(self, want: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One retained desired document, with as much of the plan ahead as fits into it."""
        cues = want.cues[:MAX_CUES]
        payload = self._document(want, cues)
        while len(payload) > MAX_PAYLOAD and len(cues) > 1:
            cues = cues[: max(1, len(cues) * MAX_PAYLOAD // len(payload))]
            payload = self._document(want, cues)
        return (Message(self.topic("desired", prefix), payload, qos=1, retain=True),)

    def plan_bytes(self, looks: Mapping[str, Look]) -> int:
        """How long a document is, at least, with a plan of PLANNED cues of which every other one shows these looks."""
        lit = {zone: ZoneLook.of(looks.get(zone, Look()), ALWAYS, LONGEST_S) for zone in self.zone_names}
        dark = {zone: ZoneLook.of(Look(), ALWAYS, LONGEST_S) for zone in self.zone_names}
        one, other = (
            len(PlannedCue(at=ALWAYS, zones=zones, why="–" * ROOM_FOR_WHY).model_dump_json(exclude_none=True).encode())
            for zones in (lit, dark)
        )
        return ROOM_FOR_HEAD + one + other + PLANNED // 2 * (one + other)

    def _document(self, want: DesiredState, cues: tuple[Cue, ...]) -> bytes:
        ends = (want.valid_until or want.now, *(cue.at for cue in want.cues[len(cues) :]))
        document = DesiredDocument(
            version=1,
            epoch=want.order.epoch,
            revision=want.order.revision,
            replaces=_replaced(want.replaces),
            command_id=want.command_id,
            issued_at=want.now,
            valid_until=min(ends),
            zones=self._zones(cues[0], want.fade_s) if cues else _steady(want),
            cues=tuple(self._planned(cue) for cue in cues),
            after=After(
                hold_s=self.after.hold.total_seconds(),
                zones={zone: ZoneLook.of(self.after.look, want.now, AFTER_FADE_S) for zone in self.zone_names},
            ),
        )
        return document.model_dump_json(exclude_none=True).encode()

    def _zones(self, cue: Cue, fade_s: float) -> dict[str, ZoneLook]:
        looks: Mapping[str, Look] = cue.looks
        return {zone: ZoneLook.of(looks.get(zone, Look()), cue.since, fade_s) for zone in self.zone_names}

    def _planned(self, cue: Cue) -> PlannedCue:
        return PlannedCue(at=cue.at, zones=self._zones(cue, cue.fade_s), why=cue.why.rule[:500])

    def decode(self, topic: str, payload: bytes, prefix: str) -> Report | Ignored | Rejected:
        """A report, its availability, or a desired document that somebody else may have written."""
        leaf = topic.removeprefix(f"{prefix}/gateway/{self.name}/")
        if leaf == "availability":
            return _availability(payload)
        if leaf == "reported":
            return self._reported(payload)
        return _written(payload) if leaf == "desired" else Ignored()

    def _reported(self, payload: bytes) -> Report | Ignored | Rejected:
        if not payload:
            return Ignored()
        told = parse_reported(payload)
        if isinstance(told, Rejected):
            return told
        return Report(
            zones={zone: _shown(told.zones[zone]) for zone in self.zone_names if zone in told.zones},
            order=told.order,
            command_id=told.command_id,
            by=told.by,
            clock=told.clock,
            problems=told.problems,
            at=told.at,
            uptime_s=told.uptime_s,
        )

    def agrees(self, zone: str, want: ZoneState, shown: ReportedLook) -> bool:
        """On or off as asked, and within what 8-bit levels can say."""
        if not want.on or shown.on is not True:
            return shown.on is want.on
        if shown.color is None or want.color is None or shown.brightness is None:
            return False
        near = abs(shown.brightness - want.brightness) <= BRIGHTNESS_TOLERANCE
        pairs = zip(shown.color.rgb, want.color.rgb, strict=True)
        return near and all(abs(one - other) <= COLOR_TOLERANCE for one, other in pairs)


def _replaced(order: Order | None) -> Replaced | None:
    return Replaced(epoch=order.epoch, revision=order.revision) if order is not None else None


def _steady(want: DesiredState) -> dict[str, ZoneLook]:
    return {zone: ZoneLook.steady(state, want.fade_s) for zone, state in want.zones.items()}


def _shown(zone: ZoneReport) -> ReportedLook:
    color = Color.from_hex(zone.color) if zone.color is not None else None
    return ReportedLook(on=zone.on, brightness=zone.brightness, color=color)


def _availability(payload: bytes) -> Report | Ignored | Rejected:
    if payload in {b"online", b"offline"}:
        return Report(online=payload == b"online")
    return Rejected("availability is neither 'online' nor 'offline'") if payload else Ignored()


def _written(payload: bytes) -> Report:
    """Also what is no document, or a cleared topic, has taken the place of ours: the lowest order of all."""
    document = parse_desired(payload)
    if isinstance(document, Rejected):
        return Report(written=Order())
    return Report(written=document.order, command_id=document.command_id)
