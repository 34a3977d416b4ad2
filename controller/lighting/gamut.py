"""What a set of emitters can show, and how it shows a colour with the most light: a small linear programme, solved.

The light of n emitters at levels 0..1 is the sum of their XYZ vectors, each times its level. All that they can give is
therefore a zonotope, a body with parallelogram faces, with dark as one corner. The most light of a chromaticity is
where the ray from dark in its direction leaves the body. It leaves through a face, and on a face two emitters are free
while each other one is fully on or off: white, amber and lime join in exactly where they add light.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from controller.lighting.color import Vector

Point = tuple[float, float]
TINY = 1e-9
ROOT = math.sqrt(2)
ORIGIN: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Face:
    """One face: its outward unit normal, distance from dark, fixed levels and light, and its two free directions."""

    normal: Vector
    distance: float
    levels: tuple[float, ...]
    base: Vector
    free: tuple[int, int]
    scale: float


@lru_cache(maxsize=256)
def gamut_of(emitters: tuple[Vector, ...]) -> "Gamut":
    """The gamut of emitters, computed once: thousands of gateways share a few profiles."""
    return Gamut(emitters)


class Gamut:
    """The colours of a set of emitters, given as XYZ vectors at full; none may be zero."""

    def __init__(self, emitters: Sequence[Vector]) -> None:
        self.emitters = tuple(emitters)
        self._directions = (*self.emitters, *_filling(self.emitters))
        self._faces = tuple(_faces(self._directions, len(self.emitters)))
        self._outline = _hull([_uv(vector) for vector in self.emitters])

    def contains(self, target: Vector) -> bool:
        """Whether the chromaticity of an XYZ vector can be shown."""
        return _is_within(_uv(target), self._outline)

    def nearest(self, target: Vector) -> Vector:
        """The XYZ vector itself if its chromaticity can be shown, else one of the nearest chromaticity by distance in
        CIE 1976 u'v', with Y = 1."""
        point = _uv(target)
        found = nearest(point, self._outline)
        return target if found == point else _from_uv(found)

    def sum(self, levels: Sequence[float]) -> Vector:
        """The total light of levels."""
        return _sum(_times(emitter, level) for emitter, level in zip(self.emitters, levels, strict=True))

    def fullest(self, target: Vector) -> tuple[float, ...]:
        """The level of each emitter, 0..1, at the most light of a chromaticity within the gamut.

        The levels are unique and change without a jump when the colour does, so a fade never flickers; scaled by a
        brightness they keep the colour."""
        reach = self.reach(target)
        met = ((face, _dot(face.normal, target)) for face in self._faces)
        exits = (face for face, slope in met if slope * reach >= face.distance * (1 - TINY) and slope > 0)
        return max((self._levels_on(face, _times(target, reach)) for face in exits), key=lambda found: found[0])[1]

    def reach(self, target: Vector) -> float:
        """The largest factor by which an XYZ vector of a chromaticity within the gamut can be multiplied."""
        length = _length(target)
        slopes = ((face.distance, _dot(face.normal, target)) for face in self._faces)
        return min(distance / slope for distance, slope in slopes if slope > TINY * length)

    def _levels_on(self, face: Face, point: Vector) -> tuple[float, tuple[float, ...]]:
        """How far inside a face a point lies (negative outside), and the levels that give it."""
        rest = _minus(point, face.base)
        first, second = face.free
        shares = (
            _dot(_cross(rest, self._directions[second]), face.normal) / face.scale,
            _dot(_cross(self._directions[first], rest), face.normal) / face.scale,
        )
        levels = list(face.levels)
        inside = 1.0
        for index, share in zip(face.free, shares, strict=True):
            if index < len(levels):
                inside = min(inside, share, 1 - share)
                levels[index] = min(1.0, max(0.0, share))
        return inside, tuple(levels)


def distance(a: Vector, b: Vector) -> float:
    """Distance between the chromaticities of two XYZ vectors in CIE 1976 u'v'."""
    return math.dist(_uv(a), _uv(b))


def nearest(point: Point, outline: Sequence[Point]) -> Point:
    """The point itself if it is within a convex outline, given anticlockwise, else the nearest one on its border."""
    if _is_within(point, outline):
        return point
    ends = zip(outline, (*outline[1:], outline[0]), strict=True)
    return min((_foot(point, a, b) for a, b in ends), key=lambda foot: math.dist(point, foot))


def _filling(emitters: Sequence[Vector]) -> tuple[Vector, ...]:
    """Directions without light that make a flat set of vectors span the space; none, one or two. With fewer than three
    emitters, or all on one line, the body is flat."""
    first = max(emitters, key=_length)
    second = max(emitters, key=lambda vector: _length(_cross(first, vector)))
    normal = _cross(first, second)
    if _length(normal) <= TINY * _length(first) * _length(second):
        axis = _cross(first, (1.0, 0.0, 0.0))
        return axis, _cross(first, axis)
    if all(abs(_dot(normal, vector)) <= TINY * _length(normal) * _length(vector) for vector in emitters):
        return (normal,)
    return ()


def _faces(directions: Sequence[Vector], count: int) -> list[Face]:
    """Every face that does not touch dark; the first `count` directions are emitters, the rest give no light."""
    apart = [_nudged(vector, index) for index, vector in enumerate(directions)]
    faces = []
    for first, second in combinations(range(len(directions)), 2):
        cross = _cross(directions[first], directions[second])
        length = _length(cross)
        if length <= TINY * _length(directions[first]) * _length(directions[second]):
            continue
        sides = _cross(apart[first], apart[second])
        for sign in (1.0, -1.0):
            normal = _times(cross, sign / length)
            levels = tuple(
                1.0 if index not in (first, second) and sign * _dot(sides, apart[index]) > 0 else 0.0
                for index in range(count)
            )
            base = _sum(vector for vector, level in zip(directions[:count], levels, strict=True) if level)
            distance = _dot(normal, base)
            if distance > TINY * _length(base):
                faces.append(Face(normal, distance, levels, base, (first, second), sign * length))
    return faces


def _nudged(vector: Vector, index: int) -> Vector:
    """A vector moved by about a billionth of its length, each along its own place of the curve (i, i^√2, i^π).

    This breaks the tie where faces of emitters on one line of the diagram coincide, and keeps the levels unique. With
    whole powers a move could lie in the plane of vectors of whole numbers, and would separate nothing."""
    step = 1e-10 * _length(vector)
    place = index + 1
    return vector[0] + step * place, vector[1] + step * place**ROOT, vector[2] + step * place**math.pi


def _uv(vector: Vector) -> Point:
    """CIE 1976 u'v' of an XYZ vector."""
    x, y, z = vector
    total = x + 15 * y + 3 * z
    return 4 * x / total, 9 * y / total


def _from_uv(point: Point) -> Vector:
    """The XYZ vector with Y = 1 of CIE 1976 u'v'."""
    u, v = point
    return 9 * u / (4 * v), 1.0, (12 - 3 * u - 20 * v) / (4 * v)


def _hull(points: Sequence[Point]) -> tuple[Point, ...]:
    """The convex hull, anticlockwise; one or two points where there are no more."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return tuple(ordered)
    return (*_chain(ordered)[:-1], *_chain(ordered[::-1])[:-1])


def _chain(points: Sequence[Point]) -> list[Point]:
    chain: list[Point] = []
    for point in points:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _is_within(point: Point, outline: Sequence[Point]) -> bool:
    """Whether a point is inside or on the border of a convex polygon of at least three corners."""
    ends = zip(outline, (*outline[1:], outline[0]), strict=True)
    return len(outline) > 2 and all(_turn(a, b, point) >= 0 for a, b in ends)


def _foot(point: Point, start: Point, end: Point) -> Point:
    """The point of a segment that is nearest to a point."""
    along = (end[0] - start[0], end[1] - start[1])
    squared = along[0] ** 2 + along[1] ** 2
    if squared == 0:
        return start
    share = ((point[0] - start[0]) * along[0] + (point[1] - start[1]) * along[1]) / squared
    share = min(1.0, max(0.0, share))
    return start[0] + along[0] * share, start[1] + along[1] * share


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _minus(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _times(a: Vector, factor: float) -> Vector:
    return a[0] * factor, a[1] * factor, a[2] * factor


def _length(a: Vector) -> float:
    return math.sqrt(_dot(a, a))


def _sum(vectors: Iterable[Vector]) -> Vector:
    total = ORIGIN
    for vector in vectors:
        total = (total[0] + vector[0], total[1] + vector[1], total[2] + vector[2])
    return total
