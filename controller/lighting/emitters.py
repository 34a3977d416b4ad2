"""The light sources inside a fixture: typical chromaticity and relative flux of each kind.

These figures are for lamps without a measurement; a profile may state its own. They decide how different lamps are
brought to one colour, so a measured `xy` is always better.

- Single-colour LEDs: the CIE 1931 2° observer over a Gaussian of the peak and half width in the comment, as the data
  sheets of high-power colour LEDs give them (dominant wavelengths: red 625 nm, amber 592, green 525, cyan 500, blue
  465).
- Whites: nominal chromaticities of ANSI C78.377: 3000, 5700 and 6500 K.
- Lime and yellow: phosphor-converted, on the line between the spectral locus at 567 and 575 nm and white.
- Relative flux: luminous flux of one die size at one current, green = 1, rounded; makers differ by a third."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

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


class Emitter(BaseModel):
    """One kind of light source: CIE 1931 chromaticity, and luminous flux, green being about 1."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    xy: tuple[float, float]
    flux: float

    @property
    def xyz(self) -> Vector:
        """Tristimulus values at full; Y is the flux."""
        x, y = self.xy
        return self.flux * x / y, self.flux, self.flux * (1 - x - y) / y


TYPICAL: dict[EmitterKind, Emitter] = {
    "red": Emitter(xy=(0.7064, 0.2935), flux=0.5),  # 632 nm, 18 nm
    "green": Emitter(xy=(0.1367, 0.7598), flux=1.0),  # 523 nm, 34 nm
    "blue": Emitter(xy=(0.1401, 0.0388), flux=0.25),  # 462 nm, 24 nm
    "white": Emitter(xy=(0.3287, 0.3417), flux=1.2),
    "warm_white": Emitter(xy=(0.4338, 0.4030), flux=1.0),
    "cold_white": Emitter(xy=(0.3123, 0.3282), flux=1.2),
    "amber": Emitter(xy=(0.5884, 0.4110), flux=0.6),  # 593 nm, 16 nm
    "lime": Emitter(xy=(0.4090, 0.5360), flux=1.8),
    "cyan": Emitter(xy=(0.0454, 0.5365), flux=0.75),  # 502 nm, 30 nm
    "yellow": Emitter(xy=(0.4680, 0.4990), flux=1.2),
    "magenta": Emitter(xy=(0.3850, 0.1700), flux=0.4),  # blue die with red phosphor
    "indigo": Emitter(xy=(0.1628, 0.0123), flux=0.05),  # 440 nm, 20 nm
    "uv": Emitter(xy=(0.1700, 0.0070), flux=0.0),  # below 400 nm: visible only through fluorescence
}
