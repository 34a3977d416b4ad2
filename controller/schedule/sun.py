"""Where the sun is, and the stretches of a night frame in which it is below a horizon.

The stretches are found by elevation over the whole frame, never by a sunset looked up for a date: near the polar
circle such a look-up has days with none and days with two. The position is the low-precision one of the Astronomical
Almanac as given by J. Meeus, Astronomical Algorithms, 2nd edition, chapters 12, 13, 22 and 25: good to 0.01°, which at
60° of latitude is some seconds of time.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from math import asin, cos, radians, sin

SUNSET_DEG = -0.833
"""Centre of the sun at sunset: 34' of refraction and 16' of radius below the horizon."""
CIVIL_DEG = -6.0

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
STEP_S = 3600.0
"""Between two samples the elevation has at most one extreme, which is sought where it could touch the horizon."""
NEAR = radians(3.0)
TURN = 6.283185307179586

Height = Callable[[float], float]
Stretch = tuple[datetime, datetime]


def elevation(latitude: float, longitude: float, instant: datetime) -> float:
    """Geocentric elevation of the sun's centre without refraction, degrees; latitude and longitude in degrees."""
    return _sine_to_degrees(_elevation(radians(latitude), radians(longitude), _since_j2000(instant)))


@lru_cache(maxsize=4096)
def below(latitude: float, longitude: float, start: datetime, end: datetime, horizon_deg: float) -> tuple[Stretch, ...]:
    """The stretches of `start`..`end` (UTC) in which the sun is below the horizon, to the second, in order."""
    phi, lam, limit = radians(latitude), radians(longitude), radians(horizon_deg)

    def height(moment_s: float) -> float:
        return asin(_elevation(phi, lam, moment_s)) - limit

    first_s, last_s = _since_j2000(start), _since_j2000(end)
    borders = [first_s, *_crossings(height, first_s, last_s), last_s]
    stretches = [
        (J2000 + timedelta(seconds=round(a)), J2000 + timedelta(seconds=round(b)))
        for a, b in pairwise(borders)
        if b > a and height((a + b) / 2) < 0
    ]
    return tuple((max(a, start), min(b, end)) for a, b in stretches if b > a)


def _crossings(height: Height, first_s: float, last_s: float) -> Iterator[float]:
    """The instants at which the height changes its sign, in order."""
    count = max(2, round((last_s - first_s) / STEP_S))
    times = [first_s + (last_s - first_s) * i / count for i in range(count + 1)]
    heights = [height(moment_s) for moment_s in times]
    knots: list[tuple[float, float]] = [(times[0], heights[0])]
    for i in range(1, count + 1):
        if i < count and _may_touch(heights[i - 1], heights[i], heights[i + 1]):
            extreme_s = _extreme(height, times[i - 1], times[i + 1], heights[i] > 0)
            knots.append((extreme_s, height(extreme_s)))
        knots.append((times[i], heights[i]))
    knots.sort()
    for (a, height_a), (b, height_b) in pairwise(knots):
        if (height_a < 0) != (height_b < 0):
            yield _bisect(height, a, b)


def _may_touch(before: float, here: float, after: float) -> bool:
    """An extreme lies around `here` that could reach over the horizon though no sample does."""
    if here > 0:
        return here < NEAR and before >= here <= after
    return here > -NEAR and before <= here >= after


def _extreme(height: Height, a: float, b: float, lowest: bool) -> float:
    """The instant of the extreme between two instants, to a second, by golden section."""
    golden = 0.6180339887498949
    sign = 1.0 if lowest else -1.0
    while b - a > 1.0:
        left, right = b - golden * (b - a), a + golden * (b - a)
        if sign * height(left) < sign * height(right):
            b = right
        else:
            a = left
    return (a + b) / 2


def _bisect(height: Height, a: float, b: float) -> float:
    sign = height(a) < 0
    while b - a > 0.1:
        middle = (a + b) / 2
        if (height(middle) < 0) == sign:
            a = middle
        else:
            b = middle
    return (a + b) / 2


def _since_j2000(instant: datetime) -> float:
    return (instant - J2000).total_seconds()


def _sine_to_degrees(sine: float) -> float:
    return asin(sine) * 360.0 / TURN


def _elevation(phi: float, lam: float, since_s: float) -> float:
    """The sine of the elevation; angles in radians, seconds since J2000 (UT; the 70 s to TT move the sun by 0.001°)."""
    days = since_s / 86_400.0
    t = days / 36_525.0
    mean_anomaly = radians(357.52911 + t * (35_999.05029 - 0.0001537 * t))
    centre = (
        (1.914602 - t * (0.004817 + 0.000014 * t)) * sin(mean_anomaly)
        + (0.019993 - 0.000101 * t) * sin(2 * mean_anomaly)
        + 0.000289 * sin(3 * mean_anomaly)
    )
    node = radians(125.04 - 1934.136 * t)
    apparent = radians(280.46646 + t * (36_000.76983 + 0.0003032 * t) + centre - 0.00569 - 0.00478 * sin(node))
    tilt = radians(23.43929111 - 0.0130042 * t + 0.00256 * cos(node))
    sine_declination = sin(tilt) * sin(apparent)
    # right ascension is not needed by itself: cos(dec)·cos(H) follows from the direction of the sun
    x, y = cos(apparent), cos(tilt) * sin(apparent)
    sidereal = radians((280.46061837 + 360.98564736629 * days) % 360.0) + lam
    cosine_part = x * cos(sidereal) + y * sin(sidereal)
    return max(-1.0, min(1.0, sin(phi) * sine_declination + cos(phi) * cosine_part))
