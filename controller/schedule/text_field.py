"""A value that a file holds as one text: read with its model, and the same text again where the model is written."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from controller.errors import Mistake


class TextField(ABC):
    """A field of a model: takes text or such a value, gives the text."""

    __slots__ = ()
    SHOWN: ClassVar[dict[str, Any]] = {}
    """What an editor shows, in the words of JSON Schema."""

    text: str

    @classmethod
    @abstractmethod
    def parse(cls, text: str) -> Self:
        """The value that `text` says; raises Mistake with the place of what is wrong."""

    def __str__(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._field, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", **cls.SHOWN}

    @classmethod
    def _field(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise Mistake("TWL-S119", found=type(value).__name__)
        return cls.parse(value)
