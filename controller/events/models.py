"""An entry of the catalogue, and an event of its kind."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from controller.events.words import AsWritten, duration_words, reason_words, value_words
from controller.locale import DEFAULT, Language, template


class Level(StrEnum):
    """The severity of an event, see the rules of `controller.events`."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


SEVERITY = tuple(Level)
"""The levels from the least to the most severe."""


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence of `controller/locale`: the topic (its file) and the key, whose parts are joined by dots. `{field}` in
    it stands for a field of the event."""

    topic: str
    key: str

    def template(self, language: Language) -> str:
        """The sentence with its braces. Raises KeyError where the language does not have it."""
        return template(language, self.topic, self.key)

    def format(self, language: Language, fields: Mapping[str, object]) -> str:
        """The sentence with its fields filled in; values from outside cannot break the line."""
        return self.template(language).format_map(words_of(fields, language))


def words_of(fields: Mapping[str, object], language: Language) -> dict[str, str]:
    """Each field as text for a sentence, on one line."""
    return {key: _field_words(key, value, language) for key, value in fields.items()}


def _field_words(field: str, value: object, language: Language) -> str:
    words = value_words(field, value, language)
    return printable(words, WIDEST) if words is not None else in_language(value, language)


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long the problem that an event reports lasts; `status` shows it for that time.

    `until` names the events that end it, `about` the fields that identify the problem, which the ending event
    has too. `fine` are fields and values with which the event itself reports the end. `quiet_s` ends a problem that is
    only repeated, after this many seconds without a repetition. A `harmless` one is shown and needs nobody. One that
    is `of_gateway` is shown with its gateway, and not among the problems of the service."""

    until: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    fine: tuple[tuple[str, str], ...] = ()
    quiet_s: float | None = None
    harmless: bool = False
    of_gateway: bool = False


@dataclass(frozen=True, slots=True)
class EventKind:
    """An entry of the catalogue; its texts are those of its code in `controller/locale`.

    `lasting` is None for a moment's event. `milder` are fields and values with which the event has another level than
    usual. `level_of` is the field with the event whose level limits this one's. A `secret` event is only in the log,
    which fewer people read than the history. `notice` is the kind of notice that the event is by itself, for people
    who are not there."""

    code: str
    name: str
    level: Level
    fields: frozenset[str] = frozenset()
    lasting: Lasting | None = None
    milder: Mapping[tuple[str, str], Level] = field(default_factory=dict)
    level_of: str | None = None
    secret: bool = False
    notice: Literal["lamp_tests"] | None = None

    @property
    def text(self) -> Text:
        """The event in one line."""
        return self._text("text")

    @property
    def meaning(self) -> Text:
        """What the code means."""
        return self._text("meaning")

    @property
    def action(self) -> Text:
        """What to do about it."""
        return self._text("action")

    def _text(self, part: str) -> Text:
        return Text(f"events/{self.code[4]}", f"{self.code}.{part}")


class Localized(ABC):
    """A field with a text in each language."""

    __slots__ = ()

    @abstractmethod
    def text(self, language: Language) -> str:
        """The text of the field."""

    def __str__(self) -> str:
        return self.text(DEFAULT)


@dataclass(frozen=True, slots=True)
class EndedTrouble:
    """The problem that an event ends: the code that reported it, and how long it lasted."""

    code: str
    lasted_s: float

    def text(self, language: Language) -> str:
        """The addition to the text of the event."""
        lasted = duration_words(self.lasted_s, language)
        return template(language, "values", "lasted").format_map({"code": self.code, "lasted": lasted})


@dataclass(frozen=True, slots=True)
class Event(Localized):
    """An event: its kind and its fields."""

    kind: EventKind
    fields: Mapping[str, object] = field(default_factory=dict)
    part: Localized | None = None
    """The part of the program that the event is about, if that is not among the fields."""
    ended: EndedTrouble | None = None
    is_grouped: bool = False
    """Whether another event reports it together with others: it is kept in the history and counted, but not logged."""
    each: Mapping[str, str] | None = None
    """For an event of many gateways at one instant: each gateway with the id of its command. The other fields are the
    same for all; `gateway` and `command_id` are those of one of them."""

    @property
    def code(self) -> str:
        """The stable code, as `TWL-G101`."""
        return self.kind.code

    @property
    def level(self) -> Level:
        """The severity, which may depend on the fields."""
        if self.is_grouped:
            return Level.DEBUG
        milder, level = self.kind.milder, self.kind.level
        if milder:
            values = ((name, str(value)) for name, value in self.fields.items())
            level = next((milder[each] for each in values if each in milder), level)
        other = self.fields.get(self.kind.level_of) if self.kind.level_of is not None else None
        return min(level, other.level, key=SEVERITY.index) if isinstance(other, Event) else level

    @property
    def count(self) -> int:
        """Number of gateways that the event is about."""
        return 1 if self.each is None else len(self.each)

    def singly(self) -> "Iterator[Event]":
        """The event of each gateway by itself."""
        if self.each is None:
            yield self
        else:
            yield from (self.only({gateway: command_id}) for gateway, command_id in self.each.items())

    def only(self, each: Mapping[str, str]) -> "Event":
        """The event of these of its gateways only, each with its command."""
        gateway, command_id = next(iter(each.items()))
        fields = {**self.fields, "gateway": gateway, "command_id": command_id}
        return replace(self, fields=fields, each=each if len(each) > 1 else None)

    def text(self, language: Language) -> str:
        """The event in one line, with the part of the program, and the problem that it ends."""
        text = self.kind.text.format(language, self.fields)
        text = text if self.ended is None else f"{text} {self.ended.text(language)}"
        if self.part is not None:
            return f"{self.part.text(language)}: {text}"
        return AsWritten(text) if self.kind.text.template(language).startswith("{") else text

    def of(self, part: Localized) -> "Event":
        """The event of one part of the program: each part has a connection of its own."""
        return replace(self, part=part)

    def action(self, language: Language) -> str:
        """What to do about it."""
        return self.kind.action.format(language, self.fields)


@dataclass(frozen=True, slots=True)
class Phrase(Localized):
    """A sentence with its fields, as a field of an event."""

    sentence: Text
    fields: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        return self.sentence.format(language, self.fields)


@dataclass(frozen=True, slots=True)
class InEachLanguage(Localized):
    """A field with a text in some languages; readers of others get that of DEFAULT."""

    words: Mapping[Language, str]

    def text(self, language: Language) -> str:
        return self.words.get(language) or self.words.get(DEFAULT, "")


@dataclass(frozen=True, slots=True)
class Advice(Localized):
    """A field that gives a problem and its cure, as another event does."""

    event: Event

    def text(self, language: Language) -> str:
        """Code, text and cure, in one sentence."""
        cure = self.event.action(language)
        return f"{self.event.code}: {self.event.text(language)}; {cure[:1].lower()}{cure[1:]}"


@dataclass(frozen=True, slots=True)
class Reason(Localized):
    """The reason of a failure, as a field of an event: a code of `reasons.toml` and the fields of its sentence."""

    code: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def at(self, place: str) -> "Reason":
        """The reason with the name of the file or key that it is about."""
        return replace(self, fields={**self.fields, "place": place})

    @property
    def value(self) -> dict[str, object]:
        """For documents: `{"code", …}`."""
        return {"code": self.code, **self.fields}

    def text(self, language: Language) -> str:
        return reason_words(self.code, self.fields, language)


WIDEST = 500
"""Longest text of a value with several parts."""


def in_language(value: object, language: Language) -> str:
    """A field as text: the text of an event, that of a localized value, else the value itself."""
    if isinstance(value, Event):
        return value.text(language)
    text = printable(value.text(language) if isinstance(value, Localized) else value)
    return text.replace(".", template(language, "values", "decimal_mark")) if isinstance(value, float) else text


PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
"""Allowed characters of a name: none that breaks a line, controls a terminal or changes the direction of writing."""


def plain_value(value: object) -> object:
    """A field for a document: values and codes; the English text of a localized value. JSON has neither NaN nor
    infinity."""
    if isinstance(value, Event | Advice):
        event = value.event if isinstance(value, Advice) else value
        return {"code": event.code, "fields": {name: plain_value(each) for name, each in event.fields.items()}}
    if isinstance(value, Reason):
        return plain_value(value.value)
    if isinstance(value, Mapping):
        return {printable(name): plain_value(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(each) for each in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return in_language(value, DEFAULT)


def printable(value: object, limit: int = 200) -> str:
    """A value as text that stays on its line: control and direction characters are written as escapes."""
    text = str(value) if not isinstance(value, float) else f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
