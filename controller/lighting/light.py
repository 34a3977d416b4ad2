"""Light in full precision: what a zone shows at one instant of a fade, before any lamp rounds it.

The path of a fade is physical: light adds, so every light between two lies on the straight line between them, and from
and to dark the hue is that of the other end. Its pace is perceptual: CIE 1976 lightness changes evenly, so that the
first second of a fade from dark is as visible as its last.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from controller.lighting.color import FROM_XYZ, TO_XYZ, Color, Vector, difference
from controller.lighting.look import DARK, ZoneState

WHITE = Color("#FFFFFF")


@dataclass(frozen=True, slots=True)
class Light:
    """Linear-light sRGB, 0..1; (1, 1, 1) is white as bright as the lamps can.

    The largest component is the brightness, and the triple divided by it the colour: `#800000` at 100 % and `#FF0000`
    at 22 % are one light.
    """

    red: float = 0.0
    green: float = 0.0
    blue: float = 0.0

    @classmethod
    def of(cls, state: ZoneState) -> "Light":
        """The light of a state; one that is on without a colour is white."""
        if not state.on:
            return cls()
        color = state.color or WHITE
        share = min(1.0, max(0.0, state.brightness))
        return cls(*(part * share for part in color.linear))

    @property
    def brightness(self) -> float:
        """The largest component."""
        return max(self.red, self.green, self.blue)

    @property
    def luminance(self) -> float:
        """Relative luminance Y of the triple, 0..1."""
        return self.xyz[1]

    @property
    def xyz(self) -> Vector:
        """CIE XYZ under D65; white has Y = 1."""
        return _apply(TO_XYZ, self.parts)

    @classmethod
    def from_xyz(cls, xyz: Vector) -> "Light":
        """The light of CIE XYZ; what is outside sRGB is clipped, so that no component is below 0."""
        red, green, blue = _apply(FROM_XYZ, xyz)
        return cls(max(0.0, red), max(0.0, green), max(0.0, blue))

    @property
    def parts(self) -> Vector:
        """The three components."""
        return self.red, self.green, self.blue

    def times(self, factor: float) -> "Light":
        """The same colour at another brightness."""
        return Light(self.red * factor, self.green * factor, self.blue * factor)

    @property
    def state(self) -> ZoneState:
        """The nearest state that can be written: the colour at its full as `#RRGGBB`, and the brightness."""
        brightness = self.brightness
        if brightness <= 0:
            return DARK
        color = Color.from_linear(*(part / brightness for part in self.parts))
        return ZoneState(True, color, min(1.0, brightness))

    def difference(self, other: "Light") -> float:
        """CIEDE2000 between two lights, white at full brightness being the white point."""
        return difference(self.xyz, other.xyz)


def _apply(rows: Sequence[Sequence[float]], vector: Vector) -> Vector:
    x, y, z = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in rows)
    return x, y, z


def mix(start: Light, end: Light, share: float) -> Light:
    """The light at a share of the way from one light to another: `start` at 0 and before, `end` at 1 and beyond."""
    if share >= 1:
        return end
    if not share > 0:
        return start
    there = _pace(start.luminance, end.luminance, share)
    return Light(*(_between(a, b, there) for a, b in zip(start.parts, end.parts, strict=True)))


def _between(start: float, end: float, share: float) -> float:
    """Rounding must not carry a component past its end."""
    return min(max(start, end), max(min(start, end), start + (end - start) * share))


def _pace(start: float, end: float, share: float) -> float:
    """The share of the way in light at which the lightness is at `share` of its own way."""
    if abs(end - start) < 1e-6:
        return share
    lightness = _lightness(start) * (1 - share) + _lightness(end) * share
    return (_luminance(lightness) - start) / (end - start)


def _lightness(luminance: float) -> float:
    """CIE 1976 L* (CIE 15:2004, 8.2.1)."""
    return 116 * luminance ** (1 / 3) - 16 if luminance > 216 / 24389 else luminance * 24389 / 27


def _luminance(lightness: float) -> float:
    return ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness * 27 / 24389
