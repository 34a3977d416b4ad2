"""Rows of the history, as values and as the columns of its tables: events, changes of light, minutes."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from controller.events import CATALOGUE, Event, EventKind, Level
from controller.events.models import Advice, EndedTrouble, InEachLanguage, Localized, Reason, in_language, printable
from controller.locale import DEFAULT, Language, languages
from controller.rfc3339 import parse_rfc3339

LONGEST_FIELDS = 4000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
EACH = '"each": {'
"""Start of the last field of a row about many gateways, which holds these gateways."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as the history stores it: `fields` is JSON text, cut as in a log line. One row may stand for many
    gateways (`Event.each`); readers of the history get one event for each."""

    at: datetime
    code: str
    level: Level
    fields: str

    @property
    def event(self) -> Event:
        """The event with its texts; an event unknown to this version shows its bare fields."""
        return _event_of(self.code, self.level, json.loads(self.fields))

    def row(self) -> tuple[object, ...]:
        """The columns after `id`."""
        return stamp(self.at), self.code, self.level.value, self.fields

    def singly(self) -> "Iterator[RecordedEvent]":
        """One event for each gateway of the row."""
        fields = json.loads(self.fields) if EACH in self.fields else {}
        each = fields.pop("each", None)
        if each is None:
            yield self
            return
        for gateway, command_id in each.items():
            yield replace(self, fields=_as_json(fields | {"gateway": gateway, "command_id": command_id}))

    def is_of(self, command_id: str | None, gateway: str | None = None) -> bool:
        """Whether it belongs to a command whose id begins with `command_id`. Without `command_id`: whether a log shows
        it; the log of one `gateway` also shows events that were emitted for several together."""
        if command_id is None:
            kind = CATALOGUE.get(self.code) if gateway is not None else None
            return self.level is not Level.DEBUG or (kind is not None and kind.level is not Level.DEBUG)
        return f'"command_id": {json.dumps(command_id)[:-1]}' in self.fields

    def is_about(self, gateway: str) -> bool:
        """Whether the event is about this gateway, names it among others, or is about its own connection."""
        event = self.event
        among = str(event.fields.get("gateways", "")).split(", ")
        return gateway in {event.fields.get("gateway"), *among} or (
            event.part is not None and gateway in event.part.text(DEFAULT).split()
        )


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Selects events: with a code, of these levels, from `since` on and before `until`, about a gateway. A field that
    is None selects all."""

    levels: tuple[Level, ...] = tuple(Level)
    code: str | None = None
    gateway: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def where(self) -> tuple[str, tuple[object, ...]]:
        """A condition in SQL with its parameters; it may let through more gateways than the chosen one."""
        parts: list[tuple[str, object]] = [("level = ?", level.value) for level in self.levels]
        levels = f"({' OR '.join(part for part, _ in parts) or '1 = 0'})"
        more = (
            ("code = ?", self.code),
            ("fields LIKE ? ESCAPE '!'", _containing(self.gateway)),
            ("at >= ?", stamp(self.since) if self.since is not None else None),
            ("at < ?", stamp(self.until) if self.until is not None else None),
        )
        chosen = [(part, value) for part, value in more if value is not None]
        condition = " AND ".join((levels, *(part for part, _ in chosen)))
        return condition, tuple(value for _, value in (*parts, *chosen))


@dataclass(frozen=True, slots=True)
class LightChange:
    """From `at` on a zone should show `look` because of `rule`; both are JSON objects of the controller."""

    at: datetime
    zone: str
    look: Mapping[str, object]
    rule: Mapping[str, object]

    def row(self) -> tuple[object, ...]:
        """The columns after `id`."""
        return stamp(self.at), self.zone, json.dumps(self.look), json.dumps(self.rule)


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of one zone: `night` is named after its evening, `at` is the start of the minute in UTC.

    `planned`: whether light was meant; `confirmed_s`: seconds for which the desired look was confirmed; `measured_s`:
    seconds for which a meter measured light, None without a meter that can.
    """

    night: date
    zone: str
    at: datetime
    planned: bool
    confirmed_s: float
    measured_s: float | None = None

    def row(self) -> tuple[object, ...]:
        """The columns after `id`."""
        night, confirmed_s = self.night.isoformat(), float(self.confirmed_s)
        return (self.at - EPOCH) // A_MINUTE, self.zone, night, int(self.planned), confirmed_s, self.measured_s


Row = RecordedEvent | LightChange | Minute


@dataclass(frozen=True, slots=True)
class _UnknownEvent(Event):
    """An event of another version, which had other fields or another code."""

    def text(self, language: Language) -> str:
        """The bare fields."""
        return ", ".join(f"{name}={in_language(value, language)}" for name, value in self.fields.items())

    def action(self, language: Language) -> str:
        """The same: only its fields are known."""
        return self.text(language)


_as_json = json.JSONEncoder(default=str).encode  # `json.dumps` makes an encoder each time


def recorded(event: Event, at: datetime) -> RecordedEvent:
    """The event as it is stored: its fields are copied, and cut to the length that a log line shows."""
    text = _as_json(_stored_fields(event))
    if len(text) > LONGEST_FIELDS:
        text = _as_json(_stored_fields(event, LONGEST_FIELDS))
    if event.each is not None:
        text = f"{text[:-1]}, {EACH}{_as_json(event.each)[1:]}}}"
    return RecordedEvent(at.astimezone(UTC), event.code, event.level, text)


def _stored_fields(event: Event, longest: float = math.inf) -> dict[str, object]:
    fields = {name: _stored_field(value, longest) for name, value in event.fields.items()}
    part = {} if event.part is None else {"whose": _stored_field(event.part, longest)}
    return fields | part | ({} if event.ended is None else {"ended": [event.ended.code, event.ended.lasted_s]})


def stamp(at: datetime) -> str:
    """An instant as text that sorts like the instants, also among rows of earlier versions."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _stored_field(value: object, longest: float) -> object:
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, dict | list | tuple):
        fits = longest == math.inf or len(_as_json(value)) <= longest
        return value if fits else printable(value)
    return printable(value) if isinstance(value, str) else _stored_words(value, longest)


def _stored_words(value: object, longest: float) -> object:
    """The parts from which a text can be made again."""
    if isinstance(value, Event | Advice):
        event = value.event if isinstance(value, Advice) else value
        name = "advice" if isinstance(value, Advice) else "event"
        return {name: {"code": event.code, "level": event.level.value, "fields": _stored_fields(event, longest)}}
    if isinstance(value, Reason):
        return value.value
    if isinstance(value, Localized):
        return {"said": {language: in_language(value, language) for language in languages()}}
    return printable(value)


def _read_field(value: object) -> object:
    match value:
        case {"said": dict(words)}:
            return InEachLanguage({language: str(text) for language, text in words.items()})
        case {"advice": {"code": str(code), "level": str(level), "fields": dict(fields)}}:
            return Advice(_event_of(code, Level(level), fields))
        case {"event": {"code": str(code), "level": str(level), "fields": dict(fields)}}:
            return _event_of(code, Level(level), fields)
    return value


def _event_of(code: str, level: Level, stored: Mapping[str, object]) -> Event:
    fields = {name: _read_field(value) for name, value in stored.items()}
    part, ended = fields.pop("whose", None), _read_ended(fields.pop("ended", None))
    kind = CATALOGUE.get(code)
    if kind is not None and "command_id" in kind.fields:
        fields.setdefault("command_id", "–")  # earlier versions had this field in few events
    if kind is None or not kind.fields <= fields.keys():
        named = {name: value for name, value in fields.items() if name.isidentifier()}
        return _UnknownEvent(EventKind(code, "unknown", level), named)
    return Event(kind, fields, part if isinstance(part, InEachLanguage) else None, ended)


def _read_ended(value: object) -> EndedTrouble | None:
    match value:
        case [str(code), int() | float() as lasted_s]:
            return EndedTrouble(code, lasted_s)
    return None


def event_of_row(at: str, code: str, level: str, fields: str) -> RecordedEvent:
    """An event by its columns; raises ValueError or TypeError."""
    found = json.loads(fields)
    if not isinstance(found, dict) or not isinstance(found.get("each", {}), dict):
        raise TypeError(f"events: {fields[:50]}")
    return RecordedEvent(parse_rfc3339(at), code, Level(level), fields)


def light_of_row(at: str, zone: str, look: str, rule: str) -> LightChange:
    """A change of light by its columns."""
    return LightChange(parse_rfc3339(at), zone, json.loads(look), json.loads(rule))


def minute_of_row(
    minute: int, zone: str, night: str, planned: int, confirmed_s: float, measured_s: float | None
) -> Minute:
    """A minute by its columns."""
    return Minute(date.fromisoformat(night), zone, EPOCH + minute * A_MINUTE, bool(planned), confirmed_s, measured_s)


def _containing(text: str | None) -> str | None:
    """A pattern for LIKE that matches anything with this text in it."""
    return None if text is None else "%" + re.sub("[!%_]", r"!\g<0>", text) + "%"
