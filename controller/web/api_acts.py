"""The API for overrides and the safety stop. The requests go to the controller like those over MQTT, and are answered
with the controller's event."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import Field, StringConstraints

from controller.events import Event, new_event
from controller.events.formatters import document
from controller.events.models import Advice, Reason
from controller.service.manual_state import override_value, stop_value
from controller.service.override_request import Brightness, Id, Line, PublicLines, RequestedLook
from controller.service.overrides import REFUSED
from controller.state.audit import Act
from controller.web.api_models import EventDocument, OverridesDocument, StopDocument
from controller.web.api_request import V1, Body, ForLight, ForReading, ForStop, answer, body_of, with_body
from controller.web.problems import ApiRefused, not_understood
from controller.web.visit import Visit

router = APIRouter(prefix=V1, tags=["light"])
MOST_BYTES = 12_288
"""Bytes of a whole request, as for a request over MQTT."""
NonEmptyLine = Annotated[Line, StringConstraints(min_length=1)]
STATUSES = {
    **dict.fromkeys(("TWL-O111", "TWL-O119", "TWL-O126", "TWL-O127", "TWL-O129"), 409),
    **dict.fromkeys(("TWL-O112", "TWL-O128"), 429),
}
"""HTTP status of a refusal by its code; 422 where the value makes no sense."""


class OverrideBody(Body):
    """A look set by hand, or with `action: skip` a campaign to leave out, with an end and a reason. `look` is a colour
    as people write it, or one for each zone. A repeated `id` counts once."""

    action: Literal["override", "skip"] = "override"
    look: RequestedLook | None = None
    brightness: Brightness = "100 %"
    campaign: Line = ""
    until: NonEmptyLine = Field(description="`next change`, `sunrise`, a time, a duration")
    reason: NonEmptyLine
    about: PublicLines | None = None
    link: Line = ""
    id: Id | None = None


class ReasonBody(Body):
    """The reason; a repeated `id` counts once."""

    reason: Line = ""
    id: Id | None = None


class LiftBody(ReasonBody):
    """The reason for lifting the stop."""

    reason: NonEmptyLine


OfOverride = Annotated[OverrideBody, Depends(body_of(OverrideBody, MOST_BYTES))]
OfReason = Annotated[ReasonBody, Depends(body_of(ReasonBody, MOST_BYTES))]
OfLift = Annotated[LiftBody, Depends(body_of(LiftBody, MOST_BYTES))]
BODIES = (OverrideBody, ReasonBody, LiftBody)


@router.get("/overrides", response_model=OverridesDocument)
def overrides(visited: ForReading) -> Response:
    """The overrides in force."""
    found = [override_value(each) for each in visited.snapshot.overrides]
    return answer(visited, {"version": 1, "overrides": found, "stop": _stop(visited)})


@router.post("/overrides", response_model=EventDocument, status_code=201, openapi_extra=with_body(OverrideBody))
async def override(visited: ForLight, body: OfOverride) -> Response:
    """Sets another light until an end, or leaves a campaign out."""
    if body.action == "override" and body.look is None:
        raise not_understood(Reason("missing", {"place": "look"}))
    request = {"action": body.action, **body.model_dump(exclude_none=True, exclude_unset=True)}
    if body.action == "skip":
        request = {key: request[key] for key in ("action", "campaign", "until", "reason", "id") if key in request}
    return await _asked(visited, request, Act.OVERRIDE_SET, status=201)


@router.post("/overrides/end", response_model=EventDocument, openapi_extra=with_body(ReasonBody))
async def resume(visited: ForLight, body: OfReason) -> Response:
    """Ends all overrides but not a safety stop; the tower follows the schedule again."""
    before = [each.said for each in visited.snapshot.overrides]
    return await _asked(visited, {"action": "resume", **_given(body)}, Act.OVERRIDE_ENDED, before)


@router.get("/stop", response_model=StopDocument)
def stop(visited: ForReading) -> Response:
    """The safety stop in force."""
    return answer(visited, {"version": 1, "stop": _stop(visited)})


@router.post("/stop", response_model=EventDocument, openapi_extra=with_body(ReasonBody))
async def set_stop(visited: ForStop, body: OfReason) -> Response:
    """Turns everything dark at once, until the stop is lifted. It does not cut the power."""
    return await _asked(visited, {"action": "stop", **_given(body)}, Act.STOP_SET)


@router.post("/stop/lift", response_model=EventDocument, openapi_extra=with_body(LiftBody))
async def lift(visited: ForLight, body: OfLift) -> Response:
    """Lifts the safety stop, for a reason."""
    before = visited.snapshot.stop
    was = {"reason": before.reason} if before is not None else None
    return await _asked(visited, {"action": "lift", **_given(body)}, Act.STOP_LIFTED, was)


def _given(body: ReasonBody) -> dict[str, object]:
    return body.model_dump(exclude_none=True)


def _stop(visited: Visit) -> dict[str, object] | None:
    return stop_value(visited.snapshot.stop) if visited.snapshot.stop is not None else None


async def _asked(
    visited: Visit, request: Mapping[str, object], act: Act, before: object = None, status: int = 200
) -> Response:
    """The answer of the controller; a granted request is recorded in the audit."""
    visited.snapshot  # noqa: B018  nothing is asked of a controller that is starting
    event = await visited.service.request(visited.visitor.owner, **request)
    if event.code == REFUSED:
        raise _refused(event)
    await run_in_threadpool(visited.audit, act, before, request)
    return answer(visited, document(event, visited.now, visited.language), status)


def _refused(event: Event) -> ApiRefused:
    """A refusal by the code of its reason: 422 for a value that makes no sense, else the status of what prevents it."""
    reason = event.fields["reason"]
    if isinstance(reason, Advice):
        return ApiRefused(STATUSES.get(reason.event.code, 422), reason.event)
    if isinstance(reason, Event):
        return ApiRefused(503, reason)
    return ApiRefused(422, new_event("TWL-W208", reason=reason))
