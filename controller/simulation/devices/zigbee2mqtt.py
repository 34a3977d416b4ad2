"""Zigbee2MQTT with one lamp: optimistic, never retained, colours kept as xy of four decimals.

A Zigbee lamp comes back from a power cut lit in full white, whatever it showed before. `state` is the bridge's cache,
which assumes that every command was obeyed; `held` is what the lamp shows, and `get` reads that, part by part.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from controller.gateways.base import Message
from controller.gateways.zigbee2mqtt import Zigbee2Mqtt, from_xy, to_xy
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from controller.simulation.devices.device import Device, Messages, document, keys_of, seconds, whole

READ = timedelta(seconds=0.2)
"""Seconds that the bridge takes for one part of a lamp."""
PARTS = ("state", "brightness", "color", "color_temp")


class ZigbeeLamp(Device[Zigbee2Mqtt]):
    """Bridge and lamp in one. The lamp ignores commands for the parts in `deaf_to` (`state`, `brightness`, `color`);
    out of `reach` it receives nothing, which the bridge notices."""

    def __init__(self, gateway: Zigbee2Mqtt) -> None:
        super().__init__(
            gateway, (f"{gateway.topic}/#",), will=Message(gateway.bridges[0], document(state="offline"), 1, True)
        )
        self.state: dict[str, object] = {}
        self.held: dict[str, object] = {}
        self.deaf_to: frozenset[str] = frozenset()
        self.reach = True
        self.reads: list[tuple[datetime, str]] = []
        self.power_up()

    def power_up(self) -> None:
        """The lamp after a power cut; it reports only the parts that it has."""
        self.held = self._had({"state": "ON", "brightness": 254, "color_mode": "color_temp", "color_temp": 370})
        self.state = dict(self.held)

    def _had(self, keys: dict[str, object]) -> dict[str, object]:
        lacks = {"brightness"} if "onoff" in self.gateway.color_modes else set()
        if keys.get("color_mode") not in self.gateway.color_modes:
            lacks |= {"color_mode", "color", "color_temp"}
        return {key: value for key, value in keys.items() if key not in lacks}

    def boot(self, now: datetime) -> Messages:
        """Bridge and lamp come back; the state is published once from the cache, which is correct then."""
        self.power_up()
        self.lamp.go(self._goal(), 0, now)
        online = document(state="online")
        return (
            Message(self.gateway.bridges[0], online, 1, True),
            Message(f"{self.gateway.topic}/availability", online, 1, True),
            self._report(),
        )

    def receive(self, topic: str, payload: bytes, now: datetime) -> Messages:
        """`set`, `get`."""
        leaf = topic.removeprefix(f"{self.gateway.topic}/")
        if not self.reach:
            words = f"z2m: Publish '{leaf}' 'state' to '{self._name}' failed: 'Error: (Timeout after 10000ms)'"
            log = f"{self.gateway.bridges[0].removesuffix('state')}logging"
            return (Message(log, document(level="error", message=words, namespace="z2m")),)
        if leaf == "get":
            asked = [part for part in PARTS if part in keys_of(payload)]
            self.reads = [(now + READ * place, part) for place, part in enumerate(asked, start=1)]
            return ()
        return self._set(keys_of(payload), now) if leaf == "set" else ()

    def turn(self, now: datetime) -> tuple[Messages, datetime | None]:
        """The parts that were asked for, one after another."""
        done = [part for due, part in self.reads if due <= now]
        self.reads = self.reads[len(done) :]
        return tuple(self._read(part) for part in done), self.reads[0][0] if self.reads else None

    def _set(self, keys: Mapping[str, object], now: datetime) -> Messages:
        changed = self._had(_state(keys) | _brightness(keys) | _color(keys))
        if not changed:
            return ()
        if "brightness" in changed and "state" not in changed:
            changed["state"] = "ON" if changed["brightness"] else "OFF"
        self.state |= changed
        self.held |= {key: value for key, value in changed.items() if not self._is_deaf_to(key)}
        fade_s = seconds(keys.get("transition"), 6553.5)
        self.lamp.go(self._goal(), fade_s, now)
        return (self._report(),)

    @property
    def _name(self) -> str:
        return self.gateway.topic.removeprefix(self.gateway.bridges[0].removesuffix("bridge/state"))

    def _is_deaf_to(self, key: str) -> bool:
        return (key if key in {"state", "brightness"} else "color") in self.deaf_to

    def _read(self, part: str) -> Message:
        """A report with one attribute read from the lamp, and the rest from the cache."""
        keys = {"color_mode", "color", "color_temp"} if part.startswith("color") else {part}
        self.state |= {key: value for key, value in self.held.items() if key in keys}
        return self._report()

    def _goal(self) -> ZoneState:
        if self.held["state"] != "ON":
            return DARK
        brightness = _as_float(self.held.get("brightness", 254)) / 254
        if "color_mode" not in self.held:
            return ZoneState(on=True, color=None, brightness=brightness)
        if self.held["color_mode"] == "color_temp":
            kelvin = round(1e6 / _as_float(self.held["color_temp"]))
            return ZoneState(True, Color("#FFFFFF", kelvin), brightness)
        color = self.held["color"]
        x, y = (color["x"], color["y"]) if isinstance(color, dict) else (0.3127, 0.329)
        return ZoneState(True, from_xy(x, y), brightness)

    def _report(self) -> Message:
        return Message(self.gateway.topic, document(**self.state, linkquality=87), 0, False)


def _state(keys: Mapping[str, object]) -> dict[str, object]:
    word = str(keys.get("state", "")).upper()
    return {"state": word} if word in {"ON", "OFF"} else {}


def _brightness(keys: Mapping[str, object]) -> dict[str, object]:
    value = whole(keys.get("brightness"), 0, 255, None)
    return {"brightness": min(254, value)} if value is not None else {}


def _color(keys: Mapping[str, object]) -> dict[str, object]:
    mired, color = whole(keys.get("color_temp"), 1, 65535, None), keys.get("color")
    if mired is not None and color is None:
        return {"color_mode": "color_temp", "color_temp": min(500, max(153, mired))}
    parts = [whole(color.get(part), 0, 255, None) for part in "rgb"] if isinstance(color, dict) else [None]
    rgb = [part for part in parts if part is not None]
    if len(rgb) < 3 or not any(rgb):
        return {}
    x, y = to_xy(Color.from_rgb(*rgb))
    return {"color_mode": "xy", "color": {"x": round(x, 4), "y": round(y, 4)}}


def _as_float(value: object) -> float:
    return float(str(value))
