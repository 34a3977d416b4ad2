"""What the command line says of itself, in both languages: help, refusals, and how a call ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from controller.cli import COMMANDS, group
from controller.locale import languages, texts
from tests.parts import ended_after

ENGLISH = (
    "Usage",
    "Options",
    "Commands",
    "Show this",
    "PATH",
    "[required]",
    "default:",
    "Missing",
    "No such",
    "Invalid",
    "Error:",
    "Try '",
)


def commands() -> list[click.Command]:
    """All of them, and the group that they belong to."""
    context = click.Context(group)
    found = [group.get_command(context, name) for name in COMMANDS]
    return [group, *(command for command in found if command)]


def options_of(command: click.Command) -> set[str]:
    """Names of a command's options, without dashes."""
    context = click.Context(command, **group.context_settings)  # a command keeps the help option that it makes first
    return {
        max(param.opts, key=len).removeprefix("--")
        for param in command.get_params(context)
        if param.param_type_name == "option"
    }


@pytest.mark.parametrize("language", languages())
def test_help_has_a_text_for_each_command_and_option_and_no_other(language: str) -> None:
    """An option without a text of its command has one that is shared."""
    document = texts(language, "help")
    shared = set()
    for command in commands():
        own = set(document[str(command.name)])
        assert own - {"about", "more"} <= options_of(command)
        assert "about" in own
        shared |= options_of(command) - own
    assert set(document["option"]) == shared
    assert set(document) == {"around", "argument", "value", "option", *(command.name for command in commands())}


@pytest.mark.parametrize("language", languages())
def test_arguments_and_values_have_a_word_in_each_language(language: str) -> None:
    """As they are in the usage line and after an option; choices are values."""
    params = [param for command in commands() for param in command.params if not isinstance(param.type, click.Choice)]
    arguments = {param.name for param in params if isinstance(param, click.Argument)}
    values = {param.type.name.split()[0] for param in params if isinstance(param, click.Option) and not param.is_flag}
    document = texts(language, "help")
    assert (set(document["argument"]), set(document["value"])) == (arguments, values)


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_is_in_the_language_asked_for(call: Any, name: str) -> None:
    """Wherever `--lang` is on the line."""
    for words in ((name, "--help", "--lang", "sv"), ("--lang=sv", name, "-h")):
        result = call(*(word for word in words if word))
        assert result.exit_code == 0
        assert result.output.startswith("Användning: watertower" if name == "" else f"Användning: watertower {name}")
        assert not [word for word in ENGLISH if word in result.output]
    assert call(*([name] if name else []), "--help").output.startswith("Usage: ")


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("chek", "TWL-Q110", "Menade du check?"),
        ("frobnicate", "TWL-Q111", "`watertower --help`"),
        ("check --jsn", "TWL-Q110", "Menade du --json?"),
        ("plan --nope", "TWL-Q111", "`watertower plan --help`"),
        ("override", "TWL-Q112", "LJUS..."),
        ("override red --until 1h", "TWL-Q112", "--reason"),
        ("check --format", "TWL-Q112", "--format"),
        ("check --json=yes", "TWL-Q116", "--json"),
        ("plan 2026 --at 2026-11-20", "TWL-Q115", "--at"),
        ("check --format xml", "TWL-Q113", "text, json, github"),
        ("schema foo", "TWL-Q113", "schedule, tower"),
        ("demo --speed 0", "TWL-Q113", "1 … 100000"),
        ("rehearse --seed x", "TWL-Q113", "0, 1, 2, …"),
        ("import-fixture x --name Å", "TWL-Q113", "a–z"),
        ("explain G104 G105", "TWL-Q114", "G105"),
        ("--lang de check", "TWL-Q113", ", ".join(languages())),
    ],
)
def test_a_mistake_in_the_command_line_is_reported_in_the_language_asked_for(
    call: Any, line: str, code: str, told: str
) -> None:
    """With code, cure and exit code 2; nothing of it goes to stdout."""
    result = call("--lang", "sv", *line.split())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert code in result.stderr
    assert told in result.stderr
    assert not [word for word in ENGLISH if word in result.stderr]
    assert code in call(*line.split()).stderr


@pytest.mark.parametrize("words", [(), ("--lang", "sv")])
def test_without_a_command_the_help_is_shown(call: Any, words: tuple[str, ...]) -> None:
    """As a matter of usage."""
    result = call(*words)
    assert result.exit_code == 2
    assert all(name in result.stderr for name in COMMANDS)


def test_an_interruption_ends_with_130(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a shell expects it."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("controller.cli.check.load", interrupted)
    assert call("check").exit_code == 130


@pytest.mark.real
def test_who_stops_reading_has_what_was_wanted() -> None:
    """`watertower explain | head -1`: no complaint, and nothing that a shell would take for a failure."""
    command = [sys.executable, "-m", "controller", "explain"]
    with ended_after(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)) as program:
        assert program.stdout
        assert program.stdout.readline()
        program.stdout.close()
        _, complaints = program.communicate(timeout=60)
    assert (program.returncode, complaints) == (0, "")


@pytest.mark.real
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
@pytest.mark.parametrize("words", [["--help"], ["explain"], ["schema", "tower"]])
def test_output_to_a_full_disk_is_an_error_without_a_traceback(words: list[str]) -> None:
    """`watertower explain > file` on a full disk is no traceback."""
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "controller", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 1
    assert result.stderr.startswith("TWL-J024: stdout ")
    assert "Traceback" not in result.stderr


@pytest.mark.real
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_terminal_that_lacks_a_sign_gets_another(encoding: str) -> None:
    """An old locale is no reason for a traceback; everything else of the line is there."""
    result = subprocess.run(
        [sys.executable, "-m", "controller", "--lang", "sv", "explain"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"TWL-G101" in result.stdout


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("watertower --lang sv ", "Kontrollera schedule.yaml och tower.yaml."),
        ("watertower --lang sv check --aga", "Visa också vad filerna skulle ändra"),
        ("watertower --lang sv --st", "Tillståndskatalog"),
    ],
)
def test_a_shell_completes_with_help_in_the_language_asked_for(
    line: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As zsh and fish show it beside commands and options."""
    monkeypatch.setenv("_WATERTOWER_COMPLETE", "zsh_complete")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - (not line.endswith(" "))))
    monkeypatch.setenv("LANG", "sv_SE.UTF-8")
    with pytest.raises(SystemExit):
        group.main([], prog_name="watertower")
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variables", "words", "language"),
    [
        ({}, (), "en"),
        ({"LANG": "sv_SE.UTF-8"}, (), "sv"),
        ({"LANG": "sv"}, (), "sv"),
        ({"LANG": "C.UTF-8"}, (), "en"),
        ({"LANG": "de_DE.UTF-8"}, (), "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "sv_SE.UTF-8"}, (), "sv"),
        ({"LANG": "sv_SE.UTF-8", "LC_MESSAGES": "sv_SE.UTF-8", "LC_ALL": "en_US.UTF-8"}, (), "en"),
        ({"LANG": "sv_SE.UTF-8", "LC_ALL": ""}, (), "sv"),
        ({"LANG": "sv_SE.UTF-8"}, ("--lang", "en"), "en"),
    ],
)
def test_the_language_is_that_asked_for_or_that_of_the_environment(
    call: Any, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: tuple[str, ...], language: str
) -> None:
    """In the order of POSIX: LC_ALL, LC_MESSAGES, LANG; English where there are no texts in it."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert json.loads(call(*words, "explain", "TWL-G101", "--json").stdout)["language"] == language
