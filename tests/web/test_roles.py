"""Every route against every role: who may do what, as the design has it. A new route falls under these rules."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi.routing import APIRoute

from controller.config.web_keys import Web
from controller.state.accounts import Session
from controller.state.roles import Role, Scope
from controller.web.app import ROUTERS
from controller.web.running_service import RunningService
from tests.web.conftest import BY, PASSWORD, Browser, SetClock

EVERYBODY = re.compile(r"/(public|public\.json|varfor|accessibility|calendar.*|tower\.svg|healthz)")
OWN = re.compile(r"/(login|logout|start|account)")
"""For whoever comes; they look at who it is themselves, and are tested in `test_login`."""
ADMINS = re.compile(r"/(accounts|tokens)\b.*|/gateways/.*/walk.*")
WHO = (None, *Role, "token")
DENIED = {401, 403}


def routes() -> Iterator[tuple[str, str]]:
    """Method and path of each, its parameters filled with something."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            path = re.sub(r"\{[^}]*\}", "x", route.path)
            yield from ((method, path) for method in sorted(route.methods - {"HEAD"}))


def needs(method: str, path: str) -> Role | None:
    """The least role that may ask for it; None for everybody."""
    if EVERYBODY.fullmatch(path):
        return None
    if ADMINS.fullmatch(path):
        return Role.ADMIN
    if path in {"/override", "/stop", "/stop/lift"} or path.startswith(
        (
            "/api/v1/drafts",
            *(f"/schedule/{each}" for each in ("new", "draft", "campaign", "blackout", "everyday", "limit")),
        )
    ):
        return Role.OPERATOR
    # language and theme are one's own
    return Role.VIEWER if method == "GET" or path == "/more" else Role.OPERATOR


def headers_of(who: Role | str | None, service: RunningService, now: datetime) -> dict[str, str]:
    """Of nobody, of a session, or of a token that may all that tokens may."""
    if who is None:
        return {}
    if not isinstance(who, Role):
        return {"authorization": f"Bearer {service.accounts.tokens.add('admin', 'x', frozenset(Scope), BY, now)}"}
    session = service.accounts.authenticate(who.value, PASSWORD, "192.0.2.1", now)
    assert isinstance(session, Session)
    return {"cookie": f"__Host-session={session.id}", "x-csrf-token": session.csrf}


@pytest.mark.parametrize("who", WHO, ids=str)
async def test_a_route_answers_those_who_may_and_nobody_else(
    browser: Browser, service: RunningService, people: None, clock: SetClock, who: Role | str | None
) -> None:
    """Over TLS from the network, where nothing but the public view is open. A token reads; what it may change is shown
    by the routes of the API alone."""
    headers = headers_of(who, service, clock.wall)
    service.is_ending = True  # streams end at once
    client = browser(Web(listen="0.0.0.0:8443"), "192.0.2.7", "https://tower.example", timeout=5)
    wrong = []
    for method, path in routes():
        if OWN.fullmatch(path):
            continue
        proof = {"data": {"csrf": headers.get("x-csrf-token", "")}} if method == "POST" else {}
        answer = await client.request(method, path, headers=headers, **proof)
        client.cookies.clear()
        clock.go(timedelta(seconds=10))  # nobody asks so often that it is too often
        assert answer.status_code != 429, path
        least = needs(method, path)
        role = who if isinstance(who, Role) or who is None else of_token(path)
        is_allowed = least is None or (role is not None and role.includes(least))
        if is_denied(answer) == is_allowed:
            wrong.append((method, path, answer.status_code, answer.headers.get("location")))
    assert wrong == []


def of_token(path: str) -> Role:
    """What a token that may all that tokens may is worth there."""
    return Role.OPERATOR if path.startswith("/api/") else Role.VIEWER


def is_denied(answer: httpx.Response) -> bool:
    """Refused, or sent to log in."""
    return answer.status_code in DENIED or answer.headers.get("location", "").startswith("/login")


def test_nothing_is_done_by_reading() -> None:
    """Every act has a method of its own; no route takes both by the same function."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            assert len(route.methods - {"HEAD"}) == 1
