"""A drawing of the landmark made by the site itself: an SVG file whose shapes with `data-zone` are the parts.

Only shapes are read, and of them only position and fill; everything is written out again, so that nothing else in the
file reaches a browser. A document type, which could hold entities, is refused."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, radians, sin, tan
from pathlib import Path
from typing import TYPE_CHECKING

from controller.events.models import Reason, printable
from controller.events.reasons import reason_of
from controller.plain_file import read

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LARGEST = 32 * 1024
MOST_SHAPES, DEEPEST = 500, 50
FARTHEST = 1e6
SVG = "{http://www.w3.org/2000/svg}"
SHAPES = frozenset({"path", "rect", "circle", "ellipse", "polygon"})
SILENT = frozenset({"title", "desc", "metadata", "defs"})
"""Elements that draw nothing by themselves."""
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?"
PATH = re.compile(r"[MmLlHhVvCcSsQqTtAaZz0-9eE+\-.,\s]+")
TOKEN = re.compile(rf"[MmLlHhVvCcSsQqTtAaZz]|{NUMBER}")
LENGTH = re.compile(rf"\s*({NUMBER})\s*(?:px)?\s*")
TRANSFORM = re.compile(r"(translate|scale|rotate|matrix|skewX|skewY)\s*\(([^()]*)\)")
PAINT = re.compile(r"#[0-9A-Fa-f]{3}(?:[0-9A-Fa-f]{3})?|[a-z]{2,24}")
PAINTED = {"fill": PAINT, "stroke": PAINT, "fill-rule": PAINT, **dict.fromkeys(
    ("stroke-width", "opacity", "fill-opacity", "stroke-opacity"), LENGTH
)}  # fmt: skip
STEPS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
"""Numbers behind each letter of a path."""
Matrix = tuple[float, float, float, float, float, float]
SAME: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class DrawnPath:
    """One shape as a path, with its transformation in the drawing; a shape that is no part also has its paint."""

    path: str
    matrix: Matrix
    paint: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LandmarkDrawing:
    """The shapes of each zone, what lies `behind` and `over` them, and the corners of the drawing: left, top, width,
    height."""

    parts: Mapping[str, tuple[DrawnPath, ...]]
    behind: tuple[DrawnPath, ...]
    over: tuple[DrawnPath, ...]
    view: tuple[float, float, float, float]

    def box(self, zone: str) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of a zone, by the corners of its shapes."""
        corners = [corner for shape in self.parts[zone] for corner in _corners(shape)]
        across, down = zip(*corners, strict=True)
        return min(across), min(down), max(across), max(down)


@dataclass(frozen=True, slots=True)
class LandmarkFile:
    """The file of a drawing, and its content; None with the `fault` if it cannot be used: a tower must not stay dark
    for a picture, and so this is no mistake of the files. Read together with them."""

    path: Path
    drawing: LandmarkDrawing | None = field(default=None, compare=False)
    fault: Reason | None = field(default=None, compare=False)

    @classmethod
    def read(cls, path: Path, zones: Sequence[str] | None) -> "LandmarkFile":
        """The file of a tower with these zones."""
        try:
            return cls(path, _drawing(read(path, LARGEST).decode(), zones))
        except (OSError, UnicodeDecodeError, _Unusable) as error:
            return cls(path, fault=reason_of(error))


class _Unusable(Exception):  # noqa: N818
    """The reason why a text is no drawing."""

    def __init__(self, code: str, **fields: object) -> None:
        super().__init__(code)
        self.reason = Reason(f"drawing_{code}", {key: printable(value, 80) for key, value in fields.items()})


def _drawing(text: str, zones: Sequence[str] | None) -> LandmarkDrawing:
    from xml.etree import ElementTree  # noqa: PLC0415  ten milliseconds, for sites with a drawing only

    if "<!doctype" in text.casefold() or "<!entity" in text.casefold():
        raise _Unusable("doctype")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  without a document type it has no entities of its own
    except (ElementTree.ParseError, ValueError) as error:
        raise _Unusable("no_svg") from error
    if root.tag != f"{SVG}svg":
        raise _Unusable("no_svg")
    shapes = list(_shapes(root, None, SAME, (), 0))
    if len(shapes) > MOST_SHAPES:
        raise _Unusable("shapes", most=MOST_SHAPES)
    named = {zone for zone, _ in shapes if zone is not None}
    for zone in sorted(named.symmetric_difference(zones if zones is not None else named)):
        raise _Unusable("unknown_zone" if zone in named else "missing_zone", zone=zone)
    first = next((at for at, (zone, _) in enumerate(shapes) if zone is not None), len(shapes))
    parts = {zone: tuple(shape for mine, shape in shapes if mine == zone) for zone in zones or sorted(named)}
    scenery = [(at < first, shape) for at, (zone, shape) in enumerate(shapes) if zone is None]
    behind, over = (tuple(shape for is_behind, shape in scenery if is_behind is want) for want in (True, False))
    return LandmarkDrawing(parts, behind, over, _view(root))


def _view(root: "Element") -> tuple[float, float, float, float]:
    figures = [float(each) for each in re.findall(NUMBER, root.get("viewBox", ""))]
    if not figures:
        figures = [0.0, 0.0, _length(root, "width"), _length(root, "height")]
    if len(figures) != 4 or not all(0 < size <= FARTHEST for size in figures[2:]):
        raise _Unusable("no_size")
    left, top, width, height = figures
    return left, top, width, height


def _shapes(
    node: "Element", zone: str | None, matrix: Matrix, paint: tuple[tuple[str, str], ...], depth: int
) -> Iterator[tuple[str | None, DrawnPath]]:
    """The shapes below an element, each with its zone, in the order in which they are drawn."""
    if depth > DEEPEST:
        raise _Unusable("depth", most=DEEPEST)
    for child in node:
        name = child.tag.removeprefix(SVG) if isinstance(child.tag, str) else ""
        if name.startswith("{") or name in SILENT or not name:
            continue  # what an editor stores for itself
        mine = child.get("data-zone", zone)
        placed = _times(matrix, _transform(child.get("transform", "")))
        painted = tuple({**dict(paint), **_paint(child)}.items())
        if name == "g":
            yield from _shapes(child, mine, placed, painted, depth + 1)
        elif name in SHAPES:
            yield mine, _within(DrawnPath(_as_path(child, name), placed, painted if mine is None else ()))
        else:
            raise _Unusable("element", name=name)


def _within(shape: DrawnPath) -> DrawnPath:
    """The shape itself; raises if it has no point, or lies farther out than any drawing."""
    corners = list(_corners(shape))
    if not corners or not all(abs(figure) <= FARTHEST for corner in corners for figure in corner):
        raise _Unusable("value", name="d")
    return shape


def _paint(node: "Element") -> dict[str, str]:
    """Its fill and stroke, from attributes or from `style`; everything else is left out."""
    style = (each.partition(":") for each in node.get("style", "").split(";"))
    written = {**node.attrib, **{key.strip(): value.strip() for key, _, value in style}}
    return {key: written[key] for key, form in PAINTED.items() if key in written and form.fullmatch(written[key])}


def _as_path(node: "Element", name: str) -> str:
    """A shape as the `d` of a path."""
    if name == "path":
        path = " ".join(node.get("d", "").split())
        if not PATH.fullmatch(path) or path[:1] not in "Mm":
            raise _Unusable("value", name="d")
        return path
    if name == "polygon":
        figures = re.findall(NUMBER, node.get("points", ""))
        corners = zip(figures[::2], figures[1::2], strict=False)
        if len(figures) < 6:
            raise _Unusable("value", name="points")
        return "M" + "L".join(f"{x} {y}" for x, y in corners) + "Z"
    if name == "rect":
        x, y, width, height = (_length(node, key) for key in ("x", "y", "width", "height"))
        return f"M{x:g} {y:g}h{width:g}v{height:g}h{-width:g}z"
    x, y = (_length(node, key) for key in ("cx", "cy"))
    across, down = (_length(node, "r"),) * 2 if name == "circle" else (_length(node, "rx"), _length(node, "ry"))
    arc = f"a{across:g} {down:g} 0 1 0 "
    return f"M{x - across:g} {y:g}{arc}{2 * across:g} 0{arc}{-2 * across:g} 0z"


def _length(node: "Element", key: str) -> float:
    found = LENGTH.fullmatch(node.get(key, "0"))
    if found is None:
        raise _Unusable("value", name=key)
    return float(found[1])


def _transform(text: str) -> Matrix:
    """A list of transformations as one; raises for any other text."""
    if TRANSFORM.sub("", text).replace(",", "").strip():
        raise _Unusable("value", name="transform")
    matrix = SAME
    for kind, inside in TRANSFORM.findall(text):
        figures = [float(each) for each in re.findall(NUMBER, inside)]
        try:
            matrix = _times(matrix, _one_transform(kind, figures))
        except (IndexError, ValueError) as error:
            raise _Unusable("value", name="transform") from error
    return matrix


def _one_transform(kind: str, figures: list[float]) -> Matrix:
    match kind:
        case "translate":
            return 1.0, 0.0, 0.0, 1.0, figures[0], figures[1] if len(figures) > 1 else 0.0
        case "scale":
            return figures[0], 0.0, 0.0, figures[-1], 0.0, 0.0
        case "rotate":
            angle, (x, y) = radians(figures[0]), (figures[1], figures[2]) if len(figures) > 1 else (0.0, 0.0)
            turned = (cos(angle), sin(angle), -sin(angle), cos(angle), x, y)
            return _times(turned, (1.0, 0.0, 0.0, 1.0, -x, -y))
        case "skewX":
            return 1.0, 0.0, tan(radians(figures[0])), 1.0, 0.0, 0.0
        case "skewY":
            return 1.0, tan(radians(figures[0])), 0.0, 1.0, 0.0, 0.0
    a, b, c, d, e, f = figures
    return a, b, c, d, e, f


def _times(outer: Matrix, inner: Matrix) -> Matrix:
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f


def _corners(shape: DrawnPath) -> Iterator[Point]:
    """The points that its path goes through, in the drawing; the curve between two of them is ignored."""
    a, b, c, d, e, f = shape.matrix
    for x, y in _points(shape.path):
        yield a * x + c * y + e, b * x + d * y + f


def _points(path: str) -> Iterator[Point]:
    x = y = 0.0
    start = (0.0, 0.0)
    letter, figures = "M", list[float]()
    for part in TOKEN.findall(path):
        if part.isalpha():
            letter = part
            x, y = start if part in "Zz" else (x, y)
            figures.clear()
            continue
        figures.append(float(part))
        if len(figures) == STEPS[letter.upper()]:
            x, y = _end(letter, figures, x, y)
            yield x, y
            figures.clear()
            if letter in "Mm":
                start, letter = (x, y), "L" if letter == "M" else "l"


def _end(letter: str, figures: list[float], x: float, y: float) -> Point:
    """Where one step of a path ends."""
    dx, dy = (x, y) if letter.islower() else (0.0, 0.0)
    if letter in "Hh":
        return figures[-1] + dx, y
    if letter in "Vv":
        return x, figures[-1] + dy
    return figures[-2] + dx, figures[-1] + dy
