"""`watertower explain CODE`: what an event or error means and what to do, from the catalogue."""

import click

from controller.cli.options import Options, common
from controller.errors import Refused
from controller.events import CATALOGUE, EventKind
from controller.events.formatters import json_text
from controller.locale import languages


@click.command("explain")
@click.argument("code", required=False)
@click.option("--json", "as_json", is_flag=True)
@common
def command(options: Options, code: str | None, as_json: bool) -> None:
    """What CODE means and what to do; without a code, all of them."""
    if code is None:
        kinds = sorted(CATALOGUE.values(), key=lambda kind: kind.code)
        rows = (f"{kind.code}  {kind.level:7}  {kind.text.template(options.language)}" for kind in kinds)
        every = {"version": 1, "codes": [_document(kind) for kind in kinds], "language": options.language}
        click.echo(json_text(every, indent=2) if as_json else "\n".join(rows))
        return
    kind = find_kind(code)
    one = {"version": 1, **_document(kind), "language": options.language}
    click.echo(json_text(one, indent=2) if as_json else _page(kind, options))


def find_kind(code: str) -> EventKind:
    """The entry of a code, however it is written; raises Refused TWL-Q104."""
    wanted = code.strip().upper()
    wanted = wanted if wanted.startswith("TWL-") else f"TWL-{wanted}"
    if wanted not in CATALOGUE:
        raise Refused("TWL-Q104", asked=code)
    return CATALOGUE[wanted]


def _page(kind: EventKind, options: Options) -> str:
    say, language = options.say, options.language
    rows = (
        (say("explain.text"), kind.text.template(language)),
        (say("explain.meaning"), kind.meaning.template(language)),
        (say("explain.action"), kind.action.template(language)),
        (say("explain.fields"), ", ".join(sorted(kind.fields)) or "–"),
    )
    head = f"{kind.code}  {kind.name}  ({kind.level})"
    return "\n".join((head, *(f"  {name + ':':11} {text}" for name, text in rows)))


def _document(kind: EventKind) -> dict[str, object]:
    texts = {"text": kind.text, "meaning": kind.meaning, "action": kind.action}
    return {
        "code": kind.code,
        "event": kind.name,
        "level": kind.level.value,
        "fields": sorted(kind.fields),
        **{name: {each: text.template(each) for each in languages()} for name, text in texts.items()},
    }
