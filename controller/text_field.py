"""Values that are one text in a file: their field in a model, and corrections of a text with a typing error."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from controller.errors import Mistake
from controller.locale import DEFAULT, Language

MOST_SLIPS = 8
"""A text with more slips than this gets no correction."""


class TextField(ABC):
    """A field of a model that is parsed from a text and written as the same text."""

    __slots__ = ()
    SCHEMA: ClassVar[dict[str, Any]] = {}
    """Keywords of JSON Schema that an editor shows, such as examples."""

    text: str

    @classmethod
    @abstractmethod
    def parse(cls, text: str) -> Self:
        """The value that `text` names; raises Mistake with the place of what is wrong."""

    def __str__(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._field, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", **cls.SCHEMA}

    @classmethod
    def _field(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise Mistake("TWL-S119", found=type(value).__name__)
        return cls.parse(value)


class Slip(Mistake):
    """A mistake that can perhaps be corrected. `meant` holds a replacement for the wrong part for each possible
    meaning, the same in every language or by language. `corrections` checks that the whole text is valid with it before
    it is shown."""

    def __init__(
        self, code: str, *, start: int, end: int, meant: tuple[str | Mapping[Language, str], ...] = (), **fields: Any
    ) -> None:
        super().__init__(code, start=start, end=end, **fields)
        self.end: int = end
        self.meant = meant


def corrections(
    text: str,
    slip: Slip,
    parse: Callable[[str], object],
    language: Language = DEFAULT,
    *,
    most: int = MOST_SLIPS,
    reading: int | None = None,
) -> list[str]:
    """The whole text with each replacement, further slips corrected too. Empty if one of these texts has another
    mistake: a correction must not change what the rest of the text means.

    The words are those of `language`. `reading` is the meaning that was chosen for an earlier slip, so that
    `20/11–26/11` is read in the same order at both ends.
    """
    found: list[str] = []
    several = len(slip.meant) > 1
    for number, words in enumerate(slip.meant if most else ()):
        if several and reading not in (None, number):
            continue
        word = words if isinstance(words, str) else words[language]
        whole = f"{text[: slip.start]}{word}{text[slip.end :]}".strip()
        try:
            parse(whole)
        except Slip as further:
            corrected = corrections(
                whole, further, parse, language, most=most - 1, reading=number if several else reading
            )
            if not corrected:
                return []
            found += corrected
        except Mistake:
            return []
        else:
            found.append(whole)
    return list(dict.fromkeys(found))
