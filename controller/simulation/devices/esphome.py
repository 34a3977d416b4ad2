"""An ESPHome node with RGBW lights, or whiter ones: typed JSON, retained states, off after a power cut (ALWAYS_OFF)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.gateways.base import Message
from controller.gateways.esphome import EspHome
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from controller.simulation.devices.device import Device, Messages, document, keys_of, light, switched, whole

DEFAULT_FADE_S = 1.0


@dataclass
class EspHomeLight:
    """The remote values of one light; colours are kept at full strength, their own brightness beside them."""

    mode: str = "rgb"
    on: bool = False
    brightness: float = 1.0
    color_brightness: float = 1.0
    rgb: tuple[float, float, float] = field(default=(1.0, 1.0, 1.0))
    white: float = 0.0
    mired: int | None = None
    effect: str = "None"

    def take(self, keys: Mapping[str, object]) -> None:
        """One JSON command; keys of a wrong type, or of what the light does not have, are ignored."""
        self.on = switched(keys.get("state"), self.on)
        brightness = whole(keys.get("brightness"), 0, 255, None)
        self.brightness = self.brightness if brightness is None or self.mode == "onoff" else brightness / 255
        color = keys.get("color")
        self._take_color(color if isinstance(color, dict) and self.mode == "rgb" else {})
        if self.mode not in {"onoff", "brightness"}:
            self.mired = whole(keys.get("color_temp"), 1, 65535, self.mired)
        self.white = whole(keys.get("white_value"), 0, 255, self.white * 255) / 255
        if isinstance(keys.get("effect"), str):
            self.effect = "None" if str(keys["effect"]).lower() == "none" else str(keys["effect"])
        elif not self.on:
            self.effect = "None"

    def _take_color(self, color: Mapping[str, object]) -> None:
        parts = [whole(color.get(key), 0, 255, None) for key in "rgb"]
        given = [part / 255 if part is not None else old for part, old in zip(parts, self.rgb, strict=True)]
        if any(part is not None for part in parts):
            strongest = max((part for part in parts if part is not None), default=0) / 255
            self.color_brightness, self.mired = strongest, None
            top = max(given) or 1.0
            self.rgb = (given[0] / top, given[1] / top, given[2] / top)
        if "c" not in color:
            self.white = whole(color.get("w"), 0, 255, self.white * 255) / 255

    @property
    def goal(self) -> ZoneState:
        """The light that results."""
        if not self.on:
            return DARK
        if self.mode in {"onoff", "brightness"}:
            return ZoneState(on=True, color=None, brightness=self.brightness)
        if self.mired is not None:
            return ZoneState(True, Color("#FFFFFF", round(1e6 / self.mired)), self.brightness)
        parts = (min(1.0, self.color_brightness * part + self.white) for part in self.rgb)
        return light(255 * self.brightness * part for part in parts)

    def document(self) -> bytes:
        """The state, which keeps colour and brightness when off."""
        red, green, blue = (_byte(self.color_brightness * part) for part in self.rgb)
        common = {"state": "ON" if self.on else "OFF", "brightness": _byte(self.brightness)}
        if self.mode in {"onoff", "brightness"}:
            keys = {key: value for key, value in common.items() if key == "state" or self.mode == "brightness"}
            return document(effect=self.effect, color_mode=self.mode, **keys, color={})
        if self.mired is not None:
            return document(effect=self.effect, color_mode="color_temp", **common, color={}, color_temp=self.mired)
        color = {"r": red, "g": green, "b": blue, "w": _byte(self.white)}
        return document(effect=self.effect, color_mode="rgbw", **common, color=color, white_value=_byte(self.white))


class EspHomeNode(Device[EspHome]):
    """A node; each of its lights is a zone."""

    def __init__(self, gateway: EspHome) -> None:
        offline = Message(f"{gateway.topic}/status", b"offline", 0, True)
        self._commands = {f"{gateway.topic}/light/{light}/command": zone for zone, light in gateway.addresses.items()}
        super().__init__(gateway, tuple(self._commands), offline)
        self.lights = self._lights()

    def _lights(self) -> dict[str, EspHomeLight]:
        (mode,) = self.gateway.color_modes
        mired = 250 if mode == "color_temp" else None
        return {zone: EspHomeLight(mode, mired=mired) for zone in self.gateway.zone_names}

    def boot(self, now: datetime) -> Messages:
        """Everything is off; status and states are published."""
        self.lights = self._lights()
        for lamp in self.lamps.values():
            lamp.go(DARK, 0, now)
        online = Message(f"{self.gateway.topic}/status", b"online", 0, True)
        return (online, *(self._report(zone) for zone in self.gateway.zone_names))

    def receive(self, topic: str, payload: bytes, now: datetime) -> Messages:
        """Any JSON object is answered with the state, an empty one too."""
        zone, keys = self._commands.get(topic), keys_of(payload)
        if zone is None or not (keys or payload.strip() == b"{}"):
            return ()
        self.lights[zone].take(keys)
        # a transition beside an effect is dropped
        fade = None if "effect" in keys else keys.get("transition")
        self.lamps[zone].go(self.lights[zone].goal, whole(fade, 0, 65535, DEFAULT_FADE_S), now)
        return (self._report(zone),)

    def _report(self, zone: str) -> Message:
        topic = f"{self.gateway.topic}/light/{self.gateway.addresses[zone]}/state"
        return Message(topic, self.lights[zone].document(), 0, True)


def _byte(share: float) -> int:
    return int(share * 255 + 0.5)
