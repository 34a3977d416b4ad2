"""Help and refusals of the command line in the user's language, where click by itself speaks English."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from controller.errors import Refused
from controller.likeness import likeliest
from controller.locale import Language, help_words, languages

ASKED = re.compile(r"--lang=(?P<code>.+)")
EXTRA = re.compile(r"(?P<text>.*?) *(?:\[(?P<extra>[^\]]*)\])?$", re.DOTALL)
TOO_MUCH = re.compile(r".*\((?P<words>.*)\)")
NO_VALUE = "does not take a value"
"""What click says of `--json=yes`, with the same kind of error as for a value that is missing."""


def language_asked(words: Sequence[str]) -> Language | None:
    """What `--lang` says anywhere in a command line; known before the line is understood."""
    found = [
        ASKED.fullmatch(f"--lang={word}" if before == "--lang" else word)
        for before, word in zip(["", *words], words, strict=False)
    ]
    asked = [match["code"] for match in found if match and match["code"] in languages()]
    return asked[-1] if asked else None


class Formatter(click.HelpFormatter):
    """Writes help in the language of `say`; every phrase of it has its translation in `locale`."""

    say: Callable[[str], str] = str

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:  # noqa: ARG002
        """`Usage: watertower check [OPTIONS]`."""
        words = {word: self.say(word) for word in ("[OPTIONS]", "COMMAND [ARGS]...")}
        for word, said in words.items():
            args = args.replace(word, said)
        super().write_usage(prog, args, f"{self.say('Usage')}: ")

    def write_heading(self, heading: str) -> None:
        """`Options:`."""
        super().write_heading(self.say(heading))

    def write_text(self, text: str) -> None:
        """What a command does."""
        super().write_text(self.say(" ".join(text.split())))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options and commands, each with what it does."""
        super().write_dl([(name, self._row(text)) for name, text in rows], col_max, col_spacing)

    def _row(self, row: str) -> str:
        found = EXTRA.fullmatch(row)
        text, extra = (found["text"], found["extra"]) if found else (row, None)
        said = self.say(" ".join(text.split())) if text else ""
        if extra is None:
            return said
        word, colon, value = extra.partition(":")
        return f"{said} [{self.say(word) if word.isalpha() else word}{colon}{value}]".strip()


class SpokenContext(click.Context):
    """Makes its help with Formatter."""

    def make_formatter(self) -> click.HelpFormatter:
        """In the language of the command line."""
        formatter = Formatter(width=self.terminal_width, max_width=self.max_content_width)
        formatter.say = help_words(self.find_root().obj.language)
        return formatter


def refusal(error: click.UsageError) -> Refused:
    """What is wrong with a command line, as an entry of the catalogue."""
    command = error.ctx.command_path if error.ctx else "watertower"
    if isinstance(error, click.NoSuchOption):
        options = [name for param in error.ctx.command.params for name in param.opts] if error.ctx else []
        return unknown(error.option_name, options, command)
    if isinstance(error, click.BadOptionUsage) and NO_VALUE in error.message:
        return Refused("TWL-Q116", word=error.option_name)
    if isinstance(error, click.MissingParameter | click.BadOptionUsage):
        return Refused("TWL-Q112", word=_word(error), command=command)
    if isinstance(error, click.BadParameter):
        return Refused("TWL-Q113", word=_word(error), allowed=_allowed(error))
    found = TOO_MUCH.match(error.message)
    return Refused("TWL-Q114", words=found["words"] if found else error.message, command=command)


def unknown(word: str, known: Sequence[str], command: str) -> Refused:
    """A word that is neither command nor option, with the one that was meant where there is a near one."""
    near = likeliest(word, dict(zip(known, known, strict=True)))
    if near:
        return Refused("TWL-Q110", word=word, near=near)
    return Refused("TWL-Q111", word=word, command=command)


def _word(error: click.BadParameter | click.BadOptionUsage) -> str:
    if isinstance(error, click.BadOptionUsage):
        return error.option_name
    param = error.param
    if isinstance(param, click.Argument):
        return param.make_metavar(error.ctx) if error.ctx else param.human_readable_name
    return param.opts[0] if param else "?"


def _allowed(error: click.BadParameter) -> str:
    kind: Any = error.param.type if error.param else None
    if isinstance(kind, click.Choice):
        return ", ".join(str(choice) for choice in kind.choices)
    if isinstance(kind, click.IntRange | click.FloatRange):
        return f"{kind.min} … {kind.max or ''}".strip()
    return "0, 1, 2, …" if kind is click.INT else error.message
