"""Logging in and out, the first account, and one's own: `/login`, `/logout`, `/start`, `/account`.

"Mer", what the menu of a phone has no room for: language and theme in this browser, and the accessibility statement.
"""

import re
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response

from controller import __version__
from controller.errors import Refused
from controller.locale import languages
from controller.service.health import WORST_FIRST
from controller.state.accounts import LoginFailed
from controller.state.credentials import ABSOLUTE, Session
from controller.web.forms import Form, FormOf, checked_form, fault_of, parse_form
from controller.web.visit import COOKIE, THEMES, TLS_COOKIE, ForViewer, Visit, Visited, remember

router = APIRouter()
OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x7e]*")
"""A path of this page: browsers read `//host` and `/\\host` as another host."""
MOST_TO_KEEP = 262_144
PASSWORD_FAULTS = frozenset({"TWL-A020", "TWL-A021", "TWL-A022", "TWL-A023"})
WRONG, TOO_EARLY = 401, 429


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent to `path` after the session had ended; `text` is URL-encoded."""

    path: str
    text: str


@router.get("/login", include_in_schema=False)
def ask_to_log_in(visited: Visited, next: str = "/") -> Response:  # noqa: A002  as it stands in the address
    """The form; a visitor who is logged in is sent to where they wanted to go."""
    if visited.visitor.via in {"session", "proxy", "demo"}:
        return visited.to(own_path(next))
    if visited.visitor.is_secure and visited.service.accounts.is_empty:
        return visited.to("/start")
    return login_page(visited, 200 if visited.visitor.is_secure else 403, back=own_path(next))


async def _login_form(request: Request, visited: Visited) -> Form:
    """Percent-encoded twice if it carries another form."""
    return await checked_form(request, visited, 4 * MOST_TO_KEEP)


@router.post("/login", include_in_schema=False)
def log_in(visited: Visited, form: Annotated[Form, Depends(_login_form)]) -> Response:
    """Starts a new session for each login, so that nobody can plant their own on another visitor. A visitor whose form
    was sent after the session had ended is asked whether to continue with it."""
    _require_secure(visited)
    name, back = form.get("name"), own_path(form.get("next"))
    sent = Sent(own_path(form.get("sent_to")), form.raw("sent")) if form.get("sent_to") else None
    result = visited.service.accounts.authenticate(name, form.raw("password"), visited.visitor.address, visited.now)
    if isinstance(result, LoginFailed):
        page = login_page(visited, _status(result), back=back, name=name, failed=result, sent=sent)
        return _waiting(page, result)
    visited.service.accounts.audit.remove_names(visited.now, visited.web.names_for)
    response = visited.to(back) if sent is None else _resume_page(visited, result, sent)
    return _with_session(response, visited, result)


@router.post("/logout", include_in_schema=False)
def log_out(visited: Visited, form: FormOf) -> Response:  # noqa: ARG001  it carries the proof that it is ours
    """Back to what can be seen without logging in."""
    response = visited.to("/")
    for cookie in (TLS_COOKIE, COOKIE):
        if given := visited.request.cookies.get(cookie):
            visited.service.accounts.sessions.end(given, visited.actor, visited.now)
            response.delete_cookie(cookie, secure=cookie == TLS_COOKIE, httponly=True, samesite="lax")
    return response


@router.get("/start", include_in_schema=False)
def ask_for_code(visited: Visited) -> Response:
    """The form for the first account, while there is none."""
    if not visited.service.accounts.is_empty:
        return visited.to("/login")
    return visited.page("start", 200 if visited.visitor.is_secure else 403, code="", name="", faults=(), failed=None)


@router.post("/start", include_in_schema=False)
def make_first_account(visited: Visited, form: FormOf) -> Response:
    """Creates an admin, who is then logged in."""
    _require_secure(visited)
    code, name, address = form.get("code"), form.get("name"), visited.visitor.address
    reading = visited.service.clock.read()
    try:
        result = visited.service.accounts.first_account(
            code, name, form.raw("password"), address, reading.wall, reading.mono
        )
    except Refused as error:
        field = "password" if error.code in PASSWORD_FAULTS else "name" if error.code == "TWL-A012" else "code"
        faults = (fault_of(error, field, visited.language),)
        return visited.page("start", 422, code=code, name=name, faults=faults, failed=None)
    if isinstance(result, LoginFailed):
        return _waiting(visited.page("start", _status(result), code=code, name=name, faults=(), failed=result), result)
    return _with_session(visited.to("/", visited.text("start.done")), visited, result)


@router.get("/account", include_in_schema=False)
def own_account(visited: Visited) -> Response:
    """The visitor's own account: name, password, logout."""
    if visited.visitor.via != "session":
        return visited.to(f"/login?next={quote('/account')}")
    return visited.page("account", faults=(), failed=None)


@router.post("/account", include_in_schema=False)
def change_own_password(visited: Visited, form: FormOf) -> Response:
    """All other sessions of the account end."""
    session = _session(visited)
    address = visited.visitor.address
    try:
        result = visited.service.accounts.change_password(
            session, form.raw("current"), form.raw("password"), address, visited.now
        )
    except Refused as error:
        faults = (fault_of(error, "password", visited.language),)
        return visited.page("account", 422, faults=faults, failed=None)
    if isinstance(result, LoginFailed):
        page = visited.page("account", _status(result), faults=(), failed=result)
        return _waiting(page, result)
    return _with_session(visited.to("/account", visited.text("account.changed")), visited, result)


@router.get("/more", include_in_schema=False)
def more(visited: ForViewer) -> Response:
    """Links to the other views, and the choice of language and theme."""
    counts = visited.snapshot.health.counts
    return visited.page(
        "more",
        counts={status: counts[status] for status in WORST_FIRST if status != "confirmed" and counts.get(status)},
        themes=THEMES,
    )


@router.post("/more", include_in_schema=False)
def settle(visited: ForViewer, form: FormOf) -> Response:
    """Stores language and theme in this browser."""
    response = visited.to("/more")
    for name, known in (("lang", languages()), ("theme", THEMES)):
        if form.get(name) in known:
            remember(response, name, form.get(name))
    return response


@router.get("/accessibility", include_in_schema=False)
def accessibility(visited: Visited) -> Response:
    """The accessibility statement, and whom to contact."""
    return visited.page("accessibility", version=__version__)


def own_path(path: str) -> str:
    """Where to go after logging in: a path of this page; `/` for anything else."""
    return path if OWN_PATH.fullmatch(path) else "/"


def login_page(
    visited: Visit,
    status: int,
    *,
    back: str = "/",
    name: str = "",
    failed: LoginFailed | None = None,
    sent: Sent | None = None,
) -> Response:
    """The form; `sent` goes along."""
    return visited.page("login", status, back=back, name=name, failed=failed, sent=sent)


def _resume_page(visited: Visit, session: Session, sent: Sent) -> Response:
    """The form that was sent, now of the new session. Raises HTTPException 400 for an invalid one."""
    visitor = replace(visited.visitor, role=session.role, name=session.name, via="session", csrf=session.csrf)
    try:
        fields = parse_form(sent.text).fields
    except ValueError as error:
        raise HTTPException(400) from error
    return replace(visited, visitor=visitor).page("resume", path=sent.path, fields=fields)


def _session(visited: Visit) -> Session:
    """The session of the visitor. Raises HTTPException 403 if there is none."""
    for cookie in (TLS_COOKIE, COOKIE):
        found = visited.service.accounts.sessions.find(visited.request.cookies.get(cookie, ""), visited.now)
        if visited.visitor.via == "session" and found is not None:
            return found
    raise HTTPException(403)


def _require_secure(visited: Visit) -> None:
    if not visited.visitor.is_secure:
        raise HTTPException(403)


def _status(failed: LoginFailed) -> int:
    return TOO_EARLY if failed.wait_s else WRONG


def _waiting(response: Response, failed: LoginFailed) -> Response:
    if failed.wait_s:
        response.headers["Retry-After"] = str(failed.wait_s)
    return response


def _with_session(response: Response, visited: Visit, session: Session) -> Response:
    """Sets the session cookie, which only this host receives and no script reads."""
    is_tls = visited.is_tls
    response.set_cookie(
        TLS_COOKIE if is_tls else COOKIE,
        session.id,
        max_age=int(ABSOLUTE.total_seconds()),
        path="/",
        secure=is_tls,
        httponly=True,
        samesite="lax",
    )
    return response
