"""A request to the API: who may make it and how often, what it carries, and how the answer is sent.

Programs come with a token, people with a login, and the page itself with either; roles and scopes are those of the
page. A request that changes something over a login, which a browser sends by itself, must prove that it comes from our
page."""

import hashlib
import hmac
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends, HTTPException, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from controller.events import new_event
from controller.events.formatters import json_text
from controller.gateways.base import Rejected
from controller.gateways.wire import parse_document
from controller.retry import TokenBucket
from controller.state.roles import Role, Scope
from controller.web.forms import check_origin, read_body
from controller.web.problems import ApiRefused, not_understood
from controller.web.visit import Visit, Visited

V1 = "/api/v1"
CSRF_HEADER = "X-CSRF-Token"
MOST_BYTES = 65_536
BURST, EVERY_S = 100, 0.1
"""Rate limit of each visitor: units at once, and seconds until one more is granted."""
READ, ACT, WORK = 1, 10, 10
"""Units that a request costs; a safety stop costs nothing."""
MOST_REMEMBERED = 1_000
LONGEST_PAGE = 500

B = TypeVar("B", bound=BaseModel)
Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="So many at most.")]


class Body(BaseModel):
    """The body of a request; an unknown key is refused, since it may have been meant."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def allowed(role: Role, scope: Scope, cost: int = READ) -> Any:
    """A dependency: the visit of somebody who may read with this role, or with this scope of a token. Raises
    ApiRefused 401, 403 or 429."""

    async def reading(visited: Visited) -> Visit:
        _require(visited, role, scope)
        spend(visited, cost)
        return visited

    return Depends(reading)


def allowed_to_act(scope: Scope, cost: int = ACT) -> Any:
    """A dependency: the visit of an operator, or with this scope of a token, for a request that changes something.
    Raises ApiRefused."""

    async def acting(visited: Visited) -> Visit:
        _require(visited, Role.OPERATOR, scope)
        _require_ours(visited)
        spend(visited, cost)
        return visited

    return Depends(acting)


ForReading = Annotated[Visit, allowed(Role.VIEWER, Scope.READ)]
ForWork = Annotated[Visit, allowed(Role.VIEWER, Scope.READ, WORK)]
"""For reading values that take a while to compute."""
ForLight = Annotated[Visit, allowed_to_act(Scope.OVERRIDE)]
ForStop = Annotated[Visit, allowed_to_act(Scope.OVERRIDE, cost=0)]
ForDraft = Annotated[Visit, allowed(Role.OPERATOR, Scope.SCHEDULE, WORK)]
"""For reading one's own drafts."""
ForSchedule = Annotated[Visit, allowed_to_act(Scope.SCHEDULE)]


def _require(visited: Visit, role: Role, scope: Scope) -> None:
    visitor = visited.visitor
    has_token = visited.request.headers.get("authorization", "").lower().startswith("bearer ")
    if has_token and not visitor.is_secure:
        raise ApiRefused(403, new_event("TWL-W213"))
    if has_token and visitor.via not in {"token", "proxy", "demo"}:
        raise ApiRefused(401, new_event("TWL-W201"), headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    if visitor.may(role, scope):
        return
    if visitor.name is None:
        raise ApiRefused(401, new_event("TWL-W201"), headers={"WWW-Authenticate": "Bearer"})
    raise ApiRefused(403, new_event("TWL-W202", role=role.value, scope=scope.value))


def _require_ours(visited: Visit) -> None:
    """Refuses a request over a login without proof that it comes from our page: a browser sends cookies by itself, but
    no token."""
    visitor = visited.visitor
    if visitor.via == "token":
        return
    try:
        check_origin(visited.request)
    except HTTPException as error:
        raise ApiRefused(403, new_event("TWL-W203")) from error
    given = visited.request.headers.get(CSRF_HEADER, "")
    if not visitor.csrf or not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise ApiRefused(403, new_event("TWL-W203"))


def spend(visited: Visit, cost: int) -> None:
    """Takes units of the visitor's rate limit; raises ApiRefused 429 if none is left."""
    buckets: dict[str, TokenBucket] = visited.request.app.state.buckets
    visitor, now_s = visited.visitor, visited.service.clock.read().mono
    who = f"{visitor.via} {visitor.name or visitor.address} {visitor.token}"
    bucket = buckets.pop(who, TokenBucket(BURST, EVERY_S))
    if cost and not bucket.allows(now_s):
        buckets[who] = bucket
        seconds = math.ceil(bucket.ready_s - now_s)
        raise ApiRefused(429, new_event("TWL-W212", seconds=seconds), headers={"Retry-After": str(seconds)})
    for _ in range(cost):
        bucket = bucket.spend(now_s)
    buckets[who] = bucket
    while len(buckets) > MOST_REMEMBERED:
        del buckets[next(iter(buckets))]


def body_of(model: type[B], most: int = MOST_BYTES) -> Callable[[Request], Awaitable[B]]:
    """A dependency that reads the body as this model, of at most this many bytes. Raises ApiRefused 413, 415 or 422."""

    async def read(request: Request) -> B:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise ApiRefused(415, new_event("TWL-W207"))
        try:
            payload = await read_body(request, most)
        except HTTPException as error:
            raise ApiRefused(413, new_event("TWL-W206", most=most)) from error
        document = parse_document(model, payload, most)
        if isinstance(document, Rejected):
            raise not_understood(document.reason)
        return document

    return read


def with_body(model: type[BaseModel]) -> dict[str, Any]:
    """What `/api/openapi.json` contains for a route whose body is read by `body_of`."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def answer(
    visited: Visit,
    document: Mapping[str, Any],
    status: int = 200,
    *,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A document as JSON, or 304 if the caller has it already. `etag` identifies its version; without one the content
    does. To a login the answer also carries the header that a changing request needs."""
    body = json_text(document)
    tag = f'"{etag or hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    more = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Accept-Language, Authorization, Cookie"}
    more |= headers or {}
    if visited.visitor.csrf and visited.visitor.name is not None:
        more[CSRF_HEADER] = visited.visitor.csrf
    known = _tags(visited.request.headers.get("if-none-match", ""))
    if visited.request.method == "GET" and status == 200 and not known.isdisjoint({tag, "*"}):
        return Response(status_code=304, headers=more)
    return Response(body, status, more, media_type="application/json")


def _tags(header: str) -> set[str]:
    """Entity tags, without the prefix of weak ones."""
    return {found.removeprefix("W/") for found in re.findall(r'(?:W/)?"[^"]*"|\*', header)}


def base_of(visited: Visit) -> str:
    """The sha256 of the file to change, from `If-Match`. Raises ApiRefused 428 without one."""
    tags = _tags(visited.request.headers.get("if-match", ""))
    if len(tags) != 1 or tags == {"*"}:
        raise ApiRefused(428, new_event("TWL-W209"))
    return next(iter(tags)).strip('"').partition("-")[0]
