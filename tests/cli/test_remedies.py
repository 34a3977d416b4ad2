"""Every command that a text of the catalogue names exists, with these options: the real parser takes it."""

import re
import shlex

import click
import pytest

from controller.cli import group
from controller.events import CATALOGUE
from controller.locale import Language, languages

COMMAND = re.compile(r"`(?:sudo )?watertower ([^`]*)`")


def named(language: Language) -> list[tuple[str, str]]:
    """(code, words after the name of the program) of each command in backticks; a placeholder counts as a value."""
    return [
        (code, re.sub(r"\{[^{}]*\}|<[^<>]*>", "NAME", command))
        for code, kind in CATALOGUE.items()
        for text in (kind.text, kind.meaning, kind.action)
        for command in COMMAND.findall(text.template(language))
        if "…" not in command  # whichever it may be
    ]


def fault(words: list[str]) -> str:
    """Why the parser does not take them; empty where it does."""
    context: click.Context = click.Context(group, info_name="watertower")
    command: click.Command = group
    while isinstance(command, click.Group):
        if words == ["--help"]:
            return ""
        while words and words[0].startswith("--"):
            words = words[2:]
        if not words:
            return "no command"
        found = command.get_command(context, words[0])
        if found is None:
            return f"no such command: {words[0]}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    known = {name: param for param in command.params if isinstance(param, click.Option) for name in param.opts}
    for word in words:
        if word.startswith("-") and len(word) > 1 and word.split("=")[0] not in known and word != "--help":
            return f"no such option: {word}"
    arguments = sum(isinstance(param, click.Argument) for param in command.params)
    takes_value = [word for word in words if word in known and not known[word].is_flag and not known[word].count]
    plain = [word for word in words if not word.startswith("-")]
    if not arguments and len(plain) > len(takes_value):
        return f"too many words: {plain}"
    return ""


@pytest.mark.parametrize("language", languages())
def test_every_command_in_a_text_can_be_called(language: Language) -> None:
    """A technician at night types it as it is written."""
    commands = named(language)
    assert len(commands) > 20
    wrong = [(code, command, why) for code, command in commands if (why := fault(shlex.split(command)))]
    assert wrong == []


@pytest.mark.parametrize("command", ["no-such", "status --wach", "doctor now", ""])
def test_a_command_that_is_not_there_would_be_found(command: str) -> None:
    """Its name, its option, or a word too many."""
    assert fault(shlex.split(command))
