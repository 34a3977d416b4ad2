"""A colour as a person names it, and the same colour in the numbers that lamps and gateways use."""

import re
from dataclasses import dataclass
from functools import cache

from coloraide import Color as Coloraide

from controller.errors import Mistake

HEX = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True)
class Color:
    """One colour: sRGB as `#RRGGBB`, and the colour temperature where it was given as one."""

    hex: str
    kelvin: int | None = None

    @classmethod
    def from_hex(cls, text: str) -> "Color":
        """`#RRGGBB`, any case; raises Mistake TWL-S131 for anything else."""
        if not HEX.fullmatch(text):
            raise Mistake("TWL-S131", value=text)
        return cls(text.upper())

    @classmethod
    def from_rgb(cls, red: float, green: float, blue: float) -> "Color":
        """From sRGB components 0..255, rounded and clipped."""
        parts = (min(255, max(0, round(part))) for part in (red, green, blue))
        return cls("#{:02X}{:02X}{:02X}".format(*parts))

    @property
    def rgb(self) -> tuple[int, int, int]:
        """SRGB components 0..255."""
        return int(self.hex[1:3], 16), int(self.hex[3:5], 16), int(self.hex[5:7], 16)

    @property
    def xy(self) -> tuple[float, float]:
        """CIE 1931 chromaticity under D65; black has that of white."""
        return _chromaticity(self.hex)


@cache
def _chromaticity(hex_color: str) -> tuple[float, float]:
    if hex_color == "#000000":
        hex_color = "#FFFFFF"
    x, y = Coloraide(hex_color).xy()
    return float(x), float(y)
