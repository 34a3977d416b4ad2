"""A colour as a person names it, and the same colour in the numbers that lamps and gateways use.

`parse_color` reads, in this order, and without regard to case, spaces and hyphens inside a name:
- a name of the palette of `tower.yaml`,
- a name of CSS Color 4, or its Swedish name; `brandgul` means the `orange` of the palette if there is one,
- a white by name: `warm white`, `neutral white`, `cold white`, `candlelight` and their Swedish names,
- `#RRGGBB`,
- a colour temperature from 1000 to 12000 K, `2700 K`: the black body of that temperature at full brightness,
- `rgb(255, 106, 0)`, or as CSS Color 4 writes it, `rgb(255 106 0)`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from controller.errors import Mistake
from controller.lighting.names import SWEDISH, WHITES, plain, unmarked
from controller.likeness import likeliest

if TYPE_CHECKING:
    from coloraide import Color as Coloraide

HEX = re.compile(r"#[0-9A-Fa-f]{6}")
NEARLY_HEX = re.compile(r"#[0-9A-Fa-f]*|(?:0[xX])[0-9A-Fa-f]+|[0-9A-Fa-f]{6}")
KELVIN = re.compile(r"([0-9][0-9\s]*)(?:K|k|[Kk]elvin)")
NEARLY_KELVIN = re.compile(r"([0-9][0-9\s.,]*)(?:°?\s*k(?:elvin)?)?", re.IGNORECASE)
RGB = re.compile(r"rgb\(\s*(-?[0-9]+)(?:\s*,\s*|\s+)(-?[0-9]+)(?:\s*,\s*|\s+)(-?[0-9]+)\s*\)", re.IGNORECASE)
NEARLY_RGB = re.compile(r"(?:rgb)?\W*([0-9]{1,3})[\s,;/]+([0-9]{1,3})[\s,;/]+([0-9]{1,3})\W*", re.IGNORECASE)
_LIGHT = re.compile(r"(?<=\S)\s+(?:light|ljus|sken|färg|colour|color)$", re.IGNORECASE)
"""A word that adds nothing after a colour: `rött ljus`."""
COOLEST_K, HOTTEST_K = 1000, 12000
# the primaries and the white of sRGB (IEC 61966-2-1) in full precision, by rows
TO_XYZ = (
    (0.4123907992659593, 0.357584339383878, 0.1804807884018343),
    (0.21263900587151024, 0.715168678767756, 0.07219231536073371),
    (0.01933081871559182, 0.11919477979462598, 0.9505321522496607),
)
FROM_XYZ = (
    (3.240969941904523, -1.5373831775700941, -0.4986107602930035),
    (-0.9692436362808797, 1.8759675015077204, 0.04155505740717562),
    (0.05563007969699365, -0.20397695888897652, 1.0569715142428784),
)
Vector = tuple[float, float, float]
"""Three components, of linear-light sRGB or of CIE XYZ."""
SIGNS_AROUND = re.compile(r"^[^\w#]+|\W+$")
"""Brackets, quotes and full stops around a name."""
LONGEST = 60
"""A longer text is no name of a colour, and is not compared with any."""


@dataclass(frozen=True, slots=True)
class Color:
    """One colour: sRGB as `#RRGGBB`, the colour temperature if it was given as one, and the name in the file
    (`orange`, `brandgul`, `2700 K`), which does not count in comparisons; None for `#RRGGBB` and `rgb(…)`."""

    hex: str
    kelvin: int | None = None
    name: str | None = field(default=None, compare=False)

    @classmethod
    def from_hex(cls, text: str) -> "Color":
        """`#RRGGBB`, any case; raises Mistake TWL-S131 for anything else."""
        if not HEX.fullmatch(text):
            raise Mistake("TWL-S131", value=text, suggestion=_hex_meant(text))
        return cls(text.upper())

    @classmethod
    def from_rgb(cls, red: float, green: float, blue: float) -> "Color":
        """From sRGB components 0..255, rounded and clipped."""
        parts = (min(255, max(0, round(part))) for part in (red, green, blue))
        return cls("#{:02X}{:02X}{:02X}".format(*parts))

    @classmethod
    def from_linear(cls, red: float, green: float, blue: float) -> "Color":
        """From linear-light sRGB components 0..1, rounded and clipped."""
        parts = (max(0.0, part) for part in (red, green, blue))
        srgb = (12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055 for part in parts)
        return cls.from_rgb(*(255 * part for part in srgb))

    @classmethod
    def from_kelvin(cls, kelvin: int) -> "Color":
        """The black body of a temperature, as bright as sRGB can show it; raises Mistake TWL-S133."""
        if not COOLEST_K <= kelvin <= HOTTEST_K:
            raise Mistake("TWL-S133", value=f"{kelvin} K", low=COOLEST_K, high=HOTTEST_K)
        return cls(_black_body(kelvin), kelvin)

    @property
    def rgb(self) -> tuple[int, int, int]:
        """SRGB components 0..255."""
        return int(self.hex[1:3], 16), int(self.hex[3:5], 16), int(self.hex[5:7], 16)

    @property
    def linear(self) -> tuple[float, float, float]:
        """Linear-light sRGB components 0..1."""
        return _linear(self.hex)

    @property
    def xy(self) -> tuple[float, float]:
        """CIE 1931 chromaticity under D65; black has that of white."""
        return _chromaticity(self.hex)


def difference(one: Vector, other: Vector) -> float:
    """CIEDE2000 between two CIE XYZ values, D65 with Y = 1 being the white point."""
    coloraide = _coloraide()
    return float(coloraide("xyz-d65", one).delta_e(coloraide("xyz-d65", other), method="2000"))


@lru_cache(maxsize=4096)
def _linear(hex_color: str) -> Vector:
    parts = [int(hex_color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


@lru_cache(maxsize=4096)
def _chromaticity(hex_color: str) -> tuple[float, float]:
    linear = _linear("#FFFFFF" if hex_color == "#000000" else hex_color)
    x, y, z = (sum(a * b for a, b in zip(row, linear, strict=True)) for row in TO_XYZ)
    return x / (x + y + z), y / (x + y + z)


@lru_cache(maxsize=256)
def _black_body(kelvin: int) -> str:
    return Color.from_linear(*_coloraide().blackbody("srgb-linear", kelvin).coords()).hex


def _coloraide() -> type["Coloraide"]:
    """Imported at first use: it takes a fifth of the start of `check`, and 4 MB of a service that never needs it."""
    from coloraide import Color as Coloraide  # noqa: PLC0415

    return Coloraide


@cache
def css_names() -> Mapping[str, Color]:
    """The names of CSS Color 4, <https://www.w3.org/TR/css-color-4/#named-colors>."""
    from coloraide.css.color_names import name2val_map  # noqa: PLC0415

    return {
        name: Color.from_rgb(red, green, blue)
        for name, (red, green, blue, opacity) in name2val_map.items()
        if opacity == 255  # `transparent` is no light
    }


def parse_color(text: str, palette: Mapping[str, Color]) -> Color:
    """The colour of a text, see the head of this module; raises Mistake TWL-S131 to S134 or S145."""
    text = text.strip()
    color = known_color(text, palette)
    if color is not None:
        return color
    if len(text) > LONGEST:
        raise Mistake("TWL-S145", value=text, example=_any_name(palette))
    near = _nearest_name(text, palette)
    if near is None and NEARLY_HEX.fullmatch(text) and (code := _hex_meant(text)):
        raise Mistake("TWL-S131", value=text, suggestion=code)
    meant = near or _components_meant(text) or _temperature_meant(text)
    if meant is None:
        raise Mistake("TWL-S145", value=text, example=_any_name(palette))
    raise Mistake("TWL-S132", value=text, suggestion=meant)


def known_color(text: str, palette: Mapping[str, Color]) -> Color | None:
    """The colour of a text that is one; None for any other, without a search for suggestions. Raises Mistake TWL-S133
    or S134 for numbers that are out of range."""
    named = None
    if not text.startswith("#"):
        named = _kelvin(text) or _named(text, palette) or _named(_LIGHT.sub("", text), palette)
    return replace(named, name=" ".join(text.split())) if named is not None else _hex(text) or _rgb(text)


def _named(text: str, palette: Mapping[str, Color]) -> Color | None:
    key = plain(text)
    for name in (key, SWEDISH.get(key, key)):
        for own, color in palette.items():
            if plain(own) == name:
                return color
        if name in WHITES:
            return Color.from_kelvin(WHITES[name])
        if name in css_names():
            return css_names()[name]
    return None


def _hex(text: str) -> Color | None:
    return Color.from_hex(text) if HEX.fullmatch(text) else None


def _kelvin(text: str) -> Color | None:
    found = KELVIN.fullmatch(text)
    if found is None:
        return None
    digits = re.sub(r"\s", "", found[1])
    if len(digits) > len(str(HOTTEST_K)):
        raise Mistake("TWL-S133", value=text, low=COOLEST_K, high=HOTTEST_K)
    return Color.from_kelvin(int(digits))


def _rgb(text: str) -> Color | None:
    found = RGB.fullmatch(text)
    if found is None:
        return None
    for part in (1, 2, 3):
        if len(found[part]) > 3 or not 0 <= int(found[part]) <= 255:
            raise Mistake("TWL-S134", start=found.start(part), end=found.end(part), value=found[part][:LONGEST])
    return Color.from_rgb(int(found[1]), int(found[2]), int(found[3]))


def _hex_meant(text: str) -> str | None:
    """`FF6A00`, `0xFF6A00` and `#F60` as `#RRGGBB`; None for other numbers of digits."""
    digits = re.sub(r"^(#|0[xX])", "", text.strip())
    if re.fullmatch(r"[0-9A-Fa-f]{3}", digits):
        digits = "".join(digit * 2 for digit in digits)
    return f"#{digits.upper()}" if re.fullmatch(r"[0-9A-Fa-f]{6}", digits) else None


def _components_meant(text: str) -> str | None:
    """`255, 106, 0` as `#FF6A00`."""
    found = NEARLY_RGB.fullmatch(text)
    parts = [int(part) for part in found.groups()] if found else [256]
    return Color.from_rgb(*parts).hex if max(parts) < 256 else None


def _temperature_meant(text: str) -> str | None:
    """`2700`, `2.700 K` and `2700 °K` as `2700 K`."""
    found = NEARLY_KELVIN.fullmatch(text)
    digits = re.sub(r"[^0-9]", "", found[1]) if found else ""
    return f"{digits} K" if len(digits) <= 5 and COOLEST_K <= int(digits or 0) <= HOTTEST_K else None


def _nearest_name(text: str, palette: Mapping[str, Color]) -> str | None:
    names = {plain(name): name for name in (*css_names(), *WHITES, *SWEDISH, *palette)}
    bare = {unmarked(name): name for name in names.values()}
    for written in (text, SIGNS_AROUND.sub("", text)):
        if unmarked(written) in bare:
            return bare[unmarked(written)]
    near = likeliest(plain(text), {name: _named(name, palette) for name in names}, among_words=True)
    return names[near] if near else None


def _any_name(palette: Mapping[str, Color]) -> str:
    return next(iter(palette), "orange")
