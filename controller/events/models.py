"""What an entry of the catalogue is, and one event of its kind."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from controller.events.words import AsWritten, duration_words, reason_words, value_words
from controller.locale import DEFAULT, Language, template


class Level(StrEnum):
    """How much it matters, see the rules of `controller.events`."""

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
        """The sentence with its fields filled in; what comes from outside cannot break the line."""
        return self.template(language).format_map(words_of(fields, language))


def words_of(fields: Mapping[str, object], language: Language) -> dict[str, str]:
    """Each field as sentences say it, on one line."""
    return {key: _field_words(key, value, language) for key, value in fields.items()}


def _field_words(field: str, value: object, language: Language) -> str:
    words = value_words(field, value, language)
    return printable(words, WIDEST) if words is not None else in_language(value, language)


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long what an event tells of goes on; `status` shows it for so long.

    `until` names the events that end it, `about` the fields by which one is told from another, which the ending event
    carries too. `fine` are fields and values with which the event itself says that it is over. `quiet_s` ends what only
    happens again and again, once it has not for so long. What is `harmless` is shown and asks for nobody.
    What is `of_gateway` is shown with its gateway, and not among what is wrong with the service.
    """

    until: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    fine: tuple[tuple[str, str], ...] = ()
    quiet_s: float | None = None
    harmless: bool = False
    of_gateway: bool = False


@dataclass(frozen=True, slots=True)
class EventKind:
    """An entry of the catalogue; its texts are those of its code in `controller/locale`.

    `lasting` is None for what is over in a moment. `milder` are fields and values with which the event has another
    level than the usual one. `level_of` is the field with the event whose level this one does not exceed. What is
    `secret` stands in the log alone, which fewer people read than the history. `notice` is the kind of notice that it
    is by itself, for people who are not there.
    """

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
        """What happened, in one line."""
        return self._text("text")

    @property
    def meaning(self) -> Text:
        """What that is."""
        return self._text("meaning")

    @property
    def action(self) -> Text:
        """What to do about it."""
        return self._text("action")

    def _text(self, part: str) -> Text:
        return Text(f"events/{self.code[4]}", f"{self.code}.{part}")


@dataclass(frozen=True, slots=True)
class EndedTrouble:
    """What an event puts an end to: the code with which that began, and how long it lasted."""

    code: str
    lasted_s: float

    def text(self, language: Language) -> str:
        """The words behind the text of the event."""
        lasted = duration_words(self.lasted_s, language)
        return template(language, "values", "lasted").format_map({"code": self.code, "lasted": lasted})


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    kind: EventKind
    fields: Mapping[str, object] = field(default_factory=dict)
    part: "Localized | None" = None
    """To which of several parts of one program it happened, where that is not among the fields."""
    ended: EndedTrouble | None = None
    is_grouped: bool = False
    """Another event tells of it and of others like it: it stands in the history, and is counted, and no log shows it.
    """
    each: Mapping[str, str] | None = None
    """The gateways to which it happened at one instant, each with the id of its command, where they are many: the other
    fields are the same of all, `gateway` and `command_id` those of one of them."""

    @property
    def code(self) -> str:
        """The stable code, as `TWL-G101`."""
        return self.kind.code

    @property
    def level(self) -> Level:
        """How much it matters, by what it says."""
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
        """Of how many gateways it tells."""
        return 1 if self.each is None else len(self.each)

    def singly(self) -> "Iterator[Event]":
        """The same told of each gateway by itself."""
        if self.each is None:
            yield self
        else:
            yield from (self.only({gateway: command_id}) for gateway, command_id in self.each.items())

    def only(self, each: Mapping[str, str]) -> "Event":
        """The same told of these of its gateways, each with its command."""
        gateway, command_id = next(iter(each.items()))
        fields = {**self.fields, "gateway": gateway, "command_id": command_id}
        return replace(self, fields=fields, each=each if len(each) > 1 else None)

    def text(self, language: Language) -> str:
        """What happened, in one line, to whom, and what it puts an end to."""
        text = self.kind.text.format(language, self.fields)
        text = text if self.ended is None else f"{text} {self.ended.text(language)}"
        if self.part is not None:
            return f"{self.part.text(language)}: {text}"
        return AsWritten(text) if self.kind.text.template(language).startswith("{") else text

    def of(self, part: "Localized") -> "Event":
        """The same, told as of one part of the program: each has a connection of its own."""
        return replace(self, part=part)

    def action(self, language: Language) -> str:
        """What to do about it."""
        return self.kind.action.format(language, self.fields)

    def __str__(self) -> str:
        return self.text(DEFAULT)


@runtime_checkable
class Localized(Protocol):
    """A field that has words of its own in each language."""

    def text(self, language: Language) -> str:
        """The words."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence with its fields, as a field of an event."""

    sentence: Text
    fields: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: Language) -> str:
        return self.sentence.format(language, self.fields)

    def __str__(self) -> str:
        return self.text(DEFAULT)


@dataclass(frozen=True, slots=True)
class InEachLanguage:
    """A field whose words are at hand in some languages; others show those of DEFAULT."""

    words: Mapping[Language, str]

    def text(self, language: Language) -> str:
        """The words."""
        return self.words.get(language) or self.words.get(DEFAULT, "")

    def __str__(self) -> str:
        return self.text(DEFAULT)


@dataclass(frozen=True, slots=True)
class Advice:
    """A field that says what is wrong and what to do, as another event does."""

    event: Event

    def text(self, language: Language) -> str:
        """Code, text and cure, in one sentence."""
        cure = self.event.action(language)
        return f"{self.event.code}: {self.event.text(language)}; {cure[:1].lower()}{cure[1:]}"

    def __str__(self) -> str:
        return self.text(DEFAULT)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something failed, as a field of an event: a code of `reasons.toml` and the fields of its sentence."""

    code: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def at(self, place: str) -> "Reason":
        """The same of one file or key among several."""
        return replace(self, fields={**self.fields, "place": place})

    @property
    def value(self) -> dict[str, object]:
        """For documents: `{"code", …}`."""
        return {"code": self.code, **self.fields}

    def text(self, language: Language) -> str:
        """The sentence."""
        return reason_words(self.code, self.fields, language)

    def __str__(self) -> str:
        return self.text(DEFAULT)


WIDEST = 500
"""Letters of what is said of a value that has several parts."""


def in_language(value: object, language: Language) -> str:
    """What a field says: of another event its text, of what is spoken its words, else the value itself."""
    if isinstance(value, Event):
        return value.text(language)
    is_plain = isinstance(value, str | int | float)  # most are, and a protocol is slow to ask for
    text = printable(value if is_plain or not isinstance(value, Localized) else value.text(language))
    return text.replace(".", template(language, "values", "decimal_mark")) if isinstance(value, float) else text


PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
"""What a name may hold: nothing that breaks a line, steers a terminal or turns the direction of writing."""


def plain_value(value: object) -> object:
    """A field as documents carry it: values and codes; of whatever else has words of its own the English ones. JSON
    knows neither NaN nor infinity."""
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
