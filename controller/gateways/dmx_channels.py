"""`dmx-channels`: MQTT to DMX bridges with channels and values only, as most projects of that name are.

These bridges cannot fade, have no online message, and send nothing when they come back from a power cut with everything
dark: so the levels are sent again regularly. A bridge that reports channels reports the levels that it sends out, since
lamps on DMX do not answer. Every message sets levels, none only asks for them, so a wrong scale cannot be detected.
"""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo, model_validator

from controller.errors import Mistake
from controller.gateways import capabilities, payloads
from controller.gateways.base import DesiredState, Ignored, Lack, Message, Report, ReportedLook, WithFixtures
from controller.gateways.payloads import Unreadable
from controller.gateways.vendor import AnswersCommands, ManyTopics, Reader, Topic, checked_topic, command
from controller.lighting.color import Color
from controller.lighting.look import ZoneState
from controller.lighting.patch import Patch
from controller.lighting.profile import Profile

PLACE = "{channel}"


def _with_place(value: str) -> str:
    if value.count(PLACE) != 1:
        raise Mistake("TWL-S224", value=value)
    checked_topic(value.replace(PLACE, "512"))
    return value


def _maybe_with_place(value: str) -> str:
    return _with_place(value) if PLACE in value else checked_topic(value)


class DmxChannels(WithFixtures, AnswersCommands, ManyTopics):
    """A bridge with the fixtures on its cable, in one universe.

    `channel_topic` holds `{channel}` and takes one decimal value of 0 to `level_scale` for each channel, as in
    `dmx/{channel}` or `dmx/channels/{channel}/set`; or `map_topic` takes one JSON object of channel -> value.
    `state_topic`, where the bridge has one, reports channels in one of the two forms. `base` is the number of the first
    channel: 1 as on the fixtures, or 0 as some bridges count.
    """

    WRITES_FLASH: ClassVar[bool] = False

    kind: Literal["dmx-channels"] = "dmx-channels"
    channel_topic: Annotated[str, AfterValidator(_with_place)] | None = None
    map_topic: Topic | None = None
    state_topic: Annotated[str, AfterValidator(_maybe_with_place)] | None = None
    base: Annotated[int, Field(ge=0, le=1)] = 1
    level_scale: Annotated[int, Field(ge=1, le=65_535)] = 255

    _profiles: Mapping[str, Profile] = PrivateAttr(default_factory=dict)
    _palette: Mapping[str, Color] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _usable(self, info: ValidationInfo) -> Self:
        """The site's fixture profiles and palette are in the context of the validation."""
        if (self.channel_topic is None) is (self.map_topic is None):
            raise Mistake("TWL-S225")
        if self.state_topic is not None and self.state_topic in {self.channel_topic, self.map_topic}:
            raise Mistake("TWL-S227", value=self.state_topic)
        context: Mapping[str, Any] = info.context or {}
        self._profiles, self._palette = context.get("profiles", {}), context.get("palette", {})
        if len(self.patch.universes) != 1:
            raise Mistake("TWL-S226", name=self.name)
        return self

    @cached_property
    def patch(self) -> Patch:
        """The fixtures with their profiles."""
        return Patch(self.patched_fixtures, self._profiles, palette=self._palette)

    @property
    def default_universe(self) -> int:
        """A bridge has only one."""
        return 1

    @cached_property
    def channels(self) -> Mapping[int, str]:
        """The zone of every channel in use; channels count from 1 here, whatever the bridge does."""
        return {index + 1: place.fixture.zone for place in self.patch.placed for index in place.channels}

    def levels(self, zones: Mapping[str, ZoneState]) -> Mapping[int, int]:
        """Channel -> level for all channels in use."""
        (frame,) = self.patch.levels({zone: capabilities.lit(state) for zone, state in zones.items()}).values()
        return {channel: frame[channel - 1] for channel in sorted(self.channels)}

    def number(self, channel: int) -> str:
        """The bridge's number of a channel."""
        return str(channel - 1 + self.base)

    def readers(self, prefix: str) -> Mapping[str, Reader]:
        """The state topic, or one for each channel."""
        if self.state_topic is None:
            return {}
        if PLACE not in self.state_topic:
            return {self.state_topic: self._map}
        return {
            self.state_topic.replace(PLACE, self.number(channel)): partial(self._channel, channel)
            for channel in self.channels
        }

    def partial(self, prefix: str) -> tuple[str, ...]:
        """A map may hold only the channels that have changed."""
        return (self.state_topic,) if self.state_topic is not None and PLACE not in self.state_topic else ()

    def reduce(self, zone: str, desired: ZoneState) -> ZoneState:
        """The whole state: the resulting levels are compared channel by channel."""
        return capabilities.lit(desired)

    def encode(self, desired: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One message for each channel of every fixture, or one for all; other channels are not sent."""
        levels = {
            self.number(channel): round(level * self.level_scale / 255)
            for channel, level in self.levels({z: self.reduce(z, look) for z, look in desired.zones.items()}).items()
        }
        if self.channel_topic is None:
            return (command(self.map_topic or "", payloads.dumped(**levels)),)
        return tuple(
            command(self.channel_topic.replace(PLACE, number), str(level).encode()) for number, level in levels.items()
        )

    def agrees(self, zone: str, desired: ZoneState, reported: ReportedLook) -> bool:
        """Whether every channel of the zone has the level that was sent, within one of 255 or the rounding of the
        scale."""
        expected = self.levels({zone: self.reduce(zone, desired)})
        levels = dict(reported.levels or ())
        tolerance = max(1.0, 127.5 / self.level_scale + 0.5)
        return all(
            channel in levels and abs(levels[channel] - expected[channel]) <= tolerance
            for channel, its in self.channels.items()
            if its == zone
        )

    def cannot(self) -> tuple[Lack, ...]:
        """It cannot fade; a scale that is not in the file may be wrong."""
        lacks: tuple[Lack, ...] = ("fade", *super().cannot())
        return lacks if "level_scale" in self.model_fields_set else (*lacks, "scale")

    def _channel(self, channel: int, payload: bytes) -> Report | Ignored:
        return self._report({channel: self._level(payloads.text(payload))})

    def _map(self, payload: bytes) -> Report | Ignored:
        keys = payloads.document(payload)
        numbers = {self.number(channel): channel for channel in self.channels}
        return self._report({numbers[key]: self._level(keys[key]) for key in keys if key in numbers})

    def _level(self, value: object) -> int:
        share = payloads.scaled(value, self.level_scale, "level_scale")
        if share is None:
            raise Unreadable("level_missing")
        return round(255 * share)

    def _report(self, levels: Mapping[int, int]) -> Report:
        zones: dict[str, list[tuple[int, int]]] = {}
        for channel, level in sorted(levels.items()):
            zones.setdefault(self.channels[channel], []).append((channel, level))
        return Report(zones={zone: ReportedLook(levels=tuple(pairs)) for zone, pairs in zones.items()})
