"""How one event looks in a log: a line for people, or one JSON object for machines. Nothing can forge a line."""

import json
import math
from collections.abc import Mapping
from datetime import datetime, tzinfo

from controller.events.models import Advice, Event, Level, in_language
from controller.locale import DEFAULT, Language
from controller.rfc3339 import rfc3339

PRIORITY: Mapping[Level, int] = {Level.DEBUG: 7, Level.INFO: 6, Level.WARNING: 4, Level.ERROR: 3}
"""sd-daemon(3): journald reads `<n>` at the start of a line as its priority."""


def text_line(event: Event, at: datetime, zone: tzinfo, language: Language) -> str:
    """`2026-11-20 15:41:00 INFO    TWL-G101 mast confirms …`, in the site's own time."""
    local = at.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {event.level.upper():7} {event.code} {event.text(language)}"


FRAME = frozenset({"version", "at", "level", "event", "code", "text", "whose"})
"""What every document says; a field of the same name stands in the text alone."""


CAUSE = "_event"
"""After the name of a field that tells another event: its code and fields, for whoever speaks another language."""


def document(event: Event, at: datetime, language: Language) -> dict[str, object]:
    """The event as a JSON object; also what goes out on `<prefix>/controller/event`."""
    return {
        "version": 1,
        "at": rfc3339(at, timespec="microseconds"),
        "level": event.level.value,
        "event": event.kind.name,
        "code": event.code,
        "text": event.text(language),
        **({"whose": event.whose.said(DEFAULT)} if event.whose is not None else {}),
        **{key: _plain(value, language) for key, value in event.fields.items() if key not in FRAME},
        **{f"{key}{CAUSE}": _cause(value) for key, value in event.fields.items() if isinstance(value, Event | Advice)},
    }


def json_line(event: Event, at: datetime, language: Language) -> str:
    """The document on one line."""
    return json_text(document(event, at, language))


def json_text(value: object, indent: int | None = None) -> str:
    """A value as JSON that steers no terminal: JSON by itself escapes only the control characters below U+0020, not
    U+009B, which is an escape sequence of its own, nor what turns the direction of writing."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def _cause(value: Event | Advice) -> dict[str, object]:
    event = value.event if isinstance(value, Advice) else value
    return {"code": event.code, "fields": {key: _plain(field, DEFAULT) for key, field in event.fields.items()}}


def _plain(value: object, language: Language) -> object:
    """As JSON can say it, which knows neither NaN nor infinity."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return in_language(value, language)
