"""The errors that this program raises itself.

    WatertowerError
    ├── Mistake          a value is invalid; says where in the text
    ├── FilesRejected    every finding of both files at once                         exit 78
    ├── Misconfigured    a file that the two files refer to cannot be used           exit 78
    ├── Unreachable      a required service cannot be reached                        exit 69
    └── Refused          a request that is understood but not granted                exit 1

An error carries a code of the catalogue in `controller.events` and the fields of its text; the text itself, in
English or Swedish, is made where it is shown.
"""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

Read = TypeVar("Read")
Given = ParamSpec("Given")


class WatertowerError(Exception):
    """The root: `code` names an entry of the catalogue, `fields` fill its text."""

    def __init__(self, code: str, **fields: Any) -> None:
        super().__init__(code, fields)
        self.code = code
        self.fields = fields

    def __str__(self) -> str:
        fields = ", ".join(f"{key}={value!r}" for key, value in self.fields.items())
        return f"{self.code}: {fields}"


class Mistake(WatertowerError, ValueError):
    """An invalid value. `start` and `end` are offsets of the wrong part inside the value's text.

    It is a ValueError so that pydantic collects it together with all the others of the same file.
    """

    def __init__(self, code: str, *, start: int = 0, end: int | None = None, **fields: Any) -> None:
        super().__init__(code, **fields)
        self.start = start
        self.end = end


class FilesRejected(WatertowerError):
    """The files cannot be used; `findings` hold every reason with its place."""

    def __init__(self, findings: tuple[Any, ...]) -> None:
        super().__init__("TWL-S000", count=len(findings))
        self.findings = findings


class Misconfigured(WatertowerError):
    """A file that the two files refer to cannot be used: a password, a certificate, the users of the broker."""


class Unreachable(WatertowerError):
    """A required service cannot be reached."""


class Refused(WatertowerError):
    """A request that is understood but not granted."""


def readable(read: Callable[Given, Read], *values: Given.args, **named: Given.kwargs) -> Read | None:
    """The result of `read`; None where it raises a Mistake."""
    try:
        return read(*values, **named)
    except Mistake:
        return None


def place_of(error: BaseException) -> str:
    """Type and place of an unexpected error: `KeyError (page.py:93)`."""
    places = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} ({Path(places[-1].filename).name}:{places[-1].lineno})" if places else repr(error)
