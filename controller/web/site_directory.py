"""The page of a service. With several sites, each has its views below `/sites/<site>`, and `/` lists the sites that the
visitor may see, each with a sentence about its state; a single site has its views below `/`.

A view knows only its own site: the site is taken out of the address here, and added to the links of the answer. A
request for a site that another controller leads is forwarded to the page there (`elsewhere.py`).
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
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
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.clock import Clock
from controller.config.web_keys import Web
from controller.errors import place_of
from controller.events import Event, new_event
from controller.events.words import capital
from controller.locale import DEFAULT, Language
from controller.service.gateway_state import Status
from controller.service.health import WORST_FIRST
from controller.service.pair import Pair
from controller.state.accounts import AccountStore
from controller.state.roles import Role
from controller.web.app import create_app
from controller.web.elsewhere import LIST, Elsewhere, replayed, target_of
from controller.web.forwarding import NOT_LED, SEAL, unsealed
from controller.web.live import message, streamed
from controller.web.metrics import is_alive, metrics_of_sites, readiness
from controller.web.problems import API, RETRY_AFTER_S, ApiRefused, problem
from controller.web.public_view import answer_of
from controller.web.running_service import RunningService
from controller.web.tower_view import named_gateways, sentence_of
from controller.web.visit import ACCESS, PATH, ROOT, SITE, Visit, Visited

OF_SITE = re.compile(r"/sites/(?P<site>[a-z0-9_-]{1,64})(?P<path>/.*)?")
OWN = {
    "/": "/sites",
    "/sites": "/sites",
    **{f"/{name}": f"/-/{name}" for name in ("live", "healthz", "readyz", "metrics")},
}
"""Addresses that the directory answers itself; each site has most of them too, below its own address."""
OF_CONTROLLER = frozenset({"/healthz", "/readyz"})
LOOK_S, TICK_S = 1.0, 10.0
AWAY, AWAY_PATH = "watertower.away", "/-/away"
"""Why a view is not available here, as an event or the status of an error; and the path that shows it."""
router = APIRouter()


class SiteDirectory:
    """The sites that run, as the page sees them, by name; `failed` says of others why they do not. The only site has
    no name, and the addresses of the page itself."""

    site = ""
    snapshot = None
    title = "watertower"

    def __init__(
        self, accounts: AccountStore, clock: Clock, emit: Callable[[Event], None], *, is_demo: bool = False
    ) -> None:
        self.accounts = accounts
        self.clock = clock
        self.emit = emit
        self.is_demo = is_demo
        self.language: Language = DEFAULT
        self.sites: dict[str, RunningService] = {}
        self.failed: dict[str, Event] = {}
        self.titles: dict[str, str] = {}
        """The name of each site, including those that other controllers lead."""
        self.pair: Pair | None = None
        """Which controller leads which site; None with a single controller."""
        self.key = secrets.token_urlsafe(32)
        """The key with which other controllers sign what they forward."""
        self.is_ending = False
        self._page_loop: asyncio.AbstractEventLoop | None = None

    @property
    def version(self) -> int:
        """Another one whenever a site shows something else, or there is another site; what other controllers lead is
        looked at now and then."""
        shown = tuple((name, service.version) for name, service in sorted(self.sites.items()))
        others = self.pair is not None and self.pair.sites.keys() - self.sites.keys()
        return hash((shown, self.clock.read().mono // TICK_S if others else 0))

    @property
    def is_one(self) -> bool:
        """Whether there is a single site, with the addresses of this page; other controllers may lead it."""
        return "" in self.titles

    @property
    def names(self) -> frozenset[str]:
        """The names of all sites, including those that another controller leads."""
        return frozenset(self.sites) | frozenset(self.pair.sites if self.pair is not None else ())

    def runs(self, site: str) -> bool:
        """Whether the site runs here."""
        return site in self.sites

    def add(self, service: RunningService) -> None:
        """Adds a site that runs from now on."""
        self.sites[service.site], self.language = service, service.language
        self.titles[service.site] = service.setup.tower.site.name
        self.failed.pop(service.site, None)
        if self._page_loop is not None:
            with suppress(RuntimeError):  # the page has ended, and begins with all sites when it is served again
                self._page_loop.call_soon_threadsafe(service.begin)

    def remove(self, service: RunningService) -> None:
        """Removes a site that is about to end or to be rebuilt, and ends its streams."""
        service.end()
        if self.sites.get(service.site) is service:
            del self.sites[service.site]

    def begin(self) -> None:
        """The page runs on this loop from now on."""
        self._page_loop = asyncio.get_running_loop()
        for service in self.sites.values():
            service.begin()

    def end(self) -> None:
        """The page is about to stop."""
        self.is_ending = True
        for service in list(self.sites.values()):
            service.end()


def create_sites_app(directory: SiteDirectory, web: Web) -> ASGIApp:
    """The page of these sites."""
    app: FastAPI = create_app(directory, web, (router,))
    elsewhere = app.state.elsewhere = Elsewhere(directory, web)
    return _Addresses(app, directory, elsewhere)


class _Addresses:
    """Passes a request to the site of its address, and adds that address to the links of the answer."""

    def __init__(self, app: ASGIApp, directory: SiteDirectory, elsewhere: Elsewhere) -> None:
        self._app = app
        self._directory = directory
        self._elsewhere = elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seal = dict(scope["headers"]).get(SEAL)
        access = unsealed(seal, scope["method"], target_of(scope), self._directory.key) if seal is not None else None
        found = OF_SITE.fullmatch(scope["path"])
        if self._directory.is_one and not self._is_of_controller(scope["path"]):
            await self._site({**scope, ACCESS: access}, receive, send, "", scope["path"], seal is not None)
        elif found and found["path"] and found["site"] in self._directory.names:
            await self._site({**scope, ACCESS: access}, receive, send, found["site"], found["path"], seal is not None)
        elif found and found["site"] in self._directory.names:
            await RedirectResponse(f"{scope['path']}/", 308)(scope, receive, send)
        else:
            await self._own({**scope, ACCESS: access}, receive, send, is_forwarded=access is not None)

    def _is_of_controller(self, path: str) -> bool:
        """With a single site: whether an address is about this controller, not about the site."""
        if self._directory.sites:
            return self._directory.pair is not None and path in OF_CONTROLLER
        return path in OF_CONTROLLER or path.startswith("/static/") or path == "/metrics"

    async def _site(self, scope: Scope, receive: Receive, send: Send, site: str, path: str, is_forwarded: bool) -> None:
        service, root = self._directory.sites.get(site), f"/sites/{site}" if site else ""
        if is_forwarded and (service is None or scope[ACCESS] is None):
            await Response(status_code=NOT_LED)(scope, receive, send)
            return
        if service is None:
            body = await self._elsewhere.body(scope, receive)
            try:
                answer = await self._elsewhere.answer(site, path, scope, body) if body is not None else 413
            except Exception as error:
                self._directory.emit(new_event("TWL-W106", path=path, reason=place_of(error)))
                answer = 500
            service = self._directory.sites.get(site)
            if isinstance(answer, Response):
                await answer(scope, receive, send)
                return
            if answer is not None or service is None:
                given = {SITE: None, ROOT: root, PATH: path, AWAY: answer}
                await self._app({**scope, **given, "path": AWAY_PATH, "raw_path": AWAY_PATH.encode()}, receive, send)
                return
            receive = replayed(body or b"", receive)
        inner = {**scope, "path": path, "raw_path": quote(path).encode(), SITE: service, ROOT: root}
        await self._app(inner, receive, _leading_to(send, root))

    async def _own(self, scope: Scope, receive: Receive, send: Send, *, is_forwarded: bool) -> None:
        """Answers an address that belongs to no site. Only another controller may request LIST."""
        path: str = scope["path"]
        if path in OWN or (is_forwarded and path == LIST):
            inner = OWN.get(path, path)
            await self._app({**scope, "path": inner, "raw_path": inner.encode()}, receive, send)
        elif path.startswith("/static/"):
            await self._app(scope, receive, send)
        elif path in {"/login", "/start", "/account"} and self._directory.names:
            first = min(self._directory.sites, default=min(self._directory.names))
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
    """A site in the list: its `address`, name, and state as a sentence, a sign and a word; sign and word are empty for
    the public."""

    address: str
    name: str
    text: str
    status: Status | Literal[""] = ""
    word: str = ""


@router.get("/sites", include_in_schema=False)
async def sites(visited: Visited) -> HTMLResponse:
    """The list of sites that the visitor may see, those with a problem first; without a login only what is public."""
    directory, request = _directory(visited), visited.request
    away = await request.app.state.elsewhere.lines(request) if directory.pair is not None else {}
    return await run_in_threadpool(_listed, visited, directory, away)


def _listed(visited: Visit, directory: SiteDirectory, away: Mapping[str, Sequence[str] | Event]) -> HTMLResponse:
    lines = [line for service in list(directory.sites.values()) if (line := _line(visited, service)) is not None]
    lines += [line for site, entry in away.items() if (line := _line_away(visited, directory, site, entry)) is not None]
    may_see_all = visited.may(Role.VIEWER) and visited.visitor.sites is None
    for name, why in sorted(directory.failed.items()) if may_see_all else ():
        text = visited.text("sites.failed", why=why.text(visited.language))
        lines.append(SiteLine("", name, text, "silent", visited.text("sites.not_running")))
    lines.sort(key=lambda line: (WORST_FIRST.index(line.status) if line.status else 0, line.name.casefold()))
    return visited.page("sites", lines=lines, well=sum(line.status == "confirmed" for line in lines))


def _line_away(visited: Visit, directory: SiteDirectory, site: str, entry: Sequence[str] | Event) -> SiteLine | None:
    """The line of a site that another controller leads, or the reason why there is none."""
    if not isinstance(entry, Event):
        address, name, text, status, word = entry
        return SiteLine(address, name, text, next((each for each in WORST_FIRST if each == status), ""), word)
    visitor, name = visited.visitor, directory.titles.get(site, site)
    if visitor.role is None and visitor.name is None:
        return SiteLine(f"/sites/{site}/public", name, visited.text("sites.away"))
    if visitor.sites is not None and site not in visitor.sites:
        return None
    text = capital(entry.text(visited.language))
    return SiteLine(f"/sites/{site}/", name, text, "unknown", visited.text("common.status.unknown"))


@router.get(LIST, include_in_schema=False)
def lines(visited: Visited) -> JSONResponse:
    """The lines of the sites that run here, for the list on the page of another controller."""
    services = _directory(visited).sites.items()
    found = {site: line for site, service in list(services) if (line := _line(visited, service)) is not None}
    return JSONResponse({site: astuple(line) for site, line in found.items()})


@router.api_route(AWAY_PATH, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
def away(visited: Visited) -> Response:
    """Answers that nothing is known about a site now, and why."""
    why: Event | int | None = visited.request.scope.get(AWAY, 404)
    if isinstance(why, int):
        raise HTTPException(why)
    if why is None or (visited.visitor.role is None and visited.visitor.name is None):
        why = new_event("TWL-W116")  # names and addresses of machines are no business of strangers
    if visited.path.startswith(API):
        return problem(visited, ApiRefused(503, why, headers={"Retry-After": str(RETRY_AFTER_S)}))
    language = visited.language
    return visited.page("away", 503, text=why.text(language), cure=why.action(language))


def _line(visited: Visit, service: RunningService) -> SiteLine | None:
    visitor, name = visited.visitor, service.setup.tower.site.name
    allowed = visitor.sites is None or service.site in visitor.sites
    if visited.visitor.role is not None and allowed:
        snapshot, address = service.snapshot, f"/sites/{service.site}/"
        if snapshot is None:
            return SiteLine(
                address, name, visited.text("sites.starting"), "unknown", visited.text("common.status.unknown")
            )
        sentence = sentence_of(snapshot, snapshot.gateways(named_gateways(snapshot)), visited.language)
        if sentence.status == "confirmed" and any(not one.is_harmless for one in snapshot.health.degradations):
            return SiteLine(address, name, sentence.main, "differs", visited.text("sites.look"))
        return SiteLine(address, name, sentence.main, sentence.status, visited.text(f"common.status.{sentence.status}"))
    if visitor.name is not None:
        return None
    answer = answer_of(service, visited.now_at(service), visited.language)
    return SiteLine(f"/sites/{service.site}/public", name, answer.title)


def _directory(visited: Visit) -> SiteDirectory:
    """Raises HTTPException 404 if there is a single site, which has no list."""
    service: object = visited.service
    if not isinstance(service, SiteDirectory):
        raise HTTPException(404)
    return service


@router.get("/-/live", include_in_schema=False)
async def live(visited: Visited) -> StreamingResponse:
    """Server-sent events for the list, as each site has them for its views."""
    return streamed(_stream(_directory(visited)))


async def _stream(directory: SiteDirectory) -> AsyncIterator[str]:
    yield "retry: 2000\n\n"
    seen, waited_s = None, TICK_S
    while not directory.is_ending:
        is_new = directory.version != seen
        if is_new or waited_s >= TICK_S:
            seen, waited_s = directory.version, 0.0
            yield message(seen, directory.clock.read().wall, None, is_new=is_new)
        await asyncio.sleep(LOOK_S)
        waited_s += LOOK_S


@router.get("/-/healthz", include_in_schema=False)
def healthz(visited: Visited) -> PlainTextResponse:
    """200 while the control loops of all sites that run here are running: this page can answer for any site."""
    services = list(_directory(visited).sites.values())
    alive = all(is_alive(each.snapshot, each.started.mono, each.clock.read()) for each in services)
    return PlainTextResponse("ok\n" if alive else "a control loop hangs\n", 200 if alive else 503)


@router.get("/-/readyz", include_in_schema=False)
def readyz(visited: Visited) -> JSONResponse:
    """200 if every site that runs here has what it needs and this controller could lead: it reaches the database, or
    leads without it. `led_elsewhere` is the leader of each other site, null for nobody. For
    those who may read all sites."""
    directory = _for_all(visited)
    checks: dict[str, object] = {
        name or service.title: readiness(service.snapshot, service.clock.read())
        for name, service in sorted(directory.sites.items())
    }
    checks |= {name or directory.titles[""]: {"controller": False} for name in sorted(directory.failed)}
    is_ready = all(all(each.values()) for each in checks.values() if isinstance(each, dict))
    document: dict[str, object] = {"sites": checks}
    if (pair := directory.pair) is not None:
        is_ready = is_ready and (pair.is_known or bool(directory.sites))
        led = {
            name or directory.titles[""]: led for name, led in sorted(pair.sites.items()) if not directory.runs(name)
        }
        away = {name: one.leader or None for name, one in led.items()}
        document |= {"controller": pair.own, "database": pair.is_known, "led_elsewhere": away}
    return JSONResponse({"ready": is_ready, **document}, 200 if is_ready else 503)


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
