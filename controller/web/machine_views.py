"""What programs ask without a page: metrics, and whether the service lives and is ready."""

from fastapi import APIRouter, HTTPException
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from controller.state.roles import Role
from controller.web.metrics import is_alive, metrics_text, readiness
from controller.web.visit import Visited

router = APIRouter()


@router.get("/healthz", include_in_schema=False)
def healthz(visited: Visited) -> PlainTextResponse:
    """200 while the control loop turns, 503 where it hangs; for whoever would start the service anew."""
    service = visited.service
    alive = is_alive(service.snapshot, service.started.mono, service.clock.read())
    return PlainTextResponse("ok\n" if alive else "the control loop hangs\n", 200 if alive else 503)


@router.get("/readyz", include_in_schema=False)
def readyz(visited: Visited) -> JSONResponse:
    """200 where broker, files and clock are as the service needs them, else 503, with each of them; for those who may
    read the page."""
    if not visited.may(Role.VIEWER):
        raise HTTPException(403)
    checks = readiness(visited.service.snapshot, visited.service.clock.read())
    is_ready = all(checks.values())
    return JSONResponse({"ready": is_ready, "checks": checks}, 200 if is_ready else 503)


@router.get("/metrics", include_in_schema=False)
def metrics(visited: Visited) -> Response:
    """All metrics; for those who may read the page. A program is told so, not led to a login."""
    if not visited.may(Role.VIEWER):
        raise HTTPException(403)
    return Response(metrics_text(visited.service.snapshot, visited.service.counts), media_type=CONTENT_TYPE_LATEST)
