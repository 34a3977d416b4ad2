"""Every text that people read, as data: a folder for each language, in it a TOML file for each topic, with the same
keys in every language. A further language is a further folder.

`events/S.toml` has the texts of the codes TWL-S…; a file is read when its first text is asked for.
"""

import tomllib
from collections.abc import Mapping
from functools import cache, reduce
from pathlib import Path
from typing import Any

Language = str
"""The name of a folder here: `en`, `sv`."""
DEFAULT: Language = "en"
FOLDER = Path(__file__).parent


@cache
def languages() -> tuple[Language, ...]:
    """Every language that has a folder."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/commands.toml")))


@cache
def texts(language: Language, topic: str) -> Mapping[str, Any]:
    """The texts of one topic, as `events/S`. Raises OSError where language or topic has no file."""
    return tomllib.loads(_file(language, topic).decode())


@cache
def _file(language: Language, topic: str) -> bytes:
    return (FOLDER / language / f"{topic}.toml").read_bytes()


def load(language: Language) -> None:
    """Reads every file of a language now: a service goes on in words when they can no longer be read. As texts they
    would take four times the memory, and most are never asked for."""
    for path in (FOLDER / language).rglob("*.toml"):
        _file(language, path.relative_to(FOLDER / language).with_suffix("").as_posix())


@cache
def template(language: Language, topic: str, key: str) -> str:
    """A text with its placeholders in braces; `key` is its place in the file, joined by dots. Raises KeyError where
    the language does not have it."""
    found: Any = reduce(lambda table, part: table[part], key.split("."), texts(language, topic))
    return str(found)


def phrase(language: Language, key: str, **fields: object) -> str:
    """A text of the commands, such as `plan.night_of`, with its fields."""
    return template(language, "commands", key).format_map(fields)
