"""What an entry of the catalogue is, and one event of its kind."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Literal, Protocol, runtime_checkable

from controller.events.translation import in_swedish

Language = Literal["en", "sv"]


class Level(StrEnum):
    """How much it matters, see the rules of `controller.events`."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in both languages; `{field}` stands for a field of the event."""

    en: str
    sv: str

    def say(self, language: Language, fields: Mapping[str, object]) -> str:
        """The sentence with its fields filled in; what comes from outside cannot break the line."""
        wanted = self.sv if language == "sv" else self.en
        told = {key: in_language(value, language) for key, value in fields.items()}
        return wanted.format_map(
            {key: in_swedish(key, text) for key, text in told.items()} if language == "sv" else told
        )

    @property
    def placeholders(self) -> frozenset[str]:
        """The fields that either language uses."""
        return _placeholders(self.en) | _placeholders(self.sv)


@cache
def _placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long what an event tells of goes on; `status` shows it for so long.

    `until` names the events that end it, `about` the fields by which one is told from another, which the ending event
    carries too. `fine` are fields and values with which the event itself says that it is over. `quiet_s` ends what only
    happens again and again, once it has not for so long. What is `harmless` is shown and asks for nobody.
    """

    until: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    fine: tuple[tuple[str, str], ...] = ()
    quiet_s: float | None = None
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class EventKind:
    """An entry of the catalogue.

    `text` says what happened in one line, `meaning` what that is, `action` what to do about it. `more` names fields
    that belong to the event without standing in its text. `lasting` is None for what is over in a moment. `milder` are
    fields and values with which the event has another level than the usual one.
    """

    code: str
    name: str
    level: Level
    text: Text
    meaning: Text
    action: Text
    more: tuple[str, ...] = ()
    lasting: Lasting | None = None
    milder: Mapping[tuple[str, str], Level] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[str]:
        """Every field that an event of this kind carries."""
        return self.text.placeholders | self.action.placeholders | frozenset(self.more)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    kind: EventKind
    fields: Mapping[str, object] = field(default_factory=dict)
    whose: Text | None = None
    """To which of several parts of one program it happened, where that is not among the fields."""

    @property
    def code(self) -> str:
        """The stable code, as `TWL-G101`."""
        return self.kind.code

    @property
    def level(self) -> Level:
        """How much it matters, by what it says."""
        said = ((name, str(value)) for name, value in self.fields.items())
        return next((self.kind.milder[each] for each in said if each in self.kind.milder), self.kind.level)

    def text(self, language: Language) -> str:
        """What happened, in one line, and to whom."""
        told = self.kind.text.say(language, self.fields)
        return told if self.whose is None else f"{self.whose.say(language, {})}: {told}"

    def of(self, whose: Text) -> "Event":
        """The same, told as of one part of the program: each has a connection of its own."""
        return replace(self, whose=whose)

    def action(self, language: Language) -> str:
        """What to do about it."""
        return self.kind.action.say(language, self.fields)

    def __str__(self) -> str:
        return self.text("en")


@runtime_checkable
class Spoken(Protocol):
    """A field that has words of its own in each language."""

    def said(self, language: Language) -> str:
        """The words."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A field that says what is wrong and what to do, as another event does."""

    event: Event

    def said(self, language: Language) -> str:
        """Code, text and cure."""
        return f"{self.event.code}: {self.event.text(language)}; {self.event.action(language)}"

    def __str__(self) -> str:
        return self.said("en")


def in_language(value: object, language: Language) -> str:
    """What a field says: of another event its text, of what is spoken its words, else the value itself."""
    if isinstance(value, Event):
        return value.text(language)
    return printable(value.said(language) if isinstance(value, Spoken) else value)


PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
"""What a name may hold: nothing that breaks a line, steers a terminal or turns the direction of writing."""


def printable(value: object, limit: int = 200) -> str:
    """A value as text that stays on its line: control and direction characters are written as escapes."""
    text = str(value) if not isinstance(value, float) else f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
