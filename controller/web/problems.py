"""Errors of the API: `application/problem+json` (RFC 9457) with the codes of the catalogue, in the language of the
caller."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel

from controller.config.findings import Finding
from controller.config.render import finding_value
from controller.errors import FilesRejected, Mistake, Refused, Unreachable, WatertowerError
from controller.events import Event, new_event
from controller.events.formatters import json_text
from controller.events.models import Reason, plain_value, printable
from controller.events.reasons import mistake_of
from controller.state import NotRead
from controller.state.accounts_file import AccountsDown
from controller.web.visit import NotReady, Visit

API = "/api/"
MEDIA_TYPE = "application/problem+json"
NOT_NOW = (NotRead, AccountsDown, NotReady, Unreachable)
"""Temporary errors: the same request may succeed later."""
RETRY_AFTER_S = 2


class FindingValue(BaseModel):
    """A mistake in a file as `check --format json` has it. Lines and columns count from 1; `suggestion` is what may be
    written instead, `choices` the alternatives if only the reader knows what was meant."""

    code: str
    level: str
    file: str
    line: int | None
    column: int | None
    end_column: int | None
    text: str
    action: str
    fields: Mapping[str, str]
    rule: Mapping[str, str] | None
    field: str | None
    suggestion: Mapping[str, object] | None
    choices: Sequence[Mapping[str, object]]


class Problem(BaseModel):
    """Why something was not done. `code`, `fields`, `text` (also as `detail`) and `action`, the cure, are those of the
    catalogue: `type` is the address of the meaning of the code. `findings` are the mistakes of a schedule."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    text: str
    action: str
    fields: Mapping[str, object]
    findings: Sequence[FindingValue] = ()


class ApiRefused(Exception):  # noqa: N818  named by what went wrong
    """The API refuses a request, and answers with a problem. Each finding is a mistake of a file."""

    def __init__(
        self,
        status: int,
        event: Event,
        findings: Sequence[Finding] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, event.code)
        self.status = status
        self.event = event
        self.findings = findings
        self.headers = headers or {}


def is_api(request: Request) -> bool:
    """Whether the request comes from a program, which reads JSON."""
    return request.url.path.startswith(API)


def problem(visited: Visit, refused: ApiRefused) -> Response:
    """The answer."""
    event, language = refused.event, visited.language
    text = event.text(language)
    document = {
        "type": f"/code/{event.code}",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "detail": text,
        "code": event.code,
        "text": text,
        "action": event.action(language),
        "fields": {name: plain_value(value) for name, value in event.fields.items()},
        "findings": [finding_value(finding, language) for finding in refused.findings],
    }
    headers = {"Content-Language": language, "Vary": "Accept-Language", **refused.headers}
    return Response(json_text(document), refused.status, headers, media_type=MEDIA_TYPE)


def not_understood(reason: Reason) -> ApiRefused:
    """A value of a request is missing or not allowed."""
    return ApiRefused(422, new_event("TWL-W208", reason=reason))


def of_parameters(error: RequestValidationError, path: str) -> ApiRefused:
    """The first invalid parameter of an address; 404 if it is part of the path."""
    first = error.errors()[0]
    where, *name = first["loc"]
    if where == "path":
        return of_status(404, path, "")
    return not_understood(mistake_of({**first, "loc": name}))


def of_error(error: WatertowerError) -> ApiRefused:
    """An error of ours: 503 if it is temporary, 422 for an impossible value, 409 if the current state prevents it."""
    event = new_event(error.code, **error.fields)
    if isinstance(error, NOT_NOW):
        return ApiRefused(503, event, headers={"Retry-After": str(RETRY_AFTER_S)})
    if isinstance(error, FilesRejected):
        return ApiRefused(422, event, error.findings)
    return ApiRefused(409 if isinstance(error, Refused) and not isinstance(error, Mistake) else 422, event)


def of_status(status: int, path: str, method: str, headers: Mapping[str, str] | None = None) -> ApiRefused:
    """An error of the server itself: an unknown address or method."""
    path = printable(path)
    if status == 405:
        return ApiRefused(status, new_event("TWL-W205", path=path, method=printable(method)), headers=headers)
    if status == 403:
        return ApiRefused(status, new_event("TWL-W203"), headers=headers)
    return ApiRefused(404, new_event("TWL-W204", path=path), headers=headers)


def broken(path: str, reason: str) -> ApiRefused:
    """An error in the program."""
    return ApiRefused(500, new_event("TWL-W106", path=printable(path), reason=reason))
