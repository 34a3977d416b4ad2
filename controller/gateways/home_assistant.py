"""`home-assistant`: lights of the Home Assistant MQTT JSON schema, whatever firmware speaks it.

Rules
1. One JSON object each way: `state`, `brightness` 1..`brightness_scale`, `color`, `color_temp` in mired, or in
   kelvin with `color_temp_kelvin`, `transition` in seconds. These keys are called as in Home Assistant, so that they
   can be copied from there. A state that they rule out shows that they are wrong: a lamp of scale 4095 that is sent 255
   would show 6 % and say that it obeyed.
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

from pydantic import Field, model_validator

from controller.errors import Mistake
from controller.gateways.base import DesiredState, DeviceFault, Ignored, Message, Refresh, Report
from controller.gateways.color_modes import WithColorModes
from controller.gateways.light_json import is_steady, read_color
from controller.gateways.payloads import (
    Contradiction,
    Unreadable,
    document,
    dumped,
    members,
    plain,
    scaled,
    switch,
    to_hue,
    within,
)
from controller.gateways.vendor import (
    OFF,
    OneZone,
    Reader,
    Topic,
    WithAvailability,
    Word,
    command,
    contradiction,
    told,
)
from controller.lighting.look import ZoneState

WHITES: Mapping[str, Mapping[str, int]] = {"rgbw": {"w": 0}, "rgbww": {"c": 0, "w": 0}}


Kelvin = Annotated[int, Field(ge=1000, le=20_000)]


class HomeAssistant(WithColorModes, WithAvailability, OneZone):
    """A light that speaks the JSON schema of Home Assistant."""

    COLOR_TOLERANCE: ClassVar[int] = 5

    kind: Literal["home-assistant"] = "home-assistant"
    command_topic: Topic
    state_topic: Topic | None = None
    availability_topic: Topic | None = None
    no_effect: Word | None = None
    answers_repeats: bool = True
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
        """As the lamp counts."""
        return self.brightness_scale

    @property
    def mireds(self) -> tuple[float, float]:
        """In whichever of the two the lamp is told."""
        if not self.color_temp_kelvin:
            return super().mireds
        return 1e6 / self.max_kelvin, 1e6 / self.min_kelvin

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
        known: dict[str | None, Reader] = {self.availability_topic: self.presence, self.state_topic: self._state}
        return {topic: reader for topic, reader in known.items() if topic is not None}

    def encode(self, want: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One JSON command."""
        goal = self.reduce(self.zone, want.zones[self.zone])
        keys = self.switched(goal) | self._color(goal)
        if goal.on and self.no_effect is not None:
            keys["effect"] = self.no_effect
        if want.fade_s > 0 and self.dimmed:
            keys["transition"] = plain(self.fade(want.fade_s))
        return (command(self.command_topic, dumped(**keys)),)

    def recheck(self, zones: Mapping[str, ZoneState]) -> tuple[Message, ...]:
        """On or off and no more: the lamp keeps its brightness and colour, and tells them (rule 7)."""
        if self.refresh != "command":
            return ()
        return (
            command(self.command_topic, dumped(state="ON" if self.reduce(self.zone, zones[self.zone]).on else "OFF")),
        )

    def cannot(self) -> tuple[str, ...]:
        """A scale that is not written may be wrong; a lamp of Zigbee2MQTT, as the bridge announces it to Home
        Assistant, is not asked."""
        scale = ("scale",) if self.dimmed and "brightness_scale" not in self.model_fields_set else ()
        bridged = "zigbee2mqtt" in self.command_topic.split("/")
        return (*super().cannot(), *scale, *(("answer",) if bridged else ()))

    def _color(self, goal: ZoneState) -> dict[str, object]:
        if goal.color is None:
            return {}
        if (mired := self.mired(goal)) is not None:
            return {"color_temp": goal.color.kelvin} if self.color_temp_kelvin else mired
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
            return replace(told(self.zone, OFF), fault=self._beyond(keys.get("brightness")))
        brightness = scaled(keys.get("brightness"), self.steps, "brightness_scale") or None
        keys = {**keys, "color_temp": self._mired(keys.get("color_temp"))}
        effect = keys.get("effect")
        steady = on is True and (effect == self.no_effect or is_steady(effect)) if "state" in keys else None
        return told(self.zone, replace(read_color(keys), on=on, brightness=brightness, steady=steady))

    def _beyond(self, brightness: object) -> DeviceFault | None:
        """A lamp that is off may still tell the brightness that it would have, and so its scale."""
        try:
            scaled(brightness, self.steps, "brightness_scale")
        except Contradiction as error:
            return contradiction(self.state_topic or "", error)
        except Unreadable:
            pass
        return None

    def _mired(self, told_temperature: object) -> float | None:
        """A colour temperature in mired, however it is told; mired end where kelvin begin."""
        read = within(told_temperature, 0, 20_000)
        if read is not None and read > 0 and (read >= 1000) is not self.color_temp_kelvin:
            raise Contradiction(f"color_temp_kelvin: {str(self.color_temp_kelvin).lower()}", plain(read))
        return 1e6 / read if read and self.color_temp_kelvin else read
