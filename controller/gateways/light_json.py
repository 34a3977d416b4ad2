"""The JSON light schema of Home Assistant, which ESPHome and Zigbee2MQTT use too: what a lamp supports, by its
`color_modes`, and the colour in its state.

https://www.home-assistant.io/integrations/light.mqtt/#json-schema
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from controller.errors import Mistake
from controller.gateways import capabilities, payloads
from controller.gateways.base import Lack, ReportedLook
from controller.gateways.vendor import Vendor
from controller.lighting.color import Color
from controller.lighting.look import ZoneState

ColorMode = Literal["onoff", "brightness", "color_temp", "hs", "xy", "rgb", "rgbw", "rgbww", "white"]
COLORED: tuple[ColorMode, ...] = ("rgb", "rgbw", "rgbww", "xy", "hs")
Mireds = Annotated[int, Field(ge=50, le=1000)]


class WithColorModes(Vendor):
    """A gateway whose lamp is described by its colour modes."""

    ALONE: ClassVar[frozenset[ColorMode]] = frozenset({"onoff", "brightness"})
    """The modes that cannot be listed beside others."""

    color_modes: tuple[ColorMode, ...] = Field(default=("rgb",), min_length=1)
    # the coldest and the warmest colour temperature of the lamp
    min_mireds: Mireds = 153
    max_mireds: Mireds = 500

    @model_validator(mode="after")
    def _alone_or_together(self) -> Self:
        alone = next((mode for mode in self.color_modes if mode in self.ALONE), None)
        if alone is not None and len(self.color_modes) > 1:
            raise Mistake("TWL-S222", mode=alone)
        if self.min_mireds >= self.max_mireds:
            raise Mistake("TWL-S236", low="min_mireds", high="max_mireds")
        return self

    @property
    def mireds(self) -> tuple[float, float]:
        """Lowest and highest colour temperature of the lamp, in mired."""
        return self.min_mireds, self.max_mireds

    @property
    def colored(self) -> ColorMode | None:
        """The colour mode in which colours are sent: the best of those listed."""
        return _best(self.color_modes)

    @property
    def dimmed(self) -> bool:
        """Whether it has a brightness."""
        return "onoff" not in self.color_modes

    def reduce(self, zone: str, desired: ZoneState) -> ZoneState:
        """The part of the state that the lamp's colour modes can show."""
        return _in_modes(desired, self.color_modes, self.steps, self.mireds)

    def switched(self, reduced: ZoneState) -> dict[str, object]:
        """State and brightness of a command."""
        if not reduced.on:
            return {"state": "OFF"}
        return {"state": "ON"} | (
            {"brightness": capabilities.step(reduced.brightness, self.steps)} if self.dimmed else {}
        )

    def mired(self, reduced: ZoneState) -> dict[str, object] | None:
        """The colour temperature of a command; None where the colour is not sent as one."""
        if reduced.color is None or reduced.color.kelvin is None or "color_temp" not in self.color_modes:
            return None
        return {"color_temp": capabilities.mired(reduced.color.kelvin)}

    def same_brightness(self, expected: float, reported: float | None) -> bool:
        """A lamp of mode `onoff` has no brightness to compare."""
        return not self.dimmed or super().same_brightness(expected, reported)

    def cannot(self) -> tuple[Lack, ...]:
        """What the colour modes leave out."""
        return (
            *super().cannot(),
            *(("color",) if self.colored is None else ()),
            *(() if self.dimmed else ("brightness", "fade")),
        )


@lru_cache(capabilities.ALIKE)
def _in_modes(desired: ZoneState, modes: tuple[ColorMode, ...], steps: int, mireds: tuple[float, float]) -> ZoneState:
    reduced = capabilities.lit(desired)
    if (colored := _best(modes)) is None:
        reduced = capabilities.as_white(reduced) if "color_temp" in modes else capabilities.without_color(reduced)
    elif colored in {"xy", "hs"}:
        reduced = capabilities.at_full(reduced)
    if "color_temp" in modes:
        reduced = capabilities.within_mired(reduced, *mireds)
    if "onoff" in modes and reduced.on:
        return replace(reduced, brightness=1.0)
    return capabilities.in_steps(reduced, steps)


@lru_cache(capabilities.ALIKE)
def _best(modes: tuple[ColorMode, ...]) -> ColorMode | None:
    return next((mode for mode in COLORED if mode in modes), None)


WHITES: Mapping[str, str] = {"rgb": "", "rgbw": "w"}
"""Colour mode -> the white LEDs whose light is added: `w` is white, or warm white beside the cold white `c`; both in
any other mode."""
FORMS = (("rgb", "r"), ("xy", "x"), ("hs", "h"), ("hs", "hue"))
"""The forms of a colour, each with a key by which it is recognised. Zigbee2MQTT writes hue and saturation out."""
NO_COLOR = {"onoff", "brightness", "white", "cwww"}
NO_EFFECT = {"", "none", "off", "solid"}


def read_color(keys: Mapping[str, object]) -> ReportedLook:
    """The colour in a state, as rgb, xy or kelvin.

    `color_mode` states which keys are valid; others may be stale. Without it, or without its keys, the keys present are
    read: an older colour must not stay. Modes without a colour are white light, as is `color_temp` without a
    temperature.
    """
    mode = None if keys.get("color_mode") is None else str(keys["color_mode"])
    color = payloads.members(keys["color"]) if keys.get("color") is not None else {}
    if mode in NO_COLOR:
        return ReportedLook(color=capabilities.WHITE)
    if mode == "color_temp":
        kelvin = payloads.kelvin(keys.get("color_temp"))
        return ReportedLook(color=capabilities.WHITE) if kelvin is None else ReportedLook(kelvin=kelvin)
    forms = [form for form, key in FORMS if key in color]
    match mode if mode in forms else next(iter(forms), None):
        case "rgb":
            return ReportedLook(color=_rgb(keys, color, mode))
        case "xy":
            return ReportedLook(xy=_pair(color, "x", "y", 1, 1))
        case "hs":
            names = ("h", "s") if "h" in color else ("hue", "saturation")
            pair = _pair(color, *names, 360, 100)
            return ReportedLook(color=payloads.from_hue(*pair) if pair else None)
    return ReportedLook(kelvin=payloads.kelvin(keys.get("color_temp")) if mode is None else None)


def is_steady(effect: object) -> bool:
    """Whether no effect runs, by the value of `effect`."""
    return effect is None or (isinstance(effect, str) and effect.lower() in NO_EFFECT)


def _rgb(keys: Mapping[str, object], color: Mapping[str, object], mode: str | None) -> Color:
    red, green, blue = (round(payloads.component(color.get(key))) for key in "rgb")
    whites = [color.get(key) for key in WHITES.get(mode or "", "cw")]
    if not color.keys() & {"c", "w"}:  # firmware of before 2021
        whites.append(keys.get("white_value"))
    return payloads.mixed(red, green, blue, *(round(payloads.within(white, 0, 255) or 0) for white in whites))


def _pair(color: Mapping[str, object], one: str, other: str, *ends: int) -> tuple[float, float] | None:
    first, second = payloads.within(color.get(one), 0, ends[0]), payloads.within(color.get(other), 0, ends[1])
    return None if first is None or second is None else (first, second)
