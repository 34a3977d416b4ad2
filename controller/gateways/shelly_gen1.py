"""`shelly-gen1`: a Shelly RGBW2 in colour mode.

Rules
1. `shellies/<device>/color/0/set` takes JSON: `turn`, `red`, `green`, `blue`, `white` 0..255, `gain`
   (brightness) 0..100, `effect` 0, `transition` in ms, at most 5000. `mode: color` puts a device right that
   was set to white.
2. `color/0/status` tells the same with `ison`; `color/0` only on, off, or `overpower`, which is off too; both
   every 30 s.
3. `online` is `true`, or `false` by last will, which this generation does not retain: absence says nothing.
4. `update` to `shellies/<device>/command` makes it publish its status.
5. It answers no command with an error. In white mode it has four lights at `white/0` to `white/3` instead, and tells
   of them.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from controller.gateways import capabilities
from controller.gateways.base import DesiredState, Ignored, Message, Refresh, Report, ReportedLook
from controller.gateways.payloads import component, document, dumped, fraction, mixed, switch, text, within
from controller.gateways.vendor import OFF, OneZone, Reader, command, presence, question, refused, told, with_brightness
from controller.lighting.color import Color


class ShellyGen1(OneZone):
    """A Shelly RGBW2 by its device name."""

    STEPS: ClassVar[int] = 100
    MAX_FADE_S: ClassVar[float] = 5.0

    kind: Literal["shelly-gen1"] = "shelly-gen1"
    device: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

    @property
    def light(self) -> str:
        """The topic of its one light in colour mode."""
        return f"shellies/{self.device}/color/0"

    @property
    def refresh(self) -> Refresh:
        """Rule 4; by itself it tells every 30 s, unless that was switched off."""
        return "query"

    def readers(self, prefix: str) -> Mapping[str, Reader]:
        """Last will and the two reports."""
        online = f"shellies/{self.device}/online"
        white = f"shellies/{self.device}/white/0/status"
        return {online: presence, self.light: self._switch, f"{self.light}/status": self._status, white: self._white}

    def encode(self, want: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One JSON command."""
        goal = self.reduce(self.zone, want.zones[self.zone])
        keys: dict[str, object] = {"mode": "color", "turn": "on" if goal.on else "off"}
        if goal.on and goal.color is not None:
            red, green, blue = goal.color.rgb
            gain = capabilities.step(goal.brightness, self.STEPS)
            keys |= {"red": red, "green": green, "blue": blue, "white": 0, "gain": gain, "effect": 0}
        payload = dumped(**keys, transition=round(1000 * self.fade(want.fade_s)))
        return (command(f"{self.light}/set", payload),)

    def query(self, prefix: str) -> tuple[Message, ...]:
        """Rule 4."""
        return (question(f"shellies/{self.device}/command", b"update"),)

    def _white(self, payload: bytes) -> Report:
        """Rule 5: it hears none of our commands."""
        document(payload)
        return refused(self.zone_names, "mode white")

    def _switch(self, payload: bytes) -> Report | Ignored:
        word = text(payload)
        return told(self.zone, ReportedLook(on=word != "overpower" and switch(word)))

    def _status(self, payload: bytes) -> Report | Ignored:
        keys = document(payload)
        on = switch(keys.get("ison"))
        if on is False:
            return told(self.zone, OFF)
        shown = ReportedLook(on=on, color=_color(keys) if "red" in keys else None, steady=_steady(keys))
        return told(self.zone, with_brightness(shown, fraction(keys.get("gain"), self.STEPS)))


def _color(keys: Mapping[str, object]) -> Color:
    red, green, blue = (round(component(keys.get(key))) for key in ("red", "green", "blue"))
    return mixed(red, green, blue, round(within(keys.get("white"), 0, 255) or 0))


def _steady(keys: Mapping[str, object]) -> bool | None:
    if keys.get("mode") == "white":
        return False
    effect = within(keys.get("effect"), 0, 255)
    return None if effect is None else effect == 0
