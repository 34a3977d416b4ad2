"""Help and error messages of the command line in the user's language, as click itself has only English."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import click

from controller.errors import Refused
from controller.likeness import likeliest
from controller.locale import DEFAULT, Language, languages, template, texts

LANG_OPTION = re.compile(r"--lang=(?P<code>.+)")
EXTRA = re.compile(r"\[[^\]]*\]$")
"""What click adds to the help of an option: `[default: 0; required]`."""
UNEXPECTED = re.compile(r".*\((?P<words>.*)\)")
NO_VALUE = "does not take a value"
"""Part of click's message about `--json=yes`, for which it raises the same error as for a missing value."""


def requested_language(words: Sequence[str]) -> Language | None:
    """The value of `--lang` anywhere in a command line, needed before click has parsed it."""
    found = [
        LANG_OPTION.fullmatch(f"--lang={word}" if before == "--lang" else word)
        for before, word in zip(["", *words], words, strict=False)
    ]
    asked = [match["code"] for match in found if match and match["code"] in languages()]
    return asked[-1] if asked else None


class TranslatedFormatter(click.HelpFormatter):
    """Writes the words that click itself adds to the help, in `language`."""

    language: Language = DEFAULT

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:  # noqa: ARG002
        """`Usage: watertower check [OPTIONS]`."""
        super().write_usage(prog, args, f"{self._around('usage')}: ")

    def write_heading(self, heading: str) -> None:
        """`Options:`."""
        super().write_heading(self._around(heading.lower()))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options and commands, each with its description."""
        super().write_dl([(name, EXTRA.sub(self._extra, text)) for name, text in rows], col_max, col_spacing)

    def _extra(self, found: re.Match[str]) -> str:
        return re.sub(r"\b(default|required)\b", lambda word: self._around(word[0]), found[0])

    def _around(self, key: str) -> str:
        return template(self.language, "help", f"around.{key}")


class TranslatedContext(click.Context):
    """Shows help and usage in the user's language."""

    def __init__(self, command: click.Command, parent: click.Context | None = None, *rest: Any, **more: Any) -> None:
        super().__init__(command, parent, *rest, **more)
        if self.resilient_parsing:  # a shell completes the command line, and some shells show the help of each option
            translate(command, self)

    def make_formatter(self) -> click.HelpFormatter:
        """Called by click before it writes help or usage: the texts are only read here, which takes milliseconds."""
        translate(self.command, self)
        formatter = TranslatedFormatter(width=self.terminal_width, max_width=self.max_content_width)
        formatter.language = self.find_root().obj.language
        return formatter


def translate(command: click.Command, context: click.Context) -> None:
    """Gives a command the help texts of the user's language. Raises KeyError if one is missing."""
    tables = texts(context.find_root().obj.language, "help")
    own = tables[str(command.name)]
    command.help = f"{own['about']} {own.get('more', '')}".strip()
    command.options_metavar = tables["around"]["options_given"]
    if isinstance(command, click.Group):
        command.subcommand_metavar = tables["around"]["command_given"]
    for param in command.get_params(context):
        if isinstance(param, click.Option):
            name = max(param.opts, key=len).removeprefix("--")  # in either order, by the version of click
            param.help = own.get(name) or tables["option"][name]
        if isinstance(param.type, click.Choice):
            continue  # the choices themselves are shown
        if isinstance(param, click.Argument):
            word = tables["argument"][str(param.name)]
            param.metavar = (word if param.required else f"[{word}]") + ("..." if param.nargs != 1 else "")
        else:
            param.metavar = tables["value"].get(param.type.name.split()[0])  # "integer range" is an integer


def refusal(error: click.UsageError) -> Refused:
    """Our error for an error of click."""
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
    found = UNEXPECTED.match(error.message)
    return Refused("TWL-Q114", words=found["words"] if found else error.message, command=command)


def unknown(word: str, known: Sequence[str], command: str) -> Refused:
    """The error about a word that is neither command nor option, with the most likely one as a suggestion."""
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
