"""A light with Tasmota: keeps its state over a power cut (PowerOnState 3), telemetry every five minutes.

Colours are kept at full strength in 8 bits, brightness apart in 0..255, the dimmer in whole per cent
(xdrv_04_light.ino, class LightStateClass). A fade has a fixed rate: `Speed` half seconds for a change of
100 %.
"""

import colorsys
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from controller.gateways.base import Message
from controller.gateways.tasmota import Tasmota
from controller.lighting.color import Color
from controller.lighting.look import DARK, ZoneState
from controller.simulation.devices.device import Device, Messages, document, emitted, light, switched, text_of

TELE = timedelta(seconds=300)
COMMAND = re.compile(r"([A-Za-z]+)([0-9]*)")
NUMBER = re.compile(r"[0-9]{1,5}")
DIGITS = {"0": "off", "1": "on"}


class TasmotaLight(Device[Tasmota]):
    """A light of one to five channels; or a relay, which has no light commands."""

    def __init__(self, gateway: Tasmota) -> None:
        super().__init__(
            gateway, (gateway.at("cmnd", "#"),), will=Message(gateway.at("tele", "LWT"), b"Offline", 1, True)
        )
        self.on = False
        self.is_relay = False
        self.bri = 255
        self.rgb: tuple[int, ...] = (255, 255, 255)
        self.mired = 153
        self.white = gateway.channels == 2
        self.fade, self.speed, self.scheme = False, 1, 0
        self.next_tele: datetime | None = None
        self.commands: dict[str, Callable[[str, str], dict[str, object]]] = {
            "power": self._power,
            "color": self._color,
            "dimmer": self._dimmer,
            "ct": self._ct,
            "fade": self._fade,
            "speed": self._speed,
            "scheme": self._scheme,
            "state": lambda _, __: self._state(),
        }

    def boot(self, now: datetime) -> Messages:
        """As it was; Online and telemetry."""
        self.lamp.go(self._goal(), 0, now)
        self.next_tele = now
        return (Message(self.gateway.at("tele", "LWT"), b"Online", 1, True), *self.turn(now)[0])

    def turn(self, now: datetime) -> tuple[Messages, datetime | None]:
        """Telemetry when it is time."""
        if self.next_tele is None or now < self.next_tele:
            return (), self.next_tele
        self.next_tele = now + TELE
        return (Message(self.gateway.at("tele", "STATE"), document(**self._state())),), self.next_tele

    def receive(self, topic: str, payload: bytes, now: datetime) -> Messages:
        """One command, or a backlog of commands; each is answered."""
        name, text = topic.removeprefix(self.gateway.at("cmnd", "")), text_of(payload).strip()
        backlog = name.lower() in {"backlog", "backlog0"}
        calls = [part.strip().partition(" ")[::2] for part in text.split(";")[:30]] if backlog else [(name, text)]
        return tuple(message for call in calls for message in self._run(*call, now=now))

    def _run(self, name: str, argument: str, *, now: datetime) -> Messages:
        found = COMMAND.fullmatch(name.strip())
        command = self.commands.get(found[1].lower()) if found else None
        if found is None or command is None or (self.is_relay and found[1].lower() not in {"power", "state"}):
            return (self._stat("RESULT", document(Command="Unknown")),)
        was, before = self.on, self._goal()
        answer = command(found[2], argument.strip())
        self._move(None if found[1].lower() == "dimmer" else before, now)
        power = (self._stat("POWER", self._word(self.on)),) if self.on is not was or found[1].lower() == "power" else ()
        return (self._stat("RESULT", document(**answer)), *power)

    def _stat(self, leaf: str, payload: bytes) -> Message:
        return Message(self.gateway.at("stat", leaf), payload)

    def _move(self, before: ZoneState | None, now: datetime) -> None:
        """Fade towards the new goal; without a fade the light stops where it is."""
        goal, lamp = self._goal(), self.lamp
        if goal == before:
            if lamp.fades(now) and not self.fade:
                lamp.go(lamp.shows(now), 0, now)
            return
        pairs = zip(emitted(lamp.shows(now)), emitted(goal), strict=True)
        distance = max(abs(one - other) for one, other in pairs) / 255
        lamp.go(goal, self.speed * 0.5 * distance if self.fade else 0, now)

    def _goal(self) -> ZoneState:
        if not self.on or not self.bri:
            return DARK
        if self.gateway.channels == 1:
            return ZoneState(on=True, color=None, brightness=self.bri / 255)
        if self.white:
            return ZoneState(True, Color("#FFFFFF", round(1e6 / self.mired)), self.bri / 255)
        return light(self._scaled())

    def _scaled(self) -> tuple[int, ...]:
        return tuple(scaled(part, 255, self.bri) for part in self.rgb)

    def _power(self, _: str, argument: str) -> dict[str, object]:
        self.on = switched(DIGITS.get(argument, argument), self.on)
        return {"POWER": self._word(self.on).decode()}

    def _color(self, index: str, argument: str) -> dict[str, object]:
        levels = _levels(argument)
        if levels is None or self.gateway.channels < 3:
            return {"Color": self._hex()}
        strongest = max(levels[:3])
        if strongest:
            self.rgb = tuple(scaled(part, strongest, 255) for part in levels[:3])
        self.white = not strongest and any(levels[3:])
        if index != "2":
            self.bri = max(levels)
        self.scheme = 0
        return self._lit()

    def _dimmer(self, _: str, argument: str) -> dict[str, object]:
        if not NUMBER.fullmatch(argument) or int(argument) > 100:
            return {"Dimmer": self._per_cent()}
        self.bri = scaled(int(argument), 100, 255)
        return self._lit()

    def _ct(self, _: str, argument: str) -> dict[str, object]:
        if self.gateway.channels not in {2, 5} or not NUMBER.fullmatch(argument):
            return {"CT": self.mired}
        if 153 <= int(argument) <= 500:
            self.mired, self.white = int(argument), True
        return self._lit()

    def _fade(self, _: str, argument: str) -> dict[str, object]:
        self.fade = switched(DIGITS.get(argument, argument), self.fade)
        return {"Fade": _word(self.fade).decode()}

    def _speed(self, _: str, argument: str) -> dict[str, object]:
        if NUMBER.fullmatch(argument) and 1 <= int(argument) <= 40:
            self.speed = int(argument)
        return {"Speed": self.speed}

    def _scheme(self, _: str, argument: str) -> dict[str, object]:
        if self.gateway.channels < 3:
            return {"Command": "Error"}
        self.scheme = int(argument) if NUMBER.fullmatch(argument) and int(argument) <= 4 else self.scheme
        return {"Scheme": self.scheme}

    def _lit(self) -> dict[str, object]:
        self.on = self.bri > 0
        return self._light()

    def _per_cent(self) -> int:
        return scaled(self.bri, 255, 100) or (1 if self.bri else 0)

    def _hex(self) -> str:
        colors = (0, 0, 0) if self.white else self._scaled()
        warm = scaled(self.mired - 153, 347, 255)
        shares = (255 - warm, warm) if self.gateway.channels in {2, 5} else (255,)
        whites = tuple(scaled(share, 255, self.bri if self.white else 0) for share in shares)
        levels = whites if self.gateway.channels == 2 else (colors + whites)[: self.gateway.channels]
        return "".join(f"{level:02X}" for level in levels)

    def _word(self, on: bool) -> bytes:
        """StateText2 and StateText1."""
        own = self.gateway.payload_on if on else self.gateway.payload_off
        return own.encode() if own is not None else _word(on)

    def _light(self) -> dict[str, object]:
        keys: dict[str, object] = {"POWER": self._word(self.on).decode()}
        if self.is_relay:
            return keys
        keys["Dimmer"] = self._per_cent()
        if self.gateway.channels > 1:
            keys["Color"] = self._hex()
        if self.gateway.channels > 2:
            hue, saturation, _ = colorsys.rgb_to_hsv(*(part / 255 for part in self.rgb))
            keys["HSBColor"] = f"{round(360 * hue)},{round(100 * saturation)},{0 if self.white else self._per_cent()}"
        if self.gateway.channels in {2, 5}:
            keys["CT"] = self.mired
        return keys

    def _state(self) -> dict[str, object]:
        scheme = {"Scheme": self.scheme} if self.gateway.channels > 2 else {}
        return {**self._light(), **scheme, "Fade": _word(self.fade).decode(), "Speed": self.speed}


def scaled(value: int, full: int, new_full: int) -> int:
    """`changeUIntScale` from 0: whole numbers, half rounded up (support.ino)."""
    return (value * new_full * 2 // full + 1) // 2


def _word(on: bool) -> bytes:
    return b"ON" if on else b"OFF"


def _levels(argument: str) -> tuple[int, ...] | None:
    parts = argument.split(",")[:5]
    if not all(NUMBER.fullmatch(part.strip()) for part in parts):
        return None
    return tuple(int(part) & 255 for part in (*parts, "0", "0", "0", "0")[:5])
