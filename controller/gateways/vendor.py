"""What the dialects of all vendors share.

Rules
1. Commands are whole states, QoS 1, never retained: a retained command would be replayed at every
   reconnect.
2. Fades are clipped to MAX_FADE_S, the longest that the firmware takes.
3. A report counts only on the topics of `readers`; an empty payload is a retained message being deleted. Any other
   message on them proves that the gateway lives, whatever it says.
4. A gateway agrees when it says on or off as asked, the brightness to one and a half steps of its scale,
   the colour to its tolerance, and no effect of its own running. What it did not say agrees with nothing.
5. Off reports keep the last colour; it means nothing, and is not even read.
"""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from controller.errors import Mistake
from controller.gateways import capabilities
from controller.gateways.base import DeviceFault, Gateway, Ignored, Message, Name, Rejected, Report, ReportedLook
from controller.gateways.payloads import Contradiction, UnknownWord, Unreadable, document, quoted, text
from controller.lighting.look import ZoneState
from controller.topics import is_name

MAX_TOPIC = 256
MAX_ERROR = 160
"""Letters of an error's words that are told: Zigbee2MQTT writes pages."""

REFUSED = "TWL-G120"
CONTRADICTED = "TWL-G121"
UNKNOWN_WORD = "TWL-G122"

Reader = Callable[[bytes], Report | Ignored]
PRESENT = {"online": True, "offline": False, "true": True, "false": False}


def checked_topic(value: str) -> str:
    """A topic that can be published to; raises Mistake TWL-S096. Some bridges begin theirs with a slash."""
    levels = value.removeprefix("/").split("/")
    bad = any(not level for level in levels) or not is_name(value) or not value.isprintable()
    if bad or value.startswith("$") or len(value) > MAX_TOPIC or value != value.strip():
        raise Mistake("TWL-S096", value=value, limit=MAX_TOPIC)
    return value


Topic = Annotated[str, AfterValidator(checked_topic)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Vendor(Gateway):
    """A vendor's gateway."""

    STEPS: ClassVar[int] = 255
    """Steps of the brightness scale above off."""
    COLOR_TOLERANCE: ClassVar[int] = 3
    """Of 255, per component: what the firmware's rounding may cost."""
    MAX_FADE_S: ClassVar[float] = 3600.0

    @property
    def steps(self) -> int:
        """Steps of the brightness scale above off, of this gateway."""
        return self.STEPS

    @abstractmethod
    def readers(self, prefix: str) -> Mapping[str, Reader]:
        """Who reads what the gateway publishes: topic -> reader, in the order to be subscribed."""

    @cached_property
    def known_readers(self) -> dict[str, Mapping[str, Reader]]:
        """The readers by prefix, worked out once: a bridge may have hundreds."""
        return {}

    def topics(self, prefix: str) -> tuple[str, ...]:
        """The topics that are read."""
        return tuple(self.readers(prefix))

    def decode(self, topic: str, payload: bytes, prefix: str) -> Report | Ignored | Rejected:
        """What a message of the gateway says; total."""
        if prefix not in self.known_readers:
            self.known_readers[prefix] = self.readers(prefix)
        reader = self.known_readers[prefix].get(topic)
        if reader is None or not payload:
            return Ignored()
        try:
            return reader(payload)
        except Contradiction as error:
            # a last will may be the word that is not known, and proves no life
            return Report(fault=contradiction(topic, error), alive=not isinstance(error, UnknownWord))
        except Unreadable as error:
            return Rejected(str(error))

    def reduce(self, zone: str, want: ZoneState) -> ZoneState:
        """The wish in steps of the firmware's brightness."""
        return capabilities.in_steps(capabilities.lit(want), self.steps)

    def agrees(self, zone: str, want: ZoneState, shown: ReportedLook) -> bool:
        """Rule 4."""
        goal = self.reduce(zone, want)
        if not goal.on:
            return shown.on is False
        if shown.on is not True or shown.steady is False:
            return False
        return self.same_brightness(goal.brightness, shown.brightness) and self.same_color(goal, shown)

    def same_brightness(self, goal: float, shown: float | None) -> bool:
        """Whether a reported brightness is the one asked for, to one and a half steps: no finer than the 8 bits that
        a firmware may count in, and never so coarse that the next step of a short scale passes."""
        return shown is not None and abs(goal - shown) <= 1.5 / min(255, max(50, self.steps))

    def same_color(self, goal: ZoneState, shown: ReportedLook) -> bool:
        """Whether a reported colour is the one asked for."""
        return goal.color is None or capabilities.same_color(goal.color, shown, self.COLOR_TOLERANCE)

    def cannot(self) -> tuple[str, ...]:
        """No vendor's gateway keeps the plan."""
        if not self.confirms:
            return ("report", "plan")
        return ("refresh", "plan") if self.refresh == "nothing" else ("plan",)

    def fade(self, seconds: float) -> float:
        """A fade that the firmware can do (rule 2)."""
        return min(max(seconds, 0.0), self.MAX_FADE_S)


class WithAvailability(Vendor):
    """A gateway whose words for being there and gone are its own."""

    payload_available: Word | None = None
    payload_not_available: Word | None = None

    @model_validator(mode="after")
    def _words_differ(self) -> Self:
        if self.payload_available is not None and self.payload_available == self.payload_not_available:
            raise Mistake("TWL-S241", key="payload_available", other="payload_not_available")
        return self

    def presence(self, payload: bytes) -> Report:
        """Its birth, last will or availability."""
        words = {self.payload_available: True, self.payload_not_available: False}
        if (online := words.get(text(payload))) is not None:
            return Report(online=online)
        try:
            report = presence(payload)
        except Unreadable as error:
            raise UnknownWord("payload_available, payload_not_available", text(payload)) from error
        if (self.payload_available if report.online else self.payload_not_available) is not None:
            raise UnknownWord("payload_available, payload_not_available", text(payload))
        return report


class OneZone(Vendor):
    """A gateway that drives one zone."""

    zone: Name

    @property
    def zone_names(self) -> tuple[str, ...]:
        """The one zone."""
        return (self.zone,)


class Addressed(Vendor):
    """A gateway that tells its lamps apart: `zone` and one address, or `zones`, a map of zone to address."""

    ADDRESS: ClassVar[str]
    """The key of the single address."""

    zone: Name | None = None
    zones: Mapping[Name, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _zone_or_zones(self) -> Self:
        if (self.zone is None) is not bool(self.zones):
            raise Mistake("TWL-S221", key=self.ADDRESS)
        twice = [address for address, count in Counter(self.zones.values()).items() if count > 1]
        if twice:
            raise Mistake("TWL-S228", key=self.ADDRESS, value=twice[0])
        return self

    @property
    def addresses(self) -> Mapping[str, str]:
        """Zone -> address, in the file's order."""
        return self.zones or {self.zone or "": getattr(self, self.ADDRESS)}

    @property
    def zone_names(self) -> tuple[str, ...]:
        """The zones in the file's order."""
        return tuple(self.addresses)


OFF = ReportedLook(on=False)


def told(zone: str, shown: ReportedLook) -> Report:
    """A report of one zone under rule 5; nothing said of the light says only that the gateway lives."""
    if shown.on is False:
        shown = OFF
    return Report() if shown == ReportedLook() else Report(zones={zone: shown})


def contradiction(topic: str, error: Contradiction) -> DeviceFault:
    """What was said on a topic against the keys in `tower.yaml`."""
    code = UNKNOWN_WORD if isinstance(error, UnknownWord) else CONTRADICTED
    return DeviceFault(code, {"topic": topic, "key": error.key, "value": error.value})


def refused(zones: tuple[str, ...], error: str, alive: bool = True) -> Report:
    """The gateway's own words for why it did not obey, and for which zones; `alive` as in Report. It may have become
    another device."""
    return Report(fault=DeviceFault(REFUSED, {"error": quoted(error, MAX_ERROR)}, zones, passes=True), alive=alive)


def command(topic: str, payload: bytes, part: str = "") -> Message:
    """A command as rule 1 has it."""
    return Message(topic, payload, qos=1, retain=False, part=part)


def question(topic: str, payload: bytes, part: str = "") -> Message:
    """What asks for the state; it takes no command's place."""
    return command(topic, payload, f"{part}?")


def presence(payload: bytes) -> Report:
    """A birth, last will or availability: online or offline, true or false, plain or as the `state` of an object."""
    word: object = text(payload)
    if str(word).startswith("{"):
        word = document(payload).get("state")
    online = PRESENT.get(word.lower()) if isinstance(word, str) else None
    if online is None:
        raise Unreadable(f"{quoted(word)} is neither online nor offline")
    return Report(online=online)


def with_brightness(shown: ReportedLook, brightness: float | None) -> ReportedLook:
    """A report with its brightness; brightness 0 is off, whatever the switch says."""
    return OFF if brightness == 0 else replace(shown, brightness=brightness)
