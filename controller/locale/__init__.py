"""The words of the commands in Swedish. English is the key; events and errors carry both languages themselves."""

from collections.abc import Callable
from typing import Literal

from controller.locale.sv import SV


def words(language: Literal["en", "sv"]) -> Callable[[str], str]:
    """Turns an English phrase of the commands into the language; raises KeyError for one without a translation."""
    return SV.__getitem__ if language == "sv" else str
