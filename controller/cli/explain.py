"""`watertower explain CODE`: what an event or error means and what to do, from the catalogue. Also generates the
runbook and the catalogue of the journal."""

import re
from collections.abc import Iterator
from itertools import groupby

import click

from controller.cli.options import Options, common, for_service
from controller.errors import Refused
from controller.events import CATALOGUE, EventKind
from controller.events.formatters import json_text
from controller.events.journal import catalogue
from controller.locale import languages, phrase, template


@click.command("explain")
@click.argument("code", required=False)
@click.option("--json", "as_json", is_flag=True)
@click.option("--markdown", is_flag=True)
@click.option("--journal", is_flag=True)
@common
@for_service
def command(options: Options, code: str | None, as_json: bool, markdown: bool, journal: bool) -> None:
    """What CODE means and what to do; without a code, a list of all."""
    if markdown or journal:
        click.echo("\n".join(_runbook()) if markdown else catalogue(options.language))
    elif code is None:
        _list(options, as_json=as_json)
    else:
        kind = find_kind(code)
        one = {"version": 1, **_document(kind), "language": options.language}
        click.echo(json_text(one, indent=2) if as_json else _page(kind, options))


def _list(options: Options, *, as_json: bool) -> None:
    kinds = sorted(CATALOGUE.values(), key=lambda kind: kind.code)
    rows = (f"{kind.code}  {kind.level:7}  {kind.text.template(options.language)}" for kind in kinds)
    every = {"version": 1, "codes": [_document(kind) for kind in kinds], "language": options.language}
    click.echo(json_text(every, indent=2) if as_json else "\n".join(rows))


def find_kind(code: str) -> EventKind:
    """The entry of a code, in any spelling; raises Refused TWL-Q104."""
    wanted = code.strip().upper()
    wanted = wanted if wanted.startswith("TWL-") else f"TWL-{wanted}"
    if wanted not in CATALOGUE:
        raise Refused("TWL-Q104", asked=code)
    return CATALOGUE[wanted]


def _page(kind: EventKind, options: Options) -> str:
    text, language = options.text, options.language
    rows = (
        (text("explain.text"), _to_read(kind.text.template(language))),
        (text("explain.meaning"), _to_read(kind.meaning.template(language))),
        (text("explain.action"), _to_read(kind.action.template(language))),
        (text("explain.fields"), ", ".join(sorted(kind.fields)) or "–"),
    )
    head = f"{kind.code}  {kind.name}  ({kind.level})"
    return "\n".join((head, *(f"  {name + ':':11} {text}" for name, text in rows)))


def _to_read(template: str) -> str:
    """Braces as they are to be typed: a template doubles those of the text itself."""
    return template.replace("{{", "{").replace("}}", "}")


def _document(kind: EventKind) -> dict[str, object]:
    texts = {"text": kind.text, "meaning": kind.meaning, "action": kind.action}
    return {
        "code": kind.code,
        "event": kind.name,
        "level": kind.level.value,
        "fields": sorted(kind.fields),
        **{name: {each: text.template(each) for each in languages()} for name, text in texts.items()},
    }


# The runbook


NATIVE_FIRST = tuple(sorted(languages(), reverse=True))
"""People who are called at night read Swedish first."""
CODE_SPAN = re.compile(r"(`[^`]*`)")


def _runbook() -> Iterator[str]:
    """Every code in every language, as Markdown with an anchor for each code."""
    yield f"# {' / '.join(phrase(each, 'explain.runbook') for each in NATIVE_FIRST)}"
    yield from (f"\n{phrase(each, 'explain.about')}" for each in NATIVE_FIRST)
    yield ""
    by_letter = [(_letter(letter), list(codes)) for letter, codes in groupby(sorted(CATALOGUE), lambda code: code[4])]
    yield from (f"- [{title}](#{codes[0].lower()})" for title, codes in by_letter)
    for title, codes in by_letter:
        yield f"\n## {title}"
        for code in codes:
            yield from _entry(CATALOGUE[code])


def _letter(letter: str) -> str:
    return f"{letter}: {' / '.join(phrase(each, f'explain.letter.{letter}') for each in NATIVE_FIRST)}"


def _entry(kind: EventKind) -> Iterator[str]:
    yield f"\n### {kind.code}\n"
    yield f"`{kind.name}`: {' / '.join(template(each, 'findings', f'levels.{kind.level}') for each in NATIVE_FIRST)}"
    for language in NATIVE_FIRST:
        text, meaning, action = (_plain(each.template(language)) for each in (kind.text, kind.meaning, kind.action))
        yield f"\n{language}: **{text}**<br>"
        yield f"{phrase(language, 'explain.meaning')}: {meaning}<br>"
        yield f"{phrase(language, 'explain.action')}: {action}"


def _plain(text: str) -> str:
    """Escapes what Markdown would take for a tag or for emphasis, outside of code."""
    parts = CODE_SPAN.split(_to_read(text))
    return "".join(part if part.startswith("`") else re.sub(r"[<*\\]", r"\\\g<0>", part) for part in parts)
