"""A colour on a terminal: a block in that colour before its words, where the terminal shows colours."""

import os
import sys

from controller.events.words import look_words
from controller.lighting.look import ZoneState
from controller.locale import Language
from controller.service.gateway_state import DesiredLooks


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
    red, green, blue = state.color.rgb
    return f"\x1b[38;2;{red};{green};{blue}m■\x1b[0m "
