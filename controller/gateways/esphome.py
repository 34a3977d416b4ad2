"""`esphome`: lights of an ESPHome node.

`<topic>/light/<object id>/command` and `/state` hold the JSON schema of Home Assistant; `<topic>/status` is the node's
birth and last will. Several lights of one node may be several zones, all with the same `color_modes`: `rgb` also where
a light has white beside it. A light whose topics were set by hand is one of kind `home-assistant`.

The firmware takes the strongest of r, g, b for the colour's own brightness and multiplies; it reports colours as they
were sent. Older firmware truncates instead of rounding, so values may read 1 low. Every command is answered.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from controller.errors import Mistake
from controller.gateways import payloads, vendor
from controller.gateways.base import DesiredState, Ignored, Message, Report
from controller.gateways.light_json import ColorMode, WithColorModes, is_steady, read_color
from controller.lighting.look import ZoneState

EFFECT_OFF: dict[str, object] = {"effect": "None"}
ObjectId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]


class EspHome(WithColorModes, vendor.WithAvailability, vendor.Addressed):
    """A node and its lights. `payload_available` and `payload_not_available` are the node's `birth_message` and
    `will_message`, where these are not `online` and `offline`."""

    WRITES_FLASH: ClassVar[bool] = False
    DEVICE_KEY: ClassVar[Literal["topic", "device", ""]] = "topic"
    ADDRESS: ClassVar[str] = "light"
    MAX_FADE_S: ClassVar[float] = 65_535.0
    ALONE: ClassVar[frozenset[ColorMode]] = frozenset({"onoff", "brightness", "color_temp", "rgb"})

    kind: Literal["esphome"] = "esphome"
    topic: vendor.Topic
    light: ObjectId | None = None
    zones: Mapping[str, ObjectId] = Field(default_factory=dict)
    color_modes: tuple[Literal["onoff", "brightness", "color_temp", "rgb"], ...] = Field(("rgb",), min_length=1)

    @model_validator(mode="after")
    def _has_light(self) -> Self:
        if (self.light is None) is (self.zone is not None):
            raise Mistake("TWL-S221", key="light")
        return self

    def readers(self, prefix: str) -> Mapping[str, vendor.Reader]:
        """The node's status and each light's state."""
        states = {f"{self.topic}/light/{light}/state": partial(_state, zone) for zone, light in self.addresses.items()}
        return {f"{self.topic}/status": self.presence, **states}

    def encode(self, desired: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One JSON command for each light, or two, see `_commands`."""
        return tuple(
            vendor.command(f"{self.topic}/light/{light}/command", payloads.dumped(**keys), part)
            for zone, light in self.addresses.items()
            for part, keys in self._commands(self.reduce(zone, desired.zones[zone]), desired.fade_s).items()
        )

    def _commands(self, state: ZoneState, fade_s: float) -> dict[str, dict[str, object]]:
        """The commands by part of the topic. A colour does not stop a running effect, and beside the end of an effect
        `transition` is dropped (light_call.cpp): so the effect is ended first. Turning a light off ends it too."""
        keys = self.switched(state)
        if state.on:
            keys |= self.mired(state) or _color(state)
        if not self.dimmed:  # it has no transition, and may resume an effect when it is only turned on
            return {"": keys | EFFECT_OFF if state.on else keys}
        # always sent, else the light's default of a second applies; integers: newer firmware checks the type and drops
        # `2.0` (light_json_schema.cpp)
        keys["transition"] = max(1, round(self.fade(fade_s))) if fade_s > 0 else 0
        return {"effect": EFFECT_OFF, "": keys} if state.on else {"": keys}

    def query(self, prefix: str) -> tuple[Message, ...]:
        """An empty command for each light, which changes nothing and is answered with the state. It shortens a running
        fade to the light's default transition of a second, so it is sent seldom."""
        return tuple(vendor.question(f"{self.topic}/light/{light}/command", b"{}") for light in self.addresses.values())


def _color(state: ZoneState) -> dict[str, object]:
    """The colour of a command, with white as 0 under every key, else a light would keep the white it had: beside `c`,
    `w` is warm white, and `white_value` is the white of RGBW. Lights without white ignore a 0 (light_call.cpp)."""
    if state.color is None:
        return {}
    red, green, blue = state.color.rgb
    return {"color": {"r": red, "g": green, "b": blue, "c": 0, "w": 0}, "white_value": 0}


def _state(zone: str, payload: bytes) -> Report | Ignored:
    keys = payloads.document(payload)
    on = payloads.switch(keys.get("state"))
    if on is False:
        return vendor.report_of(zone, vendor.OFF)
    steady = is_steady(keys["effect"]) if "effect" in keys else None
    look = replace(read_color(keys), on=on, steady=steady)
    return vendor.report_of(zone, look, payloads.fraction(keys.get("brightness"), 255))
