"""The position of the sun, and the stretches of a night frame in which it is below a horizon.

The stretches are found by elevation over the whole frame, never by a sunset looked up for a date: near the polar
circle such a look-up has days with none and days with two. The position is the low-precision one of the Astronomical
Almanac as given by J. Meeus, Astronomical Algorithms, 2nd edition, chapters 12, 13, 22 and 25: accurate to 0.01°,
which is some seconds of time up to 60° of latitude. If the sun turns close to the horizon (`grazes`) the same 0.01°
are minutes, and so is the refraction of the day: no almanac is more accurate there."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from math import asin, ceil, cos, degrees, radians, sin

SUNSET_DEG = -0.833
"""Centre of the sun at sunset: 34' of refraction and 16' of radius below the horizon."""
CIVIL_DEG = -6.0
GRAZE_DEG = 0.5
"""Degrees: if the sun turns this near the horizon, 0.05° of refraction moves sunset and sunrise by minutes."""

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
STEP_S = 3600.0
"""Seconds between two samples. In between the elevation has at most one extreme, which is searched if it could touch
the horizon."""
NEAR = radians(3.0)
STRAIGHT_S = 4.0
"""Seconds over which a straight line is accurate to a hundredth of a second, unless the sun almost stands still."""

Height = Callable[[float], float]
Stretch = tuple[datetime, datetime]
Knot = tuple[float, float]
"""Seconds since J2000, and the height above the horizon then in radians."""


def elevation(latitude: float, longitude: float, instant: datetime) -> float:
    """Geocentric elevation of the sun's centre without refraction, degrees; latitude and longitude in degrees."""
    return degrees(asin(_sine_of_elevation(radians(latitude), radians(longitude), _since_j2000(instant))))


@lru_cache(maxsize=4096)
def below(latitude: float, longitude: float, start: datetime, end: datetime, horizon_deg: float) -> tuple[Stretch, ...]:
    """The stretches of `start`..`end` (UTC) in which the sun is below the horizon, to the second, in order."""
    if end <= start:
        return ()
    height = _height_over(latitude, longitude, horizon_deg)
    first_s, last_s = _since_j2000(start), _since_j2000(end)
    crossings = (at_s for at_s in _crossings(height, first_s, last_s) if first_s < at_s < last_s)
    borders = [start, *(J2000 + timedelta(seconds=round(at_s)) for at_s in crossings), end]
    return tuple((a, b) for a, b in pairwise(borders) if a < b and height(_since_j2000(a + (b - a) / 2)) < 0)


def grazes(latitude: float, longitude: float, start: datetime, end: datetime, horizon_deg: float) -> bool:
    """Whether the sun turns within GRAZE_DEG of the horizon."""
    height = _height_over(latitude, longitude, horizon_deg)
    first_s, last_s = _since_j2000(start), _since_j2000(end)
    turns = (knot for knot in _turns(height, _samples(height, first_s, last_s)) if first_s <= knot[0] <= last_s)
    return any(abs(degrees(turn)) < GRAZE_DEG for _, turn in turns)


def _height_over(latitude: float, longitude: float, horizon_deg: float) -> Height:
    phi, lam, limit = radians(latitude), radians(longitude), radians(horizon_deg)
    return lambda moment_s: asin(_sine_of_elevation(phi, lam, moment_s)) - limit


def _crossings(height: Height, first_s: float, last_s: float) -> Iterator[float]:
    """The instants at which the height changes its sign, in order, also some just outside."""
    samples = _samples(height, first_s, last_s)
    for before, after in pairwise(sorted([*samples, *_turns(height, samples)])):
        if (before[1] < 0) != (after[1] < 0):
            yield _crossing(height, before, after)


def _samples(height: Height, first_s: float, last_s: float) -> list[Knot]:
    """From one step before to one step after, so that a turn near either border lies between samples too."""
    times = (first_s + STEP_S * i for i in range(-1, ceil((last_s - first_s) / STEP_S) + 2))
    return [(moment_s, height(moment_s)) for moment_s in times]


def _turns(height: Height, samples: list[Knot]) -> Iterator[Knot]:
    """The highest and lowest points that could cross the horizon though no sample does."""
    for (a, before), (_, here), (b, after) in zip(samples, samples[1:], samples[2:], strict=False):
        if _may_touch(before, here, after):
            turn_s = _extreme(height, a, b, here > 0)
            yield turn_s, height(turn_s)


def _may_touch(before: float, here: float, after: float) -> bool:
    """Whether an extreme around `here` could cross the horizon."""
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


def _crossing(height: Height, before: Knot, after: Knot) -> float:
    """The change of sign between two knots: bisected until the height between them is a straight line."""
    while after[0] - before[0] > STRAIGHT_S:
        middle_s = (before[0] + after[0]) / 2
        middle = middle_s, height(middle_s)
        before, after = (middle, after) if (middle[1] < 0) == (before[1] < 0) else (before, middle)
    return before[0] + (after[0] - before[0]) * before[1] / (before[1] - after[1])


def _since_j2000(instant: datetime) -> float:
    return (instant - J2000).total_seconds()


def _sine_of_elevation(phi: float, lam: float, since_s: float) -> float:
    """Angles in radians, seconds since J2000 (UT; the 70 s to TT move the sun by 0.001°)."""
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
    # right ascension itself is not needed: cos(dec)·cos(H) follows from the direction of the sun
    x, y = cos(apparent), cos(tilt) * sin(apparent)
    sidereal = radians((280.46061837 + 360.98564736629 * days) % 360.0) + lam
    cosine_part = x * cos(sidereal) + y * sin(sidereal)
    return max(-1.0, min(1.0, sin(phi) * sine_declination + cos(phi) * cosine_part))
