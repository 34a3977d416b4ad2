"""The most light of a color from a set of emitters, against the laws and against brute force."""

import math
from collections.abc import Sequence

import pytest
from coloraide import cmfs
from hypothesis import assume, example, given
from hypothesis import strategies as st

from controller.lighting.color import Vector
from controller.lighting.emitters import TYPICAL, Emitter
from controller.lighting.gamut import Gamut, distance
from controller.lighting.light import Light

LIT = sorted(kind for kind, emitter in TYPICAL.items() if emitter.flux > 0)
KINDS = st.lists(st.sampled_from(LIT), min_size=1, max_size=7, unique=True)
PARTS = st.floats(0, 1)
COLORS = st.tuples(PARTS, PARTS, PARTS).filter(lambda parts: max(parts) > 0.1).map(lambda parts: Light(*parts).xyz)
PLACES = st.tuples(st.integers(1, 6), st.integers(1, 6)).map(lambda place: (place[0] / 10, place[1] / 20))
COARSE = st.lists(PLACES, min_size=1, max_size=6).map(
    lambda places: [Emitter(xy=(x, y), flux=1.0).xyz for x, y in places]
)
"""Emitters on a coarse grid: many on one line or in one place."""


def gamut_of(kinds: Sequence[str]) -> Gamut:
    return Gamut([TYPICAL[kind].xyz for kind in kinds])  # type: ignore[index]


def most_by_search(emitters: Sequence[Vector], target: Vector) -> float:
    """The largest multiple of `target` by bisection over a feasibility test: each vertex of the dual, one by one."""
    best = math.inf
    normals = [
        (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
        for a in emitters
        for b in emitters
        if a != b
    ]
    for n in normals:
        support = sum(max(0.0, sum(p * q for p, q in zip(n, e, strict=True))) for e in emitters)
        slope = sum(p * q for p, q in zip(n, target, strict=True))
        if slope > 1e-12 and support > 1e-12:
            best = min(best, support / slope)
    return best


@given(KINDS, COLORS)
def test_the_levels_give_the_nearest_chromaticity(kinds: list[str], color: Vector) -> None:
    """What the emitters give together is the wanted chromaticity, or the nearest that they can, at 0..1 each."""
    gamut = gamut_of(kinds)
    target = gamut.nearest(color)
    levels = gamut.fullest(target)
    assert all(0 <= level <= 1 for level in levels)
    assert distance(gamut.sum(levels), target) < 1e-9
    assert gamut.sum(levels)[1] == pytest.approx(gamut.reach(target) * target[1], rel=1e-6)


@given(st.lists(st.sampled_from(LIT), min_size=3, max_size=7, unique=True), COLORS)
def test_no_other_levels_give_more(kinds: list[str], color: Vector) -> None:
    """The reach is that of the support function of the zonotope, taken over every pair of emitters."""
    gamut = gamut_of(kinds)
    assume(gamut.contains(color))
    assert gamut.reach(color) == pytest.approx(most_by_search(gamut.emitters, color), rel=1e-6)


@given(KINDS, COLORS)
def test_something_is_at_its_full(kinds: list[str], color: Vector) -> None:
    """Else there would be more."""
    gamut = gamut_of(kinds)
    assert max(gamut.fullest(gamut.nearest(color))) == pytest.approx(1)


@given(COARSE, COLORS)
@example([Emitter(xy=(0.3, 0.3), flux=1.0).xyz] * 4, Light(1, 1, 1).xyz)
@example([Emitter(xy=(x / 10, 0.3), flux=1.0).xyz for x in (1, 3, 5, 2, 4)], Light(1, 1, 1).xyz)
@example(
    [Emitter(xy=xy, flux=1.0).xyz for xy in ((0.6, 0.3), (0.4, 0.3), (0.2, 0.3), (0.3, 0.1))], Light(0.3, 0.4, 1).xyz
)
@example([Emitter(xy=xy, flux=1.0).xyz for xy in ((0.2, 0.1), (0.2, 0.1), (0.1, 0.05))], Light(0, 0, 1).xyz)
def test_emitters_on_a_line_or_in_one_place_are_no_trouble(emitters: list[Vector], color: Vector) -> None:
    """Two whites of one kind, or amber exactly between red and green: the sum is still what was asked for."""
    gamut = Gamut(emitters)
    target = gamut.nearest(color)
    levels = gamut.fullest(target)
    assert distance(gamut.sum(levels), target) < 1e-6
    assert gamut.sum(levels)[1] == pytest.approx(gamut.reach(target) * target[1], rel=1e-5)


@given(COARSE, st.tuples(PARTS, PARTS, PARTS), st.tuples(PARTS, PARTS, PARTS), st.floats(0, 0.999))
def test_levels_change_without_a_jump(emitters: list[Vector], start: Vector, end: Vector, share: float) -> None:
    """A millionth of the way between two colors never moves a level far, whatever the emitters."""
    assume(max(start) > 0.2 and max(end) > 0.2)
    gamut = Gamut(emitters)
    here, there = (
        gamut.fullest(gamut.nearest(Light(*(a + (b - a) * along for a, b in zip(start, end, strict=True))).xyz))
        for along in (share, share + 1e-6)
    )
    assert max(abs(a - b) for a, b in zip(here, there, strict=True)) < 0.01


@given(KINDS, COLORS)
def test_the_nearest_is_nearer_than_any_emitter(kinds: list[str], color: Vector) -> None:
    """And a color within is left as it is."""
    gamut = gamut_of(kinds)
    found = gamut.nearest(color)
    assert all(distance(color, found) <= distance(color, emitter) + 1e-12 for emitter in gamut.emitters)
    if gamut.contains(color):
        assert found == color


def test_white_and_amber_help() -> None:
    """An RGBWA lamp gives more orange than an RGB lamp, and far more white."""
    orange, white = Light(1, 0.145, 0).xyz, Light(1, 1, 1).xyz
    plain, rich = gamut_of(["red", "green", "blue"]), gamut_of(["red", "green", "blue", "white", "amber"])
    assert rich.reach(orange) > 1.5 * plain.reach(orange)
    assert rich.reach(white) > 2 * plain.reach(white)


@pytest.mark.parametrize(
    ("kind", "peak_nm", "width_nm"),
    [
        ("red", 632, 18),
        ("green", 523, 34),
        ("blue", 462, 24),
        ("amber", 593, 16),
        ("cyan", 502, 30),
        ("indigo", 440, 20),
    ],
)
def test_typical_chromaticities_are_computed(kind: str, peak_nm: float, width_nm: float) -> None:
    """The CIE 1931 observer over a Gaussian of the peak and half width that the comment of the table names."""
    sigma = width_nm / math.sqrt(8 * math.log(2))
    sums = [0.0, 0.0, 0.0]
    for nanometres, observer in list(cmfs.CIE_1931_2DEG.items()):
        power = math.exp(-(((nanometres - peak_nm) / sigma) ** 2) / 2)
        sums = [total + power * part for total, part in zip(sums, observer, strict=True)]
    emitter = TYPICAL[kind]  # type: ignore[index]
    assert emitter.xy == pytest.approx((sums[0] / sum(sums), sums[1] / sum(sums)), abs=0.0002)
