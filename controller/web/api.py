"""The API for reading: status, plan and its reasons, gateways, events, proof, versions of the schedule; and
`/api/openapi.json`, the description of the API, made from its routes (OpenAPI 3.1)."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Query
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from controller.errors import WatertowerError
from controller.events.formatters import document
from controller.locale import languages
from controller.service.health import GatewayHealth, status_value
from controller.service.manual_state import ManualState, override_value, stop_value
from controller.service.period import read_instant, read_period, read_since
from controller.service.plan_document import moment_document, plan_document
from controller.service.saving import history_value, version_document
from controller.state import EventFilter, History
from controller.web import api_acts, api_schedule
from controller.web.api_models import (
    EventsDocument,
    GatewaysDocument,
    HistoryDocument,
    PlanDocument,
    ProofDocument,
    StatusDocument,
    VersionDocument,
    WhyDocument,
)
from controller.web.api_request import CSRF_HEADER, V1, ForReading, ForWork, Limit, answer, spend
from controller.web.events_view import LATEST, LEVELS
from controller.web.gateways_view import found_gateways
from controller.web.problems import MEDIA_TYPE, Problem
from controller.web.proof_view import proof_of
from controller.web.proposals import keeper_of
from controller.web.text_view import Number, version_of
from controller.web.tower_view import named_gateways, sentence_of
from controller.web.visit import Visit
from controller.web.why_view import why_answer

router = APIRouter(prefix=V1, tags=["reading"])
describing = APIRouter()
"""Of the address that is the same for all versions."""
MOST_NIGHTS = 400
NIGHTS_A_UNIT = 10
"""Nights of a plan that cost one unit of the visitor's rate limit."""
BODIES: tuple[type[BaseModel], ...] = (*api_acts.BODIES, *api_schedule.BODIES)
SCHEMAS = "#/components/schemas/{model}"
PROBLEM = {
    "description": "A problem, with a code.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS.format(model="Problem")}}},
}
UNCHANGED = {"description": "Unchanged: the caller has it already (`If-None-Match`)."}
SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token; an admin makes it at `/tokens`."},
    "login": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-session",
        "description": f"A login of the page. What changes something takes the header `{CSRF_HEADER}` of an answer.",
    },
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": f"The file that is changed: the `ETag` of `{V1}/schedule`.",
    "schema": {"type": "string"},
}
StatusAsked = Literal["all", "unconfirmed", "confirmed", "pending", "differs", "silent", "unknown"]
Text = Annotated[str, Query(max_length=200)]
From = Annotated[int, Query(ge=0, le=LATEST, description="Those before this number.")]


@router.get("/status", response_model=StatusDocument)
def status(visited: ForReading) -> Response:
    """The current status; `sentence` describes it in each language."""
    snapshot = visited.snapshot
    gateways = snapshot.gateways(named_gateways(snapshot))
    sentences = {language: sentence_of(snapshot, gateways, language) for language in languages()}
    words = ("main", "why", "about", "following", "question")
    (first, *_) = sentences.values()
    by_hand = {
        "overrides": [override_value(each) for each in snapshot.overrides],
        "stop": stop_value(snapshot.stop) if snapshot.stop is not None else None,
    }
    sentence = {language: {word: getattr(each, word) for word in words} for language, each in sentences.items()}
    facts = {"case": first.case, "status": first.status, "sentence": sentence}
    return answer(visited, {**status_value(snapshot.health, gateways), **facts, **by_hand})


@router.get("/plan", response_model=PlanDocument)
def plan(visited: ForWork, period: Text = "") -> Response:
    """The plan of a period: days as in the schedule, or `INSTANT..INSTANT`; by default from now until the end of the
    next campaign."""
    snapshot = visited.snapshot
    start, end = read_period(period, snapshot.setup, snapshot.now)
    if end - start > timedelta(days=MOST_NIGHTS):
        raise WatertowerError("TWL-W214", most=MOST_NIGHTS)
    spend(visited, (end - start).days // NIGHTS_A_UNIT)
    program = snapshot.program.with_overrides((), None)
    by_hand = _by_hand(visited).document(start, snapshot.now)
    return answer(visited, {**plan_document(snapshot.setup, program, start, end), **by_hand})


@router.get("/why", response_model=WhyDocument)
def why(visited: ForWork, at: Text = "") -> Response:
    """Why the lamps show, or showed, what they do: now, or at an instant as people type it."""
    snapshot = visited.snapshot
    moment = read_instant(at, snapshot.setup, snapshot.now) if at.strip() else snapshot.now
    found = why_answer(visited, moment)
    by_hand = _by_hand(visited).document(moment, snapshot.now)
    return answer(visited, {**moment_document(snapshot.program, moment), **by_hand, **found.value})


def _by_hand(visited: Visit) -> ManualState:
    return ManualState(True, visited.snapshot.overrides, visited.snapshot.stop)


@router.get("/gateways", response_model=GatewaysDocument)
def gateways(
    visited: ForReading,
    status: StatusAsked = "all",
    q: Text = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Limit = 100,
) -> Response:
    """Gateways, the worst status first; `q` is part of a name, a kind or a part of the landmark."""
    snapshot = visited.snapshot
    found = found_gateways(snapshot, q, status)
    named = tuple(found[(page - 1) * limit : page * limit])
    value = {
        "version": 1,
        "total": len(snapshot.states),
        "counts": dict(snapshot.health.counts),
        "found": len(found),
        "page": page,
        "pages": max(1, -(-len(found) // limit)),
        "gateways": [each.model_dump(mode="json") for each in snapshot.gateways(named)],
    }
    return answer(visited, value)


@router.get("/gateways/{name}", response_model=GatewayHealth)
def gateway(visited: ForReading, name: str) -> Response:
    """The document of one gateway."""
    found = visited.snapshot.gateway(name)
    if found is None:
        raise HTTPException(404)
    return answer(visited, found.model_dump(mode="json"))


@router.get("/events", response_model=EventsDocument)
def events(  # noqa: PLR0913, PLR0917  the filters
    visited: ForReading,
    level: Literal["info", "warning", "error"] = "info",
    code: Text = "",
    gateway: Text = "",
    since: Text = "",
    until: Text = "",
    before: From = LATEST,
    limit: Limit = 100,
) -> Response:
    """Past events, the newest first: from a level on, of one code, about one gateway, since and until an instant (or a
    duration ago, as `12 h`)."""
    snapshot = visited.snapshot
    start, end = (read_since(each, snapshot.setup, snapshot.now) if each.strip() else None for each in (since, until))
    wanted = EventFilter(LEVELS[level], code.strip().upper() or None, gateway.strip() or None, start, end)
    found = History(visited.service.state).newest(wanted, before, limit)
    documents = [{"number": number, **document(each.event, each.at, visited.language)} for number, each in found]
    following = found[-1][0] if len(found) == limit else None
    return answer(visited, {"version": 1, "events": documents, "next": following})


@router.get("/proof", response_model=ProofDocument)
def proof(visited: ForWork, of: Text = "") -> Response:
    """How much of the planned light was confirmed, of a campaign or of days as people type them; by default of the
    last campaign."""
    return answer(visited, proof_of(visited, of).value)


@router.get("/history", response_model=HistoryDocument)
def history(visited: ForWork, before: From = LATEST, limit: Limit = 100) -> Response:
    """The versions of the schedule."""
    keeper = keeper_of(visited)
    versions = [each for each in keeper.versions.versions() if each.number < before]
    following = versions[limit - 1].number if len(versions) > limit else None
    return answer(visited, {**history_value(keeper.read(), versions[:limit]), "next": following})


@router.get("/history/{number}", response_model=VersionDocument)
def version(visited: ForWork, number: Number) -> Response:
    """One version, with its text and its changes."""
    return answer(visited, version_document(keeper_of(visited), version_of(visited, number)))


@describing.get("/api/openapi.json", include_in_schema=False)
def openapi(visited: ForReading) -> Response:
    """The description of the API."""
    return answer(visited, description(visited.request.app))


def description(app: FastAPI) -> dict[str, Any]:
    """The description of the API of an app; made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _described(app)
    return app.openapi_schema


def _described(app: FastAPI) -> dict[str, Any]:
    _, definitions = models_json_schema(
        [*((body, "validation") for body in BODIES), (Problem, "serialization")], ref_template=SCHEMAS
    )
    found = get_openapi(title=app.title, version="1", routes=app.routes)
    components = found["components"]
    components["schemas"] |= definitions["$defs"]
    components["securitySchemes"] = SECURITY
    found["security"] = [{name: []} for name in (*SECURITY,)] + [{}]
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            operation["responses"] |= {"4XX": PROBLEM, "503": PROBLEM}
            operation["responses"].pop("422", None)
            if method == "get":
                operation["responses"]["304"] = UNCHANGED
            elif path in {f"{V1}/schedule", f"{V1}/drafts", f"{V1}/drafts/{{number}}/save"}:
                operation.setdefault("parameters", []).append(IF_MATCH)
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return found
