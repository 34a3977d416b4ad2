"""`home-assistant`: lights of the Home Assistant MQTT JSON schema, of any firmware.

One JSON object each way: `state`, `brightness` 1..`brightness_scale`, `color`, `color_temp` in mired, or in kelvin with
`color_temp_kelvin`, `transition` in seconds. The keys in `tower.yaml` are called as in Home Assistant, so that they can
be copied from there. A state that contradicts them shows that they are wrong: a lamp of scale 4095 that gets 255 would
show 6 % and report that it obeyed. The schema has no question.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from controller.errors import Mistake
from controller.gateways import capabilities, payloads, vendor
from controller.gateways.base import DesiredState, Ignored, Lack, Message, Report
from controller.gateways.light_json import WithColorModes, is_steady, read_color
from controller.gateways.payloads import Contradiction, Unreadable, plain
from controller.lighting.look import ZoneState

Kelvin = Annotated[int, Field(ge=1000, le=20_000)]


class HomeAssistant(WithColorModes, vendor.WithAvailability, vendor.AnswersCommands, vendor.OneZone):
    """A light with the JSON schema of Home Assistant. Without `state_topic` it cannot confirm.

    In some firmwares a running effect goes on under every colour: `no_effect` is their name for having none, as `Solid`
    or `None`, and is sent with the light.
    """

    WRITES_FLASH: ClassVar[bool] = False
    COLOR_TOLERANCE: ClassVar[int] = 5

    kind: Literal["home-assistant"] = "home-assistant"
    command_topic: vendor.Topic
    state_topic: vendor.Topic | None = None
    availability_topic: vendor.Topic | None = None
    no_effect: vendor.Word | None = None
    brightness_scale: Annotated[int, Field(ge=1, le=65_535)] = 255
    color_temp_kelvin: bool = False
    min_kelvin: Kelvin = 2000
    max_kelvin: Kelvin = 6535

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.state_topic == self.command_topic:
            raise Mistake("TWL-S227", value=self.command_topic)
        if self.min_kelvin >= self.max_kelvin:
            raise Mistake("TWL-S236", low="min_kelvin", high="max_kelvin")
        return self

    @property
    def steps(self) -> int:
        """The `brightness_scale` of the lamp."""
        return self.brightness_scale

    @property
    def mireds(self) -> tuple[float, float]:
        """Lowest and highest colour temperature in mired, from the keys of the unit in which they are sent."""
        if not self.color_temp_kelvin:
            return super().mireds
        return 1e6 / self.max_kelvin, 1e6 / self.min_kelvin

    def readers(self, prefix: str) -> Mapping[str, vendor.Reader]:
        """State and availability, where they have topics."""
        known: dict[str, vendor.Reader] = {}
        if self.availability_topic is not None:
            known[self.availability_topic] = self.presence
        if self.state_topic is not None:
            known[self.state_topic] = self._state
        return known

    def encode(self, desired: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One JSON command."""
        state = self.reduce(self.zone, desired.zones[self.zone])
        keys = self.switched(state) | self._color(state)
        if state.on and self.no_effect is not None:
            keys["effect"] = self.no_effect
        if desired.fade_s > 0 and self.dimmed:
            keys["transition"] = plain(self.fade(desired.fade_s))
        return (vendor.command(self.command_topic, payloads.dumped(**keys)),)

    def recheck(self, zones: Mapping[str, ZoneState]) -> tuple[Message, ...]:
        """On or off only: the lamp keeps its brightness and colour, and reports them."""
        if self.refresh != "command":
            return ()
        state = "ON" if self.reduce(self.zone, zones[self.zone]).on else "OFF"
        return (vendor.command(self.command_topic, payloads.dumped(state=state)),)

    def cannot(self) -> tuple[Lack, ...]:
        """A scale that is not in the file may be wrong. A lamp of Zigbee2MQTT, as the bridge announces it to Home
        Assistant, cannot be asked itself."""
        lacks = super().cannot()
        if self.dimmed and "brightness_scale" not in self.model_fields_set:
            lacks = (*lacks, "scale")
        return (*lacks, "answer") if "zigbee2mqtt" in self.command_topic.split("/") else lacks

    def _color(self, state: ZoneState) -> dict[str, object]:
        if state.color is None:
            return {}
        if (mired := self.mired(state)) is not None:
            return {"color_temp": state.color.kelvin} if self.color_temp_kelvin else mired
        if self.colored == "xy":
            x, y = state.color.xy
            return {"color": {"x": round(x, 4), "y": round(y, 4)}}
        if self.colored == "hs":
            hue, saturation = payloads.to_hue(state.color)
            return {"color": {"h": plain(hue), "s": plain(saturation)}}
        if self.colored == "rgb":
            return {"color": dict(zip("rgb", state.color.rgb, strict=True))}
        # of two whites use the cold one, which is nearer to the white of sRGB
        names = "rgbw" if self.colored == "rgbw" else "rgbc"
        color = dict(zip(names, capabilities.split_white(state.color), strict=True))
        return {"color": color if self.colored == "rgbw" else {**color, "w": 0}}

    def _state(self, payload: bytes) -> Report | Ignored:
        report, beyond = _read(payload, self.zone, self.brightness_scale, self.no_effect, self.color_temp_kelvin)
        return report if beyond is None else replace(report, fault=vendor.contradiction(self.state_topic or "", beyond))


@lru_cache(1024)
def _read(
    payload: bytes, zone: str, scale: int, no_effect: str | None, in_kelvin: bool
) -> tuple[Report, Contradiction | None]:
    """The look in a state, and for a lamp that is off a brightness beyond its scale; cached, since thousands of lamps
    report a few distinct states."""
    keys = payloads.document(payload)
    keys = payloads.members(keys.get("MQTT", keys))  # some versions of ESPixelStick wrap everything in `MQTT`
    on = payloads.switch(keys.get("state"))  # null: unknown
    if on is False:
        return vendor.report_of(zone, vendor.OFF), _beyond_scale(keys.get("brightness"), scale)
    brightness = payloads.scaled(keys.get("brightness"), scale, "brightness_scale") or None
    keys = {**keys, "color_temp": _mired(keys.get("color_temp"), in_kelvin)}
    effect = keys.get("effect")  # many firmwares name an effect only while it runs
    steady = on is True and (effect == no_effect or is_steady(effect)) if "state" in keys else None
    return vendor.report_of(zone, replace(read_color(keys), on=on, brightness=brightness, steady=steady)), None


def _beyond_scale(brightness: object, scale: int) -> Contradiction | None:
    """The contradiction, if the brightness is beyond the scale: a lamp that is off may still report the one it would
    have."""
    try:
        payloads.scaled(brightness, scale, "brightness_scale")
    except Contradiction as error:
        return error
    except Unreadable:
        pass
    return None


def _mired(temperature: object, in_kelvin: bool) -> float | None:
    """A reported colour temperature in mired; raises Contradiction where it is in the other unit: kelvin begin at 1000,
    above all mired."""
    read = payloads.within(temperature, 0, 20_000)
    if read is not None and read > 0 and (read >= 1000) is not in_kelvin:
        raise Contradiction(f"color_temp_kelvin: {str(in_kelvin).lower()}", plain(read))
    return 1e6 / read if read and in_kelvin else read
