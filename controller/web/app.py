"""The page as an ASGI application: its routes, the headers of every answer, and the look of errors."""

import os
import re
from collections.abc import MutableMapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.staticfiles import PathLike, StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.config.web_keys import Web
from controller.errors import WatertowerError, place_of
from controller.events import new_event
from controller.state.accounts_file import AccountsDown
from controller.state.roles import Role
from controller.web import (
    accounts_view,
    api,
    api_acts,
    api_schedule,
    draft_view,
    events_view,
    gateways_view,
    live,
    login_view,
    metrics,
    override_view,
    proof_view,
    public_view,
    rule_view,
    schedule_view,
    stop_view,
    text_view,
    tower_view,
    walk_view,
    why_view,
)
from controller.web.forms import check_origin, read_form
from controller.web.login_view import MOST_TO_KEEP, Sent
from controller.web.problems import (
    NOT_NOW,
    ApiRefused,
    broken,
    is_api,
    of_error,
    of_parameters,
    of_status,
    problem,
)
from controller.web.running_service import PageOwner
from controller.web.visit import FOLDER, NotAllowed, NotReady, Visit, asset, visit

# no inline style or script: drawings use presentation attributes of SVG
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000"
FOR_EVER = "public, max-age=31536000, immutable"
ROUTERS = (
    *(
        view.router
        for view in (
            *(tower_view, override_view, stop_view, gateways_view, walk_view, events_view),
            *(schedule_view, draft_view, rule_view, text_view, live, login_view, accounts_view),
            *(metrics, public_view, why_view, proof_view, api, api_acts, api_schedule),
        )
    ),
    api.describing,
)


def create_app(service: PageOwner, web: Web, first: Sequence[APIRouter] = ()) -> FastAPI:
    """The page of one site. With several sites each request carries its site (`visit.service_of`), and the views of
    `first` come before those of a site."""
    app = FastAPI(title=service.title, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.service = service
    app.state.web = web
    app.state.shared_answers = {}
    app.state.unseen_tokens = {}
    app.state.buckets = {}
    for router in (*first, *ROUTERS):
        app.include_router(router)
    app.mount("/static", _Assets(directory=FOLDER / "static"))
    app.add_exception_handler(NotAllowed, _not_allowed)
    app.add_exception_handler(ApiRefused, _problem)
    app.add_exception_handler(WatertowerError, _refused)
    app.add_exception_handler(StarletteHTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_parameter)
    app.add_exception_handler(Exception, _broken)
    app.add_middleware(_Headers, is_tls=web.cert_file is not None)
    return app


class _Assets(StaticFiles):
    """Static files at an address with a digest of their content."""

    def get_path(self, scope: Scope) -> str:
        return re.sub(r"^[0-9a-f]{12}/", "", super().get_path(scope))

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file whose content has the digest in its address may be cached for ever. A file of another version, as
        another controller may have, may not."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        if scope["path"] == asset(scope["path"].rpartition("/")[2]):
            response.headers["Cache-Control"] = FOR_EVER
        return response


class _Headers:
    """Adds the headers of SECURITY to every answer; only static files may be stored by a browser or a proxy, unless
    the view allows it."""

    def __init__(self, app: ASGIApp, is_tls: bool) -> None:
        self._app = app
        self._headers = SECURITY | ({"Strict-Transport-Security": HSTS} if is_tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(message, self._headers)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _add(message: MutableMapping[str, Any], headers: dict[str, str]) -> None:
    present = {name.lower() for name, _ in message["headers"]}
    more = headers | {"Cache-Control": "no-store"}
    message["headers"] = [
        *message["headers"],
        *((k.lower().encode(), v.encode()) for k, v in more.items() if k.lower().encode() not in present),
    ]


async def _not_allowed(request: Request, _: Exception) -> Response:
    """Redirects to the login, and back afterwards; a submitted form goes along, so that nothing typed is lost."""
    visited = await run_in_threadpool(visit, request)
    if visited.visitor.name is not None:
        return _error(visited, 403)
    if request.method == "POST" and visited.visitor.is_secure:
        try:
            check_origin(request)
            given = await read_form(request, MOST_TO_KEEP)
        except HTTPException as error:
            return _error(visited, error.status_code)
        return await run_in_threadpool(login_view.login_page, visited, 401, sent=Sent(visited.path, given.text))
    back = visited.path if request.method == "GET" else "/"
    return RedirectResponse(f"/login?next={quote(back, safe='')}", 303)


def _problem(request: Request, refused: Exception) -> Response:
    if not isinstance(refused, ApiRefused):
        raise refused
    return problem(visit(request), refused)


def _refused(request: Request, error: Exception) -> Response:
    """An error of ours as a page, with its text and cure: 503 if it may pass."""
    if is_api(request) and isinstance(error, WatertowerError):
        return problem(visit(request), of_error(error))
    visited = visit(request)
    if isinstance(error, NotReady):
        return visited.page("starting", 503)
    if isinstance(error, AccountsDown) and not visited.may(
        Role.VIEWER
    ):  # where accounts are kept is not shown to strangers
        return _error(visited, 503)
    event = new_event(error.code, **error.fields) if isinstance(error, WatertowerError) else None
    text, cure = (event.text(visited.language), event.action(visited.language)) if event else ("", "")
    status = 503 if isinstance(error, NOT_NOW) else 409
    return visited.page("error", status, title=visited.text("error.409.title"), text=text, cure=cure)


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, StarletteHTTPException | HTTPException) else 500
    headers = getattr(error, "headers", None)
    if is_api(request):
        if status == 405:
            headers = {"Allow": ", ".join(sorted(_methods(request)))}
        return problem(visit(request), of_status(status, request.url.path, request.method, headers))
    response = _error(visit(request), status)
    response.headers.update(headers or {})
    return response


def _methods(request: Request) -> set[str]:
    """The methods that an address accepts, over all of its routes: the server lists only those of the first."""
    routes = (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    return {method for route in routes if route.path_regex.match(request.url.path) for method in route.methods or ()}


def _bad_parameter(request: Request, error: Exception) -> Response:
    if is_api(request) and isinstance(error, RequestValidationError):
        return problem(visit(request), of_parameters(error, request.url.path))
    return _error(visit(request), 400)


def _broken(request: Request, error: Exception) -> Response:
    visited = visit(request)
    where = place_of(error)
    visited.service.emit(new_event("TWL-W106", path=request.url.path, reason=where))
    if is_api(request):
        return problem(visited, broken(request.url.path, where))
    return _error(visited, 500)


def _error(visited: Visit, status: int) -> HTMLResponse:
    known = status if status in {400, 403, 404, 405, 413, 415, 500, 503} else 400 if status < 500 else 500
    return visited.page(
        "error", status, title=visited.text(f"error.{known}.title"), text=visited.text(f"error.{known}.text"), cure=""
    )
