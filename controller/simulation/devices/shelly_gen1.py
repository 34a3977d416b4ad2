"""A Shelly RGBW2 in colour mode: off after a power cut, nothing retained, a status every 30 s."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from controller.gateways.base import Message
from controller.gateways.shelly_gen1 import ShellyGen1
from controller.lighting.look import DARK, ZoneState
from controller.simulation.devices.device import Device, Messages, document, keys_of, light, seconds, switched, whole

PERIOD = timedelta(seconds=30)
RANGES = {"red": 255, "green": 255, "blue": 255, "white": 255, "gain": 100, "effect": 3}


class ShellyRgbw2(Device[ShellyGen1]):
    """One light in colour mode; in white mode it has others, and ignores commands for this one."""

    def __init__(self, gateway: ShellyGen1) -> None:
        device = f"shellies/{gateway.device}"
        super().__init__(gateway, (f"{device}/color/0/set", f"{device}/command"), Message(f"{device}/online", b"false"))
        self.mode = "color"
        self.on = False
        self.parts = {"red": 255, "green": 255, "blue": 255, "white": 0, "gain": 100, "effect": 0}
        self.next_status: datetime | None = None

    def boot(self, now: datetime) -> Messages:
        """Off, online, and a status."""
        self.on = False
        self.lamp.go(DARK, 0, now)
        return (Message(f"shellies/{self.gateway.device}/online", b"true"), *self._report(now))

    def turn(self, now: datetime) -> tuple[Messages, datetime | None]:
        """A status when it is time."""
        due = self.next_status is not None and now >= self.next_status
        return (self._report(now) if due else ()), self.next_status

    def receive(self, topic: str, payload: bytes, now: datetime) -> Messages:
        """A command, or the question for the status."""
        if self.mode == "white" and "/color/" in topic:
            return ()
        if topic.endswith("/color/0/set"):
            keys = keys_of(payload)
            return self._set(keys, now) if keys else ()
        return self._report(now) if payload == b"update" else ()

    def _set(self, keys: Mapping[str, object], now: datetime) -> Messages:
        self.on = switched(keys.get("turn"), self.on)
        for name, high in RANGES.items():
            self.parts[name] = whole(keys.get(name), 0, high, self.parts[name])
        self.lamp.go(self._goal(), seconds(keys.get("transition"), 5000) / 1000, now)
        return self._report(now)

    def _goal(self) -> ZoneState:
        if not self.on:
            return DARK
        white = self.parts["white"]
        colors = (min(255, self.parts[name] + white) for name in ("red", "green", "blue"))
        return light(part * self.parts["gain"] / 100 for part in colors)

    def _report(self, now: datetime) -> Messages:
        self.next_status = now + PERIOD
        if self.mode == "white":
            white = f"shellies/{self.gateway.device}/white/0"
            status = document(ison=False, mode="white", brightness=33, power=0.0, overpower=False)
            return Message(white, b"off"), Message(f"{white}/status", status)
        topic = f"shellies/{self.gateway.device}/color/0"
        status = document(ison=self.on, has_timer=False, mode="color", **self.parts, power=0.0, overpower=False)
        return Message(topic, b"on" if self.on else b"off"), Message(f"{topic}/status", status)
