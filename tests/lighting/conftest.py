"""What the tests of lamps share: profiles in several resolutions and the colours of a palette."""

from collections.abc import Callable
from pathlib import Path

import pytest

from controller.lighting.color import Color
from controller.lighting.profile import BUILT_IN, Profile

MIXING = ("rgb", "rgbw", "rgba", "rgbwa")
OFL = Path(__file__).parents[1] / "fixtures" / "ofl"


@pytest.fixture(scope="session")
def orange() -> Color:
    """The campaign's colour."""
    return Color("#FF6A00")


@pytest.fixture(scope="session")
def in_16_bit() -> dict[str, Profile]:
    """The built-in mixing profiles with a fine channel behind each coarse one."""
    return {
        name: Profile.model_validate(
            {"name": name, "channels": [w for c in BUILT_IN[name].channels for w in (c.role, f"{c.role} fine")]}
        )
        for name in MIXING
    }


@pytest.fixture(scope="session")
def fixture_file() -> Callable[[str], str]:
    """The text of a fixture file of the library, by its path without `.json`."""
    return lambda path: (OFL / f"{path}.json").read_text(encoding="utf-8")
