"""How a gateway is addressed: the protocol that every kind fulfils. Values in, values out; nothing here waits.

A kind is a frozen pydantic model of the gateway's keys in `tower.yaml`, with `encode` and `decode` beside them. What
every kind must know of its devices is abstract or without a value here: the type check refuses a kind that forgets a
part, and tests/gateways/test_registry.py says which.
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

itself: it reports all the time. query: it answers `query`. command: it answers the command that it has obeyed already,
which changes nothing. nothing: it cannot be asked.
"""
Lack = Literal["answer", "brightness", "color", "fade", "plan", "refresh", "report", "scale"]
"""What a gateway cannot do, or what of it is not known."""
Destination = tuple[object, int]
"""Where the levels of a universe go, and the number of the universe there."""
POLL_S = 60.0
"""No gateway is asked more often: a question or a command costs the network, and some firmware its flash."""


class Message(NamedTuple):
    """One MQTT message.

    A message that waits to be sent is replaced by a newer one of the same topic and `part`. Where a topic takes several
    things, as orders for several lamps or an order and a question, `part` tells them apart.
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

    `zones` is what each of its zones shows at `now`, or will when a fade of `fade_s` more seconds is done. `cues` is
    the plan ahead, the first in force at `now`; only gateways that keep a plan get it. `replaces` is the order that the
    gateway holds, where that is above this one.
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
    """What a gateway reports of one zone; None is what it did not say.

    `white` is the level 0..255 of white LEDs, where it is reported beside the colour. `levels` are (channel, 0..255)
    pairs. `steady` is False while an effect of the gateway's own runs over the colour, or while it does not know what
    it shows.
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
        """This report laid over an older one.

        A colour reported in one form replaces the others; levels are laid over channel by channel.
        """
        return _laid_over(self, older)


@lru_cache(1024)
def _laid_over(newer: ReportedLook, older: ReportedLook) -> ReportedLook:
    """Kept, since most of thousands of lamps report the same; the newer itself where it says all."""
    said = {f.name: getattr(newer, f.name) for f in fields(newer) if getattr(newer, f.name) is not None}
    if said.keys() & {"color", "xy", "kelvin"}:
        older = replace(older, color=None, xy=None, kelvin=None)
    if newer.levels is not None and older.levels is not None:
        said["levels"] = tuple(sorted((dict(older.levels) | dict(newer.levels)).items()))
    laid = replace(older, **said)
    return newer if laid == newer else laid


@dataclass(frozen=True, slots=True)
class DeviceFault:
    """A message that shows a fault of the gateway, or of its keys in `tower.yaml`: the code of the event and its fields
    besides the gateway's name.

    What was reported before of the zones in `zones` no longer counts: a device that refuses may have become another
    one. `passes` is True of a refusal, which means nothing in a retained message.
    """

    code: str
    fields: Mapping[str, str]
    zones: tuple[str, ...] = ()
    passes: bool = False


class GatewayInfo(BaseModel):
    """What a gateway says of itself beside its light, for people: nothing is decided by it. None is what it did not
    say.

    It goes whole from the report to the gateway's document and to `status`, so that a further field is declared here
    alone. One that changes with each report costs a document each time.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    program: Annotated[str, StringConstraints(max_length=64)] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What one message of a gateway says; an empty one says only that it lives. It may be partial.

    `order` is the highest document that the gateway accepted; `written` is that of a document somebody wrote to it;
    `at` is when the gateway says that it was so, by its clock; `uptime_s` for how long it had run then. `alive` is
    False where another device speaks of the gateway, as a bridge of a lamp that it cannot reach. `has_our_lamps` tells
    whether it drives the lamps that `tower.yaml` names here, None where it does not say.
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
    """A message that says nothing about the gateway, not even that it lives: a retained one that is deleted, or one
    about another device."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message that cannot be understood, and why, in words for a log line."""

    reason: Reason


class Gateway(BaseModel):
    """A gateway of `tower.yaml`; every kind adds its keys and declares the rest."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    KEEPS_PLAN: ClassVar[bool] = False
    """Whether the gateway gets the plan ahead and goes on alone."""
    WRITES_FLASH: ClassVar[bool]
    """Whether the firmware writes each change of the light to its flash memory, unless it is set up otherwise."""
    SETTLE_S: ClassVar[float] = 2.0
    """How long after the end of a fade the gateway may take to report its new state, seconds."""

    name: Name
    kind: str

    @model_validator(mode="after")
    def _share_written_keys(self) -> Self:
        # each has a set of the keys that are written, of 700 bytes, and thousands have the same
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
        """Whether this program runs it: it is a DMX gateway of ours on this machine."""
        return False

    @property
    def patched_fixtures(self) -> tuple[Fixture, ...]:
        """The fixtures that it drives by DMX levels, each with its universe; none where it knows only colours."""
        return ()

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Where the levels of its output go. Two gateways must not have one in common."""
        return ()

    @abstractmethod
    def device_topics(self, prefix: str) -> tuple[str, ...]:
        """The topic filters that the device may use at our broker, beside those of our own contract."""

    def plan_bytes(self, looks: Mapping[str, Look]) -> int:
        """The least length of a message with a plan ahead in which these looks recur; 0 where it keeps no plan."""
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
        """Whether it reports a command before the lamp has obeyed it, so that only an answer confirms."""
        return False

    @property
    def quiet_s(self) -> float:
        """How old its last report may be, seconds; an older one confirms nothing. Two questions may go unanswered."""
        return 2.5 * POLL_S

    @abstractmethod
    def topics(self, prefix: str) -> tuple[str, ...]:
        """The topic filters to subscribe to; `prefix` is the site's `mqtt.topic_prefix`."""

    def partial(self, prefix: str) -> tuple[str, ...]:
        """The topics whose newest message does not replace the earlier ones, because each holds only a part."""
        return ()

    @abstractmethod
    def decode(self, topic: str, payload: bytes, prefix: str) -> Report | Ignored | Rejected:
        """What a message of the gateway says, whatever its bytes; raises nothing."""

    # What it is sent

    @abstractmethod
    def encode(self, desired: DesiredState, prefix: str) -> tuple[Message, ...]:
        """The messages that bring the gateway to the desired state, in the order to be sent.

        They hold the whole state, never a toggle, since a message may be lost or come twice.
        """

    def query(self, prefix: str) -> tuple[Message, ...]:
        """The messages that ask the gateway what it shows; empty where it cannot be asked.

        Not to be sent while a fade runs: WLED cuts a fade short when asked.
        """
        return ()

    def recheck(self, zones: Mapping[str, ZoneState]) -> tuple[Message, ...]:
        """The messages that make it report again the brightness and colour it holds, without setting them; it is on or
        off as desired after them. Empty where there are none."""
        return ()

    def reduce(self, zone: str, desired: ZoneState) -> ZoneState:
        """As much of the desired state as this gateway can show."""
        return desired

    @abstractmethod
    def agrees(self, zone: str, desired: ZoneState, reported: ReportedLook) -> bool:
        """Whether it reports what it was asked for, within what it can show and say."""


@lru_cache(256)
def _shared_keys(keys: frozenset[str]) -> set[str]:
    return set(keys)


class WithFixtures(Gateway):
    """A gateway that drives fixtures by DMX levels."""

    fixtures: Annotated[tuple[Fixture, ...], Field(min_length=1)]

    @property
    @abstractmethod
    def default_universe(self) -> int:
        """The universe of the fixtures that name none."""

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
