"""The documents of our own contract, between the controller and a DMX gateway over MQTT.

    controller  -> <prefix>/gateway/<name>/desired       retained, QoS 1   Desired
    gateway     -> <prefix>/gateway/<name>/reported      retained, QoS 1   Reported
    gateway     -> <prefix>/gateway/<name>/availability  retained, QoS 1   online | offline (also its last will)
    technician  -> <prefix>/gateway/<name>/walk          not retained      Walk

Rules
1. Desired is state, never a one-shot command: read late, it still holds what to show now, and `cues` what follows.
2. Order is (epoch, revision). A gateway ignores orders lower than the highest it accepted, unless the document names
   that order as the one it `replaces`. So whatever a gateway was made to accept, the next document of its controller
   can replace it, and no order is final.
3. An epoch counts the starts of a controller: above MAX_EPOCH it is poison and refused, whatever was accepted before.
4. Both parsers are total: any bytes give a document or a reason. Unknown keys are ignored, known ones are strict.
5. Instants are RFC 3339 in UTC; durations are seconds; brightness is 0..1.
6. Everything that the two files can express fits: limits are against nonsense, never against a long fade or list.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from controller.events.models import Reason
from controller.events.reasons import first_mistake
from controller.gateways.base import GatewayInfo, Order, Rejected
from controller.lighting.color import Color
from controller.lighting.look import SHORTEST_STEP_S, Look, ZoneState

MAX_PAYLOAD = 262_144
MAX_WALK = 4_096
MAX_EPOCH = 1_000_000
"""About as many as one start per minute gives in two years."""
MAX_COUNT = 2**53
MAX_CUES = 4_096
MAX_COLORS = 4_096
MAX_ZONES = 512
MAX_PROBLEMS = 32
LONGEST_S = 40_000_000
"""Seconds; more than the 400 days that a duration in a file may have."""

LONGEST_WALK_S = 600.0

REFUSED = "TWL-D011"

T = TypeVar("T", bound=BaseModel)

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""The begin of a look that has lasted for longer than the plan looks back."""


def _from(earliest: datetime) -> AfterValidator:
    def sane(instant: datetime) -> datetime:
        if not earliest <= instant <= LATEST:
            raise PydanticCustomError(
                "outside_years", "an instant outside the years", {"first": earliest.year, "last": LATEST.year}
            )
        return instant.astimezone(UTC)

    return AfterValidator(sane)


Instant = Annotated[AwareDatetime, _from(EARLIEST)]
Beginning = Annotated[AwareDatetime, _from(ALWAYS)]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Version = Annotated[int, Field(ge=1, le=1)]
Seconds = Annotated[float, Field(ge=0, le=LONGEST_S, allow_inf_nan=False)]
HexColor = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")]
ShortText = Annotated[str, StringConstraints(max_length=500)]
ZoneName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class SequenceDocument(_Wire):
    """Alternating colours, so that no cue is needed for each step."""

    colors: Annotated[tuple[HexColor, ...], Field(min_length=1, max_length=MAX_COLORS)]
    change_every_s: Annotated[float, Field(ge=SHORTEST_STEP_S, le=LONGEST_S, allow_inf_nan=False)]
    started_at: Beginning


class ZoneLook(_Wire):
    """What one zone should show: off, a colour, or a sequence. `on` without more is white at full brightness."""

    on: bool
    color: HexColor | None = None
    color_name: ShortText | None = None
    brightness: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    fade_s: Seconds = 0.0
    sequence: SequenceDocument | None = None

    @property
    def look(self) -> Look:
        """The document as a look."""
        if not self.on or self.brightness <= 0:
            return Look()
        if self.sequence is not None:
            colors = tuple(Color.from_hex(each) for each in self.sequence.colors)
            return Look(colors, self.brightness, self.sequence.change_every_s)
        return Look((replace(Color.from_hex(self.color or "#FFFFFF"), name=self.color_name),), self.brightness)

    @property
    def since(self) -> datetime:
        """The instant from which the steps of a sequence are counted; any instant for a steady look."""
        return self.sequence.started_at if self.sequence is not None else EARLIEST

    def state(self, at: datetime) -> ZoneState:
        """What it shows at an instant, without fades."""
        return self.look.at(max(0.0, (at - self.since).total_seconds()))

    @classmethod
    def of(cls, look: Look, since: datetime, fade_s: float) -> "ZoneLook":
        """The document of a look."""
        if len(look.colors) < 2 or look.brightness <= 0:
            return cls.steady(look.at(0.0), fade_s)
        colors = tuple(color.hex for color in look.colors)
        steps = SequenceDocument(colors=colors, change_every_s=look.change_every_s, started_at=since)
        return cls(on=True, brightness=look.brightness, fade_s=fade_s, sequence=steps)

    @classmethod
    def steady(cls, state: ZoneState, fade_s: float = 0.0) -> "ZoneLook":
        """The document of a state that does not change by itself."""
        name = state.color.name if state.color is not None else None
        return cls(on=state.on, color=hex_of(state), color_name=name, brightness=state.brightness, fade_s=fade_s)


def hex_of(state: ZoneState) -> str:
    """The colour of a state; dark is black, so that every steady zone has one."""
    return state.color.hex if state.color is not None else "#000000"


Zones = Annotated[Mapping[ZoneName, ZoneLook], Field(max_length=MAX_ZONES)]


class PlannedCue(_Wire):
    """From `at` on these zones are shown; `why` is the kind of the rule behind it, for people."""

    at: Beginning
    zones: Zones
    why: ShortText = ""


class After(_Wire):
    """What to show when the plan has ended: the last look for `hold_s`, then these zones (missing ones dark)."""

    hold_s: Seconds = 86_400.0
    zones: Zones = Field(default_factory=dict)


class Replaced(_Wire):
    """The order of another document, which a gateway reported as accepted."""

    epoch: Count
    revision: Count

    @property
    def order(self) -> Order:
        """(epoch, revision)."""
        return Order(self.epoch, self.revision)


class DesiredDocument(_Wire):
    """The desired document of one gateway."""

    version: Version
    epoch: Count
    revision: Count
    replaces: Replaced | None = None
    command_id: Annotated[str, StringConstraints(max_length=64)]
    issued_at: Instant
    valid_until: Instant
    zones: Zones
    cues: Annotated[tuple[PlannedCue, ...], Field(max_length=MAX_CUES)] = ()
    after: After = After()

    @property
    def order(self) -> Order:
        """(epoch, revision)."""
        return Order(self.epoch, self.revision)


class ZoneReport(_Wire):
    """What the output shows in one zone, computed from the levels that go out."""

    on: bool
    color: HexColor | None = None
    brightness: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0


By = Literal["desired", "plan", "after", "boot", "local"]
ClockKind = Literal["own", "anchor", "none"]


class ReportedDocument(_Wire):
    """The report of one gateway. `rejected` is why the last document was not accepted; then REFUSED is among the
    `problems`. `lamps` is a hash of the lamps that it drives and their places, from the `tower.yaml` on its machine."""

    version: Version
    epoch: Count
    revision: Count
    command_id: Annotated[str, StringConstraints(max_length=64)] = ""
    at: Instant
    zones: Annotated[Mapping[ZoneName, ZoneReport], Field(max_length=MAX_ZONES)]
    by: By
    clock: ClockKind
    uptime_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    problems: Annotated[
        tuple[Annotated[str, StringConstraints(max_length=64)], ...], Field(max_length=MAX_PROBLEMS)
    ] = ()
    rejected: ShortText | None = None
    lamps: Annotated[str, StringConstraints(max_length=64)] | None = None
    info: GatewayInfo | None = None

    @property
    def order(self) -> Order:
        """(epoch, revision) of the highest document accepted."""
        return Order(self.epoch, self.revision)


def parse_desired(payload: bytes) -> DesiredDocument | Rejected:
    """A desired document, or why the payload is not one."""
    return parse_document(DesiredDocument, payload)


def refusal(desired: DesiredDocument, held: DesiredDocument | None) -> Reason | None:
    """Why a gateway whose last accepted document is `held` does not accept this one, by rules 2 and 3; None if it
    does."""
    if desired.epoch > MAX_EPOCH:
        return Reason("poison", {"epoch": desired.epoch, "most": MAX_EPOCH})
    if held is None or (desired.replaces is not None and desired.replaces.order == held.order):
        return None
    if desired.order < held.order:
        return Reason("stale", {"order": desired.order.text, "held": held.order.text})
    if desired.order == held.order and desired.command_id != held.command_id:
        return Reason("conflict", {"order": desired.order.text})
    return None


def parse_reported(payload: bytes) -> ReportedDocument | Rejected:
    """A report, or why the payload is not one."""
    return parse_document(ReportedDocument, payload)


class Walk(BaseModel):
    """One step of the lamp test: one fixture, or one of its channels, alone for `for_s`, so that no test lasts forever.

    `channel` counts from 1 within the fixture; without it the whole fixture is white, at this `brightness`. A step
    without a fixture ends the test at once.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    version: Version = 1
    fixture: Annotated[str, StringConstraints(max_length=100)] | None = None
    channel: Annotated[int, Field(ge=1, le=512)] | None = None
    brightness: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    for_s: Annotated[float, Field(gt=0, le=LONGEST_WALK_S, allow_inf_nan=False)] = 30.0


def parse_walk(payload: bytes) -> Walk | Rejected:
    """A step of a walk test, or why the payload is not one."""
    return parse_document(Walk, payload, MAX_WALK)


def parse_document(model: type[T], payload: bytes, limit: int = MAX_PAYLOAD) -> T | Rejected:
    """Any bytes as a document of this shape, or why they are not one; strict, and at most `limit` bytes."""
    if len(payload) > limit:
        return Rejected(Reason("too_large", {"size": len(payload), "most": limit}))
    try:
        return model.model_validate_json(payload, strict=True)
    except ValidationError as error:
        return Rejected(first_mistake(error))
