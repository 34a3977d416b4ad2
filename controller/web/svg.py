"""Drawings as SVG, each from a template of `templates/svg`, and the colours of light on a screen."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from jinja2 import Environment, PackageLoader, StrictUndefined

from controller.lighting.color import Color
from controller.service.health import LookValue

FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
WHITE = "#FFFFFF"
NIGHT_WALL, DAY_WALL = "#2B303B", "#8D8F94"
SKY = (
    (-18.0, "#060A1A", "#141A38"),
    (-12.0, "#0A1230", "#23284E"),
    (-6.0, "#182A58", "#6B5278"),
    (-3.0, "#2A4677", "#C77B5E"),
    (0.0, "#47699F", "#F0B27C"),
    (6.0, "#5E97CF", "#CFE2F2"),
    (30.0, "#4F93D6", "#D9EAF7"),
)
"""Height of the sun in degrees, colour of the sky above and at the horizon."""


@cache
def _drawings() -> Environment:
    """The templates; every value is escaped, and numbers have two decimals at most."""
    return Environment(
        loader=PackageLoader("controller.web", "templates/svg"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_figure,
    )


def drawn(drawing: str, **values: object) -> str:
    """The drawing `<drawing>.svg` with these values, as an `svg` element."""
    return _drawings().get_template(f"{drawing}.svg").render(values, fonts=FONTS)


def _figure(value: object) -> object:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def points(corners: Sequence[tuple[float, float]]) -> str:
    """A closed path through corners."""
    return "M" + "L".join(f"{_figure(float(x))} {_figure(float(y))}" for x, y in corners) + "Z"


def blend(one: str, other: str, share: float) -> str:
    """The colour at a share of the way from one to another, in sRGB values: for scenery."""
    parts = (a + (b - a) * share for a, b in zip(Color(one).rgb, Color(other).rgb, strict=True))
    return Color.from_rgb(*parts).hex


def sky(sun_deg: float) -> tuple[str, str]:
    """The colours of the sky above and at the horizon for a height of the sun."""
    if sun_deg <= SKY[0][0]:
        return SKY[0][1:]
    for (low, top, bottom), (high, next_top, next_bottom) in pairwise(SKY):
        if sun_deg <= high:
            share = (sun_deg - low) / (high - low)
            return blend(top, next_top, share), blend(bottom, next_bottom, share)
    return SKY[-1][1:]


def daylight(sun_deg: float) -> float:
    """Strength of daylight, 0..1: from civil dusk to a sun that stands two degrees high."""
    return min(1.0, max(0.0, (sun_deg + 6) / 8))


def full_color(look: LookValue) -> str:
    """The colour of a light at full brightness."""
    if look.color is None:
        return Color.from_kelvin(min(12_000, max(1_000, look.kelvin))).hex if look.kelvin else WHITE
    strongest = max(Color(look.color).linear)
    return Color.from_linear(*(part / strongest for part in Color(look.color).linear)).hex if strongest else WHITE


def light_of(look: LookValue) -> float:
    """The strongest component of a light, 0..1: its brightness times the strongest component of its colour."""
    if not look.on:
        return 0.0
    brightness = 1.0 if look.brightness is None else look.brightness
    return brightness * (max(Color(look.color).linear) if look.color else 1.0)


def on_wall(look: LookValue, wall: str) -> str:
    """The colour of a wall in a light: mixed in linear light by the square root of its strength, so that a tenth is
    still visible and full light is its exact colour."""
    share = light_of(look) ** 0.5
    if share >= 1:
        return full_color(look) if look.color is None else look.color
    full = Color(full_color(look)).linear
    return Color.from_linear(*(w + (f - w) * share for w, f in zip(Color(wall).linear, full, strict=True))).hex
