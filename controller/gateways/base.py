"""The protocol of every kind of gateway: its messages as values in and values out; nothing here waits.

A kind is a frozen pydantic model of the gateway's keys in `tower.yaml`, with `encode` and `decode` beside them.
Everything that a kind must declare is abstract or without a value here: the type check refuses a kind that forgets a
part, and tests/gateways/test_registry.py names it.
"""

from abc import abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from controller.events.models import Reason
from controller.lighting.color import Color
from controller.lighting.look import Look, ZoneState
from controller.lighting.patch import Fixture
from controller.schedule.plan import Cue

NAME = r"^[a-z0-9_-]{1,64}$"
Name = Annotated[str, StringConstraints(pattern=NAME)]


Refresh = Literal["itself", "query", "command", "nothing"]
"""What makes a gateway report again what it shows.

itself: it reports regularly. query: it answers `query`. command: it answers a repetition of the command that it has
obeyed, which changes nothing. nothing: it cannot be asked.
"""
Lack = Literal["answer", "brightness", "color", "fade", "plan", "refresh", "report", "scale"]
"""What a gateway cannot do, or what is not known about it."""
Destination = tuple[object, int]
"""Where the levels of a universe go, and the number of the universe there."""
POLL_S = 60.0
"""Least seconds between two questions to a gateway: each costs network traffic, and some firmware writes its flash."""


class Message(NamedTuple):
    """One MQTT message.

    A message that waits to be sent is replaced by a newer one of the same topic and `part`. `part` distinguishes
    messages on one topic that must not replace each other, as orders for several lamps or an order and a question.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Which of two desired states is the newer: (epoch, revision), as SPEC section 4 orders them."""

    epoch: int = 0
    revision: int = 0

    @property
    def text(self) -> str:
        """`3.12`."""
        return f"{self.epoch}.{self.revision}"

    def __lt__(self, other: "Order") -> bool:
        return (self.epoch, self.revision) < (other.epoch, other.revision)


@dataclass(frozen=True, slots=True)
class DesiredState:
    """What one gateway should show.

    `zones` is what each of its zones shows at `now`, or at the end of a fade of `fade_s` more seconds. `cues` is the
    plan ahead, starting with the cue in force at `now`; only gateways that keep a plan get it. `replaces` is the order
    that the gateway holds, where that is higher than this one.
    """

    now: datetime
    zones: Mapping[str, ZoneState]
    fade_s: float = 0.0
    order: Order = Order()
    command_id: str = ""
    cues: tuple[Cue, ...] = ()
    valid_until: datetime | None = None
    replaces: Order | None = None


@dataclass(frozen=True, slots=True)
class ReportedLook:
    """What a gateway reports of one zone; None for what it did not report.

    `white` is the level 0..255 of white LEDs, where it is reported beside the colour. `levels` are (channel, 0..255)
    pairs. `steady` is False while the gateway runs an effect of its own, or does not know what it shows.
    """

    on: bool | None = None
    brightness: float | None = None
    color: Color | None = None
    xy: tuple[float, float] | None = None
    kelvin: int | None = None
    white: int | None = None
    levels: tuple[tuple[int, int], ...] | None = None
    steady: bool | None = None

    @property
    def light(self) -> Color | None:
        """The colour with the light of the white LEDs in it."""
        if self.color is None or not self.white:
            return self.color
        return Color.from_rgb(*(part + self.white for part in self.color.rgb))

    def over(self, older: "ReportedLook") -> "ReportedLook":
        """This report merged over an older one.

        A colour reported in one form replaces the others; levels are merged channel by channel.
        """
        return _merged(self, older)


@lru_cache(1024)
def _merged(newer: ReportedLook, older: ReportedLook) -> ReportedLook:
    """Cached: thousands of lamps report a few distinct looks. Returns `newer` itself where it is complete."""
    values = {f.name: getattr(newer, f.name) for f in fields(newer) if getattr(newer, f.name) is not None}
    if values.keys() & {"color", "xy", "kelvin"}:
        older = replace(older, color=None, xy=None, kelvin=None)
    if newer.levels is not None and older.levels is not None:
        values["levels"] = tuple(sorted((dict(older.levels) | dict(newer.levels)).items()))
    merged = replace(older, **values)
    return newer if merged == newer else merged


@dataclass(frozen=True, slots=True)
class DeviceFault:
    """A fault of the gateway, or of its keys in `tower.yaml`, found in a message: the code of the event and its fields
    besides the gateway's name.

    Earlier reports of the zones in `zones` no longer count: a device that refuses may be another one now. `passes` is
    True for a refusal, which means nothing in a retained message.
    """

    code: str
    fields: Mapping[str, str]
    zones: tuple[str, ...] = ()
    passes: bool = False


class GatewayInfo(BaseModel):
    """What a gateway reports about itself beside its light, for people: nothing is decided by it. None for what it did
    not report.

    It is copied whole from the report to the gateway's document and to `status`, so that a new field is declared only
    here. A field that changes with each report costs a document each time.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    program: Annotated[str, StringConstraints(max_length=64)] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The content of one message of a gateway, perhaps partial; an empty report only proves that the gateway lives.

    `order` is that of the highest document that the gateway accepted, `written` that of a document somebody wrote to
    it; `at` is the time of the report by the gateway's clock, `uptime_s` how long it had run then. `alive` is False
    where another device reports about the gateway, as a bridge about a lamp that it cannot reach. `has_our_lamps` is
    whether it drives the lamps that `tower.yaml` names here, None where not reported.
    """

    zones: Mapping[str, ReportedLook] = field(default_factory=dict)
    online: bool | None = None
    order: Order | None = None
    command_id: str | None = None
    by: str | None = None
    clock: str | None = None
    problems: tuple[str, ...] = ()
    written: Order | None = None
    at: datetime | None = None
    uptime_s: float | None = None
    fault: DeviceFault | None = None
    alive: bool = True
    has_our_lamps: bool | None = None
    info: GatewayInfo | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that proves nothing about the gateway, not even that it lives: a deleted retained message, or one about
    another device."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message that cannot be understood, and why."""

    reason: Reason


class Gateway(BaseModel):
    """A gateway of `tower.yaml`; every kind adds its keys and declares the rest."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    KEEPS_PLAN: ClassVar[bool] = False
    """Whether the gateway gets the plan ahead and follows it without the controller."""
    WRITES_FLASH: ClassVar[bool]
    """Whether the firmware by default writes each change of the light to its flash memory."""
    SETTLE_S: ClassVar[float] = 2.0
    """Seconds that the gateway may take to report its new state after a fade."""

    name: Name
    kind: str

    @model_validator(mode="after")
    def _share_written_keys(self) -> Self:
        # pydantic keeps a set of the written keys, of 700 bytes, for each; thousands of gateways have the same keys
        object.__setattr__(self, "__pydantic_fields_set__", _shared_keys(frozenset(self.model_fields_set)))
        return self

    # What it is

    @property
    @abstractmethod
    def zone_names(self) -> tuple[str, ...]:
        """The zones that this gateway drives, in the file's order."""

    @property
    def alike(self) -> Hashable:
        """What is decided for one gateway holds for each of which this is the same; by itself only its own."""
        return self.name

    @property
    def runs_here(self) -> bool:
        """Whether it is one of our DMX gateways on this machine."""
        return False

    @property
    def patched_fixtures(self) -> tuple[Fixture, ...]:
        """The fixtures that it drives by DMX levels, each with its universe; none for a gateway of colours only."""
        return ()

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Where the levels of its output go. No two gateways may have one in common."""
        return ()

    @abstractmethod
    def device_topics(self, prefix: str) -> tuple[str, ...]:
        """The topic filters that the device may use at our broker, besides those of our own contract."""

    def plan_bytes(self, looks: Mapping[str, Look]) -> int:
        """The least length in bytes of a message with a plan ahead in which these looks recur; 0 where it keeps no
        plan."""
        return 0

    @abstractmethod
    def cannot(self) -> tuple[Lack, ...]:
        """What it cannot do, for `check`."""

    # What it reports

    @property
    def confirms(self) -> bool:
        """Whether it reports what it shows; a gateway that does not can never be `confirmed`."""
        return True

    @property
    @abstractmethod
    def refresh(self) -> Refresh:
        """What makes it report again what it shows."""

    @property
    def echoes(self) -> bool:
        """Whether it reports a command before the lamp has obeyed it, so that only the answer to a question
        confirms."""
        return False

    @property
    def quiet_s(self) -> float:
        """Greatest age of a report that confirms, in seconds: two questions may stay unanswered."""
        return 2.5 * POLL_S

    @abstractmethod
    def topics(self, prefix: str) -> tuple[str, ...]:
        """The topic filters to subscribe to; `prefix` is the site's `mqtt.topic_prefix`."""

    def partial(self, prefix: str) -> tuple[str, ...]:
        """The topics whose newest message does not replace the earlier ones, because each holds only a part."""
        return ()

    @abstractmethod
    def decode(self, topic: str, payload: bytes, prefix: str) -> Report | Ignored | Rejected:
        """The content of a message of the gateway, for any bytes; raises nothing."""

    # What is sent to it

    @abstractmethod
    def encode(self, desired: DesiredState, prefix: str) -> tuple[Message, ...]:
        """The messages that bring the gateway to the desired state, in the order to be sent.

        They hold the whole state, never a toggle, since a message may be lost or arrive twice.
        """

    def query(self, prefix: str) -> tuple[Message, ...]:
        """The messages that ask the gateway what it shows; empty where it cannot be asked.

        Not to be sent while a fade runs: WLED cuts a fade short when asked.
        """
        return ()

    def recheck(self, zones: Mapping[str, ZoneState]) -> tuple[Message, ...]:
        """The messages that make it report its brightness and colour again without setting them; they also switch it on
        or off as desired. Empty where there are none."""
        return ()

    def reduce(self, zone: str, desired: ZoneState) -> ZoneState:
        """The part of the desired state that this gateway can show."""
        return desired

    @abstractmethod
    def agrees(self, zone: str, desired: ZoneState, reported: ReportedLook) -> bool:
        """Whether it reports the desired state, within what it can show and report."""


@lru_cache(256)
def _shared_keys(keys: frozenset[str]) -> set[str]:
    return set(keys)


class WithFixtures(Gateway):
    """A gateway that drives fixtures by DMX levels."""

    fixtures: Annotated[tuple[Fixture, ...], Field(min_length=1)]

    @property
    @abstractmethod
    def default_universe(self) -> int:
        """The universe of fixtures that do not name one."""

    @property
    def patched_fixtures(self) -> tuple[Fixture, ...]:
        """All of them."""
        universe = self.default_universe
        return tuple(
            each if each.universe is not None else each.model_copy(update={"universe": universe})
            for each in self.fixtures
        )

    @property
    def zone_names(self) -> tuple[str, ...]:
        """The zones of its fixtures, in the file's order."""
        return tuple(dict.fromkeys(fixture.zone for fixture in self.fixtures))
