"""Normal forms of Unicode, in which the same characters compare as equal however a keyboard composes them."""

import unicodedata
from typing import Literal

SHORT = 1024
"""Text of this length is normalized in less than 10 ms, whatever it contains."""
MOST_MARKS = 30
"""No language writes more marks on one letter (Unicode Standard Annex 15, Stream-Safe Text Format)."""

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


def normalized(form: Form, text: str) -> str:
    """The text in this form. A long text with more than MOST_MARKS on a letter, which no language has, is returned
    unchanged: sorting the marks takes time that grows with the square of their number, minutes for a megabyte, during
    which no other thread runs."""
    if len(text) > SHORT and _has_too_many_marks(text):
        return text
    return unicodedata.normalize(form, text)


def _has_too_many_marks(text: str) -> bool:
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > MOST_MARKS:
            return True
    return False
