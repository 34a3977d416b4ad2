"""Serves the sites that other controllers lead: forwards requests to their pages, holds a change until there is a new
leader, and explains why there is no answer."""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from fastapi import HTTPException, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope

from controller.config.web_keys import Web
from controller.events import Event, new_event
from controller.service.pair import LedSite, Pair
from controller.web.forms import MOST_BYTES as FORM_BYTES
from controller.web.forms import read_body, whole_number
from controller.web.forwarding import SEAL, Headers, NotAnswered, NotHanded, OtherPage, handed, other_page, sealed
from controller.web.running_service import PageOwner
from controller.web.visit import access_of, visitor_of
from controller.web.visitors import LOOPBACK_NAMES

READING = frozenset({"GET", "HEAD", "OPTIONS"})
STOP = re.compile(r"/stop|/api/v1/stop")
"""Requests that may be sent to one controller after another: a second stop changes nothing."""
READ_S, STOP_S = 10.0, 5.0
"""Seconds that a page may take to answer, and that a stop waits before the next controller is asked: by then a leader
that hangs has lost its lease."""
ACT_S = 12.0
"""Seconds that a change waits for a leader: a site has a new one within eight seconds."""
LINES_S = 3.0
LOOK_S = 0.2
MOST_BYTES = 8_388_608
"""Largest body that is forwarded; each view has a limit of its own."""
LIST = "/-/lines"
"""The path at which a page lists the sites that it leads, for other pages."""


class ShownSites(PageOwner, Protocol):
    """The sites that a page shows; `SiteDirectory` implements it."""

    pair: Pair | None
    titles: dict[str, str]

    def runs(self, site: str) -> bool:
        """Whether the site runs here."""


class Elsewhere:
    """Access to the pages of other controllers."""

    def __init__(self, sites: ShownSites, web: Web) -> None:
        self._sites = sites
        self._web = web

    async def answer(self, site: str, path: str, scope: Scope, body: bytes) -> Response | Event | None:
        """The answer of the leader's page, or the event that explains why there is none; None once the site runs here.
        `path` is the path of the view within the site."""
        is_act = scope["method"] not in READING
        is_stop = is_act and STOP.fullmatch(path) is not None
        end_s = self._now_s() + (ACT_S if is_act else 0.0)
        while not self._sites.runs(site):
            page = self._page_of(site)
            why = page if isinstance(page, Event) else None
            if isinstance(page, OtherPage):
                try:
                    return await self._handed(page, scope, body, STOP_S if is_stop else READ_S)
                except NotAnswered as error:
                    why = self._unreachable(site, error, is_open=is_act)
                    if is_act and not is_stop:
                        return why
                except NotHanded as error:
                    why = self._unreachable(site, error)
            if self._now_s() >= end_s or self._sites.is_ending:
                return why
            await asyncio.sleep(LOOK_S)
        return None

    async def body(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body of a request; None if it is too large. A visitor without a login may send no more than a form."""
        request = Request(scope, receive)
        size = request.headers.get("content-length", "")
        most = FORM_BYTES
        if whole_number(size, FORM_BYTES) is None and request.method not in READING:
            visitor = await run_in_threadpool(visitor_of, request, self._sites, self._web)
            most = FORM_BYTES if visitor.name is None else MOST_BYTES
        try:
            return await read_body(request, most)
        except HTTPException:
            return None

    async def lines(self, request: Request) -> dict[str, Sequence[str] | Event]:
        """For each site that does not run here, its line in the list for this visitor, or the event that explains why
        there is none."""
        pair = self._sites.pair or Pair("")
        away = [site for site in sorted(pair.sites) if not self._sites.runs(site)]
        pages = {site: self._page_of(site) for site in away}
        asked = dict.fromkeys(page for page in pages.values() if isinstance(page, OtherPage))
        answers = dict(zip(asked, await asyncio.gather(*(self._listed(page, request) for page in asked)), strict=True))
        found: dict[str, Sequence[str] | Event] = {}
        for site, page in pages.items():
            answer = answers[page] if isinstance(page, OtherPage) else page
            if isinstance(answer, NotHanded):
                found[site] = self._unreachable(site, answer)
            elif isinstance(answer, Event):
                found[site] = answer
            elif site in answer:
                found[site] = answer[site]
        return found

    async def _listed(self, page: OtherPage, request: Request) -> dict[str, Sequence[str]] | NotHanded:
        scope = {**request.scope, "method": "GET", "raw_path": LIST.encode()}
        try:
            answer = await self._handed(page, scope, b"", LINES_S)
            return {str(site): [str(each) for each in line] for site, line in json.loads(bytes(answer.body)).items()}
        except NotHanded as error:
            return error
        except (ValueError, AttributeError) as error:
            return NotHanded.of(error)

    async def _handed(self, page: OtherPage, scope: Scope, body: bytes, within_s: float) -> Response:
        target = target_of(scope)
        access = access_of(Request(scope), self._web)
        seal = sealed(access, scope["method"], target, page.key)
        headers: Headers = [*((name, value) for name, value in scope["headers"] if name != SEAL), (SEAL, seal)]
        return await handed(page, scope["method"], target, headers, body, within_s)

    def _page_of(self, site: str) -> OtherPage | Event:
        """That of its leader, or why there is none."""
        pair, title = self._sites.pair, self._sites.titles.get(site, site)
        led = pair.sites.get(site, LedSite()) if pair is not None else LedSite()
        if pair is None or led.leader == pair.own:
            return new_event("TWL-W211")
        if not led.leader:
            return new_event("TWL-W111", site=title, until=_when(led.until))
        note = pair.others.get(led.leader)
        page = other_page(note) if note is not None else None
        if page is None:
            return new_event("TWL-W114", site=title, controller=led.leader)
        where = {"site": title, "controller": led.leader, "listen": f"{page.host}:{page.port}"}
        if not page.is_within_reach:
            return new_event("TWL-W115", **where)
        if self._web.cert_file is not None and not page.certificate and page.host not in LOOPBACK_NAMES:
            return new_event("TWL-W117", **where)
        return page

    def _unreachable(self, site: str, error: NotHanded, *, is_open: bool = False) -> Event:
        """`is_open`: something was to be changed, and nobody knows whether it was."""
        led, title = (self._sites.pair or Pair("")).sites.get(site, LedSite()), self._sites.titles.get(site, site)
        if not led.leader and not is_open:
            return new_event("TWL-W111", site=title, until=_when(led.until))
        code = "TWL-W113" if is_open else "TWL-W112"
        return new_event(code, site=title, controller=led.leader or "–", reason=error.reason)

    def _now_s(self) -> float:
        return self._sites.clock.read().mono


def target_of(scope: Scope) -> bytes:
    """What was asked for, as it came."""
    query: bytes = scope.get("query_string", b"")
    path: bytes = scope["raw_path"]
    return path + (b"?" + query if query else b"")


def replayed(body: bytes, receive: Receive) -> Receive:
    """The same body once more, for who answers here after all."""
    rest = [body]

    async def again() -> dict[str, object]:
        return {"type": "http.request", "body": rest.pop(), "more_body": False} if rest else dict(await receive())

    return again


def _when(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}" if at is not None else "–"
