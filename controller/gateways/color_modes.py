"""`color_modes`: what a lamp can take, in the words of Home Assistant; they stand in its own state as `color_mode`.

Rules
1. Of rgb, rgbw, rgbww, xy and hs the first of this order is used. A colour given in kelvin goes as a colour
   temperature where `color_temp` is among them. White channels stay at 0, see `wishes`; for the same reason `white`
   may be listed, as the lamp lists it, and is not used.
2. Without a colour mode any colour is white light, see `wishes`. `brightness` and `onoff` stand alone.
3. `min_mireds` and `max_mireds` are the coldest and the warmest colour temperature that the lamp takes.
"""

from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from controller.errors import Mistake
from controller.gateways import capabilities
from controller.gateways.vendor import Vendor
from controller.lighting.look import ZoneState

ColorMode = Literal["onoff", "brightness", "color_temp", "hs", "xy", "rgb", "rgbw", "rgbww", "white"]
COLORED: tuple[ColorMode, ...] = ("rgb", "rgbw", "rgbww", "xy", "hs")
Mireds = Annotated[int, Field(ge=50, le=1000)]


class WithColorModes(Vendor):
    """A gateway whose lamp is described by its colour modes."""

    ALONE: ClassVar[frozenset[ColorMode]] = frozenset({"onoff", "brightness"})
    """The modes that stand alone."""

    color_modes: tuple[ColorMode, ...] = Field(default=("rgb",), min_length=1)
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
        """The colour temperatures that the lamp takes."""
        return self.min_mireds, self.max_mireds

    @property
    def colored(self) -> ColorMode | None:
        """The colour mode in which colours are sent."""
        return next((mode for mode in COLORED if mode in self.color_modes), None)

    @property
    def dimmed(self) -> bool:
        """Whether it has a brightness."""
        return "onoff" not in self.color_modes

    def reduce(self, zone: str, want: ZoneState) -> ZoneState:
        """The wish in the lamp's colour modes."""
        goal = capabilities.lit(want)
        if self.colored is None:
            goal = capabilities.as_white(goal) if "color_temp" in self.color_modes else capabilities.without_color(goal)
        elif self.colored in {"xy", "hs"}:
            goal = capabilities.at_full(goal)
        if "color_temp" in self.color_modes:
            goal = capabilities.within_mired(goal, *self.mireds)
        if not self.dimmed and goal.on:
            return replace(goal, brightness=1.0)
        return capabilities.in_steps(goal, self.steps)

    def switched(self, goal: ZoneState) -> dict[str, object]:
        """State and brightness of a command."""
        if not goal.on:
            return {"state": "OFF"}
        return {"state": "ON"} | ({"brightness": capabilities.step(goal.brightness, self.steps)} if self.dimmed else {})

    def mired(self, goal: ZoneState) -> dict[str, object] | None:
        """The colour temperature of a command; None where the colour does not go as one."""
        if goal.color is None or goal.color.kelvin is None or "color_temp" not in self.color_modes:
            return None
        return {"color_temp": capabilities.mired(goal.color.kelvin)}

    def same_brightness(self, goal: float, shown: float | None) -> bool:
        """A lamp of mode `onoff` has no brightness to compare."""
        return not self.dimmed or super().same_brightness(goal, shown)

    def cannot(self) -> tuple[str, ...]:
        """What the colour modes leave out."""
        return (
            *super().cannot(),
            *(("color",) if self.colored is None else ()),
            *(() if self.dimmed else ("brightness", "fade")),
        )
