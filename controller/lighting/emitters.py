"""The light sources inside a fixture: typical chromaticity and relative flux of each kind.

These figures are for lamps of which no measurement is given; a profile may state its own. They decide how unlike lamps
are brought to one colour, so a measured `xy` is always better.

- Single-colour LEDs: the CIE 1931 2° observer over a Gaussian of the peak and half width in the comment, as the data
  sheets of high-power colour LEDs give them (dominant wavelengths: red 625 nm, amber 592, green 525, cyan 500, blue
  465).
- Whites: nominal chromaticities of ANSI C78.377: 3000, 5700 and 6500 K.
- Lime and yellow: phosphor-converted, on the line between the spectral locus at 567 and 575 nm and white.
- Relative flux: luminous flux of one die size at one current, green = 1, rounded; makers differ by a third.
"""

from dataclasses import dataclass
from typing import Literal

from controller.lighting.color import Vector

EmitterKind = Literal[
    "red",
    "green",
    "blue",
    "white",
    "warm_white",
    "cold_white",
    "amber",
    "lime",
    "cyan",
    "yellow",
    "magenta",
    "indigo",
    "uv",
]


@dataclass(frozen=True, slots=True)
class Emitter:
    """One kind of light source: CIE 1931 chromaticity and luminous flux, green being about 1."""

    x: float
    y: float
    flux: float

    @property
    def xyz(self) -> Vector:
        """Tristimulus values at full; Y is the flux."""
        return self.flux * self.x / self.y, self.flux, self.flux * (1 - self.x - self.y) / self.y


TYPICAL: dict[EmitterKind, Emitter] = {
    "red": Emitter(0.7064, 0.2935, 0.5),  # 632 nm, 18 nm
    "green": Emitter(0.1367, 0.7598, 1.0),  # 523 nm, 34 nm
    "blue": Emitter(0.1401, 0.0388, 0.25),  # 462 nm, 24 nm
    "white": Emitter(0.3287, 0.3417, 1.2),
    "warm_white": Emitter(0.4338, 0.4030, 1.0),
    "cold_white": Emitter(0.3123, 0.3282, 1.2),
    "amber": Emitter(0.5884, 0.4110, 0.6),  # 593 nm, 16 nm
    "lime": Emitter(0.4090, 0.5360, 1.8),
    "cyan": Emitter(0.0454, 0.5365, 0.75),  # 502 nm, 30 nm
    "yellow": Emitter(0.4680, 0.4990, 1.2),
    "magenta": Emitter(0.3850, 0.1700, 0.4),  # blue die with red phosphor
    "indigo": Emitter(0.1628, 0.0123, 0.05),  # 440 nm, 20 nm
    "uv": Emitter(0.1700, 0.0070, 0.0),  # below 400 nm: seen only in what it makes fluoresce
}
