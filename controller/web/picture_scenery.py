"""What stands behind the landmark: the sky with its stars, hills, houses and trees."""

from collections.abc import Iterator

from controller.web.landmark_shapes import GROUND
from controller.web.svg import blend, daylight, element

WIDTH, HEIGHT = 360, 300
GLOW_BELOW_DEG, STARS_BELOW_DEG = -0.8, -9.0
STARS = (
    (14, 22, 1.1), (38, 61, 0.7), (62, 15, 0.8), (88, 40, 0.6), (112, 20, 1.0), (26, 104, 0.8), (52, 140, 0.6),
    (176, 30, 0.7), (206, 14, 1.1), (232, 48, 0.7), (258, 22, 0.8), (284, 62, 1.0), (318, 18, 0.9), (342, 44, 0.7),
    (346, 104, 0.8), (268, 112, 0.6), (306, 138, 0.8), (16, 186, 0.6), (336, 186, 0.6), (226, 150, 0.5),
)  # fmt: skip
HOUSES = ((18, 262, 20, 16), (50, 266, 15, 12), (292, 263, 19, 15), (322, 267, 16, 11))
"""Left, top, width and height, on the ground."""
TREES = ((90, 271, 8), (101, 273, 5), (214, 270, 9), (344, 270, 8), (5, 272, 7))


def scenery(sun_deg: float, sky: str) -> Iterator[str]:
    """What stands behind the landmark with the sun at this height; `sky` names what fills the sky."""
    day = daylight(sun_deg)
    yield element("rect", width=WIDTH, height=HEIGHT, fill=sky)
    if sun_deg < STARS_BELOW_DEG:
        strength = min(1.0, (STARS_BELOW_DEG - sun_deg) / 5) * 0.8
        stars = "".join(
            f"M{x - size:g} {y}a{size} {size} 0 1 0 {2 * size:g} 0a{size} {size} 0 1 0 {-2 * size:g} 0"
            for x, y, size in STARS
        )
        yield element("path", d=stars, fill="#FFF", opacity=strength)
    hills = "M0 250C50 238 96 248 150 252S262 236 360 246V300H0Z"
    yield element("path", d=hills, fill=blend("#0C1026", "#8499A6", day))
    near = "M0 268C60 262 118 268 180 270S300 262 360 266V300H0Z"
    yield element("path", d=near, fill=blend("#080B1A", "#6F8570", day))
    roofs = "".join(
        f"M{x} {y}h{w}v{278 - y}h{-w}zM{x - 2} {y}l{w / 2 + 2:g} {-h * 0.55:g}l{w / 2 + 2:g} {h * 0.55:g}z"
        for x, y, w, h in HOUSES
    )
    yield element("path", d=roofs, fill=blend("#05070F", "#6B5A50", day))
    trees = "".join(
        f"M{x - r} {y}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0M{x - 1} {y}h2V279h-2z" for x, y, r in TREES
    )
    yield element("path", d=trees, fill=blend("#04060D", "#42593F", day))
    if sun_deg < GLOW_BELOW_DEG:
        windows = "".join(f"M{x + w * 0.55:g} {y + h * 0.35:g}h3v4h-3z" for x, y, w, h in HOUSES)
        yield element("path", d=windows, fill="#FFD98A")
    yield element("rect", y=GROUND, width=WIDTH, height=HEIGHT - GROUND, fill=blend("#03050B", "#56684A", day))
