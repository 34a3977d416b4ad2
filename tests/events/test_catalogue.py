"""The catalogue against the code: every entry is used somewhere, with its own fields, and says the same twice."""

import ast
import re
import string
from collections import Counter
from pathlib import Path

import pytest

import controller
from controller.events import ALL, CATALOGUE, EventKind, new_event
from controller.events.models import Level

ROOT = Path(controller.__file__).parent
CODE = re.compile(r"(?:TWL-)?([A-Z][0-9]{3})")
MADE_BY = {"new_event", "Mistake", "Refused", "Unreachable", "Misconfigured", "WatertowerError", "Unusable"}
OFFSETS = {"start", "end"}
FILES = sorted(path for path in ROOT.rglob("*.py") if not path.match("events/of_*.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}


def codes() -> dict[str, str]:
    """Every code that stands in the program as a text of its own, and where."""
    found = {}
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                match = CODE.fullmatch(node.value)
                if match and (node.value.startswith("TWL-") or f"TWL-{match[1]}" in CATALOGUE):
                    found[f"TWL-{match[1]}"] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def calls() -> list[tuple[str, str, frozenset[str]]]:
    """Every call that makes an event or an error with a code and fields that can be read: place, code, fields."""
    found = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            fields = [keyword.arg for keyword in node.keywords]
            if name in MADE_BY and None not in fields:
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                own = frozenset(str(each) for each in fields) - (OFFSETS if name == "Mistake" else set())
                found.append((place, str(node.args[0].value), own))
    return found


def placeholders(text: str) -> set[str]:
    """The fields of one sentence."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_no_code_is_used_that_the_catalogue_does_not_know() -> None:
    """Rule 1 of the catalogue."""
    assert {code: place for code, place in codes().items() if code not in CATALOGUE} == {}


def test_every_entry_is_used() -> None:
    """An entry that nothing raises is a promise that nothing keeps."""
    assert set(CATALOGUE) - codes().keys() - {"TWL-S000"} == set()


def test_every_call_gives_the_fields_of_its_entry() -> None:
    """As far as they stand in the call: no more and no fewer."""
    known = calls()
    assert len(known) > 100
    wrong = [(place, code, fields) for place, code, fields in known if fields != CATALOGUE[code].fields]
    assert wrong == []


def test_codes_are_given_once() -> None:
    """The second of the same code would be lost in the table."""
    assert [code for code, times in Counter(kind.code for kind in ALL).items() if times > 1] == []


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_an_entry_is_whole(kind: EventKind) -> None:
    """Both languages with the same fields; a full stop after a meaning, none after a text, alike after an action."""
    assert re.fullmatch(r"TWL-[A-Z][0-9]{3}", kind.code)
    assert re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", kind.name)
    for text in (kind.text, kind.meaning, kind.action):
        assert text.en.strip() == text.en != ""
        assert text.sv.strip() == text.sv != ""
        assert "\n" not in text.en + text.sv
    for text in (kind.text, kind.action):
        assert placeholders(text.en) - {"english"} == placeholders(text.sv) - {"swedish"}
    assert not placeholders(kind.meaning.en + kind.meaning.sv)
    assert not kind.text.en.endswith(".")
    assert not kind.text.sv.endswith(".")
    assert kind.action.en.endswith(".") == kind.action.sv.endswith(".")
    assert kind.meaning.en.endswith((".", "?", ")"))
    assert kind.meaning.sv.endswith((".", "?", ")"))


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
def test_an_entry_speaks_in_both_languages(kind: EventKind) -> None:
    """With its fields it makes a sentence, and leaves no brace behind."""
    event = new_event(kind.code, **dict.fromkeys(kind.fields, "x"))
    for said in (event.text("en"), event.text("sv"), event.action("en"), event.action("sv")):
        assert said
        assert not any(f"{{{field}}}" in said for field in kind.fields)


def test_levels_are_kept_for_what_they_mean() -> None:
    """ERROR asks a person to act, so it says what to do; INFO and DEBUG ask for nothing that is urgent."""
    idle = [kind.code for kind in ALL if kind.level is Level.ERROR and kind.action.en in {"Nothing.", ""}]
    assert idle == []


@pytest.mark.parametrize("wrong", [{}, {"gateway": "mast", "more": 1}])
def test_an_event_with_other_fields_is_a_bug(wrong: dict[str, object]) -> None:
    """It is told at once, to whoever wrote the call."""
    with pytest.raises(KeyError):
        new_event("TWL-G105", **wrong)
