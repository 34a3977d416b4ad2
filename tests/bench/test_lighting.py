"""What a frame of levels and a new color cost, beside a bare fill of a bytearray.

Run with `-s` to see the figures. Only completeness is asserted; the figures depend on the machine.
"""

import time
from collections.abc import Callable

import pytest

from controller.lighting.color import Color
from controller.lighting.lamp import Lamp
from controller.lighting.light import Light, mix
from controller.lighting.look import ZoneState
from controller.lighting.patch import Fixture, Patch
from controller.lighting.profile import BUILT_IN

MIXING = ("rgb", "rgbw", "rgba", "rgbwa")
ROUNDS, REPEATS = 330, 3
ORANGE, BLUE = (Light.of(ZoneState(True, Color(code), 1.0)) for code in ("#FF6A00", "#0077B6"))


def per_call(work: Callable[[int], object]) -> float:
    """Microseconds of one call, which gets its number: the best of several runs."""
    runs = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for number in range(ROUNDS):
            work(number)
        runs.append(time.perf_counter() - start)
    return 1e6 * min(runs) / ROUNDS


def test_a_full_universe() -> None:
    """102 lamps of four makes in two zones; held, fading from dark, and fading from color to color."""
    fixtures = [
        Fixture(name=f"lamp-{n}", zone="bowl" if n % 3 else "shaft", profile=MIXING[n % 4], address=1 + 5 * n)
        for n in range(102)
    ]
    patch = Patch(fixtures)
    held = {"bowl": ORANGE, "shaft": BLUE}
    frame = patch.levels(held)[1]
    assert all(patch.shown({1: frame})[zone].on for zone in held)

    def fill(_: int) -> bytes:
        slots = bytearray(512)
        for place, level in enumerate(frame):
            slots[place] = level
        return bytes(slots)

    floor = per_call(fill)
    costs = {
        "held": per_call(lambda _: patch.levels(held)),
        "from dark": per_call(
            lambda n: patch.levels({zone: mix(Light(), goal, n / ROUNDS) for zone, goal in held.items()})
        ),
        "color to color": per_call(lambda n: patch.levels({zone: mix(ORANGE, BLUE, n / ROUNDS) for zone in held})),
        "read back": per_call(lambda _: patch.reading({1: frame})),
    }
    print(f"\n512 slots: bare fill {floor:.0f} us")
    for what, cost in costs.items():
        print(f"  {what}: {cost:.0f} us, {cost / floor:.1f} x bare fill, {cost * 44 / 1e4:.1f} % of a core at 44 Hz")


@pytest.mark.parametrize("name", MIXING)
def test_a_color_never_seen(name: str) -> None:
    """The solver alone, each time another color."""
    lamp = Lamp(BUILT_IN[name])
    cost = per_call(lambda n: lamp.solve((1.0, n / ROUNDS, 0.3)))
    assert max(lamp.solve((1.0, 0.5, 0.3))) == pytest.approx(1)
    print(f"\n{name}: {cost:.0f} us for a new color")
