"""Every route against every role: who may do what, as the design has it. A new route falls under these rules."""

import re
from collections.abc import Iterator

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


@pytest.fixture
def who(request: pytest.FixtureRequest, service: RunningService, people: None, clock: SetClock) -> dict[str, str]:
    """Headers of somebody of the role: nobody, a session, or a token that may all that tokens may."""
    role = request.param
    if role is None:
        return {}
    if role == "token":
        return {
            "authorization": f"Bearer {service.accounts.tokens.add('admin', 'x', frozenset(Scope), BY, clock.wall)}"
        }
    session = service.accounts.authenticate(role.value, PASSWORD, "192.0.2.1", clock.wall)
    assert isinstance(session, Session)
    return {"cookie": f"__Host-session={session.id}", "csrf": session.csrf}


@pytest.mark.parametrize(("method", "path"), [each for each in routes() if not OWN.fullmatch(each[1])])
@pytest.mark.parametrize("who", WHO, indirect=True, ids=str)
async def test_a_route_answers_those_who_may_and_nobody_else(
    request: pytest.FixtureRequest,
    browser: Browser,
    service: RunningService,
    who: dict[str, str],
    method: str,
    path: str,
) -> None:
    """Over TLS from the network, where nothing but the public view is open. A token reads; what it may change is said
    by the routes of the API alone."""
    role = request.node.callspec.params["who"]
    if role == "token":
        role = Role.OPERATOR if path.startswith("/api/") else Role.VIEWER
    least = needs(method, path)
    service.is_ending = True  # streams end at once
    client = browser(Web(listen="0.0.0.0:8443"), "192.0.2.7", "https://tower.example", timeout=5)
    mark = who.pop("csrf", "")
    proof = {"data": {"csrf": mark}} if method == "POST" else {}
    answer = await client.request(method, path, headers=who | {"x-csrf-token": mark}, **proof)
    is_allowed = least is None or (role is not None and role.includes(least))
    assert is_denied(answer) == (not is_allowed), (answer.status_code, answer.headers.get("location"))


def is_denied(answer: httpx.Response) -> bool:
    """Refused, or sent to log in."""
    return answer.status_code in DENIED or answer.headers.get("location", "").startswith("/login")


def test_nothing_is_done_by_reading() -> None:
    """Every act has a method of its own; no route takes both by the same function."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            assert len(route.methods - {"HEAD"}) == 1
