"""`shelly-gen1`: a Shelly RGBW2 in colour mode.

It answers no command with an error. In white mode it has four lights at `white/0` to `white/3` instead, and reports
them.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from controller.gateways import capabilities, payloads, vendor
from controller.gateways.base import DesiredState, Ignored, Message, Report, ReportedLook
from controller.lighting.color import Color


class ShellyGen1(vendor.OneZone):
    """A Shelly RGBW2 by its device name."""

    WRITES_FLASH: ClassVar[bool] = False
    DEVICE_KEY: ClassVar[Literal["topic", "device", ""]] = "device"
    STEPS: ClassVar[int] = 100
    MAX_FADE_S: ClassVar[float] = 5.0

    kind: Literal["shelly-gen1"] = "shelly-gen1"
    device: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

    @property
    def light(self) -> str:
        """The topic of its one light in colour mode."""
        return f"shellies/{self.device}/color/0"

    def readers(self, prefix: str) -> Mapping[str, vendor.Reader]:
        """Last will, and the two reports that come every 30 s unless that was switched off."""
        return {
            # `true`, or `false` by last will, which this generation does not retain: absence proves nothing
            f"shellies/{self.device}/online": vendor.presence,
            self.light: self._switch,
            f"{self.light}/status": self._status,
            f"shellies/{self.device}/white/0/status": self._white,
        }

    def encode(self, desired: DesiredState, prefix: str) -> tuple[Message, ...]:
        """One JSON command; `gain` is the brightness, `mode` resets a device that was set to white."""
        state = self.reduce(self.zone, desired.zones[self.zone])
        keys: dict[str, object] = {"mode": "color", "turn": "on" if state.on else "off"}
        if state.on and state.color is not None:
            red, green, blue = state.color.rgb
            gain = capabilities.step(state.brightness, self.STEPS)
            keys |= {"red": red, "green": green, "blue": blue, "white": 0, "gain": gain, "effect": 0}
        payload = payloads.dumped(**keys, transition=round(1000 * self.fade(desired.fade_s)))
        return (vendor.command(f"{self.light}/set", payload),)

    def query(self, prefix: str) -> tuple[Message, ...]:
        """Makes it publish its status."""
        return (vendor.question(f"shellies/{self.device}/command", b"update"),)

    def _white(self, payload: bytes) -> Report:
        """A report in white mode, in which it obeys none of our commands."""
        payloads.document(payload)
        return vendor.refused(self.zone_names, "mode white")

    def _switch(self, payload: bytes) -> Report | Ignored:
        word = payloads.text(payload)  # on, off, or `overpower`, which is off too
        return vendor.report_of(self.zone, ReportedLook(on=word != "overpower" and payloads.switch(word)))

    def _status(self, payload: bytes) -> Report | Ignored:
        keys = payloads.document(payload)
        on = payloads.switch(keys.get("ison"))
        if on is False:
            return vendor.report_of(self.zone, vendor.OFF)
        look = ReportedLook(on=on, color=_color(keys) if "red" in keys else None, steady=_steady(keys))
        return vendor.report_of(self.zone, look, payloads.fraction(keys.get("gain"), self.STEPS))


def _color(keys: Mapping[str, object]) -> Color:
    red, green, blue = (round(payloads.component(keys.get(key))) for key in ("red", "green", "blue"))
    return payloads.mixed(red, green, blue, round(payloads.within(keys.get("white"), 0, 255) or 0))


def _steady(keys: Mapping[str, object]) -> bool | None:
    if keys.get("mode") == "white":
        return False
    effect = payloads.within(keys.get("effect"), 0, 255)
    return None if effect is None else effect == 0
