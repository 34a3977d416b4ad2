"""`esphome`: lights of an ESPHome node.

Rules
1. `<topic>/light/<object id>/command` and `/state` hold the JSON schema of Home Assistant; `<topic>/status`
   is the node's birth and last will, `online` and `offline` unless `birth_message` and `will_message` of the node say
   otherwise. Several lights of one node may be several zones. A light whose topics were set by hand is one of kind
   `home-assistant`.
2. Every number is sent as an integer: newer firmware checks the type and drops `2.0`
   (light_json_schema.cpp).
3. White is sent as 0, in every way it can be meant: a light would otherwise keep the white it had. Beside `c`,
   `w` is warm white, and `white_value` is the white of RGBW. Lights without white take no notice of a 0
   (light_call.cpp). Likewise `effect: None`: a colour does not stop a running effect.
4. The firmware takes the strongest of r, g, b for the colour's own brightness and multiplies; it reports
   colours as they were sent. Older firmware truncates instead of rounding, so values may read 1 low.
5. `color_modes` is one, for all lights of the node that are named: `rgb` also where a light has white beside it.
6. An empty command changes nothing and is answered with the state, but ends a running fade within the
   light's default transition of a second: hence asked seldom. Every command is answered.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from controller.errors import Mistake
from controller.gateways.base import DesiredState, Ignored, Message, Refresh, Report
from controller.gateways.color_modes import ColorMode, WithColorModes
from controller.gateways.light_json import is_steady, read_color
from controller.gateways.payloads import document, dumped, fraction, switch
from controller.gateways.vendor import (
    OFF,
    Addressed,
    Reader,
    Topic,
    WithAvailability,
    command,
    question,
    told,
    with_brightness,
)
from controller.lighting.look import ZoneState

ObjectId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]


class EspHome(WithColorModes, WithAvailability, Addressed):
    """A node and its lights."""

    ADDRESS: ClassVar[str] = "light"
    MAX_FADE_S: ClassVar[float] = 65_535.0
    ALONE: ClassVar[frozenset[ColorMode]] = frozenset({"onoff", "brightness", "color_temp", "rgb"})

    kind: Literal["esphome"] = "esphome"
    topic: Topic
    light: ObjectId | None = None
    zones: Mapping[str, ObjectId] = Field(default_factory=dict)
    color_modes: tuple[Literal["onoff", "brightness", "color_temp", "rgb"], ...] = Field(("rgb",), min_length=1)

    @model_validator(mode="after")
    def _has_light(self) -> Self:
        if (self.light is None) is (self.zone is not None):
            raise Mistake("TWL-S221", key="light")
        return self

    @property
    def refresh(self) -> Refresh:
        """Rule 6."""
        return "query"

    def readers(self, prefix: str) -> Mapping[str, Reader]:
        """The node's status and each light's state."""
        states = {f"{self.topic}/light/{light}/state": partial(_state, zone) for zone, light in self.addresses.items()}
        return {f"{self.topic}/status": self.presence, **states}

    def encode(self, want: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One JSON command for each light."""
        return tuple(
            command(
                f"{self.topic}/light/{light}/command",
                self._command(self.reduce(zone, want.zones[zone]), want),
            )
            for zone, light in self.addresses.items()
        )

    def _command(self, goal: ZoneState, want: DesiredState) -> bytes:
        keys = self.switched(goal)
        if goal.on:
            keys |= (self.mired(goal) or _color(goal)) | {"effect": "None"}
        if want.fade_s > 0 and self.dimmed:
            keys["transition"] = max(1, round(self.fade(want.fade_s)))
        return dumped(**keys)

    def query(self, prefix: str) -> tuple[Message, ...]:
        """An empty command for each light (rule 6)."""
        return tuple(question(f"{self.topic}/light/{light}/command", b"{}") for light in self.addresses.values())


def _color(goal: ZoneState) -> dict[str, object]:
    if goal.color is None:
        return {}
    red, green, blue = goal.color.rgb
    return {"color": {"r": red, "g": green, "b": blue, "c": 0, "w": 0}, "white_value": 0}


def _state(zone: str, payload: bytes) -> Report | Ignored:
    keys = document(payload)
    on = switch(keys.get("state"))
    if on is False:
        return told(zone, OFF)
    steady = is_steady(keys["effect"]) if "effect" in keys else None
    shown = replace(read_color(keys), on=on, steady=steady)
    return told(zone, with_brightness(shown, fraction(keys.get("brightness"), 255)))
