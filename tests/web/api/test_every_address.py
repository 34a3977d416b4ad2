"""Every address of the page and the API under requests that nobody sends in good faith: each is answered with a clear
status, and none is an act. A new route falls under these rules."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import APIRoute

from controller.config.load import SCHEDULE, TOWER
from controller.config.web_keys import Web
from controller.state.roles import Role
from controller.web.app import ROUTERS, create_app
from tests.web.answering import AnsweringService, LoggedIn, logged_in
from tests.web.conftest import Browser, SetClock

IMAGE = "<img src=x onerror=alert(1)>"
HOSTILE = ("..%2f..%2fetc%2fpasswd", "%00", "%ff%fe", "%3Cimg%20src=x%20onerror=alert(1)%3E", "9" * 400, "x" * 9000)
HOSTS = ("", "evil.example", "127.0.0.1:8080, evil.example", "[::1", "a" * 5000, "<img src=x>", "127.0.0.1:x")
NOWHERE = (
    *("/../", "/%2e%2e/%2e%2e/etc/passwd", "/static/..%2f..%2fapp.py", "/static/%00", "//evil.example", "/%ff"),
    *("/static/" + "x" * 9000, "/a" * 5000),
)
VALUES = ("\x00", IMAGE, "9" * 400, "-1", "x" * 9000, "ä\u202e\ud7ff", "../../etc/passwd", "NaN")


def routes(*, reading: bool) -> Iterator[APIRoute]:
    """Those that read, or those that act."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            if (route.methods == {"GET"}) == reading:
                yield route


READING = sorted({route.path: route for route in routes(reading=True)}.values(), key=lambda route: route.path)
ACTING = sorted(routes(reading=False), key=lambda route: (route.path, sorted(route.methods or ())))


def filled(path: str, value: str) -> str:
    """With a value in the place of each parameter."""
    return re.sub(r"\{[^}]*\}", value, path)


@pytest.fixture
def admin(tower: AnsweringService, clock: SetClock, browser: Browser) -> LoggedIn:
    """Somebody who may do everything; streams end at once."""
    tower.service.is_ending = True
    return logged_in(tower.service, clock, browser(), Role.ADMIN)


@pytest.fixture
def untouched(tower: AnsweringService) -> Iterator[None]:
    """After the test nothing was done."""
    assert tower.config is not None
    files = [tower.config / name for name in (SCHEDULE, TOWER)]
    before = [path.read_bytes() for path in files]
    yield
    assert [path.read_bytes() for path in files] == before
    assert (tower.manager.in_force, tower.manager.stored_stop) == ((), None)
    assert {row.act for row in tower.service.accounts.audit.rows()} <= {"account.added", "session.started"}


def test_every_route_of_the_page_is_one_of_these(tower: AnsweringService) -> None:
    """What is not comes under no rule here, and under none of `test_roles`."""
    app = create_app(tower.service, Web())
    own = {id(router) for router in ROUTERS}
    others = [each for each in app.routes if id(getattr(each, "original_router", each)) not in own]
    paths = {route.path for route in (*READING, *ACTING)}
    assert {getattr(each, "path", "") for each in others} - paths == {"/static"}


@pytest.mark.parametrize("route", READING, ids=lambda route: route.path)
async def test_reading_with_hostile_values_is_a_clear_status(admin: LoggedIn, untouched: None, route: APIRoute) -> None:
    """In the path, in each parameter, and in parameters that there are not."""
    names = [field.alias for field in route.dependant.query_params] or ["x"]
    asked = [filled(route.path, value) for value in HOSTILE if "{" in route.path]
    answers = [await admin.get(path) for path in asked]
    answers += [await admin.get(filled(route.path, "1"), params=dict.fromkeys(names, value)) for value in VALUES]
    for answer in answers:
        assert answer.status_code < 500 or answer.json()["code"] != "TWL-W106", (answer.url, answer.text[:300])
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "json" in answer.headers.get("content-type", "") or IMAGE not in answer.text


@pytest.mark.parametrize("route", ACTING, ids=lambda route: f"{sorted(route.methods)[0]} {route.path}")
async def test_a_forged_or_broken_act_is_refused(admin: LoggedIn, untouched: None, route: APIRoute) -> None:
    """From another site, without the mark of the login, too long, of another type, and no text at all."""
    (method,) = route.methods or {""}
    path = filled(route.path, "1")
    is_api = path.startswith("/api/")
    foreign = {"origin": "https://evil.example"}
    mark = {"csrf": admin.csrf}
    form = "application/x-www-form-urlencoded"

    async def asked(**more: object) -> httpx.Response:
        return await admin.client.request(method, path, **more)  # type: ignore[arg-type]

    assert (await asked(data=mark, headers=foreign)).status_code == 403
    assert (await asked(data=mark, headers={"sec-fetch-site": "cross-site"})).status_code == 403
    assert (await asked(data={"csrf": "x"}, headers={"x-csrf-token": "x"})).status_code == 403
    assert (await asked()).status_code in {403, 415}
    own = {"x-csrf-token": admin.csrf}
    too_long = await asked(
        content=b"csrf=" + b"x" * (26_000_000 if path in {"/login", "/schedule/file"} else 200_000),
        headers=own | {"content-type": form},
    )
    other_type = await asked(content=b"csrf=x", headers=own | {"content-type": "multipart/form-data; boundary=x"})
    no_text = await asked(content=b"\xff\xfe=%ff&%00", headers=own | {"content-type": form})
    if is_api:
        expected = {415, 404} if method == "DELETE" else {415}
        assert {each.status_code for each in (too_long, other_type, no_text)} <= expected
    else:
        assert (too_long.status_code, other_type.status_code) == (413, 415)
        assert no_text.status_code in {400, 403}


@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/public", "/login", "/static/x"])
async def test_another_host_opens_nothing(tower: AnsweringService, browser: Browser, path: str) -> None:
    """A foreign page whose name was pointed here reads what everybody may, and no answer repeats the name."""
    for host in (*HOSTS, "ä".encode()):
        answer = await browser().get(path, headers={"host": host})
        assert answer.status_code < 500, host
        if path in {"/", "/api/v1/status"}:
            assert answer.status_code in {303, 401}, host
        assert "evil.example" not in answer.text + str(answer.headers)
        assert "<img src=x>" not in answer.text


@pytest.mark.parametrize("path", NOWHERE, ids=lambda path: path[:30])
async def test_a_path_that_leads_nowhere_is_no_file(admin: LoggedIn, untouched: None, path: str) -> None:
    """Nothing outside the folder of static files is served."""
    answer = await admin.get(path)
    assert answer.status_code in {303, 404} or answer.url.path == "/"
    assert "root:" not in answer.text
    assert "def " not in answer.text
