"""The catalogue against the code: every entry is used somewhere, with its own fields, and is whole in each language."""

import ast
import re
import string
from collections.abc import Iterator

import pytest

from controller.events import CATALOGUE, EventKind, Level, new_event
from controller.locale import FOLDER, languages, texts
from tests.source import ROOT, nodes_by_file

ALL = tuple(CATALOGUE.values())
CODE = re.compile(r"(?:TWL-)?([A-Z][0-9]{3})")
MADE_BY = {"new_event", "Mistake", "Refused", "Unreachable", "Misconfigured", "WatertowerError"}
OFFSETS = {"start", "end"}


def codes() -> dict[str, str]:
    """Every code that is in the program as a text of its own, and where."""
    found = {}
    for path, nodes in nodes_by_file().items():
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                match = CODE.fullmatch(node.value)
                if match and (node.value.startswith("TWL-") or f"TWL-{match[1]}" in CATALOGUE):
                    found[f"TWL-{match[1]}"] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return found


def made() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call that makes an event or an error with a code of its own: place, what it makes, the call."""
    for path, nodes in nodes_by_file().items():
        for node in nodes:
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in MADE_BY:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", name, node


def code_of(call: ast.Call) -> str:
    """Its first argument."""
    code = call.args[0]
    assert isinstance(code, ast.Constant)
    return str(code.value)


def calls() -> list[tuple[str, str, frozenset[str]]]:
    """Those of which the fields can be read: place, code, fields."""
    found = []
    for place, name, call in made():
        fields = [keyword.arg for keyword in call.keywords]
        if None not in fields:
            own = frozenset(str(each) for each in fields) - (OFFSETS if name == "Mistake" else set())
            found.append((place, code_of(call), own))
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
    """As far as they are in the call: no more and no fewer."""
    known = calls()
    assert len(known) > 100
    wrong = [(place, code, fields) for place, code, fields in known if fields != CATALOGUE[code].fields]
    assert wrong == []


@pytest.mark.parametrize("language", languages())
def test_each_language_has_the_texts_of_the_catalogue(language: str) -> None:
    """Of every code, in the file of its letter, and of no other."""
    for letter in {code[4] for code in CATALOGUE}:
        entries = texts(language, f"events/{letter}")
        assert list(entries) == [code for code in CATALOGUE if code[4] == letter]
        assert all(list(entry) == ["text", "meaning", "action"] for entry in entries.values())
    assert {path.stem for path in (FOLDER / language / "events").glob("*")} == {code[4] for code in CATALOGUE}


@pytest.mark.parametrize("language", languages())
def test_every_entry_is_whole(language: str) -> None:
    """Only its own fields, the same as in English; a full stop after a meaning, none after a text, alike after an
    action."""
    for kind in ALL:
        assert_whole(kind, language)


def assert_whole(kind: EventKind, language: str) -> None:
    """One entry in one language."""
    assert re.fullmatch(r"TWL-[A-Z][0-9]{3}", kind.code)
    assert re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", kind.name)
    text, meaning, action = (one.template(language) for one in (kind.text, kind.meaning, kind.action))
    for sentence in (text, meaning, action):
        assert sentence.strip() == sentence != ""
        assert "\n" not in sentence
    assert placeholders(text) | placeholders(action) <= kind.fields
    for english, translated in ((kind.text.template("en"), text), (kind.action.template("en"), action)):
        assert placeholders(english) == placeholders(translated)
    assert not placeholders(meaning)
    assert not text.endswith(".")
    assert action.endswith(".") == kind.action.template("en").endswith(".")
    assert meaning.endswith((".", "?", ")"))


@pytest.mark.parametrize("language", languages())
def test_every_entry_speaks_in_each_language(language: str) -> None:
    """With its fields it makes a sentence, and leaves no brace behind."""
    for kind in ALL:
        event = new_event(kind.code, **dict.fromkeys(kind.fields, "x"))
        for text in (event.text(language), event.action(language)):
            assert text, kind.code
            assert not any(f"{{{field}}}" in text for field in kind.fields), kind.code


def test_levels_are_kept_for_what_they_mean() -> None:
    """ERROR asks a person to act, so it says what to do; INFO and DEBUG ask for nothing that is urgent."""
    idle = [kind.code for kind in ALL if kind.level is Level.ERROR and kind.action.template("en") in {"Nothing.", ""}]
    assert idle == []
    mild = {kind.code for kind in ALL if kind.code.startswith("TWL-F") and kind.level is not Level.ERROR}
    assert mild == {"TWL-F130", "TWL-F131", "TWL-F132", "TWL-F133"}


def test_what_lasts_is_a_warning_or_an_error() -> None:
    """Until it ends the service is degraded, or the lamps are wrong; only what is harmless may be milder."""
    lasting = [kind for kind in ALL if kind.lasting is not None and not kind.lasting.harmless]
    assert [kind.code for kind in lasting if kind.level not in {Level.WARNING, Level.ERROR}] == []


def test_what_ends_when_a_lamp_is_right_again_is_an_error() -> None:
    """Until then a lamp is wrong, or nobody knows what it shows: a person must act."""
    right = {"TWL-G101", "TWL-G105", "TWL-G107", "TWL-G115", "TWL-G118"}
    wrong = [kind for kind in ALL if kind.lasting is not None and right.intersection(kind.lasting.until)]
    assert len(wrong) > 10
    assert [kind.code for kind in wrong if kind.level is not Level.ERROR] == []


def test_the_end_of_what_lasts_is_information() -> None:
    """Nothing is wrong any more; except after a confirmation that came late, and a stop, which begins something."""
    ends = {code for kind in ALL if kind.lasting is not None for code in kind.lasting.until}
    graver = {code for code in ends if CATALOGUE[code].lasting is None and CATALOGUE[code].level is not Level.INFO}
    assert graver == {"TWL-G107", "TWL-O105"}


def test_an_error_of_the_program_is_never_mere_information() -> None:
    """Whoever asked for something did not get it."""
    codes_of_errors = {code_of(call) for _, name, call in made() if name != "new_event"}
    assert len(codes_of_errors) > 200
    assert [code for code in codes_of_errors if CATALOGUE[code].level not in {Level.WARNING, Level.ERROR}] == []


@pytest.mark.parametrize("wrong", [{}, {"gateway": "mast", "more": 1}])
def test_an_event_with_other_fields_is_a_bug(wrong: dict[str, object]) -> None:
    """It is reported at once, to whoever wrote the call."""
    with pytest.raises(KeyError):
        new_event("TWL-G105", **wrong)
