"""One request to the page: who asks, in which language, of which snapshot; and how a view becomes HTML."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, unquote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from controller.config.web_keys import Web
from controller.errors import WatertowerError
from controller.events import Event, new_event
from controller.events.words import capital, dated, day_words
from controller.locale import Language, languages, template
from controller.schedule.hours import read_instant
from controller.state.accounts_file import AccountsDown
from controller.state.audit import Act, Actor, AuditEntry
from controller.state.roles import Role, Source
from controller.web.running_service import PageOwner, RunningService, Snapshot
from controller.web.visitors import Access, Visitor, access, headers_of

RESULT = "result"
"""The cookie with the result of an act, for the page that follows it."""
LONGEST_RESULT = 400
A_YEAR_S = 31_536_000
FOLDER = Path(__file__).parent
TLS_COOKIE, COOKIE = "__Host-session", "session"
"""Browsers take the first over TLS only, and only from this host itself."""
LIVE = "x-live"
"""The header with which an open page reloads itself."""
THEMES = ("auto", "light", "dark")
SITE, ROOT, PATH, ACCESS = "watertower.site", "watertower.root", "watertower.path", "watertower.access"
"""Keys of a request's scope where there are several sites: the site, the prefix of its addresses, the requested
address if another one is answered, and what the other controller that forwarded it knows of the visitor."""
DAY_OR_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
ADDRESS = re.compile(r'((?:href|action|formaction|src|data-live|data-read|data-keep)=")(?=/(?!/|static/|sites[/"]))')
"""The start of an address of the page in our HTML. No text of others can contain it, since those are escaped."""


class NotAllowed(Exception):  # noqa: N818  named by what went wrong
    """The visitor may not do this."""


class NotReady(WatertowerError):  # noqa: N818  named by what went wrong
    """The controller has not completed its first turn yet."""

    def __init__(self) -> None:
        super().__init__("TWL-W211")


@dataclass(frozen=True)
class Visit:
    """One request. `theme` is `auto`, `light` or `dark`."""

    request: Request
    service: RunningService
    web: Web
    visitor: Visitor
    language: Language
    theme: str

    @property
    def snapshot(self) -> Snapshot:
        """The current state. Raises NotReady before the first turn."""
        if self.service.snapshot is None:
            raise NotReady
        return self.service.snapshot

    @property
    def now(self) -> datetime:
        """By the clock of the site, in its time zone."""
        return self.now_at(self.service)

    @property
    def root(self) -> str:
        """The prefix of the addresses of the site, `/sites/north`; empty if there is one site."""
        return str(self.request.scope.get(ROOT, ""))

    @staticmethod
    def now_at(service: RunningService) -> datetime:
        """By the clock of a site, in its time zone."""
        return service.clock.read().wall.astimezone(service.setup.tower.site.place.time_zone)

    @property
    def is_tls(self) -> bool:
        """Whether the browser uses https."""
        return access_of(self.request, self.web).is_tls

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit."""
        source = Source.API if self.visitor.via == "token" else Source.PAGE
        return Actor(self.visitor.owner, source, self.visitor.address)

    def text(self, key: str, **fields: object) -> str:
        """A text of the page."""
        return page_text(self.language, key, **fields)

    def event_text(self, event: Event) -> str:
        """The text of an event, with people's names for the parts of the landmark in place of zones in its looks,
        and days in words."""
        tower = self.service.setup.tower
        names = tower.landmark.zone_names(self.language)
        fields = {key: self._day_text(_with_names(value, names)) for key, value in event.fields.items()}
        return replace(event, fields=fields).text(self.language)

    def _day_text(self, value: object) -> object:
        """A day or an instant of an event in words; anything else as it is."""
        if not isinstance(value, str) or not (found := DAY_OR_INSTANT.fullmatch(value)):
            return value
        try:
            if found[2]:
                at = read_instant(value, self.service.setup.tower.site.place.time_zone)
                return dated(at.astimezone(self.now.tzinfo), self.now, self.language)
            day = date.fromisoformat(value)
        except ValueError:
            return value
        return day_words(day, self.language, year=day.year != self.now.year)

    def may(self, role: Role) -> bool:
        """Whether the visitor may do what this role may."""
        return self.visitor.may(role)

    def page(self, view: str, status_code: int = 200, **values: Any) -> HTMLResponse:
        """A view as HTML: the template `<view>.html` with these values, besides those that every template has."""
        # the refresh of an open page does not take the result from the page that it is meant for
        result = unquote(self.request.cookies.get(RESULT, "")) if LIVE not in self.request.headers else ""
        html = (
            templates()
            .get_template(f"{view}.html")
            .render(visit=self, t=self.text, Role=Role, view=view, result=result, **values)
        )
        response = HTMLResponse(ADDRESS.sub(rf"\g<1>{self.root}", html) if self.root else html, status_code)
        if result:
            response.delete_cookie(RESULT)
        if self.request.query_params.get("lang") == self.language and view != "public":
            remember(response, "lang", self.language)
        return response

    def to(self, path: str, result: str = "") -> RedirectResponse:
        """The redirect after an act: reloading the next page does not repeat the act. `result` is shown there, once."""
        response = RedirectResponse(path, 303)
        if result:
            response.set_cookie(RESULT, quote(result[:LONGEST_RESULT]), max_age=60, httponly=True, samesite="lax")
        return response

    def audit(self, act: Act, before: object = None, after: object = None) -> None:
        """Records an act that was done, by whom and from where; waits for the disk. If it cannot be recorded an event
        is emitted: the light comes first."""
        if self.service.site:
            after = {"site": self.service.site, **(after if isinstance(after, Mapping) else {"value": after})}
        try:
            self.service.accounts.audit.append(AuditEntry(act, self.actor, before=before, after=after), self.now)
        except AccountsDown as error:
            self.service.emit(new_event(error.code, **error.fields))

    @property
    def path(self) -> str:
        """The address of this view, without the language."""
        query = "&".join(f"{key}={quote(value)}" for key, value in self.request.query_params.items() if key != "lang")
        path: str = self.request.scope.get(PATH, self.request.url.path)
        return path + (f"?{query}" if query else "")


def remember(response: Response, name: str, value: str) -> None:
    """Stores how somebody wants the page, in their browser."""
    response.set_cookie(name, value, max_age=A_YEAR_S, httponly=True, samesite="lax")


def _with_names(value: object, names: Mapping[str, str]) -> object:
    """A field of an event with people's names for zones, wherever it contains looks."""
    if isinstance(value, Mapping):
        return {names.get(key, key): _with_names(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_names(each, names) for each in value]
    return value


def page_text(language: Language, key: str, **fields: object) -> str:
    """A text of `locale/<language>/page/<topic>.toml` with its fields; `key` is `<topic>.<key>`, the topic a view or
    `common`."""
    topic, _, name = key.partition(".")
    return template(language, f"page/{topic}", name).format_map(fields)


@cache
def templates() -> Environment:
    """The templates; every value is escaped."""
    made = Environment(
        loader=PackageLoader("controller.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["asset"] = asset
    made.globals["languages"] = lambda: {each: page_text(each, "common.language") for each in languages()}
    made.filters["as_sentence"] = as_sentence
    made.filters["quoted"] = quoted
    made.globals["at"] = lambda faults, field: next((each for each in faults if each.field == field), None)
    return made


def as_sentence(text: str) -> Markup:
    """A text of the catalogue as a sentence: with a capital, and backticks as code."""
    return quoted(capital(text))


def quoted(text: str) -> Markup:
    """A sentence with backticks as code. A name at its start keeps its spelling."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts))


@cache
def asset(name: str) -> str:
    """The address of a static file, which changes with its content: browsers may cache it for ever."""
    digest = hashlib.sha256((FOLDER / "static" / name).read_bytes()).hexdigest()[:12]
    return f"/static/{digest}/{name}"


def visit(request: Request) -> Visit:
    """Who asks, and how."""
    service, web = service_of(request), request.app.state.web
    # an answer that all of one role share must not depend on the visitor (see `live.SharedRoute`)
    is_shared = hasattr(request.state, "shared_role")
    visitor = Visitor(request.state.shared_role) if is_shared else visitor_of(request, service, web)
    return Visit(request, service, web, visitor, _language(request, service), _theme(request))


Visited = Annotated[Visit, Depends(visit)]


def service_of(request: Request) -> RunningService:
    """The site that an address is about (see `site_directory`), or the only one."""
    service: RunningService = request.scope.get(SITE) or request.app.state.service
    return service


def access_of(request: Request, web: Web) -> Access:
    """What connection and headers allow; for a forwarded request those that the other controller saw."""
    found: Access | None = request.scope.get(ACCESS)
    peer = request.client.host if request.client else ""
    return found or access(web, peer, request.url.scheme, headers_of(request.headers.items()))


def visitor_of(request: Request, service: PageOwner, web: Web) -> Visitor:
    """The visitor by session or token, by the headers of a trusted proxy, or unknown."""
    found = access_of(request, web)
    here = Visitor(found.role, csrf=_signed(service, "open"), address=found.address, is_secure=found.is_secure)
    if service.is_demo and found.role is not None:
        return replace(here, role=Role.OPERATOR, name="Demo", via="demo", csrf=_signed(service, "demo"))
    try:
        if found.user is not None:
            role, sites = (
                (found.user_role, None) if found.user_role is not None else service.accounts.role_of(found.user)
            )
            known = replace(here, name=found.user, via="proxy", csrf=_signed(service, f"proxy {found.user}"))
            return known.with_role(role, sites, service.site)
        return _known(request, service, here) if found.is_secure else here
    except AccountsDown:  # accounts cannot be read now: what is open to all still is
        return here


def _known(request: Request, service: PageOwner, here: Visitor) -> Visitor:
    """The visitor by the login in the request: a cookie, or a token of a program."""
    now = service.clock.read().wall
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        token = service.accounts.tokens.find(secret.strip(), now)
        if token is None:
            return replace(here, csrf="")
        known = replace(here, name=token.owner, via="token", csrf="", token=token.name)
        known = replace(known, scopes=token.scopes_at(service.site))
        return known.with_role(Role.VIEWER, token.sites and dict.fromkeys(token.sites, Role.VIEWER), service.site)
    for cookie in (TLS_COOKIE, COOKIE):
        session = service.accounts.sessions.find(request.cookies.get(cookie, ""), now)
        if session is not None:
            known = replace(here, name=session.name, via="session", csrf=session.csrf)
            return known.with_role(session.role, session.sites, service.site)
    return here


def _signed(service: PageOwner, text: str) -> str:
    """The CSRF token of visitors without a session: of a demo or a proxy."""
    return hmac.new(service.accounts.form_key, text.encode(), "sha256").hexdigest()


def require(role: Role) -> Any:
    """A dependency: raises NotAllowed for a visitor who may not do what this role may."""

    def allowed(visited: Visited) -> Visit:
        if not visited.visitor.may(role):
            raise NotAllowed
        return visited

    return Depends(allowed)


ForViewer = Annotated[Visit, require(Role.VIEWER)]
ForOperator = Annotated[Visit, require(Role.OPERATOR)]
ForAdmin = Annotated[Visit, require(Role.ADMIN)]


def _language(request: Request, service: RunningService) -> Language:
    asked = request.query_params.get("lang") or request.cookies.get("lang")
    if asked in languages():
        return asked
    for part in request.headers.get("accept-language", "").split(","):
        if (known := part.split(";")[0].strip().lower().split("-")[0]) in languages():
            return known
    return service.language


def _theme(request: Request) -> str:
    theme = request.cookies.get("theme", "")
    return theme if theme in THEMES else "auto"
