"""Events in the journal of systemd: the fields of an entry, and the catalogue for `journalctl -x`."""

import uuid
from collections.abc import Iterable, Mapping
from string import Formatter

from controller.events import CATALOGUE
from controller.events.models import Event, EventKind, Level, words_of
from controller.locale import Language

PRIORITY: Mapping[Level, int] = {Level.DEBUG: 7, Level.INFO: 6, Level.WARNING: 4, Level.ERROR: 3}
"""As in syslog."""
OURS = uuid.UUID("7f0f5a52-6f0b-4b0e-9a39-5c4f3f0f2a11")
"""Namespace of the message ids, which are derived from the code and never change."""
RUNBOOK = "file:/opt/watertower/current/deploy/RUNBOOK.md"


def message_id(code: str) -> str:
    """The id of the message kind in journald: 32 hexadecimal digits."""
    return uuid.uuid5(OURS, code).hex


def entry(event: Event, line: str, language: Language, site: str = "") -> str:
    """An event in the native protocol of journald (a field a line). `WATERTOWER_CODE` and `WATERTOWER_EVENT` name the
    event, `WATERTOWER_<FIELD>` is each field as text in this language, `WATERTOWER_SITE` the name of one of several
    sites."""
    fields = {
        "MESSAGE": line,
        "MESSAGE_ID": message_id(event.code),
        "PRIORITY": PRIORITY[event.level],
        "SYSLOG_IDENTIFIER": "watertower",
        "WATERTOWER_CODE": event.code,
        "WATERTOWER_EVENT": event.kind.name,
        **{_field(name): words for name, words in words_of(event.fields, language).items()},
        **({"WATERTOWER_SITE": site} if site else {}),
        **({"WATERTOWER_LASTED_S": event.ended.lasted_s} if event.ended is not None else {}),
    }
    return "".join(f"{name}={value}\n" for name, value in fields.items())


def catalogue(language: Language) -> str:
    """The explanations that `journalctl -x` shows below each message, as a file for `journalctl --update-catalog`."""
    return "\n".join(_explained(CATALOGUE[code], language) for code in sorted(CATALOGUE))


def _explained(kind: EventKind, language: Language) -> str:
    text, meaning, action = (each.template(language) for each in (kind.text, kind.meaning, kind.action))
    head = (f"-- {message_id(kind.code)}", f"Subject: {kind.code}: {text}", "Defined-By: watertower")
    lines = (*head, f"Documentation: {RUNBOOK}#{kind.code.lower()}", "", meaning, "", action, "")
    return "\n".join(_with_fields(lines))


def _with_fields(lines: Iterable[str]) -> Iterable[str]:
    """With the fields of the journal in place of ours: `{gateway}` becomes `@WATERTOWER_GATEWAY@`."""
    for line in lines:
        parts = Formatter().parse(line)
        yield "".join(text + (f"@{_field(name)}@" if name else "") for text, name, _, _ in parts)


def _field(name: str) -> str:
    return f"WATERTOWER_{name.upper()}"
