"""`zigbee2mqtt`: a lamp or group behind Zigbee2MQTT.

`<topic>/set` takes JSON: `state`, `brightness` 0..254, `color`, `color_temp` in mired, `transition` in seconds. The
state on `<topic>` is the whole cached state, published when the Zigbee command was accepted. `<topic>/get` reads the
lamp itself, and each part of it comes in a message of its own, the rest from the cache: so only an answer confirms a
lamp. A group does not answer where nothing has changed, so the cached state counts.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from controller.errors import Mistake
from controller.gateways import capabilities, payloads, vendor
from controller.gateways.base import DesiredState, Ignored, Lack, Message, Report, ReportedLook
from controller.gateways.light_json import WithColorModes, read_color
from controller.gateways.payloads import MAX_PAYLOAD
from controller.lighting.color import Color
from controller.lighting.gamut import nearest
from controller.lighting.look import ZoneState

BASE = "zigbee2mqtt"
NO_LAMP = {"set", "get", "availability"}
WIDE = ((0.664511, 0.154324, 0.162028), (0.283881, 0.668433, 0.047685), (0.000088, 0.072310, 0.986039))
"""Linear RGB to XYZ, wide gamut, D65: the formula of Philips Hue that Zigbee2MQTT uses."""
BACK = ((1.656492, -0.354851, -0.255038), (-0.707196, 1.655397, 0.036152), (0.051713, -0.121364, 1.011530))
GAMUTS = (
    ((0.704, 0.296), (0.2151, 0.7106), (0.138, 0.08)),
    ((0.675, 0.322), (0.409, 0.518), (0.167, 0.04)),
    ((0.6915, 0.3083), (0.17, 0.7), (0.1532, 0.0475)),
)
"""xy of red, green and blue of Philips Hue lamps: gamuts A, B and C of developers.meethue.com."""


def _lamp(topic: str) -> str:
    *base, leaf = topic.split("/")
    if not any(base) or leaf in NO_LAMP:
        raise Mistake("TWL-S230", value=topic, name=next((part for part in base[::-1] if part != BASE), leaf))
    return topic


class Zigbee2Mqtt(WithColorModes, vendor.OneZone):
    """A lamp or group by its friendly name."""

    WRITES_FLASH: ClassVar[bool] = False
    DEVICE_KEY: ClassVar[Literal["topic", "device", ""]] = "topic"
    SETTLE_S: ClassVar[float] = 4.0
    STEPS: ClassVar[int] = 254
    COLOR_TOLERANCE: ClassVar[int] = 5
    """For lamps that report hue and saturation, which Zigbee counts in 254 steps."""
    MAX_FADE_S: ClassVar[float] = 6553.0

    kind: Literal["zigbee2mqtt"] = "zigbee2mqtt"
    topic: Annotated[vendor.Topic, AfterValidator(_lamp)]
    color_modes: tuple[Literal["onoff", "brightness", "color_temp", "xy"], ...] = Field(
        ("xy", "color_temp"), min_length=1
    )
    group: bool = False

    @property
    def echoes(self) -> bool:
        """Whether the state is only the bridge's cache."""
        return not self.group

    @property
    def bridges(self) -> tuple[str, ...]:
        """The possible topics of the bridge's own state. Its base topic ends at a level `zigbee2mqtt`, or, without one,
        at any level before the last: base topics and names may both contain `/`."""
        levels = self.topic.split("/")
        ends = [levels.index(BASE) + 1] if BASE in levels[:-1] else range(1, len(levels))
        return tuple("/".join((*levels[:end], "bridge", "state")) for end in ends if levels[:end] != [""])

    def readers(self, prefix: str) -> Mapping[str, vendor.Reader]:
        """Bridge and its log, availability and state. When the bridge is offline so is the lamp; the bridge's topic is
        subscribed first, so that the lamp's own retained message comes after it."""
        return {
            **dict.fromkeys(self.bridges, vendor.presence),
            **{f"{bridge.removesuffix('state')}logging": partial(self._log, bridge) for bridge in self.bridges},
            f"{self.topic}/availability": vendor.presence,
            self.topic: self._state,
        }

    def encode(self, desired: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One JSON command."""
        state = self.reduce(self.zone, desired.zones[self.zone])
        keys = self.switched(state) | (self.mired(state) or _color(state))
        if desired.fade_s > 0 and self.dimmed:
            keys["transition"] = payloads.plain(self.fade(desired.fade_s))
        return (vendor.command(f"{self.topic}/set", payloads.dumped(**keys)),)

    def query(self, prefix: str) -> tuple[Message, ...]:
        """Reads the lamp, not the cache; only parts that the lamp has, since the bridge reports an error for others."""
        colors = {"xy": "color", "color_temp": "color_temp"}
        color = next((colors[mode] for mode in colors if mode in self.color_modes), None)
        parts = ("state", "brightness" if self.dimmed else None, color)
        return (
            vendor.question(f"{self.topic}/get", payloads.dumped(**{part: "" for part in parts if part is not None})),
        )

    def cannot(self) -> tuple[Lack, ...]:
        """A group cannot be asked what its lamps show."""
        return (*super().cannot(), "answer") if self.group else super().cannot()

    def _log(self, bridge: str, payload: bytes) -> Report | Ignored:
        """What the bridge could not do, in words that name the lamp: `z2m: Publish 'set' 'state' to 'tower' failed:
        '…'`, `Entity 'tower' is unknown`. Most lines are about other lamps, or too long to be an error's."""
        if len(payload) > MAX_PAYLOAD:
            return Ignored()
        keys = payloads.document(payload)
        message = str(keys.get("message"))
        name = self.topic.removeprefix(bridge.removesuffix("bridge/state"))
        named = keys.get("level") == "error" and f"'{name}'" in message
        return vendor.refused(self.zone_names, message, alive=False) if named else Ignored()

    def _state(self, payload: bytes) -> Report | Ignored:
        keys = payloads.document(payload)
        on = payloads.switch(keys.get("state"))
        if on is False:
            return vendor.report_of(self.zone, vendor.OFF)
        look = replace(_look(keys), on=on)
        return vendor.report_of(self.zone, look, payloads.fraction(keys.get("brightness"), self.STEPS))

    def same_color(self, expected: ZoneState, reported: ReportedLook) -> bool:
        """By xy under the bridge's own formula, or by mired. A lamp may keep a colour that it cannot show as the
        nearest that it can, and report that one when it is read: so the nearest ones within the gamuts of Philips Hue
        count."""
        if expected.color is None or reported.xy is None:
            return super().same_color(expected, reported)
        xy = to_xy(expected.color)
        accepted = (xy, *(nearest(xy, gamut) for gamut in GAMUTS))
        return any(capabilities.near_xy(each, reported.xy) for each in accepted)


def _color(state: ZoneState) -> dict[str, object]:
    """The colour of a command as r, g, b. Zigbee2MQTT turns them into xy and drops their brightness, so dark colours
    come here at full strength. They are reported as xy, by the same wide-gamut formula (zigbee-herdsman-converters,
    src/lib/color.ts)."""
    if state.color is None:
        return {}
    red, green, blue = state.color.rgb
    return {"color": {"r": red, "g": green, "b": blue}}


def _look(keys: Mapping[str, object]) -> ReportedLook:
    """A chromaticity by the bridge's formula, so that a log line can name the colour."""
    look = read_color(keys)
    return look if look.xy is None else replace(look, color=from_xy(*look.xy))


def to_xy(color: Color) -> tuple[float, float]:
    """The xy that Zigbee2MQTT makes of a colour."""
    x, y, z = (sum(weight * part for weight, part in zip(row, color.linear, strict=True)) for row in WIDE)
    total = x + y + z
    return x / total, y / total


def from_xy(x: float, y: float) -> Color:
    """The colour at full strength that has this xy, clipped to what RGB can show."""
    if y <= 0:
        return Color.from_rgb(0, 0, 255)
    whole = (x / y, 1.0, (1 - x - y) / y)
    linear = [max(0.0, sum(weight * part for weight, part in zip(row, whole, strict=True))) for row in BACK]
    strongest = max(linear) or 1.0
    return Color.from_linear(*(part / strongest for part in linear))
