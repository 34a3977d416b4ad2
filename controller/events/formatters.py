"""An event in a log: a line for people, or one JSON object for machines. Nothing can forge a line."""

import json
from datetime import datetime, tzinfo

from controller.events.models import Event, plain_value, printable
from controller.locale import DEFAULT, Language
from controller.rfc3339 import rfc3339


def text_line(event: Event, at: datetime, zone: tzinfo, language: Language, site: str = "") -> str:
    """`2026-11-20 15:41:00 INFO    TWL-G101 mast confirms … [1795180000.7]`, in the site's own time; at the end the id
    of the command it is about. With several sites the name of the site comes before the text: `north: mast confirms
    …`."""
    local = at.astimezone(zone)
    command = event.fields.get("command_id", "–")
    about = "" if command == "–" else f" [{printable(command)}]"
    of_site = f"{site}: " if site else ""
    return f"{local:%Y-%m-%d %H:%M:%S} {event.level.upper():7} {event.code} {of_site}{event.text(language)}{about}"


FRAME = frozenset({"version", "at", "level", "event", "code", "text", "whose", "ended"})
"""The keys of every document; a field of the same name is only in the text."""


def document(event: Event, at: datetime, language: Language, site: str = "") -> dict[str, object]:
    """The event as a JSON object with its fields as values; also published on `<prefix>/controller/event`. `text` is
    as in the log, `site` is the name of one of several sites."""
    of_site = {"site": site} if site else {}
    return {
        "version": 1,
        "at": rfc3339(at, timespec="microseconds"),
        "level": event.level.value,
        "event": event.kind.name,
        "code": event.code,
        "text": event.text(language),
        **({"whose": event.part.text(DEFAULT)} if event.part is not None else {}),
        **({"ended": event.ended.code, "lasted_s": event.ended.lasted_s} if event.ended is not None else {}),
        **{key: plain_value(value) for key, value in event.fields.items() if key not in FRAME},
        **of_site,
    }


def json_line(event: Event, at: datetime, language: Language, site: str = "") -> str:
    """The document on one line."""
    return json_text(document(event, at, language, site))


def json_text(value: object, indent: int | None = None) -> str:
    """A value as JSON without control characters for a terminal: JSON by itself escapes only those below U+0020, not
    U+009B, which starts an escape sequence, nor those that change the direction of writing."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)
