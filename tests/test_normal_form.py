"""Normal forms of Unicode."""

import time
import unicodedata

import pytest

from controller.normal_form import Form, normalized

FORMS: tuple[Form, ...] = ("NFC", "NFD", "NFKC", "NFKD")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "text", ["å", "ａ\u030a", "Växjö " * 500, "Va\u0308xjo\u0308 " * 500, "ﷺ", "\u0327\u0301" * 100]
)
def test_text_gets_its_normal_form(form: Form, text: str) -> None:
    """A long one too."""
    assert normalized(form, text) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", ["a" + "\u0301\u0323" * 100_000, ("a" * 2000 + "\u0301\u0323" * 100) * 100])
def test_marks_without_end_take_no_time(form: Form, text: str) -> None:
    """Python would sort the first for minutes, and nothing else could run meanwhile."""
    began = time.process_time()
    assert normalized(form, text) == text
    assert time.process_time() - began < 2
