"""The reason why a call of the operating system or of a library failed, as a code with a text in every language."""

import errno
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from controller.events.models import Reason, printable

SHOWN = frozenset({"first", "last", "meant", "ge", "gt", "le", "lt", "expected", "max_length", "min_length", "pattern"})
"""Details of an error of pydantic that the texts use."""
MOST_PLACE = 200
GETADDRINFO = {-2: "EAI_NONAME", -3: "EAI_AGAIN", -5: "EAI_NODATA"}
"""The numbers of getaddrinfo on Linux, which are not in errno."""


def reason_of(error: BaseException) -> Reason:  # noqa: PLR0911 -- a table
    """`ENOSPC`, `SQLITE_FULL`, `EAI_NONAME`, or a code of `reasons.toml`; an error without a code is shown in its own
    words."""
    reason = getattr(error, "reason", None) or getattr(error, "fields", {}).get("reason")
    sqlite = getattr(error, "sqlite_errorname", None)
    code = getattr(error, "code", None) if isinstance(error, OSError) else None
    if isinstance(code, str):
        return Reason(code)
    if isinstance(reason, Reason):
        return reason
    if isinstance(sqlite, str):
        return Reason("_".join(sqlite.split("_")[:2]))  # without the details of an extended code
    match error:
        case ValidationError():
            return first_mistake(error)
        case OSError() if type(error).__module__ == "ssl":  # its numbers are OpenSSL's; importing ssl takes 4 MB
            return Reason("other", {"text": printable(error.strerror or str(error))})
        case OSError(errno=int(number)) if number in GETADDRINFO:
            return Reason(GETADDRINFO[number])
        case OSError(errno=int(number)) if number in errno.errorcode:
            return Reason(errno.errorcode[number])
        case UnicodeDecodeError():
            return Reason("not_utf8")
        case TimeoutError():
            return Reason("no_answer_in_time")
    return Reason("other", _words(error))


def first_mistake(error: ValidationError) -> Reason:
    """The first mistake in a document, with its `place`."""
    return mistake_of(error.errors(include_url=False, include_input=False)[0])


def mistake_of(error: Mapping[str, Any]) -> Reason:
    """One error of pydantic."""
    place = ".".join(str(part) for part in error["loc"])[:MOST_PLACE]
    context = {name: value for name, value in error.get("ctx", {}).items() if name in SHOWN}
    return Reason(error["type"], {**({"place": place} if place else {}), **context})


def _words(error: BaseException) -> dict[str, object]:
    return {"text": printable(str(error) or type(error).__name__)}
