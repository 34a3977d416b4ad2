"""`home-assistant`: lights of the Home Assistant MQTT JSON schema, whatever firmware speaks it.

Rules
1. One JSON object each way: `state`, `brightness` 1..255, `color`, `color_temp` in mired, `transition` in
   seconds.
2. Off is `{"state":"OFF"}`, with the transition if there is a fade.
3. `color_modes` say what the lamp can take. Of rgb, rgbw, rgbww, xy and hs the first of this order is used;
   a colour given in kelvin goes as `color_temp` where that is among them. White channels are sent as 0, see
   `wishes`; for the same reason `white` may be listed, as the lamp lists it, and is not used.
4. In a state, `state: null` is unknown and agrees with no light, brightness 0 is ignored, and no `effect` is no
   effect: many firmwares name one only while it runs. `light_json` reads the colour.
5. Without `state_topic` the lamp cannot confirm.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from controller.errors import Mistake
from controller.gateways import wishes
from controller.gateways.gateway import Ignored, Message, Report, Want
from controller.gateways.light_json import is_steady, read_color
from controller.gateways.values import document, dumped, fraction, plain, switch, to_hue
from controller.gateways.vendor import NEVER_S, OFF, OneZone, Reader, Topic, command, presence, told
from controller.lighting.color import Color
from controller.lighting.look import ZoneState

ColorMode = Literal["onoff", "brightness", "color_temp", "hs", "xy", "rgb", "rgbw", "rgbww", "white"]
COLORED: tuple[ColorMode, ...] = ("rgb", "rgbw", "rgbww", "xy", "hs")
WHITES: Mapping[str, Mapping[str, int]] = {"rgbw": {"w": 0}, "rgbww": {"c": 0, "w": 0}}
MIRED = (153, 500)


class HomeAssistant(OneZone):
    """A light that speaks the JSON schema of Home Assistant."""

    POLL_S: ClassVar[float | None] = None
    COLOR_TOLERANCE: ClassVar[int] = 5

    kind: Literal["home-assistant"] = "home-assistant"
    command_topic: Topic
    state_topic: Topic | None = None
    availability_topic: Topic | None = None
    color_modes: tuple[ColorMode, ...] = Field(default=("rgb",), min_length=1)

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.state_topic == self.command_topic:
            raise Mistake("TWL-S227", value=self.command_topic)
        alone = next((mode for mode in self.color_modes if mode in {"onoff", "brightness"}), None)
        if alone is not None and len(self.color_modes) > 1:
            raise Mistake("TWL-S222", mode=alone)
        return self

    @property
    def confirms(self) -> bool:
        """Rule 5."""
        return self.state_topic is not None

    @property
    def quiet_s(self) -> float:
        """It speaks only when something changes."""
        return NEVER_S

    @property
    def colored(self) -> ColorMode | None:
        """The colour mode in which colours are sent."""
        return next((mode for mode in COLORED if mode in self.color_modes), None)

    def readers(self, prefix: str) -> Mapping[str, Reader]:
        """State and availability, where they have topics."""
        known: dict[str | None, Reader] = {self.availability_topic: presence, self.state_topic: self._state}
        return {topic: reader for topic, reader in known.items() if topic is not None}

    def reduce(self, zone: str, want: ZoneState) -> ZoneState:
        """The wish in the lamp's colour modes."""
        goal = wishes.lit(want)
        if self.colored is None:
            goal = wishes.as_white(goal) if "color_temp" in self.color_modes else wishes.without_color(goal)
        elif self.colored in {"xy", "hs"}:
            goal = wishes.at_full(goal)
        if "color_temp" in self.color_modes:
            goal = wishes.within_mired(goal, *MIRED)
        if "onoff" in self.color_modes and goal.on:
            return replace(goal, brightness=1.0)
        return wishes.in_steps(goal, self.STEPS)

    def encode(self, want: Want, prefix: str) -> tuple[Message, ...]:
        """One JSON command."""
        goal = self.reduce(self.zone, want.zones[self.zone])
        keys: dict[str, object] = {"state": "ON" if goal.on else "OFF"}
        if goal.on and "onoff" not in self.color_modes:
            keys["brightness"] = wishes.step(goal.brightness, self.STEPS)
        if goal.on and goal.color is not None:
            keys |= self._color(goal.color)
        if want.fade_s > 0 and "onoff" not in self.color_modes:
            keys["transition"] = plain(self.fade(want.fade_s))
        return (command(self.command_topic, dumped(**keys)),)

    def _color(self, color: Color) -> dict[str, object]:
        if color.kelvin is not None and "color_temp" in self.color_modes:
            return {"color_temp": wishes.mired(color.kelvin)}
        if self.colored == "xy":
            x, y = color.xy
            return {"color": {"x": round(x, 4), "y": round(y, 4)}}
        if self.colored == "hs":
            hue, saturation = to_hue(color)
            return {"color": {"h": plain(hue), "s": plain(saturation)}}
        red, green, blue = color.rgb
        return {"color": {"r": red, "g": green, "b": blue, **WHITES.get(self.colored or "", {})}}

    def _state(self, payload: bytes) -> Report | Ignored:
        keys = document(payload)
        on = switch(keys.get("state"))
        if on is False:
            return told(self.zone, OFF)
        brightness = fraction(keys.get("brightness"), self.STEPS) or None
        if brightness is None and "onoff" in self.color_modes and on:
            brightness = 1.0
        steady = on is True and is_steady(keys.get("effect")) if "state" in keys else None
        return told(self.zone, replace(read_color(keys), on=on, brightness=brightness, steady=steady))

    def same_brightness(self, goal: float, shown: float | None) -> bool:
        """A lamp of mode `onoff` has no brightness to compare."""
        return "onoff" in self.color_modes or super().same_brightness(goal, shown)

    def cannot(self) -> tuple[str, ...]:
        """What the colour modes leave out."""
        return (
            *super().cannot(),
            *(("color",) if self.colored is None else ()),
            *(("brightness", "fade") if "onoff" in self.color_modes else ()),
        )
