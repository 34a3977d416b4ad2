"""`watertower preview`: what each fixture makes of a colour."""

import json
from pathlib import Path
from typing import Any

import pytest


def test_orange_is_shown_by_every_fixture(call: Any) -> None:
    """Four fixtures of the shipped site, all within what the eye takes for orange."""
    document = json.loads(call("preview", "orange", "--json").stdout)
    assert document["color"] == "#FF6A00"
    assert len(document["fixtures"]) == 4
    for fixture in document["fixtures"]:
        assert len(fixture["levels"]) == 4
        assert fixture["levels"][2] == 0, "orange has no blue"
        assert fixture["delta_e2000"] < 1


@pytest.mark.parametrize(
    "words", [["#FF6A00"], ["2700", "K"], ["limegrön"], ["red"], ["orange", "--brightness", "5 %"]]
)
def test_any_colour_that_the_schedule_knows_is_previewed(call: Any, words: list[str]) -> None:
    """A table with a line for each fixture; no colours on a pipe."""
    result = call("preview", *words)
    assert result.exit_code in {0, 1}
    assert len(result.stdout.splitlines()) == 5
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("words", [["blurple"], ["#12345"], ["orange", "--brightness", "120 %"], ["99 K"], [""]])
def test_what_is_no_colour_is_refused(call: Any, words: list[str]) -> None:
    """Usage: exit code 2 with a code."""
    result = call("preview", *words)
    assert result.exit_code == 2, result.output
    assert "TWL-" in result.stderr


@pytest.mark.parametrize("word", ["dark", "släckt", "Dark"])
def test_dark_is_a_look_too(call: Any, word: str) -> None:
    """All levels are zero, and nothing falls."""
    result = call("preview", word, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["color"] is None
    assert {tuple(fixture["levels"]) for fixture in document["fixtures"]} == {(0, 0, 0, 0)}


def test_lamps_with_names_of_different_length_are_in_columns(call: Any, config: Path) -> None:
    """So that the eye finds the one that differs."""
    tower = config / "tower.yaml"
    tower.write_text(
        tower.read_text("utf-8").replace("name: bowl-north", "name: the-northern-lamp-of-the-bowl"), "utf-8"
    )
    _, *lines = call("preview", "orange").stdout.splitlines()
    assert len({line.index("ΔE") for line in lines}) == 1


def test_too_few_steps_for_a_faint_color_are_reported(call: Any) -> None:
    """A lamp of eight bits cannot mix orange at half a per cent, and the brightness is shown as it was asked for."""
    result = call("preview", "orange", "--brightness", "0.5 %")
    assert result.exit_code == 0
    head, *lines = result.stdout.splitlines()
    assert head.endswith("0.5 %")
    assert all("visibly another colour" in line for line in lines)
