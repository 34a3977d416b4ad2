"""How a gateway is spoken to: the protocol that every dialect fulfils. Values in, values out; nothing here waits.

Rules
1. A dialect is a frozen pydantic model of the gateway's keys in `tower.yaml`, with `encode` and `decode` beside them.
2. `encode` makes the whole state from the wish, never a toggle, never retained for a vendor's gateway.
3. `decode` is total: any bytes give a Report, Ignored or Rejected, never an exception.
4. A report may be partial; `ReportedLook.over` lays it on what was known. What a gateway did not say stays None.
5. `reduce` says honestly what this gateway can show of a wish; `agrees` compares that with its own tolerance.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from controller.schedule.plan import Cue

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]


Refresh = Literal["itself", "query", "command", "nothing"]
"""What makes a gateway say once more what it shows.

itself: it reports all the time. query: it answers `query`. command: it answers the command that it has obeyed already,
which changes nothing. nothing: it cannot be asked.
"""
POLL_S = 60.0
"""Nobody is made to speak more often: a question or a command costs the network, and some firmware its flash."""


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message.

    What waits to be sent gives way to what is newer of the same topic and `part`: a topic that takes several things,
    as orders for several lamps or an order and a question, names them apart.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    part: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Which of two wishes is the newer: (epoch, revision), as SPEC section 4 orders them."""

    epoch: int = 0
    revision: int = 0

    def __lt__(self, other: "Order") -> bool:
        return (self.epoch, self.revision) < (other.epoch, other.revision)


@dataclass(frozen=True, slots=True)
class DesiredState:
    """What one gateway should show.

    `zones` is what each of its zones shows at `now`, or will when a fade of `fade_s` more seconds is done. `cues` is
    the plan ahead, the first in force at `now`; only gateways that keep a plan are told of it. `replaces` is the order
    that the gateway holds, where that is above this one.
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
    """What a gateway says of one zone; None is what it did not say.

    `white` is the level 0..255 of white LEDs, where it is told apart from the colour. `levels` are (channel, 0..255)
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
        """This report laid over what was known before.

        A colour told in one form takes the place of the others; levels are laid over channel by channel.
        """
        told = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        if told.keys() & {"color", "xy", "kelvin"}:
            older = replace(older, color=None, xy=None, kelvin=None)
        if self.levels is not None and older.levels is not None:
            told["levels"] = tuple(sorted((dict(older.levels) | dict(self.levels)).items()))
        return replace(older, **told)


@dataclass(frozen=True, slots=True)
class DeviceFault:
    """What a message shows to be wrong with the gateway or with its keys in `tower.yaml`: the event that tells it, and
    the fields of that event besides the gateway's name. `zones` are those of which nothing counts that was said before;
    of none but a device that refuses. `passes` is True of a refusal, which says nothing once it is a leftover."""

    code: str
    fields: Mapping[str, str]
    zones: tuple[str, ...] = ()
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What one message of a gateway told; an empty one only that it lives.

    `order` is the highest document that the gateway accepted; `written` is that of a document somebody wrote to it;
    `at` is when the gateway says that it was so, by its clock; `uptime_s` for how long it had run then.
    `alive` is False where somebody else speaks of the gateway, as a
    bridge of a lamp that it cannot reach.
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


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that says nothing about the gateway, not even that it lives: a retained one that is deleted, or one
    about somebody else."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message that cannot be understood, and why, in words for a log line."""

    reason: str


class Gateway(BaseModel):
    """A gateway of `tower.yaml`; every kind adds its keys and fulfils the methods."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    KEEPS_PLAN: ClassVar[bool] = False
    """Whether the gateway is sent the plan ahead and goes on alone."""
    WRITES_FLASH: ClassVar[bool] = False
    """Whether the firmware writes each change of the light to its flash memory, unless it is set up otherwise."""
    SETTLE_S: ClassVar[float] = 2.0
    """How long after the end of a fade the gateway may take to report the goal, seconds."""

    name: Name
    kind: str

    @property
    @abstractmethod
    def zone_names(self) -> tuple[str, ...]:
        """The zones that this gateway drives, in the file's order."""

    @property
    def confirms(self) -> bool:
        """Whether it says what it shows; a gateway that does not can never be `confirmed`."""
        return True

    @property
    @abstractmethod
    def refresh(self) -> Refresh:
        """What makes it say once more what it shows; every kind declares it."""

    @property
    def echoes(self) -> bool:
        """Whether it reports what it was told before the lamp has shown it, so that only an answer confirms."""
        return False

    @property
    def quiet_s(self) -> float:
        """How old its last report may be, seconds; an older one confirms nothing. Two questions may go unanswered."""
        return 2.5 * POLL_S

    @abstractmethod
    def topics(self, prefix: str) -> tuple[str, ...]:
        """The topic filters to subscribe to; `prefix` is the site's `mqtt.topic_prefix`."""

    def partial(self, prefix: str) -> tuple[str, ...]:
        """The topics of which more than the newest message counts: one does not hold all that those before told."""
        return ()

    @abstractmethod
    def encode(self, want: DesiredState, prefix: str) -> tuple[Message, ...]:
        """The messages that bring the gateway to the wish, in the order to be sent."""

    @abstractmethod
    def decode(self, topic: str, payload: bytes, prefix: str) -> Report | Ignored | Rejected:
        """What a message of the gateway says."""

    def query(self, prefix: str) -> tuple[Message, ...]:
        """The messages that ask the gateway what it shows; empty where it cannot be asked.

        Not to be sent while a fade runs: WLED cuts a fade short when asked.
        """
        return ()

    def recheck(self, zones: Mapping[str, ZoneState]) -> tuple[Message, ...]:
        """The messages that make it say once more what it holds, in numbers that they do not set; it is on or off as
        desired after them. Empty where there are none."""
        return ()

    def reduce(self, zone: str, want: ZoneState) -> ZoneState:
        """What this gateway can show of the wish."""
        return want

    @abstractmethod
    def agrees(self, zone: str, want: ZoneState, shown: ReportedLook) -> bool:
        """Whether what it says is what it was asked for, within what it can show and say."""

    def cannot(self) -> tuple[str, ...]:
        """What this kind cannot do, as words for `check`: `fade`, `color`, `report`, `plan` …"""
        return ()
