"""The words of the commands in Swedish. English is the key; events and errors carry both languages themselves."""

from collections.abc import Callable
from typing import Literal

from controller.locale.help_sv import HELP_SV
from controller.locale.sv import SV


def words(language: Literal["en", "sv"]) -> Callable[[str], str]:
    """Turns an English phrase of the commands into the language; raises KeyError for one without a translation."""
    return SV.__getitem__ if language == "sv" else str


def help_words(language: Literal["en", "sv"]) -> Callable[[str], str]:
    """The same for the help of the commands; a sentence without a translation stays as it is."""
    return (lambda text: HELP_SV.get(text, text)) if language == "sv" else str
