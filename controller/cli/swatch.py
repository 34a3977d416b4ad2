"""A colour on a terminal: a block in that colour before its words, where the terminal shows colours."""

import os
import sys

from controller.events.words import look_words
from controller.lighting.look import ZoneState
from controller.locale import Language
from controller.service.gateway_state import DesiredLooks

CUBE = (0, 95, 135, 175, 215, 255)
"""The six levels of red, green and blue among the 256 colours of xterm."""


def has_color() -> bool:
    """Whether stdout is a terminal that shows colours (no-color.org, and `TERM=dumb`)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def can_write(signs: str) -> bool:
    """Whether stdout has these signs; where it has not, question marks would stand for them."""
    try:
        signs.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def swatch(desired: DesiredLooks, language: Language) -> str:
    """What each zone shows, each after a block of its colour."""
    return ", ".join(f"{block(state)}{zone} {look_words(state.value, language)}" for zone, state in desired.items())


def block(state: ZoneState) -> str:
    """`■ ` in the colour; nothing without colours."""
    if not has_color() or state.color is None:
        return ""
    return f"\x1b[{ink(state.color.rgb)}m■\x1b[0m "


def ink(rgb: tuple[int, int, int], *, ground: bool = False) -> str:
    """What sets a colour on a terminal: exactly where it says that it can (COLORTERM), else the nearest of the 216 of
    the cube that xterm has."""
    layer = 48 if ground else 38
    if os.environ.get("COLORTERM") in {"truecolor", "24bit"}:
        return f"{layer};2;{';'.join(map(str, rgb))}"
    red, green, blue = (min(range(6), key=lambda step: abs(CUBE[step] - value)) for value in rgb)
    return f"{layer};5;{16 + 36 * red + 6 * green + blue}"
