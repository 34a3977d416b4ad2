"""Words for dark, and names of colours in Swedish and of whites, the words of `parse_color`, from `colors.toml`."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from controller.normal_form import normalized

_TABLES = tomllib.loads(Path(__file__).with_name("colors.toml").read_text("utf-8"))


def plain(name: str) -> str:
    """A name as it is compared: without case, spaces, hyphens and underscores, composed letters."""
    return re.sub(r"[\s_-]", "", normalized("NFC", name)).casefold()


def unmarked(name: str) -> str:
    """`plain`, and also without the marks of its letters, as on a keyboard that lacks them: `rod` for `röd`."""
    return "".join(char for char in normalized("NFD", plain(name)) if not unicodedata.combining(char))


DARK_WORDS = frozenset(_TABLES["dark"])
"""What people write for no light, casefolded."""

WHITES: Mapping[str, int] = _TABLES["whites"]
"""Kelvin of whites by name."""

SWEDISH: Mapping[str, str] = {name: english for english, names in _TABLES["swedish"].items() for name in names.split()}
"""Swedish name -> English name, both as `plain` has them."""
