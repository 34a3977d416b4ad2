"""`/api/openapi.json`: what the API answers and reads, made from its routes (OpenAPI 3.1)."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from controller.web import api_acts, api_schedule
from controller.web.api_request import CSRF_HEADER, V1, ForReading, answer
from controller.web.problems import MEDIA_TYPE, Problem

router = APIRouter()
BODIES: tuple[type[BaseModel], ...] = (*api_acts.BODIES, *api_schedule.BODIES)
SCHEMAS = "#/components/schemas/{model}"
PROBLEM = {
    "description": "A problem, with a code.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS.format(model="Problem")}}},
}
UNCHANGED = {"description": "As `If-None-Match` says, it is known already."}
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


@router.get("/api/openapi.json", include_in_schema=False)
def openapi(visited: ForReading) -> Response:
    """The description of the API."""
    return answer(visited, description(visited.request.app))


def description(app: FastAPI) -> dict[str, Any]:
    """The description of the API of an app; worked out once."""
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
