"""Words for dark, and names of colours in Swedish and of whites, for `parse_color`, from `colors.toml`."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from controller.normal_form import normalized

_TABLES = tomllib.loads(Path(__file__).with_name("colors.toml").read_text("utf-8"))


def plain(name: str) -> str:
    """A name for comparisons: without case, spaces, hyphens and underscores, with composed letters."""
    return re.sub(r"[\s_-]", "", normalized("NFC", name)).casefold()


def unmarked(name: str) -> str:
    """`plain`, and also without diacritics, as typed on a keyboard without them: `rod` for `röd`."""
    return "".join(char for char in normalized("NFD", plain(name)) if not unicodedata.combining(char))


DARK_WORDS = frozenset(_TABLES["dark"])
"""Words for no light, casefolded."""

WHITES: Mapping[str, int] = _TABLES["whites"]
"""Kelvin of whites by name."""

SWEDISH: Mapping[str, str] = {name: english for english, names in _TABLES["swedish"].items() for name in names.split()}
"""Swedish name -> English name, both as `plain` has them."""
