"""`watertower explain`: every code of the catalogue in both languages."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from controller.events import CATALOGUE
from controller.events.journal import message_id
from controller.locale import languages
from tests.parts import needs, require

RUNBOOK = Path(__file__).parents[2] / "deploy" / "RUNBOOK.md"


@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_code_is_explained(call: Any, language: str) -> None:
    """With its own text, meaning and cure in that language."""
    for code, kind in CATALOGUE.items():
        output = call("explain", code, "--lang", language).stdout
        assert output.startswith(f"{code}  {kind.name}")
        for text in (kind.meaning, kind.action):
            assert text.template(language).replace("{{", "{").replace("}}", "}") in output


def test_the_list_holds_every_code_once(call: Any) -> None:
    """In order."""
    codes = [line.split()[0] for line in call("explain").stdout.splitlines()]
    assert codes == sorted(CATALOGUE)


@pytest.mark.parametrize("asked", ["TWL-G104", "twl-g104", "g104", " G104 "])
def test_a_code_is_found_however_it_is_written(call: Any, asked: str) -> None:
    """Upper or lower case, with or without the name of the program."""
    assert call("explain", asked).stdout.startswith("TWL-G104 ")


def test_json_contains_both_languages(call: Any) -> None:
    """For programs."""
    document = json.loads(call("explain", "TWL-G104", "--json").stdout)
    assert document["code"] == "TWL-G104"
    assert set(document["text"]) == set(document["meaning"]) == set(document["action"]) == set(languages())


def test_json_lists_every_code(call: Any) -> None:
    """The same, for all."""
    document = json.loads(call("explain", "--json").stdout)
    assert [one["code"] for one in document["codes"]] == sorted(CATALOGUE)


@pytest.mark.parametrize("asked", ["G999", "", "orange", "TWL-", "💡"])
def test_an_unknown_code_is_refused_with_a_near_one(call: Any, asked: str) -> None:
    """Exit code 1 and a suggestion."""
    result = call("explain", asked)
    assert result.exit_code == 1
    assert "TWL-Q104" in result.stderr


def test_the_runbook_is_that_of_the_catalogue(call: Any) -> None:
    """`watertower explain --markdown > deploy/RUNBOOK.md` makes it."""
    assert RUNBOOK.read_text(encoding="utf-8") == call("explain", "--markdown").stdout


def test_the_runbook_has_an_anchor_for_each_code_and_nothing_that_is_taken_for_a_tag(call: Any) -> None:
    """`RUNBOOK.md#twl-g104`."""
    output = call("explain", "--markdown").stdout
    assert re.findall("^### (.*)$", output, re.MULTILINE) == sorted(CATALOGUE)
    assert set(re.findall(r"(?<!\\)<\w*", re.sub("`[^`]*`", "", output))) == {"<br"}


@pytest.mark.real
@needs("journalctl")
@pytest.mark.parametrize("language", ["en", "sv"])
def test_journald_takes_the_catalogue(call: Any, tmp_path: Path, language: str) -> None:
    """And explains each code by it, with the fields of the entry in their places."""
    folder = tmp_path / "usr/local/lib/systemd/catalog"
    folder.mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    written = call("explain", "--journal", "--lang", language).stdout
    (folder / "watertower.catalog").write_text(written, encoding="utf-8")
    journalctl = [require("journalctl"), f"--root={tmp_path}"]
    subprocess.run([*journalctl, "--update-catalog"], check=True)
    shown = subprocess.run([*journalctl, "--dump-catalog"], check=True, capture_output=True, text=True).stdout
    assert set(re.findall("^-- (.*)$", shown, re.MULTILINE)) == {message_id(code) for code in CATALOGUE}
    kind = CATALOGUE["TWL-G104"]
    assert kind.meaning.template(language) in shown
    assert kind.action.template(language).replace("{gateway}", "@WATERTOWER_GATEWAY@") in shown


def test_braces_are_written_as_they_are_to_be_typed(call: Any) -> None:
    """Whoever copies them gets YAML that can be read."""
    assert 'web: {listen: "127.0.0.1:8090"}' in call("explain", "TWL-W102").stdout
    assert "{{" not in call("explain", "--markdown").stdout
