"""A light of the Home Assistant JSON schema, of any firmware: reports retained and at once."""

from collections.abc import Mapping
from datetime import datetime

from controller.gateways.base import Message
from controller.gateways.home_assistant import HomeAssistant
from controller.gateways.payloads import from_hue
from controller.lighting.color import FROM_XYZ, Color
from controller.lighting.look import DARK, ZoneState
from controller.simulation.devices.device import (
    Device,
    Messages,
    document,
    is_number,
    keys_of,
    light,
    seconds,
    switched,
    whole,
)

WHITE: dict[str, dict[str, object]] = {"xy": {"x": 0.3127, "y": 0.329}, "hs": {"h": 0, "s": 0}}


class HomeAssistantLight(Device[HomeAssistant]):
    """Dark after a power cut. `scale` is the lamp's own, `birth` its own word for online, where it has a topic."""

    def __init__(self, gateway: HomeAssistant) -> None:
        topic = gateway.availability_topic
        words = (gateway.payload_available or "online", gateway.payload_not_available or "offline")
        online, offline = (Message(topic, word.encode(), 1, True) if topic else None for word in words)
        super().__init__(gateway, (gateway.command_topic,), offline)
        self.birth = (online,) if online else ()
        self.on = False
        self.scale = gateway.brightness_scale
        self.brightness = self.scale
        self.color = WHITE.get(gateway.colored or "", {"r": 255, "g": 255, "b": 255})
        self.mode = gateway.color_modes[0]
        self.mired = 250.0
        self.effect: str | None = None
        self.last_report = b""

    def boot(self, now: datetime) -> Messages:
        """Dark; publishes that it is online."""
        self.on = False
        self.lamp.go(DARK, 0, now)
        return (*self.birth, *self._report())

    def receive(self, topic: str, payload: bytes, now: datetime) -> Messages:
        """One JSON command."""
        keys = keys_of(payload)
        if topic != self.gateway.command_topic or not keys:
            return ()
        self.on = switched(keys.get("state"), self.on)
        self.brightness = whole(keys.get("brightness"), 1, self.scale, self.brightness)
        self._take_color(keys)
        self.effect = str(keys["effect"]) if "effect" in keys else None
        self.lamp.go(self._goal(), seconds(keys.get("transition"), 3600), now)
        return self._report()

    def _take_color(self, keys: Mapping[str, object]) -> None:
        temperature = whole(keys.get("color_temp"), 1, 20_000, None)
        if temperature is not None and "color_temp" in self.gateway.color_modes:
            mired = 1e6 / temperature if self.gateway.color_temp_kelvin else temperature
            low, high = self.gateway.mireds
            self.mode, self.mired = "color_temp", min(high, max(low, mired))
        color = keys.get("color")
        if isinstance(color, dict) and self.gateway.colored and all(is_number(part) for part in color.values()):
            self.mode, self.color = self.gateway.colored, dict(color)

    def _goal(self) -> ZoneState:
        if not self.on:
            return DARK
        if self.mode in {"onoff", "brightness"}:
            share = 1.0 if self.mode == "onoff" else self.brightness / self.scale
            return ZoneState(on=True, color=None, brightness=share)
        if self.mode == "color_temp":
            return ZoneState(True, Color("#FFFFFF", round(1e6 / self.mired)), self.brightness / self.scale)
        return light(part * self.brightness / self.scale for part in self._rgb())

    def _rgb(self) -> tuple[float, ...]:
        part = {key: float(str(value)) for key, value in self.color.items()}
        if "h" in part and "s" in part:
            return from_hue(part["h"], part["s"]).rgb
        if part.get("y"):
            return _from_xy(part.get("x", 0.0), part["y"])
        white = part.get("w", 0.0) + part.get("c", 0.0)
        return tuple(min(255.0, part.get(key, 0.0) + white) for key in "rgb")

    def _report(self) -> Messages:
        if self.gateway.state_topic is None:
            return ()
        keys: dict[str, object] = {"state": "ON" if self.on else "OFF", "color_mode": self.mode}
        if self.mode != "onoff":
            keys["brightness"] = self.brightness
        if self.mode == "color_temp":
            keys["color_temp"] = round(1e6 / self.mired if self.gateway.color_temp_kelvin else self.mired)
        elif self.gateway.colored:
            keys["color"] = self.color
        if self.effect is not None:
            keys["effect"] = self.effect
        before, self.last_report = self.last_report, document(**keys)
        is_due = self.gateway.answers_repeats or self.last_report != before
        return (Message(self.gateway.state_topic, self.last_report, 0, True),) if is_due else ()


def _from_xy(x: float, y: float) -> tuple[float, ...]:
    """The sRGB components that have this chromaticity (IEC 61966-2-1)."""
    xyz = (x / y, 1.0, (1 - x - y) / y)
    linear = [sum(factor * part for factor, part in zip(row, xyz, strict=True)) for row in FROM_XYZ]
    return Color.from_linear(*(part / max(linear) for part in linear)).rgb
