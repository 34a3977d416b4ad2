"""Every mistake that these packages raise has its text, in both languages, with just its fields."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import controller
from controller.events.models import Event, EventKind, Level
from controller.events.of_colors import KINDS as COLORS
from controller.events.of_patch import KINDS as PATCH
from controller.events.of_profiles import KINDS as PROFILES

PACKAGES = [Path(controller.__path__[0]) / name for name in ("lighting", "fixtures")]
KINDS = (*COLORS, *PATCH, *PROFILES)
BY_CODE = {kind.code: kind for kind in KINDS}
RAISED_ELSEWHERE = {"TWL-S135", "TWL-S136", "TWL-S139", "TWL-F119", "TWL-F130", "TWL-F131"}
"""Told by the reader of the files and by the services, from what this room returns."""


def raised() -> Iterator[tuple[str, frozenset[str] | None]]:
    """Every code in the source of the packages, with its fields where they are written out."""
    for path in sorted(path for package in PACKAGES for path in package.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                code = node.args[0].value
                if isinstance(code, str) and code.startswith("TWL-"):
                    names = [keyword.arg for keyword in node.keywords if keyword.arg not in {"start", "end"}]
                    is_whole = isinstance(node.func, ast.Name) and node.func.id == "Mistake" and None not in names
                    yield code, frozenset(str(name) for name in names) if is_whole else None


def test_codes_are_all_known_and_all_used() -> None:
    """None is raised without a text, none has a text and is never raised."""
    assert {code for code, _ in raised()} == set(BY_CODE) - RAISED_ELSEWHERE
    assert len(BY_CODE) == len(KINDS)


@pytest.mark.parametrize(("code", "fields"), [case for case in raised() if case[1] is not None])
def test_a_mistake_has_exactly_the_fields_of_its_text(code: str, fields: frozenset[str]) -> None:
    """So that the text can always be made."""
    assert fields == BY_CODE[code].fields


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_both_languages_say_the_same(kind: EventKind) -> None:
    """The same fields in both; what is done about it has the user's own values."""
    event = Event(kind, dict.fromkeys(kind.fields, "§"))
    for text in (kind.text, kind.action):
        fields = {language: text.say(language, event.fields).count("§") for language in ("en", "sv")}
        assert fields["en"] == fields["sv"]
        assert text.en != text.sv
    assert kind.meaning.en != kind.meaning.sv
    assert kind.level is (
        Level.WARNING
        if kind.code in {"TWL-F130", "TWL-F131", "TWL-F132", "TWL-F133"}
        else Level.INFO
        if kind.code == "TWL-S139"
        else Level.ERROR
    )
