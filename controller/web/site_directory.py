"""The page of a service with several sites: each has all its views below `/sites/<site>`, and `/` lists those that the
visitor may see, each with the sentence that says how it stands.

A view knows nothing of the others: the address is taken apart here, and put together again in what is answered.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.clock import Clock
from controller.config.web_keys import Web
from controller.events import Event
from controller.locale import DEFAULT, Language
from controller.rfc3339 import rfc3339
from controller.service.gateway_state import Status
from controller.service.health import WORST_FIRST
from controller.state.accounts import AccountStore
from controller.state.roles import Role
from controller.web.app import create_app
from controller.web.metrics import is_alive, metrics_of_sites, readiness
from controller.web.public_view import answer_of
from controller.web.running_service import RunningService
from controller.web.tower_view import named_gateways, told_of
from controller.web.visit import ROOT, SITE, Visit, Visited

OF_SITE = re.compile(r"/sites/(?P<site>[a-z0-9_-]{1,64})(?P<path>/.*)?")
OWN = {
    "/": "/sites",
    "/sites": "/sites",
    **{f"/{name}": f"/-/{name}" for name in ("live", "healthz", "readyz", "metrics")},
}
"""Address -> what the directory answers there itself; each site has most of them too, below its own address."""
LOOK_S, TICK_S = 1.0, 10.0
router = APIRouter()


class SiteDirectory:
    """The sites that run, as the page sees them, by name; `failed` says of others why they do not. It is for the page
    what a `RunningService` is where there is one site."""

    site = ""
    is_demo = False
    snapshot = None
    title = "watertower"

    def __init__(self, accounts: AccountStore, clock: Clock, tell: Callable[[Event], None]) -> None:
        self.accounts = accounts
        self.clock = clock
        self.tell = tell
        self.language: Language = DEFAULT
        self.sites: dict[str, RunningService] = {}
        self.failed: dict[str, Event] = {}
        self.is_ending = False
        self._page_loop: asyncio.AbstractEventLoop | None = None

    @property
    def version(self) -> int:
        """Another one whenever a site shows something else, or there is another site."""
        return hash(tuple((name, service.version) for name, service in sorted(self.sites.items())))

    def add(self, service: RunningService) -> None:
        """A site that runs from now on."""
        self.sites[service.site], self.language = service, service.language
        self.failed.pop(service.site, None)
        if self._page_loop is not None:
            self._page_loop.call_soon_threadsafe(service.begin)

    def remove(self, service: RunningService) -> None:
        """A site that is about to end, or be built anew: its streams end."""
        service.end()
        if self.sites.get(service.site) is service:
            del self.sites[service.site]

    def begin(self) -> None:
        """The page runs on this loop from now on."""
        self._page_loop = asyncio.get_running_loop()
        for service in self.sites.values():
            service.begin()

    def end(self) -> None:
        """The page is about to end."""
        self.is_ending = True
        for service in list(self.sites.values()):
            service.end()


def create_sites_app(directory: SiteDirectory, web: Web) -> ASGIApp:
    """The page of several sites."""
    app: FastAPI = create_app(directory, web, (router,))
    return _Addresses(app, directory)


class _Addresses:
    """Hands a request to the site that its address is of, and puts the address of the site before where it leads."""

    def __init__(self, app: ASGIApp, directory: SiteDirectory) -> None:
        self._app = app
        self._directory = directory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        found = OF_SITE.fullmatch(path)
        service = self._directory.sites.get(found["site"]) if found else None
        if found and service is not None and found["path"]:
            root = f"/sites/{found['site']}"
            inner = {
                **scope,
                "path": found["path"],
                "raw_path": quote(found["path"]).encode(),
                SITE: service,
                ROOT: root,
            }
            await self._app(inner, receive, _leading_to(send, root))
        elif found and service is not None:
            await RedirectResponse(f"{path}/", 308)(scope, receive, send)
        elif path in OWN:
            await self._app({**scope, "path": OWN[path], "raw_path": OWN[path].encode()}, receive, send)
        elif path.startswith("/static/"):
            await self._app(scope, receive, send)
        elif path in {"/login", "/start", "/account"} and self._directory.sites:
            first = min(self._directory.sites)
            await RedirectResponse(f"/sites/{first}{path}?next=/sites", 303)(scope, receive, send)
        else:
            await self._app({**scope, "path": "/no-such-site", "raw_path": b"/no-such-site"}, receive, send)


def _leading_to(send: Send, root: str) -> Send:
    """Answers whose `Location` is an address of the page lead to the same site."""

    def led(name: bytes, value: bytes) -> bytes:
        if name.lower() != b"location" or not value.startswith(b"/") or re.match(rb"//|/sites(?:[/?]|$)", value):
            return value
        return root.encode() + value

    async def send_led(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [(name, led(name, value)) for name, value in message["headers"]]}
        await send(message)

    return send_led


@dataclass(frozen=True, slots=True)
class SiteLine:
    """A site in the list: its `address`, what it is called, how it stands in a sentence, by a sign and in a word; both
    are empty for the public."""

    address: str
    name: str
    text: str
    status: Status | Literal[""] = ""
    word: str = ""


@router.get("/sites", include_in_schema=False)
def sites(visited: Visited) -> HTMLResponse:
    """Those that the visitor may see, with what is not well above the others; whoever has not logged in is told what
    the public may know."""
    directory = _directory(visited)
    lines = [line for service in list(directory.sites.values()) if (line := _line(visited, service)) is not None]
    may_see_all = visited.may(Role.VIEWER) and visited.visitor.sites is None
    for name, why in sorted(directory.failed.items()) if may_see_all else ():
        text = visited.say("sites.failed", why=why.text(visited.language))
        lines.append(SiteLine("", name, text, "silent", visited.say("sites.not_running")))
    lines.sort(key=lambda line: (WORST_FIRST.index(line.status) if line.status else 0, line.name.casefold()))
    return visited.page("sites", lines=lines, well=sum(line.status == "confirmed" for line in lines))


def _line(visited: Visit, service: RunningService) -> SiteLine | None:
    visitor, name = visited.visitor, service.setup.tower.site.name
    allowed = visitor.sites is None or service.site in visitor.sites
    if visited.visitor.role is not None and allowed:
        snapshot, address = service.snapshot, f"/sites/{service.site}/"
        if snapshot is None:
            return SiteLine(
                address, name, visited.say("sites.starting"), "unknown", visited.say("common.status.unknown")
            )
        told = told_of(snapshot, snapshot.gateways(named_gateways(snapshot)), visited.language)
        if told.status == "confirmed" and any(not one.is_harmless for one in snapshot.health.degradations):
            return SiteLine(address, name, told.main, "differs", visited.say("sites.look"))
        return SiteLine(address, name, told.main, told.status, visited.say(f"common.status.{told.status}"))
    if visitor.name is not None:
        return None
    answer = answer_of(service, visited.now_at(service), visited.language)
    return SiteLine(f"/sites/{service.site}/public", name, answer.title)


def _directory(visited: Visit) -> SiteDirectory:
    """Raises HTTPException 404 where there is one site, which has no list."""
    service: object = visited.service
    if not isinstance(service, SiteDirectory):
        raise HTTPException(404)
    return service


@router.get("/-/live", include_in_schema=False)
async def live(visited: Visited) -> StreamingResponse:
    """Server-sent events for the list, as each site has them for its views."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(_directory(visited)), media_type="text/event-stream", headers=headers)


async def _stream(directory: SiteDirectory) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    seen, waited_s = None, TICK_S
    while not directory.is_ending:
        is_new = directory.version != seen
        if is_new or waited_s >= TICK_S:
            seen, waited_s = directory.version, 0.0
            now = directory.clock.read().wall
            data = json.dumps({"version": seen, "at": rfc3339(now), "time": f"{now.astimezone():%H:%M:%S}"})
            yield f"event: {'state' if is_new else 'tick'}\ndata: {data}\n\n"
        await asyncio.sleep(LOOK_S)
        waited_s += LOOK_S


@router.get("/-/healthz", include_in_schema=False)
def healthz(visited: Visited) -> PlainTextResponse:
    """200 while the control loops of all sites turn."""
    services = list(_directory(visited).sites.values())
    alive = all(is_alive(each.snapshot, each.started.mono, each.clock.read()) for each in services)
    return PlainTextResponse("ok\n" if alive else "a control loop hangs\n", 200 if alive else 503)


@router.get("/-/readyz", include_in_schema=False)
def readyz(visited: Visited) -> JSONResponse:
    """200 where every site has what it needs; for those who may read all of them."""
    directory = _for_all(visited)
    checks: dict[str, object] = {
        name: readiness(service.snapshot, service.clock.read()) for name, service in sorted(directory.sites.items())
    }
    checks |= {name: {"controller": False} for name in sorted(directory.failed)}
    is_ready = all(all(each.values()) for each in checks.values() if isinstance(each, dict))
    return JSONResponse({"ready": is_ready, "sites": checks}, 200 if is_ready else 503)


@router.get("/-/metrics", include_in_schema=False)
def metrics(visited: Visited) -> Response:
    """The metrics of every site with its name as a label; for those who may read all of them."""
    services = sorted(_for_all(visited).sites.items())
    text = metrics_of_sites({name: (service.snapshot, service.counts) for name, service in services})
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _for_all(visited: Visit) -> SiteDirectory:
    """Raises HTTPException 403 for a visitor who may not read every site."""
    directory = _directory(visited)
    if not visited.may(Role.VIEWER) or visited.visitor.sites is not None:
        raise HTTPException(403)
    return directory
