"""Forms as browsers send them: URL-encoded, limited in size, and only from our page."""

import hmac
import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, HTTPException, Request

from controller.errors import WatertowerError
from controller.events import Event, new_event
from controller.events.models import in_language
from controller.events.words import capital
from controller.locale import Language
from controller.web.visit import Visit, Visited

MOST_BYTES = 65_536
MOST_FIELDS = 1_000
LONGEST_NUMBER = 20
CSRF = "csrf"
CURES = ("suggestion", "near", "meant")
"""Fields of findings and refusals that hold a suggestion."""
QUOTED = re.compile("`([^`]*)`")
"""A value that can be typed as it stands."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form in the order of the page."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field, without blanks around it."""
        return next((value.strip() for key, value in reversed(self.fields) if key == name), default)

    def raw(self, name: str) -> str:
        """The last value of a field as it was typed: blanks are part of a password."""
        return next((value for key, value in reversed(self.fields) if key == name), "")

    @property
    def text(self) -> str:
        """URL-encoded, without the CSRF token of the session."""
        return urlencode([(key, value) for key, value in self.fields if key != CSRF])

    def all(self, name: str) -> tuple[str, ...]:
        """Each value of a field that may occur several times."""
        return tuple(value for key, value in self.fields if key == name)


@dataclass(frozen=True, slots=True)
class FieldFault:
    """A mistake in a field of a form, in words, with its cure; if one press can apply it, the new value of the field
    and the words on the button. `cures` has each choice if there are several."""

    field: str
    text: str
    suggestion: str = ""
    button: str = ""
    cures: tuple[str, ...] = ()


def whole_number(text: str, most: int) -> int | None:
    """A number from 0 to `most` in a form, an address or a header; None for anything else. Python refuses to read
    thousands of digits."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER and int(text) <= most else None


def fault_of(error: WatertowerError, field: str, language: Language) -> FieldFault:
    """An error of ours as the fault of a field."""
    return fault_in(new_event(error.code, **error.fields), field, language)


def fault_in(event: Event, field: str, language: Language) -> FieldFault:
    """A finding, or the reason of a refusal, as the fault of its field."""
    text = event.text(language)
    cures = [in_language(event.fields[name], language) for name in CURES if event.fields.get(name)]
    several = [each for cure in cures for each in (QUOTED.findall(cure) or cure.split(" / "))]
    action = event.action(language)
    end = "" if text.endswith(("?", "!", ".")) else "."
    return FieldFault(field, f"{capital(text)}{end} {capital(action)}", cures=tuple(dict.fromkeys(several)))


async def read_body(request: Request, most: int) -> bytes:
    """The body of a request. Raises HTTPException 413 for a longer one."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise HTTPException(413)
    return bytes(body)


async def read_form(request: Request, most: int = MOST_BYTES) -> Form:
    """The fields of a request. Raises HTTPException 413, 415 or 400."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    body = await read_body(request, most)
    try:
        return parse_form(body.decode("ascii"))
    except ValueError as error:
        raise HTTPException(400) from error


def parse_form(text: str) -> Form:
    """The fields of a URL-encoded text; raises ValueError."""
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    return Form(tuple((key, value.replace("\r\n", "\n")) for key, value in pairs))


def check_origin(request: Request) -> None:
    """Raises HTTPException 403 for a request that another site made a browser send. Browsers mark those by
    `Sec-Fetch-Site`, older ones and those without TLS by `Origin`; a program sends neither. Behind a proxy `Host` may
    differ from the browser's, so that the first header decides if it is there."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_foreign = origin is not None and origin.partition("://")[2] != request.headers.get("host")
    if site not in {"same-origin", "none"} and (site is not None or is_foreign):
        raise HTTPException(403)


async def form(request: Request, visited: Visited) -> Form:
    """A dependency: a form that our page gave to this visitor. Raises HTTPException 403 for any other."""
    return await checked_form(request, visited)


async def checked_form(request: Request, visited: Visit, most: int = MOST_BYTES) -> Form:
    """The same for a form of up to this many bytes."""
    check_origin(request)
    given = await read_form(request, most)
    if not hmac.compare_digest(given.get(CSRF).encode(), visited.visitor.csrf.encode()):
        raise HTTPException(403)
    return given


FormOf = Annotated[Form, Depends(form)]
