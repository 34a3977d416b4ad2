"""`watertower explain`: every code of the catalogue in both languages."""

import json
from typing import Any

import pytest

from controller.events import CATALOGUE


@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_code_is_explained(call: Any, language: str) -> None:
    """With its own text, meaning and cure in that language."""
    for code, kind in CATALOGUE.items():
        told = call("explain", code, "--lang", language).stdout
        assert told.startswith(f"{code}  {kind.name}")
        assert kind.meaning.template(language) in told
        assert kind.action.template(language) in told


def test_the_list_holds_every_code_once(call: Any) -> None:
    """In order."""
    codes = [line.split()[0] for line in call("explain").stdout.splitlines()]
    assert codes == sorted(CATALOGUE)


@pytest.mark.parametrize("asked", ["TWL-G104", "twl-g104", "g104", " G104 "])
def test_a_code_is_found_however_it_is_written(call: Any, asked: str) -> None:
    """Upper or lower case, with or without the name of the program."""
    assert call("explain", asked).stdout.startswith("TWL-G104 ")


def test_json_tells_both_languages(call: Any) -> None:
    """For programs."""
    told = json.loads(call("explain", "TWL-G104", "--json").stdout)
    assert told["code"] == "TWL-G104"
    assert set(told["text"]) == set(told["meaning"]) == set(told["action"]) == {"en", "sv"}


def test_json_lists_every_code(call: Any) -> None:
    """The same, for all."""
    told = json.loads(call("explain", "--json").stdout)
    assert [one["code"] for one in told["codes"]] == sorted(CATALOGUE)


@pytest.mark.parametrize("asked", ["G999", "", "orange", "TWL-", "💡"])
def test_an_unknown_code_is_refused_with_a_near_one(call: Any, asked: str) -> None:
    """Exit code 1 and a suggestion."""
    result = call("explain", asked)
    assert result.exit_code == 1
    assert "TWL-Q104" in result.stderr
