"""A colour on a terminal: a block in that colour before its words, if the terminal has colours."""

import os
import sys

from controller.events.words import look_words
from controller.lighting.look import ZoneState
from controller.locale import Language
from controller.service.gateway_state import DesiredLooks

CUBE = (0, 95, 135, 175, 215, 255)
"""The six levels of red, green and blue among the 256 colours of xterm."""


def has_color() -> bool:
    """Whether stdout is a terminal with colours (no-color.org, and `TERM=dumb`)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def can_write(signs: str) -> bool:
    """Whether stdout can write these characters; if not, it would write question marks."""
    try:
        signs.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def swatch(desired: DesiredLooks, language: Language) -> str:
    """What each zone shows, each after a block of its colour."""
    return ", ".join(f"{block(state)}{zone} {look_words(state.value, language)}" for zone, state in desired.items())


def block(state: ZoneState) -> str:
    """`■ ` in the colour; empty without colours."""
    if not has_color() or state.color is None:
        return ""
    return f"\x1b[{ink(state.color.rgb)}m■\x1b[0m "


def ink(rgb: tuple[int, int, int], *, ground: bool = False) -> str:
    """The escape code of a colour: exact if the terminal supports that (COLORTERM), else the nearest of the 216 in the
    colour cube of xterm."""
    layer = 48 if ground else 38
    if os.environ.get("COLORTERM") in {"truecolor", "24bit"}:
        return f"{layer};2;{';'.join(map(str, rgb))}"
    red, green, blue = (min(range(6), key=lambda step: abs(CUBE[step] - value)) for value in rgb)
    return f"{layer};5;{16 + 36 * red + 6 * green + blue}"
