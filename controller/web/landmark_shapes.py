"""Positions of the parts of a landmark in its picture: 360 by 300, the ground at 278, the axis at 150, labels from
240."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, pi, sin

from controller.config.landmark_drawing import DrawnPath, LandmarkDrawing
from controller.web.svg import points

GROUND, AXIS = 278.0, 150.0
STEP = 6.0
Half = Callable[[float], float]
"""Half the width at a height."""
PathAttributes = Mapping[str, object]
"""Attributes of a `path` element."""


@dataclass(frozen=True, slots=True)
class PartShape:
    """One part: the path of its outline, the point of its label, and the ellipse of its glow as centre and radii;
    `more` are further paths of it, and each path may have a transformation."""

    path: str
    anchor: tuple[float, float]
    glow: tuple[float, float, float, float]
    transform: str | None = None
    more: tuple[tuple[str, str | None], ...] = ()

    @property
    def outlines(self) -> tuple[tuple[str, str | None], ...]:
        """All its paths with their transformations."""
        return ((self.path, self.transform), *self.more)


@dataclass(frozen=True, slots=True)
class LandmarkShape:
    """The parts from the first zone on; the path of a `roof` behind them, and paths that lie `behind` and `over` them.
    If `is_round` it is shaded towards its sides."""

    parts: tuple[PartShape, ...]
    roof: str = ""
    over: tuple[PathAttributes, ...] = ()
    behind: tuple[PathAttributes, ...] = ()
    is_round: bool = True


def water_tower(count: int) -> LandmarkShape:
    """The first part is the bowl, the others are bands of the shaft from above; a single part is both."""
    bowl = "M75 104H225C225 134 193 157 170 178H130C107 157 75 134 75 104Z"
    ribs = "".join(
        f"M{150 + rim} 104C{150 + rim} 132 {150 + neck * 1.7:g} 154 {150 + neck:g} 178"
        for rim, neck in ((-54, -14), (-28, -8), (0, 0), (28, 8), (54, 14))
    )
    eaves = "M75 104H225C225 111 223 117 220 123C180 113 120 113 80 123C77 117 75 111 75 104Z"
    over = (
        _line(ribs, 0.16),
        {"d": eaves, "fill": "#000", "opacity": 0.2},
        {"d": "M130 178H170L169 186H131Z", "fill": "#000", "opacity": 0.22},
    )
    roof = "M75 104Q83 92 112 86L148 75V60H152V75L188 86Q217 92 225 104Z"
    top = PartShape(bowl, (202, 132), (AXIS, 134, 112, 84))
    if count == 1:
        whole = bowl + _band(_shaft, 178, GROUND)
        return LandmarkShape((PartShape(whole, (202, 132), (AXIS, 150, 116, 120)),), roof, over)
    return LandmarkShape((top, *_bands(_shaft, 178, count - 1)), roof, over)


def mast(count: int) -> LandmarkShape:
    """Bands of a lattice mast from above."""
    half = _taper(7.0, 30.0, 52.0)
    sections = 9
    cross = ""
    for number in range(sections):
        top, bottom = (52 + (GROUND - 52) * (each / sections) for each in (number, number + 1))
        cross += f"M{AXIS - half(top):.1f} {top:.1f}L{AXIS + half(bottom):.1f} {bottom:.1f}"
        cross += f"M{AXIS + half(top):.1f} {top:.1f}L{AXIS - half(bottom):.1f} {bottom:.1f}"
        cross += f"M{AXIS - half(bottom):.1f} {bottom:.1f}H{AXIS + half(bottom):.1f}"
    return LandmarkShape(_bands(half, 52, count), "M147 52V26H153V52Z", (_line(cross, 0.45, 1.6),))


def chimney(count: int) -> LandmarkShape:
    """Bands of a chimney from above."""
    half = _taper(17.0, 30.0, 46.0)
    rows = "".join(f"M{AXIS - half(y):.1f} {y}H{AXIS + half(y):.1f}" for y in range(58, int(GROUND), 11))
    return LandmarkShape(_bands(half, 46, count), "M129 46V38H171V46Z", (_line(rows, 0.14),))


def bridge(count: int) -> LandmarkShape:
    """Spans of an arched bridge from the left."""
    left, right, deck, foot = 6.0, 294.0 if count > MOST_LABELLED else 234.0, 176.0, 268.0
    width = (right - left) / count
    pier = min(9.0, width / 7)
    parts = []
    for number in range(count):
        x, end = left + number * width, left + (number + 1) * width
        inner, outer = x + pier, end - pier
        curve = f"C{outer:.1f} {deck + 4:g} {inner:.1f} {deck + 4:g} {inner:.1f} {foot:g}"
        arch = f"V{foot:g}H{outer:.1f}{curve}"
        path = f"M{x:.1f} {deck:g}H{end:.1f}{arch}H{x:.1f}Z"
        parts.append(PartShape(path, ((x + end) / 2, deck + 9), ((x + end) / 2, deck + 34, width * 0.9, 84)))
    rail = "".join(f"M{x:.1f} {deck - 8:g}V{deck:g}" for x in _steps(left, right, 9))
    return LandmarkShape(
        tuple(parts),
        f"M{left:g} {deck - 10:g}H{right:g}V{deck - 7:g}H{left:g}Z",
        (_line(rail, 0.5),),
        is_round=False,
    )


def facade(count: int) -> LandmarkShape:
    """A grid, row by row from above."""
    columns = ceil((count * 0.8) ** 0.5)
    rows = ceil(count / columns)
    left, right, top = 52.0, 218.0, 84.0
    parts, windows = [], ""
    for number in range(count):
        row, column = divmod(number, columns)
        across = columns if row < rows - 1 else count - columns * (rows - 1)
        width, height = (right - left) / across, (GROUND - top) / rows
        x, y = left + column * width, top + row * height
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        middle = (x + width / 2, y + height / 2)
        parts.append(PartShape(points(corners), middle, (*middle, width * 0.9 + 20, height * 0.9 + 20)))
    for y in _steps(top + 10, GROUND - 24, 23):
        windows += "".join(f"M{x:.1f} {y:.1f}h9v13h-9z" for x in _steps(left + 11, right - 16, 22.5))
    over = ({"d": windows, "fill": "#000", "opacity": 0.3},)
    return LandmarkShape(tuple(parts), "M46 84L58 70H212L224 84Z", over, is_round=False)


def custom(drawing: LandmarkDrawing) -> LandmarkShape:
    """The drawing of a site, scaled to the available room, standing on the ground."""
    left, top, width, height = drawing.view
    scale = min(ROOM[0] / width, ROOM[1] / height)
    right, down = CUSTOM_AXIS - scale * (left + width / 2), GROUND - scale * (top + height)

    def placed(shape: DrawnPath) -> str:
        a, b, c, d, e, f = shape.matrix
        figures = (scale * a, scale * b, scale * c, scale * d, scale * e + right, scale * f + down)
        return f"matrix({' '.join(f'{each:.4g}' for each in figures)})"

    def part(zone: str) -> PartShape:
        x, y, end, foot = drawing.box(zone)
        middle = scale * (x + end) / 2 + right, scale * (y + foot) / 2 + down
        glow = (*middle, scale * (end - x) / 2 + 40, scale * (foot - y) / 2 + 40)
        first, *more = ((shape.path, placed(shape)) for shape in drawing.parts[zone])
        return PartShape(first[0], middle, glow, first[1], tuple(more))

    behind, over = (
        tuple({"d": shape.path, "transform": placed(shape), **dict(shape.paint)} for shape in shapes)
        for shapes in (drawing.behind, drawing.over)
    )
    return LandmarkShape(tuple(map(part, drawing.parts)), over=over, behind=behind, is_round=False)


ROOM, CUSTOM_AXIS = (216.0, 256.0), 120.0
MOST_LABELLED = 12
"""Parts; with more of them none has a label, and a table has the same content."""
SHAPES: Mapping[str, Callable[[int], LandmarkShape]] = {
    "water-tower": water_tower,
    "mast": mast,
    "chimney": chimney,
    "bridge": bridge,
    "facade": facade,
}


def _line(path: str, opacity: float, width: float = 1) -> PathAttributes:
    return {"d": path, "fill": "none", "stroke": "#000", "stroke-opacity": opacity, "stroke-width": width}


def _shaft(y: float) -> float:
    """A shaft that narrows a little and widens at its foot."""
    share = (y - 178) / (GROUND - 178)
    return 18 - 1.6 * sin(pi * share) + 8 * share**3


def _taper(top_half: float, foot_half: float, top: float) -> Half:
    return lambda y: top_half + (foot_half - top_half) * (y - top) / (GROUND - top)


def _bands(half: Half, top: float, count: int) -> tuple[PartShape, ...]:
    """Equal bands from above down to the ground."""
    height = (GROUND - top) / count
    parts = []
    for number in range(count):
        first, last = top + number * height, top + (number + 1) * height
        middle = (first + last) / 2
        wide = half(middle)
        glow = (AXIS, middle, wide + 46, height / 2 + 36)
        parts.append(PartShape(_band(half, first, last), (AXIS + wide * 0.8, middle), glow))
    return tuple(parts)


def _band(half: Half, top: float, bottom: float) -> str:
    heights = [*_steps(top, bottom, STEP), bottom]
    right = [(AXIS + half(y), y) for y in heights]
    return points([*right, *((AXIS - half(y), y) for y in reversed(heights))])


def _steps(first: float, end: float, step: float) -> list[float]:
    return [first + step * number for number in range(ceil((end - first) / step))]
