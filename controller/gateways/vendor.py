"""What the dialects of all vendors share: commands, reports, presence, and how a reported look is compared."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from controller.errors import Mistake
from controller.gateways import base, capabilities, payloads
from controller.gateways.payloads import Contradiction, UnknownWord, Unreadable
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from controller.topics import is_name

MAX_TOPIC = 256
MAX_ERROR = 160
"""Characters kept of an error message: Zigbee2MQTT writes pages."""

REFUSED = "TWL-G120"
CONTRADICTED = "TWL-G121"
UNKNOWN_WORD = "TWL-G122"

Reader = Callable[[bytes], base.Report | base.Ignored]
PRESENT = {"online": True, "offline": False, "true": True, "false": False}
OFF = base.ReportedLook(on=False)
SAMPLES = (DARK, ZoneState(on=True, color=Color("#FFFFFF"), brightness=1.0))
"""States for which a dialect together uses every topic that it has."""


def checked_topic(value: str) -> str:
    """A topic that can be published to; raises Mistake TWL-S096. A leading slash is allowed, as some bridges use it."""
    levels = value.removeprefix("/").split("/")
    bad = any(not level for level in levels) or not is_name(value) or not value.isprintable()
    if bad or value.startswith("$") or len(value) > MAX_TOPIC or value != value.strip():
        raise Mistake("TWL-S096", value=value, limit=MAX_TOPIC)
    return value


Topic = Annotated[str, AfterValidator(checked_topic)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Vendor(base.Gateway):
    """A vendor's gateway. It obeys commands, reports its state when asked, keeps no plan, and has none of our
    outputs."""

    STEPS: ClassVar[int] = 255
    """Steps of the brightness scale above off."""
    COLOR_TOLERANCE: ClassVar[int] = 3
    """Difference per component, of 255, that the firmware's rounding may cause."""
    MAX_FADE_S: ClassVar[float] = 3600.0
    """Longest fade of the firmware in seconds; longer ones are cut to it."""
    DEVICE_KEY: ClassVar[Literal["topic", "device", ""]]
    """The key with the part of its topics that names the device; empty where each topic is written out."""

    @property
    def alike(self) -> Hashable:
        """Its kind and its keys, but for its name and its topics, of which it counts only whether they are there."""
        return type(self), *(self._likeness(key, getattr(self, key)) for key in type(self).model_fields)

    def _likeness(self, key: str, value: Any) -> Hashable:
        if key in {"name", self.DEVICE_KEY} or key.endswith("topic"):
            return value is not None
        try:
            hash(value)
        except TypeError:
            return repr(value)
        hashable: Hashable = value
        return hashable

    @property
    def steps(self) -> int:
        """Steps of the brightness scale above off, of this gateway."""
        return self.STEPS

    @abstractmethod
    def readers(self, prefix: str) -> Mapping[str, Reader]:
        """The readers of what the gateway publishes: topic -> reader, in the order of subscription."""

    def reader(self, topic: str, prefix: str) -> Reader | None:
        """The reader of a topic."""
        return self.readers(prefix).get(topic)

    def topics(self, prefix: str) -> tuple[str, ...]:
        """The topics that have a reader."""
        return tuple(self.readers(prefix))

    def device_topics(self, prefix: str) -> tuple[str, ...]:
        """Everything below the topics that contain the device's name, and its answers to us; for a device without such
        a name the topics in `tower.yaml`."""
        now = datetime(2000, 1, 1, tzinfo=UTC)
        states = [base.DesiredState(now, dict.fromkeys(self.zone_names, sample)) for sample in SAMPLES]
        sent = [message.topic for state in states for message in self.encode(state, prefix)]
        topics = {*self.topics(prefix), *sent, *(message.topic for message in self.query(prefix))}
        if not self.DEVICE_KEY:
            return tuple(sorted(topics))
        device = getattr(self, self.DEVICE_KEY)
        answers = {topic for topic in topics if topic.startswith(f"{prefix}/gateway/{self.name}/")}
        found = {f"/{topic}/".partition(f"/{device}/") for topic in topics}
        return tuple(sorted(answers | {f"{head}/{device}/#".lstrip("/") for head, name, _ in found if name}))

    @property
    def refresh(self) -> base.Refresh:
        """Its question."""
        return "query"

    @abstractmethod
    def query(self, prefix: str) -> tuple[base.Message, ...]:
        """As in Gateway."""

    def decode(self, topic: str, payload: bytes, prefix: str) -> base.Report | base.Ignored | base.Rejected:
        """The content of a message. An empty payload is a retained message being deleted; any other on these topics
        proves that the gateway lives."""
        reader = self.reader(topic, prefix)
        if reader is None or not payload:
            return base.Ignored()
        try:
            return reader(payload)
        except Contradiction as error:
            # the unknown word may be a last will, which proves no life
            return base.Report(fault=contradiction(topic, error), alive=not isinstance(error, UnknownWord))
        except Unreadable as error:
            return base.Rejected(error.reason)

    def reduce(self, zone: str, desired: ZoneState) -> ZoneState:
        """The desired state in the steps of the firmware's brightness."""
        return capabilities.in_steps(capabilities.lit(desired), self.steps)

    def agrees(self, zone: str, desired: ZoneState, reported: base.ReportedLook) -> bool:
        """On or off as desired, brightness and colour within their tolerances, and no effect of its own running. A
        missing part agrees with nothing."""
        expected = self.reduce(zone, desired)
        if not expected.on:
            return reported.on is False
        if reported.on is not True or reported.steady is False:
            return False
        return self.same_brightness(expected.brightness, reported.brightness) and self.same_color(expected, reported)

    def same_brightness(self, expected: float, reported: float | None) -> bool:
        """Whether a reported brightness is the desired one, within one and a half steps: no finer than the 8 bits that
        a firmware may use, and not so coarse that the next step of a short scale would agree."""
        return reported is not None and abs(expected - reported) <= 1.5 / min(255, max(50, self.steps))

    def same_color(self, expected: ZoneState, reported: base.ReportedLook) -> bool:
        """Whether a reported colour is the desired one."""
        return expected.color is None or capabilities.same_color(expected.color, reported, self.COLOR_TOLERANCE)

    def cannot(self) -> tuple[base.Lack, ...]:
        """No vendor's gateway keeps the plan."""
        if not self.confirms:
            return ("report", "plan")
        return ("refresh", "plan") if self.refresh == "nothing" else ("plan",)

    def fade(self, seconds: float) -> float:
        """A fade that the firmware can do, seconds."""
        return min(max(seconds, 0.0), self.MAX_FADE_S)


class ManyTopics(Vendor):
    """A gateway that publishes on a topic for each of its lamps or channels."""

    @cached_property
    def known_readers(self) -> dict[str, Mapping[str, Reader]]:
        """The readers by prefix, computed once: there may be hundreds."""
        return {}

    def reader(self, topic: str, prefix: str) -> Reader | None:
        """The reader of a topic."""
        if prefix not in self.known_readers:
            self.known_readers[prefix] = self.readers(prefix)
        return self.known_readers[prefix].get(topic)


class WithAvailability(Vendor):
    """A gateway with its own words for online and offline."""

    payload_available: Word | None = None
    payload_not_available: Word | None = None

    @model_validator(mode="after")
    def _words_differ(self) -> Self:
        if self.payload_available is not None and self.payload_available == self.payload_not_available:
            raise Mistake("TWL-S241", key="payload_available", other="payload_not_available")
        return self

    def presence(self, payload: bytes) -> base.Report:
        """Its birth, last will or availability."""
        words = {self.payload_available: True, self.payload_not_available: False}
        if (online := words.get(payloads.text(payload))) is not None:
            return base.Report(online=online)
        try:
            report = presence(payload)
        except Unreadable as error:
            raise UnknownWord("payload_available, payload_not_available", payloads.text(payload)) from error
        if (self.payload_available if report.online else self.payload_not_available) is not None:
            raise UnknownWord("payload_available, payload_not_available", payloads.text(payload))
        return report


class AnswersCommands(Vendor):
    """A gateway that cannot be asked. It reports its state, if it has a topic for that, after each command: repeating
    a command that it has obeyed makes it report again.

    `answers_repeats: false` is for a firmware that reports only what has changed.
    """

    DEVICE_KEY: ClassVar[Literal["topic", "device", ""]] = ""

    state_topic: str | None = None
    answers_repeats: bool = True

    @property
    def confirms(self) -> bool:
        """Whether it has a topic for its state."""
        return self.state_topic is not None

    @property
    def refresh(self) -> base.Refresh:
        """A repetition of the command that it has obeyed."""
        return "command" if self.confirms and self.answers_repeats else "nothing"

    def query(self, prefix: str) -> tuple[base.Message, ...]:
        """It has none."""
        return ()


class OneZone(Vendor):
    """A gateway that drives one zone."""

    zone: base.Name

    @property
    def zone_names(self) -> tuple[str, ...]:
        """The one zone."""
        return (self.zone,)


class Addressed(ManyTopics):
    """A gateway that addresses its lamps: `zone` and one address, or `zones`, a map of zone to address."""

    ADDRESS: ClassVar[str]
    """The key of the single address."""

    zone: base.Name | None = None
    zones: Mapping[base.Name, str] = Field(default_factory=dict)

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


def report_of(zone: str, look: base.ReportedLook, brightness: float | None = None) -> base.Report:
    """A report of one zone; without anything about the light it only proves that the gateway lives. Brightness 0 is
    off, whatever the switch reports."""
    if brightness is not None:
        look = replace(look, brightness=brightness)
    if look.on is False or brightness == 0:
        look = OFF  # devices that are off still report their last colour, which means nothing then
    return base.Report() if look == base.ReportedLook() else base.Report(zones={zone: look})


def contradiction(topic: str, error: Contradiction) -> base.DeviceFault:
    """The fault of a payload that contradicts the keys in `tower.yaml`."""
    code = UNKNOWN_WORD if isinstance(error, UnknownWord) else CONTRADICTED
    return base.DeviceFault(code, {"topic": topic, "key": error.key, "value": error.value})


def refused(zones: tuple[str, ...], error: str, alive: bool = True) -> base.Report:
    """The report of a refusal, with the gateway's own error text, for these zones; `alive` as in Report."""
    return base.Report(
        fault=base.DeviceFault(REFUSED, {"error": payloads.quoted(error, MAX_ERROR)}, zones, passes=True), alive=alive
    )


def command(topic: str, payload: bytes, part: str = "") -> base.Message:
    """A command, never retained: a retained one would be replayed at every reconnect."""
    return base.Message(topic, payload, qos=1, retain=False, part=part)


def question(topic: str, payload: bytes) -> base.Message:
    """A question for the state; it replaces no command."""
    return command(topic, payload, "?")


def presence(payload: bytes) -> base.Report:
    """A birth, last will or availability: online or offline, true or false, plain or as the `state` of an object."""
    word: object = payloads.text(payload)
    if str(word).startswith("{"):
        word = payloads.document(payload).get("state")
    online = PRESENT.get(word.lower()) if isinstance(word, str) else None
    if online is None:
        raise Unreadable("not_online_or_offline", value=payloads.quoted(word))
    return base.Report(online=online)
