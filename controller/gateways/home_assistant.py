"""`home-assistant`: lights of the Home Assistant MQTT JSON schema, whatever firmware speaks it.

Rules
1. One JSON object each way: `state`, `brightness` 1..255, `color`, `color_temp` in mired, `transition` in
   seconds.
2. Off is `{"state":"OFF"}`, with the transition if there is a fade.
3. `color_modes` say what the lamp can take, and so which keys are sent. White channels are sent as 0.
4. In a state, `state: null` is unknown and agrees with no light, brightness 0 is ignored, and no `effect` is no
   effect: many firmwares name one only while it runs. `light_json` reads the colour. Some versions of ESPixelStick
   say it all within `MQTT`.
5. Without `state_topic` the lamp cannot confirm.
6. In some firmwares a running effect goes on under every colour. `no_effect` is what theirs call having none, as
   `Solid` or `None`; it is sent with the light.
7. The schema has no question. A firmware that obeys tells its state after each command, so the command that it has
   obeyed is its question. `answers_repeats: false` is for one that tells only what has changed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import StringConstraints, model_validator

from controller.errors import Mistake
from controller.gateways.color_modes import WithColorModes
from controller.gateways.gateway import Ignored, Message, Refresh, Report, Want
from controller.gateways.light_json import is_steady, read_color
from controller.gateways.values import document, dumped, fraction, members, plain, switch, to_hue
from controller.gateways.vendor import OFF, OneZone, Reader, Topic, command, presence, told
from controller.lighting.look import ZoneState

WHITES: Mapping[str, Mapping[str, int]] = {"rgbw": {"w": 0}, "rgbww": {"c": 0, "w": 0}}


class HomeAssistant(WithColorModes, OneZone):
    """A light that speaks the JSON schema of Home Assistant."""

    COLOR_TOLERANCE: ClassVar[int] = 5

    kind: Literal["home-assistant"] = "home-assistant"
    command_topic: Topic
    state_topic: Topic | None = None
    availability_topic: Topic | None = None
    no_effect: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    answers_repeats: bool = True

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.state_topic == self.command_topic:
            raise Mistake("TWL-S227", value=self.command_topic)
        return self

    @property
    def confirms(self) -> bool:
        """Rule 5."""
        return self.state_topic is not None

    @property
    def refresh(self) -> Refresh:
        """Rule 7."""
        return "command" if self.confirms and self.answers_repeats else "nothing"

    def readers(self, prefix: str) -> Mapping[str, Reader]:
        """State and availability, where they have topics."""
        known: dict[str | None, Reader] = {self.availability_topic: presence, self.state_topic: self._state}
        return {topic: reader for topic, reader in known.items() if topic is not None}

    def encode(self, want: Want, prefix: str) -> tuple[Message, ...]:
        """One JSON command."""
        goal = self.reduce(self.zone, want.zones[self.zone])
        keys = self.switched(goal) | self._color(goal)
        if goal.on and self.no_effect is not None:
            keys["effect"] = self.no_effect
        if want.fade_s > 0 and self.dimmed:
            keys["transition"] = plain(self.fade(want.fade_s))
        return (command(self.command_topic, dumped(**keys)),)

    def _color(self, goal: ZoneState) -> dict[str, object]:
        if goal.color is None:
            return {}
        if (mired := self.mired(goal)) is not None:
            return mired
        if self.colored == "xy":
            x, y = goal.color.xy
            return {"color": {"x": round(x, 4), "y": round(y, 4)}}
        if self.colored == "hs":
            hue, saturation = to_hue(goal.color)
            return {"color": {"h": plain(hue), "s": plain(saturation)}}
        red, green, blue = goal.color.rgb
        return {"color": {"r": red, "g": green, "b": blue, **WHITES.get(self.colored or "", {})}}

    def _state(self, payload: bytes) -> Report | Ignored:
        keys = document(payload)
        keys = members(keys.get("MQTT", keys))
        on = switch(keys.get("state"))
        if on is False:
            return told(self.zone, OFF)
        brightness = fraction(keys.get("brightness"), self.STEPS) or None
        effect = keys.get("effect")
        steady = on is True and (effect == self.no_effect or is_steady(effect)) if "state" in keys else None
        return told(self.zone, replace(read_color(keys), on=on, brightness=brightness, steady=steady))
