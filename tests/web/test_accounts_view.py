"""Accounts and API tokens as an admin keeps them on the page."""

import re

import httpx
import pytest

from controller.config.web_keys import Web
from controller.state.accounts import Session
from controller.state.audit import Act
from controller.state.roles import Role
from controller.web.running_service import RunningService
from tests.web.conftest import BY, PASSWORD, Browser, SetClock

OTHER = "correct horse battery"


@pytest.fixture
async def admin(browser: Browser, service: RunningService, people: None, clock: SetClock) -> httpx.AsyncClient:
    """A browser of an admin's."""
    client = browser()
    session = service.accounts.authenticate("admin", PASSWORD, "127.0.0.1", clock.wall)
    assert isinstance(session, Session)
    client.cookies.set("session", session.id, domain="127.0.0.1")
    return client


async def sent(client: httpx.AsyncClient, path: str, page: str, **fields: str) -> httpx.Response:
    """A form of a page, filled in and sent."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await client.get(page)).text)
    assert found
    return await client.post(path, data={"csrf": found[1], **fields})


async def test_an_admin_makes_changes_and_disables_accounts(
    admin: httpx.AsyncClient, service: RunningService, clock: SetClock
) -> None:
    """Each act is reported on the page that follows, and recorded with who did it and from where."""

    async def done(path: str, page: str, **fields: str) -> str:
        answer = await sent(admin, path, page, **fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/accounts"), answer.text
        return (await admin.get("/accounts")).text

    page = await done("/accounts/new", "/accounts/new", name="Kim Ek", password=PASSWORD, role="operator")
    assert "Kim Ek kan logga in nu." in page
    edit = "/accounts/edit?name=Kim+Ek"
    assert "Kim Ek är nu läsare." in await done("/accounts/role", edit, name="Kim Ek", role="viewer")
    page = await done("/accounts/password", edit, name="Kim Ek", password=OTHER)
    assert "Kim Ek har ett nytt lösenord" in page
    assert isinstance(service.accounts.authenticate("kim ek", OTHER, "127.0.0.1", clock.wall), Session)
    assert "Kim Ek är avstängd" in await done("/accounts/disable", "/accounts", name="Kim Ek")
    assert not isinstance(service.accounts.authenticate("kim ek", OTHER, "127.0.0.1", clock.wall), Session)
    assert "Kim Ek kan logga in igen." in await done("/accounts/enable", "/accounts", name="Kim Ek")
    rows = [row for row in service.accounts.audit.rows() if row.whom == "Kim Ek"]
    assert [row.act for row in rows] == [
        Act.ACCOUNT_ADDED,
        Act.ACCOUNT_ROLE,
        Act.ACCOUNT_PASSWORD,
        Act.ACCOUNT_DISABLED,
        Act.ACCOUNT_ENABLED,
    ]
    assert {(row.actor.name, row.actor.source.value, row.actor.address) for row in rows} == {
        ("admin", "page", "127.0.0.1")
    }


@pytest.mark.parametrize(
    ("path", "page", "fields", "status", "words"),
    [
        (
            "/accounts/new",
            "/accounts/new",
            {"name": "ADMIN", "password": PASSWORD},
            422,
            "finns redan ett konto som heter",
        ),
        ("/accounts/new", "/accounts/new", {"name": "kim", "password": "kort"}, 422, "Lösenordet är för kort."),
        ("/accounts/new", "/accounts/new", {"name": "", "password": PASSWORD}, 422, "Namnet går inte att använda."),
        ("/accounts/role", "/accounts/edit?name=admin", {"name": "admin", "role": "viewer"}, 422, "den enda teknikern"),
        (
            "/accounts/password",
            "/accounts/edit?name=viewer",
            {"name": "viewer", "password": "kort"},
            422,
            "är för kort.",
        ),
        ("/accounts/disable", "/accounts", {"name": "admin"}, 422, "admin är den enda teknikern"),
        ("/accounts/disable", "/accounts", {"name": "nobody"}, 422, "finns inget konto som heter nobody"),
        ("/accounts/enable", "/accounts", {}, 422, "finns inget konto som heter"),
        ("/tokens", "/tokens", {"name": "", "owner": "admin"}, 422, "Nyckelns namn går inte att använda."),
        ("/tokens", "/tokens", {"name": "x", "owner": "nobody"}, 422, "finns inget konto som heter nobody"),
        ("/tokens/revoke", "/tokens", {"id": "999"}, 422, "Den nyckeln finns inte längre."),
        ("/tokens/revoke", "/tokens", {"id": "x" * 50}, 422, "Den nyckeln finns inte längre."),
    ],
)
async def test_what_cannot_be_done_is_shown_at_its_field(
    admin: httpx.AsyncClient, path: str, page: str, fields: dict[str, str], status: int, words: str
) -> None:
    """What was typed is kept, and reloading the answer shows the list."""
    answer = await sent(admin, path, page, **fields)
    assert answer.status_code == status
    assert words in answer.text
    assert "<title>Fel: " in answer.text
    if name := fields.get("name"):
        assert name in answer.text
    again = await admin.get(path)
    assert again.status_code in {200, 303}


async def test_a_role_that_does_not_exist_gives_nothing(admin: httpx.AsyncClient, service: RunningService) -> None:
    """A viewer at most."""
    await sent(admin, "/accounts/new", "/accounts/new", name="kim", password=PASSWORD, role="root")
    assert service.accounts.account("kim").role is Role.VIEWER


async def test_an_account_that_is_not_there_is_not_edited(admin: httpx.AsyncClient) -> None:
    """As by an old link."""
    answer = await admin.get("/accounts/edit?name=nobody")
    assert answer.status_code == 404
    assert "finns inget konto som heter nobody" in answer.text


async def test_a_token_is_shown_once_and_can_be_revoked(
    admin: httpx.AsyncClient, service: RunningService, clock: SetClock
) -> None:
    """Reloading neither shows it again nor makes another one."""
    answer = await sent(admin, "/tokens", "/tokens", name="skärmen", owner="operator", scope="override")
    place = answer.headers["location"]
    assert answer.status_code == 303
    found = re.search(r"wt_[\w-]{40,}", (await admin.get(place)).text)
    assert found
    assert found[0] not in place
    assert found[0] not in (await admin.get(place)).text
    (token,) = service.accounts.tokens.all()
    assert (token.name, token.owner, sorted(token.scopes)) == ("skärmen", "operator", ["override", "read"])
    assert service.accounts.tokens.find(found[0], clock.wall)
    page = await sent(admin, "/tokens/revoke", "/tokens", id=str(token.id))
    assert page.status_code == 303
    assert "Nyckeln är indragen." in (await admin.get("/tokens")).text
    assert service.accounts.tokens.find(found[0], clock.wall) is None


async def test_a_token_reads_and_is_no_session(
    browser: Browser, service: RunningService, people: None, clock: SetClock
) -> None:
    """It is sent over TLS, or on this machine; and it logs nobody in on the page."""
    secret = service.accounts.tokens.add("admin", "x", frozenset(), BY, clock.wall)
    bearer = {"authorization": f"Bearer {secret}"}
    tls = browser(Web(listen="0.0.0.0:8443"), "192.0.2.7", "https://tower.example")
    plain = browser(Web(listen="0.0.0.0:8080"), "192.0.2.7", "http://10.0.0.2")
    assert (await tls.get("/", headers=bearer)).status_code == 503  # the first turn is not over; a viewer may read
    assert (await plain.get("/", headers=bearer)).headers["location"].startswith("/login")
    assert (await tls.get("/", headers={"authorization": "Bearer wt_wrong"})).headers["location"].startswith("/login")
    assert (await tls.get("/accounts", headers=bearer)).status_code == 403
